//! What a payer's answer says: the rows of a 271 as the estimate and the database see them.
//!
//! Unknown is not zero: whatever the payer did not send is `None` or [`Network::NotStated`].

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::CheckId;

/// One EB row with what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Benefit {
    /// The number of the EB segment within the file; no two rows of a check share it.
    pub index: i64,
    /// EB01: what the row is, such as `1` active, `B` co-payment, `C` deductible.
    pub code: String,
    /// EB02: whom it covers, such as `IND`, `FAM`.
    pub level: Option<String>,
    /// EB03, each repetition by itself; empty when not stated.
    pub service_types: Vec<String>,
    /// EB04: the kind of insurance.
    pub insurance_type: Option<String>,
    /// EB05: the plan's name.
    pub plan: Option<String>,
    /// EB06: the period, such as `23` calendar year, `29` remaining.
    pub period: Option<String>,
    /// EB07 in cents, as sent: it may be negative or beyond belief.
    pub amount_cents: Option<i64>,
    /// EB08 in basis points: 20 % is 2000.
    pub percent_bp: Option<i64>,
    /// EB09: what EB10 counts, such as `VS` visits.
    pub quantity_qualifier: Option<String>,
    /// EB10 as sent.
    pub quantity: Option<String>,
    /// EB11: whether an authorization is required; `None` when unknown or not stated.
    pub authorization: Option<bool>,
    /// EB12.
    pub network: Network,
    /// EB13: the row is about this procedure only.
    pub procedure: Option<Procedure>,
    /// DTP beneath the row.
    pub dates: Vec<BenefitDate>,
    /// MSG beneath the row, each by itself.
    pub messages: Vec<String>,
    /// The text of the EB segment.
    pub segment: String,
    /// The text of the segments that belong to it.
    pub related: Vec<String>,
}

/// EB12: whether a row is for providers within the plan's network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// `Y`.
    In,
    /// `N`.
    Out,
    /// `W`: the same either way.
    Either,
    /// `U`, or a value that is none of the codes.
    Unknown,
    /// Not sent.
    #[default]
    NotStated,
}

/// EB13: a procedure, drug or service that a row is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Procedure {
    /// The code list: `HC`, `CJ`, `AD`, `ID`, `N4`, `ZZ`.
    pub qualifier: Option<String>,
    /// The code; the first of a range when there is a `range_end`.
    pub code: String,
    /// Up to four modifiers.
    pub modifiers: Vec<String>,
    /// The last code of a range.
    pub range_end: Option<String>,
}

/// A DTP: a day, or a period when `to` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenefitDate {
    /// DTP01, such as `346` plan begin, `291` plan.
    pub qualifier: String,
    /// The day, or the first day.
    pub from: Date,
    /// The last day of a period.
    pub to: Option<Date>,
}

/// Why the payer could not answer (AAA), in codes and in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// AAA03.
    pub code: Option<String>,
    /// AAA04.
    pub follow_up: Option<String>,
    /// The loop that it stands in, such as `2100C`.
    #[serde(rename = "loop")]
    pub loop_name: String,
    /// The reason in words.
    pub reason: String,
    /// What may be done, in words.
    pub follow_up_text: Option<String>,
}

/// What a check comes to, judged when it is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Coverage is active.
    Active,
    /// Coverage is not active.
    Inactive,
    /// The payer says both, so a person must look.
    Review,
    /// The payer gave a reason instead of benefits.
    Rejected,
    /// The payer says neither.
    Unknown,
}

impl Outcome {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Inactive, Self::Review, Self::Rejected, Self::Unknown];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Review => "review",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Review => "Needs review",
            Self::Rejected => "Rejected",
            Self::Unknown => "Unknown",
        }
    }
}

/// An eligibility check of one patient, as far as the estimate needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which one.
    pub id: CheckId,
    /// The date of the payer's answer in the organization's time zone.
    pub checked_on: Date,
    /// What it came to at import.
    pub outcome: Outcome,
    /// Who answered.
    pub payer: String,
    /// The plan's name.
    pub plan: Option<String>,
    /// The dates at the patient's level, outside any row.
    pub dates: Vec<BenefitDate>,
    /// The patient's rows.
    pub benefits: Vec<Benefit>,
    /// The rejections of every level.
    pub rejections: Vec<Rejection>,
}

