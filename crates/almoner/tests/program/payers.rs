//! Many payers at once, each from an address of their own: every link is paid exactly once, however
//! often its button is pressed. And the built program with Stripe instead of the sandbox.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use almoner_domain::ambient::{Clock as _, SystemClock};
use almoner_store::db::Engine;
use almoner_store::testing::TestDb;
use almoner_stripe_fake::{API_KEY, Fake, Paid, WEBHOOK_SECRET, card};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use crate::common::{Browser, Server, add_user, run};

/// Links that are paid.
const LINKS: usize = 1_000;
/// Payers at the same time.
const PAYERS: usize = 50;
/// Desks that create the payments.
const DESKS: usize = 4;
/// How long the last payment may take to be in the books.
const TOLD_WITHIN: Duration = Duration::from_mins(2);
/// A card that pays, and one that is declined before.
const PAYS: &str = "4242 4242 4242 4242";
const DECLINED: &str = "4000 0000 0000 0002";

/// The demo's clinic with an account, so that the demo, which alone takes test money, invents
/// nothing.
pub(crate) async fn demo_clinic(folder: &Path, db: &TestDb) {
    let added = run(folder, &db.url, &["org", "add", "Harbor Street Clinic"]).await;
    assert_eq!(added.code, 0, "{}", added.stderr);
    add_user(folder, &db.url, "m@test.clinic", "manager").await;
}

/// A server that takes test money.
async fn server(folder: &Path, db: &TestDb, settings: &[&str]) -> Server {
    demo_clinic(folder, db).await;
    let words = [&["demo", "--log", "warn"], settings].concat();
    Server::start_with(folder, &db.url, &words, Stdio::inherit()).await
}

/// A new payment with a link; tells the payment's path and the link's.
pub(crate) async fn asked_for(
    desk: &Browser,
    base: &str,
    patient: &str,
    number: usize,
) -> (String, String) {
    let key = format!("payment-{number}");
    let form = [("patient", patient), ("amount", "12.50"), ("do", "create"), ("key", &key)];
    let path = desk.go("/payments", &form).await;
    desk.go(&format!("{path}/link"), &[("key", "k")]).await;
    let page = desk.page(&path).await;
    let start = page.find(&format!("{base}/pay/")).expect("the page shows the link");
    let link = page[start + base.len()..].split('"').next().unwrap_or_default();
    (path, link.to_owned())
}

async fn all_asked_for(server: &Server, count: usize) -> Vec<(String, String)> {
    let desk = Arc::new(Browser::sign_in(&server.base, "m@test.clinic").await);
    let patient = desk.add_patient().await;
    let mut desks = tokio::task::JoinSet::new();
    for first in 0..DESKS {
        let (desk, base, patient) = (Arc::clone(&desk), server.base.clone(), patient.clone());
        desks.spawn(async move {
            let mut made = Vec::new();
            for number in (first..count).step_by(DESKS) {
                made.push(asked_for(&desk, &base, &patient, number).await);
            }
            made
        });
    }
    desks.join_all().await.into_iter().flatten().collect()
}

/// A payer's phone.
pub(crate) struct Phone {
    client: Client,
    base: String,
}

impl Phone {
    /// A phone with the loopback address of that number.
    pub(crate) fn new(base: &str, number: usize) -> Self {
        let last = u8::try_from(number + 1).expect("there are few");
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 7, last));
        let client = Client::builder().cookie_store(true).redirect(Policy::none());
        let client = client.local_address(address).build().expect("a client");
        Self { client, base: base.to_owned() }
    }

    fn at(&self, to: &str) -> String {
        if to.starts_with("http") { to.to_owned() } else { format!("{}{to}", self.base) }
    }

    async fn look(&self, to: &str) -> String {
        let answer = self.client.get(self.at(to)).send().await.expect("the server answers");
        assert_eq!(answer.status(), StatusCode::OK, "{to}");
        answer.text().await.expect("the page is text")
    }

    async fn send(&self, to: &str, form: &[(&str, &str)]) -> Response {
        self.client.post(self.at(to)).form(form).send().await.expect("the server answers")
    }

    /// Where a form leads.
    async fn go(&self, to: &str, form: &[(&str, &str)]) -> String {
        let answer = self.send(to, form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{to}");
        answer.headers()["location"].to_str().expect("an address").to_owned()
    }

    /// Pays by a link, as people do: pressing twice, mistyping the card, coming back.
    pub(crate) async fn pay(&self, link: &str) {
        assert!(self.look(link).await.contains("Pay $12.50"));
        let (one, other) = tokio::join!(self.go(link, &[]), self.go(link, &[]));
        // Of two presses at once, one may find the payment only just under way.
        let page = if one.contains("/sandbox/") { one } else { other };
        assert!(self.look(&page).await.contains("Test card number"));
        assert_eq!(self.at(&self.go(&page, &[("card", DECLINED)]).await), self.at(&page));
        let (one, other) =
            tokio::join!(self.go(&page, &[("card", PAYS)]), self.go(&page, &[("card", PAYS)]));
        assert!(one.ends_with("/pay/back") && other.ends_with("/pay/back"), "{one} {other}");
    }
}

