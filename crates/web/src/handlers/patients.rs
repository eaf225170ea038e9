//! Patients: the list, and a patient's page.

use almoner_app::permission::Action;
use almoner_app::read::{self, PatientView, PatientsView};
use almoner_app::{Actor, Error, read_duplicates};
use almoner_domain::insured::Relationship;
use almoner_domain::list::Direction;
use almoner_domain::{PatientId, name, text};
use almoner_store::patients::{Coverage, Patient, PatientPage as FoundPatients};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Query;

use super::duplicates;
use super::eligibility::asked::{asked_list, may_ask};
use super::eligibility::differences;
use super::email_consent;
use super::numbered::Numbered;
use super::payments::detail::patient_facts;
use super::rows::{balance, check_row, overdue, payment_row, treatment_row};
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::parse_id;
use crate::session::{Listed, Staff};
use crate::state::Web;
use crate::view::eligibility::detail::Differences;
use crate::view::patients::{CoverageBlock, PatientCheck, PatientPage, PatientRow, PatientsPage};
use crate::view::query::{Address, ListQuery};

/// The list; an exact id or medical record number goes straight to its patient.
pub(crate) async fn list(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let usual = ListQuery::new("/patients", "name", Direction::Ascending);
    let asked = Numbered::read(usual, &pairs);
    let query = &asked.query;
    if let Some(id) = exact(&web, &staff.actor, &query.q).await? {
        return Ok(Redirect::to(&format!("/patients/{id}")).into_response());
    }
    let words = name::search_words(&query.q);
    let view = if words.is_empty() && !query.q.is_empty() {
        let page = FoundPatients { rows: Vec::new(), total: 0 };
        PatientsView { page, owed: std::collections::BTreeMap::new() }
    } else {
        let descending = query.direction == Direction::Descending;
        let range = asked.paging.range();
        read::patients_with_balance(&web.app, &staff.actor, &words, descending, range).await?
    };
    if let Some(response) = asked.beyond(view.page.total) {
        return Ok(response);
    }
    let has_duplicates = read_duplicates::has_duplicates(&web.app, &staff.actor).await?;
    let rows = view.page.rows.iter().map(|patient| patient_row(&view, patient));
    let page = PatientsPage {
        rows: rows.collect(),
        pager: asked.pager(view.page.total, view.page.rows.len()),
        query: asked.query,
        has_duplicates,
        can_create: staff.actor.may(Action::SavePatient),
        shell: staff.shell,
    };
    Ok(Listed::of(&page.rows, |row| row.id).on(html(&page)))
}

/// The patient whom a search names wholly.
pub(super) async fn exact(web: &Web, actor: &Actor, q: &str) -> Result<Option<PatientId>, Error> {
    if let Ok(id) = q.parse::<PatientId>() {
        return match found(web, actor, id).await {
            Ok(Found::Patient(_)) => Ok(Some(id)),
            Ok(Found::Heir(heir)) => Ok(Some(heir)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(other) => Err(other),
        };
    }
    let Some(mrn) = text::line("q", q).ok().flatten() else {
        return Ok(None);
    };
    let found = read::patient_by_mrn(&web.app, actor, &mrn).await?;
    Ok(found.map(|patient| patient.id))
}

fn patient_row(view: &PatientsView, patient: &Patient) -> PatientRow {
    let fields = &patient.fields;
    let owed = view.owed.get(&patient.id).copied().unwrap_or_default();
    PatientRow {
        id: patient.id,
        name: listed_name(patient),
        birth_date: format::date(fields.date_of_birth),
        mrn: fields.mrn.clone(),
        phone: fields.phone.clone(),
        balance: owed.owed,
        overdue_count: owed.overdue.count,
    }
}

/// What people call a sex.
pub(crate) fn sex_label(sex: &str) -> &'static str {
    match sex {
        "F" => "Female",
        "M" => "Male",
        _ => "Other",
    }
}

/// `Last, First`.
pub(super) fn listed_name(patient: &Patient) -> String {
    format!("{}, {}", patient.fields.last_name, patient.fields.first_name)
}

