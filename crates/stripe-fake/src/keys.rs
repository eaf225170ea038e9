//! Idempotency keys: the same key gives the same answer.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer::ApiError;

/// How long a key is kept, in seconds: a day, the least that Stripe promises.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// The longest key, in characters.
const KEY_CHARS_MAX: usize = 255;

/// What is known of the keys.
#[derive(Default)]
pub(crate) struct Keys {
    rows: BTreeMap<String, Row>,
}

struct Row {
    endpoint: String,
    parameters: String,
    created: i64,
    state: State,
}

enum State {
    Running,
    Done(Kept),
}

/// An answer that is kept.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request: String,
}

impl Keys {
    /// Begins a request under a key; gives the answer when there is one already.
    pub(crate) fn begin(
        &mut self,
        key: &str,
        (endpoint, parameters): (&str, &str),
        now: i64,
    ) -> Result<Option<Kept>, ApiError> {
        if key.chars().count() > KEY_CHARS_MAX {
            let message = "Idempotency key is too long: at most 255 characters.".to_owned();
            return Err(ApiError::invalid(None, "", message));
        }
        self.forget_old(now);
        let Some(row) = self.rows.get(key) else {
            let (endpoint, parameters) = (endpoint.to_owned(), parameters.to_owned());
            let row = Row { endpoint, parameters, created: now, state: State::Running };
            self.rows.insert(key.to_owned(), row);
            return Ok(None);
        };
        if row.endpoint != endpoint {
            return Err(other_use(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were \
                 first used for ('{endpoint}' vs '{}'). Try using a key other than '{key}' if you \
                 meant to execute a different request.",
                row.endpoint
            )));
        }
        if row.parameters != parameters {
            return Err(other_use(format!(
                "Keys for idempotent requests can only be used with the same parameters they were \
                 first used with. Try using a key other than '{key}' if you meant to execute a \
                 different request."
            )));
        }
        match &row.state {
            State::Running => Err(in_use(key)),
            State::Done(kept) => Ok(Some(kept.clone())),
        }
    }

    /// Keeps the answer under the key.
    pub(crate) fn done(&mut self, key: &str, kept: Kept) {
        if let Some(row) = self.rows.get_mut(key) {
            row.state = State::Done(kept);
        }
    }

    /// Lets a key go under which no endpoint began to work.
    pub(crate) fn release(&mut self, key: &str) {
        self.rows.remove(key);
    }

    pub(crate) fn forget_old(&mut self, now: i64) {
        self.rows.retain(|_, row| now - row.created < KEPT_SECONDS);
    }
}

fn other_use(message: String) -> ApiError {
    ApiError { kind: "idempotency_error", ..ApiError::invalid(None, "", message) }
}

/// The answer while a request with the same key is running.
pub(crate) fn in_use(key: &str) -> ApiError {
    let message = format!(
        "There is currently another in-progress request using this Idempotent Key ({key}). \
         Please try again later."
    );
    ApiError {
        status: 409,
        kind: "idempotency_error",
        code: Some("idempotency_key_in_use"),
        ..ApiError::invalid(None, "", message)
    }
}
