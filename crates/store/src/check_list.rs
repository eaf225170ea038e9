//! Pages of the list of checks that cost the same among a thousand and a million checks.
//!
//! Every order has an index that also holds what the list can be narrowed by. A page is a walk
//! along one of them, or a merge of ordered ranges (*lanes*): one for each payer or outcome that is
//! chosen. Where a walk would pass over many checks to find few, those few are read by another
//! index and sorted. An order that is not that of one range alone (by outcome; what follows a check
//! under a payer's or a person's name) is a sequence of merges, the *segments*.
//!
//! What waits for a patient has an index of its own: reading it costs what waits, not what there
//! is. Totals are counted up to ten thousand.

mod pieces;

use almoner_domain::checks::{CheckPlace, CheckRequest, CheckSort};
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{Direction, Search};
use almoner_domain::{CheckId, OrganizationId, PatientId, name};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::pieces::{Scope, push_test};
use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// Checks that a search may find and still have collected and sorted.
const MAX_COLLECTED: i64 = 10_000;
/// Checks that filters may leave and still have collected and sorted.
const MAX_SORTED: i64 = 1_000;
/// The farthest page that is reached by counting rows from the start.
pub const MAX_NUMBERED_PAGE: i64 = 100;
/// Payers whose names a search looks through.
const MAX_PAYERS_SEARCHED: i64 = 2_000;

/// A check in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCheck {
    /// Which.
    pub id: CheckId,
    /// Whose it is, once it is matched, and their name as `Last, First`.
    pub patient: Option<(PatientId, String)>,
    /// Whom the payer spoke of, as JSON, while it waits for a patient.
    pub answer: Option<String>,
    /// What it says on the whole.
    pub outcome: Outcome,
    /// The payer's name.
    pub payer: String,
    /// The plan's name.
    pub plan: Option<String>,
    /// The payer's time.
    pub checked_at: Timestamp,
    /// Why somebody took it back from a patient.
    pub put_back: Option<String>,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct CheckPage {
    /// Its rows.
    pub rows: Vec<ListedCheck>,
    /// How many match; at least so many when it is not exact.
    pub total: i64,
    /// Whether the total is exact.
    pub total_is_exact: bool,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
}

/// A payer of which there are checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// The key by which lists narrow.
    pub key: String,
    /// The name in the newest check.
    pub name: String,
}

/// The keys by which a check is ordered.
#[derive(Debug, Clone)]
struct Keys {
    outcome: Outcome,
    payer: String,
    name: String,
    checked_at_us: i64,
    seq: i64,
}

/// What of the first key a segment holds.
#[derive(Debug, Clone)]
enum Head {
    /// All of it.
    Whole,
    /// One outcome.
    Outcome(Outcome),
    /// Exactly this name.
    Equal(String),
    /// What comes after this name.
    Beyond(String),
}

/// A sequence of rows that one merge brings in order.
#[derive(Debug, Clone)]
struct Segment {
    head: Head,
    /// Whether it begins after the cursor.
    is_cut: bool,
}

/// An index range that is read. No check is in two lanes of a segment.
#[derive(Debug, Clone)]
enum Lane {
    /// Walks along the order's own index.
    All,
    /// What one payer answered.
    Payer(String),
    /// What came to one outcome.
    Outcome(Outcome),
    /// What waits for a patient.
    Waiting,
    /// Checks with these numbers, both ends included.
    Numbers(i64, i64),
    /// Checks of patients whom the search names.
    Named,
    /// What waits under a name that the search names.
    NamedWaiting,
    /// The other checks of payers whom the search names.
    NamedPayers,
}

impl Lane {
    /// Whether it does not bring its checks in the list's order, and they are sorted after they
    /// are read. There are few of them then.
    fn is_sorted_after(&self, sort: CheckSort) -> bool {
        match self {
            Self::All => false,
            Self::Payer(_) => sort == CheckSort::Patient,
            Self::Outcome(_) => matches!(sort, CheckSort::Patient | CheckSort::Payer),
            Self::Waiting => sort != CheckSort::Checked,
            Self::Numbers(..) | Self::Named | Self::NamedWaiting | Self::NamedPayers => true,
        }
    }
}

/// What the list runs over, in the direction in which it is read.
struct Run<'a> {
    scope: &'a Scope<'a>,
    request: &'a CheckRequest,
    direction: Direction,
    backwards: bool,
    /// Few checks are left by the filters.
    is_short: bool,
    cursor: Option<Keys>,
    offset: i64,
    limit: i64,
}

