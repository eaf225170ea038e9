//! Questions to ask, written as the program writes them, and answers read as it reads them.

use almoner_gateways::clearinghouse::{Partners, Reply};
use almoner_x12::inquiry::{
    Inquiry, InquiryDependent, InquiryPayer, InquiryPerson, InquiryProvider, TradingPartner, write,
};
use almoner_x12::{Answer, Date, DateTime, read};

/// A question about a subscriber with this member id.
pub(crate) fn inquiry(member_id: &str, partners: &Partners) -> Inquiry {
    let partner = |qualifier: &str, id: &str| TradingPartner {
        qualifier: qualifier.to_owned(),
        id: id.to_owned(),
    };
    Inquiry {
        control: 77,
        written_at: DateTime { year: 2026, month: 3, day: 2, hour: 9, minute: 15, second: 30 },
        is_test: true,
        sender: partner(&partners.sender_qualifier, &partners.sender_id),
        receiver: partner(&partners.receiver_qualifier, &partners.receiver_id),
        payer: InquiryPayer { name: "Sample Health".into(), id: "00042".into() },
        provider: InquiryProvider {
            name: "Sample Clinic".into(),
            first: None,
            npi: "1234567893".into(),
        },
        trace: "ALM-77".into(),
        originator: "9000000001".into(),
        subscriber: InquiryPerson {
            last: "Specimen".into(),
            first: "Pat".into(),
            member_id: Some(member_id.to_owned()),
            birth_date: Date::new(1980, 1, 1),
            sex: Some("F".into()),
        },
        dependent: None,
        service_type: "98".into(),
        service_date: None,
    }
}

/// The same question about a child of that subscriber.
pub(crate) fn about_a_child(inquiry: Inquiry) -> Inquiry {
    let dependent = InquiryDependent {
        last: "Specimen".into(),
        first: "Child".into(),
        birth_date: Date::new(2015, 6, 7),
        sex: Some("M".into()),
        relationship: "19".into(),
    };
    Inquiry { dependent: Some(dependent), ..inquiry }
}

/// The text of a question.
pub(crate) fn text(inquiry: &Inquiry) -> String {
    write(inquiry).unwrap_or_else(|fault| panic!("{fault}"))
}

/// The only answer in a reply, which must be read without a warning.
pub(crate) fn answer(reply: Reply) -> Answer {
    let Reply::Answered(content) = reply else { panic!("it was to answer at once") };
    answer_in(&content)
}

/// The only answer in a file, which must be read without a warning.
pub(crate) fn answer_in(content: &[u8]) -> Answer {
    let mut found = read(content).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.warnings, [], "{}", String::from_utf8_lossy(content));
    assert_eq!(found.answers.len(), 1);
    let answer = found.answers.remove(0);
    assert_eq!(answer.warnings, [], "{}", String::from_utf8_lossy(content));
    answer
}
