//! `almoner restore FILE [--partitions N]`

use std::path::Path;

use almoner_domain::ambient::{Clock as _, SystemClock};
use almoner_store::copy::{self, Progress, Teller};
use almoner_store::db::Age;
use almoner_store::{Db, StoreError};

use super::copying::{self, Purpose, Target};
use super::report::Report;
use crate::Failure;
use crate::settings::Settings;

/// Writes a backup into a database that holds no organization.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(
    settings: &Settings,
    file: &Path,
    partitions: Option<i64>,
) -> Result<(), Failure> {
    if !file.is_file() {
        return Err(Failure::Failed(format!("There is no file {}.", file.display())));
    }
    let target = Target::at(&settings.database).await?;
    let backup = Db::open_file(file).await?;
    let (made_at, age) = believe(&backup, file).await?;
    let content = match age {
        Age::Earlier => restore_earlier(&backup, file, (target, partitions)).await?,
        Age::Current | Age::Later => target.fill(&backup, Purpose::Restore, partitions).await?,
    };
    copying::print(&content);
    println!("The database is as it was at {made_at}.");
    copying::print_rest(&content);
    Ok(())
}

/// When a backup was made, once it holds what it recorded then, and by which version.
async fn believe(backup: &Db, file: &Path) -> Result<(jiff::Timestamp, Age), Failure> {
    let told = |line: String| Failure::Failed(format!("{}: {line}", file.display()));
    let unreadable = |error: StoreError| match Failure::of(&error) {
        Failure::Failed(line) | Failure::Usage(line) => told(line),
    };
    let mut tx = backup.snapshot().await.map_err(unreadable)?;
    let recorded = copy::recorded(&mut tx).await.map_err(unreadable)?;
    let Some((made_at, recorded)) = recorded else {
        return Err(told("this is no file that `almoner backup` wrote".to_owned()));
    };
    let age = backup.age().await.map_err(unreadable)?;
    if age == Age::Later {
        return Err(told("a later version of almoner wrote it; restore it with that".to_owned()));
    }
    let mut report = Report::new(SystemClock.now());
    let mut tell = |Progress { what, done, all, rows }| report.tell(what, (done, all), rows);
    let found = copy::read_content(&mut tx, &mut Teller::new(&mut tell)).await?;
    match recorded.difference(&found) {
        None => Ok((made_at, age)),
        Some(difference) => Err(told(format!("it is not what was backed up: {difference}"))),
    }
}

/// Restores a backup that an earlier version wrote, by way of a copy that is brought to this one.
async fn restore_earlier(
    backup: &Db,
    file: &Path,
    (target, partitions): (Target, Option<i64>),
) -> Result<copy::content::Content, Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", file.display()));
    backup.close().await;
    let draft = copying::begin_draft(file).map_err(failed)?;
    // Without its rights: a backup may be one that nobody may write to.
    let copied = std::fs::File::open(file)
        .and_then(|mut file| std::io::copy(&mut file, &mut draft.as_file()));
    copied.map_err(failed)?;
    // The copy of the file is believed no sooner than the file was.
    let copied = Db::open_file(draft.path()).await?;
    believe(&copied, file).await?;
    copied.close().await;
    let earlier = copying::open_draft(&draft).await?;
    let content = target.fill(&earlier, Purpose::Restore, partitions).await?;
    earlier.close().await;
    Ok(content)
}
