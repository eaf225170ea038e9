//! Edits what may still change of a payment.

use almoner_domain::payment::PaymentType;
use almoner_domain::status::By;
use almoner_domain::{Invalid, LocationId, Money, PatientId, PaymentId, TreatmentId, ledger};
use almoner_store::patients;
use almoner_store::payments::{self, Payment};
use almoner_store::{Tx, attempts};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::context::{Actor, App};
use crate::create_payment::{check_amount, place};
use crate::error::Error;
use crate::permission::Action;
use crate::record::{self, PaymentChange};
use crate::step::locked;

/// What a payment is to become.
#[derive(Debug, Clone)]
pub struct EditPayment {
    /// Which payment.
    pub payment: PaymentId,
    /// The version that the form showed.
    pub version: i64,
    /// Who owes it.
    pub patient: PatientId,
    /// How much.
    pub amount: Money,
    /// What it is for.
    pub kind: Option<PaymentType>,
    /// For which treatment.
    pub treatment: Option<TreatmentId>,
    /// Where it counts, without a treatment.
    pub location: Option<LocationId>,
    /// When it is due.
    pub due: Option<Date>,
    /// The due date may have passed.
    pub confirm_past_due_date: bool,
    /// What it is about.
    pub memo: Option<String>,
}

/// Edits the payment.
///
/// # Errors
/// No permission, no such payment, a version that moved on, a locked payment, a change of
/// amount or patient while the payer is paying, fields that need attention.
pub async fn edit_payment(app: &App, actor: &Actor, input: &EditPayment) -> Result<Payment, Error> {
    actor.must(Action::EditPayment)?;
    check_amount(input.amount)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    lock_patients(&mut tx, actor, input).await?;
    let before = locked(&mut tx, actor, input.payment, Some(input.version)).await?;
    if before.status.is_locked() {
        return Err(Error::Locked(before.status));
    }
    let facts = attempts::facts(&mut tx, org, before.id).await?;
    let essential = (before.amount, before.patient) != (input.amount, input.patient);
    if facts.live_attempt && essential {
        let message = "The payer is paying right now; amount and patient cannot change.";
        return Err(Invalid::one("amount", "attempt_live", message).into());
    }
    let passed = input.due.is_some_and(|due| due < actor.date(now));
    if passed && input.due != before.due && !input.confirm_past_due_date {
        let message = "This date has passed. Tick the box below to keep it.";
        return Err(Invalid::one("due_date", "in_the_past", message).into());
    }
    // Read after the payment is locked: a rename that is under way rewrites the row after us.
    let patient = patients::get(&mut tx, org, input.patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    let location = input.location.or(Some(before.location));
    let mut after = before.clone();
    after.location = place(&mut tx, actor, input.patient, input.treatment, location).await?;
    after.patient = input.patient;
    after.amount = input.amount;
    after.kind = input.kind;
    after.treatment = input.treatment;
    after.due = input.due;
    after.memo.clone_from(&input.memo);
    let changes = changes(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.changed(now);
    let name = (&*patient.fields.last_name, &*patient.fields.first_name);
    payments::update(&mut tx, org, &after, name).await?;
    if before.patient != after.patient {
        patients::recount(&mut tx, org, before.patient.min(after.patient)).await?;
        patients::recount(&mut tx, org, before.patient.max(after.patient)).await?;
    }
    let owed = before.status.is_owed();
    let change = PaymentChange {
        before: Some(&before),
        after: &after,
        action: "payment_edited",
        by: By::Staff,
        is_step: false,
        reason: None,
        transfers: if owed {
            ledger::edited((before.amount, before.location), (after.amount, after.location))
        } else {
            Vec::new()
        },
        detail: Value::Object(changes),
        at: now,
    };
    record::payment_changed(app, actor, &mut tx, change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Locks both patients when the payment is given to another, and before the payment, so that
/// creations and renames at the same time are neither missed nor waited for in a circle.
async fn lock_patients(tx: &mut Tx, actor: &Actor, input: &EditPayment) -> Result<(), Error> {
    let org = actor.org();
    let shown = payments::get(tx, org, input.payment).await?.ok_or(Error::NotFound("payment"))?;
    if shown.patient != input.patient {
        patients::lock(tx, org, shown.patient.min(input.patient)).await?;
        patients::lock(tx, org, shown.patient.max(input.patient)).await?;
    }
    Ok(())
}

/// What changed, as `field: [before, after]`.
fn changes(before: &Payment, after: &Payment) -> Map<String, Value> {
    let sides = [before, after].map(|payment| {
        json!({
            "amount_cents": payment.amount,
            "patient": payment.patient,
            "payment_type": payment.kind,
            "treatment": payment.treatment,
            "location": payment.location,
            "due_date": payment.due,
            "memo": payment.memo,
        })
    });
    let [Value::Object(before), Value::Object(mut after)] = sides else {
        return Map::new();
    };
    before
        .into_iter()
        .filter_map(|(field, old)| {
            let new = after.remove(&field)?;
            (old != new).then(|| (field, json!([old, new])))
        })
        .collect()
}
