//! Several payments that were picked in the list.

use almoner_domain::{Money, PaymentId, Status};
use askama::Template;

use crate::view::parts::{Errors, PatientRef, Shell, plural};
use crate::view::{Samples, samples};

/// What is done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bulk {
    /// Their links are sent.
    Send,
    /// Those that are drafts are cancelled.
    Cancel,
}

impl Bulk {
    /// The name in addresses and forms.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Cancel => "cancel",
        }
    }

    /// The one with that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Send, Self::Cancel].into_iter().find(|bulk| bulk.as_str() == name)
    }
}

/// What came of a payment, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// It went well.
    Well(String),
    /// Nothing was done, and why.
    Not(String),
}

/// What would be done, then what came of it: GET `/payments/picked` with `do` = `send` or `cancel`,
/// `id` for each payment, and `back`; then POST with the same.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/picked.html")]
pub(crate) struct PickedPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What is done.
    pub(crate) bulk: Bulk,
    /// It was done.
    pub(crate) is_done: bool,
    /// The payments.
    pub(crate) rows: Vec<PickedRow>,
    /// The list that they were picked in.
    pub(crate) back: String,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Why nothing is done.
    pub(crate) errors: Errors,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct PickedRow {
    /// Which.
    pub(crate) id: PaymentId,
    /// Whose.
    pub(crate) patient: PatientRef,
    /// How much.
    pub(crate) amount: Money,
    /// Where it stands.
    pub(crate) status: Status,
    /// What came of it, or why nothing will.
    pub(crate) told: Option<Told>,
}

impl PickedPage {
    fn title(&self) -> &'static str {
        match self.bulk {
            Bulk::Send => "Send payment links",
            Bulk::Cancel => "Cancel drafts",
        }
    }

    /// The payments that something is to be done with.
    fn count(&self) -> usize {
        self.rows.iter().filter(|row| row.told.is_none()).count()
    }

    fn explained(&self) -> &'static str {
        match self.bulk {
            Bulk::Send => {
                "Each patient who agreed to e-mail gets a letter with the link of the payment. A \
                    draft is submitted first. Nobody gets the same letter twice within ten minutes."
            }
            Bulk::Cancel => "A cancelled payment is not asked for any more. It can be reopened.",
        }
    }

    /// What the button says.
    fn confirm(&self) -> String {
        let count = i64::try_from(self.count()).unwrap_or(i64::MAX);
        match self.bulk {
            Bulk::Send => format!("Send {}", plural(count, "link")),
            Bulk::Cancel => format!("Cancel {}", plural(count, "draft")),
        }
    }

    /// How many went well.
    fn outcome(&self) -> String {
        let well = self.rows.iter().filter(|row| matches!(row.told, Some(Told::Well(_)))).count();
        format!("{well} of {} done", self.rows.len())
    }
}

impl Samples for PickedPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |seq, status| PickedRow {
            id: PaymentId::new(seq),
            patient: PatientRef {
                id: almoner_domain::PatientId::new(2),
                name: samples::HARD_NAME.to_owned(),
            },
            amount: Money::from_cents(12_500 * seq),
            status,
            told: None,
        };
        let send = Self {
            shell: samples::shell(),
            bulk: Bulk::Send,
            is_done: false,
            rows: vec![row(894, Status::Pending), row(7, Status::Draft), row(3, Status::Failed)],
            back: "/payments?status=pending".to_owned(),
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let mut after = Self { is_done: true, ..send.clone() };
        after.rows[0].told = Some(Told::Well("The letter will be sent.".to_owned()));
        after.rows[1].told = Some(Told::Not("The patient has no e-mail address.".to_owned()));
        after.rows[2].told = Some(Told::Well("A letter was sent just now.".to_owned()));
        let mut cancel = Self { bulk: Bulk::Cancel, ..send.clone() };
        cancel.rows[0].told =
            Some(Told::Not("It is Pending; only drafts are cancelled here.".to_owned()));
        let nothing = Self {
            rows: Vec::new(),
            errors: Errors::whole("Pick 1 to 200 payments in the list first."),
            ..send.clone()
        };
        vec![("send", send), ("sent", after), ("cancel", cancel), ("nothing", nothing)]
    }
}
