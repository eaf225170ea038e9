//! Refunds through Stripe: made once whatever is lost, told when they fail, and not while the bank
//! decides.

use almoner_app::Error;
use almoner_app::read_troubles::{Troubles, troubles};
use almoner_app::refund_payment::summarize;
use almoner_app::settle_refund::settle_refunds;
use almoner_domain::refund::{RefundRefusal, RefundState};
use almoner_domain::{PaymentId, Status};
use almoner_gateways::processor::RefundOrder;
use almoner_store::exceptions::ExceptionKind;
use almoner_store::on_both_engines;
use almoner_store::refunds::Refund;
use almoner_stripe_fake::{Fault, RefundPlan};
use jiff::SignedDuration;
use serde_json::json;

use crate::common::{cents, part_of};
use crate::stripe::Desk;

const REFUND: &str = "POST /v1/refunds";

impl Desk {
    /// A payment that was paid through Stripe.
    pub(crate) async fn paid(&self, cents: i64) -> PaymentId {
        let (id, page) = self.on_page(cents).await;
        self.pay(&page);
        self.hear().await;
        assert_eq!(self.clinic.payment(id).await.status, Status::Paid);
        id
    }

    /// The program asks about refunds that are due; tells how many ended.
    pub(crate) async fn settle(&self) -> usize {
        settle_refunds(&self.clinic.app, &self.clinic.system()).await.unwrap()
    }

    /// The newest refund of a payment.
    async fn refund(&self, id: PaymentId) -> Refund {
        let refunds = self.clinic.view(id).await.refunds;
        refunds.into_iter().next_back().expect("it was refunded")
    }

    async fn state(&self, id: PaymentId) -> (Status, RefundState) {
        (self.clinic.payment(id).await.status, self.refund(id).await.state)
    }

    fn made(&self) -> usize {
        self.fake.objects("refund").len()
    }

    /// The newest object of that kind.
    pub(crate) fn newest(&self, kind: &str) -> String {
        let objects = self.fake.objects(kind);
        let newest = objects.last().expect("there is one");
        newest["id"].as_str().expect("objects have ids").to_owned()
    }

