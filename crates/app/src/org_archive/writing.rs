//! The files of an archive while it is written, one after the other, each hashed as it goes.

use std::io::{self, Seek, Write};

use almoner_domain::text::hex;
use sha2::{Digest as _, Sha256};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, result::ZipResult};

use super::{ArchiveError, Entry};

/// Whoever unpacks it is the only one to read its files.
const MODE: u32 = 0o600;

/// An archive that is being written.
pub(crate) struct Writing<W: Write + Seek> {
    zip: ZipWriter<W>,
    file: String,
    bytes: u64,
    hash: Sha256,
}

fn unwritten(error: impl Into<io::Error>) -> ArchiveError {
    ArchiveError::Unwritten(error.into())
}

impl<W: Write + Seek> Writing<W> {
    /// Nothing yet.
    pub(crate) fn new(to: W) -> Self {
        Self { zip: ZipWriter::new(to), file: String::new(), bytes: 0, hash: Sha256::new() }
    }

    /// Begins a file that becomes smaller.
    pub(crate) fn begin(&mut self, file: &str) -> Result<(), ArchiveError> {
        self.begin_by(file, CompressionMethod::Deflated)
    }

    /// Begins a file that is small already, as documents are.
    pub(crate) fn begin_as_it_is(&mut self, file: &str) -> Result<(), ArchiveError> {
        self.begin_by(file, CompressionMethod::Stored)
    }

    fn begin_by(&mut self, file: &str, method: CompressionMethod) -> Result<(), ArchiveError> {
        // How long it will be is not known, so that each may be longer than 4 GB.
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .large_file(true)
            .unix_permissions(MODE);
        let begun: ZipResult<()> = self.zip.start_file(file, options);
        (self.file, self.bytes, self.hash) = (file.to_owned(), 0, Sha256::new());
        begun.map_err(unwritten)
    }

    /// Adds to the file.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.zip.write_all(bytes).map_err(unwritten)
    }

    /// What the file has become.
    pub(crate) fn end(&mut self) -> Entry {
        let (file, hash) = (std::mem::take(&mut self.file), self.hash.finalize_reset());
        Entry { file, bytes: self.bytes, sha256: hex(&hash) }
    }

    /// Writes a short file.
    pub(crate) fn whole(&mut self, file: &str, content: &[u8]) -> Result<Entry, ArchiveError> {
        self.begin(file)?;
        self.add(content)?;
        Ok(self.end())
    }

    /// Ends the archive.
    pub(crate) fn finish(self) -> Result<W, ArchiveError> {
        let mut written = self.zip.finish().map_err(unwritten)?;
        written.flush().map_err(unwritten)?;
        Ok(written)
    }
}
