//! Changes what the clinic sets for its estimates.

use std::collections::{BTreeMap, BTreeSet};

use almoner_domain::estimate::{CodeRange, EstimateSettings, SettingsEntry};
use almoner_store::StoreError;
use almoner_store::eligibility_settings;
use serde_json::{Map, Value, json};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// The subject of the audit rows; its number is the organization's at the time.
pub(crate) const SUBJECT: &str = "eligibility_settings";

/// Changes the settings that are at `version`, which is 0 while the defaults hold. The same
/// settings again change nothing.
///
/// # Errors
/// No permission, fields that need attention, a version that moved on.
pub async fn save_eligibility_settings(
    app: &App,
    actor: &Actor,
    version: i64,
    entry: &SettingsEntry,
) -> Result<(), Error> {
    actor.must(Action::ChangeSettings)?;
    let settings = EstimateSettings::parse(entry)?;
    match attempt(app, actor, version, &settings).await {
        // A racing request was the first to set anything: now its settings stand.
        Err(Error::Store(StoreError::Duplicate(_))) => {
            attempt(app, actor, version, &settings).await
        }
        other => other,
    }
}

async fn attempt(
    app: &App,
    actor: &Actor,
    version: i64,
    settings: &EstimateSettings,
) -> Result<(), Error> {
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let before = eligibility_settings::get(&mut tx, org).await?;
    if before.settings == *settings {
        return Ok(());
    }
    let is_set = before.version == version
        && eligibility_settings::set(&mut tx, org, version, settings, app.now()).await?;
    if !is_set {
        let now = eligibility_settings::get(&mut tx, org).await?;
        return Err(Error::Stale { current: now.version });
    }
    let changed = changes(&before.settings, settings);
    let detail = json!({ "version": version + 1, "changed": changed });
    let subject = (SUBJECT, org.0);
    record::happened(app, actor, &mut tx, "eligibility_settings_changed", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}

/// What changed, with what stood there before and what stands there now.
fn changes(before: &EstimateSettings, after: &EstimateSettings) -> Map<String, Value> {
    let sides = |settings: &EstimateSettings| {
        [
            ("stale_after_days", json!(settings.stale_after_days)),
            ("default_network", json!(settings.default_network)),
            ("office_types", json!(settings.office_types)),
            ("treatment_types", json!(settings.treatment_types)),
        ]
    };
    let pairs = sides(before).into_iter().zip(sides(after)).filter(|(old, new)| old != new);
    let mut changed: Map<String, Value> = pairs
        .map(|((name, old), (_, new))| (name.to_owned(), json!({ "from": old, "to": new })))
        .collect();
    let ranges = changed_ranges(&before.ranges, &after.ranges);
    if !ranges.is_empty() {
        changed.insert("code_ranges".to_owned(), ranges.into());
    }
    changed
}

/// The ranges that were added, changed or removed, as `99202-99215`.
fn changed_ranges(before: &[CodeRange], after: &[CodeRange]) -> Map<String, Value> {
    let by_codes = |ranges: &[CodeRange]| -> BTreeMap<String, Vec<String>> {
        let pair = |range: &CodeRange| {
            (format!("{}-{}", range.first, range.last), range.service_types.clone())
        };
        ranges.iter().map(pair).collect()
    };
    let (old, new) = (by_codes(before), by_codes(after));
    let codes: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differs = codes.into_iter().filter(|codes| old.get(*codes) != new.get(*codes));
    let sides = |codes: &String| json!({ "from": old.get(codes), "to": new.get(codes) });
    differs.map(|codes| (codes.clone(), sides(codes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_with_both_sides() {
        let before = EstimateSettings::default();
        assert!(changes(&before, &before).is_empty());
        let mut after = before.clone();
        after.stale_after_days = 14;
        after.ranges.remove(0);
        after.ranges[0].service_types = vec!["8".to_owned()];
        after.ranges.push(CodeRange {
            first: "Z1".to_owned(),
            last: "Z9".to_owned(),
            service_types: vec!["UC".to_owned()],
        });
        let expected = json!({
            "stale_after_days": { "from": 30, "to": 14 },
            "code_ranges": {
                "00100-01999": { "from": ["7"], "to": null },
                "10004-69990": { "from": ["2"], "to": ["8"] },
                "Z1-Z9": { "from": null, "to": ["UC"] },
            },
        });
        assert_eq!(Value::from(changes(&before, &after)), expected);
    }
}
