//! The hosted page, for a browser: a field for the card, and the way back.

use axum::response::Response;

use crate::form::Form;
use crate::server::text_response;
use crate::{Paid, Parts, payer};

/// Answers a request for a session's page.
pub(crate) fn page(parts: &Parts, session: &str, (method, body): (&str, &str)) -> Response {
    let mut world = parts.world();
    if world.of_kind("checkout.session", session).is_none() {
        return text_response(404, "text/plain", "There is no such page.".to_owned());
    }
    let form = Form::decode(body).unwrap_or_default();
    let status = world.text(session, "status");
    if method != "POST" || status != "open" {
        return show(&world, session, if status == "open" { "" } else { "This page has ended." });
    }
    let paid = match (form.get("card"), form.get("authenticated")) {
        (Some(card), _) => payer::pay(&mut world, session, card),
        (None, Some(answer)) => payer::authenticate(&mut world, session, answer == "yes"),
        (None, None) => return show(&world, session, "Enter a card."),
    };
    match paid {
        Paid::Done(address) => Response::builder()
            .status(303)
            .header("location", address)
            .body(axum::body::Body::empty())
            .expect("the address was checked as the session was made"),
        Paid::MustAuthenticate => show(&world, session, "Please authenticate."),
        Paid::Declined(reason) => show(&world, session, &reason),
    }
}

fn show(world: &crate::world::World, session: &str, message: &str) -> Response {
    let amount = world.int(session, "amount_total");
    let name = escape(&world.text(&format!("{session}/payment"), "name"));
    let cancel = escape(&world.text(session, "cancel_url"));
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Stripe, played</title>\
         <h1>{name}</h1><p>${}.{:02}</p><p role=\"status\">{}</p>\
         <form method=\"post\"><label>Card <input name=\"card\"></label><button>Pay</button></form>\
         <form method=\"post\"><button name=\"authenticated\" value=\"yes\">It is me</button>\
         <button name=\"authenticated\" value=\"no\">It is not me</button></form>\
         <a href=\"{cancel}\">Back</a></html>",
        amount / 100,
        amount % 100,
        escape(message),
    );
    text_response(200, "text/html; charset=utf-8", html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
