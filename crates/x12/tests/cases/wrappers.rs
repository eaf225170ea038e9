//! What surrounds the X12: marks, blanks, SOAP, MIME, JSON, other text; and what is none at all.

use almoner_x12::{Unreadable, WarningCode, read};

use crate::cases::common::{all_of, envelope_codes, fixture, must_read, one, one_of, rows, texts};
use crate::cases::delimiters::is_read_whole;

#[test]
fn a_mark_or_blanks_may_stand_before_the_header() {
    for name in ["bom.271", "leading_blanks.271"] {
        is_read_whole(&one_of(name), name);
    }
}

#[test]
fn a_soap_envelope_is_taken_off() {
    for name in ["soap_plain.271", "soap_escaped.271", "soap_cdata.271"] {
        is_read_whole(&one_of(name), name);
    }
    for name in ["soap_escaped.271", "soap_cdata.271"] {
        assert_eq!(one_of(name).plan.as_deref(), Some("R&D PLAN <GOLD>"), "{name}");
    }
}

#[test]
fn escaped_text_is_found_again_in_the_input() {
    let input = fixture("soap_escaped.271");
    let answer = one_of("soap_escaped.271");
    let bytes = String::from_utf8_lossy(&input[answer.segments.clone()]);
    assert!(bytes.starts_with("ST*271*") && bytes.contains("R&amp;D"), "{bytes}");
    assert!(bytes.ends_with("*0001"), "{bytes}");
    let text = &texts(&input)[0];
    assert!(text.starts_with("ST*271*0001*005010X279A1~\nBHT*"), "{text}");
    assert!(text.contains("**R&D PLAN <GOLD>~\n") && text.ends_with("*0001~\n"), "{text}");
}

#[test]
fn several_payloads_of_one_envelope_are_read() {
    let found = all_of("soap_two_payloads.271");
    assert_eq!((found.answers.len(), envelope_codes(&found)), (2, vec![]));
    for answer in &found.answers {
        is_read_whole(answer, "soap_two_payloads.271");
    }
}

#[test]
fn a_mime_part_is_taken_out() {
    is_read_whole(&one_of("mime.271"), "mime.271");
}

#[test]
fn a_file_inside_json_is_read() {
    let found = all_of("json_string.271");
    is_read_whole(&found.answers[0], "json_string.271");
    assert_eq!(envelope_codes(&found), [WarningCode::TextAround; 2]);
}

#[test]
fn other_text_around_is_passed_over() {
    let found = all_of("text_around.271");
    is_read_whole(&found.answers[0], "text_around.271");
    assert_eq!(envelope_codes(&found), [WarningCode::TextAround; 2]);
}

#[test]
fn a_file_without_its_envelope_is_read() {
    for name in ["no_envelope_st.271", "no_envelope_gs.271"] {
        let found = all_of(name);
        is_read_whole(&found.answers[0], name);
        assert_eq!(envelope_codes(&found), [WarningCode::NoEnvelope], "{name}");
    }
}

#[test]
fn what_is_no_answer_says_what_it_is() {
    let found = |name| read(&fixture(name));
    assert_eq!(read(b""), Err(Unreadable::Empty));
    assert_eq!(found("blank.txt"), Err(Unreadable::Empty));
    assert_eq!(found("letter.txt"), Err(Unreadable::NotX12));
    assert_eq!(found("request.270"), Err(Unreadable::Request270));
    let none = |kind: &str| Err(Unreadable::NoTransactions271 { found: vec![kind.to_owned()] });
    assert_eq!(found("receipt.999"), none("999"));
    assert_eq!(found("receipt.ta1"), none("TA1"));
    for error in [Unreadable::Empty, Unreadable::NotX12, Unreadable::Request270] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn what_is_no_answer_in_other_shapes_says_what_it_is() {
    assert_eq!(read(b"\xEF\xBB\xBF \r\n\0"), Err(Unreadable::Empty));
    assert_eq!(read(b"%PDF-1.7 a scanned letter"), Err(Unreadable::NotX12));
    assert_eq!(read(b"name,amount\nISABEL,ISA*1\n"), Err(Unreadable::NotX12));
    let odd = rows("EB*1~").replace("ST*271", "ST*SAMPLE PATIENT");
    let found = vec!["unknown".to_owned()];
    assert_eq!(read(odd.as_bytes()), Err(Unreadable::NoTransactions271 { found }));
    let request = rows("EQ*30~").replace("ST*271", "ST*270");
    let start = request.find("ST*").unwrap_or_default();
    assert_eq!(read(&request.as_bytes()[start..]), Err(Unreadable::Request270));
}

#[test]
fn a_transaction_can_be_shown_line_by_line() {
    let text = rows("EB*1**30~MSG*A NOTE~");
    let shown = &texts(text.as_bytes())[0];
    assert!(shown.starts_with("ST*271*0001*005010X279A1~\nBHT*"), "{shown}");
    assert!(shown.ends_with("EB*1**30~\nMSG*A NOTE~\nSE*13*0001~\n"), "{shown}");
    let escaped = text.replace('~', "&#126;");
    assert_eq!(&texts(format!("<a>{escaped}</a>").as_bytes())[0], shown);
    assert_eq!(one(&text), must_read(text.as_bytes()).answers[0]);
}
