//! The key of a form, which makes sending it twice the same as once.
//!
//! The key stands in the form's address. Pages are not stored by browsers, so Back asks for the
//! form again; by its address it gets the same key, and sending it again makes nothing twice.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Redirect;

use crate::state::Web;

/// Letters of a key.
const KEY_LETTERS: usize = 32;

/// The key in the form's address; an address without one is gone to with a new one.
pub(crate) struct FormKey(pub(crate) String);

impl FromRequestParts<Web> for FormKey {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Redirect> {
        let query = parts.uri.query().unwrap_or_default();
        let key = query.split('&').find_map(|pair| pair.strip_prefix("key="));
        if let Some(key) = key.filter(|key| is_key(key)) {
            return Ok(Self(key.to_owned()));
        }
        let mut address = format!("{}?", parts.uri.path());
        for pair in query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("key=")) {
            address.push_str(pair);
            address.push('&');
        }
        Err(Redirect::to(&format!("{address}key={}", web.form_key())))
    }
}

fn is_key(key: &str) -> bool {
    key.len() == KEY_LETTERS && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}
