//! The list of payments, and creating one, which stand at the same address.

use almoner_app::read_records::PageAt;
use almoner_app::read_whole::{self, WholePayment};
use almoner_domain::list::{
    Cursor, Direction, DueFilter, Filter, MAX_SEARCH_BYTES, PageRequest, Place, Search, Sort, Span,
};
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::payment::PaymentType;
use almoner_domain::period::Period;
use almoner_domain::{LocationId, Money, Status};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::records;
use super::super::words::{
    DIRECTIONS, NONE, PaymentKind, PaymentSort, PaymentStatus, SortDirection, YES_OR_NO, YesOrNo,
};
use super::answer::PaymentRow;
use super::create;
use crate::api::body::Asked;
use crate::api::caller::{Caller, Thing, showing};
use crate::api::fields::{self, Fields, FromFields, Read};
use crate::api::json;
use crate::api::json::Json;
use crate::api::listing::{At, Listed, PageParams, Total, Turn};
use crate::api::problem::Answer;
use crate::handlers::payments::list_query::{cursor_text, read_cursor};
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, create::create))
}

/// What narrows and orders the list, as it is described; the same as on the page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `PaymentsAsked` reads")]
struct PaymentParams {
    /// Letters of the patient's name, or the beginning of a payment's number, such as `PAY-01`.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Any of these statuses; sent once for each.
    #[param(inline, value_type = Option<Vec<PaymentStatus>>)]
    status: Option<Vec<String>>,
    /// Any of these locations; sent once for each.
    #[param(value_type = Option<Vec<String>>, example = json!(["LOC-001"]))]
    location: Option<Vec<String>>,
    /// For what.
    #[param(inline, value_type = Option<PaymentKind>)]
    r#type: Option<String>,
    /// Due in a range of the calendar: `today`, `next_7_days`, `this_month`, `next_month`; or
    /// `none`, without a due date.
    due: Option<String>,
    /// Due on that day or later.
    #[param(value_type = Option<String>, format = Date)]
    due_from: Option<String>,
    /// Due on that day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    due_to: Option<String>,
    /// Created in a range of the calendar: `today`, `yesterday`, `last_7_days`, `this_month`,
    /// `last_month`, `this_year`.
    created: Option<String>,
    /// Created on that day of the clinic's or later.
    #[param(value_type = Option<String>, format = Date)]
    created_from: Option<String>,
    /// Created on that day of the clinic's or earlier.
    #[param(value_type = Option<String>, format = Date)]
    created_to: Option<String>,
    /// Paid in a range of the calendar, as `created`.
    paid: Option<String>,
    /// Paid on that day of the clinic's or later.
    #[param(value_type = Option<String>, format = Date)]
    paid_from: Option<String>,
    /// Paid on that day of the clinic's or earlier.
    #[param(value_type = Option<String>, format = Date)]
    paid_to: Option<String>,
    /// At least so much.
    #[param(minimum = 0, maximum = 99_999_999)]
    min_cents: Option<i64>,
    /// At most so much.
    #[param(minimum = 0, maximum = 99_999_999)]
    max_cents: Option<i64>,
    /// Only what is overdue.
    #[param(inline, value_type = Option<YesOrNo>)]
    overdue: Option<String>,
    /// The order; by when they were created when nothing is said.
    #[param(inline, value_type = Option<PaymentSort>)]
    sort: Option<String>,
    /// The direction: the newest and the largest come first when nothing is said, the rest from
    /// the beginning.
    #[param(inline, value_type = Option<SortDirection>)]
    dir: Option<String>,
    /// Only payments that changed then or later, in the order of their changes; without anything
    /// else but `limit`, `after` and `before`. What is attached to a payment, its link, and
    /// becoming overdue are no change.
    #[param(value_type = Option<String>, format = DateTime)]
    modified_since: Option<Timestamp>,
}

/// What narrows or orders the list otherwise.
const NO_CHANGES: [&str; 18] = [
    "q",
    "status",
    "location",
    "type",
    "due",
    "due_from",
    "due_to",
    "created",
    "created_from",
    "created_to",
    "paid",
    "paid_from",
    "paid_to",
    "min_cents",
    "max_cents",
    "overdue",
    "sort",
    "dir",
];

