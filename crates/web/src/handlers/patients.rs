//! Patients: the list, a patient's page, adding and editing.

use almoner_app::check_answer::StoredAnswer;
use almoner_app::permission::Action;
use almoner_app::read::{self, CheckView, PatientView, PatientsView};
use almoner_app::save_patient::{self, add_patient, edit_patient};
use almoner_app::{Actor, Error};
use almoner_domain::insured::Relationship;
use almoner_domain::list::Direction;
use almoner_domain::{CheckId, Invalid, PatientId, name, text};
use almoner_store::patients::{Coverage, Patient, PatientPage as FoundPatients};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use jiff::civil::Date;
use serde::Deserialize;

use super::eligibility::asked::{asked_list, may_ask};
use super::eligibility::differences;
use super::email_consent;
use super::numbered::Numbered;
use super::payments::detail::patient_facts;
use super::rows::{balance, check_row, overdue, payment_row, treatment_row};
use crate::failure::{self, Answer, html, html_with};
use crate::handlers::form_key::FormKey;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::eligibility::detail::Differences;
use crate::view::parts::Errors;
use crate::view::patients::{
    CoverageBlock, CoverageEntry, PatientCheck, PatientEntry, PatientFormPage, PatientPage,
    PatientRow, PatientsPage,
};
use crate::view::query::{Address, ListQuery};
use crate::{format, view};

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
    let rows = view.page.rows.iter().map(|patient| patient_row(&view, patient));
    Ok(html(&PatientsPage {
        rows: rows.collect(),
        pager: asked.pager(view.page.total, view.page.rows.len()),
        query: asked.query,
        can_create: staff.actor.may(Action::SavePatient),
        shell: staff.shell,
    }))
}

/// The patient whom a search names wholly.
async fn exact(web: &Web, actor: &Actor, q: &str) -> Result<Option<PatientId>, Error> {
    if let Ok(id) = q.parse::<PatientId>() {
        return match read::patient(&web.app, actor, id).await {
            Ok(_) => Ok(Some(id)),
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

/// `Last, First`.
fn listed_name(patient: &Patient) -> String {
    format!("{}, {}", patient.fields.last_name, patient.fields.first_name)
}

/// A patient's page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PatientId = parse_id(&id, "patient")?;
    let view = read::patient(&web.app, &staff.actor, id).await?;
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
        can_edit: actor.may(Action::SavePatient),
        can_create: actor.may(Action::CreatePayment),
        shell: staff.shell,
    }))
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

/// What the form of a new patient is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskedNew {
    check: String,
}

/// What the form sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    version: String,
    check: String,
    first_name: String,
    last_name: String,
    date_of_birth: String,
    sex: String,
    mrn: String,
    phone: String,
    email: String,
    address: String,
    guarantor: String,
    primary_payer: String,
    primary_member_id: String,
    primary_plan: String,
    primary_payer_id: String,
    primary_relationship: String,
    primary_subscriber_first_name: String,
    primary_subscriber_last_name: String,
    primary_subscriber_date_of_birth: String,
    secondary_payer: String,
    secondary_member_id: String,
    secondary_plan: String,
    secondary_payer_id: String,
    secondary_relationship: String,
    secondary_subscriber_first_name: String,
    secondary_subscriber_last_name: String,
    secondary_subscriber_date_of_birth: String,
}

/// The sexes: as they are stored and as the form names them.
const SEXES: [(&str, &str); 3] = [("F", "female"), ("M", "male"), ("X", "other")];

/// The form's beginnings of the names of the coverages' fields.
const RANKS: [(&str, &str); 2] = [("coverage_1_", "primary_"), ("coverage_2_", "secondary_")];

impl Sent {
    /// The use case's entry.
    fn read(&self) -> save_patient::PatientEntry {
        let sent = self.clone();
        let sex = SEXES.iter().find(|sex| sex.1 == sent.sex).map(|sex| sex.0.to_owned());
        save_patient::PatientEntry {
            first_name: sent.first_name,
            last_name: sent.last_name,
            date_of_birth: sent.date_of_birth,
            sex: sex.unwrap_or(sent.sex),
            mrn: sent.mrn,
            phone: sent.phone,
            email: sent.email,
            address: sent.address,
            guarantor: sent.guarantor,
            coverages: vec![
                save_patient::CoverageEntry {
                    payer: sent.primary_payer,
                    member_id: sent.primary_member_id,
                    plan: sent.primary_plan,
                    payer_id: sent.primary_payer_id,
                    relationship: sent.primary_relationship,
                    subscriber_first_name: sent.primary_subscriber_first_name,
                    subscriber_last_name: sent.primary_subscriber_last_name,
                    subscriber_date_of_birth: sent.primary_subscriber_date_of_birth,
                },
                save_patient::CoverageEntry {
                    payer: sent.secondary_payer,
                    member_id: sent.secondary_member_id,
                    plan: sent.secondary_plan,
                    payer_id: sent.secondary_payer_id,
                    relationship: sent.secondary_relationship,
                    subscriber_first_name: sent.secondary_subscriber_first_name,
                    subscriber_last_name: sent.secondary_subscriber_last_name,
                    subscriber_date_of_birth: sent.secondary_subscriber_date_of_birth,
                },
            ],
        }
    }

