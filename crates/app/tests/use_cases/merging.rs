//! Patients who were entered twice: who is found, and that a merge loses nothing.

use almoner_app::consent_email::consent_email;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::keep_apart::keep_apart;
use almoner_app::merge_patients::{MergePatients, Side, merge_patients};
use almoner_app::patient_field::PatientField;
use almoner_app::read_duplicates::{duplicates, heir, other_records, side_by_side};
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::save_patient::{PatientEntry, add_patient, edit_patient};
use almoner_app::save_treatment::add_treatment;
use almoner_app::send_link::email_consent;
use almoner_app::{Error, read};
use almoner_domain::likeness::Trait;
use almoner_domain::{PatientId, PaymentId, Status};
use almoner_store::{StoreError, on_both_engines, params};
use tokio::task::JoinSet;

use crate::answers::{BENEFITS, Insured, envelope, transaction};
use crate::common::{Clinic, fault, person};
use crate::run_check::of_ann;

/// Ann, entered once more.
pub(crate) fn ann_again() -> PatientEntry {
    person("ANN", "Éxample", "1980-02-29", "MEMBER-C")
}

async fn version(clinic: &Clinic, id: PatientId) -> i64 {
    let view = read::patient(&clinic.app, &clinic.manager(), id).await;
    view.map_or(0, |view| view.patient.version)
}

/// A merge that takes nothing from the other record, as both are now.
pub(crate) async fn merged_into(
    clinic: &Clinic,
    other: PatientId,
    kept: PatientId,
) -> MergePatients {
    MergePatients {
        kept,
        kept_version: version(clinic, kept).await,
        other,
        other_version: version(clinic, other).await,
        take: Vec::new(),
        coverages: vec![(Side::Kept, 0)],
    }
}

pub(crate) async fn merge(clinic: &Clinic, input: &MergePatients) -> Result<(), Error> {
    merge_patients(&clinic.app, &clinic.manager(), input).await
}

async fn add(clinic: &Clinic, entry: &PatientEntry) -> PatientId {
    add_patient(&clinic.app, &clinic.manager(), entry, None, None).await.unwrap()
}

async fn edit(clinic: &Clinic, id: PatientId, entry: &PatientEntry) {
    let place = (id, version(clinic, id).await);
    edit_patient(&clinic.app, &clinic.manager(), place, entry).await.unwrap();
}

async fn payment_of(clinic: &Clinic, patient: PatientId) -> PaymentId {
    let asked = CreatePayment { patient, ..clinic.asked(700) };
    create_payment(&clinic.app, &clinic.manager(), &asked).await.unwrap()
}

/// The pairs that wait to be judged.
async fn pairs(clinic: &Clinic) -> Vec<([PatientId; 2], Vec<Trait>)> {
    let view = duplicates(&clinic.app, &clinic.manager()).await.unwrap();
    let ids = view.pairs.into_iter();
    ids.map(|pair| (pair.patients.map(|patient| patient.id), pair.likeness)).collect()
}

/// A check that belongs to a patient.
async fn check_of(clinic: &Clinic, patient: PatientId) {
    let ann = Insured { first: "ANN", last: "EXAMPLE", member_id: "MEMBER-C", birth: "19800229" };
    let content = envelope(7, &[transaction("0700", ann, &BENEFITS)]);
    let file = ImportFile { name: "a.271".to_owned(), content, patient: Some(patient) };
    let imported = import_eligibility(&clinic.app, &clinic.manager(), file).await.unwrap();
    assert_eq!(imported.checks.unwrap()[0].patient, Some(patient));
}

/// One of everything that may belong to a patient.
async fn live(clinic: &Clinic, patient: PatientId) -> [PaymentId; 2] {
    let treated = clinic.treated(patient, clinic.harbor);
    add_treatment(&clinic.app, &clinic.manager(), &treated, None).await.unwrap();
    check_of(clinic, patient).await;
    let asked = RunCheck { patient, ..of_ann(clinic) };
    run_check(&clinic.app, &clinic.manager(), &asked, None).await.unwrap();
    let paid = payment_of(clinic, patient).await;
    clinic.pay(paid, "cash").await.unwrap();
    clinic.refund(paid, 100).await.unwrap();
    [payment_of(clinic, patient).await, paid]
}

