//! Adds and changes locations.

use almoner_domain::estimate::VisitClass;
use almoner_domain::{Invalid, LocationId, text, time};
use almoner_store::counters;
use almoner_store::locations::{self, LocationFields};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::npi::parse_npi;
use crate::permission::Action;
use crate::record;

fn checked(fields: &LocationFields) -> Result<LocationFields, Invalid> {
    let mut faults = Invalid::default();
    let name = text::required_line("name", "the location's name", &fields.name);
    let name = faults.collect(name).unwrap_or_default();
    faults.collect(time::parse_zone("time_zone", &fields.time_zone));
    let address = text::line("address", fields.address.as_deref().unwrap_or_default());
    let address = faults.collect(address).flatten();
    let phone = text::line("phone", fields.phone.as_deref().unwrap_or_default());
    let phone = faults.collect(phone).flatten();
    let visit_class = fields.visit_class.clone().filter(|class| !class.is_empty());
    if visit_class.as_deref().is_some_and(|class| VisitClass::from_name(class).is_none()) {
        faults.push("visit_class", "unknown", "Choose a class from the list.");
    }
    let npi = parse_npi("npi", fields.npi.as_deref().unwrap_or_default());
    let npi = faults.collect(npi).flatten();
    faults.into_result()?;
    let time_zone = fields.time_zone.trim().to_owned();
    Ok(LocationFields { name, time_zone, address, phone, visit_class, npi })
}

/// Adds a location, or changes the one with that id.
///
/// # Errors
/// No permission, no such location, fields that need attention.
pub async fn save_location(
    app: &App,
    actor: &Actor,
    id: Option<LocationId>,
    fields: &LocationFields,
) -> Result<LocationId, Error> {
    actor.must(Action::ChangeSettings)?;
    let fields = checked(fields)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let (id, action) = if let Some(id) = id {
        if !locations::update(&mut tx, org, id, &fields).await? {
            return Err(Error::NotFound("location"));
        }
        (id, "location_changed")
    } else {
        let id = LocationId::new(counters::next(&mut tx, org, LocationId::PREFIX).await?);
        locations::insert(&mut tx, org, id, &fields, app.now()).await?;
        (id, "location_added")
    };
    let detail = json!({ "name": fields.name, "time_zone": fields.time_zone, "npi": fields.npi });
    record::happened(app, actor, &mut tx, action, ("location", id.seq()), detail).await?;
    tx.commit().await?;
    Ok(id)
}
