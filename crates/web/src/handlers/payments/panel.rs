//! The estimate as the create form shows it: what to ask for and why, in the words of the desk.

mod decisions;
mod figures;

use almoner_app::estimate_payment::fingerprint;
use almoner_domain::estimate::{
    Case, ChargeSource, DISCLAIMER, Estimate, NetworkChoice, Range, Warning, WarningCode,
};
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::{Money, PatientId};
use jiff::civil::Date;

pub(super) use figures::{figures, named, option_value, payer_line, procedures};

use super::entry::plain;
use crate::format;
use crate::view::parts::{Link, Tone};
use crate::view::payments::estimate::{
    AmountLine, Asked, CheckLine, EstimatePanel, NetworkOption, Notice, Shown, WarningLine,
};

/// What the form holds beside the estimate.
pub(crate) struct Typed<'a> {
    /// The payment's type, as the form sends it.
    pub(crate) payment_type: &'a str,
    /// The treatment's id, or blank.
    pub(crate) treatment: &'a str,
    /// The network as typed; blank takes the clinic's default.
    pub(crate) network: &'a str,
    /// The expected charge as typed; blank takes the treatment's own.
    pub(crate) charge: &'a str,
    /// The service date as typed; blank takes the usual one.
    pub(crate) service_date: &'a str,
    /// The treatment's own charges, when they are known.
    pub(crate) own_charge: Option<Money>,
    /// The date of the treatment, or today.
    pub(crate) own_date: Date,
    /// The network that the clinic sets as its default.
    pub(crate) default_network: NetworkChoice,
    /// The form's amount, when it was filled in from an estimate and not changed since.
    pub(crate) filled_in: Option<Money>,
}

/// The panel, for the types that have one.
pub(crate) fn panel(
    patient: PatientId,
    estimate: &Estimate,
    typed: &Typed<'_>,
) -> Option<EstimatePanel> {
    if estimate.case == Case::NotApplicable {
        return None;
    }
    let notice = notice(patient, estimate);
    let result = result(estimate);
    let told_here = |warning: &&Warning| !is_told_elsewhere(estimate, warning);
    let told = warnings(estimate, estimate.warnings.iter().filter(told_here));
    let (notes, warnings) = told.into_iter().partition(|warning| warning.is_note);
    let has_figures = has_figures(estimate.case);
    Some(EstimatePanel {
        shown: shown(Some(estimate), typed),
        summary: summary(notice.as_ref(), result.as_ref()),
        asking: None,
        check: check_line(estimate),
        asked: is_asked(estimate.case)
            .then(|| asked(estimate.network, charge_source(estimate, typed), typed)),
        decisions: decisions::decisions(estimate),
        is_undecided: is_undecided(estimate.case),
        steps: steps(estimate),
        warnings,
        figures: if has_figures { figures(estimate) } else { Vec::new() },
        procedures: if has_figures { procedures(estimate) } else { Vec::new() },
        notes,
        disclaimer: DISCLAIMER,
        outdated: typed.filled_in.filter(|&filled_in| Some(filled_in) != estimate.amount),
        notice,
        result,
    })
}

/// How the amount came about; without one the case says it all.
fn steps(estimate: &Estimate) -> Vec<String> {
    if estimate.amount.is_some() { estimate.steps.clone() } else { Vec::new() }
}

/// Whether the payer's figures say anything in this case.
fn has_figures(case: Case) -> bool {
    match case {
        Case::NeedsReview
        | Case::NotCovered
        | Case::Conflict
        | Case::ChoiceNeeded
        | Case::NoMoneyRows
        | Case::Partial
        | Case::NeedsCharge
        | Case::Ok => true,
        Case::NotApplicable | Case::NoCheck | Case::Rejected | Case::Inactive => false,
    }
}

/// Whether network, date and charge have a say in this case; the date may lead out of it.
fn is_asked(case: Case) -> bool {
    has_figures(case) || case == Case::Inactive
}

