//! The other organization of `other_organization.rs`: what it has, and what is left of it.

use almoner_app::Actor;
use almoner_app::add_document::add_document;
use almoner_app::add_organization::add_organization;
use almoner_app::api_keys::{NewKey, create_key};
use almoner_app::attempt::{Outcome, begin, told};
use almoner_app::begin_import::begin_import;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::import_rows::ImportKind;
use almoner_app::refund_payment::refund_payment;
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::save_location::save_location;
use almoner_app::save_patient::add_patient;
use almoner_app::save_physician::save_physician;
use almoner_app::save_treatment::{TreatmentEntry, add_treatment};
use almoner_app::staff_accounts::add_user;
use almoner_app::webhook_deliveries::send_test;
use almoner_app::webhook_endpoints::add_endpoint;
use almoner_domain::role::Role;
use almoner_domain::scope::Scopes;
use almoner_domain::{LocationId, PatientId};
use almoner_store::physicians::PhysicianFields;
use sha2::{Digest as _, Sha256};

use crate::answers::{BENEFITS, Insured, envelope, transaction};
use crate::common::{Clinic, person, physician, place};
use crate::documents::letter;
use crate::other_organization::{THEIRS, refund, treated};
use crate::permissions_given::an_import;
use crate::run_check::of_ann;
use crate::webhooks::new_hook;

/// An answer about somebody of that number.
pub(crate) fn insured(number: i64) -> (String, String, String) {
    (format!("MEMBER-{number}"), format!("SPECIMEN{number}"), format!("{:04}", number + 500))
}

pub(crate) async fn import(
    clinic: &Clinic,
    actor: &Actor,
    number: i64,
    patient: Option<PatientId>,
) {
    let (member_id, last, control) = insured(number);
    let person = Insured { first: "NORA", last: &last, member_id: &member_id, birth: "19620314" };
    let content = envelope(3, &[transaction(&control, person, &BENEFITS)]);
    let file = ImportFile { name: "n.271".to_owned(), content, patient };
    import_eligibility(&clinic.app, actor, file).await.unwrap().checks.unwrap();
}

/// An unreadable file of that number.
pub(crate) fn scan(n: i64) -> Vec<u8> {
    format!("%PDF {n}").into_bytes()
}

pub(crate) fn hash_of(n: i64) -> Vec<u8> {
    Sha256::digest(scan(n)).to_vec()
}

pub(crate) fn email_of(n: i64) -> String {
    format!("person{n}@other.example")
}

/// The other organization, with more rows of every kind than ours will have.
pub(crate) async fn fill(ours: &Clinic) -> Actor {
    let app = &ours.app;
    let organization = add_organization(app, "Elsewhere", "America/Chicago").await.unwrap();
    let actor = Actor::system(organization);
    for number in 1..=THEIRS {
        let (member_id, last, _) = insured(number);
        let mut entry = person("Nora", &last, "1962-03-14", &member_id);
        entry.mrn = format!("MRN-{number}");
        let patient = add_patient(app, &actor, &entry, None, None).await.unwrap();
        save_location(app, &actor, None, &place()).await.unwrap();
        let npi = Some("1234567893".to_owned());
        let physician = PhysicianFields { npi, ..physician() };
        let physician = save_physician(app, &actor, None, &physician).await.unwrap();
        let asked = RunCheck { patient, physician: Some(physician), ..of_ann(ours) };
        run_check(app, &actor, &asked, None).await.unwrap();
        let treated = TreatmentEntry {
            patient: patient.to_string(),
            physician: physician.to_string(),
            location: LocationId::new(number).to_string(),
            ..treated(ours)
        };
        let treatment = add_treatment(app, &actor, &treated, None).await.unwrap();
        let asked = CreatePayment { patient, treatment: Some(treatment), ..ours.asked(90_000) };
        let id = create_payment(app, &actor, &asked).await.unwrap();
        let attempt = begin(app, &actor, id).await.unwrap().attempt.id();
        let outcome = if number < THEIRS { Outcome::Captured } else { Outcome::Authorized };
        told(app, &actor, attempt, &outcome).await.unwrap();
        ours.raised(actor.org(), &number.to_string()).await;
        add_document(app, &actor, letter(id)).await.unwrap();
        import(ours, &actor, number + 50, None).await;
        let file = ImportFile { name: "a.pdf".to_owned(), content: scan(number), patient: None };
        import_eligibility(app, &actor, file).await.unwrap();
        let scopes = Scopes::parse("payments:read").unwrap();
        let key = NewKey { name: "Theirs".to_owned(), scopes, life_days: None };
        create_key(app, &actor, key).await.unwrap();
        let url = format!("https://theirs-{number}.example/");
        let added = add_endpoint(app, &actor, &new_hook(&url)).await.unwrap();
        send_test(app, &actor, added.endpoint.id).await.unwrap();
        let file = an_import(ImportKind::Patients);
        begin_import(app, &actor, file, None).await.unwrap();
    }
    for _ in 0..THEIRS {
        refund_payment(app, &actor, &refund(1)).await.unwrap();
    }
    let names = (email_of(THEIRS), "Other");
    let password = "a rather long password";
    add_user(app, &actor, (&names.0, names.1), Role::Manager, password).await.unwrap();
    actor
}

/// Everything that the other organization has, in few words.
pub(crate) async fn inventory(ours: &Clinic, theirs: &Actor) -> Vec<String> {
    let mut tx = ours.app.db.read().await.unwrap();
    let mut found = Vec::new();
    for (table, words) in [
        ("payment", "status || version || patient_seq || refunded_cents"),
        ("patient", "last_name || version || payment_count"),
        ("possible_duplicate", "low_seq || ' ' || high_seq || state"),
        ("treatment", "seq || ' ' || version || location_seq"),
        ("location", "name"),
        ("physician", "first_name"),
        (
            "eligibility_check",
            "seq || ' ' || coalesce(patient_seq, 0) || coalesce(put_back, '')
                || coalesce(differences_dismissed_at_us, 0)",
        ),
        ("eligibility_file", "name || coalesce(dismissed_at_us, 0)"),
        ("eligibility_inquiry", "seq || ' ' || state || trace || tries"),
        ("refund", "state || seq"),
        ("payment_attempt", "state || attempt_no"),
        ("money_exception", "seq || ' ' || coalesce(solution, '')"),
        ("note", "body"),
        ("document", "name || coalesce(deleted_at_us, 0)"),
        ("stored_file", "state"),
        ("api_key", "seq || ' ' || coalesce(revoked_at_us, 0)"),
        ("webhook_endpoint", "seq || ' ' || state || coalesce(older_until_us, 0)"),
        ("webhook_delivery", "endpoint_seq || ' ' || state || tries"),
        ("import", "seq || ' ' || state || then_run"),
        ("import_part", "import_seq || ' ' || part_no"),
        ("staff_user", "password_hash || coalesce(disabled_at_us, 0)"),
        ("audit_event", "action"),
        ("ledger_transfer", "event || amount_cents"),
    ] {
        let sql =
            format!("SELECT {words} AS words FROM {table} WHERE organization_id = $1 ORDER BY 1");
        let rows = tx.all(sql, almoner_store::params![theirs.org()]).await.unwrap();
        assert!(!rows.is_empty() || table == "note", "they have no {table}");
        found.extend(rows.iter().map(|row| format!("{table}: {}", row.text("words").unwrap())));
    }
    found
}
