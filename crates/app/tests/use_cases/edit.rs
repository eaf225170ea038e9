//! Editing a payment: what moves with it, and what may not be edited.

use almoner_app::Error;
use almoner_app::attempt::Outcome;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::read;
use almoner_domain::payment::PaymentType;
use almoner_domain::{PatientId, PaymentId, Status};
use almoner_store::on_both_engines;
use almoner_store::payments::Payment;
use jiff::civil::Date;

use crate::common::{Clinic, cents, fault};

/// An edit that changes nothing of the payment as it stands.
async fn shown(clinic: &Clinic, id: PaymentId) -> EditPayment {
    let payment = clinic.payment(id).await;
    EditPayment {
        payment: id,
        version: payment.version,
        patient: payment.patient,
        amount: payment.amount,
        kind: payment.kind,
        treatment: payment.treatment,
        location: Some(payment.location),
        due: payment.due,
        confirm_past_due_date: false,
        memo: payment.memo,
    }
}

async fn edit(clinic: &Clinic, input: &EditPayment) -> Result<Payment, Error> {
    edit_payment(&clinic.app, &clinic.manager(), input).await
}

async fn payment_count(clinic: &Clinic, id: PatientId) -> i64 {
    let view = read::patient(&clinic.app, &clinic.manager(), id).await.unwrap();
    view.patient.payment_count
}

