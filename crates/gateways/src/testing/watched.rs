//! A store of documents that counts what goes through it, and fails when it is told to.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::lock;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written, read or removed.
    Away,
    /// What is written is there, but it is never said so.
    SilentAfterWriting,
}

#[derive(Debug, Default)]
struct Counts {
    fault: Mutex<Option<Fault>>,
    parts: Mutex<Vec<usize>>,
    open_parts: AtomicUsize,
    most_open_parts: AtomicUsize,
    aborted: AtomicUsize,
}

/// A store in memory that is watched.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    inner: Arc<InMemory>,
    counts: Arc<Counts>,
}

impl Watched {
    /// Behaves so from now on.
    pub fn fault(&self, fault: Option<Fault>) {
        *lock(&self.counts.fault) = fault;
    }

    /// How long each part was that was written, in order.
    pub fn parts(&self) -> Vec<usize> {
        lock(&self.counts.parts).clone()
    }

    /// How many parts were being written at the same time, at most.
    pub fn most_open_parts(&self) -> usize {
        self.counts.most_open_parts.load(Ordering::SeqCst)
    }

    /// How many uploads were taken back.
    pub fn aborted(&self) -> usize {
        self.counts.aborted.load(Ordering::SeqCst)
    }

    /// Where there is something, in order.
    ///
    /// # Panics
    /// Never: memory can be listed.
    pub async fn places(&self) -> Vec<String> {
        let found = self.inner.list(None).collect::<Vec<_>>().await;
        let place = |found: Result<ObjectMeta>| found.map(|found| found.location.to_string());
        let places: Result<Vec<String>> = found.into_iter().map(place).collect();
        let mut places = places.expect("memory can be listed");
        places.sort();
        places
    }

    /// Puts something else where something is.
    ///
    /// # Panics
    /// Never: memory takes everything.
    pub async fn overwrite(&self, place: &str, content: &[u8]) {
        let payload = PutPayload::from(content.to_vec());
        let place = Path::from(place);
        let put = self.inner.put_opts(&place, payload, PutOptions::default());
        put.await.expect("memory takes everything");
    }

    fn well(&self) -> Result<()> {
        if *lock(&self.counts.fault) == Some(Fault::Away) {
            return Err(Error::Generic { store: "Watched", source: "it is away".into() });
        }
        Ok(())
    }

    async fn written(&self) {
        let fault = *lock(&self.counts.fault);
        if fault == Some(Fault::SilentAfterWriting) {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Watched")
    }
}

/// An upload in parts that is watched.
#[derive(Debug)]
struct WatchedUpload {
    inner: Box<dyn MultipartUpload>,
    store: Watched,
}

#[async_trait]
impl MultipartUpload for WatchedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let length = data.content_length();
        let (counts, put) = (Arc::clone(&self.store.counts), self.inner.put_part(data));
        let well = self.store.well();
        Box::pin(async move {
            lock(&counts.parts).push(length);
            let open = counts.open_parts.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most_open_parts.fetch_max(open, Ordering::SeqCst);
            let done = match well {
                Ok(()) => put.await,
                Err(error) => Err(error),
            };
            counts.open_parts.fetch_sub(1, Ordering::SeqCst);
            done
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let done = self.inner.complete().await;
        self.store.written().await;
        done
    }

    async fn abort(&mut self) -> Result<()> {
        self.store.counts.aborted.fetch_add(1, Ordering::SeqCst);
        self.inner.abort().await
    }
}

#[async_trait]
impl ObjectStore for Watched {
    async fn put_opts(&self, at: &Path, what: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.well()?;
        lock(&self.counts.parts).push(what.content_length());
        let done = self.inner.put_opts(at, what, how).await;
        self.written().await;
        done
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.well()?;
        let inner = self.inner.put_multipart_opts(at, how).await?;
        Ok(Box::new(WatchedUpload { inner, store: self.clone() }))
    }

    async fn get_opts(&self, at: &Path, how: GetOptions) -> Result<GetResult> {
        self.well()?;
        self.inner.get_opts(at, how).await
    }

    fn delete_stream(
        &self,
        places: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.well() {
            Ok(()) => self.inner.delete_stream(places),
            Err(error) => futures_util::stream::once(async { Err(error) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, how).await
    }
}
