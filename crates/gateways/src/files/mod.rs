//! Where the bytes of documents are kept: a folder, or a bucket of a store that speaks S3.
//!
//! A file is written once, under a number made by chance, and never changed; the name that people
//! gave it never comes here. Whatever its size, one part of it at most is in memory on the way in,
//! and one piece on the way out.

mod s3;

use std::io::Read;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use almoner_domain::{OrganizationId, text};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};

pub use s3::S3Access;

/// How long every part but the last is: the least that S3 takes.
pub const PART_BYTES: usize = 5 * 1024 * 1024;
/// Where a folder's address begins.
const FOLDER: &str = "file://";
/// Where a bucket's address begins.
const BUCKET: &str = "s3://";

/// Why a file could not be written, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It is not there.
    #[error("the file is not there")]
    Missing,
    /// It is there, and is not what was written.
    #[error("the file is not what was written")]
    Changed,
    /// What was to be written could not be read.
    #[error("what was to be kept could not be read")]
    Unread(#[from] std::io::Error),
    /// The store gave no answer, or refused.
    #[error("the store of documents cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Unreachable(Box::new(other)),
        }
    }
}

/// Why no store can be made of an address.
#[derive(Debug, thiserror::Error)]
pub enum FilesAddress {
    /// It is of no kind that is known.
    #[error("choose file://FOLDER or s3://BUCKET/PREFIX")]
    Unknown,
    /// The folder cannot be used.
    #[error("the folder {0} cannot be used: {1}")]
    Folder(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// The bucket cannot be used as it is set up.
    #[error("{0}")]
    Bucket(String),
}

/// A file's bytes, piece by piece.
pub type Pieces = BoxStream<'static, Result<Bytes, FilesError>>;

/// The store of documents.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where it is, when it is a folder.
    folder: Option<PathBuf>,
}

