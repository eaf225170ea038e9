//! What the payer and the processor do: an attempt begins, and the processor tells how it went.

use almoner_domain::asking::wait_after;
use almoner_domain::ledger;
use almoner_domain::status::{self, By, Status};
use almoner_domain::tender::{Tender, TenderType};
use almoner_domain::{OrganizationId, PaymentId, text};
use almoner_gateways::processor::AttemptKey;
use almoner_store::attempts::{self, Attempt, AttemptId, AttemptState, NewAttempt};
use almoner_store::exceptions::{ExceptionKind, NewException};
use almoner_store::payments::{self, Payment};
use almoner_store::{Tx, unapplied};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record::{self, PaymentChange};
use crate::step::{locked, moved, take};
use crate::{apply_dispute, exception};

/// How long the processor's page is open. Stripe takes half an hour at least from when it is
/// asked, so that a call whose answer was lost can be repeated for nearly as long again. While it
/// is open, nobody takes the money by hand.
const PAGE_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// How an attempt went on, as the processor tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The processor holds the money for us.
    Authorized,
    /// The money was taken.
    Captured,
    /// The processor refused, in its words.
    Failed(String),
    /// The held money was let go.
    Released,
    /// The payer left without paying.
    Expired,
}

impl Outcome {
    fn state(&self) -> AttemptState {
        match self {
            Self::Authorized => AttemptState::Authorized,
            Self::Captured => AttemptState::Captured,
            Self::Failed(_) => AttemptState::Failed,
            Self::Released => AttemptState::Released,
            Self::Expired => AttemptState::Expired,
        }
    }

    /// Where the payment goes; `None` where it stays.
    fn leads_to(&self) -> Option<Status> {
        match self {
            Self::Authorized => None,
            Self::Captured => Some(Status::Paid),
            Self::Failed(_) => Some(Status::Failed),
            Self::Released => Some(Status::Voided),
            Self::Expired => Some(Status::Pending),
        }
    }

    /// Why it came to nothing.
    fn failure(&self) -> Option<&str> {
        match self {
            Self::Failed(words) => Some(words),
            Self::Authorized | Self::Captured | Self::Released | Self::Expired => None,
        }
    }
}

/// Our name of something at the processor: made by chance, so that it says nothing and is never
/// given out again, not even by a database that was restored. It begins with the number that the
/// organization has now; where the organization goes, its references come along as they are.
pub(crate) fn new_reference(app: &App, org: OrganizationId) -> String {
    format!("{}-{}", org.0, text::hex(&app.random::<16>()))
}

/// How the processor knows an attempt.
pub(crate) fn key(attempt: &Attempt) -> AttemptKey<'_> {
    AttemptKey {
        reference: &attempt.reference,
        session: attempt.session.as_deref(),
        began_at: attempt.started_at,
    }
}

/// An attempt that the payer is to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// The attempt.
    pub attempt: Attempt,
    /// Whether it began just now.
    pub is_new: bool,
}

/// The payer begins to pay: the payment is Processing, and the attempt is committed before any
/// call. An attempt that is under way goes on: there is never a second page on which the same
/// payment could be paid.
///
/// # Errors
/// No such payment, or a status from which nobody can pay.
pub async fn begin(app: &App, actor: &Actor, id: PaymentId) -> Result<Began, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, id, None).await?;
    let newest = attempts::newest(&mut tx, org, id).await?;
    let live = newest.filter(|attempt| attempt.state.is_live());
    if let Some(attempt) = live.clone()
        && before.status == Status::Processing
    {
        return Ok(Began { attempt, is_new: false });
    }
    let facts = attempts::facts(&mut tx, org, id).await?;
    allow(&before, Status::Processing, By::Payer, facts)?;
    let is_new = live.is_none();
    let number = if let Some(live) = live {
        live.number
    } else {
        let new = NewAttempt {
            payment: id,
            processor: app.processor.name(),
            reference: &new_reference(app, org),
            amount: before.amount,
            started_at: now,
            expires_at: now + PAGE_LIFE,
            ask_at: now + wait_after(0),
        };
        attempts::insert(&mut tx, org, &new).await?
    };
    let after = moved(&before, Status::Processing, now);
    payments::update_status(&mut tx, org, &after).await?;
    let change = PaymentChange {
        before: Some(&before),
        after: &after,
        action: "attempt_began",
        by: By::Payer,
        is_step: true,
        reason: None,
        transfers: ledger::status_changed(Some(before.status), after.status, after.amount, None),
        detail: json!({ "attempt": number, "from": before.status, "to": after.status }),
        at: now,
    };
    record::payment_changed(app, actor, &mut tx, change).await?;
    let attempt = attempts::get(&mut tx, org, (id, number)).await?;
    tx.commit().await?;
    Ok(Began { attempt: attempt.ok_or(Error::NotFound("attempt"))?, is_new })
}

fn allow(payment: &Payment, to: Status, by: By, facts: status::Facts) -> Result<(), Error> {
    let decided = status::decide(payment.status, to, by, facts);
    decided.map(drop).map_err(|refusal| {
        let allowed = status::staff_choices(payment.status, facts);
        Error::Status { refusal, allowed: allowed.into_iter().map(|choice| choice.0).collect() }
    })
}

/// The processor told how an attempt of a payment went on. Telling it again changes nothing.
///
/// # Errors
/// No such payment or attempt, or an outcome that cannot follow.
pub async fn told(
    app: &App,
    actor: &Actor,
    (id, number): AttemptId,
    outcome: &Outcome,
) -> Result<Payment, Error> {
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, id, None).await?;
    let attempt = attempts::get(&mut tx, actor.org(), (id, number)).await?;
    let attempt = attempt.ok_or(Error::NotFound("attempt"))?;
    let after = go_on(app, actor, &mut tx, (&before, &attempt), (outcome, app.now())).await?;
    tx.commit().await?;
    Ok(after)
}

