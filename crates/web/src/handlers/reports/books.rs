//! The refunds and the ledger of some days, taken away as files.

use almoner_app::Error;
use almoner_app::export_books::{self, Export, Rows, Wanted, begin_export};
use almoner_app::export_report::Format;
use almoner_app::permission::Action;
use almoner_app::read;
use almoner_domain::payment::PaymentType;
use almoner_domain::period::Period;
use almoner_domain::refund::RefundState;
use almoner_domain::{Invalid, LocationId, time};
use almoner_store::books::{Book, BookedRefund, Entry, Source, Within};
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum_extra::extract::Query;
use futures_util::{StreamExt as _, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cell::{Cell, Line, row};
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::handed_out::{self, AskedFile};
use crate::session::Staff;
use crate::state::Web;
use crate::view::payments::detail::refund_state;
use crate::view::payments::list::LocationOption;
use crate::view::query::Address;
use crate::view::reports::books::{BooksPage, name};
use crate::xlsx_file::Head;

/// The ranges that are offered.
const PERIODS: [Period; 5] =
    [Period::Today, Period::Yesterday, Period::ThisMonth, Period::LastMonth, Period::ThisYear];
/// What stands above the columns of the refunds.
const REFUND_HEADINGS: [&str; 16] = [
    "Refund ID",
    "Made",
    "Payment ID",
    "Patient",
    "Patient ID",
    "Amount",
    "Status",
    "Settled",
    "Ended",
    "Why it failed",
    "Reason",
    "Notes",
    "Tender",
    "Payment Type",
    "Location",
    "Made by",
];
/// What stands above the columns of the ledger.
const LEDGER_HEADINGS: [&str; 10] = [
    "Day",
    "Recorded",
    "Event",
    "Debit",
    "Credit",
    "Amount",
    "Location",
    "Payment or payout",
    "Version",
    "Line",
];

/// What an address asks for.
struct Asked {
    from: String,
    to: String,
    wanted: Wanted,
    faults: Invalid,
}

/// Reads the pairs of an address. What cannot be understood is told.
fn read(pairs: &[(String, String)], today: Date) -> Asked {
    let mut faults = Invalid::default();
    let (mut from, mut to) = (today.first_of_month().to_string(), today.to_string());
    let mut book = Book::Refunds;
    let mut locations = Vec::new();
    for (field, value) in pairs {
        match &**field {
            "book" => {
                let known = [Book::Refunds, Book::Ledger].into_iter().find(|b| name(*b) == value);
                let unknown = || Invalid::one("book", "unknown", "Choose one of the books.");
                book = faults.collect(known.ok_or_else(unknown)).unwrap_or(book);
            }
            "from" => value.trim().clone_into(&mut from),
            "to" => value.trim().clone_into(&mut to),
            "location" => {
                let unknown = |_| Invalid::one("location", "unknown", "Choose a location.");
                locations.extend(faults.collect(value.parse::<LocationId>().map_err(unknown)));
            }
            _ => {}
        }
    }
    locations.sort();
    locations.dedup();
    let first = faults.collect(time::parse_date("from", &from));
    let last = faults.collect(time::parse_date("to", &to));
    let days = (first.unwrap_or(today), last.unwrap_or(today));
    if first.zip(last).is_some_and(|(first, last)| first > last) {
        faults.push("to", "before_from", "The last day comes before the first.");
    }
    Asked { from, to, wanted: Wanted { book, within: Within { days, locations } }, faults }
}

fn address(book: Book, (from, to): (Date, Date), locations: &[LocationId]) -> String {
    let address = Address::new("/reports/books").with("book", name(book));
    let mut address = address.with("from", &from.to_string()).with("to", &to.to_string());
    for location in locations {
        address = address.with("location", &location.to_string());
    }
    address.into_text()
}

/// Ranges that have begun, and end today at the latest.
fn presets(asked: &Asked, today: Date) -> Vec<(&'static str, String, bool)> {
    let wanted = &asked.wanted;
    let is_known = asked.faults.0.is_empty();
    let preset = |period: Period| {
        let span = period.span(today);
        let days = (span.from.unwrap_or(today), span.to.unwrap_or(today).min(today));
        let href = address(wanted.book, days, &wanted.within.locations);
        (period.label(), href, is_known && days == wanted.within.days)
    };
    PERIODS.into_iter().map(preset).collect()
}

/// The page. What cannot be understood is told.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let asked = read(&pairs, staff.actor.date(web.app.now()));
    Ok(html(&shown(&web, staff, asked).await?))
}

async fn shown(web: &Web, staff: Staff, asked: Asked) -> Result<BooksPage, Error> {
    staff.actor.must(Action::ReadReports)?;
    let locations = read::locations(&web.app, &staff.actor).await?;
    let option = |location: almoner_store::locations::Location| LocationOption {
        id: location.id,
        name: location.fields.name,
    };
    Ok(BooksPage {
        book: name(asked.wanted.book),
        presets: presets(&asked, staff.actor.date(web.app.now())),
        from: asked.from,
        to: asked.to,
        locations: locations.into_iter().map(option).collect(),
        picked: asked.wanted.within.locations,
        errors: asked.faults.into(),
        shell: staff.shell,
    })
}

