//! Statuses: what changes by hand, what the processor tells, and what neither may do.

use std::sync::{Arc, Mutex};

use almoner_app::Error;
use almoner_app::attempt::Outcome;
use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::void_payment::void_payment;
use almoner_domain::status::{By, Facts, Refusal, decide, staff_choices};
use almoner_domain::tender::TenderEntry;
use almoner_domain::{PaymentId, Status};
use almoner_gateways::processor::{
    Answer, Attempt, AttemptKey, Doubt, Processor, ProcessorError, Sandbox,
};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, cents, fault, tender};

/// The ways in which a payment can stand, as far as its next steps go.
#[derive(Debug, Clone, Copy)]
enum Standing {
    Draft,
    Pending,
    PendingTried,
    ProcessingByHand,
    ProcessingLive,
    ProcessingHeld,
    Paid,
    PaidByCard,
    Failed,
    FailedTried,
    Cancelled,
    CancelledLive,
    Voided,
    PartiallyRefunded,
    Refunded,
}

const STANDINGS: [Standing; 15] = [
    Standing::Draft,
    Standing::Pending,
    Standing::PendingTried,
    Standing::ProcessingByHand,
    Standing::ProcessingLive,
    Standing::ProcessingHeld,
    Standing::Paid,
    Standing::PaidByCard,
    Standing::Failed,
    Standing::FailedTried,
    Standing::Cancelled,
    Standing::CancelledLive,
    Standing::Voided,
    Standing::PartiallyRefunded,
    Standing::Refunded,
];

async fn tried(clinic: &Clinic, outcomes: &[Outcome]) -> PaymentId {
    let id = clinic.pending(700).await;
    clinic.begin(id).await.unwrap();
    for outcome in outcomes {
        clinic.told(id, outcome.clone()).await.unwrap();
    }
    id
}

async fn moved(clinic: &Clinic, id: PaymentId, to: Status) -> PaymentId {
    clinic.change(id, to).await.unwrap();
    id
}

/// A payment that stands so.
async fn standing(clinic: &Clinic, standing: Standing) -> PaymentId {
    let refused = || Outcome::Failed("insufficient funds".to_owned());
    match standing {
        Standing::Draft => clinic.draft(700).await,
        Standing::Pending => clinic.pending(700).await,
        Standing::PendingTried => tried(clinic, &[Outcome::Expired]).await,
        Standing::ProcessingByHand => {
            moved(clinic, clinic.pending(700).await, Status::Processing).await
        }
        Standing::ProcessingLive => tried(clinic, &[]).await,
        Standing::ProcessingHeld => tried(clinic, &[Outcome::Authorized]).await,
        Standing::Paid => clinic.paid(700, "cash").await,
        Standing::PaidByCard => clinic.charged(700).await,
        Standing::Failed => moved(clinic, clinic.pending(700).await, Status::Failed).await,
        Standing::FailedTried => tried(clinic, &[refused()]).await,
        Standing::Cancelled => moved(clinic, clinic.pending(700).await, Status::Cancelled).await,
        Standing::CancelledLive => moved(clinic, tried(clinic, &[]).await, Status::Cancelled).await,
        Standing::Voided => tried(clinic, &[Outcome::Authorized, Outcome::Released]).await,
        Standing::PartiallyRefunded | Standing::Refunded => {
            let id = clinic.paid(700, "check").await;
            let whole = matches!(standing, Standing::Refunded);
            clinic.refund(id, if whole { 700 } else { 300 }).await.unwrap();
            id
        }
    }
}

/// Tries to change a status by hand and holds the answer against the domain's table.
async fn try_by_hand(clinic: &Clinic, kind: Standing, to: Status) {
    let id = standing(clinic, kind).await;
    let before = clinic.view(id).await;
    let (from, facts) = (before.payment.status, before.facts);
    let answer = clinic.change(id, to).await;
    let after = clinic.payment(id).await;
    match (decide(from, to, By::Staff, facts), answer) {
        (Ok(_), Ok(told)) => {
            assert_eq!((after.status, after.version), (to, before.payment.version + 1));
            assert_eq!(told, after);
        }
        (Err(expected), Err(Error::Status { refusal, allowed })) => {
            assert_eq!(refusal, expected, "{kind:?} to {to:?}");
            let choices: Vec<Status> =
                staff_choices(from, facts).into_iter().map(|choice| choice.0).collect();
            assert_eq!(allowed, choices);
            assert_eq!(after, before.payment);
            let history = clinic.view(id).await.history;
            let noted = history.iter().any(|entry| entry.event.action == "status_refused");
            assert!(noted, "{kind:?} to {to:?} was refused and not noted");
        }
        (expected, answer) => panic!("{kind:?} to {to:?}: {expected:?}, but {answer:?}"),
    }
}

