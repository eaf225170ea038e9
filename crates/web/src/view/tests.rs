//! What every page must keep, checked on every sample.

use std::collections::BTreeSet;

use super::parts::{Pager, Piece, count, cut, pieces, plural};
use super::rendered_samples;

/// An opening tag and what stands in it.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    /// Where its text begins.
    end: usize,
}

impl<'a> Tag<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// The opening tags of a page that escapes all text, so that every `<` begins a tag.
fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    for (start, _) in html.match_indices('<') {
        let rest = &html[start + 1..];
        if !rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            continue;
        }
        let name_end = rest.find(|letter: char| !letter.is_ascii_alphanumeric());
        let (name, mut rest) = rest.split_at(name_end.expect("a tag ends"));
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
            if let Some(after) = rest.strip_prefix('>') {
                found.push(Tag { name, attributes, end: html.len() - after.len() });
                break;
            }
            let key_end = rest.find(['=', '>', ' ', '\n', '/']).expect("a tag ends");
            let (key, after) = rest.split_at(key_end);
            let quoted = after.strip_prefix("=\"");
            let (value, after) =
                quoted.map_or(("", after), |text| text.split_once('"').expect("a quote ends"));
            attributes.push((key, value));
            rest = after;
        }
    }
    found
}

/// Calls a check with the name, the text and the tags of every sample.
fn for_each(check: impl Fn(&str, &str, &[Tag<'_>])) {
    let samples = rendered_samples();
    assert!(samples.len() > 50, "every page has samples");
    for (name, html) in &samples {
        check(name, html, &tags(html));
    }
}

#[test]
fn a_page_has_one_main_part_and_one_first_heading_with_words() {
    for_each(|name, html, tags| {
        for wanted in ["h1", "main", "title"] {
            let found: Vec<_> = tags.iter().filter(|tag| tag.name == wanted).collect();
            // Charts have titles of their own.
            let needed = if wanted == "title" { found.len().max(1) } else { 1 };
            assert_eq!(found.len(), needed, "{wanted} in {name}");
            let text = html[found[0].end..].split('<').next().unwrap_or_default();
            assert!(wanted == "main" || !text.trim().is_empty(), "{wanted} in {name}");
        }
    });
}

#[test]
fn style_and_behaviour_come_from_files() {
    for_each(|name, _, tags| {
        for tag in tags {
            assert_ne!(tag.name, "style", "{name}");
            assert_eq!(tag.name == "script", tag.get("src").is_some(), "{} in {name}", tag.name);
            for (key, _) in &tag.attributes {
                assert!(*key != "style" && !key.starts_with("on"), "{key} in {name}");
            }
        }
    });
}

#[test]
fn ids_are_unique_and_what_refers_to_them_finds_them() {
    let referring = ["for", "aria-labelledby", "aria-describedby", "form", "commandfor"];
    for_each(|name, _, tags| {
        let mut ids = BTreeSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id), "{id} twice in {name}");
        }
        for tag in tags {
            let references = referring.iter().filter_map(|key| tag.get(key));
            for id in references.flat_map(str::split_whitespace) {
                assert!(ids.contains(id), "{id} is missing in {name}");
            }
            if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix('#')) {
                assert!(ids.contains(id), "#{id} leads nowhere in {name}");
            }
        }
    });
}

#[test]
fn every_field_has_a_label() {
    for_each(|name, html, tags| {
        let labelled: BTreeSet<_> = tags.iter().filter_map(|tag| tag.get("for")).collect();
        for tag in tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name)) {
            let by_id = tag.get("id").is_some_and(|id| labelled.contains(id));
            let before = &html[..tag.end];
            let inside = before.rfind("<label") > before.rfind("</label");
            let hidden = tag.get("type") == Some("hidden");
            let named = by_id || inside || hidden || tag.get("aria-label").is_some();
            assert!(named, "{:?} in {name}", tag.get("name"));
        }
    });
}

#[test]
fn regions_are_named_and_forms_that_change_things_carry_their_key() {
    for_each(|name, html, tags| {
        for tag in tags {
            let is_region = tag.name == "section" || tag.get("role") == Some("region");
            let is_named = tag.get("aria-labelledby").is_some() || tag.get("aria-label").is_some();
            assert!(!is_region || is_named, "a region without a name in {name}");
            let action = tag.get("action").unwrap_or_default();
            // A payer's second click goes on with the first one's attempt.
            let once = ["/sign-", "/pay/", "/sandbox/", "/colours"];
            let is_once = once.iter().any(|start| action.starts_with(start));
            if tag.get("method") == Some("post") && !is_once {
                let form = html[tag.end..].split("</form>").next().unwrap_or_default();
                assert!(form.contains("name=\"key\""), "{action} in {name}");
            }
        }
    });
}

#[test]
fn what_people_typed_never_becomes_markup() {
    for_each(|name, html, _| {
        assert!(!html.contains("<script>alert") && !html.contains("Søn <b>"), "{name}");
    });
}

#[test]
fn the_list_of_fifty_rows_is_small() {
    let samples = rendered_samples();
    let (_, html) = samples.iter().find(|(name, _)| name == "payments-list/usual").unwrap();
    assert_eq!(html.matches("<th scope=\"row\"><a href=\"/payments/PAY-").count(), 50);
    assert!(html.len() < 60_000, "{} bytes before compression", html.len());
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("naïve\ncafé", 80), "naïve café");
    assert_eq!(cut("naïve café", 6), "naïve…");
    assert_eq!(count(1_234_567), "1,234,567");
    assert_eq!(plural(1, "payment"), "1 payment");
    assert_eq!(plural(1_000, "day"), "1,000 days");
}

#[test]
fn every_icon_is_drawn() {
    for_each(|sample, html, tags| {
        for icon in tags.iter().filter(|tag| tag.get("class") == Some("i")) {
            assert!(!html[icon.end..].trim_start().starts_with("</svg>"), "{sample}");
        }
    });
}

#[test]
fn addresses_in_notes_become_links_without_the_full_stop() {
    let text = "See https://example.com/a?b=1. Thanks";
    let expected =
        [Piece::Text("See "), Piece::Link("https://example.com/a?b=1"), Piece::Text(". Thanks")];
    assert_eq!(pieces(text), expected);
    assert_eq!(pieces("javascript:alert(1)"), [Piece::Text("javascript:alert(1)")]);
    assert_eq!(pieces(""), []);
}

#[test]
fn a_pager_tells_its_page_where_that_is_cheap() {
    let sizes = super::query::sizes(50, |rows| rows.to_string());
    let pager = Pager { from: Some(101), shown: 50, total: 1_234, sizes, ..Pager::default() };
    assert_eq!(pager.place().as_deref(), Some("Page 3 of 25"));
    let many = Pager { and_more: true, total: 10_000, ..pager };
    assert_eq!(many.place().as_deref(), Some("Page 3"));
    assert_eq!(Pager::default().place(), None);
}
