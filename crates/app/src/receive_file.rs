//! A file while it is handed in: hashed as it comes, in memory while it is small, else on disk.
//!
//! Nobody else can open what is on disk: the file has no name, and is gone with the program.

use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};
use tempfile::SpooledTempFile;

/// The greatest file of payers' answers that is taken.
pub const MAX_FILE_BYTES: usize = 50 * 1024 * 1024;
/// Up to here a file stays in memory.
const MAX_MEMORY_BYTES: usize = 1024 * 1024;
/// How much is read from a reader at a time.
const STEP_BYTES: usize = 64 * 1024;

/// Why a file was not received.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    /// It is larger than so many bytes, which is as much as is taken.
    #[error("the file is larger than {} MB", .0 / (1024 * 1024))]
    TooLarge(usize),
    /// It could not be read, or not be held on disk.
    #[error("the file could not be read to its end; please try again")]
    Unheld(#[from] io::Error),
}

/// A file of which not everything has come.
#[derive(Debug)]
pub struct Receiving {
    content: SpooledTempFile,
    hash: Sha256,
    size_bytes: usize,
    max_bytes: usize,
}

impl Receiving {
    /// Nothing yet, of a file of payers' answers.
    pub fn new() -> Self {
        Self::up_to(MAX_FILE_BYTES)
    }

    /// Nothing yet, of a file of at most so many bytes.
    pub fn up_to(max_bytes: usize) -> Self {
        let content = SpooledTempFile::new(MAX_MEMORY_BYTES);
        Self { content, hash: Sha256::new(), size_bytes: 0, max_bytes }
    }

    /// Adds what came.
    ///
    /// # Errors
    /// It is too large, or there is no room for it on disk.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), NotReceived> {
        self.size_bytes += bytes.len();
        if self.size_bytes > self.max_bytes {
            return Err(NotReceived::TooLarge(self.max_bytes));
        }
        self.hash.update(bytes);
        Ok(self.content.write_all(bytes)?)
    }

    /// Everything has come.
    ///
    /// # Errors
    /// What is on disk cannot be read.
    pub fn end(mut self) -> Result<Received, NotReceived> {
        self.content.seek(SeekFrom::Start(0))?;
        let hash = self.hash.finalize().to_vec();
        Ok(Received { content: self.content, hash, size_bytes: self.size_bytes })
    }
}

impl Default for Receiving {
    fn default() -> Self {
        Self::new()
    }
}

/// A file that was received, to be read from its beginning.
#[derive(Debug)]
pub struct Received {
    content: SpooledTempFile,
    hash: Vec<u8>,
    size_bytes: usize,
}

impl Received {
    /// Receives all that a reader gives.
    ///
    /// # Errors
    /// It is too large, or cannot be read.
    pub fn from_reader(mut from: impl Read) -> Result<Self, NotReceived> {
        let mut receiving = Receiving::new();
        let mut step = vec![0; STEP_BYTES];
        loop {
            match from.read(&mut step) {
                Ok(0) => return receiving.end(),
                Ok(bytes) => receiving.add(step.get(..bytes).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// SHA-256 of the content.
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// How long it is.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Goes back to the beginning.
    pub(crate) fn rewind(&mut self) -> io::Result<()> {
        self.content.seek(SeekFrom::Start(0)).map(drop)
    }
}

impl Read for Received {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.content.read(into)
    }
}

impl Seek for Received {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_files_are_read_again_as_they_came() {
        for size in [0, 1, STEP_BYTES, MAX_MEMORY_BYTES, MAX_MEMORY_BYTES + 1, 3_000_001] {
            let content: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut received = Received::from_reader(&content[..]).unwrap();
            assert_eq!(received.size_bytes(), size);
            assert_eq!(received.hash(), &Sha256::digest(&content)[..]);
            assert_eq!(received.content.is_rolled(), size > MAX_MEMORY_BYTES);
            for _ in 0..2 {
                let mut again = Vec::new();
                received.read_to_end(&mut again).unwrap();
                assert!(again == content, "{size}");
                received.rewind().unwrap();
            }
        }
    }

    #[test]
    fn the_greatest_file_is_taken_and_no_greater() {
        let bytes = |size: usize| io::repeat(b'~').take(size as u64);
        let greatest = Received::from_reader(bytes(MAX_FILE_BYTES)).unwrap();
        assert_eq!(greatest.size_bytes(), MAX_FILE_BYTES);
        let greater = Received::from_reader(bytes(MAX_FILE_BYTES + 1));
        assert!(matches!(greater, Err(NotReceived::TooLarge(MAX_FILE_BYTES))));
    }
}
