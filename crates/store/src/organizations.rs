//! Organizations: a clinic, its time zone and currency.

use almoner_domain::OrganizationId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// A clinic.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its number.
    pub id: OrganizationId,
    /// Its short name on the command line.
    pub slug: String,
    /// Its name as people read it.
    pub name: String,
    /// The zone of its days and months.
    pub zone: TimeZone,
    /// The currency of all its amounts.
    pub currency: String,
}

impl Organization {
    /// The clinic's date at that moment.
    pub fn date(&self, at: Timestamp) -> Date {
        almoner_domain::time::local_date(at, &self.zone)
    }
}

fn organization(row: &Row) -> Result<Organization, StoreError> {
    organization_called(row, "name")
}

/// An organization whose name is in that column, beside those of another table.
pub(crate) fn organization_called(row: &Row, name: &str) -> Result<Organization, StoreError> {
    let zone = row.text("time_zone")?;
    Ok(Organization {
        id: OrganizationId(row.int("organization_id")?),
        slug: row.text("slug")?,
        name: row.text(name)?,
        zone: TimeZone::get(&zone)
            .map_err(|_| StoreError::Corrupt(format!("time zone {zone:?}")))?,
        currency: row.text("currency")?,
    })
}

/// Adds an organization and gives it the next number.
pub async fn insert(
    tx: &mut Tx,
    slug: &str,
    name: &str,
    time_zone: &str,
    now: Timestamp,
) -> Result<OrganizationId, StoreError> {
    let sql = "INSERT INTO organization
            (organization_id, slug, name, time_zone, currency, created_at_us)
        SELECT coalesce(max(organization_id), 0) + 1, $1, $2, $3, 'USD', $4 FROM organization
        RETURNING organization_id";
    let row = tx.one(sql, params![slug, name, time_zone, now]).await?;
    row.int("organization_id").map(OrganizationId)
}

/// The number that the next organization gets.
pub async fn next_id(tx: &mut Tx) -> Result<OrganizationId, StoreError> {
    let sql = "SELECT coalesce(max(organization_id), 0) + 1 AS next FROM organization";
    tx.one(sql, Vec::new()).await?.int("next").map(OrganizationId)
}

/// The organization with that slug.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Organization>, StoreError> {
    let sql = "SELECT * FROM organization WHERE slug = $1";
    tx.optional(sql, params![slug]).await?.as_ref().map(organization).transpose()
}

/// All organizations, in the order in which they were added.
pub async fn all(tx: &mut Tx) -> Result<Vec<Organization>, StoreError> {
    let sql = "SELECT * FROM organization ORDER BY organization_id";
    tx.all(sql, Vec::new()).await?.iter().map(organization).collect()
}

/// The organization with that number.
pub async fn get(tx: &mut Tx, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    let sql = "SELECT * FROM organization WHERE organization_id = $1";
    tx.optional(sql, params![id]).await?.as_ref().map(organization).transpose()
}
