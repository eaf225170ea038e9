//! Lists as files for spreadsheets and other programs (RFC 4180).
//!
//! A cell of text that a spreadsheet could take for a formula gets an apostrophe before it, as
//! <https://owasp.org/www-community/attacks/CSV_Injection> advises. Amounts and counts are written
//! as plain numbers, so that they can be added up.

use std::borrow::Cow;
use std::convert::Infallible;

use almoner_app::Error;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};

use crate::cell::{Cell, Line};

/// Lines go out together until there are so many.
const LINES_AT_ONCE: usize = 200;
/// Tells spreadsheets that the file is UTF-8; without it they spoil every accent.
const MARK: &str = "\u{feff}";

/// A cell as it stands in a line.
fn written(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Blank => "".into(),
        Cell::Text(text) => harmless(text),
        Cell::Amount(amount) => amount.to_plain().into(),
        Cell::Count(count) => count.to_string().into(),
        Cell::Date(date) => date.to_string().into(),
        Cell::Month(date) => date.strftime("%Y-%m").to_string().into(),
        Cell::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string().into(),
    }
}

fn harmless(text: &str) -> Cow<'_, str> {
    let first = text.trim_start_matches([' ', '\u{a0}']).chars().next();
    let is_formula = first.is_some_and(|first| "=+-@\t\r\n".contains(first));
    if is_formula { format!("'{text}").into() } else { text.into() }
}

/// Lines as they stand in a file.
///
/// # Panics
/// Never: memory takes every line.
fn lines(rows: impl IntoIterator<Item = Line>) -> Vec<u8> {
    let mut builder = csv::WriterBuilder::new();
    builder.terminator(csv::Terminator::CRLF).flexible(true);
    let mut writer = builder.from_writer(Vec::new());
    for row in rows {
        let cells = row.iter().map(|cell| written(cell).into_owned());
        writer.write_record(cells).expect("memory takes every line");
    }
    writer.into_inner().expect("memory takes every line")
}

/// A file of plain cells, as a command writes it.
pub fn csv_text(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let rows = rows.into_iter().map(|row| row.into_iter().map(Cell::from).collect());
    [MARK.as_bytes(), &lines(rows)].concat()
}

/// A file to be kept, as its bytes come.
fn attached(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    (headers, body).into_response()
}

/// A file of these lines, written while it is sent: no more than a piece of it is held.
pub(crate) fn attached_lines<L>(name: &str, lines: L) -> Response
where
    L: Iterator<Item = Line> + Send + 'static,
{
    attached(name, Body::from_stream(stream::iter(pieces(lines))))
}

/// A file of the lines that a list has, as they are read.
pub(crate) fn attached_list<L>(name: &str, head: Line, rows: L) -> Response
where
    L: Stream<Item = Result<Vec<Line>, Error>> + Send + 'static,
{
    let head = [MARK.as_bytes().to_vec(), lines([head])].concat();
    let rows = rows.map(|batch| batch.map(lines));
    attached(name, Body::from_stream(stream::iter([Ok(head)]).chain(rows)))
}

fn pieces(mut rows: impl Iterator<Item = Line>) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    let mut piece = MARK.as_bytes().to_vec();
    std::iter::from_fn(move || {
        piece.extend(lines(rows.by_ref().take(LINES_AT_ONCE)));
        let piece = std::mem::take(&mut piece);
        (!piece.is_empty()).then(|| Ok(Bytes::from(piece)))
    })
}

#[cfg(test)]
mod tests {
    use almoner_domain::Money;
    use jiff::civil::date;

    use super::*;
    use crate::cell::row;

    #[test]
    fn cells_are_quoted_and_hold_no_formulas() {
        let cells = row![
            "plain",
            "O'Brien & Søn <b>",
            "a \"b\", c",
            "=1+1",
            " @x",
            "-5",
            "\ttab",
            "two\nlines",
            Money::from_cents(-123_405),
            7_i64,
            "",
            date(2026, 3, 9),
            Cell::Month(date(2026, 3, 1)),
            Cell::Moment(date(2026, 3, 9).at(23, 4, 5, 0)),
            None::<&str>,
        ];
        let expected = "plain,O'Brien & Søn <b>,\"a \"\"b\"\", c\",'=1+1,' @x,'-5,'\ttab,\
            \"two\nlines\",-1234.05,7,,2026-03-09,2026-03,2026-03-09 23:04:05,\r\n";
        assert_eq!(String::from_utf8(lines([cells])).unwrap(), expected);
    }

    #[test]
    fn a_file_goes_out_in_pieces() {
        let rows = (0..10_000_i64).map(|number| row![number, "sample"]);
        let sent: Vec<Bytes> = pieces(rows).map(|piece| piece.unwrap()).collect();
        assert!(sent.len() >= 50 && sent.iter().all(|piece| piece.len() < 16 * 1024));
        let whole = sent.concat();
        assert!(whole.starts_with(MARK.as_bytes()) && whole.ends_with(b"9999,sample\r\n"));
        assert_eq!(pieces(std::iter::empty()).count(), 1, "an empty file has its mark");
    }
}
