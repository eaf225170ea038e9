//! Notes that a report left the program as a file, before it does.

use almoner_domain::LocationId;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines of text, for any program.
    Csv,
    /// A workbook, for spreadsheets.
    Xlsx,
}

impl Format {
    /// What people and the audit log call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
        }
    }
}

/// A report, as far as it is narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// What a day brought.
    DayClose(Date),
    /// What came in from the month of one date to that of another, at these locations.
    Collections((Date, Date), Vec<LocationId>),
    /// How old is what is outstanding.
    Aging,
}

impl Report {
    /// What the audit log calls it.
    fn subject(&self) -> &'static str {
        match self {
            Self::DayClose(_) => "day_close",
            Self::Collections(..) => "collections",
            Self::Aging => "aging",
        }
    }

    fn detail(&self, format: Format) -> Value {
        let format = format.label();
        match self {
            Self::DayClose(day) => json!({ "day": day.to_string(), "format": format }),
            Self::Collections((from, to), locations) => {
                let places = (!locations.is_empty()).then(|| joined(locations));
                let (from, to) = (from.to_string(), to.to_string());
                json!({ "from": from, "to": to, "locations": places, "format": format })
            }
            Self::Aging => json!({ "format": format }),
        }
    }
}

/// Writes to the audit log that a report is exported.
///
/// # Errors
/// No permission, or the database failed.
pub async fn export_report(
    app: &App,
    actor: &Actor,
    report: &Report,
    format: Format,
) -> Result<(), Error> {
    actor.must(Action::ReadReports)?;
    let mut tx = app.db.begin().await?;
    let subject = (report.subject(), 0);
    let detail = report.detail(format);
    record::happened(app, actor, &mut tx, "report_exported", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Ids as the audit log lists them.
pub(crate) fn joined<T: ToString>(ids: &[T]) -> String {
    ids.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
