//! Asking a payer: the form, what it sends, and a question's own page.

use almoner_app::permission::Action;
use almoner_app::read::{self, PatientView};
use almoner_app::read_inquiries::{self, InquiryView};
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::{Actor, Error};
use almoner_domain::estimate::EstimateSettings;
use almoner_domain::estimate::labels::service_type_label;
use almoner_domain::estimate::service_types::asked_about;
use almoner_domain::inquiry::SERVICE_TYPES;
use almoner_domain::{InquiryId, Invalid, PatientId, TreatmentId, time};
use almoner_store::patients::Coverage;
use almoner_store::treatments::Treatment;
use axum::extract::{Path, State};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::asked::{about, again, ways, words};
use crate::failure::{self, Answer, html, html_with};
use crate::format;
use crate::handlers::find_patient;
use crate::handlers::form_key::FormKey;
use crate::handlers::payments::create::location_choices;
use crate::handlers::rows::treatment_zone;
use crate::handlers::treatments::physician_choices;
use crate::handlers::{parse_id, patient_match};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::inquiries::{CheckEntry, InquiryPage, RunCheckPage};
use crate::view::parts::{Choice, Errors, Fact, PatientRef};
use crate::view::payments::new::FindFor;

/// What the form is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskedNew {
    q: String,
    patient: String,
    treatment: String,
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    patient: String,
    treatment: String,
    coverage: String,
    service_type: String,
    service_date: String,
    location: String,
    physician: String,
}

