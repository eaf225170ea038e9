//! FHIR bundles are imported whole, once, and by the rules of the pages.

use std::path::PathBuf;

use almoner_app::begin_import::{NewImport, Told, begin_import};
use almoner_app::read::{self, PatientView};
use almoner_app::run_import::run_import;
use almoner_app::work_on_import::{go_on, take_up};
use almoner_app::{Actor, read_imports};
use almoner_domain::role::Role;
use almoner_domain::{LocationId, PatientId};
use almoner_store::imports::{Counts, ImportKind, ImportState};
use almoner_store::on_both_engines;
use almoner_store::treatments::{Treatment, TreatmentStatus};
use serde_json::{Value, json};

use crate::common::{Clinic, at, fault};

const CLEO: &str = "urn:uuid:00000000-0000-4000-8000-000000000001";
const FIRST: &str = "urn:uuid:00000000-0000-4000-8000-00000000000a";

fn cleo() -> Value {
    json!({
        "resourceType": "Patient",
        "identifier": [{ "type": { "coding": [{ "code": "MR" }] },
            "system": "https://ward.example", "value": "MRN-77" }],
        "name": [{ "use": "official", "family": "Invented", "given": ["Cleo"] }],
        "gender": "female", "birthDate": "1986-11-28",
        "telecom": [{ "system": "phone", "value": "555-0100" }],
    })
}

fn encounter(start: &str) -> Value {
    json!({
        "resourceType": "Encounter", "status": "finished", "subject": { "reference": CLEO },
        "participant": [{ "individual": { "reference": "urn:uuid:carer" } }],
        "type": [{ "coding": [{ "system": "http://www.ama-assn.org/go/cpt", "code": "99213" }] }],
        "period": { "start": start },
    })
}

/// A SNOMED code that looks like one of CPT.
fn procedure(encounter: &str) -> Value {
    json!({
        "resourceType": "Procedure", "status": "completed", "subject": { "reference": CLEO },
        "encounter": { "reference": encounter },
        "code": { "coding": [{ "system": "http://snomed.info/sct", "code": "99214",
            "display": "Something else" }] },
    })
}

fn explanation() -> Value {
    json!({
        "resourceType": "ExplanationOfBenefit",
        "contained": [{
            "resourceType": "Coverage", "id": "coverage", "status": "active",
            "beneficiary": { "reference": CLEO }, "payor": [{ "display": "Invented Plan" }],
        }],
    })
}

fn carer() -> Value {
    json!({
        "resourceType": "Practitioner", "name": [{ "family": "Carer", "given": ["Ida"] }],
        "identifier": [{ "system": "http://hl7.org/fhir/sid/us-npi", "value": "150" }],
    })
}

type Entry = (&'static str, Value);

fn usual() -> Vec<Entry> {
    vec![
        ("urn:uuid:x1", explanation()),
        ("urn:uuid:q1", procedure(FIRST)),
        (FIRST, encounter("2025-07-29T20:37:06+00:00")),
        (CLEO, cleo()),
        ("urn:uuid:carer", carer()),
        ("urn:uuid:x2", explanation()),
    ]
}

fn bundle(entries: &[Entry]) -> Vec<u8> {
    let entry = |(url, resource): &Entry| json!({ "fullUrl": url, "resource": resource });
    let entry: Vec<Value> = entries.iter().map(entry).collect();
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entry }).to_string().into()
}

/// What came of a bundle: its state, its counts, and what was said of its places.
async fn import(
    clinic: &Clinic,
    actor: &Actor,
    content: Vec<u8>,
    location: Option<LocationId>,
) -> (ImportState, Counts, Vec<String>) {
    let told = Told { location, run: true, ..Told::default() };
    let (kind, file_name) = (ImportKind::Fhir, "bundle.json".to_owned());
    let new = NewImport { kind, file_name, content, told: Some(told) };
    let begun = begin_import(&clinic.app, actor, new, None).await.unwrap();
    while let Some(mut work) = take_up(&clinic.app, &clinic.system(), begun.id).await.unwrap() {
        while go_on(&clinic.app, &mut work).await.unwrap() {}
    }
    let done = read_imports::preview(&clinic.app, actor, begun.id).await.unwrap();
    let said = done.faults.iter().map(|(_, fault)| format!("{} {}", fault.field, fault.code));
    (done.import.state, done.import.counts, said.collect())
}

