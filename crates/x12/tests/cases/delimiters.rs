//! Delimiters, terminators and headers in every form in which they come.

use almoner_x12::{Answer, Delimiters, WarningCode};

use crate::cases::common::{all_of, codes, envelope_codes, must_read, one, one_of, rows, texts};

/// What the usual fixture says, whatever it is written in or wrapped in.
pub(super) fn is_read_whole(answer: &Answer, name: &str) {
    assert_eq!(codes(answer), [], "{name}");
    assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE HEALTH PLAN"), "{name}");
    assert_eq!(answer.patient.member_id.as_deref(), Some("1EG4TE5MK73"), "{name}");
    let [active, copay, total, remaining] = &answer.benefits[..] else {
        panic!("{name}: four rows were expected");
    };
    assert!(active.is_active(), "{name}");
    assert_eq!(copay.service_types, ["98", "BY"], "{name}");
    assert_eq!(
        (copay.amount_cents, &*copay.messages.concat()),
        (Some(2500), "PER VISIT"),
        "{name}"
    );
    let procedure = copay.procedure.as_ref().map(|found| found.code.as_str());
    assert_eq!(procedure, Some("99213"), "{name}");
    assert_eq!((total.amount_cents, remaining.amount_cents), (Some(150_000), Some(41_235)));
}

#[test]
fn the_terminator_is_taken_from_the_header() {
    for (name, terminator) in [
        ("tilde_one_line.271", b'~'),
        ("tilde_crlf.271", b'~'),
        ("newline.271", b'\n'),
        ("crlf.271", b'\n'),
        ("carriage_return.271", b'\r'),
        ("group_separator.271", 0x1D),
        ("control_characters.271", 0x1C),
        ("other_delimiters.271", b'\''),
    ] {
        let answer = one_of(name);
        is_read_whole(&answer, name);
        assert_eq!(answer.delimiters.terminator, terminator, "{name}");
    }
}

#[test]
fn all_delimiters_are_taken_from_the_header() {
    let found = |name| one_of(name).delimiters;
    let expected =
        Delimiters { element: b'|', repetition: Some(b'!'), component: b'>', terminator: b'\'' };
    assert_eq!(found("other_delimiters.271"), expected);
    let expected =
        Delimiters { element: 0x1D, repetition: Some(0x1E), component: 0x1F, terminator: 0x1C };
    assert_eq!(found("control_characters.271"), expected);
    assert_eq!(found("tilde_one_line.271"), Delimiters::default());
}

#[test]
fn any_characters_may_be_the_delimiters() {
    let text = rows("EB*1**30^98**GOLD PLAN~EB*B*IND*98***27*25.00*****Y*HC:99213~MSG*PER VISIT~");
    for (element, repetition, component, terminator) in [
        ("*", "^", ":", "~"),
        ("|", "!", ">", "'"),
        ("+", "%", "<", "?"),
        ("*", "^", ">", "\u{1d}"),
        ("*", "^", ":", "~\n\n"),
        ("\t", "^", ":", "~"),
    ] {
        let text = text
            .replace('*', element)
            .replace('^', repetition)
            .replace(':', component)
            .replace('~', terminator);
        let answer = one(&text);
        assert_eq!(codes(&answer), [], "{text}");
        assert_eq!(answer.benefits[0].service_types, ["30", "98"], "{text}");
        assert_eq!(answer.benefits[1].amount_cents, Some(2500), "{text}");
        let procedure = answer.benefits[1].procedure.as_ref().map(|found| found.code.as_str());
        assert_eq!((procedure, answer.benefits[1].messages.len()), (Some("99213"), 1), "{text}");
    }
}

#[test]
fn a_blank_may_end_the_segments() {
    let answer = one_of("space.271");
    assert_eq!((answer.delimiters.terminator, codes(&answer)), (b' ', vec![]));
    // The payer's name has blanks of its own.
    assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE HEALTH PLAN"));
    assert_eq!(answer.benefits.len(), 4);
    assert_eq!(answer.benefits[3].amount_cents, Some(41_235));
}

#[test]
fn a_line_break_may_end_the_segments_of_release_4010() {
    let answer = one_of("newline_4010.271");
    assert_eq!(answer.version.as_deref(), Some("004010X092A1"));
    assert_eq!((answer.benefits.len(), codes(&answer)), (3, vec![]));
    assert_eq!(answer.benefits[2].amount_cents, Some(41_235));
}

#[test]
fn no_repetition_separator_is_named_in_release_4010() {
    let answer = one_of("no_repetition_4010.271");
    assert_eq!((answer.delimiters.repetition, codes(&answer)), (None, vec![]));
    let types: Vec<_> = answer.benefits.iter().map(|row| row.service_types.join("^")).collect();
    assert_eq!(types, ["30", "98", "98"]);
}

#[test]
fn a_separator_that_the_header_does_not_name_is_noticed() {
    let answer = one_of("undeclared_separator.271");
    assert_eq!(answer.benefits[0].service_types, ["30", "98", "UC"]);
    let procedure = answer.benefits[1].procedure.clone().unwrap_or_default();
    assert_eq!((procedure.qualifier.as_deref(), procedure.code.as_str()), (Some("HC"), "99213"));
    assert_eq!(codes(&answer), [WarningCode::UndeclaredSeparator; 2]);
}

#[test]
fn a_missing_terminator_here_and_there_is_mended() {
    let found = all_of("mixed_terminators.271");
    is_read_whole(&found.answers[0], "mixed_terminators.271");
    assert_eq!(envelope_codes(&found), [WarningCode::MixedTerminators]);
}

#[test]
fn a_header_may_be_collapsed() {
    is_read_whole(&one_of("isa_collapsed.271"), "isa_collapsed.271");
}

#[test]
fn a_header_may_lack_elements() {
    for name in ["isa_short.271", "isa_no_component.271"] {
        let found = all_of(name);
        is_read_whole(&found.answers[0], name);
        assert_eq!(envelope_codes(&found), [WarningCode::IrregularHeader], "{name}");
    }
}

#[test]
fn several_interchanges_have_delimiters_of_their_own() {
    let found = all_of("several_interchanges.271");
    assert_eq!((found.answers.len(), envelope_codes(&found)), (2, vec![]));
    for answer in &found.answers {
        is_read_whole(answer, "several_interchanges.271");
    }
    assert_eq!(found.answers[1].delimiters.element, b'|');
    let mut places: Vec<_> =
        found.answers.iter().flat_map(|one| &one.benefits).map(|row| row.index).collect();
    places.dedup();
    assert_eq!(places.len(), 8, "no two rows of a file share their place");
}

#[test]
fn names_in_latin_1_are_read() {
    let answer = one_of("latin_1.271");
    assert_eq!(answer.patient.last.as_deref(), Some("MUÑOZ-SAMPLE"));
    assert_eq!(answer.patient.first.as_deref(), Some("JOSÉ"));
}

#[test]
fn the_same_transaction_has_the_same_text_whatever_stands_between_its_segments() {
    let texts = |name| texts(&crate::cases::common::fixture(name));
    for name in ["tilde_crlf.271", "bom.271", "mime.271", "soap_plain.271", "json_string.271"] {
        assert_eq!(texts(name), texts("tilde_one_line.271"), "{name}");
    }
    assert_ne!(texts("newline.271"), texts("tilde_one_line.271"));
    assert!(!must_read(&crate::cases::common::fixture("newline.271")).answers.is_empty());
}
