//! Taking a request's envelope off, and putting one around an answer.

use std::fmt::Write as _;

use super::{BASIC, PASSWORD, USER};
use crate::clearinghouse::http::Envelope;

/// A request that the payer received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// How it was wrapped.
    pub envelope: Envelope,
    /// The 270.
    pub text: String,
    /// Whether user and password were right.
    pub is_authorized: bool,
    /// The envelope's `PayloadID`; empty without one.
    pub payload_id: String,
    /// The envelope's `TimeStamp`; empty without one.
    pub time_stamp: String,
    /// The envelope's `SenderID` and `ReceiverID`; empty without one.
    pub partners: (String, String),
    /// The request's path.
    pub path: String,
}

impl Received {
    /// Reads a request; `None` when its envelope is none of the three, or not complete.
    pub(super) fn read(head: &str, body: &[u8]) -> Option<Self> {
        let body = std::str::from_utf8(body).ok()?;
        let kind = header(head, "content-type")?;
        let path = head.strip_prefix("POST ")?.split(' ').next()?.to_owned();
        if kind == "application/EDI-X12" {
            return Some(Self {
                envelope: Envelope::Plain,
                text: body.to_owned(),
                is_authorized: header(head, "authorization") == Some(BASIC),
                payload_id: String::new(),
                time_stamp: String::new(),
                partners: <(String, String)>::default(),
                path,
            });
        }
        let boundary = kind.strip_prefix("multipart/form-data; boundary=");
        if boundary.is_none() && !kind.starts_with("application/soap+xml;") {
            return None;
        }
        let envelope = if boundary.is_some() { Envelope::Mime } else { Envelope::Soap };
        let field = |name: &str| match boundary {
            Some(boundary) => form_field(body, boundary, name),
            None => xml_field(body, name),
        };
        let is_core = field("PayloadType")? == "X12_270_Request_005010X279A1"
            && field("ProcessingMode")? == "RealTime"
            && field("CORERuleVersion")? == "2.2.0";
        let user = if envelope == Envelope::Mime { "UserName" } else { "wsse:Username" };
        let password = if envelope == Envelope::Mime { "Password" } else { "wsse:Password" };
        let received = Self {
            envelope,
            text: field("Payload")?,
            is_authorized: field(user)? == USER && field(password)? == PASSWORD,
            payload_id: field("PayloadID")?,
            time_stamp: field("TimeStamp")?,
            partners: (field("SenderID")?, field("ReceiverID")?),
            path,
        };
        is_core.then_some(received)
    }
}

/// The value of a request's header.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn form_field(body: &str, boundary: &str, name: &str) -> Option<String> {
    let begins = format!("\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    body.split(&format!("--{boundary}"))
        .find_map(|part| part.strip_prefix(&*begins)?.strip_suffix("\r\n"))
        .map(str::to_owned)
}

fn xml_field(body: &str, name: &str) -> Option<String> {
    // An attribute or the tag's end follows: other names begin the same way.
    let begin = format!("<{name}");
    let mut begins = body.match_indices(&begin).map(|(at, tag)| at + tag.len());
    let rest = begins.find_map(|at| body.get(at..).filter(|rest| rest.starts_with([' ', '>'])))?;
    let (_, rest) = rest.split_once('>')?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    match value.strip_prefix("<![CDATA[") {
        Some(text) => Some(text.strip_suffix("]]>")?.to_owned()),
        None => Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")),
    }
}

/// An answer in its envelope: the content type and the body.
pub(super) fn wrap(envelope: Envelope, text: Option<&str>, code: &str) -> (String, Vec<u8>) {
    let kind = if text.is_some() { "X12_271_Response_005010X279A1" } else { "CoreEnvelopeError" };
    let text = text.unwrap_or_default();
    let message = if code == "Success" { "None" } else { "said of a SAMPLE patient" };
    let (content_type, body) = match envelope {
        Envelope::Plain => ("application/EDI-X12".to_owned(), text.to_owned()),
        Envelope::Mime => {
            let fields = [
                ("PayloadType", kind),
                ("ProcessingMode", "RealTime"),
                ("ErrorCode", code),
                ("ErrorMessage", message),
                ("Payload", text),
            ];
            let mut body = String::new();
            for (name, value) in fields {
                let head = "Content-Disposition: form-data; name=";
                let _ = write!(body, "--payer-part\r\n{head}\"{name}\"\r\n\r\n{value}\r\n");
            }
            body.push_str("--payer-part--\r\n");
            ("multipart/form-data; boundary=payer-part".to_owned(), body)
        }
        Envelope::Soap => {
            let body = format!(
                "<?xml version=\"1.0\"?><S:Envelope \
                 xmlns:S=\"http://www.w3.org/2003/05/soap-envelope\"><S:Body>\
                 <ns1:COREEnvelopeRealTimeResponse \
                 xmlns:ns1=\"http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd\">\
                 <PayloadType>{kind}</PayloadType><ProcessingMode>RealTime</ProcessingMode>\
                 <Payload><![CDATA[{text}]]></Payload><ErrorCode>{code}</ErrorCode>\
                 <ErrorMessage>{message}</ErrorMessage></ns1:COREEnvelopeRealTimeResponse>\
                 </S:Body></S:Envelope>"
            );
            ("application/soap+xml; charset=UTF-8".to_owned(), body)
        }
    };
    (content_type, body.into_bytes())
}
