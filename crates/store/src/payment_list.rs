//! Pages of the payments list that cost the same among ten thousand and ten million payments.
//!
//! Status leads every sort index, so a page is a merge of ordered index ranges, one for each
//! status (and location), read only as far as the page goes; the rows themselves are looked up
//! last. An order that is not that of one index alone (by status; due dates with the undated
//! last) is a sequence of such merges, the *segments*. A search that finds few payments collects
//! and sorts them instead.
//!
//! Totals come from kept sums wherever only status and location narrow the list; elsewhere they
//! are counted up to [`MAX_EXACT_TOTAL`], but for a name that very many have.

mod conditions;
mod search;

use almoner_domain::list::{Cursor, Direction, MAX_EXACT_TOTAL, PageRequest, Place, Search, Sort};
use almoner_domain::time::{self, NO_DUE_KEY};
use almoner_domain::{LocationId, OrganizationId, PaymentId, Status};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::conditions::{Means, Start, listed_statuses, push_conditions, push_standing, quoted};
use self::search::{Found, MAX_COLLECTED, found, push_range, ranges};
use crate::db::{Row, StoreError, Tx, Value};
use crate::params;
use crate::payments::{self, Payment};
use crate::statement::Statement;

/// Index ranges that are merged at most; the embedded engine takes 500 in one statement.
const MAX_MERGED: usize = 480;
/// The farthest page that is reached by counting rows from the start.
pub const MAX_NUMBERED_PAGE: i64 = 100;

/// A payment in the list.
#[derive(Debug, Clone)]
pub struct ListedPayment {
    /// The payment.
    pub payment: Payment,
    /// The patient's last name.
    pub last_name: String,
    /// The patient's first name.
    pub first_name: String,
    /// What a page that begins or ends here is asked for with.
    pub cursor: Cursor,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct PaymentPage {
    /// Its rows.
    pub rows: Vec<ListedPayment>,
    /// How many match; more than so many when it is not exact.
    pub total: i64,
    /// Whether the total is exact.
    pub total_is_exact: bool,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
}

/// The organization's own view of time, which ranges and overdue follow.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The zone of its days.
    pub zone: TimeZone,
    /// Its date now.
    pub today: Date,
}

/// A sequence of rows that one merge brings in order.
#[derive(Debug, Clone)]
struct Segment {
    rank: i64,
    statuses: Vec<Status>,
    /// Only with, or only without, a due date.
    dated: Option<bool>,
}

/// One location, or one range of numbers; `None` stands for all.
type Part = (Option<LocationId>, Option<(i64, i64)>);

/// What the list runs over, in the direction in which it is read.
struct Run<'a> {
    org: OrganizationId,
    request: &'a PageRequest,
    /// The locations that are listed, each once; none means all.
    locations: Vec<LocationId>,
    calendar: &'a Calendar,
    /// The direction of the keys; reversed when a page is read from its end.
    direction: Direction,
    /// The order of the segments is reversed too.
    backwards: bool,
    /// What the search finds, where that is looked up; otherwise each status's own index range is
    /// read.
    few: Option<&'a Found>,
    /// The filter lets few through: they are collected by its own indexes and sorted.
    is_sparse: bool,
    after: Option<(Cursor, Value)>,
    offset: i64,
    limit: i64,
    /// What each branch of the merge ends with.
    branch_limit: String,
}

/// The page that was asked for.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
) -> Result<PaymentPage, StoreError> {
    let found = found(tx, org, &request.search).await?;
    let found = found.as_ref();
    let (total, total_is_exact) =
        told(total(tx, org, request, calendar, (found, MAX_EXACT_TOTAL)).await?);
    let list = Run::new(org, request, calendar, found);
    let run = list.at_place(tx, total, total_is_exact).await?;
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
        Place::First => (false, more),
        Place::Number(_) => (run.offset > 0, more),
        Place::After(_) => (true, more),
        Place::Before(_) => (more, true),
        Place::Last => (more || (total_is_exact && total > run.limit), false),
    };
    let seen = run.offset + i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let is_seen_whole = !has_next
        && (run.offset == 0 || !rows.is_empty())
        && match request.place {
            Place::Last => !has_previous,
            Place::First | Place::Number(_) => true,
            Place::After(_) | Place::Before(_) => false,
        };
    let (total, total_is_exact) = match (total_is_exact, is_seen_whole) {
        (true, _) => (total, true),
        (false, true) => (seen, true),
        (false, false) => (total.max(seen), false),
    };
    Ok(PaymentPage { rows, total, total_is_exact, has_next, has_previous })
}

