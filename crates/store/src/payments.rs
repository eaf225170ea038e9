//! Payments and the steps between their statuses.

use almoner_domain::payment::PaymentType;
use almoner_domain::status::{By, Status};
use almoner_domain::{
    LocationId, Money, OrganizationId, PatientId, PaymentId, TreatmentId, UserId,
};
use almoner_domain::{name, time};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Who owes it.
    pub patient: PatientId,
    /// Where it is counted.
    pub location: LocationId,
    /// What it is for.
    pub treatment: Option<TreatmentId>,
    /// Its type.
    pub kind: Option<PaymentType>,
    /// Where it stands.
    pub status: Status,
    /// How much is asked for.
    pub amount: Money,
    /// How much was collected: nothing or all of it.
    pub collected: Money,
    /// How much of that was refunded, on its way or done.
    pub refunded: Money,
    /// How much of that banks gave back after disputes.
    pub lost: Money,
    /// When it is due.
    pub due: Option<Date>,
    /// What it is about.
    pub memo: Option<String>,
    /// Grows with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the money was taken.
    pub paid_at: Option<Timestamp>,
    /// When it changed last. What is attached to it and its link are no part of it.
    pub modified_at: Timestamp,
}

impl Payment {
    /// Counts a change at that moment. One that waited for another is told as later all the same,
    /// so that a copy with the other's moment is known to be old.
    pub fn changed(&mut self, now: Timestamp) {
        self.version += 1;
        self.modified_at = now.max(self.modified_at + SignedDuration::from_micros(1));
    }

    /// What can still be refunded. A bank may give back what was refunded before.
    pub fn remaining(&self) -> Money {
        self.collected.minus(self.refunded).minus(self.lost).max(Money::ZERO)
    }
}

/// Reads a payment from a row with all columns of `payment`.
pub(crate) fn payment(row: &Row) -> Result<Payment, StoreError> {
    let kind = row.opt_text("kind")?;
    Ok(Payment {
        id: PaymentId::new(row.int("seq")?),
        patient: PatientId::new(row.int("patient_seq")?),
        location: LocationId::new(row.int("location_seq")?),
        treatment: row.opt_int("treatment_seq")?.map(TreatmentId::new),
        kind: kind.as_deref().and_then(PaymentType::from_name),
        status: row.word("status", Status::from_name)?,
        amount: row.money("amount_cents")?,
        collected: row.money("collected_cents")?,
        refunded: row.money("refunded_cents")?,
        lost: row.money("lost_cents")?,
        due: time::date_from_key(row.int("due_key")?),
        memo: row.opt_text("memo")?,
        version: row.int("version")?,
        created_at: row.time("created_at_us")?,
        paid_at: row.opt_time("paid_at_us")?,
        modified_at: row.time("modified_at_us")?,
    })
}

/// Adds a payment of a patient with that name.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    payment: &Payment,
    (last_name, first_name): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO payment (organization_id, seq, patient_seq, location_seq,
        treatment_seq, kind, status, amount_cents, collected_cents, refunded_cents, due_key,
        name_sort, memo, version, created_at_us, modified_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, $12, $13, $14)";
    let p = payment;
    let values = params![
        org,
        p.id,
        p.patient,
        p.location,
        p.treatment,
        p.kind.map(PaymentType::as_str),
        p.status.as_str(),
        p.amount,
        time::due_key(p.due),
        name::sort_key(last_name, first_name),
        p.memo.clone(),
        p.version,
        p.created_at,
        p.modified_at,
    ];
    tx.gather_one(sql, values).await
}

/// The payment with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: PaymentId,
) -> Result<Option<Payment>, StoreError> {
    let sql = "SELECT * FROM payment WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(payment).transpose()
}

/// The payment with that id, whose row stays as it is until the commit.
pub async fn lock(
    tx: &mut Tx,
    org: OrganizationId,
    id: PaymentId,
) -> Result<Option<Payment>, StoreError> {
    let lock = tx.lock();
    let sql = format!("SELECT * FROM payment WHERE organization_id = $1 AND seq = $2{lock}");
    tx.optional(sql, params![org, id]).await?.as_ref().map(payment).transpose()
}

/// Writes all that can change of a payment that the caller has locked. The refunded amount is
/// not written: the database counts it.
pub async fn update(
    tx: &mut Tx,
    org: OrganizationId,
    payment: &Payment,
    (last_name, first_name): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "UPDATE payment SET patient_seq = $3, location_seq = $4, treatment_seq = $5,
        kind = $6, status = $7, amount_cents = $8, collected_cents = $9, due_key = $10,
        name_sort = $11, memo = $12, version = $13, paid_at_us = $14, modified_at_us = $15
        WHERE organization_id = $1 AND seq = $2 AND version = $13 - 1";
    let p = payment;
    let values = params![
        org,
        p.id,
        p.patient,
        p.location,
        p.treatment,
        p.kind.map(PaymentType::as_str),
        p.status.as_str(),
        p.amount,
        p.collected,
        time::due_key(p.due),
        name::sort_key(last_name, first_name),
        p.memo.clone(),
        p.version,
        p.paid_at,
        p.modified_at,
    ];
    tx.gather_one(sql, values).await
}

