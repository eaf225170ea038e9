//! Bundles as others make them: what is read of them, and what is wrong with them and where.

use almoner_fhir::{Bundle, Code, Finding, Link, MAX_VALUES, Relation, Sex, VisitStatus, read};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::{Value, json};

const TODAY: Date = date(2026, 3, 10);
const PATIENT: &str = "urn:uuid:00000000-0000-4000-8000-000000000001";

fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "id": "1",
        "identifier": [
            { "system": "https://records.example", "value": "A-1" },
            { "type": { "coding": [{ "code": "MR" }] }, "system": "https://ward.example",
                "value": "MRN-77" },
            { "type": { "coding": [{ "code": "SS" }] }, "system": "http://hl7.org/fhir/sid/us-ssn",
                "value": "999-00-0000" },
        ],
        "name": [
            { "use": "maiden", "family": "Before", "given": ["Ann"] },
            { "use": "official", "family": "Sample", "given": ["Ann", "Mary"] },
        ],
        "gender": "female",
        "birthDate": "1980-02-29",
        "telecom": [
            { "system": "phone", "value": "555-0101", "use": "work" },
            { "system": "phone", "value": "555-0100", "use": "home" },
        ],
        "address": [{ "line": ["1 Sample Street"], "city": "Boston", "state": "MA",
            "postalCode": "02108" }],
    })
}

fn entry(full_url: &str, resource: &Value) -> Value {
    json!({ "fullUrl": full_url, "resource": resource })
}

fn with(mut resource: Value, path: &str, value: Value) -> Value {
    *resource.pointer_mut(path).expect("it is there") = value;
    resource
}

fn encounter() -> Value {
    json!({
        "resourceType": "Encounter", "id": "e", "status": "finished",
        "type": [{ "coding": [{ "system": "http://www.ama-assn.org/go/cpt", "code": "99213" }] }],
        "subject": { "reference": "Patient/1" },
        "participant": [{ "individual": { "reference":
            "Practitioner?identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi|1234567893" } }],
        "period": { "start": "2012-08-10T20:37:06+00:00" },
    })
}

fn practitioner() -> Value {
    json!({
        "resourceType": "Practitioner", "id": "p",
        "identifier": [{ "system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893" }],
        "name": [{ "family": "Carer", "given": ["Ida"] }],
    })
}

fn procedure() -> Value {
    json!({
        "resourceType": "Procedure", "status": "completed",
        "code": { "coding": [{ "system": "http://snomed.info/sct", "code": "428191000124101",
            "display": "Documentation of current medications" }] },
        "subject": { "reference": PATIENT },
        "encounter": { "reference": "urn:uuid:e" },
    })
}

fn explanation() -> Value {
    json!({
        "resourceType": "ExplanationOfBenefit", "id": "x",
        "contained": [{
            "resourceType": "Coverage", "id": "coverage", "status": "active",
            "beneficiary": { "reference": PATIENT },
            "payor": [{ "display": "SAMPLE HEALTH PLAN" }],
        }],
    })
}

fn bundle(entries: &[Value]) -> Value {
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries })
}

fn visit_bundle() -> Value {
    bundle(&[
        entry("urn:uuid:x", &explanation()),
        entry("urn:uuid:q", &procedure()),
        entry("urn:uuid:e", &encounter()),
        entry(PATIENT, &patient()),
        entry("urn:uuid:p", &practitioner()),
        entry("urn:uuid:o", &json!({ "resourceType": "Observation", "status": "final" })),
    ])
}

fn good(value: &Value) -> Bundle {
    read(value.to_string().as_bytes(), TODAY).expect("the bundle is good")
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|one| format!("{} {}", one.place, one.code)).collect()
}

fn faults(value: &Value) -> Vec<String> {
    told(&read(value.to_string().as_bytes(), TODAY).expect_err("the bundle is broken"))
}

