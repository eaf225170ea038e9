//! Attempts to pay: a Checkout Session, and the payment that comes of it.

use jiff::{SignedDuration, Timestamp};

use super::client::{Call, PAGE_ITEMS};
use super::wire::{self, Expandable, Intent, List, Session};
use super::{Stripe, words};
use crate::processor::{
    Attempt, AttemptKey, AttemptStanding, BeginPayment, Begun, Capture, CaptureMode, Held, NotDone,
    ProcessorError, Refusal,
};

/// The shortest life of a page: Stripe's half hour, and a minute for the way.
pub const SESSION_MIN: SignedDuration = SignedDuration::from_mins(31);
/// The longest life of a page: Stripe's day, less a minute for the way.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_mins(24 * 60 - 1);

/// The least amount in US dollars that Stripe takes, in cents.
const AMOUNT_MIN_CENTS: i64 = 50;
/// The most that Stripe takes, in cents.
const AMOUNT_MAX_CENTS: i64 = 99_999_999;
/// How far Stripe's clock may be from ours when a session is searched by its time.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(15);
/// How long after its beginning an attempt may have been sent again under its key.
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Pages that are searched for one session: two thousand sessions of a day.
const SEARCH_PAGES_MAX: usize = 20;
/// The longest reference, in bytes: Stripe takes 200 as a session's reference.
const REFERENCE_BYTES_MAX: usize = 180;
/// The longest name of a thing paid for, in characters.
const CLINIC_CHARS_MAX: usize = 250;

/// What is fetched along with a session: down to the fee. Stripe expands four levels at most.
const EXPAND: &str = "payment_intent.latest_charge.balance_transaction";

/// Opens a page. The same order gives the same page, as long as the page lives, because Stripe
/// keeps keys for a day at least and no page lives longer.
pub(super) async fn begin(
    stripe: &Stripe,
    order: BeginPayment<'_>,
    now: Timestamp,
) -> Result<Begun, ProcessorError> {
    check(&order, now).map_err(ProcessorError::Refused)?;
    let capture = match order.capture {
        CaptureMode::AtOnce => "automatic",
        CaptureMode::Held => "manual",
    };
    let clinic: String = order.clinic.chars().take(CLINIC_CHARS_MAX).collect();
    let call = Call::post("open a page", &["checkout", "sessions"])
        .once(order.reference)
        .with("mode", "payment")
        .with("allowed_payment_method_types[0]", "card")
        .with("client_reference_id", order.reference)
        .with("metadata[reference]", order.reference)
        .with("line_items[0][quantity]", "1")
        .with("line_items[0][price_data][currency]", order.currency.to_ascii_lowercase())
        .with("line_items[0][price_data][unit_amount]", order.amount.cents().to_string())
        .with("line_items[0][price_data][product_data][name]", clinic)
        .with("payment_intent_data[capture_method]", capture)
        .with("payment_intent_data[metadata][reference]", order.reference)
        .with_some(
            "payment_intent_data[statement_descriptor_suffix]",
            stripe.statement_suffix.as_deref(),
        )
        // The payer pays what was asked, in the currency that was asked.
        .with("adaptive_pricing[enabled]", "false")
        .with("success_url", order.return_url)
        .with("cancel_url", order.cancel_url)
        .with("expires_at", order.expires_at.as_second().to_string());
    let session: Session = stripe.client.send(call).await?;
    let Some(url) = session.url else {
        // The answer of an earlier call is given again; its page may have ended since.
        return Err(ProcessorError::Refused(Refusal::TooLate));
    };
    Ok(Begun { session: session.id, url, expires_at: wire::moment(session.expires_at) })
}

fn check(order: &BeginPayment<'_>, now: Timestamp) -> Result<(), Refusal> {
    check_reference(order.reference)?;
    let life = order.expires_at.duration_since(order.began_at);
    if !(SESSION_MIN..=SESSION_MAX).contains(&life) {
        return Err(Refusal::Invalid("a page that lives that long"));
    }
    if now >= order.expires_at {
        return Err(Refusal::TooLate);
    }
    if order.amount.cents() < AMOUNT_MIN_CENTS {
        return Err(Refusal::TooSmall);
    }
    if order.amount.cents() > AMOUNT_MAX_CENTS {
        return Err(Refusal::TooLarge);
    }
    if order.clinic.trim().is_empty() {
        return Err(Refusal::Invalid("a clinic without a name"));
    }
    Ok(())
}