/// What is asked of the list: a page of it as on the page of payments, or by the changes.
enum PaymentsAsked {
    Page(PageAsked),
    ChangedSince(Timestamp, PageAt),
}

impl FromFields for PaymentsAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let is_narrowed = NO_CHANGES.iter().any(|name| fields.has(name));
        match records::modified_since(fields, is_narrowed) {
            Some(since) if !is_narrowed => {
                Some(Self::ChangedSince(since, records::turn(fields, true)?))
            }
            _ => PageAsked::read(fields).map(Self::Page),
        }
    }
}

/// What a page of the list is asked for.
#[derive(Debug)]
struct PageAsked {
    filter: Filter,
    search: Search,
    sort: Sort,
    direction: Direction,
    turn: Turn<Cursor>,
    due: Option<DueRange>,
    created: Option<Period>,
    paid: Option<Period>,
}

/// What may be said of the due date in a word.
#[derive(Debug, Clone, Copy)]
enum DueRange {
    Within(Period),
    Without,
}

impl FromFields for PageAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let search = fields.optional("q", search);
        let sorts = Sort::ALL.map(|sort| (sort, sort.as_str()));
        let sort = fields.optional("sort", fields::word(&sorts)).unwrap_or(Sort::Created);
        let directions = DIRECTIONS.map(|direction| (direction, direction.as_str()));
        let direction = fields.optional("dir", fields::word(&directions));
        let direction = direction.unwrap_or(sort.default_direction());
        let turn = Turn::read(fields, |text| from_text(text, sort, direction));
        let ahead = Period::AHEAD.map(|period| (DueRange::Within(period), period.as_str()));
        let ahead: Vec<_> = ahead.into_iter().chain([(DueRange::Without, NONE)]).collect();
        let past = Period::PAST.map(|period| (period, period.as_str()));
        let due = fields.optional("due", fields::word(&ahead));
        let created = fields.optional("created", fields::word(&past));
        let paid = fields.optional("paid", fields::word(&past));
        let due_days = days(fields, due.is_some(), ["due_from", "due_to"]);
        let created_days = days(fields, created.is_some(), ["created_from", "created_to"]);
        let paid_days = days(fields, paid.is_some(), ["paid_from", "paid_to"]);
        let cents = || fields::digits(0..=MAX_PAYMENT.cents());
        let least = fields.optional("min_cents", cents()).map(Money::from_cents);
        let most = fields.optional("max_cents", cents()).map(Money::from_cents);
        let statuses = Status::ALL.map(|status| (status, status.as_str()));
        let kinds = PaymentType::ALL.map(|kind| (kind, kind.as_str()));
        let filter = Filter {
            statuses: each_once(fields.each("status", |json| fields::word(&statuses)(json))),
            locations: each_once(fields.each("location", fields::id::<LocationId>)),
            kind: fields.optional("type", fields::word(&kinds)),
            due: DueFilter::Within(due_days),
            created: created_days,
            paid: paid_days,
            amount: Span { from: least, to: most },
            overdue: fields.optional("overdue", fields::word(&YES_OR_NO)).unwrap_or_default(),
        };
        let search = search.unwrap_or_default();
        Some(Self { filter, search, sort, direction, turn: turn?, due, created, paid })
    }
}

fn each_once<T: Ord>(mut found: Vec<T>) -> Vec<T> {
    found.sort_unstable();
    found.dedup();
    found
}

fn search(json: &Json) -> Read<Search> {
    let sent = fields::text(json)?;
    if sent.len() > MAX_SEARCH_BYTES {
        return fields::wrong("too_long", format!("Send at most {MAX_SEARCH_BYTES} bytes."));
    }
    Ok(Search::parse(sent))
}

/// The days of a range; where a range of the calendar was named, no days may stand beside it.
fn days(fields: &mut Fields<'_>, is_named: bool, names: [&'static str; 2]) -> Span<Date> {
    let [from, to] = names.map(|name| {
        let day = fields.optional(name, fields::date);
        if is_named && day.is_some() {
            fields.fault(name, "not_both", "Send a range of the calendar or days, not both.");
        }
        day
    });
    Span { from, to }
}

