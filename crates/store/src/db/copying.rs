//! What a copy of a whole database needs: the tables as they are, a moment that stays, rows as a
//! stream, and rules that are laid aside while rows come that have been through them before.

use std::path::Path;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::row::RowOf;
use super::{
    ACQUIRE_TIMEOUT, Db, EMBEDDED_READERS, Row, Sql, StoreError, Tx, Value, Writing, migrations,
    postgres_query, sqlite_query,
};

/// Has a transaction on a server wait for locks as long as it takes.
const WAIT_FOR_LOCKS: &str = "SET LOCAL lock_timeout = 0";

/// What the columns of a table hold; there are no other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Int,
    /// Texts.
    Text,
    /// Bytes.
    Bytes,
}

impl Kind {
    fn named(name: &str) -> Result<Self, StoreError> {
        match name {
            "bigint" | "BIGINT" | "INTEGER" => Ok(Self::Int),
            "text" | "TEXT" => Ok(Self::Text),
            "bytea" | "BLOB" => Ok(Self::Bytes),
            other => Err(StoreError::Corrupt(format!("kind of column {other:?}"))),
        }
    }
}

/// A table as the database itself describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<(String, Kind)>,
    /// The columns of its key, in order.
    pub key: Vec<String>,
}

/// Rules that were laid aside, as statements that put them back.
#[derive(Debug)]
pub struct Rules(Vec<String>);

impl Db {
    /// Opens a file that is only read, and left as it is to the last byte.
    pub async fn open_file(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(EMBEDDED_READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|error| match error {
                sqlx::Error::Database(told) => {
                    let line = format!("Cannot open {}: {}.", path.display(), told.message());
                    StoreError::Address(line)
                }
                other => other.into(),
            })?;
        Ok(Self::Sqlite { writer: pool.clone(), readers: pool })
    }

    /// A transaction that sees what is committed when it first reads, and nothing that comes
    /// later, however long it reads. It is there to read alone.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                Tx::SqliteWrite(Writing::begun(readers.begin_with("BEGIN").await?))
            }
            Self::Postgres(pool, _) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Tx::PostgresWrite(Writing::begun(pool.begin_with(begin).await?))
            }
        })
    }

    /// Whether the schema is that of this version.
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        Ok(self.age().await? == Age::Current)
    }

    /// How the version of the schema stands to this program's.
    pub async fn age(&self) -> Result<Age, StoreError> {
        let newest = migrations(self.engine()).iter().map(|step| step.version).max();
        let mut tx = self.read().await?;
        let sql = "SELECT max(version) AS version FROM _sqlx_migrations WHERE success";
        let applied = tx.one(sql, Vec::new()).await?.opt_int("version")?;
        Ok(match applied.cmp(&newest) {
            std::cmp::Ordering::Less => Age::Earlier,
            std::cmp::Ordering::Equal => Age::Current,
            std::cmp::Ordering::Greater => Age::Later,
        })
    }
}

/// The version of this program's schema: the number of its newest step.
pub fn schema_version() -> i64 {
    let steps = migrations(super::Engine::Sqlite);
    steps.iter().map(|step| step.version).max().unwrap_or_default()
}

/// Of which version of the program a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Of an earlier one, and can be brought to this one.
    Earlier,
    /// Of this one.
    Current,
    /// Of a later one, which this program does not know.
    Later,
}

impl Row {
    /// The value of the column at that place.
    pub(crate) fn value(&self, place: usize, kind: Kind) -> Result<Value, StoreError> {
        Ok(match (&self.0, kind) {
            (RowOf::Sqlite(row), Kind::Int) => Value::Int(row.try_get(place)?),
            (RowOf::Sqlite(row), Kind::Text) => Value::Text(row.try_get(place)?),
            (RowOf::Sqlite(row), Kind::Bytes) => Value::Bytes(row.try_get(place)?),
            (RowOf::Postgres(row), Kind::Int) => Value::Int(row.try_get(place)?),
            (RowOf::Postgres(row), Kind::Text) => Value::Text(row.try_get(place)?),
            (RowOf::Postgres(row), Kind::Bytes) => Value::Bytes(row.try_get(place)?),
        })
    }
}

