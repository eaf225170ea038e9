//! Events, disputes, payouts and what they are made of.

use almoner_domain::Money;
use almoner_gateways::processor::{
    Capture, DisputeStanding, Fact, Movement, MovementKind, Object, ObjectKind, PayoutStanding,
    Processor as _,
};
use serde_json::json;

use crate::common::{AMOUNT, BEGIN, Desk, FEE, moment};

const DAY: i64 = 24 * 3600;
const DISPUTE_FEE: i64 = 1500;

fn cents(cents: i64) -> Money {
    Money::from_cents(cents)
}

#[tokio::test]
async fn the_sweep_finds_every_event_once() {
    let desk = Desk::open().await;
    for number in 0..60 {
        desk.page(&format!("attempt-{number}")).await;
    }
    desk.fake.advance(3600);
    desk.paid("attempt-60").await;
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = desk.stripe.events(moment(BEGIN), after.as_deref()).await.unwrap();
        ids.extend(page.items.into_iter().map(|event| event.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let made: Vec<String> = desk.fake.take_webhooks().into_iter().map(|hook| hook.event).collect();
    let newest_first: Vec<String> = made.into_iter().rev().collect();
    assert_eq!(ids, newest_first);
    let since = desk.stripe.events(moment(BEGIN + 3600), None).await.unwrap();
    assert_eq!(since.items.len(), 64, "60 pages ended, one was paid");
    let none = desk.stripe.events(moment(BEGIN + 3601), None).await.unwrap();
    assert_eq!((none.items.len(), none.next), (0, None));
}

async fn disputed(desk: &Desk) -> (Capture, String) {
    let capture = desk.paid("attempt-1").await;
    let dispute = desk.fake.dispute(&capture.charge, "product_not_received");
    (capture, dispute)
}

#[tokio::test]
async fn a_dispute_is_told_with_the_attempt_that_it_is_about() {
    let desk = Desk::open().await;
    let (capture, id) = disputed(&desk).await;
    let listed = desk.stripe.disputes(moment(BEGIN), None).await.unwrap().items;
    let object = Object { kind: ObjectKind::Dispute, id: id.clone() };
    let fetched = desk.stripe.fetch(&object).await.unwrap();
    assert_eq!(fetched, Fact::Dispute(listed[0].clone()));
    let dispute = &listed[0];
    assert_eq!(dispute.id, id);
    assert_eq!(dispute.reference.as_deref(), Some("attempt-1"));
    assert_eq!(dispute.payment.as_deref(), Some(&*capture.payment));
    assert_eq!(dispute.charge.as_deref(), Some(&*capture.charge));
    assert_eq!((dispute.amount, &*dispute.currency), (cents(AMOUNT), "USD"));
    assert_eq!(dispute.reason, "product_not_received");
    assert_eq!(dispute.opened_at, moment(BEGIN));
    assert_eq!(dispute.answer_by, Some(moment(BEGIN + 9 * DAY)));
    assert_eq!(dispute.standing, DisputeStanding::NeedsResponse);
}

#[tokio::test]
async fn every_standing_of_a_dispute_is_read() {
    let desk = Desk::open().await;
    let (_, id) = disputed(&desk).await;
    let object = Object { kind: ObjectKind::Dispute, id: id.clone() };
    for (status, standing, blocks) in [
        ("warning_needs_response", DisputeStanding::Inquiry, false),
        ("warning_under_review", DisputeStanding::Inquiry, false),
        ("warning_closed", DisputeStanding::InquiryClosed, false),
        ("needs_response", DisputeStanding::NeedsResponse, true),
        ("under_review", DisputeStanding::UnderReview, true),
        ("appeal_needs_response", DisputeStanding::NeedsResponse, true),
        ("appeal_under_review", DisputeStanding::UnderReview, true),
        ("won", DisputeStanding::Won, false),
        ("lost", DisputeStanding::Lost, false),
        ("prevented", DisputeStanding::Prevented, false),
        ("on_the_moon", DisputeStanding::Unknown("on_the_moon".to_owned()), true),
    ] {
        desk.fake.pretend(&id, "status", json!(status));
        let Fact::Dispute(dispute) = desk.stripe.fetch(&object).await.unwrap() else {
            panic!("a dispute is found");
        };
        assert_eq!(dispute.standing, standing);
        assert_eq!(dispute.standing.blocks_refunds(), blocks, "{status}");
    }
}

async fn movements(desk: &Desk, payout: &str) -> Vec<Movement> {
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = desk.stripe.movements(payout, after.as_deref()).await.unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_payout_is_the_sum_of_its_movements() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    for number in 0..120 {
        desk.paid(&format!("other-{number}")).await;
    }
    let refund = desk.refund("refund-1", &capture.payment, 1_000).await.unwrap();
    let failed = desk.refund("refund-2", &capture.payment, 500).await.unwrap();
    desk.fake.settle_refund(&failed.id, false);
    let dispute = desk.fake.dispute(&capture.charge, "general");
    desk.fake.close_dispute(&dispute, true);
    desk.fake.advance(2 * DAY);
    let id = desk.fake.pay_out().expect("money is available");
    let payouts = desk.stripe.payouts((moment(BEGIN), moment(BEGIN)), None).await.unwrap().items;
    let payout = &payouts[0];
    assert_eq!(payout.id, id);
    assert_eq!(payout.standing, PayoutStanding::InTransit);
    assert_eq!(payout.created_at, moment(BEGIN + 2 * DAY));
    assert_eq!(payout.arrives_at, moment(BEGIN + 3 * DAY));
    assert!(payout.is_automatic && payout.is_itemised);
    let all = movements(&desk, &id).await;
    let inner = all.iter().filter(|line| line.kind != MovementKind::Payout);
    assert_eq!(inner.map(|line| line.net).sum::<Money>(), payout.amount);
    assert!(all.iter().all(|line| line.net == line.amount.minus(line.fee)));
    let line = |kind: MovementKind, source: &str| {
        let fits = |line: &&Movement| line.kind == kind && line.source.as_deref() == Some(source);
        let found = all.iter().find(fits).unwrap_or_else(|| panic!("{kind:?} of {source}"));
        (found.amount.cents(), found.fee.cents())
    };
    let named = all.iter().filter(|line| line.payment.as_ref() == Some(&capture.payment));
    assert_eq!(named.count(), 6, "all that is about a payment names it");
    let ours = all.iter().find(|line| line.source.as_ref() == Some(&refund.id)).unwrap();
    assert_eq!(ours.reference.as_deref(), Some("refund-1"));
    assert_eq!(line(MovementKind::Payment, &capture.charge), (AMOUNT, FEE));
    assert_eq!(line(MovementKind::Refund, &refund.id), (-1_000, 0));
    assert_eq!(line(MovementKind::RefundFailed, &failed.id), (500, 0));
    assert_eq!(line(MovementKind::Dispute, &dispute), (-AMOUNT, DISPUTE_FEE));
    assert_eq!(line(MovementKind::DisputeReversed, &dispute), (AMOUNT, 0));
    assert_eq!(line(MovementKind::Payout, &id), (-payout.amount.cents(), 0));
}

#[tokio::test]
async fn every_standing_of_a_payout_is_read() {
    let desk = Desk::open().await;
    desk.paid("attempt-1").await;
    desk.fake.advance(2 * DAY);
    let id = desk.fake.pay_out().expect("money is available");
    let object = Object { kind: ObjectKind::Payout, id: id.clone() };
    for (status, standing) in [
        ("pending", PayoutStanding::Pending),
        ("in_transit", PayoutStanding::InTransit),
        ("paid", PayoutStanding::Paid),
        ("failed", PayoutStanding::Failed),
        ("canceled", PayoutStanding::Cancelled),
        ("on_the_moon", PayoutStanding::Unknown("on_the_moon".to_owned())),
    ] {
        desk.fake.pretend(&id, "status", json!(status));
        let Fact::Payout(payout) = desk.stripe.fetch(&object).await.unwrap() else {
            panic!("a payout is found");
        };
        assert_eq!(payout.standing, standing);
    }
    desk.fake.settle_payout(&id, false);
    let webhooks = desk.fake.take_webhooks();
    assert!(webhooks.iter().any(|webhook| webhook.kind == "payout.failed"));
}
