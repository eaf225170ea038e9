//! Programs that ask for what nobody would, at once, or with what they made up.

use almoner_store::on_both_engines;
use axum::http::Method;
use serde_json::{Value, json};

use crate::api_checks::futures_all;
use crate::api_payments::{PAYMENTS, asked, desk, of, pay, verified};
use crate::api_program::{CHECKS, JSON, Program, all_but};
use crate::api_records::{LOCATIONS, PATIENTS, PHYSICIANS, TREATMENTS, a_patient, with};
use crate::site::{HARD_NAME, Site};
use crate::webhook_settings::{EVENTS, HOOKS};

/// What a text must not hold on any engine, and what it may.
const ODD_TEXT: &str = "a\u{0}b\u{1b}\u{7f}\u{202e}\u{feff}";

on_both_engines! {
    async fn sixteen_at_once_create_one_and_change_it_once(db) {
        let site = Site::new(db).await;
        let program = desk(&site).await;
        let sixteen = vec![program.once("one"); 16];
        let body = asked(&json!({ "memo": HARD_NAME }));
        let replies = futures_all(sixteen.iter().map(|one| one.post(PAYMENTS, &body))).await;
        let first = replies[0].value(201);
        assert_eq!((&first["id"], &first["memo"]), (&json!("PAY-001"), &json!(HARD_NAME)));
        assert!(replies.iter().all(|reply| reply.value(201) == first));
        assert_eq!(program.get(PAYMENTS).await.value(200)["total"], 1);
        let of_first = vec![program.with("if-match", "\"1\""); 8];
        let memo = |n: usize| json!({ "memo": format!("{n}") }).to_string();
        let path = of("PAY-001", "");
        let change = async |(one, n): (&Program<'_>, usize)| one.patch(&path, &memo(n)).await;
        let changes = of_first.iter().zip(0..).map(change);
        let replies = futures_all(changes).await;
        let won = replies.iter().filter(|reply| reply.status == 200);
        assert_eq!(won.count(), 1);
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            assert_eq!(lost.problem(412, "stale")["version"], 2);
        }
        let paying = vec![program.clone(); 8];
        let replies = futures_all(paying.iter().map(|one| pay(one, "PAY-001"))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            let lost = lost.problem(409, "transition_not_allowed");
            assert_eq!(lost["allowed_transitions"], json!([]));
        }
        let refunds = sixteen.iter().map(|one| {
            let part = r#"{"amount_cents":3000,"reason":"billing_error"}"#;
            one.post("/api/v1/payments/PAY-001/refunds", part)
        });
        let replies = futures_all(refunds).await;
        assert!(replies.iter().all(|reply| reply.value(201)["id"] == "REF-001"));
        assert_eq!(program.get(&path).await.value(200)["refunded_cents"], 3_000);
        verified(&site).await;
    }

    async fn a_list_takes_its_own_limits_and_cursors_alone(db) {
        let site = Site::new(db).await;
        site.treatment().await;
        site.payment(None, None).await;
        let program = Program::new(&site, &all_but("")).await;
        let lists = [PAYMENTS, PATIENTS, TREATMENTS, LOCATIONS, PHYSICIANS, EVENTS, HOOKS];
        for list in lists {
            for (limit, code) in [
                ("0", "out_of_range"), ("101", "out_of_range"), ("-1", "out_of_range"),
                ("abc", "not_an_integer"), ("", "not_an_integer"), ("1.0", "not_an_integer"),
                ("99999999999999999999", "not_an_integer"), ("%001", "not_an_integer"),
            ] {
                let reply = program.get(&format!("{list}?limit={limit}")).await;
                assert_eq!(reply.faults(), [format!("limit {code}")], "{list} {limit}");
            }
            for odd in ["", "x", "1.", ".1", "%00", "%27;%20DROP", "1e3", "NaN", "null"] {
                let reply = program.get(&format!("{list}?after={odd}")).await;
                assert_eq!(reply.faults(), ["after malformed"], "{list} {odd}");
            }
            program.get(&format!("{list}?limit=1&limit=2")).await.faults();
        }
        // What reads as a cursor is one, wherever it leads.
        let (least, most) = (i64::MIN, i64::MAX);
        let mut made_up = Vec::new();
        for number in [least, -1, 0, most] {
            made_up.push(format!("{PATIENTS}?after={number}"));
            made_up.push(format!("{TREATMENTS}?before={number}"));
            let since = "modified_since=1970-01-01T00:00:00Z";
            made_up.push(format!("{PAYMENTS}?{since}&after={number}.{number}"));
            made_up.push(format!("{PATIENTS}?{since}&before={number}.{number}"));
            for sort in ["created", "amount", "due", "status", "patient"] {
                let cursor = format!("{sort}.asc.{number}.{number}.{number}");
                made_up.push(format!("{PAYMENTS}?sort={sort}&dir=asc&after={cursor}"));
                made_up.push(format!("{PAYMENTS}?sort={sort}&dir=asc&before={cursor}"));
            }
        }
        for path in made_up {
            let reply = program.get(&path).await;
            assert!(reply.status == 200 || reply.faults().len() == 1, "{path}");
        }
        for list in [PAYMENTS, PATIENTS] {
            for q in ["%00", "a%00b", "%27", "%25", "_", "%5C", "%E2%80%AE", "PAY-", "PAY-0"] {
                let told = program.get(&format!("{list}?q={q}")).await;
                assert!(told.status == 200 || told.faults().len() == 1, "{list} {q}");
            }
        }
    }

    async fn texts_are_kept_as_they_are_or_refused(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        let long = json!({ "memo": "x".repeat(40_000) });
        assert_eq!(program.post(PAYMENTS, &asked(&long)).await.faults(), ["memo too_long"]);
        for odd in [ODD_TEXT, HARD_NAME] {
            let memo = program.post(PAYMENTS, &asked(&json!({ "memo": odd }))).await;
            assert!(memo.status == 201 || memo.faults() == ["memo control_character"], "{odd:?}");
            let more = json!({ "last_name": odd, "mrn": odd, "phone": odd, "address": odd,
                "coverages": [{ "payer": odd, "member_id": odd, "plan": odd }],
                "is_somebody_else": true });
            let patient = program.post(PATIENTS, &with(&a_patient(), &more)).await;
            assert!(patient.status == 201 || !patient.faults().is_empty(), "{odd:?}");
        }
        let told = program.get(&format!("{PATIENTS}?q=s%C3%B8n")).await.value(200);
        assert_eq!(told["data"][0]["last_name"], HARD_NAME);
        assert_eq!(told["data"][0]["coverages"][0]["payer"], HARD_NAME);
        let path = of("PAY-001", "/notes");
        program.post(PAYMENTS, &asked(&json!({}))).await.value(201);
        for (note, status) in [("x".repeat(40_000), 422), (HARD_NAME.to_owned(), 201)] {
            let body = json!({ "note": note }).to_string();
            assert_eq!(program.post(&path, &body).await.status, status);
        }
        let odd = json!({ "note": ODD_TEXT }).to_string();
        assert!(program.post(&path, &odd).await.status.as_u16() < 500);
        let tender = json!({ "status": "paid", "tender": { "type": "other", "reference": ODD_TEXT,
            "number": ODD_TEXT, "authorization_code": ODD_TEXT } });
        let paid = program.post(&of("PAY-001", "/status"), &tender.to_string()).await;
        assert!(paid.status.as_u16() < 500);
        verified(&site).await;
    }

    async fn days_and_moments_are_what_they_say(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        for day in ["2026-3-20", "2026-02-30", "2026-03-20T00:00:00Z", "20260320", "0000-00-00",
            "2026-03-20 ", "-2026-03-20", "2200-01-01", "tomorrow", ""] {
            let reply = program.post(PAYMENTS, &asked(&json!({ "due_date": day }))).await;
            assert_eq!(reply.faults(), ["due_date not_a_date"], "{day}");
        }
        let last = asked(&json!({ "due_date": "2199-12-31" }));
        assert_eq!(program.post(PAYMENTS, &last).await.value(201)["due_date"], "2199-12-31");
        // The clinic's day ends at 04:00Z in March: the same moment, however it is written.
        let treatment = |at: &str| json!({ "patient_id": "PAT-001", "service_at": at,
            "location_id": "LOC-001", "procedures": [] }).to_string();
        let zones = ["2026-03-11T01:30:00+02:00", "2026-03-10T18:30:00-05:00"];
        for at in zones.into_iter().chain(["2026-03-10T23:30:00z"]) {
            let told = program.post(TREATMENTS, &treatment(at)).await.value(201);
            assert_eq!(told["service_at"], "2026-03-10T23:30:00Z", "{at}");
        }
        for at in ["2026-03-10T23:30:00", "2026-03-10", "1773185400", "2026-03-10T25:00:00Z"] {
            let reply = program.post(TREATMENTS, &treatment(at)).await;
            assert_eq!(reply.faults(), ["service_at not_a_time"], "{at}");
        }
        let since = |at: &str| format!("{TREATMENTS}?modified_since={at}");
        let told = program.get(&since("2026-03-10T17:00:00%2B02:00")).await.value(200);
        assert_eq!(told["total"], 3);
        let told = program.get(&since("2026-03-10T15:00:00.000001Z")).await.value(200);
        assert_eq!(told["total"], 0);
        // A plus that was not written as %2B is a blank.
        let reply = program.get(&since("2026-03-10T17:00:00+02:00")).await;
        assert_eq!(reply.faults(), ["modified_since not_a_time"]);
    }

    async fn what_is_not_known_or_of_another_type_is_refused_everywhere(db) {
        let site = Site::new(db).await;
        site.paid(None).await;
        let program = Program::new(&site, &all_but("")).await;
        let calls = [
            PAYMENTS, PATIENTS, TREATMENTS, LOCATIONS, PHYSICIANS, HOOKS,
            "/api/v1/payments/PAY-001/status", "/api/v1/payments/PAY-001/refunds",
            "/api/v1/payments/PAY-001/reversal", "/api/v1/payments/PAY-001/link",
            "/api/v1/payments/PAY-001/notes",
        ];
        for path in calls {
            let faults = program.post(path, r#"{"surprise":1}"#).await.faults();
            assert!(faults.contains(&"surprise unknown_field".to_owned()), "{path}: {faults:?}");
            for kind in ["", "text/json", "application/x-www-form-urlencoded"] {
                let reply = program.ask(Method::POST, path, kind, b"{}").await;
                reply.problem(415, "unsupported_media_type");
            }
            program.ask(Method::POST, path, JSON, b"\x00").await.problem(400, "malformed_json");
        }
        let kind = "application/json; charset=utf-8";
        let body = asked(&json!({}));
        let told = program.ask(Method::POST, PAYMENTS, kind, body.as_bytes()).await.value(201);
        assert_eq!(told["status"], "pending");
        let other = program.ask(Method::POST, CHECKS, JSON, b"ISA").await;
        other.problem(415, "unsupported_media_type");
        let text: Value = program.get("/api/v1/openapi.json").await.value(200);
        for (path, item) in text["paths"].as_object().unwrap() {
            let path = path.replace("{id}", "PAY-001").replace("{number}", "1");
            if item.get("get").is_some() {
                let faults = program.get(&format!("{path}?surprise=1")).await.faults();
                assert_eq!(faults, ["surprise unknown_field"], "{path}");
            }
        }
        let faults = program.post(&format!("{PAYMENTS}?draft=true"), &body).await.faults();
        assert_eq!(faults, ["draft unknown_field"]);
    }
}
