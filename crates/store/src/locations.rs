//! Locations of a clinic.

use almoner_domain::{LocationId, OrganizationId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// A location as it is entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationFields {
    /// Its name.
    pub name: String,
    /// The zone in which its times of service are shown.
    pub time_zone: String,
    /// Where it is.
    pub address: Option<String>,
    /// Whom payers may call.
    pub phone: Option<String>,
    /// `primary`, `specialist` or `urgent`, when visits there are of one class.
    pub visit_class: Option<String>,
    /// The national provider identifier that asks payers, when no physician is named.
    pub npi: Option<String>,
}

/// A location.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// What was entered.
    pub fields: LocationFields,
}

impl Location {
    /// The zone in which its times of service are shown.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.fields.time_zone).unwrap_or(TimeZone::UTC)
    }
}

fn location(row: &Row) -> Result<Location, StoreError> {
    Ok(Location {
        id: LocationId::new(row.int("seq")?),
        fields: LocationFields {
            name: row.text("name")?,
            time_zone: row.text("time_zone")?,
            address: row.opt_text("address")?,
            phone: row.opt_text("phone")?,
            visit_class: row.opt_text("visit_class")?,
            npi: row.opt_text("npi")?,
        },
    })
}

/// Adds a location.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    id: LocationId,
    fields: &LocationFields,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO location (organization_id, seq, name, time_zone, address, phone,
        visit_class, npi, created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let f = fields.clone();
    let (zone, class) = (f.time_zone, f.visit_class);
    let values = params![org, id, f.name, zone, f.address, f.phone, class, f.npi, now];
    tx.execute_one(sql, values).await
}

/// Changes a location; false when there is none with that id.
pub async fn update(
    tx: &mut Tx,
    org: OrganizationId,
    id: LocationId,
    fields: &LocationFields,
) -> Result<bool, StoreError> {
    let sql = "UPDATE location SET name = $3, time_zone = $4, address = $5, phone = $6,
        visit_class = $7, npi = $8 WHERE organization_id = $1 AND seq = $2";
    let f = fields.clone();
    let (zone, class) = (f.time_zone, f.visit_class);
    let values = params![org, id, f.name, zone, f.address, f.phone, class, f.npi];
    Ok(tx.execute(sql, values).await? == 1)
}

/// All locations, in the order in which they were added.
pub async fn all(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Location>, StoreError> {
    let sql = "SELECT * FROM location WHERE organization_id = $1 ORDER BY seq";
    tx.all(sql, params![org]).await?.iter().map(location).collect()
}

/// The locations with these ids, in any order; those that are not there are left out.
pub async fn some(
    tx: &mut Tx,
    org: OrganizationId,
    ids: &[LocationId],
) -> Result<Vec<Location>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT * FROM location WHERE organization_id = ").bind(org);
    statement.and_one_of("seq", ids);
    statement.all(tx).await?.iter().map(location).collect()
}

/// The location with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: LocationId,
) -> Result<Option<Location>, StoreError> {
    let sql = "SELECT * FROM location WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(location).transpose()
}
