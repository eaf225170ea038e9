//! The HTTP clearinghouse against a payer in all its moods, over real connections.

use std::sync::Arc;
use std::time::Duration;

use almoner_domain::ambient::SetClock;
use almoner_gateways::Secret;
use almoner_gateways::clearinghouse::http::{Envelope, HttpFault, HttpSettings, Timeouts};
use almoner_gateways::clearinghouse::{
    Clearinghouse as _, ClearinghouseError, Http, Question, Reply,
};
use almoner_gateways::testing::{Behaviour, PASSWORD, Payer, USER, partners};

use crate::questions::{answer, inquiry, text};

const ENVELOPES: [Envelope; 3] = [Envelope::Mime, Envelope::Soap, Envelope::Plain];
/// Short, since some payers never answer; long enough for a machine with much to do.
const PATIENCE: Timeouts =
    Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(2) };

fn clearinghouse(settings: HttpSettings) -> Http {
    let clock = Arc::new(SetClock::at("2026-03-02T14:15:30.123456Z".parse().expect("a time")));
    Http::new(settings, clock).unwrap_or_else(|fault| panic!("{fault}"))
}

fn question() -> String {
    text(&inquiry("1EG4TE5MK73", &partners()))
}

async fn ask(settings: HttpSettings) -> Result<Reply, ClearinghouseError> {
    let text = question();
    clearinghouse(settings).ask(Question { reference: "ALM-77", text: &text }).await
}

/// Asks a payer that behaves so, in one envelope.
async fn ask_one(behaviour: Behaviour, envelope: Envelope) -> Result<Reply, ClearinghouseError> {
    let payer = Payer::start().await;
    payer.behave(behaviour);
    let answered = ask(payer.settings(envelope)).await;
    assert_eq!(payer.received().len(), 1, "the question goes out once");
    answered
}

#[tokio::test]
async fn each_envelope_carries_the_question_and_brings_the_answer() {
    let payer = Payer::start().await;
    for (number, envelope) in ENVELOPES.into_iter().enumerate() {
        let found = answer(ask(payer.settings(envelope)).await.expect("an answer"));
        assert_eq!((found.reference.as_str(), found.traces.len()), ("ALM-77", 1));
        assert!(found.benefits.len() > 10);
        let received = &payer.received()[number];
        assert_eq!(received.envelope, envelope);
        assert_eq!(received.text, question());
        assert!(received.is_authorized);
        assert_eq!(received.path, "/core/eligibility");
        if envelope != Envelope::Plain {
            assert_eq!(received.time_stamp, "2026-03-02T14:15:30Z");
            assert_eq!(received.partners, ("SAMPLECLINIC".into(), "SAMPLEHOUSE".into()));
            assert_eq!(received.payload_id.len(), 36);
        }
    }
    let [mime, soap, _] = &payer.received()[..] else { panic!("three questions") };
    assert_eq!(mime.payload_id, soap.payload_id, "the same question is known by it");
}

#[tokio::test]
async fn rejections_come_as_answers() {
    for (code, loop_name) in [("42", "2100A"), ("75", "2100C")] {
        for envelope in ENVELOPES {
            let answered = ask_one(Behaviour::Reject(code), envelope).await;
            let found = answer(answered.expect("a rejection is an answer"));
            assert_eq!(found.rejections[0].code.as_deref(), Some(code));
            assert_eq!(found.rejections[0].loop_name, loop_name);
            assert_eq!(found.reference, "ALM-77");
        }
    }
}

