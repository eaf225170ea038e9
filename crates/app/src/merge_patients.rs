//! Merges a patient who was entered twice into the other record: all that was theirs goes over, and
//! their number leads there from then on.
//!
//! A merge cannot be taken back by a button. What stood on the record, and the numbers of all that
//! went over, are kept, so that a person can sort it out.

use almoner_domain::status::By;
use almoner_domain::{Invalid, PatientId, PaymentId};
use almoner_store::mail::{self, Consent};
use almoner_store::merged::{self, Belongings, NewMerged};
use almoner_store::patients::{self, Coverage, Patient, PatientFields};
use almoner_store::{Tx, payments};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::find_duplicates;
use crate::patient_field::{self, PatientField};
use crate::permission::Action;
use crate::record::{self, PaymentChange};
use crate::save_patient::{MAX_COVERAGES, mrn_taken};

/// One of the two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that stays.
    Kept,
    /// The one that is merged into it.
    Other,
}

impl Side {
    /// The name in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Other => "other",
        }
    }

    /// The side with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Kept, Self::Other].into_iter().find(|side| side.as_str() == name)
    }
}

/// A coverage of one of the two: the side and the place on it, which counts from zero.
pub type CoverageAt = (Side, usize);

/// What is to be merged, as it was seen.
#[derive(Debug, Clone)]
pub struct MergePatients {
    /// Whose record stays.
    pub kept: PatientId,
    /// Its version when it was shown.
    pub kept_version: i64,
    /// Whose record is merged into it.
    pub other: PatientId,
    /// Its version when it was shown.
    pub other_version: i64,
    /// The fields that are taken from the other; the rest stays as it is.
    pub take: Vec<PatientField>,
    /// The coverages that are kept, the primary one first.
    pub coverages: Vec<CoverageAt>,
}

/// A record as it is kept after a merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergedRecord {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// `YYYY-MM-DD`.
    pub date_of_birth: String,
    /// All the other fields by their names, the coverages and the consent to e-mail.
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl MergedRecord {
    /// Reads what was kept.
    ///
    /// # Errors
    /// It is not what the program wrote.
    pub fn read(text: &str) -> Result<Self, Error> {
        let corrupt = |_| almoner_store::StoreError::Corrupt("merged record".to_owned());
        Ok(serde_json::from_str(text).map_err(corrupt)?)
    }

    fn of(patient: &Patient, coverages: &[Coverage], consent: Option<&Consent>) -> Self {
        let value = |field: PatientField| (field.as_str(), field.of(&patient.fields));
        let mut rest: serde_json::Map<_, _> = PatientField::ALL[3..]
            .iter()
            .map(|&field| value(field))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let coverage = |c: &Coverage| {
            json!({
                "payer": c.payer, "member_id": c.member_id, "plan": c.plan, "payer_id": c.payer_id,
                "relationship": c.relationship.as_str(),
                "subscriber_first_name": c.subscriber_first_name,
                "subscriber_last_name": c.subscriber_last_name,
                "subscriber_date_of_birth": c.subscriber_date_of_birth,
            })
        };
        rest.insert("coverages".to_owned(), coverages.iter().map(coverage).collect());
        let consent = consent.map(|c| json!({ "address": c.address, "given_at": c.given_at }));
        rest.insert("email_consent".to_owned(), consent.into());
        rest.insert("created_at".to_owned(), json!(patient.created_at));
        Self {
            first_name: patient.fields.first_name.clone(),
            last_name: patient.fields.last_name.clone(),
            date_of_birth: patient.fields.date_of_birth.to_string(),
            rest,
        }
    }
}

/// Both records while their rows are held.
struct Both {
    kept: Patient,
    other: Patient,
    kept_coverages: Vec<Coverage>,
    other_coverages: Vec<Coverage>,
}

