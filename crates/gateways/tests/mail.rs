//! Letters over SMTP, to a server that keeps them.

#[path = "mail/sink.rs"]
mod sink;

use almoner_gateways::Secret;
use almoner_gateways::mail::{
    Letter, MailError, Mailer as _, NoMailer, Security, Smtp, SmtpSettings,
};

use crate::sink::{Mood, Sink};

const TEXT: &str =
    "First line\n.a line that begins with a dot\nhttps://pay.clinic.example/pay/1-2-3-x\n";

fn settings(sink: &Sink) -> SmtpSettings {
    SmtpSettings {
        host: sink.address.ip().to_string(),
        port: sink.address.port(),
        security: Security::Open,
        login: None,
        from: "desk@clinic.example".to_owned(),
        return_path: None,
        authorities: None,
    }
}

fn letter<'a>() -> Letter<'a> {
    Letter {
        reference: "mail-1-7",
        from: "O'Brien & Søn <b>",
        to: "riley@patient.example",
        subject: "A payment to O'Brien & Søn <b>",
        text: TEXT,
        at: "2026-03-10T15:00:00Z".parse().unwrap(),
    }
}

async fn sent(sink: &Sink) -> Result<(), MailError> {
    Smtp::new(settings(sink)).unwrap().send(letter()).await
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let sink = Sink::start(Mood::Takes).await;
    sent(&sink).await.unwrap();
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    let taken = &taken[0];
    assert!(taken.from.starts_with("MAIL FROM:<desk@clinic.example>"), "{taken:?}");
    assert_eq!(taken.to, ["RCPT TO:<riley@patient.example>"]);
    assert_eq!(taken.login, None);
    let (head, body) = taken.data.split_once("\n\n").unwrap();
    for line in ["Message-ID: <mail-1-7@clinic.example>", "To: riley@patient.example"] {
        assert!(head.contains(line), "{head}");
    }
    assert!(head.contains("Date: Tue, 10 Mar 2026 15:00:00"), "{head}");
    assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    let mut names: Vec<_> = head.lines().filter_map(|line| line.split_once(": ")).collect();
    names.sort_unstable();
    let names: Vec<_> = names.into_iter().map(|header| header.0).collect();
    let expected = [
        "Auto-Submitted",
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ];
    assert_eq!(names, expected, "and nothing that follows who reads it");
    let from = head.lines().find(|line| line.starts_with("From: ")).unwrap();
    assert!(from.ends_with(" <desk@clinic.example>") && !from.contains("<b>"), "{from}");
    assert!(body.contains("\n.a line that begins with a dot\n"), "{body}");
    assert!(body.contains("https://pay.clinic.example/pay/1-2-3-x"), "{body}");
}

#[tokio::test]
async fn a_name_begins_no_header_of_its_own() {
    let sink = Sink::start(Mood::Takes).await;
    let smtp = Smtp::new(settings(&sink)).unwrap();
    for evil in ["Clinic\r\nBcc: x@y.example", "Clinic\nBcc: x@y.example\n\nbody", "\u{b}\0\u{85}"]
    {
        let sent = smtp.send(Letter { from: evil, subject: evil, ..letter() }).await;
        sent.unwrap_or_else(|error| panic!("{evil:?}: {error}"));
    }
    let taken = sink.taken();
    assert_eq!(taken.len(), 3);
    for taken in taken {
        let (head, body) = taken.data.split_once("\n\n").unwrap();
        let is_bcc = |line: &str| line.to_ascii_lowercase().starts_with("bcc");
        assert!(!head.lines().any(is_bcc), "{head}");
        assert_eq!(taken.to, ["RCPT TO:<riley@patient.example>"]);
        assert!(body.starts_with("First line"), "{body}");
    }
}

#[tokio::test]
async fn bounces_go_where_they_are_wanted() {
    let sink = Sink::start(Mood::Takes).await;
    let return_path = Some("bounces@clinic.example".to_owned());
    let smtp = Smtp::new(SmtpSettings { return_path, ..settings(&sink) }).unwrap();
    smtp.send(letter()).await.unwrap();
    let taken = &sink.taken()[0];
    assert!(taken.from.starts_with("MAIL FROM:<bounces@clinic.example>"), "{taken:?}");
    assert!(taken.data.contains("<desk@clinic.example>"), "{taken:?}");
}

