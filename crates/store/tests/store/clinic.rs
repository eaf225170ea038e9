//! A clinic whose payments have lived through what a use case would have written: every step,
//! tender, refund, sum, ledger and audit row, so that `verify` has nothing to say against it.

use almoner_domain::ledger::{self, Transfer};
use almoner_domain::refund::{RefundReason, RefundState};
use almoner_domain::status::By;
use almoner_domain::tender::{Tender, TenderType};
use almoner_domain::{
    LocationId, Money, OrganizationId, PatientId, PaymentId, RefundId, Status, time,
};
use almoner_store::attempts::{self, AttemptState, NewAttempt};
use almoner_store::audit::Event;
use almoner_store::ledger::Moment;
use almoner_store::locations::{self, LocationFields};
use almoner_store::patients::{self, PatientFields};
use almoner_store::payments::{self, Payment, Transition};
use almoner_store::refunds::{self, NewRefund};
use almoner_store::rollups::Moved;
use almoner_store::{Db, Tx, audit, counters, organizations, rollups, tenders};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::common::at;

/// The zone of the clinic's days.
pub(crate) const ZONE: &str = "America/New_York";

/// A clinic with so many locations and no patients.
pub(crate) async fn open(db: &Db, location_count: i64) -> OrganizationId {
    let now = at("2026-01-01T00:00:00Z");
    let mut tx = db.begin().await.expect("a transaction begins");
    let org = organizations::insert(&mut tx, "main", "Main", ZONE, now).await;
    let org = org.expect("the organization is new");
    for _ in 0..location_count {
        let seq = counters::next(&mut tx, org, "LOC").await.expect("a number");
        let fields = LocationFields {
            name: format!("Location {seq}"),
            time_zone: ZONE.to_owned(),
            ..LocationFields::default()
        };
        let added = locations::insert(&mut tx, org, LocationId::new(seq), &fields, now).await;
        added.expect("the location is new");
    }
    tx.commit().await.expect("it is kept");
    org
}

/// Adds the next patient.
pub(crate) async fn add_patient(
    tx: &mut Tx,
    org: OrganizationId,
    (last, first): (&str, &str),
) -> PatientId {
    let id = PatientId::new(counters::next(tx, org, "PAT").await.expect("a number"));
    let fields = PatientFields {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        date_of_birth: Date::constant(1980, 2, 29),
        sex: None,
        mrn: None,
        phone: None,
        email: None,
        address: None,
        guarantor: None,
    };
    let added = patients::insert(tx, org, id, &fields, at("2026-01-01T00:00:00Z")).await;
    added.expect("the patient is new");
    id
}

/// A payment as it is to be found once it has lived its life.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) patient: PatientId,
    /// Last and first name.
    pub(crate) name: (String, String),
    pub(crate) location: LocationId,
    pub(crate) kind: Option<almoner_domain::payment::PaymentType>,
    pub(crate) status: Status,
    pub(crate) amount: Money,
    /// Of that, when some of it is to be refunded.
    pub(crate) refund: Money,
    pub(crate) due: Option<Date>,
    pub(crate) created_at: Timestamp,
    pub(crate) paid_at: Timestamp,
}

/// A plan for a plain payment of the first location.
pub(crate) fn plan(patient: PatientId, status: Status, cents: i64) -> Plan {
    let amount = Money::from_cents(cents);
    let refund = if status == Status::PartiallyRefunded { 1 } else { cents };
    Plan {
        patient,
        name: ("Park".to_owned(), "Ann".to_owned()),
        location: LocationId::new(1),
        kind: None,
        status,
        amount,
        refund: Money::from_cents(refund),
        due: None,
        created_at: at("2026-03-01T12:00:00Z"),
        paid_at: at("2026-03-02T12:00:00Z"),
    }
}

/// A payment in the middle of its life.
struct Life<'a> {
    tx: &'a mut Tx,
    org: OrganizationId,
    plan: &'a Plan,
    payment: Payment,
}