/// A reference is opaque by its letters alone: no name or address fits into it.
pub(super) fn check_reference(reference: &str) -> Result<(), Refusal> {
    let opaque = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = (1..=REFERENCE_BYTES_MAX).contains(&reference.len());
    if fits && reference.bytes().all(opaque) {
        Ok(())
    } else {
        Err(Refusal::Invalid("a reference of that form"))
    }
}

/// How an attempt stands: by its id, or else by searching the sessions of its time.
pub(super) async fn look_up(
    stripe: &Stripe,
    key: AttemptKey<'_>,
) -> Result<Attempt, ProcessorError> {
    if let Some(id) = key.session {
        return Ok(by_id(stripe, id).await?.unwrap_or_else(|| missing(key)));
    }
    match search(stripe, key).await? {
        Some(id) => Ok(by_id(stripe, &id).await?.unwrap_or_else(|| missing(key))),
        None => Ok(missing(key)),
    }
}

fn missing(key: AttemptKey<'_>) -> Attempt {
    Attempt {
        reference: Some(key.reference.to_owned()),
        session: key.session.map(str::to_owned),
        payment: None,
        standing: AttemptStanding::Missing,
    }
}

/// The session of that id as it is now; `None` when there is none.
pub(super) async fn by_id(stripe: &Stripe, id: &str) -> Result<Option<Attempt>, ProcessorError> {
    let call = Call::get("look a page up", &["checkout", "sessions", id]).with("expand[0]", EXPAND);
    match stripe.client.send::<Session>(call).await {
        Ok(session) => Ok(Some(attempt(&session))),
        Err(ProcessorError::Refused(Refusal::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The attempt that a payment belongs to; `None` for a payment that no page of ours made.
pub(super) async fn by_payment(
    stripe: &Stripe,
    payment: &str,
) -> Result<Option<Attempt>, ProcessorError> {
    let call = Call::get("find a page by its payment", &["checkout", "sessions"])
        .with("payment_intent", payment)
        .with("limit", "1");
    let found: List<Session> = match stripe.client.send(call).await {
        Err(ProcessorError::Refused(Refusal::NotFound)) => return Ok(None),
        answer => answer?,
    };
    match found.data.first() {
        Some(session) if session.client_reference_id.is_some() => by_id(stripe, &session.id).await,
        _ => Ok(None),
    }
}

/// Stripe finds no session by our reference, so those of the attempt's time are gone through:
/// first the minutes around its beginning, then the day in which it may have been sent again.
async fn search(stripe: &Stripe, key: AttemptKey<'_>) -> Result<Option<String>, ProcessorError> {
    let began = key.began_at.as_second();
    let soon = began + CLOCK_SLACK.as_secs();
    let late = soon + KEY_LIFE.as_secs();
    match search_within(stripe, key, (began - CLOCK_SLACK.as_secs(), soon)).await? {
        Some(found) => Ok(Some(found)),
        None => search_within(stripe, key, (soon, late)).await,
    }
}

async fn search_within(
    stripe: &Stripe,
    key: AttemptKey<'_>,
    (from, until): (i64, i64),
) -> Result<Option<String>, ProcessorError> {
    let mut after: Option<String> = None;
    for _ in 0..SEARCH_PAGES_MAX {
        let call = Call::get("search for a page", &["checkout", "sessions"])
            .with("limit", PAGE_ITEMS)
            .with("created[gte]", from.to_string())
            .with("created[lte]", until.to_string())
            .with_some("starting_after", after);
        let page: List<Session> = stripe.client.send(call).await?;
        let ours =
            |session: &&Session| session.client_reference_id.as_deref() == Some(key.reference);
        if let Some(found) = page.data.iter().find(ours) {
            return Ok(Some(found.id.clone()));
        }
        after = page.data.last().map(|session| session.id.clone());
        if !page.has_more || after.is_none() {
            return Ok(None);
        }
    }
    // Not to be taken for "there is none": the day was busier than any clinic's.
    Err(ProcessorError::NotDone(NotDone::TooMuchToSearch))
}

/// Ends an open page.
pub(super) async fn expire(
    stripe: &Stripe,
    key: AttemptKey<'_>,
) -> Result<Attempt, ProcessorError> {
    check_reference(key.reference).map_err(ProcessorError::Refused)?;
    let attempt = look_up(stripe, key).await?;
    let (AttemptStanding::Open { .. }, Some(session)) = (&attempt.standing, &attempt.session)
    else {
        return Ok(attempt);
    };
    let path = ["checkout", "sessions", session, "expire"];
    let call = Call::post("end a page", &path);
    moved(stripe, key, session, stripe.client.send::<Session>(call).await).await
}

/// Takes all of the held money.
pub(super) async fn capture(
    stripe: &Stripe,
    key: AttemptKey<'_>,
) -> Result<Attempt, ProcessorError> {
    change_payment(stripe, key, ("take held money", "capture")).await
}

/// Lets the held money go.
pub(super) async fn release(
    stripe: &Stripe,
    key: AttemptKey<'_>,
) -> Result<Attempt, ProcessorError> {
    change_payment(stripe, key, ("let held money go", "cancel")).await
}

/// Only held money is taken or let go; in every other state there is nothing to do but to tell.
async fn change_payment(
    stripe: &Stripe,
    key: AttemptKey<'_>,
    (what, verb): (&'static str, &'static str),
) -> Result<Attempt, ProcessorError> {
    check_reference(key.reference).map_err(ProcessorError::Refused)?;
    let attempt = look_up(stripe, key).await?;
    let (AttemptStanding::Authorized(_), Some(session), Some(payment)) =
        (&attempt.standing, &attempt.session, &attempt.payment)
    else {
        return Ok(attempt);
    };
    let path = ["payment_intents", payment, verb];
    let call = Call::post(what, &path);
    moved(stripe, key, session, stripe.client.send::<Intent>(call).await).await
}

/// After a change, or after hearing that it came too late, the attempt is looked at again: only
/// that tells how it stands, with the fee.
async fn moved<T>(
    stripe: &Stripe,
    key: AttemptKey<'_>,
    session: &str,
    answer: Result<T, ProcessorError>,
) -> Result<Attempt, ProcessorError> {
    match answer {
        Ok(_) | Err(ProcessorError::Refused(_)) => {
            look_up(stripe, AttemptKey { session: Some(session), ..key }).await
        }
        Err(error) => Err(error),
    }
}

/// A session, in our words.
fn attempt(session: &Session) -> Attempt {
    let intent = session.payment_intent.as_ref();
    Attempt {
        reference: session.client_reference_id.clone(),
        session: Some(session.id.clone()),
        payment: intent.map(|intent| intent.id().to_owned()),
        standing: standing(session, intent.and_then(Expandable::whole)),
    }
}

/// Where money is, the payment decides; else the page does.
fn standing(session: &Session, intent: Option<&Intent>) -> AttemptStanding {
    let status = intent.map(|intent| (&*intent.status, intent));
    match (session.status.as_deref().unwrap_or_default(), status) {
        (_, Some(("succeeded", intent))) => captured(intent),
        (_, Some(("requires_capture", intent))) => authorized(intent),
        ("open", intent) => {
            let error = intent.and_then(|(_, intent)| intent.last_payment_error.as_ref());
            let declined = error.map(|error| words::decline(Some(error)));
            AttemptStanding::Open { url: session.url.clone(), declined }
        }
        ("expired", _) => AttemptStanding::Expired,
        ("complete", Some(("canceled", _))) => AttemptStanding::Released,
        ("complete", Some(("processing" | "requires_action" | "requires_confirmation", _))) => {
            AttemptStanding::UnderWay
        }
        ("complete", Some(("requires_payment_method", intent))) => {
            AttemptStanding::Failed(words::decline(intent.last_payment_error.as_ref()))
        }
        ("complete", Some((other, _))) | (other, _) => AttemptStanding::Unknown(other.to_owned()),
    }
}

/// An amount or a charge that is not said is not made up.
fn captured(intent: &Intent) -> AttemptStanding {
    let charge = intent.latest_charge.as_ref().and_then(Expandable::whole);
    let (Some(charge), Some(amount)) = (charge, intent.amount_received) else {
        return AttemptStanding::Unknown(intent.status.clone());
    };
    let booked = charge.balance_transaction.as_ref().and_then(Expandable::whole);
    AttemptStanding::Captured(Capture {
        amount: wire::money(amount),
        currency: wire::currency(&intent.currency),
        fee: booked.map(|booked| wire::money(booked.fee)),
        payment: intent.id.clone(),
        charge: charge.id.clone(),
        // Held money was charged before it was taken; the booking has the later time.
        paid_at: wire::moment(booked.map_or(charge.created, |booked| booked.created)),
    })
}

fn authorized(intent: &Intent) -> AttemptStanding {
    let Some(amount) = intent.amount_capturable else {
        return AttemptStanding::Unknown(intent.status.clone());
    };
    let charge = intent.latest_charge.as_ref().and_then(Expandable::whole);
    let details = charge.and_then(|charge| charge.payment_method_details.as_ref());
    let until = details.and_then(|details| details.card.as_ref()?.capture_before);
    AttemptStanding::Authorized(Held {
        amount: wire::money(amount),
        currency: wire::currency(&intent.currency),
        until: until.map(wire::moment),
    })
}
