//! Voids a held authorization: the processor is asked to let it go, and its answer is applied.

use almoner_domain::PaymentId;
use almoner_domain::status::{self, By, Status};
use almoner_gateways::processor::{AttemptStanding, ProcessorError, Refusal};
use almoner_store::attempts;
use almoner_store::payments::{self, Payment};

use crate::attempt::{self, Outcome};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::step::refused;

/// Voids the payment.
///
/// # Errors
/// No permission, no held authorization, or a processor that gives no answer; then nothing is
/// changed here and voiding again does no harm.
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
    let reference = attempt::reference(org, id, newest.number);
    let answer = app.processor.release(attempt::key(&reference, &newest)).await?;
    match answer.standing {
        AttemptStanding::Released => attempt::told(app, actor, id, &Outcome::Released).await,
        // The money is not held any more, or was taken: what became of it is told by itself.
        _ => Err(ProcessorError::Refused(Refusal::WrongState).into()),
    }
}
