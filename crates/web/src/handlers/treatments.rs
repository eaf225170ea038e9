//! Treatments: the list, a treatment's page, adding and editing.

use almoner_app::permission::Action;
use almoner_app::read;
use almoner_app::save_treatment::{self, add_treatment, edit_treatment};
use almoner_app::{Actor, Error};
use almoner_domain::list::Direction;
use almoner_domain::{Invalid, Money, PatientId, TreatmentId, name};
use almoner_store::patients::Patient;
use almoner_store::treatments::{Procedure, Treatment, TreatmentQuery, TreatmentStatus};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::eligibility::asked::may_ask;
use super::find_patient;
use super::numbered::Numbered;
use super::rows::{overdue, payment_row, treatment_row, treatment_zone};
use crate::failure::{self, Answer, html, html_with};
use crate::format;
use crate::handlers::form_key::FormKey;
use crate::handlers::{parse_id, patient_match};
use crate::session::{Listed, Staff, done};
use crate::state::Web;
use crate::view::parts::{Choice, Errors, Fact, PatientRef};
use crate::view::payments::new::FindFor;
use crate::view::query::ListQuery;
use crate::view::treatments::{
    ProcedureEntry, ProcedureLine, TreatmentEntry, TreatmentFormPage, TreatmentPage, TreatmentsPage,
};

/// The list; an exact id goes straight to its treatment.
pub(crate) async fn list(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let usual = ListQuery::new("/treatments", "service", Direction::Descending);
    let asked = Numbered::read(usual, &pairs);
    let id = asked.query.q.parse::<TreatmentId>().ok();
    let query = TreatmentQuery {
        words: if id.is_some() { Vec::new() } else { name::search_words(&asked.query.q) },
        number: id.map(TreatmentId::seq),
        overdue: false,
        ascending: asked.query.direction == Direction::Ascending,
    };
    let is_nothing = id.is_none() && query.words.is_empty() && !asked.query.q.is_empty();
    let (rows, total) = if is_nothing {
        (Vec::new(), 0)
    } else {
        read::treatments(&web.app, &staff.actor, &query, asked.paging.range()).await?
    };
    if let (Some(id), 1) = (id, total) {
        return Ok(Redirect::to(&format!("/treatments/{id}")).into_response());
    }
    if let Some(response) = asked.beyond(total) {
        return Ok(response);
    }
    let today = staff.actor.date(web.app.now());
    let page = TreatmentsPage {
        rows: rows.iter().map(|treatment| treatment_row(today, treatment)).collect(),
        pager: asked.pager(total, rows.len()),
        query: asked.query,
        can_create: staff.actor.may(Action::SaveTreatment),
        shell: staff.shell,
    };
    Ok(Listed::of(&page.rows, |row| row.id).on(html(&page)))
}

/// A treatment's page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: TreatmentId = parse_id(&id, "treatment")?;
    let (treatment, payments) = read::treatment(&web.app, &staff.actor, id).await?;
    let (actor, today) = (&staff.actor, staff.actor.date(web.app.now()));
    let (fields, name) = (&treatment.fields, &treatment.patient_name);
    let line = |procedure: &Procedure| ProcedureLine {
        code: procedure.code.clone(),
        modifiers: procedure.modifiers.clone(),
        charge: procedure.charge,
    };
    let payment = |payment| payment_row(actor, today, payment, name.clone());
    Ok(html(&TreatmentPage {
        id,
        patient: PatientRef { id: fields.patient, name: name.clone() },
        status: fields.status.label().to_owned(),
        facts: facts(&treatment),
        procedures: fields.procedures.iter().map(line).collect(),
        foreign_codes: treatment.foreign_codes.clone(),
        charges: fields.charge(),
        overdue: overdue(&treatment.overdue, today),
        payments: payments.iter().map(payment).collect(),
        can_edit: actor.may(Action::SaveTreatment),
        can_create_payment: actor.may(Action::CreatePayment),
        can_check: may_ask(&web, actor),
        shell: staff.shell,
    }))
}

fn facts(treatment: &Treatment) -> Vec<Fact> {
    let zone = treatment_zone(treatment);
    let service = format::moment_with_zone(treatment.fields.service_at, &zone);
    let mut facts = vec![Fact::new("Service", service)];
    let physician = treatment.physician_name.clone();
    facts.extend(physician.map(|name| Fact::new("Physician", name)));
    facts.push(Fact::new("Location", treatment.location_name.clone()));
    facts
}

/// What the form of a new treatment is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskedNew {
    q: String,
    patient: String,
}