on_both_engines! {
    async fn every_pair_by_hand_is_as_the_table_says(db) {
        let clinic = Clinic::new(db).await;
        for kind in STANDINGS {
            for to in Status::ALL {
                try_by_hand(&clinic, kind, to).await;
            }
        }
        clinic.verified().await;
    }

    async fn paid_by_hand_needs_a_tender(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(12_000).await;
        let paid = |tender| ChangeStatus {
            payment: id,
            version: None,
            to: Status::Paid,
            tender,
            reason: None,
        };
        let change = async |tender| {
            change_status(&clinic.app, &clinic.manager(), &paid(tender)).await
        };
        let required = ("tender_type".to_owned(), "required".to_owned());
        for missing in [None, Some(""), Some("card_processor"), Some("barter")] {
            assert_eq!(fault(change(missing.map(tender)).await), required);
        }
        let cash = |given: &str| Some(TenderEntry { given: given.to_owned(), ..tender("cash") });
        assert_eq!(fault(change(cash("119.99")).await).1, "less_than_amount");
        assert_eq!(clinic.payment(id).await.status, Status::Pending);
        change(cash("150")).await.unwrap();
        let row = clinic.view(id).await.tenders.remove(0);
        assert_eq!(row.tender.change(row.amount), Some(cents(3_000)));
        clinic.verified().await;
    }

    async fn each_tender_is_taken_and_given_back_as_itself(db) {
        let clinic = Clinic::new(db).await;
        for kind in almoner_domain::tender::TenderType::BY_HAND {
            let id = clinic.paid(700, kind.as_str()).await;
            clinic.refund(id, 200).await.unwrap();
            let view = clinic.view(id).await;
            assert_eq!((view.tenders[0].tender.kind, view.refunds[0].tender), (kind, kind));
        }
        clinic.verified().await;
    }

    async fn to_reopen_a_payment_needs_a_reason(db) {
        let clinic = Clinic::new(db).await;
        for to in [Status::Pending, Status::Draft] {
            let id = moved(&clinic, clinic.pending(700).await, Status::Cancelled).await;
            let mut input =
                ChangeStatus { payment: id, version: None, to, tender: None, reason: None };
            for reason in [None, Some(" ".to_owned())] {
                input.reason = reason;
                let answer = change_status(&clinic.app, &clinic.manager(), &input).await;
                assert_eq!(fault(answer), ("reason".to_owned(), "required".to_owned()));
            }
            input.reason = Some("the patient called".to_owned());
            change_status(&clinic.app, &clinic.manager(), &input).await.unwrap();
            let event = clinic.view(id).await.history.remove(0).event;
            assert!(event.detail.contains("the patient called"), "{}", event.detail);
        }
        clinic.verified().await;
    }

    async fn the_second_of_two_editors_is_told(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let input = ChangeStatus {
            payment: id,
            version: Some(1),
            to: Status::Failed,
            tender: None,
            reason: None,
        };
        change_status(&clinic.app, &clinic.manager(), &input).await.unwrap();
        let second = ChangeStatus { to: Status::Cancelled, ..input };
        let answer = change_status(&clinic.app, &clinic.manager(), &second).await;
        assert!(matches!(answer, Err(Error::Stale { current: 2 })), "{answer:?}");
        assert_eq!(clinic.payment(id).await.status, Status::Failed);
        clinic.verified().await;
    }

    async fn while_the_payer_pays_nobody_takes_the_money_by_hand(db) {
        let clinic = Clinic::new(db).await;
        let id = tried(&clinic, &[]).await;
        let refused = clinic.pay(id, "cash").await;
        let Err(Error::Status { refusal, allowed }) = refused else { panic!("{refused:?}") };
        assert_eq!((refusal, allowed), (Refusal::LiveAttempt, vec![Status::Cancelled]));
        clinic.told(id, Outcome::Failed("declined".to_owned())).await.unwrap();
        clinic.pay(id, "cash").await.unwrap();
        clinic.verified().await;
    }
}

/// A processor that notes what it is asked, and answers or not.
#[derive(Default)]
struct Noting {
    sandbox: Sandbox,
    silent: Mutex<bool>,
    asked: Mutex<Vec<String>>,
}

impl Processor for Noting {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn is_test_money(&self) -> bool {
        true
    }

    fn release<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        self.asked.lock().unwrap().push(key.reference.to_owned());
        if *self.silent.lock().unwrap() {
            return Box::pin(async { Err(ProcessorError::Unknown(Doubt::NoAnswer)) });
        }
        self.sandbox.release(key)
    }
}