#[tokio::test]
async fn slow_and_broken_payers_leave_it_unknown() {
    for behaviour in [Behaviour::Silent, Behaviour::Stall, Behaviour::HangUp, Behaviour::BreakOff] {
        let payer = Payer::start().await;
        payer.behave(behaviour);
        let settings = HttpSettings { timeouts: PATIENCE, ..payer.settings(Envelope::Mime) };
        let answered = ask(settings).await;
        let is_unknown = matches!(answered, Err(ClearinghouseError::NoAnswer(_)));
        assert!(is_unknown, "{behaviour:?}: {answered:?}");
        assert_eq!(payer.received().len(), 1, "{behaviour:?}: nothing is repeated by itself");
    }
    let empty = ask_one(Behaviour::Empty, Envelope::Soap).await;
    assert!(matches!(empty, Err(ClearinghouseError::NoAnswer(_))), "{empty:?}");
}

#[tokio::test]
async fn statuses_say_whether_it_was_taken() {
    for (status, is_taken_later) in [
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (408, true),
        (429, true),
        (500, true),
        (502, true),
        (503, true),
    ] {
        for envelope in [Envelope::Mime, Envelope::Plain] {
            let found = ask_one(Behaviour::Status(status), envelope).await.unwrap_err();
            match &found {
                ClearinghouseError::NotTaken(_) => assert!(is_taken_later, "{status}"),
                ClearinghouseError::Refused(_) => assert!(!is_taken_later, "{status}"),
                other => panic!("{status}: {other}"),
            }
            let words = found.to_string();
            assert!(words.contains(&status.to_string()) && !words.contains("SAMPLE"), "{words}");
        }
    }
}

