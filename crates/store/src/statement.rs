//! Statements that are put together from parts, each value bound where it is written.

use almoner_domain::name::MIN_INNER_LETTERS;
use almoner_domain::{LocationId, OrganizationId};

use crate::db::{Row, StoreError, Tx, Value};

/// A statement in the making.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    /// Appends text of our own.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a parameter for `value`.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Appends ` AND location_seq IN (…)` unless all locations are meant.
    pub(crate) fn and_locations(&mut self, locations: &[LocationId]) -> &mut Self {
        if !locations.is_empty() {
            self.push(" AND location_seq IN (");
            for (index, &location) in locations.iter().enumerate() {
                self.push(if index > 0 { ", " } else { "" }).bind(location);
            }
            self.push(")");
        }
        self
    }

    /// Appends a query of the numbers of all patients whose name has every one of the words.
    pub(crate) fn patients_named(&mut self, org: OrganizationId, words: &[String]) -> &mut Self {
        for (index, word) in words.iter().enumerate() {
            self.push(if index > 0 { " INTERSECT " } else { "" });
            if word.chars().count() >= MIN_INNER_LETTERS {
                self.push("SELECT seq FROM patient_name WHERE organization_id = ").bind(org);
                self.push(" AND name_search LIKE ").bind(format!("%{word}%"));
            } else {
                self.push("SELECT patient_seq FROM patient_word WHERE organization_id = ");
                self.bind(org).push(" AND word >= ").bind(word.as_str());
                self.push(" AND word < ").bind(format!("{word}\u{10ffff}"));
            }
        }
        self
    }

    pub(crate) async fn all(self, tx: &mut Tx) -> Result<Vec<Row>, StoreError> {
        tx.all(self.text, self.values).await
    }

    pub(crate) async fn one(self, tx: &mut Tx) -> Result<Row, StoreError> {
        tx.one(self.text, self.values).await
    }
}
