//! `almoner verify [--anchor SEAL]`

use almoner_domain::text::unhex;

use crate::Failure;
use crate::settings::Settings;

/// Verifies one organization, or all of them.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(
    settings: &Settings,
    anchor: Option<String>,
    org: Option<String>,
) -> Result<(), Failure> {
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
    }
    app.db.close().await;
    Ok(())
}
