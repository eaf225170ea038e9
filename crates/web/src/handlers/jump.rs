//! Going straight to a payment, a patient or a page by a few letters.

use almoner_app::permission::Action;
use almoner_app::read::PatientView;
use almoner_app::{Actor, Error, read, read_payments};
use almoner_domain::list::Search;
use almoner_domain::{CheckId, PatientId, PaymentId, TreatmentId};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::find_patient;
use crate::failure::{Answer, html};
use crate::session::Staff;
use crate::state::Web;
use crate::view::jump::{Goal, JumpPage};

/// The pages that can be gone to, and what they need.
const PAGES: [(&str, &str, Action); 23] = [
    ("Payments", "/payments", Action::ReadPayments),
    ("Create Payment", "/payments/new", Action::CreatePayment),
    ("Exceptions", "/payments/exceptions", Action::ReadPayments),
    ("Views", "/payments/views", Action::ReadPayments),
    ("Patients", "/patients", Action::ReadPatients),
    ("Add patient", "/patients/new", Action::SavePatient),
    ("Treatments", "/treatments", Action::ReadTreatments),
    ("Add treatment", "/treatments/new", Action::SaveTreatment),
    ("Eligibility", "/eligibility", Action::ReadChecks),
    ("Run check", "/eligibility/new", Action::ImportEligibility),
    ("Inbox of eligibility checks", "/eligibility/inbox", Action::ReadChecks),
    ("Day close", "/reports/day-close", Action::ReadReports),
    ("Collections", "/reports/collections", Action::ReadReports),
    ("Aging", "/reports/aging", Action::ReadReports),
    ("Books", "/reports/books", Action::ReadReports),
    ("Payouts", "/payouts", Action::ReadPayouts),
    ("Audit log", "/audit", Action::ReadAudit),
    ("Settings", "/settings/locations", Action::ReadSettings),
    ("Physicians", "/settings/physicians", Action::ReadSettings),
    ("Reminders", "/settings/reminders", Action::ReadSettings),
    ("Imports", "/imports", Action::ImportPatients),
    ("Webhooks", "/settings/webhooks", Action::ManageWebhooks),
    ("Jobs", "/settings/jobs", Action::ManageJobs),
];

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
}

/// The page; what is named wholly is gone to at once, but not while it is being typed.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Answer {
    let q = asked.q.trim();
    let mut goals: Vec<Goal> = named(&web, &staff.actor, q).await?.into_iter().collect();
    if let (Some(goal), false) = (goals.first(), headers.contains_key("x-live")) {
        return Ok(Redirect::to(&goal.href).into_response());
    }
    goals.extend(pages(&staff.actor, q));
    if staff.actor.may(Action::ReadPatients) && matches!(Search::parse(q), Search::Name(_)) {
        let (patients, _) = find_patient::matches(&web, &staff.actor, q).await?;
        goals.extend(patients.into_iter().map(|patient| Goal {
            href: format!("/patients/{}", patient.id),
            detail: patient.detail(),
            label: patient.name,
        }));
    }
    Ok(html(&JumpPage { q: asked.q, goals, shell: staff.shell }))
}

/// What an id names: digits alone are a payment's.
async fn named(web: &Web, actor: &Actor, q: &str) -> Result<Option<Goal>, Error> {
    let digits = match Search::parse(q) {
        Search::Id(number) => Some(PaymentId::new(number)),
        _ => None,
    };
    if let Some(id) = q.parse().ok().or(digits) {
        let found = read_payments::picked(&web.app, actor, &[id]).await?;
        return Ok(found.first().map(|row| Goal {
            href: format!("/payments/{id}"),
            label: id.to_string(),
            detail: format!(
                "{}, {} · {} · {}",
                row.last_name,
                row.first_name,
                row.payment.amount,
                row.payment.status.label()
            ),
        }));
    }
    if let Ok(id) = q.parse::<PatientId>() {
        let found = read::patient(&web.app, actor, id).await;
        let name = |view: PatientView| {
            let fields = view.patient.fields;
            format!("{}, {}", fields.last_name, fields.first_name)
        };
        return known(found.map(name), "patients", &id);
    }
    if let Ok(id) = q.parse::<TreatmentId>() {
        let found = read::treatment(&web.app, actor, id).await;
        return known(found.map(|found| found.0.patient_name), "treatments", &id);
    }
    if let Ok(id) = q.parse::<CheckId>() {
        let found = read::listed_checks(&web.app, actor, &[id]).await?;
        let found = found.into_iter().next().ok_or(Error::NotFound("check"));
        return known(found.map(|(_, check)| check.payer), "eligibility", &id);
    }
    Ok(None)
}

fn known(
    found: Result<String, Error>,
    folder: &str,
    id: &impl std::fmt::Display,
) -> Result<Option<Goal>, Error> {
    match found {
        Ok(detail) => {
            Ok(Some(Goal { href: format!("/{folder}/{id}"), label: id.to_string(), detail }))
        }
        Err(Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The pages whose name has a word that begins so; all of them for nothing.
fn pages(actor: &Actor, q: &str) -> Vec<Goal> {
    let q = q.to_lowercase();
    let fits = |name: &str| {
        let name = name.to_lowercase();
        name.starts_with(&q) || name.split(' ').any(|word| word.starts_with(&q))
    };
    let goal = |&(name, href, action): &(&str, &str, Action)| {
        let is_open = fits(name) && actor.may(action);
        is_open.then(|| Goal {
            href: href.to_owned(),
            label: name.to_owned(),
            detail: "Page".to_owned(),
        })
    };
    PAGES.iter().filter_map(goal).collect()
}
