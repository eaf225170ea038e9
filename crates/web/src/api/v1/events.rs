//! What happened, for programs that ask instead of being told.

use almoner_app::Error;
use almoner_app::webhook_deliveries::{MAX_COUNTED, event, events};
use almoner_domain::webhook::EventId;
use almoner_domain::{PaymentId, RefundId};
use almoner_store::webhook_events::{Place, WebhookEvent};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::words::{EventType, PaymentStatus};
use crate::api::body::Asked;
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::{At, Listed, PageParams, Total, Turn};
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(get))
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct EventAnswer {
    /// Its id, which a webhook has as `webhook-id`.
    #[schema(example = "evt_019d5f6a3c7700112233445566778899")]
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = EventType)]
    kind: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// What to.
    data: EventData,
}

/// What an event is about, as it was by then.
#[derive(Debug, Serialize, ToSchema)]
struct EventData {
    /// The payment.
    #[schema(value_type = String, example = "PAY-001")]
    id: PaymentId,
    /// Its status.
    #[schema(value_type = PaymentStatus)]
    status: &'static str,
    /// Its version.
    version: i64,
    /// The refund, when it is about one.
    #[schema(value_type = Option<String>, example = "REF-001")]
    refund_id: Option<RefundId>,
}

impl EventAnswer {
    fn new(event: &WebhookEvent) -> Option<Self> {
        let about = event.about?;
        Some(Self {
            id: event.id.to_string(),
            kind: event.kind.as_str(),
            timestamp: event.at,
            data: EventData {
                id: about.payment,
                status: about.status.as_str(),
                version: about.version,
                refund_id: about.refund,
            },
        })
    }
}

/// Which part of the list is asked for, as it is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `EventsAsked` reads")]
struct EventParams {
    /// Only what happened then or later.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
}

/// What a page of the events is asked for.
#[derive(Debug)]
struct EventsAsked {
    turn: Turn<EventId>,
    since: Option<Timestamp>,
}

impl FromFields for EventsAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let since = fields.optional("since", fields::moment);
        let turn = Turn::read(fields, |text| text.parse().ok());
        if since.is_some() && (fields.has("after") || fields.has("before")) {
            fields.fault("since", "not_both", "Send since or a cursor, not both.");
        }
        Some(Self { turn: turn?, since })
    }
}

/// List the events
///
/// What happened to payments, refunds and disputes in the last 30 days, the newest last. An event
/// may come to light up to a minute after its time: whoever asks again and again begins a minute
/// before the newest that is known, and knows an event by its id.
#[utoipa::path(
    get,
    path = "/events",
    tag = "Webhooks",
    security(("key" = ["webhooks:write"])),
    params(EventParams, PageParams),
    responses((status = 200, description = "A page of them.", body = Listed<EventAnswer>)),
)]
async fn list(State(web): State<Web>, caller: Caller, Asked(asked): Asked<EventsAsked>) -> Answer {
    let place = match asked.turn.at {
        At::First => Place::After(EventId::before(asked.since.unwrap_or(Timestamp::UNIX_EPOCH))),
        At::After(id) => Place::After(id),
        At::Before(id) => Place::Before(id),
    };
    let view = events(&web.app, &caller.actor, &place, asked.turn.limit).await?;
    let data: Vec<EventAnswer> = view.events.iter().filter_map(EventAnswer::new).collect();
    let ends = view.events.first().zip(view.events.last());
    let ends = ends.map(|(first, last)| (first.id.to_string(), last.id.to_string()));
    let total = Total { number: view.total, is_exact: view.total < MAX_COUNTED };
    Ok(json(StatusCode::OK, &Listed::new(data, ends, view.more, total)))
}

/// Read an event
///
/// As long as it is kept: 30 days.
#[utoipa::path(
    get,
    path = "/events/{id}",
    tag = "Webhooks",
    security(("key" = ["webhooks:write"])),
    params((
        "id" = String, Path, description = "The event's id.",
        example = "evt_019d5f6a3c7700112233445566778899",
    )),
    responses((status = 200, description = "The event.", body = EventAnswer)),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: EventId = parse_id(&id, "event")?;
    let found = event(&web.app, &caller.actor, &id).await?;
    let answer = EventAnswer::new(&found).ok_or(Error::NotFound("event"))?;
    Ok(json(StatusCode::OK, &answer))
}
