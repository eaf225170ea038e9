//! Rows that several pages show.

use almoner_app::Actor;
use almoner_app::check_answer::{AnswerPerson, StoredAnswer};
use almoner_app::read::PatientView;
use almoner_domain::Money;
use almoner_domain::payment::is_overdue;
use almoner_store::check_list::ListedCheck;
use almoner_store::payments::Payment;
use almoner_store::treatments::{self, Treatment};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::format;
use crate::view::eligibility::CheckRow;
use crate::view::parts::{Fact, Overdue, PatientRef};
use crate::view::patients::BalanceBlock;
use crate::view::payments::list::PaymentRow;
use crate::view::treatments::TreatmentRow;

/// A payment as lists show it, under its patient's name as `Last, First`; its location is not
/// named.
pub(crate) fn payment_row(
    actor: &Actor,
    today: Date,
    payment: &Payment,
    patient_name: String,
) -> PaymentRow {
    PaymentRow {
        id: payment.id,
        patient: PatientRef { id: payment.patient, name: patient_name },
        amount: payment.amount,
        status: payment.status,
        due: payment.due.map(format::date),
        is_overdue: is_overdue(payment.status, payment.due, today),
        treatment: payment.treatment,
        created: format::day(payment.created_at, &actor.organization.zone),
        kind: payment.kind,
        location: String::new(),
        paid: payment.paid_at.map(|at| format::day(at, &actor.organization.zone)),
        memo: payment.memo.clone(),
    }
}

/// What is overdue, when anything is.
pub(crate) fn overdue(sums: &treatments::Overdue, today: Date) -> Option<Overdue> {
    let since = sums.since.filter(|_| sums.count > 0)?;
    let days = i64::from((today - since).get_days());
    Some(Overdue { count: sums.count, amount: sums.amount, days })
}

/// What a patient owes, and what became of the rest.
pub(crate) fn balance(view: &PatientView) -> BalanceBlock {
    let balance = &view.balance;
    let fact = |label, money: Money| Fact::new(label, money.to_string());
    BalanceBlock {
        owed: balance.owed,
        facts: vec![
            fact("Outstanding", balance.outstanding),
            fact("Overdue", view.overdue.amount),
            fact("Collected", balance.collected),
            fact("Refunded", balance.refunded),
        ],
    }
}

/// The zone in which a treatment's time is shown.
pub(crate) fn treatment_zone(treatment: &Treatment) -> TimeZone {
    TimeZone::get(&treatment.time_zone).unwrap_or(TimeZone::UTC)
}

/// A treatment as lists show it.
pub(crate) fn treatment_row(today: Date, treatment: &Treatment) -> TreatmentRow {
    let fields = &treatment.fields;
    TreatmentRow {
        id: treatment.id,
        patient: PatientRef { id: fields.patient, name: treatment.patient_name.clone() },
        service_at: format::moment_with_zone(fields.service_at, &treatment_zone(treatment)),
        physician: treatment.physician_name.clone(),
        location: treatment.location_name.clone(),
        codes: treatment.code_labels(),
        status: fields.status.label().to_owned(),
        overdue: overdue(&treatment.overdue, today),
    }
}

/// A person as the payer names them: `Last, First`.
pub(crate) fn named(person: &AnswerPerson) -> Option<String> {
    let names = [&person.last_name, &person.first_name];
    let known: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// A check as a patient's page shows it, under the patient's name as `Last, First`.
pub(crate) fn check_row(
    zone: &TimeZone,
    row: &almoner_store::eligibility::CheckRow,
    patient_name: String,
) -> CheckRow {
    CheckRow {
        id: row.id,
        patient: row.patient.map(|id| PatientRef { id, name: patient_name }),
        named: String::new(),
        payer: row.payer.clone(),
        plan: row.plan.clone(),
        outcome: row.outcome,
        checked_at: format::moment(row.checked_at, zone),
    }
}

/// A check as lists show it; its times are shown in `zone`.
pub(crate) fn listed_check(zone: &TimeZone, listed: &ListedCheck) -> CheckRow {
    let answer = listed.answer.as_deref().map(StoredAnswer::read);
    let answer = answer.and_then(Result::ok).unwrap_or_default();
    let patient = listed.patient.clone();
    CheckRow {
        id: listed.id,
        patient: patient.map(|(id, name)| PatientRef { id, name }),
        named: named(&answer.patient).unwrap_or_else(|| "Not named".to_owned()),
        payer: listed.payer.clone(),
        plan: listed.plan.clone(),
        outcome: listed.outcome,
        checked_at: format::moment(listed.checked_at, zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdue_is_told_in_days() {
        let today = Date::constant(2026, 3, 10);
        let mut sums = treatments::Overdue {
            count: 2,
            amount: Money::from_cents(12_000),
            since: Some(Date::constant(2026, 2, 24)),
        };
        assert_eq!(overdue(&sums, today).map(|overdue| overdue.days), Some(14));
        sums.count = 0;
        assert!(overdue(&sums, today).is_none());
    }
}
