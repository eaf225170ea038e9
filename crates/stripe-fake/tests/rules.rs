//! `RULES.md` names tests: each of them is there.

use std::path::Path;

const SOURCES: [&str; 12] = [
    "tests/official.rs",
    "tests/official/drive.py",
    "tests/official/drive.test.mjs",
    "src/form.rs",
    "../gateways/tests/stripe/attempts.rs",
    "../gateways/tests/stripe/faults.rs",
    "../gateways/tests/stripe/official.rs",
    "../gateways/tests/stripe/privacy.rs",
    "../gateways/tests/stripe/refunds.rs",
    "../gateways/tests/stripe/reports.rs",
    "../gateways/tests/stripe/settings.rs",
    "../gateways/tests/stripe/webhooks.rs",
];

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The cells of the rows with three, without the heads.
fn rows(text: &str) -> Vec<[&str; 3]> {
    let part = text.split("## Not known").next().unwrap_or_default();
    let rows = part.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| rule"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        cells.try_into().unwrap_or_else(|_| panic!("three cells: {row}"))
    })
    .collect()
}

#[test]
fn every_rule_rests_on_a_document_and_has_its_tests() {
    let sources: String = SOURCES.map(read).concat();
    let text = read("RULES.md");
    let rows = rows(&text);
    assert!(rows.len() > 40, "{} rules", rows.len());
    for [rule, document, tests] in rows {
        assert!(document.starts_with('/') || document.contains("client") || document == "ours");
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "a test shows it: {rule}");
        for name in names {
            let ways = [format!("fn {name}("), format!("def {name}("), format!("test('{name}'")];
            assert!(ways.iter().any(|way| sources.contains(way)), "{name} is there: {rule}");
        }
    }
}
