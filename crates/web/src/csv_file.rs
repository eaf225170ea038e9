//! Lists as files for spreadsheets and other programs (RFC 4180).

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// What tells spreadsheets that the file is UTF-8; without it they spoil every accent.
pub(crate) const MARK: &str = "\u{feff}";

/// Rows as they stand in a file. A cell that a spreadsheet would take for a formula begins with an
/// apostrophe, as <https://owasp.org/www-community/attacks/CSV_Injection> advises.
///
/// # Panics
/// Never: memory takes every row.
pub(crate) fn lines<R>(rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: AsRef<[String]>,
{
    let mut builder = csv::WriterBuilder::new();
    let mut writer =
        builder.terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for row in rows {
        let cells = row.as_ref().iter().map(|cell| harmless(cell).into_owned());
        writer.write_record(cells).expect("memory takes every row");
    }
    writer.into_inner().expect("memory takes every row")
}

fn harmless(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    // An amount that is owed back is no formula.
    if is_formula && !is_amount(cell) { format!("'{cell}").into() } else { cell.into() }
}

fn is_amount(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: &[&str]) -> String {
        let cells: Vec<String> = cells.iter().map(|&cell| cell.to_owned()).collect();
        String::from_utf8(lines([cells])).unwrap()
    }

    #[test]
    fn what_would_be_a_formula_is_text() {
        for evil in ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(line(&[evil, "x"]).trim_start_matches('"').chars().next(), Some('\''));
        }
        assert_eq!(line(&["-12.50", "1=1", "O'Brien"]), "-12.50,1=1,O'Brien\r\n");
    }

    #[test]
    fn cells_hold_anything() {
        assert_eq!(
            line(&["a,b", "say \"x\"", "two\nlines", ""]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\r\n"
        );
    }
}
