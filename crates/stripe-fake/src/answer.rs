//! Errors, written as Stripe writes them.

use serde_json::{Value, json};

/// A request that is refused.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) param: Option<String>,
    pub(crate) message: String,
    /// Whether an endpoint began to work, so that the answer is kept under the request's key.
    pub(crate) executed: bool,
}

impl ApiError {
    /// Refused before an endpoint began: nothing is kept under the key.
    pub(crate) fn invalid(code: Option<&'static str>, param: &str, message: String) -> Self {
        let param = Some(param.to_owned()).filter(|param| !param.is_empty());
        Self { status: 400, kind: "invalid_request_error", code, param, message, executed: false }
    }

    /// Refused by the endpoint itself.
    pub(crate) fn refused(code: Option<&'static str>, param: &str, message: String) -> Self {
        Self { executed: true, ..Self::invalid(code, param, message) }
    }

    /// There is no such object.
    pub(crate) fn missing(kind: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {kind}: '{id}'");
        Self { status: 404, ..Self::refused(Some("resource_missing"), param, message) }
    }

    /// Refused for another reason than the request's own words.
    pub(crate) fn other(status: u16, kind: &'static str, message: &str) -> Self {
        let message = message.to_owned();
        Self { status, kind, code: None, param: None, message, executed: false }
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({ "message": self.message, "type": self.kind });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{code}"));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
