//! Physicians.

use almoner_domain::{OrganizationId, PhysicianId, name};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// A physician as entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhysicianFields {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// National provider identifier, ten digits.
    pub npi: Option<String>,
}

/// A physician.
#[derive(Debug, Clone)]
pub struct Physician {
    /// The id.
    pub id: PhysicianId,
    /// What was entered.
    pub fields: PhysicianFields,
}

fn physician(row: &Row) -> Result<Physician, StoreError> {
    Ok(Physician {
        id: PhysicianId::new(row.int("seq")?),
        fields: PhysicianFields {
            first_name: row.text("first_name")?,
            last_name: row.text("last_name")?,
            npi: row.opt_text("npi")?,
        },
    })
}

/// Adds a physician.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    id: PhysicianId,
    fields: &PhysicianFields,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO physician (organization_id, seq, first_name, last_name, npi, name_sort,
        created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let f = fields.clone();
    let sort = name::sort_key(&f.last_name, &f.first_name);
    tx.execute_one(sql, params![org, id, f.first_name, f.last_name, f.npi, sort, now]).await
}

/// Changes a physician; false when there is none with that id.
pub async fn update(
    tx: &mut Tx,
    org: OrganizationId,
    id: PhysicianId,
    fields: &PhysicianFields,
) -> Result<bool, StoreError> {
    let sql = "UPDATE physician SET first_name = $3, last_name = $4, npi = $5, name_sort = $6
        WHERE organization_id = $1 AND seq = $2";
    let f = fields.clone();
    let sort = name::sort_key(&f.last_name, &f.first_name);
    Ok(tx.execute(sql, params![org, id, f.first_name, f.last_name, f.npi, sort]).await? == 1)
}

/// All physicians by name.
pub async fn all(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Physician>, StoreError> {
    let sql = "SELECT * FROM physician WHERE organization_id = $1 ORDER BY name_sort, seq";
    tx.all(sql, params![org]).await?.iter().map(physician).collect()
}

/// The physicians with these ids, in any order; those who are not there are left out.
pub async fn some(
    tx: &mut Tx,
    org: OrganizationId,
    ids: &[PhysicianId],
) -> Result<Vec<Physician>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT * FROM physician WHERE organization_id = ").bind(org);
    statement.and_one_of("seq", ids);
    statement.all(tx).await?.iter().map(physician).collect()
}

/// The physician with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: PhysicianId,
) -> Result<Option<Physician>, StoreError> {
    let sql = "SELECT * FROM physician WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(physician).transpose()
}
