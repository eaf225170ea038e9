//! Whatever the bytes, the reader returns, and loses no row.

use almoner_x12::{Interchange, Unreadable, WarningCode, limits};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cases::common::{
    ABOVE, SUBSCRIBER, codes, envelope_codes, file, in_steps, must_read, one, patients, rows,
};
use crate::cases::fixtures::{BATCH, DEPENDENT, row_indexes};

/// Reads an input whole and in steps, which must make no difference, and checks what holds for
/// every input.
fn check(input: &[u8], step: usize) -> Result<Interchange, Unreadable> {
    let (transactions, end) = in_steps(input, input.len() + 1);
    let stepwise = in_steps(input, step);
    assert_eq!((&transactions, &end), (&stepwise.0, &stepwise.1));
    let warnings = end?;
    assert!(!transactions.is_empty() && warnings.len() <= limits::MAX_WARNINGS);
    let mut indexes = Vec::new();
    let mut answers = Vec::new();
    for transaction in transactions {
        assert!(!transaction.answers.is_empty() && !transaction.text.is_empty());
        for answer in transaction.answers {
            assert!(answer.segments.start <= answer.segments.end);
            assert!(answer.segments.end <= input.len());
            assert!(answer.warnings.len() <= limits::MAX_WARNINGS);
            for row in &answer.benefits {
                indexes.push(row.index);
                assert!(row.percent_bp.is_none_or(|bp| (0..=10_000).contains(&bp)));
                assert!(transaction.text.contains(&row.segment));
            }
            answers.push(answer);
        }
    }
    let count = indexes.len();
    indexes.sort_unstable();
    indexes.dedup();
    assert_eq!(indexes.len(), count, "a row belongs to one patient");
    Ok(Interchange { answers, warnings })
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
    fn any_bytes(input in vec(any::<u8>(), 0..600), step in 1..700_usize) {
        let _ = check(&input, step);
    }

    #[test]
    fn any_bytes_after_a_header(input in vec(any::<u8>(), 0..600), step in 1..700_usize) {
        let mut bytes = crate::cases::common::ISA.as_bytes().to_vec();
        bytes.extend_from_slice(b"GS*HB*A*B*20260302*0915*1*X*005010X279A1~ST*271*0001~");
        bytes.extend_from_slice(&input);
        let _ = check(&bytes, step);
    }

    #[test]
    fn any_order_of_segments(segments in vec(segment(), 0..60), step in 1..2_000_usize) {
        let text = file(&segments.concat());
        let _ = check(text.as_bytes(), step);
    }

    #[test]
    fn changed_files(
        which in 0..2_usize,
        changes in vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..12),
        step in 1..2_000_usize,
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
        let _ = check(&bytes, step);
    }

    #[test]
    fn exchanged_segments(a in any::<Index>(), b in any::<Index>()) {
        let mut lines: Vec<_> = DEPENDENT.lines().collect();
        let (a, b) = (1 + a.index(lines.len() - 1), 1 + b.index(lines.len() - 1));
        lines.swap(a, b);
        let text = lines.join("\n");
        if let Ok(found) = check(text.as_bytes(), 1 + a) {
            let after = text.find("ST*271").unwrap_or_default();
            let before_end = text.rfind("\nGE*").unwrap_or(text.len()).max(after);
            let expected = text[after..before_end].matches("\nEB*").count();
            prop_assert!(row_indexes(&found).len() >= expected, "{}", text);
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

/// What fuzzing starts from, and what it found.
#[test]
fn the_seeds_of_the_fuzz_target_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/read_271");
    let seeds = std::fs::read_dir(folder).expect("the folder of seeds can be listed");
    let mut count = 0;
    for seed in seeds {
        let input = std::fs::read(seed.expect("a seed is listed").path()).expect("a seed is read");
        for step in [1, 7, 64, 4_096] {
            let _ = check(&input, step);
        }
        count += 1;
    }
    assert!(count > 5);
}

/// Inputs whose reading would take minutes, or all memory, if any part of it were not linear.
#[test]
fn hostile_sizes_are_read_within_their_limits() {
    let many_dependents = {
        let row = format!("EB*1**30~MSG*{}~", "X".repeat(1000));
        let child = "HL*9*3*23*0~NM1*03*1*SAMPLE*CHILD~EB*1**30~";
        format!("{ABOVE}{SUBSCRIBER}{}{}", row.repeat(200), child.repeat(1_000))
    };
    for body in [
        many_dependents,
        "HL*1**20*1~".repeat(20_000),
        "HL*1*1*99*1~".repeat(20_000),
        format!("{ABOVE}{SUBSCRIBER}EB*1~{}", "NM1*IL*1*A~".repeat(20_000)),
        "ISA*".repeat(10_000),
        "\n ".repeat(100_000),
        "~".repeat(100_000),
        "*".repeat(200_000),
        "<ISA*&amp;".repeat(10_000),
    ] {
        for text in [file(&body), body] {
            let _ = check(text.as_bytes(), 10_007);
        }
    }
}

/// A dependent's level up to the rows.
const CHILD: &str = "HL*9**23*0~NM1*03*1*SAMPLE*CHILD~";

#[test]
fn a_transaction_of_any_length_is_read_in_parts() {
    let mut body = ABOVE.replace("HL*2*1", "EB*1**30*PLAN OF THE PAYER~HL*2*1");
    let mut expected = vec![String::new()];
    for family in 0..limits::MAX_PART_LEVELS {
        body.push_str(&SUBSCRIBER.replace("*PAT*", &format!("*S{family}*")));
        body.push_str("EB*1**30*FAM~");
        if family % 3 == 0 {
            expected.push(format!("S{family}"));
        }
        for child in 0..family % 3 {
            let name = format!("C{family}-{child}");
            body.push_str(&CHILD.replace("*CHILD", &format!("*{name}")));
            body.push_str("EB*6**30~");
            expected.push(name);
        }
    }
    let text = file(&body);
    let (transactions, end) = in_steps(text.as_bytes(), 4_001);
    assert!(transactions.len() > 1 && transactions.len() < 4, "{}", transactions.len());
    for (transaction, next) in transactions.iter().zip(&transactions[1..]) {
        let place = |of: &almoner_x12::Transaction| of.answers[0].segments.clone();
        assert!(place(transaction).end < place(next).start);
        assert!(next.text.starts_with("ST*271*0001*005010X279A1~\nBHT*"), "{}", next.text);
        assert_ne!(transaction.text, next.text);
    }
    let found = check(text.as_bytes(), 10_007).expect("there are answers");
    assert_eq!(patients(&found), expected);
    assert_eq!(end.map(|warnings| warnings[0].code), Ok(WarningCode::TransactionSplit));
    assert!(found.answers[0].benefits[0].misplaced, "it is given to none of the patients");
    for answer in &found.answers[1..] {
        assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE PLAN"));
        assert_eq!(answer.benefits[0].is_inactive(), answer.is_dependent);
        assert_eq!(answer.subscriber_benefits.len(), usize::from(answer.is_dependent));
        assert_eq!(codes(answer), [WarningCode::MisplacedBenefit]);
    }
}

#[test]
fn a_level_beyond_its_limits_is_cut_there_and_the_next_is_read() {
    let next = SUBSCRIBER.replace("*PAT*", "*NEXT*");
    let many = "EB*1~MSG*A~".repeat(limits::MAX_LEVEL_SEGMENTS);
    let found = check(file(&format!("{ABOVE}{SUBSCRIBER}{many}{next}EB*6~")).as_bytes(), 9_001);
    let found = found.expect("there are answers");
    assert_eq!(patients(&found), ["PAT", "NEXT"]);
    let rows = found.answers[0].benefits.len();
    assert!((limits::MAX_LEVEL_SEGMENTS / 2 - 2..limits::MAX_LEVEL_SEGMENTS / 2).contains(&rows));
    let expected = [WarningCode::TooManyBenefits, WarningCode::LevelTooLong];
    assert_eq!(codes(&found.answers[0]), expected);
    assert!(found.answers[1].benefits[0].is_inactive() && codes(&found.answers[1]).is_empty());
    let long = format!("EB*1~{}", format!("MSG*{}~", "X".repeat(9_000)).repeat(150));
    let found = must_read(file(&format!("{ABOVE}{SUBSCRIBER}{long}EB*6~{next}")).as_bytes());
    assert_eq!(found.answers[0].benefits.len(), 1);
    let expected = [WarningCode::LevelTooLong, WarningCode::TooManyBenefits];
    assert_eq!(codes(&found.answers[0]), expected);
}

#[test]
fn answers_beyond_the_limit_are_counted() {
    let text = file(&format!("{ABOVE}{}", "HL***22~".repeat(limits::MAX_ANSWERS + 20)));
    let mut reader = almoner_x12::Reader::new(text.as_bytes());
    let mut count = 0;
    while let Some(transaction) = reader.next_transaction().expect("memory can be read") {
        count += transaction.answers.len();
    }
    assert_eq!(count, limits::MAX_ANSWERS);
    let warnings = reader.finish().expect("there are answers");
    assert!(warnings.iter().any(|warning| warning.message.starts_with("20 answers")));
}

#[test]
fn an_input_beyond_the_limit_is_read_up_to_there() {
    use std::io::{Read, repeat};
    let text = rows("EB*1~");
    let padding = repeat(b'\n').take(limits::MAX_INPUT_BYTES as u64 - text.len() as u64);
    let long = text.as_bytes().chain(padding).chain(text.as_bytes());
    let mut reader = almoner_x12::Reader::new(long);
    assert!(reader.next_transaction().expect("memory can be read").is_some());
    assert!(reader.next_transaction().expect("memory can be read").is_none());
    let warnings = reader.finish().expect("there are answers");
    assert_eq!(
        warnings.iter().map(|one| one.code).collect::<Vec<_>>(),
        [WarningCode::InputTooLong]
    );
}

#[test]
fn what_levels_above_share_is_left_out_when_it_is_too_much() {
    let rows = format!("EB*1*FAM*30~MSG*{}~", "X".repeat(1000)).repeat(300);
    let found =
        must_read(file(&format!("{ABOVE}{SUBSCRIBER}{rows}{}", CHILD.repeat(100))).as_bytes());
    assert_eq!(found.answers.len(), 100);
    let first = &found.answers[0];
    assert_eq!((first.subscriber_benefits.len(), codes(first)), (300, vec![]));
    let last = &found.answers[99];
    assert_eq!(last.subscriber.first.as_deref(), Some("PAT"));
    assert_eq!(
        (last.subscriber_benefits.len(), codes(last)),
        (0, vec![WarningCode::ContextLeftOut])
    );
    assert_eq!(envelope_codes(&found), []);
}

#[test]
fn a_segment_beyond_the_limit_is_clipped_there() {
    let long = "LONG ".repeat(8_000);
    let answer = one(&rows(&format!("EB*1**30~MSG*{long}~EB*B*IND*98***27*25~")));
    assert_eq!(answer.benefits[0].messages[0].len(), long.trim().len());
    assert_eq!(answer.benefits[1].amount_cents, Some(2500));
    let huge = "X".repeat(limits::MAX_SEGMENT_BYTES);
    let answer = one(&rows(&format!("EB*1**30~MSG*{huge}~EB*B*IND*98***27*25~")));
    assert!(answer.benefits[0].messages.is_empty());
    assert_eq!(answer.benefits[0].related[0].len(), limits::MAX_SEGMENT_BYTES);
    assert_eq!(answer.benefits[1].amount_cents, Some(2500));
    assert_eq!(codes(&answer), [WarningCode::SegmentTooLong]);
    let blank = " ".repeat(2 * limits::MAX_SEGMENT_BYTES);
    let answer = one(&rows(&format!("EB*1**30~MSG*A NOTE{blank}~EB*B*IND*98***27*25~")));
    assert_eq!(
        (&answer.benefits[0].messages[..], codes(&answer)),
        (&["A NOTE".to_owned()][..], vec![])
    );
}
