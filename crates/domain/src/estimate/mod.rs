//! The payment estimate: from the payer's own answer to the amount to ask for.

pub mod answer;
pub mod benefit;
pub mod request;

pub use answer::{
    Case, DISCLAIMER, ENGINE_VERSION, Estimate, Figure, FigureLevel, FigureOption, FigureState,
    FigureValue, ProcedureLine, Range, Source, Warning, WarningCode,
};
pub use benefit::{Benefit, BenefitDate, Check, Network, Outcome, Procedure, Rejection, outcome};
pub use request::{Choices, NetworkChoice, Request, RowChoice, Rule, STALE_AFTER_DAYS, VisitClass};

/// Estimates what the patient owes. `checks` are the patient's, newest first.
pub fn estimate(request: &Request, checks: &[Check]) -> Estimate {
    let _ = checks;
    Estimate::empty(request, Case::NoCheck)
}
