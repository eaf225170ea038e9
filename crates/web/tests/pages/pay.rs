//! Payment links: the card on the payment's page, and what a payer sees.

use almoner_app::ask_attempts::ask_attempts;
use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::role::Role;
use almoner_domain::tender::TenderEntry;
use almoner_domain::{PaymentId, Status};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::site::{BASE, Reply, Site};

/// What no payer may read: the patient, the memo, the type, whose clinic staff it was.
const SECRETS: [&str; 6] = ["Sample", "Specimen", "Office Visit", "memo", "PAT-", "TRT-"];

/// The path of the link that a payment's page shows.
fn path(page: &Reply) -> String {
    let text = page.text();
    let start = text.find(&format!("{BASE}/pay/")).expect("the page shows a link");
    let link = text[start + BASE.len()..].split('"').next().unwrap_or_default();
    link.to_owned()
}

async fn issued(site: &Site, id: PaymentId) -> String {
    let desk = site.browser(Role::FrontDesk).await;
    let home = format!("/payments/{id}");
    let reply = desk.post(&format!("{home}/link"), &[("key", "k")]).await;
    assert_eq!(reply.to(), format!("{home}#link"));
    path(&desk.get(&home).await)
}

async fn to(site: &Site, id: PaymentId, to: Status) {
    let tender = (to == Status::Paid)
        .then(|| TenderEntry { kind: "cash".to_owned(), ..TenderEntry::default() });
    let reason = Some("as agreed".to_owned());
    let change = ChangeStatus { payment: id, version: None, to, reason, tender };
    change_status(&site.app, &site.system(), &change).await.expect("the status changes");
}

