//! When a clinic reminds of what is due, and which payments are to be reminded of.

use almoner_domain::reminder::{ReminderSettings, Step};
use almoner_domain::time;
use almoner_domain::{LocationId, OrganizationId, PaymentId, Status};
use jiff::Timestamp;
use jiff::civil::Date;

#[cfg(feature = "testing")]
use crate::db::Value;
use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// The settings and how often they were changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReminders {
    /// The settings.
    pub settings: ReminderSettings,
    /// Grows with every change; 0 while the defaults hold.
    pub version: i64,
}

fn settings(row: &Row) -> Result<StoredReminders, StoreError> {
    let corrupt = |_| StoreError::Corrupt("days of reminders".to_owned());
    let after = row.text("days_after")?;
    let after: Result<Vec<i64>, _> = after.split_whitespace().map(str::parse).collect();
    let settings = ReminderSettings {
        is_on: row.int("is_on")? == 1,
        before: row.opt_int("days_before")?,
        after: after.map_err(corrupt)?,
    };
    Ok(StoredReminders { settings, version: row.int("version")? })
}

/// The settings of an organization, or the defaults.
pub async fn get(tx: &mut Tx, org: OrganizationId) -> Result<StoredReminders, StoreError> {
    let sql = "SELECT is_on, days_before, days_after, version FROM reminder_settings
        WHERE organization_id = $1";
    let row = tx.optional(sql, params![org]).await?;
    let defaults = StoredReminders { settings: ReminderSettings::default(), version: 0 };
    row.as_ref().map_or(Ok(defaults), settings)
}

/// Replaces the settings that are at `version`; false when they moved on meanwhile.
///
/// # Errors
/// [`StoreError::Duplicate`] when another request set them first for the first time.
pub async fn set(
    tx: &mut Tx,
    org: OrganizationId,
    version: i64,
    settings: &ReminderSettings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = if version == 0 {
        "INSERT INTO reminder_settings (organization_id, version, is_on, days_before, days_after,
            changed_at_us) VALUES ($1, $2 + 1, $3, $4, $5, $6)"
    } else {
        "UPDATE reminder_settings SET version = version + 1, is_on = $3, days_before = $4,
            days_after = $5, changed_at_us = $6 WHERE organization_id = $1 AND version = $2"
    };
    let after: Vec<String> = settings.after.iter().map(i64::to_string).collect();
    let is_on = i64::from(settings.is_on);
    let values = params![org, version, is_on, settings.before, after.join(" "), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// A payment that may be reminded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// Which.
    pub payment: PaymentId,
    /// When it is due.
    pub due: Date,
}

/// Which payments are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// In which status.
    pub status: Status,
    /// By which reminder.
    pub step: Step,
    /// At which locations; at all when none is named.
    pub locations: &'a [LocationId],
    /// Created by then.
    pub created_by: Timestamp,
    /// After this one, in the order of due dates.
    pub after: Option<Owed>,
}

/// Payments in the order of their due dates, at most `limit`, whose patients agreed to e-mail and
/// who were not reminded by this step or a later one. Only those that are due in the step's few
/// days are read, whatever the number of payments.
pub async fn owed(
    tx: &mut Tx,
    org: OrganizationId,
    search: &Search<'_>,
    limit: i64,
) -> Result<Vec<Owed>, StoreError> {
    let rows = owed_statement(org, search, limit).all(tx).await?;
    let owed = |row: &Row| {
        let due = time::date_from_key(row.int("due_key")?);
        let due = due.ok_or_else(|| StoreError::Corrupt("due date".to_owned()))?;
        Ok(Owed { payment: PaymentId::new(row.int("seq")?), due })
    };
    rows.iter().map(owed).collect()
}

/// The statement that reads them, and its values, for tests that ask the database how it is carried
/// out.
#[cfg(feature = "testing")]
pub fn explained(org: OrganizationId, search: &Search<'_>, limit: i64) -> (String, Vec<Value>) {
    owed_statement(org, search, limit).into_parts()
}

fn owed_statement(org: OrganizationId, search: &Search<'_>, limit: i64) -> Statement {
    let mut sql = Statement::default();
    sql.push(
        "SELECT p.seq, p.due_key FROM payment p
        JOIN patient n ON n.organization_id = p.organization_id AND n.seq = p.patient_seq
        JOIN email_consent c ON c.organization_id = p.organization_id
            AND c.patient_seq = p.patient_seq AND c.address = n.email
        WHERE p.organization_id = ",
    );
    sql.bind(org).push(" AND p.status = ").bind(search.status.as_str());
    sql.push(" AND p.due_key >= ").bind(time::date_key(search.step.from));
    sql.push(" AND p.due_key <= ").bind(time::date_key(search.step.to));
    sql.push(" AND p.created_at_us <= ").bind(search.created_by);
    if let Some(after) = search.after {
        sql.push(" AND (p.due_key, p.seq) > (").bind(time::date_key(after.due));
        sql.push(", ").bind(after.payment).push(")");
    }
    sql.and_one_of("p.location_seq", search.locations);
    sql.push(
        " AND NOT EXISTS (SELECT 1 FROM mail m WHERE m.organization_id = p.organization_id
            AND m.payment_seq = p.seq AND m.kind = 'reminder' AND m.due_key = p.due_key
            AND m.step_days >= ",
    );
    sql.bind(search.step.days).push(") ORDER BY p.due_key, p.seq LIMIT ").bind(limit);
    sql
}

/// Whether a payment was reminded of by this step or a later one.
pub async fn is_reminded(
    tx: &mut Tx,
    org: OrganizationId,
    owed: Owed,
    step_days: i64,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM mail WHERE organization_id = $1 AND payment_seq = $2
        AND kind = 'reminder' AND due_key = $3 AND step_days >= $4 LIMIT 1";
    let values = params![org, owed.payment, time::date_key(owed.due), step_days];
    Ok(tx.optional(sql, values).await?.is_some())
}
