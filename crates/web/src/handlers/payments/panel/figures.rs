//! The four figures and the procedures, each with the payer's own lines.

use almoner_domain::estimate::labels::network_label;
use almoner_domain::estimate::{
    self, Estimate, FigureLevel, FigureOption, FigureState, ProcedureLine, RowChoice, WarningCode,
};

use crate::view::payments::estimate::{Figure, FigureValue, PayerLine, ProcedureRow};

/// One of the four figures: its name, its form's field, itself, and what staff chose of it.
pub(crate) struct Named<'a> {
    pub(crate) label: &'static str,
    pub(crate) field: &'static str,
    pub(crate) figure: &'a estimate::Figure,
    pub(crate) chosen: Option<RowChoice>,
}

/// The four figures, in the order of the page.
pub(crate) fn named(estimate: &Estimate) -> [Named<'_>; 4] {
    let chosen = &estimate.inputs.choices;
    [
        Named {
            label: "Co-pay amount",
            field: "choice_copay",
            figure: &estimate.copay,
            chosen: chosen.copay.map(RowChoice::Row),
        },
        Named {
            label: "Co-insurance percentage",
            field: "choice_coinsurance",
            figure: &estimate.coinsurance,
            chosen: chosen.coinsurance,
        },
        Named {
            label: "Remaining deductible",
            field: "choice_deductible",
            figure: &estimate.deductible_remaining,
            chosen: chosen.deductible,
        },
        Named {
            label: "Out-of-pocket maximum remaining",
            field: "choice_out_of_pocket",
            figure: &estimate.out_of_pocket_remaining,
            chosen: chosen.out_of_pocket.map(RowChoice::Row),
        },
    ]
}

/// The four figures.
pub(crate) fn figures(estimate: &Estimate) -> Vec<Figure> {
    let figure = |named: Named<'_>| Figure {
        label: named.label,
        value: value(&named),
        note: note(estimate, &named),
        lines: lines(estimate, named.figure),
    };
    named(estimate).map(figure).into()
}

fn value(named: &Named<'_>) -> FigureValue {
    let figure = named.figure;
    match (figure.state, figure.value) {
        (FigureState::NoLimit, _) => FigureValue::NoLimit,
        (FigureState::Choice, _) => FigureValue::Several(several(figure)),
        (FigureState::Known, Some(estimate::FigureValue::Amount(money))) => {
            FigureValue::Amount(money)
        }
        (FigureState::Known, Some(estimate::FigureValue::Percent(share))) => {
            FigureValue::Percent(share)
        }
        (FigureState::NotReturned, _) | (FigureState::Known, None) => {
            let is_stated = named.chosen == Some(RowChoice::None);
            if is_stated { FigureValue::StatedNone } else { FigureValue::NotReturned }
        }
    }
}

/// An option's value in words.
pub(crate) fn option_value(option: &FigureOption) -> String {
    option.value.map_or_else(|| "no limit".to_owned(), |value| value.to_string())
}

/// The values that differ, such as "$25.00 or $40.00".
fn several(figure: &estimate::Figure) -> String {
    let mut values: Vec<String> = Vec::new();
    for value in figure.options.iter().map(option_value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.join(" or ")
}

/// Whom the figure is for, how it was found, and what else the payer returned.
fn note(estimate: &Estimate, named: &Named<'_>) -> Option<String> {
    let figure = named.figure;
    let is_set_aside =
        named.chosen == Some(RowChoice::None) && !matches!(figure.state, FigureState::NotReturned);
    let parts = [
        figure.level.map(|level| level.label().to_owned()),
        figure.derived.then(|| "the total less what was used".to_owned()),
        figure.may_be_lower.then(|| "a total; what remains may be lower".to_owned()),
        is_set_aside.then(|| "set aside: staff stated that there is none".to_owned()),
    ];
    let others = if figure.state == FigureState::Known {
        let others = figure.options.iter().filter(|option| option.value != figure.value);
        let level = other_level(estimate, figure);
        others.map(|other| format!("{level}{}", option_value(other))).collect()
    } else {
        Vec::new()
    };
    let note = parts.into_iter().flatten().chain(others).collect::<Vec<_>>().join("; ");
    (!note.is_empty()).then_some(note)
}

/// How another value of a figure is introduced: by its level when both levels are known.
fn other_level(estimate: &Estimate, figure: &estimate::Figure) -> &'static str {
    let has_both = estimate.warnings.iter().any(|warning| {
        warning.code == WarningCode::FamilyAndIndividual
            && figure.options.iter().any(|option| Some(option.row) == warning.row)
    });
    match figure.level {
        _ if !has_both => "not ",
        Some(FigureLevel::Family) => "individual: ",
        Some(FigureLevel::Individual) | None => "family: ",
    }
}

/// The lines that a figure came from, then those that it might have come from.
fn lines(estimate: &Estimate, figure: &estimate::Figure) -> Vec<PayerLine> {
    let options = figure.options.iter().map(|option| option.row);
    let mut rows: Vec<i64> = Vec::new();
    for row in figure.rows.iter().copied().chain(options) {
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let label = |row| figure.options.iter().find(|option| option.row == row);
    let line = |row| {
        let label = label(row).map(|option| option.label.clone());
        Some(PayerLine { label, ..payer_line(estimate, row)? })
    };
    rows.into_iter().filter_map(line).collect()
}

/// The payer's own text of a row.
pub(crate) fn payer_line(estimate: &Estimate, row: i64) -> Option<PayerLine> {
    let source = estimate.sources.iter().find(|source| source.row == row)?;
    let (segment, related) = (source.segment.clone(), source.related.clone());
    Some(PayerLine { label: None, segment, related })
}

/// A row for each code of the treatment and each procedure that the payer named.
pub(crate) fn procedures(estimate: &Estimate) -> Vec<ProcedureRow> {
    estimate.procedures.iter().map(|line| procedure(estimate, line)).collect()
}

fn procedure(estimate: &Estimate, line: &ProcedureLine) -> ProcedureRow {
    let parts = [
        line.label.clone(),
        line.value.map(|value| value.to_string()),
        line.period.clone(),
        line.network.map(|network| network_label(network).to_lowercase()),
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
        in_treatment: line.in_treatment,
        benefit: line.row.map(|_| words.join(", ")),
        lines: line.row.and_then(|row| payer_line(estimate, row)).into_iter().collect(),
    }
}
