//! Lists as files for spreadsheets and other programs (RFC 4180).
//!
//! A cell of text that a spreadsheet could take for a formula gets an apostrophe before it, as
//! <https://owasp.org/www-community/attacks/CSV_Injection> advises. Amounts and counts are written
//! as plain numbers, so that they can be added up.

use std::borrow::Cow;
use std::convert::Infallible;

use almoner_domain::Money;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// Lines go out together until there are so many.
const LINES_AT_ONCE: usize = 200;
/// Tells spreadsheets that the file is UTF-8; without it they spoil every accent.
pub(crate) const MARK: &str = "\u{feff}";

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

impl Cell {
    fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => harmless(text),
            Self::Amount(amount) => amount.to_plain().into(),
            Self::Count(count) => count.to_string().into(),
        }
    }
}

fn harmless(text: &str) -> Cow<'_, str> {
    let first = text.trim_start_matches([' ', '\u{a0}']).chars().next();
    let is_formula = first.is_some_and(|first| "=+-@\t\r\n".contains(first));
    if is_formula { format!("'{text}").into() } else { text.into() }
}

/// A line of cells: `row!["Cash", amount, count]`.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::csv_file::Cell::from($cell)),*] };
}
pub(crate) use row;

/// Lines as they stand in a file.
///
/// # Panics
/// Never: memory takes every line.
pub(crate) fn lines(rows: impl IntoIterator<Item = Vec<Cell>>) -> Vec<u8> {
    let mut builder = csv::WriterBuilder::new();
    builder.terminator(csv::Terminator::CRLF).flexible(true);
    let mut writer = builder.from_writer(Vec::new());
    for row in rows {
        let cells = row.iter().map(|cell| cell.written().into_owned());
        writer.write_record(cells).expect("memory takes every line");
    }
    writer.into_inner().expect("memory takes every line")
}

/// A file to be kept, as its bytes come.
pub(crate) fn attached(name: &str, body: Body) -> Response {
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
    L: Iterator<Item = Vec<Cell>> + Send + 'static,
{
    attached(name, Body::from_stream(stream::iter(pieces(lines))))
}

fn pieces(
    mut rows: impl Iterator<Item = Vec<Cell>>,
) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    let mut piece = MARK.as_bytes().to_vec();
    std::iter::from_fn(move || {
        piece.extend(lines(rows.by_ref().take(LINES_AT_ONCE)));
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
            "two\nlines",
            Money::from_cents(-123_405),
            7_i64,
            "",
        ];
        let expected = "plain,O'Brien & Søn <b>,\"a \"\"b\"\", c\",'=1+1,' @x,'-5,'\ttab,\
            \"two\nlines\",-1234.05,7,\r\n";
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
