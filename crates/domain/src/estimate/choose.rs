//! Which rows count: of the patient and the plan, on the service date, in the network, and of
//! those the most specific ones.

use super::benefit::{Benefit, Check, Network};
use super::dates;
use super::request::{NetworkChoice, Request, VisitClass};
use super::service_types;
use super::settings::EstimateSettings;

/// How many rows of a check are looked at; no payer is known to send a tenth of it.
pub const MAX_ROWS: usize = 5_000;

/// How closely a row fits the service; less is closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Specificity {
    /// It names one of the treatment's codes.
    Procedure,
    /// It names the service type at this place of the order.
    ServiceType(usize),
    /// It speaks of the whole plan.
    PlanWide,
}

/// A row that may count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) row: &'a Benefit,
    pub(super) specificity: Specificity,
    /// How well its network fits; less is better.
    pub(super) network: u8,
}

/// The rows of a check as one question sees them.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    check: &'a Check,
    settings: &'a EstimateSettings,
    /// The service types in question, without that of the whole plan.
    pub(super) types: Vec<&'a str>,
    /// The treatment's codes.
    pub(super) procedures: Vec<String>,
    network: NetworkChoice,
    pub(super) visit_class: Option<VisitClass>,
    pub(super) request: &'a Request,
    /// The rows that may count, whatever they are, the closest first.
    counting: Vec<Candidate<'a>>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        request: &'a Request,
        check: &'a Check,
        settings: &'a EstimateSettings,
    ) -> Self {
        let mut procedures: Vec<String> = Vec::new();
        for code in request.procedures.iter().map(|code| service_types::normal(code)) {
            if !code.is_empty() && !procedures.contains(&code) {
                procedures.push(code);
            }
        }
        let mut scope = Self {
            check,
            settings,
            types: service_types::in_question(request, settings),
            procedures,
            network: request.network,
            visit_class: request.visit_class,
            request,
            counting: Vec::new(),
        };
        let rows = scope.rows().iter();
        scope.counting = closest_first(rows.filter_map(|row| scope.candidate(row)).collect());
        scope
    }

    /// The same question about each of the treatment's codes by itself; this one without codes.
    pub(super) fn parts(&self) -> Vec<Self> {
        if self.procedures.len() < 2 {
            return vec![self.clone()];
        }
        let about = |code: &String| {
            let procedures = vec![code.clone()];
            let request = Request { procedures: procedures.clone(), ..self.request.clone() };
            let types = service_types::in_question(&request, self.settings);
            let part = Self { types, procedures, counting: Vec::new(), ..*self };
            // Whatever counts for a part counts for the whole, so no other row is looked at.
            let counting = self.counting.iter().filter_map(|candidate| {
                let specificity = part.specificity(candidate.row)?;
                Some(Candidate { specificity, ..*candidate })
            });
            Self { counting: closest_first(counting.collect()), ..part }
        };
        self.procedures.iter().map(about).collect()
    }

    pub(super) fn check(&self) -> &'a Check {
        self.check
    }

    /// The check's rows, up to a limit.
    pub(super) fn rows(&self) -> &'a [Benefit] {
        let rows = &self.check.benefits;
        rows.get(..MAX_ROWS).unwrap_or(rows)
    }

    /// Whether the row's own dates allow the service date.
    pub(super) fn is_in_time(&self, row: &Benefit) -> bool {
        dates::excludes(&row.dates, self.request.service_date).is_none()
    }

    /// Whether a row is about one of the treatment's codes.
    pub(super) fn names_procedure(&self, row: &Benefit) -> bool {
        self.procedures.iter().any(|code| is_about(row, code))
    }

    /// How closely a row fits; `None` when it is about something else.
    pub(super) fn specificity(&self, row: &Benefit) -> Option<Specificity> {
        if row.procedure.is_some() {
            return self.names_procedure(row).then_some(Specificity::Procedure);
        }
        let place = self.types.iter().position(|kind| row.service_types.iter().any(|t| t == kind));
        match place {
            Some(place) => Some(Specificity::ServiceType(place)),
            None => row.is_plan_wide().then_some(Specificity::PlanWide),
        }
    }

    /// How well a row's network fits; `None` when it is the wrong one.
    pub(super) fn network_rank(&self, row: &Benefit) -> Option<u8> {
        match (self.network, row.network) {
            (NetworkChoice::In, Network::In) | (NetworkChoice::Out, Network::Out) => Some(0),
            (_, Network::Either) => Some(1),
            (NetworkChoice::In, Network::NotStated | Network::Unknown) => Some(2),
            (NetworkChoice::In, Network::Out)
            | (NetworkChoice::Out, Network::In | Network::NotStated | Network::Unknown) => None,
        }
    }

    fn candidate(&self, row: &'a Benefit) -> Option<Candidate<'a>> {
        let specificity = self.specificity(row)?;
        let network = self.network_rank(row)?;
        self.is_in_time(row).then_some(Candidate { row, specificity, network })
    }

    /// The rows that may count and have one of these codes, the closest first.
    pub(super) fn candidates(&self, codes: &[&str]) -> Vec<Candidate<'a>> {
        let has_code = |candidate: &&Candidate<'a>| codes.contains(&candidate.row.code.as_str());
        self.counting.iter().filter(has_code).copied().collect()
    }

    /// Whether a row is stated to be for the other network.
    pub(super) fn is_of_other_network(&self, row: &Benefit) -> bool {
        match self.network {
            NetworkChoice::In => row.network == Network::Out,
            NetworkChoice::Out => row.network == Network::In,
        }
    }

    /// All rows that concern the service, whatever they are, the closest first. Unlike those that
    /// may count, they include rows without a network: what they say warns of either.
    pub(super) fn concerning(&self) -> Vec<(Specificity, &'a Benefit)> {
        let rows = self.rows().iter();
        let rows = rows.filter(|row| !self.is_of_other_network(row) && self.is_in_time(row));
        let mut found: Vec<(Specificity, &Benefit)> =
            rows.filter_map(|row| Some((self.specificity(row)?, row))).collect();
        found.sort_by_key(|(specificity, _)| *specificity);
        found
    }

    /// The rows of one code, grouped by how closely they fit, the closest group first.
    pub(super) fn groups(&self, code: &str) -> Vec<Vec<Candidate<'a>>> {
        let candidates = self.candidates(&[code]);
        let groups = candidates.chunk_by(|one, other| one.specificity == other.specificity);
        groups.map(<[Candidate<'a>]>::to_vec).collect()
    }
}

fn closest_first(mut candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    candidates.sort_by_key(|candidate| (candidate.specificity, candidate.network));
    candidates
}

/// The code list of drugs, whose codes are made of parts and never those of procedures.
const DRUGS: &str = "N4";

/// Whether a row is about that procedure code.
pub(super) fn is_about(row: &Benefit, code: &str) -> bool {
    let Some(procedure) = &row.procedure else { return false };
    if procedure.qualifier.as_deref() == Some(DRUGS) {
        return false;
    }
    if bare(&procedure.code).eq_ignore_ascii_case(code) {
        return true;
    }
    let Some(last) = &procedure.range_end else { return false };
    let (first, last) = (service_types::normal(&procedure.code), service_types::normal(last));
    service_types::is_between(code, &first, &last)
}

/// A code without modifiers, as it is written.
fn bare(code: &str) -> &str {
    let code = code.trim();
    let end = code.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(code.len());
    code.get(..end).unwrap_or_default()
}
