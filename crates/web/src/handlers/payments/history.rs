//! What happened to a payment, in words.

use almoner_domain::tender::TenderType;
use almoner_domain::{Money, Status};
use almoner_store::audit::NamedEvent;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::format;
use crate::view::payments::detail::Event;

/// The entries of a history.
pub(super) fn events(history: &[NamedEvent], zone: &TimeZone) -> Vec<Event> {
    history.iter().map(|named| event(named, zone)).collect()
}

fn event(named: &NamedEvent, zone: &TimeZone) -> Event {
    let (what, detail) = words(named);
    Event { at: format::moment(named.event.at, zone), who: who(named), what, detail }
}

/// Who caused an entry.
pub(crate) fn who(named: &NamedEvent) -> String {
    let key = || named.key_name.as_ref().map(|name| format!("{name} (a program)"));
    let who = named.user_name.clone().or_else(key);
    who.unwrap_or_else(|| actor_label(&named.event.actor))
}

/// What happened, and the details.
pub(crate) fn words(named: &NamedEvent) -> (String, Option<String>) {
    let detail: Value = serde_json::from_str(&named.event.detail).unwrap_or(Value::Null);
    (what(&named.event.action, &detail), more(&named.event.action, &detail))
}

fn actor_label(actor: &str) -> String {
    match actor {
        "payer" => "The payer",
        "processor" | "refunds" => "The processor",
        _ => "Almoner",
    }
    .to_owned()
}

fn status(detail: &Value, key: &str) -> Option<&'static str> {
    Some(Status::from_name(detail.get(key)?.as_str()?)?.label())
}

fn money(detail: &Value, key: &str) -> Option<String> {
    Some(Money::from_cents(detail.get(key)?.as_i64()?).to_string())
}

fn word<'a>(detail: &'a Value, key: &str) -> &'a str {
    detail.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn cents(detail: &Value, key: &str) -> i64 {
    detail.get(key).and_then(Value::as_i64).unwrap_or_default()
}

/// A change of status as `Pending → Paid`, or what stands in for it.
fn step(detail: &Value, otherwise: &str) -> String {
    match (status(detail, "from"), status(detail, "to")) {
        (Some(from), Some(to)) => format!("{from} → {to}"),
        _ => otherwise.to_owned(),
    }
}

fn what(action: &str, detail: &Value) -> String {
    let amount = money(detail, "amount_cents").unwrap_or_default();
    match action {
        "payment_created" => {
            format!("Created as {}", status(detail, "status").unwrap_or("a payment"))
        }
        "payment_edited" => "Edited".to_owned(),
        "status_changed" => step(detail, "Status changed"),
        "status_refused" => format!("Refused: {}", step(detail, "a change of status")),
        "attempt_began" => "The payer began to pay".to_owned(),
        "processor_told" => step(detail, "The processor answered"),
        "refund_made" => format!("Refund {} of {amount}", word(detail, "refund")),
        "refund_settled" => format!("Refund {} of {amount} settled", word(detail, "refund")),
        "refund_failed" => format!("Refund {} of {amount} failed", word(detail, "refund")),
        "money_unapplied" => format!("Paid a second time: {amount} kept aside for the payer"),
        "unapplied_refund_made" => {
            format!("{}: second payment of {amount} on its way back", word(detail, "refund"))
        }
        "unapplied_refund_settled" => {
            format!("{}: second payment of {amount} given back", word(detail, "refund"))
        }
        "unapplied_refund_failed" => {
            format!("{}: second payment of {amount} not given back", word(detail, "refund"))
        }
        "dispute_moved_money" => match (money(detail, "lost_cents"), money(detail, "held_cents")) {
            (Some(lost), _) => format!("A bank gave {lost} to the payer"),
            (None, Some(held)) if cents(detail, "held_cents") > 0 => {
                format!("A bank holds {held} until it decides")
            }
            _ => "A bank gave the disputed money back".to_owned(),
        },
        "exception_raised" => "A person has to look".to_owned(),
        "exception_solved" => format!("{} solved", word(detail, "exception")),
        "dispute_told" => format!("Dispute of {amount}: {}", word(detail, "standing")),
        "tender_reversed" => format!("Tender of {amount} reversed"),
        "note_added" => "Note added".to_owned(),
        "note_edited" => "Note edited".to_owned(),
        "document_added" => "Document added".to_owned(),
        "document_renamed" => "Document renamed".to_owned(),
        "document_deleted" => "Document deleted".to_owned(),
        "document_restored" => "Document restored".to_owned(),
        "document_removed" => "Deleted document removed for good".to_owned(),
        "receipt_printed" if word(detail, "as") == "pdf" => {
            format!("Receipt {} saved as PDF", word(detail, "receipt"))
        }
        "receipt_printed" => format!("Receipt {} printed", word(detail, "receipt")),
        "link_issued" => "Payment link created".to_owned(),
        "link_revoked" => "Payment link ended".to_owned(),
        other => letter(other, detail).unwrap_or_else(|| other.replace('_', " ")),
    }
}

