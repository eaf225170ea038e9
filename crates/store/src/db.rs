//! The one place that names a database engine.
//!
//! Both engines run the very same SQL text with `$1`-style parameters; what differs (how a
//! write begins, how a row is locked, how an error is told) is here, the schema's own dialect
//! in `migrations/`. To support a further engine, add a variant to [`Db`], [`Tx`] and [`Row`]
//! and a folder of migrations, and let the tests run on it.

use std::sync::Arc;

use sqlx::error::ErrorKind;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgPool};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{AssertSqlSafe, Connection as _, Postgres, SqlSafeStr, SqlStr, Sqlite};

pub use crate::value::Value;
mod bulk;
mod copying;
mod gathered;
mod opening;
mod partitions;
mod pools;
mod replica;
mod row;
mod schema;
#[cfg(feature = "testing")]
pub mod testing;
mod writing;

pub use bulk::{Aside, Table};
pub use copying::{Age, Kind, Rules, Shape, schema_version};
pub use gathered::Touches;
pub use opening::Durability;
pub use pools::PoolState;
pub use replica::{Position, Replica};
pub use row::Row;
pub use writing::Writing;

use opening::{ACQUIRE_TIMEOUT, EMBEDDED_READERS};
use pools::{READERS, SERVER, WRITER, waited};
use schema::migrations;
#[cfg(feature = "testing")]
pub(crate) use schema::schema_mark;

use crate::statement::{NumberSet, Statement};

/// What can go wrong at the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached now; the same request may go through later.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// A rule of the schema refused the change.
    #[error("the database refused the change: {0}")]
    Refused(String),
    /// A row with this key exists already.
    #[error("the row exists already: {0}")]
    Duplicate(String),
    /// The address of the database is unusable.
    #[error("{0}")]
    Address(String),
    /// The database cannot be made or used in the way that was asked for.
    #[error("{0}")]
    Unfit(String),
    /// The schema could not be brought to this version.
    #[error("the database could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored value is not what the program wrote.
    #[error("the stored {0} is not readable")]
    Corrupt(String),
    /// Anything else.
    #[error("the database answered with an error")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(told) => {
                // SQLite tells of a trigger's refusal by its own code.
                let trigger = told.code().is_some_and(|code| code == "1811");
                let away = told.code().is_some_and(|code| {
                    let classes = ["08", "40", "55P03", "57P"];
                    classes.iter().any(|class| code.starts_with(class)) || code == "5"
                });
                // Kept rows tell by a trigger that they are there already.
                let there = trigger && told.message().ends_with("exists already");
                match told.kind() {
                    ErrorKind::Other if there => Self::Duplicate(told.message().to_owned()),
                    ErrorKind::UniqueViolation => Self::Duplicate(told.message().to_owned()),
                    ErrorKind::Other if trigger => Self::Refused(told.message().to_owned()),
                    ErrorKind::Other if away => Self::Unavailable(error),
                    ErrorKind::Other => Self::Other(error),
                    _ => Self::Refused(told.message().to_owned()),
                }
            }
            _ => Self::Other(error),
        }
    }
}

/// A database: embedded in the program, or a server.
#[derive(Debug, Clone)]
pub enum Db {
    /// SQLite: one writer at a time, readers beside it.
    Sqlite {
        /// The connection that writes.
        writer: SqlitePool,
        /// The connections that read.
        readers: SqlitePool,
    },
    /// PostgreSQL, and where else is read.
    Postgres(PgPool, Option<Arc<Replica>>),
}

/// Which engine a database runs on, for people and for tests of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Db {
    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(..) => Engine::Postgres,
        }
    }

    /// Brings the schema to this version; safe to call from several servers at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = Migrator::with_migrations(migrations(self.engine()));
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgres(pool, _) => {
                // Whoever comes while another server migrates waits for it to end.
                let mut connection = pool.acquire().await?.detach();
                sqlx::raw_sql("SET lock_timeout = 0").execute(&mut connection).await?;
                migrator.run(&mut connection).await?;
                connection.close().await?;
            }
        }
        crate::fill::payer_keys(self).await
    }

    /// Brings an empty database to an earlier version of the schema, for tests of what follows it.
    #[cfg(feature = "testing")]
    pub async fn migrate_up_to(&self, version: i64) -> Result<(), StoreError> {
        let mut steps = migrations(self.engine());
        steps.retain(|step| step.version <= version);
        let migrator = Migrator::with_migrations(steps);
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgres(pool, _) => migrator.run(pool).await?,
        }
        Ok(())
    }

    /// Begins a transaction that writes. It is undone unless committed.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                let begun = waited(WRITER, writer.begin_with("BEGIN IMMEDIATE")).await?;
                Tx::SqliteWrite(Writing::begun(begun))
            }
            Self::Postgres(pool, _) => {
                let begun = waited(SERVER, pool.begin()).await?;
                Tx::PostgresWrite(Writing::begun_beside_others(begun))
            }
        })
    }

    /// A connection that only reads; each statement sees what is committed by then. It never goes
    /// to a replica, which [`Db::read_since`] does.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                Tx::SqliteRead(waited(READERS, readers.acquire()).await?)
            }
            Self::Postgres(pool, _) => Tx::PostgresRead(waited(SERVER, pool.acquire()).await?),
        })
    }

    /// Closes all connections; an embedded database folds its log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool, replica) => {
                if let Some(replica) = replica {
                    replica.close().await;
                }
                pool.close().await;
            }
        }
    }
}

