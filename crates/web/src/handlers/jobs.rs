//! What waits to be done by itself, for those who look after it.

use almoner_app::hurry_queue::{HurryQueue, hurry_queue};
use almoner_app::read_queues::{self, QueueView, QueuesView, read_queues};
use almoner_app::{Actor, Error};
use almoner_domain::Invalid;
use almoner_store::queues::{Item, Queue};
use axum::extract::State;
use axum_extra::extract::Form;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::failure::{Answer, html};
use crate::format;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::jobs::{ItemRow, JobsPage, QueueRow};
use crate::view::parts;

const ADDRESS: &str = "/settings/jobs";
/// What is due for so long is taken up by nobody: the longest that the work in a queue takes
/// before the next is begun.
const ALARMING: SignedDuration = SignedDuration::from_mins(5);

/// What a button sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    queue: String,
    item: String,
}

/// The page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff) -> Answer {
    let view = read_queues(&web.app, &staff.actor).await?;
    let row = |queue: &QueueView| row(queue, &view, &staff.actor);
    Ok(html(&JobsPage {
        queues: view.queues.iter().map(row).collect(),
        alarm: alarm(&view, &staff.actor),
        seals: seals(&view).to_owned(),
        key: web.form_key(),
        shell: staff.shell,
    }))
}

/// Has something taken up at once.
pub(crate) async fn hurry(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let unknown = || Invalid::one("queue", "unknown", "There is no such queue.");
    let queue = Queue::from_name(&sent.queue).ok_or_else(unknown).map_err(Error::from)?;
    let item = Some(sent.item.as_str()).filter(|item| !item.is_empty());
    let count = hurry_queue(&web.app, &staff.actor, HurryQueue { queue, item }).await?;
    Ok(done(&web, ADDRESS, if count > 0 { "queue_hurried" } else { "queue_at_work" }))
}

/// What is to be looked at when something is due and nobody takes it up.
fn alarm(view: &QueuesView, actor: &Actor) -> Option<String> {
    // A receiver that takes its time holds up what is on its way to it, and nothing else.
    let ours = view.queues.iter().filter(|queue| queue.queue != Queue::Webhooks);
    let oldest = ours.filter_map(|queue| queue.due_since(view.now)).min()?;
    (view.now.duration_since(oldest) > ALARMING).then(|| {
        let since = format::moment(oldest, &actor.organization.zone);
        format!(
            "Something was to be taken up at {since} and was not. See in the log of the program \
             whether its jobs run and reach the database."
        )
    })
}

fn seals(view: &QueuesView) -> &'static str {
    if view.has_unsealed {
        "The newest changes in the audit log wait for their seal."
    } else {
        "Every change in the audit log is sealed."
    }
}

fn row(view: &QueueView, all: &QueuesView, actor: &Actor) -> QueueRow {
    let (label, about, advice) = words(view.queue);
    let items = |items: &[Item]| items.iter().map(|one| item(view.queue, one, actor)).collect();
    QueueRow {
        name: view.queue.as_str(),
        label,
        about,
        waiting: waiting(view.waiting),
        next: view.next.map(|next| when(next, all.now, actor)),
        can_hurry: view.waiting > 0,
        tried_often: items(&view.tried_often),
        given_up: items(&view.given_up),
        advice,
    }
}

fn waiting(count: i64) -> String {
    match count {
        0 => "None".to_owned(),
        read_queues::MAX_COUNTED.. => format!("{} or more", parts::count(count)),
        count => parts::count(count),
    }
}

fn when(next: Timestamp, now: Timestamp, actor: &Actor) -> String {
    if next <= now { "Now".to_owned() } else { format::moment(next, &actor.organization.zone) }
}

fn item(queue: Queue, item: &Item, actor: &Actor) -> ItemRow {
    let inquiry = (queue == Queue::Questions).then(|| read_queues::question(item)).flatten();
    let webhook = (queue == Queue::Webhooks).then(|| read_queues::endpoint(item)).flatten();
    let (label, href) = match (item.payment, inquiry, webhook) {
        (Some(payment), ..) => (payment.to_string(), Some(format!("/payments/{payment}"))),
        (None, Some(id), _) => (id.to_string(), Some(format!("/inquiries/{id}"))),
        (None, None, Some(id)) => (id.to_string(), Some(format!("/settings/webhooks/{id}"))),
        (None, None, None) => (item.name.clone(), None),
    };
    ItemRow {
        item: item.name.clone(),
        label,
        href,
        tries: item.tries,
        next: item.next.map(|next| format::moment(next, &actor.organization.zone)),
        words: item.words.clone(),
        // An event that was never tried was not believed when it arrived.
        can_look_again: queue == Queue::Events && item.next.is_none() && item.tries > 0,
    }
}

/// What a queue is called, what is done with what waits in it, and what can be done about what was
/// given up.
fn words(queue: Queue) -> (&'static str, &'static str, &'static str) {
    match queue {
        Queue::Attempts => (
            "Payments under way",
            "The processor is asked how they stand: after five minutes, an hour, then daily.",
            "",
        ),
        Queue::Refunds => (
            "Refunds on their way",
            "The processor is asked to make them, then daily whether the bank has.",
            "",
        ),
        Queue::SecondPayments => (
            "Second payments on their way back",
            "The processor is asked to give them back, then daily whether the bank has.",
            "",
        ),
        Queue::Payouts => (
            "Payouts of the processor",
            "What each is made of is fetched, and held against the books.",
            "",
        ),
        Queue::Events => (
            "Events of the processor",
            "What each is about is fetched and written into the books.",
            "These were not applied. Look them up at the processor, then look again. What was not \
             believed when it arrived is never tried.",
        ),
        Queue::Letters => (
            "Letters to patients",
            "They are handed to the clinic's mail server.",
            "The mail server refused these. Mend the patient's address and send the link again.",
        ),
        Queue::Questions => ("Questions to payers", "They are carried to the clearinghouse.", ""),
        Queue::Documents => (
            "Documents to be removed",
            "They were deleted thirty days ago, or never came to belong to a payment. Their bytes \
             are removed; while the store of documents is away, every ten minutes again.",
            "",
        ),
        Queue::Webhooks => (
            "Events for other programs",
            "They are sent to the endpoints that the settings of webhooks list, for three days.",
            "The endpoint did not take these. Its page has them sent again.",
        ),
    }
}