/// The page that was asked for; `zone` is that of the organization's days.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    request: &CheckRequest,
    zone: &TimeZone,
) -> Result<CheckPage, StoreError> {
    let scope = Scope::read(tx, org, request, zone).await?;
    let (total, total_is_exact) = scope.total(tx).await?;
    let run = Run::new(&scope, total).at_place(tx, total, total_is_exact).await?;
    let mut rows =
        if request.search == Search::Nothing { Vec::new() } else { run.read(tx).await? };
    let more = rows.len() > usize::try_from(request.per_page).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    if run.backwards {
        rows.reverse();
    }
    let (has_previous, has_next) = match request.place {
        CheckPlace::First => (false, more),
        CheckPlace::Number(_) => (run.offset > 0, more),
        CheckPlace::After(_) => (run.cursor.is_some(), more),
        CheckPlace::Before(_) => (more, run.cursor.is_some()),
        CheckPlace::Last => (total > run.limit || !total_is_exact, false),
    };
    Ok(CheckPage { rows, total, total_is_exact, has_next, has_previous })
}

/// The statement that reads the rows of a page, and its values, for tests that ask the database
/// how it is carried out.
#[cfg(feature = "testing")]
pub async fn page_statement(
    tx: &mut Tx,
    org: OrganizationId,
    request: &CheckRequest,
    zone: &TimeZone,
) -> Result<(String, Vec<crate::db::Value>), StoreError> {
    let scope = Scope::read(tx, org, request, zone).await?;
    let (total, is_exact) = scope.total(tx).await?;
    let run = Run::new(&scope, total).at_place(tx, total, is_exact).await?;
    Ok(run.statement().into_parts())
}

/// How many checks wait for a patient, counted up to `limit`.
pub async fn count_waiting(
    tx: &mut Tx,
    org: OrganizationId,
    limit: i64,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS n FROM (SELECT seq FROM eligibility_check
        WHERE organization_id = $1 AND patient_seq IS NULL LIMIT $2) AS waiting";
    tx.one(sql, params![org, limit]).await?.int("n")
}

/// Whether there is any check.
pub async fn is_empty(tx: &mut Tx, org: OrganizationId) -> Result<bool, StoreError> {
    let sql = "SELECT seq FROM eligibility_check WHERE organization_id = $1 LIMIT 1";
    Ok(tx.optional(sql, params![org]).await?.is_none())
}

/// The payers of which there are checks, by name, at most `limit`. Each costs two looks into an
/// index, however many checks it has.
pub async fn payers(
    tx: &mut Tx,
    org: OrganizationId,
    limit: i64,
) -> Result<Vec<Payer>, StoreError> {
    let sql = "WITH RECURSIVE known(payer, n) AS (
            SELECT (SELECT min(payer_sort) FROM eligibility_check WHERE organization_id = $1), 1
            UNION ALL
            SELECT (SELECT min(c.payer_sort) FROM eligibility_check c
                WHERE c.organization_id = $1 AND c.payer_sort > known.payer), n + 1
            FROM known WHERE known.payer IS NOT NULL AND n < $2
        )
        SELECT payer AS payer_key, (SELECT c.payer FROM eligibility_check c
                WHERE c.organization_id = $1 AND c.payer_sort = known.payer
                ORDER BY c.checked_at_us DESC, c.seq DESC LIMIT 1) AS payer_name
        FROM known WHERE payer IS NOT NULL";
    let payer =
        |row: &Row| Ok(Payer { key: row.text("payer_key")?, name: row.text("payer_name")? });
    tx.all(sql, params![org, limit]).await?.iter().map(payer).collect()
}

/// The last page holds what is left over after the full ones.
fn last_page_rows(total: i64, exact: bool, per_page: i64) -> i64 {
    match total % per_page {
        rest if exact && rest > 0 => rest,
        _ => per_page,
    }
}

async fn keys(
    tx: &mut Tx,
    org: OrganizationId,
    check: CheckId,
) -> Result<Option<Keys>, StoreError> {
    let sql = "SELECT outcome, payer_sort, name_sort, checked_at_us, seq FROM eligibility_check
        WHERE organization_id = $1 AND seq = $2";
    let Some(row) = tx.optional(sql, params![org, check]).await? else {
        return Ok(None);
    };
    Ok(Some(Keys {
        outcome: row.word("outcome", Outcome::from_name)?,
        payer: row.text("payer_sort")?,
        name: row.text("name_sort")?,
        checked_at_us: row.int("checked_at_us")?,
        seq: row.int("seq")?,
    }))
}

impl<'a> Run<'a> {
    fn new(scope: &'a Scope<'a>, total: i64) -> Self {
        let request = scope.request;
        Self {
            scope,
            request,
            direction: request.direction,
            backwards: false,
            is_short: total <= MAX_SORTED,
            cursor: None,
            offset: 0,
            limit: request.per_page + 1,
        }
    }