/// Adds a payment and leads it to where its plan says.
pub(crate) async fn add_payment(tx: &mut Tx, org: OrganizationId, plan: &Plan) -> Payment {
    let seq = counters::next(tx, org, "PAY").await.expect("a number");
    let first = if plan.status == Status::Draft { Status::Draft } else { Status::Pending };
    let payment = Payment {
        id: PaymentId::new(seq),
        patient: plan.patient,
        location: plan.location,
        treatment: None,
        kind: plan.kind,
        status: first,
        amount: plan.amount,
        collected: Money::ZERO,
        lost: Money::ZERO,
        refunded: Money::ZERO,
        due: plan.due,
        memo: None,
        version: 1,
        created_at: plan.created_at,
        paid_at: None,
        modified_at: plan.created_at,
    };
    let name = (plan.name.0.as_str(), plan.name.1.as_str());
    payments::insert(tx, org, &payment, name).await.expect("the payment is new");
    patients::count_payment(tx, org, plan.patient, seq).await.expect("the patient is there");
    let day = local(plan.created_at);
    rollups::payment_created(tx, org, plan.location, day).await.expect("it is counted");
    rollups::payment_moved(tx, org, None, &payment).await.expect("it is counted");
    let mut life = Life { tx, org, plan, payment };
    let issued = ledger::status_changed(None, first, plan.amount, None);
    life.record(None, By::Staff, "payment_created", &issued).await;
    for &status in way_to(plan.status) {
        life.step(status).await;
    }
    life.payment
}

/// The statuses between Pending and that status, refunds as their result.
fn way_to(status: Status) -> &'static [Status] {
    match status {
        Status::Draft | Status::Pending => &[],
        Status::Processing => &[Status::Processing],
        Status::Paid => &[Status::Paid],
        Status::Failed => &[Status::Failed],
        Status::Cancelled => &[Status::Cancelled],
        Status::Voided => &[Status::Processing, Status::Voided],
        Status::PartiallyRefunded => &[Status::Paid, Status::PartiallyRefunded],
        Status::Refunded => &[Status::Paid, Status::Refunded],
    }
}

fn local(at: Timestamp) -> Date {
    time::local_date(at, &TimeZone::get(ZONE).expect("the zone is known"))
}

