//! The lists of patients and treatments, as other programs read them and keep a copy of them.

use almoner_app::consent_email::consent_email;
use almoner_app::merge_patients::{MergePatients, merge_patients};
use almoner_app::read;
use almoner_domain::role::Role;
use almoner_domain::{PatientId, TreatmentId};
use almoner_store::on_both_engines;
use almoner_store::record_list::OVERLAP_MINUTES;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::api_payment_pages::ids;
use crate::api_payments::PAYMENTS;
use crate::api_program::Program;
use crate::api_records::{PATIENTS, TREATMENTS, a_patient, a_treatment, keeper, with};
use crate::site::Site;

async fn listed(program: &Program<'_>, list: &str, query: &str) -> Value {
    program.get(&format!("{list}?{query}")).await.value(200)
}

/// The ids on all pages of two rows, forth; back, they have to be the same.
async fn walked(program: &Program<'_>, list: &str, query: &str) -> Vec<String> {
    let (mut met, mut page) =
        (Vec::new(), listed(program, list, &format!("{query}&limit=2")).await);
    loop {
        met.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        page = listed(program, list, &format!("{query}&limit=2&after={next}")).await;
    }
    let mut back = ids(&page);
    while let Some(previous) = page["previous"].as_str() {
        page = listed(program, list, &format!("{query}&limit=2&before={previous}")).await;
        back.splice(0..0, ids(&page));
    }
    assert_eq!(back, met, "{query}, turned back");
    assert_eq!(page["total"], met.len(), "{query}");
    met
}

fn minute(site: &Site) {
    site.clock.set(site.app.now() + SignedDuration::from_mins(1));
}