on_both_engines! {
    async fn the_amount_moves_cards_and_ledger(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        for (amount, version) in [(900, 2), (200, 3)] {
            let input = EditPayment { amount: cents(amount), ..shown(&clinic, id).await };
            let after = edit(&clinic, &input).await.unwrap();
            assert_eq!((after.amount, after.version), (cents(amount), version));
            assert_eq!(clinic.payment(id).await, after);
            assert_eq!(clinic.cards().await.outstanding.amount, cents(amount));
            clinic.verified().await;
        }
        let detail = clinic.view(id).await.history.remove(0).event.detail;
        assert_eq!(detail, r#"{"amount_cents":[900,200]}"#);
        for amount in [0, -5, 100_000_000] {
            let input = EditPayment { amount: cents(amount), ..shown(&clinic, id).await };
            assert_eq!(fault(edit(&clinic, &input).await).0, "amount");
        }
    }

    async fn every_status_that_is_not_locked_can_be_edited(db) {
        let clinic = Clinic::new(db).await;
        let failed = clinic.pending(700).await;
        clinic.change(failed, Status::Failed).await.unwrap();
        let cancelled = clinic.pending(700).await;
        clinic.change(cancelled, Status::Cancelled).await.unwrap();
        let processing = clinic.pending(700).await;
        clinic.change(processing, Status::Processing).await.unwrap();
        let (draft, pending) = (clinic.draft(700).await, clinic.pending(700).await);
        for id in [draft, pending, failed, cancelled, processing] {
            let before = shown(&clinic, id).await;
            let input = EditPayment {
                amount: cents(450),
                due: Some(Date::constant(2026, 4, 1)),
                memo: Some("moved".to_owned()),
                kind: Some(PaymentType::PrivatePay),
                ..before
            };
            edit(&clinic, &input).await.unwrap();
            assert_eq!(clinic.payment(id).await.memo.as_deref(), Some("moved"));
            clinic.verified().await;
        }
        // What was cancelled and changed is owed at its new amount once it is reopened.
        clinic.change(cancelled, Status::Pending).await.unwrap();
        clinic.pay(cancelled, "cash").await.unwrap();
        assert_eq!(clinic.cards().await.collected.net(), cents(450));
        clinic.verified().await;
    }

    async fn what_is_locked_stays(db) {
        let clinic = Clinic::new(db).await;
        let part = clinic.paid(700, "cash").await;
        clinic.refund(part, 100).await.unwrap();
        let whole = clinic.paid(700, "cash").await;
        clinic.refund(whole, 700).await.unwrap();
        let voided = clinic.pending(700).await;
        clinic.begin(voided).await.unwrap();
        clinic.told(voided, Outcome::Authorized).await.unwrap();
        clinic.told(voided, Outcome::Released).await.unwrap();
        for id in [clinic.paid(700, "cash").await, part, whole, voided] {
            let before = clinic.payment(id).await;
            let input = EditPayment { memo: Some("x".to_owned()), ..shown(&clinic, id).await };
            let answer = edit(&clinic, &input).await;
            assert!(matches!(&answer, Err(Error::Locked(status)) if *status == before.status));
            assert_eq!(clinic.payment(id).await, before);
        }
        clinic.verified().await;
    }

    async fn while_the_payer_pays_only_the_rest_can_change(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        clinic.begin(id).await.unwrap();
        let before = shown(&clinic, id).await;
        let other_amount = EditPayment { amount: cents(701), ..before.clone() };
        let other_patient = EditPayment { patient: clinic.ben, ..before.clone() };
        for input in [other_amount, other_patient] {
            assert_eq!(fault(edit(&clinic, &input).await).1, "attempt_live");
        }
        edit(&clinic, &EditPayment { memo: Some("ok".to_owned()), ..before }).await.unwrap();
        clinic.told(id, Outcome::Captured).await.unwrap();
        clinic.verified().await;
    }

    async fn another_patient_takes_the_payment_over(db) {
        let clinic = Clinic::new(db).await;
        let treatment = clinic.treatment(clinic.ann, clinic.harbor).await;
        let input = CreatePayment { treatment: Some(treatment), ..clinic.asked(700) };
        let id = create_payment(&clinic.app, &clinic.manager(), &input).await.unwrap();
        clinic.pending(300).await;
        let input = EditPayment { patient: clinic.ben, ..shown(&clinic, id).await };
        let refused = edit(&clinic, &input).await;
        assert_eq!(fault(refused), ("treatment_id".to_owned(), "not_the_patients".to_owned()));
        let input = EditPayment { treatment: None, ..input };
        edit(&clinic, &input).await.unwrap();
        let view = clinic.view(id).await;
        assert_eq!((view.patient.id, view.location.id), (clinic.ben, clinic.harbor));
        assert_eq!(payment_count(&clinic, clinic.ann).await, 1);
        assert_eq!(payment_count(&clinic, clinic.ben).await, 1);
        let unknown = EditPayment { patient: PatientId::new(99), ..shown(&clinic, id).await };
        let answer = edit(&clinic, &unknown).await;
        assert!(matches!(answer, Err(Error::NotFound("patient"))), "{answer:?}");
        clinic.verified().await;
    }

    async fn another_treatment_moves_the_location(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let count = async |location| clinic.cards_of(&[location]).await.outstanding.count;
        assert_eq!((count(clinic.downtown).await, count(clinic.harbor).await), (1, 0));
        let treatment = Some(clinic.treatment(clinic.ann, clinic.harbor).await);
        let input = EditPayment { treatment, ..shown(&clinic, id).await };
        edit(&clinic, &input).await.unwrap();
        assert_eq!((count(clinic.downtown).await, count(clinic.harbor).await), (0, 1));
        clinic.verified().await;
        // Back again with another amount: each place is owed what its payments say.
        let input = EditPayment {
            treatment: None,
            location: Some(clinic.downtown),
            amount: cents(650),
            ..shown(&clinic, id).await
        };
        edit(&clinic, &input).await.unwrap();
        clinic.verified().await;
        edit(&clinic, &EditPayment { treatment, ..shown(&clinic, id).await }).await.unwrap();
        let input = EditPayment { amount: cents(700), ..shown(&clinic, id).await };
        edit(&clinic, &input).await.unwrap();
        clinic.verified().await;
        // Money taken now counts where the payment is.
        clinic.pay(id, "cash").await.unwrap();
        assert_eq!(clinic.cards_of(&[clinic.harbor]).await.collected.gross, cents(700));
        clinic.refund(id, 200).await.unwrap();
        assert_eq!(clinic.cards_of(&[clinic.harbor]).await.collected.net(), cents(500));
        assert_eq!(clinic.cards_of(&[clinic.downtown]).await.collected.net(), cents(0));
        clinic.verified().await;
    }

    async fn due_dates_move_what_is_overdue(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let past = Some(Date::constant(2026, 3, 1));
        let input = EditPayment { due: past, ..shown(&clinic, id).await };
        assert_eq!(fault(edit(&clinic, &input).await).1, "in_the_past");
        edit(&clinic, &EditPayment { confirm_past_due_date: true, ..input }).await.unwrap();
        assert_eq!(clinic.cards().await.overdue.count, 1);
        // A date that passed long ago needs no new word when something else is edited.
        let input = EditPayment { memo: Some("x".to_owned()), ..shown(&clinic, id).await };
        edit(&clinic, &input).await.unwrap();
        edit(&clinic, &EditPayment { due: None, ..shown(&clinic, id).await }).await.unwrap();
        assert_eq!(clinic.cards().await.overdue.count, 0);
        clinic.verified().await;
    }

    async fn nothing_changed_is_no_change_and_an_old_version_is_refused(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let same = shown(&clinic, id).await;
        assert_eq!(edit(&clinic, &same).await.unwrap().version, 1);
        assert_eq!(clinic.history(id).await, ["payment_created"]);
        edit(&clinic, &EditPayment { amount: cents(1), ..same.clone() }).await.unwrap();
        let answer = edit(&clinic, &EditPayment { amount: cents(2), ..same }).await;
        assert!(matches!(answer, Err(Error::Stale { current: 2 })), "{answer:?}");
        assert_eq!(clinic.payment(id).await.amount, cents(1));
        clinic.verified().await;
    }
}
