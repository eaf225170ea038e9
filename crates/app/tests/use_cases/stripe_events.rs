//! What Stripe tells by webhook: believed once, applied as it is now, in whatever order it comes.

use almoner_app::add_organization::add_organization;
use almoner_app::apply_events::apply_events;
use almoner_app::receive_event::{Received, receive_event};
use almoner_app::solve_exception::solve_exception;
use almoner_app::sweep_events::sweep_events;
use almoner_domain::refund::RefundState;
use almoner_domain::{Money, PaymentId, Status};
use almoner_gateways::processor::{BeginPayment, CaptureMode, HeaderMap, WebhookRefusal};
use almoner_store::exceptions::{self, Exception, ExceptionKind};
use almoner_store::on_both_engines;
use almoner_store::processor_events::{self, Event, EventState};
use almoner_stripe_fake::{Fault, RefundPlan, WEBHOOK_SECRET, Webhook, sign};
use jiff::SignedDuration;
use serde_json::json;

use crate::archives::{elsewhere, export, import};
use crate::common::{Dice, at_desk, cents, fault, rounds};
use crate::stripe::Desk;

const LOOK_UP: &str = "GET /v1/checkout/sessions/{id}";

impl Desk {
    /// A webhook arrives.
    pub(crate) async fn deliver(&self, webhook: &Webhook) -> Received {
        self.receive(&webhook.body, &webhook.signature).await
    }

    async fn receive(&self, body: &str, signature: &str) -> Received {
        let mut headers = HeaderMap::new();
        headers.insert("stripe-signature", signature.parse().expect("a header"));
        receive_event(&self.clinic.app, body.as_bytes(), &headers).await.unwrap()
    }

    /// All webhooks arrive in order, and what they tell is applied.
    pub(crate) async fn hear(&self) {
        for webhook in self.fake.take_webhooks() {
            assert_eq!(self.deliver(&webhook).await, Received::Kept);
        }
        self.apply().await;
    }

    pub(crate) async fn apply(&self) -> usize {
        apply_events(&self.clinic.app).await.unwrap()
    }

    pub(crate) async fn event(&self, id: &str) -> Event {
        let mut tx = self.clinic.app.db.read().await.unwrap();
        let event = processor_events::get(&mut tx, "stripe", id).await.unwrap();
        event.expect("the event is kept")
    }

    /// What nobody has solved.
    pub(crate) async fn exceptions(&self) -> Vec<Exception> {
        let mut tx = self.clinic.app.db.read().await.unwrap();
        exceptions::open(&mut tx, self.clinic.organization.id, 100).await.unwrap()
    }

    async fn raised(&self) -> Vec<(ExceptionKind, Option<PaymentId>, Option<Money>)> {
        let open = self.exceptions().await;
        open.into_iter().map(|raised| (raised.kind, raised.payment, raised.amount)).collect()
    }

    async fn status(&self, id: PaymentId) -> Status {
        self.clinic.payment(id).await.status
    }
}

/// An event that Stripe never sent, but signed.
fn event(id: &str, object: &serde_json::Value, more: &serde_json::Value) -> String {
    let mut event = json!({
        "id": id,
        "type": "checkout.session.completed",
        "created": 1_764_115_200,
        "livemode": false,
        "data": { "object": object },
    });
    let fields = more.as_object().expect("more fields").clone();
    event.as_object_mut().expect("an event").extend(fields);
    event.to_string()
}

fn session(id: &str) -> serde_json::Value {
    json!({ "object": "checkout.session", "id": id })
}

