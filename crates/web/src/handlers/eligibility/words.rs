//! Words of our own for what a check is about, beside those of the domain. To add a code, add
//! its line.

use almoner_domain::estimate::BenefitDate;

use crate::format;

/// What a date is of (DTP01).
fn date_label(qualifier: &str) -> Option<&'static str> {
    Some(match qualifier {
        "096" => "Discharge",
        "102" => "Issued",
        "152" => "Change effective",
        "193" => "Period begins",
        "194" => "Period ends",
        "291" => "Plan",
        "292" => "Benefit",
        "304" => "Latest visit",
        "307" => "Eligibility",
        "318" => "Added",
        "340" => "COBRA begins",
        "341" => "COBRA ends",
        "342" => "Premium paid from",
        "343" => "Premium paid until",
        "346" => "Plan begins",
        "347" => "Plan ends",
        "348" => "Benefit begins",
        "349" => "Benefit ends",
        "356" => "Eligibility begins",
        "357" => "Eligibility ends",
        "382" => "Enrolled",
        "435" => "Admission",
        "442" => "Died",
        "472" => "Service",
        "539" => "Policy begins",
        "540" => "Policy ends",
        "636" => "Last update",
        "771" => "Status",
        _ => return None,
    })
}

/// What a date is of, and the day or the period.
pub(super) fn date(date: &BenefitDate) -> (String, String) {
    let label = date_label(&date.qualifier)
        .map_or_else(|| format!("Date {}", date.qualifier), str::to_owned);
    let from = format::date(date.from);
    let days = date.to.map_or_else(|| from.clone(), |to| format!("{from} – {}", format::date(to)));
    (label, days)
}

/// What a quantity counts (EB09).
pub(super) fn quantity_label(qualifier: &str) -> Option<&'static str> {
    Some(match qualifier {
        "8H" => "at least",
        "99" => "used",
        "CA" => "covered",
        "CE" => "covered, actual",
        "D3" => "co-insurance days",
        "DB" => "deductible blood units",
        "DY" => "days",
        "HS" => "hours",
        "LA" => "life-time reserve, actual",
        "LE" => "life-time reserve, estimated",
        "M2" => "at most",
        "MN" => "months",
        "P6" => "services or procedures",
        "QA" => "approved",
        "S7" => "years of age, at most",
        "S8" => "years of age, at least",
        "VS" => "visits",
        "YY" => "years",
        _ => return None,
    })
}

/// Whom a rejection concerns, by the loop that it stands in.
pub(super) fn concerned(loop_name: &str) -> &'static str {
    match loop_name.chars().last() {
        Some('A') => "the payer",
        Some('B') => "the provider",
        Some('C') => "the subscriber",
        Some('D') => "the dependent",
        _ => "the request",
    }
}

/// What to do about a file that could not be read, for the reason that was stored with it.
pub(super) fn advice_on_file(failure: &str) -> &'static str {
    if failure.contains("empty") {
        "Download the answer from the clearinghouse again; this copy holds nothing."
    } else if failure.contains("(270)") {
        "Nothing is missing here: import the 271 that comes back for this question."
    } else if failure.contains("271") && failure.contains("X12 file holds") {
        "Ask the clearinghouse for the eligibility answer (271) that belongs to it."
    } else {
        "Ask the sender for the 271 itself; a scan, a printed page or a table cannot be read."
    }
}

/// A text as a sentence: it begins with a capital and ends with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let whole = format::capital(text.trim());
    if whole.ends_with(['.', '!', '?']) { whole } else { format!("{whole}.") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    #[test]
    fn dates_are_told_with_what_they_are_of() {
        let from = Date::constant(2026, 1, 1);
        let to = Some(Date::constant(2026, 12, 31));
        let plan = BenefitDate { qualifier: "291".to_owned(), from, to };
        let told = ("Plan".to_owned(), "Jan 1, 2026 – Dec 31, 2026".to_owned());
        assert_eq!(date(&plan), told);
        let odd = BenefitDate { qualifier: "QQ".to_owned(), from, to: None };
        assert_eq!(date(&odd), ("Date QQ".to_owned(), "Jan 1, 2026".to_owned()));
    }

    #[test]
    fn sentences_begin_and_end_as_they_should() {
        assert_eq!(sentence("the file is empty"), "The file is empty.");
        assert_eq!(sentence("Élan!"), "Élan!");
        assert_eq!(concerned("2100C"), "the subscriber");
        assert_eq!(concerned(""), "the request");
    }
}
