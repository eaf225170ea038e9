//! The three cards above the payments list, read from the kept sums.

use almoner_domain::{LocationId, Money, OrganizationId, Status, time};
use jiff::civil::Date;

use crate::db::{StoreError, Tx};
use crate::statement::Statement;

/// What came in within a month, or in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// What was paid, less what was taken back.
    pub gross: Money,
    /// What was refunded, less what failed.
    pub refunded: Money,
}

impl Collected {
    /// Taken and kept.
    pub fn net(self) -> Money {
        self.gross.minus(self.refunded)
    }
}

/// How many payments and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// How much.
    pub amount: Money,
}

/// The cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cards {
    /// All that was ever collected.
    pub collected: Collected,
    /// The last twelve months as `(202611, …)`, the current one last.
    pub trend: Vec<(i64, Collected)>,
    /// Draft, Pending and Processing.
    pub outstanding: Sum,
    /// The overdue among them.
    pub overdue: Sum,
    /// How many payments have each status, in the order of the statuses.
    pub by_status: [(Status, i64); 9],
}

/// Months of the trend.
const TREND_MONTHS: i64 = 12;

/// The months that end with the month of `today`, oldest first.
fn trend_months(today: Date) -> Vec<i64> {
    let last = i64::from(today.year()) * 12 + i64::from(today.month()) - 1;
    let number = |count: i64| count.div_euclid(12) * 100 + count.rem_euclid(12) + 1;
    (last - TREND_MONTHS + 1..=last).map(number).collect()
}

/// The cards of these locations (all when none is named).
pub async fn read(
    tx: &mut Tx,
    org: OrganizationId,
    locations: &[LocationId],
    today: Date,
) -> Result<Cards, StoreError> {
    let (collected, trend) = collected(tx, org, locations, today).await?;
    let (outstanding, by_status) = statuses(tx, org, locations).await?;
    let overdue = overdue(tx, org, locations, today).await?;
    Ok(Cards { collected, trend, outstanding, overdue, by_status })
}

async fn collected(
    tx: &mut Tx,
    org: OrganizationId,
    locations: &[LocationId],
    today: Date,
) -> Result<(Collected, Vec<(i64, Collected)>), StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT month, CAST(sum(gross_cents) AS BIGINT) AS gross,
            CAST(sum(refunded_cents) AS BIGINT) AS refunded
        FROM rollup_month WHERE organization_id = ",
    );
    statement.bind(org).and_locations(locations).push(" GROUP BY month");
    let mut all = Collected::default();
    let empty = |month| (month, Collected::default());
    let mut trend: Vec<(i64, Collected)> = trend_months(today).into_iter().map(empty).collect();
    for row in statement.all(tx).await? {
        let month = row.int("month")?;
        let sums = Collected { gross: row.money("gross")?, refunded: row.money("refunded")? };
        all.gross = all.gross.plus(sums.gross);
        all.refunded = all.refunded.plus(sums.refunded);
        if let Some(entry) = trend.iter_mut().find(|entry| entry.0 == month) {
            entry.1 = sums;
        }
    }
    Ok((all, trend))
}

async fn statuses(
    tx: &mut Tx,
    org: OrganizationId,
    locations: &[LocationId],
) -> Result<(Sum, [(Status, i64); 9]), StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT status, CAST(sum(n) AS BIGINT) AS n, CAST(sum(amount_cents) AS BIGINT) AS amount
        FROM rollup_status WHERE organization_id = ",
    );
    statement.bind(org).and_locations(locations).push(" GROUP BY status");
    let mut outstanding = Sum::default();
    let mut by_status = Status::ALL.map(|status| (status, 0));
    for row in statement.all(tx).await? {
        let status = row.word("status", Status::from_name)?;
        let n = row.int("n")?;
        if status.is_outstanding() {
            outstanding.count += n;
            outstanding.amount = outstanding.amount.plus(row.money("amount")?);
        }
        by_status.iter_mut().filter(|entry| entry.0 == status).for_each(|entry| entry.1 = n);
    }
    Ok((outstanding, by_status))
}

async fn overdue(
    tx: &mut Tx,
    org: OrganizationId,
    locations: &[LocationId],
    today: Date,
) -> Result<Sum, StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) AS n,
            CAST(coalesce(sum(amount_cents), 0) AS BIGINT) AS amount
        FROM rollup_due WHERE organization_id = ",
    );
    statement.bind(org).and_locations(locations);
    statement.push(" AND status IN ('draft', 'pending', 'processing') AND due_day < ");
    statement.bind(time::date_key(today));
    let row = statement.one(tx).await?;
    Ok(Sum { count: row.int("n")?, amount: row.money("amount")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_crosses_the_turn_of_the_year() {
        let months = trend_months(Date::constant(2026, 2, 28));
        assert_eq!(months.first(), Some(&202_503));
        assert_eq!(months[9..], [202_512, 202_601, 202_602]);
    }
}
