//! Questions to payers: each as it was asked, and what became of it.
//!
//! While a server asks a question it holds a claim on it: no other server asks the same until
//! the claim is over. Only whoever holds the claim moves the question by what the clearinghouse
//! said; an answer moves it whoever brings it.

use almoner_domain::inquiry::InquiryState;
use almoner_domain::insured::Relationship;
use almoner_domain::{
    CheckId, InquiryId, LocationId, OrganizationId, PatientId, PhysicianId, UserId, time,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// What is asked, and of whom. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its id.
    pub id: InquiryId,
    /// About whom.
    pub patient: PatientId,
    /// The place of the coverage among the patient's, from 1.
    pub rank: i64,
    /// The payer's name.
    pub payer: String,
    /// The id under which the clearinghouse knows the payer.
    pub payer_id: String,
    /// The member's id at the payer, when it is known.
    pub member_id: Option<String>,
    /// What the patient is to the subscriber.
    pub relationship: Relationship,
    /// The service type that is asked about.
    pub service_type: String,
    /// The day of the service.
    pub service_date: Date,
    /// Where.
    pub location: LocationId,
    /// Who treats, when that is said.
    pub physician: Option<PhysicianId>,
    /// The national provider identifier that asks.
    pub npi: String,
    /// Our reference, which comes back with the answer.
    pub trace: String,
    /// The clearinghouse that it was written for.
    pub clearinghouse: String,
    /// The 270.
    pub question: String,
    /// Who asked.
    pub user: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
}

/// A question and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// What is asked.
    pub asked: Asked,
    /// Where it stands.
    pub state: InquiryState,
    /// How often it was begun to be asked.
    pub tries: i64,
    /// When it is asked next, while it waits.
    pub next_try_at: Option<Timestamp>,
    /// Until when a server holds it to ask it.
    pub claimed_until: Option<Timestamp>,
    /// When a server last began to ask it.
    pub asked_at: Option<Timestamp>,
    /// Why it was not carried, in words.
    pub failure: Option<String>,
    /// The check that the newest answer became.
    pub check: Option<CheckId>,
    /// When that came.
    pub answered_at: Option<Timestamp>,
}

fn inquiry(row: &Row) -> Result<Inquiry, StoreError> {
    let day = row.int("service_day")?;
    Ok(Inquiry {
        asked: Asked {
            id: InquiryId::new(row.int("seq")?),
            patient: PatientId::new(row.int("patient_seq")?),
            rank: row.int("coverage_rank")?,
            payer: row.text("payer")?,
            payer_id: row.text("payer_id")?,
            member_id: row.opt_text("member_id")?,
            relationship: row.word("relationship", Relationship::from_name)?,
            service_type: row.text("service_type")?,
            service_date: time::date_from_key(day)
                .ok_or_else(|| StoreError::Corrupt(format!("service_day {day}")))?,
            location: LocationId::new(row.int("location_seq")?),
            physician: row.opt_int("physician_seq")?.map(PhysicianId::new),
            npi: row.text("npi")?,
            trace: row.text("trace")?,
            clearinghouse: row.text("clearinghouse")?,
            question: row.text("question")?,
            user: row.opt_int("user_seq")?.map(UserId::new),
            created_at: row.time("created_at_us")?,
        },
        state: row.word("state", InquiryState::from_name)?,
        tries: row.int("tries")?,
        next_try_at: row.opt_time("next_try_at_us")?,
        claimed_until: row.opt_time("claimed_until_us")?,
        asked_at: row.opt_time("asked_at_us")?,
        failure: row.opt_text("failure")?,
        check: row.opt_int("check_seq")?.map(CheckId::new),
        answered_at: row.opt_time("answered_at_us")?,
    })
}

/// Adds a question that is to be asked at once.
///
/// # Errors
/// [`StoreError::Duplicate`] when the trace was given out before.
pub async fn insert(tx: &mut Tx, org: OrganizationId, asked: &Asked) -> Result<(), StoreError> {
    let sql = "INSERT INTO eligibility_inquiry (organization_id, seq, patient_seq, coverage_rank,
        payer, payer_id, member_id, relationship, service_type, service_day, location_seq,
        physician_seq, npi, trace, clearinghouse, question, user_seq, created_at_us, state, tries,
        next_try_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
        $16, $17, $18, $19, 0, $18)";
    let a = asked.clone();
    let values = params![
        org,
        a.id,
        a.patient,
        a.rank,
        a.payer,
        a.payer_id,
        a.member_id,
        a.relationship.as_str(),
        a.service_type,
        time::date_key(a.service_date),
        a.location,
        a.physician,
        a.npi,
        a.trace,
        a.clearinghouse,
        a.question,
        a.user,
        a.created_at,
        InquiryState::Waiting.as_str(),
    ];
    tx.execute_one(sql, values).await
}

/// The question with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: InquiryId,
) -> Result<Option<Inquiry>, StoreError> {
    let sql = "SELECT * FROM eligibility_inquiry WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(inquiry).transpose()
}

