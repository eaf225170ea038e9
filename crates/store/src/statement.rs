//! Statements that are put together from parts, each value bound where it is written.

use almoner_domain::name::MIN_INNER_LETTERS;
use almoner_domain::{LocationId, OrganizationId};

use crate::db::{Row, StoreError, Touches, Tx, Value};

/// How an engine tells whether a column is one of many numbers.
#[derive(Debug)]
pub(crate) struct NumberSet {
    /// What stands between the column and the parameter.
    pub(crate) before: &'static str,
    /// What the parameter is bound to.
    pub(crate) value: String,
    /// What stands after the parameter.
    pub(crate) after: &'static str,
}

/// A statement in the making.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    text: String,
    values: Vec<Value>,
    /// Whether the engine finds long words by an index that is asked with `MATCH`.
    matches_letters: bool,
}

impl Statement {
    /// One that asks the embedded engine's index of letters, where `matches_letters`; without it
    /// a statement suits both engines, but the embedded one reads each name that it finds.
    pub(crate) fn of_letters(matches_letters: bool) -> Self {
        Self { matches_letters, ..Self::default() }
    }

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
        self.and_one_of("location_seq", locations)
    }

    /// Appends that an expression is one of the ids, unless there is none, which means all.
    pub(crate) fn and_one_of<T: Copy>(&mut self, of: &str, ids: &[T]) -> &mut Self
    where
        Value: From<T>,
    {
        if !ids.is_empty() {
            self.push(" AND ").push(of).push(" IN (");
            for (index, &id) in ids.iter().enumerate() {
                self.push(if index > 0 { ", " } else { "" }).bind(id);
            }
            self.push(")");
        }
        self
    }

    /// Appends that a column is one of many numbers.
    pub(crate) fn and_in(&mut self, column: &str, set: &NumberSet) -> &mut Self {
        self.push(" AND ").push(column).push(set.before);
        self.bind(set.value.as_str()).push(set.after)
    }

    /// Appends a query of the numbers of all patients whose name has every one of the words. It
    /// looks up the longest, which the fewest names have, and tests those names for the others.
    /// A patient comes twice when two words of the name begin like a short one.
    pub(crate) fn patients_named(&mut self, org: OrganizationId, words: &[String]) -> &mut Self {
        let letters = |word: &String| word.chars().count();
        let mut words = words.to_vec();
        words.sort_by_key(|word| std::cmp::Reverse(letters(word)));
        match words.split_first() {
            Some((first, rest)) if letters(first) < MIN_INNER_LETTERS => {
                self.push("SELECT w.patient_seq AS seq FROM patient_word w");
                if !rest.is_empty() {
                    self.push(" JOIN patient n");
                    self.push(
                        " ON n.organization_id = w.organization_id AND n.seq = w.patient_seq",
                    );
                }
                self.push(" WHERE w.organization_id = ").bind(org);
                self.push(" AND w.word >= ").bind(first.as_str());
                self.push(" AND w.word < ").bind(format!("{first}\u{10ffff}"));
                words.remove(0);
            }
            _ => {
                self.push("SELECT n.seq AS seq FROM patient_name n WHERE n.organization_id = ")
                    .bind(org);
            }
        }
        if self.matches_letters {
            let is_short = |word: &String| letters(word) < MIN_INNER_LETTERS;
            let (short, long): (Vec<_>, Vec<_>) = words.into_iter().partition(is_short);
            if !long.is_empty() {
                self.push(" AND n.letters MATCH ").bind(phrases(&long));
            }
            words = short;
        }
        self.and_named("n.name_search", &words)
    }

    /// Appends a query of the numbers of all patients of whose name a word begins so, by the word.
    /// A server that plans for any prefix takes one that has two plain bounds for rare, and would
    /// collect all words of a common one before the first few are looked at; it expects more
    /// between these.
    pub(crate) fn words_beginning(&mut self, org: OrganizationId, word: &str) -> &mut Self {
        self.push("SELECT w.patient_seq AS seq FROM patient_word w WHERE w.organization_id = ");
        self.bind(org).push(" AND w.word >= ").bind(word);
        self.push(" AND (w.word, w.patient_seq) < (").bind(format!("{word}\u{10ffff}"));
        self.push(", 0) ORDER BY w.word, w.patient_seq")
    }

    /// Appends a test of a name for every word, as `name::matches` understands it. The column holds
    /// a key of searches, in which an index may know the long words, or of sorting.
    pub(crate) fn and_named(&mut self, column: &str, words: &[String]) -> &mut Self {
        for word in words {
            if word.chars().count() >= MIN_INNER_LETTERS {
                self.push(&format!(" AND {column} LIKE ")).bind(format!("%{word}%"));
            } else {
                // No index holds this, so none is read from end to end for it.
                self.push(&format!(" AND ' ' || replace({column}, ")).bind("\t");
                self.push(", ' ') LIKE ").bind(format!("% {word}%"));
            }
        }
        self
    }

    /// Its text and its values.
    #[cfg(feature = "testing")]
    pub(crate) fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }

    pub(crate) async fn execute(self, tx: &mut Tx) -> Result<u64, StoreError> {
        tx.execute(self.text, self.values).await
    }

    pub(crate) async fn gather(self, tx: &mut Tx, touches: Touches) -> Result<(), StoreError> {
        tx.gather(self.text, self.values, touches).await
    }

    pub(crate) async fn all(self, tx: &mut Tx) -> Result<Vec<Row>, StoreError> {
        tx.all(self.text, self.values).await
    }

    pub(crate) async fn one(self, tx: &mut Tx) -> Result<Row, StoreError> {
        tx.one(self.text, self.values).await
    }
}

/// Words as the index of letters takes them.
fn phrases(words: &[String]) -> String {
    let quote = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}