#[tokio::test]
async fn the_envelopes_own_errors_say_whether_it_was_taken() {
    for envelope in [Envelope::Mime, Envelope::Soap] {
        for (code, is_taken_later) in
            [("Receiver", true), ("ChecksumMismatched", true), ("SenderIDIllegal", false)]
        {
            let found = ask_one(Behaviour::EnvelopeError(code), envelope).await.unwrap_err();
            let is_not_taken = matches!(found, ClearinghouseError::NotTaken(_));
            assert_eq!(is_not_taken, is_taken_later, "{code}: {found}");
            assert!(!found.to_string().contains("SAMPLE"), "{found}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_every_envelope() {
    for envelope in ENVELOPES {
        let payer = Payer::start().await;
        let settings = HttpSettings { password: Secret::new("wrong"), ..payer.settings(envelope) };
        let found = ask(settings).await.unwrap_err();
        assert!(matches!(found, ClearinghouseError::Refused(_)), "{envelope:?}: {found}");
        assert!(!payer.received()[0].is_authorized);
        let words = found.to_string();
        assert!(words.contains("user name or the password") && !words.contains("wrong"), "{words}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_handed_on_for_people_to_see() {
    let garbage = ask_one(Behaviour::Garbage, Envelope::Mime).await;
    assert!(matches!(&garbage, Ok(Reply::Answered(body)) if body.len() == 2_000), "{garbage:?}");
    let page = ask_one(Behaviour::HtmlPage, Envelope::Soap).await;
    assert!(
        matches!(&page, Ok(Reply::Answered(body)) if body.starts_with(b"<!doctype")),
        "{page:?}"
    );
}

#[tokio::test]
async fn too_much_is_not_read() {
    for behaviour in [Behaviour::TooLarge, Behaviour::EndlessAnswer] {
        let found = ask_one(behaviour, Envelope::Plain).await;
        assert!(matches!(found, Err(ClearinghouseError::Refused(_))), "{behaviour:?}: {found:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for envelope in ENVELOPES {
        let found = ask_one(Behaviour::Redirect, envelope).await;
        assert!(matches!(found, Err(ClearinghouseError::Refused(_))), "{found:?}");
    }
}

#[tokio::test]
async fn nobody_there_has_not_taken_it() {
    let payer = Payer::start().await;
    let settings = payer.settings(Envelope::Mime);
    drop(payer);
    // A port that was just given back; whoever answers there speaks no HTTP by chance.
    let found = ask(settings).await;
    let is_known =
        matches!(found, Err(ClearinghouseError::NotTaken(_) | ClearinghouseError::NoAnswer(_)));
    assert!(is_known, "{found:?}");
    let unheard = HttpSettings {
        url: "https://no-such-host.invalid/".to_owned(),
        ..Payer::start().await.settings(Envelope::Mime)
    };
    let found = ask(unheard).await;
    assert!(matches!(found, Err(ClearinghouseError::NotTaken(_))), "{found:?}");
}

#[tokio::test]
async fn sixteen_at_once_get_their_own_answers() {
    let payer = Payer::start().await;
    let house = Arc::new(clearinghouse(payer.settings(Envelope::Mime)));
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..16 {
        let house = Arc::clone(&house);
        asking.spawn(async move {
            let mut inquiry = inquiry(&format!("SYN{number:07}"), &partners());
            inquiry.trace = format!("ALM-{number}");
            let text = text(&inquiry);
            let answered = house.ask(Question { reference: &inquiry.trace, text: &text }).await;
            let found = answer(answered.expect("an answer"));
            assert_eq!(found.traces, [inquiry.trace]);
            assert_eq!(found.patient.member_id, inquiry.subscriber.member_id);
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.expect("each gets its own");
    }
    assert_eq!(house.waiting(10).await, Ok(Vec::new()));
    assert_eq!(house.taken("x").await, Ok(()));
}

#[tokio::test]
async fn settings_that_would_leak_or_cannot_work_are_refused() {
    let payer = Payer::start().await;
    let fault = |change: &dyn Fn(&mut HttpSettings)| {
        let mut settings = payer.settings(Envelope::Plain);
        change(&mut settings);
        let clock = Arc::new(SetClock::at("2026-03-02T14:15:30Z".parse().expect("a time")));
        Http::new(settings, clock).err()
    };
    let at = |url: &str| fault(&|settings: &mut HttpSettings| settings.url = url.to_owned());
    for url in [
        "http://clearinghouse.example/x",
        "http://127.0.0.1.evil.example/",
        "http://localhost.example/",
        "http://10.0.0.1/",
        "http://[::2]/",
    ] {
        assert_eq!(at(url), Some(HttpFault::NotTls), "{url}");
    }
    for url in ["", "clearinghouse.example", "ftp://x.example/", "file:///etc", "https://"] {
        assert_eq!(at(url), Some(HttpFault::NotAnAddress), "{url}");
    }
    for url in ["https://a:b@x.example/", "https://a@x.example/", "https://x.example/#y"] {
        assert_eq!(at(url), Some(HttpFault::AddressHoldsUser), "{url}");
    }
    for url in ["https://x.example/", "http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost/"]
    {
        assert_eq!(at(url), None, "{url}");
    }
    let user = |user: &str| fault(&|settings: &mut HttpSettings| settings.user = user.to_owned());
    assert_eq!(user(""), Some(HttpFault::NoUser));
    assert_eq!(user("a:b"), Some(HttpFault::ColonInUser));
    assert_eq!(user("a\r\nX: y"), Some(HttpFault::ControlCharacter));
    let password = |password: &str| {
        fault(&|settings: &mut HttpSettings| settings.password = Secret::new(password))
    };
    assert_eq!(password(""), Some(HttpFault::NoUser));
    assert_eq!(password("a\nb"), Some(HttpFault::ControlCharacter));
    let pem = |pem: &[u8]| {
        fault(&|settings: &mut HttpSettings| settings.authorities = Some(pem.to_vec()))
    };
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in [&b""[..], b"no certificate", broken] {
        assert_eq!(pem(text), Some(HttpFault::NoAuthority));
    }
}

#[tokio::test]
async fn credentials_are_never_printed() {
    let payer = Payer::start().await;
    for envelope in ENVELOPES {
        let settings = payer.settings(envelope);
        let printed = format!("{settings:?} {:?}", clearinghouse(settings.clone()));
        assert!(!printed.contains(PASSWORD) && !printed.contains(USER), "{printed}");
    }
}
