//! `almoner org add NAME`, `list`, `export FILE` and `import FILE`

use std::fs::File;
use std::path::Path;

use almoner_app::add_organization::add_organization;
use almoner_app::export_organization::export_organization;
use almoner_app::import_organization::{import_organization, open_archive};
use almoner_app::org_archive::{ArchiveError, Manifest};
use almoner_domain::ambient::{Clock as _, SystemClock};
use almoner_store::copy::{Progress, Teller};

use super::copying;
use super::report::Report;
use crate::Failure;
use crate::cli::OrgCommand;
use crate::settings::Settings;

/// Adds or lists organizations, takes one away as an archive, or brings one in.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(settings: &Settings, command: OrgCommand) -> Result<(), Failure> {
    match command {
        OrgCommand::Add { name, time_zone } => {
            let app = super::open(settings).await?;
            let organization = add_organization(&app, &name, &time_zone).await?;
            println!("{}", organization.slug);
            app.db.close().await;
        }
        OrgCommand::List => {
            let app = super::open(settings).await?;
            for actor in almoner_app::read::organizations(&app).await? {
                println!("{}\t{}", actor.organization.slug, actor.organization.name);
            }
            app.db.close().await;
        }
        OrgCommand::Export { file, org } => export(settings, &file, org.as_deref()).await?,
        OrgCommand::Import { file } => import(settings, &file).await?,
    }
    Ok(())
}

/// What went wrong with an archive, with its name.
fn told(file: &Path, error: ArchiveError) -> Failure {
    let file = file.display();
    match error {
        ArchiveError::App(error) => error.into(),
        ArchiveError::Store(error) => error.into(),
        error => match Failure::of(&error) {
            Failure::Failed(line) | Failure::Usage(line) => {
                Failure::Failed(format!("{file}: {line}"))
            }
        },
    }
}

#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
async fn export(settings: &Settings, file: &Path, org: Option<&str>) -> Result<(), Failure> {
    if file.exists() {
        let line = format!("{} is there already; name a file that is not.", file.display());
        return Err(Failure::Failed(line));
    }
    let app = super::open_as_it_is(settings).await?;
    let actor = super::organization(&app, org).await?;
    let failed = |error| Failure::Failed(format!("{}: {error}", file.display()));
    let draft = copying::begin_draft(file).map_err(failed)?;
    let mut report = Report::new(SystemClock.now());
    let mut tell = |Progress { what, done, all, rows }| report.tell(what, (done, all), rows);
    let written = draft.as_file().try_clone().map_err(failed)?;
    let exported = export_organization(&app, &actor, written, &mut Teller::new(&mut tell)).await;
    let manifest = exported.map_err(|error| told(file, error))?;
    app.db.close().await;
    copying::keep_draft(draft, file)?;
    print(&manifest);
    println!("{} holds all of {}.", file.display(), manifest.organization.slug);
    println!("It holds patients' data and hashes of passwords: keep it as secret as the database.");
    println!("Not in it: keys of other programs, webhooks, and the keys of payment links.");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
async fn import(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::Failed(format!("{}: {error}", file.display()));
    let opened = File::open(file).map_err(failed)?;
    // What is no archive is told before a database is made for it.
    let archive = open_archive(opened).map_err(|error| told(file, error))?;
    let app = super::open_to_arrive(settings).await?;
    let mut report = Report::new(SystemClock.now());
    let mut tell = |Progress { what, done, all, rows }| report.tell(what, (done, all), rows);
    let imported = import_organization(&app, archive, &mut Teller::new(&mut tell)).await;
    let imported = imported.map_err(|error| told(file, error))?;
    app.db.settle().await?;
    app.db.close().await;
    print(&imported.manifest);
    let (slug, made_at) = (&imported.organization.slug, imported.manifest.made_at);
    println!("{slug} is here as it was at {made_at}, and its books are right.");
    println!("To be made again: keys of other programs, webhooks, and links that were sent.");
    println!("Start the server with the same --database, --files and --link-key-file.");
    Ok(())
}

/// Prints what every table holds.
#[expect(clippy::print_stdout, reason = "what was proved is the command's answer")]
fn print(manifest: &Manifest) {
    println!("{:<22} {:>12} {:>16}  SHA-256", "table", "rows", "cents");
    for table in &manifest.tables {
        let cents = table.cents.map_or_else(|| "-".to_owned(), |cents| cents.to_string());
        let (name, rows, hash) = (&table.name, table.rows, &table.content.sha256);
        println!("{name:<22} {rows:>12} {cents:>16}  {hash}");
    }
    let (count, bytes) = (manifest.documents.count, manifest.documents.bytes);
    println!("content: {} rows, {count} documents of {bytes} bytes", manifest.rows());
}
