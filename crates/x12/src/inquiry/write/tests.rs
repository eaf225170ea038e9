use proptest::option;
use proptest::prelude::*;

use super::super::InquiryPayer;
use super::*;
use crate::segment::Segments;

fn inquiry() -> Inquiry {
    Inquiry {
        control: 42,
        written_at: DateTime { year: 2026, month: 3, day: 2, hour: 9, minute: 15, second: 30 },
        is_test: false,
        sender: TradingPartner { qualifier: "ZZ".into(), id: "SAMPLECLINIC".into() },
        receiver: TradingPartner { qualifier: "30".into(), id: "120000001".into() },
        payer: InquiryPayer { name: "Sample Health".into(), id: "00042".into() },
        provider: InquiryProvider {
            name: "Sample Clinic".into(),
            first: None,
            npi: "1234567893".into(),
        },
        trace: "ALM42".into(),
        originator: "9000000001".into(),
        subscriber: InquiryPerson {
            last: "Sample".into(),
            first: "Pat".into(),
            member_id: Some("1eg4te5mk73".into()),
            birth_date: Date::new(1980, 1, 1),
            sex: Some("F".into()),
        },
        dependent: None,
        service_type: "98".into(),
        service_date: None,
    }
}

fn child() -> InquiryDependent {
    InquiryDependent {
        last: "Sample".into(),
        first: "Child".into(),
        birth_date: Date::new(2015, 6, 7),
        sex: Some("m".into()),
        relationship: "19".into(),
    }
}

fn lines(inquiry: &Inquiry) -> Vec<String> {
    let text = write(inquiry).unwrap_or_else(|fault| panic!("{fault}"));
    text.split_terminator('~').map(str::to_owned).collect()
}

#[test]
fn a_subscriber_is_asked_about() {
    let expected = [
        "ISA*00*          *00*          *ZZ*SAMPLECLINIC   *30*120000001      *260302*0915*^*\
         00501*000000042*0*P*:",
        "GS*HS*SAMPLECLINIC*120000001*20260302*0915*42*X*005010X279A1",
        "ST*270*0042*005010X279A1",
        "BHT*0022*13*ALM42*20260302*091530",
        "HL*1**20*1",
        "NM1*PR*2*SAMPLE HEALTH*****PI*00042",
        "HL*2*1*21*1",
        "NM1*1P*2*SAMPLE CLINIC*****XX*1234567893",
        "HL*3*2*22*0",
        "TRN*1*ALM42*9000000001",
        "NM1*IL*1*SAMPLE*PAT****MI*1EG4TE5MK73",
        "DMG*D8*19800101*F",
        "EQ*98",
        "SE*12*0042",
        "GE*1*42",
        "IEA*1*000000042",
    ];
    assert_eq!(lines(&inquiry()), expected);
}

#[test]
fn a_dependent_is_asked_about_below_the_subscriber() {
    let question = Inquiry {
        dependent: Some(child()),
        service_date: Date::new(2026, 3, 9),
        provider: InquiryProvider {
            name: "Sample".into(),
            first: Some("Doctor".into()),
            npi: "1234567893".into(),
        },
        ..inquiry()
    };
    let expected = [
        "NM1*1P*1*SAMPLE*DOCTOR****XX*1234567893",
        "HL*3*2*22*1",
        "NM1*IL*1*SAMPLE*PAT****MI*1EG4TE5MK73",
        "DMG*D8*19800101*F",
        "HL*4*3*23*0",
        "TRN*1*ALM42*9000000001",
        "NM1*03*1*SAMPLE*CHILD",
        "DMG*D8*20150607*M",
        "INS*N*19",
        "DTP*291*D8*20260309",
        "EQ*98",
        "SE*17*0042",
    ];
    let found = lines(&question);
    assert_eq!(found[7..found.len() - 2], expected);
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut question = inquiry();
    question.subscriber.birth_date = None;
    assert!(lines(&question).contains(&"DMG***F".to_owned()));
    question.subscriber.sex = Some("U".into());
    assert!(!lines(&question).iter().any(|line| line.starts_with("DMG")));
    question.subscriber.member_id = Some(" ".into());
    question.subscriber.birth_date = Date::new(1980, 1, 1);
    question.subscriber.first = String::new();
    assert!(lines(&question).contains(&"NM1*IL*1*SAMPLE".to_owned()));
    assert!(lines(&question).contains(&"DMG*D8*19800101".to_owned()));
    question.dependent = Some(InquiryDependent { relationship: String::new(), ..child() });
    question.subscriber.last = String::new();
    assert!(lines(&question).contains(&"NM1*IL*1".to_owned()));
    assert!(!lines(&question).iter().any(|line| line.starts_with("INS")));
}

