//! Style, behaviour and icon.

use axum::http::header;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use crate::assets;

/// An asset under its hashed address, which browsers may keep for ever.
pub(crate) async fn asset(uri: Uri) -> Response {
    let Some(asset) = assets::find(uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.bytes).into_response()
}

/// What browsers ask for without being told.
pub(crate) async fn favicon() -> Redirect {
    Redirect::permanent(assets::asset_url("icon.svg"))
}