/// The rows from a place on, one more than a page has when there are more, without their total.
pub async fn rows(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
) -> Result<Vec<ListedPayment>, StoreError> {
    let found = found(tx, org, &request.search).await?;
    let found = found.as_ref();
    if found.is_some_and(Found::is_nothing) {
        return Ok(Vec::new());
    }
    let list = Run::new(org, request, calendar, found);
    list.at_place(tx, 0, false).await?.read(tx).await
}

/// Whether a list is known to have more than `rows` rows. Nobody counts those of a name that very
/// many have: such a list may turn out to be longer than this says.
pub async fn has_more_than(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
    rows: i64,
) -> Result<bool, StoreError> {
    let found = found(tx, org, &request.search).await?;
    let (total, _) = total(tx, org, request, calendar, (found.as_ref(), rows)).await?;
    Ok(total > rows)
}

/// Payments by their ids, in the order in which they are named; one that is unknown is left out.
pub async fn named(
    tx: &mut Tx,
    org: OrganizationId,
    ids: &[PaymentId],
) -> Result<Vec<ListedPayment>, StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT p.*, q.first_name, q.last_name FROM payment p
        JOIN patient q ON q.organization_id = p.organization_id AND q.seq = p.patient_seq
        WHERE p.organization_id = ",
    );
    statement.bind(org).and_one_of("p.seq", ids);
    let rows = if ids.is_empty() { Vec::new() } else { statement.all(tx).await? };
    let listed: Result<Vec<_>, _> = rows.iter().map(|row| listed(row, Sort::Created)).collect();
    let mut listed = listed?;
    listed.sort_by_key(|row| ids.iter().position(|&id| id == row.payment.id));
    Ok(listed)
}

/// The statement that reads the rows of a page, and its values, for tests that ask the database
/// how it is carried out.
#[cfg(feature = "testing")]
pub async fn page_statement(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
) -> Result<Option<(String, Vec<Value>)>, StoreError> {
    let found = found(tx, org, &request.search).await?;
    let found = found.as_ref();
    let (total, total_is_exact) =
        told(total(tx, org, request, calendar, (found, MAX_EXACT_TOTAL)).await?);
    let list = Run::new(org, request, calendar, found);
    let run = list.at_place(tx, total, total_is_exact).await?;
    Ok(run.statement().map(Statement::into_parts))
}

/// The last page holds what is left over after the full ones; where the total is not known, a full
/// one is read, and a row that tells of more.
fn last_page_rows(total: i64, exact: bool, per_page: i64) -> i64 {
    match total % per_page {
        _ if !exact => per_page + 1,
        0 => per_page,
        rest => rest,
    }
}

/// Whether the order is that of the numbers, which are given out as payments are created: a search
/// for numbers reads them in theirs, as those that begin alike may all be far from the newest.
fn by_number(request: &PageRequest) -> bool {
    matches!(request.search, Search::Id(_)) && request.sort == Sort::Created
}

/// The row that a page begins after, with the key that the database compares.
async fn located(
    tx: &mut Tx,
    run: &Run<'_>,
    cursor: Cursor,
) -> Result<(Cursor, Value), StoreError> {
    let key = match (run.request.sort, cursor.key) {
        (Sort::Created, _) if by_number(run.request) => Value::Int(Some(cursor.seq)),
        (Sort::Patient, _) => {
            let sql = "SELECT name_sort FROM payment WHERE organization_id = $1 AND seq = $2";
            let row = tx.optional(sql, params![run.org, cursor.seq]).await?;
            Value::Text(row.map(|row| row.text("name_sort")).transpose()?)
        }
        (_, key) => Value::Int(Some(key.unwrap_or_default())),
    };
    Ok((cursor, key))
}

impl<'a> Run<'a> {
    /// The whole list, from its beginning.
    fn new(
        org: OrganizationId,
        request: &'a PageRequest,
        calendar: &'a Calendar,
        found: Option<&'a Found>,
    ) -> Self {
        let mut locations = request.filter.locations.clone();
        locations.sort_unstable();
        locations.dedup();
        Self {
            org,
            request,
            locations,
            calendar,
            direction: request.direction,
            backwards: false,
            few: found.filter(|found| found.is_few() || by_number(request)),
            is_sparse: false,
            after: None,
            offset: 0,
            limit: request.per_page + 1,
            branch_limit: String::new(),
        }
    }

