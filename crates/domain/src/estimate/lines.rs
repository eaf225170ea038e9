//! The procedure-specific part: a line per treatment code and per procedure row.

use super::answer::ProcedureLine;
use super::benefit::{Benefit, Procedure};
use super::choose::{Scope, is_about};
use super::labels;
use super::readings::value_of;

/// The lines: first the treatment's codes in their order, then what the payer sent for others.
pub(super) fn lines(scope: &Scope<'_>) -> Vec<ProcedureLine> {
    let rows = || scope.rows().iter().filter_map(|row| Some((row, row.procedure.as_ref()?)));
    let mut lines = Vec::new();
    for code in &scope.procedures {
        let before = lines.len();
        let about = rows().filter(|(row, _)| is_about(row, code));
        lines.extend(about.map(|(row, procedure)| ProcedureLine {
            code: code.clone(),
            ..line(row, procedure, true)
        }));
        if lines.len() == before {
            lines.push(not_returned(code));
        }
    }
    let others = rows().filter(|(row, _)| !scope.names_procedure(row));
    lines.extend(others.map(|(row, procedure)| line(row, procedure, false)));
    lines
}

fn line(row: &Benefit, procedure: &Procedure, in_treatment: bool) -> ProcedureLine {
    let code = match &procedure.range_end {
        Some(last) => format!("{}-{last}", procedure.code),
        None => procedure.code.clone(),
    };
    ProcedureLine {
        code,
        qualifier: procedure.qualifier.clone(),
        modifiers: procedure.modifiers.clone(),
        in_treatment,
        row: Some(row.index),
        label: Some(labels::code_label(&row.code).unwrap_or(&row.code).to_owned()),
        value: value_of(row).value(),
        period: row
            .period
            .as_deref()
            .map(|code| labels::period_label(code).unwrap_or(code).to_owned()),
        network: Some(row.network),
        authorization: row.authorization,
        messages: row.messages.clone(),
    }
}

fn not_returned(code: &str) -> ProcedureLine {
    ProcedureLine {
        code: code.to_owned(),
        qualifier: None,
        modifiers: Vec::new(),
        in_treatment: true,
        row: None,
        label: None,
        value: None,
        period: None,
        network: None,
        authorization: None,
        messages: Vec::new(),
    }
}