/// Merges one patient into another. When that was done already, nothing happens.
///
/// # Errors
/// No permission, no such patient, a version that moved on, coverages that cannot be.
pub async fn merge_patients(app: &App, actor: &Actor, input: &MergePatients) -> Result<(), Error> {
    actor.must(Action::MergePatients)?;
    let (org, now) = (actor.org(), app.now());
    if input.kept == input.other {
        let message = "Choose another patient; this is the same one.";
        return Err(Invalid::one("other", "same", message).into());
    }
    let mut tx = app.db.begin().await?;
    let Some(both) = hold(&mut tx, actor, input).await? else {
        return Ok(());
    };
    let coverages = chosen_coverages(&both, &input.coverages)?;
    let mut fields = both.kept.fields.clone();
    for field in &input.take {
        field.copy(&both.other.fields, &mut fields);
    }
    let from_to = (input.other, input.kept);
    let moved = write_down(&mut tx, actor, &both, now).await?;
    settle_consent(&mut tx, actor, &both, &fields).await?;
    for &id in &moved.payments {
        move_payment(app, actor, &mut tx, (id, input.kept), &fields).await?;
    }
    merged::hand_over(&mut tx, org, from_to, now).await?;
    merged::delete(&mut tx, org, input.other).await?;
    patients::update(&mut tx, org, &both.kept, &fields, now).await.map_err(mrn_taken)?;
    patients::recount(&mut tx, org, input.kept).await?;
    patients::set_coverages(&mut tx, org, input.kept, &coverages).await?;
    find_duplicates::look(&mut tx, org, input.kept).await?;
    let detail = json!({
        "merged": input.other,
        "changed": patient_field::changed(&both.kept.fields, &fields),
        "coverages_changed": both.kept_coverages != coverages,
        "moved": told(&moved),
    });
    let subject = ("patient", input.kept.seq());
    record::happened(app, actor, &mut tx, "patients_merged", subject, detail).await?;
    let detail = json!({ "into": input.kept });
    let subject = ("patient", input.other.seq());
    record::happened(app, actor, &mut tx, "patient_merged_away", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Locks both, the lesser number first as everywhere, and reads what stands on them. Nothing when
/// the one was merged into the other by now.
async fn hold(tx: &mut Tx, actor: &Actor, input: &MergePatients) -> Result<Option<Both>, Error> {
    let org = actor.org();
    let low = patients::lock(tx, org, input.kept.min(input.other)).await?;
    let high = patients::lock(tx, org, input.kept.max(input.other)).await?;
    let (Some(low), Some(high)) = (low, high) else {
        let is_done = merged::heir(tx, org, input.other).await? == Some(input.kept);
        return if is_done { Ok(None) } else { Err(Error::NotFound("patient")) };
    };
    let (kept, other) = if low.id == input.kept { (low, high) } else { (high, low) };
    for (patient, shown) in [(&kept, input.kept_version), (&other, input.other_version)] {
        if patient.version != shown {
            return Err(Error::Stale { current: patient.version });
        }
    }
    Ok(Some(Both {
        kept_coverages: patients::coverages(tx, org, kept.id).await?,
        other_coverages: patients::coverages(tx, org, other.id).await?,
        kept,
        other,
    }))
}

/// The coverages that were chosen of both.
fn chosen_coverages(both: &Both, chosen: &[CoverageAt]) -> Result<Vec<Coverage>, Invalid> {
    let mut coverages = Vec::new();
    for &(side, place) in chosen {
        let of_side = match side {
            Side::Kept => &both.kept_coverages,
            Side::Other => &both.other_coverages,
        };
        let coverage = of_side.get(place).ok_or_else(|| {
            Invalid::one("coverages", "unknown", "Choose from the coverages of both patients.")
        })?;
        coverages.push(coverage.clone());
    }
    if coverages.len() > MAX_COVERAGES {
        let message = format!("Keep at most {MAX_COVERAGES} coverages.");
        return Err(Invalid::one("coverages", "too_many", message));
    }
    if matches!(chosen, [first, second] if first == second) {
        let message = "This is the primary coverage already.";
        return Err(Invalid::one("secondary", "same", message));
    }
    Ok(coverages)
}

/// What goes over, by its numbers.
fn told(moved: &Belongings) -> serde_json::Value {
    json!({
        "payments": moved.payments,
        "treatments": moved.treatments,
        "checks": moved.checks,
        "inquiries": moved.inquiries,
    })
}

/// Keeps the record as it stands and what is about to go over, and tells the latter.
async fn write_down(
    tx: &mut Tx,
    actor: &Actor,
    both: &Both,
    now: Timestamp,
) -> Result<Belongings, Error> {
    let org = actor.org();
    let moved = merged::belongings(tx, org, both.other.id).await?;
    let consent = mail::consent(tx, org, both.other.id).await?;
    let record = MergedRecord::of(&both.other, &both.other_coverages, consent.as_ref());
    let merged = NewMerged {
        from: both.other.id,
        into: both.kept.id,
        record: &json!(record).to_string(),
        moved: &told(&moved).to_string(),
        user: actor.user(),
        at: now,
    };
    merged::insert(tx, org, &merged).await?;
    Ok(moved)
}

/// Keeps the consent to e-mail that was given for the address that stays, whoever's it was.
async fn settle_consent(
    tx: &mut Tx,
    actor: &Actor,
    both: &Both,
    fields: &PatientFields,
) -> Result<(), Error> {
    let (org, kept, other) = (actor.org(), both.kept.id, both.other.id);
    let holds = |given: Option<Consent>| {
        given.is_some_and(|given| fields.email.as_ref() == Some(&given.address))
    };
    if holds(mail::consent(tx, org, kept).await?) {
        return Ok(());
    }
    mail::withdraw_consent(tx, org, kept).await?;
    if holds(mail::consent(tx, org, other).await?) {
        mail::hand_consent_on(tx, org, (other, kept)).await?;
    }
    Ok(())
}

/// Gives a payment to the patient who stays, as an edit of the payment would.
async fn move_payment(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (id, patient): (PaymentId, PatientId),
    fields: &PatientFields,
) -> Result<(), Error> {
    let (org, now) = (actor.org(), app.now());
    let before = payments::lock(tx, org, id).await?.ok_or(Error::NotFound("payment"))?;
    let mut after = before.clone();
    after.patient = patient;
    after.changed(now);
    payments::update(tx, org, &after, (&fields.last_name, &fields.first_name)).await?;
    let change = PaymentChange {
        before: Some(&before),
        after: &after,
        action: "payment_edited",
        by: By::Staff,
        is_step: false,
        reason: None,
        transfers: Vec::new(),
        detail: json!({ "patient": [before.patient, patient] }),
        at: now,
    };
    record::payment_changed(app, actor, tx, change).await
}
