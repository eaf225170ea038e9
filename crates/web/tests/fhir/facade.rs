//! The read facade of FHIR, on both engines: what it gives, to whom, and that it is FHIR R4.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_app::save_patient::{PatientEntry, add_patient};
use almoner_app::work_on_import::{due, go_on, take_up};
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::role::Role;
use almoner_domain::{Money, PaymentId};
use almoner_store::on_both_engines;
use axum::http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::api_program::{Program, all_but};
use crate::eligibility::{BEN, answer};
use crate::site::{Reply, Site};

/// Where bundles are handed in.
pub(crate) const BUNDLES: &str = "/api/v1/imports/fhir";
/// The type of a body of FHIR.
pub(crate) const FHIR: &str = "application/fhir+json";

/// A bundle with a patient, an insurance, a visit and what was done.
pub(crate) fn bundle() -> Value {
    let whose = json!({ "reference": "urn:uuid:d1" });
    let entry = |id: &str, resource: Value| {
        let full_url = format!("urn:uuid:{id}");
        json!({ "fullUrl": full_url, "resource": resource })
    };
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        entry("d1", json!({ "resourceType": "Patient", "birthDate": "1988-03-16",
            "identifier": [{ "system": "https://ward.example", "value": "D-1" }],
            "name": [{ "family": "Invented", "given": ["Dora"] }] })),
        entry("d2", json!({ "resourceType": "Coverage", "status": "active", "beneficiary": whose,
            "payor": [{ "display": "Invented Plan" }] })),
        entry("d3", json!({ "resourceType": "Encounter", "status": "finished", "subject": whose,
            "period": { "start": "2026-02-01T15:00:00Z" } })),
        entry("d4", json!({ "resourceType": "Procedure", "status": "completed", "subject": whose,
            "encounter": { "reference": "urn:uuid:d3" },
            "code": { "coding": [{ "system": "http://snomed.info/sct", "code": "99214",
                "display": "Invented procedure" }] } })),
    ] })
}

/// What the facade needs of a key.
const SCOPES: &str = "patients:read,payments:read,eligibility:read";

impl Reply {
    /// The resource, when it is one of that type.
    fn resource(&self, kind: &str) -> Value {
        assert_eq!(self.status.as_u16(), 200, "{}", self.text());
        self.fhir(kind)
    }

    fn fhir(&self, kind: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/fhir+json", "{}", self.text());
        let value: Value = serde_json::from_slice(&self.body).expect("the resource is JSON");
        assert_eq!(value["resourceType"], kind, "{value}");
        value
    }

    /// The outcome of a failure with that status and FHIR's word for it.
    fn outcome(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        let outcome = self.fhir("OperationOutcome");
        assert_eq!(outcome["issue"][0]["code"], code, "{outcome}");
        assert!(outcome["issue"][0]["details"]["text"].is_string(), "{outcome}");
        outcome
    }
}

/// A page of a search.
fn ids(bundle: &Value) -> Vec<&str> {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().map(|entry| entry["resource"]["id"].as_str().expect("it has an id")).collect()
}

fn link<'a>(bundle: &'a Value, relation: &str) -> Option<&'a str> {
    let links = bundle["link"].as_array().expect("a page has links");
    let found = links.iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str()?.strip_prefix(crate::site::BASE)
}

async fn refund(site: &Site, payment: PaymentId, cents: i64) {
    let input = RefundPayment {
        payment,
        version: None,
        amount: RefundAmount::Partial(Money::from_cents(cents)),
        reason: RefundReason::BillingError,
        notes: None,
        key: None,
    };
    refund_payment(&site.app, &site.system(), &input).await.unwrap();
}

/// A clinic with something of everything.
async fn story(db: almoner_store::testing::TestDb) -> Site {
    let site = Site::new(db).await;
    let whole = PatientEntry {
        first_name: "Cleo Ann".to_owned(),
        last_name: "O'Sample".to_owned(),
        date_of_birth: "1990-01-02".to_owned(),
        sex: "F".to_owned(),
        mrn: "MRN 7".to_owned(),
        phone: "555-0100".to_owned(),
        email: "cleo@example.org".to_owned(),
        address: "1 Sample Street, Boston, MA 02108".to_owned(),
        guarantor: "Gus Sample".to_owned(),
        coverages: Vec::new(),
        is_somebody_else: true,
    };
    add_patient(&site.app, &site.system(), &whole, None, None).await.unwrap();
    site.import(answer(BEN)).await;
    site.payment(None, Some(jiff::civil::date(2026, 4, 1))).await;
    let kept = site.paid(None).await;
    refund(&site, kept, 2_001).await;
    let returned = site.paid(None).await;
    refund(&site, returned, 8_000).await;
    site
}

