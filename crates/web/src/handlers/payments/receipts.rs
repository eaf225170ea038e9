//! Receipts: shown, printed, handed out as files.

use almoner_app::permission::Action;
use almoner_app::print_receipt::{self, Medium, PrintReceipt};
use almoner_app::read_receipt::{self, Items as Itemised, ReceiptView};
use almoner_app::{Actor, Error, issue_receipts, read, send_link, send_receipt};
use almoner_domain::tender::TenderType;
use almoner_domain::{PaymentId, ReceiptId};
use almoner_store::organizations::Organization;
use almoner_store::receipts::{Receipt, Source};
use almoner_store::treatments::Procedure;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::Form;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::mails;
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::parse_id;
use crate::receipt_pdf::receipt_pdf;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::{Errors, Fact};
use crate::view::payments::mails::Sending;
use crate::view::payments::receipt::{
    Items, Paper, ReceiptPage, ReceiptRow, ReceiptsBlock, Service,
};

/// What the address says beside the ids.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    /// `1` for the itemised one.
    itemised: String,
    /// `1` once the printing was noted.
    print: String,
}

fn place((payment, receipt): (String, String)) -> Result<(PaymentId, ReceiptId), Error> {
    Ok((parse_id(&payment, "payment")?, parse_id(&receipt, "receipt")?))
}

/// The page.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Answer {
    let filled = filled(&web, staff, place(ids)?, &shown).await?;
    Ok(html(&filled))
}

async fn filled(
    web: &Web,
    staff: Staff,
    (payment, receipt): (PaymentId, ReceiptId),
    shown: &Shown,
) -> Result<ReceiptPage, Error> {
    let Staff { actor, shell } = staff;
    let itemised = shown.itemised == "1";
    let view = read_receipt::receipt(&web.app, &actor, (payment, receipt), itemised).await?;
    let is_undone = view.receipt.undone_at.is_some();
    let (mut sending, mut sent) = (Sending::Not, Vec::new());
    if actor.may(Action::IssueLink) && !itemised {
        let found = send_link::mails(&web.app, &actor, payment).await?;
        let payment = read::payment(&web.app, &actor, payment).await?.payment;
        sending = mails::sending(&found, &payment, !is_undone);
        sent = mails::rows(&found.with_receipts, &actor.organization.zone);
    }
    let paper = paper(web, &actor.organization, view);
    let (key, is_printing) = (web.form_key(), shown.print == "1");
    let errors = Errors::default();
    Ok(ReceiptPage { shell, paper, key, is_printing, sending, mails: sent, errors })
}

