//! Where other programs are told of events: added, listed, switched off and on, given a new
//! secret, and deleted.

use almoner_domain::{Invalid, WebhookId, text};
use almoner_gateways::webhooks::{AddressFault, SigningSecret};
use almoner_store::webhook_endpoints::{self, Endpoint, EndpointState};
use almoner_store::{StoreError, Tx, counters, webhook_deliveries};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;
use crate::webhook_secrets::{new_seed, secret};

/// Endpoints that an organization has at most.
pub const MAX_ENDPOINTS: usize = 20;
/// How long the secret before signs too after a new one was made: a day.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// The subject of the audit rows.
pub(crate) const SUBJECT: &str = "webhook_endpoint";

/// An endpoint to be added.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Its address.
    pub url: String,
    /// What it is for; blank is none.
    pub description: String,
}

/// An endpoint with its secret, which is shown this once.
#[derive(Debug, Clone)]
pub struct WithSecret {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with.
    pub secret: SigningSecret,
}

/// Adds an endpoint, which is told of what happens from now on.
///
/// # Errors
/// No permission, an address that nothing may be sent to, or that there is already; too many.
pub async fn add_endpoint(
    app: &App,
    actor: &Actor,
    input: &NewEndpoint,
) -> Result<WithSecret, Error> {
    actor.must(Action::ManageWebhooks)?;
    let url = input.url.trim().to_owned();
    let description = text::line("description", &input.description)?;
    // Names are looked up before anything is locked.
    app.webhooks.check(&url).await.map_err(fault)?;
    match add(app, actor, (url, description)).await {
        Err(Error::Store(StoreError::Duplicate(_))) => {
            let message = "Events are sent to this address already.";
            Err(Invalid::one("url", "duplicate", message).into())
        }
        other => other,
    }
}

fn fault(fault: AddressFault) -> Invalid {
    Invalid::one("url", fault.code(), fault.to_string())
}

async fn add(
    app: &App,
    actor: &Actor,
    (url, description): (String, Option<String>),
) -> Result<WithSecret, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let id = WebhookId::new(counters::next(&mut tx, org, WebhookId::PREFIX).await?);
    if webhook_endpoints::all(&mut tx, org).await?.len() >= MAX_ENDPOINTS {
        let message = format!("There are {MAX_ENDPOINTS} endpoints already. Delete one first.");
        return Err(Invalid::one("url", "too_many", message).into());
    }
    let endpoint = Endpoint {
        id,
        url,
        description,
        state: EndpointState::Enabled,
        seed: new_seed(app),
        older: None,
        failing_since: None,
        created_at: now,
        state_since: now,
    };
    webhook_endpoints::insert(&mut tx, org, &endpoint).await?;
    let detail = json!({ "host": host(&endpoint.url) });
    noted(app, actor, &mut tx, ("webhook_added", id), detail).await?;
    let secret = revealed(app, actor, &endpoint)?;
    tx.commit().await?;
    Ok(WithSecret { endpoint, secret })
}

/// The host of an address: the rest may hold a key of the receiver's, and stays out of the log.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |parts| parts.1);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn revealed(app: &App, actor: &Actor, endpoint: &Endpoint) -> Result<SigningSecret, Error> {
    let made = secret(&app.link_keys, (actor.org(), endpoint.id), &endpoint.seed);
    made.ok_or_else(|| StoreError::Corrupt("seed of a secret".to_owned()).into())
}

async fn noted(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (action, id): (&str, WebhookId),
    detail: Value,
) -> Result<(), Error> {
    record::happened(app, actor, tx, action, (SUBJECT, id.seq()), detail).await
}

/// All endpoints, without their secrets.
///
/// # Errors
/// No permission, or the database failed.
pub async fn endpoints(app: &App, actor: &Actor) -> Result<Vec<Endpoint>, Error> {
    actor.must(Action::ManageWebhooks)?;
    let mut tx = app.db.read().await?;
    Ok(webhook_endpoints::all(&mut tx, actor.org()).await?)
}

