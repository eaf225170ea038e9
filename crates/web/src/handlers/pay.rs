//! The payer's page behind a payment link. Looking changes nothing: mail scanners look too.

use almoner_app::Error;
use almoner_app::begin_payment::Begun;
use almoner_app::open_link::{PayerState, PayerView, open_link};
use almoner_app::pay_link::{ComeBack, pay_link};
use almoner_app::read_receipt::of_payer;
use almoner_domain::Money;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;

use crate::failure::{html, html_with, page};
use crate::format;
use crate::handlers::payments::receipts::paper;
use crate::security::{self, CONTENT_SECURITY, Connection};
use crate::session::{append_cookie, cookie};
use crate::state::Web;
use crate::view::pay::{Bill, Closed, PayPage, PayReceiptsPage, PayState};

/// Leads a payer who comes back to their link, whose address the processor never learns.
const LINK_COOKIE: &str = "almoner_link";
/// Where the payer comes back to.
const BACK: &str = "/pay/back";

/// The token in a link's address, of a link and a client that do not come too often.
pub(crate) struct Token(String);

impl FromRequestParts<Web> for Token {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let unreadable = |_| closed(web, StatusCode::NOT_FOUND, Closed::NoLonger);
        let token = Path::<String>::from_request_parts(parts, web).await.map_err(unreadable)?.0;
        let connection = Connection::from_request_parts(parts, web).await;
        let address = connection.map_err(IntoResponse::into_response)?.0;
        let client = security::client(web, address, &parts.headers);
        if web.payers.allows(&client, &token) {
            Ok(Self(token))
        } else {
            Err(closed(web, StatusCode::TOO_MANY_REQUESTS, Closed::TooOften))
        }
    }
}

/// The page. Unknown, expired and revoked links get one answer.
pub(crate) async fn look(State(web): State<Web>, Token(token): Token) -> Response {
    shown(&web, &token, |_| {}).await
}

/// The receipts of what was paid, to be printed: without anything about health.
pub(crate) async fn receipts(State(web): State<Web>, Token(token): Token) -> Response {
    match of_payer(&web.app, &token).await {
        Ok((organization, views)) => {
            let papers = views.into_iter().map(|view| paper(&web, &organization, view)).collect();
            not_indexed(html(&PayReceiptsPage { papers, back: format!("/pay/{token}") }))
        }
        Err(Error::NotFound(_)) => closed(&web, StatusCode::NOT_FOUND, Closed::NoLonger),
        Err(other) => page(&web, None, &other),
    }
}

/// Begins to pay, or goes on with it: the payer is sent to the processor's page.
pub(crate) async fn pay(State(web): State<Web>, Token(token): Token) -> Response {
    let back = format!("{}{BACK}", web.settings.base_url);
    match pay_link(&web.app, &token, ComeBack { paid: &back, left: &back }).await {
        Ok(Begun::Page(url)) => {
            let mut response = Redirect::to(&url).into_response();
            append_cookie(&mut response, &cookie(&web.settings, LINK_COOKIE, token));
            response
        }
        // The page says how it stands.
        Ok(Begun::UnderWay | Begun::Over(_)) | Err(Error::Status { .. } | Error::NotFound(_)) => {
            Redirect::to(&format!("/pay/{token}")).into_response()
        }
        Err(Error::Processor(error)) => {
            tracing::warn!(%error, "a payer could not be sent to the processor");
            let not_now = |bill: &mut Bill| {
                if bill.state.is_open() {
                    bill.state = PayState::NotNow;
                }
            };
            shown(&web, &token, not_now).await
        }
        Err(other) => page(&web, None, &other),
    }
}

/// Where the processor sends the payer back to.
pub(crate) async fn back(State(web): State<Web>, headers: HeaderMap) -> Response {
    let jar = CookieJar::from_headers(&headers);
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    match jar.get(LINK_COOKIE).map(|cookie| cookie.value().to_owned()) {
        Some(token) if !token.is_empty() && token.chars().all(is_plain) => {
            Redirect::to(&format!("/pay/{token}")).into_response()
        }
        _ => closed(&web, StatusCode::OK, Closed::Back),
    }
}

/// The page as the payment stands, changed in what only the caller knows.
async fn shown(web: &Web, token: &str, change: impl FnOnce(&mut Bill)) -> Response {
    match open_link(&web.app, token).await {
        Ok(view) => {
            let mut bill = bill(web, token, view);
            change(&mut bill);
            answer(web, StatusCode::OK, Ok(bill))
        }
        Err(Error::NotFound(_)) => closed(web, StatusCode::NOT_FOUND, Closed::NoLonger),
        Err(other) => page(web, None, &other),
    }
}

fn closed(web: &Web, status: StatusCode, why: Closed) -> Response {
    answer(web, status, Err(why))
}

fn answer(web: &Web, status: StatusCode, bill: Result<Bill, Closed>) -> Response {
    let test_money = web.app.processor.is_test_money();
    let mut response = not_indexed(html_with(status, &PayPage { bill, test_money }));
    let headers = response.headers_mut();
    // The form is answered by sending the browser on to the processor.
    if let Some(origin) = web.app.processor.page_origin() {
        let policy =
            CONTENT_SECURITY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    response
}

fn not_indexed(mut response: Response) -> Response {
    let robots = HeaderName::from_static("x-robots-tag");
    let none = HeaderValue::from_static("noindex, nofollow, noarchive");
    response.headers_mut().insert(robots, none);
    response
}

fn bill(web: &Web, token: &str, view: PayerView) -> Bill {
    let state = match view.state {
        PayerState::Payable | PayerState::Failed { .. } if !web.app.processor.takes_cards() => {
            PayState::NotHere
        }
        PayerState::Payable => PayState::Payable,
        PayerState::Failed { reason } => PayState::Failed { reason },
        PayerState::Processing { goes_on } => PayState::Processing { goes_on },
        PayerState::Paid { at, refunded } => PayState::Paid {
            on: format::day(at, &view.zone),
            refunded: (refunded > Money::ZERO).then_some(refunded),
        },
    };
    Bill {
        clinic: view.clinic,
        phone: view.phone,
        payment: view.payment,
        amount: view.amount,
        due: view.due.map(format::date),
        until: state.is_open().then(|| format::date(view.until)),
        action: format!("/pay/{token}"),
        state,
    }
}
