//! Issues the link by which a payer pays, shows it again, and ends it.

use almoner_domain::status::By;
use almoner_domain::webhook::EventKind;
use almoner_domain::{Invalid, PaymentId, Status, ledger, time};
use almoner_store::links::{self, Link};
use almoner_store::payments::{self, Payment};
use almoner_store::{Tx, attempts};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::link_keys::LinkName;
use crate::permission::Action;
use crate::record::{self, PaymentChange};
use crate::step::{locked, moved};
use crate::tell::{Told, told};

/// How long a link holds when nothing else is said: 30 days.
pub const LIFETIME_DAYS: i64 = 30;
/// The longest that a link may hold.
pub const MAX_LIFETIME_DAYS: i64 = 366;

/// A link to be issued.
#[derive(Debug, Clone, Copy)]
pub struct IssueLink {
    /// For which payment.
    pub payment: PaymentId,
    /// How long it opens; until the [`LIFETIME_DAYS`]th day from today when nothing is said.
    pub until: Option<Until>,
    /// The link that ends for it, while it is the live one: asked for twice, only one is made.
    pub replaces: Option<i64>,
}

/// How long a link opens.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Up to the end of this day in the clinic's zone.
    Day(Date),
    /// Up to this moment.
    Moment(Timestamp),
}

/// A link as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLink {
    /// What stands in its address.
    pub token: String,
    /// Its number on the payment.
    pub generation: i64,
    /// The last day on which it opens.
    pub until: Date,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The newest link of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewestLink {
    /// It opens the payment.
    Live(ShownLink),
    /// It ended by itself, after this day.
    Expired(Date),
    /// Somebody ended it at this moment.
    Revoked(Timestamp),
}

/// Issues a link; a draft is submitted first. The live link is shown again unless another one is
/// asked for.
///
/// # Errors
/// No permission, no such payment, a status in which nothing can be collected, an expiry that has
/// passed or lies too far off.
pub async fn issue_link(app: &App, actor: &Actor, input: IssueLink) -> Result<ShownLink, Error> {
    actor.must(Action::IssueLink)?;
    let mut tx = app.db.begin().await?;
    let (_, link) = issued(app, actor, &mut tx, input, app.now()).await?;
    tx.commit().await?;
    Ok(link)
}

/// Issues a link in a transaction of something greater, and gives the payment that it locked.
pub(crate) async fn issued(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    input: IssueLink,
    now: Timestamp,
) -> Result<(Payment, ShownLink), Error> {
    let org = actor.org();
    let expires_at = end(actor, input.until, now)?;
    let mut payment = locked(tx, actor, input.payment, None).await?;
    if payment.status == Status::Draft {
        payment = submitted(app, actor, tx, &payment, now).await?;
    }
    if !is_collectable(payment.status) {
        let label = payment.status.label();
        let message = format!("A payment that is {label} needs no link.");
        return Err(Invalid::one("payment", "not_collectable", message).into());
    }
    let live = links::newest(tx, org, payment.id).await?.filter(|link| link.is_live(now));
    let stays = |link: &Link| match input.replaces {
        Some(replaced) => link.generation != replaced,
        None => input.until.is_none() || link.expires_at == expires_at,
    };
    if let Some(link) = live.filter(stays) {
        let link = shown(app, actor, payment.id, &link);
        return Ok((payment, link));
    }
    let link = links::issue(tx, org, payment.id, (actor.user(), expires_at), now).await?;
    let detail = json!({ "generation": link.generation, "expires_at": link.expires_at });
    let subject = ("payment", payment.id.seq());
    record::happened(app, actor, tx, "link_issued", subject, detail).await?;
    told(app, actor, tx, Told::of(EventKind::PaymentLinkIssued, &payment), now).await?;
    let link = shown(app, actor, payment.id, &link);
    Ok((payment, link))
}

/// Whether a payer can be asked for it.
pub fn is_collectable(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Failed)
}

