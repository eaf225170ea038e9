//! Patients, treatments, locations and physicians, as other programs hand them in and change them.

use almoner_app::run_once::LEASE;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::api_checks::futures_all;
use crate::api_program::{Program, all_but};
use crate::site::Site;

/// Where patients are listed and added.
pub(crate) const PATIENTS: &str = "/api/v1/patients";
/// Where treatments are.
pub(crate) const TREATMENTS: &str = "/api/v1/treatments";
/// Where locations are.
pub(crate) const LOCATIONS: &str = "/api/v1/locations";
/// Where physicians are.
pub(crate) const PHYSICIANS: &str = "/api/v1/physicians";

/// A patient with the least that is needed.
pub(crate) fn a_patient() -> Value {
    json!({
        "first_name": "Cleo", "last_name": "Sample", "date_of_birth": "1990-01-02",
        "is_somebody_else": true,
    })
}

/// A treatment of the second patient.
pub(crate) fn a_treatment() -> Value {
    json!({
        "patient_id": "PAT-002", "service_at": "2026-03-12T10:30:00-04:00",
        "location_id": "LOC-002", "procedures": [{ "code": "99213", "charge_cents": 15_000 }],
    })
}

/// A value with other fields over its own.
pub(crate) fn with(value: &Value, more: &Value) -> String {
    let mut value = value.clone();
    let fields = value.as_object_mut().expect("it is an object");
    fields.extend(more.as_object().cloned().expect("more is an object"));
    value.to_string()
}

/// A program that may do all with records.
pub(crate) async fn keeper(site: &Site) -> Program<'_> {
    let scopes = "patients:read,patients:write,treatments:read,treatments:write,settings:read,\
        settings:write,payments:read,payments:write,refunds:write";
    Program::new(site, scopes).await
}

fn coverage(payer: &str, member_id: &str) -> Value {
    json!({
        "payer": payer, "payer_id": null, "member_id": member_id, "plan": null,
        "relationship": "self", "subscriber_first_name": null, "subscriber_last_name": null,
        "subscriber_date_of_birth": null,
    })
}

