//! A request that is sent again under its idempotency key is carried out once.

use almoner_app::run_once::LEASE;
use almoner_store::on_both_engines;
use axum::http::Method;
use jiff::SignedDuration;
use serde_json::json;

use crate::api_checks::futures_all;
use crate::api_program::{CHECKS, ESTIMATES, JSON, Program, X12, all_but};
use crate::eligibility::{BEN, NORA, answer, file};
use crate::site::{Reply, Site};

const ASKED: &str = r#"{"patient_id":"PAT-002","payment_type":"office_visit"}"#;

async fn run(site: &Site, sql: &'static str) {
    let mut tx = site.app.db.begin().await.unwrap();
    assert!(tx.execute(sql, Vec::new()).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn the_same_again_gets_the_same_answer(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        let first = program.once("a").hand_in(&answer(BEN)).await;
        assert_eq!(first.value(201)["data"][0]["duplicate"], false);
        assert_eq!(first.header("idempotent-replayed"), "");
        site.clock.set(site.app.now() + SignedDuration::from_hours(23));
        let again = program.once("a").hand_in(&answer(BEN)).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("content-type"), JSON);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        let without = program.hand_in(&answer(BEN)).await;
        assert_eq!(without.value(201)["data"][0]["duplicate"], true);
        let failed = program.once("b").post(ESTIMATES, "{}").await;
        let again = program.once("b").post(ESTIMATES, "{}").await;
        assert_eq!((again.status, &again.body), (failed.status, &failed.body));
        assert_eq!(again.faults().len(), 2, "a failure is kept too");
        site.clock.set(site.app.now() + SignedDuration::from_hours(1));
        let next_day = program.once("a").hand_in(&answer(BEN)).await;
        assert_eq!(next_day.value(201)["data"][0]["duplicate"], true);
    }

    async fn another_request_under_the_same_key_is_refused(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        program.once("a").hand_in(&answer(BEN)).await.value(201);
        let reused = "idempotency_key_reused";
        program.once("a").hand_in(&answer(NORA)).await.problem(422, reused);
        let path = format!("{CHECKS}?patient=PAT-002");
        let query = program.once("a").ask(Method::POST, &path, X12, &answer(BEN)).await;
        query.problem(422, reused);
        program.once("a").post(ESTIMATES, ASKED).await.value(200);
        program.once("a").hand_in(&answer(BEN)).await.value(201);
        let other = Program::new(&site, &all_but("")).await;
        let told = other.once("a").hand_in(&answer(BEN)).await.value(201);
        assert_eq!(told["data"][0]["duplicate"], true, "each program has keys of its own");
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        foreign.once("a").hand_in(&answer(NORA)).await.value(201);
    }

    async fn keys_are_plain_and_short(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        let long = "k".repeat(256);
        for wrong in ["", "søn", &long] {
            let reply = program.once(wrong).post(ESTIMATES, ASKED).await;
            assert_eq!(reply.faults(), ["Idempotency-Key malformed"], "{wrong}");
        }
        let twice = program.once("a").once("b").post(ESTIMATES, ASKED).await;
        assert_eq!(twice.faults(), ["Idempotency-Key malformed"]);
        for right in [&long[..255], "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\" 'O'"] {
            program.once(right).post(ESTIMATES, ASKED).await.value(200);
        }
    }

    async fn sixteen_at_once_get_one_answer(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await.once("one");
        let bodies = [answer(BEN), answer(NORA), file(9, BEN, &["EB*1*IND*30"])].concat();
        let programs = vec![program; 16];
        let asked = programs.iter().map(|program| program.hand_in(&bodies));
        let replies = futures_all(asked).await;
        let first = replies[0].value(201);
        assert_eq!(first["data"].as_array().map(Vec::len), Some(3));
        assert!(replies.iter().all(|reply| reply.value(201) == first), "all are told the same");
        let is_replayed = |reply: &&Reply| reply.header("idempotent-replayed") == "true";
        assert_eq!(replies.iter().filter(is_replayed).count(), 15);
        let mut tx = site.app.db.read().await.unwrap();
        for sql in [
            "SELECT count(*) AS n FROM eligibility_check",
            "SELECT count(*) AS n FROM audit_event WHERE action = 'check_imported'",
        ] {
            let n = tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap();
            assert_eq!(n, 3, "{sql}");
        }
    }

    async fn who_is_cut_off_finds_the_answer(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await.once("one");
        let body = answer(BEN);
        let mut asking = Box::pin(program.hand_in(&body));
        let taken = async {
            let sql = "SELECT count(*) AS n FROM api_request";
            loop {
                let mut tx = site.app.db.read().await.unwrap();
                if tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap() > 0 {
                    return;
                }
            }
        };
        tokio::select! {
            _ = &mut asking => {}
            () = taken => {}
        }
        drop(asking);
        let found = program.hand_in(&body).await;
        assert_eq!(found.value(201)["data"][0]["duplicate"], false, "it was carried out once");
        assert_eq!(found.header("idempotent-replayed"), "true");
    }

    async fn a_run_that_was_cut_off_is_waited_for_and_then_given_up(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await.once("one");
        program.hand_in(&answer(BEN)).await.value(201);
        run(&site, "UPDATE api_request SET status = NULL, head = NULL, body = NULL").await;
        let reply = program.hand_in(&answer(BEN)).await;
        reply.problem(409, "request_in_progress");
        assert_eq!(reply.header("retry-after"), "1");
        site.clock.set(site.app.now() + LEASE);
        let told = program.hand_in(&answer(BEN)).await.value(201);
        assert_eq!(told["data"][0]["duplicate"], true, "what had been done stands");
        assert_eq!(program.hand_in(&answer(BEN)).await.value(201), told);
    }

    async fn an_answer_that_was_too_large_is_said_to_be_so(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, &all_but("")).await;
        program.once("one").post(ESTIMATES, ASKED).await.value(200);
        run(&site, "UPDATE api_request SET body = NULL").await;
        program.once("one").post(ESTIMATES, ASKED).await.problem(409, "answer_not_kept");
        program.once("two").post(ESTIMATES, ASKED).await.value(200);
        let told = program.once("two").post(ESTIMATES, ASKED).await.value(200);
        assert_eq!(told["case"], json!("no_check"));
    }
}