const RESOURCES: [(&str, &str); 10] = [
    ("Patient", "PAT-001"),
    ("Patient", "PAT-002"),
    ("Patient", "PAT-003"),
    ("Coverage", "PAT-002.1"),
    ("CoverageEligibilityResponse", "ELG-001"),
    ("Invoice", "PAY-001"),
    ("Invoice", "PAY-002"),
    ("Invoice", "PAY-003"),
    ("PaymentNotice", "PAY-002"),
    ("PaymentNotice", "PAY-003"),
];

#[expect(clippy::disallowed_methods, reason = "where the library is is in the environment")]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn python() -> Option<PathBuf> {
    let found = std::env::var_os("ALMONER_FHIR_PYTHON").map(PathBuf::from);
    if found.is_none() {
        println!("left out: ALMONER_FHIR_PYTHON is not set");
    }
    found
}

/// What the models of FHIR R4 say of these answers.
async fn checked(python: &Path, answers: &[Vec<u8>]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fhir/check.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().expect("the script starts");
    let mut input = child.stdin.take().expect("it is read from");
    for answer in answers {
        input.write_all(answer).await.unwrap();
        input.write_all(b"\n").await.unwrap();
    }
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{told}");
    told
}

/// Has the imports go on.
async fn work(site: &Site) {
    let system = site.system();
    loop {
        let due = due(&site.app, &system).await.unwrap();
        if due.is_empty() {
            return;
        }
        for id in due {
            if let Some(mut work) = take_up(&site.app, &system, id).await.unwrap() {
                while go_on(&site.app, &mut work).await.unwrap() {}
            }
        }
    }
}

