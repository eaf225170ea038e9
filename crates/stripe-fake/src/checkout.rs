//! Checkout Sessions: the hosted page of a payment.

use serde_json::{Value, json};

use crate::answer::ApiError;
use crate::form::Form;
use crate::lists;
use crate::world::{World, metadata, text_of, with_nulls};

/// What a new session may say.
pub(crate) const CREATE_PLAYS: [&str; 16] = [
    "mode",
    "line_items[][quantity]",
    "line_items[][price_data][currency]",
    "line_items[][price_data][unit_amount]",
    "line_items[][price_data][product_data][name]",
    "client_reference_id",
    "metadata",
    "allowed_payment_method_types",
    "payment_intent_data[capture_method]",
    "payment_intent_data[metadata]",
    "payment_intent_data[statement_descriptor_suffix]",
    "adaptive_pricing",
    "success_url",
    "cancel_url",
    "expires_at",
    "customer_email",
];
/// What a list of sessions may ask for.
pub(crate) const LIST_PLAYS: [&str; 6] =
    ["limit", "starting_after", "ending_before", "created", "payment_intent", "status"];

/// The shortest life of a page, in seconds: half an hour.
const LIFE_MIN: i64 = 30 * 60;
/// The longest, and what it is when nothing is said: a day.
const LIFE_MAX: i64 = 24 * 60 * 60;
/// The least amount in US dollars, in cents.
const AMOUNT_MIN: i64 = 50;
/// The greatest amount, in cents: eight digits.
const AMOUNT_MAX: i64 = 99_999_999;
/// The longest `client_reference_id`, in characters.
const REFERENCE_CHARS_MAX: usize = 200;
/// The longest text on a card's statement after the account's prefix, in characters.
const SUFFIX_CHARS_MAX: usize = 22;
/// Keys of metadata, and characters of a key and of a value.
const METADATA_MAX: (usize, usize, usize) = (50, 40, 500);

/// `POST /v1/checkout/sessions`
pub(crate) fn create(world: &mut World, _ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let amount = amount(form)?;
    let expires_at = check(world, form)?;
    let id = world.id("cs_test");
    let session = json!({
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": { "enabled": form.get("adaptive_pricing[enabled]") != Some("false") },
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
        "cancel_url": form.get("cancel_url"),
        "client_reference_id": form.get("client_reference_id"),
        "collected_information": { "shipping_details": null, "business_name": null,
            "individual_name": null },
        "created": world.now,
        "currency": form.get("line_items[0][price_data][currency]"),
        "custom_fields": [],
        "custom_text": { "after_submit": null, "shipping_address": null, "submit": null,
            "terms_of_service_acceptance": null },
        "customer_creation": "if_required",
        "customer_email": form.get("customer_email"),
        "expires_at": expires_at,
        "invoice_creation": null,
        "livemode": false,
        "metadata": metadata(&form.below("metadata")),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "allowed_payment_method_types": allowed(form),
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": { "enabled": false },
        "shipping_options": [],
        "status": "open",
        "success_url": form.get("success_url"),
        "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
        "ui_mode": "hosted_page",
        "url": null,
    });
    let nulls = [
        "billing_address_collection",
        "customer",
        "customer_details",
        "invoice",
        "locale",
        "origin_context",
        "payment_intent",
        "payment_link",
        "redirect_on_completion",
        "setup_intent",
        "submit_type",
        "subscription",
        "consent",
        "consent_collection",
        "client_secret",
        "shipping_cost",
        "shipping_address_collection",
        "recovered_from",
        "currency_conversion",
        "after_expiration",
        "allow_promotion_codes",
    ];
    world.add(with_nulls(session, &nulls));
    remember(world, &id, form);
    Ok(world.get(&id).cloned().unwrap_or_default())
}

/// What the payment is to be made of; Stripe shows none of it on the session.
fn remember(world: &mut World, id: &str, form: &Form) {
    world.add(json!({
        "id": format!("{id}/payment"),
        "object": "fake.payment_data",
        "capture_method":
            form.get("payment_intent_data[capture_method]").unwrap_or("automatic_async"),
        "metadata": metadata(&form.below("payment_intent_data[metadata]")),
        "suffix": form.get("payment_intent_data[statement_descriptor_suffix]"),
        "name": form.get("line_items[0][price_data][product_data][name]"),
    }));
}

/// The filter on the account's own payment methods; nothing said is nothing filtered.
fn allowed(form: &Form) -> Option<Vec<&str>> {
    let allowed = form.below("allowed_payment_method_types");
    (!allowed.is_empty()).then(|| allowed.into_iter().map(|(_, name)| name).collect())
}

