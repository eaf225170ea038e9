//! Letters: what a patient agreed to, links and receipts that staff send, and what became of them.

use std::sync::{Arc, Mutex};

use almoner_app::post_mail::{claim_mail, post_claimed};
use almoner_app::read;
use almoner_app::save_patient::edit_patient;
use almoner_domain::PatientId;
use almoner_domain::role::Role;
use almoner_gateways::mail::{Letter, MailError, Mailer, Posted};
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use axum::http::StatusCode;
use jiff::SignedDuration;

use crate::site::{BASE, Site, person};

const SEND: &str = "/payments/PAY-001/link/send";
const CONSENT: &str = "/patients/PAT-002/email-consent";
const BUTTON: &str = "Send by e-mail</button>";
const RECEIPT: &str = "/payments/PAY-001/receipts/RCP-001";

/// A mailer that keeps what letters say, unless it is to fail once.
#[derive(Debug, Default)]
pub(crate) struct Post {
    fails: Mutex<Option<MailError>>,
    taken: Mutex<Vec<String>>,
}

impl Post {
    fn fails(&self, error: MailError) {
        *self.fails.lock().expect("no test panics with it") = Some(error);
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("no test panics with it").clone()
    }
}

impl Mailer for Post {
    fn name(&self) -> &'static str {
        "post"
    }

    fn send<'a>(&'a self, letter: Letter<'a>) -> Posted<'a> {
        let failed = self.fails.lock().expect("no test panics with it").take();
        if failed.is_none() {
            let text = letter.text.to_owned();
            self.taken.lock().expect("no test panics with it").push(text);
        }
        Box::pin(async { failed.map_or(Ok(()), Err) })
    }
}

/// Two clinics with a mail server.
pub(crate) async fn mailing(db: TestDb) -> (Site, Arc<Post>) {
    let post = Arc::new(Post::default());
    let site = Site::new(db).await.with_mailer(Arc::clone(&post) as Arc<dyn Mailer>);
    (site, post)
}

/// Gives the second patient that address.
async fn address(site: &Site, email: &str) {
    let id = PatientId::new(2);
    let version = read::patient(&site.app, &site.system(), id).await.unwrap().patient.version;
    let mut entry = person("Ben", "Specimen", "1975-07-04", "MEMBER-B");
    email.clone_into(&mut entry.email);
    edit_patient(&site.app, &site.system(), (id, version), &entry).await.unwrap();
}

/// The second patient agrees at the desk.
async fn agrees(site: &Site) {
    address(site, "ben@patient.example").await;
    let desk = site.browser(Role::FrontDesk).await;
    let agreed = desk.post(CONSENT, &[("key", "k"), ("agreed", "1")]).await;
    assert_eq!(agreed.to(), "/patients/PAT-002");
}

/// One round of the job.
async fn round(site: &Site) -> usize {
    let claimed = claim_mail(&site.app, &site.system(), 10).await.unwrap();
    for mail in &claimed {
        post_claimed(&site.app, &site.system(), mail, BASE).await.unwrap();
    }
    claimed.len()
}

