//! `almoner verify [--anchor SEAL] [--documents content|size|none]`

use almoner_app::verify_documents::{Depth, verify_documents};
use almoner_app::{Actor, App};
use almoner_domain::text::unhex;

use crate::Failure;
use crate::settings::Settings;

/// Verifies one organization, or all of them.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(
    settings: &Settings,
    anchor: Option<String>,
    documents: &str,
    org: Option<String>,
) -> Result<(), Failure> {
    let depth = match documents {
        "content" => Depth::Content,
        "size" => Depth::Size,
        "none" => Depth::Skip,
        other => {
            let line = format!("--documents {other}: choose content, size or none");
            return Err(Failure::Usage(line));
        }
    };
    let anchor = match anchor {
        None => None,
        Some(text) => Some(unhex(&text).ok_or_else(|| {
            Failure::Usage("--anchor takes a seal as it was logged: hexadecimal digits".to_owned())
        })?),
    };
    let app = super::open_as_it_is(settings).await?;
    let organizations = match &org {
        None if anchor.is_none() => almoner_app::read::organizations(&app).await?,
        slug => vec![super::organization(&app, slug.as_deref()).await?],
    };
    if organizations.is_empty() {
        return Err(Failure::Failed("There is no organization to verify.".to_owned()));
    }
    for actor in &organizations {
        let findings = almoner_app::read::verify(&app, actor.org(), anchor.as_deref()).await?;
        for finding in findings {
            if let Some(difference) = finding.difference {
                let slug = &actor.organization.slug;
                return Err(Failure::Failed(format!("{slug}: {difference}")));
            }
            println!("{}: {}", actor.organization.slug, finding.proves);
        }
        look_at_documents(&app, actor, depth).await?;
    }
    app.db.close().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
async fn look_at_documents(app: &App, actor: &Actor, depth: Depth) -> Result<(), Failure> {
    let slug = &actor.organization.slug;
    let proves = match depth {
        Depth::Skip => return Ok(()),
        Depth::Size => "are there with their sizes",
        Depth::Content => "are what was added",
    };
    let found = verify_documents(app, actor, depth).await?;
    if let Some(difference) = found.difference {
        return Err(Failure::Failed(format!("{slug}: {difference}")));
    }
    println!("{slug}: {} documents {proves}", found.count);
    Ok(())
}
