//! The list of payments and its sums, as other programs read them.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use serde_json::{Value, json};

use crate::api_payments::{PAYMENTS, asked, desk, of, pay};
use crate::api_program::Program;
use crate::site::Site;

/// Seven payments that differ in everything that a list is ordered by, and are alike in it too.
async fn seven(program: &Program<'_>) {
    for more in [
        json!({ "amount_cents": 700, "due_date": "2026-03-20" }),
        json!({ "amount_cents": 300, "patient_id": "PAT-001", "location_id": "LOC-002" }),
        json!({ "amount_cents": 700, "draft": true, "due_date": "2026-04-01" }),
        json!({ "amount_cents": 100, "due_date": "2026-03-01", "confirm_past_due_date": true }),
        json!({ "amount_cents": 900, "payment_type": "private_pay" }),
        json!({ "amount_cents": 700, "patient_id": "PAT-001", "due_date": "2026-03-20" }),
        json!({ "amount_cents": 500, "payment_type": "office_visit" }),
    ] {
        program.post(PAYMENTS, &asked(&more)).await.value(201);
    }
    pay(program, "PAY-005").await.value(200);
    let failed = r#"{"status":"failed"}"#;
    program.post(&of("PAY-007", "/status"), failed).await.value(200);
}

pub(crate) fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("a page has rows");
    rows.iter().map(|row| row["id"].as_str().expect("a row has an id").to_owned()).collect()
}

async fn listed(program: &Program<'_>, query: &str) -> Value {
    program.get(&format!("{PAYMENTS}?{query}")).await.value(200)
}

/// The rows of all pages from that one on, the way that it leads to, and the last of those pages.
async fn turned(
    program: &Program<'_>,
    query: &str,
    mut page: Value,
    (way, to): (&str, &str),
) -> (Vec<Vec<String>>, Value) {
    let mut found = vec![ids(&page)];
    while let Some(cursor) = page[way].as_str() {
        page = listed(program, &format!("{query}&{to}={cursor}")).await;
        found.push(ids(&page));
        assert!(found.len() < 9, "there is an end to it: {found:?}");
    }
    (found, page)
}

