//! Refunds: never more than was collected, under any race, crash or late failure.

use std::sync::Arc;

use almoner_app::Error;
use almoner_app::permission::{Action, REFUND_LIMIT};
use almoner_app::refund_payment::{RefundPayment, refund_payment, summarize};
use almoner_app::settle_refund::{settle_refund, settle_refunds};
use almoner_domain::refund::{RefundAmount, RefundReason, RefundRefusal, RefundState};
use almoner_domain::role::Role;
use almoner_domain::{Money, PaymentId, RefundId, Status};
use almoner_gateways::processor::{Answer, Doubt, Processor, ProcessorError, Refund, RefundOrder};
use almoner_store::on_both_engines;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::common::{Clinic, cents, fault, is_forbidden, part_of, rounds};

fn full_of(payment: PaymentId, expected: Option<i64>) -> RefundPayment {
    let expected_remaining = expected.map(cents);
    RefundPayment { amount: RefundAmount::Full { expected_remaining }, ..part_of(payment, 1) }
}

async fn refund(clinic: &Clinic, input: &RefundPayment) -> Result<RefundId, Error> {
    refund_payment(&clinic.app, &clinic.manager(), input).await
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> RefundRefusal {
    match result {
        Err(Error::Refund(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// What a payment has left and where it stands.
async fn left(clinic: &Clinic, id: PaymentId) -> (Money, Status) {
    let payment = clinic.payment(id).await;
    (payment.remaining(), payment.status)
}

async fn states(clinic: &Clinic, id: PaymentId) -> Vec<RefundState> {
    clinic.view(id).await.refunds.iter().map(|refund| refund.state).collect()
}

/// A processor that says nothing.
struct Silent;

impl Processor for Silent {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn is_test_money(&self) -> bool {
        true
    }

    fn refund<'a>(&'a self, _order: RefundOrder<'a>, _now: Timestamp) -> Answer<'a, Refund> {
        Box::pin(async { Err(ProcessorError::Unknown(Doubt::NoAnswer)) })
    }
}

on_both_engines! {
    async fn exactly_all_and_not_a_cent_more(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(500, "cash").await;
        let remaining = cents(500);
        let over = refusal(clinic.refund(id, 501).await);
        assert_eq!(over, RefundRefusal::ExceedsRemaining { remaining });
        for amount in [0, -1] {
            assert_eq!(refusal(clinic.refund(id, amount).await), RefundRefusal::NotPositive);
        }
        assert_eq!(left(&clinic, id).await, (remaining, Status::Paid));
        clinic.refund(id, 500).await.unwrap();
        assert_eq!(left(&clinic, id).await, (Money::ZERO, Status::Refunded));
        assert_eq!(refusal(clinic.refund(id, 1).await), RefundRefusal::NotRefundable);
        assert_eq!(states(&clinic, id).await, [RefundState::Settled]);
        clinic.verified().await;
    }

    async fn parts_add_up_to_all(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(100, "check").await;
        for (part, rest) in [(33, 67), (33, 34), (33, 1)] {
            clinic.refund(id, part).await.unwrap();
            assert_eq!(left(&clinic, id).await, (cents(rest), Status::PartiallyRefunded));
        }
        let remaining = cents(1);
        let over = refusal(clinic.refund(id, 2).await);
        assert_eq!(over, RefundRefusal::ExceedsRemaining { remaining });
        clinic.refund(id, 1).await.unwrap();
        assert_eq!(left(&clinic, id).await, (Money::ZERO, Status::Refunded));
        clinic.verified().await;
    }

    async fn only_what_was_collected_can_be_given_back(db) {
        let clinic = Clinic::new(db).await;
        let pending = clinic.pending(500).await;
        let draft = clinic.draft(500).await;
        let cancelled = clinic.pending(500).await;
        clinic.change(cancelled, Status::Cancelled).await.unwrap();
        for id in [pending, draft, cancelled] {
            for input in [part_of(id, 100), full_of(id, None)] {
                assert_eq!(refusal(refund(&clinic, &input).await), RefundRefusal::NotRefundable);
            }
        }
        clinic.verified().await;
    }

    async fn a_remainder_that_changed_is_shown_again(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(500, "cash").await;
        clinic.refund(id, 100).await.unwrap();
        let changed = refusal(refund(&clinic, &full_of(id, Some(500))).await);
        assert_eq!(changed, RefundRefusal::RemainingChanged { remaining: cents(400) });
        assert_eq!(left(&clinic, id).await, (cents(400), Status::PartiallyRefunded));
        refund(&clinic, &full_of(id, Some(400))).await.unwrap();
        assert_eq!(left(&clinic, id).await, (Money::ZERO, Status::Refunded));
        clinic.verified().await;
    }

    async fn the_same_key_refunds_once(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(500, "cash").await;
        let other = clinic.paid(500, "cash").await;
        let input = RefundPayment { key: Some("k".to_owned()), ..part_of(id, 200) };
        let first = refund(&clinic, &input).await.unwrap();
        assert_eq!(refund(&clinic, &input).await.unwrap(), first);
        let others = [
            RefundPayment { amount: RefundAmount::Partial(cents(201)), ..input.clone() },
            RefundPayment { reason: RefundReason::BillingError, ..input.clone() },
            RefundPayment { notes: Some("more".to_owned()), ..input.clone() },
            RefundPayment { payment: other, ..input.clone() },
            RefundPayment { amount: full_of(id, Some(200)).amount, ..input.clone() },
        ];
        for input in &others {
            assert!(matches!(refund(&clinic, input).await, Err(Error::KeyReused)), "{input:?}");
        }
        assert_eq!(left(&clinic, id).await.0, cents(300));
        // The rest, sent twice, is given back once, although nothing remains the second time.
        let rest = RefundPayment { key: Some("rest".to_owned()), ..full_of(id, Some(300)) };
        let second = refund(&clinic, &rest).await.unwrap();
        assert_eq!(refund(&clinic, &rest).await.unwrap(), second);
        assert_eq!(states(&clinic, id).await.len(), 2);
        clinic.verified().await;
    }

    async fn another_reason_is_to_be_said(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(500, "cash").await;
        for notes in [None, Some(" \n ".to_owned())] {
            let reason = RefundReason::Other;
            let input = RefundPayment { reason, notes, ..part_of(id, 100) };
            let required = ("notes".to_owned(), "required".to_owned());
            assert_eq!(fault(refund(&clinic, &input).await), required);
            let told = summarize(&clinic.app, &clinic.manager(), &input).await;
            assert_eq!(fault(told), required);
        }
        for reason in RefundReason::ALL {
            let notes = Some("the visit was moved".to_owned());
            refund(&clinic, &RefundPayment { reason, notes, ..part_of(id, 1) }).await.unwrap();
        }
        assert_eq!(left(&clinic, id).await.0, cents(494));
    }

    async fn billers_refund_up_to_their_limit(db) {
        let clinic = Clinic::new(db).await;
        let limit = REFUND_LIMIT.cents();
        let id = clinic.paid(3 * limit, "check").await;
        let biller = clinic.staff(Role::Biller);
        let over = part_of(id, limit + 1);
        let refused = refund_payment(&clinic.app, &biller, &over).await;
        assert!(is_forbidden(&refused, Action::RefundWithoutLimit));
        let refused = summarize(&clinic.app, &biller, &over).await;
        assert!(is_forbidden(&refused, Action::RefundWithoutLimit));
        let refused = refund_payment(&clinic.app, &biller, &full_of(id, None)).await;
        assert!(is_forbidden(&refused, Action::RefundWithoutLimit));
        assert_eq!(left(&clinic, id).await.0, cents(3 * limit));
        refund_payment(&clinic.app, &biller, &part_of(id, limit)).await.unwrap();
        refund(&clinic, &over).await.unwrap();
        assert_eq!(left(&clinic, id).await.0, cents(limit - 1));
        clinic.verified().await;
    }

    async fn a_refund_on_its_way_counts_at_once(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.charged(500).await;
        clinic.refund(id, 200).await.unwrap();
        assert_eq!(states(&clinic, id).await, [RefundState::Pending]);
        assert_eq!(left(&clinic, id).await, (cents(300), Status::PartiallyRefunded));
        assert_eq!(clinic.cards().await.collected.refunded, cents(200));
        let remaining = cents(300);
        let over = refusal(clinic.refund(id, 301).await);
        assert_eq!(over, RefundRefusal::ExceedsRemaining { remaining });
        clinic.verified().await;
        assert_eq!(settle_refunds(&clinic.app, &clinic.system()).await.unwrap(), 1);
        assert_eq!(states(&clinic, id).await, [RefundState::Settled]);
        assert_eq!(clinic.cards().await.collected.refunded, cents(200));
        assert_eq!(settle_refunds(&clinic.app, &clinic.system()).await.unwrap(), 0);
        let steps = clinic.history(id).await;
        assert_eq!(steps[3..], ["refund_made", "refund_settled"]);
        clinic.verified().await;
    }

    async fn a_refund_that_fails_gives_its_amount_free(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.charged(513).await;
        // The sandbox fails refunds that end with thirteen cents.
        clinic.refund(id, 513).await.unwrap();
        assert_eq!(left(&clinic, id).await, (Money::ZERO, Status::Refunded));
        assert_eq!(settle_refunds(&clinic.app, &clinic.system()).await.unwrap(), 1);
        assert_eq!(left(&clinic, id).await, (cents(513), Status::Paid));
        assert_eq!(clinic.cards().await.collected.net(), cents(513));
        clinic.refund(id, 500).await.unwrap();
        assert_eq!(left(&clinic, id).await, (cents(13), Status::PartiallyRefunded));
        clinic.verified().await;
    }

    async fn a_refund_that_fails_late_is_taken_back_in_its_own_month(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.charged(900).await;
        clinic.refund(id, 300).await.unwrap();
        let whole = clinic.refund(id, 600).await.unwrap();
        settle_refunds(&clinic.app, &clinic.system()).await.unwrap();
        assert_eq!(left(&clinic, id).await, (Money::ZERO, Status::Refunded));
        let march = clinic.cards().await.trend[11];
        assert_eq!((march.0, march.1.refunded), (202_603, cents(900)));
        // Half past ten in the evening of the thirtieth of April in New York.
        clinic.set("2026-05-01T02:30:00Z");
        let failed = RefundState::Failed;
        settle_refund(&clinic.app, &clinic.system(), whole, failed).await.unwrap();
        assert_eq!(left(&clinic, id).await, (cents(600), Status::PartiallyRefunded));
        let trend = clinic.cards().await.trend;
        assert_eq!(trend[10], march, "a month that is over stays as it was");
        assert_eq!((trend[11].0, trend[11].1.refunded), (202_604, cents(-600)));
        clinic.verified().await;
        // It cannot fail or settle again.
        for state in [RefundState::Failed, RefundState::Settled, RefundState::Pending] {
            settle_refund(&clinic.app, &clinic.system(), whole, state).await.unwrap();
        }
        assert_eq!(left(&clinic, id).await, (cents(600), Status::PartiallyRefunded));
        clinic.verified().await;
    }

    async fn settled_refunds_do_not_become_pending_or_cancelled(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(500, "cash").await;
        let refund = clinic.refund(id, 200).await.unwrap();
        for state in [RefundState::Pending, RefundState::Cancelled] {
            let answer = settle_refund(&clinic.app, &clinic.system(), refund, state).await;
            assert!(matches!(answer, Err(Error::Store(_))), "{answer:?}");
        }
        assert_eq!(states(&clinic, id).await, [RefundState::Settled]);
        clinic.verified().await;
    }

    async fn a_crash_before_the_call_leaves_a_refund_that_is_resolved_later(db) {
        let mut clinic = Clinic::new(db).await;
        let id = clinic.charged(500).await;
        let sandbox = Arc::clone(&clinic.app.processor);
        clinic.with_processor(Arc::new(Silent));
        clinic.refund(id, 200).await.unwrap();
        assert_eq!(settle_refunds(&clinic.app, &clinic.system()).await.unwrap(), 0);
        assert_eq!(states(&clinic, id).await, [RefundState::Pending]);
        assert_eq!(left(&clinic, id).await, (cents(300), Status::PartiallyRefunded));
        clinic.verified().await;
        clinic.with_processor(sandbox);
        assert_eq!(settle_refunds(&clinic.app, &clinic.system()).await.unwrap(), 0);
        clinic.pass(SignedDuration::from_mins(5));
        assert_eq!(settle_refunds(&clinic.app, &clinic.system()).await.unwrap(), 1);
        assert_eq!(states(&clinic, id).await, [RefundState::Settled]);
        clinic.verified().await;
    }
}

/// Starts sixteen refunds of 100 at once and tells how many went through.
async fn race(clinic: &Clinic, id: PaymentId) -> usize {
    let mut racing = JoinSet::new();
    for _ in 0..16 {
        let (app, actor) = (clinic.app.clone(), clinic.manager());
        racing.spawn(async move { refund_payment(&app, &actor, &part_of(id, 100)).await });
    }
    let mut won = 0;
    for result in racing.join_all().await {
        match result {
            Ok(_) => won += 1,
            Err(Error::Refund(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    won
}

on_both_engines! {
    async fn of_sixteen_refunds_at_once_exactly_the_allowed_ones_win(db) {
        let clinic = Clinic::new(db).await;
        for round in 0..rounds(10, 200) {
            let by_hand = round % 2 == 0;
            let id = if by_hand {
                clinic.paid(500, "cash").await
            } else {
                clinic.charged(500).await
            };
            assert_eq!(race(&clinic, id).await, 5, "round {round}");
            assert_eq!(left(&clinic, id).await, (Money::ZERO, Status::Refunded));
            assert_eq!(states(&clinic, id).await.len(), 5);
        }
        clinic.verified().await;
    }

    async fn the_same_key_at_once_refunds_once(db) {
        let clinic = Clinic::new(db).await;
        for round in 0..rounds(3, 50) {
            let id = clinic.paid(500, "cash").await;
            let key = Some(format!("round-{round}"));
            let mut racing = JoinSet::new();
            for _ in 0..16 {
                let (app, actor) = (clinic.app.clone(), clinic.manager());
                let input = RefundPayment { key: key.clone(), ..part_of(id, 100) };
                racing.spawn(async move { refund_payment(&app, &actor, &input).await.unwrap() });
            }
            let ids = racing.join_all().await;
            assert!(ids.iter().all(|&other| other == ids[0]), "{ids:?}");
            assert_eq!(left(&clinic, id).await.0, cents(400));
        }
        clinic.verified().await;
    }
}
