//! The commands, one file each.

mod backup;
mod copying;
mod demo;
mod demo_data;
mod eligibility;
mod import;
mod key;
mod migrate;
mod moving;
mod org;
mod report;
mod restore;
mod serve;
mod user;
mod verify;

use std::path::Path;
use std::sync::Arc;

use almoner_app::link_keys::LinkKeys;
use almoner_app::{Actor, App};
use almoner_domain::ambient::{SystemClock, SystemEntropy};
use almoner_gateways::files::Files;
use almoner_store::db::Durability;
use almoner_store::{Db, copy};

use crate::Failure;
use crate::cli::{Cli, Command, OrgCommand};
use crate::settings::{Settings, link_keys};
use crate::telemetry::{self, Telemetry};

/// Does what was asked.
///
/// # Errors
/// Says in one line why it was not done.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    let mut settings = Settings::read(&cli.settings, matches!(cli.command, Command::Demo))?;
    if matches!(
        cli.command,
        Command::Backup { .. }
            | Command::Restore { .. }
            | Command::Move { .. }
            | Command::Org(OrgCommand::Export { .. } | OrgCommand::Import { .. })
    ) {
        // Each reads whole tables, which is slow by its nature.
        settings.watching.log.push_str(",sqlx=error");
    }
    let serves = matches!(cli.command, Command::Demo | Command::Serve);
    let telemetry = telemetry::start(&settings, serves)?;
    let settings = if telemetry.watches() { settings.measured() } else { settings };
    let done = carry_out(cli.command, settings, &telemetry).await;
    telemetry.end().await;
    done
}

async fn carry_out(
    command: Command,
    settings: Settings,
    telemetry: &Telemetry,
) -> Result<(), Failure> {
    match command {
        Command::Demo => demo::run(settings, telemetry).await,
        Command::DemoData(wanted) => demo_data::run(&settings, wanted).await,
        Command::Serve => serve::run(settings, telemetry).await,
        Command::Migrate => migrate::run(&settings).await,
        Command::Org(command) => org::run(&settings, command).await,
        Command::User(command) => user::run(&settings, command).await,
        Command::Key(command) => key::run(&settings, command).await,
        Command::Eligibility(command) => eligibility::run(&settings, command).await,
        Command::Import(command) => import::run(&settings, command).await,
        Command::Verify { anchor, documents, org } => {
            verify::run(&settings, anchor, &documents, org).await
        }
        Command::Backup { file } => backup::run(&settings, &file).await,
        Command::Restore { file, partitions } => restore::run(&settings, &file, partitions).await,
        Command::Move { from, to, partitions } => moving::run(&from, &to, partitions).await,
    }
}

/// Opens the database, makes its folder, and brings it to this version.
async fn open(settings: &Settings) -> Result<App, Failure> {
    let db = open_db(settings).await?;
    let keys = link_keys::kept(&settings.link_key_file, &SystemEntropy)?;
    Ok(app(db, settings, keys, settings.files.open(true)?))
}

/// The same for an organization that comes from elsewhere. Keys that are there before the database
/// has any organization seal the links of another one: what those name would be open here. No keys
/// are made, so that what was cut off can begin again.
async fn open_to_arrive(settings: &Settings) -> Result<App, Failure> {
    let (db, file) = (open_db(settings).await?, &settings.link_key_file);
    if file.exists() && !copy::is_taken(&db).await? {
        return Err(Failure::Failed(format!(
            "{} is there already, and this database has no organization yet: links sealed with \
             these keys could open somebody else's payments here. Name a --link-key-file that is \
             not there yet, and start the server with the same; or delete this one, if no link was \
             ever sent with it.",
            file.display()
        )));
    }
    let keys = link_keys::there(file, &SystemEntropy)?;
    Ok(app(db, settings, keys, settings.files.open(true)?))
}

/// The database, its folder made, at this version.
async fn open_db(settings: &Settings) -> Result<Db, Failure> {
    if let Some(path) = settings.database.strip_prefix("sqlite://")
        && let Some(folder) = Path::new(path).parent()
    {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::Failed(format!("{}: {error}", folder.display())))?;
    }
    let db = Db::open(&settings.database, Durability::Full).await?;
    db.migrate().await?;
    Ok(db)
}

/// Opens a database that must be there and at this version; changes nothing.
async fn open_as_it_is(settings: &Settings) -> Result<App, Failure> {
    let db = open_there(&settings.database).await?;
    let keys = link_keys::there(&settings.link_key_file, &SystemEntropy)?;
    Ok(app(db, settings, keys, settings.files.open(false)?))
}

/// The database at an address, which must be there and at this version.
async fn open_there(address: &str) -> Result<Db, Failure> {
    if let Some(path) = address.strip_prefix("sqlite://")
        && !Path::new(path).exists()
    {
        return Err(Failure::Failed(format!("There is no database at {path}.")));
    }
    let db = Db::open(address, Durability::Full).await?;
    if !db.is_current().await? {
        let line = "The database is not at this version; run `almoner migrate` first.";
        return Err(Failure::Failed(line.to_owned()));
    }
    Ok(db)
}

/// The program around a database, with the real clock and real randomness.
fn app(db: Db, settings: &Settings, link_keys: LinkKeys, files: Files) -> App {
    App {
        db,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        processor: Arc::clone(&settings.processor),
        clearinghouse: Arc::clone(&settings.clearinghouse),
        mailer: Arc::clone(&settings.mailer),
        webhooks: Arc::clone(&settings.webhooks),
        link_keys: Arc::new(link_keys),
        files,
        max_document_bytes: settings.files.max_document_bytes,
    }
}

/// The organization with that slug, or the only one there is.
async fn organization(app: &App, slug: Option<&str>) -> Result<Actor, Failure> {
    let all = almoner_app::read::organizations(app).await?;
    let slugs: Vec<&str> = all.iter().map(|actor| &*actor.organization.slug).collect();
    let names = slugs.join(", ");
    match (slug, &all[..]) {
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Failure::Failed(
            "There is no organization yet; add one with `almoner org add NAME`.".to_owned(),
        )),
        (None, _) => {
            Err(Failure::Usage(format!("There are several organizations; name one: {names}")))
        }
        (Some(slug), _) => {
            let found = all.iter().find(|actor| actor.organization.slug == slug);
            let missing = || Failure::Failed(format!("No organization {slug}; there is: {names}"));
            found.cloned().ok_or_else(missing)
        }
    }
}
