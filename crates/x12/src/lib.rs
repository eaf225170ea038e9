//! Reads X12 271 eligibility answers, whatever shape they arrive in, and writes the 270 that asks
//! (see [`inquiry`]).
//!
//! A [`Reader`] takes an input of any length and hands out one [`Answer`] for each patient in it,
//! as soon as its transaction is read; it holds no more than that. [`read`] is the same for an
//! input that is in memory. Neither ever panics or rejects what can be read, and both tell what was
//! odd in warnings. Unknown is not zero: what the payer did not send is `None`.
//!
//! How the parts fit together, from the outside in:
//!
//! - `wrapper` finds the X12 in the `input` and takes it out of its wrapper into a `window`;
//! - `cutter` cuts the window into segments, with `segment` and `delimiters`;
//! - `envelope` walks through the interchanges, groups and transactions;
//! - `loops` sorts the segments of a transaction by level, `person`, `benefit` (with `layout` for
//!   shifted elements), `related` and `rejection` read them;
//! - `assemble` makes the answers.
//!
//! To read a further segment beneath a row, add its arm in `related::read`; at a person's level, in
//! `person::detail`. To add a quirk, write its fixture and its test first, and its line in
//! `docs/eligibility/reading.md`.

mod answer;
mod assemble;
mod benefit;
mod cutter;
mod date;
mod decimal;
mod delimiters;
mod delivery;
mod envelope;
mod input;
pub mod inquiry;
mod layout;
pub mod limits;
mod loops;
mod person;
mod reader;
mod rejection;
mod related;
mod segment;
mod warning;
mod window;
mod work;
mod wrapper;

pub use answer::{
    Answer, Benefit, Interchange, Network, Party, Person, Procedure, Transaction, Unreadable,
};
pub use date::{Date, DateTime, PlanDate};
pub use delimiters::Delimiters;
pub use reader::{Reader, read};
pub use rejection::{Rejection, follow_up, reason};
pub use warning::{Warning, WarningCode};

use segment::Segments;

/// The text of an HSD segment in short words of our own, such as `30 visits for 1 × calendar year`;
/// `None` for another segment and for one that says nothing.
pub fn delivery_in_words(segment: &str) -> Option<String> {
    let element = segment.strip_prefix("HSD")?.bytes().next()?;
    let delimiters = Delimiters { element, terminator: b'\n', ..Delimiters::default() };
    let line = format!("{segment}\n");
    let read = Segments::new(line.as_bytes(), delimiters, 0).next()?;
    delivery::words(&read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_alone_is_told_in_words() {
        for text in ["HSD*VS*30***23*1", "HSD|VS|30|||23|1"] {
            let told = delivery_in_words(text);
            assert_eq!(told.as_deref(), Some("30 visits for 1 × calendar year"), "{text}");
        }
        for nothing in ["HSD", "HSD*", "MSG*HSD", "", "HSD~\n\n"] {
            assert_eq!(delivery_in_words(nothing), None, "{nothing:?}");
        }
    }
}
