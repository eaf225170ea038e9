//! Writes that nothing waits for, sent to a server in one go.
//!
//! A change of a payment writes a dozen rows beside its own. Sent one by one, each is a round trip
//! during which all rows before it stay locked. So a transaction gathers such writes, and sends
//! them as one statement, a chain of `WITH`, before whatever it reads next and before it commits.
//! The embedded engine has nothing to wait for and runs each at once.
//!
//! The parts of one statement do not see each other's rows, and no row may be changed by two of
//! them. Hence only statements may be gathered whose triggers look at no rows that were gathered
//! before; that they name no table which one before them changes is looked after here. Foreign
//! keys are proved at the statement's end, when all rows are there.

use std::fmt::Write as _;

use sqlx::Row as _;

use super::{Sql, StoreError, Tx, Value, postgres_query};

/// The most statements that are sent as one. It bounds what a server has to keep of them.
const GATHERED_MAX: usize = 24;

/// How many rows a statement is to touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touches {
    /// So many; anything else means that the program's picture of the data was wrong.
    Exactly(u64),
    /// As many as there are.
    Any,
}

impl Touches {
    fn check(self, touched: u64) {
        if let Self::Exactly(rows) = self {
            assert_eq!(touched, rows, "the statement was to touch so many rows");
        }
    }
}

/// A statement that waits to be sent.
#[derive(Debug)]
pub(super) struct Gathered {
    sql: Sql,
    values: Vec<Value>,
    touches: Touches,
}

impl Gathered {
    fn text(&self) -> &str {
        self.sql.0.as_str()
    }

    /// The tables that it names, first the one that it changes.
    fn tables(&self) -> impl Iterator<Item = &str> {
        let words = self.text().split_whitespace();
        let after = words.clone().skip(1);
        let named = words.zip(after).filter(|(word, table)| {
            matches!(*word, "INTO" | "UPDATE" | "FROM" | "JOIN") && *table != "SET"
        });
        named.map(|(_, table)| table)
    }

    /// Whether all it does is to add rows.
    fn only_adds(&self) -> bool {
        self.text().starts_with("INSERT") && !self.text().contains("ON CONFLICT")
    }

    /// Whether it does the same when it does not see what an earlier one did. Several may add rows
    /// to the same table.
    fn goes_with(&self, earlier: &Self) -> bool {
        let changed = earlier.tables().next();
        let mut named = self.tables();
        let own = named.next();
        let both_add = self.only_adds() && earlier.only_adds();
        (own != changed || both_add) && named.all(|table| Some(table) != changed)
    }
}

/// Several statements in the making of one.
#[derive(Default)]
struct Chain {
    parts: String,
    told: String,
    values: Vec<Value>,
}

impl Chain {
    /// Appends a statement under a name, and what is told of it.
    fn push(&mut self, name: &str, (sql, values): (&str, Vec<Value>), told: &str) {
        let (before, comma) = if self.parts.is_empty() { ("WITH ", "") } else { (", ", ", ") };
        let _ = write!(self.parts, "{before}{name} AS (");
        push_renumbered(&mut self.parts, sql, self.values.len());
        self.parts.push(')');
        let _ = write!(self.told, "{comma}(SELECT {told} FROM {name}) AS {name}");
        self.values.extend(values);
    }

    fn of(gathered: Vec<Gathered>) -> Self {
        let mut chain = Self::default();
        for (index, part) in gathered.into_iter().enumerate() {
            let sql = format!("{} RETURNING 1", part.text());
            chain.push(&format!("w{index}"), (&sql, part.values), "count(*)");
        }
        chain
    }

    /// The statement. What is told of a part is asked for in its turn, which is what makes the
    /// parts run, and their rows be locked, in the order in which they were gathered.
    fn end(self) -> (Sql, Vec<Value>) {
        (format!("{} SELECT {}", self.parts, self.told).into(), self.values)
    }
}

/// Appends a statement whose parameters come after so many others.
fn push_renumbered(text: &mut String, sql: &str, before: usize) {
    let mut pieces = sql.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let end = piece.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(piece.len());
        let number: usize = piece[..end].parse().expect("a parameter has a number");
        let _ = write!(text, "${}{}", number + before, &piece[end..]);
    }
}

impl Tx {
    /// Runs a statement of which only the number of rows matters, at the latest before what is
    /// read next. Its errors come by then, or from [`Tx::commit`].
    ///
    /// # Panics
    /// As [`Tx::execute_one`], by then.
    pub async fn gather(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
        touches: Touches,
    ) -> Result<(), StoreError> {
        let sql = sql.into();
        let Self::PostgresWrite(writing) = self else {
            touches.check(self.execute(sql, values).await?);
            return Ok(());
        };
        let new = Gathered { sql, values, touches };
        let goes_along = writing.gathered.iter().all(|earlier| new.goes_with(earlier));
        if !goes_along || writing.gathered.len() >= GATHERED_MAX {
            self.send_gathered().await?;
        }
        if let Self::PostgresWrite(writing) = self {
            writing.gathered.push(new);
        }
        Ok(())
    }