on_both_engines! {
    async fn every_row_comes_once_in_every_order_both_ways(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        seven(&program).await;
        for sort in ["created", "amount", "due", "status", "patient"] {
            for dir in ["asc", "desc"] {
                let query = format!("sort={sort}&dir={dir}");
                let whole = listed(&program, &query).await;
                assert_eq!((&whole["next"], &whole["previous"]), (&Value::Null, &Value::Null));
                assert_eq!((&whole["total"], &whole["total_is_exact"]), (&json!(7), &json!(true)));
                let whole = ids(&whole);
                assert_eq!(whole.len(), 7, "{query}");
                let query = format!("{query}&limit=2");
                let first = listed(&program, &query).await;
                let (on, last) = turned(&program, &query, first, ("next", "after")).await;
                assert_eq!(on.concat(), whole, "{query}");
                let (mut back, _) = turned(&program, &query, last, ("previous", "before")).await;
                back.reverse();
                assert_eq!(back, on, "{query}");
            }
        }
    }

    async fn undated_ones_come_last_and_a_cursor_holds_for_its_order(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        seven(&program).await;
        let page = listed(&program, "sort=due&limit=4").await;
        assert_eq!(ids(&page), ["PAY-004", "PAY-001", "PAY-006", "PAY-003"]);
        let cursor = page["next"].as_str().unwrap();
        let rest = listed(&program, &format!("sort=due&after={cursor}")).await;
        assert_eq!(ids(&rest), ["PAY-002", "PAY-005", "PAY-007"]);
        let other = program.get(&format!("{PAYMENTS}?sort=amount&after={cursor}")).await;
        assert_eq!(other.faults(), ["after malformed"]);
    }

    async fn the_list_is_narrowed_as_on_the_page(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        seven(&program).await;
        let biller = site.browser(Role::Biller).await;
        for (query, on_the_page, expected) in [
            ("status=failed&status=draft", "status=failed&status=draft",
                vec!["PAY-007", "PAY-003"]),
            ("location=LOC-002", "location=LOC-002", vec!["PAY-002"]),
            ("q=exam", "q=exam", vec!["PAY-006", "PAY-002"]),
            ("q=PAY-004", "q=00", vec!["PAY-004"]),
            ("type=private_pay", "type=private_pay", vec!["PAY-005"]),
            ("min_cents=700&max_cents=700&dir=asc", "min=7&max=7",
                vec!["PAY-001", "PAY-003", "PAY-006"]),
            ("overdue=true", "overdue=1", vec!["PAY-004"]),
            ("due_from=2026-03-20&due_to=2026-03-31", "due_from=2026-03-20&due_to=2026-03-31",
                vec!["PAY-006", "PAY-001"]),
            ("due=none&status=pending", "due=none&status=pending", vec!["PAY-002"]),
            ("paid=today", "paid=today", vec!["PAY-005"]),
            ("created=yesterday", "created=yesterday", vec![]),
        ] {
            let found = listed(&program, query).await;
            assert_eq!(ids(&found), expected, "{query}");
            assert_eq!(found["total"], expected.len(), "{query}");
            if on_the_page != "q=00" {
                let page = biller.get(&format!("/payments?{on_the_page}")).await;
                page.shows(200, &expected);
            }
        }
        let rows = listed(&program, "status=paid").await;
        let whole = program.get(&of("PAY-005", "")).await.value(200);
        let mut row = rows["data"][0].clone();
        row["estimate"] = Value::Null;
        assert_eq!(row, whole, "a row says what the payment says");
    }

    async fn what_cannot_be_meant_is_refused(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        let long = format!("q={}", "x".repeat(201));
        for (query, fault) in [
            ("limit=0", "limit out_of_range"),
            ("limit=101", "limit out_of_range"),
            ("limit=ten", "limit not_an_integer"),
            ("per_page=50", "per_page unknown_field"),
            ("page=2", "page unknown_field"),
            ("min=7", "min unknown_field"),
            ("status=open", "status not_one_of"),
            ("sort=name", "sort not_one_of"),
            ("location=LOC-999", "location not_found"),
            ("location=1", "location not_an_id"),
            ("due=this_month&due_from=2026-03-01", "due_from not_both"),
            ("created_from=yesterday", "created_from not_a_date"),
            ("min_cents=7.50", "min_cents not_an_integer"),
            ("after=created.desc.1.1.1&before=created.desc.1.1.1", "before not_both"),
            ("after=PAY-001", "after malformed"),
            (&*long, "q too_long"),
        ] {
            let reply = program.get(&format!("{PAYMENTS}?{query}")).await;
            assert_eq!(reply.faults(), [fault], "{query}");
        }
        for query in ["q=!!", "q=99999999999999999999", "after=created.desc..9.9", "q="] {
            listed(&program, query).await;
        }
    }

    async fn the_sums_are_those_of_the_cards(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        seven(&program).await;
        let refund = r#"{"amount_cents":200,"reason":"billing_error"}"#;
        program.post(&of("PAY-005", "/refunds"), refund).await.value(201);
        let path = format!("{PAYMENTS}/summary");
        let sums = program.get(&path).await.value(200);
        let collected = json!({ "net_cents": 700, "gross_cents": 900, "refunded_cents": 200 });
        assert_eq!(sums["collected"], collected);
        assert_eq!(sums["outstanding"], json!({ "amount_cents": 2_500, "count": 5,
            "overdue_cents": 100, "overdue_count": 1 }));
        assert_eq!(sums["by_status"], json!({ "draft": 1, "pending": 4, "processing": 0,
            "paid": 0, "failed": 1, "cancelled": 0, "voided": 0, "partially_refunded": 1,
            "refunded": 0 }));
        let trend = sums["trend"].as_array().unwrap();
        assert_eq!((trend.len(), &trend[0]["month"]), (12, &json!("2025-04")));
        let now = json!({ "month": "2026-03", "net_cents": 700, "gross_cents": 900,
            "refunded_cents": 200 });
        assert_eq!(trend[11], now);
        let harbor = program.get(&format!("{path}?location=LOC-002")).await.value(200);
        assert_eq!(harbor["outstanding"]["amount_cents"], 300);
        assert_eq!(program.get(&format!("{path}?x=1")).await.faults(), ["x unknown_field"]);
    }

    async fn a_page_that_was_shown_is_audited_as_a_list(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        seven(&program).await;
        listed(&program, "limit=5").await;
        site.web.flush_reads().await;
        let mut tx = site.app.db.read().await.unwrap();
        let sql = "SELECT count(*) AS n FROM audit_event WHERE action = 'viewed'
            AND actor = 'key' AND subject = 'payments' AND subject_seq = 0";
        assert_eq!(tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap(), 1);
    }
}
