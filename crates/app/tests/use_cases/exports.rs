//! Lists and books that are handed out: what they hold agrees with the ledger and the reports.

use std::collections::BTreeMap;

use almoner_app::export_books::{self, Rows};
use almoner_app::export_payments::{self, Wanted};
use almoner_app::export_report::{Format, Report, export_report};
use almoner_app::{Actor, App, Error, read_reports};
use almoner_domain::list::PageRequest;
use almoner_domain::{LocationId, Money, PaymentId};
use almoner_store::books::{self, Book, BookedRefund, Entry, Within};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::common::Clinic;

const ALL_DAYS: (Date, Date) = (Date::constant(1900, 1, 1), Date::constant(2199, 12, 31));

fn list(locations: &[i64]) -> Wanted {
    let mut request = PageRequest::default();
    request.filter.locations = locations.iter().map(|&seq| LocationId::new(seq)).collect();
    Wanted::List(Box::new(request))
}

fn asked(book: Book, locations: &[i64]) -> export_books::Wanted {
    let locations = locations.iter().map(|&seq| LocationId::new(seq)).collect();
    export_books::Wanted { book, within: Within { days: ALL_DAYS, locations } }
}

/// Begins to export the payments.
pub(crate) async fn payments(app: &App, actor: &Actor) -> Result<(), Error> {
    export_payments::begin_export(app, actor, list(&[]), Format::Xlsx).await.map(drop)
}

/// Asks whether there are payments at all.
pub(crate) async fn payments_fit(app: &App, actor: &Actor) -> Result<bool, Error> {
    export_payments::fits(app, actor, &list(&[]), 0).await
}

/// Begins to export the ledger.
pub(crate) async fn books(app: &App, actor: &Actor) -> Result<(), Error> {
    let wanted = asked(Book::Ledger, &[]);
    export_books::begin_export(app, actor, wanted, Format::Csv).await.map(drop)
}

/// Asks whether there are refunds at all.
pub(crate) async fn books_fit(app: &App, actor: &Actor) -> Result<bool, Error> {
    export_books::fits(app, actor, &asked(Book::Refunds, &[]), 0).await
}

/// Exports a report.
pub(crate) async fn report(app: &App, actor: &Actor) -> Result<(), Error> {
    export_report(app, actor, &Report::Aging, Format::Xlsx).await
}

/// The rows of what was picked, and of what that location has.
pub(crate) async fn payments_of(clinic: &Clinic, n: i64) -> Result<usize, Error> {
    let (app, manager) = (&clinic.app, clinic.manager());
    let mut rows = 0;
    for wanted in [Wanted::Picked(vec![PaymentId::new(n)]), list(&[n])] {
        let mut export = export_payments::begin_export(app, &manager, wanted, Format::Csv).await?;
        rows += export.next(app, &manager).await?.len();
    }
    Ok(rows)
}

/// Whether that location has no payments.
pub(crate) async fn payments_of_fit(clinic: &Clinic, n: i64) -> Result<bool, Error> {
    export_payments::fits(&clinic.app, &clinic.manager(), &list(&[n]), 0).await
}

/// The rows that the books of that location have.
pub(crate) async fn books_of(clinic: &Clinic, n: i64) -> Result<(usize, usize), Error> {
    Ok((refunds(clinic, &[n]).await?.len(), ledger(clinic, ALL_DAYS, &[n]).await?.len()))
}

/// Whether the books of that location are empty.
pub(crate) async fn books_of_fit(clinic: &Clinic, n: i64) -> Result<(bool, bool), Error> {
    let (app, manager) = (&clinic.app, clinic.manager());
    Ok((
        export_books::fits(app, &manager, &asked(Book::Refunds, &[n]), 0).await?,
        export_books::fits(app, &manager, &asked(Book::Ledger, &[n]), 0).await?,
    ))
}

async fn refunds(clinic: &Clinic, locations: &[i64]) -> Result<Vec<BookedRefund>, Error> {
    let (app, manager, mut all) = (&clinic.app, clinic.manager(), Vec::new());
    let wanted = asked(Book::Refunds, locations);
    let mut export = export_books::begin_export(app, &manager, wanted, Format::Csv).await?;
    while let Some(rows) = export.next(app, &manager).await? {
        let Rows::Refunds(rows) = rows else { panic!("refunds were asked for: {rows:?}") };
        all.extend(rows);
    }
    Ok(all)
}

