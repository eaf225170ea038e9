//! What came in by month, and how old is what is outstanding, read from the kept sums.
//!
//! Neither grows with the number of payments: collections read a row for each month, location, type
//! and tender in the range; aging reads a row for each status and due day of a location.

use std::collections::BTreeMap;

use almoner_domain::payment::PaymentType;
use almoner_domain::report::{Age, Aging, Tally};
use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, OrganizationId, time};
use jiff::civil::Date;

use crate::cards::Collected;
use crate::db::{StoreError, Tx};
use crate::statement::Statement;

/// What came in within a month at a location, for a type of payment, by a tender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectedRow {
    /// The month, such as 202611.
    pub month: i64,
    /// Where.
    pub location: LocationId,
    /// What for.
    pub kind: Option<PaymentType>,
    /// How it was paid.
    pub tender: TenderType,
    /// How much.
    pub sums: Collected,
}

/// What came in from one month to another, both included, at these locations (all when none is
/// named): by month, location, type and tender.
pub async fn collections(
    tx: &mut Tx,
    org: OrganizationId,
    (from, to): (i64, i64),
    locations: &[LocationId],
) -> Result<Vec<CollectedRow>, StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT month, location_seq, payment_kind, tender_kind,
            CAST(sum(gross_cents) AS BIGINT) AS gross,
            CAST(sum(refunded_cents) AS BIGINT) AS refunded
        FROM rollup_taken WHERE organization_id = ",
    );
    statement.bind(org).push(" AND month BETWEEN ").bind(from).push(" AND ").bind(to);
    statement.and_locations(locations).push(
        " GROUP BY month, location_seq, payment_kind, tender_kind
        HAVING sum(gross_cents) <> 0 OR sum(refunded_cents) <> 0
        ORDER BY month, location_seq, payment_kind, tender_kind",
    );
    let mut found = Vec::new();
    for row in statement.all(tx).await? {
        let kind = row.text("payment_kind")?;
        let corrupt = || StoreError::Corrupt(format!("payment_kind {kind:?}"));
        let kind = match &*kind {
            "" => None,
            name => Some(PaymentType::from_name(name).ok_or_else(corrupt)?),
        };
        found.push(CollectedRow {
            month: row.int("month")?,
            location: LocationId::new(row.int("location_seq")?),
            kind,
            tender: row.word("tender_kind", TenderType::from_name)?,
            sums: Collected { gross: row.money("gross")?, refunded: row.money("refunded")? },
        });
    }
    Ok(found)
}

/// How old what is outstanding on `today` is, by location. One statement reads the dated and all,
/// so that what has no due date is the difference at one moment.
pub async fn aging(
    tx: &mut Tx,
    org: OrganizationId,
    today: Date,
) -> Result<BTreeMap<LocationId, Aging>, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT location_seq, status, due_from, CAST(sum(n) AS BIGINT) AS n,");
    statement.push(" CAST(sum(amount) AS BIGINT) AS amount FROM (");
    statement.push("SELECT location_seq, status, n, amount_cents AS amount, CASE");
    for age in Age::DATED {
        let from = age.due_span(today).from.map(time::date_key);
        if let Some(from) = from {
            statement.push(" WHEN due_day >= ").bind(from).push(" THEN ").bind(from);
        }
    }
    statement.push(" ELSE 0 END AS due_from FROM rollup_due WHERE organization_id = ").bind(org);
    statement.push(" UNION ALL SELECT location_seq, status, n, amount_cents, -1");
    statement.push(" FROM rollup_status WHERE organization_id = ").bind(org);
    statement.push(" AND status IN ('draft', 'pending', 'processing')");
    statement.push(") kept GROUP BY location_seq, status, due_from");
    let mut found: BTreeMap<LocationId, Aging> = BTreeMap::new();
    for row in statement.all(tx).await? {
        let from = row.int("due_from")?;
        let tally = Tally { count: row.int("n")?, amount: row.money("amount")? };
        let is_failed = row.text("status")? == "failed";
        let aging = found.entry(LocationId::new(row.int("location_seq")?)).or_default();
        let is_of = |age: &Age| age.due_span(today).from.map_or(0, time::date_key) == from;
        match Age::DATED.into_iter().find(is_of) {
            Some(age) if is_failed => aging.add_failed(age, tally),
            Some(age) => aging.add_dated(age, tally),
            None => aging.add_all(tally),
        }
    }
    Ok(found)
}