/// An endpoint, without its secret.
///
/// # Errors
/// No permission, or no such endpoint.
pub async fn endpoint(app: &App, actor: &Actor, id: WebhookId) -> Result<Endpoint, Error> {
    actor.must(Action::ManageWebhooks)?;
    let mut tx = app.db.read().await?;
    let found = webhook_endpoints::get(&mut tx, actor.org(), id).await?;
    found.ok_or(Error::NotFound("webhook endpoint"))
}

pub(crate) async fn locked(tx: &mut Tx, actor: &Actor, id: WebhookId) -> Result<Endpoint, Error> {
    let found = webhook_endpoints::lock(tx, actor.org(), id).await?;
    found.ok_or(Error::NotFound("webhook endpoint"))
}

/// Switches an endpoint off, or on again. What waits when it is switched off is dropped; it can be
/// sent again one by one. Doing it twice changes nothing.
///
/// # Errors
/// No permission, no such endpoint, or an address that nothing may be sent to any more.
pub async fn switch_endpoint(
    app: &App,
    actor: &Actor,
    id: WebhookId,
    is_on: bool,
) -> Result<(), Error> {
    let url = endpoint(app, actor, id).await?.url;
    if is_on {
        app.webhooks.check(&url).await.map_err(fault)?;
    }
    let mut tx = app.db.begin().await?;
    let found = locked(&mut tx, actor, id).await?;
    if (found.state == EndpointState::Enabled) != is_on {
        let (state, action) = if is_on {
            (EndpointState::Enabled, "webhook_enabled")
        } else {
            (EndpointState::Disabled, "webhook_disabled")
        };
        moved(app, actor, &mut tx, (id, state), action).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Moves an endpoint that the caller holds. What waits for one that is no longer told is dropped.
pub(crate) async fn moved(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (id, state): (WebhookId, EndpointState),
    action: &str,
) -> Result<(), Error> {
    webhook_endpoints::set_state(tx, actor.org(), (id, state), app.now()).await?;
    let dropped = if state == EndpointState::Enabled {
        0
    } else {
        webhook_deliveries::drop_waiting(tx, actor.org(), id).await?
    };
    noted(app, actor, tx, (action, id), json!({ "dropped": dropped })).await
}

/// Deletes an endpoint: it is told of nothing any more, and what waits is dropped.
///
/// # Errors
/// No permission, or no such endpoint.
pub async fn delete_endpoint(app: &App, actor: &Actor, id: WebhookId) -> Result<(), Error> {
    actor.must(Action::ManageWebhooks)?;
    let mut tx = app.db.begin().await?;
    locked(&mut tx, actor, id).await?;
    moved(app, actor, &mut tx, (id, EndpointState::Deleted), "webhook_deleted").await?;
    tx.commit().await?;
    Ok(())
}

/// Gives an endpoint a new secret. For a day deliveries are signed with the one before too.
///
/// # Errors
/// No permission, or no such endpoint.
pub async fn renew_secret(app: &App, actor: &Actor, id: WebhookId) -> Result<WithSecret, Error> {
    actor.must(Action::ManageWebhooks)?;
    let until = app.now() + OVERLAP;
    let mut tx = app.db.begin().await?;
    let mut endpoint = locked(&mut tx, actor, id).await?;
    let seed = new_seed(app);
    webhook_endpoints::renew(&mut tx, actor.org(), (id, &seed), until).await?;
    noted(app, actor, &mut tx, ("webhook_secret_renewed", id), json!({ "until": until })).await?;
    tx.commit().await?;
    endpoint.older = Some((std::mem::replace(&mut endpoint.seed, seed), until));
    let secret = revealed(app, actor, &endpoint)?;
    Ok(WithSecret { endpoint, secret })
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_host_is_told_without_the_rest() {
        assert_eq!(host("https://example.org:8443/hooks?key=SAMPLE"), "example.org:8443");
        assert_eq!(host("https://example.org?key=SAMPLE"), "example.org");
    }
}