on_both_engines! {
    async fn the_card_says_what_is_missing_and_where_it_is_noted(db) {
        let (site, post) = mailing(db).await;
        let home = format!("/payments/{}", site.payment(None, None).await);
        let desk = site.browser(Role::FrontDesk).await;
        let page = desk.get(&home).await;
        page.shows(200, &["href=\"/patients/PAT-002/edit\">enter the address of PAT-002</a>"]);
        page.lacks(&[BUTTON]);
        let refused = desk.post(SEND, &[("key", "k")]).await;
        refused.shows(422, &["The patient has no e-mail address."]);
        address(&site, "ben@patient.example").await;
        let page = desk.get(&home).await;
        let told = "note on <a href=\"/patients/PAT-002\">PAT-002</a> that the patient agreed";
        page.shows(200, &[told]).lacks(&[BUTTON]);
        let refused = desk.post(SEND, &[("key", "k")]).await;
        refused.shows(422, &["The patient did not agree to e-mail at the address on file."]);
        agrees(&site).await;
        desk.get(&home).await.shows(200, &[BUTTON]).lacks(&["To send it by e-mail"]);
        assert_eq!(round(&site).await, 0);
        assert!(post.taken().is_empty());
    }

    async fn without_a_mail_server_there_is_no_button(db) {
        let site = Site::new(db).await;
        let home = format!("/payments/{}", site.payment(None, None).await);
        agrees(&site).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.get(&home).await.shows(200, &[]).lacks(&[BUTTON, "by e-mail"]);
        let refused = desk.post(SEND, &[("key", "k")]).await;
        refused.shows(422, &["No mail server is set up."]);
    }

    async fn a_link_is_sent_and_the_payment_tells_of_it(db) {
        let (site, post) = mailing(db).await;
        let home = format!("/payments/{}", site.payment(None, None).await);
        agrees(&site).await;
        let desk = site.browser(Role::FrontDesk).await;
        for _ in 0..2 {
            let sent = desk.post(SEND, &[("key", "k")]).await;
            assert_eq!(sent.to(), format!("{home}#link"));
            let flash = sent.header("set-cookie");
            assert!(flash.starts_with("almoner_flash=link_sent"), "{flash}");
        }
        let waits = "Link to be sent, asked for Mar 10, 2026, 11:00 AM";
        desk.get(&home).await.shows(200, &[waits, "E-mail with the payment link asked for"]);
        assert_eq!(round(&site).await, 1, "it was pressed twice");
        desk.post(SEND, &[("key", "k")]).await.to();
        assert_eq!(round(&site).await, 0, "it was sent just now");
        let sent = "Link sent Mar 10, 2026, 11:00 AM";
        let page = desk.get(&home).await;
        page.shows(200, &[sent, "E-mail with the payment link sent"]);
        let taken = post.taken();
        assert_eq!(taken.len(), 1);
        let link = taken[0].lines().find_map(|line| line.strip_prefix(BASE)).unwrap();
        assert!(page.text().contains(link), "it is the link that the page shows");
        site.stranger().get(link).await.shows(200, &["Payment requested"]);
    }

    async fn what_the_mail_server_says_stands_on_the_payment(db) {
        let (site, post) = mailing(db).await;
        let home = format!("/payments/{}", site.payment(None, None).await);
        agrees(&site).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.post(SEND, &[("key", "k")]).await.to();
        post.fails(MailError::NotTaken("the connection failed".to_owned()));
        round(&site).await;
        let again = "to be sent again, asked for Mar 10, 2026, 11:00 AM: the mail server did not \
            take it: the connection failed";
        desk.get(&home).await.shows(200, &[again]);
        site.clock.set(site.app.now() + SignedDuration::from_mins(1));
        post.fails(MailError::Refused("code 550".to_owned()));
        assert_eq!(round(&site).await, 1);
        let told = "Link not delivered, Mar 10, 2026, 11:01 AM: the mail server refused it: code \
            550. Check the address before sending again.";
        desk.get(&home).await.shows(200, &[told, "E-mail with the payment link not delivered"]);
        desk.post(SEND, &[("key", "k")]).await.to();
        assert_eq!(round(&site).await, 1, "what was refused may be sent again at once");
        desk.get(&home).await.shows(200, &["Link sent Mar 10, 2026, 11:01 AM", told]);
    }

    async fn a_patient_agrees_and_changes_their_mind(db) {
        let (site, _) = mailing(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.get("/patients/PAT-002").await.shows(200, &[]).lacks(&[CONSENT, "Not agreed."]);
        let refused = desk.post(CONSENT, &[("key", "k"), ("agreed", "1")]).await;
        refused.shows(422, &["Enter the patient&#39;s e-mail address first."]);
        agrees(&site).await;
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["Agreed on Mar 10, 2026.", "value=\"1\" checked"]);
        let auditor = site.browser(Role::Auditor).await;
        let page = auditor.get("/patients/PAT-002").await;
        page.shows(200, &["Agreed on Mar 10, 2026."]).lacks(&[CONSENT]);
        for role in [Role::Auditor, Role::Administrator] {
            let reply = site.browser(role).await.post(CONSENT, &[("agreed", "")]).await;
            reply.shows(403, &["Your role does not allow this"]);
        }
        let other = site.browser_of(&site.other, Role::Manager).await;
        assert_eq!(other.post(CONSENT, &[("agreed", "")]).await.status, StatusCode::NOT_FOUND);
        address(&site, "new@patient.example").await;
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["Not agreed."]).lacks(&["checked"]);
        agrees(&site).await;
        let withdrawn = desk.post(CONSENT, &[("key", "k")]).await;
        let flash = withdrawn.header("set-cookie");
        assert!(flash.starts_with("almoner_flash=consent_withdrawn"), "{flash}");
        desk.get("/patients/PAT-002").await.shows(200, &["Not agreed."]);
    }

    async fn who_may_not_ask_for_money_sends_nothing(db) {
        let (site, _) = mailing(db).await;
        site.paid(None).await;
        let home = format!("/payments/{}", site.payment(None, None).await);
        agrees(&site).await;
        for role in [Role::Auditor, Role::Administrator] {
            let browser = site.browser(role).await;
            browser.get(&home).await.shows(200, &[]).lacks(&[BUTTON]);
            browser.get(RECEIPT).await.shows(200, &["PDF"]).lacks(&[BUTTON]);
            for path in [SEND, &format!("{RECEIPT}/send")] {
                let refused = browser.post(path, &[("key", "k")]).await;
                refused.shows(403, &["Your role does not allow this"]);
            }
        }
        let other = site.browser_of(&site.other, Role::Manager).await;
        for path in [SEND, &format!("{RECEIPT}/send")] {
            let reply = other.post(path, &[("key", "k")]).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(round(&site).await, 0);
    }

    async fn a_plain_receipt_is_sent_and_never_the_itemized_one(db) {
        let (site, post) = mailing(db).await;
        let treatment = site.treatment().await;
        site.paid(Some(treatment)).await;
        let desk = site.browser(Role::FrontDesk).await;
        let send = format!("{RECEIPT}/send");
        let page = desk.get(RECEIPT).await;
        page.shows(200, &["enter the address of PAT-002"]).lacks(&[BUTTON]);
        desk.post(&send, &[]).await.shows(422, &["The patient has no e-mail address."]);
        agrees(&site).await;
        desk.get(RECEIPT).await.shows(200, &[BUTTON]);
        let itemised = desk.get(&format!("{RECEIPT}?itemised=1")).await;
        itemised.shows(200, &["99213"]).lacks(&[BUTTON]);
        for _ in 0..2 {
            let sent = desk.post(&send, &[("itemised", "1")]).await;
            assert_eq!(sent.to(), RECEIPT);
        }
        desk.get(RECEIPT).await.shows(200, &["RCP-001 to be sent, asked for Mar 10, 2026"]);
        assert_eq!(round(&site).await, 1);
        for page in [RECEIPT, "/payments/PAY-001"] {
            desk.get(page).await.shows(200, &["RCP-001 sent Mar 10, 2026, 11:00 AM"]);
        }
        let history = desk.get("/payments/PAY-001").await;
        let told = ["E-mail with receipt RCP-001 asked for", "E-mail with receipt RCP-001 sent"];
        history.shows(200, &told);
        let taken = post.taken();
        assert!(taken[0].contains("Receipt RCP-001") && taken[0].contains("$80.00"), "{taken:?}");
        for private in ["99213", "Specimen", "Ben", "Dana", "1234567893", "MEMBER"] {
            assert!(!taken[0].contains(private), "{private}: {taken:?}");
        }
        let manager = site.browser(Role::Manager).await;
        let undo = [("key", "k"), ("version", "2"), ("reason", "entered_in_error")];
        let undone = manager.post("/payments/PAY-001/reversal", &undo).await;
        assert_eq!(undone.to(), "/payments/PAY-001");
        desk.get(RECEIPT).await.shows(200, &["Taken back"]).lacks(&[BUTTON]);
        desk.post(&send, &[]).await.shows(422, &["What this receipt says was undone."]);
    }
}
