//! The benefits of a check, in the order in which people look for them.

use almoner_domain::Money;
use almoner_domain::estimate::labels::{
    code_label, level_label, network_label, period_label, service_type_label,
};
use almoner_domain::estimate::{Benefit, NO_LIMIT, Network, Procedure};

use super::{segments, words};
use crate::view::eligibility::detail::{BenefitRow, Matrix, MatrixLine, Section, StatusLine};

/// What the patient pays (EB01): the lines of the matrix, in its order.
const COST_SHARING: [(&str, &str); 4] = [
    ("B", "Co-payment"),
    ("A", "Co-insurance"),
    ("C", "Deductible"),
    ("G", "Out-of-pocket maximum"),
];

/// The columns of the matrix, in their order.
const NETWORKS: [Network; 5] =
    [Network::In, Network::Out, Network::Either, Network::NotStated, Network::Unknown];

/// Service types of visits, which are looked for first.
const VISITS: [&str; 5] = ["98", "BY", "BZ", "96", "UC"];

/// Sections that are open; the others fold away.
const MAX_OPEN: usize = 8;

/// Whether a row says what the patient pays.
pub(super) fn is_cost_sharing(benefit: &Benefit) -> bool {
    COST_SHARING.iter().any(|kind| kind.0 == benefit.code)
}

fn is_status(benefit: &Benefit) -> bool {
    benefit.is_active() || benefit.is_inactive()
}

/// For which services coverage is active, and for which not, in the payer's order.
pub(super) fn statuses(benefits: &[Benefit]) -> Vec<StatusLine> {
    let mut lines: Vec<StatusLine> = Vec::new();
    for benefit in benefits.iter().filter(|benefit| is_status(benefit)) {
        let label = code_label(&benefit.code).unwrap_or(&benefit.code);
        let mut told = row(benefit, true);
        told.what = title(benefit);
        match lines.iter_mut().find(|line| line.label == label) {
            Some(line) => line.rows.push(told),
            None => lines.push(StatusLine {
                label: label.to_owned(),
                look: if benefit.is_active() { "paid" } else { "cancelled" },
                rows: vec![told],
            }),
        }
    }
    lines
}

/// The other benefits by service: those of the whole plan, then of visits, then as the payer sent
/// them. The second list is of those that fold away.
pub(super) fn sections(benefits: &[Benefit]) -> (Vec<Section>, Vec<Section>) {
    let mut found: Vec<(String, Vec<&Benefit>)> = Vec::new();
    let mut ordered: Vec<&Benefit> = benefits.iter().filter(|row| !is_status(row)).collect();
    ordered.sort_by_key(|benefit| rank(benefit));
    for benefit in ordered {
        let title = title(benefit);
        match found.iter_mut().find(|section| section.0 == title) {
            Some(section) => section.1.push(benefit),
            None => found.push((title, vec![benefit])),
        }
    }
    let mut sections: Vec<Section> =
        found.into_iter().map(|(title, rows)| section(title, &rows)).collect();
    let more = sections.split_off(sections.len().min(MAX_OPEN));
    (sections, more)
}

