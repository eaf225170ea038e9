//! The built program, driven as a person would: by its command line and over HTTP.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Body, Client, Response, StatusCode};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The password of the accounts that tests add.
pub(crate) const PASSWORD: &str = "a long enough password";
/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Whether the long form of a test is wanted.
#[expect(clippy::disallowed_methods, reason = "tests learn of the long run by the environment")]
pub(crate) fn soaks() -> bool {
    std::env::var_os("ALMONER_SOAK").is_some()
}

/// A command of the program, in its own folder, on its own database.
pub(crate) fn command(folder: &Path, database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_almoner"));
    command.current_dir(folder).env_clear().kill_on_drop(true);
    command.arg("--database").arg(database).stdin(Stdio::null());
    command
}

/// What a command answered.
pub(crate) struct Answer {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained.
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) async fn run(folder: &Path, database: &str, args: &[&str]) -> Answer {
    let output = command(folder, database).args(args).output().await.expect("the program starts");
    Answer {
        code: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Adds a clinic and an account of that role.
pub(crate) async fn set_up(folder: &Path, database: &str, email: &str, role: &str) {
    let added = run(folder, database, &["org", "add", "Test Clinic"]).await;
    assert!(added.code == 0 || added.stderr.contains("already"), "{}", added.stderr);
    add_user(folder, database, email, role).await;
}

/// Adds an account.
pub(crate) async fn add_user(folder: &Path, database: &str, email: &str, role: &str) {
    let mut command = command(folder, database);
    command.args(["user", "add", email, "--role", role, "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let line = format!("{PASSWORD}\n");
    tokio::io::AsyncWriteExt::write_all(&mut stdin, line.as_bytes()).await.expect("it reads");
    drop(stdin);
    assert!(child.wait().await.expect("it ends").success(), "the account is added");
}

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    /// What it prints still; a program fails when nobody holds the other end.
    stdout: Lines<BufReader<ChildStdout>>,
    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub(crate) base: String,
}

impl Server {
    /// Starts a server on a free port and waits until it is ready.
    pub(crate) async fn start(folder: &Path, database: &str) -> Self {
        Self::start_with(folder, database, &["serve", "--log", "warn"], Stdio::inherit()).await
    }

    /// Starts a server by that command and its settings, which writes its log there.
    pub(crate) async fn start_with(
        folder: &Path,
        database: &str,
        words: &[&str],
        log: Stdio,
    ) -> Self {
        let mut command = command(folder, database);
        command.args(words).args(["--listen", "127.0.0.1:0"]).stderr(log);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let stdout = BufReader::new(stdout).lines();
        let mut server = Self { child, stdout, base: String::new() };
        server.base = server.address_after("listens on").await;
        server
    }

    /// The address in the line that it prints with these words, which it is still to print.
    pub(crate) async fn address_after(&mut self, words: &str) -> String {
        let printed = async {
            while let Some(line) = self.stdout.next_line().await.expect("stdout is readable") {
                if let Some((_, address)) = line.split_once(words) {
                    return address.trim().to_owned();
                }
            }
            panic!("it ended without having said where it {words}");
        };
        tokio::time::timeout(READY_WITHIN, printed).await.expect("it says its address")
    }

    /// Asks it to stop, as those do who run it.
    pub(crate) async fn ask_to_stop(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(asked.expect("there is kill").success(), "it is asked");
    }

    /// Waits until it has ended, and gives its exit code.
    pub(crate) async fn ended(mut self) -> Option<i32> {
        let ended = tokio::time::timeout(READY_WITHIN, self.child.wait()).await;
        ended.expect("it ends in time").expect("it can be waited for").code()
    }
}

/// A browser that is signed in and follows no redirects.
pub(crate) struct Browser {
    client: Client,
    base: String,
}

impl Browser {
    /// Signs in.
    pub(crate) async fn sign_in(base: &str, email: &str) -> Self {
        // The client wants to know its cryptography even where it speaks plain HTTP. It fails when
        // another test of this process has already said so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build();
        let browser = Self { client: client.expect("a client"), base: base.to_owned() };
        let form = [("email", email), ("password", PASSWORD), ("next", "")];
        let answer = browser.post("/sign-in", &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "the sign-in is accepted");
        browser
    }

    /// The same browser, with the same cookies, at another server of this machine.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { client: self.client.clone(), base: base.to_owned() }
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("sec-fetch-site", "same-origin").form(form);
        request.send().await.expect("the server answers")
    }

    /// Sends a form that leads to another page, and gives that page's path.
    pub(crate) async fn go(&self, path: &str, form: &[(&str, &str)]) -> String {
        self.try_go(path, form).await.expect("the server answers")
    }

    /// Sends a form that leads to another page; `None` when the server is gone.
    pub(crate) async fn try_go(&self, path: &str, form: &[(&str, &str)]) -> Option<String> {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("sec-fetch-site", "same-origin").form(form);
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Some(location.unwrap_or_else(|| panic!("POST {path} answered {status}")))
    }

    /// Adds a patient and gives the id.
    pub(crate) async fn add_patient(&self) -> String {
        let form = [
            ("first_name", "Ada"),
            ("last_name", "Testperson"),
            ("date_of_birth", "1980-01-01"),
            ("somebody_else", "1"),
        ];
        let path = self.go("/patients", &form).await;
        path.rsplit('/').next().expect("a path has an end").to_owned()
    }

    /// Sends a document with a payment's form, under that key; `None` when the server is gone.
    pub(crate) async fn send_file(&self, path: &str, key: &str, body: Body) -> Option<StatusCode> {
        let file = Part::stream(body).file_name("scan.txt");
        let form = Form::new().text("key", key.to_owned()).part("files", file);
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("sec-fetch-site", "same-origin").multipart(form);
        request.send().await.ok().map(|answer| answer.status())
    }

    /// Reads whatever is there, as it is.
    pub(crate) async fn bytes(&self, path: &str) -> (StatusCode, Bytes) {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await;
        let answer = answer.expect("the server answers");
        (answer.status(), answer.bytes().await.expect("it comes whole"))
    }

    /// Reads a page.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await;
        answer.expect("the server answers").text().await.expect("the page is text")
    }
}
