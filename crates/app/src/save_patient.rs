//! Adds and changes patients with their coverages; a new one can be made from a check.

use almoner_domain::insured::Relationship;
use almoner_domain::likeness::Trait;
use almoner_domain::{CheckId, ImportId, Invalid, PatientId, text, time};
use almoner_store::idempotency::{self, Seen};
use almoner_store::patients::{self, Coverage, PatientFields};
use almoner_store::{StoreError, Tx, counters};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::match_check::give_check;
use crate::permission::Action;
use crate::{find_duplicates, patient_field, record};

/// A patient as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatientEntry {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// `YYYY-MM-DD`.
    pub date_of_birth: String,
    /// `F`, `M`, `X` or blank.
    pub sex: String,
    /// Medical record number.
    pub mrn: String,
    /// Telephone.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// Postal address.
    pub address: String,
    /// Who pays, when it is not the patient.
    pub guarantor: String,
    /// The primary and the secondary coverage, as typed; blank ones are none.
    pub coverages: Vec<CoverageEntry>,
    /// A new patient is somebody else than those who look alike.
    pub is_somebody_else: bool,
}

/// A coverage as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CoverageEntry {
    /// The payer's name.
    pub payer: String,
    /// The member's id.
    pub member_id: String,
    /// The plan's name.
    pub plan: String,
    /// The id under which clearinghouses know the payer.
    pub payer_id: String,
    /// What the patient is to the subscriber: `self` (also when blank), `spouse`, `child`, `other`.
    pub relationship: String,
    /// The subscriber's first name, when it is not the patient.
    pub subscriber_first_name: String,
    /// The subscriber's last name, when it is not the patient.
    pub subscriber_last_name: String,
    /// The subscriber's date of birth, when it is not the patient.
    pub subscriber_date_of_birth: String,
}

/// The greatest number of coverages.
pub const MAX_COVERAGES: usize = 2;

fn optional(faults: &mut Invalid, field: &str, typed: &str) -> Option<String> {
    faults.collect(text::line(field, typed)).flatten()
}

fn checked_birth(field: &str, typed: &str, today: Date) -> Result<Date, Invalid> {
    if typed.trim().is_empty() {
        return Err(Invalid::one(field, "required", "Enter the date of birth."));
    }
    let birth = time::parse_date(field, typed)?;
    if birth > today {
        let message = "The date of birth lies in the future.";
        return Err(Invalid::one(field, "in_the_future", message));
    }
    Ok(birth)
}

/// A patient as typed, checked.
///
/// # Errors
/// The fields that need attention.
pub(crate) fn checked(
    entry: &PatientEntry,
    today: Date,
) -> Result<(PatientFields, Vec<Coverage>), Invalid> {
    let mut faults = Invalid::default();
    let first = text::required_line("first_name", "the first name", &entry.first_name);
    let first_name = faults.collect(first);
    let last = text::required_line("last_name", "the last name", &entry.last_name);
    let last_name = faults.collect(last);
    let birth = faults.collect(checked_birth("date_of_birth", &entry.date_of_birth, today));
    let sex = optional(&mut faults, "sex", &entry.sex);
    if sex.as_deref().is_some_and(|sex| !["F", "M", "X"].contains(&sex)) {
        faults.push("sex", "unknown", "Choose from the list.");
    }
    let email = optional(&mut faults, "email", &entry.email);
    if email.as_deref().is_some_and(|email| !email.contains('@')) {
        faults.push("email", "not_an_address", "Enter an e-mail address such as ann@example.org.");
    }
    let mrn = optional(&mut faults, "mrn", &entry.mrn);
    let phone = optional(&mut faults, "phone", &entry.phone);
    let address = optional(&mut faults, "address", &entry.address);
    let guarantor = optional(&mut faults, "guarantor", &entry.guarantor);
    let coverages = checked_coverages(&mut faults, &entry.coverages, today);
    match (first_name, last_name, birth) {
        (Some(first_name), Some(last_name), Some(date_of_birth)) if faults.0.is_empty() => {
            let fields = PatientFields {
                first_name,
                last_name,
                date_of_birth,
                sex,
                mrn,
                phone,
                email,
                address,
                guarantor,
            };
            Ok((fields, coverages))
        }
        _ => Err(faults),
    }
}

/// Coverages as typed, checked.
pub(crate) fn checked_coverages(
    faults: &mut Invalid,
    entries: &[CoverageEntry],
    today: Date,
) -> Vec<Coverage> {
    let mut coverages = Vec::new();
    for (index, entry) in entries.iter().take(MAX_COVERAGES).enumerate() {
        let field = |name: &str| format!("coverage_{}_{name}", index + 1);
        let payer = optional(faults, &field("payer"), &entry.payer);
        let coverage = Coverage {
            payer: payer.clone().unwrap_or_default(),
            member_id: optional(faults, &field("member_id"), &entry.member_id),
            plan: optional(faults, &field("plan"), &entry.plan),
            payer_id: optional(faults, &field("payer_id"), &entry.payer_id),
            ..insured_through(faults, field, entry, today)
        };
        if payer.is_some() {
            coverages.push(coverage);
        } else if coverage != Coverage::default() {
            faults.push(&field("payer"), "required", "Enter the payer of this coverage.");
        }
    }
    coverages
}

