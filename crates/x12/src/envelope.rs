//! Walking through the envelopes: ISA, GS, ST … SE, GE, IEA.
//!
//! A transaction is closed by the next header or trailer after its SE, so that segments that stand
//! behind a trailer set too early are still read.

use std::ops::Range;

use crate::answer::{Answer, Interchange, Unreadable};
use crate::assemble::{self, Budget};
use crate::date::{Date, DateTime};
use crate::delimiters::Delimiters;
use crate::limits::{MAX_ANSWERS, MAX_BENEFITS, MAX_FOUND, MAX_LEVELS};
use crate::loops::Body;
use crate::segment::{Segment, Segments};
use crate::warning::{WarningCode, Warnings};
use crate::wrapper::Payload;

/// A 271 transaction that is being read.
#[derive(Debug, Default)]
struct Transaction {
    control: String,
    version: Option<String>,
    delimiters: Delimiters,
    body: Body,
    warnings: Warnings,
    /// Where it stands in the payload.
    range: Range<usize>,
    segments: usize,
    closed: bool,
}

/// What surrounds the segment that is being read.
#[derive(Debug, Default)]
enum Inside {
    /// Between transactions.
    #[default]
    Nothing,
    Answer(Box<Transaction>),
    /// A transaction of another kind.
    Other,
}

/// The reader of a whole input.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    answers: Vec<Answer>,
    pub(crate) warnings: Warnings,
    found: Vec<String>,
    inside: Inside,
    budget: Budget,
    index: usize,
    benefits: usize,
    answers_left_out: usize,
    benefits_left_out: usize,
    /// How many levels the closed transactions have.
    levels: usize,
    levels_left_out: usize,
    mixed: bool,
    outside: bool,
    /// ISA13, when an interchange is open.
    interchange: Option<String>,
    groups: usize,
    /// GS01, GS04, GS05, GS06 and GS08.
    group: Option<Group>,
    transactions: usize,
}

#[derive(Debug, Default)]
struct Group {
    kind: String,
    date: String,
    time: String,
    control: String,
    version: Option<String>,
}

impl Reader {
    /// Reads one payload; several in a row make one file.
    pub(crate) fn read(&mut self, payload: &Payload<'_>, first: Delimiters) {
        if payload.text_before {
            let message = "text before the interchange was passed over";
            self.warnings.add(WarningCode::TextAround, None, message);
        }
        let mut segments = Segments::new(&payload.text, first, self.index);
        while let Some(segment) = segments.next() {
            self.oddities(&segment);
            match segment.name() {
                b"ISA" => self.interchange(payload, &segment),
                b"GS" => self.group(payload, &segment),
                b"ST" => self.transaction(payload, &segment),
                b"SE" => self.trailer(&segment),
                b"GE" => self.group_end(payload, &segment),
                b"IEA" => {
                    self.interchange_end(payload, &segment);
                    if segments.skip_text() {
                        let message = "text after the interchange was passed over";
                        self.warnings.add(WarningCode::TextAround, None, message);
                    }
                }
                b"TA1" => self.acknowledgment(&segment),
                _ => self.body(&segment, &segments),
            }
        }
        self.index = segments.next_index();
        self.close(payload, true);
        if self.interchange.take().is_some() || self.group.take().is_some() {
            let message = "the file ends before the end of its envelope; it may be cut off";
            self.warnings.add(WarningCode::Truncated, None, message);
        }
    }

