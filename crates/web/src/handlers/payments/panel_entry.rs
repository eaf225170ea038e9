//! What the panel's own fields send, and what of it still counts.
//!
//! The panel's fields are about one treatment and one check: what was typed or chosen for another
//! is dropped. What was filled in and not typed is taken anew, so that it follows the treatment.

use almoner_app::estimate_payment::EstimateInput;
use almoner_domain::estimate::{Choices, Estimate, NetworkChoice, RowChoice, Rule};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, Money, PatientId, time};
use serde::Deserialize;

use super::entry::Entered;

/// What the panel's fields send. Those that begin with `shown` are what the panel showed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PanelEntry {
    pub(super) network: String,
    pub(super) service_date: String,
    pub(super) charge: String,
    choice_rule: String,
    choice_copay: String,
    choice_coinsurance: String,
    choice_deductible: String,
    choice_out_of_pocket: String,
    choice_check: String,
    shown_type: String,
    shown_treatment: String,
    shown_check: String,
    shown_charge: String,
    shown_date: String,
    estimate_seen: String,
    used_amount: String,
}

impl PanelEntry {
    /// The entry as far as it is about the form's type and treatment: of another one only the
    /// network counts.
    pub(super) fn about(&self, entered: &Entered) -> Self {
        if self.is_about(entered) {
            return self.clone();
        }
        Self { network: self.network.clone(), ..Self::default() }
    }

    fn is_about(&self, entered: &Entered) -> bool {
        let nothing_shown = self.shown_type.is_empty();
        let is_same =
            self.shown_type == entered.payment_type && self.shown_treatment == entered.treatment;
        nothing_shown || is_same
    }

    /// Whether the form's amount was filled in from the estimate of another type or treatment.
    pub(super) fn has_other_amount(&self, entered: &Entered) -> bool {
        !self.is_about(entered)
            && !self.used_amount.is_empty()
            && self.used_amount == entered.amount
    }

    /// The form's amount when it was filled in from an estimate and not changed since.
    pub(super) fn filled_in(&self, entered: &Entered) -> Option<Money> {
        let is_kept = !self.used_amount.is_empty() && self.used_amount == entered.amount;
        is_kept.then(|| Money::parse_payment("amount", &entered.amount).ok()).flatten()
    }

    /// Notes that the form's amount was filled in from the estimate.
    pub(super) fn used(&mut self, amount: &str) {
        amount.clone_into(&mut self.used_amount);
    }

    /// The fingerprint of the estimate that was seen; none when none was shown.
    pub(super) fn seen(&self) -> Option<&str> {
        Some(&*self.estimate_seen).filter(|seen| !seen.is_empty())
    }

    /// Whether lines of another check than that of the estimate were chosen.
    pub(super) fn has_other_choices(&self, estimate: &Estimate) -> bool {
        let check = estimate.check.map(|check| check.to_string()).unwrap_or_default();
        check != self.shown_check && self.choices() != self.without_lines().choices()
    }

    /// The entry without the choices that depend on the lines of a check.
    pub(super) fn without_lines(&self) -> Self {
        Self {
            choice_rule: String::new(),
            choice_copay: String::new(),
            choice_coinsurance: String::new(),
            choice_deductible: String::new(),
            choice_out_of_pocket: String::new(),
            ..self.clone()
        }
    }

    fn choices(&self) -> Choices {
        Choices {
            rule: Rule::from_name(&self.choice_rule),
            copay: self.choice_copay.parse().ok(),
            coinsurance: RowChoice::from_name(&self.choice_coinsurance),
            deductible: RowChoice::from_name(&self.choice_deductible),
            out_of_pocket: self.choice_out_of_pocket.parse().ok(),
            check: self.choice_check.parse().ok(),
        }
    }

