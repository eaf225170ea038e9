//! One schema on both engines, and every row in it belongs to an organization first.

use std::collections::{BTreeMap, BTreeSet};

use almoner_store::db::{Db, Engine};
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;

/// A table as both engines can tell of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// Name, kind of value, whether it may be missing.
    columns: Vec<(String, String, bool)>,
    primary_key: Vec<String>,
    /// The columns, whether unique, and the condition.
    indexes: BTreeSet<(Vec<String>, bool, String)>,
    /// The columns, the other table, and its columns.
    pub(crate) foreign_keys: BTreeSet<(Vec<String>, String, Vec<String>)>,
}

pub(crate) type Schema = BTreeMap<String, Table>;

/// Only one engine has these: the other searches inside names by an index of its own.
const SEARCH_TABLES: &str = "patient_fts";
const SEARCH_INDEX: &str = "patient_trigram";
/// The migrations' own record.
const MIGRATIONS: &str = "_sqlx_migrations";

/// What does not begin with the organization, and why.
const NOT_BY_ORGANIZATION: [(&str, &[&str]); 7] = [
    // The command line finds an organization by its short name.
    ("organization", &["slug"]),
    // A processor's event is its account's; whose it is is known once its object was fetched.
    ("processor_event", &["processor", "event_id"]),
    ("processor_event", &["processor", "next_try_at_us", "event_id"]),
    ("processor_event", &["processor", "happened_at_us"]),
    ("processor_event", &["processor", "happened_at_us", "event_id"]),
    // Someone who signs in is looked up before the organization is known.
    ("staff_user", &["email"]),
    // The ways between statuses are the program's, not an organization's.
    ("status_way", &["from_status", "to_status"]),
];

