//! The interface describes itself, wholly and truly.

use std::collections::BTreeSet;

use almoner_store::on_both_engines;
use axum::http::Method;
use serde_json::{Value, json};

use crate::api_program::{ESTIMATES, Program, all_but};
use crate::site::Site;

/// A call as it is described.
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The scopes that a key needs.
    pub(crate) scopes: Vec<String>,
}

async fn described(site: &Site) -> Value {
    let stranger = Program::with_key(site, String::new());
    stranger.get("/api/v1/openapi.json").await.value(200)
}

/// Every call that is described.
pub(crate) async fn operations(site: &Site) -> Vec<Operation> {
    let described = described(site).await;
    let mut found = Vec::new();
    for (path, item) in described["paths"].as_object().expect("there are paths") {
        for (method, operation) in item.as_object().expect("a path has methods") {
            let scopes = operation["security"][0]["key"].as_array().expect("a call has scopes");
            let scopes = scopes.iter().map(|scope| scope.as_str().unwrap().to_owned());
            let method = method.to_uppercase().parse().expect("it is a method");
            found.push(Operation { method, path: path.clone(), scopes: scopes.collect() });
        }
    }
    assert!(found.len() >= 3, "the calls are described");
    found
}

/// Every `$ref` in a value.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "$ref") {
                    Some(reference) => drop(found.insert(reference)),
                    None => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

on_both_engines! {
    async fn the_description_is_whole(db) {
        let site = Site::new(db).await;
        let described = described(&site).await;
        assert_eq!(described["info"]["title"], "Almoner");
        assert_eq!(described["components"]["securitySchemes"]["key"]["scheme"], "bearer");
        let mut found = BTreeSet::new();
        references(&described, &mut found);
        assert!(found.len() > 15, "{found:?}");
        for reference in found {
            let path = reference.trim_start_matches('#');
            assert!(described.pointer(path).is_some(), "{reference} leads nowhere");
        }
        for path in described["paths"].as_object().unwrap().values() {
            for (method, operation) in path.as_object().unwrap() {
                for status in ["4XX", "5XX"] {
                    let content = &operation["responses"][status]["content"];
                    let schema = &content["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(*schema, "#/components/schemas/Problem", "{operation}");
                }
                let parameters = operation["parameters"].as_array();
                let names = parameters.into_iter().flatten().map(|one| &one["name"]);
                let is_once = names.into_iter().any(|name| name == "Idempotency-Key");
                assert_eq!(is_once, method == "post", "{operation}");
            }
        }
        for (name, schema) in described["components"]["schemas"].as_object().unwrap() {
            assert!(schema["description"].is_string(), "{name} says nothing of itself");
        }
        let mut names = BTreeSet::new();
        for (path, item) in described["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name), "{name} at {path} is the name of another call too");
            }
        }
        let created = &described["paths"]["/api/v1/payments"]["post"]["responses"]["201"];
        let links = created["links"].as_object().unwrap();
        assert!(links.len() >= 8, "what was created leads on: {links:?}");
        for link in links.values() {
            assert!(names.contains(link["operationId"].as_str().unwrap()), "{link} leads nowhere");
        }
        let figure = &described["components"]["schemas"]["FigureAnswer"];
        let required = figure["required"].as_array().unwrap();
        assert!(required.contains(&json!("amount_cents")), "null is said, not left out: {figure}");
        let body = &described["components"]["schemas"]["EstimateBody"];
        assert_eq!(body["required"], json!(["patient_id", "payment_type"]));
        assert_eq!(body["additionalProperties"], false, "what is not described is refused");
        let kinds = &described["components"]["schemas"]["PaymentKind"]["enum"];
        assert_eq!(*kinds, json!(["treatment_pre_payment", "office_visit", "private_pay"]));
    }

    async fn people_can_read_it(db) {
        let site = Site::new(db).await;
        let page = Program::with_key(&site, String::new()).get("/api/docs").await;
        page.shows(200, &["Interface for other programs", "transition_not_allowed"]);
        let described = described(&site).await;
        for name in described["components"]["schemas"].as_object().unwrap().keys() {
            page.shows(200, &[&format!("id=\"t-{name}\"")]);
        }
        for operation in operations(&site).await {
            let call = format!("<code>{} {}</code>", operation.method, operation.path);
            page.shows(200, &[&call, &format!("needs {}", operation.scopes.join(" and "))]);
        }
        page.shows(200, &["In or out of network; without it, what the clinic sets"]);
        page.lacks(&["http://", "https://", "<iframe", "<td class=\"wrap\"></td>"]);
        let text = page.text();
        for (at, _) in text.match_indices("href=\"#") {
            let id = text[at + 7..].split('"').next().unwrap();
            assert!(text.contains(&format!("id=\"{id}\"")), "#{id} leads nowhere");
        }
    }

    async fn what_is_described_is_what_is_read(db) {
        let site = Site::new(db).await;
        let described = described(&site).await;
        let program = Program::new(&site, &all_but("")).await;
        let fields = |name: &str| {
            let schema = &described["components"]["schemas"][name]["properties"];
            schema.as_object().expect("it has fields").keys().cloned().collect::<Vec<_>>()
        };
        let body: serde_json::Map<String, Value> =
            fields("EstimateBody").into_iter().map(|name| (name, json!([]))).collect();
        let asked = Value::Object(body.clone()).to_string();
        let faults = program.post(ESTIMATES, &asked).await.faults();
        assert_eq!(faults.len(), body.len(), "{faults:?}");
        assert!(!faults.iter().any(|fault| fault.contains("unknown_field")), "{faults:?}");
        let choices: serde_json::Map<String, Value> =
            fields("ChoicesBody").into_iter().map(|name| (name, json!([]))).collect();
        let asked = json!({
            "patient_id": "PAT-001", "payment_type": "office_visit", "choices": choices,
        });
        let faults = program.post(ESTIMATES, &asked.to_string()).await.faults();
        assert_eq!(faults.len(), choices.len(), "{faults:?}");
        assert!(!faults.iter().any(|fault| fault.contains("unknown_field")), "{faults:?}");
    }
}
