//! The form of a patient: adding and editing.

use almoner_app::Error;
use almoner_app::check_answer::StoredAnswer;
use almoner_app::permission::Action;
use almoner_app::read::{self, CheckView, PatientView};
use almoner_app::save_patient::{self, add_patient, edit_patient};
use almoner_domain::insured::Relationship;
use almoner_domain::likeness::in_words;
use almoner_domain::{CheckId, Invalid, PatientId};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use jiff::civil::Date;
use serde::Deserialize;

use super::patients::{Found, found};
use crate::failure::{self, Answer, html, html_with};
use crate::handlers::form_key::FormKey;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view;
use crate::view::parts::Errors;
use crate::view::patients::{CoverageEntry, PatientEntry, PatientFormPage};
use crate::view::payments::new::FindFor;

/// What the form of a new patient is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskedNew {
    check: String,
    /// What the patient is needed for, as [`FindFor::as_str`] says it.
    #[serde(rename = "for")]
    purpose: String,
}

/// What the form sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    version: String,
    check: String,
    #[serde(rename = "for")]
    purpose: String,
    /// `1` when a new patient is somebody else than those who look alike.
    somebody_else: String,
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
            is_somebody_else: sent.somebody_else == "1",
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
            purpose: String::new(),
            somebody_else: String::new(),
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
        purpose: FindFor::from_name(&sent.purpose),
        entry: sent.entry(),
        alike: Vec::new(),
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
        "" => Sent { key, purpose: asked.purpose, ..Sent::default() },
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

/// Adds a patient, who is given the check that the form was filled from, and goes on to what they
/// are needed for.
pub(crate) async fn add(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let check: Option<CheckId> = match &*sent.check {
        "" => None,
        id => Some(parse_id(id, "check")?),
    };
    let key = (!sent.key.is_empty()).then_some(&*sent.key);
    match add_patient(&web.app, &staff.actor, &sent.read(), check, key).await {
        Ok(id) => {
            let purpose = FindFor::from_name(&sent.purpose);
            let to = purpose.map(|purpose| format!("{}?patient={id}", purpose.path()));
            let to = to.unwrap_or_else(|| format!("/patients/{id}"));
            Ok(done(&web, &to, "patient_added"))
        }
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
        Error::Alike(found) => {
            let sent = Sent { key: String::new(), ..sent.clone() };
            let page = form(web, staff.shell, None, &sent, Errors::default());
            let alike = found.iter().map(|(id, traits)| (*id, in_words(traits))).collect();
            return Ok(html_with(status, &PatientFormPage { alike, ..page }));
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
    let view = match found(&web, &staff.actor, id).await? {
        Found::Patient(view) => view,
        Found::Heir(heir) => {
            return Ok(Redirect::to(&format!("/patients/{heir}/edit")).into_response());
        }
    };
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
            purpose: String::new(),
            somebody_else: String::new(),
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
