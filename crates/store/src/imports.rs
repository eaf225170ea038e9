//! Files of records that are imported: where each stands, and how far it has come.

use almoner_domain::{ImportId, KeyId, OrganizationId, UserId};
use jiff::Timestamp;

use crate::author::Author;
use crate::db::{Row, StoreError, Tx};
use crate::params;

/// What is in a file. To add a kind, add it here, to the check in a migration, and a reader of its
/// rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportKind {
    /// Patients, as comma-separated values.
    Patients,
    /// Treatments, as comma-separated values.
    Treatments,
    /// Bundles of patients and treatments, as clinics' systems hand them to each other.
    Fhir,
}

impl ImportKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Patients, Self::Treatments, Self::Fhir];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patients => "patients",
            Self::Treatments => "treatments",
            Self::Fhir => "fhir",
        }
    }

    /// Whether all of a file is imported, in one transaction, or nothing.
    pub fn is_whole(self) -> bool {
        self == Self::Fhir
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportState {
    /// The file is there; somebody has to say how it is read.
    Mapping,
    /// Its rows are being checked; nothing is imported by that.
    Checking,
    /// All rows were checked; somebody has to say that they are to be imported.
    Ready,
    /// Its rows are being imported.
    Running,
    /// All rows that were to be imported are.
    Done,
    /// It cannot be read.
    Failed,
    /// Somebody thought better of it.
    Discarded,
}

impl ImportState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Mapping,
        Self::Checking,
        Self::Ready,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Discarded,
    ];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Checking => "checking",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
        }
    }

    /// The state with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the program goes on by itself.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Checking | Self::Running)
    }
}

/// What follows when all rows were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThenRun {
    /// Somebody is asked.
    Ask,
    /// They are imported when none is faulty; else somebody is asked.
    Whole,
    /// Those that are not faulty are imported.
    Rest,
}

impl ThenRun {
    const ALL: [Self; 3] = [Self::Ask, Self::Whole, Self::Rest];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Whole => "whole",
            Self::Rest => "rest",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|then| then.as_str() == name)
    }
}

/// How far an import has come. While rows are checked, what would be added counts as added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of the file; 0 until it was read.
    pub rows: i64,
    /// Rows that were looked at.
    pub done: i64,
    /// Records that are new.
    pub added: i64,
    /// Rows whose record is there already.
    pub there: i64,
    /// Rows that are faulty.
    pub faulty: i64,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The id.
    pub id: ImportId,
    /// What is in the file.
    pub kind: ImportKind,
    /// Where it stands.
    pub state: ImportState,
    /// What follows when all rows were checked.
    pub then_run: ThenRun,
    /// The file's name, without folders.
    pub file_name: String,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// How long the file is.
    pub size_bytes: i64,
    /// How it is read, as the program wrote it down.
    pub settings: String,
    /// Who handed it in; nobody, when it was the program itself.
    pub author: Option<Author>,
    /// The name of who handed it in.
    pub author_name: Option<String>,
    /// How far it has come.
    pub counts: Counts,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was handed in.
    pub created_at: Timestamp,
    /// Since when it stands there.
    pub state_since: Timestamp,
    /// Until when somebody works on it.
    pub claimed_until: Option<Timestamp>,
}

const SELECT: &str = "SELECT i.*, coalesce(u.name, k.name) AS author_name FROM import i
    LEFT JOIN staff_user u ON u.organization_id = i.organization_id AND u.seq = i.user_seq
    LEFT JOIN api_key k ON k.organization_id = i.organization_id AND k.seq = i.key_seq
    WHERE i.organization_id = $1";

