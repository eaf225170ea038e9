//! Books for very many payments: what the use cases would write for each of them, collected.

use almoner_app::App;
use almoner_domain::ledger::{self, Transfer};
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{RefundReason, RefundState, derived_status};
use almoner_domain::status::By;
use almoner_domain::tender::{Tender, TenderType};
use almoner_domain::{
    Money, PatientId, PaymentId, ReceiptId, RefundId, Status, TreatmentId, UserId,
};
use almoner_store::audit::{Chain, Event, MAX_SEAL_EVENTS};
use almoner_store::author::Author;
use almoner_store::bulk::sums::Sums;
use almoner_store::bulk::{Bulk, ReleasedAttempt};
use almoner_store::ledger::Moment;
use almoner_store::payments::{Payment, Transition};
use almoner_store::receipts::Source;
use almoner_store::refunds::NewRefund;
use almoner_store::rollups::Moved;
use almoner_store::treatments::TreatmentFields;
use jiff::{SignedDuration, Timestamp};

use super::clinic::Clinic;
use super::people::Called;
use super::story::{Care, Step, Story};

/// Which processor held what was let go.
const PROCESSOR: &str = "sandbox";
/// Between being held and being let go.
const HELD: SignedDuration = SignedDuration::from_mins(20);

/// The last numbers that were given out.
#[derive(Debug, Default)]
struct Last {
    payment: i64,
    treatment: i64,
    refund: i64,
    receipt: i64,
}

/// A step of a payment, as it is recorded.
struct Change {
    action: &'static str,
    by: By,
    user: Option<UserId>,
    reason: Option<&'static str>,
    transfers: Vec<Transfer>,
    detail: String,
    at: Timestamp,
}

/// The books, and the rows that wait to be written.
pub(super) struct Books {
    app: App,
    clinic: Clinic,
    bulk: Bulk,
    sums: Sums,
    chain: Chain,
    unsealed: Vec<Event>,
    last: Last,
}

impl Books {
    /// The books of a clinic, whose audit log ends with that chain.
    pub(super) fn new(app: App, clinic: Clinic, chain: Chain) -> Self {
        Self {
            bulk: Bulk::new(clinic.system.org()),
            app,
            clinic,
            sums: Sums::default(),
            chain,
            unsealed: Vec::new(),
            last: Last::default(),
        }
    }

    /// The rows that wait, of which patients and others may be added to.
    pub(super) fn rows(&mut self) -> &mut Bulk {
        &mut self.bulk
    }

    /// Takes the rows that wait.
    pub(super) fn take(&mut self) -> Bulk {
        std::mem::replace(&mut self.bulk, Bulk::new(self.clinic.system.org()))
    }

    /// Closes the books: sums, numbers that were given out, and what was done in one audit row.
    pub(super) fn close(mut self, patients: i64, now: Timestamp) -> Bulk {
        let detail = format!("{{\"payments\":{},\"patients\":{patients}}}", self.last.payment);
        let event = Event {
            id: self.app.event_id(now),
            at: now,
            actor: "system".to_owned(),
            user: None,
            key: None,
            action: "demo_data_loaded".to_owned(),
            subject: "organization".to_owned(),
            subject_seq: self.clinic.system.org().0,
            subject_version: None,
            detail,
        };
        self.happened(event);
        self.seal();
        self.sums.write(&mut self.bulk);
        let Last { payment, treatment, refund, receipt } = self.last;
        for (kind, last) in [
            (PaymentId::PREFIX, payment),
            (PatientId::PREFIX, patients),
            (TreatmentId::PREFIX, treatment),
            (RefundId::PREFIX, refund),
            (ReceiptId::PREFIX, receipt),
        ] {
            self.bulk.counter(kind, last);
        }
        self.bulk
    }

