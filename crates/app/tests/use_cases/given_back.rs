//! A second payment goes back to the payer, once, whatever is lost on the way; and what else there
//! is to do about exceptions.

use almoner_app::Error;
use almoner_app::give_back::give_back;
use almoner_app::look_again::look_again;
use almoner_app::permission::Action;
use almoner_app::read_troubles::{Raised, open_exceptions, troubles};
use almoner_app::settle_unapplied::settle_unapplied;
use almoner_app::solve_exception::solve_exception;
use almoner_domain::refund::{RefundRefusal, RefundState};
use almoner_domain::role::Role;
use almoner_domain::{ExceptionId, Money, PaymentId, RefundId, Status};
use almoner_store::exceptions::ExceptionKind;
use almoner_store::on_both_engines;
use almoner_store::processor_events::EventState;
use almoner_store::unapplied_refunds::{self, UnappliedRefund};
use almoner_stripe_fake::{DisputePlan, Fault, RefundPlan};
use jiff::SignedDuration;

use crate::common::{Clinic, cents};
use crate::stripe::Desk;

const REFUND: &str = "POST /v1/refunds";

impl Desk {
    /// A payment that was paid twice, and what was raised about it.
    pub(crate) async fn paid_twice(&self, cents: i64) -> (PaymentId, ExceptionId) {
        let (id, first) = self.on_page(cents).await;
        self.clinic.told(id, almoner_app::attempt::Outcome::Expired).await.unwrap();
        self.begin(id).await.unwrap();
        let second = self.session(id).await;
        self.pay(&second);
        self.pay(&first);
        self.hear().await;
        let raised = self.of_kind(id, ExceptionKind::SecondCapture).await;
        (id, raised.exception.id)
    }

    async fn of_kind(&self, id: PaymentId, kind: ExceptionKind) -> Raised {
        let troubles = troubles(&self.clinic.app, &self.clinic.manager(), id).await.unwrap();
        let found = troubles.exceptions.into_iter().find(|raised| raised.exception.kind == kind);
        found.expect("it was raised")
    }

    pub(crate) async fn give_back(&self, raised: ExceptionId) -> Result<RefundId, Error> {
        give_back(&self.clinic.app, &self.clinic.manager(), raised).await
    }

    /// The program asks about second payments that are on their way back; tells how many ended.
    pub(crate) async fn settle_unapplied(&self) -> usize {
        settle_unapplied(&self.clinic.app, &self.clinic.system()).await.unwrap()
    }

    async fn given_back(&self, id: RefundId) -> UnappliedRefund {
        let mut tx = self.clinic.app.db.read().await.unwrap();
        let org = self.clinic.organization.id;
        unapplied_refunds::get(&mut tx, org, id).await.unwrap().expect("it was made")
    }

    /// What the ledger has in an account.
    pub(crate) async fn balance(&self, account: &str) -> i64 {
        let sql = format!(
            "SELECT CAST(coalesce(sum(CASE WHEN debit_account = '{account}'
                THEN amount_cents ELSE -amount_cents END), 0) AS BIGINT) AS n FROM ledger_transfer
            WHERE '{account}' IN (debit_account, credit_account)"
        );
        self.clinic.number(&sql).await
    }

    fn given(&self) -> Vec<i64> {
        let refunds = self.fake.objects("refund");
        refunds.iter().filter_map(|refund| refund["amount"].as_i64()).collect()
    }
}

