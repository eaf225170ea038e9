//! The calls of version 1. To add one, write its file and its line in [`calls`].

mod documents;
mod eligibility_checks;
mod estimates;
mod events;
mod imports;
mod links;
mod locations;
mod notes;
mod patients;
mod payment_links;
mod payments;
mod physicians;
pub(crate) mod records;
mod reports;
mod treatments;
mod webhook_endpoints;
mod words;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref,
    RefOr, Required, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::body::Unasked;
use super::problem::{self, FieldProblem, ProblemAnswer};
use super::{body, caller, once};
use crate::state::Web;
use crate::uploads;

/// The largest body of fields that is read.
const MAX_JSON_BYTES: usize = 256 * 1024;
/// What a key is called in the description.
const KEY: &str = "key";
/// What the description calls types that are sent to us; all others are answers.
const SENT_SUFFIX: &str = "Body";

/// Every call, with its description.
pub(super) fn calls(web: &Web) -> OpenApiRouter<Web> {
    let calls = OpenApiRouter::default()
        .merge(limited(web, MAX_JSON_BYTES, estimates::calls()))
        .merge(limited(web, MAX_JSON_BYTES, notes::calls()))
        .merge(limited(web, MAX_JSON_BYTES, records_calls()))
        .merge(bounded(web, limited(web, documents::max_body_bytes(web), documents::calls())))
        .merge(limited(web, MAX_JSON_BYTES, payment_links::calls()))
        .merge(limited(web, MAX_JSON_BYTES, payments::calls()))
        .merge(limited(web, MAX_JSON_BYTES, reports::calls()))
        .merge(limited(web, MAX_JSON_BYTES, webhook_endpoints::calls()))
        .merge(limited(web, MAX_JSON_BYTES, events::calls()))
        .merge(bounded(web, limited(web, imports::MAX_BODY_BYTES, imports::calls())))
        .merge(bounded(
            web,
            limited(web, eligibility_checks::MAX_BODY_BYTES, eligibility_checks::calls()),
        ));
    let mut calls = OpenApiRouter::with_openapi(about()).nest("/api/v1", calls);
    complete(calls.get_openapi_mut());
    let unasked = Arc::new(Unasked::of(calls.get_openapi()));
    calls
        .layer(from_fn_with_state(unasked, body::unasked))
        .layer(from_fn_with_state(web.clone(), caller::known))
}

/// The calls for the records around payments.
fn records_calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default()
        .merge(patients::calls())
        .merge(treatments::calls())
        .merge(locations::calls())
        .merge(physicians::calls())
}

/// Calls whose bodies have at most so many bytes, each carried out once.
fn limited(web: &Web, max_bytes: usize, calls: OpenApiRouter<Web>) -> OpenApiRouter<Web> {
    calls
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(web.clone(), once::once))
        .layer(DefaultBodyLimit::max(max_bytes))
}

/// Calls with large bodies, of which a bounded number is under way.
fn bounded(web: &Web, calls: OpenApiRouter<Web>) -> OpenApiRouter<Web> {
    calls.layer(from_fn_with_state(web.clone(), uploads::bounded))
}

fn about() -> OpenApi {
    let licence = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Almoner")
        .version("1")
        .description(Some(
            "What other programs may ask of a clinic's payments desk. Money is whole cents, \
             percentages are basis points (2000 is 20 %), times are RFC 3339 in UTC, days are \
             YYYY-MM-DD. What is not known is null, never zero. Fields that are not described \
             are refused.",
        ))
        .license(Some(licence))
        .build();
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key that `almoner key create` made, such as alm_1_1_…"))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme(KEY, SecurityScheme::Http(key))
        .schema(ProblemAnswer::name(), ProblemAnswer::schema())
        .schema(FieldProblem::name(), FieldProblem::schema())
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// Adds what holds for every call, so that none has to repeat it.
fn complete(description: &mut OpenApi) {
    for item in description.paths.paths.values_mut() {
        for (method, operation) in [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ] {
            if let Some(operation) = operation {
                add_failures(operation);
                if method == Method::POST {
                    let parameters = operation.parameters.get_or_insert_default();
                    parameters.push(RefOr::T(idempotency_key()));
                }
            }
        }
    }
    links::add(description);
    let schemas = description.components.iter_mut().flat_map(|all| &mut all.schemas);
    for (name, schema) in schemas {
        match schema {
            RefOr::T(Schema::Object(object)) if name.ends_with(SENT_SUFFIX) => {
                // A field that is not described is refused.
                let none = AdditionalProperties::FreeForm(false);
                object.additional_properties = Some(Box::new(none));
            }
            RefOr::T(schema) => require_all(schema),
            RefOr::Ref(_) => {}
        }
    }
}

/// What we send is always whole: what is not known is there as null.
fn require_all(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            let optional = ["request_id"];
            let names = object.properties.keys().filter(|name| !optional.contains(&name.as_str()));
            object.required = names.cloned().collect();
        }
        Schema::AllOf(parts) => {
            for part in &mut parts.items {
                if let RefOr::T(part) = part {
                    require_all(part);
                }
            }
        }
        _ => {}
    }
}

/// Every failure is a problem, whatever its status.
fn add_failures(operation: &mut Operation) {
    let problem = Ref::from_schema_name(ProblemAnswer::name());
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let failure = ResponseBuilder::new()
        .description("It was not carried out, or not to its end; the code says why.")
        .content(problem::CONTENT_TYPE, content)
        .build();
    for status in ["4XX", "5XX"] {
        operation.responses.responses.insert(status.to_owned(), RefOr::T(failure.clone()));
    }
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A word of your own, new for each request. The same request sent again under it \
             within 24 hours is not carried out again and gets the same answer.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(255))
                .build(),
        ))
        .build()
}