impl PageAsked {
    fn into_request(self, today: Date) -> PageRequest {
        let mut filter = self.filter;
        match self.due {
            Some(DueRange::Within(period)) => filter.due = DueFilter::Within(period.span(today)),
            Some(DueRange::Without) => filter.due = DueFilter::Without,
            None => {}
        }
        if let Some(period) = self.created {
            filter.created = period.span(today);
        }
        if let Some(period) = self.paid {
            filter.paid = period.span(today);
        }
        PageRequest {
            filter,
            search: self.search,
            sort: self.sort,
            direction: self.direction,
            per_page: self.turn.limit,
            place: match self.turn.at {
                At::First => Place::First,
                At::After(cursor) => Place::After(cursor),
                At::Before(cursor) => Place::Before(cursor),
            },
        }
    }
}

/// What a cursor begins with, so that it is not taken for one of another order.
fn mark(sort: Sort, direction: Direction) -> String {
    format!("{}.{}.", sort.as_str(), direction.as_str())
}

fn from_text(text: &str, sort: Sort, direction: Direction) -> Option<Cursor> {
    read_cursor(text.strip_prefix(&mark(sort, direction))?)
}

/// List payments
///
/// Narrowed, searched and ordered as on the page of payments; a page costs the same however many
/// there are. `total` is exact up to 10,000, and beyond wherever only statuses and locations narrow
/// the list. A cursor holds for the order in which it was given. With `modified_since`, the list is
/// in the order of the last changes, for a program that keeps a copy.
#[utoipa::path(
    get,
    path = "/payments",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(PaymentParams, PageParams),
    responses((status = 200, description = "A page.", body = Listed<PaymentRow>)),
)]
async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<PaymentsAsked>,
) -> Answer {
    let asked = match asked {
        PaymentsAsked::Page(asked) => asked,
        PaymentsAsked::ChangedSince(since, at) => {
            let view = read_whole::changed(&web.app, &caller.actor, since, at).await?;
            let shown = shown(&view.rows);
            let listed = records::listed(view, |row| PaymentRow::new(&web, &caller.actor, row));
            return Ok(showing(vec![shown], json(StatusCode::OK, &listed)));
        }
    };
    records::known_locations(&web, &caller, &asked.filter.locations).await?;
    let request = asked.into_request(caller.actor.date(web.app.now()));
    let found = read_whole::list(&web.app, &caller.actor, &request).await?;
    let text = |cursor| format!("{}{}", mark(request.sort, request.direction), cursor_text(cursor));
    let end = |row: Option<&WholePayment>| row.map(|row| text(row.listed.cursor));
    let ends = end(found.payments.first()).zip(end(found.payments.last()));
    let (page, shown) = (found.page, shown(&found.payments));
    let total = Total { number: page.total, is_exact: page.total_is_exact };
    let rows = found.payments.into_iter();
    let rows = rows.map(|row| PaymentRow::new(&web, &caller.actor, row)).collect();
    let answer = Listed::new(rows, ends, (page.has_previous, page.has_next), total);
    Ok(showing(vec![shown], json(StatusCode::OK, &answer)))
}

fn shown(rows: &[WholePayment]) -> Thing {
    Thing::PaymentList(rows.iter().map(|row| row.listed.payment.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_for_its_order_alone() {
        let cursor = Cursor { key: Some(-7), rank: 3, seq: 12 };
        let text = format!("{}{}", mark(Sort::Due, Direction::Ascending), cursor_text(cursor));
        assert_eq!(text, "due.asc.-7.3.12");
        assert_eq!(from_text(&text, Sort::Due, Direction::Ascending), Some(cursor));
        assert_eq!(from_text(&text, Sort::Due, Direction::Descending), None);
        assert_eq!(from_text(&text, Sort::Amount, Direction::Ascending), None);
        assert_eq!(from_text("due.asc.", Sort::Due, Direction::Ascending), None);
    }
}
