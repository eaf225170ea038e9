//! The estimate that a payment keeps, on the payment's page.

use almoner_domain::Money;
use almoner_domain::estimate::labels::service_type_label;
use almoner_domain::estimate::{Case, DISCLAIMER, Estimate, FigureOption, RowChoice};
use almoner_store::payments::EstimateSnapshot;

use super::panel;
use crate::format;
use crate::view::parts::Fact;
use crate::view::payments::estimate::{EstimateSummary, KeptEstimate};

/// The estimate that a payment was created from; `now` is what the payment asks for by now.
pub(crate) fn summary(
    (kept, read): &(EstimateSnapshot, Option<Estimate>),
    now: Money,
) -> EstimateSummary {
    EstimateSummary {
        headline: headline(kept.estimated, kept.entered, now),
        is_changed: kept.estimated != Some(now),
        kept: read.as_ref().and_then(of_estimate),
    }
}

/// "Estimated $62.00, asked $50.00"
fn headline(estimated: Option<Money>, entered: Money, now: Money) -> String {
    let first = match estimated {
        Some(estimated) if estimated == entered => format!("Estimated and asked {entered}"),
        Some(estimated) => format!("Estimated {estimated}, asked {entered}"),
        None => format!("No amount was estimated, asked {entered}"),
    };
    if now == entered { first } else { format!("{first}, later changed to {now}") }
}

fn of_estimate(estimate: &Estimate) -> Option<KeptEstimate> {
    Some(KeptEstimate {
        check: estimate.check?,
        payer: payer(estimate),
        case: (estimate.case != Case::Ok).then(|| estimate.case.label()),
        choices: choices(estimate),
        facts: facts(estimate),
        figures: panel::figures(estimate),
        procedures: panel::procedures(estimate),
        steps: estimate.steps.clone(),
        warnings: panel::warnings(estimate, &estimate.warnings),
        disclaimer: DISCLAIMER,
    })
}

/// Who answered, and the plan.
fn payer(estimate: &Estimate) -> String {
    let known = [&estimate.payer, &estimate.plan].into_iter().flatten().map(String::as_str);
    known.collect::<Vec<&str>>().join(" · ")
}

fn facts(estimate: &Estimate) -> Vec<Fact> {
    let inputs = &estimate.inputs;
    let checked = estimate.checked_on.map(|on| {
        let age = panel::age(estimate.age_days.unwrap_or_default());
        format!("{}, {age} then", format::date(on))
    });
    let kind = |code: &String| match service_type_label(code) {
        Some(label) => format!("{code} {label}"),
        None => code.clone(),
    };
    let whole_plan = "30 Whole plan".to_owned();
    let kinds: Vec<String> = estimate.service_types.iter().map(kind).chain([whole_plan]).collect();
    let charge = inputs.charge.map(|charge| match inputs.charge_source {
        Some(source) => format!("{charge}, {}", source.label()),
        None => charge.to_string(),
    });
    let known = [
        ("Checked", checked),
        ("Network", Some(estimate.network.label().to_owned())),
        ("Service date", Some(format::date(estimate.service_date))),
        ("Visit class", inputs.visit_class.map(|class| class.label().to_owned())),
        ("Expected charge", Some(charge.unwrap_or_else(|| "not known".to_owned()))),
        ("Service types asked about", Some(kinds.join("; "))),
        ("A check is stale after", Some(format!("{} days", inputs.stale_after_days))),
        ("Version of the rules", Some(estimate.engine_version.to_string())),
    ];
    known.into_iter().filter_map(|(label, value)| Some(Fact::new(label, value?))).collect()
}

/// What staff chose where the payer's answer left it open, or stated themselves.
fn choices(estimate: &Estimate) -> Vec<String> {
    let chosen = &estimate.inputs.choices;
    let mut told = Vec::new();
    told.extend(chosen.check.map(|check| format!("Check: {check}, named by staff.")));
    for named in panel::named(estimate) {
        let label = named.label;
        told.extend(named.chosen.map(|choice| match choice {
            RowChoice::None => format!("{label}: staff stated that there is none."),
            RowChoice::Row(row) => {
                let found = named.figure.options.iter().find(|option| option.row == row);
                match found {
                    Some(option) => format!("{label}: {}, chosen by staff.", option_words(option)),
                    None => format!("{label}: staff chose a line that was not offered."),
                }
            }
        }));
    }
    told.extend(chosen.rule.map(|rule| format!("Rule: {}, chosen by staff.", rule.label())));
    told
}

/// "$40.00 (SPECIALIST)"
fn option_words(option: &FigureOption) -> String {
    let value = panel::option_value(option);
    if option.messages.is_empty() {
        value
    } else {
        format!("{value} ({})", option.messages.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_tells_what_became_of_the_amount() {
        let told = |estimated: Option<i64>, entered: i64, now: i64| {
            let money = Money::from_cents;
            headline(estimated.map(money), money(entered), money(now))
        };
        assert_eq!(told(Some(6_200), 6_200, 6_200), "Estimated and asked $62.00");
        assert_eq!(told(Some(6_200), 5_000, 5_000), "Estimated $62.00, asked $50.00");
        let later = "Estimated $62.00, asked $50.00, later changed to $45.00";
        assert_eq!(told(Some(6_200), 5_000, 4_500), later);
        assert_eq!(told(None, 5_000, 5_000), "No amount was estimated, asked $50.00");
    }
}
