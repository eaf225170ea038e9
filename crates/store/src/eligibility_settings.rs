//! What a clinic sets for its estimates.

use almoner_domain::OrganizationId;
use almoner_domain::estimate::{CodeRange, EstimateSettings, NetworkChoice};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// The settings and how often they were changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSettings {
    /// The settings.
    pub settings: EstimateSettings,
    /// Grows with every change; 0 while the defaults hold.
    pub version: i64,
}

fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn settings(rows: &[Row]) -> Result<StoredSettings, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(StoredSettings { settings: EstimateSettings::default(), version: 0 });
    };
    let network = first.text("default_network")?;
    let mut ranges = Vec::new();
    for row in rows {
        if let Some(code) = row.opt_text("first_code")? {
            let (last, service_types) = (row.text("last_code")?, list(&row.text("service_types")?));
            ranges.push(CodeRange { first: code, last, service_types });
        }
    }
    let settings = EstimateSettings {
        stale_after_days: first.int("stale_after_days")?,
        default_network: NetworkChoice::from_name(&network)
            .ok_or_else(|| StoreError::Corrupt(format!("network {network:?}")))?,
        office_types: list(&first.text("office_types")?),
        treatment_types: list(&first.text("treatment_types")?),
        ranges,
    };
    Ok(StoredSettings { settings, version: first.int("version")? })
}

/// The settings of an organization, or the defaults; in one statement, so that they are of one
/// version.
pub async fn get(tx: &mut Tx, org: OrganizationId) -> Result<StoredSettings, StoreError> {
    let sql = "SELECT s.stale_after_days, s.default_network, s.office_types, s.treatment_types,
            s.version, r.first_code, r.last_code, r.service_types
        FROM eligibility_settings s
        LEFT JOIN eligibility_code_range r ON r.organization_id = s.organization_id
        WHERE s.organization_id = $1 ORDER BY r.first_code, r.last_code";
    settings(&tx.all(sql, params![org]).await?)
}

/// Replaces the settings that are at `version`; false when they moved on meanwhile.
///
/// # Errors
/// [`StoreError::Duplicate`] when another request set them first for the first time.
pub async fn set(
    tx: &mut Tx,
    org: OrganizationId,
    version: i64,
    settings: &EstimateSettings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = if version == 0 {
        "INSERT INTO eligibility_settings (organization_id, version, stale_after_days,
            default_network, office_types, treatment_types, changed_at_us)
        VALUES ($1, $2 + 1, $3, $4, $5, $6, $7)"
    } else {
        "UPDATE eligibility_settings SET version = version + 1, stale_after_days = $3,
            default_network = $4, office_types = $5, treatment_types = $6, changed_at_us = $7
        WHERE organization_id = $1 AND version = $2"
    };
    let values = params![
        org,
        version,
        settings.stale_after_days,
        settings.default_network.as_str(),
        settings.office_types.join(" "),
        settings.treatment_types.join(" "),
        now,
    ];
    if tx.execute(sql, values).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM eligibility_code_range WHERE organization_id = $1";
    tx.execute(sql, params![org]).await?;
    insert_ranges(tx, org, &settings.ranges).await?;
    Ok(true)
}

async fn insert_ranges(
    tx: &mut Tx,
    org: OrganizationId,
    ranges: &[CodeRange],
) -> Result<(), StoreError> {
    if ranges.is_empty() {
        return Ok(());
    }
    let mut statement = Statement::default();
    statement.push(
        "INSERT INTO eligibility_code_range
            (organization_id, first_code, last_code, service_types) VALUES ",
    );
    for (index, range) in ranges.iter().enumerate() {
        statement.push(if index > 0 { ", (" } else { "(" }).bind(org);
        statement.push(", ").bind(range.first.as_str());
        statement.push(", ").bind(range.last.as_str());
        statement.push(", ").bind(range.service_types.join(" ")).push(")");
    }
    statement.execute(tx).await?;
    Ok(())
}
