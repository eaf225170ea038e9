//! The sandbox's page, on which invented cards pay invented money.

use almoner_app::hosted_page::{CARDS, HostedStep};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{html, page};
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
    let Some(shown) = web.app.processor.hosted().and_then(|hosted| hosted.page(&session)) else {
        return unknown(&web);
    };
    let ask = match shown.step {
        HostedStep::Done(url) => return Redirect::to(&url).into_response(),
        HostedStep::Confirm => Ask::Confirm,
        HostedStep::Card(declined) => Ask::Card(declined.map(|decline| decline.words().to_owned())),
    };
    let card = |(number, _, does): &(&str, _, &str)| TestCard {
        number: (*number).to_owned(),
        does: (*does).to_owned(),
    };
    html(&SandboxPage {
        clinic: shown.clinic,
        amount: shown.amount,
        action: format!("/sandbox/{session}"),
        back: shown.cancel_url,
        ask,
        cards: CARDS.iter().map(card).collect(),
    })
}

/// The payer gives a card, or answers the bank. The page says what came of it.
pub(crate) async fn submit(
    State(web): State<Web>,
    Path(session): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    let now = web.app.now();
    let done = web.app.processor.hosted().and_then(|hosted| match sent.answer.as_deref() {
        Some(answer) => hosted.confirm(&session, answer == "yes", now),
        None => hosted.give_card(&session, &sent.card, now),
    });
    match done.map(|shown| shown.step) {
        Some(HostedStep::Done(url)) => Redirect::to(&url).into_response(),
        Some(HostedStep::Card(_) | HostedStep::Confirm) => {
            Redirect::to(&format!("/sandbox/{session}")).into_response()
        }
        None => unknown(&web),
    }
}

fn unknown(web: &Web) -> Response {
    page(web, None, &almoner_app::Error::NotFound("payment page"))
}
