//! A database with a streaming replica: two servers of a test's own, on free ports of this
//! machine, made with the programs of the server that all tests use.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::{Db, Durability, TestDb, server_url};

/// How long a server may take to answer, or to do what is waited for.
const WITHIN: Duration = Duration::from_secs(30);
/// Speed over durability, and little memory.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "max_connections=60",
    "autovacuum=off",
    "log_min_messages=fatal",
];
/// Whoever signs in to the database as the program does: its owner, who has no special rights.
const OWNER: &str = "clinic";

/// Runs a server until its own input ends, as it does when a test ends, however it ends.
const GUARD: &str = r#""$@" & read -r _; kill -QUIT $!; wait"#;

/// A server that runs.
#[derive(Debug)]
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It ends at once, or goes with the folder.
        let _ = self.0.wait();
    }
}

/// The programs of the server that tests use, and who runs them.
#[derive(Debug)]
struct Programs {
    folder: PathBuf,
    /// The user and the group; a server does not run as root.
    runs_as: (u32, u32),
}

impl Programs {
    async fn found() -> Self {
        let mut connection = PgConnection::connect(&server_url()).await.expect("it answers");
        let sql = "SELECT (SELECT setting FROM pg_config WHERE name = 'BINDIR') AS programs, \
            current_setting('data_directory') AS data";
        let row = sqlx::query(sql).fetch_one(&mut connection).await.expect("it knows itself");
        let data: String = row.get("data");
        let data = Path::new(&data).metadata().expect("the server is on this machine");
        let folder = PathBuf::from(row.get::<String, _>("programs"));
        Self { folder, runs_as: (data.uid(), data.gid()) }
    }

    fn command(&self, program: &str) -> Command {
        self.as_owner(Command::new(self.folder.join(program)))
    }

    fn as_owner(&self, mut command: Command) -> Command {
        let is_root = Path::new("/proc/self").metadata().is_ok_and(|itself| itself.uid() == 0);
        if is_root {
            command.uid(self.runs_as.0).gid(self.runs_as.1);
        }
        command.current_dir("/").stdout(Stdio::null());
        command
    }

    fn run(&self, program: &str, words: &[&str]) {
        let ended = self.command(program).args(words).status().expect("it starts");
        assert!(ended.success(), "{program} {words:?}");
    }

    fn start(&self, data: &Path, port: u16) -> Server {
        let mut command = self.as_owner(Command::new("sh"));
        command.args(["-c", GUARD, "sh"]).arg(self.folder.join("postgres"));
        command.arg("-D").arg(data).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        Server(command.stdin(Stdio::piped()).spawn().expect("the server starts"))
    }
}

/// A database, its replica, and the servers of both.
#[derive(Debug)]
pub struct Replicated {
    /// The replica's address, for the program.
    pub url: String,
    programs: Programs,
    replica: (PathBuf, u16),
    /// Dropped before the folder that they are in.
    running: Option<Server>,
    _primary: Server,
    _folder: tempfile::TempDir,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

fn address(user: &str, port: u16, database: &str) -> String {
    format!("postgres://{user}@127.0.0.1:{port}/{database}")
}

/// Waits until a server takes connections.
async fn await_connected(url: &str) -> PgConnection {
    let tries = async {
        loop {
            match PgConnection::connect(url).await {
                Ok(connection) => return connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let with_deadline = tokio::time::timeout(WITHIN, tries);
    with_deadline.await.expect("the server is ready in time")
}

impl Replicated {
    /// A fresh database and a replica that follows it. The database does not know of it yet.
    ///
    /// # Panics
    /// When there is no server that it could be made like.
    pub async fn start() -> (TestDb, Self) {
        let programs = Programs::found().await;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (uid, gid) = programs.runs_as;
        chown(folder.path(), Some(uid), Some(gid)).expect("the folder is handed over");
        let [first, second] = ["primary", "replica"].map(|name| folder.path().join(name));
        let [port, other] = [free_port(), free_port()];
        let data = first.to_str().expect("the path is plain");
        let options = ["--username=postgres", "--auth=trust", "--locale=C.UTF-8", "--no-sync"];
        programs.run("initdb", &[&["-D", data][..], &options].concat());
        let primary = programs.start(&first, port);
        let mut connection = await_connected(&address("postgres", port, "postgres")).await;
        for sql in
            [format!("CREATE ROLE {OWNER} LOGIN"), format!("CREATE DATABASE clinic OWNER {OWNER}")]
        {
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
            done.expect("the database is made");
        }
        let data = second.to_str().expect("the path is plain");
        let from = format!("host=127.0.0.1 port={port} user=postgres");
        let copy = ["-D", data, "-d", &from, "-R", "-X", "stream", "-c", "fast", "--no-sync"];
        programs.run("pg_basebackup", &copy);
        let url = address(OWNER, port, "clinic");
        let db = Db::open(&url, Durability::Full).await.expect("the database opens");
        db.migrate().await.expect("the schema is made");
        let mut replicated = Self {
            url: address(OWNER, other, "clinic"),
            programs,
            replica: (second, other),
            running: None,
            _primary: primary,
            _folder: folder,
        };
        replicated.start_replica().await;
        (TestDb { db, url, _folder: None, _database: None }, replicated)
    }

    /// Starts the replica, which was stopped.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_replica(&mut self) {
        let (data, port) = &self.replica;
        self.running = Some(self.programs.start(data, *port));
        drop(await_connected(&self.url).await);
    }

    /// Stops the replica, as a machine does that breaks.
    pub fn stop_replica(&mut self) {
        self.running = None;
    }

    /// Waits until the replica has all that is committed by now.
    ///
    /// # Panics
    /// When it does not come so far.
    pub async fn catch_up(&self, db: &Db) {
        let all = i64::from(db.position().await.expect("it has a replica"));
        let mut connection = await_connected(&self.url).await;
        let caught_up = async {
            loop {
                let sql = "SELECT CAST(pg_last_wal_replay_lsn() - CAST('0/0' AS pg_lsn) AS BIGINT)";
                let row = sqlx::query(sql).fetch_one(&mut connection).await.expect("it tells");
                if row.get::<i64, _>(0) >= all {
                    return;
                }
            }
        };
        tokio::time::timeout(WITHIN, caught_up).await.expect("it catches up in time");
    }

    /// Has the replica stay where it is, while it goes on answering.
    ///
    /// # Panics
    /// When it does not.
    pub async fn pause(&self) {
        let mut connection = self.told("SELECT pg_wal_replay_pause()").await;
        let paused = async {
            loop {
                let sql = "SELECT pg_get_wal_replay_pause_state() = 'paused' AS it";
                let row = sqlx::query(sql).fetch_one(&mut connection).await.expect("it tells");
                if row.get("it") {
                    return;
                }
            }
        };
        tokio::time::timeout(WITHIN, paused).await.expect("it stays where it is");
    }

    /// Has it go on.
    ///
    /// # Panics
    /// When it does not.
    pub async fn resume(&self) {
        self.told("SELECT pg_wal_replay_resume()").await;
    }

    /// Makes it a database of its own, as a failover does.
    ///
    /// # Panics
    /// When it does not become one.
    pub async fn promote(&self) {
        self.told("SELECT pg_promote()").await;
    }

    async fn told(&self, sql: &'static str) -> PgConnection {
        let url = address("postgres", self.replica.1, "postgres");
        let mut connection = await_connected(&url).await;
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("it does so");
        connection
    }
}
