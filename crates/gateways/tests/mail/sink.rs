//! A mail server that keeps what it is given, and does what a test wants of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with the next letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// Says this to the recipient.
    Answers(&'static str),
    /// Says this to us, when we say who we are and when we begin a letter.
    Bars(&'static str),
    /// Ends the connection in the middle of the letter.
    HangsUp,
    /// Ends the connection when the letter is whole, without a word.
    TakesAndHangsUp,
}

/// A letter as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
    pub(crate) login: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    state: Arc<(Mutex<Mood>, Mutex<Vec<Taken>>)>,
}

impl Sink {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new((Mutex::new(mood), Mutex::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that ends is what some tests are about.
                tokio::spawn(talk(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn turns(&self, mood: Mood) {
        *self.state.0.lock().unwrap() = mood;
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.1.lock().unwrap().clone()
    }
}

async fn talk(
    stream: TcpStream,
    state: Arc<(Mutex<Mood>, Mutex<Vec<Taken>>)>,
) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink.example ESMTP\r\n").await?;
    let mut letter =
        Taken { from: String::new(), to: Vec::new(), data: String::new(), login: None };
    while let Some(line) = lines.next_line().await? {
        let mood = *state.0.lock().unwrap();
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match &*word {
            "EHLO" => "250-sink.example\r\n250-8BITMIME\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" | "MAIL" if let Mood::Bars(answer) = mood => answer.to_owned(),
            "AUTH" => {
                letter.login = Some(line);
                "235 welcome".to_owned()
            }
            "MAIL" => {
                letter.from = line;
                "250 sender".to_owned()
            }
            "RCPT" => {
                if let Mood::Answers(answer) = mood {
                    format!("{answer} <{}>", &line["RCPT TO:<".len()..])
                } else {
                    letter.to.push(line);
                    "250 recipient".to_owned()
                }
            }
            "DATA" if letter.to.is_empty() => "503 to whom?".to_owned(),
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                while let Some(line) = lines.next_line().await? {
                    if mood == Mood::HangsUp {
                        return Ok(());
                    }
                    if line == "." {
                        break;
                    }
                    letter.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    letter.data.push('\n');
                }
                state.1.lock().unwrap().push(letter.clone());
                if mood == Mood::TakesAndHangsUp {
                    return Ok(());
                }
                "250 taken".to_owned()
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".to_owned(),
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
