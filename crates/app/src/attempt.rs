//! What the payer and the processor do: an attempt begins, and the processor tells how it went.

use almoner_domain::ledger;
use almoner_domain::status::{self, By, Status};
use almoner_domain::tender::{Tender, TenderType};
use almoner_domain::{PaymentId, text};
use almoner_store::attempts::{self, AttemptState};
use almoner_store::payments::{self, Payment};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record::{self, PaymentChange};
use crate::step::{locked, moved, take};

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
}

/// The payer begins to pay: the payment is Processing, and the attempt is committed before any
/// call.
///
/// # Errors
/// No such payment, or a status from which nobody can pay.
pub async fn begin(app: &App, actor: &Actor, id: PaymentId) -> Result<i64, Error> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, id, None).await?;
    let facts = attempts::facts(&mut tx, actor.org(), id).await?;
    allow(&before, Status::Processing, By::Payer, facts)?;
    let processor = app.processor.name();
    let org = actor.org();
    let number = attempts::insert(&mut tx, org, id, processor, before.amount, now).await?;
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
    tx.commit().await?;
    Ok(number)
}

fn allow(payment: &Payment, to: Status, by: By, facts: status::Facts) -> Result<(), Error> {
    let decided = status::decide(payment.status, to, by, facts);
    decided.map(drop).map_err(|refusal| {
        let allowed = status::staff_choices(payment.status, facts);
        Error::Status { refusal, allowed: allowed.into_iter().map(|choice| choice.0).collect() }
    })
}

/// The processor told how the newest attempt of a payment went on. Telling it again changes
/// nothing.
///
/// # Errors
/// No such payment or attempt, or an outcome that cannot follow.
pub async fn told(
    app: &App,
    actor: &Actor,
    id: PaymentId,
    outcome: &Outcome,
) -> Result<Payment, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, id, None).await?;
    let newest = attempts::newest(&mut tx, org, id).await?.ok_or(Error::NotFound("attempt"))?;
    if newest.state == outcome.state() {
        return Ok(before);
    }
    let facts = attempts::facts(&mut tx, org, id).await?;
    let number = newest.number;
    let Some(to) = outcome.leads_to() else {
        // Events arrive in any order: an authorization says nothing new once more is known.
        if newest.state == AttemptState::Open {
            attempts::set_state(&mut tx, org, id, number, outcome.state(), now).await?;
            tx.commit().await?;
        }
        return Ok(before);
    };
    let moves = allow(&before, to, By::Processor, facts);
    if moves.is_err() && facts.live_attempt && to != Status::Paid {
        // Staff moved the payment on meanwhile; that the attempt is over still frees it.
        attempts::set_state(&mut tx, org, id, number, outcome.state(), now).await?;
        tx.commit().await?;
        return Ok(before);
    }
    moves?;
    attempts::set_state(&mut tx, org, id, number, outcome.state(), now).await?;
    let after = moved(&before, to, now);
    payments::update_status(&mut tx, org, &after).await?;
    let tender = (to == Status::Paid).then(|| Tender::of(TenderType::CardProcessor));
    let kind = tender.as_ref().map(|tender| tender.kind);
    let reason = match outcome {
        Outcome::Failed(words) => text::line("reason", words)?,
        _ => None,
    };
    let change = PaymentChange {
        before: Some(&before),
        after: &after,
        action: "processor_told",
        by: By::Processor,
        is_step: true,
        reason,
        transfers: ledger::status_changed(Some(before.status), to, after.amount, kind),
        detail: json!({ "attempt": number, "from": before.status, "to": to }),
        at: now,
    };
    record::payment_changed(app, actor, &mut tx, change).await?;
    if let Some(tender) = tender {
        take(app, actor, &mut tx, &after, &tender).await?;
    }
    tx.commit().await?;
    Ok(after)
}