    /// The form's entry.
    fn entry(&self) -> PatientEntry {
        let sent = self.clone();
        PatientEntry {
            first_name: sent.first_name,
            last_name: sent.last_name,
            date_of_birth: sent.date_of_birth,
            sex: sent.sex,
            mrn: sent.mrn,
            phone: sent.phone,
            email: sent.email,
            address: sent.address,
            guarantor: sent.guarantor,
            primary: CoverageEntry {
                payer: sent.primary_payer,
                member_id: sent.primary_member_id,
                plan: sent.primary_plan,
                payer_id: sent.primary_payer_id,
                relationship: sent.primary_relationship,
                subscriber_first_name: sent.primary_subscriber_first_name,
                subscriber_last_name: sent.primary_subscriber_last_name,
                subscriber_date_of_birth: sent.primary_subscriber_date_of_birth,
            },
            secondary: CoverageEntry {
                payer: sent.secondary_payer,
                member_id: sent.secondary_member_id,
                plan: sent.secondary_plan,
                payer_id: sent.secondary_payer_id,
                relationship: sent.secondary_relationship,
                subscriber_first_name: sent.secondary_subscriber_first_name,
                subscriber_last_name: sent.secondary_subscriber_last_name,
                subscriber_date_of_birth: sent.secondary_subscriber_date_of_birth,
            },
        }
    }

    /// A stored patient as the form would send them.
    fn of(view: &PatientView) -> Self {
        let fields = view.patient.fields.clone();
        let sex = SEXES.iter().find(|sex| fields.sex.as_deref() == Some(sex.0));
        let mut coverages = view.coverages.iter().cloned();
        let mut coverage = || coverages.next().unwrap_or_default();
        let (primary, secondary) = (coverage(), coverage());
        let birth = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        Self {
            key: String::new(),
            version: view.patient.version.to_string(),
            check: String::new(),
            first_name: fields.first_name,
            last_name: fields.last_name,
            date_of_birth: fields.date_of_birth.to_string(),
            sex: sex.map(|sex| sex.1.to_owned()).or(fields.sex).unwrap_or_default(),
            mrn: fields.mrn.unwrap_or_default(),
            phone: fields.phone.unwrap_or_default(),
            email: fields.email.unwrap_or_default(),
            address: fields.address.unwrap_or_default(),
            guarantor: fields.guarantor.unwrap_or_default(),
            primary_payer: primary.payer,
            primary_member_id: primary.member_id.unwrap_or_default(),
            primary_plan: primary.plan.unwrap_or_default(),
            primary_payer_id: primary.payer_id.unwrap_or_default(),
            primary_relationship: primary.relationship.as_str().to_owned(),
            primary_subscriber_first_name: primary.subscriber_first_name.unwrap_or_default(),
            primary_subscriber_last_name: primary.subscriber_last_name.unwrap_or_default(),
            primary_subscriber_date_of_birth: birth(primary.subscriber_date_of_birth),
            secondary_payer: secondary.payer,
            secondary_member_id: secondary.member_id.unwrap_or_default(),
            secondary_plan: secondary.plan.unwrap_or_default(),
            secondary_payer_id: secondary.payer_id.unwrap_or_default(),
            secondary_relationship: secondary.relationship.as_str().to_owned(),
            secondary_subscriber_first_name: secondary.subscriber_first_name.unwrap_or_default(),
            secondary_subscriber_last_name: secondary.subscriber_last_name.unwrap_or_default(),
            secondary_subscriber_date_of_birth: birth(secondary.subscriber_date_of_birth),
        }
    }