/// What the form sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    version: String,
    patient: String,
    service_date: String,
    service_time: String,
    physician: String,
    location: String,
    status: String,
    code: Vec<String>,
    modifiers: Vec<String>,
    charge: Vec<String>,
}

impl Sent {
    /// The rows of codes, blank ones among them so that faults keep their numbers.
    fn procedures(&self) -> impl Iterator<Item = ProcedureEntry> {
        let at = |column: &[String], row: usize| column.get(row).cloned().unwrap_or_default();
        let rows = self.code.len().max(self.charge.len()).min(save_treatment::MAX_PROCEDURES);
        (0..rows).map(move |row| ProcedureEntry {
            code: at(&self.code, row),
            modifiers: at(&self.modifiers, row),
            charge: at(&self.charge, row),
        })
    }

    /// The use case's entry.
    fn read(&self) -> save_treatment::TreatmentEntry {
        let procedure = |entry: ProcedureEntry| save_treatment::ProcedureEntry {
            code: entry.code,
            modifiers: entry.modifiers,
            charge: entry.charge,
        };
        save_treatment::TreatmentEntry {
            patient: self.patient.clone(),
            physician: self.physician.clone(),
            location: self.location.clone(),
            service_date: self.service_date.clone(),
            service_time: self.service_time.clone(),
            service_at: None,
            status: self.status.clone(),
            procedures: self.procedures().map(procedure).collect(),
        }
    }

    /// A stored treatment as the form would send it.
    fn of(treatment: &Treatment) -> Self {
        let fields = &treatment.fields;
        let service = fields.service_at.to_zoned_datetime(treatment_zone(treatment));
        let column = |value: fn(&Procedure) -> String| {
            fields.procedures.iter().map(value).collect::<Vec<_>>()
        };
        Self {
            key: String::new(),
            version: treatment.version.to_string(),
            patient: fields.patient.to_string(),
            service_date: service.strftime("%Y-%m-%d").to_string(),
            service_time: service.strftime("%H:%M").to_string(),
            physician: fields.physician.map(|id| id.to_string()).unwrap_or_default(),
            location: fields.location.to_string(),
            status: fields.status.as_str().to_owned(),
            code: column(|procedure| procedure.code.clone()),
            modifiers: column(|procedure| procedure.modifiers.clone()),
            charge: column(|procedure| procedure.charge.map(plain).unwrap_or_default()),
        }
    }
}

/// An amount as a field holds it: `1234.50`.
fn plain(amount: Money) -> String {
    amount.to_string().replace(['$', ','], "")
}

/// The faults under the form's names of the fields.
fn form_errors(mut faults: Invalid) -> Errors {
    for fault in &mut faults.0 {
        if let Some(name) = fault.field.strip_suffix("_id") {
            fault.field = name.to_owned();
        }
    }
    faults.into()
}

async fn form(
    web: &Web,
    staff: Staff,
    id: Option<TreatmentId>,
    patient: &Patient,
    (sent, errors): (&Sent, Errors),
) -> Result<TreatmentFormPage, Error> {
    let status = |status: TreatmentStatus| Choice::new(status.as_str(), status.label());
    Ok(TreatmentFormPage {
        key: if sent.key.is_empty() { web.form_key() } else { sent.key.clone() },
        id,
        version: sent.version.parse().unwrap_or(0),
        patient: patient_match(patient),
        entry: TreatmentEntry {
            service_date: sent.service_date.clone(),
            service_time: sent.service_time.clone(),
            physician: sent.physician.clone(),
            location: sent.location.clone(),
            status: sent.status.clone(),
            procedures: sent.procedures().collect(),
        },
        physicians: physician_choices(web, &staff.actor).await?,
        locations: locations(web, &staff.actor).await?,
        statuses: TreatmentStatus::ALL.into_iter().map(status).collect(),
        errors,
        shell: staff.shell,
    })
}

/// All physicians, as a select shows them.
pub(super) async fn physician_choices(web: &Web, actor: &Actor) -> Result<Vec<Choice>, Error> {
    let all = read::physicians(&web.app, actor).await?;
    let choices = all.iter().map(|physician| {
        let fields = &physician.fields;
        Choice::new(physician.id, format!("{}, {}", fields.last_name, fields.first_name))
    });
    Ok(choices.collect())
}

async fn locations(web: &Web, actor: &Actor) -> Result<Vec<Choice>, Error> {
    let all = read::locations(&web.app, actor).await?;
    let choices = all.iter().map(|location| {
        let fields = &location.fields;
        Choice::new(location.id, format!("{} ({})", fields.name, fields.time_zone))
    });
    Ok(choices.collect())
}

