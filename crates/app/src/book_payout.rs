//! Finds what explains each movement of a payout, and brings the ledger to what the payout moved.
//!
//! The ledger is told the difference between what it has of a payout and what it should have, so
//! that a payout is booked once, however often this is done: when its movements are all here, when
//! it comes back, and when something that was not explained is explained later.

use std::collections::BTreeMap;

use almoner_domain::ledger::{self, PaidOut};
use almoner_domain::refund::RefundState;
use almoner_domain::{LocationId, Money, PayoutId};
use almoner_gateways::processor::MovementKind;
use almoner_store::attempts::{self, Attempt, AttemptState};
use almoner_store::payouts::{self, Movement, OurKind, Ours, Payout, PayoutState};
use almoner_store::{Tx, disputes, payments, refunds, unapplied, unapplied_refunds};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::import_payouts::is_back;
use crate::record;

/// Books a payout whose row the caller holds; it goes to `state`. Those that brought it back, which
/// are newer, share it out as it is shared out here.
pub(crate) async fn book(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payout, state): (&Payout, PayoutState),
) -> Result<(), Error> {
    book_alone(app, actor, tx, (payout, state)).await?;
    if !is_back(payout) {
        return Ok(());
    }
    for id in payouts::with_the_return_of(tx, actor.org(), payout.id).await? {
        let newer = payouts::lock(tx, actor.org(), id).await?;
        if let Some(newer) = newer.filter(|newer| newer.state != PayoutState::Waiting) {
            Box::pin(book(app, actor, tx, (&newer, newer.state))).await?;
        }
    }
    Ok(())
}

async fn book_alone(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payout, state): (&Payout, PayoutState),
) -> Result<(), Error> {
    let (org, now) = (actor.org(), app.now());
    let (after, left) = moved(app, actor, tx, payout).await?;
    let before = payouts::booked(tx, org, payout.id).await?;
    let mut places: Vec<LocationId> = before.keys().chain(after.keys()).copied().collect();
    places.sort_unstable();
    places.dedup();
    let mut transfers = Vec::new();
    for place in places {
        let of = |all: &BTreeMap<LocationId, PaidOut>| all.get(&place).copied().unwrap_or_default();
        transfers.extend(ledger::payout_moved(of(&before), of(&after), place));
    }
    if transfers.is_empty() && payout.state == state {
        return Ok(());
    }
    let version = payout.version + 1;
    payouts::set_booked(tx, org, payout.id, (state, version), left).await?;
    let moment = actor.moment(now, payout.location);
    almoner_store::ledger::insert_of_payout(tx, org, (payout.id, version), moment, &transfers)
        .await?;
    let detail = json!({
        "amount_cents": payout.amount,
        "standing": payout.standing,
        "state": state.as_str(),
    });
    record::payout_booked(app, actor, tx, (payout.id, version, now), detail).await
}

/// What a payout has moved at each location, and what its movements do not come to.
async fn moved(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    payout: &Payout,
) -> Result<(BTreeMap<LocationId, PaidOut>, Money), Error> {
    let org = actor.org();
    let mut all: BTreeMap<LocationId, PaidOut> = BTreeMap::new();
    let mut shares: BTreeMap<LocationId, Money> = BTreeMap::new();
    let add = |shares: &mut BTreeMap<LocationId, Money>, place: LocationId, amount: Money| {
        let share = shares.entry(place).or_default();
        *share = share.plus(amount);
    };
    let mut left = payout.amount;
    for movement in payouts::movements(tx, org, payout.id).await? {
        let movement = explained(app, actor, tx, (payout, movement)).await?;
        let place = all.entry(movement.location).or_default();
        place.fees = place.fees.plus(movement.fees());
        place.unmatched = place.unmatched.plus(movement.unexplained());
        left = left.minus(movement.net());
        let came_back = movement.ours.filter(|ours| ours.kind == OurKind::Payout);
        let Some(came_back) = came_back else {
            add(&mut shares, movement.location, movement.net());
            continue;
        };
        // What came back is each location's as it was when it went.
        let mut rest = movement.net();
        let then = payouts::shares(tx, org, PayoutId::new(came_back.number)).await?;
        for (place, amount) in then {
            add(&mut shares, place, amount);
            rest = rest.minus(amount);
        }
        add(&mut shares, movement.location, rest);
    }
    // What the processor does not say is nobody's in particular.
    add(&mut shares, payout.location, left);
    for (&place, &amount) in &shares {
        payouts::set_share(tx, org, payout.id, (place, amount)).await?;
        let bank = if is_back(payout) { Money::ZERO } else { amount };
        all.entry(place).or_default().bank = bank;
    }
    Ok((all, left))
}

