//! Pages of the payments list that cost the same among ten thousand and ten million payments.
//!
//! Status leads every sort index, so a page is a merge of ordered index ranges, one for each
//! status (and location), each cut to the length of a page before they are merged; the rows
//! themselves are looked up last. An order that is not that of one index alone (by status; due
//! dates with the undated last) is a sequence of such merges, the *segments*. A search that
//! finds few payments collects and sorts them instead.
//!
//! Totals come from kept sums wherever only status and location narrow the list; elsewhere they
//! are counted up to [`MAX_EXACT_TOTAL`].

use almoner_domain::list::{
    Cursor, Direction, Filter, MAX_EXACT_TOTAL, PageRequest, Place, Search, Sort, prefix_ranges,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::time::{self, NO_DUE_KEY};
use almoner_domain::{LocationId, OrganizationId, PaymentId, Status};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::db::{Row, StoreError, Tx, Value};
use crate::params;
use crate::payments::{self, Payment};
use crate::statement::Statement;

/// Payments that a search may find and still have collected and sorted.
const MAX_COLLECTED: i64 = 10_000;
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
    /// How many match; at least so many when it is not exact.
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

/// What the list runs over, in the direction in which it is read.
struct Run<'a> {
    org: OrganizationId,
    request: &'a PageRequest,
    calendar: &'a Calendar,
    /// The direction of the keys; reversed when a page is read from its end.
    direction: Direction,
    /// The order of the segments is reversed too.
    backwards: bool,
    /// Read each status's own index range; otherwise collect what the search finds.
    merge: bool,
    after: Option<(Cursor, Value)>,
    offset: i64,
    limit: i64,
}

/// The page that was asked for.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
) -> Result<PaymentPage, StoreError> {
    let found = found_by_search(tx, org, &request.search).await?;
    let (total, total_is_exact) = total(tx, org, request, calendar, found).await?;
    let mut run = Run {
        org,
        request,
        calendar,
        direction: request.direction,
        backwards: false,
        merge: found.is_none_or(|found| found > MAX_COLLECTED),
        after: None,
        offset: 0,
        limit: request.per_page + 1,
    };
    match request.place {
        Place::First => {}
        Place::Number(number) => {
            run.offset = (number.clamp(1, MAX_NUMBERED_PAGE) - 1) * request.per_page;
        }
        Place::After(cursor) => run.after = Some(located(tx, &run, cursor).await?),
        Place::Before(cursor) => {
            run.turn();
            run.after = Some(located(tx, &run, cursor).await?);
        }
        Place::Last => {
            run.turn();
            run.limit = last_page_rows(total, total_is_exact, request.per_page);
        }
    }
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
        Place::Last => (total > run.limit || !total_is_exact, false),
    };
    Ok(PaymentPage { rows, total, total_is_exact, has_next, has_previous })
}

/// The last page holds what is left over after the full ones.
fn last_page_rows(total: i64, exact: bool, per_page: i64) -> i64 {
    match total % per_page {
        rest if exact && rest > 0 => rest,
        _ => per_page,
    }
}

/// The row that a page begins after, with the key that the database compares.
async fn located(
    tx: &mut Tx,
    run: &Run<'_>,
    cursor: Cursor,
) -> Result<(Cursor, Value), StoreError> {
    let key = match (run.request.sort, cursor.key) {
        (Sort::Patient, _) => {
            let sql = "SELECT name_sort FROM payment WHERE organization_id = $1 AND seq = $2";
            let row = tx.optional(sql, params![run.org, cursor.seq]).await?;
            Value::Text(row.map(|row| row.text("name_sort")).transpose()?)
        }
        (_, key) => Value::Int(Some(key.unwrap_or_default())),
    };
    Ok((cursor, key))
}