/// A book as a file.
pub(crate) async fn file(
    State(web): State<Web>,
    staff: Staff,
    file: AskedFile,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let asked = read(&pairs, staff.actor.date(web.app.now()));
    if !asked.faults.0.is_empty() {
        return Ok(unprocessable(&shown(&web, staff, asked).await?).into_response());
    }
    let wanted = asked.wanted;
    if file.format == Format::Xlsx {
        let rows = web.sheets.max_rows;
        if !export_books::fits(&web.app, &staff.actor, &wanted, rows).await? {
            return Ok(handed_out::too_long((&web, &staff), &file));
        }
    }
    let (from, to) = wanted.within.days;
    let file_name = format!("{}-{from}-{to}", name(wanted.book));
    let head = match wanted.book {
        Book::Refunds => head("Refunds", &REFUND_HEADINGS),
        Book::Ledger => head("Ledger", &LEDGER_HEADINGS),
    };
    let export = begin_export(&web.app, &staff.actor, wanted, file.format).await?;
    let begun = (web.clone(), staff.clone(), export);
    let rows = stream::try_unfold(begun, async |(web, staff, mut export)| {
        let rows = export.next(&web.app, &staff.actor).await?;
        let zone = &staff.actor.organization.zone;
        let lines = rows.map(|rows| lines(&export, zone, rows));
        Ok(lines.map(|lines| (lines, (web, staff, export))))
    });
    handed_out::list((&web, &staff), &file, &file_name, (head, rows.boxed())).await
}

fn head(name: &'static str, headings: &[&str]) -> Head {
    Head { name, columns: headings.iter().map(|&heading| Cell::from(heading)).collect() }
}

fn lines(export: &Export, zone: &TimeZone, rows: Rows) -> Vec<Line> {
    match rows {
        Rows::Refunds(rows) => rows.into_iter().map(|row| refund_line(export, zone, row)).collect(),
        Rows::Ledger(rows) => rows.iter().map(|row| ledger_line(export, zone, row)).collect(),
    }
}

fn refund_line(export: &Export, zone: &TimeZone, booked: BookedRefund) -> Line {
    let refund = booked.refund;
    let settled = booked.settled_at.filter(|_| refund.state == RefundState::Settled);
    row![
        refund.id.to_string(),
        refund.business_day,
        refund.payment.to_string(),
        format!("{}, {}", booked.last_name, booked.first_name),
        booked.patient.to_string(),
        refund.amount,
        refund_state(refund.state),
        settled.map(|at| Cell::day(at, zone)),
        booked.ended,
        refund.failure,
        refund.reason.label(),
        refund.notes,
        refund.tender.label(),
        refund.kind.map(PaymentType::label),
        export.location_name(refund.location),
        refund.made_by,
    ]
}

fn ledger_line(export: &Export, zone: &TimeZone, entry: &Entry) -> Line {
    let words = |stored: &str| format::capital(&stored.replace('_', " "));
    row![
        entry.day,
        Cell::moment(entry.at, zone),
        words(&entry.event),
        words(entry.debit.as_str()),
        words(entry.credit.as_str()),
        entry.amount,
        export.location_name(entry.location),
        match entry.source {
            Source::Payment(id) => id.to_string(),
            Source::Payout(id) => id.to_string(),
        },
        entry.version,
        entry.line,
    ]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let owned: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&owned, date(2026, 2, 28))
    }

    #[test]
    fn this_month_is_the_usual() {
        let usual = asked(&[]);
        let (first, last) = (date(2026, 2, 1), date(2026, 2, 28));
        assert_eq!(usual.wanted.within.days, (first, last));
        assert_eq!(usual.wanted.book, Book::Refunds);
        let of = [("book", "ledger"), ("location", "LOC-002"), ("location", "LOC-001")];
        let ledger = asked(&of);
        let current: Vec<_> = presets(&ledger, date(2026, 2, 28))
            .into_iter()
            .filter(|preset| preset.2)
            .map(|preset| preset.1)
            .collect();
        let expected = "/reports/books?book=ledger&from=2026-02-01&to=2026-02-28\
            &location=LOC-001&location=LOC-002";
        assert_eq!(current, [expected]);
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (pair, field) in [
            (("from", "soon"), "from"),
            (("to", ""), "to"),
            (("from", "2026-03-01"), "to"),
            (("book", "diary"), "book"),
            (("location", "here"), "location"),
        ] {
            let faults = asked(&[pair]).faults;
            assert_eq!(faults.0.first().map(|fault| &*fault.field), Some(field), "{pair:?}");
        }
    }
}
