//! How a database is opened, and with which limits.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Db, StoreError};

/// Connections that read at the same time from an embedded database.
pub(super) const EMBEDDED_READERS: u32 = 4;
/// Connections to a database server.
const SERVER_CONNECTIONS: u32 = 20;
/// How long a request waits for a connection or for another writer.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// The same at a server, in its own words: a lock that is held longer, as by somebody who brings a
/// whole clinic in, must not keep all connections waiting.
const LOCK_TIMEOUT: &str = "10s";
/// Statements that each connection to a server keeps prepared: all that a working day needs.
const STATEMENTS_KEPT: usize = 300;
/// Pages of the write-ahead log after which it is folded into the file.
const CHECKPOINT_PAGES: &str = "4000";
/// Rows that an embedded database reads ahead of whoever takes them: a page has them all at once,
/// without its threads waiting for each other.
const ROWS_AHEAD: usize = 256;
/// How much of a draft is kept in memory while it is filled: 256 MiB.
const DRAFT_CACHE_KIB: &str = "-262144";

/// How safely an embedded database writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What is acknowledged survives a power cut. For everything that is real.
    Full,
    /// As fast as it goes; for filling a file that is thrown away when the machine stops.
    Scratch,
    /// Nothing can be undone; for very many rows in a file that is thrown away unless all of them
    /// were written.
    Draft,
}

/// Whether an address is a server's.
pub(super) fn is_server(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// How a server at that address is met.
pub(super) fn server_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Address("The postgres:// address is not readable.".into()))?;
    // A page's statement is long and reads little: compiling it takes longer than that.
    let options = options.options([("jit", "off"), ("lock_timeout", LOCK_TIMEOUT)]);
    Ok(options.application_name("almoner").statement_cache_capacity(STATEMENTS_KEPT))
}

/// The connections to a server, each waited for at most so long.
pub(super) fn server_pool(acquire_timeout: Duration) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(SERVER_CONNECTIONS)
        .acquire_timeout(acquire_timeout)
        .test_before_acquire(false)
}

impl Db {
    /// Opens the database at `sqlite://path` or `postgres://…`; an embedded one is made when it
    /// is missing.
    ///
    /// # Errors
    /// [`StoreError::Address`] for an unusable address, [`StoreError::Unavailable`] when there
    /// is no answer.
    pub async fn open(url: &str, durability: Durability) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Self::open_embedded(Path::new(path), durability).await;
        }
        if !is_server(url) {
            let message = "The database must be sqlite://PATH or postgres://USER@HOST/NAME.";
            return Err(StoreError::Address(message.to_owned()));
        }
        let pool = server_pool(ACQUIRE_TIMEOUT).connect_with(server_options(url)?).await;
        Ok(Self::Postgres(pool.map_err(StoreError::Unavailable)?, None))
    }

    async fn open_embedded(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(match durability {
                Durability::Full | Durability::Scratch => SqliteJournalMode::Wal,
                Durability::Draft => SqliteJournalMode::Off,
            })
            .synchronous(match durability {
                Durability::Full => SqliteSynchronous::Full,
                Durability::Scratch | Durability::Draft => SqliteSynchronous::Off,
            })
            .foreign_keys(true)
            .busy_timeout(ACQUIRE_TIMEOUT)
            .row_buffer_size(ROWS_AHEAD)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let options = match durability {
            Durability::Full | Durability::Scratch => options,
            Durability::Draft => options.pragma("cache_size", DRAFT_CACHE_KIB),
        };
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(|error| {
            let place = path.display();
            match error {
                sqlx::Error::Database(told) => {
                    StoreError::Address(format!("Cannot open {place}: {}.", told.message()))
                }
                other => StoreError::Unavailable(other),
            }
        })?;
        let readers = pool(EMBEDDED_READERS).connect_with(options).await?;
        Ok(Self::Sqlite { writer, readers })
    }
}
