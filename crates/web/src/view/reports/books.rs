//! Where the refunds and the ledger of some days are taken away as files.

use almoner_domain::{Invalid, LocationId};
use almoner_store::books::Book;
use askama::Template;

use crate::view::Samples;
use crate::view::parts::{Choice, Errors, Shell};
use crate::view::payments::list::LocationOption;
use crate::view::samples;

/// Books: GET `/reports/books` with `book`, `from`, `to` (`YYYY-MM-DD`) and `location`, repeated.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/books.html")]
pub(crate) struct BooksPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Refunds or ledger.
    pub(crate) book: &'static str,
    /// The first day as it was typed.
    pub(crate) from: String,
    /// The last day as it was typed.
    pub(crate) to: String,
    /// Ranges to choose from: name, address, whether it is the present one.
    pub(crate) presets: Vec<(&'static str, String, bool)>,
    /// All locations of the clinic.
    pub(crate) locations: Vec<LocationOption>,
    /// Those that are taken; all when none is named.
    pub(crate) picked: Vec<LocationId>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// The name of a book in an address.
pub(crate) fn name(book: Book) -> &'static str {
    match book {
        Book::Refunds => "refunds",
        Book::Ledger => "ledger",
    }
}

impl BooksPage {
    fn has(&self, location: LocationId) -> bool {
        self.picked.contains(&location)
    }

    fn books() -> [Choice; 2] {
        [(Book::Refunds, "Refunds"), (Book::Ledger, "Ledger")]
            .map(|(book, label)| Choice::new(name(book), label))
    }
}

impl Samples for BooksPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let place =
            |seq, name: &str| LocationOption { id: LocationId::new(seq), name: name.to_owned() };
        let address = "/reports/books?book=ledger&from=2026-11-01&to=2026-11-22".to_owned();
        let usual = Self {
            shell: samples::manager_shell(),
            book: name(Book::Ledger),
            from: "2026-11-01".to_owned(),
            to: "2026-11-22".to_owned(),
            presets: vec![("This month", address, true), ("Last month", "?".to_owned(), false)],
            locations: vec![place(1, "Harbor Street"), place(2, samples::HARD_NAME)],
            picked: vec![LocationId::new(2)],
            errors: Errors::default(),
        };
        let errors = Invalid::one("from", "not_a_date", "Enter a date such as 2026-11-23.");
        let wrong = Self {
            from: samples::HARD_TEXT.to_owned(),
            locations: vec![place(1, "Harbor Street")],
            picked: Vec::new(),
            errors: errors.into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("wrong", wrong)]
    }
}