    /// What the estimate is asked for, noting faults of the panel's fields.
    pub(super) fn input(
        &self,
        patient: PatientId,
        entered: &Entered,
        faults: &mut Invalid,
    ) -> EstimateInput {
        let charge = typed(&self.charge, &self.shown_charge)
            .map(|typed| faults.collect(Money::parse_payment("charge", typed)));
        let date = typed(&self.service_date, &self.shown_date)
            .map(|typed| faults.collect(time::parse_date("service_date", typed)));
        EstimateInput {
            patient,
            payment_type: PaymentType::from_name(&entered.payment_type),
            treatment: entered.treatment.parse().ok(),
            location: entered.location.parse().ok(),
            charge: charge.flatten(),
            network: NetworkChoice::from_name(&self.network),
            service_date: date.flatten(),
            choices: self.choices(),
        }
    }
}

/// What was typed, unless it is blank or what was filled in.
fn typed<'a>(text: &'a str, filled_in: &str) -> Option<&'a str> {
    let text = text.trim();
    (!text.is_empty() && text != filled_in).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(kind: &str, treatment: &str, amount: &str) -> Entered {
        Entered {
            payment_type: kind.to_owned(),
            treatment: treatment.to_owned(),
            amount: amount.to_owned(),
            ..Entered::default()
        }
    }

    fn shown() -> PanelEntry {
        PanelEntry {
            network: "out".to_owned(),
            service_date: "2026-03-12".to_owned(),
            charge: "150.00".to_owned(),
            choice_copay: "4".to_owned(),
            choice_deductible: "none".to_owned(),
            shown_type: "office_visit".to_owned(),
            shown_treatment: "TRT-001".to_owned(),
            shown_check: "ELG-001".to_owned(),
            shown_charge: "150.00".to_owned(),
            shown_date: "2026-03-12".to_owned(),
            estimate_seen: "abc".to_owned(),
            used_amount: "62.00".to_owned(),
            ..PanelEntry::default()
        }
    }

    fn input(entry: &PanelEntry, form: &Entered) -> EstimateInput {
        let mut faults = Invalid::default();
        let input = entry.about(form).input(PatientId::new(1), form, &mut faults);
        assert!(faults.0.is_empty(), "{faults:?}");
        input
    }

    #[test]
    fn what_was_filled_in_is_taken_anew_and_what_was_typed_is_kept() {
        let form = entered("office_visit", "TRT-001", "");
        let same = input(&shown(), &form);
        assert_eq!((same.charge, same.service_date), (None, None));
        assert_eq!((same.choices.copay, same.network), (Some(4), Some(NetworkChoice::Out)));
        let typed = PanelEntry {
            charge: "200".to_owned(),
            service_date: "2026-04-01".to_owned(),
            ..shown()
        };
        let typed = input(&typed, &form);
        assert_eq!(typed.charge, Some(Money::from_cents(20_000)));
        assert_eq!(typed.service_date, Some("2026-04-01".parse().unwrap()));
    }

    #[test]
    fn what_was_typed_for_another_treatment_or_type_is_dropped() {
        let typed = PanelEntry { charge: "200".to_owned(), ..shown() };
        for form in [
            entered("office_visit", "TRT-002", "62.00"),
            entered("treatment_pre_payment", "TRT-001", "62.00"),
        ] {
            let other = input(&typed, &form);
            assert_eq!((other.charge, other.choices), (None, Choices::default()));
            assert_eq!(other.network, Some(NetworkChoice::Out));
            assert!(typed.about(&form).seen().is_none());
            assert!(typed.has_other_amount(&form));
        }
        assert!(!typed.has_other_amount(&entered("office_visit", "TRT-002", "50.00")));
        let form = entered("office_visit", "TRT-001", "62.00");
        assert_eq!(typed.filled_in(&form), Some(Money::from_cents(6_200)));
        assert_eq!(typed.about(&form).seen(), Some("abc"));
    }

    #[test]
    fn lines_are_those_of_the_check_that_was_shown() {
        let today = jiff::civil::Date::constant(2026, 3, 12);
        let asked = almoner_domain::estimate::Request::new(None, today, today);
        let mut estimate = almoner_domain::estimate::estimate(&asked, &[]);
        estimate.check = Some(almoner_domain::CheckId::new(1));
        assert!(!shown().has_other_choices(&estimate));
        estimate.check = Some(almoner_domain::CheckId::new(2));
        assert!(shown().has_other_choices(&estimate));
        assert!(!shown().without_lines().has_other_choices(&estimate));
    }
}
