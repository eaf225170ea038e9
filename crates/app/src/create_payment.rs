//! Creates a payment: as a draft, or awaiting its money.

use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::payment::PaymentType;
use almoner_domain::status::By;
use almoner_domain::{
    Invalid, LocationId, Money, PatientId, PaymentId, Status, TreatmentId, ledger,
};
use almoner_store::idempotency::{self, Seen};
use almoner_store::patients::{self, Patient};
use almoner_store::payments::{self, EstimateSnapshot, Payment};
use almoner_store::{StoreError, Tx, counters, locations, rollups, staff, treatments};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::estimate_payment::{self, EstimateInput};
use crate::permission::Action;
use crate::record::{self, PaymentChange};

/// A payment to be created.
#[derive(Debug, Clone, Serialize)]
pub struct CreatePayment {
    /// Who owes it.
    pub patient: PatientId,
    /// How much.
    pub amount: Money,
    /// What it is for.
    pub kind: Option<PaymentType>,
    /// For which treatment of the patient.
    pub treatment: Option<TreatmentId>,
    /// Where it counts; the treatment's location when there is one, else the first.
    pub location: Option<LocationId>,
    /// When it is due.
    pub due: Option<Date>,
    /// The due date may have passed.
    pub confirm_past_due_date: bool,
    /// What it is about.
    pub memo: Option<String>,
    /// Not submitted yet.
    pub draft: bool,
    /// What the form's estimate was asked for, whether or not its amount was used.
    pub estimate: Option<EstimateInput>,
    /// The [fingerprint](estimate_payment::fingerprint) of the estimate that the person saw. When
    /// it says something else by now, no payment is created, so that none keeps an estimate that
    /// nobody saw.
    pub estimate_seen: Option<String>,
    /// The form's key, so that a second click or a retry creates nothing.
    #[serde(skip)]
    pub key: Option<String>,
}

const SCOPE: &str = "create_payment";
const ESTIMATE_CHANGED: &str = "The estimate is not the one that was shown: the check, the \
    treatment or what was typed has changed meanwhile. Look at the estimate as it is now, then \
    press Create again.";

/// Creates the payment, or finds the one that the same request created before.
///
/// # Errors
/// No permission, fields that need attention, a key that was used for something else.
pub async fn create_payment(
    app: &App,
    actor: &Actor,
    input: &CreatePayment,
) -> Result<PaymentId, Error> {
    actor.must(Action::CreatePayment)?;
    check_amount(input.amount)?;
    match attempt(app, actor, input).await {
        // A racing request with the same key was faster: its payment is the answer.
        Err(Error::Store(StoreError::Duplicate(_))) if input.key.is_some() => {
            attempt(app, actor, input).await
        }
        other => other,
    }
}

