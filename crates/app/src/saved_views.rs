//! Lists of payments that members of the staff keep under a name, and how the list looks to them.

use almoner_domain::list_look::ListLook;
use almoner_domain::{Invalid, UserId, text};
use almoner_store::saved_views::{self, SavedView};
use almoner_store::staff;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// The most lists that somebody keeps.
pub const MAX_VIEWS: usize = 20;
/// The longest name of a list, in characters.
pub const MAX_NAME_CHARS: usize = 40;
/// The longest query string that is kept, in bytes.
const MAX_QUERY_BYTES: usize = 2_000;

/// Lists are kept by a member of the staff; nobody else has any.
fn member(actor: &Actor) -> Result<UserId, Error> {
    actor.must(Action::ReadPayments)?;
    actor.user().ok_or(Error::Forbidden(Action::ReadPayments))
}

/// Keeps a list under a name. One that the member has under that name is replaced.
///
/// # Errors
/// No permission, no name or too long a one, too many lists, or the database failed.
pub async fn save_view(app: &App, actor: &Actor, name: &str, query: &str) -> Result<(), Error> {
    let user = member(actor)?;
    let name = text::required_line("name", "a name", name)?;
    if name.chars().count() > MAX_NAME_CHARS {
        let message = format!("Use at most {MAX_NAME_CHARS} letters.");
        return Err(Invalid::one("name", "too_long", message).into());
    }
    if query.len() > MAX_QUERY_BYTES {
        let message = "This list is narrowed by too much to be kept.";
        return Err(Invalid::one("name", "query_too_long", message).into());
    }
    let mut tx = app.db.begin().await?;
    let kept = saved_views::of(&mut tx, actor.org(), user).await?;
    if kept.len() >= MAX_VIEWS && !kept.iter().any(|view| view.name == name) {
        let message = format!("You have {MAX_VIEWS} views. Remove one first.");
        return Err(Invalid::one("name", "too_many", message).into());
    }
    let view = SavedView { name, query: query.to_owned() };
    saved_views::save(&mut tx, actor.org(), user, &view, app.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets a list; one that is gone already is well.
///
/// # Errors
/// No permission, or the database failed.
pub async fn remove_view(app: &App, actor: &Actor, name: &str) -> Result<(), Error> {
    let user = member(actor)?;
    let Some(name) = text::line("name", name)? else {
        return Ok(());
    };
    let mut tx = app.db.begin().await?;
    saved_views::remove(&mut tx, actor.org(), user, &name).await?;
    tx.commit().await?;
    Ok(())
}

/// The lists that the member keeps.
///
/// # Errors
/// No permission, or the database failed.
pub async fn views(app: &App, actor: &Actor) -> Result<Vec<SavedView>, Error> {
    let user = member(actor)?;
    let mut tx = app.db.read().await?;
    Ok(saved_views::of(&mut tx, actor.org(), user).await?)
}

/// Remembers how the member has the payments list shown.
///
/// # Errors
/// No permission, or the database failed.
pub async fn save_list_look(app: &App, actor: &Actor, look: &ListLook) -> Result<(), Error> {
    let user = member(actor)?;
    let mut tx = app.db.begin().await?;
    staff::set_list_look(&mut tx, actor.org(), user, look).await?;
    tx.commit().await?;
    Ok(())
}