impl Tx {
    /// All tables by name, without those that the engine keeps for itself.
    pub async fn shapes(&mut self) -> Result<Vec<Shape>, StoreError> {
        let sql = match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => {
                "SELECT l.name AS owner, c.name AS name, c.type AS kind, nullif(c.pk, 0) AS place
                FROM pragma_table_list l, pragma_table_info(l.name) c
                WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite%'
                ORDER BY l.name, c.cid"
            }
            Self::PostgresWrite(_) | Self::PostgresRead(_) => {
                "SELECT CAST(t.relname AS TEXT) AS owner, CAST(a.attname AS TEXT) AS name,
                    format_type(a.atttypid, NULL) AS kind,
                    CAST(array_position(CAST(x.indkey AS SMALLINT[]), a.attnum) AS BIGINT) AS place
                FROM pg_class t
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
                LEFT JOIN pg_index x ON x.indrelid = t.oid AND x.indisprimary
                WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition
                    AND t.relnamespace = CAST(current_schema() AS regnamespace)
                ORDER BY t.relname, a.attnum"
            }
        };
        let mut shapes: Vec<Shape> = Vec::new();
        let mut key: Vec<(i64, String)> = Vec::new();
        for row in self.all(sql, Vec::new()).await? {
            let (owner, name) = (row.text("owner")?, row.text("name")?);
            if owner == "_sqlx_migrations" {
                continue;
            }
            if shapes.last().is_none_or(|last| last.name != owner) {
                shapes.push(Shape { name: owner, columns: Vec::new(), key: Vec::new() });
                key.clear();
            }
            let Some(shape) = shapes.last_mut() else { continue };
            if let Some(place) = row.opt_int("place")? {
                key.push((place, name.clone()));
                key.sort();
                shape.key = key.iter().map(|(_, name)| name.clone()).collect();
            }
            shape.columns.push((name, Kind::named(&row.text("kind")?)?));
        }
        Ok(shapes)
    }

    /// All rows of a table in the order of its key, which is the same on every engine.
    pub(crate) fn rows(&mut self, shape: &Shape) -> BoxStream<'_, Result<Row, StoreError>> {
        let columns: Vec<String> =
            shape.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let (columns, order) = (columns.join(", "), self.order_by_key("", shape));
        let sql = format!("SELECT {columns} FROM \"{}\" ORDER BY {order}", shape.name);
        self.stream(sql, Vec::new())
    }

    /// What puts the rows of a table, whose columns are asked for behind a prefix, into the order
    /// of its key, the same on every engine.
    pub(crate) fn order_by_key(&self, prefix: &str, shape: &Shape) -> String {
        let is_text = |key: &String| shape.columns.contains(&(key.clone(), Kind::Text));
        let bytewise = match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => "",
            Self::PostgresWrite(_) | Self::PostgresRead(_) => " COLLATE \"C\"",
        };
        let order = |key: &String| {
            let quoted = format!("{prefix}\"{key}\"");
            quoted + if is_text(key) { bytewise } else { "" }
        };
        shape.key.iter().map(order).collect::<Vec<_>>().join(", ")
    }

    /// The rows that a statement returns, one after the other.
    pub(crate) fn stream(
        &mut self,
        sql: String,
        values: Vec<Value>,
    ) -> BoxStream<'_, Result<Row, StoreError>> {
        let sql = Sql::from(sql).0;
        macro_rules! stream {
            ($query:ident, $connection:expr) => {
                $query(sql, values)
                    .fetch(&mut **$connection)
                    .map(|row| row.map(Row::from).map_err(StoreError::from))
                    .boxed()
            };
        }
        match self {
            Self::SqliteWrite(connection) => stream!(sqlite_query, connection),
            Self::SqliteRead(connection) => stream!(sqlite_query, connection),
            Self::PostgresWrite(connection) => {
                assert!(connection.gathered.is_empty(), "whoever streams writes nothing before");
                stream!(postgres_query, connection)
            }
            Self::PostgresRead(connection) => stream!(postgres_query, connection),
        }
    }

    /// Has the database to itself until the transaction ends, as far as organizations are looked
    /// at; an embedded one has a single writer anyway.
    pub(crate) async fn keep_others_out(&mut self) -> Result<(), StoreError> {
        if matches!(self, Self::PostgresWrite(_)) {
            self.execute(WAIT_FOR_LOCKS, Vec::new()).await?;
            let sql = "LOCK TABLE organization IN ACCESS EXCLUSIVE MODE";
            self.execute(sql, Vec::new()).await?;
        }
        Ok(())
    }

    /// Lets nobody else add an organization until the transaction ends; reading goes on. An
    /// embedded database has a single writer anyway.
    pub(crate) async fn keep_others_from_adding(&mut self) -> Result<(), StoreError> {
        if matches!(self, Self::PostgresWrite(_)) {
            self.execute(WAIT_FOR_LOCKS, Vec::new()).await?;
            let sql = "LOCK TABLE organization IN SHARE ROW EXCLUSIVE MODE";
            self.execute(sql, Vec::new()).await?;
        }
        Ok(())
    }

    /// Lays aside all triggers that act on new rows: what they derive or count comes as rows too,
    /// and what they refuse was let in before. The one that keeps the embedded engine's index of
    /// letters stays, as that index is no table of ours. A server proves a foreign key very much
    /// faster for all rows than for each, so that its foreign keys are laid aside as well.
    pub(super) async fn lay_rules_aside(&mut self) -> Result<Rules, StoreError> {
        let mut rules = self.lay_triggers_aside().await?;
        if matches!(self, Self::PostgresWrite(_) | Self::PostgresRead(_)) {
            let sql = "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', c.relname, k.conname)
                    AS aside,
                format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname,
                    pg_get_constraintdef(k.oid)) AS back
                FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
                WHERE k.contype = 'f' AND k.conparentid = 0
                    AND c.relnamespace = CAST(current_schema() AS regnamespace)
                ORDER BY 1";
            rules.0.append(&mut self.carry_aside(sql).await?);
        }
        Ok(rules)
    }

    /// As [`Tx::lay_rules_aside`], but foreign keys stay, so that whoever reads the tables of a
    /// server meanwhile can go on.
    pub(crate) async fn lay_triggers_aside(&mut self) -> Result<Rules, StoreError> {
        let sql = match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => {
                "SELECT 'DROP TRIGGER ' || name AS aside, sql AS back FROM sqlite_schema
                WHERE type = 'trigger' AND sql LIKE '% INSERT ON %'
                    AND sql NOT LIKE '%INTO patient_fts%'
                ORDER BY rowid"
            }
            Self::PostgresWrite(_) | Self::PostgresRead(_) => {
                "SELECT format('ALTER TABLE %I DISABLE TRIGGER %I', c.relname, t.tgname) AS aside,
                    format('ALTER TABLE %I ENABLE TRIGGER %I', c.relname, t.tgname) AS back
                FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0
                    AND t.tgparentid = 0
                    AND c.relnamespace = CAST(current_schema() AS regnamespace)
                ORDER BY c.relname, t.tgname"
            }
        };
        self.carry_aside(sql).await.map(Rules)
    }

    async fn carry_aside(&mut self, sql: &'static str) -> Result<Vec<String>, StoreError> {
        let mut back = Vec::new();
        for row in self.all(sql, Vec::new()).await? {
            self.execute(row.text("aside")?, Vec::new()).await?;
            back.push(row.text("back")?);
        }
        Ok(back)
    }

    /// Puts rules back; those that are proved are proved for all rows.
    pub(crate) async fn put_rules_back(&mut self, rules: Rules) -> Result<(), StoreError> {
        for sql in rules.0 {
            self.execute(sql, Vec::new()).await?;
        }
        Ok(())
    }
}
