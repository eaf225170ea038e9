//! What came in by month, location, type of payment and tender.

use std::collections::BTreeMap;

use almoner_app::export_report::{Report, export_report};
use almoner_app::read_reports::{self, CollectionsView};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, LocationId, time};
use almoner_store::cards::Collected;
use almoner_store::report_sums::CollectedRow;
use axum::extract::State;
use axum_extra::extract::Query;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::cell::{Cell, Line, row};
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::handed_out::{self, AskedFile};
use crate::session::Staff;
use crate::state::Web;
use crate::view::chart::Month;
use crate::view::parts::FileLinks;
use crate::view::payments::list::LocationOption;
use crate::view::query::Address;
use crate::view::reports::collections::{CollectionsPage, Part, SumRow};

/// Months that are shown when no range is named.
const MONTHS: i32 = 12;
/// Months that a range may have.
const MONTHS_MAX: usize = 60;
/// What stands for payments without a type.
const NO_TYPE: &str = "No type";

/// What an address asks for: the first days of the first and the last month, and the locations.
struct Asked {
    from: String,
    to: String,
    span: (Date, Date),
    locations: Vec<LocationId>,
    faults: Invalid,
}

/// Reads `2026-11`.
fn month(field: &str, text: &str) -> Result<Date, Invalid> {
    let wrong = |_| Invalid::one(field, "not_a_month", "Enter a month such as 2026-11.");
    time::parse_date(field, &format!("{}-01", text.trim())).map_err(wrong)
}

/// The months from one to the other, both included.
fn months(span: (Date, Date)) -> Vec<Date> {
    let (from, to) = span;
    let all = std::iter::successors(Some(from), |day| Some(day.saturating_add(1.month())));
    all.take_while(|day| *day <= to).take(MONTHS_MAX + 1).collect()
}

fn usual(today: Date) -> (Date, Date) {
    let last = today.first_of_month();
    (last.saturating_sub((MONTHS - 1).months()), last)
}

/// Reads the pairs of an address. What cannot be understood is told, and the usual range is shown.
fn read(pairs: &[(String, String)], today: Date) -> Asked {
    let mut faults = Invalid::default();
    let mut asked = (String::new(), String::new());
    let mut locations = Vec::new();
    for (name, value) in pairs {
        match &**name {
            "from" => value.trim().clone_into(&mut asked.0),
            "to" => value.trim().clone_into(&mut asked.1),
            "location" => locations.extend(value.parse::<LocationId>().ok()),
            _ => {}
        }
    }
    locations.sort();
    locations.dedup();
    let usual = usual(today);
    let mut end = |name, text: &str, otherwise| match text {
        "" => Some(otherwise),
        text => faults.collect(month(name, text)),
    };
    let ends = (end("from", &asked.0, usual.0), end("to", &asked.1, usual.1));
    let mut span = usual;
    if let (Some(from), Some(to)) = ends {
        let count = months((from, to)).len();
        if from > to {
            faults.push("to", "before_from", "The last month comes before the first.");
        } else if count > MONTHS_MAX {
            let message = format!("Choose {MONTHS_MAX} months at most.");
            faults.push("from", "too_long", message);
        } else {
            span = (from, to);
        }
    }
    Asked { from: asked.0, to: asked.1, span, locations, faults }
}

fn address(path: &str, (from, to): (Date, Date), locations: &[LocationId]) -> String {
    let name = |day: Date| day.strftime("%Y-%m").to_string();
    let mut address = Address::new(path).with("from", &name(from)).with("to", &name(to));
    for location in locations {
        address = address.with("location", &location.to_string());
    }
    address.into_text()
}

fn presets(asked: &Asked, today: Date) -> Vec<(&'static str, String, bool)> {
    let this = today.first_of_month();
    let last = this.saturating_sub(1.month());
    let year = |year: i16| Date::new(year, 1, 1).unwrap_or(this);
    let before = (year(this.year() - 1), year(this.year()).saturating_sub(1.month()));
    let ranges = [
        ("Last 12 months", usual(today)),
        ("This month", (this, this)),
        ("Last month", (last, last)),
        ("This year", (year(this.year()), this)),
        ("Last year", before),
    ];
    let preset = |(name, span)| {
        (name, address("/reports/collections", span, &asked.locations), span == asked.span)
    };
    ranges.into_iter().map(preset).collect()
}

/// The page.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let today = staff.actor.date(web.app.now());
    let asked = read(&pairs, today);
    let places = &asked.locations;
    let view = read_reports::collections(&web.app, &staff.actor, asked.span, places).await?;
    let name = |day: Date| day.strftime("%Y-%m").to_string();
    let typed = |text: &str, day| if text.is_empty() { name(day) } else { text.to_owned() };
    let location = |location: &almoner_store::locations::Location| LocationOption {
        id: location.id,
        name: location.fields.name.clone(),
    };
    let (from, to) = asked.span;
    let label = |day| format::month(time::month_key(day));
    let mut total = Collected::default();
    view.rows.iter().for_each(|row| add(&mut total, row.sums));
    Ok(html(&CollectionsPage {
        from: typed(&asked.from, from),
        to: typed(&asked.to, to),
        span: if from == to { label(from) } else { format!("{} to {}", label(from), label(to)) },
        presets: presets(&asked, today),
        locations: view.locations.iter().map(location).collect(),
        months: by_month(&view.rows, asked.span, today),
        parts: parts(&view),
        total: sum_row("Total", total),
        export: FileLinks::of(&address("/reports/collections", asked.span, &asked.locations)),
        picked: asked.locations,
        errors: asked.faults.into(),
        shell: staff.shell,
    }))
}

