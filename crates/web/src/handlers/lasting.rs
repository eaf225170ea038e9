//! How long a session still lasts, which pages ask for to tell it in time; and the colours that a
//! member wants.

use almoner_app::sign_in;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::page;
use crate::handlers::sign_in::own_path;
use crate::session::{THEME_COOKIE, append_cookie, cookie, token};
use crate::state::Web;
use crate::view::parts::Theme;

/// Tells as JSON how many whole seconds it lasts when it is not used, 0 when it is over.
/// Being asked does not prolong it.
pub(crate) async fn tell(State(web): State<Web>, headers: HeaderMap) -> Response {
    let left = match token(&web.settings, &headers) {
        Some(token) => sign_in::time_left(&web.app, &token).await,
        None => Ok(None),
    };
    match left {
        Ok(left) => {
            let left = left.map_or(0, |left| left.as_secs());
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, format!("{{\"left\":{left}}}")).into_response()
        }
        Err(error) => page(&web, None, &error),
    }
}

/// Uses the session, as opening a page does, and tells how long it lasts then.
pub(crate) async fn stay(State(web): State<Web>, headers: HeaderMap) -> Response {
    if let Some(token) = token(&web.settings, &headers)
        && let Err(error) = sign_in::authenticate(&web.app, &token).await
    {
        return page(&web, None, &error);
    }
    tell(State(web), headers).await
}

/// What the form of the colours sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    theme: String,
    next: String,
}

/// Remembers the colours, and goes back to the page.
pub(crate) async fn colours(State(web): State<Web>, Form(sent): Form<Sent>) -> Response {
    let theme = Theme::from_name(&sent.theme);
    let value = theme.attribute().unwrap_or_default().to_owned();
    let mut cookie = cookie(&web.settings, THEME_COOKIE, value);
    if theme == Theme::System {
        cookie.make_removal();
    } else {
        cookie.make_permanent();
    }
    let mut response = Redirect::to(own_path(&sent.next)).into_response();
    append_cookie(&mut response, &cookie);
    response
}
