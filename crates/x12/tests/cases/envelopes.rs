//! Envelopes, delimiters, wrappers and broken files.

use almoner_x12::{Delimiters, Unreadable, WarningCode, limits, read};

use crate::cases::common::{
    ABOVE, SUBSCRIBER, codes, envelope_codes, file, must_read, one, rows, texts,
};

const ROWS: &str = "EB*1**30^98**GOLD PLAN~EB*B*IND*98***27*25.00*****Y*HC:99213~MSG*PER VISIT~";

/// The usual file in other delimiters.
fn in_delimiters(element: &str, repetition: &str, component: &str, terminator: &str) -> String {
    rows(ROWS)
        .replace('*', element)
        .replace('^', repetition)
        .replace(':', component)
        .replace('~', terminator)
}

fn is_read_whole(text: &str) {
    let found = must_read(text.as_bytes());
    assert_eq!(envelope_codes(&found), [], "{text}");
    let answer = &found.answers[0];
    assert_eq!(codes(answer), [], "{text}");
    assert_eq!(answer.patient.member_id.as_deref(), Some("1EG4TE5MK73"), "{text}");
    assert_eq!(answer.benefits[0].service_types, ["30", "98"], "{text}");
    assert_eq!(answer.benefits[1].amount_cents, Some(2500), "{text}");
    let procedure = answer.benefits[1].procedure.as_ref().map(|found| found.code.as_str());
    assert_eq!(procedure, Some("99213"), "{text}");
    assert_eq!(answer.benefits[1].messages, ["PER VISIT"], "{text}");
}

#[test]
fn delimiters_are_taken_from_the_header() {
    for (element, repetition, component, terminator) in [
        ("*", "^", ":", "~"),
        ("|", "!", ">", "'"),
        ("+", "%", "<", "?"),
        ("\u{1d}", "\u{1e}", "\u{1f}", "\u{1c}"),
        ("*", "^", ">", "\u{1d}"),
        ("*", "^", ":", "\n"),
        ("*", "^", ":", "\r\n"),
        ("*", "^", ":", "\r"),
        ("*", "^", ":", "~\r\n"),
        ("*", "^", ":", "~\n\n"),
        ("\t", "^", ":", "~"),
    ] {
        is_read_whole(&in_delimiters(element, repetition, component, terminator));
    }
}

#[test]
fn a_blank_may_end_the_segments() {
    is_read_whole(&in_delimiters("*", "^", ":", " "));
}

#[test]
fn headers_may_be_collapsed_or_lack_elements() {
    let text = rows(ROWS);
    let collapsed = text.replace("          ", "").replace("    *", "*").replace("   *", "*");
    assert!(collapsed.starts_with("ISA*00**00**ZZ*SAMPLEPAYER*"), "{collapsed}");
    is_read_whole(&collapsed);
    let short = collapsed.replacen("*00*", "*", 1);
    let found = must_read(short.as_bytes());
    assert!(envelope_codes(&found).contains(&WarningCode::IrregularHeader));
    assert_eq!(found.answers[0].benefits.len(), 2);
}

#[test]
fn no_repetition_separator_is_named_in_release_4010() {
    let text = rows("EB*1**30~EB*1**98~").replace("*^*00501*", "*U*00401*");
    let answer = one(&text);
    assert_eq!(answer.delimiters.repetition, None);
    assert_eq!(answer.benefits.len(), 2);
}

#[test]
fn what_surrounds_the_file_is_passed_over() {
    let text = rows(ROWS);
    for (before, after) in [
        ("\u{feff}", ""),
        ("  \r\n\t", "\n\n\u{1a}"),
        ("<Envelope><Body><Payload>", "</Payload></Body></Envelope>"),
        ("<Envelope><Body><Payload><![CDATA[\n", "]]></Payload></Body></Envelope>"),
        ("--b7\r\nContent-Type: application/EDI-X12\r\n\r\n", "\r\n--b7--\r\n"),
    ] {
        is_read_whole(&format!("{before}{text}{after}"));
    }
    let junk = format!("HTTP/1.1 200 OK\nVISA*1\n{text}that was all");
    let found = must_read(junk.as_bytes());
    assert_eq!(envelope_codes(&found), [WarningCode::TextAround; 2]);
    assert_eq!(found.answers[0].benefits.len(), 2);
}

#[test]
fn escaped_text_is_read_and_found_again_in_the_input() {
    let text = rows("EB*1**30**R AND D PLAN~").replace("R AND D", "R&D").replace("T*:~", "T*>~");
    let escaped = text.replace('&', "&amp;").replace('>', "&gt;").replace('~', "~&#xD;&#10;");
    let input = format!("<a><b>{escaped}</b></a>");
    let answer = one(&input);
    assert_eq!(answer.plan.as_deref(), Some("R&D PLAN"));
    let bytes = &input[answer.segments.clone()];
    assert!(bytes.starts_with("ST*271*") && bytes.contains("R&amp;D"), "{bytes}");
    assert!(bytes.ends_with("*0001"), "{bytes}");
    assert_eq!(texts(input.as_bytes()), texts(text.as_bytes()), "the wrapper makes no difference");
}

