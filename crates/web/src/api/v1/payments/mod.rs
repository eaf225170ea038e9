//! Payments: listed, created, changed, refunded. Each call uses what the pages use.

mod answer;
mod create;
mod edit;
mod history;
mod link;
mod list;
mod refunds;
mod reversal;
mod status;
mod summary;

use almoner_app::{Error, read_whole};
use almoner_domain::{Invalid, PaymentId};
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use self::answer::PaymentAnswer;
pub(super) use self::summary::CollectedSums;
use crate::api::caller::{Caller, Thing, showing};
use crate::api::etag::tagged;
use crate::api::json;
use crate::api::problem::{Answer, Problem};
use crate::state::Web;

/// Every call about payments but those about what is attached to them.
pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default()
        .merge(list::calls())
        .merge(summary::calls())
        .merge(edit::calls())
        .merge(status::calls())
        .merge(refunds::calls())
        .merge(reversal::calls())
        .merge(link::calls())
        .merge(history::calls())
}

/// The payment as it stands now, with the tag of its version.
async fn standing(web: &Web, caller: &Caller, id: PaymentId) -> Answer {
    let found = read_whole::get(&web.app, &caller.actor, id).await?;
    Ok(answered(web, caller, StatusCode::OK, found))
}

fn answered(
    web: &Web,
    caller: &Caller,
    status: StatusCode,
    found: read_whole::Estimated,
) -> Response {
    let (id, version) = (found.0.listed.payment.id, found.0.listed.payment.version);
    let answer = json(status, &PaymentAnswer::new(web, &caller.actor, found));
    showing(vec![Thing::Payment(id)], tagged(version, answer))
}

/// A failure under the names that the fields have here.
fn told(error: Error) -> Problem {
    match error {
        Error::Invalid(faults) => named(faults).into(),
        Error::NotFound("patient") => {
            let message = "There is no such patient at this clinic.";
            Problem::field("patient_id", "not_found", message)
        }
        Error::NotFound("location") => {
            Problem::field("location_id", "not_found", "The clinic has no location yet.")
        }
        other => other.into(),
    }
}

fn named(mut faults: Invalid) -> Invalid {
    for fault in &mut faults.0 {
        let field = match (&*fault.field, &*fault.code) {
            ("location_id", "unknown") => {
                "not_found".clone_into(&mut fault.code);
                "There is no such location at this clinic.".clone_into(&mut fault.message);
                continue;
            }
            ("due_date", "in_the_past") => {
                let message = "This date has passed. To keep it, send confirm_past_due_date: true.";
                message.clone_into(&mut fault.message);
                continue;
            }
            ("amount", _) => "amount_cents",
            ("until", _) => "expires_at",
            ("tender_type", _) => "tender.type",
            ("given", _) => "tender.given_cents",
            ("number", _) => "tender.number",
            ("authorization_code", _) => "tender.authorization_code",
            ("last_four", _) => "tender.last_four",
            ("reference", _) => "tender.reference",
            ("received_at", _) => "tender.received_at",
            _ => continue,
        };
        field.clone_into(&mut fault.field);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_the_names_of_the_interface() {
        let mut faults = Invalid::default();
        for (field, code) in [
            ("amount", "zero"),
            ("given", "less_than_amount"),
            ("location_id", "unknown"),
            ("reason", "required"),
        ] {
            faults.push(field, code, "Told to people.");
        }
        let told = named(faults).0.into_iter().map(|fault| (fault.field, fault.code));
        let told: Vec<String> = told.map(|(field, code)| format!("{field} {code}")).collect();
        let expected = [
            "amount_cents zero",
            "tender.given_cents less_than_amount",
            "location_id not_found",
            "reason required",
        ];
        assert_eq!(told, expected);
    }
}
