//! A real server on a database, as somebody signed in or a program with keys uses it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::Outcome;
use crate::cpu::Processes;

/// How long the server may take to tell its address.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one request may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(900);
/// What the demo's accounts have for a password.
const PASSWORD: &str = "demo-demo-demo";

/// A database of some size.
#[derive(Debug, Clone)]
pub(crate) struct Sized {
    /// How many payments it holds.
    pub(crate) payments: u64,
    /// Its address.
    pub(crate) url: String,
    /// What marks the database's processes that work for this database.
    pub(crate) backends: Option<String>,
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Served {
    /// Its processes.
    pub(crate) processes: Processes,
    /// From its start to the first answer that it is ready.
    pub(crate) start: Duration,
    /// Its address, without a slash at the end.
    pub(crate) base: String,
    /// Somebody who is signed in.
    pub(crate) staff: Client,
    _server: Child,
    _folder: TempDir,
}

/// A client that follows no redirection and keeps its connections.
fn client(headers: HeaderMap) -> Outcome<Client> {
    let builder = Client::builder().redirect(Policy::none()).cookie_store(true);
    let builder = builder.default_headers(headers).timeout(ANSWER_TIMEOUT).no_proxy();
    builder.build().map_err(|error| error.to_string())
}

/// A client that asks with a key.
pub(crate) fn with_key(key: &str) -> Outcome<Client> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {key}")).map_err(|error| error.to_string())?;
    value.set_sensitive(true);
    client(HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, value)]))
}

impl Served {
    /// Starts the program on a database and signs in.
    pub(crate) async fn start(binary: &Path, database: &Sized) -> Outcome<Self> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let mut server = Command::new(binary)
            .args(["demo", "--listen", "127.0.0.1:0", "--database", &database.url])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", binary.display()))?;
        let base = address(&mut server).await?;
        let ready = client(HeaderMap::new())?;
        while !ready.get(format!("{base}/readyz")).send().await.is_ok_and(is_fine) {
            if begun.elapsed() > START_TIMEOUT {
                return Err("the server is not ready".to_owned());
            }
        }
        let start = begun.elapsed();
        let process = server.id().ok_or("the server ended")?;
        let processes = Processes::new(process, database.backends.clone());
        let staff = sign_in(&base).await?;
        Ok(Self { processes, start, base, staff, _server: server, _folder: folder })
    }
}

fn is_fine(answer: Response) -> bool {
    answer.status().is_success()
}

/// The address that the server prints first; what follows is read on, so that it never waits.
async fn address(server: &mut Child) -> Outcome<String> {
    let out = server.stdout.take().ok_or("the server prints nothing")?;
    let mut lines = BufReader::new(out).lines();
    let search = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(place) = line.find("http://127.0.0.1:") {
                let address = line[place..].split_whitespace().next().unwrap_or_default();
                return Ok(address.trim_end_matches(['/', '.']).to_owned());
            }
        }
        Err("the server ended without an address".to_owned())
    };
    let found = timeout(START_TIMEOUT, search).await.map_err(|_| "no address came in time")?;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    found
}

async fn sign_in(base: &str) -> Outcome<Client> {
    let origin = HeaderValue::from_str(base).map_err(|error| error.to_string())?;
    let site = (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static("same-origin"));
    let client = client(HeaderMap::from_iter([(ORIGIN, origin), site]))?;
    let form = [("email", "biller@demo.clinic"), ("password", PASSWORD)];
    let sent = client.post(format!("{base}/sign-in")).form(&form).send().await;
    let answer = sent.map_err(|error| error.to_string())?;
    if answer.status().is_redirection() {
        Ok(client)
    } else {
        Err(format!("signing in was answered with {}", answer.status()))
    }
}

/// Makes so many keys for programs, by the command that a clinic uses.
pub(crate) async fn keys(binary: &PathBuf, url: &str, count: usize) -> Outcome<Vec<String>> {
    let mut keys = Vec::with_capacity(count);
    for number in 0..count {
        let name = format!("bench {number}");
        let scopes = "payments:read,payments:write,refunds:write";
        let made = Command::new(binary)
            .args(["key", "create", "--name", &name, "--scopes", scopes, "--database", url])
            .output()
            .await
            .map_err(|error| error.to_string())?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        keys.push(String::from_utf8_lossy(&made.stdout).trim().to_owned());
    }
    Ok(keys)
}
