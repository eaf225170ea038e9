//! Payments as a file: what a list holds, or what was picked in it.

use almoner_app::Error;
use almoner_app::export_payments::{Export, Wanted, begin_export};
use almoner_domain::PaymentId;
use almoner_domain::payment::PaymentType;
use almoner_domain::time;
use almoner_store::payment_list::ListedPayment;
use axum::body::Body;
use axum::extract::State;
use axum_extra::extract::Query;
use futures_util::stream;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::list_query;
use crate::csv_file::{self, Cell, MARK, row};
use crate::failure::Answer;
use crate::session::Staff;
use crate::state::Web;

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

/// The file. Where something in the address cannot be understood, there is none: it would hold
/// more than was asked for.
pub(crate) async fn file(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let today = staff.actor.date(web.app.now());
    let picked: Vec<&str> =
        pairs.iter().filter(|pair| pair.0 == "id").map(|pair| pair.1.as_str()).collect();
    let wanted = if picked.is_empty() {
        let asked = list_query::read(&pairs, today);
        asked.faults.into_result()?;
        Wanted::List(Box::new(asked.request))
    } else {
        let ids = picked.into_iter().map(|id| id.parse().map_err(|_| Error::NotFound("payment")));
        Wanted::Picked(ids.collect::<Result<Vec<PaymentId>, _>>()?)
    };
    let export = begin_export(&web.app, &staff.actor, wanted).await?;
    let head = [HEADINGS.map(Cell::from).to_vec()];
    let head = [MARK.as_bytes().to_vec(), csv_file::lines(head)].concat();
    let parts = stream::try_unfold(
        (web, staff, export, Some(head)),
        |(web, staff, mut export, head)| async move {
            if let Some(head) = head {
                return Ok(Some((head, (web, staff, export, None))));
            }
            let rows = export.next(&web.app, &staff.actor).await?;
            let zone = &staff.actor.organization.zone;
            let lines = rows.iter().map(|row| line(&export, zone, row));
            let part = (!rows.is_empty()).then(|| csv_file::lines(lines));
            Ok::<_, Error>(part.map(|part| (part, (web, staff, export, None))))
        },
    );
    Ok(csv_file::attached(&format!("payments-{today}.csv"), Body::from_stream(parts)))
}

fn line(export: &Export, zone: &TimeZone, listed: &ListedPayment) -> Vec<Cell> {
    let payment = &listed.payment;
    let day = |at: Timestamp| time::local_date(at, zone).to_string();
    row![
        payment.id.to_string(),
        format!("{}, {}", listed.last_name, listed.first_name),
        payment.patient.to_string(),
        payment.amount,
        payment.refunded,
        payment.status.label(),
        payment.kind.map(PaymentType::label).unwrap_or_default(),
        payment.due.map(|due| due.to_string()).unwrap_or_default(),
        payment.paid_at.map(day).unwrap_or_default(),
        day(payment.created_at),
        export.location_name(payment.location),
        payment.treatment.map(|id| id.to_string()).unwrap_or_default(),
        payment.memo.clone().unwrap_or_default(),
    ]
}
