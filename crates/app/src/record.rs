//! What is written beside every change: rollups, steps, ledger and audit rows, and the event that
//! other programs are told of.

use almoner_domain::PayoutId;
use almoner_domain::ledger::Transfer;
use almoner_domain::status::By;
use almoner_domain::webhook::EventKind;
use almoner_store::audit::{self, Event};
use almoner_store::payments::{self, Payment, Transition};
use almoner_store::{Tx, ledger, rollups};
use jiff::Timestamp;
use serde_json::Value;

use crate::context::{Actor, App, Who};
use crate::counts;
use crate::error::Error;
use crate::tell::{Told, told};

/// A change of a payment, already written to its own row.
pub(crate) struct PaymentChange<'a> {
    /// The payment before; `None` for a new one.
    pub(crate) before: Option<&'a Payment>,
    /// The payment now.
    pub(crate) after: &'a Payment,
    /// What was done, such as `payment_created`.
    pub(crate) action: &'static str,
    /// Who moved it along the status table.
    pub(crate) by: By,
    /// Whether a step of the status is recorded even though the status stays.
    pub(crate) is_step: bool,
    /// Why.
    pub(crate) reason: Option<String>,
    /// What moves in the ledger.
    pub(crate) transfers: Vec<Transfer>,
    /// What changed, for the history.
    pub(crate) detail: Value,
    /// When.
    pub(crate) at: Timestamp,
}

/// Writes what belongs to a change of a payment, in the order in which rows are locked.
pub(crate) async fn payment_changed(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    change: PaymentChange<'_>,
) -> Result<(), Error> {
    let (org, payment) = (actor.org(), change.after);
    assert!(payment.modified_at >= change.at, "the row tells when it changed");
    rollups::payment_moved(tx, org, change.before, payment).await?;
    let from = change.before.map(|before| before.status);
    if change.is_step || from != Some(payment.status) {
        let step = Transition {
            version: payment.version,
            from,
            to: payment.status,
            by: change.by,
            user: actor.user(),
            reason: change.reason.clone(),
            at: change.at,
        };
        payments::insert_transition(tx, org, payment.id, &step).await?;
    }
    if from != Some(payment.status) {
        tx.count(counts::transition(from, payment.status));
    }
    let moment = actor.moment(change.at, payment.location);
    let (id, version) = (payment.id, payment.version);
    ledger::insert(tx, org, id, version, moment, &change.transfers).await?;
    let mut detail = change.detail;
    if let (Value::Object(fields), Some(reason)) = (&mut detail, change.reason) {
        fields.entry("reason").or_insert(Value::String(reason));
    }
    let event = Event {
        id: app.event_id(change.at),
        at: change.at,
        actor: by_whom(actor, change.by).to_owned(),
        user: actor.user(),
        key: actor.key_id(),
        action: change.action.to_owned(),
        subject: "payment".to_owned(),
        subject_seq: payment.id.seq(),
        subject_version: Some(payment.version),
        detail: detail.to_string(),
    };
    audit::insert(tx, org, &event).await?;
    let kind = match from {
        None => EventKind::PaymentCreated,
        Some(from) if from != payment.status => EventKind::PaymentStatusChanged,
        Some(_) => EventKind::PaymentChanged,
    };
    Ok(told(app, actor, tx, Told::of(kind, payment), change.at).await?)
}

/// Who moved a payment. Another program moves it as the staff would, and is told apart here.
fn by_whom(actor: &Actor, by: By) -> &'static str {
    match (&actor.who, by) {
        (Who::Key(_), By::Staff) => actor.kind(),
        _ => payments::by_name(by),
    }
}

/// Writes the audit row of anything but a payment's change.
pub(crate) async fn happened(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    action: &str,
    (subject, subject_seq): (&str, i64),
    detail: Value,
) -> Result<(), Error> {
    happened_at(app, actor, tx, (action, (subject, subject_seq), app.now()), detail).await
}

/// As [`happened`], at a moment that its caller has.
pub(crate) async fn happened_at(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (action, (subject, subject_seq), at): (&str, (&str, i64), Timestamp),
    detail: Value,
) -> Result<(), Error> {
    let event = Event {
        id: app.event_id(at),
        at,
        actor: actor.kind().to_owned(),
        user: actor.user(),
        key: actor.key_id(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        subject_seq,
        subject_version: None,
        detail: detail.to_string(),
    };
    audit::insert(tx, actor.org(), &event).await?;
    Ok(())
}

/// Writes the audit row of what a payout moved in the ledger.
pub(crate) async fn payout_booked(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payout, version, at): (PayoutId, i64, Timestamp),
    detail: Value,
) -> Result<(), Error> {
    let event = Event {
        id: app.event_id(at),
        at,
        actor: actor.kind().to_owned(),
        user: actor.user(),
        key: actor.key_id(),
        action: "payout_booked".to_owned(),
        subject: "payout".to_owned(),
        subject_seq: payout.seq(),
        subject_version: Some(version),
        detail: detail.to_string(),
    };
    audit::insert(tx, actor.org(), &event).await?;
    Ok(())
}
