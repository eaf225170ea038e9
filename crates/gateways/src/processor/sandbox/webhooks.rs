//! The sandbox's webhooks: signed and sent like those of a real processor.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use serde::{Deserialize, Serialize};

use super::IS_TEST_MONEY;
use crate::processor::{Delivery, Event, Object, ObjectKind, WebhookRefusal, signed};
use crate::{Secret, tls};

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "sandbox-signature";

/// How often a webhook is sent at most; what was not taken then is asked for by a job.
const TRIES: u32 = 3;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a receiver may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a webhook says.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    id: String,
    kind: String,
    session: String,
    at: i64,
}

/// Tells the receiver that an attempt went on.
pub(super) async fn send(origin: String, secret: Secret, told: (String, String), now: Timestamp) {
    let (session, id) = told;
    let body = Body { id, kind: "attempt.changed".to_owned(), session, at: now.as_second() };
    let body = serde_json::to_vec(&body).expect("plain values become JSON");
    let Some(client) = client() else {
        tracing::error!("the sandbox cannot send webhooks; a job asks instead");
        return;
    };
    let address = format!("{origin}/webhooks/sandbox");
    for _ in 0..TRIES {
        let signature = signed::sign(&secret, &body, now);
        let request = client.post(&address).header(SIGNATURE_HEADER, signature);
        let sent = request.body(body.clone()).send().await;
        if sent.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    tracing::warn!("a webhook of the sandbox was not taken; a job asks instead");
}

fn client() -> Option<Client> {
    let config = tls::trusting(tls::public_authorities()).ok()?;
    Client::builder().tls_backend_preconfigured(config).timeout(ANSWER_WITHIN).build().ok()
}

/// Whether a webhook is the sandbox's, and of now.
pub(super) fn verify(
    delivery: Delivery<'_>,
    now: Timestamp,
    secret: &Secret,
) -> Result<Event, WebhookRefusal> {
    signed::check(SIGNATURE_HEADER, delivery, now, std::slice::from_ref(secret))?;
    let body: Body =
        serde_json::from_slice(delivery.body).map_err(|_| WebhookRefusal::NotAnEvent)?;
    let created_at = Timestamp::from_second(body.at).map_err(|_| WebhookRefusal::NotAnEvent)?;
    Ok(Event {
        id: body.id,
        kind: body.kind,
        object: Some(Object { kind: ObjectKind::Session, id: body.session }),
        account: None,
        is_test_money: IS_TEST_MONEY,
        created_at,
    })
}
