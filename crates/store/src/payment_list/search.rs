//! What a search finds, and how rows are narrowed to it.
//!
//! A search that finds few payments is looked up: ranges of numbers, or the patients whom it
//! names. One that finds many only tests the rows that are read in the list's order, each by its
//! own number or by the name that it is sorted by: among so many the next match is near.

use almoner_domain::OrganizationId;
use almoner_domain::list::{Search, prefix_ranges};

use crate::db::{StoreError, Tx};
use crate::statement::Statement;

/// Payments that a search may find and still have collected and sorted.
const MAX_COLLECTED: i64 = 10_000;
/// Patients whom a search may name and still have all of them looked at.
const MAX_NAMED: i64 = 5_000;

/// How many payments a search alone finds, as far as they are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// At least so many.
    pub(super) payments: i64,
    /// Whether it is all of them.
    pub(super) is_exact: bool,
}

impl Found {
    /// Whether they are collected and sorted, instead of being met in the order of the list.
    pub(super) fn is_few(self) -> bool {
        self.is_exact && self.payments <= MAX_COLLECTED
    }
}

/// How many payments the search alone finds; `None` without a search.
pub(super) async fn found(
    tx: &mut Tx,
    org: OrganizationId,
    search: &Search,
) -> Result<Option<Found>, StoreError> {
    match search {
        Search::All => Ok(None),
        Search::Nothing => Ok(Some(Found { payments: 0, is_exact: true })),
        Search::Id(_) => found_by_number(tx, org, search).await.map(Some),
        Search::Name(words) => found_by_name(tx, org, words).await.map(Some),
    }
}

async fn found_by_number(
    tx: &mut Tx,
    org: OrganizationId,
    search: &Search,
) -> Result<Found, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT count(*) AS n FROM (");
    for (index, range) in looked_up(search, true).into_iter().enumerate() {
        statement.push(if index > 0 { " UNION ALL " } else { "" });
        statement.push("SELECT seq FROM payment WHERE organization_id = ").bind(org);
        push_range(&mut statement, range);
    }
    statement.push(&format!(" LIMIT {}) AS found", MAX_COLLECTED + 1));
    let counted = statement.one(tx).await?.int("n")?;
    Ok(Found { payments: counted, is_exact: counted <= MAX_COLLECTED })
}

async fn found_by_name(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
) -> Result<Found, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT CAST(coalesce(sum(s.met), 0) AS BIGINT) AS named,");
    statement.push(" CAST(coalesce(sum(q.payment_count), 0) AS BIGINT) AS payments");
    statement.push(" FROM (SELECT seq, count(*) AS met FROM (");
    push_named(&mut statement, org, words);
    statement.push(") AS l GROUP BY seq) AS s LEFT JOIN patient q ON q.organization_id = ");
    statement.bind(org).push(" AND q.seq = s.seq");
    let row = statement.one(tx).await?;
    Ok(Found { payments: row.int("payments")?, is_exact: row.int("named")? <= MAX_NAMED })
}

/// Appends the numbers of the patients named, at most one more than are looked at.
fn push_named(statement: &mut Statement, org: OrganizationId, words: &[String]) {
    statement.patients_named(org, words).push(&format!(" LIMIT {}", MAX_NAMED + 1));
}

/// Appends what narrows the rows to the search, where [`looked_up`] does not.
pub(super) fn push_search(
    statement: &mut Statement,
    org: OrganizationId,
    search: &Search,
    is_looked_up: bool,
) {
    match search {
        Search::Id(prefix) if !is_looked_up => push_id_test(statement, *prefix),
        Search::Name(words) if is_looked_up => {
            statement.push(" AND patient_seq IN (");
            push_named(statement, org, words);
            statement.push(")");
        }
        Search::Name(words) => {
            statement.and_named("name_sort", words);
        }
        Search::Id(_) | Search::All | Search::Nothing => {}
    }
}

/// Appends a test of each row for the numbers that begin like `prefix`.
fn push_id_test(statement: &mut Statement, prefix: i64) {
    statement.push(" AND (");
    for (index, (from, to)) in prefix_ranges(prefix).into_iter().enumerate() {
        statement.push(if index > 0 { " OR " } else { "" });
        statement.push("seq BETWEEN ").bind(from).push(" AND ").bind(to);
    }
    statement.push(")");
}

/// The ranges of numbers that are looked up one by one: those of a rare prefix.
pub(super) fn looked_up(search: &Search, is_looked_up: bool) -> Vec<Option<(i64, i64)>> {
    match search {
        Search::Id(prefix) if is_looked_up => {
            prefix_ranges(*prefix).into_iter().map(Some).collect()
        }
        _ => vec![None],
    }
}

/// Appends the range of numbers that is looked up, if any.
pub(super) fn push_range(statement: &mut Statement, range: Option<(i64, i64)>) {
    if let Some((from, to)) = range {
        statement.push(" AND seq BETWEEN ").bind(from).push(" AND ").bind(to);
    }
}
