//! A payer begins to pay by a link, or goes on with what they began.

use almoner_domain::{PaymentId, Status};
use almoner_gateways::processor::ProcessorError;

use crate::begin_payment::{BeginPayment, Begun, begin_payment};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::open_link;

/// Where the payer comes back to. These addresses are told to the processor, so they say nothing
/// of the link.
#[derive(Debug, Clone, Copy)]
pub struct ComeBack<'a> {
    /// After paying.
    pub paid: &'a str,
    /// Without paying.
    pub left: &'a str,
}

/// Sends the payer to the processor's page. A second click goes on with the same page: there is
/// never one more on which the same payment could be paid.
///
/// # Errors
/// [`Error::NotFound`] for a link by which nothing can be paid; a processor that did not open a
/// page.
pub async fn pay_link(app: &App, token: &str, back: ComeBack<'_>) -> Result<Begun, Error> {
    let (actor, payment) = payable(app, token).await?;
    // Where no card is taken, no attempt begins that could only fail.
    if !app.processor.takes_cards() {
        return Err(ProcessorError::NotSupported.into());
    }
    let order = BeginPayment { payment, return_url: back.paid, cancel_url: back.left };
    begin_payment(app, &actor, order).await
}

/// The payment of a link by which something can be paid or gone on with.
async fn payable(app: &App, token: &str) -> Result<(Actor, PaymentId), Error> {
    let mut tx = app.db.read().await?;
    let (actor, payment, link) = open_link::found(app, &mut tx, token).await?;
    let can_be_paid = match payment.status {
        Status::Pending | Status::Failed | Status::Processing => link.is_live(app.now()),
        Status::Draft
        | Status::Paid
        | Status::PartiallyRefunded
        | Status::Refunded
        | Status::Cancelled
        | Status::Voided => false,
    };
    if can_be_paid { Ok((actor, payment.id)) } else { Err(Error::NotFound("payment link")) }
}
