//! Databases for tests: a fresh one for each, on both engines, from a template made once.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::migrate::MigrateDatabase as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres};

use super::{Db, Durability, Engine};

mod replicated;
pub use replicated::Replicated;

/// The address of a server on which tests may make databases.
pub const SERVER_VARIABLE: &str = "ALMONER_TEST_POSTGRES";
/// A folder that is there for one run of the tests: the first test leaves an embedded database with
/// the schema in it, and those that follow copy that. Without it each makes the schema itself.
pub const TEMPLATES_VARIABLE: &str = "ALMONER_TEST_TEMPLATES";
/// Into how many partitions the tables of tests on a server are made, for a run that proves that
/// nothing depends on whether there are any.
const PARTITIONS_VARIABLE: &str = "ALMONER_TEST_PARTITIONS";
/// Keeps processes from making the template at the same time.
const TEMPLATE_LOCK: i64 = 7_216_450_113;

const OTHER_CONNECTIONS: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'";
const LOOKED_INTO: &str =
    "SELECT DISTINCT CAST(regexp_replace(c.relname, '^.*_part_', '') AS BIGINT)
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid AND c.relispartition
    WHERE s.seq_scan + coalesce(s.idx_scan, 0) > 0";
const WITH_PATIENTS: &str = "SELECT DISTINCT CAST(regexp_replace(
        CAST(CAST(tableoid AS regclass) AS TEXT), '^.*_part_', '') AS BIGINT) FROM patient";

/// A database that belongs to one test.
#[derive(Debug)]
pub struct TestDb {
    /// The database, migrated and empty.
    pub db: Db,
    /// Its address, for a second program.
    pub url: String,
    _folder: Option<tempfile::TempDir>,
    _database: Option<OnServer>,
}

/// A database on the server that is dropped with its test.
#[derive(Debug)]
struct OnServer {
    server: String,
    name: String,
}

impl Drop for OnServer {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime cannot be started on one of another's threads.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let Ok(mut connection) = PgConnection::connect(&server).await else { return };
                let sql = format!("DROP DATABASE {name} WITH (FORCE)");
                // What cannot be dropped goes with the server.
                let _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
            });
        });
        let _ = dropping.join();
    }
}

impl std::ops::Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TestDb {
    /// A fresh database on that engine.
    ///
    /// # Panics
    /// When it cannot be made; for a server, when its address is not in the environment.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::embedded(None).await,
            Engine::Postgres => Self::on_server(None, partitions()).await,
        }
    }

    /// A fresh database on a server, whose large tables lie in so many partitions.
    ///
    /// # Panics
    /// As [`TestDb::new`].
    pub async fn in_partitions(parts: i64) -> Self {
        Self::on_server(None, Some(parts)).await
    }

    /// Closes the database, and tells which partitions were looked into since it was made, by
    /// their numbers, and which have patients.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn looked_into(&self) -> (BTreeSet<i64>, BTreeSet<i64>) {
        self.db.close().await;
        let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
        // A connection tells what it read when it ends, at the latest.
        loop {
            let others = sqlx::query_scalar::<_, i64>(OTHER_CONNECTIONS).fetch_one(&mut connection);
            if others.await.expect("the server counts") == 0 {
                break;
            }
        }
        let looked_into = sqlx::query_scalar(LOOKED_INTO).fetch_all(&mut connection).await;
        let with_patients = sqlx::query_scalar(WITH_PATIENTS).fetch_all(&mut connection).await;
        let parts = |numbers: Result<Vec<i64>, sqlx::Error>| {
            numbers.expect("the server tells").into_iter().collect()
        };
        (parts(looked_into), parts(with_patients))
    }

    /// A fresh database with the schema of an earlier version.
    ///
    /// # Panics
    /// As [`TestDb::new`].
    pub async fn at_version(engine: Engine, version: i64) -> Self {
        match engine {
            Engine::Sqlite => Self::embedded(Some(version)).await,
            Engine::Postgres => Self::on_server(Some(version), None).await,
        }
    }

    async fn embedded(version: Option<i64>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("test.db");
        let templates = setting(TEMPLATES_VARIABLE);
        if let (None, Some(templates)) = (version, &templates) {
            copy_template(Path::new(templates), &path).await;
        }
        let (url, db) = open_embedded(&path).await;
        match version {
            Some(version) => db.migrate_up_to(version).await.expect("the schema is made"),
            None if templates.is_none() => db.migrate().await.expect("the schema is made"),
            None => {}
        }
        Self { db, url, _folder: Some(folder), _database: None }
    }

    async fn on_server(version: Option<i64>, parts: Option<i64>) -> Self {
        let server = server_url();
        let mut connection = PgConnection::connect(&server).await.expect("the server answers");
        let template = match version {
            Some(_) => "template1".to_owned(),
            None => ready_template(&server, parts, &mut connection).await,
        };
        let mut unique = [0; 8];
        let entropy = almoner_domain::ambient::SystemEntropy;
        almoner_domain::ambient::Entropy::fill(&entropy, &mut unique);
        let name = format!("almoner_test_{:016x}", u64::from_be_bytes(unique));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
        made.expect("the test's database is made");
        let url = sibling_url(&server, &name);
        let db = Db::open(&url, Durability::Full).await.expect("the database opens");
        if let Some(version) = version {
            db.migrate_up_to(version).await.expect("the schema is made");
        }
        Self { db, url, _folder: None, _database: Some(OnServer { server, name }) }
    }
}