/// The last day of a link that is issued today, when nothing else is said.
pub fn usual_last_day(today: Date) -> Date {
    today.saturating_add(LIFETIME_DAYS.days())
}

fn end(actor: &Actor, asked: Option<Until>, now: Timestamp) -> Result<Timestamp, Invalid> {
    let today = actor.date(now);
    let at = match asked {
        None => end_of(usual_last_day(today), actor),
        Some(Until::Day(day)) => end_of(day, actor),
        Some(Until::Moment(at)) => at,
    };
    if at <= now {
        let message = "This has passed; choose today or a later day.";
        return Err(Invalid::one("until", "in_the_past", message));
    }
    if at > end_of(today.saturating_add(MAX_LIFETIME_DAYS.days()), actor) {
        let message = format!("A link holds {MAX_LIFETIME_DAYS} days at most.");
        return Err(Invalid::one("until", "too_late", message));
    }
    Ok(at)
}

/// The end of a day in the clinic's zone.
fn end_of(day: Date, actor: &Actor) -> Timestamp {
    time::start_of_day(day.saturating_add(1.day()), &actor.organization.zone)
}

/// The draft, submitted.
async fn submitted(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    draft: &Payment,
    now: Timestamp,
) -> Result<Payment, Error> {
    actor.must(Action::MovePayment)?;
    let after = moved(draft, Status::Pending, now);
    payments::update_status(tx, actor.org(), &after).await?;
    let change = PaymentChange {
        before: Some(draft),
        after: &after,
        action: "status_changed",
        by: By::Staff,
        is_step: true,
        reason: None,
        transfers: ledger::status_changed(Some(draft.status), after.status, after.amount, None),
        detail: json!({ "from": draft.status, "to": after.status }),
        at: now,
    };
    record::payment_changed(app, actor, tx, change).await?;
    Ok(after)
}

pub(crate) fn shown(app: &App, actor: &Actor, payment: PaymentId, link: &Link) -> ShownLink {
    let organization = actor.org();
    let name = LinkName { organization, payment, generation: link.generation };
    ShownLink {
        token: name.token(&app.link_keys),
        generation: link.generation,
        until: until(actor, link),
        expires_at: link.expires_at,
    }
}

/// The last day on which a link opens.
pub(crate) fn until(actor: &Actor, link: &Link) -> Date {
    actor.date(link.expires_at - SignedDuration::from_secs(1))
}

/// The newest link of a payment, for those who may issue one.
///
/// # Errors
/// No permission, or the database failed.
pub async fn newest_link(
    app: &App,
    actor: &Actor,
    payment: PaymentId,
) -> Result<Option<NewestLink>, Error> {
    actor.must(Action::IssueLink)?;
    let mut tx = app.db.read().await?;
    let Some(link) = links::newest(&mut tx, actor.org(), payment).await? else {
        return Ok(None);
    };
    Ok(Some(match link.revoked_at {
        Some(at) => NewestLink::Revoked(at),
        None if link.is_live(app.now()) => NewestLink::Live(shown(app, actor, payment, &link)),
        None => NewestLink::Expired(until(actor, &link)),
    }))
}

/// Ends the live link of a payment. Ending it twice does no harm.
///
/// # Errors
/// No permission, no such payment, or a payer who is paying by it right now.
pub async fn revoke_link(app: &App, actor: &Actor, payment: PaymentId) -> Result<(), Error> {
    actor.must(Action::IssueLink)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let payment = locked(&mut tx, actor, payment, None).await?;
    if attempts::facts(&mut tx, org, payment.id).await?.live_attempt {
        let message = "The payer is paying right now; wait for the answer.";
        return Err(Invalid::one("payment", "attempt_live", message).into());
    }
    if links::revoke(&mut tx, org, payment.id, now).await? {
        let subject = ("payment", payment.id.seq());
        record::happened(app, actor, &mut tx, "link_revoked", subject, json!({})).await?;
    }
    tx.commit().await?;
    Ok(())
}
