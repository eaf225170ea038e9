//! `almoner demo-data --payments N --patients N`

use std::path::{Path, PathBuf};

use almoner_domain::ambient::{Clock as _, SystemClock, SystemEntropy};
use almoner_store::Db;
use almoner_store::db::Durability;

use super::report::{Report, per_second, seconds_since};
use crate::cli::DemoDataArgs;
use crate::demo_data::{Wanted, load};
use crate::settings::{Settings, link_keys};
use crate::{Failure, demo};

/// Fills a database with very many invented payments.
#[expect(clippy::print_stdout, reason = "what was done is the command's answer")]
pub(crate) async fn run(settings: &Settings, wanted: DemoDataArgs) -> Result<(), Failure> {
    let path = settings.database.strip_prefix("sqlite://").map(PathBuf::from);
    if let Some(path) = path.as_ref().filter(|path| path.exists()) {
        let line = format!("{} is there already; name a file that is not.", path.display());
        return Err(Failure::Usage(line));
    }
    let DemoDataArgs { payments, patients, seed, locations } = wanted;
    let wanted = Wanted { payments, patients, locations, seed };
    let begun = SystemClock.now();
    let (rows, bytes) = match path {
        Some(path) => fill_file(settings, &path, wanted).await?,
        None => fill(settings, &settings.database, Durability::Full, wanted).await?,
    };
    let seconds = seconds_since(begun).max(1);
    println!("{rows} rows in {seconds} s: {} rows/s.", per_second(count(rows), seconds));
    println!("The database takes {} MB on disk.", bytes / 1_000_000);
    println!("Start `almoner demo --database …` and sign in as biller@demo.clinic (or manager@,");
    println!("front@, admin@demo.clinic) with the password {}. All is invented.", demo::PASSWORD);
    Ok(())
}

/// Fills a file beside the database's, and gives it its name when it is whole: one that was broken
/// off is never taken for a database.
async fn fill_file(
    settings: &Settings,
    path: &Path,
    wanted: Wanted,
) -> Result<(usize, i64), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let draft = path.with_extension("filling");
    if draft.exists() {
        std::fs::remove_file(&draft).map_err(failed)?;
    }
    let url = format!("sqlite://{}", draft.display());
    let filled = fill(settings, &url, Durability::Draft, wanted).await?;
    let file = std::fs::File::open(&draft).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&draft, path).map_err(failed)?;
    Ok(filled)
}

/// Fills the database at an address; tells how many rows were written and how much room it takes.
async fn fill(
    settings: &Settings,
    url: &str,
    durability: Durability,
    wanted: Wanted,
) -> Result<(usize, i64), Failure> {
    let db = Db::open(url, durability).await?;
    db.migrate().await?;
    // The invented history has no links.
    let keys = link_keys::there(&settings.link_key_file, &SystemEntropy)?;
    let app = super::app(db, settings, keys, settings.files.open(false)?);
    let mut rows = 0;
    let mut report = Report::new(app.now());
    load(&app, wanted, |progress| {
        rows = progress.rows;
        report.tell(progress.what, (progress.done, progress.all), count(rows));
    })
    .await?;
    let bytes = app.db.size_bytes().await?;
    app.db.close().await;
    Ok((rows, bytes))
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
