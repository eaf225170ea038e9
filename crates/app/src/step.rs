//! What every use case that moves a payment along the status table has in common.

use almoner_domain::status::{self, Facts, Refusal, Status};
use almoner_domain::tender::Tender;
use almoner_domain::{Money, PaymentId};
use almoner_store::payments::{self, Payment};
use almoner_store::receipts::Source;
use almoner_store::rollups::Moved;
use almoner_store::{Tx, rollups, tenders};
use jiff::Timestamp;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::{issue_receipts, record};

/// Locks a payment that is at `version`, when one was shown.
pub(crate) async fn locked(
    tx: &mut Tx,
    actor: &Actor,
    id: PaymentId,
    version: Option<i64>,
) -> Result<Payment, Error> {
    let payment = payments::lock(tx, actor.org(), id).await?.ok_or(Error::NotFound("payment"))?;
    match version {
        Some(shown) if shown != payment.version => Err(Error::Stale { current: payment.version }),
        _ => Ok(payment),
    }
}

/// The payment after a change of its status.
pub(crate) fn moved(before: &Payment, to: Status, now: Timestamp) -> Payment {
    let mut after = before.clone();
    after.status = to;
    after.changed(now);
    if to == Status::Paid {
        after.collected = after.amount;
        after.paid_at = Some(now);
    } else {
        after.collected = Money::ZERO;
        after.paid_at = None;
    }
    after
}

/// A refused change is audited, then told.
pub(crate) async fn refused(
    app: &App,
    actor: &Actor,
    payment: &Payment,
    to: Status,
    refusal: Refusal,
    facts: Facts,
) -> Result<Payment, Error> {
    let mut tx = app.db.begin().await?;
    let detail = json!({ "from": payment.status, "to": to, "because": refusal.to_string() });
    let subject = ("payment", payment.id.seq());
    record::happened(app, actor, &mut tx, "status_refused", subject, detail).await?;
    tx.commit().await?;
    let choices = status::staff_choices(payment.status, facts);
    let allowed = choices.into_iter().map(|choice| choice.0).collect();
    Err(Error::Status { refusal, allowed })
}

/// Records a tender, counts it on the day it was taken, and issues its receipt.
pub(crate) async fn take(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    paid: &Payment,
    tender: &Tender,
) -> Result<(), Error> {
    let at = paid.paid_at.expect("a payment that is Paid has its date");
    let moment = actor.moment(at, paid.location);
    let org = actor.org();
    let version = (paid.id, paid.version, paid.kind);
    tenders::insert(tx, org, version, (tender, paid.amount), actor.author(), moment).await?;
    let moved =
        Moved { kind: paid.kind, tender: tender.kind, gross: paid.amount, refunded: Money::ZERO };
    rollups::money_moved(tx, org, paid.location, moment.day, moved).await?;
    let source = Source::Tender(paid.version);
    issue_receipts::issue(app, actor, tx, paid.id, (source, paid.amount)).await?;
    Ok(())
}
