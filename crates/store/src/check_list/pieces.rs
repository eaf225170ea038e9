//! What narrows the list of checks: the conditions of its filters and its search.
//!
//! A lane is an index range; the filters that it does not see to only test what it brings, written
//! so that no other index can be chosen for them, and that a server expects each to leave many of
//! the rows: one that expects few reads and sorts all of them instead of walking the range.

use almoner_domain::OrganizationId;
use almoner_domain::checks::{CheckRequest, CheckSort};
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{MAX_EXACT_TOTAL, Search, prefix_ranges};
use almoner_domain::time;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Lane, MAX_COLLECTED, payers_named};
use crate::db::{StoreError, Tx};
use crate::statement::Statement;

/// A request, with what the database knows about its search.
pub(super) struct Scope<'a> {
    pub(super) org: OrganizationId,
    pub(super) request: &'a CheckRequest,
    zone: &'a TimeZone,
    /// The payers that the search names.
    payers_named: Vec<String>,
    /// How many checks the search alone finds, at most one more than are collected; `None` without
    /// a search.
    found: Option<i64>,
}

impl<'a> Scope<'a> {
    /// Looks up what the search names.
    pub(super) async fn read(
        tx: &mut Tx,
        org: OrganizationId,
        request: &'a CheckRequest,
        zone: &'a TimeZone,
    ) -> Result<Self, StoreError> {
        let payers_named = match &request.search {
            Search::Name(words) => payers_named(tx, org, words).await?,
            _ => Vec::new(),
        };
        let mut scope = Self { org, request, zone, payers_named, found: None };
        scope.found = scope.count_found(tx).await?;
        Ok(scope)
    }

