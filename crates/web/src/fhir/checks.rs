//! `CoverageEligibilityResponse`: an eligibility check. Every row of the payer's is an item, with
//! the payer's own codes and our words; what a row does not say is left out.

use almoner_app::import_eligibility::UNNAMED_PAYER;
use almoner_app::read::{self, CheckView};
use almoner_domain::CheckId;
use almoner_domain::estimate::labels;
use almoner_domain::estimate::{self, Network, Outcome, Procedure, Rejection};
use almoner_fhir::write::{
    Benefit, Concept, CoverageEligibilityResponse, Decimal, Insurance, InsuranceItem, Meta, Money,
    Reference, ResponseError,
};
use axum::extract::{Path, State};

use crate::api::caller::{Caller, Thing, showing};
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

/// X12's lists: what a row is, services, periods, and why a request was rejected.
const ROW_CODES: &str = "https://codesystem.x12.org/005010/1390";
const SERVICE_TYPES: &str = "https://codesystem.x12.org/005010/1365";
const PERIODS: &str = "https://codesystem.x12.org/005010/615";
const REJECTIONS: &str = "https://codesystem.x12.org/005010/901";
/// FHIR's lists: networks and units of benefits.
const NETWORKS: &str = "http://terminology.hl7.org/CodeSystem/benefit-network";
const UNITS: &str = "http://terminology.hl7.org/CodeSystem/benefit-unit";
/// The lists of procedures.
const CPT: &str = "http://www.ama-assn.org/go/cpt";
const HCPCS: &str = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";

/// Reads a check.
pub(super) async fn read(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    let view = read::check(&web.app, &caller.actor, id).await?;
    let currency = &caller.actor.organization.currency;
    let resource = response(view, currency);
    let response = super::told(axum::http::StatusCode::OK, &resource);
    Ok(showing(vec![Thing::EligibilityCheck(id)], response))
}

fn response(view: CheckView, currency: &str) -> CoverageEligibilityResponse {
    let CheckView { row, answer, benefits, .. } = view;
    let is_named = row.payer != UNNAMED_PAYER;
    let insurer = if is_named { Reference::named(&*row.payer) } else { super::unknown() };
    let coverage = match (&row.plan, is_named) {
        (Some(plan), _) => Reference::named(&**plan),
        (None, true) => Reference::named(&*row.payer),
        (None, false) => super::unknown(),
    };
    let inforce = match row.outcome {
        Outcome::Active => Some(true),
        Outcome::Inactive => Some(false),
        Outcome::Review | Outcome::Rejected | Outcome::Unknown => None,
    };
    let insurance = Insurance {
        coverage,
        inforce,
        item: benefits.into_iter().map(|row| item(row, currency)).collect(),
    };
    let is_rejected = row.outcome == Outcome::Rejected;
    CoverageEligibilityResponse {
        id: row.id.to_string(),
        meta: Meta { version_id: None, last_updated: Some(row.imported_at) },
        status: "active",
        purpose: ["benefits"],
        patient: row.patient.map_or_else(super::unknown, |id| Reference::to("Patient", id)),
        created: row.checked_at,
        request: Reference::absent("unsupported"),
        outcome: if is_rejected { "error" } else { "complete" },
        disposition: row.outcome.label().to_owned(),
        insurer,
        insurance: if is_rejected { Vec::new() } else { vec![insurance] },
        error: answer.rejections.into_iter().map(error).collect(),
    }
}

fn error(rejection: Rejection) -> ResponseError {
    let Rejection { code, reason, .. } = rejection;
    let concept = code.map(|code| Concept::code(REJECTIONS, code)).unwrap_or_default();
    ResponseError { code: concept.with_words(Some(reason)) }
}

/// A row of the payer's.
fn item(row: estimate::Benefit, currency: &str) -> InsuranceItem {
    let (product_or_service, modifier) = row.procedure.map_or((None, Vec::new()), procedure);
    let network = match row.network {
        Network::In => Some("in"),
        Network::Out => Some("out"),
        Network::Either | Network::Unknown | Network::NotStated => None,
    };
    let unit = match row.level.as_deref() {
        Some("IND") => Some(Concept::code(UNITS, "individual")),
        Some("FAM") => Some(Concept::code(UNITS, "family")),
        Some(other) => Some(Concept::words(labels::level_label(other).unwrap_or(other))),
        None => None,
    };
    let term = row.period.map(|code| {
        let words = labels::period_label(&code).map(str::to_owned);
        Concept::code(PERIODS, code).with_words(words)
    });
    let money = row.amount_cents.map(|cents| Money::cents(cents, currency));
    let count = row.quantity.as_deref().and_then(|text| text.parse().ok());
    let percent = row.percent_bp.map(|bp| format!("{} %", Decimal::from_hundredths(bp)));
    let (allowed_unsigned_int, allowed_string, allowed_money) = match (money, percent) {
        (Some(money), _) => (None, None, Some(money)),
        (None, Some(percent)) => (None, Some(percent), None),
        (None, None) if count.is_some() => (count, None, None),
        (None, None) => (None, row.quantity, None),
    };
    let words = labels::code_label(&row.code).map(str::to_owned);
    let kind = Concept::code(ROW_CODES, &*row.code).with_words(words);
    // An item is about services or about a procedure, never both and never neither (ces-1).
    let category = match &product_or_service {
        Some(_) => None,
        None => Some(services(&row.service_types)),
    };
    InsuranceItem {
        category,
        product_or_service,
        modifier,
        excluded: (row.code == "I").then_some(true),
        name: row.plan,
        description: Some(row.messages.join(" ")).filter(|words| !words.is_empty()),
        network: network.map(|code| Concept::code(NETWORKS, code)),
        unit,
        term,
        benefit: vec![Benefit { kind, allowed_unsigned_int, allowed_string, allowed_money }],
        authorization_required: row.authorization,
    }
}

/// The services that a row is about; without any it is about all.
fn services(types: &[String]) -> Concept {
    let coding: Vec<_> =
        types.iter().flat_map(|code| Concept::code(SERVICE_TYPES, &**code).coding).collect();
    if coding.is_empty() {
        return Concept::words("Whole plan");
    }
    Concept { coding, text: None }
}

/// The procedure that a row is about. A range is only words, as no code means it.
fn procedure(procedure: Procedure) -> (Option<Concept>, Vec<Concept>) {
    let Procedure { qualifier, code, modifiers, range_end } = procedure;
    let modifiers = modifiers.into_iter().map(Concept::words).collect();
    if let Some(end) = range_end {
        return (Some(Concept::words(format!("{code} to {end}"))), modifiers);
    }
    let is_level_two = code.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let concept = match qualifier.as_deref() {
        Some("HC") if is_level_two => Concept::code(HCPCS, code),
        Some("HC" | "CJ") => Concept::code(CPT, code),
        Some(other) => Concept::words(format!("{other} {code}")),
        None => Concept::words(code),
    };
    (Some(concept), modifiers)
}
