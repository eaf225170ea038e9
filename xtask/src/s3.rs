//! A server that speaks S3, with an empty bucket: moto, a Python package, in an environment of its
//! own; on a free loopback port, gone afterwards.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::guard::{Guarded, LOG};
use crate::process::Outcome;
use crate::{postgres, python};

/// The variable that tells tests where the server is; without it they are left out.
pub(crate) const VARIABLE: &str = "ALMONER_TEST_S3";

const PACKAGES: &str = "crates/gateways/tests/s3/requirements.txt";
const BUCKET: &str = "almoner-tests";
const START_SECONDS_MAX: u64 = 60;
const START_TRIES_MAX: u32 = 3;
const POLL: Duration = Duration::from_millis(50);

/// A running server; dropping it stops it.
pub(crate) struct S3 {
    url: String,
    _server: Guarded,
}

impl S3 {
    /// Starts a server and makes its bucket.
    pub(crate) fn start(root: &Path) -> Outcome<Self> {
        let python = python(root)?;
        let mut last = String::new();
        for _ in 0..START_TRIES_MAX {
            match start_on(&python, postgres::free_port()?) {
                Ok(started) => return Ok(started),
                Err(message) => last = message,
            }
        }
        Err(format!("the S3 server did not start: {last}"))
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// The Python that has the server.
pub(crate) fn python(root: &Path) -> Outcome<PathBuf> {
    python::environment(root, "s3-python", &root.join(PACKAGES))
}

fn start_on(python: &Path, port: u16) -> Outcome<S3> {
    let folder = postgres::make_folder(None)?;
    let program = python.display().to_string();
    let port_text = port.to_string();
    let words = [&*program, "-B", "-m", "moto.server", "-H", "127.0.0.1", "-p", &port_text];
    let mut server = Guarded::start(&folder, None, &words.map(str::to_owned))?;
    let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
    while Instant::now() < deadline && server.is_running() {
        if make_bucket(port).is_ok_and(|answer| answer.contains(" 200 ")) {
            return Ok(S3 { url: format!("http://127.0.0.1:{port}"), _server: server });
        }
        std::thread::sleep(POLL);
    }
    let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
    Err(format!("it was not ready in time; its log says:\n{log}"))
}

/// Asks for the bucket; gives the first line of the answer.
fn make_bucket(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let request = format!(
        "PUT /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
