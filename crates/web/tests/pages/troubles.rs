//! What stands in the way of a payment's money, on its page.

use almoner_domain::role::Role;
use almoner_domain::{Money, PaymentId};
use almoner_store::exceptions::{self, ExceptionKind, NewException};
use almoner_store::on_both_engines;

use crate::site::Site;

const WORDS: &str = "O'Brien & Søn paid <b>twice</b>.";

async fn raise(site: &Site, payment: PaymentId, mark: &str) {
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

on_both_engines! {
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