#[test]
fn a_file_inside_json_is_read() {
    let input = format!("{{\"x12\": \"{}\"}}", rows(ROWS).replace('~', "~\\n"));
    let found = must_read(input.as_bytes());
    assert_eq!(found.answers[0].benefits.len(), 2);
    assert_eq!(codes(&found.answers[0]), []);
}

#[test]
fn several_interchanges_with_delimiters_of_their_own_are_read() {
    let text = rows(ROWS) + "\n" + &in_delimiters("|", "!", ">", "\n");
    let found = must_read(text.as_bytes());
    assert_eq!(envelope_codes(&found), []);
    assert_eq!(found.answers.len(), 2);
    assert_eq!(found.answers[1].delimiters.element, b'|');
    let mut places: Vec<_> =
        found.answers.iter().flat_map(|one| &one.benefits).map(|row| row.index).collect();
    places.dedup();
    assert_eq!(places.len(), 4);
}

#[test]
fn several_groups_transactions_payers_receivers_and_subscribers_are_read() {
    let second = SUBSCRIBER.replace("*PAT*", "*SECOND*").replace("HL*3*", "HL*4*");
    let other =
        ABOVE.replace("HL*1**", "HL*5**").replace("HL*2*1", "HL*6*5").replace("PLAN", "TWO");
    let third = SUBSCRIBER.replace("*PAT*", "*THIRD*").replace("HL*3*2", "HL*7*6");
    let body = format!("{ABOVE}{SUBSCRIBER}EB*1~{second}EB*1~{other}{third}EB*1~");
    let text = file(&body);
    let start = text.find("GS*").unwrap_or_default();
    let end = text.find("IEA*").unwrap_or_default();
    let twice = format!("{}{}IEA*2*000000001~", &text[..end], &text[start..end]);
    let found = must_read(twice.as_bytes());
    assert_eq!(envelope_codes(&found), []);
    let names: Vec<_> =
        found.answers.iter().filter_map(|one| one.patient.first.as_deref()).collect();
    assert_eq!(names, ["PAT", "SECOND", "THIRD", "PAT", "SECOND", "THIRD"]);
    assert_eq!(found.answers[2].payer.name.as_deref(), Some("SAMPLE TWO"));
}

#[test]
fn wrong_counts_and_control_numbers_are_warnings() {
    let text = rows("EB*1**30~")
        .replace("*0001~GE*1*1~IEA*1*000000001", "*0009~GE*3*2~IEA*4*000000005")
        .replace("SE*12*", "SE*99*");
    let found = must_read(text.as_bytes());
    let expected = [WarningCode::CountMismatch, WarningCode::ControlMismatch];
    assert_eq!(envelope_codes(&found), [expected, expected].concat());
    assert_eq!(codes(&found.answers[0]), expected);
}

#[test]
fn a_missing_terminator_here_and_there_is_mended() {
    let text = in_delimiters("*", "^", ":", "\n").replace("\nMSG", "~MSG");
    let found = must_read(text.as_bytes());
    assert_eq!(found.answers[0].benefits[1].messages, ["PER VISIT"]);
    assert_eq!(envelope_codes(&found), [WarningCode::MixedTerminators]);
}

#[test]
fn a_file_cut_anywhere_keeps_what_was_read() {
    let text = rows("EB*C*IND*30***23*1500.00*****Y~MSG*ONE~EB*C*IND*30***29*412.35*****Y~");
    let whole = one(&text);
    for cut in 0..text.len() {
        let Ok(found) = read(&text.as_bytes()[..cut]) else {
            continue;
        };
        for answer in &found.answers {
            let complete = text[..cut].contains("~SE");
            assert_eq!(codes(answer).contains(&WarningCode::Truncated), !complete, "{cut}");
            for (row, expected) in answer.benefits.iter().zip(&whole.benefits) {
                let amount = row.amount_cents;
                assert!(amount.is_none() || amount == expected.amount_cents, "{cut}: {amount:?}");
            }
        }
    }
}

#[test]
fn half_a_figure_is_no_figure() {
    let text = rows("EB*1**30~EB*C*IND*30***29*500.00~");
    let cut = text.find("0.00").unwrap_or_default();
    let answer = one(&text[..cut]);
    assert_eq!(answer.benefits.len(), 2);
    assert_eq!(answer.benefits[1].amount_cents, None);
    assert_eq!(answer.benefits[1].segment, "EB*C*IND*30***29*50");
    assert_eq!(codes(&answer), [WarningCode::Truncated]);
}