/// Writes only a payment's status and what comes with it.
pub async fn update_status(
    tx: &mut Tx,
    org: OrganizationId,
    payment: &Payment,
) -> Result<(), StoreError> {
    let sql = "UPDATE payment SET status = $3, collected_cents = $4, paid_at_us = $5, version = $6,
        modified_at_us = $7 WHERE organization_id = $1 AND seq = $2 AND version = $6 - 1";
    let p = payment;
    let mut values = params![org, p.id, p.status.as_str(), p.collected, p.paid_at];
    values.extend(params![p.version, p.modified_at]);
    tx.gather_one(sql, values).await
}

/// Writes how much of a payment banks gave back; its version has grown already.
pub async fn update_lost(
    tx: &mut Tx,
    org: OrganizationId,
    payment: &Payment,
) -> Result<(), StoreError> {
    let sql = "UPDATE payment SET lost_cents = $3, version = $4, modified_at_us = $5
        WHERE organization_id = $1 AND seq = $2 AND version = $4 - 1";
    let p = payment;
    tx.gather_one(sql, params![org, p.id, p.lost, p.version, p.modified_at]).await
}

/// A step from one status to another.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The payment's version after the step.
    pub version: i64,
    /// Where it stood; `None` for a new payment.
    pub from: Option<Status>,
    /// Where it stands.
    pub to: Status,
    /// Who moved it.
    pub by: By,
    /// Which member of the staff.
    pub user: Option<UserId>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The stored name of who moved a payment.
pub fn by_name(by: By) -> &'static str {
    match by {
        By::Staff => "staff",
        By::Payer => "payer",
        By::Processor => "processor",
        By::Job => "job",
        By::Refunds => "refunds",
        By::Reversal => "reversal",
    }
}

/// Records a step.
pub async fn insert_transition(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    step: &Transition,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO payment_transition (organization_id, payment_seq, version, from_status,
        to_status, moved_by, user_seq, reason, at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        org,
        payment,
        step.version,
        step.from.map(Status::as_str),
        step.to.as_str(),
        by_name(step.by),
        step.user,
        step.reason.clone(),
        step.at,
    ];
    tx.gather_one(sql, values).await
}

/// The payments of a patient, newest first, at most `limit`.
pub async fn of_patient(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let sql = "SELECT * FROM payment WHERE organization_id = $1 AND patient_seq = $2
        ORDER BY seq DESC LIMIT $3";
    tx.all(sql, params![org, patient, limit]).await?.iter().map(payment).collect()
}

/// The payments of a treatment, newest first, at most `limit`.
pub async fn of_treatment(
    tx: &mut Tx,
    org: OrganizationId,
    treatment: TreatmentId,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let sql = "SELECT * FROM payment WHERE organization_id = $1 AND treatment_seq = $2
        ORDER BY seq DESC LIMIT $3";
    tx.all(sql, params![org, treatment, limit]).await?.iter().map(payment).collect()
}

/// An estimate as it stood when the payment was created; never changed.
#[derive(Debug, Clone)]
pub struct EstimateSnapshot {
    /// The estimate, as the program wrote it.
    pub snapshot: String,
    /// The amount that it offered.
    pub estimated: Option<Money>,
    /// The amount that was entered.
    pub entered: Money,
}

/// Keeps the estimate that a payment was created from.
pub async fn insert_estimate(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    estimate: &EstimateSnapshot,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO payment_estimate (organization_id, payment_seq, snapshot,
        estimated_cents, entered_cents) VALUES ($1, $2, $3, $4, $5)";
    let EstimateSnapshot { snapshot, estimated, entered } = estimate.clone();
    tx.gather_one(sql, params![org, payment, snapshot, estimated, entered]).await
}

/// The estimate that a payment was created from.
pub async fn estimate(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Option<EstimateSnapshot>, StoreError> {
    let sql = "SELECT snapshot, estimated_cents, entered_cents FROM payment_estimate
        WHERE organization_id = $1 AND payment_seq = $2";
    let snapshot = |row: Row| {
        Ok(EstimateSnapshot {
            snapshot: row.text("snapshot")?,
            estimated: row.opt_money("estimated_cents")?,
            entered: row.money("entered_cents")?,
        })
    };
    tx.optional(sql, params![org, payment]).await?.map(snapshot).transpose()
}
