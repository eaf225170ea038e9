//! Patients and treatments: what a change reaches, and what is refused.

use almoner_app::create_payment::create_payment;
use almoner_app::save_patient::{CoverageEntry, PatientEntry, add_patient, edit_patient};
use almoner_app::save_treatment::{TreatmentEntry, add_treatment, edit_treatment};
use almoner_app::{Error, read, read_payments};
use almoner_domain::list::{PageRequest, Search, Sort};
use almoner_domain::{Invalid, PatientId, PaymentId};
use almoner_store::on_both_engines;
use almoner_store::treatments::TreatmentStatus;

use crate::common::{Clinic, at, cents, fault, person};

async fn version(clinic: &Clinic, id: PatientId) -> i64 {
    read::patient(&clinic.app, &clinic.manager(), id).await.unwrap().patient.version
}

async fn edit(clinic: &Clinic, id: PatientId, entry: &PatientEntry) -> Result<(), Error> {
    let version = version(clinic, id).await;
    edit_patient(&clinic.app, &clinic.manager(), (id, version), entry).await
}

/// The payments that a search finds, sorted by the patient's name.
async fn found(clinic: &Clinic, text: &str) -> Vec<PaymentId> {
    let search = Search::parse(text);
    let direction = Sort::Patient.default_direction();
    let request = PageRequest { search, sort: Sort::Patient, direction, ..PageRequest::default() };
    let view = read_payments::payments(&clinic.app, &clinic.manager(), &request).await.unwrap();
    view.page.rows.iter().map(|row| row.payment.id).collect()
}

