//! Events for other programs: told with what happened, sent once, and again until they arrive.

use std::collections::VecDeque;
use std::sync::Mutex;

use almoner_app::deliver_webhooks::{
    FAILING_AT_MOST, KEPT, WAITS, claim_deliveries, deliver_claimed, remove_old_events,
};
use almoner_app::issue_link::{IssueLink, issue_link};
use almoner_app::settle_refund::settle_refund;
use almoner_app::webhook_deliveries::{deliveries, events, send_again, send_test};
use almoner_app::webhook_endpoints::{
    NewEndpoint, OVERLAP, add_endpoint, delete_endpoint, endpoint, endpoints, renew_secret,
    switch_endpoint,
};
use almoner_domain::refund::RefundState;
use almoner_domain::webhook::EventId;
use almoner_domain::{PaymentId, WebhookId};
use almoner_gateways::webhooks::{
    AddressFault, Message, NotTaken, SigningSecret, Telling, Webhooks,
};
use almoner_store::on_both_engines;
use almoner_store::webhook_deliveries::{Delivery, DeliveryState};
use almoner_store::webhook_endpoints::{Endpoint, EndpointState};
use almoner_store::webhook_events::{Place, WebhookEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::common::{Clinic, fault};

const URL: &str = "https://books.example/hooks";

/// An event as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    url: String,
    id: String,
    body: String,
    secrets: Vec<String>,
}

/// A receiver that takes everything, unless a script says otherwise.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    fails: Mutex<VecDeque<NotTaken>>,
    refuses: Mutex<Option<AddressFault>>,
    sent: Mutex<Vec<Sent>>,
}

impl Receiver {
    fn then(&self, error: NotTaken) {
        self.fails.lock().expect("no test panics with it").push_back(error);
    }

    fn refuse(&self, fault: Option<AddressFault>) {
        *self.refuses.lock().expect("no test panics with it") = fault;
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("no test panics with it").clone()
    }
}

impl Webhooks for Receiver {
    fn check<'a>(&'a self, _url: &'a str) -> Telling<'a, Result<(), AddressFault>> {
        let refused = *self.refuses.lock().expect("no test panics with it");
        Box::pin(async move { refused.map_or(Ok(()), Err) })
    }

    fn send<'a>(&'a self, message: Message<'a>) -> Telling<'a, Result<u16, NotTaken>> {
        let failed = self.fails.lock().expect("no test panics with it").pop_front();
        self.sent.lock().expect("no test panics with it").push(Sent {
            url: message.url.to_owned(),
            id: message.id.to_owned(),
            body: message.body.to_owned(),
            secrets: message.secrets.iter().map(SigningSecret::reveal).collect(),
        });
        Box::pin(async { failed.map_or(Ok(204), Err) })
    }
}

pub(crate) fn new_hook(url: &str) -> NewEndpoint {
    NewEndpoint { url: url.to_owned(), description: "The books".to_owned() }
}

/// An endpoint that is enabled, made when there is none.
pub(crate) async fn hook(clinic: &Clinic) -> WebhookId {
    let all = endpoints(&clinic.app, &clinic.system()).await.unwrap();
    let enabled = all.into_iter().find(|one| one.state == EndpointState::Enabled && one.url == URL);
    if let Some(found) = enabled {
        return found.id;
    }
    let all = endpoints(&clinic.app, &clinic.system()).await.unwrap();
    for off in all.into_iter().filter(|one| one.url == URL) {
        delete_endpoint(&clinic.app, &clinic.system(), off.id).await.unwrap();
    }
    add_endpoint(&clinic.app, &clinic.system(), &new_hook(URL)).await.unwrap().endpoint.id
}

impl Clinic {
    /// One round of the job.
    async fn tell_round(&self) -> usize {
        let claimed = claim_deliveries(&self.app, &self.system(), 16).await.unwrap();
        for delivery in &claimed {
            deliver_claimed(&self.app, &self.system(), delivery).await.unwrap();
        }
        claimed.len()
    }

    /// Rounds until nothing is due.
    async fn tell_all(&self) {
        while self.tell_round().await > 0 {}
    }

    async fn told_events(&self) -> Vec<WebhookEvent> {
        let first = Place::After(EventId::before(Timestamp::UNIX_EPOCH));
        events(&self.app, &self.system(), &first, 100).await.unwrap().events
    }

