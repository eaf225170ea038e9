//! Payments as a file: what a list holds, or what was picked in it.

use almoner_app::Error;
use almoner_app::export_payments::{self, Export, Wanted, begin_export};
use almoner_app::export_report::Format;
use almoner_domain::PaymentId;
use almoner_domain::payment::PaymentType;
use almoner_store::payment_list::ListedPayment;
use axum::extract::State;
use axum_extra::extract::Query;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::list_query;
use crate::cell::{Cell, Line, row};
use crate::failure::Answer;
use crate::handlers::handed_out::{self, AskedFile};
use crate::session::Staff;
use crate::state::Web;
use crate::xlsx_file::Head;

/// What stands above the columns.
const HEADINGS: [&str; 13] = [
    "Payment ID",
    "Patient",
    "Patient ID",
    "Amount",
    "Refunded",
    "Status",
    "Payment Type",
    "Due Date",
    "Paid",
    "Created",
    "Location",
    "Treatment",
    "Memo",
];

/// The list as a file.
pub(crate) async fn file(
    State(web): State<Web>,
    staff: Staff,
    asked: AskedFile,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let today = staff.actor.date(web.app.now());
    let wanted = wanted(&pairs, today)?;
    if asked.format == Format::Xlsx {
        let rows = web.sheets.max_rows;
        if !export_payments::fits(&web.app, &staff.actor, &wanted, rows).await? {
            return Ok(handed_out::too_long((&web, &staff), &asked));
        }
    }
    let export = begin_export(&web.app, &staff.actor, wanted, asked.format).await?;
    let head = Head { name: "Payments", columns: HEADINGS.map(Cell::from).to_vec() };
    let begun = (web.clone(), staff.clone(), export);
    let rows = stream::try_unfold(begun, async |(web, staff, mut export)| {
        let rows = export.next(&web.app, &staff.actor).await?;
        let zone = &staff.actor.organization.zone;
        let lines: Vec<Line> = rows.iter().map(|row| line(&export, zone, row)).collect();
        Ok((!lines.is_empty()).then_some((lines, (web, staff, export))))
    });
    let name = format!("payments-{today}");
    handed_out::list((&web, &staff), &asked, &name, (head, rows.boxed())).await
}

/// What an address asks for. Where something in it cannot be understood, there is no file: it would
/// hold more than was asked for.
fn wanted(pairs: &[(String, String)], today: Date) -> Result<Wanted, Error> {
    let picked: Vec<&str> =
        pairs.iter().filter(|pair| pair.0 == "id").map(|pair| pair.1.as_str()).collect();
    if picked.is_empty() {
        let asked = list_query::read(pairs, today);
        asked.faults.into_result()?;
        return Ok(Wanted::List(Box::new(asked.request)));
    }
    let ids = picked.into_iter().map(|id| id.parse().map_err(|_| Error::NotFound("payment")));
    Ok(Wanted::Picked(ids.collect::<Result<Vec<PaymentId>, _>>()?))
}

fn line(export: &Export, zone: &TimeZone, listed: &ListedPayment) -> Line {
    let payment = &listed.payment;
    let day = |at: Timestamp| Cell::day(at, zone);
    row![
        payment.id.to_string(),
        format!("{}, {}", listed.last_name, listed.first_name),
        payment.patient.to_string(),
        payment.amount,
        payment.refunded,
        payment.status.label(),
        payment.kind.map(PaymentType::label),
        payment.due,
        payment.paid_at.map(day),
        day(payment.created_at),
        export.location_name(payment.location),
        payment.treatment.map(|id| id.to_string()),
        payment.memo.clone(),
    ]
}
