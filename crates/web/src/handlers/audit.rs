//! The audit log, narrowed by what its address says.

use std::str::FromStr;

use almoner_app::Actor;
use almoner_app::read_audit::{AuditView, read_audit};
use almoner_domain::{
    CheckId, DrawerCountId, ExceptionId, ImportId, InquiryId, Invalid, LocationId, Money,
    PatientId, PaymentId, PhysicianId, TreatmentId, UserId, text, time,
};
use almoner_store::audit::NamedEvent;
use almoner_store::audit_list::{AuditQuery, Doer, Place};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::{Answer, html};
use crate::format;
use crate::session::Staff;
use crate::state::Web;
use crate::view::audit::{AuditFilter, AuditPage, AuditRow};
use crate::view::parts::Choice;
use crate::view::query::Address;

/// Doers that are no member of the staff.
const OTHERS: [(&str, &str, Doer); 4] = [
    ("payers", "Payers", Doer::Payers),
    ("processor", "The processor", Doer::Processor),
    ("programs", "Other programs", Doer::Programs),
    ("almoner", "Almoner", Doer::Almoner),
];

/// What the address says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    from: String,
    to: String,
    who: String,
    about: String,
    reads: String,
    after: String,
}

/// The page. What cannot be understood is told, and the log is shown without it.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut faults = Invalid::default();
    let query = query(&asked, &staff.actor, &mut faults);
    let view = read_audit(&web.app, &staff.actor, &query).await?;
    let filter = AuditFilter {
        reads: query.with_reads,
        from: asked.from,
        to: asked.to,
        who: asked.who,
        about: asked.about,
    };
    let zone = &staff.actor.organization.zone;
    let older = view.page.next.map(|next| address(&filter, Some(next)));
    Ok(html(&AuditPage {
        doers: doers(&view),
        rows: view.page.entries.iter().map(|entry| row(entry, &staff.actor)).collect(),
        looked_back_to: view.page.looked_back_to.map(|at| format::moment(at, zone)),
        newest: query.after.is_some().then(|| address(&filter, None)),
        older,
        query: filter,
        errors: faults.into(),
        shell: staff.shell,
    }))
}

fn query(asked: &Asked, actor: &Actor, faults: &mut Invalid) -> AuditQuery {
    let zone = &actor.organization.zone;
    let mut day = |name: &str, text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| faults.collect(time::parse_date(name, text))).flatten()
    };
    let from = day("from", &asked.from).map(|day| time::start_of_day(day, zone));
    let until = day("to", &asked.to);
    let until = until.map(|day| time::start_of_day(day.tomorrow().unwrap_or(day), zone));
    let about = asked.about.trim();
    let subject = if about.is_empty() {
        None
    } else {
        let unknown = || Invalid::one("about", "unknown", "Enter an id such as PAY-894.");
        faults.collect(subject(about).ok_or_else(unknown))
    };
    AuditQuery {
        from,
        until,
        doer: doer(&asked.who),
        subject,
        with_reads: asked.reads == "1",
        after: text::unhex(&asked.after).and_then(|place| place.try_into().ok()),
    }
}

fn doer(who: &str) -> Option<Doer> {
    let other = OTHERS.iter().find(|(name, ..)| *name == who).map(|other| other.2);
    other.or_else(|| who.parse().ok().map(Doer::User))
}

fn doers(view: &AuditView) -> Vec<Choice> {
    let member = |(id, name): &(UserId, String)| Choice::new(id.to_string(), name.as_str());
    let others = OTHERS.iter().map(|(name, label, _)| Choice::new(*name, *label));
    view.members.iter().map(member).chain(others).collect()
}

/// The kind of thing, as the log names it, and its number.
fn subject(id: &str) -> Option<(&'static str, i64)> {
    fn seq<T: FromStr>(id: &str, number: impl Fn(T) -> i64) -> Option<i64> {
        id.parse().ok().map(number)
    }
    None.or_else(|| seq(id, PaymentId::seq).map(|seq| ("payment", seq)))
        .or_else(|| seq(id, PatientId::seq).map(|seq| ("patient", seq)))
        .or_else(|| seq(id, TreatmentId::seq).map(|seq| ("treatment", seq)))
        .or_else(|| seq(id, CheckId::seq).map(|seq| ("eligibility_check", seq)))
        .or_else(|| seq(id, InquiryId::seq).map(|seq| ("eligibility_inquiry", seq)))
        .or_else(|| seq(id, ExceptionId::seq).map(|seq| ("exception", seq)))
        .or_else(|| seq(id, DrawerCountId::seq).map(|seq| ("drawer_count", seq)))
        .or_else(|| seq(id, ImportId::seq).map(|seq| ("import", seq)))
        .or_else(|| seq(id, LocationId::seq).map(|seq| ("location", seq)))
        .or_else(|| seq(id, PhysicianId::seq).map(|seq| ("physician", seq)))
        .or_else(|| seq(id, UserId::seq).map(|seq| ("user", seq)))
}

