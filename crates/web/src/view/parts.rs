//! What many pages have in common: the frame, messages, choices, paging, people.

use std::fmt;

use almoner_app::permission::{Action, allows};
use almoner_app::sign_in;
use almoner_domain::role::Role;
use almoner_domain::{FieldError, Invalid, Money, PatientId};

/// The longest memo that a list shows, in characters.
pub(crate) const LIST_MEMO_CHARS_MAX: usize = 80;

/// The longest value of a fact that stands beside another, in characters.
const SHORT_FACT_CHARS_MAX: usize = 24;

/// The frame around every page of somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The clinic's name.
    pub(crate) clinic: String,
    /// The name, or else the e-mail address, of who is signed in.
    pub(crate) user: String,
    /// Their role.
    pub(crate) role: Role,
    /// The processor is the sandbox: no real money moves, and every page says so.
    pub(crate) test_money: bool,
    /// Light, dark, or as the system says.
    pub(crate) theme: Theme,
    /// The result of what was done on the page before.
    pub(crate) flash: Option<Flash>,
    /// The address of the page, to come back to it; blank where it was sent by a form.
    pub(crate) here: String,
}

impl Shell {
    /// Whether the audit log is for them.
    pub(crate) fn sees_audit(&self) -> bool {
        allows(self.role, Action::ReadAudit)
    }

    /// Seconds that a session lasts at least after a page was served.
    pub(crate) fn lasts() -> i64 {
        (sign_in::IDLE - sign_in::TOUCH).as_secs()
    }

    /// Whether the page of jobs is for them.
    pub(crate) fn sees_jobs(&self) -> bool {
        allows(self.role, Action::ManageJobs)
    }

    /// Whether the pages of webhooks are for them.
    pub(crate) fn sees_webhooks(&self) -> bool {
        allows(self.role, Action::ManageWebhooks)
    }

    /// Whether imports are for them.
    pub(crate) fn sees_imports(&self) -> bool {
        allows(self.role, Action::ImportPatients)
    }

    /// Whether reports are for them.
    pub(crate) fn sees_reports(&self) -> bool {
        allows(self.role, Action::ReadReports)
    }

    /// Whether they see what the processor paid out.
    pub(crate) fn sees_payouts(&self) -> bool {
        allows(self.role, Action::ReadPayouts)
    }
}

/// Which colours a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// What the browser asks for.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All, with what people read.
    pub(crate) const ALL: [(Self, &str, &str); 3] = [
        (Self::System, "system", "As the system"),
        (Self::Light, "light", "Light"),
        (Self::Dark, "dark", "Dark"),
    ];

    /// The value of `data-theme`, as the cookie keeps it; the system's has none.
    pub(crate) fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// The theme that a cookie names.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something succeeded.
    Good,
    /// Something is worth knowing.
    Info,
    /// Something deserves care.
    Warning,
    /// Something failed.
    Bad,
}

impl Tone {
    /// The name in class names.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// The icon's name.
    pub(crate) fn icon(self) -> &'static str {
        match self {
            Self::Good => "paid",
            Self::Info => "info",
            Self::Warning | Self::Bad => "failed",
        }
    }
}

/// A message at the top of a page.
#[derive(Debug, Clone)]
pub(crate) struct Flash {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What it says.
    pub(crate) text: String,
}

impl Flash {
    /// A success.
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into() }
    }
}

/// What was wrong with a form. A fault whose field is empty concerns the form as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors(pub(crate) Vec<FieldError>);

impl Errors {
    /// A single fault of the form as a whole.
    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Invalid::one("", "refused", message).into()
    }

    /// What is wrong with that field, when something is.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }

    /// Whether a field has a fault of that kind.
    pub(crate) fn has(&self, field: &str, code: &str) -> bool {
        self.0.iter().any(|fault| fault.field == field && fault.code == code)
    }
}

impl From<Invalid> for Errors {
    fn from(invalid: Invalid) -> Self {
        Self(invalid.0)
    }
}

/// One option of a select, or one radio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: String,
    /// What people read.
    pub(crate) label: String,
}

impl Choice {
    /// An option.
    pub(crate) fn new(value: impl fmt::Display, label: impl Into<String>) -> Self {
        Self { value: value.to_string(), label: label.into() }
    }

    /// Whether the form holds this one.
    pub(crate) fn is(&self, value: &str) -> bool {
        self.value == value
    }
}

/// A link with its words.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Where it leads.
    pub(crate) href: String,
    /// What it says.
    pub(crate) label: String,
}

impl Link {
    /// A link.
    pub(crate) fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into() }
    }
}

/// Where a page is taken away as a file.
#[derive(Debug, Clone)]
pub(crate) struct FileLinks {
    /// As CSV.
    pub(crate) csv: String,
    /// As a workbook.
    pub(crate) xlsx: String,
}

impl FileLinks {
    /// Those of a page at this address, whose query they take along.
    pub(crate) fn of(address: &str) -> Self {
        let (path, query) = address.split_at(address.find('?').unwrap_or(address.len()));
        Self { csv: format!("{path}.csv{query}"), xlsx: format!("{path}.xlsx{query}") }
    }
}

/// A term and what it is for this object.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// The term.
    pub(crate) label: String,
    /// Its value.
    pub(crate) value: String,
}

impl Fact {
    /// A fact.
    pub(crate) fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }

    /// It wants the whole width.
    pub(crate) fn is_long(&self) -> bool {
        self.value.chars().count() > SHORT_FACT_CHARS_MAX
    }
}

