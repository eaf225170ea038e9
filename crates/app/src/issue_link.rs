//! Issues the link by which a payer pays, shows it again, and ends it.

use almoner_domain::status::By;
use almoner_domain::{Invalid, PaymentId, Status, ledger};
use almoner_store::links::{self, Link};
use almoner_store::payments::{self, Payment};
use almoner_store::{Tx, attempts};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::link_keys::LinkName;
use crate::permission::Action;
use crate::record::{self, PaymentChange};
use crate::step::{locked, moved};

/// How long a link holds when nothing else is said: 30 days.
pub const LIFETIME_DAYS: i64 = 30;
/// The longest that a link may hold.
pub const MAX_LIFETIME_DAYS: i64 = 366;

/// A link to be issued.
#[derive(Debug, Clone, Copy)]
pub struct IssueLink {
    /// For which payment.
    pub payment: PaymentId,
    /// When it ends; after [`LIFETIME_DAYS`] when nothing is said.
    pub expires_at: Option<Timestamp>,
    /// In place of the live one, which ends.
    pub reissue: bool,
}

/// A link as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLink {
    /// What stands in its address.
    pub token: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Issues a link; a draft is submitted first. The live link is shown again unless another one is
/// asked for.
///
/// # Errors
/// No permission, no such payment, a status in which nothing can be collected, an expiry that has
/// passed or lies too far off.
pub async fn issue_link(app: &App, actor: &Actor, input: IssueLink) -> Result<ShownLink, Error> {
    actor.must(Action::IssueLink)?;
    let (org, now) = (actor.org(), app.now());
    let expires_at = checked(input.expires_at, now)?;
    let mut tx = app.db.begin().await?;
    let mut payment = locked(&mut tx, actor, input.payment, None).await?;
    if payment.status == Status::Draft {
        payment = submitted(app, actor, &mut tx, &payment, now).await?;
    }
    if !is_collectable(payment.status) {
        let label = payment.status.label();
        let message = format!("A payment that is {label} needs no link.");
        return Err(Invalid::one("payment", "not_collectable", message).into());
    }
    let live = links::newest(&mut tx, org, payment.id).await?.filter(|link| link.is_live(now));
    if let Some(link) = live.filter(|_| !input.reissue && input.expires_at.is_none()) {
        return Ok(shown(app, actor, payment.id, &link));
    }
    let link = links::issue(&mut tx, org, payment.id, (actor.user(), expires_at), now).await?;
    let detail = json!({ "generation": link.generation, "expires_at": link.expires_at });
    let subject = ("payment", payment.id.seq());
    record::happened(app, actor, &mut tx, "link_issued", subject, detail).await?;
    tx.commit().await?;
    Ok(shown(app, actor, payment.id, &link))
}

/// Whether a payer can be asked for it.
pub fn is_collectable(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Failed)
}

fn checked(expires_at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Invalid> {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let Some(asked) = expires_at else {
        return Ok(now + days(LIFETIME_DAYS));
    };
    if asked <= now {
        let message = "The link would have ended already; choose a later day.";
        return Err(Invalid::one("expires_at", "in_the_past", message));
    }
    if asked > now + days(MAX_LIFETIME_DAYS) {
        let message = format!("A link holds {MAX_LIFETIME_DAYS} days at most.");
        return Err(Invalid::one("expires_at", "too_late", message));
    }
    Ok(asked)
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
    ShownLink { token: name.token(&app.link_keys), expires_at: link.expires_at }
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
