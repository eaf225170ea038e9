//! The audit log as it is read by people: newest first, narrowed, a page at a time.
//!
//! No index is kept for what the log is narrowed by, since each would slow every change. A page
//! looks through so many entries at most, in the order in which they are kept, and tells how far it
//! came; what is about one thing is found by that thing's index.

use almoner_domain::{OrganizationId, UserId};
use jiff::Timestamp;

use crate::audit::{NamedEvent, VIEWED, named_event};
use crate::db::{StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// Entries that a page looks through at most.
pub const MAX_LOOKED_THROUGH: i64 = 20_000;

/// The place of an entry in the log.
pub type Place = [u8; 16];

/// Whose doing is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    /// A member of the staff.
    User(UserId),
    /// Any other program, by its key.
    Programs,
    /// Payers.
    Payers,
    /// The processor.
    Processor,
    /// Almoner itself.
    Almoner,
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Not before then.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// By whom.
    pub doer: Option<Doer>,
    /// About which thing: its kind as it is stored, and its number.
    pub subject: Option<(&'static str, i64)>,
    /// Also who saw what.
    pub with_reads: bool,
    /// After this place, going back in time.
    pub after: Option<Place>,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// Its entries, newest first.
    pub entries: Vec<NamedEvent>,
    /// Where the next page begins, when anything is left to look through.
    pub next: Option<Place>,
    /// How far back a page looked that found less than it may hold.
    pub looked_back_to: Option<Timestamp>,
}

/// The first place of a moment: places begin with its milliseconds.
fn place(at: Timestamp) -> Place {
    let mut place = [0; 16];
    place[..6].copy_from_slice(&at.as_millisecond().max(0).to_be_bytes()[2..]);
    place
}

/// Appends the range of places that is looked through.
fn push_range(statement: &mut Statement, org: OrganizationId, query: &AuditQuery) {
    statement.push(" FROM audit_event e WHERE e.organization_id = ").bind(org);
    if let Some((subject, seq)) = query.subject {
        statement.push(" AND e.subject = ").bind(subject).push(" AND e.subject_seq = ").bind(seq);
    }
    if let Some(from) = query.from {
        statement.push(" AND e.event_id >= ").bind(place(from).as_slice());
    }
    // The nearer of both ends: of two bounds on one side an engine may begin at the farther one.
    let ends = [query.until.map(place), query.after];
    if let Some(end) = ends.into_iter().flatten().min() {
        statement.push(" AND e.event_id < ").bind(end.as_slice());
    }
}

/// Appends the tests of what is looked through.
fn push_tests(statement: &mut Statement, query: &AuditQuery) {
    if !query.with_reads {
        statement.push(" AND e.action <> ").bind(VIEWED);
    }
    match query.doer {
        None => {}
        Some(Doer::User(user)) => {
            statement.push(" AND e.user_seq = ").bind(user);
        }
        Some(Doer::Programs) => {
            statement.push(" AND e.key_seq IS NOT NULL");
        }
        Some(Doer::Payers) => {
            statement.push(" AND e.actor = 'payer'");
        }
        Some(Doer::Processor) => {
            statement.push(" AND e.actor IN ('processor', 'refunds')");
        }
        Some(Doer::Almoner) => {
            statement.push(" AND e.actor IN ('system', 'job')");
        }
    }
}

/// A page of the log with `limit` entries at most.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    query: &AuditQuery,
    limit: usize,
) -> Result<AuditPage, StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT e.*, u.name AS user_name, k.name AS key_name FROM (SELECT * FROM (SELECT e.*",
    );
    push_range(&mut statement, org, query);
    statement.push(&format!(" ORDER BY e.event_id DESC LIMIT {MAX_LOOKED_THROUGH}) e WHERE 1 = 1"));
    push_tests(&mut statement, query);
    // One more than is shown tells that there is more.
    statement.push(&format!(" ORDER BY e.event_id DESC LIMIT {}) e", limit + 1));
    statement.push(
        " LEFT JOIN staff_user u ON u.organization_id = e.organization_id AND u.seq = e.user_seq
        LEFT JOIN api_key k ON k.organization_id = e.organization_id AND k.seq = e.key_seq
        ORDER BY e.event_id DESC",
    );
    let rows = statement.all(tx).await?;
    let mut entries: Vec<_> = rows.iter().map(named_event).collect::<Result<_, _>>()?;
    if entries.len() > limit {
        entries.truncate(limit);
        let next = entries.last().map(|last| last.event.id);
        return Ok(AuditPage { entries, next, looked_back_to: None });
    }
    let farthest = farthest(tx, org, query).await?;
    Ok(AuditPage {
        entries,
        next: farthest.map(|(place, _)| place),
        looked_back_to: farthest.map(|(_, at)| at),
    })
}

/// The last entry that a page looks through, when there are so many.
async fn farthest(
    tx: &mut Tx,
    org: OrganizationId,
    query: &AuditQuery,
) -> Result<Option<(Place, Timestamp)>, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT e.event_id, e.at_us");
    push_range(&mut statement, org, query);
    statement.push(&format!(" ORDER BY e.event_id DESC LIMIT 1 OFFSET {}", MAX_LOOKED_THROUGH - 1));
    let Some(row) = statement.all(tx).await?.into_iter().next() else {
        return Ok(None);
    };
    let place = row.bytes("event_id")?;
    let place = place.try_into().map_err(|_| StoreError::Corrupt("event_id".to_owned()))?;
    Ok(Some((place, row.time("at_us")?)))
}

/// The names of all who ever had an account, those who left among them.
pub async fn members(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<Vec<(UserId, String)>, StoreError> {
    let sql = "SELECT seq, name FROM staff_user WHERE organization_id = $1 ORDER BY name, seq";
    let rows = tx.all(sql, params![org]).await?;
    rows.iter().map(|row| Ok((UserId::new(row.int("seq")?), row.text("name")?))).collect()
}