/// Waits until so many rows are found.
pub(crate) async fn await_count(db: &TestDb, sql: &'static str, count: usize) {
    let deadline = tokio::time::sleep(TOLD_WITHIN);
    let found = async {
        loop {
            let mut tx = db.read().await.expect("the database answers");
            let found = tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap();
            drop(tx);
            if usize::try_from(found).unwrap() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = found => {}
        () = deadline => panic!("it never came to {count}: {sql}"),
    }
}

const PAID: &str = "SELECT count(*) AS n FROM payment WHERE status = 'paid'";
const TENDERS: &str = "SELECT count(*) AS n FROM tender";
const CAPTURED: &str = "SELECT count(*) AS n FROM payment_attempt WHERE state = 'captured'";
const ODD: &str = "SELECT count(*) AS n FROM money_exception";

async fn everybody_pays_once(db: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &db, &["--processor", "sandbox"]).await;
    let asked = Arc::new(all_asked_for(&server, LINKS).await);
    let mut payers = tokio::task::JoinSet::new();
    for number in 0..PAYERS {
        let (phone, asked) = (Phone::new(&server.base, number), Arc::clone(&asked));
        payers.spawn(async move {
            for (_, link) in asked.iter().skip(number).step_by(PAYERS) {
                phone.pay(link).await;
            }
        });
    }
    payers.join_all().await;
    for sql in [PAID, TENDERS, CAPTURED] {
        await_count(&db, sql, LINKS).await;
    }
    await_count(&db, ODD, 0).await;
    let phone = Phone::new(&server.base, 0);
    assert!(phone.look(&asked[0].1).await.contains("Payment received"));
    let verified = run(folder.path(), &db.url, &["verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

/// The built program with Stripe's strict stand-in: pays, hears of it by webhook, and refunds.
async fn with_stripe(db: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(SystemClock.now().as_second()).await;
    for (name, secret) in [("key", API_KEY), ("webhook", WEBHOOK_SECRET)] {
        std::fs::write(folder.path().join(name), secret).unwrap();
    }
    let url = fake.base_url();
    let stripe = [
        "--processor",
        "stripe",
        "--stripe-key-file",
        "key",
        "--stripe-webhook-secret-file",
        "webhook",
        "--stripe-url",
        &url,
    ];
    let server = server(folder.path(), &db, &stripe).await;
    let (path, link) = all_asked_for(&server, 1).await.remove(0);
    let phone = Phone::new(&server.base, 0);
    let page = phone.go(&link, &[]).await;
    assert!(page.starts_with(&url), "{page}");
    let session = fake.objects("checkout.session")[0]["id"].as_str().unwrap().to_owned();
    assert!(matches!(fake.pay(&session, card::PAYS), Paid::Done(_)));
    for webhook in fake.take_webhooks() {
        let sent = phone.client.post(phone.at("/webhooks/stripe")).body(webhook.body.clone());
        let sent = sent.header("stripe-signature", &webhook.signature).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::OK, "{}", webhook.event);
    }
    await_count(&db, PAID, 1).await;
    let desk = Browser::sign_in(&server.base, "m@test.clinic").await;
    let form = [("kind", "full"), ("reason", "patient_request"), ("key", "r")];
    desk.go(&format!("{path}/refunds"), &form).await;
    await_count(&db, "SELECT count(*) AS n FROM refund WHERE state = 'settled'", 1).await;
    assert_eq!(fake.objects("refund").len(), 1);
    let verified = run(folder.path(), &db.url, &["verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_is_paid_once_sqlite() {
    everybody_pays_once(TestDb::new(Engine::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_is_paid_once_postgres() {
    everybody_pays_once(TestDb::new(Engine::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_pays_and_refunds_through_stripe_sqlite() {
    with_stripe(TestDb::new(Engine::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_pays_and_refunds_through_stripe_postgres() {
    with_stripe(TestDb::new(Engine::Postgres).await).await;
}
