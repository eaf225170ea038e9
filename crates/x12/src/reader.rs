//! The reader as it is used: transactions from any input.

use std::io;

use crate::answer::{Interchange, Transaction, Unreadable};
use crate::cutter::Cutter;
use crate::envelope::Envelopes;
use crate::input::Input;
use crate::limits::{MAX_INPUT_BYTES, STEP_BYTES};
use crate::warning::{Warning, WarningCode};
use crate::wrapper::Source;

/// Reads 271 answers from an input of any length, a transaction at a time.
///
/// ```
/// let mut reader = almoner_x12::Reader::new(&b"ST*271*1~BHT*0022*11~HL*1**20*0~SE*4*1~"[..]);
/// while let Some(transaction) = reader.next_transaction()? {
///     assert_eq!(transaction.answers.len(), 1);
/// }
/// assert!(reader.finish().is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    cutter: Cutter<R>,
    envelopes: Envelopes,
    /// Whether a payload is being read.
    is_open: bool,
}

impl<R: io::Read> Reader<R> {
    /// A reader of this input.
    pub fn new(input: R) -> Self {
        Self::with_step(input, STEP_BYTES)
    }

    /// A reader that takes so many bytes of its input at a time. What is read is the same.
    ///
    /// # Panics
    ///
    /// When the step is zero.
    pub fn with_step(input: R, step_bytes: usize) -> Self {
        assert!(step_bytes > 0, "a step has at least one byte");
        Reader {
            cutter: Cutter::new(Source::new(Input::new(input, step_bytes))),
            envelopes: Envelopes::default(),
            is_open: false,
        }
    }

    /// The next transaction, or `None` when there are no more.
    ///
    /// # Errors
    ///
    /// Fails when the input cannot be read.
    pub fn next_transaction(&mut self) -> io::Result<Option<Transaction>> {
        while self.is_open || self.open()? {
            let ended = if let Some(segment) = self.cutter.next()? {
                let ends_interchange = segment.name() == b"IEA";
                let ended = self.envelopes.read(&segment);
                if ends_interchange && self.cutter.skip_text()? {
                    let message = "text after the interchange was passed over";
                    self.envelopes.warnings.add(WarningCode::TextAround, None, message);
                }
                ended
            } else {
                self.is_open = false;
                self.envelopes.end()
            };
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

    fn open(&mut self) -> io::Result<bool> {
        let Some(opening) = self.cutter.open()? else {
            return Ok(false);
        };
        let warnings = &mut self.envelopes.warnings;
        if opening.inferred.is_some() {
            let message = "there is no interchange header; the delimiters were inferred";
            warnings.add(WarningCode::NoEnvelope, None, message);
        }
        if opening.text_before {
            let message = "text before the interchange was passed over";
            warnings.add(WarningCode::TextAround, None, message);
        }
        self.is_open = true;
        Ok(true)
    }

    /// Ends the reading, and tells what was odd about the envelopes.
    ///
    /// # Errors
    ///
    /// Fails only when there was no 271 in the input; [`Unreadable`] says in plain words what there
    /// was instead.
    pub fn finish(mut self) -> Result<Vec<Warning>, Unreadable> {
        if let Some(unreadable) = self.cutter.source.unreadable() {
            return Err(unreadable);
        }
        if self.cutter.source.is_too_long() {
            let message =
                format!("the file is longer than {MAX_INPUT_BYTES} bytes; the rest was left");
            self.envelopes.warnings.add(WarningCode::InputTooLong, None, message);
        }
        self.envelopes.finish()
    }
}

/// Reads a file of 271 answers that is in memory.
///
/// # Errors
///
/// Fails only when there is no 271 in the input; [`Unreadable`] says in plain words what there is
/// instead.
pub fn read(input: &[u8]) -> Result<Interchange, Unreadable> {
    let mut reader = Reader::new(input);
    let mut answers = Vec::new();
    // Memory can always be read.
    while let Ok(Some(mut transaction)) = reader.next_transaction() {
        answers.append(&mut transaction.answers);
    }
    Ok(Interchange { answers, warnings: reader.finish()? })
}
