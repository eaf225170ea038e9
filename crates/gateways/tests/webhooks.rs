//! Events over HTTP to a receiver on this machine: what it gets, how its answers are taken, and
//! where nothing is sent to.

#[path = "webhooks/official.rs"]
mod official;
#[path = "webhooks/receiver.rs"]
mod receiver;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use almoner_gateways::webhooks::{
    AddressFault, HttpWebhooks, Message, Names, NotTaken, SECRET_BYTES, SigningSecret, Telling,
    Timeouts, Webhooks as _,
};
use jiff::Timestamp;

use crate::receiver::{Mood, Receiver};

const ID: &str = "evt_019d5f6a3c7700112233445566778899";
/// With letters that a careless receiver would change.
pub(crate) const BODY: &str = r#"{"data":{"id":"PAY-001"},"type":"payment.created","x":"Søn \/"}"#;

fn secrets() -> [SigningSecret; 2] {
    [SigningSecret::new([7; SECRET_BYTES]), SigningSecret::new([8; SECRET_BYTES])]
}

async fn send(webhooks: &HttpWebhooks, url: &str, at: Timestamp) -> Result<u16, NotTaken> {
    let message = Message { url, id: ID, at, body: BODY, secrets: &secrets() };
    webhooks.send(message).await
}

fn moment() -> Timestamp {
    "2026-03-10T15:00:00.9Z".parse().expect("a moment")
}

fn hasty() -> HttpWebhooks {
    let timeouts = Timeouts { connect: Duration::from_secs(1), answer: Duration::from_millis(300) };
    HttpWebhooks::with(true, Arc::new(Sayings::always("127.0.0.1")), timeouts)
}

/// Names that stand for what they are told to.
struct Sayings {
    answers: Vec<Vec<&'static str>>,
    asked: AtomicUsize,
}

impl Sayings {
    fn always(address: &'static str) -> Self {
        Self::one_after_the_other(vec![vec![address]])
    }

    /// The last answer is given again and again.
    fn one_after_the_other(answers: Vec<Vec<&'static str>>) -> Self {
        Self { answers, asked: AtomicUsize::new(0) }
    }
}

impl Names for Sayings {
    fn addresses<'a>(
        &'a self,
        _host: &'a str,
        port: u16,
    ) -> Telling<'a, io::Result<Vec<SocketAddr>>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let found = self.answers[asked].iter();
        let found = found.map(|text| SocketAddr::new(text.parse().expect("an address"), port));
        let found = found.collect();
        Box::pin(async { Ok(found) })
    }
}

#[tokio::test]
async fn an_event_arrives_as_the_specification_has_it() {
    let receiver = Receiver::start(Mood::Answer(204)).await;
    let webhooks = HttpWebhooks::new(true);
    assert_eq!(send(&webhooks, &receiver.url(), moment()).await, Ok(204));
    let got = receiver.received();
    assert_eq!((got.len(), &*got[0].line), (1, "POST /hooks?key=SAMPLE HTTP/1.1"));
    let header = |name: &str| got[0].header(name);
    assert_eq!((header("webhook-id"), &*got[0].body), (ID, BODY));
    assert_eq!(header("webhook-timestamp"), "1773154800");
    assert_eq!(header("content-type"), "application/json");
    let signatures: Vec<&str> = header("webhook-signature").split(' ').collect();
    assert!(signatures.len() == 2 && signatures.iter().all(|one| one.starts_with("v1,")));
    assert_ne!(signatures[0], signatures[1]);
}

#[tokio::test]
async fn a_name_leads_to_what_was_looked_at() {
    let receiver = Receiver::start(Mood::Answer(200)).await;
    let names = Arc::new(Sayings::always("127.0.0.1"));
    let webhooks = HttpWebhooks::with(true, names, Timeouts::default());
    let url = receiver.url().replace("127.0.0.1", "books.example");
    assert_eq!(send(&webhooks, &url, moment()).await, Ok(200));
    assert!(receiver.received()[0].header("host").starts_with("books.example:"));
}