#[test]
fn names_are_cut_and_never_end_in_a_blank() {
    let mut question = inquiry();
    question.subscriber.last = format!("{} Ng", "A".repeat(59));
    question.subscriber.first = "É".repeat(50);
    let name = format!("NM1*IL*1*{}*{}****MI*1EG4TE5MK73", "A".repeat(59), "E".repeat(35));
    assert!(lines(&question).contains(&name));
}

#[test]
fn numbers_keep_their_widths() {
    let question = Inquiry { control: 123_456_789, is_test: true, ..inquiry() };
    let found = lines(&question);
    assert!(found[0].ends_with("*123456789*0*T*:") && found[0].len() == 105, "{}", found[0]);
    assert_eq!(found[2], "ST*270*123456789*005010X279A1");
    assert_eq!(found[found.len() - 2..], ["GE*1*123456789", "IEA*1*123456789"]);
    assert_eq!(lines(&Inquiry { control: 1, ..inquiry() })[0].len(), 105);
}

#[test]
fn every_fault_is_told_with_its_field() {
    let nobody = Inquiry {
        control: 0,
        written_at: DateTime { year: 2026, month: 2, day: 30, hour: 9, minute: 0, second: 0 },
        is_test: false,
        sender: TradingPartner { qualifier: "99".into(), id: "A".into() },
        receiver: TradingPartner { qualifier: String::new(), id: "SIXTEENCHARACTERS".into() },
        payer: InquiryPayer::default(),
        provider: InquiryProvider { npi: "1234567890".into(), ..InquiryProvider::default() },
        trace: "A/B".into(),
        originator: "TOO SHORT".into(),
        subscriber: InquiryPerson { first: "Иван".into(), ..InquiryPerson::default() },
        dependent: Some(InquiryDependent { relationship: "18".into(), ..Default::default() }),
        service_type: "098".into(),
        service_date: Some(Date { year: 0, month: 1, day: 1 }),
    };
    let expected = [
        Unwritable::Control,
        Unwritable::NoSuchTime(Field::WrittenAt),
        Unwritable::Qualifier(Field::SenderQualifier),
        Unwritable::Length { field: Field::SenderId, min: 2, max: 15 },
        Unwritable::Qualifier(Field::ReceiverQualifier),
        Unwritable::Length { field: Field::ReceiverId, min: 2, max: 15 },
        Unwritable::Sign { field: Field::Trace, sign: '/' },
        Unwritable::Missing(Field::PayerName),
        Unwritable::Missing(Field::PayerId),
        Unwritable::Missing(Field::ProviderName),
        Unwritable::NotAnNpi,
        Unwritable::Length { field: Field::Originator, min: 10, max: 10 },
        Unwritable::Letter { field: Field::SubscriberFirst, letter: 'И' },
        Unwritable::SubscriberNotFindable,
        Unwritable::Missing(Field::DependentLast),
        Unwritable::DependentNotFindable,
        Unwritable::Relationship,
        Unwritable::NoSuchTime(Field::ServiceDate),
        Unwritable::ServiceType,
    ];
    assert_eq!(faults(&nobody), expected);
    assert_eq!(write(&nobody), Err(Unwritable::Control));
    for fault in expected {
        let words = fault.to_string();
        assert!(words.ends_with(['.', '/']) && !words.contains("  "), "{words}");
    }
}

