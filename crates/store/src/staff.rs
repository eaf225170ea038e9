//! The staff's accounts.

use almoner_domain::list_look::ListLook;
use almoner_domain::role::Role;
use almoner_domain::{LocationId, OrganizationId, UserId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Touches, Tx};
use crate::params;

/// A member of the staff.
#[derive(Debug, Clone)]
pub struct StaffUser {
    /// The organization.
    pub org: OrganizationId,
    /// The id.
    pub id: UserId,
    /// The e-mail address, in lower case.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The password's hash.
    pub password_hash: String,
    /// The location last chosen for a payment.
    pub last_location: Option<LocationId>,
    /// How they have the payments list shown.
    pub list_look: ListLook,
    /// May no longer sign in since then.
    pub disabled_at: Option<Timestamp>,
}

/// Reads a member of the staff from a row of `staff_user`.
pub(crate) fn staff_user(row: &Row) -> Result<StaffUser, StoreError> {
    Ok(StaffUser {
        org: OrganizationId(row.int("organization_id")?),
        id: UserId::new(row.int("seq")?),
        email: row.text("email")?,
        name: row.text("name")?,
        role: row.word("role", Role::from_name)?,
        password_hash: row.text("password_hash")?,
        last_location: row.opt_int("last_location_seq")?.map(LocationId::new),
        list_look: row
            .opt_text("list_look")?
            .as_deref()
            .map(ListLook::from_words)
            .unwrap_or_default(),
        disabled_at: row.opt_time("disabled_at_us")?,
    })
}

/// Adds a member of the staff.
pub async fn insert(tx: &mut Tx, user: &StaffUser, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO staff_user (organization_id, seq, email, name, role, password_hash,
        created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (email, name, hash) = (&*user.email, &*user.name, &*user.password_hash);
    let values = params![user.org, user.id, email, name, user.role.as_str(), hash, now];
    tx.execute_one(sql, values).await
}

/// The accounts with that e-mail address, whichever their organization; there is one at most.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<StaffUser>, StoreError> {
    let sql = "SELECT * FROM staff_user WHERE email = $1 ORDER BY organization_id";
    tx.optional(sql, params![email]).await?.as_ref().map(staff_user).transpose()
}

/// The member of the staff with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
) -> Result<Option<StaffUser>, StoreError> {
    let sql = "SELECT * FROM staff_user WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(staff_user).transpose()
}

/// Sets a new password.
pub async fn set_password(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    password_hash: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE staff_user SET password_hash = $3, disabled_at_us = NULL
        WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, password_hash]).await
}

/// Closes an account.
pub async fn disable(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE staff_user SET disabled_at_us = $3 WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, now]).await
}

/// Remembers the location last chosen for a payment.
pub async fn set_last_location(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    location: LocationId,
) -> Result<(), StoreError> {
    let sql = "UPDATE staff_user SET last_location_seq = $3
        WHERE organization_id = $1 AND seq = $2 AND last_location_seq IS DISTINCT FROM $3";
    tx.gather(sql, params![org, id, location], Touches::Any).await
}

/// Remembers how somebody has the payments list shown.
pub async fn set_list_look(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    look: &ListLook,
) -> Result<(), StoreError> {
    let sql = "UPDATE staff_user SET list_look = $3 WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, look.to_words()]).await
}