on_both_engines! {
    async fn a_webhook_is_kept_once_and_its_payment_is_paid_once(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let webhooks = desk.fake.take_webhooks();
        assert!(webhooks.len() > 2, "{webhooks:?}");
        for webhook in &webhooks {
            assert_eq!(desk.deliver(webhook).await, Received::Kept);
            assert_eq!(desk.deliver(webhook).await, Received::Known);
        }
        assert_eq!(desk.status(id).await, Status::Processing, "nothing is applied at once");
        assert_eq!(desk.apply().await, webhooks.len());
        assert_eq!(desk.status(id).await, Status::Paid);
        let kept = desk.event(&webhooks[0].event).await;
        assert_eq!((kept.state, kept.tries, kept.words), (EventState::Applied, 1, None));
        let paid = desk.clinic.payment(id).await;
        for webhook in webhooks.iter().rev() {
            let again = desk.fake.webhook_again(&webhook.event);
            assert_eq!(desk.deliver(&again).await, Received::Known);
        }
        assert_eq!(desk.apply().await, 0);
        assert_eq!(desk.clinic.payment(id).await, paid);
        assert!(desk.exceptions().await.is_empty());
        desk.clinic.verified().await;
    }

    async fn what_is_forged_old_or_of_another_secret_is_refused(db) {
        let desk = Desk::open(db).await;
        let (_, page) = desk.on_page(700).await;
        desk.pay(&page);
        let webhook = desk.fake.take_webhooks().remove(0);
        let forged = webhook.body.replace("false", "true");
        let refused = desk.receive(&forged, &webhook.signature).await;
        assert_eq!(refused, Received::Refused(WebhookRefusal::WrongSignature));
        let now = desk.fake.now();
        for (seconds, refusal) in
            [(-301, WebhookRefusal::TooOld), (301, WebhookRefusal::FromTheFuture)]
        {
            let signature = sign(&webhook.body, now + seconds, &[WEBHOOK_SECRET]);
            let refused = desk.receive(&webhook.body, &signature).await;
            assert_eq!(refused, Received::Refused(refusal));
        }
        desk.fake.set_webhook_secrets(&["whsec_SAMPLE_other"]);
        let other = desk.fake.webhook_again(&webhook.event);
        let refused = Received::Refused(WebhookRefusal::WrongSignature);
        assert_eq!(desk.deliver(&other).await, refused);
        // While one secret takes over, Stripe signs with both.
        desk.fake.set_webhook_secrets(&["whsec_SAMPLE_other", WEBHOOK_SECRET]);
        let both = desk.fake.webhook_again(&webhook.event);
        assert_eq!(desk.deliver(&both).await, Received::Kept);
    }

    async fn any_order_leads_to_the_same_books(db) {
        let desk = Desk::open(db).await;
        let dice = Dice::new(20_261_126);
        for round in 0..rounds(6, 100) {
            let (id, page) = desk.on_page(700).await;
            let wants_money = round % 3 != 2;
            if wants_money {
                desk.pay(&page);
            } else {
                desk.pass(SignedDuration::from_mins(61));
            }
            let mut webhooks = desk.fake.take_webhooks();
            while !webhooks.is_empty() {
                let place = dice.below(webhooks.len() as u64);
                let webhook = webhooks.remove(usize::try_from(place).unwrap());
                desk.deliver(&desk.fake.webhook_again(&webhook.event)).await;
                if dice.below(2) == 0 {
                    desk.apply().await;
                }
            }
            desk.apply().await;
            let expected = if wants_money { Status::Paid } else { Status::Pending };
            assert_eq!(desk.status(id).await, expected, "round {round}");
        }
        assert!(desk.exceptions().await.is_empty());
        desk.clinic.verified().await;
    }

    async fn who_was_brought_in_under_another_number_hears_of_its_money(db) {
        let engine = db.engine();
        let mut desk = Desk::open(db).await;
        let refunded = desk.paid(1_000).await;
        desk.fake.plan_refund(RefundPlan::Pending);
        desk.clinic.refund(refunded, 400).await.unwrap();
        desk.settle().await;
        desk.hear().await;
        let (id, page) = desk.on_page(700).await;
        let (bytes, _) = export(&desk.clinic.app, &desk.clinic.system()).await;
        let (app, _db) = elsewhere(&desk.clinic, engine).await;
        let first = add_organization(&app, "One", "UTC").await.unwrap();
        let there = import(&app, &bytes).await.unwrap().organization;
        assert!(first.id == desk.clinic.organization.id && there.id != first.id);
        (desk.clinic.app, desk.clinic.organization) = (app, there);
        desk.pay(&page);
        desk.fake.settle_refund(&desk.newest("refund"), true);
        desk.hear().await;
        assert_eq!(desk.status(id).await, Status::Paid);
        let refunds = desk.clinic.view(refunded).await.refunds;
        assert_eq!(refunds[0].state, RefundState::Settled);
        assert!(desk.exceptions().await.is_empty());
        let mut tx = desk.clinic.app.db.read().await.unwrap();
        assert!(exceptions::open(&mut tx, first.id, 100).await.unwrap().is_empty());
        drop(tx);
        desk.clinic.verified().await;
    }

    async fn while_stripe_does_not_answer_the_event_waits(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        let body = event("evt_once", &session(&page), &json!({}));
        desk.pay(&page);
        for fault in [Fault::ServerErrorBefore, Fault::ResetBefore] {
            desk.fake.fail_next(LOOK_UP, fault);
        }
        desk.receive(&body, &sign(&body, desk.fake.now(), &[WEBHOOK_SECRET])).await;
        assert_eq!(desk.apply().await, 1);
        let waiting = desk.event("evt_once").await;
        assert_eq!((waiting.state, waiting.tries), (EventState::Waiting, 1));
        assert!(waiting.words.unwrap().contains("did not answer"));
        assert_eq!(desk.apply().await, 0, "it is not asked again at once");
        desk.pass(SignedDuration::from_secs(30));
        assert_eq!(desk.apply().await, 1);
        assert_eq!(desk.event("evt_once").await.state, EventState::Waiting);
        desk.pass(SignedDuration::from_mins(5));
        assert_eq!(desk.apply().await, 1);
        assert_eq!(desk.event("evt_once").await.state, EventState::Applied);
        assert_eq!(desk.status(id).await, Status::Paid);
        desk.clinic.verified().await;
    }

    async fn an_object_that_nobody_knows_is_asked_for_for_a_month(db) {
        let desk = Desk::open(db).await;
        // One that Stripe does not know, and one that a database which was restored lost.
        let unknown = event("evt_unknown", &session("cs_none"), &json!({}));
        let lost = desk.begun_elsewhere("1-5ca1ab1e").await;
        let lost = event("evt_lost", &session(&lost), &json!({}));
        for body in [unknown, lost] {
            let signature = sign(&body, desk.fake.now(), &[WEBHOOK_SECRET]);
            assert_eq!(desk.receive(&body, &signature).await, Received::Kept);
        }
        for days in 0..=31 {
            assert!(desk.exceptions().await.is_empty(), "after {days} days");
            desk.apply().await;
            desk.pass(SignedDuration::from_hours(if days < 3 { 1 } else { 24 }));
            for id in ["evt_unknown", "evt_lost"] {
                assert_eq!(desk.event(id).await.state, EventState::Waiting, "{days} days");
            }
        }
        desk.apply().await;
        for id in ["evt_unknown", "evt_lost"] {
            assert_eq!(desk.event(id).await.state, EventState::Quarantined);
        }
        let unknown = (ExceptionKind::UnknownEvent, None, None);
        assert_eq!(desk.raised().await, [unknown, unknown]);
        desk.clinic.verified().await;
    }

    async fn what_is_not_ours_is_left_alone(db) {
        let desk = Desk::open(db).await;
        // Another program's page in the same account.
        let theirs = desk.begun_elsewhere("theirs_1").await;
        let nothing = json!({ "object": "balance" });
        let moon = json!({ "object": "moon", "id": "moon_1" });
        for (id, object) in [("a", session(&theirs)), ("b", nothing), ("c", moon)] {
            let body = event(id, &object, &json!({}));
            desk.receive(&body, &sign(&body, desk.fake.now(), &[WEBHOOK_SECRET])).await;
        }
        assert_eq!(desk.apply().await, 3);
        for id in ["a", "b", "c"] {
            assert_eq!(desk.event(id).await.state, EventState::Ignored, "{id}");
        }
        let body = event("d", &json!({ "object": "charge", "id": "ch_none" }), &json!({}));
        desk.receive(&body, &sign(&body, desk.fake.now(), &[WEBHOOK_SECRET])).await;
        desk.apply().await;
        assert_eq!(desk.event("d").await.state, EventState::Waiting);
        // Of other accounts, or other money, nothing is believed.
        for (id, more) in [
            ("e", json!({ "livemode": true })),
            ("f", json!({ "account": "acct_other" })),
        ] {
            let body = event(id, &session(&theirs), &more);
            desk.receive(&body, &sign(&body, desk.fake.now(), &[WEBHOOK_SECRET])).await;
            assert_eq!(desk.event(id).await.state, EventState::Quarantined, "{id}");
        }
        assert_eq!(desk.apply().await, 0);
        assert!(desk.exceptions().await.is_empty());
    }

    async fn another_amount_waits_for_a_person(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let payment = desk.fake.object(&page)["payment_intent"].clone();
        desk.fake.pretend(payment.as_str().unwrap(), "amount_received", json!(699));
        desk.hear().await;
        assert_eq!(desk.status(id).await, Status::Processing);
        assert_eq!(desk.raised().await, [(ExceptionKind::Mismatch, Some(id), Some(cents(699)))]);
        let words = desk.exceptions().await.remove(0).words;
        assert!(words.contains("the amount is another one"), "{words}");
        assert!(desk.clinic.history(id).await.contains(&"exception_raised".to_owned()));
        desk.pass(SignedDuration::from_mins(5));
        desk.ask().await;
        assert_eq!(desk.raised().await.len(), 1, "it is raised once");
        desk.clinic.verified().await;
    }

    async fn money_for_a_cancelled_payment_is_kept_and_staff_are_told(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.clinic.change(id, Status::Cancelled).await.unwrap();
        desk.pay(&page);
        desk.hear().await;
        assert_eq!(desk.status(id).await, Status::Paid);
        assert_eq!(desk.raised().await, [(ExceptionKind::LateMoney, Some(id), Some(cents(700)))]);
        let raised = desk.exceptions().await.remove(0).id;
        let manager = desk.clinic.manager();
        let blank = solve_exception(&desk.clinic.app, &manager, raised, " ").await;
        assert_eq!(fault(blank), ("solution".to_owned(), "required".to_owned()));
        for solution in ["Given back.", "Kept."] {
            solve_exception(&desk.clinic.app, &manager, raised, solution).await.unwrap();
        }
        assert!(desk.exceptions().await.is_empty());
        let solved = desk.clinic.history(id).await;
        assert_eq!(solved.iter().filter(|action| *action == "exception_solved").count(), 1);
        desk.clinic.verified().await;
    }

    async fn what_no_webhook_brought_is_found_by_asking(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.pay(&page);
        let webhooks = desk.fake.take_webhooks();
        assert_eq!(desk.deliver(&webhooks[0]).await, Received::Kept);
        desk.pass(SignedDuration::from_hours(5));
        let kept = sweep_events(&desk.clinic.app).await.unwrap();
        assert_eq!(kept, webhooks.len() - 1);
        assert_eq!(sweep_events(&desk.clinic.app).await.unwrap(), 0);
        desk.apply().await;
        assert_eq!(desk.status(id).await, Status::Paid);
        desk.fake.fail_next("GET /v1/events", Fault::ServerErrorBefore);
        assert_eq!(sweep_events(&desk.clinic.app).await.unwrap(), 0);
        desk.clinic.verified().await;
    }

    async fn two_servers_apply_each_event_once(db) {
        let desk = Desk::open(db).await;
        let mut pages = Vec::new();
        for _ in 0..4 {
            let (id, page) = desk.on_page(700).await;
            desk.pay(&page);
            pages.push(id);
        }
        let webhooks = desk.fake.take_webhooks();
        for webhook in &webhooks {
            desk.deliver(webhook).await;
        }
        let (one, other) = tokio::join!(desk.apply(), desk.apply());
        assert_eq!(one + other, webhooks.len());
        for id in pages {
            assert_eq!(desk.status(id).await, Status::Paid);
        }
        desk.clinic.verified().await;
    }
}