async fn attempt(app: &App, actor: &Actor, input: &CreatePayment) -> Result<PaymentId, Error> {
    let (org, now) = (actor.org(), app.now());
    let hash = request_hash(input);
    let mut tx = app.db.begin().await?;
    if let Some(key) = &input.key {
        match idempotency::look(&mut tx, org, SCOPE, key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(PaymentId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    // Locked, so that a rename meanwhile reaches this payment as well.
    let patient = patients::lock_current(&mut tx, org, input.patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    // A form that was open while its patient was merged is about the other one now.
    let current = (patient.id != input.patient).then(|| input.about(patient.id));
    let input = current.as_ref().unwrap_or(input);
    let location = checked_place(&mut tx, actor, input, actor.date(now)).await?;
    let snapshot = snapshot(app, actor, &mut tx, input).await?;
    let id = PaymentId::new(counters::next(&mut tx, org, PaymentId::PREFIX).await?);
    let payment = Payment {
        id,
        patient: input.patient,
        location,
        treatment: input.treatment,
        kind: input.kind,
        status: if input.draft { Status::Draft } else { Status::Pending },
        amount: input.amount,
        collected: Money::ZERO,
        refunded: Money::ZERO,
        lost: Money::ZERO,
        due: input.due,
        memo: input.memo.clone(),
        version: 1,
        created_at: now,
        paid_at: None,
        modified_at: now,
    };
    write(app, actor, &mut tx, &patient, &payment, snapshot).await?;
    if let Some(key) = &input.key {
        idempotency::keep(&mut tx, org, (SCOPE, key), &hash, id.seq(), now).await?;
    }
    if let Some(user) = actor.user() {
        staff::set_last_location(&mut tx, org, user, location).await?;
    }
    tx.commit().await?;
    Ok(id)
}

impl CreatePayment {
    /// The same, asked of another patient.
    fn about(&self, patient: PatientId) -> Self {
        let mut other = Self { patient, ..self.clone() };
        if let Some(estimate) = &mut other.estimate {
            estimate.patient = patient;
        }
        other
    }
}

/// Passes when a payment may ask for so much.
pub(crate) fn check_amount(amount: Money) -> Result<(), Invalid> {
    if amount <= Money::ZERO {
        return Err(Invalid::one("amount", "zero", "The amount must be more than $0.00."));
    }
    if amount > MAX_PAYMENT {
        let message = format!("The amount cannot be over {MAX_PAYMENT}.");
        return Err(Invalid::one("amount", "too_large", message));
    }
    Ok(())
}

/// Checks the treatment, the due date and the location, and gives the location.
async fn checked_place(
    tx: &mut Tx,
    actor: &Actor,
    input: &CreatePayment,
    today: Date,
) -> Result<LocationId, Error> {
    let mut faults = Invalid::default();
    if input.due.is_some_and(|due| due < today) && !input.confirm_past_due_date {
        let message = "This date has passed. Tick the box below to keep it.";
        faults.push("due_date", "in_the_past", message);
    }
    let place = place(tx, actor, input.patient, input.treatment, input.location).await;
    match place {
        Ok(location) if faults.0.is_empty() => Ok(location),
        Ok(_) => Err(faults.into()),
        Err(Error::Invalid(more)) => {
            faults.0.extend(more.0);
            Err(faults.into())
        }
        Err(other) => Err(other),
    }
}

/// The location of a payment: its treatment's, else the one chosen, else the first.
pub(crate) async fn place(
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
    treatment: Option<TreatmentId>,
    location: Option<LocationId>,
) -> Result<LocationId, Error> {
    let org = actor.org();
    if let Some(id) = treatment {
        let today = Date::MIN;
        let treatment = treatments::get(tx, org, id, today).await?;
        let own = treatment.filter(|treatment| treatment.fields.patient == patient);
        let message = "Choose a treatment of this patient.";
        let own = own.ok_or_else(|| Invalid::one("treatment_id", "not_the_patients", message))?;
        return Ok(own.fields.location);
    }
    match location {
        Some(id) if locations::get(tx, org, id).await?.is_some() => Ok(id),
        Some(_) => {
            Err(Invalid::one("location_id", "unknown", "Choose a location from the list.").into())
        }
        None => {
            let first = locations::all(tx, org).await?.into_iter().next();
            first.map(|location| location.id).ok_or(Error::NotFound("location"))
        }
    }
}

/// The estimate as it stands now; a number from the form is never trusted.
async fn snapshot(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    input: &CreatePayment,
) -> Result<Option<EstimateSnapshot>, Error> {
    let Some(request) = &input.estimate else {
        return Ok(None);
    };
    let estimate = estimate_payment::estimate_within(app, actor, tx, request).await?;
    let fingerprint = estimate_payment::fingerprint(&estimate);
    if input.estimate_seen.as_ref().is_some_and(|seen| *seen != fingerprint) {
        return Err(Invalid::one("estimate", "changed", ESTIMATE_CHANGED).into());
    }
    if estimate.check.is_none() {
        return Ok(None);
    }
    let snapshot = serde_json::to_string(&estimate).expect("an estimate is plain values");
    Ok(Some(EstimateSnapshot { snapshot, estimated: estimate.amount, entered: input.amount }))
}

async fn write(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    patient: &Patient,
    payment: &Payment,
    snapshot: Option<EstimateSnapshot>,
) -> Result<(), Error> {
    let (org, now) = (actor.org(), payment.created_at);
    let name = (&*patient.fields.last_name, &*patient.fields.first_name);
    payments::insert(tx, org, payment, name).await?;
    patients::count_payment(tx, org, payment.patient, payment.id.seq()).await?;
    let estimated = snapshot.as_ref().and_then(|snapshot| snapshot.estimated);
    if let Some(snapshot) = snapshot {
        payments::insert_estimate(tx, org, payment.id, &snapshot).await?;
    }
    let change = PaymentChange {
        before: None,
        after: payment,
        action: "payment_created",
        by: By::Staff,
        is_step: true,
        reason: None,
        transfers: ledger::status_changed(None, payment.status, payment.amount, None),
        detail: json!({
            "status": payment.status,
            "amount_cents": payment.amount,
            "due": payment.due,
            "estimated_cents": estimated,
        }),
        at: now,
    };
    record::payment_changed(app, actor, tx, change).await?;
    rollups::payment_created(tx, org, payment.location, actor.date(now)).await?;
    Ok(())
}
