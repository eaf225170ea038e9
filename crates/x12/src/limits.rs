//! Every limit of the reader. They are far above what payers send; each one that is reached leaves
//! a warning, so that nothing is lost silently.
//!
//! Together they bound the memory that reading takes, however long the input is: at any time the
//! reader holds one part of a transaction and the levels that are still open.

/// The most bytes of one input that are read.
pub const MAX_INPUT_BYTES: usize = 64 * 1024 * 1024;
/// The most bytes of one segment that are read; the rest of it is passed over.
pub const MAX_SEGMENT_BYTES: usize = 256 * 1024;
/// The most bytes within which an interchange header must end.
pub const MAX_HEADER_BYTES: usize = 512;
/// The most blank bytes that are skipped while looking for the next segment's name.
pub(crate) const MAX_PADDING_BYTES: usize = 64;
/// The most answers that are handed out for one input.
pub const MAX_ANSWERS: usize = 100_000;

/// The most bytes of one level (HL) that are read.
pub const MAX_LEVEL_BYTES: usize = 1024 * 1024;
/// The most segments of one level that are read.
pub const MAX_LEVEL_SEGMENTS: usize = 20_000;
/// How many bytes of a transaction are held before its finished levels are handed out.
pub const MAX_PART_BYTES: usize = 2 * 1024 * 1024;
/// How many segments of a transaction are held before its finished levels are handed out.
pub const MAX_PART_SEGMENTS: usize = 20_000;
/// How many levels of a transaction are held before those that are finished are handed out.
pub const MAX_PART_LEVELS: usize = 2_000;

/// The most bytes of what a level above shares with several answers that are held at once.
pub const MAX_CONTEXT_BYTES: usize = 16 * 1024 * 1024;
/// How many bytes of a level above may be repeated for each byte that is read, in the long run.
pub(crate) const CONTEXT_BYTES_PER_BYTE: usize = 16;
/// The most bytes of one value in a person or a party; longer values are clipped.
pub const MAX_FIELD_BYTES: usize = 512;
/// The most traces, dates, rejections, references or messages kept for one level.
pub const MAX_REPEATS: usize = 200;
/// The most warnings that one list holds.
pub const MAX_WARNINGS: usize = 100;
/// The most segments looked ahead to find out of which kind an unmarked level is.
pub(crate) const MAX_LOOKAHEAD_SEGMENTS: usize = 12;
/// How many bytes behind the place of reading are there for every decision, so that it does not
/// depend on how the input is read.
pub(crate) const LOOKAHEAD_BYTES: usize = 1024;
/// How many bytes are read at a time.
pub(crate) const STEP_BYTES: usize = 64 * 1024;
/// The most kinds of transaction that are named when none of them is a 271.
pub(crate) const MAX_FOUND: usize = 20;

// The furthest that any decision looks is a header after blanks, with what follows the header.
const _: () = assert!(LOOKAHEAD_BYTES > MAX_HEADER_BYTES + MAX_PADDING_BYTES + 128);
