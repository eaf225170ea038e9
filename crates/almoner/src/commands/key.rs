//! `almoner key create --name N --scopes S,S…`, `list`, `revoke KEY-001`

use almoner_app::api_keys::{NewKey, create_key, list_keys, revoke_key};
use almoner_app::{Actor, App};
use almoner_domain::Invalid;
use almoner_domain::scope::Scopes;
use almoner_store::api_keys::ApiKey;
use jiff::Timestamp;

use crate::Failure;
use crate::cli::KeyCommand;
use crate::settings::Settings;

/// Makes, lists or revokes keys of other programs.
pub(crate) async fn run(settings: &Settings, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create { name, scopes, expires, org } => {
            let scopes = Scopes::parse(&scopes.join(",")).map_err(wrong_scopes)?;
            let (app, actor) = enter(settings, org).await?;
            create(&app, &actor, NewKey { name, scopes, life_days: expires }).await?;
            app.db.close().await;
        }
        KeyCommand::List { org } => {
            let (app, actor) = enter(settings, org).await?;
            list(&list_keys(&app, &actor).await?, app.now());
            app.db.close().await;
        }
        KeyCommand::Revoke { id, org } => {
            let id = id.parse().map_err(|error| Failure::Usage(format!("{id}: {error}")))?;
            let (app, actor) = enter(settings, org).await?;
            revoke_key(&app, &actor, id).await?;
            app.db.close().await;
        }
    }
    Ok(())
}

async fn enter(settings: &Settings, org: Option<String>) -> Result<(App, Actor), Failure> {
    let app = super::open(settings).await?;
    let actor = super::organization(&app, org.as_deref()).await?;
    Ok((app, actor))
}

fn wrong_scopes(faults: Invalid) -> Failure {
    let messages: Vec<String> = faults.0.into_iter().map(|fault| fault.message).collect();
    Failure::Usage(format!("--scopes: {}", messages.join(" ")))
}

/// The key alone goes to stdout, so that a script can take it from there.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's answer")]
async fn create(app: &App, actor: &Actor, key: NewKey) -> Result<(), Failure> {
    let token = create_key(app, actor, key).await?;
    println!("{}", token.reveal());
    eprintln!("{} was made. The key is shown this once and cannot be read again.", token.id());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
fn list(keys: &[ApiKey], now: Timestamp) {
    for key in keys {
        let (id, name, scopes) = (key.id, &key.name, &key.scopes);
        let used = key.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
        println!("{id}\t{name}\t{scopes}\t{}\t{used}", state(key, now));
    }
}

fn state(key: &ApiKey, now: Timestamp) -> String {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("ended {at}"),
        (None, Some(at)) => format!("ends {at}"),
        (None, None) => "does not end".to_owned(),
    }
}
