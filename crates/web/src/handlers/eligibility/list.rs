//! The page of checks: the import, the list, its filters and its search.

use almoner_app::import_eligibility::MAX_FILE_BYTES;
use almoner_app::permission::Action;
use almoner_app::read::{self, ChecksView};
use almoner_app::read_inbox::{self, InboxCount};
use almoner_app::{Actor, Error};
use almoner_domain::CheckId;
use almoner_domain::list::Search;
use almoner_store::check_list::{CheckPage, ListedCheck, Payer};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Query;

use super::asked::asked_list;
use super::list_query::{self, Asked};
use crate::failure::{Answer, html};
use crate::handlers::rows::listed_check;
use crate::handlers::turned::Turned;
use crate::session::{Listed, Staff};
use crate::state::Web;
use crate::view::eligibility::CheckRow;
use crate::view::eligibility::list::{EligibilityPage, Inbox, PayerOption};
use crate::view::parts::{Errors, PageSize, Pager};

/// The page; an exact id goes straight to its check, but not while it is being typed.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let asked = list_query::read(&pairs);
    if !headers.contains_key("x-live")
        && let Some(id) = exact_id(&asked)
        && read::listed_checks(&web.app, &staff.actor, &[id]).await?.contains_key(&id)
    {
        return Ok(Redirect::to(&format!("/eligibility/{id}")).into_response());
    }
    let page = filled(&web, staff, asked).await?;
    Ok(Listed::of(&page.rows, |row| row.id).on(html(&page)))
}

/// The check that a search names wholly, as `ELG-012`.
fn exact_id(asked: &Asked) -> Option<CheckId> {
    matches!(asked.request.search, Search::Id(_)).then(|| asked.query.q.parse().ok()).flatten()
}

/// The page with what was wrong with an import.
pub(super) async fn with_errors(
    web: &Web,
    staff: Staff,
    errors: Errors,
) -> Result<EligibilityPage, Error> {
    Ok(EligibilityPage { errors, ..filled(web, staff, list_query::read(&[])).await? })
}

async fn filled(web: &Web, staff: Staff, asked: Asked) -> Result<EligibilityPage, Error> {
    let actor = &staff.actor;
    let view = read::checks(&web.app, actor, &asked.request).await?;
    let ChecksView { page, payers, has_more_payers, inbox, is_first_use } = view;
    let option = |payer: Payer| PayerOption { key: payer.key, name: payer.name };
    let href = |name: &str, value: &str| asked.query.page_href(name, value);
    Ok(EligibilityPage {
        rows: page.rows.iter().map(|listed| listed_row(actor, listed)).collect(),
        pager: pager(&page, &asked, href, asked.query.sizes()),
        payers: payers.into_iter().map(option).collect(),
        has_more_payers,
        inbox: inbox_told(inbox),
        max_file_mb: MAX_FILE_BYTES / (1024 * 1024),
        query: asked.query,
        asked: asked_list(web, actor, None, "questions results").await?,
        key: web.form_key(),
        can_import: actor.may(Action::ImportEligibility),
        is_first_use,
        errors: asked.errors,
        shell: staff.shell,
    })
}

fn inbox_told(count: InboxCount) -> Inbox {
    let InboxCount { checks, files } = count;
    Inbox { checks, files, counted_to: read_inbox::MAX_COUNTED }
}

/// The ways to the other pages of a list of checks; `href` gives the address of one.
pub(super) fn pager(
    page: &CheckPage,
    asked: &Asked,
    href: impl Fn(&str, &str) -> String,
    sizes: Vec<PageSize>,
) -> Pager {
    use almoner_domain::checks::CheckPlace;
    let place = |row: Option<&ListedCheck>| row.map(|row| row.id.to_string());
    let turned = Turned {
        number: asked.number,
        is_last: asked.request.place == CheckPlace::Last,
        per_page: asked.request.per_page,
        shown: page.rows.len(),
        ends: place(page.rows.first()).zip(place(page.rows.last())),
        has_previous: page.has_previous,
        has_next: page.has_next,
        total: page.total,
        is_exact: page.total_is_exact,
    };
    turned.pager(sizes, href)
}

/// A check as lists show it.
pub(super) fn listed_row(actor: &Actor, listed: &ListedCheck) -> CheckRow {
    listed_check(&actor.organization.zone, listed)
}
