//! Sends a payer to the processor's page.
//!
//! The attempt is committed before the processor hears of it. A payer who comes back before it is
//! over is sent to the same page again.

use almoner_domain::{PaymentId, Status};
use almoner_gateways::processor::{
    AttemptStanding, BeginPayment as Order, CaptureMode, ProcessorError, Refusal,
};
use almoner_store::attempts::{self, Attempt};
use almoner_store::payments;

use crate::apply_attempt::{Applied, apply_attempt};
use crate::attempt::{self, Began, Outcome};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::step::locked;

/// A payment that a payer wants to pay.
#[derive(Debug, Clone, Copy)]
pub struct BeginPayment<'a> {
    /// Which.
    pub payment: PaymentId,
    /// Where the payer comes back to after paying.
    pub return_url: &'a str,
    /// Where the payer comes back to without paying.
    pub cancel_url: &'a str,
}

/// How the payer goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The payer pays on the processor's page at this address.
    Page(String),
    /// The payer did their part; the processor has not said how it ended.
    UnderWay,
    /// Meanwhile the payment stands where nobody can pay, most likely because it is paid.
    Over(Status),
}

/// How often a payer is sent to a page of an attempt that turns out to be over.
const TRIES: usize = 2;

/// Begins an attempt, or goes on with the one that is under way.
///
/// # Errors
/// No such payment, a status from which nobody can pay, or a processor that did not open a page;
/// when surely none was opened, the payment is awaited as before.
pub async fn begin_payment(
    app: &App,
    actor: &Actor,
    input: BeginPayment<'_>,
) -> Result<Begun, Error> {
    for _ in 0..TRIES {
        let began = attempt::begin(app, actor, input.payment).await?;
        let gone_on = match &began.attempt.session {
            Some(_) => look_up(app, actor, &began.attempt).await?,
            None => open(app, actor, &began, input).await?,
        };
        if let Some(begun) = gone_on {
            return Ok(begun);
        }
        let status = status(app, actor, input.payment).await?;
        if !matches!(status, Status::Pending | Status::Failed) {
            return Ok(Begun::Over(status));
        }
    }
    Err(ProcessorError::Refused(Refusal::TooLate).into())
}

async fn status(app: &App, actor: &Actor, id: PaymentId) -> Result<Status, Error> {
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, actor.org(), id).await?;
    Ok(payment.ok_or(Error::NotFound("payment"))?.status)
}

/// Asks for a page; `None` when the attempt turned out to be over.
async fn open(
    app: &App,
    actor: &Actor,
    Began { attempt, is_new }: &Began,
    input: BeginPayment<'_>,
) -> Result<Option<Begun>, Error> {
    let order = Order {
        reference: &attempt.reference,
        amount: attempt.amount,
        currency: &actor.organization.currency,
        clinic: &actor.organization.name,
        return_url: input.return_url,
        cancel_url: input.cancel_url,
        began_at: attempt.started_at,
        expires_at: attempt.expires_at.unwrap_or(attempt.started_at),
        capture: CaptureMode::AtOnce,
    };
    match app.processor.begin(order, app.now()).await {
        Ok(begun) => {
            let mut tx = app.db.begin().await?;
            let ids = (Some(&*begun.session), None);
            attempts::set_ids(&mut tx, actor.org(), attempt.id(), ids).await?;
            tx.commit().await?;
            Ok(Some(Begun::Page(begun.url)))
        }
        // Of an earlier call nothing is known: only the processor can tell what came of it.
        Err(error) if !is_new => match look_up(app, actor, attempt).await {
            Ok(Some(Begun::UnderWay)) | Err(_) => Err(error.into()),
            Ok(gone_on) => Ok(gone_on),
        },
        Err(error @ ProcessorError::Unknown(_)) => Err(error.into()),
        Err(error) => {
            never_began(app, actor, attempt).await?;
            Err(error.into())
        }
    }
}

/// An attempt for which surely no page was opened is over, unless somebody else got one meanwhile.
async fn never_began(app: &App, actor: &Actor, attempt: &Attempt) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, attempt.payment, None).await?;
    let found = attempts::get(&mut tx, actor.org(), attempt.id()).await?;
    if let Some(now_is) = found.filter(|now_is| now_is.session.is_none()) {
        let over = (&Outcome::Expired, app.now());
        attempt::go_on(app, actor, &mut tx, (&before, &now_is), over).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Looks where an attempt stands at the processor, and applies it; `None` when it is over.
async fn look_up(app: &App, actor: &Actor, attempt: &Attempt) -> Result<Option<Begun>, Error> {
    let told = app.processor.attempt(attempt::key(attempt)).await?;
    let applied = apply_attempt(app, actor, &told).await?;
    let mut tx = app.db.read().await?;
    let found = attempts::get(&mut tx, actor.org(), attempt.id()).await?;
    let is_live = found.is_some_and(|attempt| attempt.state.is_live());
    if applied == Applied::Yes && !is_live {
        return Ok(None);
    }
    Ok(Some(match told.standing {
        AttemptStanding::Open { url: Some(url), .. } => Begun::Page(url),
        _ => Begun::UnderWay,
    }))
}
