//! The payments page: cards, list, filters, search.

use almoner_app::permission::Action;
use almoner_app::read_payments::{self, PaymentsView};
use almoner_domain::PaymentId;
use almoner_domain::list::Search;
use almoner_store::payment_list::{ListedPayment, PaymentPage};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Query;

use super::exceptions;
use super::list_query::{self, Asked, cursor_text};
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::rows::payment_row;
use crate::handlers::turned::Turned;
use crate::session::{Listed, Staff};
use crate::state::Web;
use crate::view::chart::Month;
use crate::view::parts::Pager;
use crate::view::payments::list::{ListOffers, LocationOption, PaymentRow, PaymentsPage, Summary};

/// The page; an exact id goes straight to its payment, but not while it is being typed.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let today = staff.actor.date(web.app.now());
    let asked = list_query::read(&pairs, today);
    if !headers.contains_key("x-live")
        && let Some(id) = exact_id(&asked)
        && read_payments::payment_exists(&web.app, &staff.actor, id).await?
    {
        return Ok(Redirect::to(&format!("/payments/{id}")).into_response());
    }
    let view = read_payments::payments(&web.app, &staff.actor, &asked.request).await?;
    let row = |listed: &ListedPayment| {
        let name = format!("{}, {}", listed.last_name, listed.first_name);
        let location = view.locations.iter().find(|place| place.id == listed.payment.location);
        PaymentRow {
            location: location.map(|place| place.fields.name.clone()).unwrap_or_default(),
            ..payment_row(&staff.actor, today, &listed.payment, name)
        }
    };
    let is_first_use =
        view.cards.by_status.iter().all(|entry| entry.1 == 0) && asked.query.locations.is_empty();
    let location = |location: &almoner_store::locations::Location| LocationOption {
        id: location.id,
        name: location.fields.name.clone(),
    };
    let page = PaymentsPage {
        rows: view.page.rows.iter().map(row).collect(),
        exceptions: exceptions::told(view.exceptions),
        summary: summary(&view),
        pager: pager(&asked, &view.page),
        locations: view.locations.iter().map(location).collect(),
        errors: asked.faults.into(),
        views: view.views.iter().map(|kept| (kept.name.clone(), kept.query.clone())).collect(),
        look: staff.actor.member().map(|member| member.list_look.clone()).unwrap_or_default(),
        query: asked.query,
        is_first_use,
        offers: ListOffers {
            create: staff.actor.may(Action::CreatePayment),
            export: staff.actor.may(Action::Export),
            send: staff.actor.may(Action::IssueLink) && web.app.mailer.is_set_up(),
            cancel: staff.actor.may(Action::CancelPayment),
        },
        key: web.form_key(),
        shell: staff.shell,
    };
    Ok(Listed::of(&page.rows, |row| row.id).on(html(&page)))
}

/// The payment that a search names wholly, as `PAY-012`.
fn exact_id(asked: &Asked) -> Option<PaymentId> {
    matches!(asked.request.search, Search::Id(_)).then(|| asked.query.q.parse().ok()).flatten()
}

fn summary(view: &PaymentsView) -> Summary {
    let cards = &view.cards;
    let last = cards.trend.last().map(|entry| entry.0);
    let month = |&(month, sums): &(i64, almoner_store::cards::Collected)| Month {
        label: format::month(month),
        net: sums.net(),
        gross: sums.gross,
        refunded: sums.refunded,
        is_partial: Some(month) == last,
    };
    Summary {
        net: cards.collected.net(),
        gross: cards.collected.gross,
        refunded: cards.collected.refunded,
        months: cards.trend.iter().map(month).collect(),
        outstanding: cards.outstanding.amount,
        outstanding_count: cards.outstanding.count,
        overdue: cards.overdue.amount,
        overdue_count: cards.overdue.count,
        by_status: cards.by_status.to_vec(),
    }
}

fn pager(asked: &Asked, page: &PaymentPage) -> Pager {
    use almoner_domain::list::Place;
    let place = |row: Option<&ListedPayment>| row.map(|row| cursor_text(row.cursor));
    let turned = Turned {
        number: asked.number,
        is_last: asked.request.place == Place::Last,
        per_page: asked.query.per_page,
        shown: page.rows.len(),
        ends: place(page.rows.first()).zip(place(page.rows.last())),
        has_previous: page.has_previous,
        has_next: page.has_next,
        total: page.total,
        is_exact: page.total_is_exact,
    };
    turned.pager(asked.query.sizes(), |name, value| asked.query.page_href(name, value))
}
