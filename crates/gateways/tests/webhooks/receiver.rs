//! A receiver of events, in its moods.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How it behaves.
#[derive(Debug, Clone)]
pub(crate) enum Mood {
    /// Answers with this status.
    Answer(u16),
    /// Points elsewhere.
    Redirect(u16, String),
    /// Reads and never answers.
    Silent,
    /// Reads and closes the connection.
    HangUp,
    /// Answers without an end.
    Endless,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) line: String,
    pub(crate) body: String,
    headers: Vec<(String, String)>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|header| header.0 == name).map_or("", |header| &header.1)
    }
}

/// A running receiver; it ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let got = Arc::new(Mutex::default());
        let kept = Arc::clone(&got);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                serve(stream, &mood, &kept).await;
            }
        });
        Self { address, got, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks?key=SAMPLE", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Got> {
        self.got.lock().expect("no test panics with it").clone()
    }
}

async fn serve(mut stream: TcpStream, mood: &Mood, kept: &Mutex<Vec<Got>>) {
    let Some(got) = read(&mut stream).await else { return };
    kept.lock().expect("no test panics with it").push(got);
    let answer = |status: u16, more: &str| {
        format!("HTTP/1.1 {status} Sample\r\ncontent-length: 0\r\nconnection: close\r\n{more}\r\n")
    };
    match mood {
        Mood::Answer(status) => {
            let _ = stream.write_all(answer(*status, "").as_bytes()).await;
        }
        Mood::Redirect(status, to) => {
            let more = format!("location: {to}\r\n");
            let _ = stream.write_all(answer(*status, &more).as_bytes()).await;
        }
        // Whoever waits gives up first.
        Mood::Silent => {
            let _ = stream.read(&mut [0; 1]).await;
        }
        Mood::HangUp => {}
        Mood::Endless => {
            let head = "HTTP/1.1 200 Sample\r\nconnection: close\r\n\r\n";
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&[b'x'; 4_096]).await;
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    };
    let headers: Vec<_> = lines.filter_map(header).collect();
    let mut got = Got { line, body: String::new(), headers };
    let length: usize = got.header("content-length").parse().ok()?;
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    got.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Some(got)
}
