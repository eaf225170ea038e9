//! Tables whose rows lie in partitions, each organization's in one of them.
//!
//! A partitioned table is derived from the ordinary one that the migrations made, as the server
//! itself describes it, so that there is no second copy of the schema. What a copy of a table's
//! definition leaves out (keys, indexes, triggers, views) is asked for before and made again.

use super::{Row, StoreError, Tx};

/// Locks of each partition, about: itself, its key, its indexes, and what holds long values.
const LOCKS_PER_PARTITION: i64 = 16;

/// Tables that are there, as a part of a statement.
const OF_THESE: &str = "WITH t AS (
    SELECT oid, relname, reloptions FROM pg_class
    WHERE relkind = 'r' AND NOT relispartition AND relname IN (THESE)
        AND relnamespace = CAST(current_schema() AS regnamespace))";

/// Views, which keep a table from being replaced, as statements without and with them.
const VIEWS: &str = "SELECT format('DROP VIEW %I', relname) AS aside,
        format('CREATE VIEW %I AS %s', relname, pg_get_viewdef(oid)) AS back
    FROM pg_class
    WHERE relkind = 'v' AND relnamespace = CAST(current_schema() AS regnamespace)
        AND NOT EXISTS (SELECT 1 FROM pg_depend d
            WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = pg_class.oid
                AND d.deptype = 'e')
    ORDER BY oid DESC";

/// Keys, unique indexes, other indexes and triggers, as statements that make them, in order. A
/// copy of a definition would give indexes names of its own, which later migrations do not know.
const MADE_AGAIN: &str = "
    SELECT 1 AS place, format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, k.conname,
        pg_get_constraintdef(k.oid)) AS back
    FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u')
    UNION ALL
    SELECT 2, pg_get_indexdef(x.indexrelid) FROM t JOIN pg_index x ON x.indrelid = t.oid
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k
        WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u'))
    UNION ALL
    SELECT 3, pg_get_triggerdef(g.oid)
    FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT 4, format('ALTER TABLE %I DISABLE TRIGGER %I', t.relname, g.tgname)
    FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgenabled = 'D'
    ORDER BY 1, 2";

/// What keeps all of a table from being emptied at once is not handed down to its partitions.
const EMPTIED: &str = "SELECT p.relname AS part, format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION %s', g.tgname, p.relname,
        CAST(g.tgfoid AS regprocedure)) AS back
    FROM pg_trigger g JOIN pg_inherits i ON i.inhparent = g.tgrelid
        JOIN pg_class p ON p.oid = i.inhrelid
    WHERE NOT g.tgisinternal AND g.tgtype & 32 <> 0
        AND p.relnamespace = CAST(current_schema() AS regnamespace)
    ORDER BY 1, 2";