#[test]
fn delimiters_in_ids_are_faults_and_in_names_blanks() {
    let with_id = |id: &str| {
        let mut question = inquiry();
        question.subscriber.member_id = Some(id.to_owned());
        faults(&question)
    };
    for sign in ['*', '~', ':', '^', '`', '\n', '\u{1}', 'é', '李'] {
        let fault = Unwritable::Sign { field: Field::MemberId, sign };
        assert_eq!(with_id(&format!("A{sign}B")), [fault], "{sign:?}");
    }
    let length = Unwritable::Length { field: Field::MemberId, min: 2, max: 80 };
    assert_eq!(with_id("A"), [length]);
    assert_eq!(with_id(&"A".repeat(81)), [length]);
    assert_eq!(with_id("XX 99-999_9.Z"), []);
    let mut question = inquiry();
    question.subscriber.last = "Sam~ple*:EB*1".into();
    assert!(lines(&question).contains(&"NM1*IL*1*SAM PLE EB 1*PAT****MI*1EG4TE5MK73".to_owned()));
    question.subscriber.last = "*~".into();
    assert_eq!(faults(&question), [Unwritable::Missing(Field::SubscriberLast)]);
}

#[test]
fn the_check_digit_of_an_npi_is_reckoned() {
    for npi in ["1234567893", "1111111112", "2222222228"] {
        assert!(is_npi(npi), "{npi}");
    }
    for npi in ["", "1234567890", "123456789", "12345678933", "123456789X", "１234567893"] {
        assert!(!is_npi(npi), "{npi}");
    }
}

/// Text as people, and those who wish ill, may type it.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z' -]{1,12}",
        1 => "[*~^: A-Za-zéøß\u{300}\r\n<&]{0,12}",
        1 => "\\PC{0,90}",
    ]
}

fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[A-Z0-9]{2,15}", 1 => "[*~^: -z]{0,20}", 1 => ".{0,90}"]
}

fn any_date() -> impl Strategy<Value = Date> {
    prop_oneof![
        19 => (1900..2100_i16, 1..=12_u8, 1..=28_u8)
            .prop_map(|(year, month, day)| Date { year, month, day }),
        1 => any::<(i16, u8, u8)>().prop_map(|(year, month, day)| Date { year, month, day }),
    ]
}

prop_compose! {
    fn any_subscriber()(
        last in any_text(),
        first in any_text(),
        member_id in option::of(any_id()),
        birth_date in option::of(any_date()),
        sex in option::of("[FMUfm*]?"),
    ) -> InquiryPerson {
        InquiryPerson { last, first, member_id, birth_date, sex }
    }
}

prop_compose! {
    fn any_dependent()(
        last in any_text(),
        first in any_text(),
        birth_date in option::of(any_date()),
        sex in option::of("[FMU]?"),
        relationship in prop::sample::select(vec!["01", "19", "34", "", "18*"]),
    ) -> InquiryDependent {
        InquiryDependent { last, first, birth_date, sex, relationship: relationship.to_owned() }
    }
}

prop_compose! {
    fn any_inquiry()(
        (control, year, hour) in (0..1_050_000_000_u32, 1990..2100_i16, 0..=25_u8),
        ids in prop::array::uniform3(any_id()),
        names in prop::array::uniform2(any_text()),
        provider_first in option::of(any_text()),
        npi in prop_oneof![9 => Just("1234567893".to_owned()), 1 => ".{0,12}"],
        trace in prop_oneof![4 => "[A-Za-z0-9-]{1,50}", 1 => any_id()],
        subscriber in any_subscriber(),
        dependent in option::of(any_dependent()),
        service_type in prop_oneof![9 => "[A-Z0-9]{1,2}", 1 => ".{0,3}"],
        service_date in option::of(any_date()),
    ) -> Inquiry {
        let [sender, receiver, payer] = ids;
        let [payer_name, provider_name] = names;
        Inquiry {
            control,
            written_at: DateTime { year, month: 2, day: 28, hour, minute: 5, second: 9 },
            is_test: hour % 2 == 0,
            sender: TradingPartner { qualifier: "ZZ".into(), id: sender },
            receiver: TradingPartner { qualifier: "ZZ".into(), id: receiver },
            payer: InquiryPayer { name: payer_name, id: payer },
            provider: InquiryProvider { name: provider_name, first: provider_first, npi },
            trace,
            originator: "9000000001".into(),
            subscriber,
            dependent,
            service_type,
            service_date,
        }
    }
}

