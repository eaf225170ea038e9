//! Reads what waits to be done without a person asking, for those who look after it.

use almoner_domain::{InquiryId, WebhookId};
use almoner_store::audit;
use almoner_store::queues::{self, Item, Owner, Queue};
use jiff::Timestamp;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Rows up to which a queue is counted.
pub const MAX_COUNTED: i64 = 1_000;
/// Rows that are listed at most of what was tried often, and of what was given up.
const MAX_LISTED: i64 = 20;

/// A queue as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Which.
    pub queue: Queue,
    /// How many wait; [`MAX_COUNTED`] may be more.
    pub waiting: i64,
    /// When the next is, or was, to be taken up; none when nothing waits.
    pub next: Option<Timestamp>,
    /// What waits still, though it was tried often.
    pub tried_often: Vec<Item>,
    /// What nobody takes up any more, the newest first.
    pub given_up: Vec<Item>,
}

impl QueueView {
    /// Since when something is due that nobody has taken up.
    pub fn due_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.next.filter(|next| *next <= now)
    }
}

/// The queues, and the work that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuesView {
    /// Every queue.
    pub queues: Vec<QueueView>,
    /// Changes in the audit log wait for their seal.
    pub has_unsealed: bool,
    /// When this was.
    pub now: Timestamp,
}

/// Whose queues an actor looks after.
pub(crate) fn owner<'a>(app: &'a App, actor: &Actor) -> Owner<'a> {
    Owner { org: actor.org(), processor: app.processor.name() }
}

/// The question that an item of [`Queue::Questions`] is.
pub fn question(item: &Item) -> Option<InquiryId> {
    item.name.parse().ok().filter(|seq| *seq > 0).map(InquiryId::new)
}

/// The endpoint that an item of [`Queue::Webhooks`] is on its way to.
pub fn endpoint(item: &Item) -> Option<WebhookId> {
    let seq = item.name.split_once(' ')?.0.parse().ok();
    seq.filter(|seq| *seq > 0).map(WebhookId::new)
}

/// Every queue as it stands.
///
/// # Errors
/// No permission, or the database failed.
pub async fn read_queues(app: &App, actor: &Actor) -> Result<QueuesView, Error> {
    actor.must(Action::ManageJobs)?;
    let owner = owner(app, actor);
    let mut tx = app.db.read().await?;
    let mut views = Vec::new();
    for queue in Queue::ALL {
        views.push(QueueView {
            queue,
            waiting: queues::count_waiting(&mut tx, owner, queue, MAX_COUNTED).await?,
            next: queues::next(&mut tx, owner, queue).await?,
            tried_often: queues::tried_often(&mut tx, owner, queue, MAX_LISTED).await?,
            given_up: queues::given_up(&mut tx, owner, queue, MAX_LISTED).await?,
        });
    }
    let has_unsealed = audit::has_unsealed(&mut tx, actor.org()).await?;
    Ok(QueuesView { queues: views, has_unsealed, now: app.now() })
}