#[expect(clippy::disallowed_methods, reason = "tests learn of their run by the environment")]
fn setting(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

fn server_url() -> String {
    setting(SERVER_VARIABLE).unwrap_or_else(|| {
        panic!("set {SERVER_VARIABLE} to a server's address, or run `cargo xtask test`")
    })
}

async fn open_embedded(path: &Path) -> (String, Db) {
    let url = format!("sqlite://{}", path.display());
    let db = Db::open(&url, Durability::Scratch).await.expect("the database opens");
    (url, db)
}

/// Copies the embedded database that has this version's schema, made by whichever test comes
/// first. Two that come at the same time both make it, and the same.
async fn copy_template(templates: &Path, path: &Path) {
    let template = templates.join(format!("{:016x}.db", super::schema_mark(Engine::Sqlite)));
    if !template.exists() {
        let folder = tempfile::tempdir_in(templates).expect("a draft's folder can be made");
        let draft = folder.path().join("draft.db");
        let (_, db) = open_embedded(&draft).await;
        db.migrate().await.expect("the schema is made");
        db.close().await;
        std::fs::rename(&draft, &template).expect("the template gets its name");
    }
    std::fs::copy(&template, path).expect("the template can be copied");
}

fn partitions() -> Option<i64> {
    setting(PARTITIONS_VARIABLE)?.parse().ok()
}

/// The address of another database on the same server.
fn sibling_url(server: &str, name: &str) -> String {
    let (base, _) = server.rsplit_once('/').expect("the address ends with a database");
    format!("{base}/{name}")
}

/// A database with this version's schema, made by whichever test comes first.
async fn ready_template(server: &str, parts: Option<i64>, connection: &mut PgConnection) -> String {
    let mark = super::schema_mark(Engine::Postgres);
    let suffix = parts.map(|parts| format!("_{parts}")).unwrap_or_default();
    let name = format!("almoner_template_{mark:016x}{suffix}");
    // All tests but the first few find it there, and need not wait for each other.
    if is_there(&name, connection).await {
        return name;
    }
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK);
    lock.execute(&mut *connection).await.expect("the lock is granted");
    if !is_there(&name, connection).await {
        let draft = format!("{name}_draft");
        let url = sibling_url(server, &draft);
        if is_there(&draft, connection).await {
            Postgres::drop_database(&url).await.expect("a left-over draft is dropped");
        }
        Postgres::create_database(&url).await.expect("the template is made");
        let db = Db::open(&url, Durability::Full).await.expect("the template opens");
        db.migrate().await.expect("the schema is made");
        if let Some(parts) = parts {
            let mut tx = db.begin().await.expect("a transaction begins");
            crate::copy::partition(&mut tx, parts).await.expect("the tables are empty");
            tx.commit().await.expect("the partitions are kept");
        }
        db.close().await;
        let sql = format!("ALTER DATABASE {draft} RENAME TO {name}");
        let renamed = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await;
        renamed.expect("the template gets its name");
    }
    let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(TEMPLATE_LOCK);
    unlock.execute(&mut *connection).await.expect("the lock is let go");
    name
}

/// Whether the server has a database of that name.
async fn is_there(name: &str, connection: &mut PgConnection) -> bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)";
    let found = sqlx::query_scalar(sql).bind(name).fetch_one(connection).await;
    found.expect("the server answers")
}

/// A test that runs once on each engine: `on_both_engines! { async fn name(db) { … } }`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($db:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn check($db: $crate::testing::TestDb) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let engine = $crate::db::Engine::Sqlite;
                check($crate::testing::TestDb::new(engine).await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let engine = $crate::db::Engine::Postgres;
                check($crate::testing::TestDb::new(engine).await).await;
            }
        }
    )+};
}