on_both_engines! {
    async fn every_answer_is_what_fhir_has_there(db) {
        let Some(python) = python() else { return };
        let site = story(db).await;
        let program = Program::new(&site, SCOPES).await;
        let mut answers = vec![program.get("/fhir/metadata").await.body];
        for (kind, id) in RESOURCES {
            let reply = program.get(&format!("/fhir/{kind}/{id}")).await;
            reply.resource(kind);
            answers.push(reply.body);
        }
        for search in [
            "Patient", "Patient?name=sample", "Coverage?patient=PAT-001", "Invoice?subject=PAT-002",
            "Coverage?beneficiary=PAT-999",
        ] {
            let reply = program.get(&format!("/fhir/{search}")).await;
            reply.resource("Bundle");
            answers.push(reply.body);
        }
        for missing in ["/fhir/Patient/PAT-999", "/fhir/Invoice", "/fhir/Odd/1"] {
            answers.push(program.get(missing).await.body);
        }
        let told = checked(&python, &answers).await;
        assert_eq!(told, "Bundle:5 CapabilityStatement:1 Coverage:1 CoverageEligibilityResponse:1 \
            Invoice:3 OperationOutcome:3 Patient:3 PaymentNotice:2");
    }

    async fn a_record_is_told_as_it_stands(db) {
        let site = story(db).await;
        let program = Program::new(&site, SCOPES).await;
        let get = async |path: &str| program.get(&format!("/fhir/{path}")).await;
        let reply = get("Patient/PAT-003").await;
        assert_eq!(reply.header("etag"), "W/\"1\"");
        let patient = reply.resource("Patient");
        let told = json!([patient["identifier"], patient["name"], patient["gender"],
            patient["birthDate"], patient["telecom"], patient["address"], patient["active"]]);
        assert_eq!(told, json!([
            [{ "type": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                "code": "MR" }] }, "value": "MRN 7" }],
            [{ "use": "official", "family": "O'Sample", "given": ["Cleo Ann"] }],
            "female", "1990-01-02",
            [{ "system": "phone", "value": "555-0100" },
                { "system": "email", "value": "cleo@example.org" }],
            [{ "text": "1 Sample Street, Boston, MA 02108" }], true,
        ]));
        let bare = get("Patient/PAT-001").await.resource("Patient");
        for unknown in ["gender", "telecom", "address", "identifier", "contact", "link"] {
            assert_eq!(bare.get(unknown), None, "{unknown}");
        }
        let coverage = get("Coverage/PAT-002.1").await.resource("Coverage");
        assert_eq!(coverage["subscriberId"], "MEMBER-B");
        assert_eq!(coverage["beneficiary"]["reference"], "Patient/PAT-002");
        get("Coverage/PAT-002.2").await.outcome(404, "not-found");
        let pending = get("Invoice/PAY-001").await;
        assert!(pending.text().contains(r#""totalNet":{"value":80.00,"currency":"USD"}"#));
        let pending = pending.resource("Invoice");
        assert_eq!(pending["status"], "issued");
        assert_eq!(pending["paymentTerms"], "Due 2026-04-01");
        get("PaymentNotice/PAY-001").await.outcome(404, "not-found");
        assert_eq!(get("Invoice/PAY-002").await.resource("Invoice")["status"], "balanced");
        let kept = get("PaymentNotice/PAY-002").await;
        let amount = r#""amount":{"value":59.99,"currency":"USD"}"#;
        assert!(kept.text().contains(amount), "{}", kept.text());
        assert_eq!(kept.resource("PaymentNotice")["status"], "active");
        let returned = get("PaymentNotice/PAY-003").await.resource("PaymentNotice");
        assert_eq!(returned["status"], "cancelled");
        let check = get("CoverageEligibilityResponse/ELG-001").await;
        let check = check.resource("CoverageEligibilityResponse");
        assert_eq!(check["patient"]["reference"], "Patient/PAT-002");
        assert_eq!(check["outcome"], "complete");
        assert_eq!(check["insurance"][0]["inforce"], true);
        let items = check["insurance"][0]["item"].as_array().unwrap();
        assert!(!items.is_empty());
        for item in items {
            let either = (item.get("category").is_some(), item.get("productOrService").is_some());
            assert!(either.0 != either.1, "FHIR has one of them in an item (ces-1): {item}");
        }
    }

    async fn searches_find_and_turn_their_pages(db) {
        let site = story(db).await;
        let program = Program::new(&site, SCOPES).await;
        let search = async |path: &str| program.get(path).await.resource("Bundle");
        let found = search("/fhir/Patient?identifier=MRN%207").await;
        assert_eq!((ids(&found), &found["total"]), (vec!["PAT-003"], &json!(1)));
        let url = found["entry"][0]["fullUrl"].as_str().unwrap();
        assert!(url.ends_with("/fhir/Patient/PAT-003") && url.starts_with("http"), "{url}");
        let marked = search("/fhir/Patient?identifier=http://a.example%7CMRN%207").await;
        assert_eq!(ids(&marked), [""; 0]);
        let both = "/fhir/Patient?birthdate=1975-07-04&name=spec";
        assert_eq!(ids(&search(both).await), ["PAT-002"]);
        assert_eq!(ids(&search("/fhir/Patient?birthdate=1975-07-04&name=exam").await), [""; 0]);
        let changed = search("/fhir/Patient?_lastUpdated=ge2026-03-10T15:00:00Z&_count=2").await;
        assert_eq!(ids(&changed).len(), 2);
        assert_eq!(ids(&search(link(&changed, "next").unwrap()).await), ["PAT-003"]);
        let first = search("/fhir/Invoice?patient=Patient/PAT-002&_count=2").await;
        assert_eq!(ids(&first), ["PAY-001", "PAY-002"]);
        let last = search(link(&first, "next").unwrap()).await;
        assert_eq!((ids(&last), link(&last, "next")), (vec!["PAY-003"], None));
        assert_eq!(search(link(&last, "previous").unwrap()).await["entry"], first["entry"]);
        assert_eq!(ids(&search("/fhir/Coverage?beneficiary=PAT-002").await), ["PAT-002.1"]);
        let lenient = search("/fhir/Patient?colour=red&name=cleo").await;
        assert_eq!(link(&lenient, "self"), Some("/fhir/Patient?name=cleo"), "what was heeded");
        let strict = program.with("prefer", "handling=strict");
        strict.get("/fhir/Patient?colour=red").await.outcome(400, "invalid");
        for odd in ["Patient?name:exact=x", "Patient?_count=0", "Patient?_lastUpdated=2026",
            "Patient?_after=x", "Patient?_format=xml", "Coverage", "Invoice?subject=x",
            "Patient?identifier=%00", "Patient?identifier=a%7C%00", "Patient?name=%00x"] {
            program.get(&format!("/fhir/{odd}")).await.outcome(400, "invalid");
        }
    }

    async fn a_bundle_that_was_handed_in_is_read_back(db) {
        let site = story(db).await;
        let scopes = "patients:read,patients:write,treatments:read,treatments:write";
        let program = Program::new(&site, scopes).await;
        let path = format!("{BUNDLES}?location_id=LOC-001&run=1");
        let body = bundle().to_string();
        let begun = program.ask(Method::POST, &path, FHIR, body.as_bytes()).await.value(201);
        assert_eq!((&begun["kind"], &begun["state"]), (&json!("fhir"), &json!("checking")));
        work(&site).await;
        let done = program.get("/api/v1/imports/IMP-001").await.value(200);
        let told = json!([done["state"], done["added"], done["faulty"]]);
        assert_eq!(told, json!(["done", 4, 0]));
        let found = program.get("/fhir/Patient?identifier=https://ward.example%7CD-1").await;
        let found = found.resource("Bundle");
        assert_eq!(found["entry"][0]["resource"]["name"][0]["family"], "Invented");
        let treatment = program.get("/api/v1/treatments/TRT-001").await.value(200);
        assert_eq!(treatment["procedures"], json!([]));
        assert_eq!(treatment["foreign_codes"], json!([{ "system": "http://snomed.info/sct",
            "code": "99214", "display": "Invented procedure" }]));
        let desk = site.browser(Role::FrontDesk).await;
        let page = desk.get("/treatments/TRT-001").await;
        page.shows(200, &["SNOMED CT", "99214", "Invented procedure"]);
        desk.get("/treatments").await.shows(200, &["SNOMED CT 99214"]);
        // A broken one says where, to programs and to people.
        let mut broken = bundle();
        broken["entry"][0]["resource"]["birthDate"] = json!("1988-03");
        let body = broken.to_string();
        program.ask(Method::POST, &path, FHIR, body.as_bytes()).await.value(201);
        work(&site).await;
        let faults = program.get("/api/v1/imports/IMP-002/faults").await.value(200);
        assert_eq!(faults["data"][0]["field"], "Bundle.entry[0].resource.birthDate");
        let manager = site.browser(Role::Manager).await;
        let page = manager.get("/imports/IMP-002").await;
        page.shows(200, &["Bundle.entry[0].resource.birthDate", "Faulty rows"]);
        page.lacks(&["Change the columns", "without faults"]);
        let whole = bundle().to_string().into_bytes();
        let form = [("kind", None, &b"fhir"[..]), ("location", None, &b"LOC-002"[..]),
            ("file", Some("bundle.json"), &whole[..])];
        let to = manager.upload_to("/imports", &form).await;
        assert_eq!(to.to(), "/imports/IMP-003");
        work(&site).await;
        manager.get("/imports/IMP-003").await.shows(200, &["4 there already", "Import 4 records"]);
    }

    async fn the_same_keys_and_the_same_audit(db) {
        let site = story(db).await;
        let none = Program::with_key(&site, String::new());
        let statement = none.get("/fhir/metadata").await.resource("CapabilityStatement");
        assert_eq!(statement["fhirVersion"], "4.0.1");
        let offered = statement["rest"][0]["resource"].as_array().unwrap();
        assert_eq!(offered.len(), 5);
        let reply = none.get("/fhir/Patient/PAT-001").await;
        reply.outcome(401, "login");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"almoner\"");
        let manager = site.browser(Role::Manager).await;
        manager.get("/fhir/Patient/PAT-001").await.outcome(401, "login");
        let whole = Program::new(&site, SCOPES).await;
        for (kind, id, scope) in [
            ("Patient", "PAT-001", "patients:read"),
            ("Coverage", "PAT-001.1", "patients:read"),
            ("Invoice", "PAY-001", "payments:read"),
            ("PaymentNotice", "PAY-002", "payments:read"),
            ("CoverageEligibilityResponse", "ELG-001", "eligibility:read"),
        ] {
            let path = format!("/fhir/{kind}/{id}");
            Program::new(&site, &all_but(scope)).await.get(&path).await.outcome(403, "forbidden");
            Program::new(&site, scope).await.get(&path).await.resource(kind);
            let foreign = Program::at(&site, &site.other, SCOPES).await;
            let is_there_too = kind == "Patient" || kind == "Coverage";
            if !is_there_too {
                foreign.get(&path).await.outcome(404, "not-found");
            }
            let odd = format!("/fhir/{kind}/%27");
            whole.get(&odd).await.outcome(404, "not-found");
        }
        let removes = whole.ask(Method::DELETE, "/fhir/Patient/PAT-001", "", b"").await;
        removes.outcome(405, "not-supported");
        site.web.flush_reads().await;
        let page = site.browser(Role::Auditor).await.get("/audit").await;
        page.shows(200, &["PAT-001", "PAY-001", "ELG-001"]);
    }
}