async fn ledger(
    clinic: &Clinic,
    days: (Date, Date),
    locations: &[i64],
) -> Result<Vec<Entry>, Error> {
    let (app, manager, mut all) = (&clinic.app, clinic.manager(), Vec::new());
    let mut wanted = asked(Book::Ledger, locations);
    wanted.within.days = days;
    let mut export = export_books::begin_export(app, &manager, wanted, Format::Csv).await?;
    while let Some(rows) = export.next(app, &manager).await? {
        let Rows::Ledger(rows) = rows else { panic!("the ledger was asked for: {rows:?}") };
        all.extend(rows);
    }
    Ok(all)
}

type ByDay = BTreeMap<(Date, LocationId), Money>;

fn add(sums: &mut ByDay, key: (Date, LocationId), amount: Money) {
    let sum = sums.entry(key).or_default();
    *sum = sum.plus(amount);
}

/// Passes when each day's refunds are those that the day's close tells of, and the ledger's rows
/// are all there, each once, whichever way the days and the locations are parted.
pub(crate) async fn books_agree(clinic: &Clinic, days: (Date, Date)) {
    let (mut made, mut ended) = (ByDay::new(), ByDay::new());
    let all = refunds(clinic, &[]).await.unwrap();
    for booked in &all {
        let (refund, at) = (&booked.refund, booked.refund.location);
        add(&mut made, (refund.business_day, at), refund.amount);
        if let Some(day) = booked.ended {
            add(&mut ended, (day, at), refund.amount);
        }
    }
    let (mut closed_made, mut closed_ended) = (ByDay::new(), ByDay::new());
    let mut day = days.0;
    while day <= days.1 {
        let close = read_reports::day_close(&clinic.app, &clinic.manager(), day).await.unwrap();
        for place in close.locations {
            for sums in place.day.tenders.values() {
                add(&mut closed_made, (day, place.location.id), sums.refunded.amount);
                add(&mut closed_ended, (day, place.location.id), sums.returned.amount);
            }
        }
        day = day.saturating_add(1.day());
    }
    for sums in [&mut closed_made, &mut closed_ended] {
        sums.retain(|_, sum| *sum != Money::ZERO);
    }
    assert!(!ended.is_empty(), "some refunds failed");
    assert_eq!((made, ended), (closed_made, closed_ended));
    let entries = ledger(clinic, ALL_DAYS, &[]).await.unwrap();
    let count = "SELECT count(*) AS n FROM ledger_transfer";
    assert_eq!(i64::try_from(entries.len()).unwrap(), clinic.number(count).await);
    let cents = "SELECT CAST(sum(amount_cents) AS BIGINT) AS n FROM ledger_transfer";
    let sum: Money = entries.iter().map(|entry| entry.amount).sum();
    assert_eq!(sum.cents(), clinic.number(cents).await);
    let (mut by_day, mut by_place) = (Vec::new(), 0);
    let mut day = days.0;
    while day <= days.1 {
        by_day.extend(ledger(clinic, (day, day), &[]).await.unwrap());
        day = day.saturating_add(1.day());
    }
    for place in [clinic.downtown, clinic.harbor] {
        by_place += ledger(clinic, ALL_DAYS, &[place.seq()]).await.unwrap().len();
    }
    assert_eq!(by_day, entries);
    assert_eq!(by_place, entries.len());
    few_at_a_time(clinic, &all, &entries).await;
}

/// However few rows are read at once, they are the same; and how many there are is known.
async fn few_at_a_time(clinic: &Clinic, refunds: &[BookedRefund], entries: &[Entry]) {
    let org = clinic.organization.id;
    let within = Within { days: ALL_DAYS, locations: Vec::new() };
    let mut tx = clinic.app.db.read().await.unwrap();
    let mut read: Vec<Entry> = Vec::new();
    loop {
        let rows = books::ledger(&mut tx, org, &within, read.last(), 3).await.unwrap();
        if rows.is_empty() {
            break;
        }
        read.extend(rows);
    }
    assert_eq!(read, entries);
    let mut read: Vec<BookedRefund> = Vec::new();
    loop {
        let rows = books::refunds(&mut tx, org, &within, read.last(), 2).await.unwrap();
        if rows.is_empty() {
            break;
        }
        read.extend(rows);
    }
    let ids = |rows: &[BookedRefund]| rows.iter().map(|row| row.refund.id).collect::<Vec<_>>();
    assert_eq!(ids(&read), ids(refunds));
    for (book, count) in [(Book::Refunds, refunds.len()), (Book::Ledger, entries.len())] {
        for (rows, is_longer) in [(0, true), (count - 1, true), (count, false)] {
            let more = books::has_more_than(&mut tx, org, (book, &within), rows).await.unwrap();
            assert_eq!(more, is_longer, "{book:?} {rows}");
        }
    }
}
