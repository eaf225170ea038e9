//! What waits to be done without a person asking, as administrators see it: how much, since when,
//! what was tried often, and what was given up.
//!
//! Each queue is a column of its own table that says when a row is taken up next. To show a further
//! one, add it to [`Queue`] and say in [`Queue::shape`] how its table is read.

use almoner_domain::{OrganizationId, PaymentId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx, Value};

/// A kind of work that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Attempts of payers that the processor is asked about.
    Attempts,
    /// Refunds that the processor makes.
    Refunds,
    /// Second payments that the processor gives back.
    SecondPayments,
    /// Payouts whose movements are fetched from the processor.
    Payouts,
    /// Events that the processor told of. They are its account's, of every organization.
    Events,
    /// Letters to patients.
    Letters,
    /// Questions to payers.
    Questions,
    /// Documents whose bytes are to be removed, as nothing refers to them any more.
    Documents,
    /// Events on their way to other programs.
    Webhooks,
}

/// How a queue lies in its table.
struct Shape {
    table: &'static str,
    /// The column that says whose a row is.
    owner: &'static str,
    /// What names a row within the queue.
    item: &'static str,
    /// The payment that a row is about.
    payment: &'static str,
    /// Which rows wait.
    waits: &'static str,
    /// When a row is taken up next, and how often it was.
    next: &'static str,
    tries: &'static str,
    words: &'static str,
    /// After so many tries something may be wrong.
    often: i64,
    /// A row is given up after a number of tries.
    ends: bool,
    /// Rows that nobody takes up any more, and by what the newest of them are found.
    given_up: Option<(&'static str, &'static str)>,
}

impl Queue {
    /// All nine.
    pub const ALL: [Self; 9] = [
        Self::Attempts,
        Self::Refunds,
        Self::SecondPayments,
        Self::Payouts,
        Self::Events,
        Self::Letters,
        Self::Questions,
        Self::Documents,
        Self::Webhooks,
    ];

    /// Its name in addresses and in the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Refunds => "refunds",
            Self::SecondPayments => "second_payments",
            Self::Payouts => "payouts",
            Self::Events => "events",
            Self::Letters => "letters",
            Self::Questions => "questions",
            Self::Documents => "documents",
            Self::Webhooks => "webhooks",
        }
    }

    /// The queue with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == name)
    }

    fn shape(self) -> Shape {
        let asked = Shape {
            table: "payment_attempt",
            owner: "organization_id",
            item: "reference",
            payment: "payment_seq",
            waits: "ask_at_us IS NOT NULL",
            next: "ask_at_us",
            tries: "asks",
            words: "failure",
            often: 3,
            ends: false,
            given_up: None,
        };
        let tried = Shape {
            table: "eligibility_inquiry",
            item: "CAST(seq AS TEXT)",
            payment: "NULL",
            waits: "state = 'waiting'",
            next: "next_try_at_us",
            tries: "tries",
            often: 2,
            ends: true,
            ..asked
        };
        match self {
            Self::Attempts => asked,
            Self::Refunds => Shape { table: "refund", ..asked },
            Self::SecondPayments => Shape { table: "unapplied_refund", ..asked },
            Self::Payouts => Shape {
                table: "payout",
                item: "payout_id",
                payment: "NULL",
                words: "NULL",
                ..asked
            },
            Self::Questions => tried,
            // What is being written is due as well, in case it is cut off, and is no work yet.
            // Its tries are not counted, so that none is listed by itself.
            Self::Documents => Shape {
                table: "stored_file",
                item: "''",
                payment: "NULL",
                waits: "state = 'leaving' AND due_at_us IS NOT NULL",
                next: "due_at_us",
                tries: "0",
                words: "NULL",
                ..asked
            },
            Self::Webhooks => {
                let item = "CAST(endpoint_seq AS TEXT) || ' ' || event_id";
                let given_up = Some(("state = 'failed'", "event_id"));
                Shape { table: "webhook_delivery", item, given_up, ..tried }
            }
            Self::Letters => Shape {
                table: "mail",
                payment: "payment_seq",
                given_up: Some(("state = 'refused'", "seq")),
                ..tried
            },
            Self::Events => Shape {
                table: "processor_event",
                owner: "processor",
                item: "event_id",
                words: "kind || coalesce(': ' || words, '')",
                given_up: Some(("state = 'quarantined'", "happened_at_us")),
                ..tried
            },
        }
    }
}

/// Whose queues are meant.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The organization.
    pub org: OrganizationId,
    /// The processor whose account tells of events.
    pub processor: &'a str,
}

impl Owner<'_> {
    fn of(self, queue: Queue) -> Value {
        match queue {
            Queue::Events => Value::from(self.processor),
            Queue::Attempts
            | Queue::Refunds
            | Queue::SecondPayments
            | Queue::Payouts
            | Queue::Letters
            | Queue::Questions
            | Queue::Documents
            | Queue::Webhooks => Value::from(self.org),
        }
    }
}