/// The interchange's header, and what stands behind it.
fn parts(text: &str) -> (&str, &str) {
    text.split_once('~').expect("the header ends")
}

/// The text of element `number` of the header, or of the only segment that begins this way.
fn element(text: &str, begins: &str, number: usize) -> String {
    if begins == "ISA*" {
        let value = parts(text).0.split('*').nth(number);
        return value.expect("the header has its elements").trim().to_owned();
    }
    let found: Vec<_> = Segments::new(parts(text).1.as_bytes(), Delimiters::default(), 0)
        .filter(|segment| segment.raw_text().starts_with(begins))
        .collect();
    assert_eq!(found.len(), 1, "{begins} in {text}");
    found[0].code(number)
}

fn cut(text: &str, max: usize) -> String {
    let name = plain_name(text).unwrap_or_default();
    name.chars().take(max).collect::<String>().trim_end().to_owned()
}

fn short(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year, date.month, date.day)
}

/// Reads the text back with the reader's own splitter and compares it with what was asked.
fn check(question: &Inquiry, text: &str) {
    assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{text}");
    let (header, behind) = parts(text);
    let segments = Segments::new(behind.as_bytes(), Delimiters::default(), 0);
    let header = std::iter::once(header.to_owned());
    let found: Vec<_> = header.chain(segments.map(|segment| segment.raw_text())).collect();
    assert_eq!(found, text.split_terminator('~').collect::<Vec<_>>());
    assert!(found.iter().all(|line| !line.ends_with('*')), "{text}");
    let count = found.iter().filter(|line| !line.starts_with("ISA")).count() - 3;
    assert_eq!(element(text, "SE*", 1), count.to_string());
    assert_eq!(element(text, "SE*", 2), element(text, "ST*", 2));
    assert_eq!(element(text, "IEA*", 2), element(text, "ISA*", 13));
    assert_eq!(element(text, "GE*", 2), element(text, "GS*", 6));
    assert_eq!(element(text, "GE*", 2), question.control.to_string());
    assert_eq!(element(text, "BHT*", 3), question.trace.trim());
    assert_eq!(element(text, "TRN*1", 2), question.trace.trim());
    assert_eq!(element(text, "ISA*", 6), question.sender.id.trim());
    assert_eq!(element(text, "ISA*", 8), question.receiver.id.trim());
    assert_eq!(element(text, "NM1*PR", 3), cut(&question.payer.name, 60));
    assert_eq!(element(text, "NM1*PR", 9), question.payer.id.trim());
    assert_eq!(element(text, "NM1*1P", 3), cut(&question.provider.name, 60));
    assert_eq!(element(text, "NM1*1P", 9), question.provider.npi.trim());
    let subscriber = &question.subscriber;
    assert_eq!(element(text, "NM1*IL", 3), cut(&subscriber.last, 60));
    assert_eq!(element(text, "NM1*IL", 4), cut(&subscriber.first, 35));
    let id = subscriber.member_id.as_deref().unwrap_or_default().trim().to_ascii_uppercase();
    assert_eq!(element(text, "NM1*IL", 9), id);
    assert_eq!(element(text, "EQ*", 1), question.service_type.trim().to_ascii_uppercase());
    if let Some(date) = question.service_date {
        assert_eq!(element(text, "DTP*291", 3), short(date));
    }
    assert_eq!(text.contains("~DTP*"), question.service_date.is_some());
    assert_eq!(text.contains("~HL*4*3*23*0~"), question.dependent.is_some());
    if let Some(dependent) = &question.dependent {
        assert_eq!(element(text, "NM1*03", 3), cut(&dependent.last, 60));
        assert_eq!(element(text, "NM1*03", 4), cut(&dependent.first, 35));
        let births = text.matches("~DMG*D8*").count();
        let known = [subscriber.birth_date, dependent.birth_date];
        assert_eq!(births, known.iter().flatten().count());
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(question in any_inquiry()) {
        let found = faults(&question);
        match write(&question) {
            Ok(text) => {
                prop_assert!(found.is_empty());
                check(&question, &text);
            }
            Err(fault) => {
                prop_assert_eq!(found.first(), Some(&fault));
                prop_assert!(found.iter().all(|fault| !fault.to_string().is_empty()));
            }
        }
    }
}
