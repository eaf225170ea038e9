//! From the levels of a transaction to its answers: one for each level that has none below.
//!
//! A level above is shared by all answers below it, so what is copied from it is limited.

use crate::answer::{Answer, Benefit, Person};
use crate::limits::{CONTEXT_BYTES_PER_BYTE, MAX_CONTEXT_BYTES, MAX_FIELD_BYTES};
use crate::loops::{Body, Level, Node};
use crate::warning::{WarningCode, Warnings};
use crate::work;

/// How many more bytes of a level above may be repeated in the answers below it. It is earned with
/// what is read, so that repeating never takes more than a fixed multiple of the input.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    /// Adds what so many bytes of input allow.
    pub(crate) fn earn(&mut self, bytes: usize) {
        self.0 = MAX_CONTEXT_BYTES.min(self.0 + CONTEXT_BYTES_PER_BYTE * bytes);
    }

    /// Takes bytes from what is left; tells whether they were there.
    fn take(&mut self, bytes: usize) -> bool {
        let enough = bytes <= self.0;
        if enough {
            self.0 -= bytes;
            work::note(bytes);
        }
        enough
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget(MAX_CONTEXT_BYTES)
    }
}

/// Makes the answers of a whole transaction. `common` carries what is the same for all of them.
pub(crate) fn all(
    mut body: Body,
    common: &Answer,
    warnings: &Warnings,
    budget: &mut Budget,
) -> Vec<Answer> {
    if body.nodes.is_empty() {
        let mut shared = warnings.clone();
        shared.extend(&body.warnings);
        shared.add(WarningCode::NoPatient, None, "the answer names no patient");
        return vec![Answer { warnings: shared.into_vec(), ..common.clone() }];
    }
    let none_open = vec![false; body.nodes.len()];
    answers(&mut body, &none_open, common, warnings, budget)
}

/// Makes the answers of the levels that are finished, and takes those levels out of the body.
pub(crate) fn finished(
    body: &mut Body,
    common: &Answer,
    warnings: &Warnings,
    budget: &mut Budget,
) -> Vec<Answer> {
    let open = body.open_levels();
    let made = answers(body, &open, common, warnings, budget);
    body.forget(&open);
    made
}

fn answers(
    body: &mut Body,
    open: &[bool],
    common: &Answer,
    warnings: &Warnings,
    budget: &mut Budget,
) -> Vec<Answer> {
    let mut shared = warnings.clone();
    shared.extend(&body.warnings);
    let leaves = only_leaves(&body.nodes);
    let nodes = &mut body.nodes;
    move_misplaced(nodes, &leaves, open);
    let weights: Vec<Weight> = nodes.iter().map(Weight::of).collect();
    let mut out = Vec::new();
    for (at, is_open) in open.iter().enumerate() {
        work::note(size_of::<Answer>());
        let Some(node) = nodes.get_mut(at) else {
            continue;
        };
        let is_answer = if node.children == 0 {
            !is_open
        } else {
            // Rows under a payer with several patients belong to none of them for certain.
            let has_several = leaves.get(at) == Some(&None);
            !node.level.is_patient() && !node.benefits.is_empty() && has_several
        };
        if is_answer {
            let rows = std::mem::take(&mut node.benefits);
            out.push(answer(Place { nodes, weights: &weights, at }, rows, common, &shared, budget));
        }
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

/// Gives rows that stand above the only patient to that patient, once no other can follow.
fn move_misplaced(nodes: &mut [Node], leaves: &[Option<usize>], open: &[bool]) {
    for ((at, leaf), is_open) in leaves.iter().enumerate().zip(open) {
        let (Some(leaf), Some(node)) = (*leaf, nodes.get_mut(at)) else {
            continue;
        };
        if node.level.is_patient() || *is_open {
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

/// About how many bytes it takes to repeat what a level says in an answer below it.
struct Weight {
    /// Rejections and warnings.
    notices: usize,
    /// What a subscriber says beyond the name.
    context: usize,
}

impl Weight {
    fn of(node: &Node) -> Weight {
        let rejections = node.rejections.iter();
        let rejections = rejections.map(|found| size_of_val(found) + found.segment.len());
        let notices = 2 * rejections.sum::<usize>() + node.warnings.bytes();
        if node.level != Level::Subscriber || node.children == 0 {
            return Weight { notices, context: 0 };
        }
        let repeats = node.person.references.len()
            + node.person.diagnoses.len()
            + node.person.address_lines.len()
            + node.traces.len()
            + node.dates.len();
        let rows = node.benefits.iter().map(|row| {
            let related: usize = row.related.iter().map(String::len).sum();
            work::note(size_of::<Benefit>() + row.related.len());
            size_of::<Benefit>() + 3 * (row.segment.len() + related)
        });
        Weight { notices, context: rows.sum::<usize>() + repeats * MAX_FIELD_BYTES }
    }
}

/// A level among the others of its transaction.
#[derive(Clone, Copy)]
struct Place<'a> {
    nodes: &'a [Node],
    weights: &'a [Weight],
    at: usize,
}

impl<'a> Place<'a> {
    /// The level and all above it, the highest first.
    fn line(self) -> Vec<(&'a Node, &'a Weight)> {
        let mut line = Vec::new();
        let mut above = Some(self.at);
        while let Some((node, weight)) =
            above.and_then(|above| self.nodes.get(above).zip(self.weights.get(above)))
        {
            line.push((node, weight));
            above = node.parent;
        }
        line.reverse();
        line
    }
}

fn answer(
    place: Place<'_>,
    rows: Vec<Benefit>,
    common: &Answer,
    shared: &Warnings,
    budget: &mut Budget,
) -> Answer {
    let mut warnings = Warnings::default();
    if budget.take(shared.bytes()) {
        warnings.extend(shared);
    } else {
        let message =
            "warnings about the whole transaction are not repeated here, for their number";
        warnings.add(WarningCode::ContextLeftOut, None, message);
    }
    let mut found = Answer { benefits: rows, ..common.clone() };
    let line = place.line();
    for (depth, (node, weight)) in line.iter().enumerate() {
        let own = depth + 1 == line.len();
        if own || budget.take(weight.notices) {
            found.rejections.extend(node.rejections.iter().cloned());
            warnings.extend(&node.warnings);
        } else {
            let message = "rejections above the patient are not repeated here, for their number";
            warnings.add(WarningCode::ContextLeftOut, Some(node.index), message);
        }
        match node.level {
            Level::Payer => found.payer = node.party.clone(),
            Level::Receiver => found.receiver = node.party.clone(),
            Level::Subscriber if own => found.subscriber = node.person.clone(),
            Level::Subscriber if budget.take(weight.context) => subscriber(&mut found, node),
            Level::Subscriber => subscriber_in_short(&mut found, node, &mut warnings),
            Level::Dependent => found.is_dependent = true,
        }
        if own {
            own_level(&mut found, node, &mut warnings);
        }
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
fn subscriber(found: &mut Answer, node: &Node) {
    found.subscriber = node.person.clone();
    found.subscriber_traces.clone_from(&node.traces);
    found.subscriber_dates.clone_from(&node.dates);
    found.subscriber_benefits.clone_from(&node.benefits);
}

/// The subscriber beside one dependent too many.
fn subscriber_in_short(found: &mut Answer, node: &Node, warnings: &mut Warnings) {
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
