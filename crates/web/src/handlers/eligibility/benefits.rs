//! The benefits of a check, grouped for people.

use almoner_domain::Money;
use almoner_domain::estimate::labels::{
    code_label, level_label, network_label, period_label, service_type_label,
};
use almoner_domain::estimate::{Benefit, Procedure};

use super::words;
use crate::view::eligibility::{BenefitGroup, BenefitRow};

/// The benefits by service types and network: first those of the whole plan, then as the payer
/// sent them.
pub(super) fn groups(benefits: &[Benefit]) -> Vec<BenefitGroup> {
    let mut found: Vec<(&Benefit, Vec<BenefitRow>)> = Vec::new();
    let (plan_wide, others): (Vec<_>, Vec<_>) =
        benefits.iter().partition(|benefit| benefit.is_plan_wide());
    for benefit in plan_wide.into_iter().chain(others) {
        let same = |known: &&mut (&Benefit, Vec<BenefitRow>)| {
            title(known.0) == title(benefit) && known.0.network == benefit.network
        };
        match found.iter_mut().find(same) {
            Some(group) => group.1.push(row(benefit)),
            None => found.push((benefit, vec![row(benefit)])),
        }
    }
    let group = |(first, rows): (&Benefit, Vec<BenefitRow>)| BenefitGroup {
        title: title(first),
        network: network_label(first.network).to_owned(),
        rows,
    };
    found.into_iter().map(group).collect()
}

fn title(benefit: &Benefit) -> String {
    let known = |code: &String| service_type_label(code).unwrap_or(code).to_owned();
    match &benefit.service_types[..] {
        [] if benefit.procedure.is_some() => "Procedures".to_owned(),
        [] => "Whole plan".to_owned(),
        types => types.iter().map(known).collect::<Vec<_>>().join(", "),
    }
}

fn row(benefit: &Benefit) -> BenefitRow {
    let what = code_label(&benefit.code).unwrap_or(&benefit.code);
    let authorization = match benefit.authorization {
        Some(true) => ", authorization required",
        Some(false) => ", no authorization required",
        None => "",
    };
    let level = benefit.level.as_deref();
    BenefitRow {
        index: benefit.index,
        what: format!("{what}{authorization}"),
        level: level.map(|level| level_label(level).unwrap_or(level).to_owned()),
        period: period(benefit),
        value: value(benefit),
        procedure: benefit.procedure.as_ref().map(procedure),
        messages: benefit.messages.clone(),
        segment: benefit.segment.clone(),
    }
}

/// The period and the dates of a row.
fn period(benefit: &Benefit) -> Option<String> {
    let period = benefit.period.as_deref();
    let mut parts: Vec<String> = Vec::new();
    parts.extend(period.map(|code| period_label(code).unwrap_or(code).to_owned()));
    for date in &benefit.dates {
        let (label, days) = words::date(date);
        parts.push(format!("{label}: {days}"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The amount, share and quantity of a row, as the payer sent them.
fn value(benefit: &Benefit) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(benefit.amount_cents.map(|cents| Money::from_cents(cents).to_string()));
    parts.extend(benefit.percent_bp.map(percent));
    if let Some(quantity) = &benefit.quantity {
        let unit = benefit.quantity_qualifier.as_deref();
        let unit = unit.map(|code| words::quantity_label(code).unwrap_or(code));
        parts.push(unit.map_or_else(|| quantity.clone(), |unit| format!("{quantity} {unit}")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Basis points as a percentage; they may lie beyond 0 and 100 %.
fn percent(basis_points: i64) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    let (whole, rest) = (basis_points.unsigned_abs() / 100, basis_points.unsigned_abs() % 100);
    let rest = if rest == 0 { String::new() } else { format!(".{rest:02}") };
    format!("{sign}{whole}{rest} %")
}

fn procedure(procedure: &Procedure) -> String {
    let end = procedure.range_end.as_ref().map(|end| format!("–{end}")).unwrap_or_default();
    let codes = [format!("{}{end}", procedure.code)];
    codes.into_iter().chain(procedure.modifiers.iter().cloned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use almoner_domain::estimate::Network;

    use super::*;

    fn benefit(code: &str, types: &[&str], network: Network) -> Benefit {
        let service_types = types.iter().map(ToString::to_string).collect();
        Benefit { code: code.to_owned(), service_types, network, ..Benefit::default() }
    }

    #[test]
    fn rows_of_one_service_and_network_stand_together() {
        let rows = [
            benefit("B", &["98"], Network::In),
            benefit("1", &["30"], Network::NotStated),
            benefit("B", &["98"], Network::Out),
            benefit("A", &["98"], Network::In),
            benefit("C", &[], Network::NotStated),
            benefit("B", &["ZZ"], Network::In),
        ];
        let told = groups(&rows);
        let told: Vec<_> =
            told.iter().map(|group| (&*group.title, &*group.network, group.rows.len())).collect();
        let expected = [
            ("Whole plan", "Network not stated", 2),
            ("Office visit", "In network", 2),
            ("Office visit", "Out of network", 1),
            ("ZZ", "In network", 1),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn values_are_told_as_they_were_sent() {
        let sent = Benefit {
            amount_cents: Some(-250_050),
            percent_bp: Some(12_050),
            quantity: Some("12".to_owned()),
            quantity_qualifier: Some("VS".to_owned()),
            ..Benefit::default()
        };
        assert_eq!(value(&sent).as_deref(), Some("-$2,500.50, 120.50 %, 12 visits"));
        assert_eq!(value(&Benefit::default()), None);
        assert_eq!(percent(i64::MIN), "-92233720368547758.08 %");
    }
}
