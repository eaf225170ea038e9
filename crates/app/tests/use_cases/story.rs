//! The main job, from the payer's answer to the last cent given back.

use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::estimate_payment::{EstimateInput, estimate_payment};
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::refund_payment::{RefundPayment, refund_payment, summarize};
use almoner_app::save_patient::add_patient;
use almoner_app::save_treatment::add_treatment;
use almoner_app::{read, read_inbox};
use almoner_domain::checks::CheckRequest;
use almoner_domain::estimate::{Case, Choices};
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::role::Role;
use almoner_domain::tender::{TenderEntry, TenderType};
use almoner_domain::{CheckId, Money, PatientId, PaymentId, Status, TreatmentId};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::answers::{NORA, answer};
use crate::common::{Clinic, cents, person};

/// The front desk imports the answer and finds it in the inbox.
async fn import(clinic: &Clinic) -> CheckId {
    let desk = clinic.staff(Role::FrontDesk);
    let file = ImportFile { name: "in/nora.271".to_owned(), content: answer(NORA), patient: None };
    let imported = import_eligibility(&clinic.app, &desk, file).await.unwrap();
    assert_eq!(imported.name, "nora.271");
    let [check] = &imported.checks.unwrap()[..] else { panic!("one check was expected") };
    assert_eq!((check.patient, check.duplicate, check.benefits), (None, false, 7));
    let inbox = read_inbox::inbox(&clinic.app, &desk, &CheckRequest::default()).await.unwrap();
    let waiting: Vec<_> = inbox.waiting.iter().map(|waiting| waiting.listed.id).collect();
    assert_eq!((waiting, inbox.count.checks), (vec![check.id], 1));
    check.id
}

/// The front desk adds the patient whom the answer names.
async fn admit(clinic: &Clinic, check: CheckId) -> PatientId {
    let desk = clinic.staff(Role::FrontDesk);
    let view = read::check(&clinic.app, &desk, check).await.unwrap();
    let named = &view.answer.patient;
    let (first, last) = (named.first_name.as_deref(), named.last_name.as_deref());
    let birth = named.date_of_birth.expect("the payer told it").to_string();
    let member_id = named.member_id.as_deref();
    let entry = person(first.unwrap(), last.unwrap(), &birth, member_id.unwrap());
    let nora = add_patient(&clinic.app, &desk, &entry, Some(check), None).await.unwrap();
    let page = read::patient(&clinic.app, &desk, nora).await.unwrap();
    assert_eq!((page.checks.len(), page.checks[0].id), (1, check));
    assert_eq!(page.patient.fields.last_name, "SPECIMEN");
    nora
}

fn question(patient: PatientId, treatment: TreatmentId) -> EstimateInput {
    EstimateInput {
        patient,
        payment_type: Some(PaymentType::OfficeVisit),
        treatment: Some(treatment),
        location: None,
        charge: None,
        network: None,
        service_date: None,
        choices: Choices::default(),
    }
}

/// The front desk estimates the co-payment and asks for it.
async fn ask(clinic: &Clinic, check: CheckId, nora: PatientId) -> PaymentId {
    let desk = clinic.staff(Role::FrontDesk);
    let entry = clinic.treated(nora, clinic.harbor);
    let treatment = add_treatment(&clinic.app, &desk, &entry, None).await.unwrap();
    let question = question(nora, treatment);
    let estimate = estimate_payment(&clinic.app, &desk, &question).await.unwrap();
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(cents(2_500))));
    assert_eq!(estimate.check, Some(check));
    let row = estimate.copay.rows[0];
    let source = estimate.sources.iter().find(|source| source.row == row).unwrap();
    assert_eq!(source.segment, "EB*B*IND*98***27*25.00*****Y");
    let asked = CreatePayment {
        patient: nora,
        treatment: Some(treatment),
        estimate: Some(question),
        key: Some("form-1".to_owned()),
        ..clinic.asked(2_500)
    };
    let id = create_payment(&clinic.app, &desk, &asked).await.unwrap();
    let view = clinic.view(id).await;
    let (kept, read) = view.estimate.expect("the estimate is kept");
    assert_eq!((kept.estimated, kept.entered), (Some(cents(2_500)), cents(2_500)));
    assert_eq!(read, Some(estimate));
    assert_eq!((view.payment.status, view.location.id), (Status::Pending, clinic.harbor));
    id
}

