//! Which service types an estimate asks about, in the order in which they count.
//!
//! They come from a clinic's settings: for treatments from ranges of procedure codes. The table
//! here is the default one; it names codes and never what they stand for.

use super::request::{Request, VisitClass};
use super::settings::EstimateSettings;
use crate::payment::PaymentType;

const URGENT_CARE: &str = "UC";

/// The service type of the whole plan, which is always asked last and so stands in no list.
pub const WHOLE_PLAN: &str = "30";

/// The default service types of an office visit, the most specific first.
pub(super) const OFFICE: [&str; 4] = ["98", "BY", "BZ", "96"];

/// Procedure codes from the first to the last, and the service types that cover them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRange {
    /// The first code, in upper case.
    pub first: String,
    /// The last code, as long as the first.
    pub last: String,
    /// The service types, the most specific first.
    pub service_types: Vec<String>,
}

/// The default table: the first code, the last code, the service types.
pub(super) const RANGES: &[(&str, &str, &[&str])] = &[
    ("00100", "01999", &["7"]),
    ("10004", "69990", &["2"]),
    ("70010", "79999", &["4"]),
    ("70336", "70336", &["62", "4"]),
    ("70450", "70498", &["62", "4"]),
    ("70540", "70559", &["62", "4"]),
    ("71250", "71275", &["62", "4"]),
    ("71550", "71555", &["62", "4"]),
    ("72125", "72159", &["62", "4"]),
    ("72191", "72198", &["62", "4"]),
    ("73200", "73225", &["62", "4"]),
    ("73700", "73725", &["62", "4"]),
    ("74150", "74185", &["62", "4"]),
    ("77261", "77799", &["6"]),
    ("80047", "89398", &["5"]),
    ("90281", "90756", &["80"]),
    ("90785", "90899", &["MH", "A6", "A4"]),
    ("90935", "90999", &["76"]),
    ("92507", "92526", &["AF"]),
    ("93000", "93799", &["73"]),
    ("95004", "95199", &["GY"]),
    ("96360", "96379", &["1", "96"]),
    ("96401", "96549", &["78", "ON"]),
    ("97010", "97799", &["PT", "AE"]),
    ("97165", "97168", &["AD"]),
    ("98940", "98943", &["33"]),
    ("99202", "99215", &["98", "BY", "96"]),
    ("99281", "99285", &["86"]),
    ("99381", "99397", &["BZ", "81", "98", "96"]),
    ("D0100", "D9999", &["35"]),
    ("E0100", "E8002", &["DM", "12", "18"]),
    ("J0000", "J8999", &["1", "96"]),
    ("J9000", "J9999", &["78", "ON", "1"]),
    ("K0001", "K9999", &["DM", "12", "18"]),
];

/// A code as it is compared: upper case, without modifiers.
pub(super) fn normal(code: &str) -> String {
    let code = code.trim();
    let end = code.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(code.len());
    code.get(..end).unwrap_or_default().to_ascii_uppercase()
}

/// Whether a code lies between two others of its length.
pub(super) fn is_between(code: &str, first: &str, last: &str) -> bool {
    code.len() == first.len() && code.len() == last.len() && (first..=last).contains(&code)
}

/// The range that counts for a code: of those that hold it, the one that begins last, and of
/// those the one that ends first. So a narrow range counts before a wide one around it, wherever
/// it stands in the table.
fn closest<'a>(ranges: &'a [CodeRange], code: &str) -> Option<&'a CodeRange> {
    let holding = ranges.iter().filter(|range| is_between(code, &range.first, &range.last));
    holding.max_by(|one, other| one.first.cmp(&other.first).then_with(|| other.last.cmp(&one.last)))
}

/// The one service type that a payer is asked about for a payment of that kind: an office visit's,
/// or that of the first code that has one, else the whole plan.
pub fn asked_about<'a>(
    kind: Option<PaymentType>,
    codes: &[String],
    settings: &'a EstimateSettings,
) -> &'a str {
    let types = match kind {
        Some(PaymentType::OfficeVisit) => &settings.office_types,
        Some(PaymentType::TreatmentPrePayment | PaymentType::PrivatePay) | None => {
            let range = codes.iter().find_map(|code| closest(&settings.ranges, &normal(code)));
            range.map_or(&settings.treatment_types, |range| &range.service_types)
        }
    };
    types.first().map_or(WHOLE_PLAN, String::as_str)
}

