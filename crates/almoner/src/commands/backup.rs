//! `almoner backup FILE`

use std::path::Path;

use super::copying::{self, Purpose, Target};
use crate::Failure;
use crate::settings::Settings;

/// Writes the database as it is at this moment into a file.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(settings: &Settings, file: &Path) -> Result<(), Failure> {
    if file.exists() {
        let line = format!("{} is there already; name a file that is not.", file.display());
        return Err(Failure::Failed(line));
    }
    let source = super::open_there(&settings.database).await?;
    let target = Target::NewFile(file.to_owned());
    let content = target.fill(&source, Purpose::Backup, None).await?;
    source.close().await;
    copying::print(&content);
    println!("{} holds all of it.", file.display());
    copying::print_rest(&content);
    Ok(())
}