/// Something that waits, or was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What names it within its queue.
    pub name: String,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next; none when it was given up.
    pub next: Option<Timestamp>,
    /// Why it is not done, as far as that was told.
    pub words: Option<String>,
}

fn item(row: &Row) -> Result<Item, StoreError> {
    Ok(Item {
        name: row.text("name")?,
        payment: row.opt_int("payment")?.map(PaymentId::new),
        tries: row.int("tries")?,
        next: row.opt_time("next_us")?,
        words: row.opt_text("words")?,
    })
}

/// How many rows of a queue wait, counted up to `limit`.
pub async fn count_waiting(
    tx: &mut Tx,
    owner: Owner<'_>,
    queue: Queue,
    limit: i64,
) -> Result<i64, StoreError> {
    let Shape { table, owner: column, waits, .. } = queue.shape();
    let sql = format!(
        "SELECT count(*) AS n FROM (SELECT 1 AS one FROM {table}
        WHERE {column} = $1 AND {waits} LIMIT $2) AS waiting"
    );
    tx.one(sql, vec![owner.of(queue), limit.into()]).await?.int("n")
}

/// When the next row of a queue is, or was, to be taken up.
pub async fn next(
    tx: &mut Tx,
    owner: Owner<'_>,
    queue: Queue,
) -> Result<Option<Timestamp>, StoreError> {
    let Shape { table, owner: column, waits, next, .. } = queue.shape();
    let sql = format!(
        "SELECT {next} AS next_us FROM {table} WHERE {column} = $1 AND {waits}
        ORDER BY {next} LIMIT 1"
    );
    let row = tx.optional(sql, vec![owner.of(queue)]).await?;
    row.map(|row| row.time("next_us")).transpose()
}

/// Rows that wait still, though they were tried often, the next first.
pub async fn tried_often(
    tx: &mut Tx,
    owner: Owner<'_>,
    queue: Queue,
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let shape = queue.shape();
    let (tries, next) = (shape.tries, shape.next);
    let condition = format!("{} AND {tries} >= {}", shape.waits, shape.often);
    list(tx, (owner, queue, &shape), (&condition, next), limit).await
}

/// Rows that nobody takes up any more, the newest first.
pub async fn given_up(
    tx: &mut Tx,
    owner: Owner<'_>,
    queue: Queue,
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let shape = queue.shape();
    let Some((condition, newest)) = shape.given_up else {
        return Ok(Vec::new());
    };
    let order = format!("{newest} DESC");
    list(tx, (owner, queue, &shape), (condition, &order), limit).await
}

async fn list(
    tx: &mut Tx,
    (owner, queue, shape): (Owner<'_>, Queue, &Shape),
    (condition, order): (&str, &str),
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let Shape { table, owner: column, item: named, payment, next, tries, words, .. } = shape;
    let sql = format!(
        "SELECT {named} AS name, CAST({payment} AS BIGINT) AS payment, {tries} AS tries,
            {next} AS next_us, {words} AS words
        FROM {table} WHERE {column} = $1 AND {condition} ORDER BY {order} LIMIT $2"
    );
    tx.all(sql, vec![owner.of(queue), limit.into()]).await?.iter().map(item).collect()
}

/// Has rows of a queue taken up at once: one of them, or all that wait. Tells how many. None comes
/// nearer to being given up by it: its tries are counted anew from the second on.
pub async fn hurry(
    tx: &mut Tx,
    owner: Owner<'_>,
    (queue, item): (Queue, Option<&str>),
    now: Timestamp,
) -> Result<u64, StoreError> {
    let Shape { table, owner: column, item: named, waits, next, tries, ends, .. } = queue.shape();
    let anew = if ends {
        format!(", {tries} = CASE WHEN {tries} > 1 THEN 1 ELSE {tries} END")
    } else {
        String::new()
    };
    let sql = format!(
        "UPDATE {table} SET {next} = $2{anew} WHERE {column} = $1 AND {waits} AND {next} > $2
            AND (CAST($3 AS TEXT) IS NULL OR {named} = $3)"
    );
    tx.execute(sql, vec![owner.of(queue), now.into(), item.into()]).await
}

/// Has events that were given up looked at anew: one of them, or all. Tells how many. What was
/// never tried was not believed when it arrived, and is not believed later.
pub async fn look_again(
    tx: &mut Tx,
    owner: Owner<'_>,
    event: Option<&str>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "UPDATE processor_event SET state = 'waiting', tries = 0, next_try_at_us = $2
        WHERE processor = $1 AND state = 'quarantined' AND tries > 0
            AND (CAST($3 AS TEXT) IS NULL OR event_id = $3)";
    tx.execute(sql, vec![owner.processor.into(), now.into(), event.into()]).await
}
