//! Pairs of patients who may be one person.

use almoner_domain::likeness::Trait;
use almoner_domain::{OrganizationId, PatientId, UserId, time};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::patients::{self, Patient};

/// Records that one record is compared with at most, of each way of finding them. So many people
/// share neither a date of birth nor a name, unless one of them stands for an unknown one.
const MAX_COMPARED: i64 = 200;

/// A record that another is compared with.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The record.
    pub patient: Patient,
    /// Whether both have a coverage with the same member id.
    pub shares_member: bool,
}

/// Records with the date of birth or the name of this one, each once.
pub async fn candidates(
    tx: &mut Tx,
    org: OrganizationId,
    patient: &Patient,
) -> Result<Vec<Candidate>, StoreError> {
    let birth = time::date_key(patient.fields.date_of_birth);
    let sort = patients::name_sort(&patient.fields);
    let mut found = Vec::new();
    // Those who have both first, or many of one alone might hide them.
    for condition in [
        "p.birth_day = $3 AND p.name_sort = $4",
        "p.birth_day = $3 AND p.name_sort <> $4",
        "p.birth_day <> $3 AND p.name_sort = $4",
    ] {
        let sql = format!(
            "SELECT p.*, (SELECT count(*) FROM coverage mine JOIN coverage theirs
                    ON theirs.organization_id = mine.organization_id
                    AND theirs.member_id = mine.member_id
                WHERE mine.organization_id = $1 AND mine.patient_seq = $2
                    AND theirs.patient_seq = p.seq) AS shared_members
            FROM patient p WHERE p.organization_id = $1 AND p.seq <> $2 AND {condition}
            ORDER BY p.seq DESC LIMIT $5"
        );
        let values = params![org, patient.id, birth, &*sort, MAX_COMPARED];
        for row in &tx.all(sql, values).await? {
            let shares_member = row.int("shared_members")? > 0;
            found.push(Candidate { patient: patients::patient(row)?, shares_member });
        }
    }
    Ok(found)
}

/// Two patients who may be one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The two, the one who was added first at the beginning.
    pub patients: [PatientId; 2],
    /// What they have alike.
    pub likeness: Vec<Trait>,
}

/// Both ids, the lesser first.
fn ordered(one: PatientId, other: PatientId) -> (PatientId, PatientId) {
    (one.min(other), one.max(other))
}

fn pair(row: &Row) -> Result<Pair, StoreError> {
    let patients = [row.int("low_seq")?, row.int("high_seq")?].map(PatientId::new);
    let words = row.text("likeness")?;
    let traits = words.split(' ').map(|word| {
        Trait::from_name(word).ok_or_else(|| StoreError::Corrupt(format!("likeness {word}")))
    });
    Ok(Pair { patients, likeness: traits.collect::<Result<_, _>>()? })
}

/// Writes down with whom a patient may be one person, in place of what was known of that before.
/// What somebody judged stays judged.
pub async fn set_open(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
    found: &[(PatientId, Vec<Trait>)],
) -> Result<(), StoreError> {
    let sql = "DELETE FROM possible_duplicate WHERE organization_id = $1 AND state = 'open'
        AND (low_seq = $2 OR high_seq = $2)";
    tx.execute(sql, params![org, patient]).await?;
    let sql = "INSERT INTO possible_duplicate (organization_id, low_seq, high_seq, likeness, state)
        VALUES ($1, $2, $3, $4, 'open') ON CONFLICT DO NOTHING";
    for (other, likeness) in found {
        let (low, high) = ordered(patient, *other);
        let words: Vec<&str> = likeness.iter().map(|one| one.as_str()).collect();
        tx.execute(sql, params![org, low, high, words.join(" ")]).await?;
    }
    Ok(())
}

/// Writes down that two patients are two people, whatever they have alike.
pub async fn set_two_people(
    tx: &mut Tx,
    org: OrganizationId,
    (one, other): (PatientId, PatientId),
    user: Option<UserId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO possible_duplicate (organization_id, low_seq, high_seq, likeness, state,
            user_seq, judged_at_us)
        VALUES ($1, $2, $3, 'name', 'two_people', $4, $5)
        ON CONFLICT (organization_id, low_seq, high_seq) DO UPDATE SET state = excluded.state,
            user_seq = excluded.user_seq, judged_at_us = excluded.judged_at_us";
    let (low, high) = ordered(one, other);
    tx.execute_one(sql, params![org, low, high, user, now]).await
}

/// The pairs that nobody has judged yet, the newest patients first, at most `limit`.
pub async fn open(tx: &mut Tx, org: OrganizationId, limit: i64) -> Result<Vec<Pair>, StoreError> {
    let sql = "SELECT low_seq, high_seq, likeness FROM possible_duplicate
        WHERE organization_id = $1 AND state = 'open'
        ORDER BY high_seq DESC, low_seq DESC LIMIT $2";
    tx.all(sql, params![org, limit]).await?.iter().map(pair).collect()
}

/// The pairs of one patient that nobody has judged yet.
pub async fn open_of(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<Vec<Pair>, StoreError> {
    let sql = "SELECT low_seq, high_seq, likeness FROM possible_duplicate
        WHERE organization_id = $1 AND state = 'open' AND (low_seq = $2 OR high_seq = $2)
        ORDER BY low_seq, high_seq";
    tx.all(sql, params![org, patient]).await?.iter().map(pair).collect()
}

/// Hands what was judged of a patient on to the one whom they are merged into, and forgets the
/// rest.
pub(crate) async fn hand_on(
    tx: &mut Tx,
    org: OrganizationId,
    (from, into): (PatientId, PatientId),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO possible_duplicate (organization_id, low_seq, high_seq, likeness, state,
            user_seq, judged_at_us)
        SELECT organization_id, CASE WHEN third < $3 THEN third ELSE $3 END,
            CASE WHEN third < $3 THEN $3 ELSE third END, likeness, state, user_seq, judged_at_us
        FROM (SELECT d.*, CASE WHEN low_seq = $2 THEN high_seq ELSE low_seq END AS third
            FROM possible_duplicate d WHERE organization_id = $1 AND state = 'two_people'
                AND (low_seq = $2 OR high_seq = $2)) judged
        WHERE third <> $3
        ON CONFLICT (organization_id, low_seq, high_seq) DO UPDATE SET state = excluded.state,
            user_seq = excluded.user_seq, judged_at_us = excluded.judged_at_us";
    tx.execute(sql, params![org, from, into]).await?;
    let sql = "DELETE FROM possible_duplicate
        WHERE organization_id = $1 AND (low_seq = $2 OR high_seq = $2)";
    tx.execute(sql, params![org, from]).await.map(drop)
}
