//! Receipts: on a page, on paper, in a file.

use almoner_app::save_patient::edit_patient;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use axum::http::StatusCode;

use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site, person};

const ITEMISED: &str = "/payments/PAY-001/receipts/RCP-001?itemised=1";
const PLAIN: &str = "/payments/PAY-001/receipts/RCP-001";

/// What only the itemised one may say.
const PRIVATE: [&str; 4] = [HARD_NAME_SHOWN, "99213", "Dana Sample", "1234567893"];

/// A payment for a treatment of somebody with a hard name, paid by check.
async fn paid(site: &Site) {
    let treatment = site.treatment().await;
    let id = site.paid(Some(treatment)).await;
    assert_eq!(id.to_string(), "PAY-001");
    let mut tx = site.app.db.read().await.unwrap();
    let payment = almoner_store::payments::get(&mut tx, site.clinic.id, id).await.unwrap().unwrap();
    let patient = almoner_store::patients::get(&mut tx, site.clinic.id, payment.patient).await;
    let version = patient.unwrap().unwrap().version;
    drop(tx);
    let entry = person(HARD_NAME, HARD_NAME, "1975-07-04", "MEMBER-B");
    edit_patient(&site.app, &site.system(), (payment.patient, version), &entry).await.unwrap();
}

on_both_engines! {
    async fn a_paid_payment_leads_to_its_receipt(db) {
        let site = Site::new(db).await;
        paid(&site).await;
        let desk = site.browser(Role::FrontDesk).await;
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &["Receipts", "href=\"/payments/PAY-001/receipts/RCP-001\""]);
        let plain = desk.get(PLAIN).await;
        plain.shows(200, &["<h2 id=\"s-paper\">Receipt</h2>", "Amount paid", "PAY-001", "Check"]);
        plain.lacks(&PRIVATE);
        let itemised = desk.get(ITEMISED).await;
        itemised.shows(200, &["Itemized receipt"]).shows(200, &PRIVATE);
    }

    async fn printing_is_noted_and_begins_once(db) {
        let site = Site::new(db).await;
        paid(&site).await;
        let auditor = site.browser(Role::Auditor).await;
        let form = format!("{PLAIN}/print");
        let plain = auditor.post(&form, &[("itemised", ""), ("as", "paper")]).await;
        assert_eq!(plain.to(), format!("{PLAIN}?print=1"));
        let itemised = auditor.post(&form, &[("itemised", "1"), ("as", "paper")]).await;
        assert_eq!(itemised.to(), format!("{ITEMISED}&print=1"));
        auditor.get(itemised.to()).await.shows(200, &["data-print=\"?itemised=1\""]);
        auditor.get(ITEMISED).await.shows(200, &[]).lacks(&["data-print"]);
        let file = auditor.post(&form, &[("itemised", "1"), ("as", "pdf")]).await;
        assert_eq!(file.status, StatusCode::OK);
        assert_eq!(file.header("content-type"), "application/pdf");
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"RCP-001.pdf\"");
        assert_eq!(file.header("cache-control"), "no-store");
        assert!(file.body.starts_with(b"%PDF-1.7") && file.body.len() < 60_000);
        let history = auditor.get("/payments/PAY-001").await;
        let told = ["Receipt RCP-001 printed", "Receipt RCP-001 saved as PDF", "itemized"];
        history.shows(200, &told);
    }

    async fn unknown_receipts_are_not_found(db) {
        let site = Site::new(db).await;
        paid(&site).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        for path in [
            "/payments/PAY-002/receipts/RCP-001",
            "/payments/PAY-001/receipts/RCP-002",
            "/payments/PAY-001/receipts/REF-001",
            "/payments/PAY-009/receipts/RCP-001",
        ] {
            assert_eq!(desk.open(path).await.status, StatusCode::NOT_FOUND, "{path}");
            let form = format!("{path}/print");
            let answer = desk.post(&form, &[("as", "pdf")]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{form}");
        }
        desk.get("/payments/PAY-002").await.shows(200, &[]).lacks(&["Receipts", "RCP-"]);
    }
}
