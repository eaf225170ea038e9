//! The addresses of lists: every state of a list is in its URL.

use std::fmt::Write as _;

use almoner_domain::list::{DEFAULT_PAGE_SIZE, Direction, PAGE_SIZES, Sort};
use almoner_domain::payment::PaymentType;
use almoner_domain::{LocationId, Status};

use super::parts::{FileLinks, PageSize};

/// An address that is put together from a path and its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    text: String,
    separator: char,
}

impl Address {
    /// The path alone.
    pub(crate) fn new(path: &str) -> Self {
        Self { text: path.to_owned(), separator: '?' }
    }

    /// Adds a parameter, unless it is blank.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.text.push(self.separator);
            self.separator = '&';
            self.text.push_str(name);
            self.text.push('=');
            push_encoded(&mut self.text, value);
        }
        self
    }

    /// The whole.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

fn push_encoded(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            b' ' => text.push('+'),
            _ => write!(text, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
}

/// What `due` says of payments without a due date.
pub(crate) const NO_DUE_DATE: &str = "none";

/// What the payments list was asked for, as it was typed, so that all of it is shown again. A range
/// such as `this_month` stays one in the address, and so in views and links that are kept: it means
/// the month in which it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentsQuery {
    /// `q`.
    pub(crate) q: String,
    /// `status`, repeated.
    pub(crate) statuses: Vec<Status>,
    /// `location`, repeated.
    pub(crate) locations: Vec<LocationId>,
    /// `type`.
    pub(crate) kind: Option<PaymentType>,
    /// `due`: a range of the calendar's, or [`NO_DUE_DATE`].
    pub(crate) due: String,
    /// `due_from`.
    pub(crate) due_from: String,
    /// `due_to`.
    pub(crate) due_to: String,
    /// `created`: a range of the calendar's.
    pub(crate) created: String,
    /// `created_from`.
    pub(crate) created_from: String,
    /// `created_to`.
    pub(crate) created_to: String,
    /// `paid`: a range of the calendar's.
    pub(crate) paid: String,
    /// `paid_from`.
    pub(crate) paid_from: String,
    /// `paid_to`.
    pub(crate) paid_to: String,
    /// `min`.
    pub(crate) min: String,
    /// `max`.
    pub(crate) max: String,
    /// `overdue=1`.
    pub(crate) overdue: bool,
    /// `sort`.
    pub(crate) sort: Sort,
    /// `dir`.
    pub(crate) direction: Direction,
    /// `per_page`.
    pub(crate) per_page: i64,
}

impl Default for PaymentsQuery {
    fn default() -> Self {
        Self {
            q: String::new(),
            statuses: Vec::new(),
            locations: Vec::new(),
            kind: None,
            due: String::new(),
            due_from: String::new(),
            due_to: String::new(),
            created: String::new(),
            created_from: String::new(),
            created_to: String::new(),
            paid: String::new(),
            paid_from: String::new(),
            paid_to: String::new(),
            min: String::new(),
            max: String::new(),
            overdue: false,
            sort: Sort::Created,
            direction: Sort::Created.default_direction(),
            per_page: DEFAULT_PAGE_SIZE,
        }
    }
}

impl PaymentsQuery {
    /// The path of the list.
    pub(crate) const PATH: &str = "/payments";

    /// The first page of this list.
    pub(crate) fn href(&self) -> String {
        self.address(Self::PATH).into_text()
    }

    /// Another page of this list: `name` is `page`, `after` or `before`.
    pub(crate) fn page_href(&self, name: &str, value: &str) -> String {
        self.address(Self::PATH).with(name, value).into_text()
    }

    /// Exactly this list as files.
    pub(crate) fn files(&self) -> FileLinks {
        FileLinks::of(&self.address("/payments/export").into_text())
    }

    /// Where this list is kept under a name.
    pub(crate) fn save_href(&self) -> String {
        self.address("/payments/views").into_text()
    }

