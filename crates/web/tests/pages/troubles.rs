//! What stands in the way of a payment's money, on its page.

use almoner_app::attempt::{self, Outcome};
use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::settle_unapplied::settle_unapplied;
use almoner_domain::role::Role;
use almoner_domain::tender::TenderEntry;
use almoner_domain::{Money, PaymentId, Status};
use almoner_store::exceptions::{self, ExceptionKind, NewException};
use almoner_store::on_both_engines;

use crate::site::Site;

const WORDS: &str = "O'Brien & Søn paid <b>twice</b>.";

pub(crate) async fn raise(site: &Site, payment: PaymentId, mark: &str) {
    let new = NewException {
        kind: ExceptionKind::LateMoney,
        mark,
        payment: Some(payment),
        money: Some((Money::from_cents(700), "USD")),
        words: WORDS,
    };
    let mut tx = site.app.db.begin().await.unwrap();
    exceptions::raise(&mut tx, site.clinic.id, &new, site.app.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// A payment that was paid by hand, and then by a page that was taken to be over.
async fn paid_twice(site: &Site) -> PaymentId {
    let (app, system) = (&site.app, site.system());
    let id = site.payment(None, None).await;
    let attempt = attempt::begin(app, &system, id).await.unwrap().attempt.id();
    attempt::told(app, &system, attempt, &Outcome::Expired).await.unwrap();
    let tender = TenderEntry { kind: "cash".to_owned(), ..TenderEntry::default() };
    let (version, to, reason) = (None, Status::Paid, None);
    let input = ChangeStatus { payment: id, version, to, tender: Some(tender), reason };
    change_status(app, &system, &input).await.unwrap();
    attempt::told(app, &system, attempt, &Outcome::Captured).await.unwrap();
    id
}

on_both_engines! {
    async fn a_second_payment_is_given_back_from_its_exception(db) {
        let site = Site::new(db).await;
        let payment = format!("/payments/{}", paid_twice(&site).await);
        let (list, review) = ("/payments/exceptions", "/payments/exceptions/EXC-001/refund/new");
        let make = "/payments/exceptions/EXC-001/refund";
        let manager = site.browser(Role::Manager).await;
        for page in [list, &*payment] {
            manager.get(page).await.shows(200, &["Give $80.00 back", review]);
        }
        let front = site.browser(Role::FrontDesk).await;
        front.get(list).await.shows(200, &["EXC-001"]).lacks(&["Give $80.00 back"]);
        front.get(review).await.shows(403, &[]);
        front.post(make, &[]).await.shows(403, &[]);
        manager.get(review).await.shows(200, &["$80.00", "Confirm Refund", "stays as it is"]);
        for _ in 0..2 {
            assert_eq!(manager.post(make, &[]).await.to(), payment, "twice is the same as once");
        }
        let told = ["REF-001", "Paid twice: the second payment", "On its way", "EXC-001"];
        manager.get(&payment).await.shows(200, &told).lacks(&["Give $80.00 back"]);
        manager.get(list).await.shows(200, &["REF-001 is on its way"]);
        manager.get(review).await.shows(409, &[]);
        settle_unapplied(&site.app, &site.system()).await.unwrap();
        manager.get(list).await.shows(200, &["Nothing waits"]);
        let done = manager.get(&payment).await;
        done.shows(200, &["EXC-001 solved", "REF-001: second payment of $80.00 given back"]);
        assert_eq!(manager.post(make, &[]).await.to(), list, "a page that was left open");
        done.lacks(&["REF-002"]);
    }

    async fn late_money_is_kept_or_refunded_and_an_event_is_looked_at_again(db) {
        let site = Site::new(db).await;
        let payment = site.payment(None, None).await;
        raise(&site, payment, "one").await;
        let manager = site.browser(Role::Manager).await;
        let list = "/payments/exceptions";
        manager.get(list).await.shows(200, &["Keep the money of EXC-001"]);
        let front = site.browser(Role::FrontDesk).await;
        front.post("/payments/exceptions/EXC-001/kept", &[]).await.shows(403, &[]);
        let kept = manager.post("/payments/exceptions/EXC-001/kept", &[]).await;
        assert_eq!(kept.to(), "/payments/PAY-001");
        manager.get("/payments/PAY-001").await.shows(200, &["The money was owed, and is kept."]);
        let new = NewException {
            kind: ExceptionKind::UnknownEvent,
            mark: "evt_1",
            payment: None,
            money: None,
            words: WORDS,
        };
        let mut tx = site.app.db.begin().await.unwrap();
        exceptions::raise(&mut tx, site.clinic.id, &new, site.app.now()).await.unwrap();
        tx.commit().await.unwrap();
        manager.get(list).await.shows(200, &["Look again at EXC-002"]);
        front.post("/payments/exceptions/EXC-002/look", &[]).await.shows(403, &[]);
        assert_eq!(manager.post("/payments/exceptions/EXC-002/look", &[]).await.to(), list);
        manager.get("/payments/exceptions/EXC-002/refund/new").await.shows(409, &[]);
        manager.post("/payments/exceptions/EXC-002/refund", &[]).await.shows(404, &[]);
        let keep = manager.post("/payments/exceptions/EXC-002/kept", &[]).await;
        keep.shows(409, &[]);
        manager.get(list).await.shows(200, &["EXC-002"]);
    }

    async fn a_person_is_told_and_says_what_was_done(db) {
        let site = Site::new(db).await;
        let payment = site.payment(None, None).await;
        for mark in ["one", "other"] {
            raise(&site, payment, mark).await;
        }
        let (page, form) = ("/payments/PAY-001", "/payments/PAY-001/exceptions/EXC-001");
        let told = "O&#39;Brien &#38; Søn paid &#60;b&#62;twice&#60;/b&#62;.";
        let front = site.browser(Role::FrontDesk).await;
        let seen = front.get(page).await;
        seen.shows(200, &["EXC-001", "EXC-002", told]).lacks(&["EXC-001 is solved"]);
        let manager = site.browser(Role::Manager).await;
        manager.get(page).await.shows(200, &[told, "EXC-001 is solved"]);
        let blank = manager.post(form, &[("solution", " ")]).await;
        blank.shows(422, &["Say what was done about it.", "f-solution"]);
        let done = [("solution", "Given back in cash.")];
        assert_eq!(manager.post(form, &done).await.to(), page);
        assert_eq!(manager.post(form, &done).await.to(), page, "twice is the same as once");
        let after = manager.get(page).await;
        after.shows(200, &["EXC-001 solved", "Given back in cash.", "EXC-002 is solved"]);
        after.lacks(&["EXC-001 is solved"]);
        let nobodys = manager.post("/payments/PAY-001/exceptions/EXC-999", &done).await;
        nobodys.shows(404, &[]);
        front.post("/payments/PAY-001/exceptions/EXC-002", &done).await.shows(403, &[]);
    }

    async fn what_waits_is_told_on_the_payments_page_and_solved_in_one_list(db) {
        let site = Site::new(db).await;
        let payment = site.payment(None, None).await;
        let manager = site.browser(Role::Manager).await;
        manager.get("/payments").await.lacks(&["/payments/exceptions"]);
        manager.get("/payments/exceptions").await.shows(200, &["Nothing waits"]);
        raise(&site, payment, "one").await;
        raise(&site, payment, "other").await;
        let told = ["2 exceptions", "href=\"/payments/exceptions\""];
        manager.get("/payments").await.shows(200, &told);
        let list = "/payments/exceptions";
        let shown = ["Money for a cancelled payment", "EXC-001", "$7.00", "/payments/PAY-001"];
        manager.get(list).await.shows(200, &shown);
        let blank = manager.post(&format!("{list}/EXC-002"), &[("solution", "")]).await;
        blank.shows(422, &["Say what was done about it.", "aria-describedby=\"e-2\""]);
        blank.lacks(&["id=\"e-1\""]);
        let done = [("solution", "It was owed.")];
        for _ in 0..2 {
            assert_eq!(manager.post(&format!("{list}/EXC-001"), &done).await.to(), list);
        }
        manager.get(list).await.shows(200, &["EXC-002"]).lacks(&["EXC-001"]);
        manager.get("/payments").await.shows(200, &["1 exception<"]);
        let auditor = site.browser(Role::Auditor).await;
        auditor.get(list).await.shows(200, &["EXC-002"]).lacks(&["is solved</button>"]);
        auditor.post(&format!("{list}/EXC-002"), &done).await.shows(403, &[]);
    }
}
