//! Very many rows at once, written by each engine in its own fastest way.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use super::{Db, Rules, StoreError, Tx, Value, sqlite_query};

/// Rows of one statement of the embedded engine at most.
const STATEMENT_ROWS_MAX: usize = 200;
/// Parameters of one statement of the embedded engine at most, by its own limit of 32,766.
const STATEMENT_VALUES_MAX: usize = 32_000;
/// How much is handed to a server at once.
const PIECE_BYTES: usize = 256 * 1024;

/// A table, and the columns that its rows give in this order.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns; each of the others takes its default.
    pub columns: &'static [&'static str],
}

/// How much memory a server may take to make one index.
const INDEX_MEMORY: &str = "512MB";

/// What is laid aside while very many rows come, as statements that bring it back.
#[derive(Debug)]
pub struct Aside {
    rules: Rules,
    indexes: Vec<String>,
}

impl Aside {
    /// How many indexes there are to make again.
    pub fn indexes(&self) -> i64 {
        i64::try_from(self.indexes.len()).unwrap_or(i64::MAX)
    }
}

impl Tx {
    /// Adds rows to a table, whose values follow each other. Keys, checks and triggers hold as
    /// they do for any other row.
    ///
    /// # Panics
    /// When the values do not make whole rows, or the transaction only reads.
    pub async fn fill(&mut self, table: &Table, values: Vec<Value>) -> Result<(), StoreError> {
        self.fill_columns(table.name, table.columns, values).await
    }

    /// As [`Tx::fill`], for a table that the database described.
    pub(crate) async fn fill_columns(
        &mut self,
        table: &str,
        columns: &[&str],
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        let width = columns.len();
        assert!(values.len().is_multiple_of(width), "the values of {table} make rows");
        let columns = format!("\"{}\"", columns.join("\", \""));
        self.send_gathered().await?;
        match self {
            Self::SqliteWrite(_) => self.insert_many(table, (&columns, width), values).await,
            Self::PostgresWrite(connection) => {
                let sql = format!("COPY {table} ({columns}) FROM STDIN");
                let mut copy = connection.copy_in_raw(&sql).await?;
                let mut piece = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 8);
                for row in values.chunks(width) {
                    encode_row(&mut piece, row);
                    if piece.len() >= PIECE_BYTES {
                        copy.send(&*piece).await?;
                        piece.clear();
                    }
                }
                copy.send(&*piece).await?;
                copy.finish().await?;
                Ok(())
            }
            Self::SqliteRead(_) | Self::PostgresRead(_) => panic!("this transaction only reads"),
        }
    }

    async fn insert_many(
        &mut self,
        table: &str,
        (columns, width): (&str, usize),
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        let Self::SqliteWrite(connection) = self else { return Ok(()) };
        let most = STATEMENT_ROWS_MAX.min(STATEMENT_VALUES_MAX / width) * width;
        let mut left = values.len();
        let mut values = values.into_iter();
        let mut statement = (0, AssertSqlSafe(String::new()).into_sql_str());
        while left > 0 {
            let count = left.min(most);
            if statement.0 != count {
                let row = format!("({})", vec!["?"; width].join(", "));
                let rows = vec![&*row; count / width].join(", ");
                let sql = format!("INSERT INTO {table} ({columns}) VALUES {rows}");
                statement = (count, AssertSqlSafe(sql).into_sql_str());
            }
            let piece: Vec<Value> = values.by_ref().take(count).collect();
            sqlite_query(statement.1.clone(), piece).execute(&mut **connection).await?;
            left -= count;
        }
        Ok(())
    }

    /// Lays aside what costs much for each of very many rows and little for all of them: the
    /// tables' indexes that only make questions faster (those of keys stay), and the rules of
    /// [`Tx::lay_rules_aside`]. Until the transaction ends nobody else can use the tables of a
    /// server.
    pub async fn lay_aside(&mut self, tables: &[&str]) -> Result<Aside, StoreError> {
        let rules = self.lay_rules_aside().await?;
        Ok(Aside { rules, indexes: self.drop_indexes(tables).await? })
    }

    async fn drop_indexes(&mut self, tables: &[&str]) -> Result<Vec<String>, StoreError> {
        let sql = match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => {
                "SELECT name, tbl_name AS owner, sql AS definition FROM sqlite_master
                WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE%'
                ORDER BY name"
            }
            Self::PostgresWrite(_) | Self::PostgresRead(_) => {
                "SELECT CAST(indexname AS TEXT) AS name, CAST(tablename AS TEXT) AS owner,
                    regexp_replace(indexdef, ' ON ONLY ', ' ON ') AS definition FROM pg_indexes
                WHERE schemaname = current_schema() AND indexdef NOT LIKE 'CREATE UNIQUE%'
                ORDER BY indexname"
            }
        };
        let rows = self.all(sql, Vec::new()).await?;
        let mut definitions = Vec::with_capacity(rows.len());
        for row in &rows {
            let owner = row.text("owner")?;
            if !tables.contains(&&*owner) {
                continue;
            }
            self.execute(format!("DROP INDEX {}", row.text("name")?), Vec::new()).await?;
            definitions.push(row.text("definition")?);
        }
        Ok(definitions)
    }

    /// Lets a server look at what the tables hold by now. It plans what it does for each row when
    /// it does it first, and of an empty table it takes any index for as good as another.
    pub async fn look_at(&mut self, tables: &[&str]) -> Result<(), StoreError> {
        if matches!(self, Self::PostgresWrite(_)) {
            let names: BTreeSet<&str> = tables.iter().copied().collect();
            let names: Vec<&str> = names.into_iter().collect();
            self.execute(format!("ANALYZE {}", names.join(", ")), Vec::new()).await?;
        }
        Ok(())
    }

    /// Brings back what was laid aside. Rules that are proved are proved for all rows.
    pub async fn put_back(&mut self, aside: Aside) -> Result<(), StoreError> {
        if matches!(self, Self::PostgresWrite(_)) {
            let sql = format!("SET LOCAL maintenance_work_mem = '{INDEX_MEMORY}'");
            self.execute(sql, Vec::new()).await?;
        }
        for definition in aside.indexes {
            self.execute(definition, Vec::new()).await?;
        }
        self.put_rules_back(aside.rules).await
    }
}