    async fn troubles(&self, id: PaymentId) -> Troubles {
        troubles(&self.clinic.app, &self.clinic.manager(), id).await.unwrap()
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> RefundRefusal {
    match result {
        Err(Error::Refund(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

on_both_engines! {
    async fn a_refund_is_on_its_way_until_stripe_has_made_it(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        desk.clinic.refund(id, 400).await.unwrap();
        assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Pending));
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Settled));
        let ours = desk.refund(id).await;
        let theirs = desk.fake.object(&desk.newest("refund"));
        assert_eq!(theirs["amount"], 400);
        assert_eq!(theirs["metadata"]["reference"].as_str(), ours.reference.as_deref());
        assert_eq!(theirs["id"].as_str(), ours.processor_id.as_deref());
        desk.hear().await;
        desk.clinic.refund(id, 600).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.state(id).await, (Status::Refunded, RefundState::Settled));
        assert_eq!(desk.settle().await, 0);
        assert!(desk.exceptions().await.is_empty());
        desk.clinic.verified().await;
    }

    async fn what_is_lost_on_the_way_is_asked_for_and_never_made_twice(db) {
        let desk = Desk::open(db).await;
        for (round, fault) in
            [Fault::ResetAfter, Fault::ResetBefore, Fault::CutOff].into_iter().enumerate()
        {
            let id = desk.paid(1_000).await;
            desk.fake.fail_next(REFUND, fault);
            desk.clinic.refund(id, 400).await.unwrap();
            assert_eq!(desk.settle().await, 0);
            assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Pending));
            assert_eq!(desk.settle().await, 0, "it is not asked again at once");
            desk.clinic.verified().await;
            desk.pass(SignedDuration::from_mins(5));
            assert_eq!(desk.settle().await, 1, "{fault:?}");
            assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Settled));
            assert_eq!(desk.made(), round + 1, "{fault:?}");
        }
        desk.clinic.verified().await;
    }

    async fn a_server_that_stopped_for_days_makes_each_refund_once(db) {
        let desk = Desk::open(db).await;
        // Stopped before the call, and after it.
        let never_asked = desk.paid(1_000).await;
        desk.clinic.refund(never_asked, 400).await.unwrap();
        desk.pass(SignedDuration::from_hours(50));
        assert_eq!(desk.settle().await, 1);
        let asked = desk.paid(1_000).await;
        desk.fake.fail_next(REFUND, Fault::ServerErrorAfter);
        desk.clinic.refund(asked, 400).await.unwrap();
        assert_eq!(desk.settle().await, 0);
        desk.pass(SignedDuration::from_hours(50));
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.made(), 2);
        desk.clinic.verified().await;
    }

    async fn two_servers_make_a_refund_once(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        for part in [100, 200, 300] {
            desk.clinic.refund(id, part).await.unwrap();
        }
        let (one, other) = tokio::join!(desk.settle(), desk.settle());
        assert_eq!((one + other, desk.made()), (3, 3));
        desk.clinic.verified().await;
    }

    async fn what_stripe_refuses_has_failed_and_staff_see_why(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        // The bank was asked, and no webhook has told of it yet.
        desk.fake.dispute(&desk.newest("charge"), "fraudulent");
        desk.clinic.refund(id, 400).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.state(id).await, (Status::Paid, RefundState::Failed));
        let why = desk.refund(id).await.failure.unwrap();
        assert_eq!(why, "The processor refused it: the payment is disputed.");
        let raised = desk.exceptions().await;
        assert_eq!(raised.len(), 1);
        assert_eq!((raised[0].kind, raised[0].payment), (ExceptionKind::RefundFailed, Some(id)));
        assert!(raised[0].words.contains("disputed"), "{}", raised[0].words);
        assert_eq!(desk.made(), 0);
        desk.clinic.verified().await;
    }

    async fn a_refund_that_comes_back_later_is_taken_back_here(db) {
        let desk = Desk::open(db).await;
        // One that was on its way, and one that the payer seemed to have.
        for plan in [RefundPlan::Pending, RefundPlan::Succeeds] {
            let id = desk.paid(1_000).await;
            desk.fake.plan_refund(plan);
            desk.clinic.refund(id, 1_000).await.unwrap();
            let ended = desk.settle().await;
            assert_eq!(ended, usize::from(plan == RefundPlan::Succeeds));
            assert_eq!(desk.clinic.payment(id).await.status, Status::Refunded);
            assert!(desk.refund(id).await.processor_id.is_some());
            desk.hear().await;
            desk.pass(SignedDuration::from_hours(48));
            desk.fake.settle_refund(&desk.newest("refund"), false);
            desk.hear().await;
            assert_eq!(desk.state(id).await, (Status::Paid, RefundState::Failed), "{plan:?}");
            let raised = desk.troubles(id).await.exceptions;
            assert_eq!(raised.len(), 1);
            assert_eq!(raised[0].exception.kind, ExceptionKind::RefundFailed);
            assert!(desk.refund(id).await.failure.is_some());
            desk.clinic.refund(id, 1_000).await.unwrap();
            assert_eq!(desk.settle().await, 1);
            assert_eq!(desk.state(id).await, (Status::Refunded, RefundState::Settled));
        }
        desk.clinic.verified().await;
    }

    async fn a_pending_refund_is_asked_about_where_no_webhook_comes(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        desk.fake.plan_refund(RefundPlan::Pending);
        desk.clinic.refund(id, 400).await.unwrap();
        assert_eq!(desk.settle().await, 0);
        desk.fake.settle_refund(&desk.newest("refund"), true);
        desk.pass(SignedDuration::from_mins(5));
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Settled));
        // What was told before it settled comes late and says nothing new.
        desk.hear().await;
        assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Settled));
        desk.clinic.verified().await;
    }

    async fn while_the_bank_decides_nothing_is_refunded(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        let dispute = desk.fake.dispute(&desk.newest("charge"), "product_not_received");
        desk.hear().await;
        for answer in [
            desk.clinic.refund(id, 400).await.map(drop),
            summarize(&desk.clinic.app, &desk.clinic.manager(), &part_of(id, 400)).await.map(drop),
        ] {
            assert_eq!(refusal(answer), RefundRefusal::Disputed);
        }
        let troubles = desk.troubles(id).await;
        assert!(troubles.blocks_refunds());
        let shown = &troubles.disputes[0];
        assert_eq!((shown.amount, &*shown.reason), (cents(1_000), "product not received"));
        assert_eq!(shown.standing, "evidence is awaited");
        assert_eq!(desk.clinic.payment(id).await.status, Status::Paid);
        desk.pass(SignedDuration::from_hours(24));
        desk.fake.close_dispute(&dispute, true);
        desk.hear().await;
        assert!(!desk.troubles(id).await.blocks_refunds());
        let told = desk.clinic.history(id).await;
        assert_eq!(told.iter().filter(|action| *action == "dispute_told").count(), 2);
        desk.clinic.refund(id, 400).await.unwrap();
        desk.clinic.verified().await;
    }

    async fn a_dispute_that_comes_before_its_payment_finds_it(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(1_000).await;
        desk.pay(&page);
        let early = desk.fake.take_webhooks();
        desk.fake.dispute(&desk.newest("charge"), "fraudulent");
        desk.hear().await;
        assert!(desk.troubles(id).await.blocks_refunds());
        for webhook in &early {
            desk.deliver(&desk.fake.webhook_again(&webhook.event)).await;
        }
        desk.apply().await;
        assert_eq!(desk.clinic.payment(id).await.status, Status::Paid);
        assert_eq!(refusal(desk.clinic.refund(id, 400).await), RefundRefusal::Disputed);
        desk.clinic.verified().await;
    }

    async fn what_was_refunded_elsewhere_is_told_to_staff(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        let newest = desk.clinic.newest(id).await.unwrap();
        let now = desk.clinic.app.now();
        let order = RefundOrder {
            reference: "dashboard",
            attempt: almoner_gateways::processor::AttemptKey {
                reference: &newest.reference,
                session: newest.session.as_deref(),
                began_at: newest.started_at,
            },
            payment: newest.processor_payment.as_deref(),
            amount: cents(300),
            cause: None,
            asked_at: now,
        };
        desk.clinic.app.processor.refund(order, now).await.unwrap();
        desk.hear().await;
        assert_eq!(desk.clinic.payment(id).await.status, Status::Paid);
        let raised = desk.exceptions().await;
        assert_eq!(raised.len(), 1);
        assert_eq!((raised[0].kind, raised[0].payment), (ExceptionKind::ForeignRefund, Some(id)));
        assert_eq!(raised[0].amount, Some(cents(300)));
        desk.clinic.verified().await;
    }

    async fn a_refund_of_another_amount_is_not_believed(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        desk.fake.plan_refund(RefundPlan::Pending);
        desk.clinic.refund(id, 400).await.unwrap();
        desk.settle().await;
        desk.fake.pretend(&desk.newest("refund"), "amount", json!(401));
        desk.fake.settle_refund(&desk.newest("refund"), true);
        desk.hear().await;
        assert_eq!(desk.state(id).await, (Status::PartiallyRefunded, RefundState::Pending));
        let raised = desk.exceptions().await;
        assert_eq!(raised.len(), 1);
        assert_eq!((raised[0].kind, raised[0].amount), (ExceptionKind::Mismatch, Some(cents(401))));
        desk.clinic.verified().await;
    }
}
