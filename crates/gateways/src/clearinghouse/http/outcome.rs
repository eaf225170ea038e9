//! What an answer over HTTP means: taken or not, answered or not.
//!
//! Nothing that came from outside is put into an error's words: it might repeat what was asked.

use reqwest::StatusCode;

use super::MAX_ANSWER_BYTES;
use crate::clearinghouse::{ClearinghouseError, Reply};

/// The fields of the envelope, about which an error code may complain.
const FIELDS: [&str; 10] = [
    "PayloadType",
    "ProcessingMode",
    "PayloadID",
    "TimeStamp",
    "UserName",
    "Password",
    "SenderID",
    "ReceiverID",
    "CORERuleVersion",
    "Payload",
];
/// What an error code may say of a field.
const COMPLAINTS: [(&str, &str); 4] = [
    ("Required", "is missing"),
    ("Illegal", "is not allowed"),
    ("NotUnderstood", "was not understood"),
    ("NotSupported", "is not supported"),
];
/// The longest error code.
const MAX_CODE_BYTES: usize = 100;

/// What a status means that is no success.
pub(super) fn of_status(status: StatusCode) -> ClearinghouseError {
    let number = status.as_u16();
    let refused = |why: &str| ClearinghouseError::Refused(format!("{why} (status {number})"));
    let not_taken = |why: &str| ClearinghouseError::NotTaken(format!("{why} (status {number})"));
    match number {
        300..=399 => refused("it points to another address; ask it for the right one"),
        401 | 403 => refused("it does not accept the user name or the password"),
        404 | 405 | 410 => refused("nothing takes questions at this address"),
        408 => not_taken("it waited too long for the question"),
        413 => refused("the question is too large for it"),
        415 => refused("it does not take questions in this envelope"),
        429 => not_taken("it was asked too often; it takes more later"),
        400..=499 => refused("it found the request wrong"),
        500..=599 => not_taken("it is out of order"),
        _ => ClearinghouseError::NoAnswer(format!("it answered oddly (status {number})")),
    }
}

/// What it means that there is no answer.
pub(super) fn of_error(error: &reqwest::Error) -> ClearinghouseError {
    if error.is_connect() {
        // Nothing of the question has left this machine.
        let line = "no connection could be made to it, or its certificate is not trusted";
        ClearinghouseError::NotTaken(line.to_owned())
    } else if error.is_timeout() {
        ClearinghouseError::NoAnswer("it took too long".to_owned())
    } else {
        ClearinghouseError::NoAnswer("the connection broke".to_owned())
    }
}

/// What it means that the answer is too large.
pub(super) fn too_large() -> ClearinghouseError {
    let megabytes = MAX_ANSWER_BYTES / (1024 * 1024);
    ClearinghouseError::Refused(format!("it answered with more than {megabytes} MB"))
}

/// What a successful answer's body means.
pub(super) fn of_body(body: Vec<u8>) -> Result<Reply, ClearinghouseError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ClearinghouseError::NoAnswer("it answered with nothing".to_owned()));
    }
    match error_code(&body) {
        Some(code) if !has_x12(&body) && code != "Success" => Err(of_code(&code)),
        // Whatever else it is, the reader says what is wrong with it, and people can look at it.
        _ => Ok(Reply::Answered(body)),
    }
}

/// Whether an interchange may be in there: it is worth more than the envelope's opinion of it.
fn has_x12(body: &[u8]) -> bool {
    body.windows(4).any(|found| found.starts_with(b"ISA") && !found[3].is_ascii_alphanumeric())
}

/// The envelope's error code, of MIME or SOAP.
fn error_code(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let found = text.match_indices("ErrorCode").find_map(|(at, name)| {
        let before = text.get(..at)?.chars().next_back()?;
        let after = text.get(at + name.len()..)?;
        let value = match before {
            '<' | ':' => after.split_once('>')?.1.split('<').next()?,
            '"' | '=' => after.split_once('\n')?.1.trim_start().split(['\r', '\n']).next()?,
            _ => return None,
        };
        Some(value.trim())
    })?;
    let is_code = (1..=MAX_CODE_BYTES).contains(&found.len());
    is_code.then(|| found.to_owned())
}

