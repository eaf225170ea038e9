//! What the facade can do.

use jiff::civil::Date;
use serde::Serialize;

use super::{Concept, FHIR_VERSION};

/// What the facade can do.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub struct CapabilityStatement {
    status: &'static str,
    date: Date,
    kind: &'static str,
    software: Software,
    implementation: Implementation,
    fhir_version: &'static str,
    format: [&'static str; 2],
    rest: [Rest; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Software {
    name: &'static str,
    version: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Implementation {
    description: &'static str,
    url: String,
}

#[derive(Debug, Clone, Serialize)]
struct Rest {
    mode: &'static str,
    security: Security,
    resource: Vec<OfferedResource>,
}

#[derive(Debug, Clone, Serialize)]
struct Security {
    service: [Concept; 1],
    description: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct OfferedResource {
    #[serde(rename = "type")]
    kind: &'static str,
    interaction: Vec<Interaction>,
    versioning: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    search_param: Vec<SearchParam>,
    documentation: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Interaction {
    code: &'static str,
}

/// What may be searched by.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SearchParam {
    /// The parameter's name.
    pub name: &'static str,
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it does here.
    pub documentation: &'static str,
}

/// A type of resource that is offered.
#[derive(Debug, Clone, Copy)]
pub struct Offered {
    /// The type.
    pub kind: &'static str,
    /// What may be searched by; nothing when it is only read.
    pub searches: &'static [SearchParam],
    /// What it is made of, and which scope it needs.
    pub about: &'static str,
}

/// What the facade at that address can do.
pub fn capability(
    url: String,
    version: &'static str,
    date: Date,
    offered: &[Offered],
) -> CapabilityStatement {
    let resource = |one: &Offered| {
        let mut interaction = vec![Interaction { code: "read" }];
        if !one.searches.is_empty() {
            interaction.push(Interaction { code: "search-type" });
        }
        OfferedResource {
            kind: one.kind,
            interaction,
            versioning: "no-version",
            search_param: one.searches.to_vec(),
            documentation: one.about,
        }
    };
    let service = Concept::words("A key of the interface, as a bearer token (RFC 6750)");
    let security = Security {
        service: [service],
        description: "The keys and scopes of the interface below /api/v1.",
    };
    CapabilityStatement {
        status: "active",
        date,
        kind: "instance",
        software: Software { name: "Almoner", version },
        implementation: Implementation {
            description: "What a clinic's payments desk lets other programs read.",
            url,
        },
        fhir_version: FHIR_VERSION,
        format: [super::CONTENT_TYPE, "json"],
        rest: [Rest { mode: "server", security, resource: offered.iter().map(resource).collect() }],
    }
}