    /// Ends the reading.
    pub(crate) fn finish(mut self) -> Result<Interchange, Unreadable> {
        if self.answers.is_empty() {
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
        let left_out = self.answers_left_out + self.levels_left_out;
        if left_out > 0 {
            let message = format!("{left_out} answers beyond the limit were left out");
            self.warnings.add(WarningCode::TooManyAnswers, None, message);
        }
        if self.benefits_left_out > 0 {
            let message = format!("{} rows beyond the limit were left out", self.benefits_left_out);
            self.warnings.add(WarningCode::TooManyBenefits, None, message);
        }
        Ok(Interchange { answers: self.answers, warnings: self.warnings.into_vec() })
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

    fn interchange(&mut self, payload: &Payload<'_>, segment: &Segment<'_>) {
        self.close(payload, true);
        if self.interchange.is_some() {
            let message = "an interchange has no trailer, and another begins";
            self.warnings.add(WarningCode::TrailerMissing, Some(segment.index), message);
        }
        self.interchange = Some(segment.code(13));
        self.group = None;
        self.groups = 0;
    }

    fn group(&mut self, payload: &Payload<'_>, segment: &Segment<'_>) {
        self.close(payload, true);
        self.groups += 1;
        self.transactions = 0;
        self.group = Some(Group {
            kind: segment.code(1),
            date: segment.code(4),
            time: segment.code(5),
            control: segment.code(6),
            version: segment.field(8),
        });
    }

    fn transaction(&mut self, payload: &Payload<'_>, segment: &Segment<'_>) {
        self.close(payload, true);
        self.transactions += 1;
        if segment.bytes(1) != b"271" {
            self.inside = Inside::Other;
            let kind = segment.field(1).unwrap_or_else(|| "unnamed".to_owned());
            return self.find(kind);
        }
        self.inside = Inside::Answer(Box::new(Transaction {
            control: segment.field(2).unwrap_or_default(),
            version: segment.field(3),
            delimiters: segment.delimiters,
            range: segment.start..segment.end,
            segments: 1,
            ..Transaction::default()
        }));
    }

    fn find(&mut self, kind: String) {
        if self.found.len() < MAX_FOUND && !self.found.contains(&kind) {
            self.found.push(kind);
        }
    }

    fn body(&mut self, segment: &Segment<'_>, ahead: &Segments<'_>) {
        self.imply_transaction(segment);
        let Inside::Answer(open) = &mut self.inside else {
            if matches!(self.inside, Inside::Nothing) && !self.outside {
                self.outside = true;
                let message = "segments stand outside any transaction and were not read";
                self.warnings.add(WarningCode::OutsideTransaction, Some(segment.index), message);
            }
            return;
        };
        if open.closed && !open.warnings.has(WarningCode::AfterTrailer) {
            let message = "segments stand after the trailer; they were read with the transaction";
            open.warnings.add(WarningCode::AfterTrailer, Some(segment.index), message);
        }
        open.segments += 1;
        open.range.end = segment.end;
        if self.levels + open.body.nodes.len() >= MAX_LEVELS {
            self.levels_left_out += usize::from(segment.name() == b"HL");
            self.benefits_left_out += usize::from(segment.name() == b"EB");
            return;
        }
        if segment.name() == b"EB" {
            if self.benefits == MAX_BENEFITS {
                self.benefits_left_out += 1;
                return;
            }
            self.benefits += 1;
        }
        open.body.read(segment, ahead);
    }

    /// Begins a transaction without its header where the body of one plainly begins.
    fn imply_transaction(&mut self, segment: &Segment<'_>) {
        let begins = matches!(segment.name(), b"BHT" | b"HL" | b"EB");
        let answers = self.group.as_ref().is_none_or(|group| matches!(&*group.kind, "HB" | ""));
        if !begins || !answers || !matches!(self.inside, Inside::Nothing) {
            return;
        }
        let mut open = Transaction {
            range: segment.start..segment.end,
            delimiters: segment.delimiters,
            ..Transaction::default()
        };
        let message = "the header of the transaction is missing";
        open.warnings.add(WarningCode::HeaderMissing, Some(segment.index), message);
        self.inside = Inside::Answer(Box::new(open));
    }

    fn trailer(&mut self, segment: &Segment<'_>) {
        let Inside::Answer(open) = &mut self.inside else {
            self.inside = Inside::Nothing;
            return;
        };
        open.segments += 1;
        open.range.end = segment.end;
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
    }

    fn group_end(&mut self, payload: &Payload<'_>, segment: &Segment<'_>) {
        self.close(payload, false);
        let count = self.transactions.to_string();
        let control = self.group.take().map(|group| group.control);
        self.check(segment, &count, control.as_deref(), "group");
    }

    fn interchange_end(&mut self, payload: &Payload<'_>, segment: &Segment<'_>) {
        self.close(payload, false);
        if self.group.take().is_some() {
            let message = "a group has no trailer";
            self.warnings.add(WarningCode::TrailerMissing, Some(segment.index), message);
        }
        let count = self.groups.to_string();
        let control = self.interchange.take();
        self.check(segment, &count, control.as_deref(), "interchange");
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

    fn acknowledgment(&mut self, segment: &Segment<'_>) {
        self.find("TA1".to_owned());
        if matches!(segment.bytes(4), b"R" | b"E") {
            let message =
                "the file carries a receipt that reports errors in the request's envelope";
            self.warn(WarningCode::InterchangeRejected, segment, message);
        }
    }

    /// Closes the open transaction. `broken` tells that no trailer of a group came before.
    fn close(&mut self, payload: &Payload<'_>, broken: bool) {
        let Inside::Answer(open) = std::mem::take(&mut self.inside) else {
            return;
        };
        let mut open = *open;
        if !open.closed {
            let code = if broken { WarningCode::Truncated } else { WarningCode::TrailerMissing };
            let message = "the answer ends before its trailer; rows may be missing or cut short";
            open.warnings.add(code, None, message);
        }
        let group = self.group.as_ref();
        if open.body.answered_at.is_none() {
            open.body.answered_at = group.and_then(time_of_group);
            if open.body.answered_at.is_some() {
                let message = "the time of the answer was taken from the header of its group";
                open.warnings.add(WarningCode::TimeFromGroup, None, message);
            }
        }
        let common = Answer {
            transaction_control: open.control,
            reference: std::mem::take(&mut open.body.reference),
            answered_at: open.body.answered_at,
            version: open.version.or_else(|| group.and_then(|group| group.version.clone())),
            segments: payload.place(open.range.start)..payload.place(open.range.end),
            delimiters: open.delimiters,
            ..Answer::default()
        };
        self.levels += open.body.nodes.len();
        let made = assemble::answers(open.body, &common, &open.warnings, &mut self.budget);
        let room = MAX_ANSWERS - self.answers.len();
        self.answers_left_out += made.len().saturating_sub(room);
        self.answers.extend(made.into_iter().take(room));
    }
}

fn time_of_group(group: &Group) -> Option<DateTime> {
    Date::read_short(&group.date).map(|date| DateTime::read(date, &group.time).0)
}

/// Compares numbers as text, without their leading zeros.
fn same_number(a: &[u8], b: &[u8]) -> bool {
    let start = |text: &[u8]| text.iter().take_while(|byte| **byte == b'0').count();
    a.get(start(a)..) == b.get(start(b)..)
}
