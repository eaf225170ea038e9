//! The segments beneath a benefit row, in words.

use almoner_app::check_answer::delivery_in_words;
use almoner_domain::estimate::{Benefit, BenefitDate};
use jiff::civil::Date;

use super::words;
use crate::view::eligibility::detail::SegmentLine;
use crate::view::parts::cut;

/// Segments of a row that a page shows at most, and letters of each; the raw text holds all.
const MAX_SEGMENTS: usize = 60;
const MAX_LETTERS: usize = 2_000;

/// The segments of a row: its own, and those that belong to it, each with what it says.
pub(super) fn lines(benefit: &Benefit) -> Vec<SegmentLine> {
    let own = SegmentLine { text: cut(&benefit.segment, MAX_LETTERS), words: None };
    let related = benefit.related.iter().take(MAX_SEGMENTS);
    let related =
        related.map(|text| SegmentLine { text: cut(text, MAX_LETTERS), words: in_words(text) });
    std::iter::once(own).chain(related).collect()
}

/// A row's messages, no longer than a page can bear.
pub(super) fn messages(benefit: &Benefit) -> Vec<String> {
    let shown = |message: &String| match message.char_indices().nth(MAX_LETTERS) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.clone(),
    };
    benefit.messages.iter().take(MAX_SEGMENTS).map(shown).collect()
}

/// What a reader wants to know at once, beside figures and messages: how often something is
/// delivered, and who else is named.
pub(super) fn notes(benefit: &Benefit) -> Vec<String> {
    let named = ["HSD", "NM1", "PER"];
    let related = benefit.related.iter();
    let wanted = related.filter(|text| named.iter().any(|name| text.starts_with(name)));
    wanted.take(MAX_SEGMENTS).filter_map(|text| in_words(text)).collect()
}

/// The elements of a segment, whatever separates them; the first is its name.
fn elements(segment: &str) -> Vec<&str> {
    let name = segment.find(|letter: char| !letter.is_ascii_alphanumeric());
    let separator = name.and_then(|at| segment[at..].chars().next());
    separator.map_or_else(|| vec![segment], |mark| segment.split(mark).map(str::trim).collect())
}

/// A segment in words; nothing when it is not one of those that people ask about.
fn in_words(segment: &str) -> Option<String> {
    let parts = elements(segment);
    let part = |place: usize| parts.get(place).copied().filter(|text| !text.is_empty());
    match parts[0] {
        "HSD" => delivery_in_words(segment),
        "DTP" => {
            let (from, to) = days(part(3)?)?;
            let date = BenefitDate { qualifier: part(1)?.to_owned(), from, to };
            let (label, days) = words::date(&date);
            Some(format!("{label}: {days}"))
        }
        "MSG" => part(1).map(|text| format!("Message: {}", cut(text, MAX_LETTERS))),
        "NM1" => {
            let names: Vec<&str> = [part(3), part(4)].into_iter().flatten().collect();
            (!names.is_empty()).then(|| format!("Names {}", names.join(", ")))
        }
        "PER" => {
            let ways: Vec<&str> = [part(4), part(6), part(8)].into_iter().flatten().collect();
            (!ways.is_empty()).then(|| format!("Contact: {}", ways.join(", ")))
        }
        "REF" => part(2).map(|text| format!("Reference: {text}")),
        _ => None,
    }
}

/// A day as `20260131`, or two with a hyphen between.
fn days(text: &str) -> Option<(Date, Option<Date>)> {
    let day = |text: &str| Date::strptime("%Y%m%d", text).ok();
    match text.split_once('-') {
        Some((from, to)) => Some((day(from)?, Some(day(to)?))),
        None => Some((day(text)?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_told_in_words() {
        for (segment, told) in [
            ("HSD*VS*30***23*1", Some("30 visits for 1 × calendar year")),
            ("DTP*348*D8*20260101", Some("Benefit begins: Jan 1, 2026")),
            ("DTP|292|RD8|20260101-20261231", Some("Benefit: Jan 1, 2026 – Dec 31, 2026")),
            ("DTP*348*D8*2026", None),
            ("MSG*<b>AFTER DEDUCTIBLE", Some("Message: <b>AFTER DEDUCTIBLE")),
            ("NM1*PR*2*OTHER SAMPLE PLAN*****PI*7", Some("Names OTHER SAMPLE PLAN")),
            ("PER*IC**TE*5550100*UR*example.org", Some("Contact: 5550100, example.org")),
            ("REF*18*G-1", Some("Reference: G-1")),
            ("LS*2120", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(in_words(segment).as_deref(), told, "{segment}");
        }
    }

    #[test]
    fn endless_rows_are_cut() {
        let benefit = Benefit {
            segment: "é".repeat(50_000),
            related: vec![format!("MSG*{}", "é".repeat(50_000)); 500],
            messages: vec!["é".repeat(50_000); 500],
            ..Benefit::default()
        };
        assert_eq!(lines(&benefit).len(), MAX_SEGMENTS + 1);
        let longest = lines(&benefit).into_iter().map(|line| line.text.chars().count()).max();
        assert_eq!(longest, Some(MAX_LETTERS + 1));
        let messages = messages(&benefit);
        assert_eq!((messages.len(), messages[0].chars().count()), (MAX_SEGMENTS, MAX_LETTERS + 1));
    }

    #[test]
    fn a_row_s_own_segment_comes_first() {
        let benefit = Benefit {
            segment: "EB*F*IND*98".to_owned(),
            related: vec!["HSD*VS*2*WK".to_owned(), "DTP*348*D8*20260101".to_owned()],
            ..Benefit::default()
        };
        let lines = lines(&benefit);
        assert_eq!((lines.len(), lines[0].text.as_str()), (3, "EB*F*IND*98"));
        assert_eq!(notes(&benefit), ["2 visits per week"]);
    }
}
