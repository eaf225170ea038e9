//! Which service types an estimate asks about, in the order in which they count.
//!
//! For treatments they come from ranges of procedure codes. The table is a default that a table
//! of the clinic's own may replace; it names codes and never what they stand for.

use super::request::{Request, VisitClass};
use crate::payment::PaymentType;

/// The service type of a plan as a whole.
pub const WHOLE_PLAN: &str = "30";
const URGENT_CARE: &str = "UC";
const OFFICE: [&str; 4] = ["98", "BY", "BZ", "96"];

/// Procedure codes from the first to the last, and the service types that cover them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRange {
    /// The first code.
    pub first: &'static str,
    /// The last code.
    pub last: &'static str,
    /// The service types, the most specific first.
    pub service_types: &'static [&'static str],
}

const fn codes(
    first: &'static str,
    last: &'static str,
    service_types: &'static [&'static str],
) -> CodeRange {
    CodeRange { first, last, service_types }
}

/// The default table; the first range that holds a code counts.
pub const DEFAULT_SERVICE_TYPES: &[CodeRange] = &[
    codes("00100", "01999", &["7"]),
    codes("10004", "69990", &["2"]),
    codes("70336", "70336", &["62", "4"]),
    codes("70450", "70498", &["62", "4"]),
    codes("70540", "70559", &["62", "4"]),
    codes("71250", "71275", &["62", "4"]),
    codes("71550", "71555", &["62", "4"]),
    codes("72125", "72159", &["62", "4"]),
    codes("72191", "72198", &["62", "4"]),
    codes("73200", "73225", &["62", "4"]),
    codes("73700", "73725", &["62", "4"]),
    codes("74150", "74185", &["62", "4"]),
    codes("77261", "77799", &["6"]),
    codes("70010", "79999", &["4"]),
    codes("80047", "89398", &["5"]),
    codes("90281", "90756", &["80"]),
    codes("90785", "90899", &["MH", "A6", "A4"]),
    codes("90935", "90999", &["76"]),
    codes("92507", "92526", &["AF"]),
    codes("93000", "93799", &["73"]),
    codes("95004", "95199", &["GY"]),
    codes("96360", "96379", &["1", "96"]),
    codes("96401", "96549", &["78", "ON"]),
    codes("97165", "97168", &["AD"]),
    codes("97010", "97799", &["PT", "AE"]),
    codes("98940", "98943", &["33"]),
    codes("99202", "99215", &["98", "BY", "96"]),
    codes("99281", "99285", &["86"]),
    codes("99381", "99397", &["BZ", "81", "98", "96"]),
    codes("D0100", "D9999", &["35"]),
    codes("E0100", "E8002", &["DM", "12", "18"]),
    codes("J0000", "J8999", &["1", "96"]),
    codes("J9000", "J9999", &["78", "ON", "1"]),
    codes("K0001", "K9999", &["DM", "12", "18"]),
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

/// The one service type that a payer is asked about for a payment of that kind: an office visit's,
/// or that of the first code that has one, else the whole plan.
pub fn asked_about(kind: Option<PaymentType>, codes: &[String]) -> &'static str {
    match kind {
        Some(PaymentType::OfficeVisit) => OFFICE[0],
        Some(PaymentType::TreatmentPrePayment | PaymentType::PrivatePay) | None => {
            let range = |code: &String| {
                let code = normal(code);
                let holds = |range: &&CodeRange| is_between(&code, range.first, range.last);
                DEFAULT_SERVICE_TYPES.iter().find(holds)
            };
            let first = codes.iter().find_map(range).and_then(|range| range.service_types.first());
            first.copied().unwrap_or(WHOLE_PLAN)
        }
    }
}

/// The service types in question, without that of the whole plan.
pub(super) fn in_question(request: &Request, table: &[CodeRange]) -> Vec<&'static str> {
    let mut types = Vec::new();
    match request.payment_type {
        Some(PaymentType::OfficeVisit) => {
            if request.visit_class == Some(VisitClass::Urgent) {
                types.push(URGENT_CARE);
            }
            types.extend(OFFICE);
        }
        Some(PaymentType::TreatmentPrePayment) => {
            for code in request.procedures.iter().map(|code| normal(code)) {
                let range = table.iter().find(|range| is_between(&code, range.first, range.last));
                for kind in range.map_or(&[][..], |range| range.service_types) {
                    if !types.contains(kind) {
                        types.push(kind);
                    }
                }
            }
        }
        Some(PaymentType::PrivatePay) | None => {}
    }
    types
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    fn types(kind: PaymentType, codes: &[&str], class: Option<VisitClass>) -> Vec<&'static str> {
        let today = Date::constant(2026, 11, 23);
        let mut request = Request::new(Some(kind), today, today);
        request.procedures = codes.iter().map(ToString::to_string).collect();
        request.visit_class = class;
        in_question(&request, DEFAULT_SERVICE_TYPES)
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
        let asked = |kind, codes: &[&str]| {
            asked_about(kind, &codes.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(asked(Some(PaymentType::OfficeVisit), &["J1745"]), "98");
        assert_eq!(asked(Some(PaymentType::TreatmentPrePayment), &["x", "70553-26"]), "62");
        assert_eq!(asked(None, &["99213"]), "98");
        assert_eq!(asked(None, &[]), WHOLE_PLAN);
        assert_eq!(asked(Some(PaymentType::TreatmentPrePayment), &["é"]), WHOLE_PLAN);
    }

    #[test]
    fn ranges_are_well_formed() {
        for range in DEFAULT_SERVICE_TYPES {
            assert!(is_between(range.first, range.first, range.last), "{range:?}");
            assert!(!range.service_types.contains(&"30"), "{range:?}");
        }
    }
}
