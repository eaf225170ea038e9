//! Puts on a patient's file what the payer says of them otherwise, one field at a time.

use almoner_domain::{CheckId, Invalid, PatientId, text, time};
use almoner_store::patients::{self, Coverage, Patient, PatientFields};
use almoner_store::{Tx, eligibility};
use jiff::Timestamp;
use serde_json::json;

use crate::check_answer::StoredAnswer;
use crate::compare_person::{self, Compared, PersonField};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::{find_duplicates, record};

/// Which field of which patient, as it was seen at that version.
#[derive(Debug, Clone, Copy)]
pub struct UsePayersData {
    /// The check in which the payer says so.
    pub check: CheckId,
    /// Whose it is.
    pub patient: PatientId,
    /// The patient's version when the difference was shown.
    pub version: i64,
    /// The field that is to be as the payer has it.
    pub field: PersonField,
}

/// Takes the payer's value over. When it is there already, nothing happens.
///
/// # Errors
/// No permission, a check that is not that patient's, a version that moved on, a value that cannot
/// stand on file.
pub async fn use_payers_data(app: &App, actor: &Actor, input: &UsePayersData) -> Result<(), Error> {
    actor.must(Action::SavePatient)?;
    let (org, id, now) = (actor.org(), input.patient, app.now());
    let mut tx = app.db.begin().await?;
    let before = patients::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("patient"))?;
    let row = eligibility::get(&mut tx, org, input.check).await?;
    let row = row.filter(|row| row.patient == Some(id));
    let row = row.ok_or(Error::NotFound("check of this patient"))?;
    let answer = StoredAnswer::read(&row.answer)?;
    let coverages = patients::coverages(&mut tx, org, id).await?;
    let compared = compare_person::compare(&answer, &row.payer, &before, &coverages);
    let pair = compared.into_iter().find(|pair| pair.field == input.field && pair.differs);
    let Some(Compared { theirs: Some(theirs), ours, .. }) = pair else {
        return Ok(());
    };
    if before.version != input.version {
        return Err(Error::Stale { current: before.version });
    }
    write(&mut tx, actor, &before, (coverages, &row.payer), (input.field, &theirs), now).await?;
    let field = input.field.as_str();
    let detail = json!({ "changed": { field: ours }, "from_check": input.check });
    record::happened(app, actor, &mut tx, "patient_changed", ("patient", id.seq()), detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes the payer's value where it belongs.
async fn write(
    tx: &mut Tx,
    actor: &Actor,
    before: &Patient,
    (mut coverages, payer): (Vec<Coverage>, &str),
    (field, theirs): (PersonField, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let mut fields: PatientFields = before.fields.clone();
    let name = field.as_str();
    let line = || text::required_line(name, "a value", theirs);
    match field {
        PersonField::LastName => fields.last_name = line()?,
        PersonField::FirstName => fields.first_name = line()?,
        PersonField::DateOfBirth => fields.date_of_birth = time::parse_date(name, theirs)?,
        PersonField::Sex => fields.sex = Some(line()?),
        PersonField::Address => fields.address = Some(line()?),
        PersonField::MemberId => {
            let place = compare_person::coverage_of(&coverages, payer, Some(theirs));
            let place = place.ok_or_else(|| {
                let message = "The patient has no coverage of this payer.";
                Invalid::one(name, "no_coverage", message)
            })?;
            coverages[place].member_id = Some(line()?);
        }
    }
    patients::update(tx, actor.org(), before, &fields, now).await?;
    if field == PersonField::MemberId {
        patients::set_coverages(tx, actor.org(), before.id, &coverages).await?;
    }
    find_duplicates::look(tx, actor.org(), before.id).await?;
    Ok(())
}
