//! Settings of reminders.

use almoner_domain::reminder::{
    MAX_AFTER, MAX_DAYS_AFTER, MAX_DAYS_BEFORE, ReminderEntry, ReminderSettings,
};
use askama::Template;

use super::Samples;
use super::parts::{Errors, Shell};
use super::payments::edit::{Change, Conflict};
use super::samples;

/// The settings: GET and POST `/settings/reminders` with `key`, `version`, `is_on`, `days_before`,
/// `days_after`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/reminders.html")]
pub(crate) struct ReminderSettingsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The settings may be changed.
    pub(crate) can_edit: bool,
    /// A mail server is set up.
    pub(crate) is_set_up: bool,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// The version that the form rests on; 0 while the defaults hold.
    pub(crate) version: i64,
    /// What was typed.
    pub(crate) entry: ReminderEntry,
    /// Who changed the settings last, and when.
    pub(crate) changed: Option<String>,
    /// What somebody else changed meanwhile.
    pub(crate) conflict: Option<Conflict>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl ReminderSettingsPage {
    fn before_hint() -> String {
        format!("0 to {MAX_DAYS_BEFORE}; 0 is the due date itself, blank is none")
    }

    fn after_hint() -> String {
        format!("At most {MAX_AFTER} numbers from 1 to {MAX_DAYS_AFTER}, parted by commas")
    }

    fn shown(days: &str) -> &str {
        if days.is_empty() { "None" } else { days }
    }
}

impl Samples for ReminderSettingsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let by = "Dana Whitfield at Nov 22, 2026, 2:41 PM".to_owned();
        let usual = Self {
            shell: samples::shell(),
            can_edit: true,
            is_set_up: true,
            key: "k".to_owned(),
            version: 3,
            entry: ReminderEntry { is_on: true, ..ReminderSettings::default().entry() },
            changed: Some(by.clone()),
            conflict: None,
            errors: Errors::default(),
        };
        let mut wrong = Self { is_set_up: false, ..usual.clone() };
        samples::HARD_TEXT.clone_into(&mut wrong.entry.days_after);
        wrong.errors =
            ReminderSettings::parse(&wrong.entry).map_or_else(Errors::from, |_| Errors::default());
        let change = Change {
            field: "Days after the due date".to_owned(),
            now: "7, 21".to_owned(),
            yours: "30".to_owned(),
        };
        let conflict =
            Self { conflict: Some(Conflict { by, changes: vec![change] }), ..usual.clone() };
        let entry = ReminderEntry { is_on: false, ..usual.entry.clone() };
        let reader = Self { can_edit: false, entry, ..usual.clone() };
        vec![("usual", usual), ("wrong", wrong), ("conflict", conflict), ("reader", reader)]
    }
}
