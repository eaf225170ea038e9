//! Short words of our own for the codes of a benefit row; `None` for a code that is not listed,
//! which is then shown as it is. To add a code, add its line.

use super::benefit::{Benefit, Network};

/// What a row is (EB01).
pub fn code_label(code: &str) -> Option<&'static str> {
    Some(match code {
        "1" => "Active",
        "2" => "Active, full risk",
        "3" => "Active, services capitated",
        "4" => "Active, services capitated to primary care",
        "5" => "Active, under investigation",
        "6" => "Inactive",
        "7" => "Inactive, update awaited",
        "8" => "Inactive, under investigation",
        "A" => "Co-insurance",
        "B" => "Co-payment",
        "C" => "Deductible",
        "CB" => "Basis of coverage",
        "D" => "Description",
        "E" => "Exclusion",
        "F" => "Limit",
        "G" => "Out-of-pocket maximum",
        "H" => "Unlimited",
        "I" => "Not covered",
        "J" => "Cost containment",
        "K" => "Reserve",
        "L" => "Primary care provider",
        "M" => "Condition existed before",
        "MC" => "Managed care coordinator",
        "N" => "Restricted to a provider",
        "O" => "No medical need",
        "P" => "Disclaimer",
        "Q" => "Second opinion required",
        "R" => "Other payer",
        "S" => "Prior year's history",
        "T" => "Lost or stolen card",
        "U" => "Contact",
        "V" => "Cannot be processed",
        "W" => "Other source of data",
        "X" => "Health care facility",
        "Y" => "Spend-down",
        _ => return None,
    })
}

/// Whom a row covers (EB02).
pub fn level_label(level: &str) -> Option<&'static str> {
    Some(match level {
        "IND" => "Individual",
        "FAM" => "Family",
        "CHD" => "Children",
        "DEP" => "Dependents",
        "ECH" => "Employee and children",
        "EMP" => "Employee",
        "ESP" => "Employee and spouse",
        "SPC" => "Spouse and children",
        "SPO" => "Spouse",
        _ => return None,
    })
}

/// The period of a row (EB06).
pub fn period_label(period: &str) -> Option<&'static str> {
    Some(match period {
        "6" => "hour",
        "7" => "day",
        "13" => "24 hours",
        "21" => "years",
        "22" => "service year",
        "23" => "calendar year",
        "24" => "used so far",
        "25" => "contract",
        "26" => "episode",
        "27" => "visit",
        "28" => "outlier",
        "29" => "remaining",
        "30" => "beyond the limit",
        "31" => "not to be exceeded",
        "32" => "lifetime",
        "33" => "lifetime remaining",
        "34" => "month",
        "35" => "week",
        "36" => "admission",
        _ => return None,
    })
}

/// The network of a row (EB12).
pub fn network_label(network: Network) -> &'static str {
    match network {
        Network::In => "In network",
        Network::Out => "Out of network",
        Network::Either => "In or out of network",
        Network::Unknown => "Network unknown",
        Network::NotStated => "Network not stated",
    }
}

