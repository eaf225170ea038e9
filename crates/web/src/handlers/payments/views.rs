//! Lists of payments that members of the staff keep under a name, and how the list looks to them.

use almoner_app::Error;
use almoner_app::saved_views::{remove_view, save_list_look, save_view, views};
use almoner_domain::list_look::{Column, ListLook};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::list_query;
use crate::failure::{Answer, html, unprocessable};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::payments::views::ViewsPage;
use crate::view::query::PaymentsQuery;

/// Where the kept lists are looked after.
const PAGE: &str = "/payments/views";

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    name: String,
    /// The address of the list.
    list: String,
}

/// The list of the address, to be kept, and those that are kept.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let query = list_query::read(&pairs, staff.actor.date(web.app.now())).query;
    Ok(html(&filled(&web, staff, query).await?))
}

async fn filled(web: &Web, staff: Staff, query: PaymentsQuery) -> Result<ViewsPage, Error> {
    let kept = views(&web.app, &staff.actor).await?;
    Ok(ViewsPage {
        views: kept.into_iter().map(|view| (view.name, view.query)).collect(),
        list: query.href(),
        typed: String::new(),
        key: web.form_key(),
        errors: Errors::default(),
        shell: staff.shell,
    })
}

/// Keeps a list.
pub(crate) async fn save(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let query = list_query::from_href(&sent.list, staff.actor.date(web.app.now()));
    let href = query.href();
    let text = href.split_once('?').map_or("", |parts| parts.1);
    match save_view(&web.app, &staff.actor, &sent.name, text).await {
        Ok(()) => Ok(done(&web, &href, "view_saved")),
        Err(Error::Invalid(faults)) => {
            let mut page = filled(&web, staff, query).await?;
            page.typed = sent.name;
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Forgets a list.
pub(crate) async fn remove(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    remove_view(&web.app, &staff.actor, &sent.name).await?;
    Ok(done(&web, PAGE, "view_removed"))
}

/// Remembers the columns, and goes back to the list.
pub(crate) async fn look(
    State(web): State<Web>,
    staff: Staff,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let of = |wanted: &'static str| {
        pairs.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let columns: Vec<Column> = of("column").filter_map(Column::from_name).collect();
    let look = ListLook::new(&columns, of("compact").next() == Some("1"));
    save_list_look(&web.app, &staff.actor, &look).await?;
    let back = of("back").next().unwrap_or_default();
    let list = list_query::from_href(back, staff.actor.date(web.app.now()));
    Ok(Redirect::to(&list.href()).into_response())
}