fn of_code(code: &str) -> ClearinghouseError {
    let refused = |why: String| ClearinghouseError::Refused(why);
    match code {
        "Receiver" => {
            ClearinghouseError::NotTaken("it has a fault of its own (Receiver)".to_owned())
        }
        "ChecksumMismatched" => {
            let line = "the question reached it damaged (ChecksumMismatched)".to_owned();
            ClearinghouseError::NotTaken(line)
        }
        "UnAuthorized" | "Unauthorized" => {
            refused("it does not accept the user name or the password (UnAuthorized)".to_owned())
        }
        "VersionMismatch" => {
            refused("it speaks another version of the envelope (VersionMismatch)".to_owned())
        }
        "Sender" => refused("it found the envelope wrong (Sender)".to_owned()),
        _ => {
            let complaint = COMPLAINTS.iter().find_map(|(ending, words)| {
                let field = code.strip_suffix(ending)?;
                let field = FIELDS.iter().find(|known| known.eq_ignore_ascii_case(field))?;
                Some(format!("{field} of the envelope {words} ({field}{ending})"))
            });
            refused(
                complaint.unwrap_or_else(|| {
                    "it answered with an error that is not in our list".to_owned()
                }),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soap(code: &str, payload: &str) -> Vec<u8> {
        format!(
            "<S:Envelope><S:Body><ns2:COREEnvelopeRealTimeResponse>\
             <PayloadType>CoreEnvelopeError</PayloadType><Payload>{payload}</Payload>\
             <ns2:ErrorCode xmlns=\"\">{code}</ns2:ErrorCode><ErrorMessage>SECRET</ErrorMessage>\
             </ns2:COREEnvelopeRealTimeResponse></S:Body></S:Envelope>"
        )
        .into_bytes()
    }

    fn mime(code: &str, payload: &str) -> Vec<u8> {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"PayloadType\"\r\n\r\nCoreEnvelopeError\
             \r\n--b\r\nContent-Disposition: form-data; name=\"ErrorCode\"\r\n\r\n{code}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"Payload\"\r\n\r\n{payload}\r\n--b--\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn statuses_say_whether_to_ask_again() {
        for number in [408, 429, 500, 502, 503, 504] {
            let status = StatusCode::from_u16(number).unwrap();
            let found = of_status(status);
            assert!(matches!(found, ClearinghouseError::NotTaken(_)), "{number}: {found}");
        }
        for number in [301, 302, 307, 400, 401, 403, 404, 405, 413, 415, 422, 451] {
            let status = StatusCode::from_u16(number).unwrap();
            let found = of_status(status);
            assert!(matches!(found, ClearinghouseError::Refused(_)), "{number}: {found}");
            assert!(found.to_string().contains(&number.to_string()));
        }
        let odd = of_status(StatusCode::from_u16(999).unwrap());
        assert!(matches!(odd, ClearinghouseError::NoAnswer(_)));
    }

    #[test]
    fn error_codes_of_both_envelopes_say_whether_to_ask_again() {
        for wrap in [soap, mime] {
            for (code, again) in [
                ("Receiver", true),
                ("ChecksumMismatched", true),
                ("UnAuthorized", false),
                ("VersionMismatch", false),
                ("Sender", false),
                ("PayloadTypeNotSupported", false),
                ("SenderIDRequired", false),
                ("PayloadIDIllegal", false),
                ("PATIENT SAMPLE IS UNKNOWN", false),
            ] {
                let found = of_body(wrap(code, "")).unwrap_err();
                let is_again = matches!(found, ClearinghouseError::NotTaken(_));
                assert!(is_again || matches!(found, ClearinghouseError::Refused(_)), "{found}");
                assert_eq!(is_again, again, "{code}");
                let words = found.to_string();
                assert!(!words.contains("SECRET") && !words.contains("SAMPLE"), "{words}");
            }
        }
    }

    #[test]
    fn an_interchange_is_handed_on_whatever_the_envelope_says() {
        for wrap in [soap, mime] {
            for code in ["Success", "Receiver", "None", ""] {
                let body = wrap(code, "ISA*00*~IEA*1*1~");
                assert_eq!(of_body(body.clone()), Ok(Reply::Answered(body)));
            }
            let empty = wrap("Success", "");
            assert_eq!(of_body(empty.clone()), Ok(Reply::Answered(empty)));
        }
    }

    #[test]
    fn other_bodies_are_handed_on_untouched() {
        for body in ["<html>ErrorCode</html>", "\u{0}\u{1}", "ErrorCode", "x<ErrorCode", "ISA"] {
            let body = body.as_bytes().to_vec();
            assert_eq!(of_body(body.clone()), Ok(Reply::Answered(body)));
        }
        for body in ["", " \r\n"] {
            let found = of_body(body.as_bytes().to_vec());
            assert!(matches!(found, Err(ClearinghouseError::NoAnswer(_))), "{found:?}");
        }
    }
}
