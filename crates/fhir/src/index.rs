//! Finds what a reference leads to: within the bundle by address, by type and id, by identifier or
//! within the resource itself; else it is an outside id, which an earlier bundle may have held.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::Link;
use crate::findings::Findings;
use crate::node::Node;

/// References that are followed from one resource to the next at most.
const MAX_STEPS: usize = 3;

/// A resource of the bundle.
#[derive(Debug, Clone)]
pub(crate) struct Resource<'a> {
    /// The resource.
    pub(crate) node: Node<'a>,
    /// What type it is.
    pub(crate) kind: &'a str,
    /// The address of its entry.
    pub(crate) full_url: Option<&'a str>,
    /// The resource that contains it.
    pub(crate) within: Option<usize>,
}

/// Where a reference leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// To a resource of the bundle.
    Resource(usize),
    /// Elsewhere.
    Outside(String),
}

/// What resources are found by; nothing for a key that several have.
type Keyed<K> = HashMap<K, Option<usize>>;

/// Notes which resource has a key; false when another has it too.
fn note<K: Eq + Hash>(keyed: &mut Keyed<K>, key: K, index: usize) -> bool {
    match keyed.entry(key) {
        Entry::Vacant(place) => {
            place.insert(Some(index));
            true
        }
        Entry::Occupied(place) if *place.get() == Some(index) => true,
        Entry::Occupied(mut place) => {
            place.insert(None);
            false
        }
    }
}

/// All resources of a bundle.
#[derive(Debug, Default)]
pub(crate) struct Index<'a> {
    /// The resources, those that are contained in others after the one that contains them.
    pub(crate) resources: Vec<Resource<'a>>,
    by_url: Keyed<&'a str>,
    by_id: Keyed<(&'a str, &'a str)>,
    by_identifier: Keyed<(&'a str, String)>,
    contained: Keyed<(usize, &'a str)>,
    /// The place of a resource in the list of its kind.
    pub(crate) read: HashMap<usize, usize>,
}

/// The identifiers of a resource, as `system|value`, with their nodes.
pub(crate) fn identifiers<'a>(
    resource: &Node<'a>,
    found: &mut Findings,
) -> Vec<(String, Node<'a>)> {
    let items = match resource.get("identifier") {
        Some(one) if one.value.is_object() => vec![one],
        _ => resource.items("identifier", found),
    };
    items.into_iter().filter_map(|node| Some((identifier(&node)?, node))).collect()
}

fn identifier(node: &Node<'_>) -> Option<String> {
    Some(format!("{}|{}", node.word("system")?, node.word("value")?))
}

/// The address before `Patient/1`, when it is one of a server.
fn base(url: &str) -> Option<&str> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return None;
    }
    let (rest, _) = url.rsplit_once('/')?;
    rest.rsplit_once('/').map(|(base, _)| base)
}

impl<'a> Index<'a> {
    /// Adds a resource; false when another has its address.
    pub(crate) fn add(&mut self, resource: Resource<'a>, found: &mut Findings) -> bool {
        let index = self.resources.len();
        let mut is_new = true;
        if let Some(owner) = resource.within {
            if let Some(id) = resource.node.word("id") {
                note(&mut self.contained, (owner, id), index);
            }
        } else {
            if let Some(url) = resource.full_url {
                is_new = note(&mut self.by_url, url, index);
            }
            if let Some(id) = resource.node.word("id") {
                note(&mut self.by_id, (resource.kind, id), index);
            }
            for (identifier, _) in identifiers(&resource.node, found) {
                note(&mut self.by_identifier, (resource.kind, identifier), index);
            }
        }
        self.resources.push(resource);
        is_new
    }