#[tokio::test]
async fn who_we_are_is_told_to_a_server_that_asks() {
    let sink = Sink::start(Mood::Takes).await;
    let login = Some(("desk".to_owned(), Secret::new("SAMPLE-secret")));
    let smtp = Smtp::new(SmtpSettings { login, ..settings(&sink) }).unwrap();
    smtp.send(letter()).await.unwrap();
    assert!(sink.taken()[0].login.as_deref().is_some_and(|line| line.starts_with("AUTH PLAIN ")));
    assert!(!format!("{:?}", settings(&sink)).contains("SAMPLE"));
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_apart_and_without_the_address() {
    let sink = Sink::start(Mood::Answers("550 5.1.1 no such user")).await;
    assert_eq!(sent(&sink).await, Err(MailError::Refused("code 550".to_owned())));
    sink.turns(Mood::Answers("451 4.7.1 later"));
    assert_eq!(sent(&sink).await, Err(MailError::NotTaken("code 451".to_owned())));
    assert!(sink.taken().is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_know_us_is_no_refusal_of_the_letter() {
    let sink = Sink::start(Mood::Takes).await;
    let login = Some(("desk".to_owned(), Secret::new("SAMPLE-wrong")));
    let smtp = Smtp::new(SmtpSettings { login, ..settings(&sink) }).unwrap();
    let not_taken =
        |code| Err(MailError::NotTaken(format!("it did not accept our sign-in, code {code}")));
    for (answer, code) in [
        ("530 5.7.0 authentication required", 530),
        ("534 5.7.9 mechanism too weak", 534),
        ("535 5.7.8 credentials invalid", 535),
        ("538 5.7.11 encryption required", 538),
    ] {
        sink.turns(Mood::Bars(answer));
        assert_eq!(smtp.send(letter()).await, not_taken(code), "with a password");
        assert_eq!(sent(&sink).await, not_taken(code), "without one");
    }
    sink.turns(Mood::Takes);
    smtp.send(letter()).await.unwrap();
    assert_eq!(sink.taken().len(), 1);
}

#[tokio::test]
async fn a_connection_that_ends_leaves_the_letter_to_be_sent_again() {
    let sink = Sink::start(Mood::HangsUp).await;
    let lost = Err(MailError::NotTaken("the connection failed".to_owned()));
    assert_eq!(sent(&sink).await, lost);
    assert!(sink.taken().is_empty());
    sink.turns(Mood::TakesAndHangsUp);
    assert_eq!(sent(&sink).await, lost, "whether it was taken is unknown");
    sink.turns(Mood::Takes);
    sent(&sink).await.unwrap();
    let ids: Vec<_> = sink.taken().iter().map(|taken| taken.data.contains("<mail-1-7@")).collect();
    assert_eq!(ids, [true, true], "mail programs know the second one by its id");
}

#[tokio::test]
async fn no_server_at_the_port_is_no_answer() {
    let sink = Sink::start(Mood::Takes).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let smtp = Smtp::new(SmtpSettings { port, ..settings(&sink) }).unwrap();
    assert!(matches!(smtp.send(letter()).await, Err(MailError::NotTaken(_))));
}

#[tokio::test]
async fn a_server_without_tls_is_not_given_a_letter_that_wants_it() {
    let sink = Sink::start(Mood::Takes).await;
    let security = Security::StartTls;
    let smtp = Smtp::new(SmtpSettings { security, ..settings(&sink) }).unwrap();
    assert!(matches!(smtp.send(letter()).await, Err(MailError::NotTaken(_))));
    assert!(sink.taken().is_empty());
}

#[tokio::test]
async fn what_cannot_be_an_address_is_refused_before_anything_is_sent() {
    let sink = Sink::start(Mood::Takes).await;
    let smtp = Smtp::new(settings(&sink)).unwrap();
    for to in ["", "riley", "riley@", "a@b.example\r\nRCPT TO:<c@d.example>"] {
        let told = smtp.send(Letter { to, ..letter() }).await;
        assert!(matches!(told, Err(MailError::Refused(_))), "{to}: {told:?}");
    }
    assert!(sink.taken().is_empty());
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let usual = SmtpSettings {
        host: "mail.example".to_owned(),
        port: 465,
        security: Security::Implicit,
        login: None,
        from: "desk@clinic.example".to_owned(),
        return_path: None,
        authorities: None,
    };
    assert!(Smtp::new(SmtpSettings { from: "desk".to_owned(), ..usual.clone() }).is_err());
    let return_path = Some("x\r\ny@z.example".to_owned());
    assert!(Smtp::new(SmtpSettings { return_path, ..usual.clone() }).is_err());
    assert!(Smtp::new(SmtpSettings { security: Security::Open, ..usual.clone() }).is_err());
    let authorities = Some(b"no certificate".to_vec());
    assert!(Smtp::new(SmtpSettings { authorities, ..usual }).is_err());
}

#[tokio::test]
async fn without_a_server_nothing_is_sent() {
    assert!(!NoMailer.is_set_up());
    assert_eq!(NoMailer.send(letter()).await, Err(MailError::NotSetUp));
}