on_both_engines! {
    async fn an_authorization_is_voided_by_the_processor_first(db) {
        let mut clinic = Clinic::new(db).await;
        let processor = Arc::new(Noting::default());
        clinic.with_processor(Arc::clone(&processor) as Arc<dyn Processor>);
        let id = tried(&clinic, &[Outcome::Authorized]).await;
        *processor.silent.lock().unwrap() = true;
        for by_hand in [false, true] {
            let answer = if by_hand {
                clinic.change(id, Status::Voided).await
            } else {
                void_payment(&clinic.app, &clinic.manager(), id).await
            };
            assert!(matches!(answer, Err(Error::Processor(_))), "{answer:?}");
            let view = clinic.view(id).await;
            assert_eq!(view.payment.status, Status::Processing);
            assert!(view.facts.held_authorization);
        }
        *processor.silent.lock().unwrap() = false;
        let voided = void_payment(&clinic.app, &clinic.manager(), id).await.unwrap();
        assert_eq!(voided.status, Status::Voided);
        let second = tried(&clinic, &[Outcome::Authorized]).await;
        assert_eq!(clinic.change(second, Status::Voided).await.unwrap().status, Status::Voided);
        let first = clinic.newest(id).await.unwrap().reference;
        let second = clinic.newest(second).await.unwrap().reference;
        assert_eq!(*processor.asked.lock().unwrap(), [&*first, &first, &first, &second]);
        clinic.verified().await;
    }

    async fn without_an_authorization_there_is_nothing_to_void(db) {
        let clinic = Clinic::new(db).await;
        for outcomes in [&[][..], &[Outcome::Expired], &[Outcome::Captured]] {
            let id = tried(&clinic, outcomes).await;
            let before = clinic.payment(id).await;
            clinic.pass(SignedDuration::from_secs(1));
            let answer = void_payment(&clinic.app, &clinic.manager(), id).await;
            assert!(matches!(answer, Err(Error::Status { .. })), "{answer:?}");
            assert_eq!(clinic.payment(id).await, before);
            assert_eq!(clinic.history(id).await.last().unwrap(), "status_refused");
        }
        clinic.verified().await;
    }

    async fn telling_twice_changes_nothing(db) {
        let clinic = Clinic::new(db).await;
        for outcome in [
            Outcome::Authorized,
            Outcome::Captured,
            Outcome::Failed("declined".to_owned()),
            Outcome::Released,
            Outcome::Expired,
        ] {
            let id = tried(&clinic, std::slice::from_ref(&outcome)).await;
            let before = clinic.payment(id).await;
            assert_eq!(clinic.told(id, outcome).await.unwrap(), before);
            assert_eq!(clinic.payment(id).await, before);
        }
        clinic.verified().await;
    }

    async fn a_late_success_wins_and_a_late_failure_does_not(db) {
        let clinic = Clinic::new(db).await;
        let failed = || Outcome::Failed("declined".to_owned());
        for first in [failed(), Outcome::Expired] {
            let id = tried(&clinic, &[first, Outcome::Captured]).await;
            assert_eq!(clinic.payment(id).await.status, Status::Paid);
            for late in [failed(), Outcome::Expired, Outcome::Released] {
                let answer = clinic.told(id, late).await;
                assert!(matches!(answer, Err(Error::Status { .. })), "{answer:?}");
            }
            // An authorization that arrives after the capture tells nothing new.
            clinic.told(id, Outcome::Authorized).await.unwrap();
            let view = clinic.view(id).await;
            assert_eq!(view.payment.status, Status::Paid);
            assert_eq!(view.facts, Facts { ever_attempted: true, ..Facts::default() });
        }
        let id = moved(&clinic, tried(&clinic, &[]).await, Status::Cancelled).await;
        clinic.told(id, Outcome::Captured).await.unwrap();
        assert_eq!(clinic.payment(id).await.status, Status::Paid);
        clinic.verified().await;
    }

    async fn an_attempt_that_ends_after_the_payment_moved_on_is_over(db) {
        let clinic = Clinic::new(db).await;
        let failed = || Outcome::Failed("declined".to_owned());
        for outcome in [failed(), Outcome::Expired, Outcome::Released] {
            let id = moved(&clinic, tried(&clinic, &[]).await, Status::Cancelled).await;
            let before = clinic.payment(id).await;
            clinic.told(id, outcome).await.unwrap();
            assert_eq!(clinic.payment(id).await, before);
            assert!(!clinic.view(id).await.facts.live_attempt);
            moved(&clinic, id, Status::Pending).await;
            clinic.pay(id, "cash").await.unwrap();
        }
        let id = moved(&clinic, tried(&clinic, &[]).await, Status::Cancelled).await;
        moved(&clinic, id, Status::Pending).await;
        clinic.told(id, Outcome::Expired).await.unwrap();
        clinic.pay(id, "cash").await.unwrap();
        clinic.verified().await;
    }
}