/// What became of a letter.
fn letter(action: &str, detail: &Value) -> Option<String> {
    let (kind, came) = action.split_once("_mail")?;
    let what = match kind {
        "link" => "E-mail with the payment link".to_owned(),
        "receipt" => format!("E-mail with receipt {}", word(detail, "receipt")),
        "reminder" => "Reminder by e-mail".to_owned(),
        _ => return None,
    };
    let came = match (came, kind) {
        ("_queued", "reminder") => "is due",
        ("_queued", _) => "asked for",
        ("ed", _) => "sent",
        ("_refused", _) => "not delivered",
        ("_dropped", _) => "not needed any more",
        _ => return None,
    };
    Some(format!("{what} {came}"))
}

fn more(action: &str, detail: &Value) -> Option<String> {
    match action {
        "payment_created" => money(detail, "amount_cents"),
        "payment_edited" => Some(edits(detail)),
        "status_changed" => {
            let kind = TenderType::from_name(word(detail, "tender"))?;
            Some(format!("by {}", kind.label().to_lowercase()))
        }
        "exception_raised" => Some(word(detail, "words").to_owned()),
        "exception_solved" => Some(word(detail, "solution").to_owned()),
        "document_renamed" => Some(edits(&json!({ "name": detail.get("name") }))),
        action if action.starts_with("document_") => Some(word(detail, "name").to_owned()),
        "dispute_told" => Some(word(detail, "reason").replace('_', " ")),
        "refund_failed" | "unapplied_refund_failed" => {
            detail.get("reason")?.as_str().map(str::to_owned)
        }
        "receipt_printed" if detail.get("itemised") == Some(&Value::Bool(true)) => {
            Some("itemized".to_owned())
        }
        "link_mail_refused"
        | "receipt_mail_refused"
        | "reminder_mail_refused"
        | "status_refused" => Some(word(detail, "because").to_owned()),
        "refund_made" | "tender_reversed" => {
            Some(format!("{}; {}", word(detail, "reason").replace('_', " "), step(detail, "")))
        }
        _ => None,
    }
}

/// Each field of an edit as `Amount: $1.00 → $2.00`.
fn edits(detail: &Value) -> String {
    let Value::Object(fields) = detail else {
        return String::new();
    };
    let shown = |name: &str, value: &Value| match value {
        Value::Number(cents) if name == "amount_cents" => {
            Money::from_cents(cents.as_i64().unwrap_or_default()).to_string()
        }
        Value::String(text) => text.replace('_', " "),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    let line = |(name, sides): (&String, &Value)| {
        let side = |index: usize| shown(name, sides.get(index).unwrap_or(&Value::Null));
        let label = name.trim_end_matches("_cents").replace('_', " ");
        format!("{label}: {} → {}", side(0), side(1))
    };
    fields.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_words() {
        let paid = json!({ "from": "pending", "to": "paid", "tender": "check" });
        assert_eq!(what("status_changed", &paid), "Pending → Paid");
        assert_eq!(more("status_changed", &paid).as_deref(), Some("by check"));
        let sent = json!({ "receipt": "RCP-001" });
        assert_eq!(what("receipt_mailed", &sent), "E-mail with receipt RCP-001 sent");
        assert_eq!(what("reminder_mail_queued", &sent), "Reminder by e-mail is due");
        let edited = json!({ "amount_cents": [100, 250], "memo": [null, "x"] });
        let told = more("payment_edited", &edited);
        assert_eq!(told.as_deref(), Some("amount: $1.00 → $2.50; memo: none → x"));
    }
}
