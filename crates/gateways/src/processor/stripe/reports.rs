//! What happened at Stripe: events, disputes, payouts, and what an event spoke of.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::client::{Call, PAGE_ITEMS};
use super::wire::{self, Expandable, Identified, List};
use super::{Stripe, attempts, refunds, webhook, words};
use crate::processor::{
    Dispute, Event, Fact, Movement, Object, ObjectKind, Page, Payout, ProcessorError, Refusal,
};

/// What an event spoke of, as it is now. Payments and charges lead to their attempt.
pub(super) async fn fetch(stripe: &Stripe, object: &Object) -> Result<Fact, ProcessorError> {
    let id = &*object.id;
    Ok(match object.kind {
        ObjectKind::Session => {
            let attempt = attempts::by_id(stripe, id).await?;
            attempt.map_or(Fact::Missing, |attempt| match attempt.reference {
                Some(_) => Fact::Attempt(attempt),
                None => Fact::NotOurs,
            })
        }
        ObjectKind::Payment => by_payment(stripe, id).await?,
        ObjectKind::Charge => {
            let call = Call::get("look a charge up", &["charges", id]);
            match found::<wire::Charge>(stripe, call).await? {
                None => Fact::Missing,
                Some(charge) => match &charge.payment_intent {
                    Some(intent) => by_payment(stripe, intent.id()).await?,
                    None => Fact::NotOurs,
                },
            }
        }
        ObjectKind::Refund => refunds::by_id(stripe, id).await?.map_or(Fact::Missing, Fact::Refund),
        ObjectKind::Dispute => {
            let call = Call::get("look a dispute up", &["disputes", id])
                .with("expand[0]", "payment_intent");
            let dispute = found::<wire::Dispute>(stripe, call).await?;
            dispute.map_or(Fact::Missing, |dispute| Fact::Dispute(read_dispute(&dispute)))
        }
        ObjectKind::Payout => {
            let call = Call::get("look a payout up", &["payouts", id]);
            let payout = found::<wire::Payout>(stripe, call).await?;
            payout.map_or(Fact::Missing, |payout| Fact::Payout(read_payout(&payout)))
        }
        ObjectKind::Other(_) => Fact::NotOurs,
    })
}

/// A payment of which Stripe knows no page was made by someone else than us, or the page's
/// search is behind; the caller asks again for a while.
async fn by_payment(stripe: &Stripe, payment: &str) -> Result<Fact, ProcessorError> {
    let attempt = attempts::by_payment(stripe, payment).await?;
    Ok(attempt.map_or(Fact::NotOurs, Fact::Attempt))
}

async fn found<T: DeserializeOwned>(
    stripe: &Stripe,
    call: Call<'_>,
) -> Result<Option<T>, ProcessorError> {
    match stripe.client.send(call).await {
        Ok(object) => Ok(Some(object)),
        Err(ProcessorError::Refused(Refusal::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Events since a moment. Stripe keeps them for thirty days.
pub(super) async fn events(
    stripe: &Stripe,
    since: Timestamp,
    after: Option<&str>,
) -> Result<Page<Event>, ProcessorError> {
    let call = list("list events", &["events"], after).with("created[gte]", seconds(since));
    page(stripe, call, |event: wire::Event| webhook::read(event)).await
}

/// Payouts since a moment.
pub(super) async fn payouts(
    stripe: &Stripe,
    since: Timestamp,
    after: Option<&str>,
) -> Result<Page<Payout>, ProcessorError> {
    let call = list("list payouts", &["payouts"], after).with("created[gte]", seconds(since));
    page(stripe, call, |payout: wire::Payout| read_payout(&payout)).await
}

/// What an automatic payout is made of.
pub(super) async fn movements(
    stripe: &Stripe,
    payout: &str,
    after: Option<&str>,
) -> Result<Page<Movement>, ProcessorError> {
    let path = ["balance_transactions"];
    let call = list("list movements", &path, after)
        .with("payout", payout)
        .with("expand[0]", "data.source");
    page(stripe, call, |transaction: wire::Transaction| read_movement(&transaction)).await
}

/// Disputes since a moment.
pub(super) async fn disputes(
    stripe: &Stripe,
    since: Timestamp,
    after: Option<&str>,
) -> Result<Page<Dispute>, ProcessorError> {
    let call = list("list disputes", &["disputes"], after)
        .with("created[gte]", seconds(since))
        .with("expand[0]", "data.payment_intent");
    page(stripe, call, |dispute: wire::Dispute| read_dispute(&dispute)).await
}

fn list<'a>(what: &'static str, path: &[&'a str], after: Option<&str>) -> Call<'a> {
    Call::get(what, path).with("limit", PAGE_ITEMS).with_some("starting_after", after)
}

async fn page<T: DeserializeOwned + Identified, U>(
    stripe: &Stripe,
    call: Call<'_>,
    read: impl Fn(T) -> U,
) -> Result<Page<U>, ProcessorError> {
    let page: List<T> = stripe.client.send(call).await?;
    let last = page.data.last().map(|item| item.id().to_owned());
    let next = last.filter(|_| page.has_more);
    Ok(Page { items: page.data.into_iter().map(read).collect(), next })
}

fn seconds(moment: Timestamp) -> String {
    moment.as_second().to_string()
}

fn read_dispute(dispute: &wire::Dispute) -> Dispute {
    let intent = dispute.payment_intent.as_ref();
    let metadata = intent.and_then(Expandable::whole).and_then(|intent| intent.metadata.as_ref());
    let due = dispute.evidence_details.as_ref().and_then(|details| details.due_by);
    Dispute {
        id: dispute.id.clone(),
        reference: wire::reference(metadata),
        payment: intent.map(|intent| intent.id().to_owned()),
        charge: dispute.charge.as_ref().map(|charge| charge.id().to_owned()),
        amount: wire::money(dispute.amount),
        currency: wire::currency(&dispute.currency),
        standing: words::dispute(&dispute.status),
        reason: dispute.reason.clone(),
        answer_by: due.map(wire::moment),
        opened_at: wire::moment(dispute.created),
    }
}

fn read_payout(payout: &wire::Payout) -> Payout {
    Payout {
        id: payout.id.clone(),
        amount: wire::money(payout.amount),
        currency: wire::currency(&payout.currency),
        standing: words::payout(&payout.status),
        arrives_at: wire::moment(payout.arrival_date),
        created_at: wire::moment(payout.created),
        is_automatic: payout.automatic,
        is_itemised: payout.reconciliation_status.as_deref() != Some("in_progress"),
    }
}

fn read_movement(transaction: &wire::Transaction) -> Movement {
    let source = transaction.source.as_ref().and_then(Expandable::whole);
    let payment = source.and_then(|source| source.payment_intent.as_ref());
    Movement {
        payment: payment.map(|payment| payment.id().to_owned()),
        reference: source.and_then(|source| wire::reference(source.metadata.as_ref())),
        id: transaction.id.clone(),
        kind: words::movement(&transaction.reporting_category),
        amount: wire::money(transaction.amount),
        fee: wire::money(transaction.fee),
        net: wire::money(transaction.net),
        currency: wire::currency(&transaction.currency),
        source: transaction.source.as_ref().map(|source| source.id().to_owned()),
        created_at: wire::moment(transaction.created),
        available_at: wire::moment(transaction.available_on),
    }
}
