//! Reads and changes when the clinic reminds of what is due.

use almoner_domain::reminder::{ReminderEntry, ReminderSettings};
use almoner_store::audit::{self, NamedEvent};
use almoner_store::reminders::{self, StoredReminders};
use almoner_store::{StoreError, Tx};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// The subject of the audit rows; its number is the organization's at the time.
const SUBJECT: &str = "reminder_settings";

/// When the clinic reminds of what is due.
#[derive(Debug, Clone)]
pub struct RemindersView {
    /// The settings and their version.
    pub stored: StoredReminders,
    /// The last change, once there was one.
    pub last_change: Option<NamedEvent>,
    /// A mail server is set up.
    pub is_set_up: bool,
}

/// When the clinic reminds of what is due.
///
/// # Errors
/// No permission, or the database failed.
pub async fn reminder_settings(app: &App, actor: &Actor) -> Result<RemindersView, Error> {
    actor.must(Action::ReadSettings)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let stored = reminders::get(&mut tx, org).await?;
    let last_change = audit::newest(&mut tx, org, SUBJECT).await?;
    Ok(RemindersView { stored, last_change, is_set_up: app.mailer.is_set_up() })
}

/// Changes the settings that are at `version`, which is 0 while the defaults hold. The same
/// settings again change nothing.
///
/// # Errors
/// No permission, fields that need attention, a version that moved on.
pub async fn save_reminder_settings(
    app: &App,
    actor: &Actor,
    version: i64,
    entry: &ReminderEntry,
) -> Result<(), Error> {
    actor.must(Action::ChangeSettings)?;
    let settings = ReminderSettings::parse(entry)?;
    let mut tx = app.db.begin().await?;
    match set(app, actor, &mut tx, version, &settings).await {
        Ok(()) => Ok(tx.commit().await?),
        // A racing request was the first to set anything: now its settings stand.
        Err(Error::Store(StoreError::Duplicate(_))) => {
            drop(tx);
            let mut tx = app.db.begin().await?;
            set(app, actor, &mut tx, version, &settings).await?;
            Ok(tx.commit().await?)
        }
        Err(other) => Err(other),
    }
}

async fn set(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    version: i64,
    settings: &ReminderSettings,
) -> Result<(), Error> {
    let org = actor.org();
    let before = reminders::get(tx, org).await?;
    if before.settings == *settings {
        return Ok(());
    }
    let is_set =
        before.version == version && reminders::set(tx, org, version, settings, app.now()).await?;
    if !is_set {
        return Err(Error::Stale { current: reminders::get(tx, org).await?.version });
    }
    let side = |settings: &ReminderSettings| {
        let ReminderSettings { is_on, before, after } = settings;
        json!({ "is_on": is_on, "days_before": before, "days_after": after })
    };
    let changed = json!({ "from": side(&before.settings), "to": side(settings) });
    let detail = json!({ "version": version + 1, "changed": changed });
    record::happened(app, actor, tx, "reminder_settings_changed", (SUBJECT, org.0), detail).await
}
