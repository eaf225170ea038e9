//! The endpoints that are played.

use serde_json::Value;

use crate::answer::ApiError;
use crate::form::Form;
use crate::world::World;
use crate::{checkout, lists, money, payments, refunds};

/// An endpoint.
pub(crate) struct Route {
    /// Method and path, as the list of parameters names it.
    pub(crate) name: &'static str,
    /// The parameters that the fake plays, of those that the official types know.
    pub(crate) plays: &'static [&'static str],
    /// What it does.
    pub(crate) run: fn(&mut World, &[&str], &Form) -> Result<Value, ApiError>,
}

/// No parameter but `expand[]`, which all endpoints play.
const ONLY_EXPAND: &[&str] = &[];

#[rustfmt::skip]
const ROUTES: [Route; 22] = [
    Route { name: "POST /v1/checkout/sessions", plays: &checkout::CREATE_PLAYS,
        run: checkout::create },
    Route { name: "GET /v1/checkout/sessions", plays: &checkout::LIST_PLAYS,
        run: checkout::list },
    Route { name: "GET /v1/checkout/sessions/{id}", plays: ONLY_EXPAND, run: checkout::retrieve },
    Route { name: "POST /v1/checkout/sessions/{id}/expire", plays: ONLY_EXPAND,
        run: checkout::expire },
    Route { name: "GET /v1/payment_intents", plays: &lists::PLAYS, run: payments::list },
    Route { name: "GET /v1/payment_intents/{id}", plays: ONLY_EXPAND, run: payments::retrieve },
    Route { name: "POST /v1/payment_intents/{id}/cancel", plays: &payments::CANCEL_PLAYS,
        run: payments::cancel },
    Route { name: "POST /v1/payment_intents/{id}/capture", plays: ONLY_EXPAND,
        run: payments::capture },
    Route { name: "GET /v1/charges", plays: &payments::CHARGES_PLAYS,
        run: payments::list_charges },
    Route { name: "GET /v1/charges/{id}", plays: ONLY_EXPAND, run: payments::retrieve_charge },
    Route { name: "POST /v1/refunds", plays: &refunds::CREATE_PLAYS, run: refunds::create },
    Route { name: "GET /v1/refunds", plays: &refunds::LIST_PLAYS, run: refunds::list },
    Route { name: "GET /v1/refunds/{id}", plays: ONLY_EXPAND, run: refunds::retrieve },
    Route { name: "POST /v1/refunds/{id}/cancel", plays: ONLY_EXPAND, run: refunds::cancel },
    Route { name: "GET /v1/balance_transactions", plays: &money::TRANSACTIONS_PLAYS,
        run: money::list },
    Route { name: "GET /v1/balance_transactions/{id}", plays: ONLY_EXPAND, run: money::retrieve },
    Route { name: "GET /v1/disputes", plays: &money::DISPUTES_PLAYS, run: money::list_disputes },
    Route { name: "GET /v1/disputes/{id}", plays: ONLY_EXPAND, run: money::retrieve_dispute },
    Route { name: "GET /v1/payouts", plays: &lists::PLAYS, run: money::list_payouts },
    Route { name: "GET /v1/payouts/{id}", plays: ONLY_EXPAND, run: money::retrieve_payout },
    Route { name: "GET /v1/events", plays: &money::EVENTS_PLAYS, run: money::list_events },
    Route { name: "GET /v1/events/{id}", plays: ONLY_EXPAND, run: money::retrieve_event },
];

/// Whether there is an endpoint of that name.
pub(crate) fn is_endpoint(name: &str) -> bool {
    ROUTES.iter().any(|route| route.name == name)
}

/// The endpoint of a request, with the ids in its path.
pub(crate) fn find<'a>(method: &str, path: &'a str) -> Option<(&'static Route, Vec<&'a str>)> {
    ROUTES.iter().find_map(|route| {
        let (wanted, pattern) = route.name.split_once(' ')?;
        let (parts, fields) = (path.split('/'), pattern.split('/'));
        if wanted != method || parts.clone().count() != fields.clone().count() {
            return None;
        }
        let mut ids = Vec::new();
        for (part, field) in parts.zip(fields) {
            match field {
                "{id}" if !part.is_empty() => ids.push(part),
                field if field == part => {}
                _ => return None,
            }
        }
        Some((route, ids))
    })
}
