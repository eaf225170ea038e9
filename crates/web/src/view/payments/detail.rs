//! A payment's own page.

use almoner_domain::payment::PaymentType;
use almoner_domain::refund::RefundState;
use almoner_domain::tender::TenderType;
use almoner_domain::{ExceptionId, Money, PatientId, PaymentId, RefundId, Status, TreatmentId};
use askama::Template;

use super::documents::DocumentsBlock;
use super::estimate::EstimateSummary;
use super::exceptions::Ways;
use super::link::{LinkBlock, LinkState};
use super::receipt::ReceiptsBlock;
use crate::view::Samples;
use crate::view::parts::{Errors, Fact, Piece, Shell, pieces};
use crate::view::samples;

/// A payment: GET `/payments/PAY-001`. Its forms: GET `…/status/new` with `to`; POST `…/notes`
/// with `key` and `note`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/detail.html")]
pub(crate) struct PaymentPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which.
    pub(crate) id: PaymentId,
    /// Its status.
    pub(crate) status: Status,
    /// How much.
    pub(crate) amount: Money,
    /// How much of it is refunded or on its way back; none when nothing is.
    pub(crate) refunded: Option<Money>,
    /// How much of it banks gave back after disputes; none when nothing is.
    pub(crate) lost: Option<Money>,
    /// When it was paid.
    pub(crate) paid_on: Option<String>,
    /// When it is due.
    pub(crate) due: Option<String>,
    /// It is overdue.
    pub(crate) is_overdue: bool,
    /// When it was created.
    pub(crate) created: String,
    /// The memo.
    pub(crate) memo: Option<String>,
    /// What for.
    pub(crate) payment_type: Option<PaymentType>,
    /// The location's name.
    pub(crate) location: String,
    /// How it was paid.
    pub(crate) tender: Option<TenderLine>,
    /// The statuses that the dropdown offers; none hides it.
    pub(crate) transitions: Vec<Status>,
    /// Why it cannot be edited.
    pub(crate) lock: Option<String>,
    /// Why it cannot be refunded now, when it otherwise could.
    pub(crate) refund_block: Option<String>,
    /// What people have to know of the money before they do anything.
    pub(crate) alerts: Vec<String>,
    /// What can be done about the oldest exception. It can be said to be solved: POST
    /// `…/exceptions/EXC-001` with `solution`.
    pub(crate) to_solve: Option<Ways>,
    /// What was done about it as it was typed, when it was refused.
    pub(crate) solution_entry: String,
    /// The actions that are offered.
    pub(crate) offers: Offers,
    /// The link by which the payer pays.
    pub(crate) link: Option<LinkBlock>,
    /// The treatment.
    pub(crate) treatment: Option<TreatmentBlock>,
    /// The patient.
    pub(crate) patient: PatientBlock,
    /// The estimate that the amount came from.
    pub(crate) estimate: Option<EstimateSummary>,
    /// The refunds, the newest first.
    pub(crate) refunds: Vec<RefundRow>,
    /// The receipts; none where no money moved.
    pub(crate) receipts: Option<ReceiptsBlock>,
    /// The documents.
    pub(crate) documents: DocumentsBlock,
    /// The notes, the newest first. One may be edited: POST `…/notes/1` with `version` and `note`.
    pub(crate) notes: Vec<NoteRow>,
    /// The note as it was typed, when it was refused.
    pub(crate) note_entry: String,
    /// What makes a second sending of the note the same.
    pub(crate) note_key: String,
    /// Everything that happened, the newest first.
    pub(crate) history: Vec<Event>,
    /// What was wrong with the note.
    pub(crate) errors: Errors,
}

/// The actions of a payment that somebody may take now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offers {
    /// **Refund**.
    pub(crate) refund: bool,
    /// Edit.
    pub(crate) edit: bool,
    /// **Reverse**.
    pub(crate) reverse: bool,
    /// **Add note**.
    pub(crate) note: bool,
}

/// How a payment was paid.
#[derive(Debug, Clone)]
pub(crate) struct TenderLine {
    /// The means.
    pub(crate) kind: TenderType,
    /// Number, code, last four, reference: "number 1042".
    pub(crate) detail: Option<String>,
    /// What was given and handed back, for cash.
    pub(crate) change: Option<String>,
    /// Who took it.
    pub(crate) taken_by: String,
    /// When.
    pub(crate) taken_at: String,
}

/// The treatment of a payment.
#[derive(Debug, Clone)]
pub(crate) struct TreatmentBlock {
    /// Which.
    pub(crate) id: TreatmentId,
    /// Date and time with the location's zone.
    pub(crate) service_at: String,
    /// Who treats.
    pub(crate) physician: Option<String>,
    /// Where.
    pub(crate) location: String,
    /// The codes.
    pub(crate) codes: Vec<String>,
}

/// The patient of a payment.
#[derive(Debug, Clone)]
pub(crate) struct PatientBlock {
    /// Who.
    pub(crate) id: PatientId,
    /// `First Last`.
    pub(crate) name: String,
    /// Date of birth, sex, MRN, phone, e-mail, address: what is known.
    pub(crate) facts: Vec<Fact>,
}

/// A refund.
#[derive(Debug, Clone)]
pub(crate) struct RefundRow {
    /// Which.
    pub(crate) id: RefundId,
    /// How much.
    pub(crate) amount: Money,
    /// Why.
    pub(crate) reason: String,
    /// Where it stands.
    pub(crate) state: RefundState,
    /// When it was made.
    pub(crate) at: String,
    /// Who made it.
    pub(crate) by: String,
    /// The notes.
    pub(crate) notes: Option<String>,
    /// Why it failed.
    pub(crate) failure: Option<String>,
}

