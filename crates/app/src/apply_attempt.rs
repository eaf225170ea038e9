//! Applies what the processor says of an attempt, whoever brings its word: an event, a job that
//! asked, or the answer to a call.
//!
//! Every word is the attempt as it is at the processor now, so that it may come twice and late. It
//! is believed only when it agrees with what was asked for.

use almoner_domain::Money;
use almoner_gateways::processor::{self, AttemptStanding};
use almoner_store::Tx;
use almoner_store::attempts::{self, Attempt};
use almoner_store::exceptions::{ExceptionKind, NewException};
use jiff::{SignedDuration, Timestamp};

use crate::attempt::{self, Outcome};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::exception;
use crate::step::locked;

/// From then on a call whose answer was lost has either arrived or never will, so that an attempt
/// that the processor does not know never began.
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// What became of the processor's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It is in the books, or says nothing new.
    Yes,
    /// There is no such attempt here.
    Unknown,
    /// It is not as it was asked for, and waits for a person.
    Differs,
}

/// Applies it to the attempt that it names.
///
/// # Errors
/// The database failed, or the word is of an outcome that cannot follow.
pub(crate) async fn apply_attempt(
    app: &App,
    actor: &Actor,
    told: &processor::Attempt,
) -> Result<Applied, Error> {
    let org = actor.org();
    let Some(reference) = told.reference.as_deref() else {
        return Ok(Applied::Unknown);
    };
    let mut tx = app.db.begin().await?;
    let Some(named) = attempts::by_reference(&mut tx, org, reference).await? else {
        return Ok(Applied::Unknown);
    };
    let before = locked(&mut tx, actor, named.payment, None).await?;
    // The attempt is read again now that its payment is locked.
    let found = attempts::get(&mut tx, org, named.id()).await?;
    let ours = found.ok_or(Error::NotFound("attempt"))?;
    if let Some(what) = difference(app, actor, &ours, told) {
        differs(app, actor, &mut tx, (&ours, told), what).await?;
        tx.commit().await?;
        return Ok(Applied::Differs);
    }
    let ids = (told.session.as_deref(), told.payment.as_deref());
    attempts::set_ids(&mut tx, org, ours.id(), ids).await?;
    let now = app.now();
    if let Some(outcome) = outcome(&ours, &told.standing, now) {
        attempt::go_on(app, actor, &mut tx, (&before, &ours), (&outcome, now)).await?;
    }
    tx.commit().await?;
    Ok(Applied::Yes)
}

/// In what the processor's attempt is not ours, in words without anything of the payer.
fn difference(
    app: &App,
    actor: &Actor,
    ours: &Attempt,
    told: &processor::Attempt,
) -> Option<&'static str> {
    let other = |ours: &Option<String>, told: &Option<String>| {
        ours.is_some() && told.is_some() && ours != told
    };
    let money = money(told);
    if ours.processor != app.processor.name() {
        Some("the processor is another one")
    } else if other(&ours.session, &told.session) {
        Some("its page is another one")
    } else if other(&ours.processor_payment, &told.payment) {
        Some("its payment is another one")
    } else if money.is_some_and(|(_, currency)| currency != actor.organization.currency) {
        Some("the money is of another currency")
    } else if money.is_some_and(|(amount, _)| amount != ours.amount) {
        Some("the amount is another one")
    } else {
        None
    }
}

/// The money that the processor holds or took.
fn money(told: &processor::Attempt) -> Option<(Money, &str)> {
    match &told.standing {
        AttemptStanding::Captured(capture) => Some((capture.amount, &capture.currency)),
        AttemptStanding::Authorized(held) => Some((held.amount, &held.currency)),
        _ => None,
    }
}

/// Nothing is believed of an attempt that differs; a person has to look, once for each attempt.
async fn differs(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (ours, told): (&Attempt, &processor::Attempt),
    what: &str,
) -> Result<(), Error> {
    tracing::error!(payment = %ours.payment, what, "the processor tells of another attempt");
    let words = format!("The processor tells of this payment, but {what}. Nothing was changed.");
    let new = NewException {
        kind: ExceptionKind::Mismatch,
        mark: &ours.reference,
        payment: Some(ours.payment),
        money: money(told),
        words: &words,
    };
    exception::raise(app, actor, tx, &new, app.now()).await
}

/// What the processor's standing means for an attempt; `None` while it goes on.
fn outcome(ours: &Attempt, standing: &AttemptStanding, now: Timestamp) -> Option<Outcome> {
    Some(match standing {
        AttemptStanding::Authorized(_) => Outcome::Authorized,
        AttemptStanding::Captured(_) => Outcome::Captured,
        AttemptStanding::Failed(decline) => Outcome::Failed(decline.words().to_owned()),
        AttemptStanding::Released => Outcome::Released,
        AttemptStanding::Expired => Outcome::Expired,
        AttemptStanding::Missing if now >= ours.started_at + ARRIVES_WITHIN => Outcome::Expired,
        AttemptStanding::Missing | AttemptStanding::Open { .. } | AttemptStanding::UnderWay => {
            return None;
        }
        AttemptStanding::Unknown(word) => {
            tracing::error!(payment = %ours.payment, word, "the processor's word is unknown");
            return None;
        }
    })
}