/// The front desk takes a check.
async fn pay(clinic: &Clinic, id: PaymentId) {
    let entry = TenderEntry {
        kind: "check".to_owned(),
        number: "1042".to_owned(),
        ..TenderEntry::default()
    };
    let input = ChangeStatus {
        payment: id,
        version: Some(1),
        to: Status::Paid,
        tender: Some(entry),
        reason: None,
    };
    let desk = clinic.staff(Role::FrontDesk);
    let paid = change_status(&clinic.app, &desk, &input).await.unwrap();
    assert_eq!((paid.status, paid.collected), (Status::Paid, cents(2_500)));
    let tenders = clinic.view(id).await.tenders;
    assert_eq!(tenders[0].tender.number.as_deref(), Some("1042"));
    assert_eq!(tenders[0].taken_by.as_deref(), Some("Sample Front desk"));
}

/// The biller gives back a part and, after another look, the rest.
async fn give_back(clinic: &Clinic, id: PaymentId) {
    let biller = clinic.staff(Role::Biller);
    let part = RefundPayment {
        payment: id,
        version: None,
        amount: RefundAmount::Partial(cents(1_000)),
        reason: RefundReason::BillingError,
        notes: None,
        key: Some("refund-1".to_owned()),
    };
    let told = summarize(&clinic.app, &biller, &part).await.unwrap();
    assert_eq!((told.amount, told.refunded_before), (cents(1_000), Money::ZERO));
    assert_eq!((told.remaining_after, told.tender), (cents(1_500), TenderType::Check));
    refund_payment(&clinic.app, &biller, &part).await.unwrap();
    assert_eq!(clinic.payment(id).await.status, Status::PartiallyRefunded);
    clinic.pass(SignedDuration::from_mins(1));
    let rest = RefundPayment {
        amount: RefundAmount::Full { expected_remaining: Some(cents(1_500)) },
        reason: RefundReason::Other,
        notes: Some("the visit was moved".to_owned()),
        key: Some("refund-2".to_owned()),
        ..part
    };
    refund_payment(&clinic.app, &biller, &rest).await.unwrap();
}

on_both_engines! {
    async fn from_the_payers_answer_to_the_last_cent(db) {
        let clinic = Clinic::new(db).await;
        let check = import(&clinic).await;
        let nora = admit(&clinic, check).await;
        let id = ask(&clinic, check, nora).await;
        assert_eq!(clinic.cards().await.outstanding.amount, cents(2_500));
        clinic.pass(SignedDuration::from_mins(5));
        pay(&clinic, id).await;
        assert_eq!(clinic.cards().await.collected.net(), cents(2_500));
        clinic.pass(SignedDuration::from_hours(1));
        give_back(&clinic, id).await;
        let view = clinic.view(id).await;
        assert_eq!(view.payment.status, Status::Refunded);
        assert_eq!(view.payment.remaining(), Money::ZERO);
        assert_eq!(view.refunds.len(), 2);
        assert!(view.choices.is_empty(), "{:?}", view.choices);
        let collected = clinic.cards().await.collected;
        assert_eq!((collected.gross, collected.refunded), (cents(2_500), cents(2_500)));
        let steps = ["payment_created", "status_changed", "refund_made", "refund_made"];
        assert_eq!(clinic.history(id).await, steps);
        let who: Vec<_> = view.history.iter().rev().map(|e| e.user_name.clone().unwrap()).collect();
        let [desk, biller] = ["Sample Front desk", "Sample Biller"];
        assert_eq!(who, [desk, desk, biller, biller]);
        let balance = read::patient(&clinic.app, &clinic.manager(), nora).await.unwrap().balance;
        assert_eq!((balance.owed, balance.collected), (Money::ZERO, cents(2_500)));
        clinic.verified().await;
    }
}
