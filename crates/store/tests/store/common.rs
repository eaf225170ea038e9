//! What every test here needs: chance with a seed, statements that are to be refused, raw
//! connections that go around the program.

use almoner_store::db::{Db, Engine, StoreError, Value};
use almoner_store::testing::TestDb;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

/// How many times as many cases the long form of a test tries.
const SOAK_TIMES: usize = 20;

/// So many cases; many more in the long form.
#[expect(clippy::disallowed_methods, reason = "the environment says whether tests run long")]
pub(crate) fn cases(count: usize) -> usize {
    let long = std::env::var("ALMONER_SOAK").is_ok_and(|value| value == "1");
    if long { count * SOAK_TIMES } else { count }
}

/// Whether tests run in their long form.
pub(crate) fn is_long() -> bool {
    cases(1) > 1
}

/// Repeatable chance (the `SplitMix64` sequence).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From zero up to `bound`, which is not reached.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("bounds are small");
        usize::try_from(self.next() % bound).expect("bounds are small")
    }

    /// From `from` to `to`, both included.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from + 1).expect("the range is not empty");
        from + i64::try_from(self.next() % width).expect("ranges are small")
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// `count` of them, each once, in any order.
    pub(crate) fn some<T: Copy>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut rest = from.to_vec();
        (0..count.min(from.len())).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("the test writes a moment")
}

/// Runs one statement in a transaction of its own.
pub(crate) async fn run(
    db: &Db,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let touched = tx.execute(sql.into(), values).await?;
    tx.commit().await?;
    Ok(touched)
}

/// Runs one statement that the database must refuse for a reason that says `why`.
pub(crate) async fn run_refused(db: &Db, sql: &str, why: &str) {
    match run(db, sql, Vec::new()).await {
        Err(StoreError::Refused(reason)) => {
            assert!(reason.contains(why), "refused for {reason:?}, not for {why:?}: {sql}");
        }
        other => panic!("{other:?} instead of a refusal for {why:?}: {sql}"),
    }
}

/// One number that a statement selects as `n`.
pub(crate) async fn number(db: &Db, sql: &str) -> i64 {
    let mut tx = db.read().await.expect("there is a connection");
    let row = tx.one(sql.to_owned(), Vec::new()).await.expect("the statement runs");
    row.int("n").expect("it selects n")
}

/// One text that a statement selects as `t`.
pub(crate) async fn word(db: &Db, sql: &str) -> String {
    let mut tx = db.read().await.expect("there is a connection");
    let row = tx.one(sql.to_owned(), Vec::new()).await.expect("the statement runs");
    row.text("t").expect("it selects t")
}

/// A connection of the engine's own, past the program.
#[derive(Debug)]
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> Self {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let options = SqliteConnectOptions::new().filename(path);
            return Self::Sqlite(options.connect().await.expect("the file opens"));
        }
        Self::Postgres(PgConnection::connect(url).await.expect("the server answers"))
    }

    /// Runs statements as they are written, each kept at once unless one begins a transaction.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<u64, StoreError> {
        let raw = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        Ok(match self {
            Self::Sqlite(connection) => raw.execute(connection).await?.rows_affected(),
            Self::Postgres(connection) => raw.execute(connection).await?.rows_affected(),
        })
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
        .expect("the connection closes");
    }
}

/// Has a server do what it does by itself after a while: look at what its tables hold, and see that
/// all may see it. It does not see that of rows whose commit is not written down yet, as a server
/// for tests leaves it; a commit that waits for its own takes those before it along.
pub(crate) async fn settle(db: &TestDb) {
    if db.engine() == Engine::Postgres {
        let mut raw = Raw::connect(&db.url).await;
        for sql in [
            "SET synchronous_commit = on",
            "CREATE TEMPORARY TABLE written_down (it BIGINT)",
            "VACUUM ANALYZE",
        ] {
            raw.run(sql).await.expect("nothing else is at work");
        }
        raw.close().await;
    }
}

/// Takes a rule out of the database, as someone with all rights there could.
pub(crate) async fn drop_trigger(db: &Db, trigger: &str, table: &str) {
    let sql = match db.engine() {
        Engine::Sqlite => format!("DROP TRIGGER {trigger}"),
        Engine::Postgres => format!("DROP TRIGGER {trigger} ON {table}"),
    };
    run(db, sql, Vec::new()).await.expect("there is such a trigger");
}
