//! From the levels of a transaction to its answers: one for each level that has none below.
//!
//! A level above is shared by all answers below it, so what is copied from it is limited.

use crate::answer::{Answer, Benefit, Person};
use crate::limits::{MAX_CONTEXT_BYTES, MAX_FIELD_BYTES};
use crate::loops::{Body, Level, Node};
use crate::warning::{WarningCode, Warnings};

/// How many more bytes of a level above may be repeated in the answers below it.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    /// Takes bytes from what is left; tells whether they were there.
    fn take(&mut self, bytes: usize) -> bool {
        let enough = bytes <= self.0;
        if enough {
            self.0 -= bytes;
        }
        enough
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget(MAX_CONTEXT_BYTES)
    }
}

/// Makes the answers of a transaction. `common` carries what is the same for all of them.
pub(crate) fn answers(
    mut body: Body,
    common: &Answer,
    warnings: &Warnings,
    budget: &mut Budget,
) -> Vec<Answer> {
    let mut shared = warnings.clone();
    shared.extend(&body.warnings);
    let mut out = Vec::new();
    if body.nodes.is_empty() {
        shared.add(WarningCode::NoPatient, None, "the answer names no patient");
        out.push(Answer { warnings: shared.into_vec(), ..common.clone() });
        return out;
    }
    let leaves = only_leaves(&body.nodes);
    move_misplaced(&mut body.nodes, &leaves);
    for at in 0..body.nodes.len() {
        let Some(node) = body.nodes.get_mut(at) else {
            continue;
        };
        let rows = match node.children {
            0 => std::mem::take(&mut node.benefits),
            _ if node.level.is_patient() || node.benefits.is_empty() => continue,
            // Rows under a payer with several patients belong to none of them for certain.
            _ => std::mem::take(&mut node.benefits),
        };
        out.push(answer(&body.nodes, at, rows, common, shared.clone(), budget));
    }
    out
}

/// For each node the only answer below it, or `None` when there are several.
fn only_leaves(nodes: &[Node]) -> Vec<Option<usize>> {
    let mut counts = vec![0_usize; nodes.len()];
    let mut leaves = vec![None; nodes.len()];
    for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.children == 0) {
        let mut above = node.parent;
        while let Some(parent) = above {
            if let (Some(count), Some(leaf)) = (counts.get_mut(parent), leaves.get_mut(parent)) {
                *count += 1;
                *leaf = if *count == 1 { Some(at) } else { None };
            }
            above = nodes.get(parent).and_then(|parent| parent.parent);
        }
    }
    leaves
}

/// Gives rows that stand above the only patient to that patient.
fn move_misplaced(nodes: &mut [Node], leaves: &[Option<usize>]) {
    for (at, leaf) in leaves.iter().enumerate() {
        let (Some(leaf), Some(node)) = (*leaf, nodes.get_mut(at)) else {
            continue;
        };
        if node.level.is_patient() {
            continue;
        }
        let mut rows = std::mem::take(&mut node.benefits);
        if let Some(patient) = nodes.get_mut(leaf) {
            rows.append(&mut patient.benefits);
            rows.sort_by_key(|row| row.index);
            patient.benefits = rows;
        }
    }
}

fn answer(
    nodes: &[Node],
    at: usize,
    rows: Vec<Benefit>,
    common: &Answer,
    mut warnings: Warnings,
    budget: &mut Budget,
) -> Answer {
    let mut found = Answer { benefits: rows, ..common.clone() };
    let mut line = Vec::new();
    let mut above = Some(at);
    while let Some(node) = above.and_then(|above| nodes.get(above)) {
        line.push(node);
        above = node.parent;
    }
    for (depth, node) in line.iter().enumerate().rev() {
        let own = depth == 0;
        let bytes = node.rejections.iter().map(|found| size_of_val(found) + found.segment.len());
        if own || budget.take(2 * bytes.sum::<usize>()) {
            found.rejections.extend(node.rejections.iter().cloned());
        } else {
            let message = "rejections above the patient are not repeated here, for their number";
            warnings.add(WarningCode::ContextLeftOut, Some(node.index), message);
        }
        warnings.extend(&node.warnings);
        match node.level {
            Level::Payer => found.payer = node.party.clone(),
            Level::Receiver => found.receiver = node.party.clone(),
            Level::Subscriber if own => found.subscriber = node.person.clone(),
            Level::Subscriber => subscriber(&mut found, node, &mut warnings, budget),
            Level::Dependent => found.is_dependent = true,
        }
    }
    if let Some(node) = nodes.get(at) {
        own_level(&mut found, node, &mut warnings);
    }
    found.plan = plan(&found);
    found.warnings = warnings.into_vec();
    found
}

/// What is read at the level that the answer is about.
fn own_level(found: &mut Answer, node: &Node, warnings: &mut Warnings) {
    found.traces.clone_from(&node.traces);
    found.payer_traces.clone_from(&node.payer_traces);
    found.dates.clone_from(&node.dates);
    found.messages.clone_from(&node.messages);
    if node.level.is_patient() {
        found.patient = node.person.clone();
    }
    if node.level == Level::Subscriber && node.expects_children {
        let message = "the subscriber's level announces a dependent, and none follows";
        warnings.add(WarningCode::DependentMissing, Some(node.index), message);
    }
    if found.patient.is_unnamed() && found.rejections.is_empty() {
        warnings.add(WarningCode::NoPatient, Some(node.index), "the answer names no patient");
    }
}

/// The subscriber beside a dependent.
fn subscriber(found: &mut Answer, node: &Node, warnings: &mut Warnings, budget: &mut Budget) {
    let repeats = node.person.references.len()
        + node.person.diagnoses.len()
        + node.person.address_lines.len()
        + node.traces.len()
        + node.dates.len();
    let rows: usize = node.benefits.iter().map(weight).sum();
    if budget.take(rows + repeats * MAX_FIELD_BYTES) {
        found.subscriber = node.person.clone();
        found.subscriber_traces.clone_from(&node.traces);
        found.subscriber_dates.clone_from(&node.dates);
        found.subscriber_benefits.clone_from(&node.benefits);
        return;
    }
    let message = "of the subscriber only the name is repeated beside this dependent, for size";
    warnings.add(WarningCode::ContextLeftOut, Some(node.index), message);
    found.subscriber = Person {
        last: node.person.last.clone(),
        first: node.person.first.clone(),
        member_id: node.person.member_id.clone(),
        birth_date: node.person.birth_date,
        ..Person::default()
    };
}

/// About how many bytes a row takes.
fn weight(row: &Benefit) -> usize {
    let related: usize = row.related.iter().map(String::len).sum();
    size_of::<Benefit>() + 3 * (row.segment.len() + related)
}

fn plan(found: &Answer) -> Option<String> {
    let of_rows = |rows: &[Benefit]| {
        let named = |row: &&Benefit| row.plan.is_some() && row.code != "R";
        let active = rows.iter().filter(|row| row.is_active()).find(named);
        active.or_else(|| rows.iter().find(named)).and_then(|row| row.plan.clone())
    };
    let of_person = |person: &Person| {
        let is_plan =
            |(qualifier, _): &&(String, String)| matches!(qualifier.as_str(), "18" | "N6");
        person.references.iter().find(is_plan).map(|(_, plan)| plan.clone())
    };
    of_rows(&found.benefits)
        .or_else(|| of_person(&found.patient))
        .or_else(|| of_rows(&found.subscriber_benefits))
        .or_else(|| of_person(&found.subscriber))
}