/// Paid by hand, and then by the page that was taken to be over, at the built-in processor.
pub(crate) async fn paid_twice(clinic: &Clinic, cents: i64) -> (PaymentId, ExceptionId) {
    use almoner_app::attempt::Outcome;
    let id = clinic.pending(cents).await;
    clinic.begin(id).await.unwrap();
    clinic.told(id, Outcome::Expired).await.unwrap();
    clinic.pay(id, "cash").await.unwrap();
    clinic.told(id, Outcome::Captured).await.unwrap();
    let open = open_exceptions(&clinic.app, &clinic.manager()).await.unwrap();
    (id, open.last().expect("it was raised").exception.id)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> RefundRefusal {
    match result {
        Err(Error::Refund(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

on_both_engines! {
    async fn a_second_payment_is_given_back_once_and_that_solves_it(db) {
        let desk = Desk::open(db).await;
        let (id, raised) = desk.paid_twice(700).await;
        let paid = desk.clinic.payment(id).await;
        let open = desk.of_kind(id, ExceptionKind::SecondCapture).await;
        assert_eq!(open.give_back, Some(cents(700)));
        let made = desk.give_back(raised).await.unwrap();
        assert_eq!(desk.give_back(raised).await.unwrap(), made, "a second click");
        let on_its_way = desk.of_kind(id, ExceptionKind::SecondCapture).await;
        assert_eq!(on_its_way.give_back, None);
        assert_eq!(on_its_way.given_back.unwrap().state, RefundState::Pending);
        let held = (desk.balance("unapplied").await, desk.balance("refunds_payable").await);
        assert_eq!(held, (0, -700));
        desk.clinic.verified().await;
        assert_eq!(desk.settle_unapplied().await, 1);
        assert_eq!(desk.settle_unapplied().await, 0);
        assert_eq!(desk.given(), [700]);
        let theirs = desk.fake.object(&desk.newest("refund"));
        let ours = desk.given_back(made).await;
        assert_eq!(theirs["metadata"]["reference"], *ours.reference);
        assert_eq!(theirs["reason"], "duplicate");
        assert_eq!((ours.state, ours.processor_id.as_deref()),
            (RefundState::Settled, theirs["id"].as_str()));
        assert!(desk.exceptions().await.is_empty());
        desk.hear().await;
        assert_eq!(desk.give_back(raised).await.unwrap(), made, "a click much later");
        let after = desk.clinic.payment(id).await;
        assert_eq!((after.status, after.refunded), (paid.status, Money::ZERO));
        assert_eq!(desk.balance("processor_clearing").await, 700);
        assert_eq!(desk.balance("refunds_payable").await, 0);
        let told = desk.clinic.history(id).await;
        for action in ["unapplied_refund_made", "unapplied_refund_settled", "exception_solved"] {
            assert_eq!(told.iter().filter(|told| *told == action).count(), 1, "{action}");
        }
        // The payment itself is refunded as ever.
        desk.clinic.refund(id, 700).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.balance("processor_clearing").await, 0);
        desk.clinic.verified().await;
    }

    async fn two_people_and_two_servers_give_it_back_once(db) {
        let desk = Desk::open(db).await;
        let (_, raised) = desk.paid_twice(700).await;
        let (one, other) = tokio::join!(desk.give_back(raised), desk.give_back(raised));
        assert_eq!(one.unwrap(), other.unwrap());
        let (one, other) = tokio::join!(desk.settle_unapplied(), desk.settle_unapplied());
        assert_eq!((one + other, desk.given()), (1, vec![700]));
        desk.clinic.verified().await;
    }

    async fn what_is_lost_on_the_way_is_asked_for_and_not_made_twice(db) {
        let desk = Desk::open(db).await;
        for (round, fault) in
            [Fault::ResetAfter, Fault::ResetBefore, Fault::CutOff].into_iter().enumerate()
        {
            let (_, raised) = desk.paid_twice(700).await;
            desk.fake.fail_next(REFUND, fault);
            desk.give_back(raised).await.unwrap();
            assert_eq!(desk.settle_unapplied().await, 0);
            desk.clinic.verified().await;
            desk.pass(SignedDuration::from_mins(5));
            assert_eq!(desk.settle_unapplied().await, 1, "{fault:?}");
            assert_eq!(desk.given().len(), round + 1, "{fault:?}");
        }
        assert!(desk.exceptions().await.is_empty());
        desk.clinic.verified().await;
    }

    async fn what_fails_is_told_and_can_be_given_back_again(db) {
        let desk = Desk::open(db).await;
        let (id, raised) = desk.paid_twice(700).await;
        desk.fake.plan_refund(RefundPlan::Pending);
        let first = desk.give_back(raised).await.unwrap();
        assert_eq!(desk.settle_unapplied().await, 0);
        desk.fake.settle_refund(&desk.newest("refund"), false);
        desk.hear().await;
        assert_eq!(desk.given_back(first).await.state, RefundState::Failed);
        assert_eq!(desk.exceptions().await.len(), 1, "it waits as before");
        let open = desk.of_kind(id, ExceptionKind::SecondCapture).await;
        assert_eq!(open.give_back, Some(cents(700)));
        assert!(open.given_back.unwrap().failure.is_some());
        desk.clinic.verified().await;
        // One that the payer seemed to have comes back.
        let second = desk.give_back(raised).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(desk.settle_unapplied().await, 1);
        assert!(desk.exceptions().await.is_empty());
        desk.hear().await;
        desk.fake.settle_refund(&desk.newest("refund"), false);
        desk.hear().await;
        assert_eq!(desk.balance("unapplied").await, -700);
        let came_back = desk.of_kind(id, ExceptionKind::RefundFailed).await;
        assert_eq!(came_back.give_back, Some(cents(700)));
        assert!(!came_back.can_refund, "the payment itself was not refunded");
        desk.clinic.verified().await;
        desk.give_back(came_back.exception.id).await.unwrap();
        assert_eq!(desk.settle_unapplied().await, 1);
        assert!(desk.exceptions().await.is_empty());
        assert_eq!(desk.balance("unapplied").await, 0);
        desk.clinic.verified().await;
    }

    async fn what_the_bank_took_is_not_given_back_as_well(db) {
        let desk = Desk::open(db).await;
        let (id, raised) = desk.paid_twice(700).await;
        let second = desk.newest("charge");
        let plan = DisputePlan::Part(300);
        let dispute = desk.fake.dispute_as(&second, "duplicate", plan);
        desk.hear().await;
        assert_eq!(desk.balance("disputes").await, 300);
        assert_eq!(refusal(desk.give_back(raised).await), RefundRefusal::Disputed);
        desk.fake.close_dispute(&dispute, false);
        desk.hear().await;
        // The payer's own money went back to the payer: the payment has lost nothing.
        assert_eq!(desk.clinic.payment(id).await.lost, Money::ZERO);
        assert_eq!(desk.balance("unapplied").await, -400);
        let left = desk.of_kind(id, ExceptionKind::SecondCapture).await.give_back;
        assert_eq!(left, Some(cents(400)));
        desk.clinic.verified().await;
        let (id, raised) = desk.paid_twice(700).await;
        let dispute = desk.fake.dispute(&desk.newest("charge"), "duplicate");
        desk.fake.close_dispute(&dispute, false);
        desk.hear().await;
        let nothing = RefundRefusal::ExceedsRemaining { remaining: Money::ZERO };
        assert_eq!(refusal(desk.give_back(raised).await), nothing);
        assert_eq!(desk.of_kind(id, ExceptionKind::SecondCapture).await.give_back, None);
        assert_eq!(desk.clinic.payment(id).await.status, Status::Paid);
        desk.clinic.verified().await;
    }

    async fn a_large_sum_and_other_exceptions_are_for_others(db) {
        let desk = Desk::open(db).await;
        let (_, raised) = desk.paid_twice(50_001).await;
        let biller = desk.clinic.staff(Role::Biller);
        let answer = give_back(&desk.clinic.app, &biller, raised).await;
        assert!(matches!(answer, Err(Error::Forbidden(Action::RefundWithoutLimit))));
        desk.give_back(raised).await.unwrap();
        let unknown = desk.clinic.raised(desk.clinic.organization.id, "evt_1").await;
        assert!(matches!(desk.give_back(unknown).await, Err(Error::NotFound("payment"))));
        let answer = look_again(&desk.clinic.app, &desk.clinic.manager(), raised).await;
        assert_eq!(refusal(answer), RefundRefusal::NotRefundable);
        // What somebody said was solved is not opened again by a page that was left open.
        let (_, solved) = desk.paid_twice(700).await;
        let manager = desk.clinic.manager();
        solve_exception(&desk.clinic.app, &manager, solved, "Paid in cash.").await.unwrap();
        assert!(matches!(desk.give_back(solved).await, Err(Error::Refund(_))));
        desk.clinic.verified().await;
    }

    async fn an_event_that_was_given_up_is_looked_at_again(db) {
        let desk = Desk::open(db).await;
        let page = desk.begun_elsewhere("1-5ca1ab1e").await;
        let event = desk.about_nothing("evt_late", &page).await;
        desk.give_up().await;
        let manager = desk.clinic.manager();
        let raised = desk.exceptions().await.remove(0).id;
        for _ in 0..2 {
            look_again(&desk.clinic.app, &manager, raised).await.unwrap();
        }
        desk.apply().await;
        assert_eq!(desk.event(&event).await.state, EventState::Quarantined);
        assert_eq!(desk.exceptions().await.len(), 1, "it is unknown still");
        look_again(&desk.clinic.app, &manager, raised).await.unwrap();
        desk.fake.pretend(&page, "client_reference_id", serde_json::Value::Null);
        desk.apply().await;
        assert_eq!(desk.event(&event).await.state, EventState::Ignored);
        assert!(desk.exceptions().await.is_empty());
    }

    async fn what_differed_is_asked_about_again(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let payment = desk.fake.object(&page)["payment_intent"].as_str().unwrap().to_owned();
        desk.fake.pretend(&payment, "amount_received", 699.into());
        desk.hear().await;
        let raised = desk.of_kind(id, ExceptionKind::Mismatch).await;
        assert!(raised.can_look_again);
        assert_eq!(desk.clinic.payment(id).await.status, Status::Processing);
        desk.fake.pretend(&payment, "amount_received", 700.into());
        assert_eq!(desk.ask().await, 0, "it is not due");
        let (manager, raised) = (desk.clinic.manager(), raised.exception.id);
        look_again(&desk.clinic.app, &manager, raised).await.unwrap();
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.clinic.payment(id).await.status, Status::Paid);
        // There is nothing left to ask about, and a second press does no harm.
        look_again(&desk.clinic.app, &manager, raised).await.unwrap();
        assert_eq!(desk.ask().await, 0);
        desk.clinic.verified().await;
    }
}
