//! The patients whom words name, as far as they are looked at: all of a few, some of very many.

use almoner_domain::OrganizationId;

use crate::db::{StoreError, Tx};
use crate::statement::{NumberSet, Statement};

/// Patients who are looked at.
pub(crate) const MAX_NAMED: i64 = 2_000;

/// Patients whom words name.
#[derive(Debug)]
pub(crate) struct Named {
    /// Those who were looked at.
    pub(crate) patients: NumberSet,
    /// Whether those are all.
    pub(crate) is_all: bool,
}

/// Looks at the patients whose name has all the words.
pub(crate) async fn named(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
) -> Result<Named, StoreError> {
    // The words that begin like a single one are told by an index for next to nothing.
    if let [word] = words {
        let found = look(tx, |query| {
            query.words_beginning(org, word);
        })
        .await?;
        if !found.is_all {
            return Ok(found);
        }
    }
    look(tx, |query| {
        query.patients_named(org, words);
    })
    .await
}

/// Looks at those whose numbers a query brings.
async fn look(tx: &mut Tx, query: impl FnOnce(&mut Statement)) -> Result<Named, StoreError> {
    let mut statement = tx.name_statement();
    statement.push("SELECT CAST(coalesce(sum(s.met), 0) AS BIGINT) AS met, ");
    statement.push(tx.collected_numbers()).push(" AS patients");
    // A patient may be met twice, by two words of the name.
    statement.push(" FROM (SELECT seq, count(*) AS met FROM (");
    query(&mut statement);
    statement.push(&format!(" LIMIT {}", MAX_NAMED + 1));
    statement.push(") AS l GROUP BY seq) AS s");
    let row = statement.one(tx).await?;
    Ok(Named {
        patients: tx.number_set(row.text("patients")?),
        is_all: row.int("met")? <= MAX_NAMED,
    })
}
