//! Signing in and out.

use almoner_app::{Error, sign_in as app};
use axum::extract::{Query, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{html, html_with, page};
use crate::security::{self, Connection};
use crate::session::{append_cookie, cookie, cookie_name, theme, token};
use crate::state::Web;
use crate::view::sign_in::SignInPage;

/// What the sign-in page is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    next: String,
    out: String,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    email: String,
    password: String,
    next: String,
}

/// A path of ours to go to; anything else leads to the payments.
pub(crate) fn own_path(next: &str) -> &str {
    let odd = |letter: char| letter == '\\' || letter.is_control();
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(odd);
    if own { next } else { "/payments" }
}

fn empty_page(web: &Web, headers: &HeaderMap) -> SignInPage {
    SignInPage {
        clinic: None,
        theme: theme(headers),
        test_money: web.app.processor.is_test_money(),
        email: String::new(),
        next: String::new(),
        error: None,
        notice: None,
    }
}

/// The form.
pub(crate) async fn form(
    State(web): State<Web>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let notice = (!asked.out.is_empty()).then(|| "You are signed out.".to_owned());
    html(&SignInPage { next: asked.next, notice, ..empty_page(&web, &headers) })
}

/// Signs in. Wrong tries are throttled for each address and account; every answer takes the
/// same work and tells the same.
pub(crate) async fn submit(
    State(web): State<Web>,
    connection: Connection,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let refused = |status, error: &str| {
        let shown = SignInPage {
            email: sent.email.clone(),
            next: sent.next.clone(),
            error: Some(error.to_owned()),
            ..empty_page(&web, &headers)
        };
        html_with(status, &shown)
    };
    let client = security::client(&web, connection.0, &headers);
    if !web.sign_ins.allows(&client, &sent.email) {
        let message = "Too many tries. Wait a minute, then try again.";
        return refused(StatusCode::TOO_MANY_REQUESTS, message);
    }
    let _place = web.sign_ins.place().await;
    match app::sign_in(&web.app, &sent.email, &sent.password).await {
        Ok(token) => {
            let session = cookie(&web.settings, cookie_name(&web.settings), token.cookie());
            let mut response = Redirect::to(own_path(&sent.next)).into_response();
            append_cookie(&mut response, &session);
            response
        }
        Err(Error::SignIn) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "E-mail or password is wrong.")
        }
        Err(other) => page(&web, None, &other),
    }
}

/// Signs out and clears what the browser kept.
pub(crate) async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> Response {
    if let Some(token) = token(&web.settings, &headers)
        && let Err(error) = app::sign_out(&web.app, &token).await
    {
        return page(&web, None, &error);
    }
    let mut gone = cookie(&web.settings, cookie_name(&web.settings), String::new());
    gone.make_removal();
    let mut response = Redirect::to("/sign-in?out=1").into_response();
    append_cookie(&mut response, &gone);
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), clear);
    response
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_paths_of_ours_are_gone_to() {
        assert_eq!(own_path("/payments/PAY-001"), "/payments/PAY-001");
        let foreign =
            ["", "//evil.example", "https://evil.example", "/\\evil", "/\t/evil", "javascript:x"];
        for foreign in foreign {
            assert_eq!(own_path(foreign), "/payments", "{foreign}");
        }
    }
}
