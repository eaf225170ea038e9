//! Audits who saw what: pages tell this queue, which writes in batches.
//!
//! A read is in the audit log at most a quarter of a second after it was served. The queue is
//! bounded: when the database cannot keep up, readers wait rather than go unrecorded.

use std::time::Duration;

use almoner_store::audit::{self, Event};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::context::{Actor, App};
use crate::error::Error;

/// Reads that wait to be written at most.
const MAX_QUEUED: usize = 1_000;
/// Reads that are written in one transaction at most.
const MAX_BATCH: usize = 200;
/// How long a read waits for others to be written with it.
const MAX_DELAY: Duration = Duration::from_millis(200);

/// The action that marks a read in the audit log.
pub const VIEWED: &str = audit::VIEWED;

/// Something that was served.
#[derive(Debug, Clone)]
pub struct Seen {
    /// To whom.
    pub actor: Actor,
    /// The kind of thing, such as `payment`.
    pub subject: &'static str,
    /// Its number; 0 for a list.
    pub subject_seq: i64,
    /// The number of the document of it that was handed out.
    pub document: Option<i64>,
    /// The ids of what a page of a list showed.
    pub listed: Vec<String>,
    /// The client's address.
    pub from: String,
    /// When.
    pub at: Timestamp,
}

#[derive(Debug)]
enum Message {
    Seen(Box<Seen>),
    Flush(oneshot::Sender<()>),
}

/// The queue's end that pages hold.
#[derive(Debug, Clone)]
pub struct ReadLog(mpsc::Sender<Message>);

impl ReadLog {
    /// Starts the queue. It ends when every page has let go of it.
    pub fn start(app: App) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED);
        tokio::spawn(write_all(app, receiver));
        Self(sender)
    }

    /// Records a read; waits while the queue is full.
    pub async fn seen(&self, seen: Seen) {
        // The queue ends only with the program.
        let _ = self.0.send(Message::Seen(Box::new(seen))).await;
    }

    /// Waits until everything that was recorded is written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.send(Message::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

async fn write_all(app: App, mut receiver: mpsc::Receiver<Message>) {
    let mut batch = Vec::new();
    while let Some(first) = receiver.recv().await {
        let mut waiting = collect(first, &mut batch);
        let more = async {
            while waiting.is_none() && batch.len() < MAX_BATCH {
                match receiver.recv().await {
                    Some(message) => waiting = collect(message, &mut batch),
                    None => break,
                }
            }
        };
        let _ = tokio::time::timeout(MAX_DELAY, more).await;
        if let Err(error) = write(&app, &batch).await {
            let (reads, error) = (batch.len(), &error as &dyn std::error::Error);
            tracing::error!(reads, error, "reads could not be audited; they are tried again");
            continue;
        }
        batch.clear();
        if let Some(done) = waiting {
            let _ = done.send(());
        }
    }
}

/// Keeps a read, or gives back who waits for the batch to be written.
fn collect(message: Message, batch: &mut Vec<Seen>) -> Option<oneshot::Sender<()>> {
    match message {
        Message::Seen(seen) => {
            batch.push(*seen);
            None
        }
        Message::Flush(done) => Some(done),
    }
}

async fn write(app: &App, batch: &[Seen]) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    for seen in batch {
        let mut detail = json!({ "from": seen.from });
        if let Some(document) = seen.document {
            detail["document"] = document.into();
        }
        if !seen.listed.is_empty() {
            detail["listed"] = seen.listed.join(", ").into();
        }
        let event = Event {
            id: app.event_id(seen.at),
            at: seen.at,
            actor: seen.actor.kind().to_owned(),
            user: seen.actor.user(),
            key: seen.actor.key_id(),
            action: VIEWED.to_owned(),
            subject: seen.subject.to_owned(),
            subject_seq: seen.subject_seq,
            subject_version: None,
            detail: detail.to_string(),
        };
        audit::insert(&mut tx, seen.actor.org(), &event).await?;
    }
    tx.commit().await?;
    Ok(())
}
