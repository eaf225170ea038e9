//! What narrows the list: the conditions of a filter.
//!
//! To add a filter, add its condition to [`push_conditions`] and to `Filter::is_plain`.

use almoner_domain::list::{Direction, DueFilter, Filter, PageRequest, Span};
use almoner_domain::payment::PaymentType;
use almoner_domain::time::{self, NO_DUE_KEY};
use almoner_domain::{LocationId, Status};
use jiff::civil::Date;

use super::Calendar;
use super::search::{Found, push_search};
use crate::statement::Statement;

/// The key after which a page begins, in the direction in which it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) column: &'static str,
    pub(super) key: i64,
    pub(super) direction: Direction,
}

impl Start {
    /// Whether all that follows meets a condition anyway. Such a condition is left out: of two
    /// bounds on one side an engine may begin at the farther one and read all that lies between.
    pub(super) fn implies(self, column: &str, relation: &str, value: i64) -> bool {
        column == self.column
            && match (self.direction, relation) {
                (Direction::Ascending, ">=") => value <= self.key,
                (Direction::Descending, "<=") => value >= self.key,
                (Direction::Descending, "<") => value > self.key,
                _ => false,
            }
    }
}

/// The statuses that can be listed, in their order.
pub(super) fn listed_statuses(filter: &Filter) -> Vec<Status> {
    let chosen = |status: &Status| {
        (filter.statuses.is_empty() || filter.statuses.contains(status))
            && (!filter.overdue || status.can_be_overdue())
    };
    Status::ALL.into_iter().filter(chosen).collect()
}

pub(super) fn quoted(statuses: &[Status]) -> String {
    let quoted: Vec<String> = statuses.iter().map(|s| format!("'{}'", s.as_str())).collect();
    quoted.join(", ")
}

/// Appends the statuses and locations that are listed. Where a search has few results, they only
/// test what it finds: an index that begins with the status would lead past all payments.
pub(super) fn push_standing(
    statement: &mut Statement,
    statuses: &[Status],
    locations: &[LocationId],
    is_rare: bool,
) {
    let (location, status) =
        if is_rare { ("location_seq + 0", "status || ''") } else { ("location_seq", "status") };
    statement.and_one_of(location, locations);
    statement.push(&format!(" AND {status} IN ({})", quoted(statuses)));
}

/// How the conditions are met.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Means<'a> {
    /// What is looked up by its search; the rest is only tested for it.
    pub(super) looked_up: Option<&'a Found>,
    /// Where a page begins: what it implies is left out.
    pub(super) start: Option<Start>,
    /// The index of types may be used: it has the list's order, or there is none to keep.
    pub(super) by_type: bool,
}

/// Appends what narrows the list beyond status and location.
pub(super) fn push_conditions(
    statement: &mut Statement,
    request: &PageRequest,
    calendar: &Calendar,
    Means { looked_up, start, by_type }: Means<'_>,
) {
    let filter = &request.filter;
    if let Some(kind) = filter.kind {
        // An engine takes the index of types for the best there is, whatever else narrows the list.
        let alone = Filter { kind: None, ..filter.clone() }.is_plain() && looked_up.is_none();
        let column = if alone && by_type { "kind" } else { "kind || ''" };
        statement.push(&format!(" AND {column} = ")).bind(PaymentType::as_str(kind));
    }
    let mut bound = |column: &str, relation: &str, value: Option<i64>| {
        let implied = |value: &i64| start.is_some_and(|s| s.implies(column, relation, *value));
        if let Some(value) = value.filter(|value| !implied(value)) {
            statement.push(&format!(" AND {column} {relation} ")).bind(value);
        }
    };
    match filter.due {
        DueFilter::Within(Span { from, to }) => {
            bound("due_key", ">=", from.map(time::date_key));
            bound("due_key", "<=", to.map(time::date_key));
            if from.is_some() && to.is_none() {
                bound("due_key", "<", Some(NO_DUE_KEY));
            }
        }
        DueFilter::Without => bound("due_key", ">=", Some(NO_DUE_KEY)),
    }
    let starts = |date: Date| time::micros(time::start_of_day(date, &calendar.zone));
    let ends = |date: Date| starts(date.tomorrow().unwrap_or(date));
    bound("created_at_us", ">=", filter.created.from.map(starts));
    bound("created_at_us", "<", filter.created.to.map(ends));
    bound("paid_at_us", ">=", filter.paid.from.map(starts));
    bound("paid_at_us", "<", filter.paid.to.map(ends));
    bound("amount_cents", ">=", filter.amount.from.map(almoner_domain::Money::cents));
    bound("amount_cents", "<=", filter.amount.to.map(almoner_domain::Money::cents));
    if filter.overdue {
        bound("due_key", "<", Some(time::date_key(calendar.today)));
    }
    push_search(statement, &request.search, looked_up);
}
