//! Reversals: a tender that was entered in error, a check that came back.

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::settle_refund::settle_refunds;
use almoner_domain::refund::ReversalReason;
use almoner_domain::role::Role;
use almoner_domain::{Money, PaymentId, Status};
use almoner_store::on_both_engines;
use almoner_store::payments::Payment;

use crate::common::{Clinic, cents, is_forbidden};

fn of(payment: PaymentId, reason: ReversalReason) -> ReverseTender {
    ReverseTender { payment, version: None, reason, notes: Some("see the bank's letter".into()) }
}

async fn reverse(clinic: &Clinic, id: PaymentId, reason: ReversalReason) -> Result<Payment, Error> {
    reverse_tender(&clinic.app, &clinic.manager(), &of(id, reason)).await
}

on_both_engines! {
    async fn the_reason_says_where_the_payment_goes(db) {
        let clinic = Clinic::new(db).await;
        for (reason, status) in [
            (ReversalReason::EnteredInError, Status::Pending),
            (ReversalReason::ReturnedUnpaid, Status::Failed),
        ] {
            let id = clinic.paid(700, "check").await;
            let after = reverse(&clinic, id, reason).await.unwrap();
            assert_eq!((after.status, after.collected), (status, Money::ZERO));
            assert_eq!((after.paid_at, after.version), (None, 3));
            assert_eq!(clinic.payment(id).await, after);
            let view = clinic.view(id).await;
            assert_eq!(view.tenders[0].reversed, Some(reason));
            assert_eq!(view.history[0].event.action, "tender_reversed");
        }
        assert_eq!(clinic.cards().await.collected.net(), Money::ZERO);
        clinic.verified().await;
    }

    async fn a_reversed_payment_can_be_paid_and_reversed_again(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(700, "cash").await;
        reverse(&clinic, id, ReversalReason::EnteredInError).await.unwrap();
        clinic.pay(id, "bank_transfer").await.unwrap();
        let tenders = clinic.view(id).await.tenders;
        assert_eq!(tenders.len(), 2);
        assert_eq!((tenders[0].reversed, tenders[1].reversed.is_some()), (None, true));
        reverse(&clinic, id, ReversalReason::ReturnedUnpaid).await.unwrap();
        clinic.pay(id, "money_order").await.unwrap();
        clinic.refund(id, 700).await.unwrap();
        assert_eq!(clinic.payment(id).await.status, Status::Refunded);
        clinic.verified().await;
    }

    async fn it_counts_on_its_own_date(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(700, "check").await;
        clinic.set("2026-04-02T15:00:00Z");
        reverse(&clinic, id, ReversalReason::ReturnedUnpaid).await.unwrap();
        let trend = clinic.cards().await.trend;
        assert_eq!((trend[10].0, trend[10].1.gross), (202_603, cents(700)));
        assert_eq!((trend[11].0, trend[11].1.gross), (202_604, cents(-700)));
        clinic.verified().await;
    }

    async fn what_has_refunds_is_not_reversed(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(700, "cash").await;
        clinic.refund(id, 100).await.unwrap();
        let refused = reverse(&clinic, id, ReversalReason::EnteredInError).await;
        assert!(matches!(refused, Err(Error::Reversal(_))), "{refused:?}");
        assert_eq!(clinic.payment(id).await.status, Status::PartiallyRefunded);
        clinic.verified().await;
    }

    async fn what_came_through_the_processor_is_not_reversed(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.charged(713).await;
        let refused = reverse(&clinic, id, ReversalReason::EnteredInError).await;
        assert!(matches!(refused, Err(Error::Reversal(_))), "{refused:?}");
        // Nor is it after a refund that failed.
        clinic.refund(id, 713).await.unwrap();
        settle_refunds(&clinic.app, &clinic.system()).await.unwrap();
        let refused = reverse(&clinic, id, ReversalReason::EnteredInError).await;
        assert!(matches!(refused, Err(Error::Reversal(_))), "{refused:?}");
        assert_eq!(clinic.payment(id).await.status, Status::Paid);
        clinic.verified().await;
    }

    async fn only_what_is_paid_is_reversed_and_only_at_the_version_shown(db) {
        let clinic = Clinic::new(db).await;
        for id in [clinic.pending(700).await, clinic.draft(700).await] {
            let refused = reverse(&clinic, id, ReversalReason::EnteredInError).await;
            assert!(matches!(refused, Err(Error::Reversal(_))), "{refused:?}");
        }
        let id = clinic.paid(700, "cash").await;
        let stale = ReverseTender { version: Some(1), ..of(id, ReversalReason::EnteredInError) };
        let refused = reverse_tender(&clinic.app, &clinic.manager(), &stale).await;
        assert!(matches!(refused, Err(Error::Stale { current: 2 })), "{refused:?}");
        let shown = ReverseTender { version: Some(2), ..stale };
        reverse_tender(&clinic.app, &clinic.manager(), &shown).await.unwrap();
        clinic.verified().await;
    }

    async fn only_managers_reverse(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(700, "cash").await;
        let input = of(id, ReversalReason::EnteredInError);
        for role in Role::ALL.into_iter().filter(|&role| role != Role::Manager) {
            let refused = reverse_tender(&clinic.app, &clinic.staff(role), &input).await;
            assert!(is_forbidden(&refused, Action::ReverseTender), "{role:?}");
        }
        // A reversal names who made it, so the program itself cannot.
        let refused = reverse_tender(&clinic.app, &clinic.system(), &input).await;
        assert!(is_forbidden(&refused, Action::ReverseTender));
        assert_eq!(clinic.payment(id).await.status, Status::Paid);
    }
}
