//! Settings of eligibility checks and estimates.

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::read::{self, SettingsView};
use almoner_app::save_eligibility_settings::save_eligibility_settings;
use almoner_domain::estimate::settings::MAX_CODE_RANGES;
use almoner_domain::estimate::{EstimateSettings, NetworkChoice, RangeEntry, SettingsEntry};
use axum::extract::State;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{self, Answer, html, html_with, unprocessable};
use crate::format;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::eligibility_settings::EligibilitySettingsPage;
use crate::view::parts::Errors;
use crate::view::payments::edit::{Change, Conflict};

const ADDRESS: &str = "/settings/eligibility";
/// Blank rows at the end of the table.
const BLANK_ROWS: usize = 2;
/// Rows that **More rows** adds.
const MORE_ROWS: usize = 6;

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    #[serde(rename = "do")]
    step: String,
    version: String,
    stale_after_days: String,
    network: String,
    office_types: String,
    treatment_types: String,
    first: Vec<String>,
    last: Vec<String>,
    types: Vec<String>,
}

impl Sent {
    fn entry(&self) -> SettingsEntry {
        let count = self.first.len().max(self.last.len()).max(self.types.len());
        let at = |list: &[String], place: usize| list.get(place).cloned().unwrap_or_default();
        let range = |place| RangeEntry {
            first: at(&self.first, place),
            last: at(&self.last, place),
            service_types: at(&self.types, place),
        };
        SettingsEntry {
            stale_after_days: self.stale_after_days.clone(),
            default_network: self.network.clone(),
            office_types: self.office_types.clone(),
            treatment_types: self.treatment_types.clone(),
            // One more than may be kept, so that too many are told.
            ranges: (0..count.min(MAX_CODE_RANGES + 1)).map(range).collect(),
        }
    }

    fn version(&self) -> i64 {
        self.version.parse().unwrap_or(-1)
    }
}

/// The form of the settings as they stand.
fn page(web: &Web, staff: Staff, view: &SettingsView) -> EligibilitySettingsPage {
    let mut entry = view.stored.settings.entry();
    add_rows(&mut entry, BLANK_ROWS);
    EligibilitySettingsPage {
        can_edit: staff.actor.may(Action::ChangeSettings),
        key: web.form_key(),
        version: view.stored.version,
        entry,
        changed: changed_by(&staff, view),
        unsaved: None,
        conflict: None,
        errors: Errors::default(),
        shell: staff.shell,
    }
}

fn add_rows(entry: &mut SettingsEntry, count: usize) {
    let room = MAX_CODE_RANGES.saturating_sub(entry.ranges.len());
    entry.ranges.extend((0..count.min(room)).map(|_| RangeEntry::default()));
}

fn changed_by(staff: &Staff, view: &SettingsView) -> Option<String> {
    let named = view.last_change.as_ref()?;
    let who = named.user_name.as_deref().unwrap_or("Almoner");
    let at = format::moment(named.event.at, &staff.actor.organization.zone);
    Some(format!("{who} at {at}"))
}

/// The settings.
pub(crate) async fn form(State(web): State<Web>, staff: Staff) -> Answer {
    let view = read::eligibility_settings(&web.app, &staff.actor).await?;
    Ok(html(&page(&web, staff, &view)))
}