/// Service types (EB03): each code and what it is about, numbers first.
pub const SERVICE_TYPES: &[(&str, &str)] = &[
    ("1", "Medical care"),
    ("2", "Surgery"),
    ("3", "Consultation"),
    ("4", "X-ray"),
    ("5", "Laboratory"),
    ("6", "Radiation"),
    ("7", "Anesthesia"),
    ("8", "Surgical assistance"),
    ("12", "Equipment, bought"),
    ("13", "Surgery center"),
    ("18", "Equipment, rented"),
    ("20", "Second opinion"),
    ("30", "Whole plan"),
    ("33", "Chiropractic"),
    ("35", "Dental"),
    ("38", "Orthodontics"),
    ("40", "Oral surgery"),
    ("42", "Home care"),
    ("45", "Hospice"),
    ("47", "Hospital"),
    ("48", "Hospital, inpatient"),
    ("50", "Hospital, outpatient"),
    ("51", "Emergency"),
    ("52", "Emergency"),
    ("53", "Hospital, day surgery"),
    ("54", "Long-term care"),
    ("56", "Medical transport"),
    ("60", "Benefits in general"),
    ("62", "MRI and CT"),
    ("65", "Newborn"),
    ("68", "Well baby"),
    ("69", "Maternity"),
    ("73", "Diagnostics"),
    ("76", "Dialysis"),
    ("78", "Chemotherapy"),
    ("80", "Immunization"),
    ("81", "Physical examination"),
    ("82", "Family planning"),
    ("83", "Infertility"),
    ("86", "Emergency"),
    ("88", "Pharmacy"),
    ("93", "Podiatry"),
    ("96", "Physician"),
    ("98", "Office visit"),
    ("99", "Physician, inpatient"),
    ("A0", "Physician, outpatient"),
    ("A3", "Physician, home"),
    ("A4", "Mental health"),
    ("A6", "Psychotherapy"),
    ("A7", "Psychiatry, inpatient"),
    ("A8", "Psychiatry, outpatient"),
    ("A9", "Rehabilitation"),
    ("AD", "Occupational therapy"),
    ("AE", "Physical medicine"),
    ("AF", "Speech therapy"),
    ("AG", "Skilled nursing"),
    ("AI", "Substance abuse"),
    ("AL", "Vision"),
    ("BG", "Cardiac rehabilitation"),
    ("BH", "Pediatrics"),
    ("BL", "Cardiology"),
    ("BT", "Gynecology"),
    ("BU", "Obstetrics"),
    ("BY", "Office visit, sick"),
    ("BZ", "Office visit, well"),
    ("DM", "Medical equipment"),
    ("GY", "Allergy"),
    ("MH", "Mental health"),
    ("ON", "Oncology"),
    ("PT", "Physical therapy"),
    ("UC", "Urgent care"),
];

/// What a row is about (EB03).
pub fn service_type_label(service_type: &str) -> Option<&'static str> {
    SERVICE_TYPES.iter().find(|known| known.0 == service_type).map(|known| known.1)
}

/// A row in one line: what it is, for whom, of what period, about what, in which network and plan.
pub fn describe(row: &Benefit) -> String {
    let mut words = vec![code_label(&row.code).unwrap_or(&row.code).to_owned()];
    let level = row.level.as_deref().map(|level| level_label(level).unwrap_or(level).to_owned());
    words.extend(level);
    words.extend(row.period.as_deref().map(|code| period_label(code).unwrap_or(code).to_owned()));
    let first = row.service_types.first();
    words.extend(first.map(|code| service_type_label(code).unwrap_or(code).to_owned()));
    words.extend(row.procedure.as_ref().map(|procedure| procedure.code.clone()));
    words.push(network_label(row.network).to_owned());
    words.extend(row.plan.clone());
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn service_types_are_listed_once_each() {
        let codes: BTreeSet<&str> = SERVICE_TYPES.iter().map(|known| known.0).collect();
        assert_eq!(codes.len(), SERVICE_TYPES.len());
        assert_eq!(service_type_label("98"), Some("Office visit"));
        assert_eq!(service_type_label("ZZ"), None);
    }

    #[test]
    fn a_row_is_described_in_one_line() {
        let row = Benefit {
            code: "C".to_owned(),
            level: Some("FAM".to_owned()),
            service_types: vec!["98".to_owned()],
            period: Some("29".to_owned()),
            network: Network::In,
            ..Benefit::default()
        };
        assert_eq!(describe(&row), "Deductible, Family, remaining, Office visit, In network");
        let planned = Benefit { plan: Some("SAMPLE GOLD".to_owned()), level: None, ..row };
        let expected = "Deductible, remaining, Office visit, In network, SAMPLE GOLD";
        assert_eq!(describe(&planned), expected);
        let odd = Benefit { code: "ZZZ".to_owned(), ..Benefit::default() };
        assert_eq!(describe(&odd), "ZZZ, Network not stated");
    }
}