/// The form of a new treatment, or the step before it that finds the patient.
pub(crate) async fn new(
    State(web): State<Web>,
    staff: Staff,
    FormKey(key): FormKey,
    Query(asked): Query<AskedNew>,
) -> Answer {
    staff.actor.must(Action::SaveTreatment)?;
    if asked.patient.is_empty() {
        return find_patient::page(&web, staff, FindFor::Treatment, asked.q).await;
    }
    let patient: PatientId = parse_id(&asked.patient, "patient")?;
    let view = read::patient(&web.app, &staff.actor, patient).await?;
    let last = read::last_location(&web.app, &staff.actor).await?;
    let sent = Sent {
        key,
        patient: patient.to_string(),
        service_date: staff.actor.date(web.app.now()).to_string(),
        location: last.map(|location| location.to_string()).unwrap_or_default(),
        ..Sent::default()
    };
    let errors = Errors::default();
    Ok(html(&form(&web, staff, None, &view.patient, (&sent, errors)).await?))
}

/// Adds a treatment.
pub(crate) async fn add(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let key = (!sent.key.is_empty()).then_some(&*sent.key);
    let error = match add_treatment(&web.app, &staff.actor, &sent.read(), key).await {
        Ok(id) => return Ok(done(&web, &format!("/treatments/{id}"), "treatment_added")),
        Err(error @ (Error::Invalid(_) | Error::KeyReused)) => error,
        Err(other) => return Err(other.into()),
    };
    let patient: PatientId = parse_id(&sent.patient, "patient")?;
    let view = read::patient(&web.app, &staff.actor, patient).await?;
    let status = failure::status(&error);
    let shown = if let Error::Invalid(faults) = error {
        (&sent, form_errors(faults))
    } else {
        let message = "A treatment was added from this form before, with other content. To \
            add another one, press Save again.";
        (&Sent { key: String::new(), ..sent.clone() }, Errors::whole(message))
    };
    Ok(html_with(status, &form(&web, staff, None, &view.patient, shown).await?))
}

/// The form of a treatment.
pub(crate) async fn edit(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    staff.actor.must(Action::SaveTreatment)?;
    let id: TreatmentId = parse_id(&id, "treatment")?;
    let (treatment, _) = read::treatment(&web.app, &staff.actor, id).await?;
    let patient = treatment.fields.patient;
    let view = read::patient(&web.app, &staff.actor, patient).await?;
    let shown = (&Sent::of(&treatment), Errors::default());
    Ok(html(&form(&web, staff, Some(id), &view.patient, shown).await?))
}

/// Changes a treatment.
pub(crate) async fn save(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: TreatmentId = parse_id(&id, "treatment")?;
    let place = (id, sent.version.parse().unwrap_or(0));
    let error = match edit_treatment(&web.app, &staff.actor, place, &sent.read()).await {
        Ok(()) => return Ok(done(&web, &format!("/treatments/{id}"), "treatment_saved")),
        Err(error @ (Error::Invalid(_) | Error::Stale { .. })) => error,
        Err(other) => return Err(other.into()),
    };
    let status = failure::status(&error);
    let (treatment, _) = read::treatment(&web.app, &staff.actor, id).await?;
    let view = read::patient(&web.app, &staff.actor, treatment.fields.patient).await?;
    let shown = if let Error::Invalid(faults) = error {
        (&sent, form_errors(faults))
    } else {
        let message = "Someone else changed this treatment meanwhile. Save again to keep \
            what stands here, or go back to see what they changed.";
        let version = treatment.version.to_string();
        (&Sent { version, ..sent.clone() }, Errors::whole(message))
    };
    Ok(html_with(status, &form(&web, staff, Some(id), &view.patient, shown).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_codes_keep_their_places() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let sent = Sent {
            code: texts(&["99213", "", "J1745"]),
            charge: texts(&["150", "20"]),
            ..Sent::default()
        };
        let rows: Vec<_> = sent.procedures().map(|row| (row.code, row.charge)).collect();
        let row = |code: &str, charge: &str| (code.to_owned(), charge.to_owned());
        assert_eq!(rows, [row("99213", "150"), row("", "20"), row("J1745", "")]);
        let many = Sent { code: vec![String::new(); 1_000], ..Sent::default() };
        assert_eq!(many.procedures().count(), save_treatment::MAX_PROCEDURES);
    }

    #[test]
    fn faults_stand_beside_the_form_s_fields() {
        let faults = Invalid::one("location_id", "required", "Choose a location.");
        assert!(form_errors(faults).has("location", "required"));
        assert_eq!(plain(Money::from_cents(123_450)), "1234.50");
    }
}
