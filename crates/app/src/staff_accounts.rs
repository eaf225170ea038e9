//! Accounts of the staff: added, given a new password, closed.

use almoner_domain::role::Role;
use almoner_domain::{Invalid, UserId, text};
use almoner_store::staff::{self, StaffUser};
use almoner_store::{Tx, counters, sessions};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;
use crate::sign_in;

/// The shortest password, in letters.
pub const MIN_PASSWORD_LETTERS: usize = 12;
/// The longest password that is hashed, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1_000;
/// Passwords of twelve letters or more that are tried first by whoever guesses.
const COMMON: &[&str] = &[
    "123456789012",
    "1234567890123",
    "password1234",
    "passwordpassword",
    "qwertyuiop123",
    "qwertyuiopas",
    "administrator",
    "iloveyou1234",
    "letmein123456",
    "welcome12345",
    "changeme1234",
    "abcdefghijkl",
    "111111111111",
    "000000000000",
    "password12345",
    "adminadminadmin",
    "correcthorsebatterystaple",
    "qwerty123456",
    "1q2w3e4r5t6y",
];

/// An e-mail address as it is stored and compared.
pub fn normal_email(typed: &str) -> String {
    let plain: String = typed.chars().filter(|letter| !letter.is_control()).collect();
    plain.trim().to_lowercase()
}

/// Checks a new password: long enough and not a common one. Any letters are allowed.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_password(password: &str) -> Result<(), Invalid> {
    if password.chars().count() < MIN_PASSWORD_LETTERS || password.len() > MAX_PASSWORD_BYTES {
        let message = format!("Use at least {MIN_PASSWORD_LETTERS} characters.");
        return Err(Invalid::one("password", "too_short", message));
    }
    if COMMON.contains(&password.to_lowercase().as_str()) {
        let message = "This password is among the first that are guessed; choose another.";
        return Err(Invalid::one("password", "too_common", message));
    }
    Ok(())
}

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
    let password_hash = sign_in::hash_password(app, password);
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
    let hash = sign_in::hash_password(app, password);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_not_common() {
        assert!(check_password("short").is_err());
        assert!(check_password("PasswordPassword").is_err());
        assert!(check_password("søn av en hest").is_ok());
    }
}
