//! Patients who are offered while a name is typed, as fast among a million as among ten.

use almoner_domain::{OrganizationId, PatientId};

use crate::db::{Row, StoreError, Tx};
use crate::named::named;
use crate::patients::{self, Patient};
use crate::statement::{NumberSet, Statement};

/// At most `limit` patients whose name has all the words, and none without words: first those whose
/// last name begins like one of them, each group by name. Where very many match, the first ones of
/// the second group may be passed over: whoever looks for them has to type on anyway.
pub async fn suggest(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
    limit: usize,
) -> Result<Vec<Patient>, StoreError> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let named = named(tx, org, words).await?;
    let mut rows = Vec::new();
    if !named.is_all {
        for word in words {
            rows.extend(last_named(tx, org, (word, words), limit).await?);
        }
    }
    if rows.len() < limit {
        let limit = limit + rows.len();
        rows.extend(looked_at(tx, org, (&named.patients, words), limit).await?);
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
    (patients, words): (&NumberSet, &[String]),
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT * FROM patient WHERE organization_id = ").bind(org);
    statement.and_in("seq", patients);
    // No index holds these orders, so none is walked in search of the few.
    statement.push(" ORDER BY CASE");
    for word in words {
        statement.push(" WHEN 1 = 1");
        push_begins(&mut statement, word);
        statement.push(" THEN 0");
    }
    statement.push(&format!(" ELSE 1 END, name_sort || '', seq LIMIT {limit}"));
    statement.all(tx).await
}

/// Appends that the last name begins like `word`.
fn push_begins(statement: &mut Statement, word: &str) {
    statement.push(" AND name_sort >= ").bind(word);
    statement.push(" AND name_sort < ").bind(format!("{word}\u{10ffff}"));
}
