//! `almoner demo`

use std::path::{Path, PathBuf};

use almoner_domain::ambient::SystemEntropy;
use almoner_store::Db;
use almoner_store::db::Durability;

use crate::settings::{Settings, link_keys};
use crate::telemetry::Telemetry;
use crate::{Failure, demo};

/// Starts with an invented clinic; a new database is filled first.
#[expect(clippy::print_stdout, reason = "the address is the command's answer")]
pub(crate) async fn run(settings: Settings, telemetry: &Telemetry) -> Result<(), Failure> {
    if let Some(path) = settings.database.strip_prefix("sqlite://") {
        let path = PathBuf::from(path);
        if !path.exists() {
            fill_aside(settings.clone(), path).await?;
        }
    }
    let app = super::open(&settings).await?;
    let organizations = almoner_app::read::organizations(&app).await?;
    if organizations.is_empty() {
        demo::fill(&app).await?;
    } else if organizations.iter().any(|actor| actor.organization.slug != demo::SLUG) {
        let line = "This database holds a real clinic; the demo does not touch it.".to_owned();
        return Err(Failure::Usage(line));
    }
    let (listener, _) = super::serve::listen(&settings).await?;
    println!("Sign in as biller@demo.clinic (or manager@, front@, admin@demo.clinic)");
    println!("with the password {}. The money is invented.", demo::PASSWORD);
    super::serve::serve(app, &settings, (listener, true), telemetry).await
}

/// Fills the file on a thread of its own: with one thread, the tens of thousands of statements
/// are handed to the database and back twice as fast as with several that wake each other.
async fn fill_aside(settings: Settings, path: PathBuf) -> Result<(), Failure> {
    let filling = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::of(&error))?;
        runtime.block_on(fill_file(&settings, &path))
    });
    filling.await.map_err(|error| Failure::of(&error))?
}

/// Fills a file beside the database's, and gives it its name when it is whole: a start that was
/// cut off begins anew.
async fn fill_file(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let draft = path.with_extension("filling");
    for leftover in [draft.clone(), with_suffix(&draft, "-wal"), with_suffix(&draft, "-shm")] {
        if leftover.exists() {
            std::fs::remove_file(leftover).map_err(failed)?;
        }
    }
    let db = Db::open(&format!("sqlite://{}", draft.display()), Durability::Scratch).await?;
    db.migrate().await?;
    // The invented history has no links.
    let keys = link_keys::there(&settings.link_key_file, &SystemEntropy)?;
    let app = super::app(db, settings, keys, settings.files.open(true)?);
    demo::fill(&app).await?;
    app.db.close().await;
    let file = std::fs::File::open(&draft).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&draft, path).map_err(failed)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
