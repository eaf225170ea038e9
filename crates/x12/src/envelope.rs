//! Walking through the envelopes: ISA, GS, ST … SE, GE, IEA.
//!
//! A transaction is closed by the next header or trailer after its SE, so that segments that stand
//! behind a trailer set too early are still read.

use std::ops::Range;

use crate::answer::{Answer, Transaction, Unreadable};
use crate::assemble::{self, Budget};
use crate::date::{Date, DateTime};
use crate::delimiters::Delimiters;
use crate::limits::{MAX_ANSWERS, MAX_FOUND};
use crate::loops::Body;
use crate::segment::Segment;
use crate::warning::{Warning, WarningCode, Warnings};

/// A 271 transaction that is being read.
#[derive(Debug, Default)]
struct Open {
    control: String,
    version: Option<String>,
    delimiters: Delimiters,
    body: Body,
    warnings: Warnings,
    /// Where what is held of it stands in the input.
    range: Range<usize>,
    segments: usize,
    closed: bool,
    /// The segments that are held, one on each line.
    text: String,
    /// How much of the text stands before the first level.
    head: usize,
}

impl Open {
    /// A transaction that begins with this segment.
    fn at(segment: &Segment<'_>) -> Self {
        let range = segment.start..segment.end;
        Open { range, delimiters: segment.delimiters, ..Open::default() }
    }

    /// Adds a segment to what is held.
    fn hold(&mut self, segment: &Segment<'_>) {
        self.range.end = segment.end;
        if self.body.has_room() {
            segment.write_line(&mut self.text);
        }
        if self.body.is_before_levels() {
            self.head = self.text.len();
        }
    }
}

/// What surrounds the segment that is being read.
#[derive(Debug, Default)]
enum Inside {
    /// Between transactions.
    #[default]
    Nothing,
    Answer(Box<Open>),
    /// A transaction of another kind.
    Other,
}

/// What is known of the envelopes while an input is read.
#[derive(Debug, Default)]
pub(crate) struct Envelopes {
    pub(crate) warnings: Warnings,
    /// The kinds of transaction that were found instead of a 271.
    found: Vec<String>,
    inside: Inside,
    budget: Budget,
    answers: usize,
    answers_left_out: usize,
    mixed: bool,
    outside: bool,
    /// When an interchange is open: ISA13, empty when it is not known.
    interchange: Option<String>,
    groups: usize,
    group: Option<Group>,
    transactions: usize,
}

/// GS01, GS04, GS05, GS06 and GS08.
#[derive(Debug, Default)]
struct Group {
    kind: String,
    date: String,
    time: String,
    control: String,
    version: Option<String>,
}

impl Envelopes {
    /// Reads a segment, and returns the transaction that it ends, or a part of one.
    pub(crate) fn read(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        self.budget.earn(segment.len());
        self.oddities(segment);
        match segment.name() {
            b"ISA" => self.interchange(segment),
            b"GS" => self.group(segment),
            b"ST" => self.transaction(segment),
            b"SE" => self.trailer(segment),
            b"GE" => self.group_end(segment),
            b"IEA" => self.interchange_end(segment),
            b"TA1" => self.acknowledgment(segment),
            _ => self.body(segment),
        }
    }

    /// Ends a payload.
    pub(crate) fn end(&mut self) -> Option<Transaction> {
        let ended = self.close(true);
        if self.interchange.take().is_some() || self.group.take().is_some() {
            let message = "the file ends before the end of its envelope; it may be cut off";
            self.warnings.add(WarningCode::Truncated, None, message);
        }
        ended
    }

    /// Ends the reading.
    pub(crate) fn finish(mut self) -> Result<Vec<Warning>, Unreadable> {
        if self.answers == 0 {
            return Err(if self.found.iter().any(|kind| kind == "270") {
                Unreadable::Request270
            } else {
                Unreadable::NoTransactions271 { found: self.found }
            });
        }
        for kind in self.found.iter().filter(|kind| *kind != "TA1") {
            let message = format!("a transaction of kind {kind} stands beside the answers");
            self.warnings.add(WarningCode::OtherTransaction, None, message);
        }
        if self.answers_left_out > 0 {
            let message =
                format!("{} answers beyond the limit were left out", self.answers_left_out);
            self.warnings.add(WarningCode::TooManyAnswers, None, message);
        }
        Ok(self.warnings.into_vec())
    }

    fn warn(&mut self, code: WarningCode, segment: &Segment<'_>, message: &str) {
        match &mut self.inside {
            Inside::Answer(open) => open.body.note(code, segment, message),
            _ => self.warnings.add(code, Some(segment.index), message),
        }
    }