fn amount(form: &Form) -> Result<i64, ApiError> {
    if form.get("mode") != Some("payment") {
        let message = "The fake plays sessions of mode payment only.".to_owned();
        return Err(ApiError::refused(Some("fake_does_not_play"), "mode", message));
    }
    if !form.has("line_items[0]") || form.has("line_items[1]") {
        let message = "The fake plays sessions of exactly one line item.".to_owned();
        return Err(ApiError::refused(Some("parameter_missing"), "line_items", message));
    }
    let item = "line_items[0][price_data]";
    for name in ["[unit_amount]", "[product_data][name]"] {
        if form.get(&format!("{item}{name}")).is_none() {
            let message = format!("Missing required param: {item}{name}.");
            return Err(ApiError::refused(Some("parameter_missing"), "line_items", message));
        }
    }
    let unit = form.int("line_items[0][price_data][unit_amount]").unwrap_or_default();
    let amount = unit.saturating_mul(form.int("line_items[0][quantity]").unwrap_or(1));
    if form.get("line_items[0][price_data][currency]") != Some("usd") {
        let message = "The fake plays US dollars only.".to_owned();
        return Err(ApiError::refused(Some("fake_does_not_play"), "currency", message));
    }
    if amount < AMOUNT_MIN {
        let message = "The Checkout Session's total amount due must add up to at least $0.50 usd";
        return Err(ApiError::refused(Some("amount_too_small"), "", message.to_owned()));
    }
    if amount > AMOUNT_MAX {
        let message = "The Checkout Session's total amount must be no more than $999,999.99";
        return Err(ApiError::refused(Some("amount_too_large"), "", message.to_owned()));
    }
    Ok(amount)
}

/// The rest of what is refused; gives the time of the page's end.
fn check(world: &World, form: &Form) -> Result<i64, ApiError> {
    let refuse =
        |param: &str, message: &str| Err(ApiError::refused(None, param, message.to_owned()));
    let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    if !form.get("success_url").is_some_and(is_url) {
        return refuse("success_url", "Not a valid URL");
    }
    if !form.get("cancel_url").is_none_or(is_url) {
        return refuse("cancel_url", "Not a valid URL");
    }
    let reference = form.get("client_reference_id").unwrap_or("-");
    if reference.is_empty() || reference.chars().count() > REFERENCE_CHARS_MAX {
        return refuse("client_reference_id", "It must be of 1 to 200 characters");
    }
    if let Some(suffix) = form.get("payment_intent_data[statement_descriptor_suffix]") {
        let bad = suffix.chars().any(|letter| "<>\\'\"*".contains(letter));
        let fits = suffix.chars().count() <= SUFFIX_CHARS_MAX && suffix.is_ascii();
        if bad || !fits || !suffix.chars().any(|letter| letter.is_ascii_alphabetic()) {
            return refuse("statement_descriptor_suffix", "The statement descriptor is invalid");
        }
    }
    for name in ["metadata", "payment_intent_data[metadata]"] {
        check_metadata(name, &form.below(name))?;
    }
    let expires_at = form.int("expires_at").unwrap_or(world.now + LIFE_MAX);
    let life = expires_at - world.now;
    if !(LIFE_MIN..=LIFE_MAX).contains(&life) {
        let message = "The `expires_at` timestamp must be at least 30 minutes and at most 24 \
            hours from Checkout Session creation.";
        return refuse("expires_at", message);
    }
    Ok(expires_at)
}

/// What metadata may be; a refund's too.
pub(crate) fn check_metadata(name: &str, fields: &[(&str, &str)]) -> Result<(), ApiError> {
    let (keys, key, value) = METADATA_MAX;
    let fits = |text: &str, max: usize| text.chars().count() <= max;
    let all_fit = fields.iter().all(|(name, text)| fits(name, key) && fits(text, value));
    if fields.len() <= keys && all_fit {
        return Ok(());
    }
    let message = "Metadata can have up to 50 keys, with names of 40 and values of 500 characters";
    Err(ApiError::refused(None, name, message.to_owned()))
}

/// `GET /v1/checkout/sessions/{id}`
pub(crate) fn retrieve(world: &mut World, ids: &[&str], _form: &Form) -> Result<Value, ApiError> {
    find(world, ids[0]).cloned()
}

pub(crate) fn find<'a>(world: &'a World, id: &str) -> Result<&'a Value, ApiError> {
    let missing = || ApiError::missing("checkout.session", id, "session");
    world.of_kind("checkout.session", id).ok_or_else(missing)
}

/// `GET /v1/checkout/sessions`
pub(crate) fn list(world: &mut World, _ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let (payment, status) = (form.get("payment_intent"), form.get("status"));
    if let Some(id) = payment {
        let missing = || ApiError::missing("payment_intent", id, "payment_intent");
        world.of_kind("payment_intent", id).ok_or_else(missing)?;
    }
    lists::page(world, ("checkout.session", "/v1/checkout/sessions"), form, |session| {
        payment.is_none_or(|id| session["payment_intent"] == *id)
            && status.is_none_or(|status| session["status"] == *status)
    })
}

/// `POST /v1/checkout/sessions/{id}/expire`
pub(crate) fn expire(world: &mut World, ids: &[&str], _form: &Form) -> Result<Value, ApiError> {
    let status = text_of(find(world, ids[0])?, "status");
    if status != "open" {
        let message = format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout \
             Session has a status of `{status}`."
        );
        return Err(ApiError::refused(None, "", message));
    }
    end(world, ids[0]);
    find(world, ids[0]).cloned()
}

/// Ends an open page, and the payment that was begun on it.
pub(crate) fn end(world: &mut World, session: &str) {
    world.set(session, "status", "expired");
    world.set(session, "url", Value::Null);
    let payment = world.text(session, "payment_intent");
    if !payment.is_empty() {
        world.set(&payment, "status", "canceled");
        world.set(&payment, "canceled_at", world.now);
        world.event("payment_intent.canceled", &payment);
    }
    world.event("checkout.session.expired", session);
}