impl Life<'_> {
    fn moment(&self) -> Moment {
        let at = self.plan.paid_at;
        Moment { at, day: local(at), location: self.plan.location }
    }

    async fn step(&mut self, to: Status) {
        if matches!(to, Status::PartiallyRefunded | Status::Refunded) {
            return self.refund(to).await;
        }
        let (before, amount) = (self.payment.clone(), self.plan.amount);
        if to == Status::Voided {
            self.release().await;
        }
        self.payment.status = to;
        self.payment.changed(self.plan.paid_at);
        let tender = (to == Status::Paid).then_some(TenderType::Cash);
        if tender.is_some() {
            self.payment.collected = amount;
            self.payment.paid_at = Some(self.plan.paid_at);
        }
        let updated = payments::update_status(self.tx, self.org, &self.payment).await;
        updated.expect("the way is open");
        let moved = ledger::status_changed(Some(before.status), to, amount, tender);
        self.record(Some(before.status), By::Staff, "status_changed", &moved).await;
        if tender.is_some() {
            self.take_money().await;
        }
        let counted = rollups::payment_moved(self.tx, self.org, Some(&before), &self.payment).await;
        counted.expect("it is counted");
    }

    /// What was held at the processor is let go.
    async fn release(&mut self) {
        let (payment, at) = (self.payment.id, self.plan.paid_at);
        let attempt = NewAttempt {
            payment,
            processor: "sandbox",
            reference: &format!("{}-{payment}", self.org.0),
            amount: self.plan.amount,
            started_at: at,
            expires_at: at,
            ask_at: at,
        };
        let number = attempts::insert(self.tx, self.org, &attempt).await;
        let id = (payment, number.expect("the attempt is new"));
        let released = (AttemptState::Released, None);
        let told = attempts::set_state(self.tx, self.org, id, released, at).await;
        told.expect("the attempt is there");
    }

    async fn take_money(&mut self) {
        let payment = &self.payment;
        let (place, amount) = ((payment.id, payment.version, payment.kind), self.plan.amount);
        let tender = Tender::of(TenderType::Cash);
        let moment = self.moment();
        let taken =
            tenders::insert(self.tx, self.org, place, (&tender, amount), None, moment).await;
        taken.expect("the tender is new");
        self.count_money((amount, Money::ZERO)).await;
    }

    async fn refund(&mut self, to: Status) {
        let before = self.payment.clone();
        let amount = self.plan.refund;
        let id = counters::next(self.tx, self.org, "REF").await.expect("a number");
        let refund = NewRefund {
            id: RefundId::new(id),
            payment: before.id,
            amount,
            reason: RefundReason::BillingError,
            notes: None,
            state: RefundState::Settled,
            tender: TenderType::Cash,
            kind: before.kind,
            reference: None,
            author: None,
        };
        let moment = self.moment();
        refunds::insert(self.tx, self.org, &refund, moment).await.expect("enough was collected");
        let found = payments::get(self.tx, self.org, before.id).await.expect("it can be read");
        self.payment = found.expect("the payment is there");
        assert_eq!(self.payment.status, to, "the status follows from the refunds");
        self.payment.changed(self.plan.paid_at);
        let updated = payments::update_status(self.tx, self.org, &self.payment).await;
        updated.expect("only the version changes");
        let moved = ledger::refund_changed(None, RefundState::Settled, amount, TenderType::Cash);
        self.record(Some(before.status), By::Refunds, "refund_made", &moved).await;
        self.count_money((Money::ZERO, amount)).await;
        let counted = rollups::payment_moved(self.tx, self.org, Some(&before), &self.payment).await;
        counted.expect("it is counted");
    }

    async fn count_money(&mut self, (gross, refunded): (Money, Money)) {
        let (day, place) = (local(self.plan.paid_at), self.plan.location);
        let moved = Moved { kind: self.payment.kind, tender: TenderType::Cash, gross, refunded };
        let counted = rollups::money_moved(self.tx, self.org, place, day, moved).await;
        counted.expect("it is counted");
    }

    /// Writes the step, its ledger rows and its audit row.
    async fn record(&mut self, from: Option<Status>, by: By, action: &str, transfers: &[Transfer]) {
        let (id, version) = (self.payment.id, self.payment.version);
        let at = self.plan.paid_at;
        let to = self.payment.status;
        let step = Transition { version, from, to, by, user: None, reason: None, at };
        let kept = payments::insert_transition(self.tx, self.org, id, &step).await;
        kept.expect("the step is new");
        let moment = self.moment();
        let kept =
            almoner_store::ledger::insert(self.tx, self.org, id, version, moment, transfers).await;
        kept.expect("the ledger rows are new");
        let actor = payments::by_name(by).to_owned();
        let event = Event { at, actor, ..event(id.seq(), version, action) };
        audit::insert(self.tx, self.org, &event).await.expect("the event is new");
    }
}

/// An audit row of a payment.
pub(crate) fn event(payment: i64, version: i64, action: &str) -> Event {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&payment.to_be_bytes());
    id[8..].copy_from_slice(&version.to_be_bytes());
    Event {
        id,
        at: at("2026-03-01T12:00:00Z"),
        actor: "staff".to_owned(),
        user: None,
        key: None,
        action: action.to_owned(),
        subject: "payment".to_owned(),
        subject_seq: payment,
        subject_version: Some(version),
        detail: "{}".to_owned(),
    }
}

/// A clinic with one patient and a payment in each status, numbered like the statuses' order.
pub(crate) async fn one_of_each(db: &Db) -> OrganizationId {
    let org = open(db, 1).await;
    let mut tx = db.begin().await.expect("a transaction begins");
    let patient = add_patient(&mut tx, org, ("Park", "Ann")).await;
    for status in Status::ALL {
        add_payment(&mut tx, org, &plan(patient, status, 500)).await;
    }
    tx.commit().await.expect("it is kept");
    org
}
