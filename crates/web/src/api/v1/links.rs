//! The names of the calls, and the links that lead from a call that creates something to those
//! about what it created. Programs that are made from the description follow them, and so does the
//! test of it.

use serde_json::json;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// What all addresses begin with.
const ROOT: &str = "/api/v1";
/// Where the id of what was created stands in the answer.
const CREATED_ID: &str = "$response.body#/id";
/// Calls whose answer is a list of what they created.
const CREATE_LISTS: [&str; 1] = ["/api/v1/eligibility-checks"];

/// Names every call, then links those that create something.
pub(super) fn add(description: &mut OpenApi) {
    let paths = &mut description.paths.paths;
    let mut calls = Vec::new();
    for (path, item) in paths.iter_mut() {
        for (method, operation) in operations(item) {
            let name = name(method, path);
            operation.operation_id = Some(name.clone());
            calls.push((path.clone(), name));
        }
    }
    for (path, item) in paths.iter_mut() {
        let created = item.post.as_mut().and_then(|post| post.responses.responses.get_mut("201"));
        if let Some(RefOr::T(created)) = created {
            let about = calls.iter().filter_map(|(to, name)| Some((name, link(path, to, name)?)));
            created.links.extend(about.map(|(name, link)| (name.clone(), RefOr::T(link))));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let of = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    of.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Such as `post_payments_id_refunds`.
fn name(method: &str, path: &str) -> String {
    let words = path.trim_start_matches(ROOT).replace(['{', '}'], "").replace(['/', '-'], "_");
    format!("{method}{words}")
}

/// The parameters in an address.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The way from what is created at `from` to a call at `to`, when that is about it.
fn link(from: &str, to: &str, name: &str) -> Option<Link> {
    let rest = to.strip_prefix(from)?.strip_prefix('/')?;
    let mut own = parameters(rest);
    let (own, more) = (own.next()?, own.next());
    if more.is_some() || !rest.starts_with('{') {
        return None;
    }
    let place = match own {
        "id" if CREATE_LISTS.contains(&from) => "$response.body#/data/0/id".to_owned(),
        "id" => CREATED_ID.to_owned(),
        other => format!("$response.body#/{other}"),
    };
    let named = parameters(from).map(|of| (of.to_owned(), format!("$request.path.{of}")));
    let all = named.chain([(own.to_owned(), place)]);
    let link = LinkBuilder::new().operation_id(name);
    let link = all.fold(link, |link, (of, place)| link.parameter(of, json!(place)));
    Some(link.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_by_what_they_do() {
        assert_eq!(name("get", "/api/v1/payments"), "get_payments");
        assert_eq!(name("post", "/api/v1/payments/{id}/refunds"), "post_payments_id_refunds");
        assert_eq!(name("post", "/api/v1/payment-links/send"), "post_payment_links_send");
    }

    #[test]
    fn what_was_created_leads_on() {
        let to = |from: &str, to: &str| {
            let link = link(&format!("{ROOT}{from}"), &format!("{ROOT}{to}"), "x")?;
            Some(serde_json::to_value(link.parameters).expect("parameters are plain values"))
        };
        assert_eq!(to("/payments", "/payments/{id}/link"), Some(json!({ "id": CREATED_ID })));
        let file = to("/payments/{id}/documents", "/payments/{id}/documents/{number}");
        let expected = json!({ "id": "$request.path.id", "number": "$response.body#/number" });
        assert_eq!(file, Some(expected));
        let check = to("/eligibility-checks", "/eligibility-checks/{id}");
        assert_eq!(check, Some(json!({ "id": "$response.body#/data/0/id" })));
        for other in ["/payments", "/payments/summary", "/payments/{id}/documents/{number}"] {
            assert_eq!(to("/payments", other), None, "{other}");
        }
        assert_eq!(to("/payments/{id}/notes", "/payments/{id}"), None);
    }
}
