//! The connections of a database, as those see them who watch the program.

use std::future::Future;

use almoner_domain::ambient::Stopwatch;
use metrics::{counter, histogram};
use sqlx::{Database, Pool};

use super::{Db, StoreError};

/// The connection that writes to an embedded database.
pub(super) const WRITER: &str = "writer";
/// The connections that read from it.
pub(super) const READERS: &str = "readers";
/// The connections to a database server.
pub(super) const SERVER: &str = "server";

/// The connections to its replica.
pub(super) const REPLICA: &str = "replica";

/// How the connections of a pool stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// `writer` and `readers`, or `server` and perhaps `replica`.
    pub name: &'static str,
    /// Connections that somebody works with.
    pub used: u32,
    /// Connections that are open and free.
    pub idle: u32,
    /// The most that are opened.
    pub max: u32,
}

impl PoolState {
    fn of<D: Database>(name: &'static str, pool: &Pool<D>) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        let used = pool.size().saturating_sub(idle);
        Self { name, used, idle, max: pool.options().get_max_connections() }
    }
}

impl Db {
    /// How each pool stands now.
    pub fn pools(&self) -> Vec<PoolState> {
        match self {
            Self::Sqlite { writer, readers } => {
                vec![PoolState::of(WRITER, writer), PoolState::of(READERS, readers)]
            }
            Self::Postgres(pool, replica) => {
                let replica = replica.iter().map(|replica| PoolState::of(REPLICA, replica.pool()));
                std::iter::once(PoolState::of(SERVER, pool)).chain(replica).collect()
            }
        }
    }
}

/// Waits for a connection, and for the turn to write, and tells how long it took. The wait is
/// kept apart, so that whatever waits so does not grow by it.
pub(super) fn waited<T>(
    pool: &'static str,
    wait: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> impl Future<Output = Result<T, StoreError>> + Send {
    let wait = Box::pin(wait);
    async move {
        let watch = Stopwatch::start();
        let got = wait.await;
        histogram!("almoner_database_wait_seconds", "pool" => pool).record(watch.elapsed());
        if got.is_err() {
            counter!("almoner_database_wait_failures_total", "pool" => pool).increment(1);
        }
        Ok(got?)
    }
}