    /// The kinds of the events of a payment, in the order of the alphabet.
    async fn kinds(&self, payment: PaymentId) -> Vec<&'static str> {
        let all = self.told_events().await;
        let of = all.iter().filter(|one| one.about.is_some_and(|about| about.payment == payment));
        let mut kinds: Vec<_> = of.map(|one| one.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds
    }

    async fn log(&self, id: WebhookId) -> Vec<Delivery> {
        deliveries(&self.app, &self.system(), id, None).await.unwrap().deliveries
    }

    async fn hook(&self, id: WebhookId) -> Endpoint {
        endpoint(&self.app, &self.system(), id).await.unwrap()
    }
}

on_both_engines! {
    async fn what_happens_is_told_and_nothing_of_the_patient(db) {
        let clinic = Clinic::new(db).await;
        let early = clinic.pending(600).await;
        let id = hook(&clinic).await;
        let paid = clinic.paid(700, "cash").await;
        clinic.refund(paid, 100).await.unwrap();
        clinic.refund(paid, 200).await.unwrap();
        assert_eq!(clinic.kinds(paid).await, [
            "payment.changed", "payment.created", "payment.status_changed",
            "payment.status_changed", "refund.created", "refund.created", "refund.settled",
            "refund.settled",
        ]);
        let linked = clinic.draft(800).await;
        let asked = IssueLink { payment: linked, until: None, replaces: None };
        issue_link(&clinic.app, &clinic.manager(), asked).await.unwrap();
        let expected = ["payment.created", "payment.link_issued", "payment.status_changed"];
        assert_eq!(clinic.kinds(linked).await, expected);
        let charged = clinic.charged(900).await;
        let refund = clinic.refund(charged, 100).await.unwrap();
        settle_refund(&clinic.app, &clinic.system(), refund, RefundState::Failed).await.unwrap();
        let kinds = clinic.kinds(charged).await;
        let of_refunds = kinds.iter().filter(|kind| kind.starts_with("refund."));
        assert_eq!(of_refunds.collect::<Vec<_>>(), [&"refund.created", &"refund.failed"]);
        clinic.tell_all().await;
        let sent = clinic.receiver.sent();
        let told = clinic.told_events().await;
        let is_early = |one: &&WebhookEvent| one.about.is_some_and(|a| a.payment == early);
        assert_eq!(told.iter().filter(is_early).count(), 1, "it is an event");
        assert_eq!(sent.len(), told.len() - 1, "and was before the endpoint");
        for one in &sent {
            let body: Value = serde_json::from_str(&one.body).unwrap();
            let event = told.iter().find(|event| event.id.as_str() == one.id).unwrap();
            let about = event.about.unwrap();
            let mut data = json!({
                "id": about.payment.to_string(),
                "status": about.status.as_str(),
                "version": about.version,
            });
            if let Some(refund) = about.refund {
                data["refund_id"] = json!(refund.to_string());
            }
            let expected = json!({
                "type": event.kind.as_str(),
                "timestamp": "2026-03-10T15:00:00Z",
                "data": data,
            });
            assert_eq!((body, &*one.url), (expected, URL));
        }
        assert!(clinic.log(id).await.iter().all(|one| one.state == DeliveryState::Delivered));
        clinic.verified().await;
    }

    async fn what_did_not_happen_is_told_to_nobody(db) {
        let clinic = Clinic::new(db).await;
        hook(&clinic).await;
        let id = clinic.pending(700).await;
        let before = clinic.told_events().await.len();
        let mut tx = clinic.app.db.begin().await.unwrap();
        let away = "ALTER TABLE receipt RENAME TO receipt_away";
        tx.execute(away, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        // The receipt comes last, after the event.
        clinic.pay(id, "cash").await.expect_err("the receipt cannot be issued");
        let pending = "SELECT count(*) AS n FROM payment WHERE status = 'pending'";
        assert_eq!(clinic.number(pending).await, 1);
        assert_eq!(clinic.told_events().await.len(), before);
        let sql = "SELECT count(*) AS n FROM webhook_delivery";
        assert_eq!(usize::try_from(clinic.number(sql).await), Ok(before));
    }

    async fn several_servers_send_a_delivery_once(db) {
        let clinic = Clinic::new(db).await;
        hook(&clinic).await;
        for amount in 1..=6 {
            clinic.pending(amount * 100).await;
        }
        let tries: Vec<_> = (0..8).map(|_| {
            let (app, actor) = (clinic.app.clone(), clinic.system());
            tokio::spawn(async move {
                for delivery in claim_deliveries(&app, &actor, 2).await.unwrap() {
                    deliver_claimed(&app, &actor, &delivery).await.unwrap();
                }
            })
        }).collect();
        for tried in tries {
            tried.await.unwrap();
        }
        clinic.tell_all().await;
        let mut sent: Vec<_> = clinic.receiver.sent().into_iter().map(|one| one.id).collect();
        assert_eq!(sent.len(), 6);
        sent.sort();
        sent.dedup();
        assert_eq!(sent.len(), 6, "each once");
    }

    async fn whoever_is_killed_while_sending_sends_again_under_the_same_id(db) {
        let clinic = Clinic::new(db).await;
        let id = hook(&clinic).await;
        clinic.pending(700).await;
        let cut = claim_deliveries(&clinic.app, &clinic.system(), 16).await.unwrap();
        assert_eq!((cut.len(), clinic.tell_round().await), (1, 0), "it is held");
        clinic.pass(SignedDuration::from_mins(2));
        assert_eq!(clinic.tell_round().await, 1);
        // The first one comes back late: it is sent twice, and changes nothing.
        clinic.receiver.then(NotTaken::Status(500));
        deliver_claimed(&clinic.app, &clinic.system(), &cut[0]).await.unwrap();
        let sent = clinic.receiver.sent();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0], sent[1], "the receiver knows the second one by its id");
        assert_eq!(clinic.log(id).await[0].state, DeliveryState::Delivered);
    }

    async fn what_does_not_arrive_is_tried_for_three_days_and_then_nobody_is_told(db) {
        let clinic = Clinic::new(db).await;
        let id = hook(&clinic).await;
        clinic.pending(700).await;
        let mut tries = 0;
        let mut waited = SignedDuration::ZERO;
        while clinic.log(id).await[0].state == DeliveryState::Waiting {
            clinic.receiver.then(NotTaken::Status(503));
            assert_eq!(clinic.tell_round().await, 1);
            assert_eq!(clinic.tell_round().await, 0, "not at once again");
            let log = clinic.log(id).await;
            assert_eq!(log[0].answer, Some(503));
            tries += 1;
            if tries == 3 {
                // What comes meanwhile is tried too.
                assert_eq!(clinic.hook(id).await.state, EndpointState::Enabled);
                assert!(clinic.hook(id).await.failing_since.is_some());
            }
            if let Some(wait) = WAITS.get(tries - 1) {
                assert_eq!(log[0].next_try_at, Some(clinic.app.now() + *wait));
                clinic.pass(*wait);
                waited += *wait;
            }
        }
        assert_eq!(tries, WAITS.len() + 1);
        assert!(waited >= FAILING_AT_MOST);
        assert_eq!(clinic.log(id).await[0].state, DeliveryState::Failed);
        let found = clinic.hook(id).await;
        assert_eq!((found.state, found.failing_since), (EndpointState::Failing, None));
        clinic.pending(800).await;
        assert_eq!((clinic.tell_round().await, clinic.log(id).await.len()), (0, 1));
        let event = clinic.log(id).await[0].event.id.clone();
        let again = || async { send_again(&clinic.app, &clinic.system(), (id, &event)).await };
        assert_eq!(fault(again().await).1, "disabled");
        switch_endpoint(&clinic.app, &clinic.system(), id, true).await.unwrap();
        again().await.unwrap();
        assert_eq!(clinic.tell_round().await, 1);
        assert_eq!(clinic.log(id).await[0].state, DeliveryState::Delivered);
        clinic.verified().await;
    }

    async fn what_arrives_ends_a_failure_and_gone_is_believed(db) {
        let clinic = Clinic::new(db).await;
        let id = hook(&clinic).await;
        clinic.receiver.then(NotTaken::TooSlow);
        clinic.pending(700).await;
        clinic.tell_round().await;
        assert!(clinic.hook(id).await.failing_since.is_some());
        assert_eq!(clinic.log(id).await[0].failure.as_deref(), Some("it took too long"));
        clinic.pass(WAITS[0]);
        clinic.tell_round().await;
        assert_eq!(clinic.hook(id).await.failing_since, None);
        clinic.pass(SignedDuration::from_secs(1));
        for amount in [800, 900] {
            clinic.pending(amount).await;
        }
        clinic.receiver.then(NotTaken::Status(410));
        clinic.tell_round().await;
        assert_eq!(clinic.hook(id).await.state, EndpointState::Gone);
        let log = clinic.log(id).await;
        let mut states: Vec<_> = log.iter().map(|one| one.state.as_str()).collect();
        states.sort_unstable();
        assert_eq!(states, ["delivered", "dropped", "failed"], "no other one is tried");
        assert_eq!(clinic.receiver.sent().len(), 3);
    }

    async fn what_was_committed_while_its_endpoint_was_switched_off_is_dropped(db) {
        let clinic = Clinic::new(db).await;
        let id = hook(&clinic).await;
        clinic.pending(700).await;
        let mut tx = clinic.app.db.begin().await.unwrap();
        let off = "UPDATE webhook_endpoint SET state = 'disabled'";
        tx.execute(off, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(clinic.tell_round().await, 0);
        assert_eq!(clinic.log(id).await[0].state, DeliveryState::Dropped);
    }

    async fn endpoints_are_looked_at_before_they_are_kept(db) {
        let clinic = Clinic::new(db).await;
        let (app, who) = (&clinic.app, clinic.system());
        clinic.receiver.refuse(Some(AddressFault::Private));
        let refused = add_endpoint(app, &who, &new_hook(URL)).await;
        assert_eq!(fault(refused), ("url".to_owned(), "private_address".to_owned()));
        clinic.receiver.refuse(None);
        let id = hook(&clinic).await;
        assert_eq!(fault(add_endpoint(app, &who, &new_hook(URL)).await).1, "duplicate");
        switch_endpoint(app, &who, id, false).await.unwrap();
        switch_endpoint(app, &who, id, false).await.unwrap();
        assert_eq!(fault(send_test(app, &who, id).await).1, "disabled");
        clinic.receiver.refuse(Some(AddressFault::UnknownHost));
        assert_eq!(fault(switch_endpoint(app, &who, id, true).await).1, "unknown_host");
        clinic.receiver.refuse(None);
        delete_endpoint(app, &who, id).await.unwrap();
        endpoint(app, &who, id).await.expect_err("it is gone");
        assert_ne!(hook(&clinic).await, id, "the address is free again");
    }

    async fn a_new_secret_signs_beside_the_old_one_for_a_day(db) {
        let clinic = Clinic::new(db).await;
        let (app, who) = (&clinic.app, clinic.system());
        let first = add_endpoint(app, &who, &new_hook(URL)).await.unwrap();
        let (id, old) = (first.endpoint.id, first.secret.reveal());
        let new = renew_secret(app, &who, id).await.unwrap().secret.reveal();
        assert_ne!(old, new);
        for passed in [SignedDuration::ZERO, OVERLAP] {
            clinic.pass(passed);
            send_test(app, &who, id).await.unwrap();
            clinic.tell_round().await;
        }
        let sent = clinic.receiver.sent();
        assert_eq!((&sent[0].secrets, &sent[1].secrets), (&vec![new.clone(), old], &vec![new]));
        let body: Value = serde_json::from_str(&sent[0].body).unwrap();
        assert_eq!((&body["type"], &body["data"]), (&json!("webhook.test"), &json!({})));
        assert!(clinic.told_events().await.is_empty(), "a trial is no event");
    }

    async fn old_events_go_and_what_waits_stays(db) {
        let clinic = Clinic::new(db).await;
        hook(&clinic).await;
        clinic.pending(700).await;
        clinic.tell_all().await;
        clinic.pass(SignedDuration::from_secs(1));
        clinic.pending(800).await;
        let removed = || async { remove_old_events(&clinic.app, &clinic.system()).await.unwrap() };
        assert_eq!(removed().await, 0);
        clinic.pass(KEPT + SignedDuration::from_secs(1));
        assert_eq!((removed().await, removed().await), (1, 0));
        assert_eq!(clinic.tell_round().await, 1);
        assert_eq!((removed().await, clinic.told_events().await.len()), (1, 0));
    }
}