/// The subscriber of a coverage. When it is the patient, nothing else is kept of them.
fn insured_through(
    faults: &mut Invalid,
    field: impl Fn(&str) -> String,
    entry: &CoverageEntry,
    today: Date,
) -> Coverage {
    let relationship = match &*entry.relationship {
        "" => Some(Relationship::Subscriber),
        name => Relationship::from_name(name),
    };
    let Some(relationship) = relationship else {
        faults.push(&field("relationship"), "unknown", "Choose from the list.");
        return Coverage::default();
    };
    if relationship == Relationship::Subscriber {
        return Coverage::default();
    }
    let mut line = |name: &str, typed: &str| optional(faults, &field(name), typed);
    let subscriber_first_name = line("subscriber_first_name", &entry.subscriber_first_name);
    let subscriber_last_name = line("subscriber_last_name", &entry.subscriber_last_name);
    let birth = &entry.subscriber_date_of_birth;
    let birth = (!birth.trim().is_empty())
        .then(|| checked_birth(&field("subscriber_date_of_birth"), birth, today));
    Coverage {
        relationship,
        subscriber_first_name,
        subscriber_last_name,
        subscriber_date_of_birth: birth.and_then(|birth| faults.collect(birth)),
        ..Coverage::default()
    }
}

pub(crate) fn mrn_taken(error: StoreError) -> Error {
    match error {
        StoreError::Duplicate(_) => {
            let message = "Another patient has this medical record number.";
            Invalid::one("mrn", "taken", message).into()
        }
        other => other.into(),
    }
}

/// Adds a patient; `from_check` gives the waiting check to the new patient.
///
/// # Errors
/// No permission, fields that need attention, records that may be the same person's unless the
/// entry says otherwise, a check that is not waiting any more.
pub async fn add_patient(
    app: &App,
    actor: &Actor,
    entry: &PatientEntry,
    from_check: Option<CheckId>,
    key: Option<&str>,
) -> Result<PatientId, Error> {
    actor.must(Action::SavePatient)?;
    match attempt(app, actor, entry, from_check, key).await {
        // A racing request with the same key may have been faster: its patient is the answer.
        Err(_) if key.is_some() => attempt(app, actor, entry, from_check, key).await,
        other => other,
    }
}

async fn attempt(
    app: &App,
    actor: &Actor,
    entry: &PatientEntry,
    from_check: Option<CheckId>,
    key: Option<&str>,
) -> Result<PatientId, Error> {
    let (org, now) = (actor.org(), app.now());
    let (fields, coverages) = checked(entry, actor.date(now))?;
    let hash = request_hash(&(entry, from_check));
    let mut tx = app.db.begin().await?;
    if let Some(key) = key {
        match idempotency::look(&mut tx, org, "add_patient", key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(PatientId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    let (id, alike) = insert(app, actor, &mut tx, (&fields, &coverages), json!({})).await?;
    if !alike.is_empty() && !entry.is_somebody_else {
        return Err(Error::Alike(alike));
    }
    if let Some(check) = from_check {
        give_check(app, actor, &mut tx, check, id).await?;
    }
    if let Some(key) = key {
        idempotency::keep(&mut tx, org, ("add_patient", key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Adds a patient who was checked, and tells who may be the same person; all of it falls with the
/// transaction. `detail` is what the audit log has to say beside it.
pub(crate) async fn insert(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (fields, coverages): (&PatientFields, &[Coverage]),
    detail: Value,
) -> Result<(PatientId, Vec<(PatientId, Vec<Trait>)>), Error> {
    let (org, now) = (actor.org(), app.now());
    let id = PatientId::new(counters::next(tx, org, PatientId::PREFIX).await?);
    patients::insert(tx, org, id, fields, now).await.map_err(mrn_taken)?;
    patients::set_coverages(tx, org, id, coverages).await?;
    let alike = find_duplicates::look(tx, org, id).await?;
    let subject = ("patient", id.seq());
    record::happened(app, actor, tx, "patient_added", subject, detail).await?;
    Ok((id, alike))
}

/// Adds a coverage that an import brings behind those that a patient has; all of it falls with the
/// transaction.
pub(crate) async fn add_coverage(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (id, coverage): (PatientId, Coverage),
    import: ImportId,
) -> Result<(), Error> {
    let (org, now) = (actor.org(), app.now());
    let before = patients::lock(tx, org, id).await?.ok_or(Error::NotFound("patient"))?;
    let mut coverages = patients::coverages(tx, org, id).await?;
    coverages.push(coverage);
    patients::update(tx, org, &before, &before.fields, now).await?;
    patients::set_coverages(tx, org, id, &coverages).await?;
    find_duplicates::look(tx, org, id).await?;
    let detail = json!({ "changed": {}, "coverages_changed": true, "import": import });
    record::happened(app, actor, tx, "patient_changed", ("patient", id.seq()), detail).await
}

/// Changes a patient that is at `version`.
///
/// # Errors
/// No permission, no such patient, a version that moved on, fields that need attention.
pub async fn edit_patient(
    app: &App,
    actor: &Actor,
    (id, version): (PatientId, i64),
    entry: &PatientEntry,
) -> Result<(), Error> {
    actor.must(Action::SavePatient)?;
    let (org, now) = (actor.org(), app.now());
    let (fields, coverages) = checked(entry, actor.date(now))?;
    let mut tx = app.db.begin().await?;
    let before = patients::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("patient"))?;
    if before.version != version {
        return Err(Error::Stale { current: before.version });
    }
    let old_coverages = patients::coverages(&mut tx, org, id).await?;
    patients::update(&mut tx, org, &before, &fields, now).await.map_err(mrn_taken)?;
    patients::set_coverages(&mut tx, org, id, &coverages).await?;
    find_duplicates::look(&mut tx, org, id).await?;
    let detail = json!({
        "changed": patient_field::changed(&before.fields, &fields),
        "coverages_changed": old_coverages != coverages,
    });
    record::happened(app, actor, &mut tx, "patient_changed", ("patient", id.seq()), detail).await?;
    tx.commit().await?;
    Ok(())
}