fn add(sum: &mut Collected, more: Collected) {
    sum.gross = sum.gross.plus(more.gross);
    sum.refunded = sum.refunded.plus(more.refunded);
}

fn sum_row(label: impl Into<String>, sums: Collected) -> SumRow {
    SumRow { label: label.into(), gross: sums.gross, refunded: sums.refunded }
}

/// Adds rows up by a key.
fn by<K: Ord>(rows: &[CollectedRow], key: impl Fn(&CollectedRow) -> K) -> BTreeMap<K, Collected> {
    let mut sums = BTreeMap::new();
    for row in rows {
        add(sums.entry(key(row)).or_default(), row.sums);
    }
    sums
}

fn by_month(rows: &[CollectedRow], span: (Date, Date), today: Date) -> Vec<Month> {
    let sums = by(rows, |row| row.month);
    let month = |day: Date| {
        let key = time::month_key(day);
        let sums = sums.get(&key).copied().unwrap_or_default();
        Month {
            label: format::month(key),
            net: sums.net(),
            gross: sums.gross,
            refunded: sums.refunded,
            is_partial: key == time::month_key(today),
        }
    };
    months(span).into_iter().map(month).collect()
}

fn place_name(view: &CollectionsView, id: LocationId) -> String {
    let found = view.locations.iter().find(|location| location.id == id);
    found.map_or_else(|| id.to_string(), |location| location.fields.name.clone())
}

fn type_name(kind: Option<PaymentType>) -> &'static str {
    kind.map_or(NO_TYPE, PaymentType::label)
}

fn parts(view: &CollectionsView) -> Vec<Part> {
    if view.rows.is_empty() {
        return Vec::new();
    }
    let mut parts = Vec::new();
    if view.locations.len() > 1 {
        let sums = by(&view.rows, |row| row.location);
        let rows = sums.into_iter().map(|(id, sums)| sum_row(place_name(view, id), sums));
        let (label, column) = ("By location", "Location");
        parts.push(Part { name: "place", label, column, rows: rows.collect() });
    }
    let sums = by(&view.rows, |row| row.kind);
    let rows = sums.into_iter().map(|(kind, sums)| sum_row(type_name(kind), sums));
    let (label, column) = ("By payment type", "Payment Type");
    parts.push(Part { name: "type", label, column, rows: rows.collect() });
    let sums = by(&view.rows, |row| row.tender);
    let rows = sums.into_iter().map(|(tender, sums)| sum_row(tender.label(), sums));
    parts.push(Part { name: "tender", label: "By tender", column: "Tender", rows: rows.collect() });
    parts
}

/// The report as a file: every month by location, payment type and tender.
pub(crate) async fn file(
    State(web): State<Web>,
    staff: Staff,
    file: AskedFile,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let Asked { span, locations, faults, .. } = read(&pairs, staff.actor.date(web.app.now()));
    faults.into_result()?;
    let view = read_reports::collections(&web.app, &staff.actor, span, &locations).await?;
    let report = Report::Collections(span, locations);
    export_report(&web.app, &staff.actor, &report, file.format).await?;
    let name = format!("collections-{}-{}", span.0.strftime("%Y-%m"), span.1.strftime("%Y-%m"));
    let tables = vec![("Collections", lines(view))];
    handed_out::report((&web, &staff), &file, &name, tables).await
}

fn lines(view: CollectionsView) -> Vec<Line> {
    let head = row!["Month", "Location", "Payment Type", "Tender", "Gross", "Refunded", "Net"];
    let names: BTreeMap<LocationId, String> =
        view.locations.iter().map(|place| (place.id, place.fields.name.clone())).collect();
    let line = move |row: CollectedRow| {
        row![
            time::date_from_key(row.month * 100 + 1).map(Cell::Month),
            names.get(&row.location).cloned().unwrap_or_else(|| row.location.to_string()),
            type_name(row.kind),
            row.tender.label(),
            row.sums.gross,
            row.sums.refunded,
            row.sums.net(),
        ]
    };
    std::iter::once(head).chain(view.rows.into_iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 2, 28);

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let owned: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&owned, TODAY)
    }

    #[test]
    fn the_last_twelve_months_are_the_usual() {
        let usual = asked(&[]);
        assert_eq!(usual.span, (Date::constant(2025, 3, 1), Date::constant(2026, 2, 1)));
        assert_eq!(months(usual.span).len(), 12);
        let year = asked(&[("from", "2025-01"), ("to", "2025-12"), ("location", "LOC-002")]);
        assert_eq!(months(year.span).len(), 12);
        assert_eq!(year.locations, [LocationId::new(2)]);
        let current = presets(&year, TODAY).into_iter().find(|preset| preset.2).unwrap();
        let expected = "/reports/collections?from=2025-01&to=2025-12&location=LOC-002";
        assert_eq!((current.0, &*current.1), ("Last year", expected));
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (from, to, field) in [
            ("soon", "2026-01", "from"),
            ("2026-13", "2026-01", "from"),
            ("2026-02", "2026-01", "to"),
            ("2010-01", "2026-01", "from"),
            ("1900-01", "2199-12", "from"),
        ] {
            let asked = asked(&[("from", from), ("to", to)]);
            assert_eq!(asked.faults.0[0].field, field, "{from} to {to}");
            assert_eq!((asked.span, &*asked.from), (usual(TODAY), from));
        }
    }
}