    /// The part of it that the request asks for.
    async fn at_place(
        mut self,
        tx: &mut Tx,
        total: i64,
        total_is_exact: bool,
    ) -> Result<Self, StoreError> {
        let per_page = self.request.per_page;
        self.is_sparse = self.request.search == Search::All
            && !self.request.filter.is_plain()
            && total_is_exact
            && total <= MAX_COLLECTED;
        match self.request.place {
            Place::First => {}
            Place::Number(number) => {
                self.offset = (number.clamp(1, MAX_NUMBERED_PAGE) - 1) * per_page;
            }
            Place::After(cursor) => self.after = Some(located(tx, &self, cursor).await?),
            Place::Before(cursor) => {
                self.turn();
                self.after = Some(located(tx, &self, cursor).await?);
            }
            Place::Last => {
                self.turn();
                self.limit = last_page_rows(total, total_is_exact, per_page);
            }
        }
        self.branch_limit = tx.branch_limit(self.offset + self.limit);
        Ok(self)
    }

    /// Reads from the other end.
    fn turn(&mut self) {
        self.direction = self.direction.reversed();
        self.backwards = true;
    }

    fn key_column(&self) -> &'static str {
        match self.request.sort {
            Sort::Created if by_number(self.request) => "seq",
            Sort::Created | Sort::Status => "created_at_us",
            Sort::Amount => "amount_cents",
            Sort::Due => "due_key",
            Sort::Patient => "name_sort",
        }
    }

    /// The segments in the order in which they are read, from the cursor's on.
    fn segments(&self) -> Vec<Segment> {
        let statuses = listed_statuses(&self.request.filter);
        if statuses.is_empty() {
            return Vec::new();
        }
        let whole = |rank, dated| Segment { rank, statuses: statuses.clone(), dated };
        let mut segments = match self.request.sort {
            Sort::Status => {
                let alone = |&status: &Status| Segment {
                    rank: status.rank(),
                    statuses: vec![status],
                    dated: None,
                };
                let mut alone: Vec<Segment> = statuses.iter().map(alone).collect();
                if self.request.direction == Direction::Descending {
                    alone.reverse();
                }
                alone
            }
            Sort::Due => vec![whole(0, Some(true)), whole(1, Some(false))],
            Sort::Created | Sort::Amount | Sort::Patient => vec![whole(0, None)],
        };
        if self.backwards {
            segments.reverse();
        }
        if let Some((cursor, _)) = &self.after {
            let rank = self.segment_rank(cursor);
            let ordered = |segment: &Segment| match (self.request.sort, self.direction) {
                (Sort::Status, Direction::Ascending) => segment.rank >= rank,
                (Sort::Status, Direction::Descending) => segment.rank <= rank,
                _ if self.backwards => segment.rank <= rank,
                _ => segment.rank >= rank,
            };
            segments.retain(ordered);
        }
        segments
    }

    fn segment_rank(&self, cursor: &Cursor) -> i64 {
        match self.request.sort {
            Sort::Status => cursor.rank,
            Sort::Due => i64::from(cursor.key == Some(NO_DUE_KEY)),
            Sort::Created | Sort::Amount | Sort::Patient => 0,
        }
    }

    /// Appends the keys of one index range, or of all that a search found.
    fn push_branch(
        &self,
        statement: &mut Statement,
        segment: &Segment,
        statuses: &[Status],
        (location, range): Part,
    ) {
        let key = self.key_column();
        statement.push(&format!("SELECT * FROM (SELECT seq, {key} AS sort_key FROM payment"));
        statement.push(" WHERE organization_id = ");
        statement.bind(self.org);
        push_range(statement, range);
        if let Some(location) = location {
            statement.push(" AND location_seq = ").bind(location);
            push_standing(statement, statuses, &[], self.few.is_some());
        } else {
            push_standing(statement, statuses, &self.locations, self.few.is_some());
        }
        let after = self.after.as_ref().filter(|(at, _)| self.segment_rank(at) == segment.rank);
        let start = after.and_then(|(_, value)| match value {
            Value::Int(Some(start)) if !self.is_sparse => {
                Some(Start { column: key, key: *start, direction: self.direction })
            }
            _ => None,
        });
        let is_dated_anyway = start.is_some_and(|start| start.implies(key, "<", NO_DUE_KEY));
        let due = if self.is_sparse { "due_key + 0" } else { "due_key" };
        match segment.dated {
            Some(true) if !is_dated_anyway => {
                statement.push(&format!(" AND {due} < ")).bind(NO_DUE_KEY);
            }
            Some(false) => {
                statement.push(&format!(" AND {due} = ")).bind(NO_DUE_KEY);
            }
            _ => {}
        }
        let by_type = self.is_sparse || (key == "amount_cents" && location.is_none());
        let means = Means { looked_up: self.few, start, by_type };
        push_conditions(statement, self.request, self.calendar, means);
        if let Some((cursor, value)) = after {
            let relation = if self.direction == Direction::Ascending { ">" } else { "<" };
            if self.is_by_seq_alone(segment) {
                let seq = if self.is_sparse { "seq + 0" } else { "seq" };
                statement.push(&format!(" AND {seq} {relation} ")).bind(cursor.seq);
            } else {
                let key = if self.is_sparse { self.hidden(key) } else { key.to_owned() };
                statement.push(&format!(" AND ({key}, seq) {relation} ("));
                statement.bind(value.clone()).push(", ").bind(cursor.seq).push(")");
            }
        }
        // Ordered by itself, so that a server reads the index in its order; not where that would
        // lead it past what its filter has an index for.
        if !self.is_sparse {
            statement.push(&self.order(segment, key)).push(&self.branch_limit);
        }
        statement.push(")");
    }

    /// What is read apart for each status: each location, or each range of numbers that a search
    /// looks up.
    fn parts(&self, segments: &[Segment]) -> Vec<Part> {
        let statuses: usize = segments.iter().map(|segment| segment.statuses.len()).sum();
        let merged = statuses * self.locations.len();
        if self.is_merged() && (1..=MAX_MERGED).contains(&merged) {
            return self.locations.iter().map(|&location| (Some(location), None)).collect();
        }
        let ranges = ranges(&self.request.search, self.few.is_some());
        ranges.into_iter().map(|range| (None, range)).collect()
    }

    /// Appends the keys of a segment in order. Its branches are merged as far as they are needed,
    /// which neither engine does for an order that holds more than the keys.
    fn push_segment(&self, statement: &mut Statement, segment: &Segment, parts: &[Part]) {
        let all = [segment.statuses.clone()];
        let each: Vec<Vec<Status>> = segment.statuses.iter().map(|&s| vec![s]).collect();
        let mut branches = 0;
        statement.push("SELECT seq, sort_key FROM (");
        for statuses in if self.is_merged() { &each[..] } else { &all[..] } {
            for &part in parts {
                statement.push(if branches > 0 { " UNION ALL " } else { "" });
                self.push_branch(statement, segment, statuses, part);
                branches += 1;
                statement.push(&format!(" AS b{branches}"));
            }
        }
        statement.push(") AS m").push(&self.order(segment, "sort_key"));
        // A server that plans for any limit would plan for a great one, so it is written out.
        statement.push(&format!(" LIMIT {}", self.offset + self.limit));
    }

    /// The order of a segment, without a key that is the same in all of it.
    fn order(&self, segment: &Segment, key: &str) -> String {
        let direction = self.direction.as_str();
        if self.is_sparse {
            format!(" ORDER BY {} {direction}, seq {direction}", self.hidden(key))
        } else if self.is_by_seq_alone(segment) {
            format!(" ORDER BY seq {direction}")
        } else {
            format!(" ORDER BY {key} {direction}, seq {direction}")
        }
    }

    /// The sort key as a value that no index has.
    fn hidden(&self, key: &str) -> String {
        let nothing = if self.request.sort == Sort::Patient { "|| ''" } else { "+ 0" };
        format!("{key} {nothing}")
    }

    /// Whether all of a segment has the same key, or none but its number.
    fn is_by_seq_alone(&self, segment: &Segment) -> bool {
        segment.dated == Some(false) || by_number(self.request)
    }

    /// Whether the list is a merge of what each status has, instead of being collected.
    fn is_merged(&self) -> bool {
        self.few.is_none() && !self.is_sparse
    }

    /// The statement of a page: segments one after another, cut, then the rows looked up.
    fn statement(&self) -> Option<Statement> {
        let mut statement = Statement::default();
        let direction = self.direction.as_str();
        statement
            .push("SELECT p.*, q.first_name, q.last_name FROM (SELECT seq, sort_key, place FROM (");
        let segments = self.segments();
        let parts = self.parts(&segments);
        for (place, segment) in segments.iter().enumerate() {
            statement.push(if place > 0 { " UNION ALL " } else { "" });
            statement.push(&format!("SELECT seq, sort_key, {place} AS place FROM ("));
            self.push_segment(&mut statement, segment, &parts);
            statement.push(&format!(") AS s{place}"));
        }
        let (limit, offset) = (self.limit, self.offset);
        statement.push(&format!(
            ") AS u ORDER BY place, sort_key {direction}, seq {direction}
            LIMIT {limit} OFFSET {offset}"
        ));
        // Every key has its rows; an outer join only keeps the planner from beginning with them.
        statement.push(") AS k LEFT JOIN payment p ON p.organization_id = ").bind(self.org);
        statement.push(
            " AND p.seq = k.seq
            LEFT JOIN patient q ON q.organization_id = p.organization_id AND q.seq = p.patient_seq",
        );
        statement.push(&format!(" ORDER BY k.place, k.sort_key {direction}, k.seq {direction}"));
        (!segments.is_empty()).then_some(statement)
    }

    async fn read(&self, tx: &mut Tx) -> Result<Vec<ListedPayment>, StoreError> {
        let Some(statement) = self.statement() else {
            return Ok(Vec::new());
        };
        let rows = statement.all(tx).await?;
        rows.iter().map(|row| listed(row, self.request.sort)).collect()
    }
}

