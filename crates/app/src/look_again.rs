//! Looks again at an event that was given up, or at what was not as it was asked for: by now the
//! processor may know it, or tell it rightly.

use almoner_domain::ExceptionId;
use almoner_domain::refund::RefundRefusal;
use almoner_store::exceptions::{self, ExceptionKind};
use almoner_store::processor_events;
use almoner_store::queues::{self, Queue};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::read_queues::owner;
use crate::record;

/// What the processor is asked about under our own reference.
const ASKED: [Queue; 3] = [Queue::Attempts, Queue::Refunds, Queue::SecondPayments];

/// Whether there is anything to look at again about such an exception.
pub(crate) fn can_look_again(kind: ExceptionKind) -> bool {
    matches!(kind, ExceptionKind::UnknownEvent | ExceptionKind::Mismatch)
}

/// Lets the event be taken up once more, whose exception is solved when that leads to an end, or
/// has the processor asked at once.
///
/// # Errors
/// No permission, no such exception, or one about which the processor has nothing to tell.
pub async fn look_again(app: &App, actor: &Actor, id: ExceptionId) -> Result<(), Error> {
    actor.must(Action::Refund)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let raised = exceptions::get(&mut tx, org, id).await?.ok_or(Error::NotFound("exception"))?;
    if !can_look_again(raised.kind) {
        return Err(RefundRefusal::NotRefundable.into());
    }
    let (owner, mark) = (owner(app, actor), raised.mark.as_str());
    let is_taken_up = if raised.kind == ExceptionKind::UnknownEvent {
        processor_events::look_again(&mut tx, owner.processor, mark, now).await?
    } else {
        let mut count = 0;
        for queue in ASKED {
            count += queues::hurry(&mut tx, owner, (queue, Some(mark)), now).await?;
        }
        count > 0
    };
    if is_taken_up {
        let detail = json!({ "exception": id });
        let what = ("exception_looked_at_again", ("exception", id.seq()), now);
        record::happened_at(app, actor, &mut tx, what, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