/// The question with that id, whose row stays as it is until the commit.
pub async fn lock(
    tx: &mut Tx,
    org: OrganizationId,
    id: InquiryId,
) -> Result<Option<Inquiry>, StoreError> {
    let lock = tx.lock();
    let sql =
        format!("SELECT * FROM eligibility_inquiry WHERE organization_id = $1 AND seq = $2{lock}");
    tx.optional(sql, params![org, id]).await?.as_ref().map(inquiry).transpose()
}

/// The question that one of the references belongs to; the first of them that is known counts.
pub async fn by_trace(
    tx: &mut Tx,
    org: OrganizationId,
    references: &[String],
) -> Result<Option<InquiryId>, StoreError> {
    let sql = "SELECT seq FROM eligibility_inquiry WHERE organization_id = $1 AND trace = $2";
    for reference in references {
        if let Some(row) = tx.optional(sql, params![org, reference.as_str()]).await? {
            return Ok(Some(InquiryId::new(row.int("seq")?)));
        }
    }
    Ok(None)
}

/// The question whose newest answer became that check.
pub async fn of_check(
    tx: &mut Tx,
    org: OrganizationId,
    check: CheckId,
) -> Result<Option<Inquiry>, StoreError> {
    let sql = "SELECT * FROM eligibility_inquiry WHERE organization_id = $1 AND check_seq = $2
        ORDER BY seq DESC LIMIT 1";
    tx.optional(sql, params![org, check]).await?.as_ref().map(inquiry).transpose()
}

/// What makes two questions the same.
#[derive(Debug, Clone, Copy)]
pub struct Twin<'a> {
    /// About whom.
    pub patient: PatientId,
    /// The payer.
    pub payer_id: &'a str,
    /// The member's id.
    pub member_id: Option<&'a str>,
    /// What the patient is to the subscriber.
    pub relationship: Relationship,
    /// About what.
    pub service_type: &'a str,
    /// For which day.
    pub service_date: Date,
    /// Who asks.
    pub npi: &'a str,
    /// What was taken before then may be asked again, though its answer is still awaited.
    pub taken_since: Timestamp,
}

/// An open question that asks the same.
pub async fn open_twin(
    tx: &mut Tx,
    org: OrganizationId,
    twin: &Twin<'_>,
) -> Result<Option<InquiryId>, StoreError> {
    let sql = "SELECT seq FROM eligibility_inquiry
        WHERE organization_id = $1 AND patient_seq = $2
            AND (state = 'waiting' OR (state = 'sent' AND asked_at_us > $9))
            AND payer_id = $3 AND coalesce(member_id, '') = $4 AND relationship = $5
            AND service_type = $6 AND service_day = $7 AND npi = $8
        ORDER BY seq LIMIT 1";
    let values = params![
        org,
        twin.patient,
        twin.payer_id,
        twin.member_id.unwrap_or_default(),
        twin.relationship.as_str(),
        twin.service_type,
        time::date_key(twin.service_date),
        twin.npi,
        twin.taken_since,
    ];
    let row = tx.optional(sql, values).await?;
    row.map(|row| row.int("seq").map(InquiryId::new)).transpose()
}

/// Which questions a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct InquiryQuery {
    /// Only this patient's.
    pub patient: Option<PatientId>,
    /// Of those that were never answered, only what was asked since then.
    pub since: Option<Timestamp>,
}

/// A question in a list.
#[derive(Debug, Clone)]
pub struct ListedInquiry {
    /// The question.
    pub inquiry: Inquiry,
    /// The patient's name as `Last, First`.
    pub patient_name: String,
}

const SELECT_LISTED: &str = "SELECT i.*, p.first_name, p.last_name FROM eligibility_inquiry i
    JOIN patient p ON p.organization_id = i.organization_id AND p.seq = i.patient_seq";

fn listed(row: &Row) -> Result<ListedInquiry, StoreError> {
    let patient_name = format!("{}, {}", row.text("last_name")?, row.text("first_name")?);
    Ok(ListedInquiry { inquiry: inquiry(row)?, patient_name })
}

/// The question with that id, as lists show it.
pub async fn get_listed(
    tx: &mut Tx,
    org: OrganizationId,
    id: InquiryId,
) -> Result<Option<ListedInquiry>, StoreError> {
    let sql = format!("{SELECT_LISTED} WHERE i.organization_id = $1 AND i.seq = $2");
    tx.optional(sql, params![org, id]).await?.as_ref().map(listed).transpose()
}

/// Questions that people still look after, newest first: the open ones, and those that were never
/// answered unless the patient has a newer check that says something, or a newer question asks the
/// same payer about the patient.
pub async fn unsettled(
    tx: &mut Tx,
    org: OrganizationId,
    query: &InquiryQuery,
    limit: i64,
) -> Result<Vec<ListedInquiry>, StoreError> {
    let mut statement = Statement::default();
    statement.push(SELECT_LISTED).push(" WHERE i.organization_id = ").bind(org);
    if let Some(patient) = query.patient {
        statement.push(" AND i.patient_seq = ").bind(patient);
    }
    statement.push(
        " AND i.state IN ('waiting', 'sent', 'failed', 'expired')
        AND (i.state IN ('waiting', 'sent') OR (i.created_at_us >= ",
    );
    statement.bind(query.since.map_or(0, time::micros));
    statement.push(
        " AND NOT EXISTS (SELECT 1 FROM eligibility_inquiry n
            WHERE n.organization_id = i.organization_id AND n.patient_seq = i.patient_seq
                AND n.seq > i.seq AND n.payer_id = i.payer_id)
        AND NOT EXISTS (SELECT 1 FROM eligibility_check k
            WHERE k.organization_id = i.organization_id AND k.patient_seq = i.patient_seq
                AND k.imported_at_us > i.created_at_us AND k.outcome <> 'rejected')))
        ORDER BY i.seq DESC LIMIT ",
    );
    statement.bind(limit);
    statement.all(tx).await?.iter().map(listed).collect()
}

