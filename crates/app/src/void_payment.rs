//! Voids a held authorization: the processor is asked to let it go, and its answer is applied.

use almoner_domain::PaymentId;
use almoner_domain::status::{self, By, Status};
use almoner_gateways::processor::{ProcessorError, Refusal};
use almoner_store::attempts;
use almoner_store::payments::{self, Payment};

use crate::apply_attempt::apply_attempt;
use crate::attempt;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::step::refused;

/// Voids the payment.
///
/// # Errors
/// No permission, no held authorization, or a processor that gives no answer; then nothing is
/// changed here and voiding again does no harm. When it holds nothing any more, what became of the
/// money is written instead.
pub async fn void_payment(app: &App, actor: &Actor, id: PaymentId) -> Result<Payment, Error> {
    actor.must(Action::VoidPayment)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, org, id).await?.ok_or(Error::NotFound("payment"))?;
    let facts = attempts::facts(&mut tx, org, id).await?;
    let newest = attempts::newest(&mut tx, org, id).await?;
    drop(tx);
    if let Err(refusal) = status::decide(payment.status, Status::Voided, By::Staff, facts) {
        return refused(app, actor, &payment, Status::Voided, refusal, facts).await;
    }
    let newest = newest.ok_or(Error::NotFound("attempt"))?;
    let answer = app.processor.release(attempt::key(&newest)).await?;
    apply_attempt(app, actor, &answer).await?;
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, org, id).await?.ok_or(Error::NotFound("payment"))?;
    if payment.status == Status::Voided {
        return Ok(payment);
    }
    // The money is not held any more, or was taken; the books say so by now.
    Err(ProcessorError::Refused(Refusal::WrongState).into())
}
