//! The payments page: cards, filters, table.

use almoner_domain::list_look::{Column, ListLook};
use almoner_domain::payment::PaymentType;
use almoner_domain::period::Period;
use almoner_domain::{LocationId, Money, PaymentId, Status, TreatmentId};
use askama::Template;

use crate::view::Samples;
use crate::view::chart::{self, Month, Share, Trend};
use crate::view::parts::{
    self, Chip, Choice, Errors, LIST_MEMO_CHARS_MAX, Pager, PatientRef, Shell, cut, span_label,
};
use crate::view::query::{NO_DUE_DATE, PaymentsQuery};
use crate::view::samples;

/// The list of payments under its cards: GET `/payments`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/list.html")]
pub(crate) struct PaymentsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was asked for.
    pub(crate) query: PaymentsQuery,
    /// How many exceptions wait for a person, in words.
    pub(crate) exceptions: Option<String>,
    /// The cards.
    pub(crate) summary: Summary,
    /// All locations of the clinic.
    pub(crate) locations: Vec<LocationOption>,
    /// The rows of this page.
    pub(crate) rows: Vec<PaymentRow>,
    /// Where the list stands.
    pub(crate) pager: Pager,
    /// What was wrong with the filters; the list is then not narrowed by them.
    pub(crate) errors: Errors,
    /// There is no payment at all yet.
    pub(crate) is_first_use: bool,
    /// The lists that the member keeps: name and query string.
    pub(crate) views: Vec<(String, String)>,
    /// Which columns are shown.
    pub(crate) look: ListLook,
    /// What is offered.
    pub(crate) offers: ListOffers,
    /// What makes a second sending of a form the same.
    pub(crate) key: String,
}

/// What the list offers to those who may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListOffers {
    /// Create Payment.
    pub(crate) create: bool,
    /// Export CSV.
    pub(crate) export: bool,
    /// Sending links to those that are picked.
    pub(crate) send: bool,
    /// Cancelling drafts that are picked.
    pub(crate) cancel: bool,
}

impl ListOffers {
    /// Whether there is anything to be done with several payments.
    fn any_for_picked(self) -> bool {
        self.export || self.send || self.cancel
    }
}

/// A location that the list can be narrowed to.
#[derive(Debug, Clone)]
pub(crate) struct LocationOption {
    /// Which.
    pub(crate) id: LocationId,
    /// Its name.
    pub(crate) name: String,
}

/// What the cards say.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// Paid less refunded.
    pub(crate) net: Money,
    /// Paid.
    pub(crate) gross: Money,
    /// Refunded.
    pub(crate) refunded: Money,
    /// The last twelve months, the present one last.
    pub(crate) months: Vec<Month>,
    /// The sum of Draft, Pending and Processing.
    pub(crate) outstanding: Money,
    /// How many those are.
    pub(crate) outstanding_count: i64,
    /// How much of it is overdue.
    pub(crate) overdue: Money,
    /// How many of those are overdue.
    pub(crate) overdue_count: i64,
    /// How many payments have each status; all nine.
    pub(crate) by_status: Vec<(Status, i64)>,
}

impl Summary {
    fn trend(&self) -> Trend {
        Trend::of(&self.months)
    }

    fn shares(&self) -> Vec<Share> {
        chart::shares(&self.by_status)
    }
}

/// A payment in a list.
#[derive(Debug, Clone)]
pub(crate) struct PaymentRow {
    /// Which.
    pub(crate) id: PaymentId,
    /// Whose, as `Last, First`.
    pub(crate) patient: PatientRef,
    /// How much.
    pub(crate) amount: Money,
    /// Its status.
    pub(crate) status: Status,
    /// When it is due.
    pub(crate) due: Option<String>,
    /// It is overdue.
    pub(crate) is_overdue: bool,
    /// What for.
    pub(crate) treatment: Option<TreatmentId>,
    /// When it was created.
    pub(crate) created: String,
    /// Its type.
    pub(crate) kind: Option<PaymentType>,
    /// Where it counts.
    pub(crate) location: String,
    /// When it was paid.
    pub(crate) paid: Option<String>,
    /// The memo, whole or cut.
    pub(crate) memo: Option<String>,
}

impl PaymentRow {
    pub(crate) fn short_memo(&self) -> String {
        self.memo.as_deref().map(|memo| cut(memo, LIST_MEMO_CHARS_MAX)).unwrap_or_default()
    }
}

impl PaymentsPage {
    /// The built-in views and the member's own: name, address, and whether it is the present one.
    fn all_views(&self) -> Vec<(String, String, bool)> {
        let here = self.query.href();
        let own = self.views.iter().map(|(name, query)| {
            let href = if query.is_empty() {
                PaymentsQuery::PATH.to_owned()
            } else {
                format!("{}?{query}", PaymentsQuery::PATH)
            };
            let is_current = href == here;
            (name.clone(), href, is_current)
        });
        let built_in = self.query.views().into_iter();
        built_in.map(|(name, href, is)| (name.to_owned(), href, is)).chain(own).collect()
    }

