//! The payer's page behind a payment link. Looking changes nothing: mail scanners look too.

use almoner_app::Error;
use almoner_app::open_link::{PayerState, PayerView, open_link};
use almoner_domain::Money;
use axum::extract::{Path, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::failure::{html_with, page};
use crate::format;
use crate::security::{self, Connection};
use crate::state::Web;
use crate::view::pay::{Bill, Closed, PayPage, PayState};

/// The page. Unknown, expired and revoked links get one answer.
pub(crate) async fn look(
    State(web): State<Web>,
    connection: Connection,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    let client = security::client(&web, connection.0, &headers);
    if !web.payers.allows(&client, &token) {
        return closed(&web, StatusCode::TOO_MANY_REQUESTS, Closed::TooOften);
    }
    match open_link(&web.app, &token).await {
        Ok(view) => shown(&web, StatusCode::OK, Ok(bill(&token, view))),
        Err(Error::NotFound(_)) => closed(&web, StatusCode::NOT_FOUND, Closed::NoLonger),
        Err(other) => page(&web, None, &other),
    }
}

fn closed(web: &Web, status: StatusCode, why: Closed) -> Response {
    shown(web, status, Err(why))
}

fn shown(web: &Web, status: StatusCode, bill: Result<Bill, Closed>) -> Response {
    let test_money = web.app.processor.is_test_money();
    let mut response = html_with(status, &PayPage { bill, test_money });
    let robots = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow, noarchive"));
    response
}

fn bill(token: &str, view: PayerView) -> Bill {
    let state = match view.state {
        PayerState::Payable => PayState::Payable,
        PayerState::Failed => PayState::Failed { reason: None },
        PayerState::Processing => PayState::Processing,
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