/// Has the plain receipt sent by e-mail.
pub(crate) async fn send(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
) -> Answer {
    let place = place(ids)?;
    match send_receipt::send_receipt(&web.app, &staff.actor, place).await {
        Ok(()) => {
            let to = format!("/payments/{}/receipts/{}", place.0, place.1);
            Ok(done(&web, &to, "receipt_sent"))
        }
        Err(Error::Invalid(faults)) => {
            let mut page = filled(&web, staff, place, &Shown::default()).await?;
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    /// `1` for the itemised one.
    itemised: String,
    /// `pdf`, or else paper.
    r#as: String,
}

/// Notes that a receipt is handed out; as a file, it is the answer.
pub(crate) async fn print(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Answer {
    let (payment, receipt) = place(ids)?;
    let itemised = sent.itemised == "1";
    let medium = if sent.r#as == "pdf" { Medium::Pdf } else { Medium::Paper };
    let input = PrintReceipt { payment, receipt, itemised, medium };
    let view = print_receipt::print_receipt(&web.app, &staff.actor, input).await?;
    Ok(match medium {
        Medium::Pdf => file(receipt, receipt_pdf(&paper(&web, &staff.actor.organization, view))),
        Medium::Paper => {
            let kind = if itemised { "itemised=1&" } else { "" };
            let to = format!("/payments/{payment}/receipts/{receipt}?{kind}print=1");
            done(&web, &to, "receipt_printed")
        }
    })
}

fn file(receipt: ReceiptId, pdf: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{receipt}.pdf\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    (headers, pdf).into_response()
}

/// Issues the receipts of what is older than receipts.
pub(crate) async fn issue(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    issue_receipts::issue_receipts(&web.app, &staff.actor, id).await?;
    Ok(done(&web, &format!("/payments/{id}"), "receipts_issued"))
}

/// The card of a payment's receipts; none where there is nothing to have one for.
pub(super) async fn block(
    web: &Web,
    actor: &Actor,
    payment: PaymentId,
) -> Result<Option<ReceiptsBlock>, Error> {
    let found = read_receipt::receipts(&web.app, actor, payment).await?;
    let can_issue = found.is_missing_some && actor.may(Action::TakeTender);
    if found.issued.is_empty() && !can_issue {
        return Ok(None);
    }
    let zone = &actor.organization.zone;
    let row = |receipt: &Receipt| ReceiptRow {
        id: receipt.id,
        what: what(receipt),
        amount: receipt.amount,
        on: format::day(receipt.at, zone),
        is_undone: receipt.undone_at.is_some(),
    };
    let rows = found.issued.iter().rev().map(row).collect();
    let mut mails = Vec::new();
    if actor.may(Action::IssueLink) {
        let found = send_link::mails(&web.app, actor, payment).await?;
        mails = mails::rows(&found.with_receipts, zone);
    }
    Ok(Some(ReceiptsBlock { rows, can_issue, mails }))
}

fn what(receipt: &Receipt) -> String {
    match receipt.source {
        Source::Tender(_) => "Payment".to_owned(),
        Source::Refund(id) => format!("Refund {id}"),
    }
}

/// What stands on a receipt.
pub(crate) fn paper(web: &Web, organization: &Organization, view: ReceiptView) -> Paper {
    let ReceiptView { receipt, location, items } = view;
    let zone = &organization.zone;
    let address = location.fields.address.iter().flat_map(|address| address.lines());
    let is_refund = matches!(receipt.source, Source::Refund(_));
    let mut facts = vec![
        Fact::new("Receipt", receipt.id.to_string()),
        Fact::new("Payment", receipt.payment.to_string()),
    ];
    if let Source::Refund(id) = receipt.source {
        facts.push(Fact::new("Refund", id.to_string()));
    }
    facts.push(Fact::new("Date", format::day(receipt.at, zone)));
    let way = if is_refund { "Refunded by" } else { "Paid by" };
    facts.push(Fact::new(way, receipt.tender.label()));
    let is_test = receipt.tender == TenderType::CardProcessor && web.app.processor.is_test_money();
    Paper {
        number: receipt.id,
        payment: receipt.payment,
        is_refund,
        clinic: organization.name.clone(),
        address: address.map(str::to_owned).chain(location.fields.phone.clone()).collect(),
        notes: notes(&receipt, is_test, zone),
        amount: receipt.amount,
        facts,
        items: items.map(|items| itemised(&items, &location.fields.name)),
    }
}

fn notes(receipt: &Receipt, is_test: bool, zone: &TimeZone) -> Vec<String> {
    let mut notes = Vec::new();
    if is_test {
        notes.push("Test money. No real money moved.".to_owned());
    }
    if let Some(at) = receipt.undone_at {
        let day = format::day(at, zone);
        notes.push(match receipt.source {
            Source::Tender(_) => format!("Taken back on {day}: nothing was paid by this."),
            Source::Refund(_) => {
                format!("This refund failed on {day}: the money was not given back.")
            }
        });
    }
    notes
}

/// What only the itemised one says. What is not known is left out, but for a charge.
fn itemised(items: &Itemised, place: &str) -> Items {
    let patient = &items.patient.fields;
    let name = format!("{} {}", patient.first_name, patient.last_name);
    let mut facts = vec![Fact::new("Patient", name)];
    let mut services = Vec::new();
    if let Some(treatment) = &items.treatment {
        let zone = TimeZone::get(&treatment.time_zone).unwrap_or(TimeZone::UTC);
        let day = format::day(treatment.fields.service_at, &zone);
        facts.push(Fact::new("Date of service", day));
        facts.push(Fact::new("Place", treatment.location_name.clone()));
        services.extend(treatment.fields.procedures.iter().map(service));
    } else {
        facts.push(Fact::new("Place", place));
    }
    if let Some(physician) = &items.physician {
        let fields = &physician.fields;
        let name = format!("{} {}", fields.first_name, fields.last_name);
        facts.push(Fact::new("Physician", name));
        facts.extend(fields.npi.clone().map(|npi| Fact::new("NPI", npi)));
    }
    Items { facts, services }
}

fn service(procedure: &Procedure) -> Service {
    let code = format!("{} {}", procedure.code, procedure.modifiers).trim().to_owned();
    let charge = procedure.charge.map_or_else(|| "not known".to_owned(), |sum| sum.to_string());
    Service { code, charge }
}
