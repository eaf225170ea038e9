//! Asks for a payer's receipt to be sent by e-mail. The letter itself is sent by a job.

use almoner_domain::{Invalid, PaymentId, ReceiptId};
use almoner_store::mail::{self, MailKind};
use almoner_store::receipts;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;
use crate::send_link::{agreed, must_be_set_up, same_again};
use crate::step::locked;

/// Puts a letter with a plain receipt among those that are to be sent. While one waits, or was sent
/// just now, no second one is added.
///
/// # Errors
/// No permission, no such receipt of this payment, one that was undone, no mail server, a patient
/// who has no address or did not agree.
pub async fn send_receipt(
    app: &App,
    actor: &Actor,
    (payment, id): (PaymentId, ReceiptId),
) -> Result<(), Error> {
    actor.must(Action::IssueLink)?;
    must_be_set_up(app)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    // One that is not there is told as for the other calls, before the payment is.
    let receipt = receipts::get(&mut tx, org, payment, id).await?;
    let receipt = receipt.ok_or(Error::NotFound("receipt"))?;
    let payment = locked(&mut tx, actor, payment, None).await?;
    if receipt.undone_at.is_some() {
        let message = "What this receipt says was undone.";
        return Err(Invalid::one("mail", "undone", message).into());
    }
    let consent = match agreed(&mut tx, actor, payment.patient).await? {
        Ok(consent) => consent,
        Err(missing) => return missing.into_result(),
    };
    let newest = mail::newest(&mut tx, org, payment.id, Some(id)).await?;
    if same_again(newest.as_ref(), Some(consent.given_at), now).is_some() {
        return Ok(());
    }
    let kind = MailKind::Receipt(id);
    let number = mail::queue(&mut tx, org, (payment.id, kind), actor.user(), now).await?;
    let detail = json!({ "mail": number, "receipt": id });
    let subject = ("payment", payment.id.seq());
    record::happened(app, actor, &mut tx, "receipt_mail_queued", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
