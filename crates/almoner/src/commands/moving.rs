//! `almoner move --from URL --to URL [--partitions N]`

use almoner_store::copy;

use super::copying::{self, Purpose, Target};
use crate::Failure;

/// Copies a database into another one, and leaves the first as it is.
#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
pub(crate) async fn run(from: &str, to: &str, partitions: Option<i64>) -> Result<(), Failure> {
    if from == to {
        let line = "--from and --to are the same database.";
        return Err(Failure::Usage(line.to_owned()));
    }
    let source = super::open_there(from).await?;
    if !copy::is_taken(&source).await? {
        let line = "There is nothing to move: --from holds no organization.";
        return Err(Failure::Failed(line.to_owned()));
    }
    let content = Target::at(to).await?.fill(&source, Purpose::Move, partitions).await?;
    source.close().await;
    copying::print(&content);
    println!("Both databases hold the same. Use the new one from now on: what is written to the");
    println!("old one does not come along any more.");
    copying::print_rest(&content);
    Ok(())
}
