//! The audit log: rows written in the same transaction as the change, sealed in batches.
//!
//! A row is written without a place in the chain, so that no row is hot. A job later takes the
//! committed rows and seals them: each seal is a hash over the seal before it, the number of
//! rows and the rows themselves. A changed, added or missing row breaks its seal.

use almoner_domain::{KeyId, OrganizationId, UserId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// The rows that one seal covers at most.
pub const MAX_SEAL_EVENTS: i64 = 500;
/// The action of a row that says who saw a thing; a thing's history leaves it out.
pub const VIEWED: &str = "viewed";
/// The version of the encoding that seals are made over.
const ENCODING: &[u8] = b"almoner audit 1";
/// What the first seal follows.
const NO_SEAL: [u8; 32] = [0; 32];

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Sixteen bytes that sort by time and are given out once.
    pub id: [u8; 16],
    /// When.
    pub at: Timestamp,
    /// Who: `staff`, `key`, `payer`, `processor`, `job`, `system`.
    pub actor: String,
    /// Which member of the staff.
    pub user: Option<UserId>,
    /// Which key of another program.
    pub key: Option<KeyId>,
    /// What was done, such as `payment_created`.
    pub action: String,
    /// To what kind of thing, such as `payment`.
    pub subject: String,
    /// The number of the thing.
    pub subject_seq: i64,
    /// Its version after the change.
    pub subject_version: Option<i64>,
    /// What changed, as JSON.
    pub detail: String,
}

/// Writes an event.
pub async fn insert(tx: &mut Tx, org: OrganizationId, event: &Event) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit_event (organization_id, event_id, at_us, actor, user_seq, key_seq,
        action, subject, subject_seq, subject_version, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let e = event;
    let values = params![
        org,
        e.id.as_slice(),
        e.at,
        e.actor.as_str(),
        e.user,
        e.key,
        e.action.as_str(),
        e.subject.as_str(),
        e.subject_seq,
        e.subject_version,
        e.detail.as_str(),
    ];
    tx.gather_one(sql, values).await
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let id = row.bytes("event_id")?;
    Ok(Event {
        id: id.try_into().map_err(|_| StoreError::Corrupt("event_id".to_owned()))?,
        at: row.time("at_us")?,
        actor: row.text("actor")?,
        user: row.opt_int("user_seq")?.map(UserId::new),
        key: row.opt_int("key_seq")?.map(KeyId::new),
        action: row.text("action")?,
        subject: row.text("subject")?,
        subject_seq: row.int("subject_seq")?,
        subject_version: row.opt_int("subject_version")?,
        detail: row.text("detail")?,
    })
}

/// An event with the name of the member of the staff, or of the key, that caused it.
#[derive(Debug, Clone)]
pub struct NamedEvent {
    /// The event.
    pub event: Event,
    /// The name, when it was a member of the staff.
    pub user_name: Option<String>,
    /// The key's name, when it was another program.
    pub key_name: Option<String>,
}

/// What was done to a thing, newest first, at most `limit`; at one moment, by version.
pub async fn of_subject(
    tx: &mut Tx,
    org: OrganizationId,
    subject: &str,
    subject_seq: i64,
    limit: i64,
) -> Result<Vec<NamedEvent>, StoreError> {
    let sql = "SELECT e.*, u.name AS user_name, k.name AS key_name FROM audit_event e
        LEFT JOIN staff_user u ON u.organization_id = e.organization_id AND u.seq = e.user_seq
        LEFT JOIN api_key k ON k.organization_id = e.organization_id AND k.seq = e.key_seq
        WHERE e.organization_id = $1 AND e.subject = $2 AND e.subject_seq = $3
            AND e.action <> $5
        ORDER BY e.at_us DESC, coalesce(e.subject_version, 0) DESC, e.event_id DESC LIMIT $4";
    let rows = tx.all(sql, params![org, subject, subject_seq, limit, VIEWED]).await?;
    rows.iter().map(named_event).collect()
}

