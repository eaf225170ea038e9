//! Pages obey the strictest content policy: no inline style, no inline handler, all text escaped.

use super::source;
use super::tree::{File, Finding, Tree};

const TEMPLATE_ENDINGS: [&str; 3] = [".html", ".svg", ".xml"];

/// Styles come from the stylesheet.
pub(super) fn inline_style(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, page) in pages(tree) {
        for line in File::lines_where(&page.markup, |line| has_attribute(line, |n| n == "style")) {
            found.push(Finding::new(file, line, "an inline style; give it a class"));
        }
    }
}

/// Behaviour comes from the module.
pub(super) fn inline_handlers(tree: &Tree, found: &mut Vec<Finding>) {
    let is_handler = |name: &str| name.len() > 2 && name.starts_with("on");
    for (file, page) in pages(tree) {
        for line in File::lines_where(&page.markup, |line| has_attribute(line, is_handler)) {
            found.push(Finding::new(file, line, "an inline handler; listen in the module"));
        }
    }
}

/// Every value is escaped.
pub(super) fn unescaped(tree: &Tree, found: &mut Vec<Finding>) {
    let is_safe = |line: &str| {
        source::words(line, "safe").any(|at| line[..at].trim_end().ends_with('|'))
            || line.contains("escape = \"none\"")
    };
    for (file, page) in pages(tree) {
        for line in File::lines_where(&page.expressions, is_safe) {
            found.push(Finding::new(file, line, "`|safe` leaves a value unescaped"));
        }
    }
}

/// A template in two views of the same lines.
struct Page {
    /// What is not a template expression.
    markup: String,
    /// What is one.
    expressions: String,
}

fn pages(tree: &Tree) -> impl Iterator<Item = (&File, Page)> {
    let templates = tree
        .files
        .iter()
        .filter(|file| file.path.contains("/templates/") && file.ends_with_any(&TEMPLATE_ENDINGS));
    templates.map(|file| (file, split(&file.text)))
}

fn split(text: &str) -> Page {
    let mut page = Page { markup: String::new(), expressions: String::new() };
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let end = ["{{", "{%", "{#"].iter().find(|open| rest.starts_with(**open)).map(|open| {
            let close = match *open {
                "{{" => "}}",
                "{%" => "%}",
                _ => "#}",
            };
            rest.find(close).map_or(rest.len(), |at| at + close.len())
        });
        let (taken, is_expression) = match end {
            Some(end) => (&rest[..end], true),
            None => (&rest[..char.len_utf8()], false),
        };
        let blank: String = taken.chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        let is_comment = taken.starts_with("{#");
        page.markup.push_str(if is_expression { &blank } else { taken });
        page.expressions.push_str(if is_expression && !is_comment { taken } else { &blank });
        rest = &rest[taken.len()..];
    }
    page
}

/// Whether an attribute whose name is wanted begins or stands on the line.
fn has_attribute(line: &str, wanted: impl Fn(&str) -> bool) -> bool {
    line.match_indices('=').any(|(at, _)| {
        let before = line[..at].trim_end();
        let name_start = before.rfind(|char: char| !char.is_ascii_alphabetic() && char != '-');
        let start = name_start.map_or(0, |at| at + 1);
        let apart = before[..start].chars().next_back().is_none_or(char::is_whitespace);
        apart && wanted(&before[start..].to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    const PATH: &str = "crates/web/templates/a.html";

    #[test]
    fn inline_styles_are_found() {
        let bad = "<p>\n<b class=\"x\" style=\"color: red\">\n";
        assert_eq!(
            found(inline_style, &[(PATH, bad)]),
            [format!("{PATH}:2: an inline style; give it a class")]
        );
        let good = "<link rel=\"stylesheet\" href=\"/x?style=1\">{% let style = 1 %}";
        assert!(found(inline_style, &[(PATH, good)]).is_empty());
    }

    #[test]
    fn inline_handlers_are_found() {
        assert_eq!(found(inline_handlers, &[(PATH, "<b\n  onClick = 'x()'>")]).len(), 1);
        let good = "<b data-on=\"x\" class=\"on\">{% if once == one %}{# onclick=\"\" #}";
        assert!(found(inline_handlers, &[(PATH, good)]).is_empty());
    }

    #[test]
    fn unescaped_values_are_found() {
        assert_eq!(found(unescaped, &[(PATH, "{{ memo | safe }}")]).len(), 1);
        assert_eq!(found(unescaped, &[(PATH, "{{ memo|safe }}")]).len(), 1);
        assert!(found(unescaped, &[(PATH, "{{ memo }} is |safe {# x|safe #}")]).is_empty());
    }
}