on_both_engines! {
    async fn patients_are_found_by_what_is_known_of_them(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        for (first, last, mrn) in [("Cleo", "Sample", "M-7"), ("Annette", "Samson", "M-8")] {
            let more = json!({ "first_name": first, "last_name": last, "mrn": mrn });
            program.post(PATIENTS, &with(&a_patient(), &more)).await.value(201);
        }
        for (query, expected) in [
            ("", &["PAT-001", "PAT-002", "PAT-003", "PAT-004"][..]),
            ("q=", &["PAT-001", "PAT-002", "PAT-003", "PAT-004"]),
            ("q=sam", &["PAT-003", "PAT-004"]),
            ("q=ann", &["PAT-001", "PAT-004"]),
            ("q=ann+sams", &["PAT-004"]),
            ("q=PAT-003", &["PAT-003"]),
            ("q=M-8", &["PAT-004"]),
            ("q=PAT-999", &[]),
            ("q=nobody", &[]),
            ("q=!!", &[]),
        ] {
            assert_eq!(walked(&program, PATIENTS, query).await, expected, "{query}");
        }
        for (query, fault) in [
            ("search=ann", "search unknown_field"),
            ("q=a&modified_since=2026-03-10T15:00:00Z", "modified_since not_both"),
            ("modified_since=yesterday", "modified_since not_a_time"),
            ("after=1.2", "after malformed"),
            ("modified_since=2026-03-10T15:00:00Z&after=1", "after malformed"),
            ("limit=101", "limit out_of_range"),
        ] {
            let reply = program.get(&format!("{PATIENTS}?{query}")).await;
            assert_eq!(reply.faults(), [fault], "{query}");
        }
        let long = "a".repeat(201);
        let reply = program.get(&format!("{PATIENTS}?q={long}")).await;
        assert_eq!(reply.faults(), ["q too_long"]);
    }

    async fn a_copy_of_the_patients_is_kept_by_what_changed(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        minute(&site);
        let start = site.app.now();
        let since = format!("modified_since={start}");
        assert!(walked(&program, PATIENTS, &since).await.is_empty());
        program.post(PATIENTS, &a_patient().to_string()).await.value(201);
        minute(&site);
        program.post(PATIENTS, &a_patient().to_string()).await.value(201);
        minute(&site);
        let path = format!("{PATIENTS}/PAT-002");
        let told = program.patch(&path, r#"{"phone":"555-0100"}"#).await.value(200);
        let expected = ["PAT-003", "PAT-004", "PAT-002"];
        assert_eq!(walked(&program, PATIENTS, &since).await, expected, "in the order of changes");
        let last = told["modified_at"].as_str().unwrap();
        let since = format!("modified_since={last}");
        assert_eq!(walked(&program, PATIENTS, &since).await, ["PAT-002"]);
        // What is no part of the record changes nothing.
        site.payment(None, None).await;
        let system = site.system();
        let email = r#"{"email":"ben@patient.example"}"#;
        let told = program.patch(&path, email).await.value(200);
        let last = told["modified_at"].as_str().unwrap();
        minute(&site);
        consent_email(&site.app, &system, PatientId::new(2), true).await.unwrap();
        let told = program.get(&path).await.value(200);
        assert_eq!(told["modified_at"].as_str(), Some(last));
        // A merge changes whom it is merged into, and tells who is gone.
        let version = async |id| {
            let view = read::patient(&site.app, &system, PatientId::new(id)).await.unwrap();
            view.patient.version
        };
        let merge = MergePatients {
            kept: PatientId::new(3),
            kept_version: version(3).await,
            other: PatientId::new(4),
            other_version: version(4).await,
            take: Vec::new(),
            coverages: Vec::new(),
        };
        merge_patients(&site.app, &system, &merge).await.unwrap();
        assert_eq!(walked(&program, PATIENTS, &since).await, ["PAT-002", "PAT-003"]);
        let gone = program.get(&format!("{PATIENTS}/PAT-004")).await.value(200);
        assert_eq!((&gone["id"], &gone["merged_ids"]), (&json!("PAT-003"), &json!(["PAT-004"])));
        let found = listed(&program, PATIENTS, "q=pat-4").await;
        assert_eq!((&found["data"][0], &found["total"]), (&gone, &json!(1)));
        let changed = program.patch(&format!("{PATIENTS}/PAT-004"), "{}").await;
        changed.problem(404, "not_found");
    }

    async fn a_treatment_changes_when_its_patient_is_renamed(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        program.post(TREATMENTS, &a_treatment().to_string()).await.value(201);
        minute(&site);
        let since = format!("modified_since={}", site.app.now());
        assert!(walked(&program, TREATMENTS, &since).await.is_empty());
        let path = format!("{PATIENTS}/PAT-002");
        program.patch(&path, r#"{"first_name":"Benedict"}"#).await.value(200);
        assert_eq!(walked(&program, TREATMENTS, &since).await, ["TRT-001"]);
    }

    async fn a_copy_of_the_payments_is_kept_by_what_changed(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        let started = site.app.now();
        for _ in 0..3 {
            site.payment(None, None).await;
            minute(&site);
        }
        let mut expected = vec!["PAY-001", "PAY-002", "PAY-003"];
        let since = format!("modified_since={started}");
        assert_eq!(walked(&program, PAYMENTS, &since).await, expected);
        // Each change moves a payment to the end, with the version that is told.
        let changes: [(&str, &str, Value, u16); 4] = [
            ("PAY-002", "/status", json!({ "status": "paid", "tender": {
                "type": "check", "number": "1" } }), 200),
            ("PAY-001", "/status", json!({ "status": "draft" }), 200),
            ("PAY-002", "/refunds", json!({ "amount_cents": 100, "reason": "billing_error" }), 201),
            ("PAY-003", "/status", json!({ "status": "cancelled" }), 200),
        ];
        for (payment, what, body, status) in changes {
            program.post(&format!("{PAYMENTS}/{payment}{what}"), &body.to_string()).await
                .value(status);
            expected.retain(|id| *id != payment);
            expected.push(payment);
            assert_eq!(walked(&program, PAYMENTS, &since).await, expected, "{what}");
            let told = program.get(&format!("{PAYMENTS}/{payment}")).await.value(200);
            assert_eq!(told["modified_at"].as_str(), Some(&*site.app.now().to_string()));
            minute(&site);
        }
        program.patch(&format!("{PAYMENTS}/PAY-001"), r#"{"memo":"Anew."}"#).await.value(200);
        assert_eq!(walked(&program, PAYMENTS, &since).await, ["PAY-002", "PAY-003", "PAY-001"]);
        let since = format!("modified_since={}", site.app.now());
        assert_eq!(walked(&program, PAYMENTS, &since).await, ["PAY-001"]);
        // What is attached is no change; what its patient is called is.
        minute(&site);
        let note = format!("{PAYMENTS}/PAY-002/notes");
        program.post(&note, r#"{"note":"Called."}"#).await.value(201);
        assert_eq!(walked(&program, PAYMENTS, &since).await, ["PAY-001"]);
        let patient = program.get(&format!("{PAYMENTS}/PAY-001")).await.value(200);
        let patient = patient["patient"]["id"].as_str().unwrap().to_owned();
        minute(&site);
        let renamed = r#"{"last_name":"Exámple"}"#;
        program.patch(&format!("{PATIENTS}/{patient}"), renamed).await.value(200);
        let all = ["PAY-001", "PAY-002", "PAY-003"];
        assert_eq!(walked(&program, PAYMENTS, &since).await, all);
        for (query, fault) in [
            ("q=a", "modified_since not_both"),
            ("sort=created", "modified_since not_both"),
            ("status=paid&dir=asc", "modified_since not_both"),
            ("after=created.asc.1.1.1", "after malformed"),
            ("page=2", "page unknown_field"),
        ] {
            let reply = program.get(&format!("{PAYMENTS}?{since}&{query}")).await;
            assert_eq!(reply.faults(), [fault], "{query}");
        }
    }

    async fn what_is_done_late_is_found_by_whoever_begins_as_much_earlier(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        let noted = site.app.now();
        // Begun a little earlier, and done only when the lists were read up to this moment.
        let lateness = SignedDuration::from_mins(OVERLAP_MINUTES) - SignedDuration::from_secs(1);
        site.clock.set(noted - lateness);
        let treatment = site.treatment().await;
        site.payment(Some(treatment), None).await;
        program.post(PATIENTS, &a_patient().to_string()).await.value(201);
        site.clock.set(noted + SignedDuration::from_hours(1));
        let earlier = noted - SignedDuration::from_mins(OVERLAP_MINUTES);
        for (list, late) in
            [(PATIENTS, "PAT-003"), (TREATMENTS, "TRT-001"), (PAYMENTS, "PAY-001")]
        {
            let met = walked(&program, list, &format!("modified_since={noted}")).await;
            assert!(!met.contains(&late.to_owned()), "{list}");
            let met = walked(&program, list, &format!("modified_since={earlier}")).await;
            assert!(met.contains(&late.to_owned()), "{list}");
        }
    }

    async fn treatments_are_narrowed_and_copied(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        minute(&site);
        let since = format!("modified_since={}", site.app.now());
        for patient in ["PAT-002", "PAT-001", "PAT-002", "PAT-001", "PAT-002"] {
            let body = with(&a_treatment(), &json!({ "patient_id": patient }));
            program.post(TREATMENTS, &body).await.value(201);
            minute(&site);
        }
        for treatment in [1, 3, 5] {
            site.payment(Some(TreatmentId::new(treatment)), None).await;
        }
        let mut tx = site.app.db.begin().await.unwrap();
        let sql = "UPDATE payment SET due_key = 20260303 WHERE treatment_seq <> 3";
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        let all = ["TRT-001", "TRT-002", "TRT-003", "TRT-004", "TRT-005"];
        let half = ["TRT-001", "TRT-003", "TRT-005"];
        assert_eq!(walked(&program, TREATMENTS, "").await, all);
        assert_eq!(walked(&program, TREATMENTS, &since).await, all);
        assert_eq!(walked(&program, TREATMENTS, "patient=PAT-002").await, half);
        assert_eq!(walked(&program, TREATMENTS, "overdue=true").await, ["TRT-001", "TRT-005"]);
        let both = "patient=PAT-002&overdue=1";
        assert_eq!(walked(&program, TREATMENTS, both).await, ["TRT-001", "TRT-005"]);
        assert_eq!(walked(&program, TREATMENTS, "patient=PAT-002&overdue=false").await, half);
        assert!(walked(&program, TREATMENTS, "patient=PAT-999").await.is_empty());
        let path = format!("{TREATMENTS}/TRT-002");
        program.patch(&path, r#"{"status":"cancelled"}"#).await.value(200);
        let moved = ["TRT-001", "TRT-003", "TRT-004", "TRT-005", "TRT-002"];
        assert_eq!(walked(&program, TREATMENTS, &since).await, moved);
        for filter in ["overdue=true", "patient=PAT-002"] {
            let reply = program.get(&format!("{TREATMENTS}?{filter}&{since}")).await;
            assert_eq!(reply.faults(), ["modified_since not_both"]);
        }
    }

    async fn a_page_that_is_read_is_one_row_of_the_audit_log_which_names_its_rows(db) {
        let site = Site::new(db).await;
        let treatment = site.treatment().await;
        site.payment(Some(treatment), None).await;
        site.payment(None, None).await;
        let program = keeper(&site).await;
        listed(&program, PATIENTS, "limit=1").await;
        listed(&program, TREATMENTS, "").await;
        listed(&program, PAYMENTS, "").await;
        listed(&program, PAYMENTS, "modified_since=2026-03-01T00:00:00Z").await;
        program.get(&format!("{PATIENTS}/PAT-001")).await.value(200);
        program.post(PATIENTS, &a_patient().to_string()).await.value(201);
        let manager = site.browser(Role::Manager).await;
        for list in ["/payments", "/patients", "/treatments"] {
            manager.get(list).await.shows(200, &[]);
        }
        site.web.flush_reads().await;
        let mut tx = site.app.db.read().await.unwrap();
        let sql = "SELECT actor || ' ' || subject || ' ' || subject_seq AS t, detail
            FROM audit_event WHERE action = 'viewed' ORDER BY 1, 2";
        let rows = tx.all(sql, Vec::new()).await.unwrap();
        let seen = rows.iter().map(|row| {
            let detail: Value = serde_json::from_str(&row.text("detail").unwrap()).unwrap();
            format!("{}: {}", row.text("t").unwrap(), detail["listed"].as_str().unwrap_or("-"))
        });
        let expected = [
            "key patient 1: -",
            "key patients 0: PAT-001",
            "key payments 0: PAY-001, PAY-002",
            "key payments 0: PAY-002, PAY-001",
            "key treatments 0: TRT-001",
            "staff patients 0: PAT-001, PAT-003, PAT-002",
            "staff payments 0: PAY-002, PAY-001",
            "staff treatments 0: TRT-001",
        ];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
    }
}
