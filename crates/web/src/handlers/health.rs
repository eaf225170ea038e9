//! Whether the program is alive and ready.

use axum::extract::State;
use axum::http::StatusCode;

use crate::state::Web;

/// It is alive.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// The database can be reached and has this version's schema.
pub(crate) async fn ready(State(web): State<Web>) -> (StatusCode, &'static str) {
    readiness(&web).await
}

/// Whether requests are to be sent here: not once the program is asked to stop.
pub async fn readiness(web: &Web) -> (StatusCode, &'static str) {
    if web.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match web.app.db.is_current().await {
        Ok(true) if web.app.db.replica_is_usable() == Some(false) => {
            (StatusCode::OK, "ready\nnothing is read at the replica: it is away or behind\n")
        }
        Ok(true) => (StatusCode::OK, "ready\n"),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not migrated\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n"),
    }
}