    fn address(&self, path: &str) -> Address {
        let mut address = Address::new(path).with("q", &self.q);
        for status in &self.statuses {
            address = address.with("status", status.as_str());
        }
        for location in &self.locations {
            address = address.with("location", &location.to_string());
        }
        address = address
            .with("type", self.kind.map_or("", PaymentType::as_str))
            .with("due", &self.due)
            .with("due_from", &self.due_from)
            .with("due_to", &self.due_to)
            .with("created", &self.created)
            .with("created_from", &self.created_from)
            .with("created_to", &self.created_to)
            .with("paid", &self.paid)
            .with("paid_from", &self.paid_from)
            .with("paid_to", &self.paid_to)
            .with("min", &self.min)
            .with("max", &self.max)
            .with("overdue", if self.overdue { "1" } else { "" });
        if (self.sort, self.direction) != (Sort::Created, Direction::Descending) {
            address = address.with("sort", self.sort.as_str());
            address = address.with("dir", self.direction.as_str());
        }
        if self.per_page != DEFAULT_PAGE_SIZE {
            address = address.with("per_page", &self.per_page.to_string());
        }
        address
    }

    /// A range of the calendar's holds alone: dates that were typed beside it are forgotten.
    pub(crate) fn settle_ranges(&mut self) {
        for (chosen, typed) in [
            (&self.due, [&mut self.due_from, &mut self.due_to]),
            (&self.created, [&mut self.created_from, &mut self.created_to]),
            (&self.paid, [&mut self.paid_from, &mut self.paid_to]),
        ] {
            if !chosen.is_empty() {
                typed.into_iter().for_each(String::clear);
            }
        }
    }

    /// Order and page size as hidden fields of the filter form, where they are not the usual.
    pub(crate) fn hidden_order(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if (self.sort, self.direction) != (Sort::Created, Direction::Descending) {
            fields.push(("sort", self.sort.as_str().to_owned()));
            fields.push(("dir", self.direction.as_str().to_owned()));
        }
        push_size(&mut fields, self.per_page);
        fields
    }

    /// The list that keeps only order and page size.
    #[must_use]
    pub(crate) fn cleared(&self) -> Self {
        let Self { sort, direction, per_page, .. } = *self;
        Self { sort, direction, per_page, ..Self::default() }
    }

    /// Whether nothing narrows the list.
    pub(crate) fn is_clear(&self) -> bool {
        *self == self.cleared()
    }

    /// Whether something under "More filters" narrows the list.
    pub(crate) fn has_more_filters(&self) -> bool {
        let plain = Self {
            q: self.q.clone(),
            statuses: self.statuses.clone(),
            locations: self.locations.clone(),
            ..self.cleared()
        };
        *self != plain
    }

    /// Whether that status is picked.
    pub(crate) fn has_status(&self, status: Status) -> bool {
        self.statuses.contains(&status)
    }

    /// Whether that location is picked.
    pub(crate) fn has_location(&self, location: LocationId) -> bool {
        self.locations.contains(&location)
    }

    /// The list of one status; search and location stay, other filters go.
    pub(crate) fn status_href(&self, status: Status) -> String {
        let locations = self.locations.clone();
        Self { statuses: vec![status], locations, ..self.cleared() }.href()
    }

    /// What is overdue, at the picked locations.
    pub(crate) fn overdue_href(&self) -> String {
        Self { overdue: true, locations: self.locations.clone(), ..self.cleared() }.href()
    }

    /// The list in another order; the present column turns round.
    pub(crate) fn sort_href(&self, column: &str) -> String {
        let sort = Sort::from_name(column).unwrap_or(self.sort);
        let direction =
            if sort == self.sort { self.direction.reversed() } else { sort.default_direction() };
        Self { sort, direction, ..self.clone() }.href()
    }

    /// `ascending` or `descending` for the present column, nothing for the others.
    pub(crate) fn aria_sort(&self, column: &str) -> Option<&'static str> {
        (self.sort.as_str() == column).then_some(aria(self.direction))
    }

    /// The sizes that a page may have.
    pub(crate) fn sizes(&self) -> Vec<PageSize> {
        sizes(self.per_page, |per_page| Self { per_page, ..self.clone() }.href())
    }

    /// The built-in views: name, address, and whether it is the present one.
    pub(crate) fn views(&self) -> Vec<(&'static str, String, bool)> {
        let Self { sort, direction, per_page, .. } = *self;
        let base = Self { sort, direction, per_page, ..Self::default() };
        let of = |statuses: &[Status]| Self { statuses: statuses.to_vec(), ..base.clone() };
        let outstanding = [Status::Draft, Status::Pending, Status::Processing];
        let views = [
            ("All", base.clone()),
            ("Outstanding", of(&outstanding)),
            ("Overdue", Self { overdue: true, ..base.clone() }),
            ("Failed", of(&[Status::Failed])),
            ("Paid this month", Self { paid: "this_month".to_owned(), ..base.clone() }),
        ];
        views.into_iter().map(|(name, view)| (name, view.href(), view == *self)).collect()
    }
}

