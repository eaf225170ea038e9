//! Creating a payment: once a request, of the patient's own, at a place, on the clinic's days.

use std::collections::BTreeSet;

use almoner_app::Error;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::read;
use almoner_app::save_patient::edit_patient;
use almoner_domain::payment::PaymentType;
use almoner_domain::role::Role;
use almoner_domain::{LocationId, PatientId, PaymentId, Status, TreatmentId};
use almoner_store::on_both_engines;
use jiff::civil::Date;
use tokio::task::JoinSet;

use crate::common::{Clinic, cents, fault, person, rounds};

async fn create(clinic: &Clinic, input: &CreatePayment) -> Result<PaymentId, Error> {
    create_payment(&clinic.app, &clinic.manager(), input).await
}

fn keyed(clinic: &Clinic, key: &str) -> CreatePayment {
    CreatePayment { key: Some(key.to_owned()), ..clinic.asked(700) }
}

on_both_engines! {
    async fn the_same_key_creates_once(db) {
        let clinic = Clinic::new(db).await;
        let input = keyed(&clinic, "k");
        let first = create(&clinic, &input).await.unwrap();
        assert_eq!(create(&clinic, &input).await.unwrap(), first);
        let others = [
            CreatePayment { amount: cents(701), ..input.clone() },
            CreatePayment { patient: clinic.ben, ..input.clone() },
            CreatePayment { kind: None, ..input.clone() },
            CreatePayment { due: Some(Date::constant(2026, 4, 1)), ..input.clone() },
            CreatePayment { memo: Some("hello".to_owned()), ..input.clone() },
            CreatePayment { draft: true, ..input.clone() },
            CreatePayment { location: Some(clinic.harbor), ..input.clone() },
        ];
        for other in &others {
            assert!(matches!(create(&clinic, other).await, Err(Error::KeyReused)), "{other:?}");
        }
        // Once a payment went on, the same request still finds it.
        clinic.pay(first, "cash").await.unwrap();
        assert_eq!(create(&clinic, &input).await.unwrap(), first);
        assert_ne!(create(&clinic, &keyed(&clinic, "other")).await.unwrap(), first);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment").await, 2);
        clinic.verified().await;
    }

    async fn sixteen_clicks_at_once_create_one_payment(db) {
        let clinic = Clinic::new(db).await;
        for round in 0..rounds(3, 100) {
            let mut racing = JoinSet::new();
            for _ in 0..16 {
                let (app, actor) = (clinic.app.clone(), clinic.manager());
                let input = keyed(&clinic, &format!("round-{round}"));
                racing.spawn(async move { create_payment(&app, &actor, &input).await.unwrap() });
            }
            let ids: BTreeSet<PaymentId> = racing.join_all().await.into_iter().collect();
            assert_eq!(ids.len(), 1, "{ids:?}");
        }
        let count = clinic.count(Status::Pending).await;
        assert_eq!(u64::try_from(count).unwrap(), rounds(3, 100));
        clinic.verified().await;
    }

    async fn a_treatment_is_the_patients_own(db) {
        let clinic = Clinic::new(db).await;
        let treatment = clinic.treatment(clinic.ben, clinic.harbor).await;
        for treatment in [treatment, TreatmentId::new(99)] {
            let input = CreatePayment { treatment: Some(treatment), ..clinic.asked(700) };
            let expected = ("treatment_id".to_owned(), "not_the_patients".to_owned());
            assert_eq!(fault(create(&clinic, &input).await), expected);
        }
        let input = CreatePayment { patient: PatientId::new(99), ..clinic.asked(700) };
        let answer = create(&clinic, &input).await;
        assert!(matches!(answer, Err(Error::NotFound("patient"))), "{answer:?}");
        let own = CreatePayment {
            patient: clinic.ben,
            treatment: Some(treatment),
            ..clinic.asked(700)
        };
        let id = create(&clinic, &own).await.unwrap();
        let page = read::treatment(&clinic.app, &clinic.manager(), treatment).await.unwrap();
        assert_eq!(page.1[0].id, id);
        clinic.verified().await;
    }

    async fn the_place_is_the_treatments_or_the_chosen_or_the_first(db) {
        let clinic = Clinic::new(db).await;
        let treatment = clinic.treatment(clinic.ann, clinic.harbor).await;
        let place = async |treatment, location| {
            let input = CreatePayment { treatment, location, ..clinic.asked(700) };
            let id = create(&clinic, &input).await.unwrap();
            clinic.payment(id).await.location
        };
        let (downtown, harbor) = (clinic.downtown, clinic.harbor);
        assert_eq!(place(None, None).await, downtown);
        assert_eq!(place(None, Some(harbor)).await, harbor);
        assert_eq!(place(Some(treatment), None).await, harbor);
        assert_eq!(place(Some(treatment), Some(downtown)).await, harbor);
        let last = read::last_location(&clinic.app, &clinic.manager()).await.unwrap();
        assert_eq!(last, Some(harbor));
        let desk = clinic.staff(Role::FrontDesk);
        assert_eq!(read::last_location(&clinic.app, &desk).await.unwrap(), None);
        let unknown = Some(LocationId::new(99));
        let input = CreatePayment { location: unknown, ..clinic.asked(700) };
        assert_eq!(fault(create(&clinic, &input).await).0, "location_id");
        assert_eq!(clinic.cards_of(&[harbor]).await.outstanding.count, 3);
        assert_eq!(clinic.cards_of(&[downtown]).await.outstanding.count, 1);
        clinic.verified().await;
    }

    async fn a_due_date_that_has_passed_is_confirmed(db) {
        let clinic = Clinic::new(db).await;
        let due = |day, confirm_past_due_date| CreatePayment {
            due: Some(Date::constant(2026, 3, day)),
            confirm_past_due_date,
            ..clinic.asked(700)
        };
        let in_the_past = ("due_date".to_owned(), "in_the_past".to_owned());
        assert_eq!(fault(create(&clinic, &due(9, false)).await), in_the_past);
        create(&clinic, &due(10, false)).await.unwrap();
        assert_eq!(clinic.cards().await.overdue.count, 0);
        create(&clinic, &due(9, true)).await.unwrap();
        let overdue = clinic.cards().await.overdue;
        assert_eq!((overdue.count, overdue.amount), (1, cents(700)));
        clinic.verified().await;
    }

    async fn a_day_ends_at_midnight_in_the_clinics_zone(db) {
        let clinic = Clinic::new(db).await;
        let due = CreatePayment { due: Some(Date::constant(2026, 3, 10)), ..clinic.asked(700) };
        // In London it is the eleventh already, in New York the last second of the tenth.
        clinic.set("2026-03-11T03:59:59Z");
        create(&clinic, &due).await.unwrap();
        assert_eq!(clinic.cards().await.overdue.count, 0);
        clinic.set("2026-03-11T04:00:00Z");
        assert_eq!(fault(create(&clinic, &due).await).1, "in_the_past");
        assert_eq!(clinic.cards().await.overdue.count, 1);
        // The clocks of New York stood an hour later in winter.
        clinic.set("2026-02-11T04:59:59Z");
        let due = CreatePayment { due: Some(Date::constant(2026, 2, 10)), ..due };
        create(&clinic, &due).await.unwrap();
        clinic.set("2026-02-11T05:00:00Z");
        assert_eq!(fault(create(&clinic, &due).await).1, "in_the_past");
        clinic.verified().await;
    }

    async fn several_faults_are_told_together(db) {
        let clinic = Clinic::new(db).await;
        let input = CreatePayment {
            due: Some(Date::constant(2026, 3, 1)),
            location: Some(LocationId::new(99)),
            ..clinic.asked(700)
        };
        let Err(Error::Invalid(faults)) = create(&clinic, &input).await else {
            panic!("two faults were expected");
        };
        let fields: Vec<&str> = faults.0.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["due_date", "location_id"]);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment").await, 0);
    }

    async fn amounts_out_of_bounds_are_refused(db) {
        let clinic = Clinic::new(db).await;
        for amount in [0, -1, 100_000_000, i64::MAX] {
            let answer = create(&clinic, &clinic.asked(amount)).await;
            assert_eq!(fault(answer).0, "amount");
        }
        for amount in [1, 99_999_999] {
            create(&clinic, &clinic.asked(amount)).await.unwrap();
        }
        clinic.verified().await;
    }

    async fn numbers_grow_past_three_digits_and_are_never_used_again(db) {
        let clinic = Clinic::new(db).await;
        assert_eq!(clinic.pending(700).await.to_string(), "PAY-001");
        let failing = CreatePayment { location: Some(LocationId::new(99)), ..clinic.asked(700) };
        create(&clinic, &failing).await.unwrap_err();
        let second = clinic.pending(700).await;
        assert!(second > PaymentId::new(1));
        let mut tx = clinic.app.db.begin().await.unwrap();
        let sql = "UPDATE counter SET last = 999 WHERE kind = 'PAY'";
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(clinic.pending(700).await.to_string(), "PAY-1000");
        clinic.verified().await;
    }
}