/// Whether the amount waits for a decision.
fn is_undecided(case: Case) -> bool {
    match case {
        Case::Rejected
        | Case::NeedsReview
        | Case::Conflict
        | Case::ChoiceNeeded
        | Case::Partial => true,
        Case::NotApplicable
        | Case::NoCheck
        | Case::Inactive
        | Case::NotCovered
        | Case::NoMoneyRows
        | Case::NeedsCharge
        | Case::Ok => false,
    }
}

/// The panel while what was typed into it must be mended: no figure is shown.
pub(crate) fn faulty(typed: &Typed<'_>) -> EstimatePanel {
    let network = NetworkChoice::from_name(typed.network).unwrap_or(typed.default_network);
    let title = "No estimate yet".to_owned();
    let text = "Mend what is marked, then the estimate follows.".to_owned();
    EstimatePanel {
        shown: shown(None, typed),
        summary: title.clone(),
        asking: None,
        check: None,
        asked: Some(asked(network, String::new(), typed)),
        notice: Some(Notice {
            tone: Tone::Warning,
            title,
            texts: vec![text],
            lines: Vec::new(),
            ways: Vec::new(),
        }),
        decisions: Vec::new(),
        is_undecided: false,
        result: None,
        outdated: None,
        steps: Vec::new(),
        warnings: Vec::new(),
        figures: Vec::new(),
        procedures: Vec::new(),
        notes: Vec::new(),
        disclaimer: DISCLAIMER,
    }
}

fn shown(estimate: Option<&Estimate>, typed: &Typed<'_>) -> Shown {
    let check = estimate.and_then(|estimate| estimate.check);
    Shown {
        payment_type: typed.payment_type.to_owned(),
        treatment: typed.treatment.to_owned(),
        check: check.map(|check| check.to_string()).unwrap_or_default(),
        charge: typed.own_charge.map(plain).unwrap_or_default(),
        service_date: typed.own_date.to_string(),
        fingerprint: estimate.map(fingerprint).unwrap_or_default(),
    }
}

fn asked(chosen: NetworkChoice, charge_source: String, typed: &Typed<'_>) -> Asked {
    let network = |(network, label): (NetworkChoice, &str)| NetworkOption {
        value: network.as_str(),
        label: if network == typed.default_network {
            format!("{label} (default)")
        } else {
            label.to_owned()
        },
        is_chosen: network == chosen,
    };
    let or_own = |typed: &str, own: String| {
        if typed.trim().is_empty() { own } else { typed.to_owned() }
    };
    let own_charge = typed.own_charge.map(plain).unwrap_or_default();
    Asked {
        networks: vec![network((NetworkChoice::In, "In")), network((NetworkChoice::Out, "Out"))],
        service_date: or_own(typed.service_date, typed.own_date.to_string()),
        charge: or_own(typed.charge, own_charge),
        charge_source,
    }
}

fn charge_source(estimate: &Estimate, typed: &Typed<'_>) -> String {
    match (estimate.inputs.charge_source, typed.own_charge) {
        (Some(source @ ChargeSource::Stated), Some(own)) => {
            format!("{}; the treatment's charges are {own}", format::capital(source.label()))
        }
        (Some(source), _) => format::capital(source.label()),
        (None, _) => "Not known yet".to_owned(),
    }
}

/// How old an answer is, in words.
pub(super) fn age(days: i64) -> String {
    match days {
        ..=0 => "today".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    }
}

fn has(estimate: &Estimate, code: WarningCode) -> bool {
    estimate.warnings.iter().any(|warning| warning.code == code)
}

fn check_line(estimate: &Estimate) -> Option<CheckLine> {
    let is_other_year = has(estimate, WarningCode::OtherPlanYear);
    let other_year = if is_other_year { ", another plan year" } else { "" };
    Some(CheckLine {
        id: estimate.check?,
        payer: estimate.payer.clone().unwrap_or_default(),
        plan: estimate.plan.clone(),
        checked_at: estimate.checked_on.map(format::date).unwrap_or_default(),
        age: format!("{}{other_year}", age(estimate.age_days.unwrap_or_default())),
        is_stale: is_other_year || has(estimate, WarningCode::Stale),
    })
}

