//! The page of checks: the list, the inbox, the import.

use almoner_app::permission::Action;
use almoner_app::read;
use almoner_app::{Actor, Error};
use almoner_domain::list::Direction;
use almoner_domain::{CheckId, name};
use almoner_store::eligibility::{self as store, CheckQuery, ListedCheck};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Query;

use super::asked::asked_list;
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::numbered::Numbered;
use crate::handlers::rows::check_row;
use crate::session::Staff;
use crate::state::Web;
use crate::view::eligibility::{CheckRow, EligibilityPage, UnreadFile};
use crate::view::parts::Errors;
use crate::view::query::ListQuery;

/// Waiting checks that the page shows at most.
const MAX_INBOX: i64 = 50;

/// What the page is asked for by its address.
pub(super) fn asked(pairs: &[(String, String)]) -> Numbered {
    Numbered::read(ListQuery::new("/eligibility", "checked", Direction::Descending), pairs)
}

/// The page; an exact id goes straight to its check.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let asked = asked(&pairs);
    if let Ok(id) = asked.query.q.parse::<CheckId>()
        && read::listed_checks(&web.app, &staff.actor, &[id]).await?.contains_key(&id)
    {
        return Ok(Redirect::to(&format!("/eligibility/{id}")).into_response());
    }
    let (rows, total) = found(&web, &staff.actor, &asked).await?;
    if let Some(response) = asked.beyond(total) {
        return Ok(response);
    }
    Ok(html(&filled(&web, staff, asked, (rows, total)).await?))
}

async fn found(
    web: &Web,
    actor: &Actor,
    asked: &Numbered,
) -> Result<(Vec<ListedCheck>, i64), Error> {
    let q = &asked.query.q;
    let query = CheckQuery {
        words: name::search_words(q),
        ascending: asked.query.direction == Direction::Ascending,
        ..CheckQuery::default()
    };
    if !q.is_empty() && (query.words.is_empty() || q.parse::<CheckId>().is_ok()) {
        return Ok((Vec::new(), 0));
    }
    read::checks(&web.app, actor, &query, asked.paging.range()).await
}

/// The page with what was wrong with an import.
pub(super) async fn with_errors(
    web: &Web,
    staff: Staff,
    errors: Errors,
) -> Result<EligibilityPage, Error> {
    let asked = asked(&[]);
    let found = found(web, &staff.actor, &asked).await?;
    Ok(EligibilityPage { errors, ..filled(web, staff, asked, found).await? })
}

async fn filled(
    web: &Web,
    staff: Staff,
    asked: Numbered,
    (rows, total): (Vec<ListedCheck>, i64),
) -> Result<EligibilityPage, Error> {
    let actor = &staff.actor;
    let waiting = CheckQuery { unmatched: true, ..CheckQuery::default() };
    let (inbox, _) = read::checks(&web.app, actor, &waiting, (0, MAX_INBOX)).await?;
    let unread = read::unread_files(&web.app, actor).await?;
    Ok(EligibilityPage {
        rows: rows.iter().map(|listed| listed_row(actor, listed)).collect(),
        pager: asked.pager(total, rows.len()),
        query: asked.query,
        asked: asked_list(web, actor, None, "questions results").await?,
        inbox: inbox.iter().map(|listed| listed_row(actor, listed)).collect(),
        unread: unread.iter().map(|file| unread_file(actor, file)).collect(),
        key: web.form_key(),
        can_import: actor.may(Action::ImportEligibility),
        errors: Errors::default(),
        shell: staff.shell,
    })
}

fn unread_file(actor: &Actor, file: &store::UnreadFile) -> UnreadFile {
    UnreadFile {
        name: file.name.clone(),
        reason: file.failure.clone(),
        imported_at: format::moment(file.imported_at, &actor.organization.zone),
    }
}

/// A check as lists show it.
pub(super) fn listed_row(actor: &Actor, listed: &ListedCheck) -> CheckRow {
    check_row(&actor.organization.zone, &listed.row, listed.patient_name.clone())
}