/// Parted by commas, as both engines aggregate them.
fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A condition without what only one engine writes into it.
fn condition(text: &str) -> String {
    let plain = text.replace("::text", "").replace(['(', ')'], "");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

const COLUMNS_POSTGRES: &str = "SELECT table_name AS t, column_name AS c, data_type AS kind,
        CAST(is_nullable = 'YES' AS INTEGER)::bigint AS missing
    FROM information_schema.columns JOIN information_schema.tables
        USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND NOT EXISTS (
        SELECT 1 FROM pg_class WHERE relname = table_name AND relispartition)
    ORDER BY t, ordinal_position";
const COLUMNS_SQLITE: &str = "SELECT m.name AS t, c.name AS c, c.type AS kind,
        1 - c.\"notnull\" AS missing
    FROM sqlite_schema m, pragma_table_info(m.name) c
    WHERE m.type = 'table' ORDER BY m.name, c.cid";

const INDEXES_POSTGRES: &str = "SELECT t.relname AS t, i.relname AS name,
        x.indisprimary::int::bigint AS is_primary, x.indisunique::int::bigint AS is_unique,
        coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS condition,
        (SELECT string_agg(a.attname, ',' ORDER BY k.place)
            FROM unnest(x.indkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number) AS columns
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition";
const INDEXES_SQLITE: &str = "SELECT m.name AS t, l.name AS name, l.origin = 'pk' AS is_primary,
        l.\"unique\" AS is_unique,
        coalesce((SELECT CASE WHEN instr(s.sql, ' WHERE ') > 0
            THEN substr(s.sql, instr(s.sql, ' WHERE ') + 7) ELSE '' END
            FROM sqlite_schema s WHERE s.name = l.name), '') AS condition,
        (SELECT group_concat(i.name, ',' ORDER BY i.seqno) FROM pragma_index_info(l.name) i)
            AS columns
    FROM sqlite_schema m, pragma_index_list(m.name) l WHERE m.type = 'table'
    UNION ALL SELECT m.name, '', 1, 1, '', c.name FROM sqlite_schema m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND c.pk = 1 AND NOT EXISTS (
        SELECT 1 FROM pragma_index_list(m.name) l WHERE l.origin = 'pk')";

const FOREIGN_POSTGRES: &str = "SELECT t.relname AS t, o.relname AS other,
        (SELECT string_agg(a.attname, ',' ORDER BY k.place)
            FROM unnest(f.conkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number) AS columns,
        (SELECT string_agg(a.attname, ',' ORDER BY k.place)
            FROM unnest(f.confkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number) AS others
    FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid
        JOIN pg_class o ON o.oid = f.confrelid
    WHERE f.contype = 'f' AND f.conparentid = 0
        AND t.relnamespace = 'public'::regnamespace";
const FOREIGN_SQLITE: &str = "SELECT m.name AS t, f.\"table\" AS other,
        group_concat(f.\"from\", ',' ORDER BY f.seq) AS columns,
        coalesce(group_concat(f.\"to\", ',' ORDER BY f.seq),
            (SELECT group_concat(c.name, ',' ORDER BY c.pk) FROM pragma_table_info(f.\"table\") c
            WHERE c.pk > 0)) AS others
    FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
    WHERE m.type = 'table' GROUP BY m.name, f.id, f.\"table\"";

/// The kinds of value under one name.
fn kind(name: &str) -> &'static str {
    match name {
        "bigint" | "INTEGER" => "integer",
        "text" | "TEXT" => "text",
        "bytea" | "BLOB" => "bytes",
        other => panic!("a column has a kind of its own: {other}"),
    }
}

pub(crate) async fn read(db: &Db) -> Schema {
    let mut schema = Schema::new();
    let mut tx = db.read().await.unwrap();
    let [columns, indexes, foreign] = match db.engine() {
        Engine::Sqlite => [COLUMNS_SQLITE, INDEXES_SQLITE, FOREIGN_SQLITE],
        Engine::Postgres => [COLUMNS_POSTGRES, INDEXES_POSTGRES, FOREIGN_POSTGRES],
    };
    let is_ours = |table: &str| !table.starts_with(SEARCH_TABLES) && table != MIGRATIONS;
    for row in tx.all(columns, Vec::new()).await.unwrap() {
        let name = row.text("t").unwrap();
        if is_ours(&name) {
            let (column, kind) = (row.text("c").unwrap(), kind(&row.text("kind").unwrap()));
            let missing = row.int("missing").unwrap() == 1;
            let table = schema.entry(name).or_default();
            table.columns.push((column, kind.to_owned(), missing));
        }
    }
    for row in tx.all(indexes, Vec::new()).await.unwrap() {
        let (name, index) = (row.text("t").unwrap(), row.text("name").unwrap());
        if !is_ours(&name) || index == SEARCH_INDEX {
            continue;
        }
        let columns = list(&row.text("columns").unwrap());
        let table = schema.get_mut(&name).expect("an index has a table");
        if row.int("is_primary").unwrap() == 1 {
            table.primary_key = columns;
        } else {
            let unique = row.int("is_unique").unwrap() == 1;
            let condition = condition(&row.text("condition").unwrap());
            table.indexes.insert((columns, unique, condition));
        }
    }
    for row in tx.all(foreign, Vec::new()).await.unwrap() {
        let table = schema.get_mut(&row.text("t").unwrap()).expect("a key has a table");
        let (columns, others) = (row.text("columns").unwrap(), row.text("others").unwrap());
        table.foreign_keys.insert((list(&columns), row.text("other").unwrap(), list(&others)));
    }
    schema
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_keys_and_indexes() {
    let one = read(&TestDb::new(Engine::Sqlite).await.db).await;
    let other = read(&TestDb::new(Engine::Postgres).await.db).await;
    assert!(one.len() > 20, "{:?}", one.keys());
    let names = |schema: &Schema| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for (name, table) in &one {
        assert_eq!(table, &other[name], "{name}");
    }
}

/// A step that writes a table anew on the embedded engine alone, which cannot let a column be
/// empty that must be filled, and the check that comes with it.
const ANEW: (&str, &str, &str) =
    ("0019_programs.sql", "tender_reversal", "CHECK ((user_seq IS NULL) <> (key_seq IS NULL))");

/// The statements of a migration that define what rows look like, in one dialect.
fn definitions(sql: &str) -> Vec<String> {
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for statement in text.split(';') {
        let plain = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let begins = |start: &str| plain.starts_with(start);
        let ours = begins("CREATE TABLE")
            || begins("CREATE INDEX")
            || begins("CREATE UNIQUE")
            || begins("ALTER TABLE")
            || begins("INSERT");
        if ours && !plain.contains(SEARCH_INDEX) {
            let plain = plain
                .replace(" COLLATE \"C\"", "")
                .replace("BIGINT", "INTEGER")
                .replace("BYTEA", "BLOB")
                .replace(" WITH (fillfactor = 50)", "")
                .replace(" STRICT, WITHOUT ROWID", "")
                .replace(" STRICT", "");
            found.push(plain);
        }
    }
    found
}

/// What the engines do not tell in one way, such as checks, is compared as it is written.
#[test]
fn the_definitions_differ_only_in_dialect() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut steps = 0;
    for entry in std::fs::read_dir(format!("{folder}/sqlite")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = |engine: &str| std::fs::read_to_string(format!("{folder}/{engine}/{name}"));
        let one = text("sqlite").unwrap();
        let other = text("postgres").expect("both engines migrate in the same steps");
        let (mut one_defines, mut other_defines) = (definitions(&one), definitions(&other));
        if name == ANEW.0 {
            for defines in [&mut one_defines, &mut other_defines] {
                defines.retain(|plain| !plain.contains(ANEW.1));
            }
            assert!(one.contains(ANEW.2) && other.contains(ANEW.2), "{name}");
        }
        let (one, other) = (one_defines, other_defines);
        assert_eq!(one.len(), other.len(), "{name}");
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other, "{name}");
        }
        steps += 1;
    }
    assert!(steps > 0);
}

on_both_engines! {
    async fn every_key_and_index_begins_with_the_organization(db) {
        let mut exceptions = 0;
        for (name, table) in read(&db).await {
            let indexes = table.indexes.iter().map(|index| &index.0);
            assert!(!table.primary_key.is_empty(), "{name} has no primary key");
            for columns in indexes.chain([&table.primary_key]) {
                let allowed = |&(table, exception): &(&str, &[&str])| {
                    table == name && columns.iter().eq(exception)
                };
                if NOT_BY_ORGANIZATION.iter().any(allowed) {
                    exceptions += 1;
                } else {
                    assert_eq!(columns[0], "organization_id", "{name} {columns:?}");
                }
            }
            for (columns, other, others) in &table.foreign_keys {
                if other != "status_way" {
                    assert_eq!(columns[0], "organization_id", "{name} {columns:?}");
                    assert_eq!(others[0], "organization_id", "{name} {others:?}");
                }
            }
        }
        assert_eq!(exceptions, NOT_BY_ORGANIZATION.len(), "no exception is out of use");
    }

    async fn migrating_again_changes_nothing(db) {
        let before = read(&db).await;
        assert!(db.is_current().await.unwrap());
        db.migrate().await.unwrap();
        assert_eq!(read(&db).await, before);
    }
}

/// Text that lists sort by is compared byte by byte, whatever the server's language.
#[tokio::test(flavor = "multi_thread")]
async fn sorted_text_is_compared_byte_by_byte() {
    let db = TestDb::new(Engine::Postgres).await;
    let mut tx = db.read().await.unwrap();
    let sql = "SELECT c.table_name || '.' || c.column_name AS t
        FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND c.data_type = 'text'
            AND (c.column_name LIKE '%name_s%'
                OR c.column_name IN ('word', 'member_id', 'payer_sort')
                OR (c.table_name, c.column_name)
                    IN (('payment', 'status'), ('staff_user', 'email')))
            AND c.collation_name IS DISTINCT FROM 'C'";
    let rows = tx.all(sql, Vec::new()).await.unwrap();
    let other: Vec<String> = rows.iter().map(|row| row.text("t").unwrap()).collect();
    assert!(other.is_empty(), "{other:?}");
}

on_both_engines! {
    async fn what_is_refused_because_it_is_there_is_looked_up_and_not_searched_for(db) {
        if db.engine() == Engine::Postgres {
            return;
        }
        let mut tx = db.read().await.unwrap();
        let sql = "SELECT name, sql FROM sqlite_master
            WHERE type = 'trigger' AND name LIKE '%_not_replaced' ORDER BY name";
        let triggers = tx.all(sql, Vec::new()).await.unwrap();
        assert!(triggers.len() > 10, "{}", triggers.len());
        for trigger in triggers {
            let (name, text) = (trigger.text("name").unwrap(), trigger.text("sql").unwrap());
            let (_, rest) = text.split_once("WHEN ").expect("it has a condition");
            let (condition, _) = rest.split_once("BEGIN").expect("it has a body");
            let asked: Vec<String> = condition
                .split("NEW.")
                .enumerate()
                .map(|(place, part)| {
                    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                    let rest = if place == 0 { part } else { part.trim_start_matches(is_name) };
                    rest.to_owned()
                })
                .collect();
            let sql = format!("EXPLAIN QUERY PLAN SELECT {}", asked.join("'x'"));
            for step in tx.all(sql, Vec::new()).await.unwrap() {
                let step = step.text("detail").unwrap();
                let is_search = step.ends_with("(organization_id=?)")
                    || (step.starts_with("SCAN") && step != "SCAN CONSTANT ROW");
                assert!(!is_search, "{name} reads all rows of an organization: {step}");
            }
        }
    }
}