/// Questions whose answer waits for somebody to say whose it is, newest first.
pub async fn in_inbox(
    tx: &mut Tx,
    org: OrganizationId,
    patient: Option<PatientId>,
    limit: i64,
) -> Result<Vec<ListedInquiry>, StoreError> {
    let mut statement = Statement::default();
    statement.push(SELECT_LISTED).push(
        " JOIN eligibility_check k ON k.organization_id = i.organization_id
            AND k.seq = i.check_seq
        WHERE k.patient_seq IS NULL AND i.state = 'answered' AND i.organization_id = ",
    );
    statement.bind(org);
    if let Some(patient) = patient {
        statement.push(" AND i.patient_seq = ").bind(patient);
    }
    statement.push(" ORDER BY i.seq DESC LIMIT ").bind(limit);
    statement.all(tx).await?.iter().map(listed).collect()
}

/// Whether any question is due to be asked, without taking anything.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM eligibility_inquiry
        WHERE organization_id = $1 AND state = 'waiting' AND next_try_at_us <= $2
            AND (claimed_until_us IS NULL OR claimed_until_us <= $2) LIMIT 1";
    Ok(tx.optional(sql, params![org, now]).await?.is_some())
}

/// Takes the questions that are due, the longest due first, so that nobody else asks them until
/// `until`. What was begun `max_tries` times is left for [`cut_off`].
pub async fn claim(
    tx: &mut Tx,
    org: OrganizationId,
    (now, until): (Timestamp, Timestamp),
    max_tries: i64,
    limit: i64,
) -> Result<Vec<Inquiry>, StoreError> {
    let free = tx.lock_free();
    let sql = format!(
        "SELECT seq FROM eligibility_inquiry
        WHERE organization_id = $1 AND state = 'waiting' AND next_try_at_us <= $2
            AND (claimed_until_us IS NULL OR claimed_until_us <= $2) AND tries < $3
        ORDER BY next_try_at_us, seq LIMIT $4{free}"
    );
    let due = tx.all(sql, params![org, now, max_tries, limit]).await?;
    let sql = "UPDATE eligibility_inquiry
        SET claimed_until_us = $3, asked_at_us = $4, tries = tries + 1
        WHERE organization_id = $1 AND seq = $2 RETURNING *";
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        let row = tx.one(sql, params![org, row.int("seq")?, until, now]).await?;
        claimed.push(inquiry(&row)?);
    }
    Ok(claimed)
}

/// Writes where a question stands now; the caller holds its row.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    now_is: &Inquiry,
) -> Result<(), StoreError> {
    let sql = "UPDATE eligibility_inquiry SET state = $3, next_try_at_us = $4,
        claimed_until_us = $5, failure = $6, check_seq = $7, answered_at_us = $8
        WHERE organization_id = $1 AND seq = $2";
    let i = now_is.clone();
    let values = params![
        org,
        i.asked.id,
        i.state.as_str(),
        i.next_try_at,
        i.claimed_until,
        i.failure,
        i.check,
        i.answered_at,
    ];
    tx.execute_one(sql, values).await
}

/// Questions that were taken so long ago that no answer is awaited any more, oldest first.
pub async fn overdue(
    tx: &mut Tx,
    org: OrganizationId,
    asked_before: Timestamp,
    limit: i64,
) -> Result<Vec<InquiryId>, StoreError> {
    let sql = "SELECT seq FROM eligibility_inquiry
        WHERE organization_id = $1 AND state = 'sent' AND asked_at_us <= $2
        ORDER BY seq LIMIT $3";
    let rows = tx.all(sql, params![org, asked_before, limit]).await?;
    rows.iter().map(|row| row.int("seq").map(InquiryId::new)).collect()
}

/// Questions that were begun `max_tries` times without anybody telling how the last one ended.
pub async fn cut_off(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    max_tries: i64,
    limit: i64,
) -> Result<Vec<InquiryId>, StoreError> {
    let sql = "SELECT seq FROM eligibility_inquiry
        WHERE organization_id = $1 AND state = 'waiting' AND next_try_at_us <= $2
            AND claimed_until_us <= $2 AND tries >= $3
        ORDER BY next_try_at_us, seq LIMIT $4";
    let rows = tx.all(sql, params![org, now, max_tries, limit]).await?;
    rows.iter().map(|row| row.int("seq").map(InquiryId::new)).collect()
}
