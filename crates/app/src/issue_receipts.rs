//! Issues receipts: by itself when money was taken or given back, and when it is asked for what
//! happened before there were receipts.

use almoner_domain::{Money, PaymentId, ReceiptId};
use almoner_store::receipts::{self, Source};
use almoner_store::{Tx, counters};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;
use crate::step::locked;

/// Issues a receipt in the transaction of what it is for, as the last thing of it: until the
/// transaction ends, the next receipt waits for its number, so that no number is left out.
pub(crate) async fn issue(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    payment: PaymentId,
    (source, amount): (Source, Money),
) -> Result<ReceiptId, Error> {
    let org = actor.org();
    let id = ReceiptId::new(counters::next(tx, org, ReceiptId::PREFIX).await?);
    receipts::insert(tx, org, (id, payment), source, amount).await?;
    let detail = match source {
        Source::Tender(_) => json!({ "payment": payment, "amount_cents": amount }),
        Source::Refund(refund) => {
            json!({ "payment": payment, "refund": refund, "amount_cents": amount })
        }
    };
    let subject = ("receipt", id.seq());
    record::happened(app, actor, tx, "receipt_issued", subject, detail).await?;
    Ok(id)
}

/// Issues the receipts that a payment lacks. Asked again, it issues none.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn issue_receipts(
    app: &App,
    actor: &Actor,
    payment: PaymentId,
) -> Result<Vec<ReceiptId>, Error> {
    actor.must(Action::TakeTender)?;
    let mut tx = app.db.begin().await?;
    let payment = locked(&mut tx, actor, payment, None).await?;
    let mut issued = Vec::new();
    for missing in receipts::missing(&mut tx, actor.org(), payment.id).await? {
        issued.push(issue(app, actor, &mut tx, payment.id, missing).await?);
    }
    tx.commit().await?;
    Ok(issued)
}
