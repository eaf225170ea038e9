//! The input as it comes: what was read of it and is still needed.

use std::io::{self, Read};

use crate::limits::MAX_INPUT_BYTES;

/// An input that is read a step at a time.
#[derive(Debug)]
pub(crate) struct Input<R> {
    from: R,
    /// How many bytes are read at a time.
    step: usize,
    bytes: Vec<u8>,
    /// Where in `bytes` the work goes on.
    at: usize,
    /// How many bytes of the input lie before `bytes`.
    before: usize,
    has_ended: bool,
    is_too_long: bool,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(from: R, step: usize) -> Self {
        Input {
            from,
            step,
            bytes: Vec::new(),
            at: 0,
            before: 0,
            has_ended: false,
            is_too_long: false,
        }
    }

    /// Whether all of it was read, as far as the limit allows.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether it goes on beyond the limit.
    pub(crate) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// What was read and not yet used.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The last bytes before the rest that are still held, at most so many, and the rest.
    pub(crate) fn with_lead(&self, lead: usize) -> (&[u8], &[u8]) {
        let (used, rest) = self.bytes.split_at(self.at);
        (used.get(used.len().saturating_sub(lead)..).unwrap_or_default(), rest)
    }

    /// Where the rest begins.
    pub(crate) fn place(&self) -> usize {
        self.before + self.at
    }

    /// Uses bytes of the rest.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at = self.bytes.len().min(self.at + bytes);
    }

    /// Gives back the last bytes that were used.
    pub(crate) fn go_back(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
    }

    /// Reads one step more, and forgets what was used except so many last bytes of it.
    pub(crate) fn read_more(&mut self, keep: usize) -> io::Result<()> {
        if self.has_ended {
            return Ok(());
        }
        let gone = self.at.saturating_sub(keep);
        self.bytes.drain(..gone);
        self.before += gone;
        self.at -= gone;
        // One byte more than there is room for tells whether the input goes on.
        let room = MAX_INPUT_BYTES - (self.before + self.bytes.len());
        let wanted = self.step.min(room + 1);
        let got = (&mut self.from).take(wanted as u64).read_to_end(&mut self.bytes)?;
        if got > room {
            self.bytes.pop();
            self.is_too_long = true;
        }
        self.has_ended = got > room || got < wanted;
        Ok(())
    }
}
