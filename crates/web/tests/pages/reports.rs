//! Reports as pages and as CSV.

use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::role::Role;
use almoner_domain::tender::TenderEntry;
use almoner_domain::{Money, PaymentId, Status};
use almoner_store::on_both_engines;
use jiff::civil::Date;

use crate::site::{Browser, Site};

/// A payment that was paid by such a tender.
async fn paid_by(site: &Site, kind: &str) -> PaymentId {
    let id = site.payment(None, None).await;
    let tender = TenderEntry { kind: kind.to_owned(), ..TenderEntry::default() };
    let (to, tender) = (Status::Paid, Some(tender));
    let input = ChangeStatus { payment: id, version: None, to, tender, reason: None };
    change_status(&site.app, &site.system(), &input).await.unwrap();
    id
}

async fn refund(site: &Site, payment: PaymentId, cents: i64) {
    let input = RefundPayment {
        payment,
        version: None,
        amount: RefundAmount::Partial(Money::from_cents(cents)),
        reason: RefundReason::PatientRequest,
        notes: None,
        key: None,
    };
    refund_payment(&site.app, &site.system(), &input).await.unwrap();
}

/// Two payments of $80.00 by cash and by check, of the first of which $10.00 were given back.
pub(crate) async fn filled(site: &Site) {
    let cash = paid_by(site, "cash").await;
    paid_by(site, "check").await;
    refund(site, cash, 1_000).await;
}

pub(crate) async fn count(browser: &Browser<'_>, fields: &[(&str, &str)]) -> crate::site::Reply {
    let place = [("location", "LOC-001"), ("day", "2026-03-10")];
    let sent: Vec<_> = place.into_iter().chain(fields.iter().copied()).collect();
    browser.post("/reports/day-close/counts", &sent).await
}

