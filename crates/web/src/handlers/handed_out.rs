//! Lists and reports as files: as CSV, or as a workbook for spreadsheets, whose sheets have an end.

use std::convert::Infallible;

use almoner_app::Error;
use almoner_app::export_report::Format;
use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::stream::BoxStream;

use crate::cell::Line;
use crate::csv_file;
use crate::failure::{Answer, other_ways};
use crate::session::Staff;
use crate::state::Web;
use crate::view::parts::{Link, count};
use crate::xlsx_file::{self, Head};

/// The end of an address that leads to a workbook.
const XLSX: &str = ".xlsx";

/// The file that an address asks for, which ends as the file's name does.
pub(crate) struct AskedFile {
    /// What kind of file.
    pub(crate) format: Format,
    uri: Uri,
}

impl<S: Sync> FromRequestParts<S> for AskedFile {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let uri = parts.uri.clone();
        let format = if uri.path().ends_with(XLSX) { Format::Xlsx } else { Format::Csv };
        Ok(Self { format, uri })
    }
}

/// A table of a report: its sheet's name and its lines, of which the first are the headings.
pub(crate) type Table = (&'static str, Vec<Line>);

/// The rows of a list, a batch at a time.
pub(crate) type Rows = BoxStream<'static, Result<Vec<Line>, Error>>;

/// A report that is held as a whole. `name` is the file's, without its kind.
pub(crate) async fn report(
    (web, staff): (&Web, &Staff),
    asked: &AskedFile,
    name: &str,
    tables: Vec<Table>,
) -> Answer {
    if asked.format == Format::Csv {
        let lines = tables.into_iter().enumerate().flat_map(|(place, (_, lines))| {
            // A blank line parts one table from another.
            let between = (place > 0).then(Vec::new);
            between.into_iter().chain(lines)
        });
        return Ok(csv_file::attached_lines(&format!("{name}.csv"), lines));
    }
    let file = xlsx_file::tables(&web.sheets, web.app.now(), tables).await?;
    match file {
        Some(file) => Ok(xlsx_file::attached(&format!("{name}.xlsx"), file)?),
        None => Ok(too_long((web, staff), asked)),
    }
}

/// A list that is read while it is written.
pub(crate) async fn list(
    (web, staff): (&Web, &Staff),
    asked: &AskedFile,
    name: &str,
    (head, rows): (Head, Rows),
) -> Answer {
    if asked.format == Format::Csv {
        return Ok(csv_file::attached_list(&format!("{name}.csv"), head.columns, rows));
    }
    match xlsx_file::written(&web.sheets, web.app.now(), head, rows).await? {
        Some(file) => Ok(xlsx_file::attached(&format!("{name}.xlsx"), file)?),
        None => Ok(too_long((web, staff), asked)),
    }
}

/// Says that a sheet has no room for so many rows, and offers them as CSV.
pub(crate) fn too_long((web, staff): (&Web, &Staff), asked: &AskedFile) -> Response {
    let message = format!(
        "A sheet has room for {} rows beneath its headings, and this has more. CSV has no such \
         end; or narrow it and try again.",
        count(i64::try_from(web.sheets.max_rows).unwrap_or(i64::MAX)),
    );
    let csv = asked.uri.path().replace(XLSX, ".csv");
    let csv = asked.uri.query().map_or_else(|| csv.clone(), |query| format!("{csv}?{query}"));
    let ways = vec![Link::new(csv, "Export CSV"), Link::new("/payments", "All payments")];
    other_ways(staff.shell.clone(), "This is too long for a sheet", message, ways)
}
