//! Lists as workbooks for spreadsheets (ECMA-376, known as XLSX).
//!
//! What the cells of CSV only look like, they are here: amounts are numbers in a format of money,
//! dates are dates, and text is text, which no spreadsheet takes for a formula. A workbook is
//! written row by row to files without a name, and handed out when it is whole, so that its length
//! costs no memory. A sheet has an end, though: what is longer goes out as CSV.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use almoner_app::Error;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinError;
use tokio::time::timeout;

use crate::cell::{Cell, Line};

/// The rows that a sheet has beneath its headings.
pub(crate) const MAX_ROWS: usize = 1_048_575;
/// The letters that a cell has.
const MAX_CELL_LETTERS: usize = 32_767;
/// The kind of file.
pub(crate) const MEDIA_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Files that are written at the same time: each may take a gigabyte of disk until it is packed.
const AT_ONCE: usize = 2;
/// How long others wait for that.
const WAIT: Duration = Duration::from_secs(10);
/// Batches that are read ahead of the writing.
const BATCHES_AHEAD: usize = 2;
/// How much of a file is sent at a time.
const STEP_BYTES: usize = 64 * 1024;
/// Columns are as wide as what is in them, but at least and at most so many letters.
const COLUMN_LETTERS: (usize, usize) = (10, 40);

/// The places for files that are written.
pub(crate) struct Sheets {
    places: Arc<Semaphore>,
    /// How long others wait for one.
    wait: Duration,
    /// The rows that a sheet has beneath its headings.
    pub(crate) max_rows: usize,
}

impl Sheets {
    /// Places for sheets of at most so many rows.
    pub(crate) fn new(max_rows: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), wait: WAIT, max_rows }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let place = timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or(Error::Busy)
    }
}

/// A sheet as it begins.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What stands above its columns.
    pub(crate) columns: Line,
}

/// What comes next.
#[derive(Debug)]
enum Part {
    /// Another sheet.
    Sheet(Head),
    /// More rows of it.
    Rows(Vec<Line>),
    /// That was all. Where this does not come, whoever read the rows has given up.
    End,
}

/// Why there is no file.
#[derive(Debug)]
enum NotWritten {
    /// There are more rows than a sheet has.
    TooLong,
    /// It could not be written.
    Failed(io::Error),
}

impl From<XlsxError> for NotWritten {
    fn from(error: XlsxError) -> Self {
        Self::Failed(io::Error::other(error))
    }
}

