//! The address of the list of checks: every state of it is in its URL.

use almoner_domain::checks::CheckSort;
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{DEFAULT_PAGE_SIZE, Direction};

use crate::view::parts::PageSize;
use crate::view::query::{Address, aria, push_size, sizes};

/// What the list of checks was asked for, as it was typed, so that all of it is shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChecksQuery {
    /// `q`.
    pub(crate) q: String,
    /// `outcome`, repeated.
    pub(crate) outcomes: Vec<Outcome>,
    /// `payer`, repeated: keys of payers.
    pub(crate) payers: Vec<String>,
    /// `waiting=1`.
    pub(crate) waiting: bool,
    /// `checked_from`.
    pub(crate) checked_from: String,
    /// `checked_to`.
    pub(crate) checked_to: String,
    /// `sort`.
    pub(crate) sort: CheckSort,
    /// `dir`.
    pub(crate) direction: Direction,
    /// `per_page`.
    pub(crate) per_page: i64,
}

impl Default for ChecksQuery {
    fn default() -> Self {
        Self {
            q: String::new(),
            outcomes: Vec::new(),
            payers: Vec::new(),
            waiting: false,
            checked_from: String::new(),
            checked_to: String::new(),
            sort: CheckSort::Checked,
            direction: CheckSort::Checked.default_direction(),
            per_page: DEFAULT_PAGE_SIZE,
        }
    }
}

impl ChecksQuery {
    /// The path of the list.
    pub(crate) const PATH: &str = "/eligibility";

    /// The first page of this list.
    pub(crate) fn href(&self) -> String {
        self.page_href("", "")
    }

    /// Another page of this list: `name` is `page`, `after` or `before`.
    pub(crate) fn page_href(&self, name: &str, value: &str) -> String {
        let mut address = Address::new(Self::PATH).with("q", &self.q);
        for outcome in &self.outcomes {
            address = address.with("outcome", outcome.as_str());
        }
        for payer in &self.payers {
            address = address.with("payer", payer);
        }
        address = address
            .with("waiting", if self.waiting { "1" } else { "" })
            .with("checked_from", &self.checked_from)
            .with("checked_to", &self.checked_to);
        for (field, value) in self.hidden_order() {
            address = address.with(field, &value);
        }
        address.with(name, value).into_text()
    }

    /// Order and page size as hidden fields of the filter form, where they are not the usual.
    pub(crate) fn hidden_order(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if (self.sort, self.direction) != (CheckSort::Checked, Direction::Descending) {
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
        self.waiting || !self.checked_from.is_empty() || !self.checked_to.is_empty()
    }

    /// Whether that outcome is picked.
    pub(crate) fn has_outcome(&self, outcome: Outcome) -> bool {
        self.outcomes.contains(&outcome)
    }

    /// Whether that payer is picked.
    pub(crate) fn has_payer(&self, key: &str) -> bool {
        self.payers.iter().any(|picked| picked == key)
    }

    /// The list in another order; the present column turns round.
    pub(crate) fn sort_href(&self, column: &str) -> String {
        let sort = CheckSort::from_name(column).unwrap_or(self.sort);
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
        let base = self.cleared();
        let of = |outcome: Outcome| Self { outcomes: vec![outcome], ..base.clone() };
        let views = [
            ("All", base.clone()),
            ("Active", of(Outcome::Active)),
            ("Needs review", of(Outcome::Review)),
            ("Rejected", of(Outcome::Rejected)),
            ("Waiting for a patient", Self { waiting: true, ..base.clone() }),
        ];
        views.into_iter().map(|(name, view)| (name, view.href(), view == *self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_left_out_of_the_address() {
        assert_eq!(ChecksQuery::default().href(), "/eligibility");
        let query = ChecksQuery {
            q: "o'brien & søn".to_owned(),
            outcomes: vec![Outcome::Active, Outcome::Review],
            payers: vec!["sample plan".to_owned()],
            waiting: true,
            checked_to: "2026-03-01".to_owned(),
            sort: CheckSort::Payer,
            direction: Direction::Ascending,
            per_page: 25,
            ..ChecksQuery::default()
        };
        let expected = "/eligibility?q=o%27brien+%26+s%C3%B8n&outcome=active&outcome=review\
            &payer=sample+plan&waiting=1&checked_to=2026-03-01&sort=payer&dir=asc&per_page=25";
        assert_eq!(query.href(), expected);
        assert_eq!(query.page_href("after", "ELG-012"), format!("{expected}&after=ELG-012"));
        assert_eq!(query.cleared().href(), "/eligibility?sort=payer&dir=asc&per_page=25");
    }

    #[test]
    fn columns_begin_in_their_usual_direction_and_turn_round() {
        let query = ChecksQuery::default();
        assert_eq!(query.sort_href("checked"), "/eligibility?sort=checked&dir=asc");
        assert_eq!(query.sort_href("patient"), "/eligibility?sort=patient&dir=asc");
        assert_eq!(query.aria_sort("checked"), Some("descending"));
        assert_eq!(query.aria_sort("payer"), None);
    }

    #[test]
    fn a_view_is_known_again() {
        let views = ChecksQuery { waiting: true, ..ChecksQuery::default() }.views();
        let current: Vec<_> = views.iter().filter(|view| view.2).map(|view| view.0).collect();
        assert_eq!(current, ["Waiting for a patient"]);
    }
}
