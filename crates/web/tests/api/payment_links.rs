//! Links of many payments, sent by another program.

use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::save_patient::edit_patient;
use almoner_app::{consent_email, read};
use almoner_domain::{PatientId, PaymentId, Status};
use almoner_store::on_both_engines;
use serde_json::{Value, json};

use crate::api_checks::futures_all;
use crate::api_program::{Program, SEND_LINKS, all_but};
use crate::mail::mailing;
use crate::site::{Site, person};

/// The second patient agrees to e-mail.
async fn agreed(site: &Site) {
    let (system, id) = (site.system(), PatientId::new(2));
    let version = read::patient(&site.app, &system, id).await.unwrap().patient.version;
    let mut entry = person("Ben", "Specimen", "1975-07-04", "MEMBER-B");
    "ben@patient.example".clone_into(&mut entry.email);
    edit_patient(&site.app, &system, (id, version), &entry).await.unwrap();
    consent_email::consent_email(&site.app, &system, id, true).await.unwrap();
}

fn asked(ids: &[&str]) -> String {
    json!({ "payment_ids": ids }).to_string()
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let rows = answer["data"].as_array().expect("there are rows");
    rows.iter().map(|row| row["outcome"].as_str().expect("it is a word")).collect()
}

async fn count(site: &Site, sql: &'static str) -> i64 {
    let mut tx = site.app.db.read().await.unwrap();
    tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap()
}

on_both_engines! {
    async fn each_payment_has_an_answer_of_its_own(db) {
        let (site, _) = mailing(db).await;
        let program = Program::new(&site, "payments:write").await;
        let owed = site.payment(None, None).await.to_string();
        let told = program.post(SEND_LINKS, &asked(&[&owed])).await.value(200);
        assert_eq!(outcomes(&told), ["no_address"]);
        agreed(&site).await;
        site.paid(None).await;
        let ids = [&*owed, "PAY-002", "PAY-999"];
        let told = program.post(SEND_LINKS, &asked(&ids)).await.value(200);
        assert_eq!(outcomes(&told), ["queued", "not_collectable", "not_found"]);
        assert_eq!(told["data"][1]["payment_id"], "PAY-002");
        assert_eq!(told["data"][2]["message"], "There is no such payment.");
        assert!(!told.to_string().contains("/pay/") && !told.to_string().contains('@'), "{told}");
        let again = program.post(SEND_LINKS, &asked(&[&owed])).await.value(200);
        assert_eq!(outcomes(&again), ["already_waiting"]);
        let by_key = "SELECT count(*) AS n FROM audit_event
            WHERE action = 'link_mail_queued' AND actor = 'key' AND key_seq = 1";
        assert_eq!(count(&site, by_key).await, 1);
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        let told = foreign.post(SEND_LINKS, &asked(&ids)).await.value(200);
        assert_eq!(outcomes(&told), ["not_found"; 3]);
    }

    async fn a_draft_is_submitted_by_the_program_and_the_books_agree(db) {
        let (site, _) = mailing(db).await;
        agreed(&site).await;
        let id = site.payment(None, None).await;
        let draft = ChangeStatus {
            payment: id,
            version: None,
            to: Status::Draft,
            tender: None,
            reason: None,
        };
        change_status(&site.app, &site.system(), &draft).await.unwrap();
        let program = Program::new(&site, "payments:write").await;
        let told = program.post(SEND_LINKS, &asked(&[&id.to_string()])).await.value(200);
        assert_eq!(outcomes(&told), ["queued"]);
        let findings = read::verify(&site.app, site.clinic.id, None).await.unwrap();
        for finding in findings {
            assert_eq!(finding.difference, None, "{}", finding.proves);
        }
    }

    async fn sixteen_at_once_under_one_key_send_one_letter_each(db) {
        let (site, _) = mailing(db).await;
        agreed(&site).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(site.payment(None, None).await.to_string());
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let program = Program::new(&site, "payments:write").await;
        let (once, body) = (program.once("one"), asked(&ids));
        let programs = vec![once.clone(); 16];
        let replies = futures_all(programs.iter().map(|one| one.post(SEND_LINKS, &body))).await;
        for reply in &replies {
            assert_eq!(outcomes(&reply.value(200)), ["queued"; 3], "all are told the same");
        }
        assert_eq!(count(&site, "SELECT count(*) AS n FROM mail").await, 3);
        let other = program.post(SEND_LINKS, &body).await.value(200);
        assert_eq!(outcomes(&other), ["already_waiting"; 3]);
        let reused = once.post(SEND_LINKS, &asked(&ids[..1])).await;
        reused.problem(422, "idempotency_key_reused");
    }

    async fn what_cannot_be_meant_is_refused(db) {
        let (site, _) = mailing(db).await;
        let id = site.payment(None, None).await;
        let program = Program::new(&site, "payments:write").await;
        let many = vec!["PAY-001"; 201];
        for (body, fault) in [
            ("{}".to_owned(), "payment_ids required"),
            (r#"{"payment_ids":"PAY-001"}"#.to_owned(), "payment_ids not_a_list"),
            (asked(&[]), "payment_ids out_of_range"),
            (asked(&many), "payment_ids out_of_range"),
            (asked(&["PAT-001"]), "payment_ids not_an_id"),
            (r#"{"payment_ids":[7]}"#.to_owned(), "payment_ids not_a_text"),
        ] {
            assert_eq!(program.post(SEND_LINKS, &body).await.faults(), [fault], "{body}");
        }
        let to = Status::Cancelled;
        let reason = Some("as agreed".to_owned());
        let change = ChangeStatus { payment: id, version: None, to, tender: None, reason };
        change_status(&site.app, &site.system(), &change).await.unwrap();
        let told = program.post(SEND_LINKS, &asked(&["PAY-001"])).await.value(200);
        assert_eq!(outcomes(&told), ["not_collectable"]);
        assert_eq!(id, PaymentId::new(1));
    }

    async fn without_a_mail_server_the_call_says_so(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, "payments:write").await;
        let reply = program.post(SEND_LINKS, &asked(&["PAY-001"])).await;
        assert_eq!(reply.faults(), ["mail not_set_up"]);
    }
}
