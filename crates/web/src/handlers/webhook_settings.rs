//! Settings of webhooks: which other programs are told of events, and what they were told.

use almoner_app::webhook_deliveries::{DeliveriesView, deliveries, send_again, send_test};
use almoner_app::webhook_endpoints::{
    NewEndpoint, WithSecret, add_endpoint, delete_endpoint, endpoints, renew_secret,
    switch_endpoint,
};
use almoner_app::{Actor, Error};
use almoner_domain::webhook::EventId;
use almoner_domain::{Invalid, WebhookId};
use almoner_store::webhook_deliveries::{Delivery, DeliveryState};
use almoner_store::webhook_endpoints::{Endpoint, EndpointState};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::parse_id;
use crate::failure::{Answer, html, html_with, unprocessable};
use crate::format;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::webhooks::{DeliveryRow, EndpointRow, WebhookPage, WebhooksPage};

const ADDRESS: &str = "/settings/webhooks";

/// What the form of a new endpoint sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentEndpoint {
    url: String,
    description: String,
}

/// What a button of an endpoint sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    #[serde(rename = "do")]
    wanted: String,
    event: String,
}

/// Which page of the log is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    before: String,
}

async fn list_page(
    web: &Web,
    staff: Staff,
    sent: SentEndpoint,
    errors: Errors,
) -> Result<WebhooksPage, Error> {
    let all = endpoints(&web.app, &staff.actor).await?;
    Ok(WebhooksPage {
        rows: all.iter().map(|endpoint| row(endpoint, &staff.actor)).collect(),
        url: sent.url,
        description: sent.description,
        key: web.form_key(),
        errors,
        shell: staff.shell,
    })
}

/// All endpoints.
pub(crate) async fn list(State(web): State<Web>, staff: Staff) -> Answer {
    let sent = SentEndpoint::default();
    Ok(html(&list_page(&web, staff, sent, Errors::default()).await?))
}

/// Adds an endpoint, and shows its secret.
pub(crate) async fn add(
    State(web): State<Web>,
    staff: Staff,
    Form(sent): Form<SentEndpoint>,
) -> Answer {
    let SentEndpoint { url, description } = sent.clone();
    match add_endpoint(&web.app, &staff.actor, &NewEndpoint { url, description }).await {
        Ok(added) => {
            let page = with_secret(&web, staff, &added).await?;
            Ok(html_with(StatusCode::CREATED, &page))
        }
        Err(Error::Invalid(faults)) => {
            Ok(unprocessable(&list_page(&web, staff, sent, faults.into()).await?))
        }
        Err(other) => Err(other.into()),
    }
}

/// The page on which a secret is shown, this once.
async fn with_secret(web: &Web, staff: Staff, made: &WithSecret) -> Result<WebhookPage, Error> {
    let view = deliveries(&web.app, &staff.actor, made.endpoint.id, None).await?;
    let page = detail_page(web, staff, &view);
    Ok(WebhookPage { secret: Some(made.secret.reveal()), ..page })
}

/// An endpoint with its log.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let id: WebhookId = parse_id(&id, "webhook endpoint")?;
    // What is no id is the newest page.
    let before = asked.before.parse::<EventId>().ok();
    let view = deliveries(&web.app, &staff.actor, id, before.as_ref()).await?;
    Ok(html(&detail_page(&web, staff, &view)))
}

