//! Adds and changes physicians.

use almoner_domain::{ImportId, Invalid, PhysicianId, text};
use almoner_store::idempotency::{self, Seen};
use almoner_store::physicians::{self, Physician, PhysicianFields};
use almoner_store::{Tx, counters};
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::npi::parse_npi;
use crate::permission::Action;
use crate::record;

/// What keys of requests are told apart by.
const SCOPE: &str = "add_physician";

/// A physician as typed, checked.
///
/// # Errors
/// The fields that need attention.
pub(crate) fn checked(fields: &PhysicianFields) -> Result<PhysicianFields, Invalid> {
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

/// What is stored, for telling the same request from another.
fn columns(fields: &PhysicianFields) -> [Option<&str>; 3] {
    [Some(&fields.first_name), Some(&fields.last_name), fields.npi.as_deref()]
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
    attempt(app, actor, id, fields, None).await
}

/// Adds a physician, once under a key, and tells it as it stands.
///
/// # Errors
/// No permission, fields that need attention.
pub async fn add_physician(
    app: &App,
    actor: &Actor,
    fields: &PhysicianFields,
    key: Option<&str>,
) -> Result<Physician, Error> {
    actor.must(Action::ChangeSettings)?;
    let id = match attempt(app, actor, None, fields, key).await {
        // A racing request with the same key may have been faster: its physician is the answer.
        Err(_) if key.is_some() => attempt(app, actor, None, fields, key).await?,
        other => other?,
    };
    let mut tx = app.db.read().await?;
    physicians::get(&mut tx, actor.org(), id).await?.ok_or(Error::NotFound("physician"))
}

/// Adds a physician who was checked; all of it falls with the transaction. When an import brings
/// them, the audit log says which.
pub(crate) async fn insert(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    fields: &PhysicianFields,
    import: Option<ImportId>,
) -> Result<PhysicianId, Error> {
    let org = actor.org();
    let id = PhysicianId::new(counters::next(tx, org, PhysicianId::PREFIX).await?);
    physicians::insert(tx, org, id, fields, app.now()).await?;
    let mut detail = json!({ "npi": fields.npi });
    if let Some(import) = import {
        detail["import"] = json!(import);
    }
    let subject = ("physician", id.seq());
    record::happened(app, actor, tx, "physician_added", subject, detail).await?;
    Ok(id)
}

async fn attempt(
    app: &App,
    actor: &Actor,
    id: Option<PhysicianId>,
    fields: &PhysicianFields,
    key: Option<&str>,
) -> Result<PhysicianId, Error> {
    let fields = checked(fields)?;
    let (org, now) = (actor.org(), app.now());
    let hash = request_hash(&columns(&fields));
    let mut tx = app.db.begin().await?;
    if let Some(key) = key {
        match idempotency::look(&mut tx, org, SCOPE, key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(PhysicianId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    let (id, action) = if let Some(id) = id {
        if !physicians::update(&mut tx, org, id, &fields).await? {
            return Err(Error::NotFound("physician"));
        }
        (id, "physician_changed")
    } else {
        (insert(app, actor, &mut tx, &fields, None).await?, "")
    };
    if !action.is_empty() {
        let detail = json!({ "npi": fields.npi });
        record::happened(app, actor, &mut tx, action, ("physician", id.seq()), detail).await?;
    }
    if let Some(key) = key {
        idempotency::keep(&mut tx, org, (SCOPE, key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}
