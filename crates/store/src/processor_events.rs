//! What happened at the processor, as it told by webhook or was asked. Each event is kept once;
//! a job fetches what it is about and applies that.
//!
//! An event is its account's: whose it is is known once its object was fetched, so these rows have
//! no organization. Whoever takes an event up moves its next moment on, so that no two servers
//! apply it at once.

use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventState {
    /// To be applied, now or again.
    Waiting,
    /// Its object is in the books as it is.
    Applied,
    /// It is about nothing of ours.
    Ignored,
    /// It was not believed, or never understood; a person may look.
    Quarantined,
}

impl EventState {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Applied, Self::Ignored, Self::Quarantined];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An event as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// Which processor.
    pub processor: &'a str,
    /// The processor's id of it.
    pub id: &'a str,
    /// What happened, in the processor's word.
    pub kind: &'a str,
    /// What it happened to: the kind of thing and the processor's id.
    pub object: Option<(&'a str, &'a str)>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Why it is not believed.
    pub disbelief: Option<&'a str>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The processor's id of it.
    pub id: String,
    /// What happened, in the processor's word.
    pub kind: String,
    /// What it happened to: the kind of thing and the processor's id.
    pub object: Option<(String, String)>,
    /// Where it stands.
    pub state: EventState,
    /// How often it was taken up.
    pub tries: i64,
    /// Why it waits still, or was not applied.
    pub words: Option<String>,
}

fn event(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        id: row.text("event_id")?,
        kind: row.text("kind")?,
        object: row.opt_text("object_kind")?.zip(row.opt_text("object_id")?),
        state: row.word("state", EventState::from_name)?,
        tries: row.int("tries")?,
        words: row.opt_text("words")?,
    })
}

/// Keeps an event; false when it was kept before.
pub async fn insert(tx: &mut Tx, new: &NewEvent<'_>) -> Result<bool, StoreError> {
    let sql = "INSERT INTO processor_event (processor, event_id, kind, object_kind, object_id,
            happened_at_us, received_at_us, state, tries, next_try_at_us, words)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)
        ON CONFLICT (processor, event_id) DO NOTHING";
    let is_believed = new.disbelief.is_none();
    let state = if is_believed { EventState::Waiting } else { EventState::Quarantined };
    let values = params![
        new.processor,
        new.id,
        new.kind,
        new.object.map(|object| object.0),
        new.object.map(|object| object.1),
        new.happened_at,
        new.received_at,
        state.as_str(),
        is_believed.then_some(new.received_at),
        new.disbelief,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The event with that id.
pub async fn get(tx: &mut Tx, processor: &str, id: &str) -> Result<Option<Event>, StoreError> {
    let sql = "SELECT * FROM processor_event WHERE processor = $1 AND event_id = $2";
    tx.optional(sql, params![processor, id]).await?.as_ref().map(event).transpose()
}

/// When the newest event that is kept happened.
pub async fn newest(tx: &mut Tx, processor: &str) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT happened_at_us FROM processor_event WHERE processor = $1
        ORDER BY happened_at_us DESC LIMIT 1";
    let row = tx.optional(sql, params![processor]).await?;
    row.map(|row| row.time("happened_at_us")).transpose()
}

/// Whether any event is due to be applied, without taking anything.
pub async fn any_due(tx: &mut Tx, processor: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM processor_event
        WHERE processor = $1 AND state = 'waiting' AND next_try_at_us <= $2 LIMIT 1";
    Ok(tx.optional(sql, params![processor, now]).await?.is_some())
}

/// Events that are due to be applied, the longest due first. They are held until the transaction
/// ends, in which the caller moves each on by [`set_next`].
pub async fn due(
    tx: &mut Tx,
    processor: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    let free = tx.lock_free();
    let sql = format!(
        "SELECT * FROM processor_event
        WHERE processor = $1 AND state = 'waiting' AND next_try_at_us <= $2
        ORDER BY next_try_at_us, event_id LIMIT $3{free}"
    );
    tx.all(sql, params![processor, now, limit]).await?.iter().map(event).collect()
}

/// Says when an event is taken up next.
pub async fn set_next(
    tx: &mut Tx,
    processor: &str,
    id: &str,
    (next, tries): (Timestamp, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE processor_event SET next_try_at_us = $3, tries = $4
        WHERE processor = $1 AND event_id = $2";
    tx.execute_one(sql, params![processor, id, next, tries]).await
}

/// Says what became of an event, unless somebody else said so before.
pub async fn set_state(
    tx: &mut Tx,
    processor: &str,
    id: &str,
    (state, words): (EventState, Option<&str>),
) -> Result<(), StoreError> {
    let sql = "UPDATE processor_event SET state = $3, words = $4,
            next_try_at_us = CASE WHEN $3 = 'waiting' THEN next_try_at_us END
        WHERE processor = $1 AND event_id = $2 AND state = 'waiting'";
    tx.execute(sql, params![processor, id, state.as_str(), words]).await.map(drop)
}

/// Lets an event that was left to a person be taken up once more; false when it is not left so.
pub async fn look_again(
    tx: &mut Tx,
    processor: &str,
    id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE processor_event SET state = 'waiting', next_try_at_us = $3
        WHERE processor = $1 AND event_id = $2 AND state = 'quarantined'";
    Ok(tx.execute(sql, params![processor, id, now]).await? == 1)
}
