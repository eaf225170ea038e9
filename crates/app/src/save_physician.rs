//! Adds and changes physicians.

use almoner_domain::{Invalid, PhysicianId, text};
use almoner_store::counters;
use almoner_store::physicians::{self, PhysicianFields};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::npi::parse_npi;
use crate::permission::Action;
use crate::record;

fn checked(fields: &PhysicianFields) -> Result<PhysicianFields, Invalid> {
    let mut faults = Invalid::default();
    let first_name = text::required_line("first_name", "the first name", &fields.first_name);
    let first_name = faults.collect(first_name).unwrap_or_default();
    let last_name = text::required_line("last_name", "the last name", &fields.last_name);
    let last_name = faults.collect(last_name).unwrap_or_default();
    let npi = faults.collect(parse_npi("npi", fields.npi.as_deref().unwrap_or_default()));
    let npi = npi.flatten();
    faults.into_result()?;
    Ok(PhysicianFields { first_name, last_name, npi })
}

/// Adds a physician, or changes the one with that id.
///
/// # Errors
/// No permission, no such physician, fields that need attention.
pub async fn save_physician(
    app: &App,
    actor: &Actor,
    id: Option<PhysicianId>,
    fields: &PhysicianFields,
) -> Result<PhysicianId, Error> {
    actor.must(Action::ChangeSettings)?;
    let fields = checked(fields)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let (id, action) = if let Some(id) = id {
        if !physicians::update(&mut tx, org, id, &fields).await? {
            return Err(Error::NotFound("physician"));
        }
        (id, "physician_changed")
    } else {
        let id = PhysicianId::new(counters::next(&mut tx, org, PhysicianId::PREFIX).await?);
        physicians::insert(&mut tx, org, id, &fields, app.now()).await?;
        (id, "physician_added")
    };
    let detail = json!({ "npi": fields.npi });
    record::happened(app, actor, &mut tx, action, ("physician", id.seq()), detail).await?;
    tx.commit().await?;
    Ok(id)
}
