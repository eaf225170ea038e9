//! `Invoice` and `PaymentNotice`: a payment, as what is asked for and as what was collected of it.

use almoner_app::read_whole::{self, WholePayment};
use almoner_app::{Actor, Error};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Money, PaymentId, Status};
use almoner_fhir::write::{
    self, Annotation, Concept, Invoice, LineItem, Meta, PaymentNotice, PriceComponent, Reference,
    Resource, SearchParam,
};
use axum::extract::{Path, State};

use super::query::{Asked, wrong};
use crate::api::caller::{Caller, Thing, showing};
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

/// The list of where a payment stands.
const PAYMENT_STATUS: &str = "http://terminology.hl7.org/CodeSystem/paymentstatus";

/// What invoices may be searched by.
pub(super) const SEARCHES: &[SearchParam] = &[
    SearchParam { name: "subject", kind: "reference", documentation: "Whose; needed." },
    SearchParam { name: "patient", kind: "reference", documentation: "The same." },
    super::COUNT,
];

async fn found(web: &Web, caller: &Caller, id: &str) -> Result<WholePayment, Error> {
    let id: PaymentId = parse_id(id, "payment")?;
    Ok(read_whole::get(&web.app, &caller.actor, id).await?.0)
}

/// Reads an invoice.
pub(super) async fn read_invoice(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    let found = found(&web, &caller, &id).await?;
    let (id, version) = (found.listed.payment.id, found.listed.payment.version);
    let resource = invoice(&caller.actor, found);
    Ok(showing(vec![Thing::Payment(id)], super::versioned(version, &resource)))
}

/// Reads what was collected of an invoice; there is nothing while nothing was.
pub(super) async fn read_notice(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    let found = found(&web, &caller, &id).await?;
    let (id, version) = (found.listed.payment.id, found.listed.payment.version);
    let resource = notice(&caller.actor, &found).ok_or(Error::NotFound("payment notice"))?;
    Ok(showing(vec![Thing::Payment(id)], super::versioned(version, &resource)))
}

/// The invoices of a patient, in the order of their ids.
pub(super) async fn search(State(web): State<Web>, caller: Caller, mut asked: Asked) -> Answer {
    let whose = asked.patient(["subject", "patient"])?;
    let whose = whose.ok_or_else(|| wrong("subject", "Send whose invoices are wanted."))?;
    let at = asked.page(false)?;
    asked.end()?;
    let view = read_whole::of_patient(&web.app, &caller.actor, whose, at).await?;
    let shown = view.rows.iter().map(|row| Thing::Payment(row.listed.payment.id)).collect();
    let resource = |row| Resource::Invoice(Box::new(invoice(&caller.actor, row)));
    Ok(showing(shown, asked.answered(&web, "Invoice", view, resource)))
}

/// FHIR's word for a status. What was collected is balanced, also when it was given back later:
/// nothing is owed.
fn status(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft",
        Status::Pending | Status::Processing | Status::Failed => "issued",
        Status::Paid | Status::PartiallyRefunded | Status::Refunded => "balanced",
        Status::Cancelled | Status::Voided => "cancelled",
    }
}

fn money(actor: &Actor, amount: Money) -> write::Money {
    write::Money::cents(amount.cents(), &actor.organization.currency)
}

fn meta(version: i64) -> Meta {
    Meta { version_id: Some(version.to_string()), last_updated: None }
}

fn invoice(actor: &Actor, found: WholePayment) -> Invoice {
    let payment = found.listed.payment;
    let kind = payment.kind.map(PaymentType::label);
    let line = LineItem {
        sequence: 1,
        charge_item_codeable_concept: Concept::words(kind.unwrap_or("Patient payment")),
        price_component: [PriceComponent { kind: "base", amount: money(actor, payment.amount) }],
    };
    Invoice {
        id: payment.id.to_string(),
        meta: meta(payment.version),
        status: status(payment.status),
        kind: kind.map(Concept::words),
        subject: Reference::to("Patient", payment.patient),
        date: payment.created_at,
        issuer: Reference::named(&*actor.organization.name),
        line_item: [line],
        total_net: money(actor, payment.amount),
        total_gross: money(actor, payment.amount),
        payment_terms: payment.due.map(|due| format!("Due {due}")),
        note: payment.memo.map(|text| Annotation { text }).into_iter().collect(),
    }
}

fn notice(actor: &Actor, found: &WholePayment) -> Option<PaymentNotice> {
    let payment = &found.listed.payment;
    let paid_at = payment.paid_at.filter(|_| payment.collected > Money::ZERO)?;
    let kept = payment.remaining();
    let tender = found.tender.as_ref().map(|row| row.tender.kind.label());
    let is_kept = kept > Money::ZERO;
    Some(PaymentNotice {
        id: payment.id.to_string(),
        meta: meta(payment.version),
        status: if is_kept { "active" } else { "cancelled" },
        request: Reference::to("Invoice", payment.id),
        created: paid_at,
        payment: tender.map_or_else(super::unknown, Reference::named),
        payment_date: actor.date(paid_at),
        recipient: Reference::named(&*actor.organization.name),
        amount: money(actor, kept),
        payment_status: is_kept.then(|| Concept::code(PAYMENT_STATUS, "paid")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_word_of_fhir() {
        let told = Status::ALL.map(status);
        for word in ["draft", "issued", "balanced", "cancelled"] {
            assert!(told.contains(&word), "{word}");
        }
    }
}
