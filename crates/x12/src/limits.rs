//! Every limit of the reader. They are far above what payers send; each one that is reached leaves
//! a warning, so that nothing is lost silently.

/// The most bytes of one input that are read.
pub const MAX_INPUT_BYTES: usize = 32 * 1024 * 1024;
/// The most bytes of one segment that are read; the rest of it is passed over.
pub const MAX_SEGMENT_BYTES: usize = 256 * 1024;
/// The most bytes within which an interchange header must end.
pub const MAX_HEADER_BYTES: usize = 512;
/// The most blank bytes that are skipped while looking for the next segment's name.
pub(crate) const MAX_PADDING_BYTES: usize = 64;
/// The most answers that are returned for one input.
pub const MAX_ANSWERS: usize = 10_000;
/// The most levels (HL) that are read in one input.
pub const MAX_LEVELS: usize = 50_000;
/// The most benefit rows that are returned for one input.
pub const MAX_BENEFITS: usize = 300_000;
/// The most bytes of what a level above shares with several answers, for one input.
pub const MAX_CONTEXT_BYTES: usize = 64 * 1024 * 1024;
/// The most bytes of one value in a person or a party; longer values are clipped.
pub const MAX_FIELD_BYTES: usize = 512;
/// The most traces, dates, rejections, references or messages kept for one level.
pub const MAX_REPEATS: usize = 200;
/// The most warnings that one list holds.
pub const MAX_WARNINGS: usize = 100;
/// The most segments looked ahead to find out of which kind an unmarked level is.
pub(crate) const MAX_LOOKAHEAD_SEGMENTS: usize = 12;
/// The most kinds of transaction that are named when none of them is a 271.
pub(crate) const MAX_FOUND: usize = 20;
