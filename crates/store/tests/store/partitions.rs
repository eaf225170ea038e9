//! The large tables in partitions: the same rows, the same rules, the same later migrations, and no
//! list reads another organization's partition.
//!
//! A server counts, inside a transaction, how often each table and index was looked into. What the
//! lists of the flat tests read is compared with what they read without partitions, by plans that
//! know whose rows are asked for and by plans that are made for every organization.

use std::collections::BTreeSet;

use almoner_domain::OrganizationId;
use almoner_domain::checks::CheckPlace;
use almoner_domain::list::Direction;
use almoner_store::copy::{self, CopyError, PARTITIONED, TABLES};
use almoner_store::db::{Db, Durability, Engine, StoreError, Tx, Value};
use almoner_store::testing::TestDb;
use almoner_store::{organizations, params};

use crate::clinic::ZONE;
use crate::common::{at, number, run_refused, settle, word};
use crate::copies::{add_odd_rows, content, copy_all, copy_into, is_a_database_like_any, triggers};
use crate::flat::{SETTLED, worst_cost};
use crate::{check_flat, flat, flat_load, kept_rows, record_flat, record_load, schema};

/// Few enough to be made at once, and enough that organizations do not meet in one.
const PARTS: i64 = 4;
/// A plan for every organization, which a server makes only where it takes it for as good.
const GENERIC: &str = "force_generic_plan";
/// How a server makes the plan of a statement by itself, and in how many runs it settles on one.
const PLANS: [(&str, usize); 2] = [("force_custom_plan", 1), ("auto", SETTLED)];
/// What may be read on top of twice what is read without partitions and without another
/// organization, as in the flat tests: that one's sums, another way through an index.
const MARGIN: i64 = 300;

/// The first version of the schema.
const FIRST: i64 = 1;

/// All that tables and their rules are called and say, but for the partitions themselves.
const DEFINITIONS: &str = "WITH t AS (
        SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
            AND relnamespace = 'public'::regnamespace)
    SELECT concat_ws(' ', 'rule', relname, conname, pg_get_constraintdef(k.oid)) AS it
    FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.conparentid = 0
    UNION ALL
    SELECT regexp_replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM t JOIN pg_index ON indrelid = t.oid
    UNION ALL
    SELECT concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod),
        attnotnull, attcollation::regcollation, pg_get_expr(adbin, adrelid))
    FROM t JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT concat_ws(' ', 'view', relname, pg_get_viewdef(oid)) FROM pg_class
    WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace";

/// Partitions that were looked into in this transaction, but for those of one organization.
const LOOKED_INTO: &str = "SELECT coalesce(string_agg(c.relname, ', '), '') AS t FROM pg_class c
    WHERE c.relispartition AND c.relkind = 'r' AND (c.relname LIKE $1) = ($2 = 1)
        AND pg_stat_get_xact_numscans(c.oid) + coalesce((
            SELECT sum(pg_stat_get_xact_numscans(x.indexrelid)) FROM pg_index x
            WHERE x.indrelid = c.oid), 0) > 0";

async fn fresh() -> TestDb {
    TestDb::new(Engine::Postgres).await
}

/// Has the large tables of an empty database lie in partitions.
async fn partition(db: &Db, parts: i64) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    copy::partition(&mut tx, parts).await?;
    tx.commit().await
}

async fn partitioned() -> TestDb {
    TestDb::in_partitions(PARTS).await
}

async fn definitions(db: &Db) -> BTreeSet<String> {
    let rows = db.read().await.unwrap().all(DEFINITIONS, Vec::new()).await.unwrap();
    rows.iter().map(|row| row.text("it").unwrap()).collect()
}

/// How many of the tables have so many partitions.
async fn count_partitioned(db: &Db, parts: i64) -> usize {
    let sql = format!(
        "SELECT count(*) AS n FROM (SELECT inhparent FROM pg_inherits
            JOIN pg_class c ON c.oid = inhparent AND c.relkind = 'p'
            GROUP BY inhparent HAVING count(*) = {parts}) p"
    );
    usize::try_from(number(db, &sql).await).unwrap()
}

