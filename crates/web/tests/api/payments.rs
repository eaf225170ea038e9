//! Payments, as other programs create, change and read them.

use almoner_app::read;
use almoner_app::run_once::LEASE;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use serde_json::{Value, json};

use crate::api_checks::futures_all;
use crate::api_program::{ESTIMATES, Program, all_but};
use crate::eligibility::{BEN, file};
use crate::site::{Reply, Site};

/// Where payments are listed and created.
pub(crate) const PAYMENTS: &str = "/api/v1/payments";

/// What a payment is created from, with more fields than the least.
pub(crate) fn asked(more: &Value) -> String {
    let mut asked = json!({ "patient_id": "PAT-002", "amount_cents": 8_000 });
    let fields = asked.as_object_mut().expect("it is an object");
    fields.extend(more.as_object().cloned().expect("more is an object"));
    asked.to_string()
}

/// The address of a payment, or of something of it.
pub(crate) fn of(payment: &str, what: &str) -> String {
    format!("{PAYMENTS}/{payment}{what}")
}

/// A program that may do all with payments.
pub(crate) async fn desk(site: &Site) -> Program<'_> {
    Program::new(site, "payments:read,payments:write,refunds:write,estimates:read").await
}

/// Takes the whole amount by check.
pub(crate) async fn pay(program: &Program<'_>, payment: &str) -> Reply {
    let paid = json!({ "status": "paid", "tender": { "type": "check", "number": "1042" } });
    program.post(&of(payment, "/status"), &paid.to_string()).await
}

/// Passes when every cent of the clinic is accounted for.
pub(crate) async fn verified(site: &Site) {
    for finding in read::verify(&site.app, site.clinic.id, None).await.unwrap() {
        assert_eq!(finding.difference, None, "{}", finding.proves);
    }
}