/// A patient's page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PatientId = parse_id(&id, "patient")?;
    let view = match found(&web, &staff.actor, id).await? {
        Found::Patient(view) => view,
        Found::Heir(heir) => {
            return Ok(Redirect::to(&format!("/patients/{heir}")).into_response());
        }
    };
    let records = read_duplicates::other_records(&web.app, &staff.actor, id).await?;
    let asked = asked_list(&web, &staff.actor, Some(id), "checks").await?;
    let consent = email_consent::block(&web, &staff.actor, &view.patient).await?;
    let (actor, today) = (&staff.actor, staff.actor.date(web.app.now()));
    let zone = &actor.organization.zone;
    let listed = listed_name(&view.patient);
    let fields = &view.patient.fields;
    let payment = |payment| payment_row(actor, today, payment, listed.clone());
    let check = |(place, row): (usize, &almoner_store::eligibility::CheckRow)| PatientCheck {
        age: format::age(actor.date(row.checked_at), today),
        row: check_row(zone, row, listed.clone()),
        is_latest: place == 0,
    };
    Ok(html(&PatientPage {
        id,
        name: format!("{} {}", fields.first_name, fields.last_name),
        facts: patient_facts(&view.patient),
        consent,
        balance: balance(&view),
        overdue: overdue(&view.overdue, today),
        payments: view.payments.iter().map(payment).collect(),
        more_payments: more_payments(&view),
        treatments: view.treatments.iter().map(|row| treatment_row(today, row)).collect(),
        coverages: ["Primary", "Secondary"].into_iter().zip(&view.coverages).map(block).collect(),
        checks: view.checks.iter().enumerate().map(check).collect(),
        differences: told_differences(&web, actor, &view),
        asked,
        can_check: may_ask(&web, actor),
        others: duplicates::block(actor, &records),
        can_edit: actor.may(Action::SavePatient),
        can_create: actor.may(Action::CreatePayment),
        shell: staff.shell,
    }))
}

/// Whom a number leads to.
pub(super) enum Found {
    /// The patient.
    Patient(Box<PatientView>),
    /// The number of the one whom the patient was merged into.
    Heir(PatientId),
}

/// Whom a number leads to.
pub(super) async fn found(web: &Web, actor: &Actor, id: PatientId) -> Result<Found, Error> {
    match read::patient(&web.app, actor, id).await {
        Err(Error::NotFound(what)) => {
            let heir = read_duplicates::heir(&web.app, actor, id).await?;
            heir.map(Found::Heir).ok_or(Error::NotFound(what))
        }
        other => Ok(Found::Patient(Box::new(other?))),
    }
}

/// What the payer says of the patient otherwise in the most recent check, unless it was dismissed.
fn told_differences(web: &Web, actor: &Actor, view: &PatientView) -> Option<Differences> {
    let compared = view.compared.as_ref().filter(|compared| !compared.is_dismissed)?;
    let payer = &view.checks.first()?.payer;
    let place = differences::Place {
        key: web.form_key(),
        check: compared.id,
        patient: view.patient.id,
        version: view.patient.version,
        back: "patient",
        can_edit: actor.may(Action::SavePatient),
    };
    differences::told(place, payer, &compared.fields, (compared.is_flagged, None))
}

/// The search for a patient's payments, when there are more than the page shows.
fn more_payments(view: &PatientView) -> Option<String> {
    let shown = i64::try_from(view.payments.len()).unwrap_or(i64::MAX);
    let fields = &view.patient.fields;
    let words = format!("{} {}", fields.first_name, fields.last_name);
    let address = Address::new("/payments").with("q", &words);
    (view.patient.payment_count > shown).then(|| address.into_text())
}

fn block((rank, coverage): (&'static str, &Coverage)) -> CoverageBlock {
    let through = through(coverage);
    let Coverage { payer, member_id, plan, payer_id, .. } = coverage.clone();
    let member_id = member_id.unwrap_or_else(|| "id not stated".to_owned());
    CoverageBlock { rank, payer, member_id, plan, payer_id, through }
}

/// Through whom the patient is insured: `Child of Cleo Sample, born May 6, 1955`.
fn through(coverage: &Coverage) -> Option<String> {
    if coverage.relationship == Relationship::Subscriber {
        return None;
    }
    let names = [&coverage.subscriber_first_name, &coverage.subscriber_last_name];
    let name = names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    let whose = if name.is_empty() { "a subscriber who is not named" } else { &name };
    let birth = coverage.subscriber_date_of_birth.map(format::date);
    let birth = birth.map(|birth| format!(", born {birth}")).unwrap_or_default();
    let what = match coverage.relationship {
        Relationship::Other => "Insured through",
        Relationship::Spouse | Relationship::Child | Relationship::Subscriber => {
            &format!("{} of", coverage.relationship.label())
        }
    };
    Some(format!("{what} {whose}{birth}"))
}
