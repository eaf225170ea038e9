//! The estimate as the create form and the payment's page show it.

use almoner_domain::estimate::{
    self, Case, DISCLAIMER, Estimate, FigureLevel, FigureOption, FigureState, NetworkChoice,
    ProcedureLine, Rule,
};
use almoner_domain::{Money, PatientId};
use almoner_store::payments::EstimateSnapshot;

use crate::format;
use crate::view::parts::{Choice, Fact, Link, Tone};
use crate::view::payments::detail::EstimateSummary;
use crate::view::payments::estimate::{
    CheckLine, EstimatePanel, Figure, FigureValue, Network, Notice, OptionGroup, PayerLine,
    ProcedureRow,
};

/// What was typed into the panel, kept as it was typed.
pub(super) struct Typed<'a> {
    pub(super) charge: &'a str,
    pub(super) service_date: &'a str,
    /// The treatment's own charges, when they are known.
    pub(super) treatment_charge: Option<Money>,
}

/// The panel, for the types that have one.
pub(super) fn panel(
    patient: PatientId,
    estimate: &Estimate,
    typed: &Typed<'_>,
) -> Option<EstimatePanel> {
    if estimate.case == Case::NotApplicable {
        return None;
    }
    let source = typed
        .treatment_charge
        .map(|charge| format!("Blank takes {charge}, the treatment's own charges"));
    let service_date = if typed.service_date.is_empty() {
        estimate.service_date.to_string()
    } else {
        typed.service_date.to_owned()
    };
    let range = estimate.range.map(|range| {
        let ends = [("at least", range.at_least), ("at most", range.at_most)];
        let known = ends.into_iter().filter_map(|(word, end)| Some(format!("{word} {}", end?)));
        known.collect::<Vec<_>>().join(", ")
    });
    Some(EstimatePanel {
        notice: notice(patient, estimate),
        asking: None,
        check: check_line(estimate),
        network: match estimate.network {
            NetworkChoice::In => Network::In,
            NetworkChoice::Out => Network::Out,
        },
        service_date,
        charge: typed.charge.to_owned(),
        charge_source: source,
        figures: figures(estimate),
        procedures: estimate.procedures.iter().map(|line| procedure(estimate, line)).collect(),
        rules: rules(estimate),
        checks: checks(estimate),
        amount: estimate.amount,
        range: range.filter(|range| !range.is_empty()),
        steps: estimate.steps.clone(),
        warnings: warnings(estimate),
        disclaimer: DISCLAIMER.to_owned(),
        can_use: estimate.offers_amount(),
    })
}

/// The warnings in words, each once: the same may be said of two figures.
fn warnings(estimate: &Estimate) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for warning in &estimate.warnings {
        if !words.contains(&warning.message) {
            words.push(warning.message.clone());
        }
    }
    words
}

fn notice(patient: PatientId, estimate: &Estimate) -> Option<Notice> {
    let import = || vec![Link::new("/eligibility", "Import an eligibility check")];
    let (tone, text, ways) = match estimate.case {
        Case::Ok if estimate.amount == Some(Money::ZERO) => {
            let title = "Nothing to collect now".to_owned();
            let text = estimate.steps.last().cloned();
            return Some(Notice { tone: Tone::Good, title, text, ways: Vec::new() });
        }
        Case::Ok | Case::NotApplicable => return None,
        Case::NoCheck => (Tone::Info, None, import()),
        Case::Rejected => {
            let reason = estimate.rejections.first().map(|rejection| {
                let next = rejection.follow_up_text.as_deref().unwrap_or_default();
                format!("{}. {next}", rejection.reason)
            });
            (Tone::Bad, reason, import())
        }
        Case::Inactive => {
            let text = "Private Pay may fit, or a newer check.".to_owned();
            (Tone::Bad, Some(text), import())
        }
        Case::NeedsReview | Case::Conflict | Case::ChoiceNeeded => {
            (Tone::Warning, Some("Choose below what applies.".to_owned()), Vec::new())
        }
        Case::NotCovered | Case::NeedsCharge => {
            let text = "Type the expected charge to get an amount.".to_owned();
            (Tone::Warning, Some(text), Vec::new())
        }
        Case::NoMoneyRows => {
            let check = Link::new(format!("/patients/{patient}"), "Look at the patient's checks");
            (Tone::Info, None, vec![check])
        }
        Case::Partial => {
            let text = "What the payer did not return is said below; it is not taken as zero.";
            (Tone::Warning, Some(text.to_owned()), Vec::new())
        }
    };
    Some(Notice { tone, title: estimate.case.label().to_owned(), text, ways })
}

