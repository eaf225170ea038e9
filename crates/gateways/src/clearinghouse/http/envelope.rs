//! Putting a question into the envelopes of CAQH CORE's connectivity rule, version 2.2.0, for one
//! question that is answered at once.
//!
//! To add an envelope: its arm in [`Envelope::by_name`] and in [`write`]. The 271 reader takes
//! the answer's envelope off by itself.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::clearinghouse::{Partners, Question};

/// The version of the rule whose envelopes these are.
const RULE_VERSION: &str = "2.2.0";
/// What the envelope says is in it.
const PAYLOAD_TYPE: &str = "X12_270_Request_005010X279A1";
/// One question, answered at once.
const PROCESSING_MODE: &str = "RealTime";
const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
const CORE: &str = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd";
const SECURITY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const PASSWORD_TEXT: &str = concat!(
    "http://docs.oasis-open.org/wss/2004/01/",
    "oasis-200401-wss-username-token-profile-1.0#PasswordText"
);

/// How a question is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// HTTP with MIME multipart: each part of the envelope is a form field.
    Mime,
    /// SOAP with WSDL: the user in WS-Security's header, the X12 as CDATA.
    Soap,
    /// The X12 as it is, the user by HTTP's basic authentication.
    Plain,
}

impl Envelope {
    /// The envelope that settings name.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "mime" => Some(Self::Mime),
            "soap" => Some(Self::Soap),
            "plain" => Some(Self::Plain),
            _ => None,
        }
    }
}

/// What goes on an envelope.
pub(super) struct Letter<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) partners: &'a Partners,
    /// When it is sent, in UTC, such as `2026-03-02T14:15:30Z`.
    pub(super) time_stamp: &'a str,
    pub(super) question: Question<'a>,
}

/// A request's body and what it is.
pub(super) struct Written {
    pub(super) content_type: String,
    pub(super) body: String,
}

/// The request's body.
pub(super) fn write(envelope: Envelope, letter: &Letter<'_>) -> Written {
    match envelope {
        Envelope::Mime => mime(letter),
        Envelope::Soap => soap(letter),
        Envelope::Plain => Written {
            content_type: "application/EDI-X12".to_owned(),
            body: letter.question.text.to_owned(),
        },
    }
}

fn mime(letter: &Letter<'_>) -> Written {
    let id = payload_id(letter);
    let parts = [
        ("PayloadType", PAYLOAD_TYPE),
        ("ProcessingMode", PROCESSING_MODE),
        ("PayloadID", &id),
        ("TimeStamp", letter.time_stamp),
        ("UserName", letter.user),
        ("Password", letter.password),
        ("SenderID", &letter.partners.sender_id),
        ("ReceiverID", &letter.partners.receiver_id),
        ("CORERuleVersion", RULE_VERSION),
        ("Payload", letter.question.text),
    ];
    let mut boundary = format!("almoner-{id}");
    while parts.iter().any(|(_, value)| value.contains(&boundary)) {
        boundary.push('-');
    }
    let mut body = String::new();
    for (name, value) in parts {
        let head = "Content-Disposition: form-data; name=";
        let _ = write!(body, "--{boundary}\r\n{head}\"{name}\"\r\n\r\n{value}\r\n");
    }
    let _ = write!(body, "--{boundary}--\r\n");
    Written { content_type: format!("multipart/form-data; boundary={boundary}"), body }
}

fn soap(letter: &Letter<'_>) -> Written {
    let [user, password, sender, receiver] =
        [letter.user, letter.password, &letter.partners.sender_id, &letter.partners.receiver_id]
            .map(escape);
    let (id, time) = (payload_id(letter), letter.time_stamp);
    // The end of a CDATA section cannot stand inside it, so it is parted between two.
    let payload = letter.question.text.replace("]]>", "]]]]><![CDATA[>");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <soapenv:Envelope xmlns:soapenv=\"{SOAP}\">\
         <soapenv:Header>\
         <wsse:Security soapenv:mustUnderstand=\"true\" xmlns:wsse=\"{SECURITY}\">\
         <wsse:UsernameToken><wsse:Username>{user}</wsse:Username>\
         <wsse:Password Type=\"{PASSWORD_TEXT}\">{password}</wsse:Password>\
         </wsse:UsernameToken></wsse:Security></soapenv:Header>\
         <soapenv:Body><ns1:COREEnvelopeRealTimeRequest xmlns:ns1=\"{CORE}\">\
         <PayloadType>{PAYLOAD_TYPE}</PayloadType>\
         <ProcessingMode>{PROCESSING_MODE}</ProcessingMode>\
         <PayloadID>{id}</PayloadID><TimeStamp>{time}</TimeStamp>\
         <SenderID>{sender}</SenderID><ReceiverID>{receiver}</ReceiverID>\
         <CORERuleVersion>{RULE_VERSION}</CORERuleVersion>\
         <Payload><![CDATA[{payload}]]></Payload>\
         </ns1:COREEnvelopeRealTimeRequest></soapenv:Body></soapenv:Envelope>"
    );
    let content_type = "application/soap+xml; charset=UTF-8; action=\"RealTimeTransaction\"";
    Written { content_type: content_type.to_owned(), body }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A UUID of the question itself, so that the same question sent again is known by it.