    /// The outcomes that are listed, in their order.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let chosen = &self.request.outcomes;
        let is_listed = |outcome: &Outcome| chosen.is_empty() || chosen.contains(outcome);
        Outcome::ALL.into_iter().filter(is_listed).collect()
    }

    pub(super) fn has_all_outcomes(&self) -> bool {
        self.outcomes().len() == Outcome::ALL.len()
    }

    /// Whether the search finds few checks, which are then collected.
    pub(super) fn is_rare(&self) -> bool {
        self.found.is_some_and(|found| found <= MAX_COLLECTED)
    }

    /// The ways in which what is searched for is found, each check by one of them.
    pub(super) fn search_lanes(&self) -> Vec<Lane> {
        match &self.request.search {
            Search::All | Search::Nothing => Vec::new(),
            Search::Id(prefix) => prefix_ranges(*prefix)
                .into_iter()
                .map(|(from, to)| Lane::Numbers(from, to))
                .collect(),
            Search::Name(_) if self.payers_named.is_empty() => {
                vec![Lane::Named, Lane::NamedWaiting]
            }
            Search::Name(_) => vec![Lane::Named, Lane::NamedWaiting, Lane::NamedPayers],
        }
    }

    /// How many checks match, and whether that is exact.
    pub(super) async fn total(&self, tx: &mut Tx) -> Result<(i64, bool), StoreError> {
        let request = self.request;
        let is_plain = !request.waiting
            && request.payers.is_empty()
            && request.checked.is_open()
            && self.has_all_outcomes();
        let counted = match self.found {
            _ if request.search == Search::Nothing => 0,
            Some(found) if is_plain => found,
            Some(_) if self.is_rare() => self.count(tx, &self.search_lanes(), true).await?,
            _ => self.count(tx, &self.narrowest(), true).await?,
        };
        Ok((counted.min(MAX_EXACT_TOTAL), counted <= MAX_EXACT_TOTAL))
    }

    /// The lanes that hold the fewest checks that the filters leave.
    fn narrowest(&self) -> Vec<Lane> {
        let request = self.request;
        if request.waiting {
            return vec![Lane::Waiting];
        }
        if !request.payers.is_empty() {
            return request.payers.iter().cloned().map(Lane::Payer).collect();
        }
        if !self.has_all_outcomes() {
            return self.outcomes().into_iter().map(Lane::Outcome).collect();
        }
        vec![Lane::All]
    }

    /// How many checks there are in some lanes, each counted up to one more than is told exactly.
    async fn count(
        &self,
        tx: &mut Tx,
        lanes: &[Lane],
        is_filtered: bool,
    ) -> Result<i64, StoreError> {
        let mut statement = Statement::default();
        statement.push("SELECT 0");
        for (number, lane) in lanes.iter().enumerate() {
            statement.push(" + (SELECT count(*) FROM (SELECT seq FROM eligibility_check");
            statement.push(" WHERE organization_id = ").bind(self.org);
            self.push_range(&mut statement, lane);
            if is_filtered {
                self.push_tests(&mut statement, lane, true);
            }
            statement.push(&format!(" LIMIT {}) AS c{number})", MAX_EXACT_TOTAL + 1));
        }
        statement.push(" AS n");
        statement.one(tx).await?.int("n")
    }

    /// Appends which checks a lane holds, and the filters that it does not see to.
    pub(super) fn push_lane(&self, statement: &mut Statement, lane: &Lane) {
        self.push_range(statement, lane);
        self.push_tests(statement, lane, self.request.sort == CheckSort::Checked);
    }

    fn push_range(&self, statement: &mut Statement, lane: &Lane) {
        match lane {
            Lane::All => {}
            Lane::Waiting => {
                statement.push(" AND patient_seq IS NULL");
            }
            Lane::Payer(payer) => {
                statement.push(" AND payer_sort = ").bind(payer.as_str());
            }
            Lane::Outcome(outcome) => {
                statement.push(" AND outcome = ").bind(outcome.as_str());
            }
            Lane::Numbers(from, to) => {
                statement.push(" AND seq BETWEEN ").bind(*from).push(" AND ").bind(*to);
            }
            Lane::Named => {
                statement.push(" AND patient_seq IN (");
                statement.patients_named(self.org, self.words()).push(")");
            }
            Lane::NamedWaiting => {
                statement.push(" AND patient_seq IS NULL");
                statement.and_named("name_sort", self.words());
            }
            Lane::NamedPayers => {
                push_in(statement, "payer_sort", &self.payers_named);
                statement.push(" AND coalesce(patient_seq, 0) NOT IN (");
                statement.patients_named(self.org, self.words());
                statement.push(") AND NOT (patient_seq IS NULL");
                statement.and_named("name_sort", self.words());
                statement.push(")");
            }
        }
    }

    fn words(&self) -> &[String] {
        match &self.request.search {
            Search::Name(words) => words,
            Search::All | Search::Id(_) | Search::Nothing => &[],
        }
    }

    /// Appends the filters that a lane does not see to. `walks_time` says that all are read in the
    /// order of time, if all are read.
    fn push_tests(&self, statement: &mut Statement, lane: &Lane, walks_time: bool) {
        let request = self.request;
        if request.waiting && !matches!(lane, Lane::Waiting | Lane::NamedWaiting) {
            statement.push(" AND patient_seq IS NULL");
        }
        if !request.payers.is_empty() && !matches!(lane, Lane::Payer(_)) {
            push_test(statement, "payer_sort", &request.payers);
        }
        if !self.has_all_outcomes() && !matches!(lane, Lane::Outcome(_)) {
            push_test(statement, "outcome", &self.outcome_names());
        }
        let starts = |date: Date| time::micros(time::start_of_day(date, self.zone));
        // Where time is not the index's next key, it is only tested.
        let by_time = match lane {
            Lane::All => walks_time,
            Lane::Payer(_) | Lane::Outcome(_) => true,
            _ => false,
        };
        let column = if by_time { "checked_at_us" } else { "checked_at_us + 0" };
        if let Some(from) = request.checked.from {
            statement.push(&format!(" AND {column} >= ")).bind(starts(from));
        }
        if let Some(to) = request.checked.to {
            let end = starts(to.tomorrow().unwrap_or(to));
            statement.push(&format!(" AND {column} < ")).bind(end);
        }
        if self.found.is_some() && !self.is_rare() {
            self.push_search_test(statement);
        }
    }

    fn outcome_names(&self) -> Vec<String> {
        self.outcomes().into_iter().map(|outcome| outcome.as_str().to_owned()).collect()
    }

    /// Appends a test of each row for what is searched for.
    fn push_search_test(&self, statement: &mut Statement) {
        match &self.request.search {
            Search::All | Search::Nothing => {}
            Search::Id(prefix) => {
                statement.push(" AND (");
                for (index, (from, to)) in prefix_ranges(*prefix).into_iter().enumerate() {
                    statement.push(if index > 0 { " OR " } else { "" });
                    statement.push("seq + 0 BETWEEN ").bind(from).push(" AND ").bind(to);
                }
                statement.push(")");
            }
            Search::Name(words) => {
                statement.push(" AND (patient_seq + 0 IN (");
                statement.patients_named(self.org, words);
                statement.push(") OR (patient_seq IS NULL");
                statement.and_named("name_sort", words);
                statement.push(")");
                if !self.payers_named.is_empty() {
                    statement.push(" OR (1 = 1");
                    push_in(statement, "payer_sort || ''", &self.payers_named);
                    statement.push(")");
                }
                statement.push(")");
            }
        }
    }

    async fn count_found(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        match self.request.search {
            Search::All => Ok(None),
            Search::Nothing => Ok(Some(0)),
            Search::Id(_) | Search::Name(_) => {
                self.count(tx, &self.search_lanes(), false).await.map(Some)
            }
        }
    }
}

fn push_in(statement: &mut Statement, column: &str, values: &[String]) {
    statement.push(" AND ").push(column).push(" IN (");
    for (index, value) in values.iter().enumerate() {
        statement.push(if index > 0 { ", " } else { "" }).bind(value.as_str());
    }
    statement.push(")");
}

/// Appends a test of what a lane brings. A server takes a choice for met by every other row, and
/// knows how often a bare comparison is met only where the column itself is compared.
pub(super) fn push_test(statement: &mut Statement, column: &str, values: &[String]) {
    statement.push(" AND CASE WHEN 1 = 1");
    push_in(statement, column, values);
    statement.push(" THEN 1 = 1 ELSE 1 = 0 END");
}
