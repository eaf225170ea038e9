//! What waits to be done by itself: told with its troubles, and done at once when asked.

use almoner_app::Actor;
use almoner_app::add_organization::add_organization;
use almoner_app::exchange_checks::{ask_claimed, claim_due};
use almoner_app::hurry_queue::{HurryQueue, hurry_queue};
use almoner_app::read_queues::{QueueView, read_queues};
use almoner_app::send_link::send_link;
use almoner_domain::inquiry::InquiryState;
use almoner_domain::role::Role;
use almoner_domain::{PaymentId, Status};
use almoner_gateways::clearinghouse::ClearinghouseError;
use almoner_gateways::mail::MailError;
use almoner_store::mail::MailState;
use almoner_store::on_both_engines;
use almoner_store::processor_events::{self, EventState, NewEvent};
use almoner_store::queues::Queue;
use almoner_stripe_fake::Fault;
use jiff::SignedDuration;

use crate::run_check::{ask, inquiry, of_ann};
use crate::scripted::Script;
use crate::stripe::Desk;

/// More often than anything is tried before it is given up.
const PRESSES: usize = 40;

impl Desk {
    async fn queue(&self, queue: Queue) -> QueueView {
        let admin = self.clinic.staff(Role::Administrator);
        let view = read_queues(&self.clinic.app, &admin).await.unwrap();
        view.queues.into_iter().find(|view| view.queue == queue).unwrap()
    }

    async fn hurry(&self, queue: Queue, item: Option<&str>) -> u64 {
        let admin = self.clinic.staff(Role::Administrator);
        hurry_queue(&self.clinic.app, &admin, HurryQueue { queue, item }).await.unwrap()
    }