/// A connection in use: a transaction that writes, or a connection that reads.
#[derive(Debug)]
pub enum Tx {
    /// Writing to SQLite.
    SqliteWrite(Writing<Sqlite>),
    /// Reading from SQLite.
    SqliteRead(PoolConnection<Sqlite>),
    /// Writing to PostgreSQL.
    PostgresWrite(Writing<Postgres>),
    /// Reading from PostgreSQL.
    PostgresRead(PoolConnection<Postgres>),
}

fn sqlite_query(sql: SqlStr, values: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

fn postgres_query(sql: SqlStr, values: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// Calls one method of a query on whichever connection is in use.
macro_rules! run {
    ($tx:expr, $sql:expr, $values:expr, $method:ident) => {
        match $tx {
            Tx::SqliteWrite(c) => {
                sqlite_query($sql, $values).$method(&mut **c).await.map(Into::into)
            }
            Tx::SqliteRead(c) => {
                sqlite_query($sql, $values).$method(&mut **c).await.map(Into::into)
            }
            Tx::PostgresWrite(c) => {
                postgres_query($sql, $values).$method(&mut **c).await.map(Into::into)
            }
            Tx::PostgresRead(c) => {
                postgres_query($sql, $values).$method(&mut **c).await.map(Into::into)
            }
        }
    };
}

struct Rows(Vec<Row>);
struct MaybeRow(Option<Row>);
struct Affected(u64);

impl<R: Into<Row>> From<Vec<R>> for Rows {
    fn from(rows: Vec<R>) -> Self {
        Self(rows.into_iter().map(Into::into).collect())
    }
}

impl<R: Into<Row>> From<Option<R>> for MaybeRow {
    fn from(row: Option<R>) -> Self {
        Self(row.map(Into::into))
    }
}

impl From<sqlx::sqlite::SqliteQueryResult> for Affected {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for Affected {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl Tx {
    /// All rows that a statement returns.
    pub async fn all(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.send_gathered().await?;
        let sql = sql.into().0;
        let rows: Result<Rows, sqlx::Error> = run!(self, sql, values, fetch_all);
        Ok(rows?.0)
    }

    /// The first row that a statement returns, if any.
    pub async fn optional(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        self.send_gathered().await?;
        let sql = sql.into().0;
        let row: Result<MaybeRow, sqlx::Error> = run!(self, sql, values, fetch_optional);
        Ok(row?.0)
    }

    /// The row that a statement always returns.
    pub async fn one(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Row, StoreError> {
        self.optional(sql, values).await?.ok_or(StoreError::Other(sqlx::Error::RowNotFound))
    }

    /// Runs a statement and tells how many rows it touched.
    pub async fn execute(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        self.send_gathered().await?;
        let sql = sql.into().0;
        let done: Result<Affected, sqlx::Error> = run!(self, sql, values, execute);
        Ok(done?.0)
    }

    /// Runs a statement that must touch exactly one row.
    ///
    /// # Panics
    /// When it touched another number of rows: the program's picture of the data was wrong, and
    /// going on would lose or double something.
    pub async fn execute_one(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        let touched = self.execute(sql, values).await?;
        assert_eq!(touched, 1, "the statement was to touch one row");
        Ok(())
    }

    /// What to append to a `SELECT` so that its rows stay as they are until the commit.
    pub fn lock(&self) -> &'static str {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => "",
            Self::PostgresWrite(_) | Self::PostgresRead(_) => " FOR NO KEY UPDATE",
        }
    }

    /// What to append to a `SELECT` as [`Tx::lock`], for one that leaves out the rows that
    /// somebody else holds.
    pub fn lock_free(&self) -> &'static str {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => "",
            Self::PostgresWrite(_) | Self::PostgresRead(_) => " FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// What to append to each branch of a merge of which at most so many rows are read. A server
    /// plans for the rows that it is told of; the embedded engine collects whatever has a limit.
    pub(crate) fn branch_limit(&self, rows: i64) -> String {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => String::new(),
            Self::PostgresWrite(_) | Self::PostgresRead(_) => format!(" LIMIT {rows}"),
        }
    }

    /// A statement that finds names in the engine's own way.
    pub(crate) fn name_statement(&self) -> Statement {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => Statement::of_letters(true),
            Self::PostgresWrite(_) | Self::PostgresRead(_) => Statement::of_letters(false),
        }
    }

    /// All numbers of `s.seq` as the text that [`Tx::number_set`] takes.
    pub(crate) fn collected_numbers(&self) -> &'static str {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => "json_group_array(s.seq)",
            Self::PostgresWrite(_) | Self::PostgresRead(_) => {
                "coalesce(CAST(array_agg(s.seq) AS TEXT), '{}')"
            }
        }
    }

    /// A set of numbers that were collected so. It is bound as one value, so that the statement is
    /// the same for all sets.
    pub(crate) fn number_set(&self, numbers: String) -> NumberSet {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => NumberSet {
                before: " IN (SELECT value FROM json_each(",
                value: numbers,
                after: "))",
            },
            Self::PostgresWrite(_) | Self::PostgresRead(_) => {
                NumberSet { before: " = ANY (CAST(", value: numbers, after: " AS BIGINT[]))" }
            }
        }
    }

    /// Keeps what was written.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.send_gathered().await?;
        match self {
            Self::SqliteWrite(tx) => tx.commit().await?,
            Self::PostgresWrite(tx) => tx.commit().await?,
            Self::SqliteRead(_) | Self::PostgresRead(_) => {}
        }
        Ok(())
    }
}

/// The text of a statement. It never holds what a person typed; that is bound.
#[derive(Debug)]
pub struct Sql(SqlStr);

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(text.into_sql_str())
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self(AssertSqlSafe(text).into_sql_str())
    }
}
