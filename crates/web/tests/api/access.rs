//! Which keys open which calls, and how every failure is told.

use almoner_app::Actor;
use almoner_app::api_keys::revoke_key;
use almoner_app::webhook_deliveries::events;
use almoner_domain::role::Role;
use almoner_domain::webhook::EventId;
use almoner_store::on_both_engines;
use almoner_store::webhook_events::Place;
use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api_attached::{DOCUMENTS, FORM, NOTES, form_of};
use crate::api_description::{Operation, operations};
use crate::api_payments::{PAYMENTS, asked, of};
use crate::api_program::{CHECKS, ESTIMATES, JSON, Program, SEND_LINKS, X12, all_but, make_key};
use crate::api_records::{LOCATIONS, PATIENTS, PHYSICIANS, TREATMENTS, a_patient, a_treatment};
use crate::documents::PIXEL;
use crate::eligibility::{BEN, answer};
use crate::fhir_facade::{BUNDLES, FHIR, bundle};
use crate::imports::{CSV, IMPORTS, PEOPLE};
use crate::mail::mailing;
use crate::site::Site;
use crate::webhook_settings::{EVENTS, HOOKS, told};

/// The first event that programs are told of.
async fn an_event(site: &Site) -> String {
    let place = Place::After(EventId::before(Timestamp::UNIX_EPOCH));
    let known = events(&site.app, &site.system(), &place, 1).await.unwrap();
    known.events[0].id.to_string()
}