fn payload_id(letter: &Letter<'_>) -> String {
    let mut hash = Sha256::new();
    for part in [&letter.partners.sender_id, letter.question.reference, letter.question.text] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // Version 8, one's own way of making it; the variant of the standard.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ISA*00*SAMPLE & <CLINIC>]]>~IEA*1*000000001~";
    const QUESTION: Question<'_> = Question { reference: "ALM-42", text: TEXT };

    fn partners() -> Partners {
        Partners {
            sender_id: "SAMPLE<CLINIC".to_owned(),
            receiver_id: "SAMPLEHOUSE".to_owned(),
            ..Partners::default()
        }
    }

    fn letter<'a>(partners: &'a Partners, password: &'a str) -> Letter<'a> {
        let time_stamp = "2026-03-02T14:15:30Z";
        Letter { user: "desk&one", password, partners, time_stamp, question: QUESTION }
    }

    fn written(envelope: Envelope) -> Written {
        write(envelope, &letter(&partners(), "p<a>ss"))
    }

    #[test]
    fn mime_has_a_part_for_each_field() {
        let Written { content_type, body } = written(Envelope::Mime);
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let end = format!("--{boundary}--\r\n");
        let begins = format!("--{boundary}\r\n");
        let parts = body.strip_suffix(&end).unwrap().split(&begins);
        let fields: Vec<(&str, &str)> = parts
            .skip(1)
            .map(|part| {
                let (head, value) = part.split_once("\r\n\r\n").unwrap();
                let name = head.strip_prefix("Content-Disposition: form-data; name=").unwrap();
                (name.trim_matches('"'), value.strip_suffix("\r\n").unwrap())
            })
            .collect();
        let id = fields[2].1;
        assert_eq!(
            fields,
            [
                ("PayloadType", "X12_270_Request_005010X279A1"),
                ("ProcessingMode", "RealTime"),
                ("PayloadID", id),
                ("TimeStamp", "2026-03-02T14:15:30Z"),
                ("UserName", "desk&one"),
                ("Password", "p<a>ss"),
                ("SenderID", "SAMPLE<CLINIC"),
                ("ReceiverID", "SAMPLEHOUSE"),
                ("CORERuleVersion", "2.2.0"),
                ("Payload", TEXT),
            ]
        );
        assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id}");
    }

    #[test]
    fn a_boundary_never_stands_in_a_value() {
        let partners = partners();
        let usual = format!("almoner-{}", payload_id(&letter(&partners, "")));
        let Written { content_type, body } = mime(&letter(&partners, &usual));
        assert_eq!(content_type, format!("multipart/form-data; boundary={usual}-"));
        assert_eq!(body.matches(&format!("--{usual}-")).count(), 11);
    }

    #[test]
    fn soap_escapes_values_and_keeps_the_x12_whole() {
        let Written { content_type, body } = written(Envelope::Soap);
        assert!(content_type.starts_with("application/soap+xml;"), "{content_type}");
        assert!(body.contains("<wsse:Username>desk&amp;one</wsse:Username>"), "{body}");
        assert!(body.contains(">p&lt;a&gt;ss</wsse:Password>"), "{body}");
        assert!(body.contains("<SenderID>SAMPLE&lt;CLINIC</SenderID>"), "{body}");
        let payload = body.split_once("<Payload>").unwrap().1.split_once("</Payload>").unwrap().0;
        let read = payload
            .split("<![CDATA[")
            .map(|part| part.strip_suffix("]]>").unwrap_or(part))
            .collect::<String>();
        assert_eq!(read, TEXT);
    }

    #[test]
    fn the_same_question_has_the_same_id_and_another_has_another() {
        let partners = partners();
        let id = payload_id(&letter(&partners, "one password"));
        assert_eq!(id, payload_id(&letter(&partners, "another")));
        let other = Question { reference: "ALM-43", ..QUESTION };
        assert_ne!(id, payload_id(&Letter { question: other, ..letter(&partners, "") }));
        assert_ne!(id, payload_id(&letter(&Partners::default(), "")));
        let at = |place: usize| id.as_bytes()[place];
        assert!(at(14) == b'8' && b"89ab".contains(&at(19)), "{id}");
    }

    #[test]
    fn envelopes_have_names_and_plain_is_the_text_alone() {
        assert_eq!(written(Envelope::Plain).body, TEXT);
        let names = ["mime", "soap", "plain", "MIME", ""];
        let found = names.map(Envelope::by_name);
        let all = [Envelope::Mime, Envelope::Soap, Envelope::Plain].map(Some);
        assert_eq!((&found[..3], &found[3..]), (&all[..], &[None, None][..]));
    }
}
