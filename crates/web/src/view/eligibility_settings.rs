//! Settings of eligibility checks and estimates.

use almoner_domain::estimate::labels::{SERVICE_TYPES, service_type_label};
use almoner_domain::estimate::settings::{MAX_CODE_RANGES, MAX_STALE_AFTER_DAYS};
use almoner_domain::estimate::{EstimateSettings, NetworkChoice, RangeEntry, SettingsEntry};
use askama::Template;

use super::Samples;
use super::parts::{Choice, Errors, Shell};
use super::payments::edit::{Change, Conflict};
use super::samples;

/// The settings: GET and POST `/settings/eligibility` with `key`, `version`, `stale_after_days`,
/// `network`, `office_types`, `treatment_types`, and for each row of the table `first`, `last` and
/// `types`. `do` is `save`, `more` (blank rows), `reset` (fill in the defaults) or `remove-3`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/eligibility.html")]
pub(crate) struct EligibilitySettingsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The settings may be changed.
    pub(crate) can_edit: bool,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// The version that the form rests on; 0 while the defaults hold.
    pub(crate) version: i64,
    /// What was typed.
    pub(crate) entry: SettingsEntry,
    /// Who changed the settings last, and when.
    pub(crate) changed: Option<String>,
    /// The form holds something that is not saved yet.
    pub(crate) unsaved: Option<&'static str>,
    /// What somebody else changed meanwhile.
    pub(crate) conflict: Option<Conflict>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl EligibilitySettingsPage {
    fn networks() -> Vec<Choice> {
        NetworkChoice::ALL.map(|network| Choice::new(network.as_str(), network.label())).into()
    }

    fn days_hint() -> String {
        format!("1 to {MAX_STALE_AFTER_DAYS}")
    }

    /// The service types with a name, for fields to propose.
    fn known() -> &'static [(&'static str, &'static str)] {
        SERVICE_TYPES
    }

    /// The rows of the table with their numbers.
    fn rows(&self) -> impl Iterator<Item = (usize, &RangeEntry)> {
        (1..).zip(&self.entry.ranges)
    }

    fn has_room(&self) -> bool {
        self.entry.ranges.len() < MAX_CODE_RANGES
    }
}

/// A list of service types in words: "Office visit · UC (no name)".
pub(crate) fn in_words(types: &str) -> String {
    let parted = |letter: char| letter == ',' || letter == ';' || letter.is_whitespace();
    let word = |code: &str| {
        let code = code.to_ascii_uppercase();
        let label = service_type_label(&code);
        label.map_or_else(|| format!("{code} (no name)"), str::to_owned)
    };
    let words: Vec<String> = types.split(parted).filter(|c| !c.is_empty()).map(word).collect();
    words.join(" · ")
}

impl Samples for EligibilitySettingsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let mut entry = EstimateSettings::default().entry();
        entry.ranges.push(RangeEntry::default());
        let usual = Self {
            shell: samples::shell(),
            can_edit: true,
            key: "k".to_owned(),
            version: 3,
            entry: entry.clone(),
            changed: Some("Dana Whitfield at Nov 22, 2026, 2:41 PM".to_owned()),
            unsaved: None,
            conflict: None,
            errors: Errors::default(),
        };
        let unsaved = Self {
            changed: None,
            unsaved: Some("These are the defaults. Save to keep them."),
            ..usual.clone()
        };
        let mut wrong = usual.clone();
        samples::HARD_TEXT.clone_into(&mut wrong.entry.office_types);
        wrong.entry.ranges[1] = RangeEntry {
            first: samples::HARD_NAME.to_owned(),
            last: "1".to_owned(),
            service_types: "ZZ 9".to_owned(),
        };
        wrong.errors =
            EstimateSettings::parse(&wrong.entry).map_or_else(Errors::from, |_| Errors::default());
        let change = |field: &str, now: &str, yours: &str| Change {
            field: field.to_owned(),
            now: now.to_owned(),
            yours: yours.to_owned(),
        };
        let changes = vec![
            change("A check is stale after", "30 days", "14 days"),
            change("99202 to 99215", "98, BY, 96", "—"),
        ];
        let by = "Dana Whitfield at Nov 22, 2026, 2:41 PM".to_owned();
        let conflict = Self { conflict: Some(Conflict { by, changes }), ..usual.clone() };
        let reader = Self { can_edit: false, ..usual.clone() };
        vec![
            ("usual", usual),
            ("unsaved", unsaved),
            ("wrong", wrong),
            ("conflict", conflict),
            ("reader", reader),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_in_words() {
        assert_eq!(in_words("98, uc;ZZ"), "Office visit · Urgent care · ZZ (no name)");
        assert_eq!(in_words(" , "), "");
    }
}