fn summary(notice: Option<&Notice>, result: Option<&AmountLine>) -> String {
    match (result.and_then(|result| result.amount), notice) {
        (Some(amount), _) => format!("Estimated amount {amount}"),
        (None, Some(notice)) => notice.title.clone(),
        (None, None) => "The estimate is shown".to_owned(),
    }
}

/// The amount, or between what it lies; none when neither can be said or nothing is to be asked.
fn result(estimate: &Estimate) -> Option<AmountLine> {
    let amount = estimate.amount.filter(|&amount| amount > Money::ZERO);
    let range = estimate.range.map(in_words).filter(|words| !words.is_empty());
    if amount.is_none() && (range.is_none() || estimate.amount.is_some()) {
        return None;
    }
    let assumptions = [WarningCode::AssumesCharge, WarningCode::BeforeCoinsurance];
    let assumed = estimate.warnings.iter().filter(|warning| assumptions.contains(&warning.code));
    let mut notes: Vec<String> = assumed.map(|warning| warning.message.clone()).collect();
    // The assumption names the upper end itself.
    notes.extend(range.filter(|_| !has(estimate, WarningCode::AssumesCharge)));
    if amount.is_some_and(|amount| amount > MAX_PAYMENT) {
        notes.push(format!("One payment can ask for at most {MAX_PAYMENT}."));
    }
    Some(AmountLine { amount, notes, can_use: estimate.offers_amount() })
}

/// "At least $40.00, at most $100.00"
fn in_words(range: Range) -> String {
    let ends = [("at least", range.at_least), ("at most", range.at_most)];
    let known = ends.into_iter().filter_map(|(word, end)| Some(format!("{word} {}", end?)));
    format::capital(&known.collect::<Vec<_>>().join(", "))
}

/// Warnings in words, each once with all its lines.
pub(super) fn warnings<'a>(
    estimate: &Estimate,
    told: impl IntoIterator<Item = &'a Warning>,
) -> Vec<WarningLine> {
    let mut list: Vec<WarningLine> = Vec::new();
    for warning in told {
        let text = words(estimate, warning);
        let line = warning.row.and_then(|row| payer_line(estimate, row));
        if let Some(other) = list.iter_mut().find(|other| other.text == text) {
            other.lines.extend(line.filter(|line| !other.lines.contains(line)));
        } else {
            let lines = line.into_iter().collect();
            list.push(WarningLine { text, is_note: is_note(warning.code), lines });
        }
    }
    list
}

fn words(estimate: &Estimate, warning: &Warning) -> String {
    if warning.code != WarningCode::RejectedInPart {
        return warning.message.clone();
    }
    let reasons = estimate.rejections.iter().map(|rejection| format!(" {}.", rejection.reason));
    warning.message.clone() + &reasons.collect::<String>()
}

/// Whether a warning is the case itself, or stands beside the amount.
fn is_told_elsewhere(estimate: &Estimate, warning: &Warning) -> bool {
    match warning.code {
        WarningCode::AssumesCharge | WarningCode::BeforeCoinsurance => true,
        WarningCode::Inactive | WarningCode::OutsideCoverage => estimate.case == Case::Inactive,
        WarningCode::ActiveAndInactive => estimate.case == Case::NeedsReview,
        WarningCode::NotCovered => estimate.case == Case::NotCovered,
        _ => false,
    }
}

fn is_note(code: WarningCode) -> bool {
    matches!(
        code,
        WarningCode::FamilyAndIndividual
            | WarningCode::FamilyOnly
            | WarningCode::Derived
            | WarningCode::RowSetAside
            | WarningCode::PercentRescaled
            | WarningCode::StatedByStaff
            | WarningCode::Preselected
            | WarningCode::OutOfPocketUnknown
    )
}