/// How a thing is called, and where it is shown.
fn about(subject: &str, seq: i64) -> Option<(String, Option<String>)> {
    if seq < 1 {
        return None;
    }
    let shown = |folder: &str, id: String| {
        let href = format!("/{folder}/{id}");
        Some((id, Some(href)))
    };
    match subject {
        "payment" => shown("payments", PaymentId::new(seq).to_string()),
        "patient" => shown("patients", PatientId::new(seq).to_string()),
        "treatment" => shown("treatments", TreatmentId::new(seq).to_string()),
        "eligibility_check" => shown("eligibility", CheckId::new(seq).to_string()),
        "eligibility_inquiry" => shown("inquiries", InquiryId::new(seq).to_string()),
        "import" => shown("imports", ImportId::new(seq).to_string()),
        "location" => shown("settings/locations", LocationId::new(seq).to_string()),
        "physician" => shown("settings/physicians", PhysicianId::new(seq).to_string()),
        "drawer_count" => Some((DrawerCountId::new(seq).to_string(), None)),
        "exception" => Some((ExceptionId::new(seq).to_string(), None)),
        "user" => Some((UserId::new(seq).to_string(), None)),
        _ => None,
    }
}

fn row(entry: &NamedEvent, actor: &Actor) -> AuditRow {
    let event = &entry.event;
    let program = || entry.key_name.as_ref().map(|name| format!("{name} (a program)"));
    let who = entry.user_name.clone().or_else(program).unwrap_or_else(|| {
        match event.actor.as_str() {
            "payer" => "The payer",
            "processor" | "refunds" => "The processor",
            _ => "Almoner",
        }
        .to_owned()
    });
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or(Value::Null);
    let mut what = event.action.replace('_', " ");
    // A list has no number.
    if event.subject_seq == 0 {
        what = format!("{what}: {}", event.subject.replace('_', " "));
    }
    AuditRow {
        at: format::exact(event.at, &actor.organization.zone),
        who,
        what: format::capital(&what),
        about: about(&event.subject, event.subject_seq),
        detail: told(&detail),
    }
}

/// What an entry keeps, each part as `amount: $1.00 → $2.50`.
fn told(detail: &Value) -> String {
    let Value::Object(fields) = detail else {
        return String::new();
    };
    let part = |(name, value): (&String, &Value)| {
        let label = name.trim_end_matches("_cents").replace('_', " ");
        match value {
            Value::Array(sides) if sides.len() == 2 => {
                format!("{label}: {} → {}", one(name, &sides[0]), one(name, &sides[1]))
            }
            value => format!("{label}: {}", one(name, value)),
        }
    };
    fields.iter().filter(|(_, value)| !value.is_null()).map(part).collect::<Vec<_>>().join("; ")
}

fn one(name: &str, value: &Value) -> String {
    match value {
        Value::Number(cents) if name.ends_with("_cents") => {
            Money::from_cents(cents.as_i64().unwrap_or_default()).to_string()
        }
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

fn address(filter: &AuditFilter, after: Option<Place>) -> String {
    Address::new("/audit")
        .with("from", &filter.from)
        .with("to", &filter.to)
        .with("who", &filter.who)
        .with("about", filter.about.trim())
        .with("reads", if filter.reads { "1" } else { "" })
        .with("after", &after.map(|place| text::hex(&place)).unwrap_or_default())
        .into_text()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_told_in_words() {
        let detail = json!({ "amount_cents": [100, 250], "memo": [null, "x"], "key": null });
        assert_eq!(told(&detail), "amount: $1.00 → $2.50; memo: none → x");
        assert_eq!(told(&json!({ "count": 3, "draft": false })), "count: 3; draft: no");
        assert_eq!(told(&Value::Null), "");
    }

    #[test]
    fn things_are_named_by_their_ids() {
        assert_eq!(subject("PAY-012"), Some(("payment", 12)));
        assert_eq!(subject("ELG-3"), Some(("eligibility_check", 3)));
        assert_eq!(subject("12"), None);
        let (name, href) = about("location", 2).unwrap();
        assert_eq!((&*name, href.as_deref()), ("LOC-002", Some("/settings/locations/LOC-002")));
        assert_eq!(about("payments", 0), None);
    }

    #[test]
    fn an_address_leads_back_to_the_same_entries() {
        let filter = AuditFilter { about: "PAY-1 & b".to_owned(), ..AuditFilter::default() };
        let next = address(&filter, Some([255; 16]));
        assert!(next.starts_with("/audit?about=PAY-1+%26+b&after=ffff"), "{next}");
        assert_eq!(address(&AuditFilter::default(), None), "/audit");
    }
}