fn listed(row: &Row, sort: Sort) -> Result<ListedPayment, StoreError> {
    let payment = payments::payment(row)?;
    let key = match sort {
        Sort::Created | Sort::Status => Some(time::micros(payment.created_at)),
        Sort::Amount => Some(payment.amount.cents()),
        Sort::Due => Some(time::due_key(payment.due)),
        Sort::Patient => None,
    };
    let cursor = Cursor { key, rank: payment.status.rank(), seq: payment.id.seq() };
    let (last_name, first_name) = (row.text("last_name")?, row.text("first_name")?);
    Ok(ListedPayment { payment, last_name, first_name, cursor })
}

/// How many payments match, and whether that is exact: otherwise there are so many at least. No
/// more than `most` and one are counted.
async fn total(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
    (found, most): (Option<&Found>, i64),
) -> Result<(i64, bool), StoreError> {
    let filter = &request.filter;
    let statuses = listed_statuses(filter);
    let unfiltered = filter.is_plain() && filter.statuses.is_empty() && filter.locations.is_empty();
    let mut statement = Statement::default();
    match (&request.search, found) {
        (Search::Nothing, _) => return Ok((0, true)),
        (_, Some(found)) if unfiltered => return Ok((found.payments, found.is_exact)),
        _ if statuses.is_empty() => return Ok((0, true)),
        (Search::All, _) if filter.is_plain() => {
            statement.push("SELECT CAST(coalesce(sum(n), 0) AS BIGINT) AS n FROM rollup_status");
            statement.push(" WHERE organization_id = ").bind(org);
            statement.and_locations(&filter.locations);
            statement.push(&format!(" AND status IN ({})", quoted(&statuses)));
            return Ok((statement.one(tx).await?.int("n")?, true));
        }
        _ => {}
    }
    // What very many have is not counted under a filter: the page tells what it saw.
    if request.search != Search::All && !found.is_some_and(Found::is_looked_up) {
        return Ok((0, false));
    }
    let looked_up = found.filter(|found| found.is_looked_up());
    statement.push("SELECT count(*) AS n FROM (");
    let ranges = ranges(&request.search, looked_up.is_some());
    for (index, range) in ranges.into_iter().enumerate() {
        statement.push(if index > 0 { " UNION ALL " } else { "" });
        statement.push("SELECT seq FROM payment WHERE organization_id = ").bind(org);
        push_range(&mut statement, range);
        push_standing(&mut statement, &statuses, &filter.locations, looked_up.is_some());
        let means = Means { looked_up, by_type: true, ..Means::default() };
        push_conditions(&mut statement, request, calendar, means);
    }
    statement.push(&format!(" LIMIT {}) AS found", most + 1));
    let counted = statement.one(tx).await?.int("n")?;
    Ok((counted, counted <= most))
}

/// What was not counted to its end is told as more than a round number.
fn told((counted, is_exact): (i64, bool)) -> (i64, bool) {
    let counted = if is_exact { counted } else { (counted - 1).max(0) / 100 * 100 };
    (counted, is_exact)
}

/// The payment with exactly that number, for a search that goes straight to it.
pub async fn exists(tx: &mut Tx, org: OrganizationId, id: PaymentId) -> Result<bool, StoreError> {
    Ok(payments::get(tx, org, id).await?.is_some())
}
