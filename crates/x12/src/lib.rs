//! Reads X12 271 eligibility answers, whatever shape they arrive in, and writes the 270 that asks
//! (see [`inquiry`]).
//!
//! [`read`] takes the bytes of a file and returns one [`Answer`] for each patient in it. It never
//! panics, never rejects what can be read, and tells what was odd in warnings. Unknown is not zero:
//! what the payer did not send is `None`.
//!
//! How the parts fit together, from the outside in:
//!
//! - `wrapper` finds the X12 in the input, `delimiters` reads its header, `segment` cuts it up;
//! - `envelope` walks through the interchanges, groups and transactions;
//! - `loops` sorts the segments of a transaction by level, `person`, `benefit` (with `layout` for
//!   shifted elements), `related` and `rejection` read them;
//! - `assemble` makes the answers.
//!
//! To read a further segment beneath a row, add its arm in `related::read`; at a person's level, in
//! `person::detail`. To add a quirk, write its test in `tests/cases/quirks.rs` first.

mod answer;
mod assemble;
mod benefit;
mod date;
mod decimal;
mod delimiters;
mod delivery;
mod envelope;
pub mod inquiry;
mod layout;
pub mod limits;
mod loops;
mod person;
mod rejection;
mod related;
mod segment;
mod warning;
mod wrapper;

pub use answer::{Answer, Benefit, Interchange, Network, Party, Person, Procedure, Unreadable};
pub use date::{Date, DateTime, PlanDate};
pub use delimiters::Delimiters;
pub use rejection::{Rejection, follow_up, reason};
pub use warning::{Warning, WarningCode};

use envelope::Reader;
use limits::MAX_INPUT_BYTES;
use segment::Segments;
use wrapper::Payload;

/// Reads a file of 271 answers.
///
/// # Errors
///
/// Fails only when there is no 271 in the input; [`Unreadable`] says in plain words what there is
/// instead.
pub fn read(input: &[u8]) -> Result<Interchange, Unreadable> {
    let whole = input;
    let input = whole.get(..whole.len().min(MAX_INPUT_BYTES)).unwrap_or_default();
    if wrapper::is_empty(input) {
        return Err(Unreadable::Empty);
    }
    let mut reader = Reader::default();
    if input.len() < whole.len() {
        let message = format!("the file is longer than {MAX_INPUT_BYTES} bytes; the rest was left");
        reader.warnings.add(WarningCode::InputTooLong, None, message);
    }
    let mut from = 0;
    while let Some(payload) = wrapper::next_payload(input, from) {
        reader.read(&payload, Delimiters::default());
        from = payload.end;
    }
    if from == 0 {
        let (delimiters, start) = delimiters::infer(input).ok_or(Unreadable::NotX12)?;
        let message = "there is no interchange header; the delimiters were inferred";
        reader.warnings.add(WarningCode::NoEnvelope, None, message);
        reader.read(&Payload::plain(input, start, input.len()), delimiters);
    }
    reader.finish()
}

/// The bytes of an answer's transaction, ST to SE, from the input that it was read from.
///
/// The same bytes mean the same transaction, even when it was sent again in another envelope. Two
/// patients of one transaction share them. Empty when `input` is another, shorter input.
pub fn fingerprint_text<'a>(answer: &Answer, input: &'a [u8]) -> &'a [u8] {
    input.get(answer.segments.clone()).unwrap_or_default()
}

/// An answer's transaction as text with one segment on each line, for people to read.
///
/// References of an XML wrapper, such as `&amp;`, stay as they are.
pub fn readable_text(answer: &Answer, input: &[u8]) -> String {
    let delimiters = answer.delimiters;
    let mut text = String::new();
    for segment in Segments::new(fingerprint_text(answer, input), delimiters, 0) {
        text.push_str(&segment.raw_text());
        if delimiters.terminator.is_ascii_graphic() {
            text.push(char::from(delimiters.terminator));
        }
        text.push('\n');
    }
    text
}
