//! What the use cases are given in `permissions.rs`: each thing a new one.

use std::collections::BTreeMap;

use almoner_app::add_document::add_document;
use almoner_app::add_note::AddNote;
use almoner_app::api_keys::NewKey;
use almoner_app::attempt::Outcome;
use almoner_app::begin_import::{NewImport, begin_import};
use almoner_app::change_status::ChangeStatus;
use almoner_app::count_drawer::CountEntry;
use almoner_app::edit_payment::EditPayment;
use almoner_app::estimate_payment::EstimateInput;
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::import_rows::ImportKind;
use almoner_app::issue_link::IssueLink;
use almoner_app::match_check::match_check;
use almoner_app::reverse_tender::ReverseTender;
use almoner_app::staff_accounts::add_user;
use almoner_domain::estimate::Choices;
use almoner_domain::refund::ReversalReason;
use almoner_domain::role::Role;
use almoner_domain::scope::Scopes;
use almoner_domain::{CheckId, ImportId, PaymentId, ReceiptId, Status};
use sha2::{Digest as _, Sha256};

use crate::answers::{BENEFITS, NORA, answer, envelope, transaction};
use crate::common::{Clinic, cents, tender};
use crate::documents::letter;

/// A file that somebody has to say more about.
pub(crate) fn an_import(kind: ImportKind) -> NewImport {
    crate::imports::new(kind, "a,b,c\nSample,Pat,1980-02-03\n", None)
}

/// An import whose columns are to be said, with what they are.
pub(crate) async fn imported(clinic: &Clinic) -> (ImportId, BTreeMap<String, usize>) {
    let file = an_import(ImportKind::Patients);
    let begun = begin_import(&clinic.app, &clinic.system(), file, None).await.unwrap();
    let names = ["last_name", "first_name", "date_of_birth"];
    (begun.id, names.into_iter().map(str::to_owned).zip(0..).collect())
}

pub(crate) fn change(payment: PaymentId, to: Status) -> ChangeStatus {
    let reason = Some("as agreed".to_owned());
    ChangeStatus { payment, version: None, to, tender: Some(tender("cash")), reason }
}

pub(crate) async fn held(clinic: &Clinic) -> PaymentId {
    let id = clinic.pending(700).await;
    clinic.begin(id).await.unwrap();
    clinic.told(id, Outcome::Authorized).await.unwrap();
    id
}

pub(crate) async fn cancelled(clinic: &Clinic) -> PaymentId {
    let id = clinic.pending(700).await;
    clinic.change(id, Status::Cancelled).await.unwrap();
    id
}

/// A check in the inbox, a new one each time.
pub(crate) async fn waiting(clinic: &Clinic) -> CheckId {
    let number = clinic.number("SELECT count(*) AS n FROM eligibility_check").await;
    let control = format!("{:04}", number + 100);
    let content = envelope(9, &[transaction(&control, NORA, &BENEFITS)]);
    let file = ImportFile { name: "n.271".to_owned(), content, patient: None };
    let imported = import_eligibility(&clinic.app, &clinic.system(), file).await.unwrap();
    imported.checks.unwrap()[0].id
}

/// A check of Ann, a new one each time.
pub(crate) async fn matched(clinic: &Clinic) -> CheckId {
    let check = waiting(clinic).await;
    match_check(&clinic.app, &clinic.system(), check, clinic.ann).await.unwrap();
    check
}

pub(crate) fn link_of(payment: PaymentId) -> IssueLink {
    IssueLink { payment, until: None, replaces: None }
}

/// The hash of a file from which nothing can be read.
pub(crate) async fn unreadable(clinic: &Clinic) -> Vec<u8> {
    let file = ImportFile { name: "a.pdf".to_owned(), content: b"%PDF".to_vec(), patient: None };
    import_eligibility(&clinic.app, &clinic.system(), file).await.unwrap();
    Sha256::digest(b"%PDF").to_vec()
}

pub(crate) async fn account(clinic: &Clinic) -> String {
    let number = clinic.number("SELECT count(*) AS n FROM staff_user").await;
    let email = format!("person{number}@clinic.example");
    let password = "a rather long password";
    let names = (email.as_str(), "Person");
    add_user(&clinic.app, &clinic.system(), names, Role::Auditor, password).await.unwrap();
    email
}

pub(crate) fn edited(clinic: &Clinic, payment: PaymentId) -> EditPayment {
    EditPayment {
        payment,
        version: 1,
        patient: clinic.ann,
        amount: cents(701),
        kind: None,
        treatment: None,
        location: None,
        due: None,
        confirm_past_due_date: false,
        memo: None,
    }
}

pub(crate) fn question(clinic: &Clinic) -> EstimateInput {
    EstimateInput {
        patient: clinic.ann,
        payment_type: None,
        treatment: None,
        location: None,
        charge: None,
        network: None,
        service_date: None,
        choices: Choices::default(),
    }
}

/// The newest receipt of the clinic.
pub(crate) async fn receipt(clinic: &Clinic) -> (PaymentId, ReceiptId) {
    let payment = clinic.paid(700, "cash").await;
    let last = clinic.number("SELECT max(seq) AS n FROM receipt").await;
    (payment, ReceiptId::new(last))
}

pub(crate) fn reversal(payment: PaymentId) -> ReverseTender {
    ReverseTender { payment, version: None, reason: ReversalReason::EnteredInError, notes: None }
}

pub(crate) fn note(payment: PaymentId) -> AddNote {
    AddNote { payment, body: "Called.".to_owned(), key: None }
}

pub(crate) fn file() -> ImportFile {
    ImportFile { name: "n.271".to_owned(), content: answer(NORA), patient: None }
}

/// A drawer of the first location.
pub(crate) fn drawer() -> CountEntry {
    CountEntry {
        location: "LOC-001".to_owned(),
        day: "2026-03-10".to_owned(),
        cash: "1.00".to_owned(),
        ..CountEntry::default()
    }
}

pub(crate) fn new_key() -> NewKey {
    let scopes = Scopes::parse("payments:read").expect("it is a scope");
    NewKey { name: "Reports".to_owned(), scopes, life_days: None }
}

/// A document of a payment, a new one each time.
pub(crate) async fn a_document(clinic: &Clinic) -> (PaymentId, i64) {
    let payment = clinic.pending(700).await;
    let added = add_document(&clinic.app, &clinic.system(), letter(payment)).await.unwrap();
    (payment, added.number)
}