    fn oddities(&mut self, segment: &Segment<'_>) {
        if segment.mixed && !self.mixed {
            self.mixed = true;
            let message = "some segments end in another terminator than the header names";
            self.warnings.add(WarningCode::MixedTerminators, Some(segment.index), message);
        }
        if segment.clipped {
            let message = "a segment is longer than the limit; its rest was not read";
            self.warn(WarningCode::SegmentTooLong, segment, message);
        }
        if segment.irregular {
            let message = "the interchange header lacks elements; its delimiters were inferred";
            self.warnings.add(WarningCode::IrregularHeader, Some(segment.index), message);
        }
    }

    fn interchange(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        let ended = self.close(true);
        if self.interchange.is_some() {
            let message = "an interchange has no trailer, and another begins";
            self.warnings.add(WarningCode::TrailerMissing, Some(segment.index), message);
        }
        // A header that lacks elements may have another one in the place of its number.
        let control = if segment.irregular { String::new() } else { segment.code(13) };
        self.interchange = Some(control);
        self.group = None;
        self.groups = 0;
        ended
    }

    fn group(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        let ended = self.close(true);
        self.groups += 1;
        self.transactions = 0;
        self.group = Some(Group {
            kind: segment.code(1),
            date: segment.code(4),
            time: segment.code(5),
            control: segment.code(6),
            version: segment.field(8),
        });
        ended
    }

    fn transaction(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        let ended = self.close(true);
        self.transactions += 1;
        if segment.bytes(1) == b"271" {
            let mut open = Open {
                control: segment.field(2).unwrap_or_default(),
                version: segment.field(3),
                segments: 1,
                ..Open::at(segment)
            };
            open.hold(segment);
            self.inside = Inside::Answer(Box::new(open));
        } else {
            self.inside = Inside::Other;
            self.find(kind(segment.bytes(1)));
        }
        ended
    }

    fn find(&mut self, kind: String) {
        if self.found.len() < MAX_FOUND && !self.found.contains(&kind) {
            self.found.push(kind);
        }
    }

    fn body(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        self.imply_transaction(segment);
        let Inside::Answer(open) = &mut self.inside else {
            if matches!(self.inside, Inside::Nothing) && !self.outside {
                self.outside = true;
                let message = "segments stand outside any transaction and were not read";
                self.warnings.add(WarningCode::OutsideTransaction, Some(segment.index), message);
            }
            return None;
        };
        if open.closed && !open.warnings.has(WarningCode::AfterTrailer) {
            let message = "segments stand after the trailer; they were read with the transaction";
            open.warnings.add(WarningCode::AfterTrailer, Some(segment.index), message);
        }
        open.segments += 1;
        let has_begun_level = open.body.read(segment);
        let part = if has_begun_level && open.body.is_long() { self.part(segment) } else { None };
        if let Inside::Answer(open) = &mut self.inside {
            open.hold(segment);
        }
        part
    }

    /// Hands out the finished levels of a transaction that is too long to be held as a whole. The
    /// level that has just begun belongs to the next part.
    fn part(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        if !self.warnings.has(WarningCode::TransactionSplit) {
            let message = "a transaction is too long to be held at once; it was read in parts";
            self.warnings.add(WarningCode::TransactionSplit, Some(segment.index), message);
        }
        let Inside::Answer(open) = &mut self.inside else {
            return None;
        };
        let common = open.common(self.group.as_ref());
        let answers = assemble::finished(&mut open.body, &common, &open.warnings, &mut self.budget);
        let head = open.text.get(..open.head).unwrap_or_default().to_owned();
        let text = std::mem::replace(&mut open.text, head);
        open.range = segment.start..segment.end;
        self.hand_out(answers, text)
    }

    /// Begins a transaction without its header where the body of one plainly begins.
    fn imply_transaction(&mut self, segment: &Segment<'_>) {
        let begins = matches!(segment.name(), b"BHT" | b"HL" | b"EB");
        let answers = self.group.as_ref().is_none_or(|group| matches!(&*group.kind, "HB" | ""));
        if !begins || !answers || !matches!(self.inside, Inside::Nothing) {
            return;
        }
        let mut open = Open::at(segment);
        let message = "the header of the transaction is missing";
        open.warnings.add(WarningCode::HeaderMissing, Some(segment.index), message);
        self.inside = Inside::Answer(Box::new(open));
    }

