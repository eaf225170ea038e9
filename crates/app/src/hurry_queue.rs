//! Has work that waits taken up at once instead of when it is due.

use almoner_store::queues::{self, Queue};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::read_queues::owner;
use crate::record;

/// What is to be taken up.
#[derive(Debug, Clone, Copy)]
pub struct HurryQueue<'a> {
    /// Of which queue.
    pub queue: Queue,
    /// One of its items; all of them without.
    pub item: Option<&'a str>,
}

/// Has an item, or all of a queue, taken up at once, events that were tried and given up among
/// them. Tells how many; what is under way or was due anyway is not counted.
///
/// # Errors
/// No permission, or the database failed.
pub async fn hurry_queue(app: &App, actor: &Actor, input: HurryQueue<'_>) -> Result<u64, Error> {
    actor.must(Action::ManageJobs)?;
    let (owner, now) = (owner(app, actor), app.now());
    let mut tx = app.db.begin().await?;
    let mut count = queues::hurry(&mut tx, owner, (input.queue, input.item), now).await?;
    if input.queue == Queue::Events {
        count += queues::look_again(&mut tx, owner, input.item, now).await?;
    }
    if count > 0 {
        let detail = json!({ "queue": input.queue.as_str(), "count": count });
        let subject = ("organization", actor.org().0);
        record::happened_at(app, actor, &mut tx, ("queue_hurried", subject, now), detail).await?;
    }
    tx.commit().await?;
    Ok(count)
}
