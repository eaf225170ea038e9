//! Settings of reminders.

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::save_reminder_settings::{
    RemindersView, reminder_settings, save_reminder_settings,
};
use almoner_domain::reminder::{ReminderEntry, ReminderSettings};
use axum::extract::State;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{self, Answer, html, html_with, unprocessable};
use crate::format;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::payments::edit::{Change, Conflict};
use crate::view::reminder_settings::ReminderSettingsPage;

const ADDRESS: &str = "/settings/reminders";

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    version: String,
    is_on: String,
    days_before: String,
    days_after: String,
}

/// The form of the settings as they stand.
fn page(web: &Web, staff: Staff, view: &RemindersView) -> ReminderSettingsPage {
    let changed = view.last_change.as_ref().map(|named| {
        let who = named.user_name.as_deref().unwrap_or("Almoner");
        format!("{who} at {}", format::moment(named.event.at, &staff.actor.organization.zone))
    });
    ReminderSettingsPage {
        can_edit: staff.actor.may(Action::ChangeSettings),
        is_set_up: view.is_set_up,
        key: web.form_key(),
        version: view.stored.version,
        entry: view.stored.settings.entry(),
        changed,
        conflict: None,
        errors: Errors::default(),
        shell: staff.shell,
    }
}

/// The settings.
pub(crate) async fn form(State(web): State<Web>, staff: Staff) -> Answer {
    let view = reminder_settings(&web.app, &staff.actor).await?;
    Ok(html(&page(&web, staff, &view)))
}

/// Saves the settings.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    staff.actor.must(Action::ChangeSettings)?;
    let version = sent.version.parse().unwrap_or(-1);
    let is_on = sent.is_on == "1";
    let entry = ReminderEntry { is_on, days_before: sent.days_before, days_after: sent.days_after };
    match save_reminder_settings(&web.app, &staff.actor, version, &entry).await {
        Ok(()) => Ok(done(&web, ADDRESS, "settings_saved")),
        Err(Error::Invalid(faults)) => {
            let view = reminder_settings(&web.app, &staff.actor).await?;
            let shown = page(&web, staff, &view);
            let errors = faults.into();
            Ok(unprocessable(&ReminderSettingsPage { version, entry, errors, ..shown }))
        }
        Err(error @ Error::Stale { .. }) => {
            // The form holds what stands now, so that saving it again undoes nobody's change;
            // what was typed is beside it.
            let view = reminder_settings(&web.app, &staff.actor).await?;
            let mut shown = page(&web, staff, &view);
            shown.conflict = Some(Conflict {
                by: shown.changed.clone().unwrap_or_default(),
                changes: changes(&view.stored.settings, &entry),
            });
            Ok(html_with(failure::status(&error), &shown))
        }
        Err(other) => Err(other.into()),
    }
}

/// What differs between the settings as they stand and what was typed.
fn changes(now: &ReminderSettings, typed: &ReminderEntry) -> Vec<Change> {
    let mine = ReminderSettings::parse(typed).map_or_else(|_| typed.clone(), |mine| mine.entry());
    let side = |entry: ReminderEntry| {
        let is_on = if entry.is_on { "On" } else { "Off" };
        [
            ("Send reminders by e-mail", is_on.to_owned()),
            ("Days before the due date", entry.days_before),
            ("Days after the due date", entry.days_after),
        ]
    };
    let shown = |text: String| if text.is_empty() { "—".to_owned() } else { text };
    let pairs = side(now.entry()).into_iter().zip(side(mine));
    pairs
        .filter(|(now, mine)| now.1 != mine.1)
        .map(|((field, now), (_, yours))| Change {
            field: field.to_owned(),
            now: shown(now),
            yours: shown(yours),
        })
        .collect()
}
