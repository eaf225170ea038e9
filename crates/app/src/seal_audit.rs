//! Seals the audit rows that were committed since the last seal.

use almoner_domain::text::hex;
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