on_both_engines! {
    async fn a_day_is_closed_against_the_drawer(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        assert_eq!(manager.get("/reports").await.to(), "/reports/day-close");
        let page = manager.get("/reports/day-close").await;
        page.shows(200, &["Tuesday, Mar 10, 2026", "so far", "Downtown Clinic", "Harbor"]);
        page.shows(200, &["$160.00", "$10.00", "$70.00", "The ledger agrees: $150.00"]);
        page.shows(200, &["No money moved.", "day=2026-03-09"]).lacks(&["day=2026-03-11"]);
        let form = "/reports/day-close/count?location=LOC-001&day=2026-03-10";
        let opened = manager.open(form).await;
        opened.shows(200, &["Count the drawer", "Downtown Clinic"]).lacks(&["$70.00"]);
        let note = "O'Brien & Søn <b>";
        let mut fields = vec![("key", "one"), ("cash", "68.00"), ("note", note)];
        fields.extend([("check_count", "1"), ("checks", "80")]);
        let kept = "/reports/day-close?day=2026-03-10";
        assert_eq!(count(&manager, &fields).await.to(), kept);
        assert_eq!(count(&manager, &fields).await.to(), kept, "twice");
        let page = manager.get(kept).await;
        let told = ["CNT-001", "$2.00 short", "no difference", "O&#39;Brien &#38; Søn &#60;b&#62;"];
        page.shows(200, &told).lacks(&["CNT-002", "changed since"]);
        paid_by(&site, "cash").await;
        assert_eq!(count(&manager, &[("key", "two"), ("cash", "151")]).await.to(), kept);
        let page = manager.get(kept).await;
        page.shows(200, &["CNT-002", "$1.00 over", "not counted", "The drawer changed since."]);
        count(&manager, &[("key", "two"), ("cash", "1")]).await.shows(409, &["other content"]);
        let wrong = count(&manager, &[("key", "x"), ("cash", "much"), ("note", note)]).await;
        wrong.shows(422, &["id=\"e-cash\"", "value=\"much\"", "Søn"]);
        let before = manager.get("/reports/day-close?day=2026-03-09").await;
        before.shows(200, &["Monday, Mar 9, 2026", "day=2026-03-10"]).lacks(&["CNT-001"]);
        manager.get("/reports/day-close?day=soon").await.shows(200, &["id=\"e-day\"", "soon"]);
        let auditor = site.browser(Role::Auditor).await;
        auditor.get(kept).await.shows(200, &["CNT-002"]).lacks(&["Count the drawer"]);
        assert_eq!(auditor.open(form).await.status.as_u16(), 403);
        for path in [
            "/reports/day-close/count?location=LOC-099&day=2026-03-10",
            "/reports/day-close/count?location=x&day=2026-03-10",
        ] {
            assert_eq!(manager.open(path).await.status.as_u16(), 404, "{path}");
        }
        let audit = manager.get("/audit?about=CNT-001").await;
        audit.shows(200, &["Drawer counted", "cash: $68.00", "booked cash: $70.00"]);
    }

    async fn what_came_in_is_told_by_month(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        let page = manager.get("/reports/collections").await;
        let told = ["Apr 2025 to Mar 2026", "$150.00", "$160.00 gross · $10.00 refunded",
            "Mar 2026 (so far)", "Collected by month", "By location", "No type", "Cash"];
        page.shows(200, &told);
        let card = manager.get("/payments").await;
        card.shows(200, &["$150.00", "$160.00 gross · $10.00 refunded"]);
        let other = manager.get("/reports/collections?location=LOC-002").await;
        other.shows(200, &["Nothing came in", "location=LOC-002"]);
        let wrong = manager.get("/reports/collections?from=2026-05&to=2026-01").await;
        wrong.shows(200, &["The last month comes before the first.", "Apr 2025 to Mar 2026"]);
        let refused = manager.get("/reports/collections.csv?from=x").await;
        assert_eq!(refused.status.as_u16(), 422);
    }

    async fn what_is_outstanding_leads_to_its_payments(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let due = |day| Some(Date::constant(2026, 3, day));
        for due in [None, due(10), due(9), due(8), Some(Date::constant(2025, 12, 1))] {
            site.payment(None, due).await;
        }
        let manager = site.browser(Role::Manager).await;
        let page = manager.get("/reports/aging").await;
        page.shows(200, &["Outstanding on Mar 10, 2026", "$400.00", "$160.00", "No due date"]);
        let text = page.text();
        let links: Vec<(i64, String)> = text
            .split("href=\"/payments?")
            .skip(1)
            .filter(|rest| rest.contains("payment"))
            .map(|rest| {
                let (query, rest) = rest.split_once('"').expect("an address ends");
                let label = rest.split("aria-label=\"").nth(1).expect("it says what it holds");
                let words = label.split(", ").nth(1).expect("amount, then count");
                let count = words.split(' ').next().expect("a count").parse().expect("a number");
                (count, format!("/payments?{}", query.replace("&#38;", "&")))
            })
            .collect();
        assert!(links.len() >= 8, "{links:?}");
        for (count, href) in links {
            let list = manager.get(&href).await;
            list.shows(200, &[&format!("1–{count} of {count}")]);
        }
    }

    async fn each_report_leaves_as_csv_and_is_noted(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        site.payment(None, Some(Date::constant(2026, 3, 9))).await;
        let manager = site.browser(Role::Manager).await;
        let note = [("key", "k"), ("cash", "70"), ("note", "=HYPERLINK(\"x\")")];
        count(&manager, &note).await.to();
        let day = manager.get("/reports/day-close.csv").await;
        day.shows(200, &[
            "2026-03-10,Downtown Clinic,Cash,1,80.00,0,0.00,1,10.00,0,0.00,70.00",
            "2026-03-10,Downtown Clinic,Check,1,80.00,0,0.00,0,0.00,0,0.00,80.00",
            ",70.00,70.00,,,1,80.00,\"'=HYPERLINK(\"\"x\"\")\"",
        ]);
        assert_eq!(day.header("content-type"), "text/csv; charset=utf-8; header=present");
        let name = "attachment; filename=\"day-close-2026-03-10.csv\"";
        assert_eq!(day.header("content-disposition"), name);
        let collections = manager.get("/reports/collections.csv").await;
        collections.shows(200, &[
            "2026-03,Downtown Clinic,No type,Cash,80.00,10.00,70.00",
            "2026-03,Downtown Clinic,No type,Check,80.00,0.00,80.00",
        ]);
        let aging = manager.get("/reports/aging.csv").await;
        aging.shows(200, &["Downtown Clinic,0,0.00,0,0.00,1,80.00,0,0.00,0,0.00,0,0.00,1,80.00"]);
        for role in [Role::FrontDesk, Role::Biller, Role::Administrator] {
            let browser = site.browser(role).await;
            for report in ["day-close", "collections", "aging"] {
                let answer = browser.get(&format!("/reports/{report}.csv")).await;
                assert_eq!(answer.status.as_u16(), 403, "{report} by {role:?}");
            }
        }
        let audit = manager.get("/audit").await;
        let told = ["Report exported: day close", "Report exported: collections",
            "Report exported: aging", "from: 2025-04-01"];
        audit.shows(200, &told);
    }
}
