//! One invented question of each shape, for the golden files and for readers other than ours.

use almoner_x12::inquiry::{
    Inquiry, InquiryDependent, InquiryPayer, InquiryPerson, InquiryProvider, TradingPartner,
};
use almoner_x12::{Date, DateTime};

/// The name of a shape, and a question of it.
pub(crate) type Shape = (&'static str, Inquiry);

fn clinic() -> InquiryProvider {
    InquiryProvider { name: "Sample Clinic".into(), first: None, npi: "1234567893".into() }
}

fn doctor() -> InquiryProvider {
    let first = Some("Doctor".into());
    InquiryProvider { name: "Sample".into(), first, npi: "1234567893".into() }
}

fn adult() -> InquiryPerson {
    InquiryPerson {
        last: "Sample".into(),
        first: "Adult".into(),
        member_id: Some("1EG4TE5MK73".into()),
        birth_date: Date::new(1980, 1, 1),
        sex: Some("F".into()),
    }
}

fn child() -> InquiryDependent {
    InquiryDependent {
        last: "Sample".into(),
        first: "Child".into(),
        birth_date: Date::new(2015, 6, 7),
        sex: Some("M".into()),
        relationship: "19".into(),
    }
}

fn question(control: u32) -> Inquiry {
    Inquiry {
        control,
        written_at: DateTime { year: 2026, month: 3, day: 2, hour: 9, minute: 15, second: 30 },
        is_test: true,
        sender: TradingPartner { qualifier: "ZZ".into(), id: "SAMPLECLINIC".into() },
        receiver: TradingPartner { qualifier: "ZZ".into(), id: "SAMPLEHOUSE".into() },
        payer: InquiryPayer { name: "Sample Health Plan".into(), id: "00042".into() },
        provider: clinic(),
        trace: format!("ALM-{control}"),
        originator: "9000000001".into(),
        subscriber: adult(),
        dependent: None,
        service_type: "30".into(),
        service_date: None,
    }
}

fn awkward() -> Inquiry {
    Inquiry {
        payer: InquiryPayer { name: "Sample & Søn: <Health> *Plus*".into(), id: "SX 1-09".into() },
        provider: InquiryProvider {
            name: "Example\u{2013}O\u{2019}Brien, M.D. ~ Associates of the Longest Name in the \
                   Whole Sample County"
                .into(),
            first: Some("Élodie (Lou)".into()),
            npi: "1234567893".into(),
        },
        subscriber: InquiryPerson {
            last: "O'Specimen-Nguyễn".into(),
            first: "José María de los Ángeles y de Todos los Samples".into(),
            member_id: Some("w/00.1-2_3".into()),
            ..adult()
        },
        trace: "ALM-00000000000000000000000000000000000000000000aZ".into(),
        ..question(999_999_999)
    }
}

/// Every shape that a question has.
pub(crate) fn all() -> Vec<Shape> {
    let without_birth = InquiryPerson { birth_date: None, sex: None, ..adult() };
    let without_id = InquiryPerson { member_id: None, ..adult() };
    let only_an_id =
        InquiryPerson { last: String::new(), first: String::new(), ..without_birth.clone() };
    let date = Date::new(2026, 3, 9);
    let spouse = InquiryDependent { relationship: "01".into(), sex: None, ..child() };
    let other = InquiryDependent { relationship: "34".into(), birth_date: None, ..child() };
    let unknown = InquiryDependent { relationship: String::new(), ..child() };
    vec![
        ("subscriber", question(1)),
        ("subscriber_dated", Inquiry { service_date: date, ..question(2) }),
        ("subscriber_without_birth_date", Inquiry { subscriber: without_birth, ..question(3) }),
        ("subscriber_without_id", Inquiry { subscriber: without_id, ..question(4) }),
        (
            "subscriber_of_a_doctor",
            Inquiry { provider: doctor(), service_type: "98".into(), ..question(5) },
        ),
        ("child", Inquiry { dependent: Some(child()), ..question(6) }),
        (
            "spouse_dated",
            Inquiry {
                dependent: Some(spouse),
                service_date: date,
                provider: doctor(),
                is_test: false,
                ..question(7)
            },
        ),
        (
            "other_adult_of_an_id",
            Inquiry { subscriber: only_an_id, dependent: Some(other), ..question(8) },
        ),
        ("relation_not_known", Inquiry { dependent: Some(unknown), ..question(123_456) }),
        ("awkward", awkward()),
        ("awkward_child", Inquiry { dependent: Some(child()), ..awkward() }),
    ]
}
