//! Reports, as other programs read them: the numbers of the pages.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::api_payments::desk;
use crate::api_program::Program;
use crate::reports::{count, filled};
use crate::site::Site;

const REPORTS: &str = "/api/v1/reports";

async fn report(program: &Program<'_>, asked: &str) -> Value {
    program.get(&format!("{REPORTS}/{asked}")).await.value(200)
}

fn tally(count: i64, cents: i64) -> Value {
    json!({ "count": count, "amount_cents": cents })
}

on_both_engines! {
    async fn a_program_closes_a_day(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        let fields = [("key", "one"), ("cash", "68.00"), ("note", "O'Brien & Søn <b>")];
        count(&manager, &fields).await.to();
        let program = desk(&site).await;
        let told = report(&program, "day-close").await;
        assert_eq!((&told["date"], &told["is_over"]), (&json!("2026-03-10"), &json!(false)));
        assert_eq!(told["total"], json!({
            "taken": tally(2, 16_000), "reversed": tally(0, 0), "refunded": tally(1, 1_000),
            "refunds_failed": tally(0, 0), "net_cents": 15_000,
        }));
        let [ours, other] = &told["locations"].as_array().unwrap()[..] else {
            panic!("{told}");
        };
        assert_eq!((&ours["location_id"], &ours["agrees"]), (&json!("LOC-001"), &json!(true)));
        let kinds: Vec<&Value> =
            ours["tenders"].as_array().unwrap().iter().map(|row| &row["type"]).collect();
        assert_eq!(kinds, ["cash", "check"]);
        assert_eq!(ours["tenders"][0]["net_cents"], 7_000);
        assert_eq!(ours["ledger"][0],
            json!({ "account": "cash", "booked_cents": 7_000, "ledger_cents": 7_000 }));
        assert_eq!(ours["drawer"], json!({ "cash_cents": 7_000, "checks": tally(1, 8_000) }));
        assert_eq!(ours["counts"], json!([{
            "id": "CNT-001", "counted": { "cash_cents": 6_800, "checks": null },
            "booked": { "cash_cents": 7_000, "checks": tally(1, 8_000) }, "is_outdated": false,
            "note": "O'Brien & Søn <b>", "counted_by": ours["counts"][0]["counted_by"],
            "counted_at": "2026-03-10T15:00:00Z",
        }]));
        assert_eq!((&other["tenders"], &other["agrees"]), (&json!([]), &json!(true)));
        let before = report(&program, "day-close?date=2026-03-09&location=LOC-001").await;
        assert_eq!((&before["is_over"], &before["total"]["net_cents"]), (&json!(true), &json!(0)));
        assert_eq!(before["locations"].as_array().map(Vec::len), Some(1));
        for (query, fault) in [
            ("date=2026-02-30", "date not_a_date"),
            ("date=today", "date not_a_date"),
            ("day=2026-03-09", "day unknown_field"),
            ("location=LOC-099", "location not_found"),
        ] {
            let reply = program.get(&format!("{REPORTS}/day-close?{query}")).await;
            assert_eq!(reply.faults(), [fault], "{query}");
        }
        let foreign = Program::at(&site, &site.other, "payments:read").await;
        assert_eq!(report(&foreign, "day-close").await["total"]["net_cents"], 0);
    }

    async fn a_program_reads_what_came_in_and_what_is_outstanding(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        for due in [None, Some(Date::constant(2026, 3, 9)), Some(Date::constant(2025, 12, 1))] {
            site.payment(None, due).await;
        }
        let program = desk(&site).await;
        let told = report(&program, "collections").await;
        assert_eq!((&told["from"], &told["to"]), (&json!("2025-04"), &json!("2026-03")));
        let sums = json!({ "net_cents": 15_000, "gross_cents": 16_000, "refunded_cents": 1_000 });
        assert_eq!(told["total"], sums);
        assert_eq!(told["data"][0], json!({
            "month": "2026-03", "location_id": "LOC-001", "payment_type": null, "tender": "cash",
            "net_cents": 7_000, "gross_cents": 8_000, "refunded_cents": 1_000,
        }));
        let other = report(&program, "collections?from=2026-03&location=LOC-002").await;
        assert_eq!((&other["data"], &other["total"]["net_cents"]), (&json!([]), &json!(0)));
        for (query, fault) in [
            ("from=2026-05&to=2026-01", "to before_from"),
            ("from=2021-03&to=2026-03", "from out_of_range"),
            ("from=2026-13", "from not_a_month"),
            ("from=2026-1", "from not_a_month"),
            ("from=-2026-01", "from not_a_month"),
        ] {
            let reply = program.get(&format!("{REPORTS}/collections?{query}")).await;
            assert_eq!(reply.faults(), [fault], "{query}");
        }
        report(&program, "collections?from=2021-04&to=2026-03").await;
        let told = report(&program, "aging").await;
        assert_eq!(told["date"], "2026-03-10");
        let total = &told["total"];
        assert_eq!(total["outstanding"], tally(3, 24_000));
        assert_eq!(total["overdue"], tally(2, 16_000));
        for age in ["no_due_date", "overdue_1_30", "overdue_over_90"] {
            assert_eq!(total[age], tally(1, 8_000), "{age}");
        }
        assert_eq!(told["locations"][0]["outstanding"], tally(3, 24_000));
        let other = report(&program, "aging?location=LOC-002").await;
        assert_eq!(other["total"]["outstanding"], tally(0, 0));
    }
}
