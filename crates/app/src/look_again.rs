//! Looks again at an event that was given up: what it is about may be known by now.

use almoner_domain::ExceptionId;
use almoner_domain::refund::RefundRefusal;
use almoner_store::exceptions::{self, ExceptionKind};
use almoner_store::processor_events;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Lets the event be taken up once more; its exception is solved when that leads to an end.
///
/// # Errors
/// No permission, no such exception, or one that is about no event.
pub async fn look_again(app: &App, actor: &Actor, id: ExceptionId) -> Result<(), Error> {
    actor.must(Action::Refund)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let raised = exceptions::get(&mut tx, org, id).await?.ok_or(Error::NotFound("exception"))?;
    if raised.kind != ExceptionKind::UnknownEvent {
        return Err(RefundRefusal::NotRefundable.into());
    }
    let name = app.processor.name();
    if processor_events::look_again(&mut tx, name, &raised.mark, now).await? {
        let detail = json!({ "exception": id });
        let what = ("exception_looked_at_again", ("exception", id.seq()), now);
        record::happened_at(app, actor, &mut tx, what, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