    /// The part of the list that the request asks for.
    async fn at_place(
        mut self,
        tx: &mut Tx,
        total: i64,
        total_is_exact: bool,
    ) -> Result<Self, StoreError> {
        let per_page = self.request.per_page;
        let org = self.scope.org;
        match self.request.place {
            CheckPlace::First => {}
            CheckPlace::Number(number) => {
                self.offset = (number.clamp(1, MAX_NUMBERED_PAGE) - 1) * per_page;
            }
            CheckPlace::After(check) => self.cursor = keys(tx, org, check).await?,
            CheckPlace::Before(check) => {
                self.turn();
                self.cursor = keys(tx, org, check).await?;
            }
            CheckPlace::Last => {
                self.turn();
                self.limit = last_page_rows(total, total_is_exact, per_page);
            }
        }
        Ok(self)
    }

    /// Reads from the other end.
    fn turn(&mut self) {
        self.direction = self.direction.reversed();
        self.backwards = true;
    }

    /// The direction of time: of checks with the same name or outcome the newest come first.
    fn time_direction(&self) -> Direction {
        match self.request.sort {
            CheckSort::Checked => self.direction,
            _ => self.direction.reversed(),
        }
    }

    /// The name that orders the list, where a name does.
    fn head_column(&self) -> Option<&'static str> {
        match self.request.sort {
            CheckSort::Patient => Some("name_sort"),
            CheckSort::Payer => Some("payer_sort"),
            CheckSort::Checked | CheckSort::Outcome => None,
        }
    }

    /// The segments in the order in which they are read, from the cursor's on.
    fn segments(&self) -> Vec<Segment> {
        let is_cut = self.cursor.is_some();
        let name = |keys: &Keys| match self.request.sort {
            CheckSort::Payer => keys.payer.clone(),
            _ => keys.name.clone(),
        };
        match (self.request.sort, &self.cursor) {
            (CheckSort::Checked, _) | (CheckSort::Patient | CheckSort::Payer, None) => {
                vec![Segment { head: Head::Whole, is_cut }]
            }
            (CheckSort::Patient | CheckSort::Payer, Some(keys)) => vec![
                Segment { head: Head::Equal(name(keys)), is_cut },
                Segment { head: Head::Beyond(name(keys)), is_cut: false },
            ],
            (CheckSort::Outcome, cursor) => {
                let mut outcomes = self.scope.outcomes();
                if self.direction == Direction::Descending {
                    outcomes.reverse();
                }
                let all = Outcome::ALL.to_vec();
                let rank = |outcome| all.iter().position(|&other| other == outcome);
                if let Some(at) = cursor.as_ref().map(|keys| rank(keys.outcome)) {
                    let ascends = self.direction == Direction::Ascending;
                    let follows = |&outcome: &Outcome| match rank(outcome).cmp(&at) {
                        std::cmp::Ordering::Equal => true,
                        order => order.is_gt() == ascends,
                    };
                    outcomes.retain(follows);
                }
                let segment = |outcome| Segment {
                    head: Head::Outcome(outcome),
                    is_cut: cursor.as_ref().is_some_and(|keys| keys.outcome == outcome),
                };
                outcomes.into_iter().map(segment).collect()
            }
        }
    }

    /// The ranges that are merged for a segment.
    fn lanes(&self, segment: &Segment) -> Vec<Lane> {
        let (scope, request) = (self.scope, self.request);
        let payers = || request.payers.iter().cloned().map(Lane::Payer).collect();
        let outcomes = || scope.outcomes().into_iter().map(Lane::Outcome).collect();
        let is_by_outcome = !scope.has_all_outcomes() || !request.checked.is_open();
        match (request.sort, &segment.head) {
            _ if scope.is_rare() => scope.search_lanes(),
            _ if request.waiting => vec![Lane::Waiting],
            (CheckSort::Patient, _) if !self.is_short => vec![Lane::All],
            (CheckSort::Outcome, Head::Outcome(outcome))
                if request.payers.is_empty() || !self.is_short =>
            {
                vec![Lane::Outcome(*outcome)]
            }
            _ if !request.payers.is_empty() => payers(),
            (CheckSort::Checked, _) if !scope.has_all_outcomes() => outcomes(),
            (CheckSort::Patient | CheckSort::Payer, _) if self.is_short && is_by_outcome => {
                outcomes()
            }
            _ => vec![Lane::All],
        }
    }

    /// Appends the keys of one range in order.
    fn push_branch(
        &self,
        statement: &mut Statement,
        (place, segment): (usize, &Segment),
        lane: &Lane,
    ) {
        // What is sorted after it was read must not be walked through in its order instead.
        let is_sorted = lane.is_sorted_after(self.request.sort);
        let plain = self.head_column();
        let tested = |column: &str| format!("{column} || ''");
        let head = plain.map(|name| if is_sorted { tested(name) } else { name.to_owned() });
        let time = if is_sorted { "checked_at_us + 0" } else { "checked_at_us" };
        statement.push("SELECT * FROM (SELECT seq, checked_at_us, ");
        statement.push(plain.unwrap_or("''"));
        statement.push(&format!(" AS head, {place} AS place FROM eligibility_check"));
        statement.push(" WHERE organization_id = ").bind(self.scope.org);
        self.scope.push_lane(statement, lane);
        let column = head.as_deref().unwrap_or("''");
        match &segment.head {
            Head::Whole => {}
            Head::Outcome(outcome) if matches!(lane, Lane::Outcome(_)) => {
                debug_assert!(self.scope.outcomes().contains(outcome));
            }
            Head::Outcome(outcome) => {
                push_test(statement, "outcome", &[outcome.as_str().to_owned()]);
            }
            Head::Equal(name) => {
                statement.push(&format!(" AND {column} = ")).bind(name.as_str());
            }
            Head::Beyond(name) => {
                let relation = relation(self.direction);
                statement.push(&format!(" AND {column} {relation} ")).bind(name.as_str());
            }
        }
        if let Some(keys) = self.cursor.as_ref().filter(|_| segment.is_cut) {
            let relation = relation(self.time_direction());
            statement.push(&format!(" AND ({time}, seq) {relation} ("));
            statement.bind(keys.checked_at_us).push(", ").bind(keys.seq).push(")");
        }
        let (way, newest) = (self.direction.as_str(), self.time_direction().as_str());
        let head = head.map(|column| format!("{column} {way}, ")).unwrap_or_default();
        // A server that plans for any limit would plan for a great one, so it is written out.
        let limit = self.offset + self.limit;
        statement.push(&format!(" ORDER BY {head}{time} {newest}, seq {newest} LIMIT {limit})"));
    }

    /// The statement of a page: ranges merged, cut, then the rows looked up.
    fn statement(&self) -> Statement {
        let mut statement = Statement::default();
        let (way, newest) = (self.direction.as_str(), self.time_direction().as_str());
        let order = |of: &str| {
            format!("{of}place, {of}head {way}, {of}checked_at_us {newest}, {of}seq {newest}")
        };
        statement.push(
            "SELECT c.seq, c.patient_seq, c.outcome, c.payer, c.plan, c.checked_at_us, c.put_back,
                CASE WHEN c.patient_seq IS NULL THEN c.answer END AS answer,
                p.first_name, p.last_name
            FROM (SELECT seq, checked_at_us, head, place FROM (",
        );
        let mut branches = 0;
        for (place, segment) in self.segments().iter().enumerate() {
            for lane in self.lanes(segment) {
                statement.push(if branches > 0 { " UNION ALL " } else { "" });
                self.push_branch(&mut statement, (place, segment), &lane);
                branches += 1;
                statement.push(&format!(" AS b{branches}"));
            }
        }
        let (limit, offset) = (self.limit, self.offset);
        statement.push(&format!(") AS u ORDER BY {} LIMIT {limit} OFFSET {offset}", order("")));
        // Every key has its rows; an outer join only keeps the planner from beginning with them.
        statement.push(") AS k LEFT JOIN eligibility_check c ON c.organization_id = ");
        statement.bind(self.scope.org).push(
            " AND c.seq = k.seq
            LEFT JOIN patient p ON p.organization_id = c.organization_id AND p.seq = c.patient_seq",
        );
        statement.push(&format!(" ORDER BY {}", order("k.")));
        statement
    }

    async fn read(&self, tx: &mut Tx) -> Result<Vec<ListedCheck>, StoreError> {
        if self.segments().is_empty() {
            return Ok(Vec::new());
        }
        self.statement().all(tx).await?.iter().map(listed).collect()
    }
}

fn relation(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => ">",
        Direction::Descending => "<",
    }
}

/// A check as a list shows it.
pub(crate) fn listed(row: &Row) -> Result<ListedCheck, StoreError> {
    let names = row.opt_text("last_name")?.zip(row.opt_text("first_name")?);
    let patient = row.opt_int("patient_seq")?.map(PatientId::new);
    Ok(ListedCheck {
        id: CheckId::new(row.int("seq")?),
        patient: patient.zip(names.map(|(last, first)| format!("{last}, {first}"))),
        answer: row.opt_text("answer")?,
        outcome: row.word("outcome", Outcome::from_name)?,
        payer: row.text("payer")?,
        plan: row.opt_text("plan")?,
        checked_at: row.time("checked_at_us")?,
        put_back: row.opt_text("put_back")?,
    })
}

/// The keys of those payers whose name has all the words.
async fn payers_named(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
) -> Result<Vec<String>, StoreError> {
    let all = payers(tx, org, MAX_PAYERS_SEARCHED).await?;
    let keys = all.into_iter().map(|payer| payer.key);
    Ok(keys.filter(|key| name::matches(key, words)).collect())
}
