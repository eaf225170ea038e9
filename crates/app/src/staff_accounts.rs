//! Accounts of the staff: added, given a new password, closed.

use almoner_domain::list_look::ListLook;
use almoner_domain::role::Role;
use almoner_domain::{Invalid, UserId, text};
use almoner_store::staff::{self, StaffUser};
use almoner_store::{Tx, counters, sessions};
use serde_json::json;

use crate::context::{Actor, App};
use crate::credentials::{check_password, hash_password, normal_email};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Adds a member of the staff.
///
/// # Errors
/// No permission, an address that is no address or is taken, a weak password.
pub async fn add_user(
    app: &App,
    actor: &Actor,
    (email, name): (&str, &str),
    role: Role,
    password: &str,
) -> Result<UserId, Error> {
    actor.must(Action::ManageStaff)?;
    let email = normal_email(email);
    if !email.contains('@') {
        let message = "Enter an e-mail address such as ann@example.org.";
        return Err(Invalid::one("email", "not_an_address", message).into());
    }
    let email = text::required_line("email", "an e-mail address", &email)?;
    let name = text::required_line("name", "a name", name)?;
    check_password(password)?;
    let password_hash = hash_password(app, password);
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    if staff::by_email(&mut tx, &email).await?.is_some() {
        let message = "There is an account with this e-mail address.";
        return Err(Invalid::one("email", "taken", message).into());
    }
    let id = UserId::new(counters::next(&mut tx, org, UserId::PREFIX).await?);
    let user = StaffUser {
        org,
        id,
        email,
        name,
        role,
        password_hash,
        last_location: None,
        list_look: ListLook::default(),
        disabled_at: None,
    };
    staff::insert(&mut tx, &user, now).await?;
    let detail = json!({ "role": role });
    record::happened(app, actor, &mut tx, "user_added", ("user", id.seq()), detail).await?;
    tx.commit().await?;
    Ok(id)
}

async fn account(tx: &mut Tx, actor: &Actor, email: &str) -> Result<StaffUser, Error> {
    let user = staff::by_email(tx, &normal_email(email)).await?;
    user.filter(|user| user.org == actor.org()).ok_or(Error::NotFound("account"))
}

/// Gives an account a new password, opens it again, and ends its sessions.
///
/// # Errors
/// No permission, no such account, a weak password.
pub async fn reset_password(
    app: &App,
    actor: &Actor,
    email: &str,
    password: &str,
) -> Result<(), Error> {
    actor.must(Action::ManageStaff)?;
    check_password(password)?;
    let hash = hash_password(app, password);
    let mut tx = app.db.begin().await?;
    let user = account(&mut tx, actor, email).await?;
    staff::set_password(&mut tx, user.org, user.id, &hash).await?;
    sessions::delete_of(&mut tx, user.org, user.id).await?;
    let subject = ("user", user.id.seq());
    record::happened(app, actor, &mut tx, "password_reset", subject, json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Closes an account and ends its sessions.
///
/// # Errors
/// No permission, no such account.
pub async fn disable_user(app: &App, actor: &Actor, email: &str) -> Result<(), Error> {
    actor.must(Action::ManageStaff)?;
    let mut tx = app.db.begin().await?;
    let user = account(&mut tx, actor, email).await?;
    staff::disable(&mut tx, user.org, user.id, app.now()).await?;
    sessions::delete_of(&mut tx, user.org, user.id).await?;
    let subject = ("user", user.id.seq());
    record::happened(app, actor, &mut tx, "user_disabled", subject, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