    /// An event about a page that the processor does not know.
    async fn told_of_nothing(&self, id: &str, disbelief: Option<&str>) {
        let now = self.clinic.app.now();
        let new = NewEvent {
            processor: "stripe",
            id,
            kind: "checkout.session.completed",
            object: Some(("session", "cs_none")),
            happened_at: now,
            received_at: now,
            disbelief,
        };
        let mut tx = self.clinic.app.db.begin().await.unwrap();
        assert!(processor_events::insert(&mut tx, &new).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn is_paid_now(&self, id: PaymentId) -> bool {
        self.clinic.payment(id).await.status == Status::Paid
    }
}

on_both_engines! {
    async fn an_idle_clinic_has_nothing_to_look_after(db) {
        let desk = Desk::open(db).await;
        for queue in Queue::ALL {
            let view = desk.queue(queue).await;
            assert_eq!((view.waiting, view.next), (0, None));
            assert_eq!(view.due_since(desk.clinic.app.now()), None);
            assert!(view.tried_often.is_empty() && view.given_up.is_empty(), "{view:?}");
            assert_eq!(desk.hurry(queue, None).await, 0);
            assert_eq!(Queue::from_name(queue.as_str()), Some(queue));
        }
        let hurried = "SELECT count(*) AS n FROM audit_event WHERE action = 'queue_hurried'";
        assert_eq!(desk.clinic.number(hurried).await, 0);
    }

    async fn a_payment_under_way_is_asked_about_at_once(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let view = desk.queue(Queue::Attempts).await;
        let now = desk.clinic.app.now();
        assert_eq!((view.waiting, view.due_since(now)), (1, None));
        assert_eq!(view.next, Some(now + SignedDuration::from_mins(5)));
        assert_eq!(desk.ask().await, 0, "it is not due");
        assert_eq!(desk.hurry(Queue::Attempts, Some("nothing")).await, 0);
        let reference = desk.clinic.newest(id).await.unwrap().reference;
        assert_eq!(desk.hurry(Queue::Attempts, Some(&reference)).await, 1);
        assert_eq!(desk.queue(Queue::Attempts).await.due_since(now), Some(now));
        assert_eq!(desk.ask().await, 1);
        assert!(desk.is_paid_now(id).await);
        assert_eq!(desk.queue(Queue::Attempts).await.waiting, 0);
        desk.clinic.verified().await;
    }

    async fn a_refund_that_does_not_come_through_is_told_and_tried_again(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(700).await;
        desk.clinic.refund(id, 300).await.unwrap();
        for (hours, call) in
            [(0, "POST /v1/refunds"), (1, "GET /v1/refunds"), (2, "GET /v1/refunds")]
        {
            desk.pass(SignedDuration::from_hours(hours));
            desk.fake.fail_next(call, Fault::ResetBefore);
            assert_eq!(desk.settle().await, 0);
        }
        let view = desk.queue(Queue::Refunds).await;
        assert_eq!((view.waiting, view.tried_often.len()), (1, 1));
        let stuck = &view.tried_often[0];
        assert_eq!((stuck.payment, stuck.tries), (Some(id), 3));
        assert!(stuck.next > Some(desk.clinic.app.now()));
        assert_eq!(desk.settle().await, 0, "it is not due");
        assert_eq!(desk.hurry(Queue::Refunds, Some(&stuck.name)).await, 1);
        assert_eq!(desk.queue(Queue::Refunds).await.tried_often[0].tries, 3);
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.queue(Queue::Refunds).await.waiting, 0);
        assert_eq!(desk.fake.objects("refund").len(), 1);
        desk.clinic.verified().await;
    }

    async fn an_event_that_was_not_believed_is_looked_at_again(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let payment = desk.fake.object(&page)["payment_intent"].clone();
        let payment = payment.as_str().unwrap();
        desk.fake.pretend(payment, "amount_received", 699.into());
        desk.hear().await;
        assert!(!desk.is_paid_now(id).await);
        let view = desk.queue(Queue::Events).await;
        assert!(!view.given_up.is_empty(), "{view:?}");
        let told = view.given_up[0].words.clone().unwrap();
        assert!(told.contains("it is not as it was asked for"), "{told}");
        assert_eq!((view.given_up[0].next, view.given_up[0].payment), (None, None));
        // It was Stripe's mistake, and is mended.
        desk.fake.pretend(payment, "amount_received", 700.into());
        assert_eq!(desk.hurry(Queue::Events, Some(&view.given_up[0].name)).await, 1);
        assert_eq!(desk.apply().await, 1);
        assert!(desk.is_paid_now(id).await);
        let rest = u64::try_from(view.given_up.len()).unwrap() - 1;
        assert_eq!(desk.hurry(Queue::Events, None).await, rest);
        desk.apply().await;
        assert_eq!(desk.queue(Queue::Events).await.given_up, []);
        desk.clinic.verified().await;
    }

    async fn an_event_that_was_never_believed_is_not_taken_up(db) {
        let desk = Desk::open(db).await;
        desk.told_of_nothing("evt_other", Some("it is of another account")).await;
        let view = desk.queue(Queue::Events).await;
        assert_eq!((view.waiting, view.given_up.len()), (0, 1));
        assert_eq!((&*view.given_up[0].name, view.given_up[0].tries), ("evt_other", 0));
        for item in [Some("evt_other"), None] {
            assert_eq!(desk.hurry(Queue::Events, item).await, 0);
        }
        assert_eq!(desk.apply().await, 0);
        assert_eq!(desk.event("evt_other").await.state, EventState::Quarantined);
    }

    async fn a_letter_that_is_hurried_is_not_given_up_for_it(db) {
        let desk = Desk::open(db).await;
        let clinic = &desk.clinic;
        clinic.agreed().await;
        let id = clinic.pending(700).await;
        send_link(&clinic.app, &clinic.manager(), id).await.unwrap();
        for press in 0..PRESSES {
            clinic.post.then(MailError::NotTaken("the connection failed".to_owned()));
            desk.hurry(Queue::Letters, None).await;
            assert_eq!(clinic.post_round().await, 1);
            assert_eq!(clinic.newest_mail(id).await.state, MailState::Waiting, "press {press}");
        }
        assert_eq!(desk.hurry(Queue::Letters, None).await, 1);
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
    }

    async fn a_question_that_is_hurried_is_not_given_up_for_it(db) {
        let desk = Desk::open(db).await;
        let clinic = &desk.clinic;
        let id = ask(clinic, &of_ann(clinic)).await.unwrap();
        for press in 0..PRESSES {
            let busy = ClearinghouseError::NotTaken("busy".to_owned());
            clinic.clearinghouse.then(Script::Fail(busy));
            desk.hurry(Queue::Questions, None).await;
            let claimed = claim_due(&clinic.app, &clinic.system(), 8).await.unwrap();
            assert_eq!(claimed.len(), 1);
            ask_claimed(&clinic.app, &clinic.system(), &claimed[0]).await.unwrap();
            assert_eq!(inquiry(clinic, id).await.state, InquiryState::Waiting, "press {press}");
        }
    }

    async fn an_event_that_is_hurried_is_not_given_up_for_it(db) {
        let desk = Desk::open(db).await;
        desk.told_of_nothing("evt_early", None).await;
        for press in 0..PRESSES {
            desk.hurry(Queue::Events, None).await;
            assert_eq!(desk.apply().await, 1);
            assert_eq!(desk.event("evt_early").await.state, EventState::Waiting, "press {press}");
        }
    }

    async fn what_another_clinic_waits_for_is_not_told(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let added = add_organization(&desk.clinic.app, "Harbor Clinic", "America/New_York").await;
        let other = Actor::system(added.unwrap());
        let view = read_queues(&desk.clinic.app, &other).await.unwrap();
        assert!(view.queues.iter().all(|queue| queue.waiting == 0), "{view:?}");
        let all = HurryQueue { queue: Queue::Attempts, item: None };
        assert_eq!(hurry_queue(&desk.clinic.app, &other, all).await.unwrap(), 0);
        assert_eq!(desk.ask().await, 0);
        assert!(!desk.is_paid_now(id).await);
    }

    async fn every_hurry_is_in_the_audit_log(db) {
        let desk = Desk::open(db).await;
        for _ in 0..3 {
            desk.on_page(700).await;
        }
        assert_eq!(desk.hurry(Queue::Attempts, None).await, 3);
        let told = "SELECT count(*) AS n FROM audit_event WHERE action = 'queue_hurried'
            AND detail LIKE '%attempts%' AND detail LIKE '%3%'";
        assert_eq!(desk.clinic.number(told).await, 1);
        desk.clinic.verified().await;
    }
}
