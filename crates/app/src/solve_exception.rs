//! Says what was done about something that a person had to look at.

use almoner_domain::text::{self, MAX_NOTE_BYTES};
use almoner_domain::{ExceptionId, Invalid};
use almoner_store::exceptions;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::exception;
use crate::permission::Action;

/// Solves an exception; one that is solved stays as it was solved.
///
/// # Errors
/// No permission, no such exception, or nothing said of what was done.
pub async fn solve_exception(
    app: &App,
    actor: &Actor,
    id: ExceptionId,
    solution: &str,
) -> Result<(), Error> {
    // Who may give money back may say what became of it.
    actor.must(Action::Refund)?;
    let missing = || Invalid::one("solution", "required", "Say what was done about it.");
    let solution = text::paragraph("solution", solution, MAX_NOTE_BYTES)?.ok_or_else(missing)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let raised = exceptions::get(&mut tx, org, id).await?.ok_or(Error::NotFound("exception"))?;
    exception::solve(app, actor, &mut tx, &raised, (&solution, now)).await?;
    tx.commit().await?;
    Ok(())
}
