//! Insurances, also those that stand within an explanation of benefits.

use jiff::civil::Date;

use crate::Link;
use crate::coding;
use crate::findings::Findings;
use crate::index::{Index, Target};
use crate::moment::has_ended;
use crate::node::Node;

/// What the patient is to the subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The patient is the subscriber, or nothing is said.
    Subscriber,
    /// The husband or wife.
    Spouse,
    /// A son or daughter.
    Child,
    /// Anybody else.
    Other,
}

/// An insurance of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Where in the bundle.
    pub place: String,
    /// Under which ids the coverage is known outside.
    pub ids: Vec<String>,
    /// Whose.
    pub patient: Link,
    /// The payer's name.
    pub payer: String,
    /// The member's id, when the bundle says one.
    pub member_id: Option<String>,
    /// The plan's name.
    pub plan: Option<String>,
    /// What the patient is to the subscriber.
    pub relation: Relation,
    /// In which order payers pay, when it is said.
    pub order: Option<u64>,
}

/// Names under which some say that nobody pays but the patient.
const NO_PAYER: [&str; 4] = ["NO_INSURANCE", "SELF-PAY", "SELF PAY", "SELFPAY"];

/// Reads a coverage; one that is none now, or is no insurance, is noted and passed over.
pub(crate) fn read(
    index: &Index<'_>,
    at: usize,
    today: Date,
    found: &mut Findings,
) -> Option<Coverage> {
    let node = &index.resources[at].node;
    if let Some(status @ ("cancelled" | "draft" | "entered-in-error")) = node.text("status", found)
    {
        let message = format!("This coverage is {status} and is not taken over.");
        found.note(&node.at("status"), "not_active", &message);
        return None;
    }
    if has_ended(node, today) {
        let message = "This coverage has ended and is not taken over.";
        found.note(&node.at("period"), "ended", message);
        return None;
    }
    let patient = patient(index, at, node, found)?;
    let payer = payer(index, at, node, found)?;
    let subscriber_id = node.text("subscriberId", found).map(str::to_owned);
    Some(Coverage {
        place: node.place.clone(),
        // A family's coverages have one member's number: it is not this one's own.
        ids: index.outside_ids(at, found, |_| false),
        patient,
        payer,
        member_id: subscriber_id.or_else(|| member_number(node, found)),
        plan: plan(node, found),
        relation: relation(node, found),
        order: node.value.get("order").and_then(serde_json::Value::as_u64),
    })
}

fn patient(index: &Index<'_>, at: usize, node: &Node<'_>, found: &mut Findings) -> Option<Link> {
    let place = node.at("beneficiary");
    let Some(beneficiary) = node.get("beneficiary") else {
        found.fault(&place, "required", "A coverage says whose it is.");
        return None;
    };
    let link = index.link(at, &beneficiary, "Patient", found);
    if link.is_none() {
        found.unresolved(&place, "This leads to no patient.");
    }
    link
}

/// The payer's name; none when nobody but the patient pays.
fn payer(index: &Index<'_>, at: usize, node: &Node<'_>, found: &mut Findings) -> Option<String> {
    let payors = node.items("payor", found);
    let mut is_private = false;
    for payor in &payors {
        let target = index.target(at, payor, "Organization", found);
        let resource = match &target {
            Some(Target::Resource(at)) => Some(&index.resources[*at]),
            _ => None,
        };
        match resource {
            Some(resource) if resource.kind == "Organization" => {
                if let Some(name) = resource.node.word("name") {
                    return Some(name.to_owned());
                }
            }
            Some(resource) if ["Patient", "RelatedPerson"].contains(&resource.kind) => {
                is_private = true;
                continue;
            }
            _ => {}
        }
        match payor.word("display") {
            Some(name) if NO_PAYER.contains(&name.to_uppercase().as_str()) => is_private = true,
            Some(name) => return Some(name.to_owned()),
            None => {}
        }
    }
    if is_private {
        let message = "Here nobody but the patient pays; this is no insurance.";
        found.note(&node.at("payor"), "self_pay", message);
    } else {
        let message = "The payer's name is not in the bundle; the coverage is not taken over.";
        found.note(&node.at("payor"), "payer_unknown", message);
    }
    None
}

/// The identifier that is said to be a member's number. No other is taken for one.
fn member_number(node: &Node<'_>, found: &mut Findings) -> Option<String> {
    let all = node.items("identifier", found);
    let is_number = |one: &&Node<'_>| {
        one.get("type").is_some_and(|kind| coding::has(&kind, "MB", &mut Findings::default()))
    };
    all.iter().find(is_number)?.word("value").map(str::to_owned)
}

/// The name of the class that is a plan.
fn plan(node: &Node<'_>, found: &mut Findings) -> Option<String> {
    for class in node.items("class", found) {
        if class.get("type").is_some_and(|kind| coding::has(&kind, "plan", found)) {
            return class.word("name").or_else(|| class.word("value")).map(str::to_owned);
        }
    }
    None
}

fn relation(node: &Node<'_>, found: &mut Findings) -> Relation {
    let Some(said) = node.get("relationship") else { return Relation::Subscriber };
    let words =
        [("self", Relation::Subscriber), ("spouse", Relation::Spouse), ("child", Relation::Child)];
    let known = words.into_iter().find(|(word, _)| coding::has(&said, word, found));
    known.map_or(Relation::Other, |(_, relation)| relation)
}
