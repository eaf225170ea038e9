//! What came in by month, location, type of payment and tender.

use almoner_domain::{LocationId, Money};
use askama::Template;

use crate::view::Samples;
use crate::view::chart::{self, Columns, Month};
use crate::view::parts::{Errors, FileLinks, Shell};
use crate::view::payments::list::LocationOption;
use crate::view::samples;

/// Collections: GET `/reports/collections` with `from`, `to` (`YYYY-MM`) and `location`, repeated.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/collections.html")]
pub(crate) struct CollectionsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The first month as it was typed.
    pub(crate) from: String,
    /// The last month as it was typed.
    pub(crate) to: String,
    /// `Dec 2025 to Nov 2026`.
    pub(crate) span: String,
    /// Ranges to choose from: name, address, whether it is the present one.
    pub(crate) presets: Vec<(&'static str, String, bool)>,
    /// All locations of the clinic.
    pub(crate) locations: Vec<LocationOption>,
    /// Those that are looked at; all when none is named.
    pub(crate) picked: Vec<LocationId>,
    /// Each month of the range.
    pub(crate) months: Vec<Month>,
    /// By location, type and tender.
    pub(crate) parts: Vec<Part>,
    /// All together.
    pub(crate) total: SumRow,
    /// The same as a file.
    pub(crate) export: FileLinks,
    /// What was wrong; the last twelve months are shown then.
    pub(crate) errors: Errors,
}

/// One way to part the sum.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The name in its region's id.
    pub(crate) name: &'static str,
    /// By what.
    pub(crate) label: &'static str,
    /// Its column.
    pub(crate) column: &'static str,
    /// The rows.
    pub(crate) rows: Vec<SumRow>,
}

/// A part of what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SumRow {
    /// Which.
    pub(crate) label: String,
    /// Taken, less what was reversed.
    pub(crate) gross: Money,
    /// Refunded, less what failed.
    pub(crate) refunded: Money,
}

impl SumRow {
    pub(crate) fn net(&self) -> Money {
        self.gross.minus(self.refunded)
    }
}

impl CollectionsPage {
    fn columns(&self) -> Columns {
        Columns::of(&self.months)
    }

    fn has(&self, location: LocationId) -> bool {
        self.picked.contains(&location)
    }
}

impl Samples for CollectionsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |label: &str, gross, refunded| SumRow {
            label: label.to_owned(),
            gross: Money::from_cents(gross),
            refunded: Money::from_cents(refunded),
        };
        let part = |name, label, column, rows| Part { name, label, column, rows };
        let usual = Self {
            shell: samples::manager_shell(),
            from: "2025-12".to_owned(),
            to: "2026-11".to_owned(),
            span: "Dec 2025 to Nov 2026".to_owned(),
            presets: vec![
                ("Last 12 months", "/reports/collections".to_owned(), true),
                ("This year", "/reports/collections?from=2026-01&to=2026-11".to_owned(), false),
            ],
            locations: vec![
                LocationOption { id: LocationId::new(1), name: "Harbor Street".to_owned() },
                LocationOption { id: LocationId::new(2), name: samples::HARD_NAME.to_owned() },
            ],
            picked: vec![LocationId::new(1)],
            months: samples::months(),
            parts: vec![
                part("place", "By location", "Location", vec![row("Harbor Street", 9_000, 100)]),
                part("type", "By payment type", "Payment Type", vec![row("None", 9_000, 100)]),
                part(
                    "tender",
                    "By tender",
                    "Tender",
                    vec![row("Cash", 10_000, 0), row(samples::HARD_NAME, -1_000, 100)],
                ),
            ],
            total: row("Total", 9_000, 100),
            export: FileLinks::of("/reports/collections"),
            errors: Errors::default(),
        };
        let nothing = |month: &Month| Month {
            net: Money::ZERO,
            gross: Money::ZERO,
            refunded: Money::ZERO,
            ..month.clone()
        };
        let empty = Self {
            months: usual.months.iter().map(nothing).collect(),
            parts: Vec::new(),
            total: row("Total", 0, 0),
            picked: Vec::new(),
            ..usual.clone()
        };
        let errors = almoner_domain::Invalid::one("from", "not_a_month", "Enter a month.");
        let wrong =
            Self { from: samples::HARD_TEXT.to_owned(), errors: errors.into(), ..empty.clone() };
        vec![("usual", usual), ("empty", empty), ("wrong", wrong)]
    }
}
