//! E-mail addresses and passwords: how they are compared, checked and hashed.

use almoner_domain::Invalid;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::context::App;

/// What an unknown account's password is held against, so that the answer takes as long.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The shortest password, in letters.
pub(crate) const MIN_PASSWORD_LETTERS: usize = 12;
/// The longest password that is hashed, in bytes.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1_000;
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
pub(crate) fn normal_email(typed: &str) -> String {
    let plain: String = typed.chars().filter(|letter| !letter.is_control()).collect();
    plain.trim().to_lowercase()
}

/// Checks a new password: long enough and not a common one. Any letters are allowed.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn check_password(password: &str) -> Result<(), Invalid> {
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

/// Hashes a password for storage.
///
/// # Panics
/// Never: the parameters are fixed and valid.
pub fn hash_password(app: &App, password: &str) -> String {
    let salt: [u8; 16] = app.random();
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("fixed parameters are valid");
    hash.to_string()
}

/// Whether a password is the one that was hashed.
pub(crate) fn fits(password: &str, stored: &str) -> bool {
    let hash = PasswordHash::new(stored);
    password.len() <= MAX_PASSWORD_BYTES
        && hash
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
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

    #[test]
    fn an_unknown_account_costs_as_much_work_as_a_known_one() {
        let known = Argon2::default().hash_password_with_salt(b"any password", &[0; 16]);
        let known: PasswordHash = known.unwrap();
        let nobody = PasswordHash::new(NOBODY).expect("it is looked at like any other");
        assert_eq!((nobody.algorithm, nobody.version), (known.algorithm, known.version));
        assert_eq!(nobody.params, known.params);
        assert_eq!(nobody.hash.map(|hash| hash.len()), known.hash.map(|hash| hash.len()));
        assert!(!fits("any password", NOBODY));
    }
}