/// Saves the settings, or shows the form again with more rows, fewer rows or the defaults.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    staff.actor.must(Action::ChangeSettings)?;
    if let Some((entry, unsaved)) = rearranged(&sent) {
        let view = read::eligibility_settings(&web.app, &staff.actor).await?;
        let version = sent.version();
        let shown = page(&web, staff, &view);
        return Ok(html(&EligibilitySettingsPage { version, entry, unsaved, ..shown }));
    }
    let (entry, version) = (sent.entry(), sent.version());
    match save_eligibility_settings(&web.app, &staff.actor, version, &entry).await {
        Ok(()) => Ok(done(&web, ADDRESS, "settings_saved")),
        Err(Error::Invalid(faults)) => {
            let view = read::eligibility_settings(&web.app, &staff.actor).await?;
            let shown = page(&web, staff, &view);
            let errors = faults.into();
            Ok(unprocessable(&EligibilitySettingsPage { version, entry, errors, ..shown }))
        }
        Err(error @ Error::Stale { .. }) => {
            // The form holds what stands now, so that saving it again undoes nobody's change;
            // what was typed is beside it.
            let view = read::eligibility_settings(&web.app, &staff.actor).await?;
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

/// What the form holds after a button that saves nothing, and what is said of it.
fn rearranged(sent: &Sent) -> Option<(SettingsEntry, Option<&'static str>)> {
    let mut entry = sent.entry();
    match &*sent.step {
        "more" => {
            add_rows(&mut entry, MORE_ROWS);
            Some((entry, None))
        }
        "reset" => {
            let mut defaults = EstimateSettings::default().entry();
            add_rows(&mut defaults, BLANK_ROWS);
            Some((
                defaults,
                Some("These are the defaults. Nothing is saved before you press Save."),
            ))
        }
        step => {
            let row: usize = step.strip_prefix("remove-")?.parse().ok()?;
            if (1..=entry.ranges.len()).contains(&row) {
                entry.ranges.remove(row - 1);
            }
            Some((entry, Some("The row was removed. Nothing is saved before you press Save.")))
        }
    }
}

/// What differs between the settings as they stand and what was typed.
fn changes(now: &EstimateSettings, typed: &SettingsEntry) -> Vec<Change> {
    let (now, mine) = (now.entry(), EstimateSettings::parse(typed).map(|mine| mine.entry()));
    let mine = mine.unwrap_or_else(|_| typed.clone());
    let network = |name: &str| {
        NetworkChoice::from_name(name).map_or_else(String::new, |it| it.label().to_owned())
    };
    let side = |entry: &SettingsEntry| {
        [
            ("A check is stale after", format!("{} days", entry.stale_after_days)),
            ("Network", network(&entry.default_network)),
            ("Office Visit", entry.office_types.clone()),
            ("Treatment Pre-Payment", entry.treatment_types.clone()),
        ]
    };
    let shown = |text: String| if text.is_empty() { "—".to_owned() } else { text };
    let pairs = side(&now).into_iter().zip(side(&mine)).filter(|(now, mine)| now.1 != mine.1);
    let mut list: Vec<Change> = pairs
        .map(|((field, now), (_, yours))| Change {
            field: field.to_owned(),
            now: shown(now),
            yours: shown(yours),
        })
        .collect();
    list.extend(changed_rows(&now.ranges, &mine.ranges));
    list
}

fn changed_rows(now: &[RangeEntry], mine: &[RangeEntry]) -> Vec<Change> {
    let types = |rows: &[RangeEntry], row: &RangeEntry| {
        let same = rows.iter().find(|other| (&other.first, &other.last) == (&row.first, &row.last));
        same.map_or_else(|| "—".to_owned(), |row| row.service_types.clone())
    };
    let is_new = |row: &&RangeEntry| types(now, row) == "—";
    let all = now.iter().chain(mine.iter().filter(is_new));
    let change = |row: &RangeEntry| Change {
        field: format!("{} to {}", row.first, row.last),
        now: types(now, row),
        yours: types(mine, row),
    };
    all.map(change).filter(|change| change.now != change.yours).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_people_changed_is_told_side_by_side() {
        let now = EstimateSettings { stale_after_days: 14, ..EstimateSettings::default() };
        let mut mine = EstimateSettings::default().entry();
        mine.ranges.remove(0);
        "8".clone_into(&mut mine.ranges[0].service_types);
        mine.ranges.push(RangeEntry {
            first: "z1".to_owned(),
            last: String::new(),
            service_types: "uc".to_owned(),
        });
        let told: Vec<(String, String, String)> = changes(&now, &mine)
            .into_iter()
            .map(|change| (change.field, change.now, change.yours))
            .collect();
        let expected = [
            ("A check is stale after", "14 days", "30 days"),
            ("00100 to 01999", "7", "—"),
            ("10004 to 69990", "2", "8"),
            ("Z1 to Z1", "—", "UC"),
        ];
        let owned = |(field, now, yours): (&str, &str, &str)| {
            (field.to_owned(), now.to_owned(), yours.to_owned())
        };
        assert_eq!(told, expected.map(owned));
    }
}
