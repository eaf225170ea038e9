//! Eligibility checks, as other programs hand them in and read them.

use almoner_store::on_both_engines;
use axum::http::Method;
use serde_json::{Value, json};

use crate::api_program::{CHECKS, Program, X12};
use crate::eligibility::{BEN, NORA, answer, file};
use crate::site::Site;

async fn feeder(site: &Site) -> Program<'_> {
    Program::new(site, "eligibility:write,eligibility:read").await
}

async fn number(site: &Site, sql: &str) -> i64 {
    let mut tx = site.app.db.read().await.unwrap();
    tx.one(sql.to_owned(), Vec::new()).await.unwrap().int("n").unwrap()
}

const COUNT: &str = "SELECT count(*) AS n FROM eligibility_check";

on_both_engines! {
    async fn an_answer_becomes_a_check(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let rows = [
            "EB*1*IND*30*PP*SAMPLE GOLD PPO",
            "EB*B*IND*98^BZ***27*25.00*****Y~\nMSG*PRIMARY CARE",
            "EB*A*IND*30***23**.2****Y",
            "EB*F*IND*33***29***VS*12**N",
            "EB*C*IND****29*412.35****Y**HC:J1745:59",
            "AAA*N**42*R",
        ];
        let told = program.hand_in(&file(7, BEN, &rows)).await.value(201);
        assert_eq!(told["data"].as_array().map(Vec::len), Some(1));
        assert_eq!((&told["total"], &told["warnings"]), (&json!(1), &json!([])));
        let check = &told["data"][0];
        assert_eq!((&check["id"], &check["patient_id"]), (&json!("ELG-001"), &json!("PAT-002")));
        assert_eq!((&check["outcome"], &check["duplicate"]), (&json!("active"), &json!(false)));
        assert_eq!(check["payer"], "SAMPLE HEALTH PLAN");
        assert_eq!(check["plan"], "SAMPLE GOLD PPO");
        assert_eq!(check["checked_at"], "2026-03-09T13:15:00Z", "the payer's time, in UTC");
        let benefits = check["benefits"].as_array().expect("it has benefits");
        assert_eq!(benefits.len(), 5);
        let copay = &benefits[1];
        assert_eq!((&copay["code"], &copay["level"]), (&json!("B"), &json!("IND")));
        assert_eq!(copay["service_types"], json!(["98", "BZ"]));
        assert_eq!((&copay["period"], &copay["network"]), (&json!("27"), &json!("in")));
        assert_eq!((&copay["amount_cents"], &copay["percent_bp"]), (&json!(2_500), &Value::Null));
        assert_eq!(copay["messages"], json!(["PRIMARY CARE"]));
        assert_eq!(copay["segment"], "EB*B*IND*98^BZ***27*25.00*****Y");
        assert_eq!((&copay["quantity"], &copay["procedure"]), (&Value::Null, &Value::Null));
        assert_eq!(benefits[2]["percent_bp"], 2_000);
        assert_eq!(benefits[2]["amount_cents"], Value::Null);
        let visits = &benefits[3];
        assert_eq!(visits["quantity"], "12");
        assert_eq!(visits["quantity_qualifier"], "VS");
        let procedure = &benefits[4]["procedure"];
        assert_eq!(procedure["code"], "J1745");
        assert_eq!(procedure["modifiers"], json!(["59"]));
        assert!(benefits.windows(2).all(|two| two[0]["index"].as_i64() < two[1]["index"].as_i64()));
        let rejection = &check["rejections"][0];
        assert_eq!((&rejection["code"], &rejection["follow_up"]), (&json!("42"), &json!("R")));
        let read = program.get(&format!("{CHECKS}/ELG-001")).await.value(200);
        let mut expected = check.clone();
        expected.as_object_mut().unwrap().remove("duplicate");
        assert_eq!(read, expected);
    }

    async fn the_same_transaction_is_one_check(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let once = String::from_utf8(answer(BEN)).unwrap();
        let enveloped_anew = once.replace("000000007", "000000008");
        for (body, duplicate) in [(&once, false), (&once, true), (&enveloped_anew, true)] {
            let told = program.hand_in(body.as_bytes()).await.value(201);
            let check = &told["data"][0];
            assert_eq!((&check["id"], &check["duplicate"]), (&json!("ELG-001"), &json!(duplicate)));
            assert_eq!(check["benefits"].as_array().map(Vec::len), Some(4));
        }
        let both = [answer(NORA), answer(BEN)].concat();
        let told = program.hand_in(&both).await.value(201);
        let pairs: Vec<_> = told["data"].as_array().unwrap().iter()
            .map(|check| (&check["id"], &check["patient_id"], &check["duplicate"])).collect();
        let expected = [
            (&json!("ELG-002"), &Value::Null, &json!(false)),
            (&json!("ELG-001"), &json!("PAT-002"), &json!(true)),
        ];
        assert_eq!(pairs, expected);
        assert_eq!(number(&site, COUNT).await, 2);
    }

    async fn many_at_once_make_one_check(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let mut told = Vec::new();
        let asked = (0..16).map(|_| program.clone()).collect::<Vec<_>>();
        let body = answer(BEN);
        for reply in futures_all(asked.iter().map(|program| program.hand_in(&body))).await {
            told.push(reply.value(201)["data"][0].clone());
        }
        assert!(told.iter().all(|check| check["id"] == "ELG-001"), "{told:?}");
        assert_eq!(told.iter().filter(|check| check["duplicate"] == false).count(), 1);
        assert_eq!(number(&site, COUNT).await, 1);
    }

    async fn a_check_may_be_said_to_be_of_a_patient(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let hand_in = |query: &'static str, body: Vec<u8>| {
            let program = program.clone();
            async move { program.ask(Method::POST, &format!("{CHECKS}{query}"), X12, &body).await }
        };
        let own = hand_in("?patient=PAT-002", answer(BEN)).await.value(201);
        assert_eq!(own["data"][0]["patient_id"], "PAT-002");
        let other = hand_in("?patient=pat-1", file(8, BEN, &["EB*1*IND*30"])).await.value(201);
        assert_eq!(other["data"][0]["patient_id"], Value::Null);
        assert_eq!(other["data"][0]["warnings"][0]["code"], "patient_mismatch");
        for (query, fault) in [
            ("?patient=PAT-999", "patient not_found"),
            ("?patient=TRT-001", "patient not_an_id"),
            ("?patient=", "patient not_an_id"),
            ("?patient=%FF", "patient not_an_id"),
            ("?patient=PAT-001&patient=PAT-002", "patient duplicate_field"),
            ("?patinet=PAT-001", "patinet unknown_field"),
        ] {
            assert_eq!(hand_in(query, answer(NORA)).await.faults(), [fault], "{query}");
        }
        assert_eq!(number(&site, COUNT).await, 2, "what is refused is not imported");
    }

    async fn what_is_no_answer_is_told_and_kept(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let inquiry = String::from_utf8(answer(BEN)).unwrap().replace("ST*271", "ST*270");
        let bodies: [(&[u8], &str); 5] = [
            (b"", "empty"),
            (b"%PDF-1.7 O'Brien", "not an X12 file"),
            (b"{\"patient_id\":\"PAT-001\"}", "not an X12 file"),
            (&[0xff; 5_000], "not an X12 file"),
            (inquiry.as_bytes(), "request (270)"),
        ];
        for (body, words) in bodies {
            let problem = program.hand_in(body).await.problem(422, "unreadable_answer");
            assert!(problem["detail"].to_string().contains(words), "{problem}");
        }
        let kept = "SELECT count(*) AS n FROM eligibility_file WHERE failure IS NOT NULL";
        assert_eq!(number(&site, kept).await, 5, "whatever it was");
        for kind in ["text/plain", "application/json", "application/x-www-form-urlencoded", ""] {
            let reply = program.ask(Method::POST, CHECKS, kind, &answer(BEN)).await;
            reply.problem(415, "unsupported_media_type");
        }
        let kind = "Application/EDI-X12; charset=us-ascii";
        program.ask(Method::POST, CHECKS, kind, &answer(BEN)).await.value(201);
    }

    async fn a_large_body_within_the_limit_is_read(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let row = |number: usize| {
            let words = "SAMPLE ".repeat(2_000);
            format!("EB*B*IND*98***27*{number}.00*****Y~\nMSG*{words}")
        };
        let rows: Vec<String> = (0..60).map(row).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let body: Vec<u8> = (1..=9).flat_map(|number| file(number, BEN, &rows)).collect();
        assert!(body.len() > 7_000_000, "{}", body.len());
        let first = program.once("large").hand_in(&body).await;
        let told = first.value(201);
        let checks = told["data"].as_array().unwrap();
        let counts = checks.iter().map(|check| check["benefits"].as_array().map(Vec::len));
        assert!(counts.eq([Some(60); 9]), "every row of every answer");
        let again = program.once("large").hand_in(&body).await;
        assert_eq!((again.status, again.body == first.body), (first.status, true));
        let larger = [body, vec![b' '; 2 * 1024 * 1024]].concat();
        program.hand_in(&larger).await.problem(413, "payload_too_large");
    }

    async fn of_very_many_checks_the_first_are_told_and_all_are_counted(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let body: Vec<u8> =
            (1..=1_001).flat_map(|number| file(number, NORA, &["EB*1*IND*30"])).collect();
        let told = program.hand_in(&body).await.value(201);
        let checks = told["data"].as_array().unwrap();
        assert_eq!((checks.len(), &told["total"]), (1_000, &json!(1_001)));
        assert_eq!((&checks[0]["id"], &checks[999]["id"]), (&json!("ELG-001"), &json!("ELG-1000")));
        assert_eq!(number(&site, COUNT).await, 1_001);
    }

    async fn a_payer_without_a_name_has_none(db) {
        let site = Site::new(db).await;
        let program = feeder(&site).await;
        let nameless = String::from_utf8(answer(BEN)).unwrap();
        let nameless = nameless.replace("NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042", "NM1*PR*2");
        let told = program.hand_in(nameless.as_bytes()).await.value(201);
        assert_eq!(told["data"][0]["payer"], Value::Null);
    }
}

/// Waits for all at once.
pub(crate) async fn futures_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut open: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = open.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut all = std::task::Poll::Ready(());
        for (future, done) in open.iter_mut().zip(&mut done) {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => all = std::task::Poll::Pending,
                }
            }
        }
        all
    })
    .await;
    done.into_iter().map(|output| output.expect("all are done")).collect()
}
