//! The sandbox's page, on which invented cards pay invented money.

use almoner_app::hosted_page::{CARDS, Hosted, HostedPage, HostedStep};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{html, html_with, page};
use crate::state::Web;
use crate::view::sandbox::{Ask, SandboxPage, TestCard};

/// What the page's forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    card: String,
    /// What the payer answers the bank: `yes` or `no`.
    answer: Option<String>,
}

/// The page.
pub(crate) async fn look(State(web): State<Web>, Path(session): Path<String>) -> Response {
    answer(&web, &session, |hosted| hosted.page(&session))
}

/// The payer gives a card, or answers the bank.
pub(crate) async fn submit(
    State(web): State<Web>,
    Path(session): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    let now = web.app.now();
    answer(&web, &session, |hosted| match sent.answer.as_deref() {
        Some(answer) => hosted.confirm(&session, answer == "yes", now),
        None => hosted.give_card(&session, &sent.card, now),
    })
}

fn answer(
    web: &Web,
    session: &str,
    ask: impl FnOnce(&dyn Hosted) -> Option<HostedPage>,
) -> Response {
    let Some(shown) = web.app.processor.hosted().and_then(ask) else {
        return page(web, None, &almoner_app::Error::NotFound("payment page"));
    };
    let ask = match shown.step {
        HostedStep::Done(url) => return Redirect::to(&url).into_response(),
        HostedStep::Confirm => Ask::Confirm,
        HostedStep::Card(declined) => Ask::Card(declined.map(|decline| decline.words().to_owned())),
    };
    let is_refused = matches!(ask, Ask::Card(Some(_)));
    let card = |(number, _, does): &(&str, _, &str)| TestCard {
        number: (*number).to_owned(),
        does: (*does).to_owned(),
    };
    let page = SandboxPage {
        clinic: shown.clinic,
        amount: shown.amount,
        action: format!("/sandbox/{session}"),
        back: shown.cancel_url,
        ask,
        cards: CARDS.iter().map(card).collect(),
    };
    if is_refused { html_with(StatusCode::UNPROCESSABLE_ENTITY, &page) } else { html(&page) }
}