/// Does with an endpoint what a button says.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: WebhookId = parse_id(&id, "webhook endpoint")?;
    let (app, actor) = (&web.app, &staff.actor);
    let here = format!("{ADDRESS}/{id}");
    let did = match &*sent.wanted {
        "test" => send_test(app, actor, id).await.map(|_| "webhook_sent"),
        "again" => {
            let event = sent.event.parse::<EventId>().map_err(|_| Error::NotFound("delivery"))?;
            send_again(app, actor, (id, &event)).await.map(|()| "webhook_sent")
        }
        "enable" => switch_endpoint(app, actor, id, true).await.map(|()| "webhook_enabled"),
        "disable" => switch_endpoint(app, actor, id, false).await.map(|()| "webhook_disabled"),
        "delete" => {
            delete_endpoint(app, actor, id).await?;
            return Ok(done(&web, ADDRESS, "webhook_deleted"));
        }
        "renew" => {
            let made = renew_secret(app, actor, id).await?;
            return Ok(html(&with_secret(&web, staff, &made).await?));
        }
        _ => {
            // Whose it is comes before what was asked of it.
            almoner_app::webhook_endpoints::endpoint(app, actor, id).await?;
            Err(Invalid::one("do", "unknown", "There is no such button.").into())
        }
    };
    match did {
        Ok(code) => Ok(done(&web, &here, code)),
        Err(Error::Invalid(faults)) => {
            let view = deliveries(app, actor, id, None).await?;
            let page = detail_page(&web, staff, &view);
            Ok(unprocessable(&WebhookPage { errors: unbound(faults), ..page }))
        }
        Err(other) => Err(other.into()),
    }
}

/// Faults that no field of the page is to blame for.
fn unbound(faults: Invalid) -> Errors {
    let mut all = Invalid::default();
    for fault in faults.0 {
        all.push("", &fault.code, fault.message);
    }
    all.into()
}

fn detail_page(web: &Web, staff: Staff, view: &DeliveriesView) -> WebhookPage {
    let (endpoint, actor) = (&view.endpoint, &staff.actor);
    let zone = &actor.organization.zone;
    let last = view.deliveries.last().filter(|_| view.has_more);
    let still = endpoint.older.as_ref().filter(|(_, until)| *until > web.app.now());
    WebhookPage {
        endpoint: row(endpoint, actor),
        is_on: endpoint.state == EndpointState::Enabled,
        added: format::moment(endpoint.created_at, zone),
        secret: None,
        older_until: still.map(|(_, until)| format::moment(*until, zone)),
        rows: view.deliveries.iter().map(|one| delivery_row(one, actor)).collect(),
        older: last.map(|last| format!("{ADDRESS}/{}?before={}", endpoint.id, last.event.id)),
        key: web.form_key(),
        errors: Errors::default(),
        shell: staff.shell,
    }
}

fn row(endpoint: &Endpoint, actor: &Actor) -> EndpointRow {
    let zone = &actor.organization.zone;
    let standing = match (endpoint.state, endpoint.failing_since) {
        (EndpointState::Enabled, None) => ("paid", "On"),
        (EndpointState::Enabled, Some(_)) => ("pending", "On: nothing arrives"),
        (EndpointState::Disabled | EndpointState::Deleted, _) => ("cancelled", "Off"),
        (EndpointState::Gone, _) => ("failed", "Off: it is gone"),
        (EndpointState::Failing, _) => ("failed", "Off: nothing arrived"),
    };
    let since = format::moment(endpoint.state_since, zone);
    let why = match endpoint.state {
        EndpointState::Gone => Some("it answered that it is gone for good (status 410)"),
        EndpointState::Failing => Some("nothing arrived there for three days"),
        EndpointState::Enabled | EndpointState::Disabled | EndpointState::Deleted => None,
    };
    let notice = why.map(|why| {
        format!(
            "{} was switched off at {since}: {why}. Mend the receiver, enable it, and send again \
             what it missed.",
            endpoint.id
        )
    });
    EndpointRow {
        id: endpoint.id,
        url: endpoint.url.clone(),
        description: endpoint.description.clone(),
        standing,
        notice,
    }
}

fn delivery_row(delivery: &Delivery, actor: &Actor) -> DeliveryRow {
    let zone = &actor.organization.zone;
    let event = &delivery.event;
    DeliveryRow {
        event: event.id.to_string(),
        kind: event.kind.as_str(),
        payment: event.about.map(|about| about.payment.to_string()),
        at: format::moment(event.at, zone),
        standing: match delivery.state {
            DeliveryState::Waiting => ("pending", "Waiting"),
            DeliveryState::Delivered => ("paid", "Delivered"),
            DeliveryState::Failed => ("failed", "Failed"),
            DeliveryState::Dropped => ("cancelled", "Dropped"),
        },
        tries: delivery.tries,
        next: delivery.next_try_at.map(|next| format::moment(next, zone)),
        answer: delivery.answer,
        failure: delivery.failure.clone(),
    }
}
