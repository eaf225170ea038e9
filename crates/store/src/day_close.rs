//! What moved on a day, by location and tender, beside what the ledger has of it; and what was
//! counted in the drawers.
//!
//! Both sides are read by one statement, so that a payment that is taken meanwhile is in both or in
//! neither. It reads the rows of that day by their indexes: it costs what the day is worth,
//! however many days there are.

use std::collections::BTreeMap;

use almoner_domain::ledger::Account;
use almoner_domain::report::{DayOfLocation, Tally, TenderSums};
use almoner_domain::tender::TenderType;
use almoner_domain::{DrawerCountId, LocationId, Money, OrganizationId, UserId, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// The tenders, reversals and refunds of a day, each on its own date, and the ledger's rows of the
/// same events. What else the ledger has on a day (charges, disputes, payouts) is no takings.
const OF_DAY: &str = "SELECT side, location_seq, name, event, count(*) AS n,
        CAST(sum(cents) AS BIGINT) AS cents
    FROM (SELECT 'books' AS side, location_seq, kind AS name, 'taken' AS event,
                amount_cents AS cents
            FROM tender WHERE organization_id = $1 AND business_day = $2
        UNION ALL SELECT 'books', v.location_seq, t.kind, 'reversed', v.amount_cents
            FROM tender_reversal v JOIN tender t ON t.organization_id = v.organization_id
                AND t.payment_seq = v.payment_seq AND t.version = v.tender_version
            WHERE v.organization_id = $1 AND v.business_day = $2
        UNION ALL SELECT 'books', location_seq, tender_kind, 'refunded', amount_cents
            FROM refund WHERE organization_id = $1 AND business_day = $2
        UNION ALL SELECT 'books', location_seq, tender_kind, 'returned', amount_cents
            FROM refund WHERE organization_id = $1 AND ended_day = $2
        UNION ALL SELECT 'ledger', l.location_seq,
                CASE w.sign WHEN 1 THEN l.debit_account ELSE l.credit_account END, '',
                w.sign * l.amount_cents
            FROM ledger_transfer l
            CROSS JOIN (SELECT 1 AS sign UNION ALL SELECT -1) w
            WHERE l.organization_id = $1 AND l.business_day = $2
                AND l.event IN ('tender_taken', 'tender_reversed', 'refund_made',
                    'refund_settled', 'refund_returned', 'refund_failed')) moved
    GROUP BY side, location_seq, name, event";

/// What moved on `day` at each location where anything did.
pub async fn of_day(
    tx: &mut Tx,
    org: OrganizationId,
    day: Date,
) -> Result<BTreeMap<LocationId, DayOfLocation>, StoreError> {
    let mut found: BTreeMap<LocationId, DayOfLocation> = BTreeMap::new();
    for row in tx.all(OF_DAY, params![org, time::date_key(day)]).await? {
        let at = found.entry(LocationId::new(row.int("location_seq")?)).or_default();
        let sum = Tally { count: row.int("n")?, amount: row.money("cents")? };
        if row.text("side")? == "books" {
            let tender = row.word("name", TenderType::from_name)?;
            add(at.tenders.entry(tender).or_default(), &row.text("event")?, sum)?;
        } else {
            let account = row.word("name", Account::from_name)?;
            let moved = at.ledger.entry(account).or_default();
            *moved = moved.plus(sum.amount);
        }
    }
    Ok(found)
}

fn add(sums: &mut TenderSums, event: &str, tally: Tally) -> Result<(), StoreError> {
    let sum = match event {
        "taken" => &mut sums.taken,
        "reversed" => &mut sums.reversed,
        "refunded" => &mut sums.refunded,
        "returned" => &mut sums.returned,
        other => return Err(StoreError::Corrupt(format!("event {other:?}"))),
    };
    *sum = sum.plus(tally);
    Ok(())
}

/// Cash, and checks with money orders, in a drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Notes and coins.
    pub cash: Money,
    /// Checks and money orders; none where only cash was counted.
    pub checks: Option<Tally>,
}

/// A count as it is entered, beside what the books say at that moment.
#[derive(Debug, Clone)]
pub struct NewCount {
    /// Its id.
    pub id: DrawerCountId,
    /// Where.
    pub location: LocationId,
    /// Of which day.
    pub day: Date,
    /// What was counted.
    pub counted: Counted,
    /// What the books say should be there.
    pub booked: (Money, Tally),
    /// What else there is to say.
    pub note: Option<String>,
    /// By whom.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// A count that is kept.
#[derive(Debug, Clone)]
pub struct DrawerCount {
    /// Its id.
    pub id: DrawerCountId,
    /// Where.
    pub location: LocationId,
    /// What was counted.
    pub counted: Counted,
    /// What the books said should be there when it was counted.
    pub booked: (Money, Tally),
    /// What else was said.
    pub note: Option<String>,
    /// By whom.
    pub counted_by: String,
    /// When.
    pub at: Timestamp,
}

/// Keeps a count.
pub async fn insert_count(
    tx: &mut Tx,
    org: OrganizationId,
    count: &NewCount,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO drawer_count (organization_id, seq, location_seq, business_day,
        cash_cents, check_count, check_cents, booked_cash_cents, booked_check_count,
        booked_check_cents, note, user_seq, at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let (booked_cash, booked_checks) = count.booked;
    let values = params![
        org,
        count.id,
        count.location,
        time::date_key(count.day),
        count.counted.cash,
        count.counted.checks.map(|checks| checks.count),
        count.counted.checks.map(|checks| checks.amount),
        booked_cash,
        booked_checks.count,
        booked_checks.amount,
        count.note.clone(),
        count.user,
        count.at,
    ];
    tx.execute_one(sql, values).await
}

fn drawer_count(row: &Row) -> Result<DrawerCount, StoreError> {
    let checks = row.opt_int("check_count")?.zip(row.opt_money("check_cents")?);
    let checks = checks.map(|(count, amount)| Tally { count, amount });
    let booked_checks =
        Tally { count: row.int("booked_check_count")?, amount: row.money("booked_check_cents")? };
    Ok(DrawerCount {
        id: DrawerCountId::new(row.int("seq")?),
        location: LocationId::new(row.int("location_seq")?),
        counted: Counted { cash: row.money("cash_cents")?, checks },
        booked: (row.money("booked_cash_cents")?, booked_checks),
        note: row.opt_text("note")?,
        counted_by: row.text("counted_by")?,
        at: row.time("at_us")?,
    })
}

/// The counts of a day, at most `limit`, the newest first.
pub async fn counts_of_day(
    tx: &mut Tx,
    org: OrganizationId,
    day: Date,
    limit: i64,
) -> Result<Vec<DrawerCount>, StoreError> {
    let sql = "SELECT c.*, u.name AS counted_by FROM drawer_count c
        JOIN staff_user u ON u.organization_id = c.organization_id AND u.seq = c.user_seq
        WHERE c.organization_id = $1 AND c.business_day = $2 ORDER BY c.seq DESC LIMIT $3";
    let values = params![org, time::date_key(day), limit];
    tx.all(sql, values).await?.iter().map(drawer_count).collect()
}