    /// Under which ids a resource is known outside: its address, and the identifiers that
    /// `is_good` lets pass.
    pub(crate) fn outside_ids(
        &self,
        index: usize,
        found: &mut Findings,
        is_good: impl Fn(&Node<'a>) -> bool,
    ) -> Vec<String> {
        let resource = &self.resources[index];
        let mut ids = Vec::new();
        match (resource.within, resource.full_url) {
            (None, Some(url)) if is_lasting(url) => ids.push(url.to_owned()),
            (Some(owner), _) => {
                let owner = self.resources[owner].full_url.filter(|url| is_lasting(url));
                let id = resource.node.word("id");
                ids.extend(owner.zip(id).map(|(url, id)| format!("{url}#{id}")));
            }
            _ => {}
        }
        let own = identifiers(&resource.node, found);
        ids.extend(own.into_iter().filter(|(_, node)| is_good(node)).map(|(id, _)| id));
        ids.dedup();
        ids
    }

    /// Where a reference of the resource `from` leads; `None` when it says nothing, and when it
    /// leads to several, which is a fault.
    pub(crate) fn target(
        &self,
        from: usize,
        reference: &Node<'_>,
        kind: &str,
        found: &mut Findings,
    ) -> Option<Target> {
        let target = match reference.word("reference") {
            Some(text) => self.followed(from, text),
            None => self.identified(kind, identifier(&reference.get("identifier")?)?),
        };
        if target.is_none() {
            found.ambiguous(&reference.place);
        }
        target
    }

    /// What has an identifier; `None` when several have it.
    fn identified(&self, kind: &str, identifier: String) -> Option<Target> {
        match self.by_identifier.get(&(kind, identifier.clone())) {
            Some(index) => index.map(Target::Resource),
            None => Some(Target::Outside(identifier)),
        }
    }

    /// Where a reference leads; `None` when that are several.
    fn followed(&self, from: usize, text: &str) -> Option<Target> {
        if let Some(id) = text.strip_prefix('#') {
            let owner = self.resources[from].within.unwrap_or(from);
            return match self.contained.get(&(owner, id)) {
                Some(index) => index.map(Target::Resource),
                None => Some(Target::Outside(text.to_owned())),
            };
        }
        if let Some((kind, query)) = text.split_once('?') {
            let wanted = query.split('&').find_map(|part| part.strip_prefix("identifier="));
            return match wanted {
                Some(identifier) => self.identified(kind, unescaped(identifier)),
                None => Some(Target::Outside(text.to_owned())),
            };
        }
        let text = text.split_once("/_history/").map_or(text, |(text, _)| text);
        if let Some(index) = self.by_url.get(text) {
            return index.map(Target::Resource);
        }
        if text.contains(':') {
            return Some(Target::Outside(text.to_owned()));
        }
        let owner = self.resources[from].within.unwrap_or(from);
        let base = self.resources[owner].full_url.and_then(base);
        let whole = base.map(|base| format!("{base}/{text}"));
        if let Some(index) = whole.as_deref().and_then(|whole| self.by_url.get(whole)) {
            return index.map(Target::Resource);
        }
        let by_id = text.split_once('/').and_then(|pair| self.by_id.get(&pair));
        match by_id {
            Some(index) => index.map(Target::Resource),
            None => Some(Target::Outside(whole.unwrap_or_else(|| text.to_owned()))),
        }
    }

    /// The resource of that type to which a reference leads, through roles of practitioners too.
    pub(crate) fn resource(
        &self,
        from: usize,
        reference: &Node<'_>,
        kind: &str,
        found: &mut Findings,
    ) -> Option<Result<usize, String>> {
        let mut target = self.target(from, reference, kind, found)?;
        for _ in 0..MAX_STEPS {
            let index = match target {
                Target::Outside(id) => return Some(Err(id)),
                Target::Resource(index) => index,
            };
            let resource = &self.resources[index];
            if resource.kind == kind {
                return Some(Ok(index));
            }
            if resource.kind != "PractitionerRole" {
                return None;
            }
            target = self.target(index, &resource.node.get("practitioner")?, kind, found)?;
        }
        None
    }

    /// A reference as a link to something that was read, or to something outside.
    pub(crate) fn link(
        &self,
        from: usize,
        reference: &Node<'_>,
        kind: &str,
        found: &mut Findings,
    ) -> Option<Link> {
        match self.resource(from, reference, kind, found)? {
            Ok(index) => self.read.get(&index).copied().map(Link::Within),
            Err(id) => Some(Link::Outside(id)),
        }
    }
}

/// Whether an address names the same thing in another bundle too.
pub(crate) fn is_lasting(url: &str) -> bool {
    let schemes = ["urn:uuid:", "urn:oid:", "http://", "https://"];
    schemes.iter().any(|scheme| url.starts_with(scheme))
}

/// What stands in a query, without the escapes of addresses.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let escape = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_escapes() {
        assert_eq!(base("https://a.example/fhir/Patient/1"), Some("https://a.example/fhir"));
        assert_eq!(base("urn:uuid:1"), None);
        assert_eq!(unescaped("http%3A%2F%2Fa|9%"), "http://a|9%");
        assert!(is_lasting("urn:uuid:1") && !is_lasting("Patient/1"));
    }
}