/// The lines of the payer's that certain warnings rest on.
fn lines_of(estimate: &Estimate, codes: &[WarningCode]) -> Vec<Warning> {
    estimate.warnings.iter().filter(|warning| codes.contains(&warning.code)).cloned().collect()
}

/// A case in words; none when there is an amount and nothing to say of it.
fn notice(patient: PatientId, estimate: &Estimate) -> Option<Notice> {
    let import = || vec![Link::new("/eligibility", "Import an eligibility check")];
    let say = |text: &str| vec![text.to_owned()];
    let own: &[WarningCode] = match estimate.case {
        Case::Inactive => &[WarningCode::Inactive, WarningCode::OutsideCoverage],
        Case::NeedsReview => &[WarningCode::ActiveAndInactive],
        Case::NotCovered => &[WarningCode::NotCovered],
        _ => &[],
    };
    let own = lines_of(estimate, own);
    let (tone, texts, ways) = match estimate.case {
        Case::Ok if estimate.amount == Some(Money::ZERO) => return Some(nothing(estimate)),
        Case::Ok | Case::NotApplicable => return None,
        Case::NoCheck => {
            (Tone::Info, say("A payment can be created without an estimate."), import())
        }
        Case::Rejected => (Tone::Bad, rejections(estimate), import()),
        Case::Inactive => {
            (Tone::Bad, own.iter().map(|warning| warning.message.clone()).collect(), import())
        }
        Case::NeedsReview => {
            let text = "The payer says both active and inactive. Look at its lines, then decide.";
            (Tone::Warning, say(text), Vec::new())
        }
        Case::Conflict => {
            (Tone::Warning, say("Nothing tells them apart. Pick the one that applies."), Vec::new())
        }
        Case::ChoiceNeeded => {
            let text = "The payer returned several values, each with its own words.";
            (Tone::Warning, say(text), Vec::new())
        }
        Case::NotCovered if estimate.amount.is_some() => {
            (Tone::Warning, say("The patient owes the whole charge."), Vec::new())
        }
        Case::NotCovered | Case::NeedsCharge => {
            (Tone::Warning, say("Type the expected charge to get an amount."), Vec::new())
        }
        Case::NoMoneyRows => {
            let patient = Link::new(format!("/patients/{patient}"), "Look at the patient's checks");
            (Tone::Info, say("There is nothing to compute an amount from."), vec![patient])
        }
        Case::Partial => (Tone::Warning, missing(estimate), Vec::new()),
    };
    let lines = own.iter().filter_map(|warning| payer_line(estimate, warning.row?));
    let title = estimate.case.label().to_owned();
    Some(Notice { tone, title, texts, lines: lines.collect(), ways })
}

/// Why nothing is to be collected: the last thing that was reckoned.
fn nothing(estimate: &Estimate) -> Notice {
    let mut steps = estimate.steps.iter().rev().skip(1);
    Notice {
        tone: Tone::Good,
        title: "Nothing to collect now".to_owned(),
        texts: steps.next().cloned().into_iter().collect(),
        lines: Vec::new(),
        ways: Vec::new(),
    }
}

/// Each reason with its code and what may be done.
fn rejections(estimate: &Estimate) -> Vec<String> {
    let text = |rejection: &almoner_domain::estimate::Rejection| {
        let code = rejection.code.as_ref().map(|code| format!(" (code {code})"));
        let next = rejection.follow_up_text.as_ref().map(|next| format!(" {next}."));
        let (code, next) = (code.unwrap_or_default(), next.unwrap_or_default());
        format!("{}{code}.{next}", rejection.reason)
    };
    let mut texts: Vec<String> = estimate.rejections.iter().map(text).collect();
    if estimate.other_check.is_some() {
        texts.push("An older check can be used instead; see below.".to_owned());
    }
    texts
}

fn missing(estimate: &Estimate) -> Vec<String> {
    let mut texts: Vec<String> = estimate.steps.first().cloned().into_iter().collect();
    texts.push("That is not taken as zero. State below what you know.".to_owned());
    texts
}
