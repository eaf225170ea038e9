//! What was odd about a file that was read all the same.
//!
//! To add a warning: add a variant with its sentence of documentation, its stable name in
//! [`WarningCode::as_str`], and a test that provokes it. Messages are for staff and name places,
//! never values, so that no patient data reaches a list of warnings.

use std::fmt;

use crate::limits::MAX_WARNINGS;

/// One oddity, with the segment at which it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What kind of oddity it is.
    pub code: WarningCode,
    /// The oddity in plain words, without values from the file.
    pub message: String,
    /// The index of the segment within the file, as in [`crate::Benefit::index`].
    pub segment: Option<usize>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// The kinds of warning. Their names are stable and may be stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum WarningCode { $($(#[$doc])* $name,)* }

        impl WarningCode {
            /// Every code, in the order of this list.
            pub const ALL: &[WarningCode] = &[$(WarningCode::$name,)*];

            /// The stable name in snake case.
            pub const fn as_str(self) -> &'static str {
                match self { $(WarningCode::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The file or the transaction ends before its trailer.
    Truncated => "truncated",
    /// The input is longer than the limit; the rest was not read.
    InputTooLong => "input_too_long",
    /// A segment is longer than the limit; its rest was not read.
    SegmentTooLong => "segment_too_long",
    /// There are more answers than the limit.
    TooManyAnswers => "too_many_answers",
    /// A level has more benefit rows than the limit.
    TooManyBenefits => "too_many_benefits",
    /// A level is longer than the limit; its rest was not read.
    LevelTooLong => "level_too_long",
    /// A transaction is too long to be held at once; it was read in parts.
    TransactionSplit => "transaction_split",
    /// There are more warnings than the limit.
    TooManyWarnings => "too_many_warnings",
    /// A level repeats one kind of segment more often than the limit.
    RepeatsLeftOut => "repeats_left_out",
    /// A value was longer than the limit and was clipped.
    FieldClipped => "field_clipped",
    /// Subscriber rows were not repeated beside a dependent, for their size.
    ContextLeftOut => "context_left_out",
    /// The interchange header does not have its sixteen elements in their places.
    IrregularHeader => "irregular_header",
    /// There is no interchange header; the delimiters were inferred.
    NoEnvelope => "no_envelope",
    /// Text before or after the interchange was passed over.
    TextAround => "text_around",
    /// Some segments end in another terminator than the header names.
    MixedTerminators => "mixed_terminators",
    /// Values are separated by a character that the header does not name.
    UndeclaredSeparator => "undeclared_separator",
    /// A transaction has no trailer, and another begins.
    TrailerMissing => "trailer_missing",
    /// The number of segments or parts in a trailer is wrong.
    CountMismatch => "count_mismatch",
    /// A trailer names another control number than its header.
    ControlMismatch => "control_mismatch",
    /// A transaction of another kind stands beside the answers and was not read.
    OtherTransaction => "other_transaction",
    /// The file carries an acknowledgment that reports errors.
    InterchangeRejected => "interchange_rejected",
    /// Segments stand outside any transaction and were not read.
    OutsideTransaction => "outside_transaction",
    /// Segments stand after the trailer; they were read as part of the transaction.
    AfterTrailer => "after_trailer",
    /// The header of the transaction is missing.
    HeaderMissing => "header_missing",
    /// A level does not say what it is; its kind was inferred.
    LevelInferred => "level_inferred",
    /// A person begins without a level of their own; one was assumed.
    LevelImplied => "level_implied",
    /// A level names a parent that is not there or of the wrong kind.
    ParentMismatch => "parent_mismatch",
    /// A dependent was announced and none follows.
    DependentMissing => "dependent_missing",
    /// A dependent stands without a subscriber.
    SubscriberMissing => "subscriber_missing",
    /// The answer names no patient.
    NoPatient => "no_patient",
    /// A name stands where none belongs and was not read.
    UnexpectedName => "unexpected_name",
    /// An entity of a benefit stands outside its marked loop.
    LoopUnmarked => "loop_unmarked",
    /// A benefit row stands above any patient.
    MisplacedBenefit => "misplaced_benefit",
    /// A benefit row does not say what it is.
    CodeMissing => "code_missing",
    /// The elements of a row are shifted by one place; they were read from there.
    ElementsShifted => "elements_shifted",
    /// The elements of a row may be shifted or not; its figures were not read.
    ElementsUncertain => "elements_uncertain",
    /// An amount of money cannot be read.
    AmountUnreadable => "amount_unreadable",
    /// A percentage cannot be read.
    PercentUnreadable => "percent_unreadable",
    /// A percentage was sent as a whole number, not as a fraction of one.
    PercentWhole => "percent_whole",
    /// A percentage was sent in the place for money.
    PercentInAmount => "percent_in_amount",
    /// A co-insurance row carries no percentage.
    PercentMissing => "percent_missing",
    /// A date cannot be read.
    DateUnreadable => "date_unreadable",
    /// A period ends before it begins.
    DateReversed => "date_reversed",
    /// The time of the answer is missing; the day alone is known.
    TimeMissing => "time_missing",
    /// The time of the answer was taken from the group header.
    TimeFromGroup => "time_from_group",
    /// The network indicator is not one of its codes.
    NetworkUnreadable => "network_unreadable",
    /// The payer's message says another network than the row.
    NetworkContradicted => "network_contradicted",
}

impl fmt::Display for WarningCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A list of warnings that cannot grow without end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    pub(crate) fn add(
        &mut self,
        code: WarningCode,
        segment: Option<usize>,
        message: impl Into<String>,
    ) {
        self.push(Warning { code, message: message.into(), segment });
    }

    pub(crate) fn push(&mut self, warning: Warning) {
        if self.0.len() + 1 < MAX_WARNINGS {
            self.0.push(warning);
        } else if self.0.len() < MAX_WARNINGS {
            self.0.push(Warning {
                code: WarningCode::TooManyWarnings,
                message: "there are more warnings than are listed".to_owned(),
                segment: warning.segment,
            });
        }
    }

    pub(crate) fn extend(&mut self, other: &Warnings) {
        for warning in &other.0 {
            self.push(warning.clone());
        }
    }

    /// About how many bytes the list takes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|warning| size_of_val(warning) + warning.message.len()).sum()
    }

    pub(crate) fn has(&self, code: WarningCode) -> bool {
        self.0.iter().any(|warning| warning.code == code)
    }

    pub(crate) fn into_vec(self) -> Vec<Warning> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_snake_case() {
        let mut names: Vec<_> = WarningCode::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for name in names {
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        }
    }

    #[test]
    fn the_list_ends_with_a_note_when_it_is_full() {
        let mut warnings = Warnings::default();
        for index in 0..MAX_WARNINGS * 3 {
            warnings.add(WarningCode::DateUnreadable, Some(index), "a date");
        }
        let list = warnings.into_vec();
        assert_eq!(list.len(), MAX_WARNINGS);
        assert_eq!(list.last().map(|last| last.code), Some(WarningCode::TooManyWarnings));
    }
}