/// What was last done to that of which an organization has one, such as its settings. Its number
/// in the rows is the organization's at the time, which was another one where it came from.
pub async fn newest(
    tx: &mut Tx,
    org: OrganizationId,
    subject: &str,
) -> Result<Option<NamedEvent>, StoreError> {
    let sql = "SELECT e.*, u.name AS user_name, k.name AS key_name FROM audit_event e
        LEFT JOIN staff_user u ON u.organization_id = e.organization_id AND u.seq = e.user_seq
        LEFT JOIN api_key k ON k.organization_id = e.organization_id AND k.seq = e.key_seq
        WHERE e.organization_id = $1 AND e.subject = $2 AND e.action <> $3
        ORDER BY e.at_us DESC, coalesce(e.subject_version, 0) DESC, e.event_id DESC LIMIT 1";
    let row = tx.optional(sql, params![org, subject, VIEWED]).await?;
    row.as_ref().map(named_event).transpose()
}

/// An event with its names.
pub(crate) fn named_event(row: &Row) -> Result<NamedEvent, StoreError> {
    let (user_name, key_name) = (row.opt_text("user_name")?, row.opt_text("key_name")?);
    Ok(NamedEvent { event: event(row)?, user_name, key_name })
}

/// Whether any of these things was done to a subject after a moment.
pub async fn any_since(
    tx: &mut Tx,
    org: OrganizationId,
    (subject, subject_seq): (&str, i64),
    actions: &[&str],
    since: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT action FROM audit_event WHERE organization_id = $1 AND subject = $2
        AND subject_seq = $3 AND at_us > $4";
    for row in tx.all(sql, params![org, subject, subject_seq, since]).await? {
        if actions.contains(&&*row.text("action")?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn encode(hasher: &mut Sha256, event: &Event) {
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    let number = |number: Option<i64>| number.map_or(Vec::new(), |n| n.to_be_bytes().to_vec());
    part(&event.id);
    part(&number(Some(almoner_domain::time::micros(event.at))));
    part(event.actor.as_bytes());
    part(&number(event.user.map(UserId::seq)));
    part(event.action.as_bytes());
    part(event.subject.as_bytes());
    part(&number(Some(event.subject_seq)));
    part(&number(event.subject_version));
    part(event.detail.as_bytes());
    // Only rows of a key have this part, so that older seals stay what they are. It is shorter
    // than the id with which the next row begins.
    if let Some(key) = event.key {
        part(&number(Some(key.seq())));
    }
}

fn seal_over(previous: &[u8], events: &[Event]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(ENCODING);
    hasher.update(previous);
    hasher.update((events.len() as u64).to_be_bytes());
    for event in events {
        encode(&mut hasher, event);
    }
    hasher.finalize().to_vec()
}

/// A seal of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its number, from one.
    pub number: i64,
    /// The hash.
    pub hash: Vec<u8>,
}

async fn newest_seal(tx: &mut Tx, org: OrganizationId) -> Result<Seal, StoreError> {
    let sql = "SELECT seal_no, seal FROM audit_seal WHERE organization_id = $1
        ORDER BY seal_no DESC LIMIT 1";
    Ok(match tx.optional(sql, params![org]).await? {
        Some(row) => Seal { number: row.int("seal_no")?, hash: row.bytes("seal")? },
        None => Seal { number: 0, hash: NO_SEAL.to_vec() },
    })
}

/// Whether there are committed rows without a seal.
pub async fn has_unsealed(tx: &mut Tx, org: OrganizationId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS one FROM audit_event WHERE organization_id = $1 AND seal_no IS NULL
        LIMIT 1";
    Ok(tx.optional(sql, params![org]).await?.is_some())
}

/// Seals the committed rows that have no seal, at most [`MAX_SEAL_EVENTS`] of them; `None` when
/// there are none.
///
/// # Errors
/// [`StoreError::Duplicate`] when another server sealed at the same time; nothing is lost.
///
/// # Panics
/// When a row that was read does not take the seal: the chain would not cover it.
pub async fn seal(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
) -> Result<Option<Seal>, StoreError> {
    let previous = newest_seal(tx, org).await?;
    let sql = "SELECT * FROM audit_event WHERE organization_id = $1 AND seal_no IS NULL
        ORDER BY event_id LIMIT $2";
    let rows = tx.all(sql, params![org, MAX_SEAL_EVENTS]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let events: Vec<Event> = rows.iter().map(event).collect::<Result<_, _>>()?;
    let count = i64::try_from(events.len()).unwrap_or(MAX_SEAL_EVENTS);
    let seal = Seal { number: previous.number + 1, hash: seal_over(&previous.hash, &events) };
    let sql = "INSERT INTO audit_seal (organization_id, seal_no, previous, event_count, seal,
        sealed_at_us) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = params![org, seal.number, &*previous.hash, count, &*seal.hash, now];
    tx.execute_one(sql, values).await?;
    let mut statement = Statement::default();
    statement.push("UPDATE audit_event SET seal_no = ").bind(seal.number);
    statement.push(" WHERE organization_id = ").bind(org).push(" AND event_id IN (");
    for (index, event) in events.iter().enumerate() {
        statement.push(if index > 0 { ", " } else { "" }).bind(event.id.as_slice());
    }
    statement.push(") RETURNING event_id");
    let sealed = statement.all(tx).await?.len();
    assert_eq!(sealed, events.len(), "every row that was read takes the seal");
    Ok(Some(seal))
}

/// The end of the chain, for rows that are written together with their seals.
#[derive(Debug)]
pub struct Chain(Seal);

/// A seal that was made before its rows were written.
#[derive(Debug)]
pub struct NewSeal {
    /// The seal.
    pub seal: Seal,
    /// The hash of the one before it.
    pub previous: Vec<u8>,
}

impl Chain {
    /// The chain as it ends now. Nobody else may seal until all that follows is written.
    pub async fn end(tx: &mut Tx, org: OrganizationId) -> Result<Self, StoreError> {
        newest_seal(tx, org).await.map(Self)
    }

    /// Seals events that are about to be written, at most [`MAX_SEAL_EVENTS`] of them.
    pub fn seal(&mut self, events: &mut [Event]) -> NewSeal {
        events.sort_unstable_by_key(|event| event.id);
        let hash = seal_over(&self.0.hash, events);
        let seal = Seal { number: self.0.number + 1, hash };
        let previous = std::mem::replace(&mut self.0, seal.clone()).hash;
        NewSeal { seal, previous }
    }
}

/// What is wrong with the chain, if anything: the first broken seal, or a missing anchor.
pub async fn check_seals(
    tx: &mut Tx,
    org: OrganizationId,
    anchor: Option<&[u8]>,
) -> Result<Option<String>, StoreError> {
    let mut previous = NO_SEAL.to_vec();
    let mut number = 0;
    let mut anchored = anchor.is_none();
    loop {
        let sql = "SELECT * FROM audit_seal WHERE organization_id = $1 AND seal_no > $2
            ORDER BY seal_no LIMIT 1";
        let Some(row) = tx.optional(sql, params![org, number]).await? else {
            break;
        };
        number += 1;
        let found = row.int("seal_no")?;
        if found != number {
            return Ok(Some(format!("audit seal {number} is missing")));
        }
        let sql = "SELECT * FROM audit_event WHERE organization_id = $1 AND seal_no = $2
            ORDER BY event_id";
        let rows = tx.all(sql, params![org, number]).await?;
        let events: Vec<Event> = rows.iter().map(event).collect::<Result<_, _>>()?;
        let (count, seal) = (row.int("event_count")?, row.bytes("seal")?);
        if i64::try_from(events.len()).ok() != Some(count) {
            let found = events.len();
            return Ok(Some(format!("audit seal {number} covers {count} rows, found {found}")));
        }
        if row.bytes("previous")? != previous || seal != seal_over(&previous, &events) {
            return Ok(Some(format!("audit seal {number} does not fit its rows")));
        }
        anchored |= anchor == Some(&*seal);
        previous = seal;
    }
    let sql = "SELECT seal_no FROM audit_event e WHERE organization_id = $1 AND seal_no > $2
        AND NOT EXISTS (SELECT 1 FROM audit_seal s
            WHERE s.organization_id = e.organization_id AND s.seal_no = e.seal_no) LIMIT 1";
    if tx.optional(sql, params![org, number]).await?.is_some() {
        return Ok(Some(format!("audit rows carry a seal after {number}, which is missing")));
    }
    Ok((!anchored).then(|| "the anchor is not among the audit seals; the end was cut".to_owned()))
}
