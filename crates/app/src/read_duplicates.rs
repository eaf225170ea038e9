//! Shows who may have been entered twice, and two records side by side before they are merged.

use almoner_domain::likeness::Trait;
use almoner_domain::{OrganizationId, PatientId};
use almoner_store::duplicates::{self, Pair};
use almoner_store::merged::{self, Belongings, Merged};
use almoner_store::patients::{self, Coverage, Patient};
use almoner_store::{StoreError, Tx};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::merge_patients::MergedRecord;
use crate::permission::Action;

/// Pairs that are shown at most.
pub const MAX_PAIRS: usize = 50;

/// Two patients who may be one person.
#[derive(Debug, Clone)]
pub struct PairView {
    /// The two, the one who was added first at the beginning.
    pub patients: [Patient; 2],
    /// What they have alike.
    pub likeness: Vec<Trait>,
}

/// The pairs that nobody has judged yet.
#[derive(Debug, Clone)]
pub struct DuplicatesView {
    /// The pairs, the newest patients first.
    pub pairs: Vec<PairView>,
    /// There are more than are shown.
    pub has_more: bool,
}

/// The pairs that nobody has judged yet.
///
/// # Errors
/// No permission, or the database failed.
pub async fn duplicates(app: &App, actor: &Actor) -> Result<DuplicatesView, Error> {
    actor.must(Action::MergePatients)?;
    let mut tx = app.db.read().await?;
    let limit = i64::try_from(MAX_PAIRS + 1).unwrap_or(i64::MAX);
    let mut pairs = duplicates::open(&mut tx, actor.org(), limit).await?;
    let has_more = pairs.len() > MAX_PAIRS;
    pairs.truncate(MAX_PAIRS);
    Ok(DuplicatesView { pairs: seen(&mut tx, actor, pairs).await?, has_more })
}

/// Whether there is a pair that nobody has judged yet; no for those who may not judge.
///
/// # Errors
/// The database failed.
pub async fn has_duplicates(app: &App, actor: &Actor) -> Result<bool, Error> {
    if !actor.may(Action::MergePatients) {
        return Ok(false);
    }
    let mut tx = app.db.read().await?;
    Ok(!duplicates::open(&mut tx, actor.org(), 1).await?.is_empty())
}

/// What is known of a patient's other records.
#[derive(Debug, Clone, Default)]
pub struct OtherRecords {
    /// Who may be the same person, with what both have alike.
    pub likely: Vec<(Patient, Vec<Trait>)>,
    /// Who was merged into this patient.
    pub merged: Vec<(Merged, MergedRecord)>,
}

/// Who may be the same person as a patient, and who was merged into them.
///
/// # Errors
/// No permission, or the database failed.
pub async fn other_records(app: &App, actor: &Actor, id: PatientId) -> Result<OtherRecords, Error> {
    actor.must(Action::ReadPatients)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let pairs = duplicates::open_of(&mut tx, org, id).await?;
    let pairs = seen(&mut tx, actor, pairs).await?;
    let other = |pair: PairView| {
        let [one, other] = pair.patients;
        (if one.id == id { other } else { one }, pair.likeness)
    };
    let mut merged = Vec::new();
    for one in merged::into(&mut tx, org, id).await? {
        let record = MergedRecord::read(&one.record)?;
        merged.push((one, record));
    }
    Ok(OtherRecords { likely: pairs.into_iter().map(other).collect(), merged })
}

/// The pairs with their records.
async fn seen(tx: &mut Tx, actor: &Actor, pairs: Vec<Pair>) -> Result<Vec<PairView>, Error> {
    let ids: Vec<PatientId> = pairs.iter().flat_map(|pair| pair.patients).collect();
    let found = patients::some(tx, actor.org(), &ids).await?;
    let get = |id: PatientId| {
        let record = found.iter().find(|patient| patient.id == id).cloned();
        record.ok_or_else(|| StoreError::Corrupt(format!("pair of patient {}", id.seq())))
    };
    let view = |pair: Pair| {
        let [one, other] = pair.patients;
        Ok(PairView { patients: [get(one)?, get(other)?], likeness: pair.likeness })
    };
    pairs.into_iter().map(view).collect()
}

/// A record that is to be merged, with all that belongs to it.
#[derive(Debug, Clone)]
pub struct RecordView {
    /// The record.
    pub patient: Patient,
    /// Its coverages.
    pub coverages: Vec<Coverage>,
    /// What would go over.
    pub belongings: Belongings,
}

/// The record that would stay, and the one that would be merged into it.
///
/// # Errors
/// No permission, no such patient, or the database failed.
pub async fn side_by_side(
    app: &App,
    actor: &Actor,
    (kept, other): (PatientId, PatientId),
) -> Result<[RecordView; 2], Error> {
    actor.must(Action::MergePatients)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let kept = record_view(&mut tx, org, kept).await?;
    Ok([kept, record_view(&mut tx, org, other).await?])
}

async fn record_view(tx: &mut Tx, org: OrganizationId, id: PatientId) -> Result<RecordView, Error> {
    Ok(RecordView {
        patient: patients::get(tx, org, id).await?.ok_or(Error::NotFound("patient"))?,
        coverages: patients::coverages(tx, org, id).await?,
        belongings: merged::belongings(tx, org, id).await?,
    })
}

/// Whom a patient was merged into.
///
/// # Errors
/// No permission, or the database failed.
pub async fn heir(app: &App, actor: &Actor, id: PatientId) -> Result<Option<PatientId>, Error> {
    actor.must(Action::ReadPatients)?;
    let mut tx = app.db.read().await?;
    Ok(merged::heir(&mut tx, actor.org(), id).await?)
}
