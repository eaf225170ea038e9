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
use crate::view::pay::{Bill, PayPage, PayState};

/// The page. Unknown, expired and revoked links get one answer.
pub(crate) async fn look(
    State(web): State<Web>,
    connection: Connection,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    let client = security::client(&web, connection.0, &headers);
    if !web.payers.allows(&client, &token) {
        return shown(&web, StatusCode::TOO_MANY_REQUESTS, None);
    }
    match open_link(&web.app, &token).await {
        Ok(view) => {
            let bill = bill(&token, view);
            shown(&web, StatusCode::OK, Some(bill))
        }
        Err(Error::NotFound(_)) => shown(&web, StatusCode::NOT_FOUND, None),
        Err(other) => page(&web, None, &other),
    }
}

fn shown(web: &Web, status: StatusCode, bill: Option<Bill>) -> Response {
    let processor = &web.app.processor;
    let page = PayPage {
        bill,
        can_pay: processor.takes_cards(),
        test_money: processor.is_test_money(),
    };
    let mut response = html_with(status, &page);
    let robots = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow, noarchive"));
    response
}

fn bill(token: &str, view: PayerView) -> Bill {
    let zone = &view.zone;
    let state = match view.state {
        PayerState::Payable => PayState::Payable,
        PayerState::Failed => PayState::Failed { reason: "It was declined.".to_owned() },
        PayerState::Processing => PayState::Processing,
        PayerState::Paid { at, refunded } => PayState::Paid {
            on: format::day(at, zone),
            refunded: (refunded > Money::ZERO).then_some(refunded),
        },
    };
    let is_open = matches!(state, PayState::Payable | PayState::Failed { .. });
    Bill {
        clinic: view.clinic,
        phone: view.phone,
        payment: view.payment,
        amount: view.amount,
        due: view.due.map(format::date),
        expires: is_open.then(|| format::day(view.expires_at, zone)),
        action: format!("/pay/{token}"),
        state,
    }
}