impl From<io::Error> for NotWritten {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes one sheet of the rows that a list has, as they are read; nothing when they are more than
/// a sheet has.
///
/// # Errors
/// The rows could not be read, too many files are under way, or this one could not be written.
pub(crate) async fn written<L>(
    sheets: &Sheets,
    now: Timestamp,
    head: Head,
    rows: L,
) -> Result<Option<File>, Error>
where
    L: Stream<Item = Result<Vec<Line>, Error>> + Send,
{
    let (place, max_rows) = (sheets.place().await?, sheets.max_rows);
    let (give, mut take) = mpsc::channel(BATCHES_AHEAD);
    let writing = tokio::task::spawn_blocking(move || {
        let _place = place;
        let parts = std::iter::from_fn(|| take.blocking_recv());
        write(std::iter::once(Part::Sheet(head)).chain(parts), max_rows, now)
    });
    let mut rows = pin!(rows);
    while let Some(batch) = rows.next().await {
        // Whoever does not take it any more says why.
        if give.send(Part::Rows(batch?)).await.is_err() {
            break;
        }
    }
    // Where this is not taken either, the writing has ended already, and says why.
    let _ = give.send(Part::End).await;
    told(writing.await)
}

/// Writes tables that are held as a whole, each as a sheet with headings in its first line; nothing
/// when one has more rows than a sheet has.
///
/// # Errors
/// Too many files are under way, or this one could not be written.
pub(crate) async fn tables(
    sheets: &Sheets,
    now: Timestamp,
    tables: Vec<(&'static str, Vec<Line>)>,
) -> Result<Option<File>, Error> {
    let (place, max_rows) = (sheets.place().await?, sheets.max_rows);
    let writing = tokio::task::spawn_blocking(move || {
        let _place = place;
        let parts = tables.into_iter().flat_map(|(name, mut lines)| {
            let rows = lines.split_off(lines.len().min(1));
            let columns = lines.pop().unwrap_or_default();
            [Part::Sheet(Head { name, columns }), Part::Rows(rows)]
        });
        write(parts.chain([Part::End]), max_rows, now)
    });
    told(writing.await)
}

fn told(written: Result<Result<File, NotWritten>, JoinError>) -> Result<Option<File>, Error> {
    match written.map_err(io::Error::other) {
        Ok(Ok(file)) => Ok(Some(file)),
        Ok(Err(NotWritten::TooLong)) => Ok(None),
        Ok(Err(NotWritten::Failed(error))) | Err(error) => Err(Error::Unwritten(error)),
    }
}

fn write(
    parts: impl Iterator<Item = Part>,
    max_rows: usize,
    now: Timestamp,
) -> Result<File, NotWritten> {
    let mut workbook = Workbook::new();
    let made_at = ExcelDateTime::from_timestamp(now.as_second())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let formats = Formats::new();
    let (mut rows, mut is_whole) = (0, false);
    let mut widths = Vec::new();
    for part in parts {
        match part {
            Part::Sheet(head) => {
                widen(&mut workbook, &widths)?;
                begin(workbook.add_worksheet_with_constant_memory()?, &head, &formats)?;
                rows = 0;
                widths = head.columns.iter().map(letters).collect();
            }
            Part::Rows(lines) => {
                let sheet = workbook.worksheets_mut().last_mut().expect("a sheet comes first");
                for line in &lines {
                    rows += 1;
                    if rows > max_rows {
                        return Err(NotWritten::TooLong);
                    }
                    add(sheet, rows, line, &formats)?;
                    for (width, cell) in widths.iter_mut().zip(line) {
                        *width = letters(cell).max(*width);
                    }
                }
            }
            Part::End => {
                // Nobody is asked for more: whoever gave the parts waits for the file.
                is_whole = true;
                break;
            }
        }
    }
    if !is_whole {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    widen(&mut workbook, &widths)?;
    let mut file = BufWriter::new(tempfile::tempfile()?);
    workbook.save_to_writer(&mut file)?;
    file.flush()?;
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// Gives the columns of the last sheet so many letters' room.
fn widen(workbook: &mut Workbook, widths: &[usize]) -> Result<(), XlsxError> {
    let Some(sheet) = workbook.worksheets_mut().last_mut() else { return Ok(()) };
    for (column, letters) in (0..).zip(widths) {
        let letters = (letters + 2).clamp(COLUMN_LETTERS.0, COLUMN_LETTERS.1);
        sheet.set_column_width(column, number(&letters.to_string()))?;
    }
    Ok(())
}

/// How many letters a cell shows. What is too narrow for a number or a date is shown as `####`.
fn letters(cell: &Cell) -> usize {
    match cell {
        Cell::Blank => 0,
        Cell::Text(text) => text.chars().take(COLUMN_LETTERS.1).count(),
        Cell::Amount(amount) => amount.to_string().len(),
        Cell::Count(count) => count.to_string().len(),
        Cell::Date(_) | Cell::Month(_) => "2026-11-22".len(),
        Cell::Moment(_) => "2026-11-22 14:41:07".len(),
    }
}

/// How cells look.
struct Formats {
    head: Format,
    amount: Format,
    count: Format,
    date: Format,
    month: Format,
    moment: Format,
}

impl Formats {
    fn new() -> Self {
        let of = |text: &str| Format::new().set_num_format(text);
        Self {
            head: Format::new().set_bold(),
            amount: of("\"$\"#,##0.00;-\"$\"#,##0.00"),
            count: of("0"),
            date: of("yyyy-mm-dd"),
            month: of("yyyy-mm"),
            moment: of("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

fn begin(sheet: &mut Worksheet, head: &Head, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name(head.name)?.set_freeze_panes(1, 0)?;
    for (column, cell) in (0..).zip(&head.columns) {
        if let Cell::Text(text) = cell {
            sheet.write_string_with_format(0, column, text, &formats.head)?;
        }
    }
    Ok(())
}

fn add(
    sheet: &mut Worksheet,
    row: usize,
    line: &[Cell],
    formats: &Formats,
) -> Result<(), XlsxError> {
    let row = u32::try_from(row).map_err(|_| XlsxError::RowColumnLimitError)?;
    for (column, cell) in (0..).zip(line) {
        match cell {
            Cell::Blank => {}
            Cell::Text(text) if text.is_empty() => {}
            Cell::Text(text) => {
                sheet.write_string(row, column, cut(text))?;
            }
            Cell::Amount(amount) => {
                let amount = number(&amount.to_plain());
                sheet.write_number_with_format(row, column, amount, &formats.amount)?;
            }
            Cell::Count(count) => {
                let count = number(&count.to_string());
                sheet.write_number_with_format(row, column, count, &formats.count)?;
            }
            Cell::Date(date) => {
                sheet.write_datetime_with_format(row, column, day(*date)?, &formats.date)?;
            }
            Cell::Month(date) => {
                sheet.write_datetime_with_format(row, column, day(*date)?, &formats.month)?;
            }
            Cell::Moment(at) => {
                let (hour, minute, second) = (at.hour(), at.minute(), at.second());
                let hour = u16::from(hour.unsigned_abs());
                let day = day(at.date())?;
                let at = day.and_hms(hour, minute.unsigned_abs(), f64::from(second))?;
                sheet.write_datetime_with_format(row, column, at, &formats.moment)?;
            }
        }
    }
    Ok(())
}

/// A number as a sheet holds it: the one that is nearest to the decimals that CSV has, and which a
/// spreadsheet therefore writes as exactly those.
fn number(text: &str) -> f64 {
    text.parse().expect("numbers are written as numbers")
}

/// A date as a sheet holds it: from 1900 on.
fn day(date: Date) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(date.year()).unwrap_or_default();
    ExcelDateTime::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// As much of a text as a cell has room for.
fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_CELL_LETTERS).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// A file to be kept, piece by piece.
///
/// # Errors
/// It cannot be read.
pub(crate) fn attached(name: &str, file: File) -> Result<Response, Error> {
    let size_bytes = file.metadata().map_err(Error::Unwritten)?.len();
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE.to_owned()),
        (header::CONTENT_LENGTH, size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    let file = tokio::fs::File::from_std(file);
    let pieces = stream::try_unfold(file, async |mut file| {
        let mut piece = vec![0; STEP_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

#[cfg(test)]
mod tests {
    use almoner_domain::Money;
    use calamine::{Data, Reader as _, Xlsx};
    use jiff::civil::date;

    use super::*;
    use crate::cell::row;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn head(name: &'static str, columns: usize) -> Head {
        Head { name, columns: (0..columns).map(|column| format!("C{column}").into()).collect() }
    }

    fn whole(parts: impl IntoIterator<Item = Part>) -> impl Iterator<Item = Part> {
        parts.into_iter().chain([Part::End])
    }

    fn read(file: File, name: &str) -> Vec<Vec<Data>> {
        let mut book: Xlsx<_> = Xlsx::new(io::BufReader::new(file)).unwrap();
        book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
    }

    #[test]
    fn cells_keep_what_they_are() {
        let texts = [
            "=1+1",
            "@x",
            "\t-5",
            "a\u{1}b\u{ffff}",
            "_x0041_",
            "line\r\nbreak",
            " x ",
            "ÅØ 漢 🙂",
        ];
        let mut line = row![
            Money::from_cents(-123_405),
            Money::from_cents(99_999_999_999_999),
            7_i64,
            date(1900, 1, 1),
            Cell::Month(date(2026, 3, 1)),
            Cell::Moment(date(2199, 12, 31).at(23, 59, 59, 0)),
            Cell::Blank,
        ];
        line.extend(texts.map(Cell::from));
        let parts = [Part::Sheet(head("One", line.len())), Part::Rows(vec![line])];
        let rows = read(write(whole(parts), 1, NOW).unwrap(), "One");
        let cells = &rows[1];
        assert_eq!(
            cells[..3],
            [Data::Float(-1234.05), Data::Float(999_999_999_999.99), 7.0.into()]
        );
        let dates = cells[3..6].iter().map(|cell| match cell {
            Data::DateTime(at) => at.to_ymd_hms_milli(),
            other => panic!("{other:?} is no date"),
        });
        let expected =
            [(1900, 1, 1, 0, 0, 0, 0), (2026, 3, 1, 0, 0, 0, 0), (2199, 12, 31, 23, 59, 59, 0)];
        assert!(dates.eq(expected), "{cells:?}");
        assert_eq!(cells[6], Data::Empty);
        assert_eq!(cells[7..], texts.map(|text| Data::String(text.to_owned())));
    }

    #[test]
    fn a_sheet_has_its_end() {
        let rows = |count: i64| (0..count).map(|number| row![number, "x"]).collect::<Vec<_>>();
        let parts = |second| {
            let first = [Part::Sheet(head("One", 2)), Part::Rows(rows(2)), Part::Rows(rows(1))];
            whole(first.into_iter().chain([Part::Sheet(head("Two", 2)), Part::Rows(rows(second))]))
        };
        let file = write(parts(3), 3, NOW).unwrap();
        assert_eq!(read(file.try_clone().unwrap(), "One").len(), 4);
        assert_eq!(read(file, "Two").len(), 4);
        assert!(matches!(write(parts(4), 3, NOW), Err(NotWritten::TooLong)));
        assert!(matches!(write(parts(3), 2, NOW), Err(NotWritten::TooLong)));
    }

    #[test]
    fn a_cell_has_its_end() {
        assert_eq!(cut("short"), "short");
        let long = "é".repeat(MAX_CELL_LETTERS + 1);
        assert_eq!(cut(&long).chars().count(), MAX_CELL_LETTERS);
        let parts = [Part::Sheet(head("One", 1)), Part::Rows(vec![row![long]])];
        assert_eq!(read(write(whole(parts), 1, NOW).unwrap(), "One").len(), 2);
    }

    #[tokio::test]
    async fn rows_that_fail_leave_no_file() {
        let sheets = Sheets::new(10);
        let fails = stream::iter([Ok(vec![row!["x"]]), Err(Error::NotFound("row"))]);
        let failed = written(&sheets, NOW, head("One", 1), fails).await;
        assert!(matches!(failed, Err(Error::NotFound("row"))));
        let many = stream::iter((0..11).map(|_| Ok(vec![row!["x"]])));
        assert!(written(&sheets, NOW, head("One", 1), many).await.unwrap().is_none());
        let few = stream::iter((0..10).map(|_| Ok(vec![row!["x"]])));
        let file = written(&sheets, NOW, head("One", 1), few).await.unwrap().unwrap();
        assert_eq!(read(file, "One").len(), 11);
        // Every place is free again.
        drop(sheets.places.acquire_many(2).await.unwrap());
        let given_up = [Part::Sheet(head("One", 1)), Part::Rows(vec![row!["x"]])];
        assert!(matches!(write(given_up.into_iter(), 9, NOW), Err(NotWritten::Failed(_))));
    }

    #[tokio::test]
    async fn a_bounded_number_is_written_at_once() {
        let sheets = Sheets { wait: Duration::from_millis(1), ..Sheets::new(10) };
        let held = [sheets.place().await.unwrap(), sheets.place().await.unwrap()];
        let one = || vec![("One", vec![row!["C0"], row!["x"]])];
        assert!(matches!(tables(&sheets, NOW, one()).await, Err(Error::Busy)));
        drop(held);
        let file = tables(&sheets, NOW, one()).await.unwrap().unwrap();
        assert_eq!(read(file, "One").len(), 2);
    }
}
