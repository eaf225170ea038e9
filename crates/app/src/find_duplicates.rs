//! Looks with whom a patient may be one person, whenever the record changed.

use almoner_domain::likeness::{Features, Trait, likeness};
use almoner_domain::{OrganizationId, PatientId};
use almoner_store::patients::{self, Patient};
use almoner_store::{Tx, duplicates};

use crate::error::Error;

/// What a record is compared by.
fn features(patient: &Patient) -> Features<'_> {
    let fields = &patient.fields;
    Features {
        first_name: &fields.first_name,
        last_name: &fields.last_name,
        date_of_birth: fields.date_of_birth,
        phone: fields.phone.as_deref(),
        email: fields.email.as_deref(),
    }
}

/// Writes down with whom a patient may be one person, and tells them, after record and coverages
/// were written. Patients are added one after another, so that of two who are added at once the
/// later finds the earlier.
pub(crate) async fn look(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
) -> Result<Vec<(PatientId, Vec<Trait>)>, Error> {
    let patient = patients::get(tx, org, id).await?.ok_or(Error::NotFound("patient"))?;
    let mut found: Vec<(PatientId, Vec<Trait>)> = Vec::new();
    for candidate in duplicates::candidates(tx, org, &patient).await? {
        let other = features(&candidate.patient);
        let traits = likeness(&features(&patient), &other, candidate.shares_member);
        if !traits.is_empty() {
            found.push((candidate.patient.id, traits));
        }
    }
    duplicates::set_open(tx, org, id, &found).await?;
    Ok(found)
}
