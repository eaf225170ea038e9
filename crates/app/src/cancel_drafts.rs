//! Cancels drafts that somebody picked, each on its own.

use almoner_domain::{Invalid, PaymentId, Status};
use almoner_store::payments;

use crate::change_status::{ChangeStatus, change_status};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::export_payments::MAX_PICKED;
use crate::permission::Action;

/// What came of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftOutcome {
    /// It is cancelled now.
    Cancelled,
    /// It is no draft.
    NotADraft(Status),
    /// Somebody changed it at the same moment.
    Changed,
    /// There is no such payment.
    NotFound,
}

/// Cancels each payment that is a draft, and says for each what came of it. Each stands alone, in
/// a transaction of its own; asked again, what was done is not done twice.
///
/// # Errors
/// No permission, no payment or too many, or the database failed.
pub async fn cancel_drafts(
    app: &App,
    actor: &Actor,
    ids: &[PaymentId],
) -> Result<Vec<(PaymentId, DraftOutcome)>, Error> {
    actor.must(Action::CancelPayment)?;
    if !(1..=MAX_PICKED).contains(&ids.len()) {
        let message = format!("Pick 1 to {MAX_PICKED} payments.");
        return Err(Invalid::one("id", "out_of_range", message).into());
    }
    let mut outcomes = Vec::with_capacity(ids.len());
    for &id in ids {
        outcomes.push((id, cancel_draft(app, actor, id).await?));
    }
    Ok(outcomes)
}

async fn cancel_draft(app: &App, actor: &Actor, id: PaymentId) -> Result<DraftOutcome, Error> {
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, actor.org(), id).await?;
    drop(tx);
    let Some(payment) = payment else {
        return Ok(DraftOutcome::NotFound);
    };
    if payment.status != Status::Draft {
        return Ok(DraftOutcome::NotADraft(payment.status));
    }
    let change = ChangeStatus {
        payment: id,
        version: Some(payment.version),
        to: Status::Cancelled,
        tender: None,
        reason: None,
    };
    match change_status(app, actor, &change).await {
        Ok(_) => Ok(DraftOutcome::Cancelled),
        Err(Error::Stale { .. }) => Ok(DraftOutcome::Changed),
        Err(other) => Err(other),
    }
}
