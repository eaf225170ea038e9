//! Seals the audit rows that were committed since the last seal.

use std::fmt::Write as _;

use almoner_store::{StoreError, audit};

use crate::context::{Actor, App};
use crate::error::Error;

/// Seals until nothing is left, and logs the newest seal, so that an end that is cut off shows.
///
/// # Errors
/// The database failed. Another server that seals at the same time is no error.
pub async fn seal_audit(app: &App, actor: &Actor) -> Result<(), Error> {
    loop {
        let mut tx = app.db.read().await?;
        if !audit::has_unsealed(&mut tx, actor.org()).await? {
            return Ok(());
        }
        drop(tx);
        let mut tx = app.db.begin().await?;
        let sealed = match audit::seal(&mut tx, actor.org(), app.now()).await {
            Ok(sealed) => sealed,
            Err(StoreError::Duplicate(_)) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        let Some(seal) = sealed else {
            return Ok(());
        };
        tx.commit().await?;
        let (organization, number) = (&actor.organization.slug, seal.number);
        tracing::info!(%organization, number, seal = hex(&seal.hash), "audit rows sealed");
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Hexadecimal digits as bytes; `None` when they are not.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}