impl Db {
    /// Brings what the engine knows of its tables up to date after very many rows were added; an
    /// embedded engine plans without.
    pub async fn settle(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres(pool, _) => {
                sqlx::raw_sql("VACUUM (ANALYZE)").execute(pool).await?;
                Ok(())
            }
        }
    }

    /// How much room the database takes on disk.
    pub async fn size_bytes(&self) -> Result<i64, StoreError> {
        let sql = match self {
            Self::Sqlite { .. } => {
                "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"
            }
            Self::Postgres(..) => "SELECT pg_database_size(current_database()) AS bytes",
        };
        self.read().await?.one(sql, Vec::new()).await?.int("bytes")
    }
}

/// Appends a row in the server's text format: columns parted by tabs, ended by a new line.
fn encode_row(piece: &mut Vec<u8>, row: &[Value]) {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            piece.push(b'\t');
        }
        match value {
            Value::Int(Some(number)) => piece.extend_from_slice(number.to_string().as_bytes()),
            Value::Text(Some(text)) => encode_text(piece, text),
            Value::Bytes(Some(bytes)) => {
                piece.extend_from_slice(b"\\\\x");
                let hex = almoner_domain::text::hex(bytes);
                piece.extend_from_slice(hex.as_bytes());
            }
            Value::Int(None) | Value::Text(None) | Value::Bytes(None) => {
                piece.extend_from_slice(b"\\N");
            }
        }
    }
    piece.push(b'\n');
}

fn encode_text(piece: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'\\' => piece.extend_from_slice(b"\\\\"),
            b'\t' => piece.extend_from_slice(b"\\t"),
            b'\n' => piece.extend_from_slice(b"\\n"),
            b'\r' => piece.extend_from_slice(b"\\r"),
            _ => piece.push(byte),
        }
    }
}
