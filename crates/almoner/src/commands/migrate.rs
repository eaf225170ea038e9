//! `almoner migrate`

use crate::Failure;
use crate::settings::Settings;

/// Brings the database to this version.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let app = super::open(settings).await?;
    app.db.close().await;
    println!("The database is at this version.");
    Ok(())
}
