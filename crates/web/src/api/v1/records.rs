//! What the calls for patients, treatments, locations and physicians have in common: the cursors
//! of their lists, and how a new record is answered.

use almoner_app::read_records::{PageAt, RecordsView};
use almoner_app::read_whole;
use almoner_domain::list::{Cursor, Place};
use almoner_domain::{Invalid, LocationId};
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use jiff::Timestamp;

use crate::api::caller::Caller;
use crate::api::fields::{self, Fields};
use crate::api::listing::{At, Listed, Total, Turn};
use crate::api::problem::Problem;
use crate::state::Web;

/// Parts the moment of a change from the number in a cursor.
const PARTING: char = '.';

/// Which part of a list is asked for, in the order of numbers or of last changes.
pub(super) fn turn(fields: &mut Fields<'_>, is_by_change: bool) -> Option<PageAt> {
    let turn = Turn::read(fields, |text| cursor(text, is_by_change))?;
    let place = match turn.at {
        At::First => Place::First,
        At::After(cursor) => Place::After(cursor),
        At::Before(cursor) => Place::Before(cursor),
    };
    Some((place, turn.limit))
}

/// The row that a cursor names; `None` when it is not of that order.
pub(crate) fn cursor(text: &str, is_by_change: bool) -> Option<Cursor> {
    let (key, seq) = match text.split_once(PARTING) {
        Some((key, seq)) if is_by_change => (Some(key.parse().ok()?), seq),
        None if !is_by_change => (None, text),
        _ => return None,
    };
    Some(Cursor { key, rank: 0, seq: seq.parse().ok()? })
}

/// A row as a cursor names it.
pub(crate) fn told(cursor: &Cursor) -> String {
    let key = cursor.key.map(|key| format!("{key}{PARTING}")).unwrap_or_default();
    format!("{key}{}", cursor.seq)
}

/// Passes when each of the locations is there.
pub(super) async fn known_locations(
    web: &Web,
    caller: &Caller,
    locations: &[LocationId],
) -> Result<(), Problem> {
    if read_whole::locations_exist(&web.app, &caller.actor, locations).await? {
        return Ok(());
    }
    let message = "There is no such location at this clinic.";
    Err(Problem::field("location", "not_found", message))
}

/// A page of a list as it is answered.
pub(super) fn listed<T, A>(view: RecordsView<T>, answer: impl Fn(T) -> A) -> Listed<A> {
    let page = &view.page;
    let ends = page.rows.first().map(told).zip(page.rows.last().map(told));
    let total = Total { number: page.total, is_exact: page.total_is_exact };
    let more = (page.has_previous, page.has_next);
    Listed::new(view.rows.into_iter().map(answer).collect(), ends, more, total)
}

/// Since when records are asked for that changed. Such a list takes no other filter, as each would
/// have it pass over records that leave the filter by their change.
pub(super) fn modified_since(fields: &mut Fields<'_>, has_filter: bool) -> Option<Timestamp> {
    let since = fields.optional("modified_since", fields::moment);
    if since.is_some() && has_filter {
        fields.fault("modified_since", "not_both", "Send it without any other filter.");
    }
    since
}

/// The answer about a new record, which says where it is found.
pub(super) fn created(path: &str, mut response: Response) -> Response {
    let location = HeaderValue::from_str(&format!("/api/v1{path}")).expect("paths are plain");
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// The faults of a use case under the names that the fields have here.
pub(super) fn renamed(mut faults: Invalid, name: impl Fn(&str) -> String) -> Invalid {
    for fault in &mut faults.0 {
        fault.field = name(&fault.field);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_the_order_of_its_list() {
        let number = Cursor { key: None, rank: 0, seq: 12 };
        let change = Cursor { key: Some(1_767_225_600_000_000), ..number };
        assert_eq!(cursor(&told(&number), false), Some(number));
        assert_eq!(cursor(&told(&change), true), Some(change));
        assert_eq!(cursor(&told(&number), true), None);
        assert_eq!(cursor(&told(&change), false), None);
        for odd in ["", ".", "1.", ".1", "x", "1.2.3"] {
            assert_eq!(cursor(odd, true), None, "{odd}");
            assert_eq!(cursor(odd, false), None, "{odd}");
        }
    }
}
