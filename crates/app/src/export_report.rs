//! Notes that a report left the program as a file, before it does.

use almoner_domain::LocationId;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

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

    fn detail(&self) -> Value {
        match self {
            Self::DayClose(day) => json!({ "day": day.to_string() }),
            Self::Collections((from, to), locations) => {
                let places: Vec<String> = locations.iter().map(LocationId::to_string).collect();
                let places = (!places.is_empty()).then(|| places.join(", "));
                json!({ "from": from.to_string(), "to": to.to_string(), "locations": places })
            }
            Self::Aging => json!({}),
        }
    }
}

/// Writes to the audit log that a report is exported.
///
/// # Errors
/// No permission, or the database failed.
pub async fn export_report(app: &App, actor: &Actor, report: &Report) -> Result<(), Error> {
    actor.must(Action::ReadReports)?;
    let mut tx = app.db.begin().await?;
    let subject = (report.subject(), 0);
    record::happened(app, actor, &mut tx, "report_exported", subject, report.detail()).await?;
    tx.commit().await?;
    Ok(())
}
