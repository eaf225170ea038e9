//! Rows that were read.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::StoreError;

/// A row that was read; its columns are asked for by name.
#[derive(Debug)]
pub struct Row(pub(super) RowOf);

#[derive(Debug)]
pub(super) enum RowOf {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident -> $kind:ty;)+) => {$(
        $(#[$doc])*
        pub fn $name(&self, column: &str) -> Result<$kind, StoreError> {
            Ok(match &self.0 {
                RowOf::Sqlite(row) => row.try_get(column)?,
                RowOf::Postgres(row) => row.try_get(column)?,
            })
        }
    )+};
}

impl Row {
    getters! {
        /// A whole number.
        int -> i64;
        /// A whole number that may be missing.
        opt_int -> Option<i64>;
        /// A text.
        text -> String;
        /// A text that may be missing.
        opt_text -> Option<String>;
        /// Bytes.
        bytes -> Vec<u8>;
        /// Bytes that may be missing.
        opt_bytes -> Option<Vec<u8>>;
    }

    /// A moment.
    pub fn time(&self, column: &str) -> Result<jiff::Timestamp, StoreError> {
        Ok(almoner_domain::time::from_micros(self.int(column)?))
    }

    /// A moment that may be missing.
    pub fn opt_time(&self, column: &str) -> Result<Option<jiff::Timestamp>, StoreError> {
        Ok(self.opt_int(column)?.map(almoner_domain::time::from_micros))
    }

    /// An amount.
    pub fn money(&self, column: &str) -> Result<almoner_domain::Money, StoreError> {
        self.int(column).map(almoner_domain::Money::from_cents)
    }

    /// An amount that may be missing.
    pub fn opt_money(&self, column: &str) -> Result<Option<almoner_domain::Money>, StoreError> {
        Ok(self.opt_int(column)?.map(almoner_domain::Money::from_cents))
    }

    /// A word that stands for one of a kind's values, such as a status.
    pub fn word<T>(
        &self,
        column: &str,
        from_name: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let name = self.text(column)?;
        from_name(&name).ok_or_else(|| StoreError::Corrupt(format!("{column} {name:?}")))
    }
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self(RowOf::Sqlite(row))
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self(RowOf::Postgres(row))
    }
}
