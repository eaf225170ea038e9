//! How old is what is outstanding, by location.

use almoner_domain::Money;
use almoner_domain::report::{Age, Tally};
use askama::Template;

use crate::view::Samples;
use crate::view::parts::{self, FileLinks, Shell};
use crate::view::samples;

/// Aging: GET `/reports/aging`.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/aging.html")]
pub(crate) struct AgingPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The day on which it holds, as people read it.
    pub(crate) today: String,
    /// Each location.
    pub(crate) rows: Vec<AgingRow>,
    /// All together.
    pub(crate) total: AgingRow,
    /// Failed payments that are overdue.
    pub(crate) failed: AgingCell,
    /// The same as a file.
    pub(crate) export: FileLinks,
}

/// A location's outstanding payments by age.
#[derive(Debug, Clone)]
pub(crate) struct AgingRow {
    /// Its name.
    pub(crate) name: String,
    /// One for each age, in their order.
    pub(crate) cells: Vec<AgingCell>,
    /// All ages.
    pub(crate) total: AgingCell,
}

/// So many payments, and the list of them.
#[derive(Debug, Clone)]
pub(crate) struct AgingCell {
    /// How many and how much.
    pub(crate) tally: Tally,
    /// The list, where the list's filters can say it.
    pub(crate) href: Option<String>,
}

impl AgingCell {
    /// `4 failed payments`
    fn failed(&self) -> String {
        parts::plural(self.tally.count, "failed payment")
    }

    /// `3 payments, 0–30 days, Harbor Street`: what its link leads to.
    pub(crate) fn about(&self, column: &str, row: &str) -> String {
        format!("{}: {column}, {row}", parts::plural(self.tally.count, "payment"))
    }
}

impl Samples for AgingPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let cell = |count, cents, href: Option<&str>| AgingCell {
            tally: Tally { count, amount: Money::from_cents(cents) },
            href: href.map(str::to_owned),
        };
        let list = Some("/payments?status=pending&location=LOC-001&due_to=2026-08-23");
        let row = |name: &str| AgingRow {
            name: name.to_owned(),
            cells: vec![
                cell(2, 5_000, None),
                cell(14, 210_050, list),
                cell(3, 12_000, list),
                cell(1, 99_999_999, list),
                cell(0, 0, None),
                cell(1_204, 4_812_077, list),
            ],
            total: cell(1_224, 105_039_126, list),
        };
        let usual = Self {
            shell: samples::manager_shell(),
            today: "Nov 22, 2026".to_owned(),
            rows: vec![row("Harbor Street"), row(samples::HARD_NAME)],
            total: row("All locations"),
            failed: cell(4, 31_000, Some("/payments?status=failed&overdue=1")),
            export: FileLinks::of("/reports/aging"),
        };
        let none = AgingRow {
            name: "Harbor Street".to_owned(),
            cells: Age::ALL.iter().map(|_| cell(0, 0, None)).collect(),
            total: cell(0, 0, None),
        };
        let empty = Self {
            rows: vec![none.clone()],
            total: none,
            failed: cell(0, 0, None),
            ..usual.clone()
        };
        vec![("usual", usual), ("empty", empty)]
    }
}
