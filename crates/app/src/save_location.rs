//! Adds and changes locations.

use almoner_domain::estimate::VisitClass;
use almoner_domain::{Invalid, LocationId, text, time};
use almoner_store::counters;
use almoner_store::idempotency::{self, Seen};
use almoner_store::locations::{self, Location, LocationFields};
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::npi::parse_npi;
use crate::permission::Action;
use crate::record;

/// What keys of requests are told apart by.
const SCOPE: &str = "add_location";

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

/// What is stored, for telling the same request from another.
fn columns(fields: &LocationFields) -> [Option<&str>; 6] {
    let f = fields;
    let [address, phone, class, npi] =
        [&f.address, &f.phone, &f.visit_class, &f.npi].map(Option::as_deref);
    [Some(&f.name), Some(&f.time_zone), address, phone, class, npi]
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
    attempt(app, actor, id, fields, None).await
}

/// Adds a location, once under a key, and tells it as it stands.
///
/// # Errors
/// No permission, fields that need attention.
pub async fn add_location(
    app: &App,
    actor: &Actor,
    fields: &LocationFields,
    key: Option<&str>,
) -> Result<Location, Error> {
    actor.must(Action::ChangeSettings)?;
    let id = match attempt(app, actor, None, fields, key).await {
        // A racing request with the same key may have been faster: its location is the answer.
        Err(_) if key.is_some() => attempt(app, actor, None, fields, key).await?,
        other => other?,
    };
    let mut tx = app.db.read().await?;
    locations::get(&mut tx, actor.org(), id).await?.ok_or(Error::NotFound("location"))
}

async fn attempt(
    app: &App,
    actor: &Actor,
    id: Option<LocationId>,
    fields: &LocationFields,
    key: Option<&str>,
) -> Result<LocationId, Error> {
    let fields = checked(fields)?;
    let (org, now) = (actor.org(), app.now());
    let hash = request_hash(&columns(&fields));
    let mut tx = app.db.begin().await?;
    if let Some(key) = key {
        match idempotency::look(&mut tx, org, SCOPE, key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(LocationId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    let (id, action) = if let Some(id) = id {
        if !locations::update(&mut tx, org, id, &fields).await? {
            return Err(Error::NotFound("location"));
        }
        (id, "location_changed")
    } else {
        let id = LocationId::new(counters::next(&mut tx, org, LocationId::PREFIX).await?);
        locations::insert(&mut tx, org, id, &fields, now).await?;
        (id, "location_added")
    };
    let detail = json!({ "name": fields.name, "time_zone": fields.time_zone, "npi": fields.npi });
    record::happened(app, actor, &mut tx, action, ("location", id.seq()), detail).await?;
    if let Some(key) = key {
        idempotency::keep(&mut tx, org, (SCOPE, key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}
