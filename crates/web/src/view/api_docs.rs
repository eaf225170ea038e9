//! The page on which people read what other programs may ask.

use askama::Template;

use super::Samples;

/// Every call, type and failure of the interface, as it describes itself.
#[derive(Debug, Clone, Template)]
#[template(path = "api_docs.html")]
pub(crate) struct ApiDocsPage {
    /// What holds for every call.
    pub(crate) about: String,
    /// The calls.
    pub(crate) calls: Vec<Call>,
    /// The types that they take and give.
    pub(crate) kinds: Vec<Kind>,
    /// The failures.
    pub(crate) failures: Vec<Failure>,
}

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Such as `POST`.
    pub(crate) method: String,
    /// Such as `/api/v1/estimates`.
    pub(crate) path: String,
    /// A few words.
    pub(crate) summary: String,
    /// What it does.
    pub(crate) description: String,
    /// The scopes that a key needs.
    pub(crate) scope: String,
    /// What stands in the address and the headers.
    pub(crate) parameters: Vec<Field>,
    /// What the body is, by its content type.
    pub(crate) body: Option<(String, TypeName)>,
    /// What comes back when it went well, by its status.
    pub(crate) answers: Vec<(String, TypeName)>,
}

/// A type.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) description: String,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
    /// The words that it may be, when it is one of several.
    pub(crate) words: Vec<String>,
}

/// A field of a type, or a parameter of a call.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// What may stand there.
    pub(crate) kind: TypeName,
    /// Whether it may be missing.
    pub(crate) is_optional: bool,
    /// What it is.
    pub(crate) description: String,
}

/// A type where it is used, such as `list of EstimateWarning`.
#[derive(Debug, Clone, Default)]
pub(crate) struct TypeName {
    /// What stands before the name.
    pub(crate) before: &'static str,
    /// The name.
    pub(crate) name: String,
    /// Whether the page explains it.
    pub(crate) is_explained: bool,
    /// What stands after the name.
    pub(crate) after: &'static str,
}

/// A failure.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// Its stable name.
    pub(crate) code: &'static str,
    /// Its status.
    pub(crate) status: u16,
    /// What it means.
    pub(crate) meaning: &'static str,
}

impl Samples for ApiDocsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let named = |name: &str| TypeName {
            name: name.to_owned(),
            is_explained: true,
            ..TypeName::default()
        };
        let text = TypeName { name: "string".to_owned(), ..TypeName::default() };
        let field = |name: &str, kind: &TypeName| Field {
            name: name.to_owned(),
            kind: kind.clone(),
            is_optional: name == "memo",
            description: "What it is, with <b>markup</b> & \"quotes\" in it.".to_owned(),
        };
        let call = Call {
            method: "POST".to_owned(),
            path: "/api/v1/samples/{id}".to_owned(),
            summary: "Make a sample".to_owned(),
            description: "The first paragraph.\n\nThe second one.".to_owned(),
            scope: "samples:write".to_owned(),
            parameters: vec![field("id", &text)],
            body: Some(("application/json".to_owned(), named("SampleBody"))),
            answers: vec![("201".to_owned(), named("SampleBody"))],
        };
        let words = vec!["one".to_owned(), "two".to_owned()];
        let colours = TypeName { before: "list of ", after: " or null", ..named("Colour") };
        let body = Kind {
            name: "SampleBody".to_owned(),
            description: "What a sample is made of.".to_owned(),
            fields: vec![field("memo", &text), field("colours", &colours)],
            words: Vec::new(),
        };
        let colour = Kind { name: "Colour".to_owned(), fields: Vec::new(), words, ..body.clone() };
        let problem = Kind { name: "Problem".to_owned(), ..body.clone() };
        let failure = Failure { code: "not_found", status: 404, meaning: "There is none." };
        let usual = Self {
            about: "What other programs may ask.".to_owned(),
            calls: vec![call],
            kinds: vec![body, colour, problem],
            failures: vec![failure],
        };
        vec![("usual", usual)]
    }
}