async fn patient(clinic: &Clinic, id: i64) -> PatientView {
    read::patient(&clinic.app, &clinic.manager(), PatientId::new(id)).await.unwrap()
}

fn codes(treatment: &Treatment) -> Vec<&str> {
    treatment.fields.procedures.iter().map(|procedure| &*procedure.code).collect()
}

/// How often anything was written of a patient or a treatment.
async fn changes(clinic: &Clinic) -> i64 {
    let sql = "SELECT count(*) AS n FROM audit_event
        WHERE subject IN ('patient', 'treatment', 'physician') AND action <> 'viewed'";
    clinic.number(sql).await
}

on_both_engines! {
    async fn a_bundle_shows_whose_its_records_are(db) {
        let clinic = Clinic::new(db).await;
        let told = Told { location: Some(clinic.harbor), ..Told::default() };
        let (kind, file_name) = (ImportKind::Fhir, "bundle.json".to_owned());
        let new = NewImport { kind, file_name, content: bundle(&usual()), told: Some(told) };
        let begun = begin_import(&clinic.app, &clinic.system(), new, None).await.unwrap();
        let mut work = take_up(&clinic.app, &clinic.system(), begun.id).await.unwrap().unwrap();
        while go_on(&clinic.app, &mut work).await.unwrap() {}
        let view = read_imports::preview(&clinic.app, &clinic.manager(), begun.id).await.unwrap();
        let records = view.rows.iter().filter_map(|row| row.record.as_ref().ok());
        let shown: Vec<String> = records
            .map(|record| {
                let when = record.at().map_or_else(|| record.when(), |at| at.to_string());
                let (what, who, details) =
                    (record.what(), record.who(&view.names), record.details());
                format!("{what} | {who} | {when} | {details}")
            })
            .collect();
        let expected = [
            "Physician | Carer, Ida |  | ",
            "Patient | Invented, Cleo | 1986-11-28 | MRN MRN-77 · F · 555-0100",
            "Coverage | Invented, Cleo |  | Invented Plan",
            "Treatment | Invented, Cleo | 2025-07-29T20:37:06Z | completed",
            "Procedure | Invented, Cleo |  | 99213",
            "Procedure | Invented, Cleo |  | SNOMED CT 99214 · Something else",
        ];
        assert_eq!(shown, expected);
    }

    async fn a_bundle_brings_what_is_in_it_once(db) {
        let clinic = Clinic::new(db).await;
        let (system, harbor) = (clinic.system(), Some(clinic.harbor));
        let (state, counts, said) = import(&clinic, &system, bundle(&usual()), harbor).await;
        assert_eq!((state, counts.added, counts.faulty), (ImportState::Done, 6, 0), "{said:?}");
        let view = patient(&clinic, 3).await;
        let fields = &view.patient.fields;
        assert_eq!((&*fields.last_name, fields.sex.as_deref()), ("Invented", Some("F")));
        assert_eq!(fields.mrn.as_deref(), Some("MRN-77"));
        let [coverage] = &view.coverages[..] else { panic!("{:?}", view.coverages) };
        assert_eq!((&*coverage.payer, &coverage.member_id), ("Invented Plan", &None));
        let [treatment] = &view.treatments[..] else { panic!("one treatment") };
        assert_eq!(treatment.fields.status, TreatmentStatus::Completed);
        assert_eq!(treatment.fields.service_at, at("2025-07-29T20:37:06Z"));
        assert_eq!(treatment.fields.location, clinic.harbor);
        assert_eq!(treatment.physician_name.as_deref(), Some("Ida Carer"));
        assert_eq!(codes(treatment), ["99213"], "SNOMED's 99214 is none of CPT");
        assert_eq!(treatment.foreign_codes[0].label(), "SNOMED CT 99214");
        // The same, a part of it, and more than it: only what is new is added.
        let before = changes(&clinic).await;
        let (_, counts, _) = import(&clinic, &system, bundle(&usual()), harbor).await;
        assert_eq!((counts.added, counts.there, counts.faulty), (0, 6, 0));
        let part: Vec<Entry> = usual().into_iter().skip(1).take(2).collect();
        let (state, counts, said) = import(&clinic, &system, bundle(&part), harbor).await;
        assert_eq!((state, counts.added), (ImportState::Done, 0), "{said:?}");
        assert_eq!(changes(&clinic).await, before);
        let mut more = usual();
        more.push(("urn:uuid:later", encounter("2026-04-01T13:00:00Z")));
        more.push(("urn:uuid:q2", procedure("urn:uuid:later")));
        let (_, counts, _) = import(&clinic, &system, bundle(&more), harbor).await;
        assert_eq!((counts.added, counts.there), (3, 6));
        assert_eq!(patient(&clinic, 3).await.treatments.len(), 2);
        let sql = "SELECT count(*) AS n FROM coverage WHERE patient_seq = 3";
        assert_eq!(clinic.number(sql).await, 1);
        clinic.verified().await;
    }

    async fn a_broken_bundle_changes_nothing_and_says_where(db) {
        let clinic = Clinic::new(db).await;
        let (system, before) = (clinic.system(), changes(&clinic).await);
        let mut broken = usual();
        broken[3].1["birthDate"] = json!("1986-11");
        let (state, counts, said) = import(&clinic, &system, bundle(&broken), None).await;
        assert_eq!((state, counts.faulty), (ImportState::Ready, 1));
        assert_eq!(said, ["Bundle.entry[3].resource.birthDate incomplete_date"]);
        // What only our own records make a fault of.
        let (state, _, said) = import(&clinic, &system, bundle(&usual()), None).await;
        assert_eq!(state, ImportState::Ready);
        assert!(said.contains(&"Bundle.entry[2].resource.location missing".to_owned()), "{said:?}");
        let mut of_ann = usual();
        of_ann[3].1["birthDate"] = json!("2030-01-01");
        let (_, _, said) = import(&clinic, &system, bundle(&of_ann), Some(clinic.harbor)).await;
        let future = "Bundle.entry[3].resource.birthDate in_the_future".to_owned();
        assert!(said.contains(&future), "{said:?}");
        // Nor is the rest imported when somebody asks for it.
        let newest = read_imports::list(&clinic.app, &system, None, 1).await.unwrap().remove(0).id;
        let refused = run_import(&clinic.app, &system, newest, true).await;
        assert_eq!(fault(refused).1, "has_faults");
        assert_eq!(changes(&clinic).await, before);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM imported_record").await, 0);
        let cut = bundle(&usual())[..500].to_vec();
        let told = Some(Told::default());
        let (kind, file_name) = (ImportKind::Fhir, String::new());
        let new = NewImport { kind, file_name, content: cut, told };
        let refused = begin_import(&clinic.app, &system, new, None).await;
        assert_eq!(fault(refused), ("file".to_owned(), "not_json".to_owned()));
    }

    async fn who_is_there_stays_as_they_are(db) {
        let clinic = Clinic::new(db).await;
        let mut entries = usual();
        entries[3].1["name"] = json!([{ "family": "EXAMPLE", "given": ["Ann"] }]);
        entries[3].1["birthDate"] = json!("1980-02-29");
        entries[3].1["deceasedBoolean"] = json!(true);
        let before = patient(&clinic, 1).await;
        // Who may not change settings adds no physician.
        let manager = clinic.staff(Role::Manager);
        let (content, harbor) = (bundle(&entries), Some(clinic.harbor));
        let (state, _, said) = import(&clinic, &manager, content, harbor).await;
        assert_eq!(state, ImportState::Done, "{said:?}");
        assert_eq!(said, ["Bundle.entry[3].resource.deceased deceased"]);
        let after = patient(&clinic, 1).await;
        assert_eq!(after.patient.fields, before.patient.fields);
        assert_eq!(after.coverages.len(), 2, "the new one stands behind the old one");
        assert_eq!(after.coverages[0], before.coverages[0]);
        assert_eq!(after.treatments.len(), before.treatments.len() + 1);
        assert_eq!(after.treatments[0].physician_name, None);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM patient").await, 2);
    }

    async fn what_has_no_address_is_found_again_all_the_same(db) {
        let clinic = Clinic::new(db).await;
        let (system, harbor) = (clinic.system(), Some(clinic.harbor));
        let mut patient = cleo();
        patient["id"] = json!("p");
        patient.as_object_mut().unwrap().remove("identifier");
        let mut visit = encounter("2025-07-29T20:37:06Z");
        visit["id"] = json!("v");
        visit["subject"] = json!({ "reference": "Patient/p" });
        let mut done = procedure("Encounter/v");
        done["subject"] = json!({ "reference": "Patient/p" });
        let entry: Vec<Value> =
            [patient, visit, done].iter().map(|one| json!({ "resource": one })).collect();
        let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entry });
        let content = bundle.to_string().into_bytes();
        for added in [4, 0] {
            let (state, counts, said) = import(&clinic, &system, content.clone(), harbor).await;
            assert_eq!((state, counts.added), (ImportState::Done, added), "{said:?}");
        }
    }

    async fn an_address_alone_says_nothing_of_who_it_is(db) {
        let clinic = Clinic::new(db).await;
        let (system, harbor) = (clinic.system(), Some(clinic.harbor));
        let (state, _, said) = import(&clinic, &system, bundle(&usual()), harbor).await;
        assert_eq!(state, ImportState::Done, "{said:?}");
        let before = changes(&clinic).await;
        let marks = "SELECT count(*) AS n FROM imported_record";
        let kept = clinic.number(marks).await;
        // Another server's address of somebody else, and of one who only shares the birthday.
        let mut bob = cleo();
        bob["name"] = json!([{ "family": "Else", "given": ["Bob"] }]);
        bob["identifier"][0]["value"] = json!("222");
        let mut twin = bob.clone();
        bob["birthDate"] = json!("1990-01-01");
        twin["name"][0]["given"] = json!(["Ben"]);
        for other in [&bob, &twin] {
            let content = bundle(&[(CLEO, other.clone())]);
            let (state, _, said) = import(&clinic, &system, content, harbor).await;
            assert_eq!(state, ImportState::Ready);
            assert_eq!(said, ["Bundle.entry[0].resource of_another_patient"]);
        }
        // An address of a visit, with what was done, also when the visit is elsewhere.
        let mut visit = encounter("2026-02-02T15:00:00Z");
        let mut done = procedure(FIRST);
        for resource in [&mut visit, &mut done] {
            resource["subject"] = json!({ "reference": "urn:uuid:bob" });
        }
        let told = "Bundle.entry[1].resource";
        for (entry, fault) in [
            ((FIRST, visit), format!("{told} of_another_treatment")),
            (("urn:uuid:q9", done), format!("{told}.encounter of_another_treatment")),
        ] {
            let content = bundle(&[("urn:uuid:bob", bob.clone()), entry]);
            let (state, _, said) = import(&clinic, &system, content, harbor).await;
            assert_eq!(state, ImportState::Ready);
            assert_eq!(said, [fault]);
        }
        assert_eq!(changes(&clinic).await, before);
        assert_eq!(clinic.number(marks).await, kept);
    }

    async fn numbers_that_several_share_lose_nothing(db) {
        let clinic = Clinic::new(db).await;
        let (system, harbor) = (clinic.system(), Some(clinic.harbor));
        let numbered = |mut resource: Value, system: &str| {
            resource["identifier"] = json!([{ "system": system, "value": "SHARED" }]);
            resource
        };
        let coverage = |whose: &str| {
            let mut coverage = explanation()["contained"][0].clone();
            coverage["beneficiary"] = json!({ "reference": whose });
            numbered(coverage, "https://payer.example/member")
        };
        let done = |code: &str| {
            let mut done = procedure(FIRST);
            done["code"]["coding"][0] =
                json!({ "system": "http://www.ama-assn.org/go/cpt", "code": code });
            numbered(done, "https://ward.example/accession")
        };
        let physician = |given: &str| {
            let name = json!([{ "family": "Carer", "given": [given] }]);
            let physician = json!({ "resourceType": "Practitioner", "name": name });
            numbered(physician, "urn:oid:2.16.840.1.113883.4.4")
        };
        let mut child = cleo();
        child["name"][0]["given"] = json!(["Dan"]);
        child["birthDate"] = json!("2016-05-05");
        child.as_object_mut().unwrap().remove("identifier");
        let content = bundle(&[
            ("urn:uuid:other", physician("Eva")),
            ("urn:uuid:carer", physician("Ida")),
            (CLEO, cleo()),
            ("urn:uuid:child", child),
            ("urn:uuid:c1", coverage(CLEO)),
            ("urn:uuid:c2", coverage("urn:uuid:child")),
            (FIRST, encounter("2025-07-29T20:37:06Z")),
            ("urn:uuid:q1", done("99214")),
            ("urn:uuid:q2", done("99215")),
        ]);
        for added in [10, 0] {
            let (state, counts, said) = import(&clinic, &system, content.clone(), harbor).await;
            assert_eq!((state, counts.added), (ImportState::Done, added), "{said:?}");
        }
        assert_eq!(patient(&clinic, 4).await.coverages.len(), 1);
        let view = patient(&clinic, 3).await;
        assert_eq!(view.coverages.len(), 1);
        let mut codes = codes(&view.treatments[0]);
        codes.sort_unstable();
        assert_eq!(codes, ["99213", "99214", "99215"]);
        assert_eq!(view.treatments[0].physician_name.as_deref(), Some("Ida Carer"));
        // An address that was another patient's coverage before is no reason to be without one.
        let mut other = cleo();
        other["name"][0]["given"] = json!(["Fay"]);
        other.as_object_mut().unwrap().remove("identifier");
        let content = bundle(&[("urn:uuid:fay", other), ("urn:uuid:c1", coverage("urn:uuid:fay"))]);
        for added in [2, 0] {
            let (_, counts, said) = import(&clinic, &system, content.clone(), harbor).await;
            assert_eq!(counts.added, added, "{said:?}");
        }
        assert_eq!(patient(&clinic, 5).await.coverages.len(), 1);
    }

    async fn a_character_that_no_database_keeps_holds_nothing_up(db) {
        let clinic = Clinic::new(db).await;
        let (system, harbor) = (clinic.system(), Some(clinic.harbor));
        let odd = |text: &str| format!("{text}\0");
        let mut patient = cleo();
        patient["identifier"][0]["system"] = json!(odd("https://ward.example"));
        let mut visit = encounter("2025-07-29T20:37:06Z");
        visit["participant"][0]["individual"]["reference"] = json!(odd("urn:uuid:nobody"));
        visit["identifier"] = json!([{ "system": "https://ward.example", "value": odd("V-1") }]);
        visit["subject"] = json!({ "reference": "urn:uuid:p\0q" });
        let loose = procedure("urn:uuid:gone\0");
        let coverage = explanation();
        let entries =
            [("urn:uuid:p\0q", patient), ("urn:uuid:v\0", visit), ("urn:uuid:x\0", coverage)];
        let (state, counts, said) = import(&clinic, &system, bundle(&entries), harbor).await;
        assert_eq!((state, counts.added), (ImportState::Ready, 3), "{said:?}");
        assert_eq!(said, ["Bundle.entry[2].resource.contained[0].beneficiary not_found"]);
        let alone = bundle(&[("urn:uuid:q\0", loose)]);
        let (_, _, said) = import(&clinic, &system, alone, harbor).await;
        assert_eq!(said, ["Bundle.entry[0].resource.encounter not_found"]);
        for added in [3, 0] {
            let content = bundle(&entries[..2]);
            let (state, counts, said) = import(&clinic, &system, content, harbor).await;
            assert_eq!((state, counts.added), (ImportState::Done, added), "{said:?}");
        }
    }

    async fn an_appointment_is_its_encounter_in_a_later_bundle_too(db) {
        let clinic = Clinic::new(db).await;
        let (system, harbor) = (clinic.system(), Some(clinic.harbor));
        let appointment = json!({
            "resourceType": "Appointment", "status": "booked", "start": "2026-04-01T13:00:00Z",
            "participant": [{ "actor": { "reference": CLEO } }],
        });
        let first = bundle(&[(CLEO, cleo()), ("urn:uuid:a", appointment)]);
        let (_, counts, said) = import(&clinic, &system, first, harbor).await;
        assert_eq!(counts.added, 2, "{said:?}");
        let mut kept = encounter("2026-04-01T13:10:00Z");
        kept["appointment"] = json!([{ "reference": "urn:uuid:a" }]);
        let later = bundle(&[(FIRST, kept.clone()), ("urn:uuid:q", procedure(FIRST))]);
        let (state, counts, said) = import(&clinic, &system, later, harbor).await;
        assert_eq!((state, counts.added), (ImportState::Done, 2), "{said:?}");
        assert_eq!(patient(&clinic, 3).await.treatments.len(), 1, "only its codes are new");
        // Another patient's appointment is not.
        let mut other = cleo();
        other["name"][0]["given"] = json!(["Fay"]);
        other.as_object_mut().unwrap().remove("identifier");
        kept["subject"] = json!({ "reference": "urn:uuid:fay" });
        let theirs = bundle(&[("urn:uuid:fay", other), ("urn:uuid:e9", kept)]);
        let (_, _, said) = import(&clinic, &system, theirs, harbor).await;
        assert_eq!(said, ["Bundle.entry[1].resource of_another_treatment"]);
    }

    async fn synthea_s_bundles_are_imported(db) {
        let Some(folder) = samples() else { return };
        let clinic = Clinic::new(db).await;
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for round in 0..2 {
            for file in &files {
                let content = std::fs::read(file).unwrap();
                let (system, harbor) = (clinic.system(), Some(clinic.harbor));
                let (state, counts, said) = import(&clinic, &system, content, harbor).await;
                assert_eq!((state, counts.faulty), (ImportState::Done, 0), "{said:?}");
                assert_eq!(counts.added > 0, round == 0, "{counts:?}");
            }
        }
        let counts = [("patient", 2 + 2), ("coverage", 2 + 2), ("treatment", 7 + 6),
            ("treatment_foreign_code", 3 + 1), ("treatment_procedure", 0)];
        for (table, count) in counts {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            assert_eq!(clinic.number(&sql).await, count, "{table}");
        }
        clinic.verified().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "where the samples are is in the environment")]
fn samples() -> Option<PathBuf> {
    let found = std::env::var_os("ALMONER_SAMPLES_FHIR").map(PathBuf::from);
    if found.is_none() {
        println!("left out: ALMONER_SAMPLES_FHIR is not set");
    }
    found
}
