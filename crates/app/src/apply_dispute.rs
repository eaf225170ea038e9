//! Keeps what the processor says of a dispute.

use almoner_domain::ledger::{self, Disputed};
use almoner_domain::status::By;
use almoner_domain::webhook::EventKind;
use almoner_domain::{Money, PaymentId};
use almoner_gateways::processor::{self, DisputeStanding};
use almoner_store::attempts::{self, Attempt, AttemptId, AttemptState};
use almoner_store::disputes::{self, Dispute};
use almoner_store::payments::{self, Payment};
use almoner_store::{Tx, unapplied};
use jiff::Timestamp;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record::{self, PaymentChange};
use crate::step::locked;
use crate::tell::{self, Told};

/// Keeps how a dispute of an attempt's money stands, as it was fetched then.
pub(crate) async fn apply_dispute(
    app: &App,
    actor: &Actor,
    attempt: &Attempt,
    (told, fetched_at): (&processor::Dispute, Timestamp),
) -> Result<(), Error> {
    let (org, name) = (actor.org(), app.processor.name());
    let mut tx = app.db.begin().await?;
    let payment = locked(&mut tx, actor, attempt.payment, None).await?;
    let before = disputes::get(&mut tx, org, name, &told.id).await?;
    let now_is = Dispute {
        id: told.id.clone(),
        attempt: attempt.id(),
        amount: told.amount,
        currency: told.currency.clone(),
        standing: told.standing.as_str().to_owned(),
        reason: told.reason.clone(),
        answer_by: told.answer_by,
        opened_at: told.opened_at,
        fetched_at,
        booked: None,
    };
    disputes::keep(&mut tx, org, name, &now_is).await?;
    if before.is_none() {
        let event = Told::of(EventKind::DisputeOpened, &payment);
        tell::told(app, actor, &mut tx, event, app.now()).await?;
    }
    let is_late = before.as_ref().is_some_and(|before| before.fetched_at > fetched_at);
    let is_same = before.is_some_and(|before| before.standing == now_is.standing);
    if !is_late && !is_same {
        let detail = json!({
            "amount_cents": told.amount,
            "standing": now_is.standing,
            "reason": told.reason,
        });
        let what = ("dispute_told", ("payment", payment.id.seq()), app.now());
        record::happened_at(app, actor, &mut tx, what, detail).await?;
    }
    book(app, actor, &mut tx, (&payment, attempt.id()), app.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Where the money of a dispute is by its standing; `None` where that is not known, and it is
/// left where it was.
fn money(actor: &Actor, dispute: &Dispute) -> Option<Disputed> {
    let none = Disputed::default();
    if dispute.currency != actor.organization.currency {
        return Some(none);
    }
    let all = dispute.amount;
    match DisputeStanding::from_name(&dispute.standing) {
        DisputeStanding::NeedsResponse | DisputeStanding::UnderReview => {
            Some(Disputed { held: all, ..none })
        }
        DisputeStanding::Lost => Some(Disputed { lost: all, ..none }),
        DisputeStanding::Inquiry
        | DisputeStanding::InquiryClosed
        | DisputeStanding::Won
        | DisputeStanding::Prevented => Some(none),
        DisputeStanding::Unknown(_) => None,
    }
}

/// Tells the ledger where the money of an attempt's disputes is, once the ledger has that money. A
/// payment keeps its status; what a bank gave back can no longer be refunded. The caller holds the
/// payment, and gets it as it is then.
pub(crate) async fn book(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payment, attempt): (&Payment, AttemptId),
    now: Timestamp,
) -> Result<Payment, Error> {
    let org = actor.org();
    let mut payment = payment.clone();
    let taken_by = attempts::get(tx, org, attempt).await?.ok_or(Error::NotFound("attempt"))?;
    if taken_by.state != AttemptState::Captured {
        return Ok(payment);
    }
    let aside = unapplied::get(tx, org, attempt).await?;
    let all = disputes::of_payment(tx, org, payment.id).await?;
    for dispute in all.into_iter().filter(|dispute| dispute.attempt == attempt) {
        let (before, location) = match (&dispute.booked, &aside) {
            (Some((booked, location)), _) => (*booked, *location),
            (None, Some(aside)) => (Disputed::default(), aside.location),
            (None, None) => (Disputed::default(), payment.location),
        };
        let Some(after) = money(actor, &dispute) else {
            continue;
        };
        if dispute.booked.is_some() && before == after {
            continue;
        }
        let (name, id) = (&taken_by.processor, &dispute.id);
        disputes::set_booked(tx, org, name, id, (after, location)).await?;
        let mut transfers = ledger::dispute_moved(before, after, aside.is_none());
        if transfers.is_empty() {
            continue;
        }
        for transfer in &mut transfers {
            transfer.location = Some(location);
        }
        let mut changed = payment.clone();
        changed.changed(now);
        if aside.is_none() {
            changed.lost = payment.lost.plus(after.lost).minus(before.lost);
        }
        payments::update_lost(tx, org, &changed).await?;
        let lost = (after.lost > Money::ZERO).then_some(after.lost);
        let change = PaymentChange {
            before: Some(&payment),
            after: &changed,
            action: "dispute_moved_money",
            by: By::Processor,
            is_step: false,
            reason: None,
            transfers,
            detail: json!({ "held_cents": after.held, "lost_cents": lost }),
            at: now,
        };
        record::payment_changed(app, actor, tx, change).await?;
        payment = changed;
    }
    Ok(payment)
}

/// Whether the bank has yet to decide about money of this payment, so that a refund could give it
/// back twice.
pub(crate) async fn blocks_refunds(
    tx: &mut Tx,
    actor: &Actor,
    payment: PaymentId,
) -> Result<bool, Error> {
    let disputes = disputes::of_payment(tx, actor.org(), payment).await?;
    Ok(disputes.iter().any(is_open))
}

/// Whether the bank has yet to decide a dispute.
pub(crate) fn is_open(dispute: &Dispute) -> bool {
    DisputeStanding::from_name(&dispute.standing).blocks_refunds()
}
