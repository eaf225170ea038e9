//! The segments that belong to the EB above them: HSD, REF, DTP, AAA, MSG, III and loop 2120.

use crate::answer::Benefit;
use crate::benefit::contradicts;
use crate::delivery;
use crate::person::{contact, party, plan_date, reference};
use crate::rejection::{self, Rejection};
use crate::segment::Segment;
use crate::warning::{WarningCode, Warnings};

/// Where the reader stands beneath a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Between LS and LE.
    pub(crate) marked: bool,
    /// After an NM1 of loop 2120.
    pub(crate) in_entity: bool,
}

/// Reads a segment beneath a row and returns the rejection that it holds, if any.
pub(crate) fn read(
    row: &mut Benefit,
    place: &mut Place,
    segment: &Segment<'_>,
    loop_name: &str,
    warnings: &mut Warnings,
) -> Option<Rejection> {
    row.related.push(segment.raw_text());
    match segment.name() {
        b"LS" => *place = Place { marked: true, in_entity: false },
        b"LE" => *place = Place::default(),
        b"NM1" => {
            if !place.marked {
                let message = "an entity of a benefit stands outside its marked loop";
                warnings.add(WarningCode::LoopUnmarked, Some(segment.index), message);
            }
            place.in_entity = true;
            row.entities.push(party(segment));
        }
        b"PER" => {
            if let Some(entity) = row.entities.last_mut() {
                contact(entity, segment);
            }
        }
        b"HSD" => row.delivery.extend(delivery::words(segment)),
        b"REF" => row.references.extend(reference(segment)),
        b"DTP" => row.dates.extend(plan_date(segment, warnings)),
        b"III" => {
            let qualifier = segment.field(1).unwrap_or_default();
            let code = segment.field(2).or_else(|| segment.field(4));
            row.conditions.extend(code.map(|code| (qualifier, code)));
        }
        b"MSG" => message(row, segment, warnings),
        b"AAA" => {
            let found = rejection::read(segment, loop_name, warnings);
            row.rejections.push(found.clone());
            return Some(found);
        }
        _ => {}
    }
    None
}

fn message(row: &mut Benefit, segment: &Segment<'_>, warnings: &mut Warnings) {
    let Some(text) = segment.text(1) else {
        return;
    };
    if contradicts(row.network, &text) {
        let message = "the payer's message speaks of another network than the row";
        warnings.add(WarningCode::NetworkContradicted, Some(row.index), message);
    }
    row.messages.push(text);
}