fn import(row: &Row) -> Result<Import, StoreError> {
    let user = row.opt_int("user_seq")?.map(|seq| Author::User(UserId::new(seq)));
    let key = row.opt_int("key_seq")?.map(|seq| Author::Key(KeyId::new(seq)));
    Ok(Import {
        id: ImportId::new(row.int("seq")?),
        kind: row.word("kind", ImportKind::from_name)?,
        state: row.word("state", ImportState::from_name)?,
        then_run: row.word("then_run", ThenRun::from_name)?,
        file_name: row.text("file_name")?,
        file_hash: row.bytes("file_hash")?,
        size_bytes: row.int("size_bytes")?,
        settings: row.text("settings")?,
        author: user.or(key),
        author_name: row.opt_text("author_name")?,
        counts: Counts {
            rows: row.int("row_count")?,
            done: row.int("done_count")?,
            added: row.int("added_count")?,
            there: row.int("there_count")?,
            faulty: row.int("faulty_count")?,
        },
        failure: row.opt_text("failure")?,
        created_at: row.time("created_at_us")?,
        state_since: row.time("state_since_us")?,
        claimed_until: row.opt_time("claimed_until_us")?,
    })
}

/// Adds an import. Its author's name and its claim are not looked at.
pub async fn insert(tx: &mut Tx, org: OrganizationId, new: &Import) -> Result<(), StoreError> {
    let sql = "INSERT INTO import (organization_id, seq, kind, state, then_run, file_name,
            file_hash, size_bytes, settings, user_seq, key_seq, row_count, created_at_us,
            state_since_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let (user, key) = Author::columns(new.author);
    let values = params![
        org,
        new.id,
        new.kind.as_str(),
        new.state.as_str(),
        new.then_run.as_str(),
        new.file_name.as_str(),
        new.file_hash.as_slice(),
        new.size_bytes,
        new.settings.as_str(),
        user,
        key,
        new.counts.rows,
        new.created_at,
        new.state_since,
    ];
    tx.execute_one(sql, values).await
}

/// The import with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
) -> Result<Option<Import>, StoreError> {
    let sql = format!("{SELECT} AND i.seq = $2");
    tx.optional(sql, params![org, id]).await?.as_ref().map(import).transpose()
}

/// The import with that id, whose row stays as it is until the commit.
pub async fn lock(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
) -> Result<Option<Import>, StoreError> {
    let lock = tx.lock();
    let sql = format!("SELECT seq FROM import WHERE organization_id = $1 AND seq = $2{lock}");
    match tx.optional(sql, params![org, id]).await? {
        Some(_) => get(tx, org, id).await,
        None => Ok(None),
    }
}

/// The newest imports, of those before one, at most `limit`.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    before: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>, StoreError> {
    let sql = format!(
        "{SELECT} AND (CAST($2 AS BIGINT) IS NULL OR i.seq < $2) ORDER BY i.seq DESC LIMIT $3"
    );
    tx.all(sql, params![org, before, limit]).await?.iter().map(import).collect()
}

/// Writes where an import stands now; whoever worked on it has let go of it.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    (state, now): (ImportState, Timestamp),
    failure: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE import SET state = $3, state_since_us = $4, failure = $5,
            claimed_until_us = NULL
        WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, state.as_str(), now, failure]).await
}

/// Writes how an import is read, and what follows.
pub async fn set_settings(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    settings: &str,
    then_run: ThenRun,
) -> Result<(), StoreError> {
    let sql = "UPDATE import SET settings = $3, then_run = $4
        WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, settings, then_run.as_str()]).await
}

/// Writes how far an import has come.
pub async fn set_counts(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    counts: &Counts,
) -> Result<(), StoreError> {
    let sql = "UPDATE import SET row_count = $3, done_count = $4, added_count = $5,
            there_count = $6, faulty_count = $7
        WHERE organization_id = $1 AND seq = $2";
    let Counts { rows, done, added, there, faulty } = *counts;
    tx.execute_one(sql, params![org, id, rows, done, added, there, faulty]).await
}

/// The imports that nobody works on and that go on by themselves, the oldest first.
pub async fn due(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<ImportId>, StoreError> {
    let sql = "SELECT seq FROM import WHERE organization_id = $1
        AND (state = 'checking' OR state = 'running')
        AND (claimed_until_us IS NULL OR claimed_until_us <= $2) ORDER BY seq LIMIT $3";
    let rows = tx.all(sql, params![org, now, limit]).await?;
    rows.iter().map(|row| Ok(ImportId::new(row.int("seq")?))).collect()
}

/// Keeps others from an import until a moment.
pub async fn claim(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    until: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE import SET claimed_until_us = $3 WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, until]).await
}
