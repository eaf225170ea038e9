//! `almoner org add NAME` and `almoner org list`

use almoner_app::add_organization::add_organization;

use crate::Failure;
use crate::cli::OrgCommand;
use crate::settings::Settings;

/// Adds or lists organizations.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(settings: &Settings, command: OrgCommand) -> Result<(), Failure> {
    let app = super::open(settings).await?;
    match command {
        OrgCommand::Add { name, time_zone } => {
            let organization = add_organization(&app, &name, &time_zone).await?;
            println!("{}", organization.slug);
        }
        OrgCommand::List => {
            for actor in almoner_app::read::organizations(&app).await? {
                println!("{}\t{}", actor.organization.slug, actor.organization.name);
            }
        }
    }
    app.db.close().await;
    Ok(())
}
