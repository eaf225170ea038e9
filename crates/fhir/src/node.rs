//! A place of a bundle and what stands there.

use serde_json::Value;

use crate::findings::Findings;

/// What stands at a place.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    /// The value.
    pub(crate) value: &'a Value,
    /// Where it stands.
    pub(crate) place: String,
}

impl<'a> Node<'a> {
    /// A part of it, when it is there and says something.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { value, place: self.at(name) })
    }

    /// The place of a part of it.
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// The items of a part that is a list.
    pub(crate) fn items(&self, name: &str, found: &mut Findings) -> Vec<Self> {
        let Some(list) = self.get(name) else { return Vec::new() };
        let Some(values) = list.value.as_array() else {
            found.fault(&list.place, "not_a_list", "FHIR has a list here.");
            return Vec::new();
        };
        let item = |(index, value)| Self { value, place: format!("{}[{index}]", list.place) };
        values.iter().enumerate().map(item).collect()
    }

    /// A part that is text, when it says something.
    pub(crate) fn text(&self, name: &str, found: &mut Findings) -> Option<&'a str> {
        let node = self.get(name)?;
        let Some(text) = node.value.as_str() else {
            found.fault(&node.place, "not_text", "FHIR has a text here.");
            return None;
        };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// A part that is text, or nothing, without a word about anything else.
    pub(crate) fn word(&self, name: &str) -> Option<&'a str> {
        let text = self.value.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The texts of a part that is a list of them, parted by blanks.
    pub(crate) fn joined(&self, name: &str, found: &mut Findings) -> String {
        let items = self.items(name, found);
        let texts = items.iter().filter_map(|item| item.value.as_str()).map(str::trim);
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl Node<'_> {
    /// Where it stands within another, such as `type[0]`.
    pub(crate) fn place_within(&self, other: &Node<'_>) -> String {
        self.place.strip_prefix(&other.place).unwrap_or(&self.place).trim_start_matches('.').into()
    }
}