    /// [`Tx::gather`] for a statement that must touch exactly one row.
    pub async fn gather_one(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        self.gather(sql, values, Touches::Exactly(1)).await
    }

    /// The number that a statement returns which changes a row. What was gathered goes along with
    /// it, and before it.
    pub async fn changed_int(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        column: &'static str,
    ) -> Result<i64, StoreError> {
        let last = Gathered { sql: sql.into(), values, touches: Touches::Exactly(1) };
        let gathered = match self {
            Self::PostgresWrite(writing) => std::mem::take(&mut writing.gathered),
            Self::SqliteWrite(_) | Self::SqliteRead(_) | Self::PostgresRead(_) => Vec::new(),
        };
        if gathered.is_empty() {
            return self.one(last.sql, last.values).await?.int(column);
        }
        let touches = touches(&gathered);
        let is_free = gathered.iter().all(|earlier| last.goes_with(earlier));
        let mut chain = Chain::of(gathered);
        if !is_free {
            self.send(chain, &touches).await?;
            return self.one(last.sql, last.values).await?.int(column);
        }
        chain.push("told", (sql, last.values), column);
        self.send(chain, &touches).await?.int("told")
    }

    /// Sends what waits.
    pub(super) async fn send_gathered(&mut self) -> Result<(), StoreError> {
        let Self::PostgresWrite(writing) = self else { return Ok(()) };
        let gathered = std::mem::take(&mut writing.gathered);
        if !gathered.is_empty() {
            let touches = touches(&gathered);
            self.send(Chain::of(gathered), &touches).await?;
        }
        Ok(())
    }

    async fn send(&mut self, chain: Chain, expected: &[Touches]) -> Result<super::Row, StoreError> {
        let Self::PostgresWrite(writing) = self else { panic!("only a server is sent a chain") };
        let (sql, values) = chain.end();
        let row = postgres_query(sql.0, values).fetch_one(&mut **writing).await?;
        for (index, rows) in expected.iter().enumerate() {
            let touched: i64 = row.try_get(index)?;
            rows.check(touched.unsigned_abs());
        }
        Ok(row.into())
    }
}

fn touches(gathered: &[Gathered]) -> Vec<Touches> {
    gathered.iter().map(|part| part.touches).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    fn gathered(sql: &'static str) -> Gathered {
        Gathered { sql: sql.into(), values: params![1_i64, 2_i64], touches: Touches::Any }
    }

    #[test]
    fn statements_become_one_with_their_own_parameters() {
        let first = "INSERT INTO note (a, b) VALUES ($1, $2)";
        let second = "UPDATE payment SET a = $2 WHERE b = $1";
        let mut chain = Chain::of(vec![gathered(first), gathered(second)]);
        let last = ("INSERT INTO counter (a) VALUES ($1) RETURNING last", params![3_i64]);
        chain.push("told", last, "last");
        let (sql, values) = chain.end();
        let expected = "WITH w0 AS (INSERT INTO note (a, b) VALUES ($1, $2) RETURNING 1), \
            w1 AS (UPDATE payment SET a = $4 WHERE b = $3 RETURNING 1), \
            told AS (INSERT INTO counter (a) VALUES ($5) RETURNING last) \
            SELECT (SELECT count(*) FROM w0) AS w0, (SELECT count(*) FROM w1) AS w1, \
            (SELECT last FROM told) AS told";
        assert_eq!((sql.0.as_str(), values.len()), (expected, 5));
    }

    #[test]
    fn statements_go_together_unless_one_would_have_to_see_the_other() {
        let add = gathered("INSERT INTO payment (a) VALUES ($1)");
        let change = gathered("UPDATE payment SET a = $1");
        let count = gathered("INSERT INTO sum (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET n = 1");
        let copy = gathered("INSERT INTO copy (a) SELECT a FROM payment JOIN sum ON true");
        assert!(add.goes_with(&add) && change.goes_with(&count) && count.goes_with(&change));
        assert!(!change.goes_with(&add) && !add.goes_with(&change) && !change.goes_with(&change));
        assert!(!count.goes_with(&count));
        assert!(!copy.goes_with(&add) && !copy.goes_with(&count) && add.goes_with(&copy));
        assert!(copy.goes_with(&copy), "neither reads what the other adds");
    }
}
