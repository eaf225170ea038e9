//! Keeps what the processor says of a dispute.

use almoner_domain::PaymentId;
use almoner_gateways::processor::{self, DisputeStanding};
use almoner_store::Tx;
use almoner_store::attempts::Attempt;
use almoner_store::disputes::{self, Dispute};
use jiff::Timestamp;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record;
use crate::step::locked;

/// Keeps how a dispute of an attempt's money stands, as it was fetched then.
pub(crate) async fn apply_dispute(
    app: &App,
    actor: &Actor,
    attempt: &Attempt,
    (told, fetched_at): (&processor::Dispute, Timestamp),
) -> Result<(), Error> {
    let (org, name) = (actor.org(), app.processor.name());
    let mut tx = app.db.begin().await?;
    let payment = locked(&mut tx, actor, attempt.payment, None).await?;
    let before = disputes::get(&mut tx, org, name, &told.id).await?;
    let now_is = Dispute {
        id: told.id.clone(),
        attempt: attempt.id(),
        amount: told.amount,
        currency: told.currency.clone(),
        standing: told.standing.as_str().to_owned(),
        reason: told.reason.clone(),
        answer_by: told.answer_by,
        opened_at: told.opened_at,
        fetched_at,
    };
    disputes::keep(&mut tx, org, name, &now_is).await?;
    let is_late = before.as_ref().is_some_and(|before| before.fetched_at > fetched_at);
    let is_same = before.is_some_and(|before| before.standing == now_is.standing);
    if !is_late && !is_same {
        let detail = json!({
            "amount_cents": told.amount,
            "standing": now_is.standing,
            "reason": told.reason,
        });
        let what = ("dispute_told", ("payment", payment.id.seq()), app.now());
        record::happened_at(app, actor, &mut tx, what, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Whether the bank has yet to decide about money of this payment, so that a refund could give it
/// back twice.
pub(crate) async fn blocks_refunds(
    tx: &mut Tx,
    actor: &Actor,
    payment: PaymentId,
) -> Result<bool, Error> {
    let disputes = disputes::of_payment(tx, actor.org(), payment).await?;
    Ok(disputes.iter().any(is_open))
}

/// Whether the bank has yet to decide a dispute.
pub(crate) fn is_open(dispute: &Dispute) -> bool {
    DisputeStanding::from_name(&dispute.standing).blocks_refunds()
}