    fn chips(&self) -> Vec<Chip> {
        let query = &self.query;
        let mut chips = Vec::new();
        let mut add = |label: String, without: PaymentsQuery| {
            chips.push(Chip { label, href: without.href() });
        };
        if !query.q.is_empty() {
            add(
                format!("“{}”", cut(&query.q, 40)),
                PaymentsQuery { q: String::new(), ..query.clone() },
            );
        }
        for status in &query.statuses {
            let mut without = query.clone();
            without.statuses.retain(|other| other != status);
            add(status.label().to_owned(), without);
        }
        for location in &query.locations {
            let mut without = query.clone();
            without.locations.retain(|other| other != location);
            add(self.location_name(*location), without);
        }
        if let Some(kind) = query.kind {
            add(kind.label().to_owned(), PaymentsQuery { kind: None, ..query.clone() });
        }
        if query.overdue {
            add("Overdue".to_owned(), PaymentsQuery { overdue: false, ..query.clone() });
        }
        self.range_chips(&mut chips);
        chips
    }

    fn range_chips(&self, chips: &mut Vec<Chip>) {
        let query = &self.query;
        let mut add = |what: &str, from: &str, to: &str, clear: fn(&mut PaymentsQuery)| {
            let Some(label) = span_label(what, from, to) else { return };
            let mut without = query.clone();
            clear(&mut without);
            chips.push(Chip { label, href: without.href() });
        };
        add("Due", &query.due_from, &query.due_to, |q| {
            q.due_from.clear();
            q.due_to.clear();
        });
        add("Created", &query.created_from, &query.created_to, |q| {
            q.created_from.clear();
            q.created_to.clear();
        });
        add("Paid", &query.paid_from, &query.paid_to, |q| {
            q.paid_from.clear();
            q.paid_to.clear();
        });
        add("Amount", &query.min, &query.max, |q| {
            q.min.clear();
            q.max.clear();
        });
        let mut add = |what: &str, chosen: &str, choices: &[Choice], without: PaymentsQuery| {
            let Some(choice) = choices.iter().find(|choice| choice.is(chosen)) else { return };
            let label = match (what, chosen) {
                ("Due", NO_DUE_DATE) => choice.label.clone(),
                _ => format!("{what} {}", choice.label.to_lowercase()),
            };
            chips.push(Chip { label, href: without.href() });
        };
        let (due, past) = (due_choices(), past_choices());
        let none = String::new;
        add("Due", &query.due, &due, PaymentsQuery { due: none(), ..query.clone() });
        add("Created", &query.created, &past, PaymentsQuery { created: none(), ..query.clone() });
        add("Paid", &query.paid, &past, PaymentsQuery { paid: none(), ..query.clone() });
    }

    fn location_name(&self, id: LocationId) -> String {
        let known = self.locations.iter().find(|location| location.id == id);
        known.map_or_else(|| id.to_string(), |location| location.name.clone())
    }

    /// Which locations the cards speak of, when not of all.
    fn scope(&self) -> Option<String> {
        let names: Vec<_> = self.query.locations.iter().map(|&id| self.location_name(id)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// The ranges that are offered for due dates.
pub(crate) fn due_choices() -> Vec<Choice> {
    let without = [Choice::new(NO_DUE_DATE, "No due date")];
    Period::AHEAD.map(choice).into_iter().chain(without).collect()
}

/// The ranges that are offered for what has happened.
pub(crate) fn past_choices() -> Vec<Choice> {
    Period::PAST.map(choice).to_vec()
}

fn choice(period: Period) -> Choice {
    Choice::new(period.as_str(), period.label())
}

impl Samples for PaymentsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = samples::payments_page();
        let empty_summary = Summary {
            net: Money::ZERO,
            gross: Money::ZERO,
            refunded: Money::ZERO,
            months: Vec::new(),
            outstanding: Money::ZERO,
            outstanding_count: 0,
            overdue: Money::ZERO,
            overdue_count: 0,
            by_status: Status::ALL.map(|status| (status, 0)).to_vec(),
        };
        let first = Self {
            exceptions: None,
            summary: empty_summary,
            rows: Vec::new(),
            pager: Pager { sizes: usual.query.sizes(), ..Pager::default() },
            is_first_use: true,
            ..usual.clone()
        };
        let narrowed = PaymentsQuery {
            q: samples::HARD_TEXT.to_owned(),
            statuses: vec![Status::Paid, Status::PartiallyRefunded],
            locations: vec![LocationId::new(1)],
            kind: Some(PaymentType::OfficeVisit),
            due: "this_month".to_owned(),
            created_from: "2026-11-01".to_owned(),
            min: "100".to_owned(),
            max: "5,000".to_owned(),
            paid: "this_month".to_owned(),
            overdue: true,
            ..PaymentsQuery::default()
        };
        let no_match = Self {
            pager: Pager { sizes: narrowed.sizes(), ..Pager::default() },
            query: narrowed.clone(),
            rows: Vec::new(),
            ..usual.clone()
        };
        let filtered = Self { rows: usual.rows[..7].to_vec(), query: narrowed, ..usual.clone() };
        let mut errors = almoner_domain::Invalid::one("min", "not_an_amount", "Enter an amount.");
        errors.push("created_from", "not_a_date", "Enter a date.");
        let wrong = Self { errors: errors.into(), ..filtered.clone() };
        let wide = Self { look: ListLook::new(&Column::ALL, true), ..usual.clone() };
        let auditor = ListOffers { create: false, export: false, send: false, cancel: false };
        let read_only = Self { offers: auditor, look: ListLook::new(&[], false), ..usual.clone() };
        vec![
            ("usual", usual),
            ("first-use", first),
            ("no-match", no_match),
            ("filtered", filtered),
            ("wrong-filter", wrong),
            ("wide", wide),
            ("read-only", read_only),
        ]
    }
}
