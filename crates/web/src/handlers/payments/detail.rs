//! A payment's own page.

use almoner_app::permission::Action;
use almoner_app::read::{self, PaymentView};
use almoner_app::read_troubles::{self, DisputeView, Troubles};
use almoner_app::refund_payment::is_refundable;
use almoner_app::{Actor, Error, solve_exception};
use almoner_domain::payment::is_overdue;
use almoner_domain::refund::{RefundRefusal, RefundState};
use almoner_domain::tender::TenderType;
use almoner_domain::{ExceptionId, Money, PaymentId, Status};
use almoner_store::patients::Patient;
use almoner_store::payments::Payment;
use almoner_store::refunds::Refund;
use almoner_store::tenders::TenderRow;
use almoner_store::treatments::Treatment;
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{documents, exceptions, history, kept, link, notes, receipts};
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::parse_id;
use crate::handlers::patients::sex_label;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::{Errors, Fact};
use crate::view::payments::detail::{
    Offers, PatientBlock, PaymentPage, RefundRow, TenderLine, TreatmentBlock,
};

/// The page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    Ok(html(&filled(&web, staff, id).await?))
}

/// What the form of an exception sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentSolution {
    pub(super) solution: String,
}

/// Says what was done about an exception.
pub(crate) async fn solve(
    State(web): State<Web>,
    staff: Staff,
    Path((id, exception)): Path<(String, String)>,
    Form(sent): Form<SentSolution>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let exception: ExceptionId = parse_id(&exception, "exception")?;
    let solved =
        solve_exception::solve_exception(&web.app, &staff.actor, exception, &sent.solution);
    match solved.await {
        Ok(()) => Ok(done(&web, &format!("/payments/{id}"), "exception_solved")),
        Err(Error::Invalid(faults)) => {
            let mut page = filled(&web, staff, id).await?;
            page.errors = faults.into();
            page.solution_entry = sent.solution;
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// The page of a payment as it stands.
pub(super) async fn filled(web: &Web, staff: Staff, id: PaymentId) -> Result<PaymentPage, Error> {
    let Staff { actor, shell } = staff;
    let view = read::payment(&web.app, &actor, id).await?;
    let zone = actor.organization.zone.clone();
    let troubles = read_troubles::troubles(&web.app, &actor, id).await?;
    let payment = &view.payment;
    let refunded = payment.refunded;
    let refund_block = refund_block(&troubles, payment);
    let is_blocked = refund_block.is_some();
    let offers = offers(&actor, &view);
    let to_solve = troubles.exceptions.first().filter(|_| actor.may(Action::Refund));
    Ok(PaymentPage {
        shell,
        id,
        status: payment.status,
        amount: payment.amount,
        refunded: (refunded > Money::ZERO).then_some(refunded),
        lost: (payment.lost > Money::ZERO).then_some(payment.lost),
        paid_on: payment.paid_at.map(|at| format::day(at, &zone)),
        due: payment.due.map(format::date),
        is_overdue: is_overdue(payment.status, payment.due, actor.date(web.app.now())),
        created: format::moment(payment.created_at, &zone),
        memo: payment.memo.clone(),
        payment_type: payment.kind,
        location: view.location.fields.name.clone(),
        tender: standing(&view).map(|row| tender_line(row, &zone)),
        transitions: view.choices.iter().map(|choice| choice.0).collect(),
        lock: lock(payment.status),
        refund_block,
        alerts: alerts(&troubles, &zone),
        to_solve: to_solve.map(exceptions::ways),
        solution_entry: String::new(),
        offers: Offers { refund: offers.refund && !is_blocked, ..offers },
        link: link::block(web, &actor, payment).await?,
        treatment: view.treatment.as_ref().map(treatment_block),
        patient: patient_block(&view.patient),
        estimate: view.estimate.as_ref().map(|estimate| kept::summary(estimate, payment.amount)),
        receipts: receipts::block(web, &actor, id).await?,
        refunds: refund_rows(&view, &troubles, &zone),
        documents: documents::block(web, &actor, id).await?,
        notes: view.notes.iter().map(|note| notes::row(note, &actor, web.app.now())).collect(),
        note_entry: String::new(),
        note_key: web.form_key(),
        history: history::events(&view.history, &zone),
        errors: Errors::default(),
    })
}

/// Why a payment cannot be refunded now that otherwise could.
fn refund_block(troubles: &Troubles, payment: &Payment) -> Option<String> {
    if !is_refundable(payment.status) {
        None
    } else if troubles.blocks_refunds() {
        Some(RefundRefusal::Disputed.to_string())
    } else if payment.remaining() == Money::ZERO {
        Some(
            "A bank gave the rest of the money to the payer: nothing is left to refund.".to_owned(),
        )
    } else {
        None
    }
}

/// The refunds, and second payments that are given back; the newest first.
fn refund_rows(view: &PaymentView, troubles: &Troubles, zone: &TimeZone) -> Vec<RefundRow> {
    let refunds = view.refunds.iter().map(|refund| refund_row(refund, zone));
    let given_back = troubles.given_back.iter().map(|given_back| RefundRow {
        id: given_back.id,
        amount: given_back.amount,
        reason: "Paid twice: the second payment".to_owned(),
        state: given_back.state,
        at: format::moment(given_back.made_at, zone),
        by: given_back.made_by.clone().unwrap_or_else(|| "Almoner".to_owned()),
        notes: None,
        failure: given_back.failure.clone(),
    });
    let mut rows: Vec<RefundRow> = refunds.chain(given_back).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    rows
}

/// What people have to know of the money before they do anything.
fn alerts(troubles: &Troubles, zone: &TimeZone) -> Vec<String> {
    let disputes = troubles.disputes.iter().map(|dispute| {
        let DisputeView { amount, standing, reason, answer_by, .. } = dispute;
        let until =
            answer_by.map(|at| format!(" Evidence is taken until {}.", format::day(at, zone)));
        let until = until.unwrap_or_default();
        format!("Dispute of {amount}: {standing}. The bank's reason: {reason}.{until}")
    });
    let exceptions = troubles.exceptions.iter().map(|raised| &raised.exception);
    let exceptions = exceptions.map(|raised| format!("{}: {}", raised.id, raised.words));
    disputes.chain(exceptions).collect()
}

/// The tender that stands: taken and not reversed.
fn standing(view: &PaymentView) -> Option<&TenderRow> {
    view.tenders.iter().find(|row| row.reversed.is_none())
}

/// What this member may do with this payment now.
fn offers(actor: &Actor, view: &PaymentView) -> Offers {
    let status = view.payment.status;
    let by_hand = standing(view).is_some_and(|row| row.tender.kind != TenderType::CardProcessor);
    let no_refunds = view.refunds.iter().all(|refund| !refund.state.is_live());
    Offers {
        refund: is_refundable(status) && actor.may(Action::Refund),
        edit: !status.is_locked() && actor.may(Action::EditPayment),
        reverse: status == Status::Paid
            && by_hand
            && no_refunds
            && actor.may(Action::ReverseTender),
        note: actor.may(Action::AddNote),
    }
}

fn lock(status: Status) -> Option<String> {
    let why = match status {
        Status::Paid => "The money was taken, so this payment can no longer be edited.",
        Status::PartiallyRefunded | Status::Refunded => {
            "Money was taken and refunded, so this payment can no longer be edited."
        }
        Status::Voided => "The authorization was voided, so this payment can no longer be edited.",
        _ => return None,
    };
    Some(format!("{why} Documents and notes may still be added."))
}

/// A tender as one line.
pub(super) fn tender_line(row: &TenderRow, zone: &TimeZone) -> TenderLine {
    let tender = &row.tender;
    let labelled = |label: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!("{label} {value}"))
    };
    let parts = [
        labelled("number", &tender.number),
        labelled("authorization", &tender.authorization_code),
        labelled("card ending", &tender.last_four),
        tender.reference.clone(),
    ];
    let detail = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let change =
        tender.given.map(|given| format!("{given} given, {} change", given.minus(row.amount)));
    TenderLine {
        kind: tender.kind,
        detail: (!detail.is_empty()).then_some(detail),
        change,
        taken_by: row.taken_by.clone().unwrap_or_else(|| "the processor".to_owned()),
        taken_at: format::moment(row.received_at, zone),
    }
}

fn treatment_block(treatment: &Treatment) -> TreatmentBlock {
    let zone = TimeZone::get(&treatment.time_zone).unwrap_or(TimeZone::UTC);
    TreatmentBlock {
        id: treatment.id,
        service_at: format::moment_with_zone(treatment.fields.service_at, &zone),
        physician: treatment.physician_name.clone(),
        location: treatment.location_name.clone(),
        codes: treatment.code_labels(),
    }
}

/// A patient's demographics and contact.
pub(crate) fn patient_facts(patient: &Patient) -> Vec<Fact> {
    let fields = &patient.fields;
    let sex = fields.sex.as_deref().map(sex_label);
    let optional = [
        ("Sex", sex.map(str::to_owned)),
        ("MRN", fields.mrn.clone()),
        ("Phone", fields.phone.clone()),
        ("E-mail", fields.email.clone()),
        ("Address", fields.address.clone()),
        ("Guarantor", fields.guarantor.clone()),
    ];
    let mut facts = vec![Fact::new("Date of birth", format::date(fields.date_of_birth))];
    let known = optional.into_iter().filter_map(|(label, value)| Some(Fact::new(label, value?)));
    facts.extend(known);
    facts
}

fn patient_block(patient: &Patient) -> PatientBlock {
    let name = format!("{} {}", patient.fields.first_name, patient.fields.last_name);
    PatientBlock { id: patient.id, name, facts: patient_facts(patient) }
}

fn refund_row(refund: &Refund, zone: &TimeZone) -> RefundRow {
    let unknown = || match refund.state {
        RefundState::Pending => "the processor".to_owned(),
        _ => "Almoner".to_owned(),
    };
    RefundRow {
        id: refund.id,
        amount: refund.amount,
        reason: refund.reason.label().to_owned(),
        state: refund.state,
        at: format::moment(refund.made_at, zone),
        by: refund.made_by.clone().unwrap_or_else(unknown),
        notes: refund.notes.clone(),
        failure: refund.failure.clone(),
    }
}