    fn trailer(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        let Inside::Answer(open) = &mut self.inside else {
            self.inside = Inside::Nothing;
            return None;
        };
        open.segments += 1;
        open.body.count(segment);
        open.hold(segment);
        open.closed = true;
        let expected = open.segments.to_string();
        if !same_number(segment.bytes(1), expected.as_bytes()) {
            let message = "the trailer counts another number of segments than there are";
            open.warnings.add(WarningCode::CountMismatch, Some(segment.index), message);
        }
        if segment.code(2) != open.control {
            let message = "the trailer names another control number than the header";
            open.warnings.add(WarningCode::ControlMismatch, Some(segment.index), message);
        }
        None
    }

    fn group_end(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        let ended = self.close(false);
        let count = self.transactions.to_string();
        let control = self.group.take().map(|group| group.control);
        self.check(segment, &count, control.as_deref(), "group");
        ended
    }

    fn interchange_end(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        let ended = self.close(false);
        if self.group.take().is_some() {
            let message = "a group has no trailer";
            self.warnings.add(WarningCode::TrailerMissing, Some(segment.index), message);
        }
        let count = self.groups.to_string();
        let control = self.interchange.take().filter(|control| !control.is_empty());
        self.check(segment, &count, control.as_deref(), "interchange");
        ended
    }

    fn check(&mut self, segment: &Segment<'_>, count: &str, control: Option<&str>, what: &str) {
        if !same_number(segment.bytes(1), count.as_bytes()) {
            let message = format!("the trailer of the {what} counts other parts than there are");
            self.warnings.add(WarningCode::CountMismatch, Some(segment.index), message);
        }
        let named = segment.code(2);
        if control.is_some_and(|control| !same_number(named.as_bytes(), control.as_bytes())) {
            let message = format!("the trailer of the {what} names another control number");
            self.warnings.add(WarningCode::ControlMismatch, Some(segment.index), message);
        }
    }

    fn acknowledgment(&mut self, segment: &Segment<'_>) -> Option<Transaction> {
        self.find("TA1".to_owned());
        if matches!(segment.bytes(4), b"R" | b"E") {
            let message =
                "the file carries a receipt that reports errors in the request's envelope";
            self.warn(WarningCode::InterchangeRejected, segment, message);
        }
        None
    }

    /// Closes the open transaction. `broken` tells that no trailer of a group came before.
    fn close(&mut self, broken: bool) -> Option<Transaction> {
        let Inside::Answer(open) = std::mem::take(&mut self.inside) else {
            return None;
        };
        let mut open = *open;
        if !open.closed {
            let code = if broken { WarningCode::Truncated } else { WarningCode::TrailerMissing };
            let message = "the answer ends before its trailer; rows may be missing or cut short";
            open.warnings.add(code, None, message);
        }
        let common = open.common(self.group.as_ref());
        let answers = assemble::all(open.body, &common, &open.warnings, &mut self.budget);
        self.hand_out(answers, open.text)
    }

    fn hand_out(&mut self, mut answers: Vec<Answer>, text: String) -> Option<Transaction> {
        let room = MAX_ANSWERS - self.answers;
        self.answers_left_out += answers.len().saturating_sub(room);
        answers.truncate(room);
        self.answers += answers.len();
        if answers.is_empty() { None } else { Some(Transaction { answers, text }) }
    }
}

impl Open {
    /// What is the same for all answers of the transaction.
    fn common(&mut self, group: Option<&Group>) -> Answer {
        if self.body.answered_at.is_none() {
            self.body.answered_at = group.and_then(time_of_group);
            if self.body.answered_at.is_some() {
                let message = "the time of the answer was taken from the header of its group";
                self.warnings.add(WarningCode::TimeFromGroup, None, message);
            }
        }
        let version = self.version.clone();
        Answer {
            transaction_control: self.control.clone(),
            reference: self.body.reference.clone(),
            answered_at: self.body.answered_at,
            version: version.or_else(|| group.and_then(|group| group.version.clone())),
            segments: self.range.clone(),
            delimiters: self.delimiters,
            ..Answer::default()
        }
    }
}

/// The kind of a transaction (ST01), unless it is none: what is told holds no values.
fn kind(code: &[u8]) -> String {
    let is_kind = (1..=3).contains(&code.len()) && code.iter().all(u8::is_ascii_alphanumeric);
    let kind = std::str::from_utf8(code).ok().filter(|_| is_kind);
    kind.unwrap_or("unknown").to_owned()
}

fn time_of_group(group: &Group) -> Option<DateTime> {
    Date::read_short(&group.date).map(|date| DateTime::read(date, &group.time).0)
}

/// Compares numbers as text, without their leading zeros.
fn same_number(a: &[u8], b: &[u8]) -> bool {
    let start = |text: &[u8]| text.iter().take_while(|byte| **byte == b'0').count();
    a.get(start(a)..) == b.get(start(b)..)
}