    /// Enters a payment of a patient who is called so, and all that happened to it.
    pub(super) fn enter(&mut self, story: Story, called: &Called) {
        self.last.payment += 1;
        let patient = PatientId::new(story.patient + 1);
        let (place, at) = (story.location, story.at);
        let desk = if story.is_from_desk { self.clinic.front } else { self.clinic.biller };
        let treatment = story.care.map(|care| self.treat(care, (patient, place), at));
        let mut payment = Payment {
            id: PaymentId::new(self.last.payment),
            patient,
            location: self.clinic.locations[place],
            treatment,
            kind: story.kind,
            status: if story.is_draft { Status::Draft } else { Status::Pending },
            amount: story.amount,
            collected: Money::ZERO,
            refunded: Money::ZERO,
            lost: Money::ZERO,
            due: story.due,
            memo: story.memo.map(str::to_owned),
            version: 1,
            created_at: at,
            paid_at: None,
        };
        let due = payment.due.map_or("null".to_owned(), |due| format!("\"{due}\""));
        let change = Change {
            action: "payment_created",
            by: By::Staff,
            user: Some(desk),
            reason: None,
            transfers: ledger::status_changed(None, payment.status, payment.amount, None),
            detail: format!(
                "{{\"amount_cents\":{},\"due\":{due},\"estimated_cents\":null,\"status\":\"{}\"}}",
                payment.amount.cents(),
                payment.status.as_str()
            ),
            at,
        };
        self.changed(None, &payment, change);
        let mut tender = None;
        for (at, step) in story.steps {
            match step {
                Step::Move(to, reason) => self.go((&mut payment, to), (desk, reason), at),
                Step::Void => self.void(&mut payment, at),
                Step::Pay(kind) => {
                    tender = Some(kind);
                    self.pay(&mut payment, (kind, desk), at);
                }
                Step::Refund(part, reason) => {
                    let kind = tender.expect("only what was paid is refunded");
                    self.refund(&mut payment, (part, reason), kind, at);
                }
            }
        }
        self.sums.payment(&payment, self.clinic.system.date(payment.created_at));
        self.bulk.payment(&payment, &called.sort_key());
    }

    fn treat(
        &mut self,
        care: Care,
        (patient, place): (PatientId, usize),
        at: Timestamp,
    ) -> TreatmentId {
        self.last.treatment += 1;
        let id = TreatmentId::new(self.last.treatment);
        let fields = TreatmentFields {
            patient,
            physician: Some(self.clinic.physician(place, care.physician)),
            location: self.clinic.locations[place],
            service_at: care.at,
            status: care.status,
            procedures: care.procedures,
        };
        self.bulk.treatment(id, fields, at);
        id
    }