impl Run<'_> {
    /// Reads from the other end.
    fn turn(&mut self) {
        self.direction = self.direction.reversed();
        self.backwards = true;
    }

    fn key_column(&self) -> &'static str {
        match self.request.sort {
            Sort::Created | Sort::Status => "created_at_us",
            Sort::Amount => "amount_cents",
            Sort::Due => "due_key",
            Sort::Patient => "name_sort",
        }
    }

    /// The segments in the order in which they are read, from the cursor's on.
    fn segments(&self) -> Vec<Segment> {
        let statuses = listed_statuses(&self.request.filter);
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

    /// Appends the keys of one index range (or of all that a search found) in order.
    fn push_branch(
        &self,
        statement: &mut Statement,
        (place, segment): (usize, &Segment),
        statuses: &[Status],
        location: Option<LocationId>,
    ) {
        let key = self.key_column();
        let direction = self.direction.as_str();
        statement.push(&format!(
            "SELECT * FROM (SELECT seq, {key} AS sort_key, {place} AS place FROM payment
            WHERE organization_id = "
        ));
        statement.bind(self.org);
        if let Some(location) = location {
            statement.push(" AND location_seq = ").bind(location);
        } else if !self.merge {
            statement.and_locations(&self.request.filter.locations);
        }
        statement.push(" AND status IN (").push(&quoted(statuses)).push(")");
        match segment.dated {
            Some(true) => statement.push(" AND due_key < ").bind(NO_DUE_KEY),
            Some(false) => statement.push(" AND due_key = ").bind(NO_DUE_KEY),
            None => statement,
        };
        push_conditions(statement, self.org, self.request, self.calendar);
        let after = self.after.as_ref();
        if let Some((cursor, value)) = after.filter(|a| self.segment_rank(&a.0) == segment.rank) {
            let relation = if self.direction == Direction::Ascending { ">" } else { "<" };
            statement.push(&format!(" AND ({key}, seq) {relation} ("));
            statement.bind(value.clone()).push(", ").bind(cursor.seq).push(")");
        }
        statement.push(&format!(" ORDER BY {key} {direction}, seq {direction} LIMIT "));
        statement.bind(self.offset + self.limit).push(")");
    }

    /// The statement of a page: branches merged, cut, then the rows looked up.
    fn statement(&self) -> Option<Statement> {
        let mut statement = Statement::default();
        let direction = self.direction.as_str();
        statement
            .push("SELECT p.*, q.first_name, q.last_name FROM (SELECT seq, sort_key, place FROM (");
        let mut branches = 0;
        for (place, segment) in self.segments().iter().enumerate() {
            let all = [segment.statuses.clone()];
            let each: Vec<Vec<Status>> = segment.statuses.iter().map(|&s| vec![s]).collect();
            let locations = &self.request.filter.locations;
            let places: Vec<Option<LocationId>> = if self.merge && !locations.is_empty() {
                locations.iter().copied().map(Some).collect()
            } else {
                vec![None]
            };
            for statuses in if self.merge { &each[..] } else { &all[..] } {
                for &location in &places {
                    statement.push(if branches > 0 { " UNION ALL " } else { "" });
                    self.push_branch(&mut statement, (place, segment), statuses, location);
                    branches += 1;
                    statement.push(&format!(" AS b{branches}"));
                }
            }
        }
        statement
            .push(&format!(") AS u ORDER BY place, sort_key {direction}, seq {direction} LIMIT "));
        statement.bind(self.limit).push(" OFFSET ").bind(self.offset);
        statement.push(") AS k JOIN payment p ON p.organization_id = ").bind(self.org);
        statement.push(
            " AND p.seq = k.seq
            JOIN patient q ON q.organization_id = p.organization_id AND q.seq = p.patient_seq",
        );
        statement.push(&format!(" ORDER BY k.place, k.sort_key {direction}, k.seq {direction}"));
        (branches > 0).then_some(statement)
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

/// The statuses that can be listed, in their order.
fn listed_statuses(filter: &Filter) -> Vec<Status> {
    let chosen = |status: &Status| {
        (filter.statuses.is_empty() || filter.statuses.contains(status))
            && (!filter.overdue || status.can_be_overdue())
    };
    Status::ALL.into_iter().filter(chosen).collect()
}

fn quoted(statuses: &[Status]) -> String {
    let quoted: Vec<String> = statuses.iter().map(|s| format!("'{}'", s.as_str())).collect();
    quoted.join(", ")
}

/// Appends what narrows the list beyond status and location.
fn push_conditions(
    statement: &mut Statement,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
) {
    let filter = &request.filter;
    if let Some(kind) = filter.kind {
        statement.push(" AND kind = ").bind(PaymentType::as_str(kind));
    }
    let mut bound = |column: &str, relation: &str, value: Option<i64>| {
        if let Some(value) = value {
            statement.push(&format!(" AND {column} {relation} ")).bind(value);
        }
    };
    bound("due_key", ">=", filter.due.from.map(time::date_key));
    bound("due_key", "<=", filter.due.to.map(time::date_key));
    if filter.due.from.is_some() && filter.due.to.is_none() {
        bound("due_key", "<", Some(NO_DUE_KEY));
    }
    let starts = |date: Date| time::micros(time::start_of_day(date, &calendar.zone));
    let ends = |date: Date| starts(date.tomorrow().unwrap_or(date));
    bound("created_at_us", ">=", filter.created.from.map(starts));
    bound("created_at_us", "<", filter.created.to.map(ends));
    bound("paid_at_us", ">=", filter.paid.from.map(starts));
    bound("paid_at_us", "<", filter.paid.to.map(ends));
    bound("amount_cents", ">=", filter.amount.from.map(|money| money.cents()));
    bound("amount_cents", "<=", filter.amount.to.map(|money| money.cents()));
    if filter.overdue {
        bound("due_key", "<", Some(time::date_key(calendar.today)));
    }
    match &request.search {
        Search::Id(prefix) => push_id_ranges(statement, *prefix),
        Search::Name(words) => {
            statement.push(" AND patient_seq IN (").patients_named(org, words).push(")");
        }
        Search::All | Search::Nothing => {}
    }
}

fn push_id_ranges(statement: &mut Statement, prefix: i64) {
    statement.push(" AND (");
    for (index, (from, to)) in prefix_ranges(prefix).into_iter().enumerate() {
        statement.push(if index > 0 { " OR " } else { "" });
        statement.push("seq BETWEEN ").bind(from).push(" AND ").bind(to);
    }
    statement.push(")");
}

/// How many payments the search alone finds, at most a few more than are collected; `None`
/// without a search.
async fn found_by_search(
    tx: &mut Tx,
    org: OrganizationId,
    search: &Search,
) -> Result<Option<i64>, StoreError> {
    let mut statement = Statement::default();
    match search {
        Search::All => return Ok(None),
        Search::Nothing => return Ok(Some(0)),
        Search::Id(prefix) => {
            statement.push("SELECT count(*) AS n FROM (SELECT 1 FROM payment");
            statement.push(" WHERE organization_id = ").bind(org);
            push_id_ranges(&mut statement, *prefix);
            statement.push(" LIMIT ").bind(MAX_COLLECTED + 1).push(") AS found");
        }
        Search::Name(words) => {
            statement.push("SELECT CAST(coalesce(sum(payment_count), 0) AS BIGINT) AS n");
            statement.push(" FROM patient WHERE organization_id = ").bind(org);
            statement.push(" AND seq IN (").patients_named(org, words).push(")");
        }
    }
    statement.one(tx).await?.int("n").map(Some)
}

/// How many payments match, and whether that is exact.
async fn total(
    tx: &mut Tx,
    org: OrganizationId,
    request: &PageRequest,
    calendar: &Calendar,
    found: Option<i64>,
) -> Result<(i64, bool), StoreError> {
    let filter = &request.filter;
    let statuses = listed_statuses(filter);
    let unfiltered = filter.is_plain() && filter.statuses.is_empty() && filter.locations.is_empty();
    let mut statement = Statement::default();
    match (&request.search, found) {
        (Search::Nothing, _) => return Ok((0, true)),
        (Search::Name(_), Some(found)) if unfiltered => return Ok((found, true)),
        (Search::Id(_), Some(found)) if unfiltered => {
            return Ok((found.min(MAX_EXACT_TOTAL), found <= MAX_EXACT_TOTAL));
        }
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
    statement.push("SELECT count(*) AS n FROM (SELECT 1 FROM payment WHERE organization_id = ");
    statement.bind(org).and_locations(&filter.locations);
    statement.push(&format!(" AND status IN ({})", quoted(&statuses)));
    push_conditions(&mut statement, org, request, calendar);
    statement.push(" LIMIT ").bind(MAX_EXACT_TOTAL + 1).push(") AS found");
    let counted = statement.one(tx).await?.int("n")?;
    Ok((counted.min(MAX_EXACT_TOTAL), counted <= MAX_EXACT_TOTAL))
}

/// The payment with exactly that number, for a search that goes straight to it.
pub async fn exists(tx: &mut Tx, org: OrganizationId, id: PaymentId) -> Result<bool, StoreError> {
    Ok(payments::get(tx, org, id).await?.is_some())
}
