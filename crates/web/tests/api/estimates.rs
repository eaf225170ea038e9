//! Estimates, as other programs ask for them.

use almoner_app::save_eligibility_settings::save_eligibility_settings;
use almoner_app::save_location::save_location;
use almoner_domain::LocationId;
use almoner_domain::estimate::{EstimateSettings, RangeEntry, SettingsEntry, VisitClass};
use almoner_store::locations::LocationFields;
use almoner_store::on_both_engines;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::api_program::{ESTIMATES, Program};
use crate::eligibility::{BEN, NORA, answer, file};
use crate::site::Site;

/// The rows of a plan: co-payment, deductible, co-insurance, out-of-pocket maximum.
const PLAN: [&str; 6] = [
    "EB*1*IND*30*PP*SAMPLE GOLD PPO",
    "EB*B*IND*98***27*50.00*****Y",
    "EB*C*IND*30***29*800.00*****Y",
    "EB*A*IND*30***23**.2****Y",
    "EB*G*IND*30***29*5000.00*****Y",
    "EB*B*IND*UC***27*75.00*****Y",
];

async fn asker(site: &Site) -> Program<'_> {
    Program::new(site, "estimates:read").await
}

fn office(more: &Value) -> String {
    let mut asked = json!({ "patient_id": "PAT-002", "payment_type": "office_visit" });
    let fields = asked.as_object_mut().expect("it is an object");
    fields.extend(more.as_object().cloned().expect("more is an object"));
    asked.to_string()
}

/// Sets how the clinic estimates, for the first time.
async fn set(site: &Site, entry: SettingsEntry) {
    save_eligibility_settings(&site.app, &site.system(), 0, &entry).await.unwrap();
}

/// Sets what kind of visit a place of the first clinic gives.
async fn set_class(site: &Site, place: i64, class: VisitClass) {
    let fields = LocationFields {
        name: format!("Sample {place}"),
        time_zone: "America/New_York".to_owned(),
        visit_class: Some(class.as_str().to_owned()),
        ..LocationFields::default()
    };
    let place = Some(LocationId::new(place));
    save_location(&site.app, &site.system(), place, &fields).await.unwrap();
}

