//! A transaction that writes, and what is counted when it is kept.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicI64, Ordering};

use metrics::Counter;
use sqlx::{Database, Transaction};

use super::gathered::Gathered;
use super::{StoreError, Tx};

/// Rows that hold a much-changed sum at a server. Each costs whoever reads it, so they are few.
const SHARDS: i64 = 4;
static NEXT_SHARD: AtomicI64 = AtomicI64::new(0);

/// A transaction that writes. It is undone unless committed.
#[derive(Debug)]
pub struct Writing<D: Database> {
    transaction: Transaction<'static, D>,
    counters: Vec<Counter>,
    /// Writes that are yet to be sent.
    pub(super) gathered: Vec<Gathered>,
    shard: i64,
}

impl<D: Database> Writing<D> {
    pub(super) fn begun(transaction: Transaction<'static, D>) -> Self {
        Self { transaction, counters: Vec::new(), gathered: Vec::new(), shard: 0 }
    }

    /// As [`Writing::begun`], beside others that write at the same time.
    pub(super) fn begun_beside_others(transaction: Transaction<'static, D>) -> Self {
        let shard = NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARDS;
        Self { shard, ..Self::begun(transaction) }
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await?;
        for counter in self.counters {
            counter.increment(1);
        }
        Ok(())
    }
}

impl<D: Database> Deref for Writing<D> {
    type Target = D::Connection;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl<D: Database> DerefMut for Writing<D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.transaction
    }
}

impl Tx {
    /// In which of the rows that hold a much-changed sum this transaction adds to it. At a server
    /// each takes the next, so that transactions at the same time wait for each other less; where
    /// one writes at a time there is one row.
    pub fn shard(&self) -> i64 {
        match self {
            Self::PostgresWrite(writing) => writing.shard,
            Self::SqliteWrite(_) | Self::SqliteRead(_) | Self::PostgresRead(_) => 0,
        }
    }

    /// Has something counted by one as soon as what is written is kept; what is undone counts
    /// nothing.
    pub fn count(&mut self, counter: Counter) {
        match self {
            Self::SqliteWrite(writing) => writing.counters.push(counter),
            Self::PostgresWrite(writing) => writing.counters.push(counter),
            Self::SqliteRead(_) | Self::PostgresRead(_) => counter.increment(1),
        }
    }
}