on_both_engines! {
    async fn a_payment_is_created_and_read(db) {
        let site = Site::new(db).await;
        let treatment = site.treatment().await.to_string();
        let program = desk(&site).await;
        let reply = program.post(PAYMENTS, &asked(&json!({
            "treatment_id": treatment, "payment_type": "private_pay", "due_date": "2026-03-20",
            "memo": "Two visits.",
        }))).await;
        let created = reply.value(201);
        assert_eq!(reply.header("location"), of("PAY-001", ""));
        assert_eq!(reply.header("etag"), "\"1\"");
        let expected = json!({
            "id": "PAY-001", "status": "pending", "amount_cents": 8_000, "collected_cents": 0,
            "refunded_cents": 0, "lost_cents": 0, "remaining_cents": 0, "currency": "USD",
            "patient": { "id": "PAT-002", "name": "Ben Specimen" }, "treatment_id": treatment,
            "location_id": "LOC-002", "payment_type": "private_pay", "due_date": "2026-03-20",
            "memo": "Two visits.", "overdue": false, "tender": null, "paid_at": null,
            "created_at": "2026-03-10T15:00:00Z",
            "modified_at": "2026-03-10T15:00:00Z", "version": 1,
            "allowed_transitions": ["draft", "processing", "paid", "failed", "cancelled"],
            "link": null, "estimate": null,
        });
        assert_eq!(created, expected);
        let reply = program.get(&of("PAY-001", "")).await;
        assert_eq!((reply.value(200), reply.header("etag")), (expected, "\"1\""));
        let draft = program.post(PAYMENTS, &asked(&json!({ "draft": true }))).await.value(201);
        assert_eq!((&draft["status"], &draft["location_id"]), (&json!("draft"), &json!("LOC-001")));
        let only = Program::new(&site, "payments:write").await;
        only.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        only.get(&of("PAY-003", "")).await.problem(403, "insufficient_scope");
        verified(&site).await;
    }

    async fn what_cannot_be_created_is_said_field_by_field(db) {
        let site = Site::new(db).await;
        let treatment = site.treatment().await.to_string();
        let program = desk(&site).await;
        for (more, fault) in [
            (json!({ "amount_cents": 0 }), "amount_cents out_of_range"),
            (json!({ "amount_cents": 100_000_000 }), "amount_cents out_of_range"),
            (json!({ "amount_cents": "80.00" }), "amount_cents not_an_integer"),
            (json!({ "patient_id": "PAT-999" }), "patient_id not_found"),
            (json!({ "location_id": "LOC-999" }), "location_id not_found"),
            (json!({ "patient_id": "PAT-001", "treatment_id": treatment }),
                "treatment_id not_the_patients"),
            (json!({ "due_date": "2026-03-09" }), "due_date in_the_past"),
            (json!({ "memo": "x".repeat(2_001) }), "memo too_long"),
            (json!({ "draft": "yes" }), "draft not_a_truth_value"),
            (json!({ "amount": 8_000 }), "amount unknown_field"),
        ] {
            let reply = program.post(PAYMENTS, &asked(&more)).await;
            assert_eq!(reply.faults(), [fault], "{more}");
        }
        let past = json!({ "due_date": "2026-03-09", "confirm_past_due_date": true });
        let told = program.post(PAYMENTS, &asked(&past)).await.value(201);
        assert_eq!((&told["overdue"], &told["id"]), (&json!(true), &json!("PAY-001")));
    }

    async fn an_estimate_is_made_anew_and_kept(db) {
        let site = Site::new(db).await;
        let plan = ["EB*1*IND*30*PP*SAMPLE GOLD PPO", "EB*B*IND*98***27*50.00*****Y"];
        site.import(file(7, BEN, &plan)).await;
        let program = desk(&site).await;
        let question = json!({ "patient_id": "PAT-002", "payment_type": "office_visit" });
        let estimated = program.post(ESTIMATES, &question.to_string()).await.value(200);
        let body = asked(&json!({ "amount_cents": 5_000, "estimate": question }));
        let told = program.post(PAYMENTS, &body).await.value(201);
        assert_eq!(told["estimate"], estimated);
        assert_eq!((&told["payment_type"], &estimated["amount_cents"]),
            (&json!("office_visit"), &json!(5_000)));
        let of_another = |field: &str, value: &str| {
            let mut question = question.clone();
            question[field] = json!(value);
            asked(&json!({ "estimate": question, "payment_type": "office_visit" }))
        };
        for (field, value, fault) in [
            ("patient_id", "PAT-001", "estimate.patient_id not_the_payments"),
            ("payment_type", "private_pay", "estimate.payment_type not_the_payments"),
            ("location_id", "LOC-999", "estimate.location_id not_found"),
            ("copay", "1", "estimate.copay unknown_field"),
        ] {
            let reply = program.post(PAYMENTS, &of_another(field, value)).await;
            assert_eq!(reply.faults(), [fault]);
        }
        let mut other = question.clone();
        other["choices"] = json!({ "check": "ELG-999" });
        let reply = program.post(PAYMENTS, &asked(&json!({ "estimate": other }))).await;
        assert_eq!(reply.faults(), ["choices.check not_found"]);
        let blind = Program::new(&site, "payments:read,payments:write").await;
        blind.post(PAYMENTS, &body).await.problem(403, "insufficient_scope");
    }

    async fn only_what_is_sent_changes_and_nobody_s_change_is_undone(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        let more = json!({
            "memo": "One.", "due_date": "2026-03-20", "payment_type": "office_visit",
        });
        program.post(PAYMENTS, &asked(&more)).await.value(201);
        let path = of("PAY-001", "");
        let reply = program.patch(&path, r#"{"amount_cents":9000}"#).await;
        let told = reply.value(200);
        assert_eq!((&told["amount_cents"], &told["memo"]), (&json!(9_000), &json!("One.")));
        assert_eq!((&told["version"], reply.header("etag")), (&json!(2), "\"2\""));
        let told = program.patch(&path, r#"{"memo":null,"due_date":null}"#).await.value(200);
        assert_eq!((&told["memo"], &told["due_date"]), (&Value::Null, &Value::Null));
        assert_eq!(told["payment_type"], "office_visit");
        let stale = program.with("if-match", "\"2\"").patch(&path, r#"{"memo":"x"}"#).await;
        assert_eq!(stale.problem(412, "stale")["version"], 3);
        let weak = program.with("if-match", "W/\"3\"").patch(&path, r#"{"memo":"x"}"#).await;
        weak.problem(412, "stale");
        let bound = program.with("if-match", "\"3\"");
        assert_eq!(bound.patch(&path, r#"{"memo":"x"}"#).await.value(200)["version"], 4);
        assert_eq!(bound.patch(&path, "{}").await.problem(412, "stale")["version"], 4);
        let odd = program.with("if-match", "4").patch(&path, "{}").await;
        assert_eq!(odd.faults(), ["If-Match malformed"]);
        assert_eq!(program.patch(&path, "{}").await.value(200)["version"], 4, "nothing changed");
        let past = program.patch(&path, r#"{"due_date":"2026-03-01"}"#).await;
        assert_eq!(past.faults(), ["due_date in_the_past"]);
        let other = program.patch(&path, r#"{"patient_id":"PAT-999"}"#).await;
        assert_eq!(other.faults(), ["patient_id not_found"]);
        let each = (0..8).map(|n| json!({ "memo": n.to_string() }).to_string());
        let each: Vec<String> = each.collect();
        let replies = futures_all(each.iter().map(|body| program.patch(&path, body))).await;
        assert!(replies.iter().all(|reply| reply.status == 200 || reply.status == 412));
        pay(&program, "PAY-001").await.value(200);
        let locked = program.patch(&path, r#"{"memo":"x"}"#).await.problem(409, "payment_locked");
        assert_eq!(locked["payment_status"], "paid");
        program.patch(&of("PAY-999", ""), "{}").await.problem(404, "not_found");
        verified(&site).await;
    }

    async fn a_status_changes_along_its_ways_and_no_other(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        program.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        let path = of("PAY-001", "/status");
        let same = program.post(&path, r#"{"status":"pending"}"#).await;
        let same = same.problem(409, "transition_not_allowed");
        let ways = json!(["draft", "processing", "paid", "failed", "cancelled"]);
        assert_eq!(same["allowed_transitions"], ways);
        let none = program.post(&path, r#"{"status":"refunded"}"#).await;
        assert_eq!(none.problem(409, "transition_not_allowed")["allowed_transitions"], ways);
        let bare = program.post(&path, r#"{"status":"paid"}"#).await;
        assert_eq!(bare.faults(), ["tender.type required"]);
        let paid = |tender: Value| json!({ "status": "paid", "tender": tender }).to_string();
        for (tender, fault) in [
            (json!({ "type": "card_processor" }), "tender.type not_one_of"),
            (json!({ "type": "cash", "given_cents": 7_999 }),
                "tender.given_cents less_than_amount"),
            (json!({ "type": "other" }), "tender.reference required"),
            (json!({ "type": "check", "last_four": "4242424242424242" }),
                "tender.last_four not_four_digits"),
            (json!({ "type": "check", "received_at": "2026-03-10T15:00:01Z" }),
                "tender.received_at in_the_future"),
            (json!({ "type": "check", "received_at": "today" }), "tender.received_at not_a_time"),
        ] {
            assert_eq!(program.post(&path, &paid(tender)).await.faults(), [fault]);
        }
        let failed = json!({ "status": "failed", "tender": { "type": "check" } }).to_string();
        assert_eq!(program.post(&path, &failed).await.faults(), ["tender only_with_paid"]);
        let stale = program.with("if-match", "\"9\"");
        stale.post(&path, r#"{"status":"failed"}"#).await.problem(412, "stale");
        let cash = json!({ "type": "cash", "given_cents": 10_000,
            "received_at": "2026-03-09T20:00:00Z" });
        let reply = program.with("if-match", "\"1\"").post(&path, &paid(cash)).await;
        let told = reply.value(200);
        assert_eq!((&told["status"], reply.header("etag")), (&json!("paid"), "\"2\""));
        assert_eq!(told["tender"], json!({
            "type": "cash", "given_cents": 10_000, "change_cents": 2_000, "number": null,
            "authorization_code": null, "last_four": null, "reference": null,
            "received_at": "2026-03-09T20:00:00Z", "taken_by": "Sample",
        }));
        assert_eq!((&told["paid_at"], &told["allowed_transitions"]),
            (&json!("2026-03-10T15:00:00Z"), &json!([])));
        let history = program.get(&of("PAY-001", "/history")).await.value(200);
        let newest = &history["data"][0];
        assert_eq!((&newest["actor"], &newest["by"]),
            (&json!("key"), &json!("Sample (a program)")));
        assert_eq!((&newest["action"], &newest["summary"]),
            (&json!("status_changed"), &json!("Pending → Paid")));
        assert_eq!((&newest["version"], &newest["detail"]["tender"]), (&json!(2), &json!("cash")));
        let page = site.browser(Role::Manager).await.get("/payments/PAY-001").await;
        page.shows(200, &["by Sample"]).lacks(&["by the processor"]);
        verified(&site).await;
    }

    async fn no_more_is_refunded_than_remains(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        program.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        let path = of("PAY-001", "/refunds");
        let part = |cents: i64| {
            json!({ "amount_cents": cents, "reason": "billing_error" }).to_string()
        };
        program.post(&path, &part(1)).await.problem(409, "not_refundable");
        pay(&program, "PAY-001").await.value(200);
        for (body, fault) in [
            (r#"{"amount_cents":1}"#, "reason required"),
            (r#"{"reason":"billing_error"}"#, "amount_cents required"),
            (r#"{"amount_cents":0,"reason":"billing_error"}"#, "amount_cents out_of_range"),
            (r#"{"amount_cents":1,"full":true,"reason":"billing_error"}"#, "amount_cents not_both"),
            (r#"{"amount_cents":1,"reason":"other"}"#, "notes required"),
        ] {
            assert_eq!(program.post(&path, body).await.faults(), [fault], "{body}");
        }
        let made = program.once("a").post(&path, &part(3_000)).await.value(201);
        assert_eq!(program.once("a").post(&path, &part(3_000)).await.value(201), made);
        let Value::Object(fields) = &made else { panic!("{made}") };
        let told = |name: &str| fields[name].clone();
        assert_eq!((told("id"), told("state")), (json!("REF-001"), json!("settled")));
        assert_eq!((told("made_by"), told("tender_type")), (json!("Sample"), json!("check")));
        let over = program.post(&path, &part(5_001)).await;
        assert_eq!(over.problem(409, "refund_exceeds_remaining")["remaining_cents"], 5_000);
        let expected = |cents: i64| {
            json!({ "full": true, "expected_remaining_cents": cents, "reason": "billing_error" })
        };
        let changed = program.post(&path, &expected(8_000).to_string()).await;
        assert_eq!(changed.problem(409, "remaining_changed")["remaining_cents"], 5_000);
        let stale = program.with("if-match", "\"2\"").post(&path, &part(1)).await;
        assert_eq!(stale.problem(412, "stale")["version"], 3);
        let body = part(1_300);
        let replies = futures_all((0..6).map(|_| program.post(&path, &body))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3);
        program.post(&path, &expected(1_100).to_string()).await.value(201);
        let listed = program.get(&path).await.value(200);
        let cents = listed["data"].as_array().unwrap().iter().map(|row| &row["amount_cents"]);
        assert_eq!(cents.filter_map(Value::as_i64).sum::<i64>(), 8_000);
        assert_eq!(listed["data"][0]["amount_cents"], 1_100, "the newest comes first");
        assert_eq!((&listed["next"], &listed["total"]), (&Value::Null, &json!(5)));
        let whole = program.get(&of("PAY-001", "")).await.value(200);
        assert_eq!((&whole["status"], &whole["remaining_cents"]), (&json!("refunded"), &json!(0)));
        let only = Program::new(&site, "refunds:write").await;
        only.get(&path).await.problem(403, "insufficient_scope");
        verified(&site).await;
    }

    async fn a_program_takes_a_tender_back(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        program.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        let path = of("PAY-001", "/reversal");
        let back = r#"{"reason":"returned_unpaid","notes":"The bank's letter."}"#;
        program.post(&path, back).await.problem(409, "not_reversible");
        pay(&program, "PAY-001").await.value(200);
        assert_eq!(program.post(&path, "{}").await.faults(), ["reason required"]);
        let blind = Program::new(&site, "refunds:write").await;
        blind.post(&path, back).await.problem(403, "insufficient_scope");
        let reply = program.post(&path, back).await;
        let told = reply.value(200);
        assert_eq!((&told["status"], &told["tender"]), (&json!("failed"), &Value::Null));
        assert_eq!((&told["collected_cents"], reply.header("etag")), (&json!(0), "\"3\""));
        pay(&program, "PAY-001").await.value(200);
        let history = program.get(&of("PAY-001", "/history")).await.value(200);
        assert_eq!(history["data"][1]["action"], "tender_reversed");
        assert_eq!(history["data"][1]["by"], "Sample (a program)");
        verified(&site).await;
    }

    async fn a_run_that_was_never_heard_of_again_creates_nothing_twice(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        let forget = async || {
            let mut tx = site.app.db.begin().await.unwrap();
            let sql = "UPDATE api_request SET status = NULL, head = NULL, body = NULL";
            assert!(tx.execute(sql, Vec::new()).await.unwrap() > 0);
            tx.commit().await.unwrap();
            site.clock.set(site.app.now() + LEASE);
        };
        let once = program.once("one");
        let created = once.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        forget().await;
        let again = once.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        assert_eq!(again["id"], created["id"]);
        pay(&program, "PAY-001").await.value(200);
        let refund = r#"{"amount_cents":100,"reason":"billing_error"}"#;
        let made = once.post(&of("PAY-001", "/refunds"), refund).await.value(201);
        forget().await;
        let again = once.post(&of("PAY-001", "/refunds"), refund).await.value(201);
        assert_eq!(again["id"], made["id"]);
        let whole = program.get(&of("PAY-001", "")).await.value(200);
        assert_eq!(whole["refunded_cents"], 100);
        let other = desk(&site).await.once("one");
        assert_eq!(other.post(PAYMENTS, &asked(&json!({}))).await.value(201)["id"], "PAY-002");
        verified(&site).await;
    }

    async fn a_link_is_issued_shown_and_ended(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        program.post(PAYMENTS, &asked(&json!({ "draft": true }))).await.value(201);
        let path = of("PAY-001", "/link");
        let first = program.post(&path, "{}").await.value(201);
        let url = first["url"].as_str().unwrap().to_owned();
        assert_eq!(first["expires_at"], "2026-04-10T04:00:00Z");
        assert_eq!(program.post(&path, "{}").await.value(201), first, "the same is shown again");
        let whole = program.get(&of("PAY-001", "")).await.value(200);
        assert_eq!((&whole["link"], &whole["status"]), (&first, &json!("pending")));
        let reader = Program::new(&site, "payments:read").await;
        assert_eq!(reader.get(&of("PAY-001", "")).await.value(200)["link"], Value::Null);
        let stranger = Program::with_key(&site, String::new());
        let open = url.trim_start_matches(crate::site::BASE).to_owned();
        stranger.get(&open).await.shows(200, &["$80.00"]);
        let soon = r#"{"expires_at":"2026-03-10T16:00:00Z","reissue":true}"#;
        let second = program.post(&path, soon).await.value(201);
        assert_eq!(second["expires_at"], "2026-03-10T16:00:00Z");
        assert_ne!(second["url"], first["url"]);
        let past = program.post(&path, r#"{"expires_at":"2026-03-10T15:00:00Z"}"#).await;
        assert_eq!(past.faults(), ["expires_at in_the_past"]);
        let ended = program.delete(&path).await;
        assert_eq!((ended.status.as_u16(), ended.body.len()), (204, 0));
        assert_eq!(program.delete(&path).await.status, 204, "twice does no harm");
        assert_eq!(program.get(&of("PAY-001", "")).await.value(200)["link"], Value::Null);
        pay(&program, "PAY-001").await.value(200);
        assert_eq!(program.post(&path, "{}").await.faults(), ["payment not_collectable"]);
        verified(&site).await;
    }

    async fn another_clinic_s_payments_do_not_exist(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        program.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        pay(&program, "PAY-001").await.value(200);
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        for what in ["", "/history", "/refunds"] {
            foreign.get(&of("PAY-001", what)).await.problem(404, "not_found");
        }
        foreign.patch(&of("PAY-001", ""), "{}").await.problem(404, "not_found");
        foreign.delete(&of("PAY-001", "/link")).await.problem(404, "not_found");
        for (what, body) in [
            ("/status", r#"{"status":"failed"}"#),
            ("/refunds", r#"{"full":true,"reason":"billing_error"}"#),
            ("/reversal", r#"{"reason":"entered_in_error"}"#),
            ("/link", "{}"),
        ] {
            foreign.post(&of("PAY-001", what), body).await.problem(404, "not_found");
        }
        let listed = foreign.get(PAYMENTS).await.value(200);
        assert_eq!((&listed["data"], &listed["total"]), (&json!([]), &json!(0)));
        let sums = foreign.get(&format!("{PAYMENTS}/summary")).await.value(200);
        assert_eq!(sums["by_status"]["paid"], 0);
        let narrowed = foreign.get(&format!("{PAYMENTS}?location=LOC-002")).await;
        assert_eq!(narrowed.faults(), ["location not_found"]);
        assert_eq!(program.get(&of("PAY-001", "")).await.value(200)["status"], "paid");
    }
}
