//! Patients who are offered while a name is typed, as fast among a million as among ten.

use almoner_domain::{OrganizationId, PatientId};

use crate::db::{Row, StoreError, Tx};
use crate::patients::{self, Patient};
use crate::statement::Statement;

/// The matches of which those are offered that come first; the others are not even counted.
const MAX_LOOKED_AT: i64 = 2_000;

/// At most `limit` patients whose name has all the words: first those whose last name begins like
/// one of them, each group by name. Where very many match, the first ones of the second group may
/// be passed over: whoever looks for them has to type on anyway.
pub async fn suggest(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
    limit: usize,
) -> Result<Vec<Patient>, StoreError> {
    let mut rows = Vec::new();
    if !are_few(tx, org, words).await? {
        for word in words {
            rows.extend(last_named(tx, org, (word, words), limit).await?);
        }
    }
    if rows.len() < limit {
        rows.extend(looked_at(tx, org, words, limit + rows.len()).await?);
    }
    let mut offered: Vec<Patient> = Vec::with_capacity(limit);
    for row in &rows {
        let id = PatientId::new(row.int("seq")?);
        if offered.len() < limit && offered.iter().all(|known| known.id != id) {
            offered.push(patients::patient(row)?);
        }
    }
    Ok(offered)
}

/// Whether all who match can be looked at.
async fn are_few(tx: &mut Tx, org: OrganizationId, words: &[String]) -> Result<bool, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT count(*) AS n FROM (");
    push_looked_at(&mut statement, org, words);
    statement.push(") AS found");
    Ok(statement.one(tx).await?.int("n")? <= MAX_LOOKED_AT)
}

/// The first of those whose last name begins like `word`.
async fn last_named(
    tx: &mut Tx,
    org: OrganizationId,
    (word, words): (&str, &[String]),
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT * FROM patient WHERE organization_id = ").bind(org);
    push_begins(&mut statement, word);
    statement.and_named("name_sort", words);
    statement.push(&format!(" ORDER BY name_sort, seq LIMIT {limit}"));
    statement.all(tx).await
}

/// The first of those who are looked at.
async fn looked_at(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT * FROM patient WHERE organization_id = ").bind(org);
    statement.push(" AND seq IN (");
    push_looked_at(&mut statement, org, words);
    // No index holds these orders, so none is walked in search of the few.
    statement.push(") ORDER BY CASE");
    for word in words {
        statement.push(" WHEN 1 = 1");
        push_begins(&mut statement, word);
        statement.push(" THEN 0");
    }
    statement.push(&format!(" ELSE 1 END, name_sort || '', seq LIMIT {limit}"));
    statement.all(tx).await
}

fn push_looked_at(statement: &mut Statement, org: OrganizationId, words: &[String]) {
    statement.patients_named(org, words).push(&format!(" LIMIT {}", MAX_LOOKED_AT + 1));
}

/// Appends that the last name begins like `word`.
fn push_begins(statement: &mut Statement, word: &str) {
    statement.push(" AND name_sort >= ").bind(word);
    statement.push(" AND name_sort < ").bind(format!("{word}\u{10ffff}"));
}