#[test]
fn a_bundle_is_read_in_whatever_order_it_is() {
    let read = good(&visit_bundle());
    let [person] = &read.persons[..] else { panic!("one patient") };
    assert_eq!((&*person.first_name, &*person.last_name), ("Ann Mary", "Sample"));
    assert_eq!((person.sex, person.birth_date), (Some(Sex::Female), date(1980, 2, 29)));
    assert_eq!(person.mrn.as_deref(), Some("MRN-77"));
    assert_eq!(person.phone.as_deref(), Some("555-0100"));
    assert_eq!(person.address.as_deref(), Some("1 Sample Street, Boston, MA 02108"));
    let ids = [PATIENT, "https://records.example|A-1", "https://ward.example|MRN-77"];
    assert_eq!(person.ids, ids, "a social security number is not kept");
    let [coverage] = &read.coverages[..] else { panic!("one coverage") };
    assert_eq!((&coverage.patient, &*coverage.payer), (&Link::Within(0), "SAMPLE HEALTH PLAN"));
    assert_eq!(coverage.member_id, None, "no member's id is invented");
    assert_eq!(coverage.relation, Relation::Subscriber);
    assert_eq!(coverage.ids, ["urn:uuid:x#coverage"]);
    let [visit] = &read.visits[..] else { panic!("one visit") };
    assert_eq!((&visit.patient, visit.status), (&Link::Within(0), VisitStatus::Completed));
    assert_eq!(visit.practitioner, Some(Link::Within(0)));
    assert_eq!((visit.location.clone(), &*visit.ids), (None, &["urn:uuid:e".to_owned()][..]));
    let codes: Vec<&Code> = visit.procedures.iter().map(|procedure| &procedure.code).collect();
    let [Code::National(cpt), Code::Foreign(foreign)] = codes[..] else { panic!("{codes:?}") };
    assert_eq!((&**cpt, &*foreign.code), ("99213", "428191000124101"));
    assert_eq!(foreign.system.as_deref(), Some("http://snomed.info/sct"));
    assert_eq!(read.passed_over["Observation"], 1);
    assert!(read.notes.is_empty(), "{:?}", read.notes);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let one = |patient: &Value| faults(&bundle(&[entry(PATIENT, patient)]));
    let at = "Bundle.entry[0].resource";
    let born = |text: &str| one(&with(patient(), "/birthDate", json!(text)));
    assert_eq!(born("1970-05"), [format!("{at}.birthDate incomplete_date")]);
    assert_eq!(born("1970-02-30"), [format!("{at}.birthDate not_a_date")]);
    assert_eq!(
        one(&with(patient(), "/birthDate", Value::Null)),
        [format!("{at}.birthDate required")]
    );
    let texts = json!([{ "text": "Ann Sample" }]);
    assert_eq!(one(&with(patient(), "/name", texts)), [format!("{at}.name required")]);
    assert_eq!(one(&with(patient(), "/gender", json!("F"))), [format!("{at}.gender unknown_code")]);
    let visit = |encounter: &Value| {
        faults(&bundle(&[entry(PATIENT, &patient()), entry("urn:uuid:e", encounter)]))
    };
    let at = "Bundle.entry[1].resource";
    let day = with(encounter(), "/period/start", json!("2012-08-10"));
    assert_eq!(visit(&day), [format!("{at}.period.start incomplete_time")]);
    assert_eq!(
        visit(&with(encounter(), "/status", json!("done"))),
        [format!("{at}.status unknown_code")]
    );
    assert_eq!(
        visit(&with(encounter(), "/subject", Value::Null)),
        [format!("{at}.subject required")]
    );
    let twice = bundle(&[entry(PATIENT, &patient()), entry(PATIENT, &patient())]);
    assert_eq!(faults(&twice), ["Bundle.entry[1].fullUrl duplicate"]);
    assert_eq!(faults(&patient()), ["Bundle.resourceType not_a_bundle"]);
    let removes = json!({ "request": { "method": "DELETE", "url": "Patient/1" } });
    assert_eq!(faults(&bundle(&[removes])), ["Bundle.entry[0].request.method unsupported_method"]);
    let cut = visit_bundle().to_string();
    let cut = read(&cut.as_bytes()[..cut.len() / 2], TODAY).expect_err("it is cut");
    assert_eq!(told(&cut), ["Bundle not_json"]);
}