#[tokio::test]
async fn answers_are_taken_for_what_they_are() {
    for status in [400, 404, 410, 429, 500, 503] {
        let receiver = Receiver::start(Mood::Answer(status)).await;
        let found = send(&HttpWebhooks::new(true), &receiver.url(), moment()).await;
        assert_eq!(found, Err(NotTaken::Status(status)));
        assert_eq!(found.is_err_and(|error| error.is_gone()), status == 410);
    }
    let other = Receiver::start(Mood::Answer(200)).await;
    for status in [301, 302, 307, 308] {
        let receiver = Receiver::start(Mood::Redirect(status, other.url())).await;
        let found = send(&HttpWebhooks::new(true), &receiver.url(), moment()).await;
        assert_eq!(found, Err(NotTaken::Status(status)));
    }
    assert!(other.received().is_empty(), "no redirect is followed");
}

#[tokio::test]
async fn a_receiver_that_misbehaves_holds_nobody_up() {
    for (mood, expected) in [
        (Mood::Silent, Err(NotTaken::TooSlow)),
        (Mood::HangUp, Err(NotTaken::Broke)),
        // Nothing of the body is read.
        (Mood::Endless, Ok(200)),
    ] {
        let receiver = Receiver::start(mood).await;
        assert_eq!(send(&hasty(), &receiver.url(), moment()).await, expected);
    }
    // A port that was free a moment ago.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let gone = format!("http://{}/", listener.local_addr().expect("a bound port"));
    drop(listener);
    assert_eq!(send(&hasty(), &gone, moment()).await, Err(NotTaken::NoConnection));
}

#[tokio::test]
async fn nothing_is_sent_into_private_networks() {
    let receiver = Receiver::start(Mood::Answer(200)).await;
    let port = receiver.address.port();
    let webhooks = HttpWebhooks::new(false);
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "017700000001",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        // A name that stands for this machine.
        "localhost",
        "LOCALHOST",
    ] {
        let url = format!("https://{host}:{port}/");
        assert_eq!(webhooks.check(&url).await, Err(AddressFault::Private), "{host}");
        let found = send(&webhooks, &url, moment()).await;
        assert_eq!(found, Err(NotTaken::Address(AddressFault::Private)), "{host}");
    }
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn a_name_is_looked_up_each_time_and_one_private_address_is_enough() {
    let url = "https://books.example/hooks";
    let with = |answers| {
        HttpWebhooks::with(
            false,
            Arc::new(Sayings::one_after_the_other(answers)),
            Timeouts { connect: Duration::from_millis(1), answer: Duration::from_millis(1) },
        )
    };
    let turned = with(vec![vec!["1.1.1.1"], vec!["127.0.0.1"]]);
    assert_eq!(turned.check(url).await, Ok(()));
    let found = send(&turned, url, moment()).await;
    assert_eq!(found, Err(NotTaken::Address(AddressFault::Private)));
    for mixed in [vec!["1.1.1.1", "10.0.0.1"], vec!["2606:4700::1", "::ffff:192.168.0.1"]] {
        assert_eq!(with(vec![mixed]).check(url).await, Err(AddressFault::Private));
    }
    assert_eq!(with(vec![vec![]]).check(url).await, Err(AddressFault::UnknownHost));
}

#[tokio::test]
async fn what_is_no_address_is_told() {
    let webhooks =
        HttpWebhooks::with(false, Arc::new(Sayings::always("1.1.1.1")), Timeouts::default());
    let long = format!("https://books.example/{}", "a".repeat(3_000));
    for (url, expected) in [
        ("", AddressFault::NotAnAddress),
        ("books.example", AddressFault::NotAnAddress),
        ("ftp://books.example/", AddressFault::NotAnAddress),
        ("file:///etc/passwd", AddressFault::NotAnAddress),
        ("https://", AddressFault::NotAnAddress),
        (&*long, AddressFault::NotAnAddress),
        ("http://books.example/", AddressFault::NotTls),
        ("https://user@books.example/", AddressFault::HoldsUser),
        ("https://user:SAMPLE@books.example/", AddressFault::HoldsUser),
        ("https://books.example/#part", AddressFault::HoldsUser),
    ] {
        assert_eq!(webhooks.check(url).await, Err(expected), "{url}");
    }
    assert_eq!(webhooks.check("https://books.example:8443/hooks?key=SAMPLE").await, Ok(()));
}