fn check_line(estimate: &Estimate) -> Option<CheckLine> {
    let age = estimate.age_days.unwrap_or_default();
    let words = match age {
        ..=0 => "today".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    };
    Some(CheckLine {
        id: estimate.check?,
        payer: estimate.payer.clone().unwrap_or_default(),
        plan: estimate.plan.clone(),
        checked_at: estimate.checked_on.map(format::date).unwrap_or_default(),
        age: words,
        is_stale: age > estimate.inputs.stale_after_days,
    })
}

/// The four figures, in the order of the page.
fn named(estimate: &Estimate) -> [(&'static str, &'static str, &estimate::Figure); 4] {
    [
        ("Co-pay amount", "choice_copay", &estimate.copay),
        ("Co-insurance percentage", "choice_coinsurance", &estimate.coinsurance),
        ("Remaining deductible", "choice_deductible", &estimate.deductible_remaining),
        (
            "Out-of-pocket maximum remaining",
            "choice_out_of_pocket",
            &estimate.out_of_pocket_remaining,
        ),
    ]
}

fn figures(estimate: &Estimate) -> Vec<Figure> {
    if estimate.check.is_none() {
        return Vec::new();
    }
    let chosen = &estimate.inputs.choices;
    let choice = |name: &str| {
        let row = |row: estimate::RowChoice| match row {
            estimate::RowChoice::Row(index) => index.to_string(),
            estimate::RowChoice::None => "none".to_owned(),
        };
        match name {
            "choice_copay" => chosen.copay.map(|row| row.to_string()),
            "choice_coinsurance" => chosen.coinsurance.map(row),
            "choice_deductible" => chosen.deductible.map(row),
            _ => chosen.out_of_pocket.map(|row| row.to_string()),
        }
    };
    let figure = |(label, name, figure): (&'static str, &'static str, &estimate::Figure)| Figure {
        label,
        value: value(figure),
        note: note(figure),
        options: options(estimate, name, figure, choice(name)),
        lines: figure.rows.iter().filter_map(|&row| payer_line(estimate, row)).collect(),
    };
    named(estimate).map(figure).to_vec()
}

fn value(figure: &estimate::Figure) -> FigureValue {
    match (figure.state, figure.value) {
        (FigureState::NoLimit, _) => FigureValue::NoLimit,
        (FigureState::Choice, _) => FigureValue::Choose,
        (FigureState::NotReturned, _) | (FigureState::Known, None) => FigureValue::NotReturned,
        (FigureState::Known, Some(estimate::FigureValue::Amount(money))) => {
            FigureValue::Amount(money)
        }
        (FigureState::Known, Some(estimate::FigureValue::Percent(share))) => {
            FigureValue::Percent(share)
        }
    }
}

fn note(figure: &estimate::Figure) -> Option<String> {
    let others = figure.options.iter().filter(|option| option.value != figure.value);
    let others = others.filter_map(|option| Some(format!("not {}", option.value?)));
    let parts = [
        figure.level.map(|level| FigureLevel::label(level).to_owned()),
        figure.derived.then(|| "total less used".to_owned()),
        figure.may_be_lower.then(|| "may be lower".to_owned()),
    ];
    let others = others.filter(|_| figure.state == FigureState::Known);
    let note = parts.into_iter().flatten().chain(others).collect::<Vec<_>>().join(", ");
    (!note.is_empty()).then_some(note)
}