/// Where a refund stands, in words.
pub(crate) fn refund_state(state: RefundState) -> &'static str {
    match state {
        RefundState::Pending => "On its way",
        RefundState::Settled => "Refunded",
        RefundState::Failed => "Failed",
        RefundState::Cancelled => "Called off",
    }
}

impl RefundRow {
    fn state_label(&self) -> &'static str {
        refund_state(self.state)
    }

    /// The status whose look the state borrows.
    pub(crate) fn look(&self) -> Status {
        match self.state {
            RefundState::Pending => Status::Pending,
            RefundState::Settled => Status::Refunded,
            RefundState::Failed => Status::Failed,
            RefundState::Cancelled => Status::Cancelled,
        }
    }
}

/// A note.
#[derive(Debug, Clone)]
pub(crate) struct NoteRow {
    /// Its number on the payment.
    pub(crate) number: i64,
    /// Who wrote it.
    pub(crate) author: String,
    /// When.
    pub(crate) at: String,
    /// What.
    pub(crate) text: String,
    /// When it was edited last.
    pub(crate) edited: Option<String>,
    /// What it said before, the newest first.
    pub(crate) earlier: Vec<EarlierText>,
    /// What its author may make of it now.
    pub(crate) edit: Option<NoteEdit>,
}

/// What a note said before it was edited.
#[derive(Debug, Clone)]
pub(crate) struct EarlierText {
    /// Since when.
    pub(crate) at: String,
    /// What.
    pub(crate) text: String,
}

/// A note that may be edited.
#[derive(Debug, Clone)]
pub(crate) struct NoteEdit {
    /// The version that is shown.
    pub(crate) version: i64,
    /// The text that the field holds.
    pub(crate) entry: String,
}

impl NoteRow {
    fn pieces(&self) -> Vec<Piece<'_>> {
        pieces(&self.text)
    }

    /// What the faults of its text are told under.
    fn field(&self) -> String {
        format!("note-{}", self.number)
    }
}

impl EarlierText {
    fn pieces(&self) -> Vec<Piece<'_>> {
        pieces(&self.text)
    }
}

/// Something that happened to a payment.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// When.
    pub(crate) at: String,
    /// Who, or what.
    pub(crate) who: String,
    /// In a few words.
    pub(crate) what: String,
    /// Before and after, or the reason.
    pub(crate) detail: Option<String>,
}

impl PaymentPage {
    /// The same payment with each state of its link.
    fn linked_samples(pending: &Self) -> [(&'static str, Self); 5] {
        let linked = |block| Self { link: Some(block), ..pending.clone() };
        let refused = almoner_domain::Invalid::one("until", "in_the_past", "This day has passed.");
        let live = LinkBlock::sample(LinkState::live_sample());
        let expired = LinkState::Expired("Nov 20, 2026".to_owned());
        let revoked = LinkState::Revoked("Nov 20, 2026".to_owned());
        let draft = LinkBlock { is_draft: true, ..LinkBlock::sample(LinkState::None) };
        [
            ("linked", linked(live.clone())),
            ("link-expired", linked(LinkBlock::sample(expired))),
            ("link-ended", linked(LinkBlock::sample(revoked))),
            ("link-of-draft", linked(draft)),
            ("link-refused", Self { errors: refused.into(), ..linked(live) }),
        ]
    }
}

impl Samples for PaymentPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let paid = samples::payment_page();
        let pending = Self {
            status: Status::Pending,
            refunded: None,
            paid_on: None,
            is_overdue: true,
            tender: None,
            lock: None,
            transitions: vec![
                Status::Draft,
                Status::Processing,
                Status::Paid,
                Status::Failed,
                Status::Cancelled,
            ],
            offers: Offers { refund: false, edit: true, reverse: false, note: true },
            refunds: Vec::new(),
            receipts: None,
            ..paid.clone()
        };
        let bare = Self {
            memo: None,
            link: None,
            due: None,
            is_overdue: false,
            payment_type: None,
            treatment: None,
            estimate: None,
            documents: DocumentsBlock::sample_of_none(),
            notes: Vec::new(),
            history: Vec::new(),
            offers: Offers { refund: false, edit: false, reverse: false, note: false },
            transitions: Vec::new(),
            patient: PatientBlock { facts: Vec::new(), ..paid.patient.clone() },
            ..pending.clone()
        };
        let refused = Self {
            note_entry: samples::HARD_TEXT.to_owned(),
            documents: DocumentsBlock::sample_refused(),
            errors: almoner_domain::Invalid::one("note", "too_long", "This note is too long.")
                .into(),
            lost: Some(Money::from_cents(67_937)),
            refund_block: Some("A dispute is open; the bank decides first.".to_owned()),
            to_solve: Some(Ways::sample(ExceptionId::new(12))),
            solution_entry: samples::HARD_TEXT.to_owned(),
            alerts: vec![samples::HARD_TEXT.to_owned(), "The payer paid twice.".to_owned()],
            offers: Offers { refund: false, ..paid.offers },
            ..paid.clone()
        };
        let kept = samples::kept_estimates().into_iter();
        let estimated =
            kept.map(|(name, kept)| (name, Self { estimate: Some(kept), ..pending.clone() }));
        let mut pages: Vec<(&'static str, Self)> = estimated.collect();
        pages.extend(Self::linked_samples(&pending));
        pages.extend([("paid", paid), ("pending", pending), ("bare", bare), ("refused", refused)]);
        pages
    }
}