/// What a smaller list was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListQuery {
    /// The path of the list, such as `/patients`.
    pub(crate) path: &'static str,
    /// What is searched for.
    pub(crate) q: String,
    /// The column that orders it.
    pub(crate) sort: &'static str,
    /// The direction.
    pub(crate) direction: Direction,
    /// Rows on a page.
    pub(crate) per_page: i64,
}

impl ListQuery {
    /// The list in its usual order.
    pub(crate) fn new(path: &'static str, sort: &'static str, direction: Direction) -> Self {
        Self { path, q: String::new(), sort, direction, per_page: DEFAULT_PAGE_SIZE }
    }

    /// The first page of this list.
    pub(crate) fn href(&self) -> String {
        self.page_href("", "")
    }

    /// Another page of this list: `name` is `page`, `after` or `before`.
    pub(crate) fn page_href(&self, name: &str, value: &str) -> String {
        let per_page = if self.per_page == DEFAULT_PAGE_SIZE {
            String::new()
        } else {
            self.per_page.to_string()
        };
        Address::new(self.path)
            .with("q", &self.q)
            .with("sort", self.sort)
            .with("dir", self.direction.as_str())
            .with("per_page", &per_page)
            .with(name, value)
            .into_text()
    }

    /// Order and page size as hidden fields of the search form.
    pub(crate) fn hidden_order(&self) -> Vec<(&'static str, String)> {
        let direction = self.direction.as_str().to_owned();
        let mut fields = vec![("sort", self.sort.to_owned()), ("dir", direction)];
        push_size(&mut fields, self.per_page);
        fields
    }

    /// The list in another order; the present column turns round, others begin ascending.
    pub(crate) fn sort_href(&self, column: &str) -> String {
        let direction =
            if self.sort == column { self.direction.reversed() } else { Direction::Ascending };
        let per_page = self.per_page.to_string();
        Address::new(self.path)
            .with("q", &self.q)
            .with("sort", column)
            .with("dir", direction.as_str())
            .with("per_page", if self.per_page == DEFAULT_PAGE_SIZE { "" } else { &per_page })
            .into_text()
    }

    /// `ascending` or `descending` for the present column, nothing for the others.
    pub(crate) fn aria_sort(&self, column: &str) -> Option<&'static str> {
        (self.sort == column).then_some(aria(self.direction))
    }

    /// The sizes that a page may have.
    pub(crate) fn sizes(&self) -> Vec<PageSize> {
        sizes(self.per_page, |per_page| Self { per_page, ..self.clone() }.href())
    }
}

pub(crate) fn push_size(fields: &mut Vec<(&'static str, String)>, per_page: i64) {
    if per_page != DEFAULT_PAGE_SIZE {
        fields.push(("per_page", per_page.to_string()));
    }
}

pub(crate) fn aria(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "ascending",
        Direction::Descending => "descending",
    }
}

pub(crate) fn sizes(current: i64, href: impl Fn(i64) -> String) -> Vec<PageSize> {
    PAGE_SIZES
        .into_iter()
        .map(|rows| PageSize { rows, href: href(rows), is_current: rows == current })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_left_out_of_the_address() {
        assert_eq!(PaymentsQuery::default().href(), "/payments");
        let query = PaymentsQuery {
            q: "o'brien & søn".to_owned(),
            statuses: vec![Status::Paid, Status::PartiallyRefunded],
            per_page: 25,
            ..PaymentsQuery::default()
        };
        let expected = "/payments?q=o%27brien+%26+s%C3%B8n&status=paid\
                        &status=partially_refunded&per_page=25";
        assert_eq!(query.href(), expected);
    }

    #[test]
    fn the_present_column_turns_round() {
        let query = PaymentsQuery::default();
        assert_eq!(query.sort_href("created"), "/payments?sort=created&dir=asc");
        assert_eq!(query.sort_href("due"), "/payments?sort=due&dir=asc");
        assert_eq!(query.aria_sort("created"), Some("descending"));
        assert_eq!(query.aria_sort("due"), None);
    }

    #[test]
    fn a_view_is_known_again() {
        let views = PaymentsQuery { overdue: true, ..PaymentsQuery::default() }.views();
        let current: Vec<_> = views.iter().filter(|view| view.2).map(|view| view.0).collect();
        assert_eq!(current, ["Overdue"]);
    }
}
