//! What to do about a payer's rejection, and where. To add a code, add it to [`Fix::of`].

use almoner_domain::estimate;
use almoner_domain::{CheckId, PatientId};

use super::words;
use crate::view::eligibility::detail::Rejection;
use crate::view::parts::Link;

/// What is wrong, as far as it tells what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fix {
    /// The date of birth.
    BirthDate,
    /// The member's id.
    MemberId,
    /// The name.
    Name,
    /// The sex.
    Sex,
    /// Any of what says who somebody is.
    Person,
    /// The group, the plan or the payer.
    Plan,
    /// The date of service.
    ServiceDate,
    /// Who asks.
    Provider,
    /// Nothing: the payer cannot answer now.
    Later,
    /// What the request asked about.
    Service,
    /// The reason does not say.
    Unknown,
}

impl Fix {
    fn of(code: Option<&str>) -> Self {
        match code.unwrap_or_default() {
            "58" | "60" | "71" => Self::BirthDate,
            "64" | "68" | "72" | "76" => Self::MemberId,
            "65" | "73" => Self::Name,
            "66" | "70" | "74" => Self::Sex,
            "15" | "67" | "69" | "75" | "77" => Self::Person,
            "78" | "79" | "T4" => Self::Plan,
            "52" | "56" | "57" | "61" | "62" | "63" => Self::ServiceDate,
            "35" | "41" | "43" | "44" | "45" | "46" | "47" | "48" | "49" | "50" | "51" | "97" => {
                Self::Provider
            }
            "42" | "80" => Self::Later,
            "33" | "53" | "54" | "55" | "98" | "AA" | "AE" | "AF" | "AG" | "IA" | "MA" => {
                Self::Service
            }
            _ => Self::Unknown,
        }
    }

    /// What to do, in a sentence or two.
    fn advice(self) -> &'static str {
        match self {
            Self::BirthDate => {
                "Compare the date of birth with the insurance card or an identity card, correct \
                 it, and ask again."
            }
            Self::MemberId => {
                "Compare the member ID with the insurance card, letter by letter, and ask again."
            }
            Self::Name => {
                "Write the name as it stands on the insurance card, without a nickname, and ask \
                 again."
            }
            Self::Sex => "Compare the sex with the insurance card, correct it, and ask again.",
            Self::Person => {
                "Compare member ID, name and date of birth with the insurance card. When all of it \
                 is right, the patient may have changed plans: ask for the new card."
            }
            Self::Plan => {
                "Make sure that this is the patient's payer and plan; ask for the newest insurance \
                 card."
            }
            Self::ServiceDate => {
                "Ask for another date of service: the payer answers only for dates within its \
                 window and within the coverage."
            }
            Self::Provider => {
                "Make sure that the NPI is right, and that the payer or the clearinghouse has \
                 enrolled this provider."
            }
            Self::Later => "Nothing is wrong with the question. Ask again in a while.",
            Self::Service => {
                "Ask about a service type that the payer knows, such as the whole plan."
            }
            Self::Unknown => "Call the payer when its reason does not help.",
        }
    }

    /// The field of the patient's form that it is about.
    fn field(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::BirthDate => ("date_of_birth", "Correct the date of birth"),
            Self::MemberId => ("primary_member_id", "Correct the member ID"),
            Self::Name => ("last_name", "Correct the name"),
            Self::Sex => ("sex", "Correct the sex"),
            Self::Person => ("first_name", "Correct the patient's data"),
            Self::Plan => ("primary_payer", "Correct the coverage"),
            Self::ServiceDate | Self::Provider | Self::Later | Self::Service | Self::Unknown => {
                return None;
            }
        })
    }
}

/// Where the reader of the page can do something about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    /// The check.
    pub(super) check: CheckId,
    /// Whose it is.
    pub(super) patient: Option<PatientId>,
    /// The reader may change patients.
    pub(super) can_edit: bool,
    /// The reader may match checks.
    pub(super) can_match: bool,
    /// The reader may change physicians.
    pub(super) can_set: bool,
}

/// A rejection with what to do about it.
pub(super) fn rejection(rejection: &estimate::Rejection, ways: Ways) -> Rejection {
    let fix = Fix::of(rejection.code.as_deref());
    let codes = [&rejection.code, &rejection.follow_up].into_iter().flatten();
    let codes = codes.map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut links = Vec::new();
    match (fix.field(), ways.patient) {
        (Some((field, label)), Some(patient)) if ways.can_edit => {
            links.push(Link::new(format!("/patients/{patient}/edit#f-{field}"), label));
        }
        (Some(_), None) if ways.can_match => {
            let href = format!("/eligibility/{}#s-match", ways.check);
            links.push(Link::new(href, "Say whose check it is"));
        }
        _ => {}
    }
    if fix == Fix::Provider && ways.can_set {
        links.push(Link::new("/settings/physicians", "Look at the NPIs"));
    }
    Rejection {
        reason: rejection.reason.clone(),
        concerns: words::concerned(&rejection.loop_name).to_owned(),
        advice: fix.advice(),
        links,
        follow_up: rejection.follow_up_text.clone().unwrap_or_default(),
        codes: if codes.is_empty() { "not stated".to_owned() } else { codes },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, ways: Ways) -> Rejection {
        let rejection = estimate::Rejection {
            code: Some(code.to_owned()),
            follow_up: Some("C".to_owned()),
            loop_name: "2100C".to_owned(),
            ..estimate::Rejection::default()
        };
        super::rejection(&rejection, ways)
    }

    /// The ways of somebody who may do everything.
    fn all() -> Ways {
        let patient = Some(PatientId::new(2));
        Ways { check: CheckId::new(7), patient, can_edit: true, can_match: true, can_set: true }
    }

    #[test]
    fn a_reason_leads_to_the_field_that_it_is_about() {
        for (code, field) in [
            ("71", "date_of_birth"),
            ("72", "primary_member_id"),
            ("73", "last_name"),
            ("75", "first_name"),
            ("78", "primary_payer"),
        ] {
            let links = told(code, all()).links;
            assert_eq!(links[0].href, format!("/patients/PAT-002/edit#f-{field}"), "{code}");
        }
        assert_eq!(told("51", all()).links[0].href, "/settings/physicians");
        for code in ["42", "62", "ZZ", ""] {
            let told = told(code, all());
            assert!(told.links.is_empty() && !told.advice.is_empty(), "{code}");
        }
    }

    #[test]
    fn nobody_is_sent_where_they_may_not_go() {
        let reader = Ways { can_edit: false, can_match: false, can_set: false, ..all() };
        assert!(told("71", reader).links.is_empty());
        assert!(told("51", reader).links.is_empty());
        let waiting = Ways { patient: None, ..all() };
        assert_eq!(told("71", waiting).links[0].href, "/eligibility/ELG-007#s-match");
        assert!(told("71", Ways { can_match: false, ..waiting }).links.is_empty());
    }

    #[test]
    fn codes_stand_beside_the_words() {
        let told = told("75", all());
        assert_eq!((told.codes.as_str(), told.concerns.as_str()), ("75, C", "the subscriber"));
        let none = super::rejection(&estimate::Rejection::default(), all());
        assert_eq!(none.codes, "not stated");
    }
}