    /// What a payer's answer tells of a patient.
    fn from_check(view: &CheckView) -> Self {
        let person = view.answer.patient.clone();
        let member_id = person.member_id.or_else(|| view.answer.subscriber.member_id.clone());
        let sex = SEXES.iter().find(|sex| person.sex.as_deref() == Some(sex.0));
        let birth = person.date_of_birth.map(|birth| birth.to_string());
        Self {
            check: view.row.id.to_string(),
            first_name: person.first_name.unwrap_or_default(),
            last_name: person.last_name.unwrap_or_default(),
            date_of_birth: birth.unwrap_or_default(),
            sex: sex.map(|sex| sex.1.to_owned()).unwrap_or_default(),
            address: person.address.unwrap_or_default(),
            primary_payer: view.row.payer.clone(),
            primary_member_id: member_id.unwrap_or_default(),
            primary_plan: view.row.plan.clone().unwrap_or_default(),
            primary_payer_id: view.answer.payer_id.clone().unwrap_or_default(),
            ..Self::subscriber_of(&view.answer)
        }
    }
}

impl Sent {
    /// Through whom a payer says that a dependent is insured.
    fn subscriber_of(answer: &StoredAnswer) -> Self {
        if !answer.is_dependent {
            return Self::default();
        }
        let code = answer.patient.relationship.as_deref().unwrap_or_default();
        let relationship = match Relationship::from_code(code) {
            // A dependent is somebody else than the subscriber, whatever the code says.
            Relationship::Subscriber => Relationship::Other,
            known => known,
        };
        let subscriber = answer.subscriber.clone();
        let birth = subscriber.date_of_birth.map(|birth| birth.to_string());
        Self {
            primary_relationship: relationship.as_str().to_owned(),
            primary_subscriber_first_name: subscriber.first_name.unwrap_or_default(),
            primary_subscriber_last_name: subscriber.last_name.unwrap_or_default(),
            primary_subscriber_date_of_birth: birth.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// The faults under the form's names of the fields.
fn form_errors(mut faults: Invalid) -> Errors {
    for fault in &mut faults.0 {
        for (theirs, ours) in RANKS {
            if let Some(rest) = fault.field.strip_prefix(theirs) {
                fault.field = format!("{ours}{rest}");
                break;
            }
        }
    }
    faults.into()
}

fn form(
    web: &Web,
    shell: view::parts::Shell,
    id: Option<PatientId>,
    sent: &Sent,
    errors: Errors,
) -> PatientFormPage {
    PatientFormPage {
        shell,
        key: if sent.key.is_empty() { web.form_key() } else { sent.key.clone() },
        id,
        version: sent.version.parse().unwrap_or(0),
        check: sent.check.parse().ok(),
        entry: sent.entry(),
        errors,
    }
}

/// The form of a new patient, filled from a waiting check when one is named.
pub(crate) async fn new(
    State(web): State<Web>,
    staff: Staff,
    FormKey(key): FormKey,
    Query(asked): Query<AskedNew>,
) -> Answer {
    staff.actor.must(Action::SavePatient)?;
    let sent = match &*asked.check {
        "" => Sent { key, ..Sent::default() },
        id => {
            let id: CheckId = parse_id(id, "check")?;
            let view = read::check(&web.app, &staff.actor, id).await?;
            if view.patient.is_some() {
                return Ok(Redirect::to(&format!("/eligibility/{id}")).into_response());
            }
            Sent { key, ..Sent::from_check(&view) }
        }
    };
    Ok(html(&form(&web, staff.shell, None, &sent, Errors::default())))
}

/// Adds a patient, who is given the check that the form was filled from.
pub(crate) async fn add(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let check: Option<CheckId> = match &*sent.check {
        "" => None,
        id => Some(parse_id(id, "check")?),
    };
    let key = (!sent.key.is_empty()).then_some(&*sent.key);
    match add_patient(&web.app, &staff.actor, &sent.read(), check, key).await {
        Ok(id) => Ok(done(&web, &format!("/patients/{id}"), "patient_added")),
        Err(error) => Ok(not_added(&web, staff, &sent, error)?),
    }
}

/// The form again, with why the patient was not added.
fn not_added(web: &Web, staff: Staff, sent: &Sent, error: Error) -> Result<Response, Error> {
    let status = failure::status(&error);
    let (sent, errors) = match error {
        Error::Invalid(faults) => (sent.clone(), form_errors(faults)),
        Error::KeyReused => {
            let message = "A patient was added from this form before, with other content. To \
                add another one, press Save again.";
            (Sent { key: String::new(), ..sent.clone() }, Errors::whole(message))
        }
        Error::NotFound(_) => {
            let message = format!(
                "{} does not wait for a patient any more. To add the patient without it, press \
                 Save again.",
                sent.check
            );
            let fresh = Sent { key: String::new(), check: String::new(), ..sent.clone() };
            (fresh, Errors::whole(message))
        }
        other => return Err(other),
    };
    Ok(html_with(status, &form(web, staff.shell, None, &sent, errors)))
}

/// The form of a patient.
pub(crate) async fn edit(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    staff.actor.must(Action::SavePatient)?;
    let id: PatientId = parse_id(&id, "patient")?;
    let view = read::patient(&web.app, &staff.actor, id).await?;
    Ok(html(&form(&web, staff.shell, Some(id), &Sent::of(&view), Errors::default())))
}

/// Changes a patient.
pub(crate) async fn save(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PatientId = parse_id(&id, "patient")?;
    let place = (id, sent.version.parse().unwrap_or(0));
    let error = match edit_patient(&web.app, &staff.actor, place, &sent.read()).await {
        Ok(()) => return Ok(done(&web, &format!("/patients/{id}"), "patient_saved")),
        Err(error @ (Error::Invalid(_) | Error::Stale { .. })) => error,
        Err(other) => return Err(other.into()),
    };
    let status = failure::status(&error);
    let now = Sent::of(&read::patient(&web.app, &staff.actor, id).await?);
    let (sent, errors) = match error {
        Error::Invalid(faults) => (sent, form_errors(faults)),
        _ if now.is_saved(&sent) => {
            return Ok(done(&web, &format!("/patients/{id}"), "patient_saved"));
        }
        _ => {
            let message = "Someone else changed this patient meanwhile. Save again to keep what \
                stands here, or go back to see what they changed.";
            (Sent { version: now.version, ..sent }, Errors::whole(message))
        }
    };
    Ok(html_with(status, &form(&web, staff.shell, Some(id), &sent, errors)))
}

impl Sent {
    /// Whether this patient is what that very form, sent twice, made of them.
    fn is_saved(&self, sent: &Self) -> bool {
        let next = sent.version.parse().map(|version: i64| version.saturating_add(1).to_string());
        let same = Self {
            key: self.key.clone(),
            version: self.version.clone(),
            check: String::new(),
            ..sent.clone()
        };
        next.as_ref() == Ok(&self.version) && self.clone().kept() == same.kept()
    }

    /// What is kept of the form: nothing of a subscriber who is the patient.
    fn kept(mut self) -> Self {
        let drop_unless_other = |relationship: &mut String, fields: [&mut String; 3]| {
            if ["", Relationship::Subscriber.as_str()].contains(&relationship.as_str()) {
                relationship.clear();
                fields.into_iter().for_each(String::clear);
            }
        };
        drop_unless_other(
            &mut self.primary_relationship,
            [
                &mut self.primary_subscriber_first_name,
                &mut self.primary_subscriber_last_name,
                &mut self.primary_subscriber_date_of_birth,
            ],
        );
        drop_unless_other(
            &mut self.secondary_relationship,
            [
                &mut self.secondary_subscriber_first_name,
                &mut self.secondary_subscriber_last_name,
                &mut self.secondary_subscriber_date_of_birth,
            ],
        );
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_coverages_stand_beside_the_form_s_fields() {
        let mut faults = Invalid::one("coverage_2_payer", "required", "Enter the payer.");
        faults.push("first_name", "required", "Enter the first name.");
        let errors = form_errors(faults);
        assert!(errors.has("secondary_payer", "required"));
        assert!(errors.has("first_name", "required"));
    }

    #[test]
    fn a_form_that_was_sent_twice_is_known_again() {
        let sent = Sent { version: "1".to_owned(), mrn: "7".to_owned(), ..Sent::default() };
        let now = Sent { version: "2".to_owned(), ..sent.clone() };
        assert!(now.is_saved(&Sent { key: "k".to_owned(), ..sent.clone() }));
        assert!(!now.is_saved(&Sent { mrn: "8".to_owned(), ..sent.clone() }));
        assert!(!now.is_saved(&now));
        let of_self = Sent {
            primary_relationship: "self".to_owned(),
            primary_subscriber_last_name: "Dropped".to_owned(),
            ..sent.clone()
        };
        assert!(now.is_saved(&of_self));
        assert!(!now.is_saved(&Sent { primary_relationship: "child".to_owned(), ..of_self }));
    }
}