on_both_engines! {
    async fn a_new_name_reaches_the_payments(db) {
        let clinic = Clinic::new(db).await;
        let anns = [clinic.pending(700).await, clinic.paid(800, "cash").await];
        let asked = clinic.asked(900);
        let asked = almoner_app::create_payment::CreatePayment { patient: clinic.ben, ..asked };
        let bens = create_payment(&clinic.app, &clinic.manager(), &asked).await.unwrap();
        assert_eq!(found(&clinic, "").await, [anns[0], anns[1], bens]);
        let entry = person("Ånn", "Zöe-Young", "1980-02-29", "MEMBER-A");
        edit(&clinic, clinic.ann, &entry).await.unwrap();
        assert_eq!(found(&clinic, "").await, [bens, anns[0], anns[1]]);
        assert_eq!(found(&clinic, "young zoe").await, anns);
        assert_eq!(found(&clinic, "oun").await, anns);
        assert_eq!(found(&clinic, "an").await, anns);
        assert!(found(&clinic, "example").await.is_empty());
        assert!(found(&clinic, "ex").await.is_empty());
        clinic.verified().await;
        // A change of something else leaves the words where they are.
        let entry = PatientEntry { phone: "555-0100".to_owned(), ..entry };
        edit(&clinic, clinic.ann, &entry).await.unwrap();
        assert_eq!(found(&clinic, "zo").await, anns);
        clinic.verified().await;
    }

    async fn a_record_number_is_given_once(db) {
        let clinic = Clinic::new(db).await;
        let numbered = |first: &str, mrn: &str| {
            let mrn = mrn.to_owned();
            PatientEntry { mrn, ..person(first, "Example", "1980-02-29", "A") }
        };
        edit(&clinic, clinic.ann, &numbered("Ann", "17")).await.unwrap();
        let taken = ("mrn".to_owned(), "taken".to_owned());
        assert_eq!(fault(edit(&clinic, clinic.ben, &numbered("Ben", " 17 ")).await), taken);
        let third = numbered("Cy", "17");
        let answer = add_patient(&clinic.app, &clinic.manager(), &third, None, None).await;
        assert_eq!(fault(answer), taken);
        let manager = clinic.manager();
        let known = read::patient_by_mrn(&clinic.app, &manager, "17").await.unwrap();
        assert_eq!(known.unwrap().id, clinic.ann);
        edit(&clinic, clinic.ann, &numbered("Ann", "")).await.unwrap();
        edit(&clinic, clinic.ben, &numbered("Ben", "17")).await.unwrap();
        clinic.verified().await;
    }

    async fn coverages_are_replaced_as_a_whole(db) {
        let clinic = Clinic::new(db).await;
        let coverage = |payer: &str, member_id: &str| CoverageEntry {
            payer: payer.to_owned(),
            member_id: member_id.to_owned(),
            ..CoverageEntry::default()
        };
        let covered = |coverages| PatientEntry {
            coverages,
            ..person("Ann", "Example", "1980-02-29", "A")
        };
        let two = covered(vec![coverage("First", "1"), coverage("Second", "2")]);
        edit(&clinic, clinic.ann, &two).await.unwrap();
        let payers = async || {
            let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
            view.coverages.into_iter().map(|one| one.payer).collect::<Vec<_>>()
        };
        assert_eq!(payers().await, ["First", "Second"]);
        let swapped = covered(vec![coverage("", ""), coverage("Second", "2")]);
        edit(&clinic, clinic.ann, &swapped).await.unwrap();
        assert_eq!(payers().await, ["Second"]);
        let nameless = edit(&clinic, clinic.ann, &covered(vec![coverage(" ", "2")])).await;
        assert_eq!(fault(nameless).0, "coverage_1_payer");
        assert_eq!(payers().await, ["Second"]);
        edit(&clinic, clinic.ann, &covered(Vec::new())).await.unwrap();
        assert!(payers().await.is_empty());
    }

    async fn the_second_of_two_editors_is_told(db) {
        let clinic = Clinic::new(db).await;
        let shown = version(&clinic, clinic.ann).await;
        let entry = person("Ann", "Other", "1980-02-29", "A");
        edit(&clinic, clinic.ann, &entry).await.unwrap();
        let again = person("Ann", "Third", "1980-02-29", "A");
        let answer =
            edit_patient(&clinic.app, &clinic.manager(), (clinic.ann, shown), &again).await;
        let current = shown + 1;
        assert!(matches!(answer, Err(Error::Stale { current: now }) if now == current));
        assert_eq!(version(&clinic, clinic.ann).await, current);
    }

    async fn everything_that_is_wrong_is_told_at_once(db) {
        let clinic = Clinic::new(db).await;
        let wrong = PatientEntry {
            date_of_birth: "2026-03-11".to_owned(),
            sex: "?".to_owned(),
            email: "nowhere".to_owned(),
            ..PatientEntry::default()
        };
        let answer = add_patient(&clinic.app, &clinic.manager(), &wrong, None, None).await;
        let Err(Error::Invalid(Invalid(faults))) = answer else { panic!("{answer:?}") };
        let mut fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["date_of_birth", "email", "first_name", "last_name", "sex"]);
        // Whoever was born today is somebody's patient already.
        let newborn = person("New", "Born", "2026-03-10", "A");
        add_patient(&clinic.app, &clinic.manager(), &newborn, None, None).await.unwrap();
    }

    async fn the_same_form_adds_one_patient(db) {
        let clinic = Clinic::new(db).await;
        let entry = person("Cy", "Sample", "1990-01-01", "C");
        let add = async |entry: &PatientEntry| {
            add_patient(&clinic.app, &clinic.manager(), entry, None, Some("k")).await
        };
        let first = add(&entry).await.unwrap();
        assert_eq!(add(&entry).await.unwrap(), first);
        let other = add(&person("Di", "Sample", "1990-01-01", "C")).await;
        assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
    }

    async fn the_same_form_sent_many_times_at_once_adds_one_patient(db) {
        let clinic = Clinic::new(db).await;
        let mut entry = person("Dot", "Double", "1990-05-05", "MEMBER-D");
        "TWICE-1".clone_into(&mut entry.mrn);
        let mut racing = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (app, actor, entry) = (clinic.app.clone(), clinic.manager(), entry.clone());
            racing.spawn(async move {
                add_patient(&app, &actor, &entry, None, Some("clicks")).await.unwrap()
            });
        }
        let ids = racing.join_all().await;
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    async fn a_treatment_is_edited_and_keeps_its_patient(db) {
        let clinic = Clinic::new(db).await;
        let manager = clinic.manager();
        let entry = clinic.treated(clinic.ann, clinic.harbor);
        let id = add_treatment(&clinic.app, &manager, &entry, Some("k")).await.unwrap();
        let again = add_treatment(&clinic.app, &manager, &entry, Some("k")).await.unwrap();
        assert_eq!(again, id);
        let (treatment, _) = read::treatment(&clinic.app, &manager, id).await.unwrap();
        // Half past nine in Los Angeles, which had gone to summer time by then.
        assert_eq!(treatment.fields.service_at, at("2026-03-12T16:30:00Z"));
        assert_eq!(treatment.fields.charge(), Some(cents(15_000)));
        let changed = TreatmentEntry {
            patient: clinic.ben.to_string(),
            status: "completed".to_owned(),
            procedures: Vec::new(),
            ..entry
        };
        edit_treatment(&clinic.app, &manager, (id, 1), &changed).await.unwrap();
        let (treatment, _) = read::treatment(&clinic.app, &manager, id).await.unwrap();
        assert_eq!(treatment.fields.patient, clinic.ann);
        assert_eq!(treatment.fields.status, TreatmentStatus::Completed);
        assert!(treatment.fields.procedures.is_empty());
        let stale = edit_treatment(&clinic.app, &manager, (id, 1), &changed).await;
        assert!(matches!(stale, Err(Error::Stale { current: 2 })), "{stale:?}");
        clinic.verified().await;
    }
}