/// A movement with what explains it by now, which is kept.
async fn explained(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payout, movement): (&Payout, Movement),
) -> Result<Movement, Error> {
    let found = match MovementKind::from_name(&movement.kind) {
        MovementKind::Payment => payment(app, actor, tx, &movement).await?,
        MovementKind::Refund | MovementKind::RefundFailed => refund(actor, tx, &movement).await?,
        MovementKind::Dispute | MovementKind::DisputeReversed => {
            dispute(app, actor, tx, &movement).await?
        }
        MovementKind::PayoutReversed => payout_reversed(app, actor, tx, &movement).await?,
        MovementKind::Fee | MovementKind::Payout | MovementKind::Other(_) => None,
    };
    let (ours, location) = match found {
        Some((ours, location)) => (Some(ours), location.unwrap_or(payout.location)),
        None => (None, payout.location),
    };
    let now_is = Movement { ours, location, ..movement.clone() };
    if now_is != movement {
        payouts::set_ours(tx, actor.org(), payout.id, &now_is).await?;
    }
    Ok(now_is)
}

/// What explains a movement, and where it counts.
type Found = Option<(Ours, Option<LocationId>)>;

/// A sum with the sign of a movement.
fn signed(amount: Money, movement: &Movement) -> Money {
    if movement.amount < Money::ZERO { Money::ZERO.minus(amount) } else { amount }
}

/// The attempt that a movement is about.
async fn attempt_of(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    movement: &Movement,
) -> Result<Option<Attempt>, Error> {
    let org = actor.org();
    if let Some(id) = &movement.processor_payment {
        let id = (app.processor.name(), &**id);
        if let Some(found) = attempts::by_processor_payment(tx, org, id).await? {
            return Ok(Some(found));
        }
    }
    match &movement.reference {
        Some(reference) => Ok(attempts::by_reference(tx, org, reference).await?),
        None => Ok(None),
    }
}

/// Where the money of an attempt counts.
async fn place_of(
    actor: &Actor,
    tx: &mut Tx,
    attempt: &Attempt,
) -> Result<Option<LocationId>, Error> {
    let org = actor.org();
    if let Some(aside) = unapplied::get(tx, org, attempt.id()).await? {
        return Ok(Some(aside.location));
    }
    Ok(payments::get(tx, org, attempt.payment).await?.map(|payment| payment.location))
}

async fn payment(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    movement: &Movement,
) -> Result<Found, Error> {
    let found = attempt_of(app, actor, tx, movement).await?;
    let Some(attempt) = found.filter(|attempt| attempt.state == AttemptState::Captured) else {
        return Ok(None);
    };
    let ours = Ours {
        kind: OurKind::Attempt,
        payment: Some(attempt.payment),
        number: attempt.number,
        amount: attempt.amount,
    };
    Ok(Some((ours, place_of(actor, tx, &attempt).await?)))
}

async fn refund(actor: &Actor, tx: &mut Tx, movement: &Movement) -> Result<Found, Error> {
    let org = actor.org();
    let Some(reference) = &movement.reference else {
        return Ok(None);
    };
    // One that was taken to have been refused moved nothing in the books.
    let moved = |state: RefundState, id: &Option<String>| state.is_live() || id.is_some();
    if let Some(refund) = refunds::by_reference(tx, org, reference).await? {
        if !moved(refund.state, &refund.processor_id) {
            return Ok(None);
        }
        let ours = Ours {
            kind: OurKind::Refund,
            payment: Some(refund.payment),
            number: refund.id.seq(),
            amount: signed(refund.amount, movement),
        };
        return Ok(Some((ours, Some(refund.location))));
    }
    let found = unapplied_refunds::by_reference(tx, org, reference).await?;
    let found = found.filter(|refund| moved(refund.state, &refund.processor_id));
    Ok(found.map(|refund| {
        let ours = Ours {
            kind: OurKind::UnappliedRefund,
            payment: Some(refund.payment()),
            number: refund.id.seq(),
            amount: signed(refund.amount, movement),
        };
        (ours, Some(refund.location))
    }))
}

async fn dispute(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    movement: &Movement,
) -> Result<Found, Error> {
    let Some(source) = &movement.source else {
        return Ok(None);
    };
    let found = disputes::get(tx, actor.org(), app.processor.name(), source).await?;
    // One whose payment is not in the books yet has moved nothing there.
    let Some((dispute, (_, location))) =
        found.and_then(|dispute| dispute.booked.map(|booked| (dispute, booked)))
    else {
        return Ok(None);
    };
    let ours = Ours {
        kind: OurKind::Dispute,
        payment: Some(dispute.attempt.0),
        number: dispute.attempt.1,
        amount: signed(dispute.amount, movement),
    };
    Ok(Some((ours, Some(location))))
}

async fn payout_reversed(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    movement: &Movement,
) -> Result<Found, Error> {
    let Some(source) = &movement.source else {
        return Ok(None);
    };
    let id = (app.processor.name(), &**source);
    let found = payouts::by_processor_id(tx, actor.org(), id).await?;
    // What the books have of it is back once they know that it came back.
    let came_back = found.filter(|found| found.state != PayoutState::Waiting && is_back(found));
    Ok(came_back.map(|found| {
        let (kind, number) = (OurKind::Payout, found.id.seq());
        (Ours { kind, payment: None, number, amount: found.amount }, None)
    }))
}