    /// Staff move a payment along.
    fn go(
        &mut self,
        (payment, to): (&mut Payment, Status),
        (user, reason): (UserId, Option<&'static str>),
        at: Timestamp,
    ) {
        self.step(payment, to, (By::Staff, Some(user)), (None, reason), at);
    }

    /// The processor held the money, and let it go.
    fn void(&mut self, payment: &mut Payment, at: Timestamp) {
        let held_at = at - HELD;
        self.step(payment, Status::Processing, (By::Payer, None), (None, None), held_at);
        self.step(payment, Status::Voided, (By::Processor, None), (None, None), at);
        let reference = format!("demo-{}", payment.id);
        self.bulk.released_attempt(&ReleasedAttempt {
            payment: payment.id,
            processor: PROCESSOR,
            reference: &reference,
            amount: payment.amount,
            at: (held_at, at),
        });
    }

    fn pay(&mut self, payment: &mut Payment, (kind, user): (TenderType, UserId), at: Timestamp) {
        payment.collected = payment.amount;
        payment.paid_at = Some(at);
        let by = (By::Staff, Some(user));
        self.step(payment, Status::Paid, by, (Some(kind), None), at);
        let number = format!("{:06}", payment.id.seq() * 7_919 % 1_000_000);
        let tender = match kind {
            TenderType::Check | TenderType::MoneyOrder => {
                Tender { number: Some(number), ..Tender::of(kind) }
            }
            TenderType::CardTerminal | TenderType::HsaFsaCard => Tender {
                last_four: Some(number[2..].to_owned()),
                authorization_code: Some(number),
                ..Tender::of(kind)
            },
            TenderType::Other => {
                Tender { reference: Some("Voucher".to_owned()), ..Tender::of(kind) }
            }
            TenderType::Cash | TenderType::BankTransfer | TenderType::CardProcessor => {
                Tender::of(kind)
            }
        };
        let moment = self.moment(payment, at);
        self.bulk.tender(payment, &tender, user, moment);
        self.moved(payment, kind, (payment.amount, Money::ZERO), moment);
        let source = Source::Tender(payment.version);
        self.issue(payment, (source, payment.amount), user, at);
    }

    /// A step that is no refund.
    fn step(
        &mut self,
        payment: &mut Payment,
        to: Status,
        (by, user): (By, Option<UserId>),
        (tender, reason): (Option<TenderType>, Option<&'static str>),
        at: Timestamp,
    ) {
        let from = payment.status;
        payment.status = to;
        payment.version += 1;
        let how = tender.map_or("null".to_owned(), |kind| format!("\"{}\"", kind.as_str()));
        let why = reason.map_or(String::new(), |reason| format!(",\"reason\":\"{reason}\""));
        let (was, is) = (from.as_str(), to.as_str());
        let detail = format!("{{\"from\":\"{was}\"{why},\"tender\":{how},\"to\":\"{is}\"}}");
        let transfers = ledger::status_changed(Some(from), to, payment.amount, tender);
        let action = "status_changed";
        let change = Change { action, by, user, reason, transfers, detail, at };
        self.changed(Some(from), payment, change);
    }

    fn refund(
        &mut self,
        payment: &mut Payment,
        (part, reason): (i64, RefundReason),
        tender: TenderType,
        at: Timestamp,
    ) {
        self.last.refund += 1;
        let (from, user) = (payment.status, self.clinic.biller);
        let left = payment.remaining().cents();
        let amount = Money::from_cents((left * part / 100).max(1));
        payment.refunded = payment.refunded.plus(amount);
        payment.status = derived_status(payment.collected, payment.refunded);
        payment.version += 1;
        let new = NewRefund {
            id: RefundId::new(self.last.refund),
            payment: payment.id,
            amount,
            reason,
            notes: None,
            state: RefundState::Settled,
            tender,
            kind: payment.kind,
            reference: None,
            author: Some(Author::User(user)),
        };
        let moment = self.moment(payment, at);
        self.bulk.refund(&new, moment);
        let change = Change {
            action: "refund_made",
            by: By::Refunds,
            user: Some(user),
            reason: Some(reason.label()),
            transfers: ledger::refund_changed(None, new.state, amount, tender),
            detail: format!(
                "{{\"amount_cents\":{},\"from\":\"{}\",\"reason\":\"{}\",\"refund\":\"{}\",\
                \"state\":\"{}\",\"to\":\"{}\"}}",
                amount.cents(),
                from.as_str(),
                reason.as_str(),
                new.id,
                new.state.as_str(),
                payment.status.as_str(),
            ),
            at,
        };
        self.changed(Some(from), payment, change);
        self.moved(payment, tender, (Money::ZERO, amount), moment);
        self.issue(payment, (Source::Refund(new.id), amount), user, at);
    }

    fn moment(&self, payment: &Payment, at: Timestamp) -> Moment {
        Moment { at, day: self.clinic.system.date(at), location: payment.location }
    }

    fn moved(
        &mut self,
        payment: &Payment,
        tender: TenderType,
        (gross, refunded): (Money, Money),
        moment: Moment,
    ) {
        let kind: Option<PaymentType> = payment.kind;
        let moved = Moved { kind, tender, gross, refunded };
        self.sums.moved(moment.location, moment.day, moved);
    }

    /// Records a change: its step, what moves in the ledger, its audit row.
    fn changed(&mut self, from: Option<Status>, payment: &Payment, change: Change) {
        let Change { action, by, user, reason, transfers, detail, at } = change;
        let reason = reason.map(str::to_owned);
        let (version, to) = (payment.version, payment.status);
        let step = Transition { version, from, to, by, user, reason, at };
        self.bulk.transition(payment.id, &step);
        let moment = self.moment(payment, at);
        self.bulk.transfers((payment.id, version), moment, &transfers);
        let event = Event {
            id: self.app.event_id(at),
            at,
            actor: almoner_store::payments::by_name(by).to_owned(),
            user,
            key: None,
            action: action.to_owned(),
            subject: "payment".to_owned(),
            subject_seq: payment.id.seq(),
            subject_version: Some(version),
            detail,
        };
        self.happened(event);
    }

    fn issue(
        &mut self,
        payment: &Payment,
        (source, amount): (Source, Money),
        user: UserId,
        at: Timestamp,
    ) {
        self.last.receipt += 1;
        let id = ReceiptId::new(self.last.receipt);
        self.bulk.receipt(id, payment.id, source, amount);
        let refund = match source {
            Source::Tender(_) => String::new(),
            Source::Refund(refund) => format!(",\"refund\":\"{refund}\""),
        };
        let (cents, of) = (amount.cents(), payment.id);
        let event = Event {
            id: self.app.event_id(at),
            at,
            actor: "staff".to_owned(),
            user: Some(user),
            key: None,
            action: "receipt_issued".to_owned(),
            subject: "receipt".to_owned(),
            subject_seq: id.seq(),
            subject_version: None,
            detail: format!("{{\"amount_cents\":{cents},\"payment\":\"{of}\"{refund}}}"),
        };
        self.happened(event);
    }

    fn happened(&mut self, event: Event) {
        self.unsealed.push(event);
        if i64::try_from(self.unsealed.len()) == Ok(MAX_SEAL_EVENTS) {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let mut events = std::mem::take(&mut self.unsealed);
        let seal = self.chain.seal(&mut events);
        self.bulk.sealed(&events, seal, self.app.now());
    }
}