/// The end of the name of the partitions in which an organization's rows lie.
async fn part_of(tx: &mut Tx, org: impl Into<Value> + Send) -> String {
    let sql = "SELECT regexp_replace(CAST(tableoid AS regclass)::text, '^.*_part_', '') AS t
        FROM patient WHERE organization_id = $1 LIMIT 1";
    let number = tx.one(sql, vec![org.into()]).await.unwrap().text("t").unwrap();
    format!("_part_{number}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_partitions_is_the_same_and_obeys_the_same_rules() {
    let file = TestDb::new(Engine::Sqlite).await;
    kept_rows::fill(&file).await;
    add_odd_rows(&file).await;
    let before = content(&file).await;
    let (ordinary, other) = (fresh().await, fresh().await);
    assert_eq!(copy_into(&file, &other, Some(PARTS)).await.unwrap(), before);
    assert_eq!(count_partitioned(&other, PARTS).await, PARTITIONED.len());
    assert_eq!(content(&other).await, before);
    is_a_database_like_any(&other, &ordinary).await;
    assert_eq!(definitions(&other).await, definitions(&ordinary).await);
    // Nor is there a way around the rules by a partition of its own.
    let part = part_of(&mut other.read().await.unwrap(), 1_i64).await;
    for table in ["ledger_transfer", "payment", "audit_event", "note_version"] {
        run_refused(&other, &format!("DELETE FROM {table}{part}"), table).await;
        run_refused(&other, &format!("TRUNCATE {table} CASCADE"), "").await;
        run_refused(&other, &format!("TRUNCATE {table}{part} CASCADE"), table).await;
    }
    // Back into a file, an ordinary database, and another with partitions.
    let back = TestDb::new(Engine::Sqlite).await;
    assert_eq!(copy_all(&other, &back).await.unwrap(), before);
    assert_eq!(copy_all(&other, &ordinary).await.unwrap(), before);
    assert_eq!(count_partitioned(&ordinary, PARTS).await, 0);
    let again = fresh().await;
    assert_eq!(copy_into(&other, &again, Some(3)).await.unwrap(), before);
    assert_eq!(count_partitioned(&again, 3).await, PARTITIONED.len());
    assert_eq!(triggers(&again).await, triggers(&ordinary).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_have_partitions_says_why() {
    let (file, other) = (TestDb::new(Engine::Sqlite).await, partitioned().await);
    kept_rows::fill(&file).await;
    let unfit = async |to: &Db, parts: i64| match copy_into(&file, to, Some(parts)).await {
        Err(CopyError::Store(StoreError::Unfit(line))) => line,
        refused => panic!("{refused:?}"),
    };
    let embedded = TestDb::new(Engine::Sqlite).await;
    assert!(unfit(&embedded, 2).await.contains("on a PostgreSQL server"));
    assert!(unfit(&other, 2).await.contains("has partitions already"));
    let roomless = fresh().await;
    let line = unfit(&roomless, 1_000_000).await;
    assert!(line.contains("set max_locks_per_transaction to "), "{line}");
    // Into partitions that are there already, it is copied as into any database.
    copy_all(&file, &other).await.unwrap();
    assert_eq!(count_partitioned(&other, PARTS).await, PARTITIONED.len());
    assert_eq!(content(&other).await, content(&file).await);
    let filled = fresh().await;
    copy_all(&file, &filled).await.unwrap();
    let refused = partition(&filled, 2).await;
    assert!(matches!(refused, Err(StoreError::Refused(line)) if line.ends_with("has rows")));
    assert_eq!(content(&filled).await, content(&file).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn later_migrations_run_on_partitions_as_well() {
    let (ordinary, other) = (fresh().await, TestDb::at_version(Engine::Postgres, FIRST).await);
    partition(&other, 2).await.unwrap();
    let early = count_partitioned(&other, 2).await;
    other.migrate().await.unwrap();
    assert!(other.is_current().await.unwrap());
    assert_eq!(schema::read(&other).await, schema::read(&ordinary).await);
    assert_eq!(definitions(&other).await, definitions(&ordinary).await);
    assert_eq!(triggers(&other).await, triggers(&ordinary).await);
    // One step writes a table anew, which has no partitions from then on.
    assert_eq!(count_partitioned(&other, 2).await, early - 1);
    let whole = "SELECT CAST(relkind AS TEXT) AS t FROM pg_class WHERE relname = 'note'";
    assert_eq!(word(&other, whole).await, "r");
    let file = TestDb::new(Engine::Sqlite).await;
    kept_rows::fill(&file).await;
    copy_all(&file, &other).await.unwrap();
    is_a_database_like_any(&other, &ordinary).await;
}

#[test]
fn partitioned_tables_are_among_those_that_are_copied() {
    for table in PARTITIONED {
        assert!(TABLES.contains(&table), "{table}");
    }
}

/// Gives all rows of an organization to another one as well.
async fn double(db: &Db, org: OrganizationId, slug: &str) -> OrganizationId {
    let mut tx = db.begin().await.unwrap();
    let now = at("2026-01-01T00:00:00Z");
    let other = organizations::insert(&mut tx, slug, slug, ZONE, now).await;
    let other = other.expect("it is new");
    let aside = tx.lay_aside(&[]).await.unwrap();
    for shape in tx.shapes().await.unwrap() {
        if !TABLES[1..].contains(&&*shape.name) {
            continue;
        }
        let names: Vec<&str> = shape.columns.iter().map(|(name, _)| &**name).collect();
        if !names.contains(&"organization_id") {
            continue;
        }
        let (name, names) = (shape.name, names.join(", "));
        let values = names.replace("organization_id", "$1");
        let sql = format!(
            "INSERT INTO {name} ({names}) SELECT {values} FROM {name} WHERE organization_id = $2"
        );
        tx.execute(sql, params![other, org]).await.unwrap();
    }
    tx.put_back(aside).await.unwrap();
    tx.commit().await.unwrap();
    other
}

/// What a list costs, by name.
type Costs = Vec<(String, i64)>;

/// What is asked in one transaction, whose reads a server counts.
struct Asking {
    tx: Tx,
    part: Option<String>,
    costs: Costs,
}

impl Asking {
    /// Begins to ask, among partitions for what a second organization has as well as the first.
    /// Without any there is the first alone: a server reads a small table whole, and so it does
    /// with a small partition.
    async fn begin(db: &TestDb, org: OrganizationId) -> (Self, OrganizationId) {
        let first = part_of(&mut db.read().await.unwrap(), org).await;
        if first == "_part_patient" {
            return (Self::of(db, None).await, org);
        }
        let org = double(db, org, "second").await;
        settle(db).await;
        let part = part_of(&mut db.read().await.unwrap(), org).await;
        assert_ne!(part, first, "the organizations lie in two partitions");
        (Self::of(db, Some(part)).await, org)
    }

    /// Asks by a connection that did nothing before: a server counts what one looked at together
    /// with what it did within the last second.
    async fn of(db: &TestDb, part: Option<String>) -> Self {
        let asked = Db::open(&db.url, Durability::Full).await.unwrap();
        let tx = asked.begin().await.unwrap();
        Self { tx, part, costs: Costs::new() }
    }

    async fn plan(&mut self, plans: &str) {
        let sql = format!("SET LOCAL plan_cache_mode = {plans}");
        self.tx.execute(sql, Vec::new()).await.unwrap();
    }

    /// Asks by each kind of plan.
    async fn ask(&mut self, name: &str, work: impl AsyncFn(&mut Tx)) {
        for (plans, runs) in PLANS {
            self.plan(plans).await;
            let cost = worst_cost(&mut self.tx, runs, &work).await;
            self.costs.push((format!("{name} {plans}"), cost.rows));
        }
        self.plan(GENERIC).await;
        work(&mut self.tx).await;
    }

    /// Makes sure that nothing but the organization's own partitions was looked into.
    async fn none_of_others(&mut self) {
        let Some(part) = &self.part else { return };
        for (own, is_own) in [(0_i64, false), (1, true)] {
            let values = params![format!("%{}", part.replace('_', "\\_")), own];
            let row = self.tx.one(LOOKED_INTO, values).await.unwrap();
            let looked_into = row.text("t").unwrap();
            assert_eq!(!looked_into.is_empty(), is_own, "{looked_into}");
        }
    }
}

/// Compares what lists cost with and without partitions.
fn compare(ordinary: &Costs, partitioned: &Costs) {
    assert_eq!(ordinary.len(), partitioned.len());
    let mut dearer = Vec::new();
    for ((name, one), (_, other)) in ordinary.iter().zip(partitioned) {
        println!("{name:80} {one:7} {other:7}");
        if *other > 2 * one + MARGIN {
            dearer.push(format!("{name}: {one} and {other} rows"));
        }
    }
    assert!(dearer.is_empty(), "dearer with partitions:\n{}", dearer.join("\n"));
}

/// First pages are enough, and one direction: what follows or is reversed has the same conditions.
fn is_asked(asked: &flat::Asked) -> bool {
    asked.place == "first" && asked.request.direction == Direction::Descending
}

/// There are so many that a server reads no table whole.
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_payments_read_one_partition() {
    const COUNT: i64 = 50_000;
    let mut costs = Vec::new();
    for db in [fresh().await, partitioned().await] {
        let org = flat_load::load(&db, COUNT).await;
        let (mut asking, org) = Asking::begin(&db, org).await;
        let clinic = flat::Clinic::of(db, org, COUNT).await;
        for asked in clinic.asked.iter().filter(|asked| is_asked(asked)) {
            asking.ask(&asked.list, async |tx| clinic.read(tx, &asked.request).await).await;
        }
        asking.none_of_others().await;
        costs.push(asking.costs);
    }
    compare(&costs[0], &costs[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_checks_and_of_records_read_one_partition() {
    const CHECKS: i64 = 20_000;
    const RECORDS: i64 = 20_000;
    let mut costs = [Costs::new(), Costs::new()];
    for (db, costs) in [fresh().await, partitioned().await].into_iter().zip(&mut costs) {
        let org = check_flat::load(&db, CHECKS).await;
        let (mut asking, org) = Asking::begin(&db, org).await;
        let asked = check_flat::asked(CHECKS).into_iter();
        for (name, request) in asked.filter(|(_, asked)| {
            asked.place == CheckPlace::First && asked.direction == Direction::Descending
        }) {
            asking.ask(&name, async |tx| check_flat::read(tx, org, &request).await).await;
        }
        asking.none_of_others().await;
        costs.append(&mut asking.costs);
    }
    for (db, costs) in [fresh().await, partitioned().await].into_iter().zip(&mut costs) {
        let org = record_load::load(&db, RECORDS, RECORDS).await;
        let (mut asking, org) = Asking::begin(&db, org).await;
        let clinic = record_flat::Clinic::of(db, org, RECORDS);
        for (plans, runs) in PLANS {
            asking.plan(plans).await;
            for (name, cost) in clinic.costs(&mut asking.tx, runs).await {
                costs.push((format!("{name} {plans}"), cost.rows));
            }
        }
        asking.plan(GENERIC).await;
        clinic.costs(&mut asking.tx, 1).await;
        asking.none_of_others().await;
    }
    compare(&costs[0], &costs[1]);
}

/// A plan that is made for every organization leaves out, when it begins, what it needs not.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_every_organization_leaves_partitions_out_when_it_runs() {
    const COUNT: i64 = 2_000;
    let db = partitioned().await;
    let org = flat_load::load(&db, COUNT).await;
    let (mut asking, org) = Asking::begin(&db, org).await;
    let part = asking.part.clone().expect("it has partitions");
    asking.plan(GENERIC).await;
    let clinic = flat::Clinic::of(db, org, COUNT).await;
    let (sql, values) = clinic.statement(&mut asking.tx, &clinic.asked[0].request).await;
    let values: Vec<String> = values.iter().map(literal).collect();
    asking.tx.execute(format!("PREPARE page AS {sql}"), Vec::new()).await.unwrap();
    let sql = format!("EXPLAIN (ANALYZE, TIMING OFF) EXECUTE page ({})", values.join(", "));
    let rows = asking.tx.all(sql, Vec::new()).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.text("QUERY PLAN").unwrap()).collect();
    let plan = lines.join("\n");
    assert!(plan.contains(&format!("Subplans Removed: {}", PARTS - 1)), "{plan}");
    let ran = lines.iter().filter(|line| line.contains("_part_") && !line.contains("never"));
    for line in ran {
        assert!(line.contains(&part), "{line}\n{plan}");
    }
}

/// A value as it is written into a statement.
fn literal(value: &Value) -> String {
    match value {
        Value::Int(Some(number)) => number.to_string(),
        Value::Text(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        other => panic!("no page is asked for with {other:?}"),
    }
}
