//! Puts the interface's description into the page on which people read it.

use askama::Template as _;
use axum::body::Bytes;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::problem::Code;
use crate::view::api_docs::{ApiDocsPage, Call, Failure, Field, Kind, TypeName};

/// Where the description keeps its types.
const SCHEMAS: &str = "#/components/schemas/";

/// The page. It is the same for everybody and as long as the program runs.
///
/// # Panics
/// Never: a description is plain values, and a template that compiles renders.
pub(super) fn page(description: &OpenApi) -> Bytes {
    let described = serde_json::to_value(description).expect("a description is plain values");
    filled(&described).render().expect("a template that compiles renders").into()
}

fn filled(described: &Value) -> ApiDocsPage {
    let failures = Code::ALL.iter().map(|code| Failure {
        code: code.as_str(),
        status: code.status().as_u16(),
        meaning: code.meaning(),
    });
    let kinds = entries(&described["components"]["schemas"]);
    ApiDocsPage {
        about: prose(&described["info"]["description"]),
        calls: entries(&described["paths"]).flat_map(calls_at).collect(),
        kinds: kinds.map(|(name, schema)| kind(name, schema)).collect(),
        failures: failures.collect(),
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A description as people read it: its lines end where the page ends them, its paragraphs stay,
/// and names stand in quotes.
fn prose(value: &Value) -> String {
    let paragraphs = value.as_str().unwrap_or_default().split("\n\n");
    let paragraphs = paragraphs.map(|lines| lines.replace('\n', " ").replace('`', "\""));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn calls_at<'a>((path, item): (&'a String, &'a Value)) -> impl Iterator<Item = Call> + 'a {
    entries(item).filter(|(_, operation)| operation.is_object()).map(move |(method, operation)| {
        let scopes = items(&operation["security"]).flat_map(entries);
        let scopes: Vec<String> = scopes.flat_map(|(_, scopes)| items(scopes)).map(text).collect();
        let content = |of: &Value| {
            let first = entries(&of["content"]).next();
            first.map(|(kind, content)| (kind.clone(), type_name(&content["schema"])))
        };
        let good = entries(&operation["responses"]).filter(|(status, _)| status.starts_with('2'));
        Call {
            method: method.to_uppercase(),
            path: path.clone(),
            summary: text(&operation["summary"]),
            description: prose(&operation["description"]),
            scope: scopes.join(" and "),
            parameters: items(&operation["parameters"]).map(parameter).collect(),
            body: content(&operation["requestBody"]),
            answers: good
                .filter_map(|(status, answer)| Some((status.clone(), content(answer)?.1)))
                .collect(),
        }
    })
}

fn parameter(parameter: &Value) -> Field {
    Field {
        name: text(&parameter["name"]),
        kind: type_name(&parameter["schema"]),
        is_optional: parameter["required"] != Value::Bool(true),
        description: prose(&parameter["description"]),
    }
}

fn kind(name: &str, schema: &Value) -> Kind {
    Kind {
        name: name.to_owned(),
        description: prose(&schema["description"]),
        fields: fields(schema),
        words: items(&schema["enum"]).map(text).collect(),
    }
}

/// The fields of an object. One that is put together from others has the fields of its own.
fn fields(schema: &Value) -> Vec<Field> {
    let parts = items(&schema["allOf"]);
    let mut all: Vec<Field> = parts.flat_map(fields).collect();
    if schema["$ref"].is_string() {
        all.push(Field {
            name: "…".to_owned(),
            kind: type_name(schema),
            is_optional: false,
            description: "All fields of that type.".to_owned(),
        });
    }
    let is_required =
        |name: &String| items(&schema["required"]).any(|required| *required == **name);
    all.extend(entries(&schema["properties"]).map(|(name, property)| Field {
        name: name.clone(),
        kind: type_name(property),
        is_optional: !is_required(name),
        description: described(property),
    }));
    all
}

/// What a field is; one that may be null says it beside the type.
fn described(property: &Value) -> String {
    let options = items(&property["oneOf"]).chain(std::iter::once(property));
    options
        .map(|option| prose(&option["description"]))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// A type where it is used.
fn type_name(schema: &Value) -> TypeName {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix(SCHEMAS)) {
        return TypeName { name: name.to_owned(), is_explained: true, ..TypeName::default() };
    }
    let options = items(&schema["oneOf"]).chain(items(&schema["anyOf"]));
    let options: Vec<&Value> = options.chain(items(&schema["allOf"])).collect();
    if let Some(one) = options.iter().find(|option| option["type"] != "null") {
        let is_nullable = options.len() > 1;
        return TypeName { after: if is_nullable { " or null" } else { "" }, ..type_name(one) };
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        list => items(list).filter_map(Value::as_str).collect(),
    };
    let after = if names.contains(&"null") { " or null" } else { "" };
    let name = names.into_iter().find(|name| *name != "null").unwrap_or("value");
    match (name, schema["format"].as_str()) {
        ("array", _) => TypeName { before: "list of ", after, ..type_name(&schema["items"]) },
        (_, Some("date")) => TypeName { name: "date".to_owned(), after, ..TypeName::default() },
        (_, Some("date-time")) => {
            TypeName { name: "time".to_owned(), after, ..TypeName::default() }
        }
        _ => TypeName { name: name.to_owned(), after, ..TypeName::default() },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(schema: &Value) -> String {
        let TypeName { before, name, after, .. } = type_name(schema);
        format!("{before}{name}{after}")
    }

    #[test]
    fn types_are_put_into_words() {
        let colour = json!({ "$ref": "#/components/schemas/Colour" });
        assert_eq!(named(&colour), "Colour");
        assert_eq!(named(&json!({ "type": ["integer", "null"] })), "integer or null");
        assert_eq!(named(&json!({ "type": "array", "items": colour })), "list of Colour");
        assert_eq!(named(&json!({ "oneOf": [{ "type": "null" }, colour] })), "Colour or null");
        assert_eq!(named(&json!({ "type": "string", "format": "date" })), "date");
        assert!(type_name(&colour).is_explained);
    }
}