impl Files {
    /// The store at `file://FOLDER` or `s3://BUCKET/PREFIX`. A folder that is not there is made,
    /// for nobody but us, when `make` says so; else it is one that holds nothing.
    ///
    /// # Errors
    /// The address is of no known kind, or nothing can be kept there.
    pub fn open(address: &str, access: &S3Access, make: bool) -> Result<Self, FilesAddress> {
        if let Some(folder) = address.strip_prefix(FOLDER).filter(|folder| !folder.is_empty()) {
            return Self::folder(FilePath::new(folder), make);
        }
        let place = address.strip_prefix(BUCKET).ok_or(FilesAddress::Unknown)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(FilesAddress::Unknown);
        }
        let store = s3::bucket(bucket, access)?;
        let prefix = Path::parse(prefix.trim_matches('/'));
        let prefix = prefix.map_err(|_| FilesAddress::Unknown)?;
        Ok(Self::of(Arc::new(PrefixStore::new(store, prefix))))
    }

    /// A store that somebody else made.
    pub fn of(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None }
    }

    /// A store in memory, which ends with the program.
    pub fn in_memory() -> Self {
        Self::of(Arc::new(InMemory::new()))
    }

    fn folder(folder: &FilePath, make: bool) -> Result<Self, FilesAddress> {
        let shown = || folder.display().to_string();
        if !folder.exists() {
            if !make {
                return Ok(Self::in_memory());
            }
            make_folder(folder).map_err(|e| FilesAddress::Folder(shown(), Box::new(e)))?;
        }
        let store = LocalFileSystem::new_with_prefix(folder);
        let store = store.map_err(|e| FilesAddress::Folder(shown(), Box::new(e)))?;
        // What is acknowledged survives a power cut.
        Ok(Self { folder: Some(folder.to_owned()), ..Self::of(Arc::new(store.with_fsync(true))) })
    }

    /// Writes a file. When this fails, nothing is there under that number; when the program ends
    /// before it returns, there may be.
    ///
    /// # Errors
    /// The content could not be read, or the store could not be reached.
    pub async fn put(
        &self,
        org: OrganizationId,
        id: &[u8],
        content: impl Read + Send + 'static,
    ) -> Result<(), FilesError> {
        let at = place(org, id);
        let (content, first) = next_part(content).await?;
        if first.len() < PART_BYTES {
            self.store.put(&at, PutPayload::from(first)).await?;
            return Ok(());
        }
        self.put_in_parts(&at, content, first).await
    }

    /// Writes a file where none is; `false`, and nothing is changed, where one is. Of several who
    /// write to one place at once one does. When this fails, nothing is there but what somebody
    /// else wrote; where the store's answer is lost, there may be a short file of ours.
    ///
    /// # Errors
    /// The content could not be read, or the store could not be reached.
    pub async fn create(
        &self,
        org: OrganizationId,
        id: &[u8],
        content: impl Read + Send + 'static,
    ) -> Result<bool, FilesError> {
        let at = place(org, id);
        // Not every store that speaks S3 heeds a condition of what is written.
        match self.size(org, id).await {
            Ok(_) => return Ok(false),
            Err(FilesError::Missing) => {}
            Err(other) => return Err(other),
        }
        let (content, first) = next_part(content).await?;
        if first.len() < PART_BYTES {
            return self.claim(&at, first).await;
        }
        // Parts have no condition: an empty file holds the place until they are there.
        if !self.claim(&at, Vec::new()).await? {
            return Ok(false);
        }
        let written = self.put_in_parts(&at, content, first).await;
        if written.is_err() {
            // What came before is told; an empty file that nothing refers to tells nothing more.
            let _ = self.remove(org, id).await;
        }
        written.map(|()| true)
    }

    /// Writes a short file where none is.
    async fn claim(&self, at: &Path, content: Vec<u8>) -> Result<bool, FilesError> {
        let (payload, only) = (PutPayload::from(content), PutMode::Create.into());
        match self.store.put_opts(at, payload, only).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    async fn put_in_parts(
        &self,
        at: &Path,
        content: impl Read + Send + 'static,
        first: Vec<u8>,
    ) -> Result<(), FilesError> {
        let mut upload = self.store.put_multipart(at).await?;
        let written = in_parts(&mut upload, content, first).await;
        if written.is_err() {
            // What came before is told; that it could not be taken back tells nothing more.
            let _ = upload.abort().await;
        }
        written
    }

    /// Reads a file piece by piece.
    ///
    /// # Errors
    /// It is not there, is of another size, or the store cannot be reached.
    pub async fn get(
        &self,
        org: OrganizationId,
        id: &[u8],
        size_bytes: u64,
    ) -> Result<Pieces, FilesError> {
        let found = self.store.get(&place(org, id)).await?;
        if found.meta.size != size_bytes {
            return Err(FilesError::Changed);
        }
        Ok(found.into_stream().map(|piece| piece.map_err(FilesError::from)).boxed())
    }

    /// How long a file is.
    ///
    /// # Errors
    /// It is not there, or the store cannot be reached.
    pub async fn size(&self, org: OrganizationId, id: &[u8]) -> Result<u64, FilesError> {
        Ok(self.store.head(&place(org, id)).await?.size)
    }

    /// Removes a file, and what a program that ended while it wrote left of it; one that is not
    /// there is removed already.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn remove(&self, org: OrganizationId, id: &[u8]) -> Result<(), FilesError> {
        let at = place(org, id);
        match self.store.delete(&at).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        match &self.folder {
            Some(folder) => remove_draft(folder, &at).await,
            None => Ok(()),
        }
    }
}

/// Where a file is: what belongs to one organization is together.
fn place(org: OrganizationId, id: &[u8]) -> Path {
    Path::from(format!("{}/{}", org.0, text::hex(id)))
}

/// Removes the draft of a file. In a folder, a file has its name only when it is whole; until then
/// it lies beside it as `NAME#1`, which the store never shows.
async fn remove_draft(folder: &FilePath, at: &Path) -> Result<(), FilesError> {
    match tokio::fs::remove_file(folder.join(format!("{at}#1"))).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FilesError::Unreachable(Box::new(error)))
        }
        _ => Ok(()),
    }
}

/// The next part of a content, shorter than the others only at its end. It is read apart from the
/// threads that answer requests.
async fn next_part<R: Read + Send + 'static>(
    mut content: R,
) -> Result<(R, Vec<u8>), std::io::Error> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut part = Vec::new();
        let limit = u64::try_from(PART_BYTES).unwrap_or(u64::MAX);
        content.by_ref().take(limit).read_to_end(&mut part).map(|_| (content, part))
    });
    reading.await.map_err(std::io::Error::other)?
}

/// Writes part after part; the next is read when the one before it is written.
async fn in_parts<R: Read + Send + 'static>(
    upload: &mut Box<dyn MultipartUpload>,
    mut content: R,
    mut part: Vec<u8>,
) -> Result<(), FilesError> {
    while !part.is_empty() {
        upload.put_part(PutPayload::from(part)).await?;
        (content, part) = next_part(content).await?;
    }
    upload.complete().await?;
    Ok(())
}

/// Makes a folder that nobody else on the machine may look into.
fn make_folder(folder: &FilePath) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
