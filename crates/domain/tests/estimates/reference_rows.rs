//! The second implementation: what a single row says, by itself.

use almoner_domain::estimate::{Benefit, BenefitDate, Procedure, VisitClass};
use jiff::civil::Date;

/// A treatment's code as it is compared: without a modifier, in upper case.
pub(crate) fn bare(code: &str) -> String {
    let plain = code.trim().chars().take_while(char::is_ascii_alphanumeric);
    plain.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// What a row says: cents or basis points, or that there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    Number(i64),
    NoLimit,
}

pub(crate) fn names(procedure: &Procedure, code: &str) -> bool {
    if procedure.qualifier.as_deref() == Some("N4") {
        return false;
    }
    let (first, last) = (bare(&procedure.code), procedure.range_end.as_deref().map(bare));
    let within = |last: &String| {
        last.len() == code.len() && first.len() == code.len() && *first <= *code && *code <= **last
    };
    first == code || last.as_ref().is_some_and(within)
}

/// The rows with the smallest rank.
pub(crate) fn least<'a, Rank: Ord>(
    rows: impl IntoIterator<Item = &'a Benefit>,
    rank: impl Fn(&Benefit) -> Rank,
) -> Vec<&'a Benefit> {
    let rows: Vec<&Benefit> = rows.into_iter().collect();
    let smallest = rows.iter().map(|row| rank(row)).min();
    rows.into_iter().filter(|row| Some(rank(row)) == smallest).collect()
}

/// Whether a day lies within every kind of dates.
pub(crate) fn allows(dates: &[BenefitDate], day: Date) -> bool {
    let of = |qualifiers: &[&str]| -> Vec<&BenefitDate> {
        dates.iter().filter(|date| qualifiers.contains(&date.qualifier.as_str())).collect()
    };
    let whole = ["291", "292", "307", "472"].iter().all(|qualifier| {
        let spans = of(&[qualifier]).into_iter().filter_map(|date| Some((date.from, date.to?)));
        let spans: Vec<(Date, Date)> = spans.filter(|(from, to)| from <= to).collect();
        spans.is_empty() || spans.iter().any(|(from, to)| (*from..=*to).contains(&day))
    });
    let begun = of(&["346", "348", "356"]).iter().all(|date| date.from <= day);
    whole && begun && of(&["347", "349", "357"]).iter().all(|date| day <= date.from)
}

fn words(text: &str) -> Vec<String> {
    let words =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_uppercase).collect()
}

/// Whether a row's words name the kind of visit without denying it.
pub(crate) fn is_for(row: &Benefit, class: VisitClass) -> bool {
    let beginnings: &[&str] = match class {
        VisitClass::Primary => &["PRIMARY", "PCP"],
        VisitClass::Specialist => &["SPECIALIST", "SPECIALTY", "SPCLST"],
        VisitClass::Urgent => &["URGENT"],
        VisitClass::Telehealth => &["TELE", "VIRTUAL"],
    };
    row.messages.iter().any(|message| {
        let mut before = String::new();
        words(message).into_iter().any(|word| {
            let denied = before == "NON" || before == "NOT";
            before.clone_from(&word);
            !denied && beginnings.iter().any(|beginning| word.starts_with(beginning))
        })
    })
}

/// What a row says that can be used.
pub(crate) fn said(row: &Benefit) -> Option<Said> {
    if row.code == "A" {
        return match row.percent_bp? {
            bp @ 0..=10_000 => Some(Said::Number(bp)),
            bp @ 10_001..=1_000_000 => Some(Said::Number(bp / 100)),
            _ => None,
        };
    }
    match (row.amount_cents?, row.code.as_str()) {
        (cents @ 0..9_999_900, _) => Some(Said::Number(cents)),
        (9_999_900.., "C" | "G") => Some(Said::NoLimit),
        _ => None,
    }
}

pub(crate) fn period(row: &Benefit) -> &str {
    row.period.as_deref().unwrap_or("")
}

pub(crate) fn is_family(row: &Benefit) -> bool {
    matches!(row.level.as_deref(), Some("FAM" | "ECH" | "ESP" | "SPC"))
}

/// How plainly a row says for whom it counts.
pub(crate) fn plainness(row: &Benefit) -> u8 {
    match row.level.as_deref() {
        Some("IND" | "FAM") => 0,
        None | Some("ECH" | "ESP" | "SPC") => 1,
        Some(_) => 2,
    }
}

/// A limit binds before "no limit"; Medicare's medical part before its hospital part.
pub(crate) fn binding(rows: Vec<&Benefit>) -> Vec<&Benefit> {
    let limited = rows.iter().any(|row| said(row) != Some(Said::NoLimit));
    let rows = rows.into_iter().filter(|row| !limited || said(row) != Some(Said::NoLimit));
    let rows: Vec<&Benefit> = rows.collect();
    let part = |row: &Benefit, kind: &str| row.insurance_type.as_deref() == Some(kind);
    let has_medical = rows.iter().any(|row| part(row, "MB"));
    rows.into_iter().filter(|row| !(has_medical && part(row, "MA"))).collect()
}