/// The service types in question, without that of the whole plan.
pub(super) fn in_question<'a>(request: &Request, settings: &'a EstimateSettings) -> Vec<&'a str> {
    match request.payment_type {
        Some(PaymentType::OfficeVisit) => {
            let urgent = request.visit_class == Some(VisitClass::Urgent);
            let first = urgent.then_some(URGENT_CARE);
            let others = settings.office_types.iter().map(String::as_str);
            once_each(first.into_iter().chain(others))
        }
        Some(PaymentType::TreatmentPrePayment) if request.procedures.is_empty() => {
            once_each(settings.treatment_types.iter().map(String::as_str))
        }
        // Each code by itself, so that what counts for one of them counts for the whole.
        Some(PaymentType::TreatmentPrePayment) => {
            let of_code = |code: &String| {
                let range = closest(&settings.ranges, &normal(code));
                range.map_or(&settings.treatment_types, |range| &range.service_types)
            };
            once_each(request.procedures.iter().flat_map(of_code).map(String::as_str))
        }
        Some(PaymentType::PrivatePay) | None => Vec::new(),
    }
}

fn once_each<'a>(types: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for kind in types {
        if kind != WHOLE_PLAN && !found.contains(&kind) {
            found.push(kind);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    fn asked(kind: PaymentType, codes: &[&str], class: Option<VisitClass>) -> Request {
        let today = Date::constant(2026, 11, 23);
        Request {
            procedures: codes.iter().map(ToString::to_string).collect(),
            visit_class: class,
            ..Request::new(Some(kind), today, today)
        }
    }

    fn types(kind: PaymentType, codes: &[&str], class: Option<VisitClass>) -> Vec<String> {
        let settings = EstimateSettings::default();
        let found = in_question(&asked(kind, codes, class), &settings);
        found.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn an_office_visit_asks_for_visits_in_their_order() {
        let office = PaymentType::OfficeVisit;
        assert_eq!(types(office, &[], None), ["98", "BY", "BZ", "96"]);
        assert_eq!(types(office, &[], Some(VisitClass::Urgent))[..2], ["UC", "98"]);
    }

    #[test]
    fn a_treatment_asks_for_what_its_codes_are() {
        let treatment = PaymentType::TreatmentPrePayment;
        assert_eq!(types(treatment, &["j1745", "96413"], None), ["1", "96", "78", "ON"]);
        assert_eq!(types(treatment, &["70553-26", "70010"], None), ["62", "4"]);
        assert!(types(treatment, &["", "é", "X", "123456"], None).is_empty());
        assert!(types(treatment, &[], None).is_empty());
    }

    #[test]
    fn a_payer_is_asked_about_one_service_type() {
        let settings = EstimateSettings::default();
        let asked = |kind, codes: &[&str]| {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            asked_about(kind, &codes, &settings).to_owned()
        };
        assert_eq!(asked(Some(PaymentType::OfficeVisit), &["J1745"]), "98");
        assert_eq!(asked(Some(PaymentType::TreatmentPrePayment), &["x", "70553-26"]), "62");
        assert_eq!(asked(None, &["99213"]), "98");
        assert_eq!(asked(None, &[]), WHOLE_PLAN);
        assert_eq!(asked(Some(PaymentType::TreatmentPrePayment), &["é"]), WHOLE_PLAN);
    }

    #[test]
    fn the_narrowest_range_counts_wherever_it_stands() {
        let treatment = PaymentType::TreatmentPrePayment;
        assert_eq!(types(treatment, &["97166"], None), ["AD"]);
        assert_eq!(types(treatment, &["97169"], None), ["PT", "AE"]);
        let range = |first: &str, last: &str, kind: &str| CodeRange {
            first: first.to_owned(),
            last: last.to_owned(),
            service_types: vec![kind.to_owned()],
        };
        let mut ranges =
            vec![range("10", "50", "1"), range("20", "50", "2"), range("20", "30", "3")];
        for _ in 0..ranges.len() {
            ranges.rotate_left(1);
            let kind = |code| closest(&ranges, code).map(|range| &*range.service_types[0]);
            assert_eq!(["19", "40", "25", "51"].map(kind), [Some("1"), Some("2"), Some("3"), None]);
        }
    }

    #[test]
    fn the_clinic_s_own_lists_count() {
        let settings = EstimateSettings {
            office_types: ["UC", "98", "30"].map(str::to_owned).to_vec(),
            treatment_types: vec!["1".to_owned()],
            ranges: Vec::new(),
            ..EstimateSettings::default()
        };
        let urgent = asked(PaymentType::OfficeVisit, &[], Some(VisitClass::Urgent));
        assert_eq!(in_question(&urgent, &settings), ["UC", "98"]);
        for codes in [&["99213"][..], &[]] {
            let treatment = asked(PaymentType::TreatmentPrePayment, codes, None);
            assert_eq!(in_question(&treatment, &settings), ["1"]);
        }
        let treatment = asked(PaymentType::TreatmentPrePayment, &["J1745", "X0001"], None);
        let ranges = EstimateSettings::default().ranges;
        let both = EstimateSettings { ranges, treatment_types: vec!["47".to_owned()], ..settings };
        assert_eq!(in_question(&treatment, &both), ["1", "96", "47"]);
        let settings = both;
        let private = asked(PaymentType::PrivatePay, &["99213"], None);
        assert!(in_question(&private, &settings).is_empty());
    }
}
