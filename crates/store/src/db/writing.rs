//! A transaction that writes, and what is counted when it is kept.

use std::ops::{Deref, DerefMut};

use metrics::Counter;
use sqlx::{Database, Transaction};

use super::{StoreError, Tx};

/// A transaction that writes. It is undone unless committed.
#[derive(Debug)]
pub struct Writing<D: Database> {
    transaction: Transaction<'static, D>,
    counters: Vec<Counter>,
}

impl<D: Database> Writing<D> {
    pub(super) fn begun(transaction: Transaction<'static, D>) -> Self {
        Self { transaction, counters: Vec::new() }
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
