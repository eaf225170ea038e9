//! What `move`, `backup` and `restore` have in common: a whole database goes into an empty one.
//!
//! A file is written beside its place, under another name, and gets its name when all of it is
//! proved and on the disk. On a server all is one transaction. Whatever is cut off is therefore
//! never taken for a database.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use almoner_domain::ambient::{Clock as _, SystemClock};
use almoner_domain::text::hex;
use almoner_store::Db;
use almoner_store::copy::content::Content;
use almoner_store::copy::{self, CopyError, Progress, Teller};
use almoner_store::db::Durability;
use tempfile::NamedTempFile;

use super::report::Report;
use crate::Failure;

/// What is being written ends so.
const DRAFT: &str = ".copying";

/// What a copy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is used instead of the other, which must not change meanwhile.
    Move,
    /// It is kept, with a record of what it holds.
    Backup,
    /// It is used instead of what was lost.
    Restore,
}

/// Where a copy goes.
pub(super) enum Target {
    /// A file that is not there yet.
    NewFile(PathBuf),
    /// A database that is there and holds no organization.
    There(Db),
}

impl Target {
    /// What an address stands for.
    ///
    /// # Errors
    /// The database there holds an organization, or cannot be reached.
    pub(super) async fn at(address: &str) -> Result<Self, Failure> {
        if let Some(path) = address.strip_prefix("sqlite://").map(Path::new)
            && !path.exists()
        {
            return Ok(Self::NewFile(path.to_owned()));
        }
        let db = Db::open(address, Durability::Full).await?;
        // An older one must not even be brought to this version.
        if copy::is_taken(&db).await? {
            return Err(CopyError::Occupied { table: "organization" }.into());
        }
        Ok(Self::There(db))
    }

    /// Writes all of `from` there, the large tables into so many partitions if any; tells what that
    /// is.
    pub(super) async fn fill(
        self,
        from: &Db,
        purpose: Purpose,
        partitions: Option<i64>,
    ) -> Result<Content, Failure> {
        match self {
            Self::NewFile(path) => fill_file(from, &path, purpose, partitions).await,
            Self::There(db) => {
                db.migrate().await?;
                let content = fill(from, &db, purpose, partitions).await?;
                db.settle().await?;
                db.close().await;
                Ok(content)
            }
        }
    }
}

async fn fill(
    from: &Db,
    to: &Db,
    purpose: Purpose,
    partitions: Option<i64>,
) -> Result<Content, Failure> {
    let begun = SystemClock.now();
    let mut report = Report::new(begun);
    let mut tell = |Progress { what, done, all, rows }| report.tell(what, (done, all), rows);
    let mut reading = from.snapshot().await?;
    let mut writing = to.begin().await?;
    let mut teller = Teller::new(&mut tell);
    let content = copy::copy(&mut reading, &mut writing, partitions, &mut teller).await?;
    drop(reading);
    match purpose {
        Purpose::Move => copy::must_be_still(from, &content).await?,
        Purpose::Backup => copy::record(&mut writing, &content, begun).await?,
        Purpose::Restore => {}
    }
    writing.commit().await?;
    Ok(content)
}

async fn fill_file(
    from: &Db,
    path: &Path,
    purpose: Purpose,
    partitions: Option<i64>,
) -> Result<Content, Failure> {
    let failed = |error: Error| Failure::Failed(format!("{}: {error}", path.display()));
    let draft = begin_draft(path).map_err(failed)?;
    let db = open_draft(&draft).await?;
    let content = fill(from, &db, purpose, partitions).await?;
    db.close().await;
    keep_draft(draft, path)?;
    Ok(content)
}

/// Gives a draft its name once it is on the disk; whoever has that name already keeps it.
pub(super) fn keep_draft(draft: NamedTempFile, path: &Path) -> Result<(), Failure> {
    let failed = |error: Error| Failure::Failed(format!("{}: {error}", path.display()));
    draft.as_file().sync_all().map_err(failed)?;
    draft.persist_noclobber(path).map_err(|refused| failed(refused.error))?;
    // The name is to outlast a power cut as well.
    #[cfg(unix)]
    fs::File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(())
}

/// A file beside that path, in place of those that were left when others were cut off.
pub(super) fn begin_draft(path: &Path) -> Result<NamedTempFile, Error> {
    let folder = folder_of(path);
    let name = path.file_name().ok_or_else(|| Error::from(ErrorKind::IsADirectory))?;
    let prefix = format!("{}.", name.to_string_lossy());
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        if rest.and_then(|rest| rest.strip_suffix(DRAFT)).is_some_and(|rest| !rest.contains('.')) {
            fs::remove_file(entry.path())?;
        }
    }
    tempfile::Builder::new().prefix(&prefix).suffix(DRAFT).tempfile_in(folder)
}

/// Opens a draft as a database of this version.
pub(super) async fn open_draft(draft: &NamedTempFile) -> Result<Db, Failure> {
    let address = format!("sqlite://{}", draft.path().display());
    let db = Db::open(&address, Durability::Draft).await?;
    db.migrate().await?;
    Ok(db)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

/// Prints what every table holds, and one checksum over all of them.
#[expect(clippy::print_stdout, reason = "what was proved is the command's answer")]
pub(super) fn print(content: &Content) {
    println!("{:<22} {:>12} {:>16}  SHA-256", "table", "rows", "cents");
    for table in content.tables() {
        let cents = table.cents.map_or_else(|| "-".to_owned(), |cents| cents.to_string());
        let (name, rows) = (&table.table, table.rows);
        println!("{name:<22} {rows:>12} {cents:>16}  {}", hex(&table.checksum));
    }
    println!("content: {} rows, SHA-256 {}", content.rows(), hex(&content.checksum()));
}

/// Says what is not in a database, as far as there is such.
#[expect(clippy::print_stdout, reason = "what else is to be done belongs to the answer")]
pub(super) fn print_rest(content: &Content) {
    let rows = |name: &str| {
        let table = content.tables().iter().find(|table| table.table == name);
        table.map_or(0, |table| table.rows)
    };
    if rows("document") > 0 {
        println!("Not in the database: documents; keep or copy what --files names.");
    }
    if rows("payment_link") > 0 {
        println!("Not in the database: the keys of payment links; keep the --link-key-file.");
    }
}
