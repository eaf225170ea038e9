//! CSV as spreadsheets read it: quoted where it must be, and without formulas.
//!
//! A cell of text that a spreadsheet could take for a formula gets an apostrophe before it. Amounts
//! and counts are written as plain numbers, so that they can be added up.

use std::convert::Infallible;
use std::fmt::Write as _;

use almoner_domain::Money;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// Lines go out together until there are so many bytes.
const CHUNK_BYTES: usize = 16 * 1024;
/// Tells spreadsheets that names are in UTF-8.
const MARK: &str = "\u{feff}";

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Words, whoever typed them.
    Text(String),
    /// An amount, as `1234.50`.
    Amount(Money),
    /// A number of things.
    Count(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Money> for Cell {
    fn from(amount: Money) -> Self {
        Self::Amount(amount)
    }
}

impl From<i64> for Cell {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

/// A line of cells: `row!["Cash", amount, count]`.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::csv::Cell::from($cell)),*] };
}
pub(crate) use row;

fn push(line: &mut String, cell: &Cell) {
    match cell {
        Cell::Text(text) => push_text(line, text),
        Cell::Amount(amount) => {
            let cents = amount.cents().unsigned_abs();
            let sign = if amount.cents() < 0 { "-" } else { "" };
            write!(line, "{sign}{}.{:02}", cents / 100, cents % 100)
                .expect("writing to a String cannot fail");
        }
        Cell::Count(count) => line.push_str(&count.to_string()),
    }
}

fn push_text(line: &mut String, text: &str) {
    let first = text.trim_start_matches([' ', '\u{a0}']).chars().next();
    let is_formula = first.is_some_and(|first| "=+-@\t\r\n".contains(first));
    let mark = if is_formula { "'" } else { "" };
    let has_special = text.contains([',', '"', '\n', '\r', ';', '\t']);
    if has_special || is_formula {
        line.push('"');
        line.push_str(mark);
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}

/// One line, with its end.
pub(crate) fn line(cells: &[Cell]) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push(&mut line, cell);
    }
    line.push_str("\r\n");
    line
}

/// A file of that name, written while it is sent: no more than a piece of it is held.
pub(crate) fn attached<L>(name: &str, lines: L) -> Response
where
    L: Iterator<Item = Vec<Cell>> + Send + 'static,
{
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    (headers, Body::from_stream(stream::iter(pieces(lines)))).into_response()
}

fn pieces(
    mut lines: impl Iterator<Item = Vec<Cell>>,
) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    let mut piece = MARK.to_owned();
    std::iter::from_fn(move || {
        for cells in lines.by_ref() {
            piece.push_str(&line(&cells));
            if piece.len() >= CHUNK_BYTES {
                break;
            }
        }
        let piece = std::mem::take(&mut piece);
        (!piece.is_empty()).then(|| Ok(Bytes::from(piece)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            Money::from_cents(-123_405),
            7_i64,
            "",
        ];
        let expected = "plain,O'Brien & Søn <b>,\"a \"\"b\"\", c\",\"'=1+1\",\"' @x\",\"'-5\",\
            \"'\ttab\",-1234.05,7,\r\n";
        assert_eq!(line(&cells), expected);
    }

    #[test]
    fn a_file_goes_out_in_pieces() {
        let lines = (0..10_000_i64).map(|number| row![number, "sample"]);
        let sent: Vec<Bytes> = pieces(lines).map(|piece| piece.unwrap()).collect();
        assert!(sent.len() > 5 && sent.iter().all(|piece| piece.len() < 2 * CHUNK_BYTES));
        let whole = sent.concat();
        assert!(whole.starts_with(MARK.as_bytes()) && whole.ends_with(b"9999,sample\r\n"));
        assert_eq!(pieces(std::iter::empty()).count(), 1, "an empty file has its mark");
    }
}