on_both_engines! {
    async fn who_looks_alike_is_found_when_saved(db) {
        let clinic = Clinic::new(db).await;
        assert!(pairs(&clinic).await.is_empty());
        let alike = vec![Trait::Name, Trait::BirthDate];
        let entry = PatientEntry { is_somebody_else: false, ..ann_again() };
        let told = add_patient(&clinic.app, &clinic.manager(), &entry, None, Some("k")).await;
        let Err(Error::Alike(found)) = told else { panic!("{told:?}") };
        assert_eq!(found, [(clinic.ann, alike.clone())]);
        assert!(pairs(&clinic).await.is_empty(), "nobody was added");
        let twin = add(&clinic, &ann_again()).await;
        assert_eq!(pairs(&clinic).await, [([clinic.ann, twin], alike)]);
        // Another name and the same insurance.
        edit(&clinic, twin, &person("Beth", "Other", "1980-02-29", "MEMBER-A")).await;
        let alike = vec![Trait::BirthDate, Trait::MemberId];
        assert_eq!(pairs(&clinic).await, [([clinic.ann, twin], alike)]);
        // Two records of which the date of birth of one was mistyped.
        edit(&clinic, clinic.ben, &person("Beth", "Other", "1980-02-28", "MEMBER-A")).await;
        let pair = ([clinic.ben, twin], vec![Trait::Name, Trait::MemberId]);
        assert!(pairs(&clinic).await.contains(&pair));
        edit(&clinic, clinic.ben, &person("Ben", "Specimen", "1975-07-04", "MEMBER-B")).await;
        edit(&clinic, twin, &person("Beth", "Other", "1980-02-29", "MEMBER-C")).await;
        assert!(pairs(&clinic).await.is_empty(), "nothing is alike any more");
        let others = other_records(&clinic.app, &clinic.manager(), twin).await.unwrap();
        assert!(others.likely.is_empty());
    }

    async fn two_people_are_asked_about_once(db) {
        let clinic = Clinic::new(db).await;
        let twin = add(&clinic, &ann_again()).await;
        let third = add(&clinic, &ann_again()).await;
        assert_eq!(pairs(&clinic).await.len(), 3);
        keep_apart(&clinic.app, &clinic.manager(), (twin, clinic.ann)).await.unwrap();
        keep_apart(&clinic.app, &clinic.manager(), (clinic.ann, twin)).await.unwrap();
        let left = |found: Vec<([PatientId; 2], Vec<Trait>)>| {
            found.into_iter().map(|pair| pair.0).collect::<Vec<_>>()
        };
        assert_eq!(left(pairs(&clinic).await), [[twin, third], [clinic.ann, third]]);
        edit(&clinic, twin, &person("Ann", "Example", "1980-02-29", "MEMBER-A")).await;
        assert_eq!(left(pairs(&clinic).await), [[twin, third], [clinic.ann, third]]);
        // Who is merged into one of them is not the other.
        let input = merged_into(&clinic, twin, third).await;
        merge(&clinic, &input).await.unwrap();
        assert!(pairs(&clinic).await.is_empty());
        let itself = keep_apart(&clinic.app, &clinic.manager(), (third, third)).await;
        assert_eq!(fault(itself).1, "same");
        clinic.verified().await;
    }

    async fn all_that_was_theirs_goes_over(db) {
        let clinic = Clinic::new(db).await;
        clinic.paid(900, "check").await;
        let (mrn, email) = ("MRN-7".to_owned(), "ann@example.org".to_owned());
        let entry = PatientEntry { mrn, email, ..ann_again() };
        let twin = add(&clinic, &entry).await;
        consent_email(&clinic.app, &clinic.manager(), twin, true).await.unwrap();
        let [open, paid] = live(&clinic, twin).await;
        let before = clinic.cards().await;
        let shown = side_by_side(&clinic.app, &clinic.manager(), (clinic.ann, twin)).await.unwrap();
        assert_eq!(shown[1].belongings.payments, [paid, open]);
        let input = MergePatients {
            take: vec![PatientField::LastName, PatientField::Mrn, PatientField::Email],
            coverages: vec![(Side::Other, 0), (Side::Kept, 0)],
            ..merged_into(&clinic, twin, clinic.ann).await
        };
        merge(&clinic, &input).await.unwrap();
        merge(&clinic, &input).await.expect("a second click changes nothing");
        clinic.verified().await;
        assert_eq!(clinic.cards().await, before);

        let manager = clinic.manager();
        let view = read::patient(&clinic.app, &manager, clinic.ann).await.unwrap();
        let fields = &view.patient.fields;
        assert_eq!((&*fields.first_name, &*fields.last_name), ("Ann", "Éxample"));
        assert_eq!(fields.mrn.as_deref(), Some("MRN-7"));
        assert_eq!(view.patient.payment_count, 3);
        assert_eq!((view.treatments.len(), view.checks.len()), (1, 1));
        let members = view.coverages.iter().map(|coverage| coverage.member_id.as_deref());
        assert!(members.eq([Some("MEMBER-C"), Some("MEMBER-A")]));
        assert!(email_consent(&clinic.app, &manager, clinic.ann).await.unwrap().is_some());
        let moved = clinic.view(paid).await;
        assert_eq!(moved.patient.id, clinic.ann);
        assert_eq!(moved.payment.status, Status::PartiallyRefunded);
        assert!(clinic.history(paid).await.contains(&"payment_edited".to_owned()));
        let others = other_records(&clinic.app, &manager, clinic.ann).await.unwrap();
        assert_eq!((others.merged[0].0.id, &*others.merged[0].1.last_name), (twin, "Éxample"));
        assert!(others.likely.is_empty());

        let gone = read::patient(&clinic.app, &manager, twin).await;
        assert!(matches!(gone, Err(Error::NotFound("patient"))), "{gone:?}");
        assert_eq!(heir(&clinic.app, &manager, twin).await.unwrap(), Some(clinic.ann));
        let found = read::suggested_patients(&clinic.app, &manager, &["ann".to_owned()], 9).await;
        let found: Vec<_> = found.unwrap().into_iter().map(|patient| patient.id).collect();
        assert_eq!(found, [clinic.ann]);
        // The number is not given again, and what was begun for it is done for Ann.
        let next = add(&clinic, &person("Cy", "Sample", "1990-01-01", "C")).await;
        assert!(next > twin);
        let late = payment_of(&clinic, twin).await;
        assert_eq!(clinic.payment(late).await.patient, clinic.ann);
        let treated = clinic.treated(twin, clinic.harbor);
        add_treatment(&clinic.app, &manager, &treated, None).await.unwrap();
        clinic.verified().await;
    }

    async fn consent_is_kept_for_its_own_address_only(db) {
        let clinic = Clinic::new(db).await;
        let with_email = |entry: PatientEntry, email: &str| {
            PatientEntry { email: email.to_owned(), ..entry }
        };
        let own = with_email(person("Ann", "Example", "1980-02-29", "MEMBER-A"), "a@example.org");
        edit(&clinic, clinic.ann, &own).await;
        consent_email(&clinic.app, &clinic.manager(), clinic.ann, true).await.unwrap();
        let twin = add(&clinic, &with_email(ann_again(), "b@example.org")).await;
        let input = MergePatients {
            take: vec![PatientField::Email],
            ..merged_into(&clinic, twin, clinic.ann).await
        };
        merge(&clinic, &input).await.unwrap();
        let manager = clinic.manager();
        assert!(email_consent(&clinic.app, &manager, clinic.ann).await.unwrap().is_none());
        edit(&clinic, clinic.ann, &own).await;
        assert!(email_consent(&clinic.app, &manager, clinic.ann).await.unwrap().is_none());
        assert_eq!(clinic.number("SELECT count(*) AS n FROM email_consent").await, 0);
    }

    async fn one_leads_to_another_leads_to_a_third(db) {
        let clinic = Clinic::new(db).await;
        let twin = add(&clinic, &ann_again()).await;
        let third = add(&clinic, &ann_again()).await;
        let payment = payment_of(&clinic, third).await;
        merge(&clinic, &merged_into(&clinic, third, twin).await).await.unwrap();
        merge(&clinic, &merged_into(&clinic, twin, clinic.ann).await).await.unwrap();
        let manager = clinic.manager();
        for id in [third, twin] {
            assert_eq!(heir(&clinic.app, &manager, id).await.unwrap(), Some(clinic.ann));
        }
        assert_eq!(clinic.payment(payment).await.patient, clinic.ann);
        let others = other_records(&clinic.app, &manager, clinic.ann).await.unwrap();
        assert_eq!(others.merged.len(), 2);
        clinic.verified().await;
    }

    async fn what_was_not_seen_is_not_merged(db) {
        let clinic = Clinic::new(db).await;
        let twin = add(&clinic, &ann_again()).await;
        let seen = merged_into(&clinic, twin, clinic.ann).await;
        edit(&clinic, twin, &PatientEntry { phone: "555-0100".to_owned(), ..ann_again() }).await;
        let stale = merge(&clinic, &seen).await;
        assert!(matches!(stale, Err(Error::Stale { current: 2 })), "{stale:?}");
        let seen = merged_into(&clinic, twin, clinic.ann).await;
        let wrong = |coverages| MergePatients { coverages, ..seen.clone() };
        let twice = merge(&clinic, &wrong(vec![(Side::Kept, 0), (Side::Kept, 0)])).await;
        assert_eq!(fault(twice).0, "secondary");
        let unknown = merge(&clinic, &wrong(vec![(Side::Other, 1)])).await;
        assert_eq!(fault(unknown).1, "unknown");
        let many = merge(&clinic, &wrong(vec![(Side::Kept, 0); 3])).await;
        assert_eq!(fault(many).1, "too_many");
        let itself = merge(&clinic, &MergePatients { other: clinic.ann, ..seen.clone() }).await;
        assert_eq!(fault(itself).1, "same");
        assert_eq!(version(&clinic, twin).await, 2, "nothing was changed");
        merge(&clinic, &seen).await.unwrap();
        let away = merge(&clinic, &MergePatients { kept: clinic.ben, ..seen }).await;
        assert!(matches!(away, Err(Error::NotFound("patient"))), "{away:?}");
    }

    async fn payments_that_are_made_meanwhile_are_not_lost(db) {
        let clinic = Clinic::new(db).await;
        let twin = add(&clinic, &ann_again()).await;
        let own = payment_of(&clinic, twin).await;
        let input = merged_into(&clinic, twin, clinic.ann).await;
        let asked = CreatePayment { patient: twin, ..clinic.asked(700) };
        let mut creating = JoinSet::new();
        let mut merging = JoinSet::new();
        for _ in 0..6 {
            let (app, actor, asked) = (clinic.app.clone(), clinic.manager(), asked.clone());
            creating.spawn(async move { create_payment(&app, &actor, &asked).await.unwrap() });
        }
        for _ in 0..3 {
            let (app, actor, input) = (clinic.app.clone(), clinic.manager(), input.clone());
            merging.spawn(async move { merge_patients(&app, &actor, &input).await });
        }
        clinic.pay(own, "cash").await.unwrap();
        for answer in merging.join_all().await {
            answer.unwrap();
        }
        for id in creating.join_all().await {
            assert_eq!(clinic.payment(id).await.patient, clinic.ann);
        }
        assert_eq!(clinic.payment(own).await.patient, clinic.ann);
        clinic.verified().await;
    }

    async fn the_database_keeps_patients_unless_they_were_merged(db) {
        let clinic = Clinic::new(db).await;
        let twin = add(&clinic, &ann_again()).await;
        let refused = async |sql: &str, id: PatientId| {
            let mut tx = clinic.app.db.begin().await.unwrap();
            let sql = sql.to_owned();
            match tx.execute(sql, params![clinic.organization.id, id]).await {
                Err(StoreError::Refused(_)) => true,
                other => panic!("{other:?}"),
            }
        };
        let one = "organization_id = $1 AND seq = $2";
        assert!(refused(&format!("DELETE FROM patient WHERE {one}"), clinic.ben).await);
        let asked = RunCheck { patient: twin, ..of_ann(&clinic) };
        run_check(&clinic.app, &clinic.manager(), &asked, None).await.unwrap();
        let question = "UPDATE eligibility_inquiry SET patient_seq = 1
            WHERE organization_id = $1 AND patient_seq = $2";
        assert!(refused(question, twin).await, "a question stays with whom it was asked about");
        merge(&clinic, &merged_into(&clinic, twin, clinic.ann).await).await.unwrap();
        for sql in [
            "DELETE FROM merged_patient WHERE",
            "UPDATE merged_patient SET into_seq = 2 WHERE",
            "UPDATE merged_patient SET record = '{}' WHERE",
            "UPDATE merged_patient SET moved = '{}' WHERE",
        ] {
            assert!(refused(&format!("{sql} {one}"), twin).await, "{sql}");
        }
        // While anything belongs to them, their record cannot go.
        let heir = "INSERT INTO merged_patient (organization_id, seq, into_seq, record, moved,
            merged_at_us) VALUES ($1, $2, 1, '{}', '{}', 0)";
        let mut tx = clinic.app.db.begin().await.unwrap();
        let org = clinic.organization.id;
        tx.execute(heir, params![org, clinic.ben]).await.unwrap();
        let sql = "DELETE FROM patient WHERE organization_id = $1 AND seq = $2";
        let told = tx.execute(sql, params![org, clinic.ben]).await;
        assert!(matches!(told, Err(StoreError::Refused(_))), "{told:?}");
    }
}
