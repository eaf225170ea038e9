//! Whatever the bytes, the reader returns, and loses no row.

use almoner_x12::{Interchange, Unreadable, fingerprint_text, limits, read, readable_text};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cases::common::{ABOVE, SUBSCRIBER, file, must_read, rows};
use crate::cases::fixtures::{BATCH, DEPENDENT, row_indexes};

/// What holds for every input that is read.
fn check(input: &[u8], found: &Result<Interchange, Unreadable>) {
    let Ok(found) = found else {
        return;
    };
    assert!(!found.answers.is_empty() && found.warnings.len() <= limits::MAX_WARNINGS);
    let _ = readable_text(&found.answers[0], input);
    let mut indexes = Vec::new();
    for answer in &found.answers {
        assert!(answer.segments.start <= answer.segments.end);
        assert!(answer.segments.end <= input.len());
        assert!(answer.warnings.len() <= limits::MAX_WARNINGS);
        let _ = fingerprint_text(answer, input);
        for row in &answer.benefits {
            indexes.push(row.index);
            assert!(row.percent_bp.is_none_or(|bp| (0..=10_000).contains(&bp)));
        }
    }
    let count = indexes.len();
    indexes.sort_unstable();
    indexes.dedup();
    assert_eq!(indexes.len(), count, "a row belongs to one patient");
}

/// A segment with elements that make sense now and then.
fn segment() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "HL", "NM1", "TRN", "EB", "EB", "MSG", "DTP", "AAA", "LS", "LE", "REF", "DMG", "SE", "ST",
        "GE", "GS", "IEA", "ISA", "PER", "III", "HSD", "N3", "INS", "HI", "BHT", "TA1", "ZZZ",
    ]);
    let element = prop::sample::select(vec![
        "", "", "1", "2", "3", "20", "21", "22", "23", "271", "270", "IL", "03", "QC", "PR", "1P",
        "A", "B", "C", "R", "30", "98", "29", "25.00", ".2", "HC:J1745", "Y", "N", "D8", "RD8",
        "20260101", "99999999", "2120", "18", "XX", "-5", "ISA", "~", "\n", "^", "\u{e9}",
    ]);
    (name, vec(element, 0..15))
        .prop_map(|(name, elements)| format!("{name}*{}~", elements.join("*")))
}

proptest! {
    #[test]
    fn any_bytes(input in vec(any::<u8>(), 0..600)) {
        check(&input, &read(&input));
    }

    #[test]
    fn any_bytes_after_a_header(input in vec(any::<u8>(), 0..600)) {
        let mut bytes = crate::cases::common::ISA.as_bytes().to_vec();
        bytes.extend_from_slice(b"GS*HB*A*B*20260302*0915*1*X*005010X279A1~ST*271*0001~");
        bytes.extend_from_slice(&input);
        check(&bytes, &read(&bytes));
    }

    #[test]
    fn any_order_of_segments(segments in vec(segment(), 0..60)) {
        let text = file(&segments.concat());
        check(text.as_bytes(), &read(text.as_bytes()));
    }

    #[test]
    fn changed_files(
        which in 0..2_usize,
        changes in vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..12),
    ) {
        let mut bytes = [DEPENDENT, BATCH][which].as_bytes().to_vec();
        for (place, byte, kind) in changes {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        check(&bytes, &read(&bytes));
    }

    #[test]
    fn exchanged_segments(a in any::<Index>(), b in any::<Index>()) {
        let mut lines: Vec<_> = DEPENDENT.lines().collect();
        let (a, b) = (1 + a.index(lines.len() - 1), 1 + b.index(lines.len() - 1));
        lines.swap(a, b);
        let text = lines.join("\n");
        let found = read(text.as_bytes());
        check(text.as_bytes(), &found);
        if let Ok(found) = &found {
            let after = text.find("ST*271").unwrap_or_default();
            let before_end = text.rfind("\nGE*").unwrap_or(text.len()).max(after);
            let expected = text[after..before_end].matches("\nEB*").count();
            prop_assert!(row_indexes(found).len() >= expected, "{}", text);
        }
    }

    #[test]
    fn every_row_is_read(
        people in vec(vec((0..9_usize, 0..4_usize), 0..8), 1..6),
    ) {
        let codes = ["1", "6", "A", "B", "C", "G", "R", "", "QQ"];
        let notes = ["", "MSG*NOTE~", "LS*2120~NM1*PR*2*OTHER~LE*2120~", "AAA*Y**42*R~LS*2120~"];
        let mut body = ABOVE.to_owned();
        let mut count = 0;
        for rows in &people {
            body.push_str(SUBSCRIBER);
            for (code, note) in rows {
                count += 1;
                body.push_str("EB*");
                body.push_str(codes[*code]);
                body.push_str("*IND*30***23*1~");
                body.push_str(notes[*note]);
            }
        }
        let found = must_read(file(&body).as_bytes());
        prop_assert_eq!(row_indexes(&found).len(), count);
        prop_assert_eq!(found.answers.len(), people.len());
        for (answer, rows) in found.answers.iter().zip(&people) {
            prop_assert_eq!(answer.benefits.len(), rows.len());
        }
    }
}

/// Inputs whose reading would take minutes, or all memory, if any part of it were not linear.
#[test]
fn hostile_sizes_are_read_within_their_limits() {
    let many_dependents = {
        let row = format!("EB*1**30~MSG*{}~", "X".repeat(1000));
        let child = "HL*9*3*23*0~NM1*03*1*SAMPLE*CHILD~EB*1**30~";
        format!("{ABOVE}{SUBSCRIBER}{}{}", row.repeat(200), child.repeat(2_000))
    };
    for body in [
        many_dependents,
        "HL*1**20*1~".repeat(100_000),
        "HL*1*1*99*1~".repeat(60_000),
        format!("{ABOVE}{SUBSCRIBER}EB*1~{}", "NM1*IL*1*A~".repeat(60_000)),
        "ISA*".repeat(50_000),
        "\n ".repeat(400_000),
        "~".repeat(400_000),
        "*".repeat(800_000),
        "<ISA*&amp;".repeat(10_000),
    ] {
        let text = file(&body);
        check(text.as_bytes(), &read(text.as_bytes()));
        check(body.as_bytes(), &read(body.as_bytes()));
    }
}

#[test]
fn what_is_left_out_is_said() {
    let found = must_read(rows(&"EB*1~".repeat(limits::MAX_BENEFITS + 10)).as_bytes());
    assert_eq!(found.answers[0].benefits.len(), limits::MAX_BENEFITS);
    assert!(found.warnings.iter().any(|warning| warning.message.starts_with("10 rows")));
    let found = must_read(file(&format!("{ABOVE}{}", SUBSCRIBER.repeat(10_020))).as_bytes());
    assert_eq!(found.answers.len(), limits::MAX_ANSWERS);
    assert!(found.warnings.iter().any(|warning| warning.message.starts_with("20 answers")));
}
