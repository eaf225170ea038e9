//! Records that a patient agreed to be sent payment links, reminders and receipts by e-mail, or not
//! any more.

use almoner_domain::{Invalid, PatientId};
use almoner_store::mail::{self, Consent};
use almoner_store::patients::{self, Patient};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Records what a patient agreed to; the same again changes nothing.
///
/// # Errors
/// No permission, no such patient, a patient without an e-mail address.
pub async fn consent_email(
    app: &App,
    actor: &Actor,
    patient: PatientId,
    agreed: bool,
) -> Result<(), Error> {
    actor.must(Action::SavePatient)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let patient = patients::lock(&mut tx, org, patient).await?.ok_or(Error::NotFound("patient"))?;
    let before = mail::consent(&mut tx, org, patient.id).await?;
    let holds = consented(&patient, before.as_ref()).is_some();
    let action = match (agreed, &patient.fields.email) {
        (true, _) if holds => return Ok(()),
        (true, None) => {
            let message = "Enter the patient's e-mail address first.";
            return Err(Invalid::one("agreed", "no_address", message).into());
        }
        (true, Some(address)) => {
            let consent = Consent { address: address.clone(), given_at: now };
            mail::give_consent(&mut tx, org, patient.id, &consent, actor.user()).await?;
            "email_consent_given"
        }
        (false, _) if mail::withdraw_consent(&mut tx, org, patient.id).await? => {
            "email_consent_withdrawn"
        }
        (false, _) => return Ok(()),
    };
    record::happened(app, actor, &mut tx, action, ("patient", patient.id.seq()), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// The consent, when it was given for the address that the patient has now.
pub(crate) fn consented<'a>(
    patient: &Patient,
    consent: Option<&'a Consent>,
) -> Option<&'a Consent> {
    consent.filter(|consent| patient.fields.email.as_ref() == Some(&consent.address))
}