/// What one of the racing tasks does, by its number.
async fn busy(clinic: &Clinic, task: usize, payment: PaymentId) -> Result<(), Error> {
    let (app, manager) = (&clinic.app, clinic.manager());
    match task % 4 {
        kind @ (0 | 1) => {
            let patient = if kind == 0 { clinic.ann } else { clinic.ben };
            let asked = CreatePayment { patient, ..clinic.asked(700) };
            create_payment(app, &manager, &asked).await.map(drop)
        }
        2 => {
            let before = read::payment(app, &manager, payment).await?.payment;
            let patient = if before.patient == clinic.ann { clinic.ben } else { clinic.ann };
            let input = EditPayment {
                payment,
                version: before.version,
                patient,
                amount: before.amount,
                kind: Some(PaymentType::OfficeVisit),
                treatment: None,
                location: None,
                due: None,
                confirm_past_due_date: false,
                memo: None,
            };
            edit_payment(app, &manager, &input).await.map(drop)
        }
        _ => {
            let version = read::patient(app, &manager, clinic.ann).await?.patient.version;
            let last = format!("Example {task} {version}");
            let entry = person("Ann", &last, "1980-02-29", "MEMBER-A");
            edit_patient(app, &manager, (clinic.ann, version), &entry).await
        }
    }
}

on_both_engines! {
    async fn payments_created_moved_and_renamed_at_once_still_add_up(db) {
        let clinic = std::sync::Arc::new(Clinic::new(db).await);
        for _ in 0..rounds(6, 60) {
            let moving = [clinic.pending(700).await, clinic.pending(700).await];
            let mut racing = JoinSet::new();
            for task in 0..24 {
                let clinic = std::sync::Arc::clone(&clinic);
                racing.spawn(async move { busy(&clinic, task, moving[task / 4 % 2]).await });
            }
            for answer in racing.join_all().await {
                assert!(matches!(answer, Ok(()) | Err(Error::Stale { .. })), "{answer:?}");
            }
            clinic.verified().await;
        }
    }
}