on_both_engines! {
    async fn an_office_visit_is_estimated(db) {
        let site = Site::new(db).await;
        site.import(file(7, BEN, &PLAN)).await;
        let program = asker(&site).await;
        let told = program.post(ESTIMATES, &office(&json!({}))).await.value(200);
        assert_eq!(told["case"], "ok");
        assert_eq!(told["check_id"], "ELG-001");
        assert_eq!((&told["amount_cents"], &told["currency"]), (&json!(5_000), &json!("USD")));
        assert_eq!(told["rule"], "copay_only");
        assert_eq!(told["payer"], "SAMPLE HEALTH PLAN");
        let copay = &told["copay"];
        assert_eq!((&copay["state"], &copay["amount_cents"]), (&json!("known"), &json!(5_000)));
        assert_eq!((&copay["percent_bp"], &copay["derived"]), (&Value::Null, &json!(false)));
        assert_eq!(copay["rows"].as_array().map(Vec::len), Some(1));
        assert_eq!(copay["options"][0]["amount_cents"], 5_000);
        let share = &told["coinsurance"];
        assert_eq!((&share["percent_bp"], &share["amount_cents"]), (&json!(2_000), &Value::Null));
        assert_eq!(told["deductible_remaining"]["amount_cents"], 80_000);
        assert_eq!(told["out_of_pocket_remaining"]["amount_cents"], 500_000);
        assert!(told["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
        assert!(told["disclaimer"].as_str().is_some_and(|text| text.contains("eligibility")));
        assert_eq!(told["procedures"], json!([]));
        assert_eq!((&told["charge_cents"], &told["charge_source"]), (&Value::Null, &Value::Null));
        assert_eq!(told["service_types"], json!(["98", "BY", "BZ", "96"]));
        assert_eq!((&told["checked_on"], &told["age_days"]), (&json!("2026-03-09"), &json!(1)));
        assert_eq!((&told["network"], &told["visit_class"]), (&json!("in"), &Value::Null));
        assert_eq!(told["engine_version"], 2);
    }

    async fn what_the_clinic_sets_counts(db) {
        let site = Site::new(db).await;
        let rows = [
            PLAN[0],
            "EB*B*IND*UC***27*75.00*****Y",
            "EB*B*IND*98***27*90.00*****N",
            "EB*C*IND*ZZ***29*200.00*****N",
            "EB*A*IND*ZZ***23**.5****N",
        ];
        site.import(file(7, BEN, &rows)).await;
        let treatment = site.treatment().await;
        let program = asker(&site).await;
        let row = RangeEntry {
            first: "99213".to_owned(),
            last: "99215".to_owned(),
            service_types: "ZZ".to_owned(),
        };
        let entry = SettingsEntry {
            stale_after_days: "1".to_owned(),
            default_network: "out".to_owned(),
            office_types: "98".to_owned(),
            ranges: vec![row],
            ..EstimateSettings::default().entry()
        };
        set(&site, entry).await;
        site.clock.set(site.app.now() + SignedDuration::from_hours(24));
        let told = program.post(ESTIMATES, &office(&json!({}))).await.value(200);
        assert_eq!((&told["network"], &told["amount_cents"]), (&json!("out"), &json!(9_000)));
        assert_eq!(told["service_types"], json!(["98"]));
        let warnings = told["warnings"].as_array().unwrap();
        for code in ["stale", "out_of_network"] {
            assert!(warnings.iter().any(|warning| warning["code"] == code), "{code}: {warnings:?}");
        }
        let within = office(&json!({ "network": "in" }));
        let told = program.post(ESTIMATES, &within).await.value(200);
        assert_eq!((&told["network"], &told["amount_cents"]), (&json!("in"), &Value::Null));
        let treated = json!({
            "payment_type": "treatment_pre_payment", "treatment_id": treatment.to_string(),
            "charge_cents": 30_000,
        });
        let told = program.post(ESTIMATES, &office(&treated)).await.value(200);
        assert_eq!(told["service_types"], json!(["ZZ"]));
        assert_eq!(told["amount_cents"], 25_000);
        assert_eq!(told["charge_source"], "stated");
    }

    async fn the_place_tells_which_copayment_applies(db) {
        let site = Site::new(db).await;
        site.import(file(7, BEN, &PLAN)).await;
        set_class(&site, 2, VisitClass::Urgent).await;
        let treatment = site.treatment().await;
        let program = asker(&site).await;
        let amount = async |more: Value| {
            let told = program.post(ESTIMATES, &office(&more)).await.value(200);
            (told["amount_cents"].clone(), told["visit_class"].clone())
        };
        let (usual, urgent) = ((json!(5_000), Value::Null), (json!(7_500), json!("urgent")));
        assert_eq!(amount(json!({})).await, usual, "the first place is the default");
        assert_eq!(amount(json!({ "location_id": "LOC-001" })).await, usual);
        assert_eq!(amount(json!({ "location_id": "LOC-002" })).await, urgent);
        let treated = json!({ "treatment_id": treatment.to_string(), "location_id": "LOC-001" });
        assert_eq!(amount(treated).await, urgent, "a treatment has its place");
    }

    async fn a_treatment_is_estimated_with_what_is_asked(db) {
        let site = Site::new(db).await;
        site.import(file(7, BEN, &PLAN)).await;
        let treatment = site.treatment().await;
        let program = asker(&site).await;
        let asked = json!({
            "payment_type": "treatment_pre_payment",
            "treatment_id": treatment.to_string(),
            "charge_cents": 400_000,
            "network": "in",
            "service_date": "2026-03-20",
            "choices": { "rule": "deductible_coinsurance" },
        });
        let told = program.post(ESTIMATES, &office(&asked)).await.value(200);
        assert_eq!((&told["case"], &told["amount_cents"]), (&json!("ok"), &json!(144_000)));
        assert_eq!(told["charge_cents"], 400_000);
        assert_eq!(told["service_date"], "2026-03-20");
        assert_eq!(told["procedures"][0]["code"], "99213");
        assert_eq!(told["procedures"][0]["amount_cents"], Value::Null);
        let other = json!({ "payment_type": "treatment_pre_payment", "treatment_id": "TRT-001" });
        let told = program.post(ESTIMATES, &office(&other)).await.value(200);
        assert_eq!(told["charge_cents"], 15_000, "the treatment's own charges");
        let stated = json!({
            "charge_cents": 15_000,
            "choices": {
                "rule": "deductible_coinsurance", "deductible": "none", "coinsurance": "none",
            },
        });
        let told = program.post(ESTIMATES, &office(&stated)).await.value(200);
        assert_eq!(told["amount_cents"], 0);
        let codes = told["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]);
        assert_eq!(codes.filter(|code| **code == "stated_by_staff").count(), 2);
    }

    async fn unknown_is_null_and_never_zero(db) {
        let site = Site::new(db).await;
        let program = asker(&site).await;
        let told = program.post(ESTIMATES, &office(&json!({}))).await.value(200);
        assert_eq!((&told["case"], &told["amount_cents"]), (&json!("no_check"), &Value::Null));
        assert_eq!((&told["check_id"], &told["payer"]), (&Value::Null, &Value::Null));
        let rows = ["EB*1*IND*30", "EB*C*IND*30***23", "EB*G*IND*30***29*99999.99"];
        site.import(file(7, BEN, &rows)).await;
        let told = program.post(ESTIMATES, &office(&json!({}))).await.value(200);
        assert_ne!(told["case"], "ok");
        assert_eq!(told["amount_cents"], Value::Null);
        for name in ["copay", "coinsurance", "deductible_remaining"] {
            let figure = &told[name];
            assert_eq!(figure["state"], "not_returned", "{name}");
            let values = (&figure["amount_cents"], &figure["percent_bp"]);
            assert_eq!(values, (&Value::Null, &Value::Null), "{name}");
        }
        let most = &told["out_of_pocket_remaining"];
        assert_eq!((&most["state"], &most["amount_cents"]), (&json!("no_limit"), &Value::Null));
        let private = json!({ "payment_type": "private_pay" });
        let told = program.post(ESTIMATES, &office(&private)).await.value(200);
        assert_eq!(told["case"], "not_applicable");
        assert_eq!(told["amount_cents"], Value::Null);
    }

    async fn a_rejection_is_told(db) {
        let site = Site::new(db).await;
        site.import(file(7, BEN, &["AAA*N**71*C"])).await;
        let told = asker(&site).await.post(ESTIMATES, &office(&json!({}))).await.value(200);
        assert_eq!(told["case"], "rejected");
        let rejection = &told["rejections"][0];
        assert_eq!((&rejection["code"], &rejection["follow_up"]), (&json!("71"), &json!("C")));
        assert!(rejection["reason"].is_string() && rejection["loop"].is_string(), "{rejection}");
    }

    async fn what_is_not_as_described_is_refused(db) {
        let site = Site::new(db).await;
        site.import(file(7, BEN, &PLAN)).await;
        let program = asker(&site).await;
        for (more, fault) in [
            (r#""charge_cents":1e3"#, "charge_cents not_an_integer"),
            (r#""charge_cents":1.5"#, "charge_cents not_an_integer"),
            (r#""charge_cents":100.0"#, "charge_cents not_an_integer"),
            (r#""charge_cents":"100""#, "charge_cents not_an_integer"),
            (r#""charge_cents":true"#, "charge_cents not_an_integer"),
            (r#""charge_cents":{"$gt":0}"#, "charge_cents not_an_integer"),
            (r#""charge_cents":-1"#, "charge_cents out_of_range"),
            (r#""charge_cents":1000000000001"#, "charge_cents out_of_range"),
            (r#""charge_cents":99999999999999999999"#, "charge_cents not_an_integer"),
            (r#""charge_cents":1,"charge_cents":2"#, "charge_cents duplicate_field"),
            (r#""patient_id":"PAT-001""#, "patient_id duplicate_field"),
            (r#""network":"IN""#, "network not_one_of"),
            (r#""network":1"#, "network not_a_text"),
            (r#""service_date":"2026-02-30""#, "service_date not_a_date"),
            (r#""service_date":"20260228""#, "service_date not_a_date"),
            (r#""service_date":20260228"#, "service_date not_a_text"),
            (r#""treatment_id":"PAT-001""#, "treatment_id not_an_id"),
            (r#""treatment_id":"TRT-999""#, "treatment_id not_the_patients"),
            (r#""location_id":"LOC-999""#, "location_id not_found"),
            (r#""location_id":2"#, "location_id not_a_text"),
            (r#""location_id":"PAT-001""#, "location_id not_an_id"),
            (r#""choices":[]"#, "choices not_an_object"),
            (r#""choices":{"rule":"free"}"#, "choices.rule not_one_of"),
            (r#""choices":{"copay":"none"}"#, "choices.copay not_an_integer"),
            (r#""choices":{"copay":-1}"#, "choices.copay out_of_range"),
            (r#""choices":{"deductible":"zero"}"#, "choices.deductible not_one_of"),
            (r#""choices":{"deductible":1.5}"#, "choices.deductible not_an_integer"),
            (r#""choices":{"check":"ELG-999"}"#, "choices.check not_found"),
            (r#""choices":{"check":7}"#, "choices.check not_a_text"),
            (r#""choices":{"price":1}"#, "choices.price unknown_field"),
            (r#""__proto__":{}"#, "__proto__ unknown_field"),
            (r#""Patient_id":"PAT-002""#, "Patient_id unknown_field"),
            (r#""amount_cents":1"#, "amount_cents unknown_field"),
        ] {
            let asked =
                format!(r#"{{"patient_id":"PAT-002","payment_type":"office_visit",{more}}}"#);
            assert_eq!(program.post(ESTIMATES, &asked).await.faults(), [fault], "{more}");
        }
        let none = program.post(ESTIMATES, "{}").await.faults();
        assert_eq!(none, ["patient_id required", "payment_type required"]);
        let nulls = office(&json!({ "network": null, "choices": null }));
        program.post(ESTIMATES, &nulls).await.value(200);
    }

    async fn ids_of_others_are_as_good_as_none(db) {
        let site = Site::new(db).await;
        site.import(file(7, BEN, &PLAN)).await;
        site.import(answer(NORA)).await;
        let treatment = site.treatment().await;
        let program = asker(&site).await;
        let of = |patient: &str, more: &str| {
            format!(r#"{{"patient_id":"{patient}","payment_type":"office_visit"{more}}}"#)
        };
        let reply = program.post(ESTIMATES, &of("PAT-999", "")).await;
        assert_eq!(reply.faults(), ["patient_id not_found"]);
        let theirs = format!(r#","treatment_id":"{treatment}""#);
        let reply = program.post(ESTIMATES, &of("PAT-001", &theirs)).await;
        assert_eq!(reply.faults(), ["treatment_id not_the_patients"]);
        for check in ["ELG-002", "ELG-999"] {
            let theirs = format!(r#","choices":{{"check":"{check}"}}"#);
            let reply = program.post(ESTIMATES, &of("PAT-002", &theirs)).await;
            assert_eq!(reply.faults(), ["choices.check not_found"], "{check}");
        }
        let first = r#","choices":{"check":"ELG-001"}"#;
        let own = program.post(ESTIMATES, &of("PAT-002", first)).await;
        assert_eq!(own.value(200)["check_id"], "ELG-001");
        let foreign = Program::at(&site, &site.other, "estimates:read").await;
        let reply = foreign.post(ESTIMATES, &of("PAT-001", r#","location_id":"LOC-002""#)).await;
        assert_eq!(reply.faults(), ["location_id not_found"]);
        let reply = foreign.post(ESTIMATES, &of("PAT-001", &theirs)).await;
        assert_eq!(reply.faults(), ["treatment_id not_the_patients"]);
        let reply = foreign.post(ESTIMATES, &of("PAT-001", first)).await;
        assert_eq!(reply.faults(), ["choices.check not_found"]);
    }
}
