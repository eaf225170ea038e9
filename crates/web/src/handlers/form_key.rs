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
        match key.filter(|key| is_key(key)) {
            Some(key) => Ok(Self(key.to_owned())),
            None => {
                let kept = query.split('&').filter(|pair| !pair.starts_with("key="));
                let kept = kept.filter(|pair| !pair.is_empty()).map(|pair| format!("{pair}&"));
                let kept: String = kept.collect();
                let path = parts.uri.path();
                Err(Redirect::to(&format!("{path}?{kept}key={}", web.form_key())))
            }
        }
    }
}

fn is_key(key: &str) -> bool {
    key.len() == KEY_LETTERS && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}