impl Tx {
    /// Has the rows of these tables, as far as they are there, lie in so many partitions by their
    /// organization. Until the transaction ends nobody else can use them.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] when this is no server, one of the tables is partitioned already, or
    /// the server has too little room for locks; [`StoreError::Refused`] when one has rows or
    /// something refers to it, such as a foreign key ([`Tx::lay_aside`] takes them away).
    pub(crate) async fn partition(
        &mut self,
        tables: &[&str],
        parts: i64,
    ) -> Result<(), StoreError> {
        if !matches!(self, Self::PostgresWrite(_)) {
            let line = "Only a database on a PostgreSQL server can have partitions.";
            return Err(StoreError::Unfit(line.to_owned()));
        }
        if self.is_partitioned(tables).await? {
            let line = "The database to write to has partitions already; make a new one.";
            return Err(StoreError::Unfit(line.to_owned()));
        }
        self.must_have_room(tables, parts).await?;
        let mut again = self.texts(&of_these(tables, MADE_AGAIN), "back").await?;
        for view in self.all(VIEWS, Vec::new()).await? {
            self.execute(view.text("aside")?, Vec::new()).await?;
            again.push(view.text("back")?);
        }
        let sql = of_these(
            tables,
            "SELECT CAST(relname AS TEXT) AS name, coalesce(' WITH (' ||
            array_to_string(reloptions, ', ') || ')', '') AS options FROM t ORDER BY relname",
        );
        for table in self.all(sql, Vec::new()).await? {
            self.replace(&table, parts).await?;
        }
        for sql in again {
            self.execute(sql, Vec::new()).await?;
        }
        for sql in self.texts(EMPTIED, "back").await? {
            self.execute(sql, Vec::new()).await?;
        }
        Ok(())
    }

    /// Whether any of these tables has partitions.
    pub(crate) async fn is_partitioned(&mut self, tables: &[&str]) -> Result<bool, StoreError> {
        if !matches!(self, Self::PostgresWrite(_) | Self::PostgresRead(_)) {
            return Ok(false);
        }
        let sql = format!(
            "SELECT 1 AS it FROM pg_class WHERE relkind = 'p' AND relname IN ({})
                AND relnamespace = CAST(current_schema() AS regnamespace) LIMIT 1",
            quoted(tables)
        );
        Ok(self.optional(sql, Vec::new()).await?.is_some())
    }

    /// Puts an empty partitioned table in the place of an empty ordinary one.
    async fn replace(&mut self, table: &Row, parts: i64) -> Result<(), StoreError> {
        let (name, options) = (table.text("name")?, table.text("options")?);
        let whole = format!("{name}_whole");
        self.execute(format!("ALTER TABLE {name} RENAME TO {whole}"), Vec::new()).await?;
        let found = self.optional(format!("SELECT 1 AS it FROM {whole} LIMIT 1"), Vec::new());
        if found.await?.is_some() {
            return Err(StoreError::Refused(format!("{name} has rows")));
        }
        let sql = format!(
            "CREATE TABLE {name} (LIKE {whole} INCLUDING ALL EXCLUDING INDEXES)
            PARTITION BY HASH (organization_id)"
        );
        self.execute(sql, Vec::new()).await?;
        self.execute(format!("DROP TABLE {whole}"), Vec::new()).await?;
        for part in 0..parts {
            let sql = format!(
                "CREATE TABLE {name}_part_{part} PARTITION OF {name}
                FOR VALUES WITH (MODULUS {parts}, REMAINDER {part}){options}"
            );
            self.execute(sql, Vec::new()).await?;
        }
        Ok(())
    }

    /// A server keeps all locks of a transaction in a room that was set when it started.
    async fn must_have_room(&mut self, tables: &[&str], parts: i64) -> Result<(), StoreError> {
        let sql = "SELECT CAST(current_setting('max_locks_per_transaction') AS BIGINT) AS each,
            CAST(current_setting('max_connections') AS BIGINT)
                + CAST(current_setting('max_prepared_transactions') AS BIGINT) AS times";
        let row = self.one(sql, Vec::new()).await?;
        let (each, times) = (row.int("each")?, row.int("times")?);
        let tables = i64::try_from(tables.len()).unwrap_or(i64::MAX);
        let needed = tables * parts * LOCKS_PER_PARTITION;
        if each * times >= needed {
            return Ok(());
        }
        Err(StoreError::Unfit(format!(
            "{parts} partitions need room for {needed} locks at once, and the server has room for \
             {}: set max_locks_per_transaction to {} there, or ask for fewer partitions.",
            each * times,
            needed / times + 1
        )))
    }

    async fn texts(&mut self, sql: &str, column: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.all(sql.to_owned(), Vec::new()).await?;
        rows.iter().map(|row| row.text(column)).collect()
    }
}

fn of_these(tables: &[&str], rest: &str) -> String {
    format!("{} {rest}", OF_THESE.replace("THESE", &quoted(tables)))
}

fn quoted(tables: &[&str]) -> String {
    format!("'{}'", tables.join("', '"))
}