/// Moves an attempt, whose payment the caller holds as `before`, by what the processor told, and
/// the payment with it. Tellings arrive in any order and more than once, so an attempt only ever
/// goes from live to over, and from there to money that was taken after all.
pub(crate) async fn go_on(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, attempt): (&Payment, &Attempt),
    (outcome, now): (&Outcome, Timestamp),
) -> Result<Payment, Error> {
    let org = actor.org();
    let facts = attempts::facts(tx, org, before.id).await?;
    let newest = attempts::newest(tx, org, before.id).await?;
    let is_newest = newest.is_some_and(|newest| newest.number == attempt.number);
    let may = |to| allow(before, to, By::Processor, facts);
    let to = match (attempt.state, outcome.leads_to()) {
        (state, _) if state == outcome.state() => return Ok(before.clone()),
        (AttemptState::Open, None) => None,
        // An authorization says nothing new once more is known.
        (_, None) => return Ok(before.clone()),
        // A success counts, however late it is; of a payment that awaits no money it is a second.
        (_, Some(Status::Paid)) => {
            if may(Status::Paid).is_err() {
                return take_twice(app, actor, tx, (before, attempt), now).await;
            }
            Some(Status::Paid)
        }
        // Failed after succeeded is refused.
        (AttemptState::Captured, Some(end)) => return may(end).map(|()| before.clone()),
        (AttemptState::Open | AttemptState::Authorized, Some(end)) => {
            // Where staff moved the payment on, that the attempt is over frees it.
            Some(end).filter(|&end| is_newest && may(end).is_ok())
        }
        // What is over stays as it ended.
        (AttemptState::Failed | AttemptState::Released | AttemptState::Expired, Some(_)) => {
            return Ok(before.clone());
        }
    };
    let state = (outcome.state(), outcome.failure());
    attempts::set_state(tx, org, attempt.id(), state, now).await?;
    match to {
        None => Ok(before.clone()),
        Some(to) => {
            let after = moved(before, to, now);
            step(app, actor, tx, (before, &after), (attempt.number, outcome, now)).await?;
            // The bank may have been asked before this was told.
            apply_dispute::book(app, actor, tx, (&after, attempt.id()), now).await
        }
    }
}

/// Money came for a payment that does not await it, most likely because it is paid: it stays the
/// payer's, whatever is refunded of the payment, and a person has to give it back.
async fn take_twice(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, attempt): (&Payment, &Attempt),
    now: Timestamp,
) -> Result<Payment, Error> {
    let (org, amount) = (actor.org(), attempt.amount);
    attempts::set_state(tx, org, attempt.id(), (AttemptState::Captured, None), now).await?;
    let mut after = before.clone();
    after.changed(now);
    payments::update_status(tx, org, &after).await?;
    let change = PaymentChange {
        before: Some(before),
        after: &after,
        action: "money_unapplied",
        by: By::Processor,
        is_step: false,
        reason: None,
        transfers: ledger::second_capture(amount),
        detail: json!({ "attempt": attempt.number, "amount_cents": amount }),
        at: now,
    };
    record::payment_changed(app, actor, tx, change).await?;
    let moment = actor.moment(now, after.location);
    unapplied::insert(tx, org, attempt.id(), (after.version, amount), moment).await?;
    let new = NewException {
        kind: ExceptionKind::SecondCapture,
        mark: &attempt.reference,
        payment: Some(before.id),
        money: Some((amount, &actor.organization.currency)),
        words: "The payer paid although this payment awaits no money. The second money is kept \
            aside for the payer, and is to be given back.",
    };
    exception::raise(app, actor, tx, &new, now).await?;
    apply_dispute::book(app, actor, tx, (&after, attempt.id()), now).await
}

/// Moves the payment by what an attempt came to.
async fn step(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, after): (&Payment, &Payment),
    (number, outcome, now): (i64, &Outcome, Timestamp),
) -> Result<(), Error> {
    let (org, to) = (actor.org(), after.status);
    payments::update_status(tx, org, after).await?;
    let tender = (to == Status::Paid).then(|| Tender::of(TenderType::CardProcessor));
    let kind = tender.as_ref().map(|tender| tender.kind);
    let change = PaymentChange {
        before: Some(before),
        after,
        action: "processor_told",
        by: By::Processor,
        is_step: true,
        reason: outcome.failure().map(|words| text::line("reason", words)).transpose()?.flatten(),
        transfers: ledger::status_changed(Some(before.status), to, after.amount, kind),
        detail: json!({ "attempt": number, "from": before.status, "to": to }),
        at: now,
    };
    record::payment_changed(app, actor, tx, change).await?;
    if let Some(tender) = tender {
        take(app, actor, tx, after, &tender).await?;
        if before.status == Status::Cancelled {
            let new = NewException {
                kind: ExceptionKind::LateMoney,
                mark: &format!("{} {number}", before.id),
                payment: Some(before.id),
                money: Some((after.amount, &actor.organization.currency)),
                words: "The payer paid after this payment was cancelled. The money is kept here \
                    as paid until somebody decides.",
            };
            exception::raise(app, actor, tx, &new, now).await?;
        }
        // A page that is still open is closed soon, so that nobody pays twice.
        attempts::ask_at(tx, org, before.id, now).await?;
    }
    Ok(())
}
