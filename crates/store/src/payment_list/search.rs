//! What a search finds, and how rows are narrowed to it.
//!
//! A search that finds few payments is looked up: ranges of numbers, or the patients whom it
//! names. One that finds many only tests the rows that are read in the list's order, each by its
//! own number or by the name that it is sorted by: among so many the next match is near.

use almoner_domain::OrganizationId;
use almoner_domain::list::{Search, prefix_ranges};

use crate::db::{StoreError, Tx};
use crate::named::{Named, named};
use crate::statement::{NumberSet, Statement};

/// Payments that a search or a filter may find and still have collected and sorted.
pub(super) const MAX_COLLECTED: i64 = 10_000;

/// Payments that are counted of the patients of a name that more have than are looked at.
const MIN_OF_MANY: i64 = 1_001;

/// What a search alone finds, as far as it is looked at.
#[derive(Debug)]
pub(super) struct Found {
    /// At least so many payments.
    pub(super) payments: i64,
    /// Whether it is all of them.
    pub(super) is_exact: bool,
    /// The patients whom it names, when those are all.
    patients: Option<NumberSet>,
}

impl Found {
    /// Whether they are collected and sorted, instead of being met in the order of the list.
    pub(super) fn is_few(&self) -> bool {
        self.is_exact && self.payments <= MAX_COLLECTED
    }

    /// Whether there is nothing at all; those who were looked at may have no payment, and others
    /// of the same name some.
    pub(super) fn is_nothing(&self) -> bool {
        self.is_exact && self.payments == 0
    }

    /// Whether it can be looked up, however many there are.
    pub(super) fn is_looked_up(&self) -> bool {
        self.is_few() || self.patients.is_some()
    }
}

/// What the search alone finds; `None` without a search.
pub(super) async fn found(
    tx: &mut Tx,
    org: OrganizationId,
    search: &Search,
) -> Result<Option<Found>, StoreError> {
    match search {
        Search::All => Ok(None),
        Search::Nothing => Ok(Some(Found { payments: 0, is_exact: true, patients: None })),
        Search::Id(prefix) => found_by_number(tx, org, *prefix).await.map(Some),
        Search::Name(words) => {
            let Named { patients, is_all } = named(tx, org, words).await?;
            let most = if is_all { MAX_COLLECTED + 1 } else { MIN_OF_MANY };
            let payments = payments_of(tx, org, &patients, most).await?;
            let patients = is_all.then_some(patients);
            let is_exact = is_all && payments < most;
            Ok(Some(Found { payments, is_exact, patients }))
        }
    }
}

/// How many payments the patients have, counted as far as `most`.
async fn payments_of(
    tx: &mut Tx,
    org: OrganizationId,
    patients: &NumberSet,
    most: i64,
) -> Result<i64, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT count(*) AS n FROM (SELECT seq FROM payment");
    statement.push(" WHERE organization_id = ").bind(org).and_in("patient_seq", patients);
    statement.push(&format!(" LIMIT {most}) AS found"));
    statement.one(tx).await?.int("n")
}

async fn found_by_number(
    tx: &mut Tx,
    org: OrganizationId,
    prefix: i64,
) -> Result<Found, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT count(*) AS n FROM (");
    for (index, range) in prefix_ranges(prefix).into_iter().enumerate() {
        statement.push(if index > 0 { " UNION ALL " } else { "" });
        statement.push("SELECT seq FROM payment WHERE organization_id = ").bind(org);
        push_range(&mut statement, Some(range));
    }
    statement.push(&format!(" LIMIT {}) AS found", MAX_COLLECTED + 1));
    let payments = statement.one(tx).await?.int("n")?;
    Ok(Found { payments, is_exact: payments <= MAX_COLLECTED, patients: None })
}

/// Appends what narrows the rows to the search. What is looked up has its ranges already.
pub(super) fn push_search(statement: &mut Statement, search: &Search, looked_up: Option<&Found>) {
    match (search, looked_up) {
        (Search::Id(prefix), None) => push_id_test(statement, *prefix),
        (Search::Name(words), None) => {
            statement.and_named("name_sort", words);
        }
        (_, Some(Found { patients: Some(patients), .. })) => {
            statement.and_in("patient_seq", patients);
        }
        _ => {}
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
pub(super) fn ranges(search: &Search, is_looked_up: bool) -> Vec<Option<(i64, i64)>> {
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
