//! Asks for the links of many payments to be sent by e-mail.

use almoner_domain::{Invalid, PaymentId};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::send_link::{Asked, ask, must_be_set_up};

/// The most payments that are named at once.
pub const MAX_PAYMENTS: usize = 200;

/// Does for each payment what [`send_link`](crate::send_link::send_link) does, and says for each
/// what came of it. Each stands alone, in a transaction of its own, so that no two requests wait
/// for each other crosswise; asked again after a failure, what was done is not done twice.
///
/// # Errors
/// No permission, no mail server, no payment or too many, or the database failed.
pub async fn send_links(
    app: &App,
    actor: &Actor,
    payments: &[PaymentId],
) -> Result<Vec<(PaymentId, Asked)>, Error> {
    actor.must(Action::IssueLink)?;
    must_be_set_up(app)?;
    if !(1..=MAX_PAYMENTS).contains(&payments.len()) {
        let message = format!("Name 1 to {MAX_PAYMENTS} payments.");
        return Err(Invalid::one("payment_ids", "out_of_range", message).into());
    }
    let mut asked = Vec::with_capacity(payments.len());
    for &payment in payments {
        asked.push((payment, ask(app, actor, payment).await?));
    }
    Ok(asked)
}