on_both_engines! {
    async fn staff_create_show_replace_and_end_a_link(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let home = format!("/payments/{id}");
        desk.get(&home).await.shows(200, &["Payment link", "No link yet", "Generate link"]);
        let first = issued(&site, id).await;
        let page = desk.get(&home).await;
        page.shows(200, &["Holds until Apr 9, 2026", "QR code", "<path d=\"M4 4h7v1h-7z"]);
        page.shows(200, &["Payment link created", "Replace or end it"]);
        let wrong = [("key", "k"), ("until", "2026-01-01"), ("replaces", "1")];
        let refused = desk.post(&format!("{home}/link"), &wrong).await;
        refused.shows(422, &["This day has passed", "value=\"2026-01-01\""]);
        let odd = [("key", "k"), ("until", "tomorrow")];
        desk.post(&format!("{home}/link"), &odd).await.shows(422, &["Enter a date such as"]);
        let other = [("key", "k"), ("until", "2026-03-12"), ("replaces", "1")];
        desk.post(&format!("{home}/link"), &other).await;
        let second = path(&desk.get(&home).await);
        assert_ne!(first, second);
        let payer = site.stranger();
        payer.get(&first).await.shows(404, &["no longer valid"]);
        payer.get(&second).await.shows(200, &["Link holds until", "Mar 12, 2026"]);
        let ended = desk.post(&format!("{home}/link/revoke"), &[("key", "k")]).await;
        assert_eq!(ended.to(), format!("{home}#link"));
        desk.get(&home).await.shows(200, &["The link was ended on Mar 10, 2026"]);
        payer.get(&second).await.shows(404, &["no longer valid"]);
    }

    async fn those_who_may_not_issue_links_see_none(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        issued(&site, id).await;
        for role in [Role::Auditor, Role::Administrator] {
            let browser = site.browser(role).await;
            browser.get(&format!("/payments/{id}")).await.lacks(&["/pay/", "Payment link</h2>"]);
            let refused = browser.post(&format!("/payments/{id}/link"), &[("key", "k")]).await;
            refused.shows(403, &["Your role does not allow this"]);
        }
    }

    async fn a_payer_sees_an_amount_and_nothing_about_a_patient(db) {
        let site = Site::new(db).await;
        let treatment = site.treatment().await;
        let id = site.payment(Some(treatment), None).await;
        let link = issued(&site, id).await;
        let payer = site.stranger();
        let page = payer.get(&link).await;
        page.shows(200, &["Downtown Clinic", "Payment requested", &id.to_string(), "Pay $"]);
        page.lacks(&SECRETS);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow, noarchive");
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        to(&site, id, Status::Failed).await;
        payer.get(&link).await.shows(200, &["did not go through", "Nothing was charged"]);
        to(&site, id, Status::Pending).await;
        to(&site, id, Status::Processing).await;
        let page = payer.get(&link).await;
        page.shows(200, &["being processed", "data-waits"]).lacks(&["<button"]);
        to(&site, id, Status::Paid).await;
        let page = payer.get(&link).await;
        page.shows(200, &["Payment received", "Paid on Mar 10, 2026"]);
        page.lacks(&["<button", "data-waits"]).lacks(&SECRETS);
        let refund = RefundPayment {
            payment: id,
            version: None,
            amount: RefundAmount::Full { expected_remaining: None },
            reason: RefundReason::PatientRequest,
            notes: None,
            key: None,
        };
        refund_payment(&site.app, &site.system(), &refund).await.unwrap();
        payer.get(&link).await.shows(200, &["was given back or is on its way back"]);
        let receipts = payer.get(&format!("{link}/receipts")).await;
        receipts.shows(200, &["RCP-001", "Amount paid", "RCP-002", "Amount refunded", "Cash"]);
        receipts.lacks(&SECRETS);
        assert_eq!(receipts.header("x-robots-tag"), "noindex, nofollow, noarchive");
    }

    async fn a_payer_pays_and_a_second_click_goes_on_with_the_same_page(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        let link = issued(&site, id).await;
        let payer = site.stranger();
        let sent = payer.post(&link, &[]).await;
        let (page, cookie) = (sent.to().to_owned(), sent.header("set-cookie").to_owned());
        assert!(page.starts_with("/sandbox/sbx_"), "{page}");
        assert!(!page.contains(&link["/pay/".len()..]), "the processor never learns the link");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        assert_eq!(payer.post(&link, &[]).await.to(), page);
        payer.get(&link).await.shows(200, &["Payment in progress", "Go on with the payment"]);
        let told = ["Test money", "Pay Downtown Clinic", "Test card number"];
        payer.get(&page).await.shows(200, &told);
        assert_eq!(payer.post(&page, &[("card", "4000 0000 0000 0002")]).await.to(), page);
        payer.get(&page).await.shows(200, &["The bank declined the card", "aria-invalid"]);
        assert_eq!(payer.post(&page, &[("card", "4000 0025 0000 3155")]).await.to(), page);
        payer.get(&page).await.shows(200, &["is it really you"]);
        assert_eq!(payer.post(&page, &[("answer", "yes")]).await.to(), format!("{BASE}/pay/back"));
        let mut returning = payer.clone();
        returning.cookies = cookie.split(';').next().unwrap_or_default().to_owned();
        assert_eq!(returning.get("/pay/back").await.to(), link);
        payer.get("/pay/back").await.shows(200, &["Thank you", "open your payment link again"]);
        // No webhook reaches a test's clinic: the job asks instead.
        site.clock.set(site.app.now() + SignedDuration::from_mins(6));
        ask_attempts(&site.app, &site.system()).await.unwrap();
        payer.get(&link).await.shows(200, &["Payment received"]);
        let desk = site.browser(Role::FrontDesk).await;
        desk.get(&format!("/payments/{id}")).await.shows(200, &["Card", "the processor"]);
        assert_eq!(payer.post(&link, &[]).await.to(), link, "nothing is paid twice");
        assert_eq!(payer.post(&page, &[("card", "4242")]).await.to(), format!("{BASE}/pay/back"));
    }

    async fn a_payer_who_left_tries_again(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        let link = issued(&site, id).await;
        let payer = site.stranger();
        let first = payer.post(&link, &[]).await.to().to_owned();
        site.clock.set(site.app.now() + SignedDuration::from_hours(2));
        payer.post(&first, &[("card", "4242 4242 4242 4242")]).await.to();
        ask_attempts(&site.app, &site.system()).await.unwrap();
        payer.get(&link).await.shows(200, &["Payment requested"]);
        let second = payer.post(&link, &[]).await.to().to_owned();
        assert_ne!(first, second);
        let gone = payer.post("/pay/1-99-1-aaaaaaaaaaaaaaaaaaaaaaaaaaa", &[]).await;
        let nothing = payer.get(gone.to()).await;
        nothing.shows(404, &["no longer valid"]);
        payer.get("/sandbox/sbx_unknown").await.shows(404, &["not found"]);
    }

    async fn unknown_expired_revoked_and_cancelled_get_the_same_page(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        let link = issued(&site, id).await;
        let payer = site.stranger();
        let unknown = payer.get("/pay/1-99-1-aaaaaaaaaaaaaaaaaaaaaaaaaaa").await;
        unknown.shows(404, &["no longer valid"]);
        to(&site, id, Status::Cancelled).await;
        let cancelled = payer.get(&link).await;
        let receipts = payer.get(&format!("{link}/receipts")).await;
        let garbage = payer.get("/pay/%3Cb%3E").await;
        for reply in [&cancelled, &garbage, &receipts] {
            assert_eq!(reply.status, unknown.status);
            assert_eq!(reply.text(), unknown.text());
        }
    }

    async fn a_link_that_is_opened_too_often_asks_to_wait(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        let link = issued(&site, id).await;
        let payer = site.stranger();
        let mut last = payer.get(&link).await;
        for _ in 0..200 {
            if last.status.as_u16() != 200 {
                break;
            }
            last = payer.get(&link).await;
        }
        last.shows(429, &["Please wait a minute"]).lacks(&["Downtown Clinic", "$"]);
    }
}