#[test]
fn what_several_have_is_not_taken_for_one_s_own() {
    let number = |system: &str, value: &str| json!([{ "system": system, "value": value }]);
    let mut coverage = explanation()["contained"][0].clone();
    coverage["identifier"] = number("https://payer.example", "FAMILY-1");
    let mut done = procedure();
    done["identifier"] = number("https://ward.example/accession", "ACC-1");
    let mut carer = practitioner();
    carer["identifier"].as_array_mut().unwrap().push(json!(
        { "system": "urn:oid:2.16.840.1.113883.4.4", "value": "TAX-1" }
    ));
    let mut person = patient();
    let private = ["4.1", "4.927", "4.3.25", "4.3"];
    person["identifier"] = private
        .iter()
        .map(|oid| json!({ "system": format!("urn:oid:2.16.840.1.113883.{oid}"), "value": "9" }))
        .chain([json!({ "system": "urn:oid:2.16.840.1.113883.4.31", "value": "K-1" })])
        .collect();
    let read = good(&bundle(&[
        entry(PATIENT, &person),
        entry("urn:uuid:c", &coverage),
        entry("urn:uuid:p", &carer),
        entry("urn:uuid:e", &encounter()),
        entry("urn:uuid:q", &done),
    ]));
    assert_eq!(read.persons[0].ids, [PATIENT, "urn:oid:2.16.840.1.113883.4.31|K-1"]);
    assert_eq!(read.coverages[0].ids, ["urn:uuid:c"]);
    let npi = "http://hl7.org/fhir/sid/us-npi|1234567893";
    assert_eq!(read.practitioners[0].ids, ["urn:uuid:p", npi]);
    assert_eq!(read.visits[0].procedures[1].ids, ["urn:uuid:q"]);
}

#[test]
fn what_leads_to_several_is_told() {
    let two = |mine: &Value, other: &Value, subject: Value| {
        let visit = with(encounter(), "/subject", subject);
        let entries =
            [entry(PATIENT, mine), entry("urn:uuid:b", other), entry("urn:uuid:e", &visit)];
        bundle(&entries)
    };
    let ambiguous = ["Bundle.entry[2].resource.subject ambiguous_reference"];
    let by_id = json!({ "reference": "Patient/1" });
    assert_eq!(faults(&two(&patient(), &patient(), by_id.clone())), ambiguous);
    let other = with(patient(), "/id", json!("2"));
    let number = json!({ "identifier": { "system": "https://records.example", "value": "A-1" } });
    assert_eq!(faults(&two(&patient(), &other, number)), ambiguous);
    let read = good(&two(&patient(), &other, by_id));
    assert_eq!(read.visits[0].patient, Link::Within(0), "what is not followed is no fault");
}

#[test]
fn a_bundle_of_too_many_values_is_not_read() {
    let values = vec!["[]"; MAX_VALUES / 2].join(",");
    let content = format!("{{\"resourceType\":\"Bundle\",\"odd\":[{values}]}}");
    let told_of = read(content.as_bytes(), TODAY).expect_err("it is too large");
    assert_eq!(told(&told_of), ["Bundle too_large"]);
    let text = "{[,\\\"".repeat(MAX_VALUES / 2);
    let mut whole = visit_bundle();
    whole["odd"] = json!(text);
    assert_eq!(good(&whole).visits.len(), 1, "what stands in a text is no value");
}

#[test]
fn what_cannot_be_taken_over_is_noted() {
    let mut dead = patient();
    dead["deceasedDateTime"] = json!("2020");
    let coverage = |more: Value| {
        let mut coverage = explanation()["contained"][0].clone();
        for (name, value) in more.as_object().unwrap() {
            coverage[name] = value.clone();
        }
        coverage
    };
    let read = good(&bundle(&[
        entry(PATIENT, &dead),
        entry("urn:uuid:1", &coverage(json!({ "status": "cancelled" }))),
        entry("urn:uuid:2", &coverage(json!({ "period": { "end": "2025" } }))),
        entry("urn:uuid:3", &coverage(json!({ "payor": [{ "display": "NO_INSURANCE" }] }))),
        entry("urn:uuid:4", &coverage(json!({ "payor": [{ "reference": PATIENT }] }))),
        entry("urn:uuid:5", &coverage(json!({ "period": { "end": "2026" } }))),
    ]));
    let codes: Vec<&str> = read.notes.iter().map(|note| note.code).collect();
    assert_eq!(codes, ["deceased", "not_active", "ended", "self_pay", "self_pay"]);
    assert_eq!(read.coverages.len(), 1);
}