impl Benefit {
    /// Whether the row says that coverage is active (EB01 1 to 5).
    pub fn is_active(&self) -> bool {
        matches!(self.code.as_str(), "1" | "2" | "3" | "4" | "5")
    }

    /// Whether the row says that coverage is inactive (EB01 6 to 8).
    pub fn is_inactive(&self) -> bool {
        matches!(self.code.as_str(), "6" | "7" | "8")
    }

    /// Whether the row speaks of the whole plan: service type 30 or none, and no procedure.
    pub fn is_plan_wide(&self) -> bool {
        let whole = self.service_types.is_empty() || self.service_types.iter().any(|t| t == "30");
        whole && self.procedure.is_none()
    }

    /// What a statement of coverage is about: the whole plan as `30`, and each service type.
    fn subjects(&self) -> impl Iterator<Item = &str> {
        let whole = self.is_plan_wide().then_some("30");
        self.service_types.iter().map(String::as_str).chain(whole)
    }
}

/// Judges an answer: rejected when there are reasons and no rows, else by the plan-wide rows when
/// any of them speaks of coverage, else by all rows that do.
pub fn outcome(benefits: &[Benefit], rejections: &[Rejection]) -> Outcome {
    if benefits.is_empty() && !rejections.is_empty() {
        return Outcome::Rejected;
    }
    let coverage = || benefits.iter().filter(|row| row.is_active() || row.is_inactive());
    let plan_wide: Vec<&Benefit> = coverage().filter(|row| row.is_plan_wide()).collect();
    let judged = if plan_wide.is_empty() { coverage().collect() } else { plan_wide };
    let (active, inactive): (Vec<&Benefit>, Vec<&Benefit>) =
        judged.into_iter().partition(|row| row.is_active());
    let subjects: BTreeSet<&str> = active.iter().flat_map(|row| row.subjects()).collect();
    let both = inactive.iter().any(|row| row.subjects().any(|kind| subjects.contains(kind)));
    match (active.is_empty(), inactive.is_empty()) {
        _ if both => Outcome::Review,
        (false, _) => Outcome::Active,
        (true, false) => Outcome::Inactive,
        (true, true) => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str, types: &[&str]) -> Benefit {
        let service_types = types.iter().map(ToString::to_string).collect();
        Benefit { code: code.to_owned(), service_types, ..Benefit::default() }
    }

    #[test]
    fn the_outcome_is_judged_on_the_whole_plan_first() {
        let judge = |rows: &[Benefit]| outcome(rows, &[]);
        assert_eq!(judge(&[row("1", &["30"]), row("6", &["35"])]), Outcome::Active);
        assert_eq!(judge(&[row("6", &[]), row("1", &["98"])]), Outcome::Inactive);
        assert_eq!(judge(&[row("1", &["30"]), row("6", &[])]), Outcome::Review);
        assert_eq!(judge(&[row("1", &["98"]), row("6", &["35"])]), Outcome::Active);
        assert_eq!(judge(&[row("1", &["98", "35"]), row("6", &["35"])]), Outcome::Review);
        assert_eq!(judge(&[row("6", &["98"])]), Outcome::Inactive);
        assert_eq!(judge(&[row("B", &["98"])]), Outcome::Unknown);
        assert_eq!(judge(&[]), Outcome::Unknown);
    }

    #[test]
    fn a_rejection_beside_rows_does_not_reject_them() {
        let reason = [Rejection::default()];
        assert_eq!(outcome(&[], &reason), Outcome::Rejected);
        assert_eq!(outcome(&[row("1", &["30"])], &reason), Outcome::Active);
    }

    #[test]
    fn outcomes_are_found_by_their_names() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
        }
    }

    #[test]
    fn a_row_survives_storage() {
        let mut stored = row("B", &["98"]);
        stored.dates.push(BenefitDate {
            qualifier: "346".to_owned(),
            from: Date::constant(2026, 1, 1),
            to: None,
        });
        let text = serde_json::to_string(&stored).unwrap();
        assert!(text.contains(r#""network":"not_stated""#), "{text}");
        assert_eq!(serde_json::from_str::<Benefit>(&text).unwrap(), stored);
    }
}