#[test]
fn a_cut_file_before_another_is_told_apart() {
    let text = rows("EB*C*IND*30***29*500.00~");
    let cut = text.find("0.00").unwrap_or_default();
    let joined = format!("{}{text}", &text[..cut]);
    let found = must_read(joined.as_bytes());
    assert_eq!(found.answers.len(), 2);
    assert_eq!(found.answers[0].benefits[0].amount_cents, None);
    assert_eq!(codes(&found.answers[0]), [WarningCode::Truncated]);
    assert_eq!(found.answers[1].benefits[0].amount_cents, Some(50_000));
}

#[test]
fn a_file_without_its_envelope_is_read() {
    let text = rows(ROWS);
    let start = text.find("ST*").unwrap_or_default();
    let end = text.find("GE*").unwrap_or_default();
    for bare in [&text[start..end], &text[text.find("GS*").unwrap_or_default()..]] {
        let found = must_read(bare.as_bytes());
        assert!(envelope_codes(&found).contains(&WarningCode::NoEnvelope));
        assert_eq!(found.answers[0].benefits.len(), 2);
        assert_eq!(codes(&found.answers[0]), []);
    }
}

#[test]
fn a_transaction_without_header_or_with_an_early_trailer_is_read() {
    let text = rows("EB*1**30~EB*C**30***23*5~");
    let headless = text.replace("ST*271*0001*005010X279A1~", "");
    assert!(codes(&one(&headless)).contains(&WarningCode::HeaderMissing));
    let early = text.replace("EB*C", "SE*12*0001~EB*C").replacen("SE*13*0001~GE", "GE", 1);
    let answer = one(&early);
    assert_eq!(answer.benefits.len(), 2);
    assert!(codes(&answer).contains(&WarningCode::AfterTrailer));
}

#[test]
fn the_time_of_the_answer_comes_from_the_payer() {
    let text = rows("EB*1**30~");
    let at = |text: &str| one(text).answered_at.map(|at| at.to_string());
    assert_eq!(at(&text).as_deref(), Some("2026-03-02T09:15:00"));
    let none = text.replace("*REF-1*20260302*0915~", "*REF-1~");
    assert_eq!(at(&none).as_deref(), Some("2026-03-02T09:15:00"));
    assert_eq!(codes(&one(&none)), [WarningCode::TimeFromGroup]);
    let day = text.replace("*REF-1*20260302*0915~", "*REF-1*20260301*9999~");
    assert_eq!(at(&day).as_deref(), Some("2026-03-01T00:00:00"));
    assert_eq!(codes(&one(&day)), [WarningCode::TimeMissing]);
}

#[test]
fn what_is_no_answer_says_what_it_is() {
    assert_eq!(read(b""), Err(Unreadable::Empty));
    assert_eq!(read(b"\xEF\xBB\xBF \r\n\0"), Err(Unreadable::Empty));
    assert_eq!(read(b"%PDF-1.7 a scanned letter"), Err(Unreadable::NotX12));
    assert_eq!(read(b"name,amount\nISABEL,ISA*1\n"), Err(Unreadable::NotX12));
    let request = rows("EQ*30~").replace("ST*271", "ST*270").replace("GS*HB", "GS*HS");
    assert_eq!(read(request.as_bytes()), Err(Unreadable::Request270));
    let start = request.find("ST*").unwrap_or_default();
    assert_eq!(read(&request.as_bytes()[start..]), Err(Unreadable::Request270));
    let receipt = file("AK1*HS*1~AK9*A*1*1*1~").replace("ST*271", "ST*999").replace("*HB*", "*FA*");
    let found = read(receipt.as_bytes());
    assert_eq!(found, Err(Unreadable::NoTransactions271 { found: vec!["999".to_owned()] }));
    let envelope =
        format!("{}TA1*000000001*260302*0915*R*006~IEA*0*000000001~", crate::cases::common::ISA);
    let found = read(envelope.as_bytes());
    assert_eq!(found, Err(Unreadable::NoTransactions271 { found: vec!["TA1".to_owned()] }));
    for error in [Unreadable::Empty, Unreadable::NotX12, Unreadable::Request270] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_receipt_with_errors_beside_an_answer_is_noticed() {
    let text = rows("EB*1**30~").replace("GS*HB", "TA1*000000001*260302*0915*R*006~GS*HB");
    let found = must_read(text.as_bytes());
    assert_eq!(envelope_codes(&found), [WarningCode::InterchangeRejected]);
    assert_eq!(found.answers.len(), 1);
}

#[test]
fn long_lines_are_read_and_too_long_ones_clipped() {
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
}

#[test]
fn a_transaction_can_be_shown_line_by_line() {
    let text = rows("EB*1**30~MSG*A NOTE~");
    let answer = one(&text);
    let shown = &texts(text.as_bytes())[0];
    assert!(shown.starts_with("ST*271*0001*005010X279A1~\nBHT*"), "{shown}");
    assert!(shown.ends_with("EB*1**30~\nMSG*A NOTE~\nSE*13*0001~\n"), "{shown}");
    assert_eq!(answer.delimiters, Delimiters::default());
}