impl Desk {
    /// An event about something that nobody knows arrives; tells its id.
    pub(crate) async fn about_nothing(&self, id: &str, page: &str) -> String {
        let body = event(id, &session(page), &json!({}));
        let signature = sign(&body, self.fake.now(), &[WEBHOOK_SECRET]);
        assert_eq!(self.receive(&body, &signature).await, Received::Kept);
        id.to_owned()
    }

    /// Time passes until nothing more is expected of what nobody knows.
    pub(crate) async fn give_up(&self) {
        for days in 0..=32 {
            self.apply().await;
            self.pass(SignedDuration::from_hours(if days < 3 { 1 } else { 24 }));
        }
    }

    /// A page of our account that this database knows nothing of; tells its id.
    pub(crate) async fn begun_elsewhere(&self, reference: &str) -> String {
        let now = self.clinic.app.now();
        let payer = at_desk(PaymentId::new(1));
        let order = BeginPayment {
            reference,
            amount: cents(700),
            currency: "USD",
            clinic: "Sample Clinic",
            return_url: payer.return_url,
            cancel_url: payer.cancel_url,
            began_at: now,
            expires_at: now + SignedDuration::from_hours(1),
            capture: CaptureMode::AtOnce,
        };
        self.clinic.app.processor.begin(order, now).await.expect("the page is opened").session
    }
}
