//! What a payer says of a patient otherwise than the clinic, and what is done about it.

use almoner_app::compare_person::{Compared, PersonField};
use almoner_app::dismiss_differences::dismiss_differences;
use almoner_app::use_payers_data::{UsePayersData, use_payers_data};
use almoner_domain::{CheckId, Invalid, PatientId};
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::matching::sides;
use crate::failure::Answer;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::eligibility::detail::Differences;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    patient: String,
    version: String,
    back: String,
    r#use: String,
    r#do: String,
}

/// Takes one field over, or dismisses them all.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let check: CheckId = parse_id(&id, "check")?;
    let patient: PatientId = parse_id(&sent.patient, "patient")?;
    let home = match &*sent.back {
        "patient" => format!("/patients/{patient}"),
        _ => format!("/eligibility/{check}"),
    };
    if sent.r#do == "dismiss" {
        dismiss_differences(&web.app, &staff.actor, check).await?;
        return Ok(done(&web, &home, "differences_dismissed"));
    }
    let field = PersonField::from_name(&sent.r#use);
    let field = field.ok_or_else(|| Invalid::one("use", "unknown", "Choose what to take over."))?;
    let version = sent.version.parse().unwrap_or(0);
    let input = UsePayersData { check, patient, version, field };
    use_payers_data(&web.app, &staff.actor, &input).await?;
    Ok(done(&web, &home, "patient_saved"))
}

/// Where the differences stand and who looks at them.
pub(crate) struct Place {
    pub(crate) key: String,
    pub(crate) check: CheckId,
    pub(crate) patient: PatientId,
    pub(crate) version: i64,
    pub(crate) back: &'static str,
    pub(crate) can_edit: bool,
}

/// What differs, as pages show it; nothing when nothing does.
pub(crate) fn told(
    place: Place,
    payer: &str,
    compared: &[Compared],
    (is_flagged, dismissed): (bool, Option<String>),
) -> Option<Differences> {
    let differing: Vec<Compared> = compared.iter().filter(|pair| pair.differs).cloned().collect();
    let names: Vec<String> =
        differing.iter().map(|pair| in_sentence(pair.field).to_owned()).collect();
    let (last, first) = names.split_last()?;
    let listed =
        if first.is_empty() { last.clone() } else { format!("{} and {last}", first.join(", ")) };
    let Place { key, check, patient, version, back, can_edit } = place;
    Some(Differences {
        key,
        check,
        patient,
        version,
        headline: format!("{payer} has another {listed}"),
        is_flagged,
        dismissed,
        sides: sides(&differing),
        back,
        can_edit,
    })
}

fn in_sentence(field: PersonField) -> &'static str {
    match field {
        PersonField::LastName => "last name",
        PersonField::FirstName => "first name",
        PersonField::DateOfBirth => "date of birth",
        PersonField::MemberId => "member ID",
        PersonField::Sex => "sex",
        PersonField::Address => "address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(field: PersonField, differs: bool) -> Compared {
        let (theirs, ours) = (Some("A".to_owned()), Some("B".to_owned()));
        Compared { field, theirs, ours, differs }
    }

    fn headline(compared: &[Compared]) -> Option<String> {
        let place = Place {
            key: "k".to_owned(),
            check: CheckId::new(1),
            patient: PatientId::new(1),
            version: 1,
            back: "check",
            can_edit: true,
        };
        told(place, "Sample", compared, (true, None)).map(|told| told.headline)
    }

    #[test]
    fn what_differs_is_told_in_a_headline() {
        use PersonField::{Address, DateOfBirth, LastName, Sex};
        assert_eq!(headline(&[pair(Sex, false)]), None);
        let one = headline(&[pair(Sex, false), pair(Address, true)]);
        assert_eq!(one.as_deref(), Some("Sample has another address"));
        let three = [LastName, DateOfBirth, Address].map(|field| pair(field, true));
        let told = "Sample has another last name, date of birth and address";
        assert_eq!(headline(&three).as_deref(), Some(told));
    }
}