/// Where a list stands and the ways to its other pages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pager {
    /// The place of the first row, from 1; `None` where that is not counted.
    pub(crate) from: Option<i64>,
    /// How many rows the page has.
    pub(crate) shown: i64,
    /// How many rows there are, or at least how many.
    pub(crate) total: i64,
    /// There are more than `total`.
    pub(crate) and_more: bool,
    /// The first page, unless this is it.
    pub(crate) first: Option<String>,
    /// The page before.
    pub(crate) previous: Option<String>,
    /// The page after.
    pub(crate) next: Option<String>,
    /// The last page, unless this is it.
    pub(crate) last: Option<String>,
    /// The sizes that a page may have.
    pub(crate) sizes: Vec<PageSize>,
}

/// A number of rows that a page may have.
#[derive(Debug, Clone)]
pub(crate) struct PageSize {
    /// How many rows.
    pub(crate) rows: i64,
    /// The same list with that many.
    pub(crate) href: String,
    /// It is the present one.
    pub(crate) is_current: bool,
}

impl Pager {
    /// `1–50 of 1,234`.
    pub(crate) fn range(&self) -> String {
        if self.total == 0 {
            return "No results".to_owned();
        }
        let more = if self.and_more { "more than " } else { "" };
        let total = format!("{more}{}", count(self.total));
        let shown = count(self.shown);
        match self.from {
            _ if self.shown == 0 => format!("None of {total}"),
            Some(from) => format!("{}–{} of {total}", count(from), count(from + self.shown - 1)),
            None if self.next.is_none() => format!("The last {shown} of {total}"),
            None => format!("{shown} of {total}"),
        }
    }

    /// `Page 3 of 25`; without the last one's number where it is not counted.
    pub(crate) fn place(&self) -> Option<String> {
        let rows = self.sizes.iter().find(|size| size.is_current)?.rows;
        let number = count((self.from? - 1) / rows + 1);
        if self.and_more {
            return Some(format!("Page {number}"));
        }
        Some(format!("Page {number} of {}", count((self.total + rows - 1) / rows)))
    }

    /// Whether there is any other page.
    pub(crate) fn has_pages(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

/// A filter that is at work, and the list without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chip {
    /// What it narrows to.
    pub(crate) label: String,
    /// The list without it.
    pub(crate) href: String,
}

/// `Due from 2026-11-01`; nothing for a range that is open at both ends.
pub(crate) fn span_label(what: &str, from: &str, to: &str) -> Option<String> {
    match (from, to) {
        ("", "") => None,
        (from, "") => Some(format!("{what} from {from}")),
        ("", to) => Some(format!("{what} to {to}")),
        (from, to) => Some(format!("{what} {from} to {to}")),
    }
}

/// A patient as lists and links name them.
#[derive(Debug, Clone)]
pub(crate) struct PatientRef {
    /// Who.
    pub(crate) id: PatientId,
    /// `Last, First` in lists, `First Last` in headings.
    pub(crate) name: String,
}

/// A patient with what tells them from others of the same name.
#[derive(Debug, Clone)]
pub(crate) struct PatientMatch {
    /// Who.
    pub(crate) id: PatientId,
    /// `Last, First`.
    pub(crate) name: String,
    /// The date of birth, as people read it.
    pub(crate) birth_date: String,
    /// The last digits of the medical record number.
    pub(crate) mrn_tail: Option<String>,
}

impl PatientMatch {
    /// What tells them from others of the same name.
    pub(crate) fn detail(&self) -> String {
        match &self.mrn_tail {
            Some(tail) => format!("born {} · MRN …{tail}", self.birth_date),
            None => format!("born {}", self.birth_date),
        }
    }

    /// All of it in one line.
    pub(crate) fn line(&self) -> String {
        match &self.mrn_tail {
            Some(tail) => format!("{}, born {}, MRN …{tail}", self.name, self.birth_date),
            None => format!("{}, born {}", self.name, self.birth_date),
        }
    }
}

/// What is overdue of a patient or a treatment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overdue {
    /// How many payments.
    pub(crate) count: i64,
    /// Their sum.
    pub(crate) amount: Money,
    /// Since how many days the oldest is due.
    pub(crate) days: i64,
}

impl Overdue {
    /// `2 payments overdue`.
    pub(crate) fn headline(&self) -> String {
        format!("{} overdue", plural(self.count, "payment"))
    }

    /// `$120.00 in all, the oldest for 14 days`.
    pub(crate) fn detail(&self) -> String {
        let days = plural(self.days, "day");
        if self.count == 1 {
            format!("{}, for {days}", self.amount)
        } else {
            format!("{} in all, the oldest for {days}", self.amount)
        }
    }
}

/// A piece of a text in which addresses of the web become links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// An `https` or `http` address.
    Link(&'a str),
}

/// Parts a text at its addresses, so that the template can link them.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = first_address(rest) {
        let length = rest[at..].find(char::is_whitespace).unwrap_or(rest.len() - at);
        let address = &rest[at..at + length];
        let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'']);
        if at > 0 {
            found.push(Piece::Text(&rest[..at]));
        }
        found.push(Piece::Link(address));
        rest = &rest[at + address.len()..];
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

fn first_address(text: &str) -> Option<usize> {
    ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()
}

/// A text of at most `max_chars` characters on one line; a longer one ends with an ellipsis.
pub(crate) fn cut(text: &str, max_chars: usize) -> String {
    let line = |text: &str| text.replace(['\n', '\t'], " ");
    match text.char_indices().nth(max_chars) {
        None => line(text),
        Some((end, _)) => format!("{}…", line(text[..end].trim_end())),
    }
}

/// A count with commas: `1,234`.
pub(crate) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 payment`, `2 payments`.
pub(crate) fn plural(number: i64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}