#[test]
fn an_appointment_that_was_kept_is_its_encounter() {
    let appointment = json!({
        "resourceType": "Appointment", "id": "a", "status": "booked",
        "start": "2026-04-01T09:00:00-04:00",
        "participant": [{ "actor": { "reference": PATIENT } },
            { "actor": { "reference": "urn:uuid:p" } }],
    });
    let alone = bundle(&[
        entry(PATIENT, &patient()),
        entry("urn:uuid:p", &practitioner()),
        entry("urn:uuid:a", &appointment),
    ]);
    let read = good(&alone);
    assert_eq!(read.visits.len(), 1);
    assert_eq!(read.visits[0].status, VisitStatus::Scheduled);
    assert_eq!(read.visits[0].practitioner, Some(Link::Within(0)));
    let mut kept = encounter();
    kept["appointment"] = json!([{ "reference": "urn:uuid:a" }]);
    let mut whole = alone;
    whole["entry"].as_array_mut().unwrap().push(entry("urn:uuid:e", &kept));
    let read = good(&whole);
    assert_eq!(read.visits.len(), 1);
    assert_eq!(read.visits[0].ids, ["urn:uuid:e", "urn:uuid:a"]);
    // Nor when an earlier bundle held it.
    whole["entry"].as_array_mut().unwrap().remove(2);
    assert_eq!(good(&whole).visits[0].ids, ["urn:uuid:e", "urn:uuid:a"]);
}

#[test]
fn what_an_earlier_bundle_held_is_named_by_its_outside_id() {
    let read = good(&bundle(&[
        entry("urn:uuid:q", &procedure()),
        entry("urn:uuid:e2", &with(encounter(), "/subject", json!({ "reference": PATIENT }))),
    ]));
    assert_eq!(read.loose[0].visit, "urn:uuid:e");
    assert_eq!(read.loose[0].patient, Some(Link::Outside(PATIENT.to_owned())));
    assert_eq!(read.visits[0].patient, Link::Outside(PATIENT.to_owned()));
    let npi = "http://hl7.org/fhir/sid/us-npi|1234567893".to_owned();
    assert_eq!(read.visits[0].practitioner, Some(Link::Outside(npi)));
}

/// Any JSON of the words that bundles are made of.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Bundle",
        "Patient",
        "Coverage",
        "Encounter",
        "Procedure",
        "Appointment",
        "transaction",
        "finished",
        "urn:uuid:e",
        "#a",
        "Patient/1",
        "Patient?identifier=a|b%4",
        "1980-02-29",
        "é",
        "2012-08-10T20:37:06+00:00",
        "PractitionerRole",
        "Practitioner",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "resourceType",
        "type",
        "entry",
        "resource",
        "fullUrl",
        "id",
        "identifier",
        "system",
        "value",
        "name",
        "given",
        "family",
        "subject",
        "reference",
        "contained",
        "period",
        "start",
        "status",
        "code",
        "coding",
        "participant",
        "individual",
        "actor",
        "encounter",
        "payor",
        "beneficiary",
        "birthDate",
        "practitioner",
        "location",
        "appointment",
        "request",
        "method",
    ]);
    leaf.prop_recursive(6, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(names.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes, TODAY).is_err());
    }

    #[test]
    fn no_json_makes_it_panic(resources in prop::collection::vec(any_json(), 0..6)) {
        let entries: Vec<Value> = resources.iter().map(|one| entry("urn:uuid:e", one)).collect();
        if let Err(faults) = read(bundle(&entries).to_string().as_bytes(), TODAY) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| fault.place.starts_with("Bundle")));
        }
    }

    #[test]
    fn a_good_bundle_with_one_odd_value_is_read_or_told(
        path in prop::sample::select(paths(&visit_bundle())),
        odd in any_json(),
    ) {
        let changed = with(visit_bundle(), &path, odd);
        if let Err(faults) = read(changed.to_string().as_bytes(), TODAY) {
            prop_assert!(!faults.is_empty());
        }
    }
}

/// The pointer of everything within.
fn paths(value: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = vec![String::new()];
    for (name, part) in parts {
        all.extend(paths(part).into_iter().map(|rest| format!("/{name}{rest}")));
    }
    all
}
