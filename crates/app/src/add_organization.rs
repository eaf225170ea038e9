//! Adds an organization with a first location of the same name.

use almoner_domain::{Invalid, LocationId, name, text, time};
use almoner_store::locations::{self, LocationFields};
use almoner_store::organizations::{self, Organization};
use almoner_store::{StoreError, counters};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record;

/// Adds an organization; its slug is made from its name.
///
/// # Errors
/// A missing name, an unknown time zone, or a name that is taken.
pub async fn add_organization(
    app: &App,
    name: &str,
    time_zone: &str,
) -> Result<Organization, Error> {
    let name = text::required_line("name", "the clinic's name", name)?;
    let zone = time::parse_zone("time_zone", time_zone)?;
    let slug = name::normalize(&name).replace(' ', "-");
    if slug.is_empty() {
        return Err(Invalid::one("name", "required", "Use letters or digits.").into());
    }
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let id = match organizations::insert(&mut tx, &slug, &name, time_zone.trim(), now).await {
        Err(StoreError::Duplicate(_)) => {
            let message = format!("There is an organization {slug} already.");
            return Err(Invalid::one("name", "taken", message).into());
        }
        other => other?,
    };
    let organization = Organization { id, slug, name, zone, currency: "USD".to_owned() };
    let location = LocationId::new(counters::next(&mut tx, id, LocationId::PREFIX).await?);
    let fields = LocationFields {
        name: organization.name.clone(),
        time_zone: time_zone.trim().to_owned(),
        ..LocationFields::default()
    };
    locations::insert(&mut tx, id, location, &fields, now).await?;
    let actor = Actor::system(organization.clone());
    let detail = json!({ "name": organization.name });
    let subject = ("organization", id.0);
    record::happened(app, &actor, &mut tx, "organization_added", subject, detail).await?;
    tx.commit().await?;
    Ok(organization)
}