/// What a call is sent so that it is carried out.
async fn carried_out(
    site: &Site,
    program: &Program<'_>,
    operation: &Operation,
) -> crate::site::Reply {
    let what = operation.path.strip_prefix(&of("{id}", "")).unwrap_or_default();
    let id = match (&operation.method, what) {
        // What can be done once is done to a payment of its own.
        (&Method::POST, "/refunds" | "/reversal") => site.paid(None).await.to_string(),
        _ if operation.path.starts_with(PAYMENTS) => "PAY-001".to_owned(),
        (&Method::DELETE, _) if operation.path.starts_with(HOOKS) => told(site).await.to_string(),
        _ if operation.path.starts_with(HOOKS) => "WHK-001".to_owned(),
        _ if operation.path.starts_with(PATIENTS) => "PAT-001".to_owned(),
        _ if operation.path.starts_with(TREATMENTS) => "TRT-001".to_owned(),
        _ if operation.path.starts_with(LOCATIONS) => "LOC-001".to_owned(),
        _ if operation.path.starts_with(PHYSICIANS) => "PHY-001".to_owned(),
        _ if operation.path.starts_with(EVENTS) => an_event(site).await,
        _ if operation.path.starts_with(IMPORTS) => "IMP-001".to_owned(),
        _ => "ELG-001".to_owned(),
    };
    let path = operation.path.replace("{id}", &id).replace("{number}", "1");
    let (kind, body) = match (&operation.method, operation.path.as_str()) {
        (&Method::POST, PAYMENTS) => (JSON, asked(&json!({})).into_bytes()),
        (&Method::POST, PATIENTS) => (JSON, a_patient().to_string().into_bytes()),
        (&Method::POST, TREATMENTS) => (JSON, a_treatment().to_string().into_bytes()),
        (&Method::POST, LOCATIONS) => {
            (JSON, br#"{"name":"Bay","time_zone":"America/New_York"}"#.to_vec())
        }
        (&Method::POST, PHYSICIANS) => {
            (JSON, br#"{"first_name":"Ida","last_name":"Sample"}"#.to_vec())
        }
        (&Method::PATCH, path) if path.starts_with(PATIENTS) => {
            (JSON, br#"{"phone":"555-0100"}"#.to_vec())
        }
        (&Method::PATCH, path) if path.starts_with(TREATMENTS) => {
            (JSON, br#"{"status":"completed"}"#.to_vec())
        }
        (&Method::PATCH, _) => (JSON, br#"{"memo":"Called."}"#.to_vec()),
        (&Method::POST, _) if what == "/status" => (JSON, br#"{"status":"failed"}"#.to_vec()),
        (&Method::POST, _) if what == "/link" => (JSON, b"{}".to_vec()),
        (&Method::POST, _) if what == "/refunds" => {
            (JSON, br#"{"amount_cents":1,"reason":"billing_error"}"#.to_vec())
        }
        (&Method::POST, _) if what == "/reversal" => {
            (JSON, br#"{"reason":"entered_in_error"}"#.to_vec())
        }
        (&Method::POST, ESTIMATES) => {
            (JSON, br#"{"patient_id":"PAT-002","payment_type":"office_visit"}"#.to_vec())
        }
        (&Method::POST, SEND_LINKS) => (JSON, br#"{"payment_ids":["PAY-001"]}"#.to_vec()),
        (&Method::POST, HOOKS) => (JSON, br#"{"url":"http://127.0.0.1:9/added"}"#.to_vec()),
        (&Method::POST, NOTES) => (JSON, br#"{"note":"Called."}"#.to_vec()),
        (&Method::POST, DOCUMENTS) => (FORM, form_of("card.png", PIXEL)),
        (&Method::POST, CHECKS) => (X12, answer(BEN)),
        (&Method::POST, IMPORTS) => (CSV, PEOPLE.to_vec()),
        (&Method::POST, BUNDLES) => (FHIR, bundle().to_string().into_bytes()),
        (&Method::POST, path) if path.starts_with(IMPORTS) => {
            (JSON, br#"{"skip_faulty":true}"#.to_vec())
        }
        (&Method::GET | &Method::DELETE, _) => ("", Vec::new()),
        (method, path) => panic!("say here what is sent to {method} {path}"),
    };
    let path = match (&operation.method, &*path) {
        (&Method::POST, IMPORTS) => format!("{path}?kind=patients&map=last_name%3DSurname"),
        _ => path,
    };
    program.ask(operation.method.clone(), &path, kind, &body).await
}

on_both_engines! {
    async fn only_a_good_key_opens(db) {
        let site = Site::new(db).await;
        site.import(answer(BEN)).await;
        let token = make_key(&site, &site.clinic, "eligibility:read").await;
        let path = format!("{CHECKS}/ELG-001");
        let good = Program::with_key(&site, token.reveal());
        good.get(&path).await.value(200);
        let none = Program::with_key(&site, String::new());
        let reply = none.get(&path).await;
        reply.problem(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"almoner\"");
        for scheme in ["Basic YTpi", "Bearer", "bearer", &token.reveal()] {
            let reply = none.with("authorization", scheme).get(&path).await;
            reply.problem(401, "unauthenticated");
        }
        let forged = token.reveal().replace(&token.reveal()[60..64], "0000");
        let wrong = [forged, token.reveal().replacen("alm_1_", "alm_2_", 1), "x".repeat(5_000)];
        for key in wrong {
            let reply = Program::with_key(&site, key).get(&path).await;
            reply.problem(401, "invalid_key");
            assert!(reply.header("www-authenticate").contains("invalid_token"));
        }
        let twice = good.with("authorization", &format!("Bearer {}", token.reveal()));
        twice.get(&path).await.problem(401, "unauthenticated");
        revoke_key(&site.app, &site.system(), token.id()).await.unwrap();
        good.get(&path).await.problem(401, "revoked_key");
        let late = Program::new(&site, "eligibility:read").await;
        site.clock.set(site.app.now() + SignedDuration::from_hours(24 * 30));
        late.get(&path).await.problem(401, "expired_key");
    }

    async fn cookies_open_nothing_and_none_are_set(db) {
        let site = Site::new(db).await;
        site.import(answer(BEN)).await;
        let manager = site.browser(Role::Manager).await;
        let path = format!("{CHECKS}/ELG-001");
        manager.get(&path).await.problem(401, "unauthenticated");
        manager.post(ESTIMATES, &[]).await.problem(401, "unauthenticated");
        let program = Program::new(&site, "eligibility:read,estimates:read").await;
        let elsewhere = program.with("sec-fetch-site", "cross-site");
        let elsewhere = elsewhere.with("origin", "https://evil.example");
        let asked = r#"{"patient_id":"PAT-002","payment_type":"office_visit"}"#;
        let reply = elsewhere.with("cookie", &manager.cookies).post(ESTIMATES, asked).await;
        reply.value(200);
        assert_eq!(reply.header("set-cookie"), "");
        assert_eq!(reply.header("access-control-allow-origin"), "");
        let of_pages = program.get("/patients").await;
        assert!(of_pages.to().starts_with("/sign-in"), "a key opens no pages");
    }

    async fn every_call_needs_its_scope_and_no_other(db) {
        let (site, _) = mailing(db).await;
        site.import(answer(BEN)).await;
        site.payment(None, None).await;
        told(&site).await;
        site.treatment().await;
        let desk = site.browser(Role::FrontDesk).await;
        let card = [("files", Some("card.png"), PIXEL)];
        desk.upload_to("/payments/PAY-001/documents", &card).await.to();
        for operation in operations(&site).await {
            for scope in &operation.scopes {
                let without = Program::new(&site, &all_but(scope)).await;
                let reply = carried_out(&site, &without, &operation).await;
                let problem = reply.problem(403, "insufficient_scope");
                assert!(problem["detail"].to_string().contains(scope.as_str()), "{problem}");
                assert!(reply.header("www-authenticate").contains(&format!("scope=\"{scope}\"")));
            }
            let with = Program::new(&site, &operation.scopes.join(",")).await;
            let reply = carried_out(&site, &with, &operation).await;
            assert!(reply.status.is_success(), "{}: {}", operation.path, reply.text());
            let stranger = Program::with_key(&site, String::new());
            carried_out(&site, &stranger, &operation).await.problem(401, "unauthenticated");
        }
    }

    async fn other_clinics_see_nothing(db) {
        let site = Site::new(db).await;
        site.import(answer(BEN)).await;
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        foreign.get(&format!("{CHECKS}/ELG-001")).await.problem(404, "not_found");
        let asked = r#"{"patient_id":"PAT-002","payment_type":"office_visit"}"#;
        assert_eq!(foreign.post(ESTIMATES, asked).await.faults(), ["patient_id not_found"]);
        let path = format!("{CHECKS}?patient=PAT-002");
        let reply = foreign.ask(Method::POST, &path, X12, &answer(BEN)).await;
        assert_eq!(reply.faults(), ["patient not_found"]);
        let own = foreign.hand_in(&answer(BEN)).await.value(201);
        let check = &own["data"][0];
        assert_eq!((&check["id"], &check["duplicate"]), (&json!("ELG-001"), &json!(false)));
        assert_eq!(check["patient_id"], Value::Null);
    }

    async fn every_failure_is_a_problem(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        let stranger = Program::with_key(&site, String::new());
        let paths = ["/api/v1", "/api/v1/", "/api/v1/none", "/api/v1/estimates/1", "/api/v1/%FF"];
        for path in paths {
            program.get(path).await.problem(404, "not_found");
            stranger.post(path, "{}").await.problem(404, "not_found");
        }
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let reply = program.ask(method, ESTIMATES, "", b"").await;
            reply.problem(405, "method_not_allowed");
            assert_eq!(reply.header("allow"), "POST");
        }
        for id in ["ELG-999", "ELG-0", "PAT-001", "1", "%00", &"9".repeat(2_000)] {
            program.get(&format!("{CHECKS}/{id}")).await.problem(404, "not_found");
        }
        program.get(&format!("{CHECKS}/%FF")).await.problem(400, "malformed_request");
        let form = "application/x-www-form-urlencoded";
        for kind in ["", "text/plain", form, X12, "application/jsonx"] {
            let reply = program.ask(Method::POST, ESTIMATES, kind, b"{}").await;
            reply.problem(415, "unsupported_media_type");
        }
        let packed = program.with("content-encoding", "gzip").post(ESTIMATES, "{}").await;
        packed.problem(415, "unsupported_media_type");
        let large = format!("{{\"x\":\"{}\"}}", "x".repeat(300_000));
        program.post(ESTIMATES, &large).await.problem(413, "payload_too_large");
        program.once("large").post(ESTIMATES, &large).await.problem(413, "payload_too_large");
        for text in ["", "{", "nothing", "{\"a\":1}x", "\u{feff}{}", &"[".repeat(100_000)] {
            program.post(ESTIMATES, text).await.problem(400, "malformed_json");
        }
        let bytes = program.ask(Method::POST, ESTIMATES, JSON, b"{\"memo\":\"\xff\"}").await;
        bytes.problem(400, "malformed_json");
        for text in ["[]", "null", "7", "\"{}\""] {
            assert_eq!(program.post(ESTIMATES, text).await.faults(), [" not_an_object"], "{text}");
        }
    }

    async fn a_key_that_asks_too_often_is_told_to_wait(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, "eligibility:read").await;
        let path = format!("{CHECKS}/ELG-001");
        let first = program.get(&path).await;
        let told = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"];
        assert_eq!(told.map(|name| first.header(name)), ["300", "299", "1", ""]);
        let mut refused = None;
        for _ in 0..3_000 {
            let reply = program.get(&path).await;
            if reply.status == 429 {
                refused = Some(reply);
                break;
            }
        }
        let refused = refused.expect("there is an end to it");
        refused.problem(429, "too_many_requests");
        assert_eq!(told.map(|name| refused.header(name)), ["300", "0", "30", "1"]);
        let other = Program::new(&site, "eligibility:read").await;
        other.get(&path).await.problem(404, "not_found");
    }

    async fn our_own_faults_are_told_with_a_number(db) {
        let site = Site::new(db).await;
        site.import(answer(BEN)).await;
        let program = Program::new(&site, "estimates:read").await;
        let asked = r#"{"patient_id":"PAT-002","payment_type":"office_visit"}"#;
        let mut tx = site.app.db.begin().await.unwrap();
        let sql = "UPDATE eligibility_check SET answer = 'SPECIMEN'";
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        let reply = program.once("one").try_post(ESTIMATES, asked).await;
        let problem = reply.problem(500, "internal");
        assert_eq!(problem["request_id"], reply.header("x-request-id"));
        assert!(!reply.text().contains("SPECIMEN"));
        let mut tx = site.app.db.begin().await.unwrap();
        tx.execute("UPDATE eligibility_check SET answer = '{}'", Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        program.once("one").post(ESTIMATES, asked).await.value(200);
    }

    async fn what_a_program_is_shown_is_audited(db) {
        let site = Site::new(db).await;
        site.import(answer(BEN)).await;
        let program = Program::new(&site, &all_but("")).await;
        let asked = r#"{"patient_id":"PAT-002","payment_type":"office_visit"}"#;
        program.get(&format!("{CHECKS}/ELG-001")).await.value(200);
        program.once("a").post(ESTIMATES, asked).await.value(200);
        program.once("a").post(ESTIMATES, asked).await.value(200);
        program.hand_in(&answer(BEN)).await.value(201);
        program.get(&format!("{CHECKS}/ELG-002")).await.problem(404, "not_found");
        site.web.flush_reads().await;
        let mut tx = site.app.db.read().await.unwrap();
        for (subject, seq, expected) in [("patient", 2, 2), ("eligibility_check", 1, 2)] {
            let sql = format!(
                "SELECT count(*) AS n FROM audit_event WHERE action = 'viewed' AND actor = 'key'
                AND key_seq = 1 AND subject = '{subject}' AND subject_seq = {seq}
                AND detail LIKE '%192.0.2.1%'"
            );
            let n = tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap();
            assert_eq!(n, expected, "{subject}");
        }
        let sql = "SELECT count(*) AS n FROM audit_event WHERE action = 'viewed'";
        assert_eq!(tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap(), 4);
        drop(tx);
        let org = Actor::system(site.clinic.clone()).org();
        let findings = almoner_app::read::verify(&site.app, org, None).await.unwrap();
        assert!(findings.iter().all(|finding| finding.difference.is_none()), "{findings:#?}");
    }
}