impl Sent {
    /// A treatment as the form would ask about it.
    fn of(treatment: &Treatment, settings: &EstimateSettings) -> Self {
        let fields = &treatment.fields;
        let codes: Vec<String> = fields.procedures.iter().map(|row| row.code.clone()).collect();
        let day = time::local_date(fields.service_at, &treatment_zone(treatment));
        Self {
            patient: fields.patient.to_string(),
            treatment: treatment.id.to_string(),
            service_type: asked_about(None, &codes, settings).to_owned(),
            service_date: day.to_string(),
            location: fields.location.to_string(),
            physician: fields.physician.map(|id| id.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The use case's input.
    fn read(&self, patient: PatientId) -> Result<RunCheck, Invalid> {
        let mut faults = Invalid::default();
        let date = (!self.service_date.trim().is_empty())
            .then(|| faults.collect(time::parse_date("service_date", &self.service_date)));
        let typed = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let unknown = |field: &str| Invalid::one(field, "unknown", "Choose from the list.");
        let location = typed(&self.location)
            .map(|id| faults.collect(id.parse().map_err(|_| unknown("location"))));
        let physician = typed(&self.physician)
            .map(|id| faults.collect(id.parse().map_err(|_| unknown("physician"))));
        let treatment = typed(&self.treatment)
            .map(|id| faults.collect(id.parse().map_err(|_| unknown("treatment"))));
        let input = RunCheck {
            patient,
            // Blank is the primary coverage, anything odd is none.
            rank: self.coverage.parse().unwrap_or_else(|_| i64::from(self.coverage.is_empty())),
            service_type: typed(&self.service_type),
            service_date: date.flatten(),
            location: location.flatten(),
            physician: physician.flatten(),
            treatment: treatment.flatten(),
        };
        faults.into_result().map(|()| input)
    }
}

/// The form, or the step before it that finds the patient.
pub(crate) async fn new(
    State(web): State<Web>,
    staff: Staff,
    FormKey(key): FormKey,
    Query(asked): Query<AskedNew>,
) -> Answer {
    staff.actor.must(Action::ImportEligibility)?;
    let sent = match (&*asked.treatment, &*asked.patient) {
        ("", "") => return find_patient::page(&web, staff, FindFor::Check, asked.q).await,
        ("", patient) => Sent { patient: patient.to_owned(), ..Sent::default() },
        (treatment, _) => {
            let id: TreatmentId = parse_id(treatment, "treatment")?;
            let settings = read::eligibility_settings(&web.app, &staff.actor).await?;
            let (treatment, ..) = read::treatment(&web.app, &staff.actor, id).await?;
            Sent::of(&treatment, &settings.stored.settings)
        }
    };
    let sent = Sent { key, coverage: "1".to_owned(), ..sent };
    Ok(html(&form(&web, staff, &sent, Invalid::default()).await?))
}

async fn form(
    web: &Web,
    staff: Staff,
    sent: &Sent,
    faults: Invalid,
) -> Result<RunCheckPage, Error> {
    let patient: PatientId = parse_id(&sent.patient, "patient")?;
    let view = read::patient(&web.app, &staff.actor, patient).await?;
    let last = match &*sent.location {
        "" => read::last_location(&web.app, &staff.actor).await?.map(|id| id.to_string()),
        chosen => Some(chosen.to_owned()),
    };
    let locations = location_choices(web, &staff.actor).await?;
    Ok(RunCheckPage {
        key: if sent.key.is_empty() { web.form_key() } else { sent.key.clone() },
        patient: patient_match(&view.patient),
        treatment: sent.treatment.parse().ok(),
        entry: CheckEntry {
            coverage: sent.coverage.clone(),
            service_type: sent.service_type.clone(),
            service_date: sent.service_date.clone(),
            location: last.unwrap_or_default(),
            physician: sent.physician.clone(),
        },
        coverages: coverage_choices(&view),
        service_types: service_types(&sent.service_type),
        physicians: physician_choices(web, &staff.actor).await?,
        is_test: web.app.clearinghouse.is_test(),
        ways: ways(&faults, patient, &sent.coverage),
        errors: form_errors(faults, !locations.is_empty()),
        locations,
        shell: staff.shell,
    })
}

fn coverage_choices(view: &PatientView) -> Vec<Choice> {
    let ranks = [(1, "Primary"), (2, "Secondary")];
    let choice = |((rank, label), coverage): ((i64, &str), &Coverage)| {
        let member = coverage.member_id.as_deref().map(|id| format!(", member {id}"));
        Choice::new(rank, format!("{label}: {}{}", coverage.payer, member.unwrap_or_default()))
    };
    ranks.into_iter().zip(&view.coverages).map(choice).collect()
}

/// The service types of the form, the chosen one among them.
fn service_types(chosen: &str) -> Vec<Choice> {
    let label = |code: &str| service_type_label(code).map(|label| Choice::new(code, label));
    let is_listed = chosen.is_empty() || SERVICE_TYPES.contains(&chosen);
    let other = label(chosen).filter(|_| !is_listed);
    SERVICE_TYPES.iter().filter_map(|code| label(code)).chain(other).collect()
}

/// The faults beside the form's fields: what is missing elsewhere stands beside what it is of. The
/// only location of a clinic has no field.
fn form_errors(mut faults: Invalid, has_locations: bool) -> Errors {
    for fault in &mut faults.0 {
        let place = match &*fault.field {
            "service_type" | "service_date" | "physician" | "coverage" => continue,
            "location" | "location_id" | "npi" if has_locations => "location",
            "physician_id" => "physician",
            "first_name" | "last_name" | "date_of_birth" => "patient",
            "location" | "location_id" | "npi" | "clearinghouse" | "treatment" | "treatment_id" => {
                ""
            }
            _ => "coverage",
        };
        place.clone_into(&mut fault.field);
    }
    faults.into()
}

/// Asks.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    staff.actor.must(Action::ImportEligibility)?;
    let patient: PatientId = parse_id(&sent.patient, "patient")?;
    let key = (!sent.key.is_empty()).then_some(&*sent.key);
    let asked = match sent.read(patient) {
        Ok(input) => run_check(&web.app, &staff.actor, &input, key).await,
        Err(faults) => Err(faults.into()),
    };
    let error = match asked {
        Ok(_) => return Ok(done(&web, &format!("/patients/{patient}"), "check_asked")),
        Err(error @ (Error::Invalid(_) | Error::KeyReused)) => error,
        Err(other) => return Err(other.into()),
    };
    let status = failure::status(&error);
    let (sent, faults) = if let Error::Invalid(faults) = error {
        (sent, faults)
    } else {
        let message = "The payer was asked from this form before, with other content. To ask \
            this as well, press Run check again.";
        (Sent { key: String::new(), ..sent }, Invalid::one("clearinghouse", "key_reused", message))
    };
    let mut page = form(&web, staff, &sent, faults).await?;
    if status == axum::http::StatusCode::CONFLICT {
        page.ways.clear();
    }
    Ok(html_with(status, &page))
}

/// A question's own page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: InquiryId = parse_id(&id, "question")?;
    let view = read_inquiries::inquiry(&web.app, &staff.actor, id).await?;
    let (inquiry, zone) = (&view.listed.inquiry, &staff.actor.organization.zone);
    let segments = inquiry.asked.question.split_terminator('~').map(str::to_owned);
    Ok(html(&InquiryPage {
        id,
        state: inquiry.state,
        words: words(inquiry, web.app.now(), zone),
        patient: PatientRef { id: inquiry.asked.patient, name: view.listed.patient_name.clone() },
        facts: facts(&staff.actor, &view),
        check: inquiry.check,
        again: again(&web, &staff.actor, inquiry),
        segments: segments.collect(),
        shell: staff.shell,
    }))
}

fn facts(actor: &Actor, view: &InquiryView) -> Vec<Fact> {
    let zone = &actor.organization.zone;
    let asked = &view.listed.inquiry.asked;
    let physician = view.physician.as_ref().map(|physician| &physician.fields);
    let lines = [
        ("Payer", Some(asked.payer.clone())),
        ("Payer ID", Some(asked.payer_id.clone())),
        ("Member ID", asked.member_id.clone()),
        ("Relationship", Some(asked.relationship.label().to_owned())),
        ("Service", Some(about(asked))),
        ("Location", view.location.as_ref().map(|location| location.fields.name.clone())),
        ("Physician", physician.map(|who| format!("{} {}", who.first_name, who.last_name))),
        ("NPI", Some(asked.npi.clone())),
        ("Asked", Some(format::moment(asked.created_at, zone))),
        ("Asked by", view.asked_by.clone()),
        ("Tries", Some(view.listed.inquiry.tries.to_string())),
        ("Clearinghouse", Some(asked.clearinghouse.clone())),
        ("Trace", Some(asked.trace.clone())),
    ];
    lines.into_iter().filter_map(|(label, value)| Some(Fact::new(label, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_stand_beside_what_they_are_of() {
        let mut faults = Invalid::one("payer_id", "missing", "The payer ID is missing.");
        faults.push("npi", "missing", "There is no NPI.");
        faults.push("treatment_id", "not_the_patients", "Choose another.");
        faults.push("service_date", "not_a_date", "Enter a date.");
        let fields = |has_locations| {
            let errors = form_errors(faults.clone(), has_locations);
            errors.0.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(true), ["coverage", "location", "", "service_date"]);
        assert_eq!(fields(false), ["coverage", "", "", "service_date"]);
    }

    #[test]
    fn a_chosen_service_type_is_always_in_the_list() {
        let has = |chosen: &str, code: &str| {
            service_types(chosen).iter().filter(|choice| choice.is(code)).count()
        };
        assert_eq!((has("", "30"), has("98", "98")), (1, 1));
        assert_eq!((has("BL", "BL"), has("", "BL")), (1, 0));
        assert_eq!(has("<b>", "<b>"), 0);
    }
}
