//! The notes on a payment.

use almoner_domain::PaymentId;
use almoner_store::notes::{self, Note};
use almoner_store::payments;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// The notes on a payment with their earlier texts, the newest first.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn notes(app: &App, actor: &Actor, payment: PaymentId) -> Result<Vec<Note>, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    payments::get(&mut tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    Ok(notes::of_payment(&mut tx, org, payment).await?)
}