on_both_engines! {
    async fn a_patient_is_added_read_and_changed(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        let through_cy = json!({
            "payer": "Other Mutual", "relationship": "spouse", "subscriber_first_name": "Cy",
            "subscriber_last_name": "Sample", "subscriber_date_of_birth": "1988-05-06",
        });
        let body = with(&a_patient(), &json!({
            "sex": "F", "mrn": "M-1", "phone": "555-0100", "email": "cleo@patient.example",
            "address": "1 Sample St.", "guarantor": "Cy Sample",
            "coverages": [{ "payer": "Sample Health Plan", "member_id": "M1" }, through_cy],
        }));
        let reply = program.post(PATIENTS, &body).await;
        let mut expected = json!({
            "id": "PAT-003", "first_name": "Cleo", "last_name": "Sample",
            "date_of_birth": "1990-01-02", "sex": "F", "mrn": "M-1", "phone": "555-0100",
            "email": "cleo@patient.example", "address": "1 Sample St.", "guarantor": "Cy Sample",
            "coverages": [coverage("Sample Health Plan", "M1"), {
                "payer": "Other Mutual", "payer_id": null, "member_id": null, "plan": null,
                "relationship": "spouse", "subscriber_first_name": "Cy",
                "subscriber_last_name": "Sample", "subscriber_date_of_birth": "1988-05-06",
            }],
            "merged_ids": [], "version": 1, "created_at": "2026-03-10T15:00:00Z",
            "modified_at": "2026-03-10T15:00:00Z",
        });
        assert_eq!(reply.value(201), expected);
        let path = format!("{PATIENTS}/PAT-003");
        assert_eq!((reply.header("location"), reply.header("etag")), (&*path, "\"1\""));
        let read = program.get(&path).await;
        assert_eq!((read.value(200), read.header("etag")), (expected.clone(), "\"1\""));
        site.clock.set(site.app.now() + SignedDuration::from_mins(5));
        let seen = program.with("if-match", "\"1\"");
        let change = r#"{"phone":null,"last_name":"Specimen-Sample"}"#;
        let reply = seen.patch(&path, change).await;
        expected["phone"] = Value::Null;
        expected["last_name"] = json!("Specimen-Sample");
        expected["version"] = json!(2);
        expected["modified_at"] = json!("2026-03-10T15:05:00Z");
        assert_eq!((reply.value(200), reply.header("etag")), (expected.clone(), "\"2\""));
        let stale = seen.patch(&path, change).await.problem(412, "stale");
        assert_eq!(stale["version"], 2);
        let whatever = r#"{"coverages":[{"payer":"New Plan","member_id":"N1"}],"sex":"X"}"#;
        let told = program.patch(&path, whatever).await.value(200);
        assert_eq!(told["coverages"], json!([coverage("New Plan", "N1")]));
        assert_eq!((&told["sex"], &told["mrn"], &told["version"]),
            (&json!("X"), &json!("M-1"), &json!(3)));
        let page = site.browser(Role::Biller).await.get("/patients/PAT-003").await;
        page.shows(200, &["Cleo Specimen-Sample", "New Plan", "M-1"]);
    }

    async fn what_is_wrong_with_a_patient_is_said_field_by_field(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        program.post(PATIENTS, &with(&a_patient(), &json!({ "mrn": "M-1" }))).await.value(201);
        for (more, faults) in [
            (json!({ "first_name": " " }), vec!["first_name required"]),
            (json!({ "date_of_birth": "2026-03-11" }), vec!["date_of_birth in_the_future"]),
            (json!({ "sex": "female" }), vec!["sex not_one_of"]),
            (json!({ "email": "cleo" }), vec!["email not_an_address"]),
            (json!({ "mrn": "M-1" }), vec!["mrn taken"]),
            (json!({ "address": "x".repeat(201) }), vec!["address too_long"]),
            (json!({ "coverages": [{ "payer": "A" }, { "member_id": "B", "plann": "C" }] }),
                vec!["coverages.1.payer required", "coverages.1.plann unknown_field"]),
            (json!({ "coverages": [{ "payer": "A" }, { "payer": " ", "member_id": "B" }] }),
                vec!["coverages.1.payer required"]),
            (json!({ "coverages": [{ "payer": "A" }, { "payer": "B" }, { "payer": "C" }] }),
                vec!["coverages out_of_range"]),
            (json!({ "coverages": ["A"] }), vec!["coverages.0 not_an_object"]),
        ] {
            let reply = program.post(PATIENTS, &with(&a_patient(), &more)).await;
            assert_eq!(reply.faults(), faults, "{more}");
        }
        let all = program.post(PATIENTS, "{}").await.faults();
        assert_eq!(all, ["first_name required", "last_name required", "date_of_birth required"]);
        let path = format!("{PATIENTS}/PAT-001");
        assert_eq!(program.patch(&path, r#"{"mrn":"M-1"}"#).await.faults(), ["mrn taken"]);
        program.patch(&format!("{PATIENTS}/PAT-999"), "{}").await.problem(404, "not_found");
        let same = with(&a_patient(), &json!({ "is_somebody_else": false }));
        let told = program.post(PATIENTS, &same).await.problem(409, "possible_duplicate");
        assert_eq!(told["patients"], json!(["PAT-003"]));
        let total = program.get(PATIENTS).await.value(200)["total"].clone();
        assert_eq!(total, 3, "nothing of all this was added");
    }

    async fn a_treatment_is_added_read_and_changed(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        let body = with(&a_treatment(), &json!({
            "physician_id": "PHY-001",
            "procedures": [
                { "code": "99213", "modifiers": ["25", "59"], "charge_cents": 15_000 },
                { "code": "j1100" },
            ],
        }));
        let reply = program.post(TREATMENTS, &body).await;
        let mut expected = json!({
            "id": "TRT-001", "patient": { "id": "PAT-002", "name": "Ben Specimen" },
            "physician_id": "PHY-001", "location_id": "LOC-002",
            "service_at": "2026-03-12T14:30:00Z", "status": "scheduled",
            "procedures": [
                { "code": "99213", "modifiers": ["25", "59"], "charge_cents": 15_000 },
                { "code": "J1100", "modifiers": [], "charge_cents": null },
            ],
            "foreign_codes": [],
            "charge_cents": null, "overdue": { "count": 0, "amount_cents": 0, "days": null },
            "version": 1, "created_at": "2026-03-10T15:00:00Z",
            "modified_at": "2026-03-10T15:00:00Z",
        });
        assert_eq!(reply.value(201), expected);
        let path = format!("{TREATMENTS}/TRT-001");
        assert_eq!((reply.header("location"), reply.header("etag")), (&*path, "\"1\""));
        site.payment(Some(almoner_domain::TreatmentId::new(1)), None).await;
        let mut tx = site.app.db.begin().await.unwrap();
        let sql = "UPDATE payment SET due_key = 20260303, amount_cents = 700";
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        expected["overdue"] = json!({ "count": 1, "amount_cents": 700, "days": 7 });
        assert_eq!(program.get(&path).await.value(200), expected);
        site.clock.set(site.app.now() + SignedDuration::from_mins(5));
        let seen = program.with("if-match", "\"1\"");
        let change = r#"{"status":"completed","physician_id":null,"procedures":[{"code":"99214",
            "charge_cents":20000}]}"#;
        let told = seen.patch(&path, change).await.value(200);
        assert_eq!((&told["physician_id"], &told["charge_cents"], &told["status"]),
            (&Value::Null, &json!(20_000), &json!("completed")));
        assert_eq!((&told["service_at"], &told["modified_at"]),
            (&expected["service_at"], &json!("2026-03-10T15:05:00Z")));
        seen.patch(&path, change).await.problem(412, "stale");
        let told = program.patch(&path, r#"{"service_at":"2026-03-13T09:00:01Z"}"#).await;
        assert_eq!(told.value(200)["service_at"], "2026-03-13T09:00:01Z");
        assert_eq!(told.value(200)["procedures"][0]["code"], "99214", "the rest stays");
        let faults = program.patch(&path, r#"{"patient_id":"PAT-001"}"#).await.faults();
        assert_eq!(faults, ["patient_id unknown_field"], "its patient stays");
    }

    async fn what_is_wrong_with_a_treatment_is_said_field_by_field(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        for (more, faults) in [
            (json!({ "patient_id": "PAT-999" }), vec!["patient_id not_found"]),
            (json!({ "location_id": "LOC-999" }), vec!["location_id not_found"]),
            (json!({ "physician_id": "PHY-999" }), vec!["physician_id not_found"]),
            (json!({ "service_at": "2026-03-12" }), vec!["service_at not_a_time"]),
            (json!({ "status": "done" }), vec!["status not_one_of"]),
            (json!({ "procedures": null }), vec!["procedures required"]),
            (json!({ "procedures": {} }), vec!["procedures not_a_list"]),
            (json!({ "procedures": [{ "code": "99213" }, { "code": "99-13" }, { "code": " " }] }),
                vec!["procedures.2.code required"]),
            (json!({ "procedures": [{ "code": "99213" }, { "code": "99-13" }] }),
                vec!["procedures.1.code not_a_code"]),
            (json!({ "procedures": [{ "code": "1", "charge_cents": 0, "modifiers": ["2 5"] }] }),
                vec!["procedures.0.modifiers malformed", "procedures.0.charge_cents out_of_range"]),
        ] {
            let reply = program.post(TREATMENTS, &with(&a_treatment(), &more)).await;
            assert_eq!(reply.faults(), faults, "{more}");
        }
        assert_eq!(program.get(TREATMENTS).await.value(200)["total"], 0);
    }

    async fn locations_and_physicians_are_added_and_read(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        let bay = json!({
            "name": "Bay", "time_zone": "America/Chicago", "address": "1 Bay St.", "phone": null,
            "visit_class": "urgent", "npi": "1234567893",
        });
        let reply = program.post(LOCATIONS, &bay.to_string()).await;
        let expected = with(&bay, &json!({ "id": "LOC-003" }));
        let expected: Value = serde_json::from_str(&expected).unwrap();
        assert_eq!((reply.value(201), reply.header("location")),
            (expected.clone(), "/api/v1/locations/LOC-003"));
        assert_eq!(program.get("/api/v1/locations/LOC-003").await.value(200), expected);
        let listed = program.get(LOCATIONS).await.value(200);
        assert_eq!((&listed["total"], &listed["data"][2]), (&json!(3), &expected));
        let ida = json!({ "first_name": "Ida", "last_name": "Sample", "npi": null });
        let told = program.post(PHYSICIANS, &ida.to_string()).await.value(201);
        let expected = with(&ida, &json!({ "id": "PHY-002" }));
        assert_eq!(told, serde_json::from_str::<Value>(&expected).unwrap());
        assert_eq!(program.get("/api/v1/physicians/PHY-002").await.value(200), told);
        let page = program.get(&format!("{PHYSICIANS}?limit=1")).await.value(200);
        assert_eq!((&page["data"][0]["id"], &page["total"]), (&json!("PHY-001"), &json!(2)));
        let next = page["next"].as_str().unwrap();
        let page = program.get(&format!("{PHYSICIANS}?limit=1&after={next}")).await.value(200);
        assert_eq!((&page["data"][0], &page["next"]), (&told, &Value::Null));
        let odd = r#"{"name":" ","time_zone":"Mars/Base","visit_class":"moon","npi":"12"}"#;
        assert_eq!(program.post(LOCATIONS, odd).await.faults(),
            ["visit_class not_one_of", "npi not_an_npi"]);
        // Ten digits, of which the last is not the one that the others call for.
        let odd = r#"{"name":" ","time_zone":"Mars/Base","npi":"1234567890"}"#;
        assert_eq!(program.post(LOCATIONS, odd).await.faults(),
            ["name required", "time_zone unknown_time_zone", "npi wrong_check_digit"]);
        for missing in ["/api/v1/locations/LOC-999", "/api/v1/physicians/PHY-999"] {
            program.get(missing).await.problem(404, "not_found");
        }
    }

    async fn what_is_sent_again_is_added_once(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await.once("one");
        let bodies = [
            (PATIENTS, a_patient().to_string()),
            (TREATMENTS, a_treatment().to_string()),
            (LOCATIONS, r#"{"name":"Bay","time_zone":"America/Chicago"}"#.to_owned()),
            (PHYSICIANS, r#"{"first_name":"Ida","last_name":"Sample"}"#.to_owned()),
        ];
        let mut tx = site.app.db.begin().await.unwrap();
        let mut totals = Vec::new();
        for table in ["patient", "treatment", "location", "physician"] {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            totals.push((table, tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap()));
        }
        drop(tx);
        for (path, body) in &bodies {
            let replies = futures_all((0..4).map(|_| program.post(path, body))).await;
            let first = replies[0].value(201);
            assert!(replies.iter().all(|reply| reply.value(201) == first), "{path}");
            // A run that committed and was killed before its answer was kept.
            let mut tx = site.app.db.begin().await.unwrap();
            let sql = "UPDATE api_request SET status = NULL, head = NULL, body = NULL";
            tx.execute(sql, Vec::new()).await.unwrap();
            tx.commit().await.unwrap();
            site.clock.set(site.app.now() + LEASE);
            let again = program.post(path, body).await;
            assert_eq!(again.value(201)["id"], first["id"], "{path}");
        }
        let mut tx = site.app.db.read().await.unwrap();
        for (table, before) in totals {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            let n = tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap();
            assert_eq!(n, before + 1, "{table}");
        }
    }

    async fn a_change_without_a_version_is_never_lost(db) {
        let site = Site::new(db).await;
        let program = keeper(&site).await;
        let path = format!("{PATIENTS}/PAT-001");
        let bodies = ["phone", "email", "address", "guarantor"]
            .map(|field| json!({ field: format!("{field}@changed") }).to_string());
        let replies = futures_all(bodies.iter().map(|body| program.patch(&path, body))).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
        let told = program.get(&path).await.value(200);
        assert_eq!(told["version"], 5);
        for field in ["phone", "email", "address", "guarantor"] {
            assert_eq!(told[field], format!("{field}@changed"), "{told}");
        }
    }

    async fn other_clinics_have_records_of_their_own(db) {
        let site = Site::new(db).await;
        site.treatment().await;
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        for path in [
            format!("{PATIENTS}/PAT-002"),
            format!("{TREATMENTS}/TRT-001"),
            format!("{LOCATIONS}/LOC-002"),
            format!("{PHYSICIANS}/PHY-001"),
        ] {
            foreign.get(&path).await.problem(404, "not_found");
        }
        for path in [format!("{PATIENTS}/PAT-002"), format!("{TREATMENTS}/TRT-001")] {
            foreign.patch(&path, "{}").await.problem(404, "not_found");
        }
        let faults = foreign.post(TREATMENTS, &a_treatment().to_string()).await.faults();
        assert_eq!(faults, ["patient_id not_found", "location_id not_found"]);
        for (list, total) in [(PATIENTS, 1), (TREATMENTS, 0), (LOCATIONS, 1), (PHYSICIANS, 0)] {
            assert_eq!(foreign.get(list).await.value(200)["total"], total, "{list}");
        }
    }
}
