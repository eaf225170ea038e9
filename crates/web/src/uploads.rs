//! How many requests that bring files are answered at the same time, from pages and from programs
//! together. Each may hold a temporary file and a part in memory, so that many at once could fill a
//! small machine. What finds no place within a bounded time is asked to come again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use almoner_app::Error;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::failure::Refused;
use crate::state::Web;

/// How long a request waits for a place when nothing else is said.
const WAIT: Duration = Duration::from_secs(10);
/// After how long without a byte a request loses its place.
const SILENT_AT_MOST: Duration = Duration::from_secs(30);
/// How long a request without a place is read all the same: a browser shows no answer before it
/// has sent everything.
const READ_AWAY_AT_MOST: Duration = Duration::from_mins(2);

/// How many files are received at the same time.
#[derive(Debug, Clone, Copy)]
pub struct UploadSettings {
    /// So many requests with files.
    pub at_once: usize,
    /// How long others wait for a place.
    pub wait: Duration,
}

impl UploadSettings {
    /// So many requests, with the usual wait.
    pub fn new(at_once: usize) -> Self {
        Self { at_once, wait: WAIT }
    }
}

/// The places for requests with files.
pub(crate) struct Uploads {
    places: Arc<Semaphore>,
    wait: Duration,
}

/// A place, which is free again when nobody holds it any more: also what goes on when the browser
/// goes away holds it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Uploads {
    pub(crate) fn new(settings: UploadSettings) -> Self {
        Self { places: Arc::new(Semaphore::new(settings.at_once)), wait: settings.wait }
    }

    async fn place(&self) -> Option<Place> {
        let place = timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        Some(Place { _permit: Arc::new(place.ok()?.ok()?) })
    }
}

/// Lets a request with files through when there is a place for it. Nothing of it is read before.
pub(crate) async fn bounded(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    let Some(place) = web.uploads.place().await else {
        tracing::warn!("a request with files was refused: as many as are taken are under way");
        tokio::spawn(read_away(request.into_body()));
        return Refused::from(Error::Busy).into_response();
    };
    request.extensions_mut().insert(place.clone());
    let response = next.run(request.map(never_silent)).await;
    drop(place);
    response
}

/// A body that ends with an error when nothing of it comes for a while.
fn never_silent(body: Body) -> Body {
    let pieces = stream::unfold(body.into_data_stream(), async |mut pieces| {
        let piece = match timeout(SILENT_AT_MOST, pieces.next()).await {
            Ok(piece) => piece?.map_err(io::Error::other),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        Some((piece, pieces))
    });
    Body::from_stream(pieces)
}

async fn read_away(body: Body) {
    let mut pieces = body.into_data_stream();
    let reading = async { while let Some(Ok(_)) = pieces.next().await {} };
    // Whoever takes longer finds the line closed.
    let _ = timeout(READ_AWAY_AT_MOST, reading).await;
}
