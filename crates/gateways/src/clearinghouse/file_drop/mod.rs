//! Questions and answers as files in two folders, which another program exchanges with the
//! clearinghouse, as most do by SFTP.
//!
//! In the folder that the settings name:
//! - `outbox/REFERENCE.270`: a question. It appears whole, by a rename; the carrier takes it away.
//! - `inbox/`: the carrier puts answers here under any name. One is picked up when it has not
//!   changed between two looks that are [`SETTLE_SECONDS`] apart; names that begin with a dot or
//!   end in `.part`, `.filepart` or `.tmp` are still being written.
//! - `done/`: an answer goes here, and keeps its name behind the time, once it is safe with us.
//!
//! A crash loses nothing: a question is in the outbox wholly or not at all, and then is asked
//! again; an answer stays in the inbox until it is taken, and is delivered again after a restart.
//! Folders inside the inbox, links, files that are too large or that may not be read are left as
//! they are, and a log line counts them.

mod inbox;
mod names;
mod outbox;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use almoner_domain::ambient::Clock;

use self::inbox::Inbox;
use super::{Answer, Clearinghouse, ClearinghouseError, Delivery, Partners, Question, Reply};

pub use self::inbox::{MAX_DELIVERY_BYTES, SETTLE_SECONDS};
pub use self::outbox::{MAX_OUTBOX_FILES, MAX_QUESTION_BYTES};

/// The folder with the files, and what was seen in it.
struct Exchange {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    /// Done once what a crash left in the outbox is removed.
    swept: Once,
    /// Held while the inbox is worked in.
    inbox: Mutex<Inbox>,
}

/// A clearinghouse that is two folders.
pub struct FileDrop {
    exchange: Arc<Exchange>,
    partners: Partners,
}

impl FileDrop {
    /// Exchanges files in `folder`, which is made when it is first needed.
    pub fn new(folder: impl Into<PathBuf>, partners: Partners, clock: Arc<dyn Clock>) -> Self {
        let (folder, swept, inbox) = (folder.into(), Once::new(), Mutex::default());
        Self { exchange: Arc::new(Exchange { folder, clock, swept, inbox }), partners }
    }

    /// Works in the folders on a thread that may wait for the disk.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Exchange) -> Result<T, ClearinghouseError> + Send + 'static,
    ) -> Result<T, ClearinghouseError> {
        let exchange = Arc::clone(&self.exchange);
        let working = tokio::task::spawn_blocking(move || work(&exchange));
        let broke = |_| ClearinghouseError::NoAnswer("working with its files failed".to_owned());
        working.await.map_err(broke)?
    }
}

impl std::fmt::Debug for FileDrop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileDrop").field("folder", &self.exchange.folder).finish_non_exhaustive()
    }
}

impl Exchange {
    fn outbox(&self) -> PathBuf {
        self.folder.join("outbox")
    }

    fn inbox(&self) -> PathBuf {
        self.folder.join("inbox")
    }

    fn done(&self) -> PathBuf {
        self.folder.join("done")
    }

    fn seen(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the folders that are not there.
    fn prepare(&self) -> io::Result<()> {
        [self.outbox(), self.inbox(), self.done()].iter().try_for_each(|folder| make(folder))
    }
}

/// Makes a folder that only this program's user can enter. To let a carrier in that runs as
/// another user, make the folders beforehand, with a group of both.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Makes what happened in a folder outlast a power cut.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// The reason alone: an error's text may hold a path, and a path the name of an answer's file.
fn reason(error: &io::Error) -> String {
    error.kind().to_string()
}

impl Clearinghouse for FileDrop {
    fn name(&self) -> &'static str {
        "file-drop"
    }

    /// Without ids no question can be written; answers are picked up all the same.
    fn is_set_up(&self) -> bool {
        !self.partners.sender_id.is_empty() && !self.partners.receiver_id.is_empty()
    }

    fn partners(&self) -> Partners {
        self.partners.clone()
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> Answer<'a, Reply> {
        let (reference, text) = (question.reference.to_owned(), question.text.to_owned());
        Box::pin(self.work(move |exchange| {
            exchange.prepare().map_err(|error| outbox::not_taken(&error))?;
            exchange.swept.call_once(|| outbox::remove_leftovers(&exchange.outbox()));
            outbox::put(&exchange.outbox(), &reference, &text)
        }))
    }

    fn waiting(&self, limit: usize) -> Answer<'_, Vec<Delivery>> {
        Box::pin(self.work(move |exchange| {
            let now = exchange.clock.now();
            let looked = exchange
                .prepare()
                .and_then(|()| exchange.seen().look(&exchange.inbox(), now, limit));
            looked.map_err(|error| {
                let why = reason(&error);
                ClearinghouseError::NoAnswer(format!("the inbox cannot be read: {why}"))
            })
        }))
    }

    fn taken<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        let name = name.to_owned();
        Box::pin(self.work(move |exchange| {
            let (inbox, done) = (exchange.inbox(), exchange.done());
            let now = exchange.clock.now();
            let moved = exchange
                .prepare()
                .and_then(|()| exchange.seen().put_away(&inbox, &done, &name, now));
            moved.map_err(|error| {
                let why = reason(&error);
                let line = format!("an answer cannot be moved from inbox to done: {why}");
                ClearinghouseError::NoAnswer(line)
            })
        }))
    }
}