fn rank(benefit: &Benefit) -> usize {
    let is_visit = benefit.service_types.iter().any(|code| VISITS.contains(&code.as_str()));
    match (benefit.is_plan_wide(), is_visit) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

fn section(title: String, rows: &[&Benefit]) -> Section {
    let is_whole_plan = rows.iter().any(|benefit| benefit.is_plan_wide());
    let shares: Vec<&Benefit> =
        rows.iter().copied().filter(|benefit| is_cost_sharing(benefit)).collect();
    let others = rows.iter().filter(|benefit| !is_cost_sharing(benefit));
    Section {
        title,
        matrix: (!shares.is_empty()).then(|| matrix(&shares, is_whole_plan)),
        rows: others.map(|benefit| row(benefit, true)).collect(),
    }
}

/// What the patient pays, by network. Of the whole plan all four kinds are told, so that one which
/// the payer did not return is seen to be missing.
fn matrix(shares: &[&Benefit], is_whole_plan: bool) -> Matrix {
    let networks: Vec<Network> = NETWORKS
        .into_iter()
        .filter(|&network| shares.iter().any(|benefit| benefit.network == network))
        .collect();
    let mut lines = Vec::new();
    for (code, label) in COST_SHARING {
        let of_kind: Vec<&&Benefit> = shares.iter().filter(|row| row.code == code).collect();
        if of_kind.is_empty() && !is_whole_plan {
            continue;
        }
        let cell = |&network: &Network| {
            let mut cell: Vec<&&&Benefit> =
                of_kind.iter().filter(|row| row.network == network).collect();
            cell.sort_by_key(|benefit| figure_rank(benefit));
            cell.into_iter().map(|benefit| row(benefit, false)).collect()
        };
        lines.push(MatrixLine { label, cells: networks.iter().map(cell).collect() });
    }
    Matrix { networks: networks.into_iter().map(network_label).collect(), lines }
}

/// One person before a family, what remains before what is agreed, procedures last.
fn figure_rank(benefit: &Benefit) -> (bool, bool, bool) {
    let remains = matches!(benefit.period.as_deref(), Some("29" | "33"));
    (benefit.procedure.is_some(), benefit.level.as_deref() == Some("FAM"), !remains)
}

fn title(benefit: &Benefit) -> String {
    let known = |code: &String| service_type_label(code).unwrap_or(code).to_owned();
    match &benefit.service_types[..] {
        [] if benefit.procedure.is_some() => "Procedures".to_owned(),
        [] => "Whole plan".to_owned(),
        types => types.iter().map(known).collect::<Vec<_>>().join(", "),
    }
}

/// A row; where no column says so, the network is told as well.
pub(super) fn row(benefit: &Benefit, tells_network: bool) -> BenefitRow {
    let level = benefit.level.as_deref();
    let mut about: Vec<String> = Vec::new();
    about.extend(benefit.procedure.as_ref().map(procedure));
    about.extend(level.map(|level| level_label(level).unwrap_or(level).to_owned()));
    let period = benefit.period.as_deref();
    about.extend(period.map(|code| period_label(code).unwrap_or(code).to_owned()));
    for date in &benefit.dates {
        let (label, days) = words::date(date);
        about.push(format!("{label}: {days}"));
    }
    if tells_network && benefit.network != Network::NotStated {
        about.push(network_label(benefit.network).to_owned());
    }
    match benefit.authorization {
        Some(true) => about.push("authorization required".to_owned()),
        Some(false) => about.push("no authorization required".to_owned()),
        None => {}
    }
    BenefitRow {
        index: benefit.index,
        what: code_label(&benefit.code).unwrap_or(&benefit.code).to_owned(),
        about,
        value: value(benefit),
        messages: segments::messages(benefit),
        notes: segments::notes(benefit),
        segments: segments::lines(benefit),
    }
}

/// The amount, share and quantity of a row, as the payer sent them.
fn value(benefit: &Benefit) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(benefit.amount_cents.map(|cents| {
        let amount = Money::from_cents(cents);
        // Payers write a number that nobody reaches where there is no limit.
        let is_no_limit = amount >= NO_LIMIT && is_cost_sharing(benefit);
        if is_no_limit { format!("{amount} (no limit)") } else { amount.to_string() }
    }));
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
    use super::*;

    fn benefit(code: &str, types: &[&str], network: Network) -> Benefit {
        let service_types = types.iter().map(ToString::to_string).collect();
        Benefit { code: code.to_owned(), service_types, network, ..Benefit::default() }
    }

    fn amount(cents: i64, benefit: Benefit) -> Benefit {
        Benefit { amount_cents: Some(cents), ..benefit }
    }

    #[test]
    fn the_whole_plan_comes_first_then_visits_then_the_payer_s_order() {
        let rows = [
            benefit("F", &["35"], Network::In),
            benefit("B", &["98"], Network::In),
            benefit("1", &["30"], Network::NotStated),
            benefit("C", &[], Network::NotStated),
            benefit("F", &["ZZ"], Network::In),
            benefit("B", &["98"], Network::Out),
        ];
        let (open, more) = sections(&rows);
        let titles: Vec<&str> = open.iter().map(|section| &*section.title).collect();
        assert_eq!(titles, ["Whole plan", "Office visit", "Dental", "ZZ"]);
        assert!(more.is_empty());
        assert_eq!(open[1].matrix.as_ref().unwrap().networks, ["In network", "Out of network"]);
        assert!(open[2].matrix.is_none() && open[2].rows.len() == 1);
        let many: Vec<Benefit> =
            (10..40).map(|n: i32| benefit("F", &[&format!("Q{n}")], Network::In)).collect();
        let (open, more) = sections(&many);
        assert_eq!((open.len(), more.len()), (MAX_OPEN, 30 - MAX_OPEN));
    }

    #[test]
    fn the_matrix_tells_what_was_not_returned() {
        let family = Benefit { level: Some("FAM".to_owned()), ..Benefit::default() };
        let rows = [
            amount(150_000, Benefit { code: "C".to_owned(), network: Network::In, ..family }),
            amount(150_000, benefit("C", &[], Network::In)),
            Benefit {
                period: Some("29".to_owned()),
                ..amount(41_235, benefit("C", &[], Network::In))
            },
            Benefit { percent_bp: Some(4_000), ..benefit("A", &[], Network::Out) },
            benefit("A", &[], Network::In),
        ];
        let rows: Vec<&Benefit> = rows.iter().collect();
        let told = matrix(&rows, true);
        let labels: Vec<&str> = told.lines.iter().map(|line| line.label).collect();
        let all = ["Co-payment", "Co-insurance", "Deductible", "Out-of-pocket maximum"];
        assert_eq!(labels, all);
        let values = |line: usize, column: usize| {
            let cell = &told.lines[line].cells[column];
            cell.iter().map(|row| row.value.as_deref()).collect::<Vec<_>>()
        };
        assert_eq!(values(2, 0), [Some("$412.35"), Some("$1,500.00"), Some("$1,500.00")]);
        assert_eq!(values(2, 1), []);
        assert_eq!((values(1, 0), values(1, 1)), (vec![None], vec![Some("40 %")]));
        assert_eq!(values(0, 0), []);
        // Of one service only what the payer speaks of.
        assert_eq!(matrix(&rows, false).lines.len(), 2);
    }

    #[test]
    fn coverage_is_told_by_service() {
        let rows = [
            benefit("1", &["30"], Network::NotStated),
            benefit("6", &["35"], Network::NotStated),
            benefit("1", &["98", "UC"], Network::In),
        ];
        let lines = statuses(&rows);
        let told: Vec<_> = lines.iter().map(|line| (&*line.label, line.rows.len())).collect();
        assert_eq!(told, [("Active", 2), ("Inactive", 1)]);
        assert_eq!(lines[0].rows[1].what, "Office visit, Urgent care");
        assert_eq!(lines[0].rows[1].about, ["In network"]);
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
        let endless = amount(9_999_999, benefit("G", &[], Network::In));
        assert_eq!(value(&endless).as_deref(), Some("$99,999.99 (no limit)"));
        let zero = amount(0, benefit("B", &[], Network::In));
        assert_eq!(value(&zero).as_deref(), Some("$0.00"));
    }
}