/// The values to choose from; where a needed one was not returned, staff may say that there is
/// none.
fn options(
    estimate: &Estimate,
    name: &'static str,
    figure: &estimate::Figure,
    chosen: Option<String>,
) -> Option<OptionGroup> {
    let may_state = matches!(name, "choice_coinsurance" | "choice_deductible");
    let option = |option: &FigureOption| {
        let messages = option.messages.join("; ");
        let words = if messages.is_empty() { &option.label } else { &messages };
        let label = match option.value {
            Some(value) => format!("{value}: {words}"),
            None => words.clone(),
        };
        Choice::new(option.row, label)
    };
    let is_open = figure.state == FigureState::Choice || chosen.is_some();
    let options: Vec<Choice> = if figure.options.len() > 1 && is_open {
        figure.options.iter().map(option).collect()
    } else if may_state && (estimate.case == Case::Partial || chosen.as_deref() == Some("none")) {
        vec![Choice::new("", "Not known"), Choice::new("none", "There is none")]
    } else {
        return None;
    };
    let legend = "Which applies?".to_owned();
    Some(OptionGroup { name, legend, options, chosen })
}

fn payer_line(estimate: &Estimate, row: i64) -> Option<PayerLine> {
    let source = estimate.sources.iter().find(|source| source.row == row)?;
    Some(PayerLine { segment: source.segment.clone(), messages: source.related.clone() })
}

fn procedure(estimate: &Estimate, line: &ProcedureLine) -> ProcedureRow {
    let parts = [
        line.label.clone(),
        line.value.map(|value| value.to_string()),
        line.period.clone(),
        line.authorization.filter(|&needed| needed).map(|_| "authorization required".to_owned()),
    ];
    let words: Vec<String> =
        parts.into_iter().flatten().chain(line.messages.iter().cloned()).collect();
    let code = if line.modifiers.is_empty() {
        line.code.clone()
    } else {
        format!("{} {}", line.code, line.modifiers.join(" "))
    };
    ProcedureRow {
        code,
        benefit: line.row.map(|_| words.join(", ")),
        lines: line.row.and_then(|row| payer_line(estimate, row)).into_iter().collect(),
    }
}

fn rules(estimate: &Estimate) -> Option<OptionGroup> {
    if estimate.rules_offered.len() < 2 {
        return None;
    }
    let option = |rule: &Rule| Choice::new(rule.as_str(), rule.label());
    Some(OptionGroup {
        name: "choice_rule",
        legend: "Rule".to_owned(),
        options: estimate.rules_offered.iter().map(option).collect(),
        chosen: estimate.rule.map(|rule| rule.as_str().to_owned()),
    })
}

/// The older good check that stands in for a rejected one, when there is one.
fn checks(estimate: &Estimate) -> Option<OptionGroup> {
    let chosen = estimate.inputs.choices.check;
    let other = estimate.other_check.or(chosen)?;
    let age = estimate.other_checked_on.map(format::date);
    let label = age.map_or_else(|| other.to_string(), |on| format!("{other}, checked {on}"));
    Some(OptionGroup {
        name: "choice_check",
        legend: "Which check?".to_owned(),
        options: vec![Choice::new("", "The most recent"), Choice::new(other, label)],
        chosen: Some(chosen.map(|check| check.to_string()).unwrap_or_default()),
    })
}

/// The estimate that a payment was created from, on the payment's page.
pub(super) fn summary(
    (kept, read): &(EstimateSnapshot, Option<Estimate>),
) -> Option<EstimateSummary> {
    let estimate = read.as_ref()?;
    let mut facts: Vec<Fact> = named(estimate)
        .into_iter()
        .map(|(label, _, figure)| Fact::new(label, in_words(figure)))
        .collect();
    facts.push(Fact::new("Network", estimate.network.label()));
    facts.push(Fact::new("Service date", format::date(estimate.service_date)));
    facts.extend(estimate.inputs.charge.map(|charge| Fact::new("Charge", charge.to_string())));
    Some(EstimateSummary {
        check: estimate.check?,
        amount: kept.estimated,
        was_changed: kept.estimated != Some(kept.entered),
        facts,
        steps: estimate.steps.clone(),
        segments: estimate.sources.iter().map(|source| source.segment.clone()).collect(),
    })
}

fn in_words(figure: &estimate::Figure) -> String {
    match value(figure) {
        FigureValue::Amount(money) => money.to_string(),
        FigureValue::Percent(share) => share.to_string(),
        FigureValue::NotReturned => "not returned by the payer".to_owned(),
        FigureValue::NoLimit => "no limit".to_owned(),
        FigureValue::Choose => "not chosen".to_owned(),
    }
}
