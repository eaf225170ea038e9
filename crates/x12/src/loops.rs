//! The levels of a transaction: payer (2000A), receiver (2000B), subscriber (2000C), dependent
//! (2000D), and which of them a segment belongs to.
//!
//! HL03 says what a level is. Where it does not, the next name says it (see [`level_of_name`]), and
//! where there is no name, the level is taken to be one below its parent. People are never merged:
//! a second person's name always begins a level of its own.

use std::collections::BTreeMap;

use crate::answer::{Benefit, Party, Person};
use crate::date::{Date, DateTime, PlanDate};
use crate::limits::{
    MAX_LEVEL_BYTES, MAX_LEVEL_SEGMENTS, MAX_LOOKAHEAD_SEGMENTS, MAX_PART_BYTES, MAX_PART_LEVELS,
    MAX_PART_SEGMENTS,
};
use crate::person::{self, push};
use crate::rejection::{self, Rejection};
use crate::related::{self, Place};
use crate::segment::Segment;
use crate::warning::{WarningCode, Warnings};

/// What a level is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Payer,
    Receiver,
    Subscriber,
    Dependent,
}

impl Level {
    fn of_code(code: &[u8]) -> Option<Level> {
        match code {
            b"20" => Some(Level::Payer),
            b"21" => Some(Level::Receiver),
            b"22" => Some(Level::Subscriber),
            b"23" => Some(Level::Dependent),
            _ => None,
        }
    }

    fn below(self) -> Level {
        match self {
            Level::Payer => Level::Receiver,
            Level::Receiver => Level::Subscriber,
            Level::Subscriber | Level::Dependent => Level::Dependent,
        }
    }

    pub(crate) fn is_patient(self) -> bool {
        matches!(self, Level::Subscriber | Level::Dependent)
    }

    const fn letter(self) -> char {
        match self {
            Level::Payer => 'A',
            Level::Receiver => 'B',
            Level::Subscriber => 'C',
            Level::Dependent => 'D',
        }
    }
}

/// One level with what was read at it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) level: Level,
    pub(crate) parent: Option<usize>,
    pub(crate) children: usize,
    /// Whether HL04 announces levels below.
    pub(crate) expects_children: bool,
    /// The number of the segment that began it.
    pub(crate) index: usize,
    pub(crate) named: bool,
    pub(crate) party: Party,
    pub(crate) person: Person,
    pub(crate) traces: Vec<String>,
    pub(crate) payer_traces: Vec<String>,
    pub(crate) dates: Vec<PlanDate>,
    pub(crate) messages: Vec<String>,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) benefits: Vec<Benefit>,
    pub(crate) warnings: Warnings,
}

/// The body of one transaction while it is read.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) reference: String,
    pub(crate) answered_at: Option<DateTime>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) warnings: Warnings,
    /// The level being read.
    current: Option<usize>,
    /// The latest node of each level that is still open.
    latest: [Option<usize>; 4],
    /// The nodes by HL01.
    by_id: BTreeMap<Vec<u8>, usize>,
    /// Where the reader stands beneath a row, when it does.
    place: Option<Place>,
    /// What was read of the current level.
    level_size: Size,
    /// What is held of the transaction.
    part_size: Size,
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    bytes: usize,
    segments: usize,
}

impl Size {
    fn add(&mut self, segment: &Segment<'_>) {
        self.bytes += segment.len();
        self.segments += 1;
    }

    fn exceeds(self, bytes: usize, segments: usize) -> bool {
        self.bytes > bytes || self.segments > segments
    }
}

impl Body {
    /// Reads a segment, and tells whether a level begins with it.
    pub(crate) fn read(&mut self, segment: &Segment<'_>) -> bool {
        let levels = self.nodes.len();
        self.count(segment);
        self.dispatch(segment);
        let has_begun_level = self.nodes.len() > levels;
        if has_begun_level {
            self.level_size = Size::default();
            self.level_size.add(segment);
        }
        has_begun_level
    }

    /// Counts a segment that belongs to the current level.
    pub(crate) fn count(&mut self, segment: &Segment<'_>) {
        self.level_size.add(segment);
        self.part_size.add(segment);
    }

    /// Whether no level has begun.
    pub(crate) fn is_before_levels(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether the current level is within its limits.
    pub(crate) fn has_room(&self) -> bool {
        !self.level_size.exceeds(MAX_LEVEL_BYTES, MAX_LEVEL_SEGMENTS)
    }

    /// Whether so much is held that what is finished should be handed out.
    pub(crate) fn is_long(&self) -> bool {
        self.part_size.exceeds(MAX_PART_BYTES, MAX_PART_SEGMENTS)
            || self.nodes.len() > MAX_PART_LEVELS
    }

    fn dispatch(&mut self, segment: &Segment<'_>) {
        if segment.has_long_field() && !matches!(segment.name(), b"MSG" | b"EB" | b"HI") {
            let message = "a value is longer than the limit and was clipped";
            self.warn(WarningCode::FieldClipped, segment, message);
        }
        match segment.name() {
            b"BHT" if self.nodes.is_empty() => self.beginning(segment),
            b"HL" => self.level(segment),
            b"EB" => self.benefit(segment),
            b"NM1" => self.name(segment),
            _ => self.detail(segment),
        }
    }

    fn warn(&mut self, code: WarningCode, segment: &Segment<'_>, message: &str) {
        self.warnings_here().add(code, Some(segment.index), message);
    }

    /// Whether a segment may be added to the current level; warns when not.
    fn has_room_for(&mut self, segment: &Segment<'_>) -> bool {
        if self.has_room() {
            return true;
        }
        let (code, message) = if segment.name() == b"EB" {
            let message = "a level is longer than the limit; rows of it were left out";
            (WarningCode::TooManyBenefits, message)
        } else {
            let message = "a level is longer than the limit; its rest was not read";
            (WarningCode::LevelTooLong, message)
        };
        if !self.warnings_here().has(code) {
            self.warn(code, segment, message);
        }
        false
    }

    /// The warnings of the current level, or else of the transaction.
    fn warnings_here(&mut self) -> &mut Warnings {
        match self.current.and_then(|at| self.nodes.get_mut(at)) {
            Some(node) => &mut node.warnings,
            None => &mut self.warnings,
        }
    }

    /// Adds a warning about the segment to whatever it is part of.
    pub(crate) fn note(&mut self, code: WarningCode, segment: &Segment<'_>, message: &str) {
        self.warn(code, segment, message);
    }

    fn beginning(&mut self, segment: &Segment<'_>) {
        self.reference = segment.field(3).unwrap_or_default();
        let Some(date) = segment.text(4) else {
            return;
        };
        let Some(date) = Date::read_short(&date) else {
            let message = "the date of the answer cannot be read";
            return self.warn(WarningCode::DateUnreadable, segment, message);
        };
        let (at, has_time) = DateTime::read(date, &segment.code(5));
        self.answered_at = Some(at);
        if !has_time {
            let message = "the answer says its day but no time that can be read";
            self.warn(WarningCode::TimeMissing, segment, message);
        }
    }

    fn level(&mut self, segment: &Segment<'_>) {
        let said = Level::of_code(segment.bytes(3));
        let named = self.by_id.get(segment.bytes(2)).copied();
        let level = said.unwrap_or_else(|| self.infer(named, segment));
        let above = self.above(level);
        let level_at = |at: usize| self.nodes.get(at).map(|node| node.level);
        let fits = named.filter(|at| level_at(*at).is_some_and(|found| found.below() == level));
        let fits = fits.filter(|at| level_at(*at) != Some(level));
        let parent = if level == Level::Payer { None } else { fits.or(above) };
        let wrong = level != Level::Payer && !segment.bytes(2).is_empty() && parent != named;
        self.add(level, parent, segment);
        if let Some(node) = self.nodes.last_mut() {
            node.expects_children = segment.bytes(4) == b"1";
        }
        self.by_id.insert(segment.bytes(1).to_vec(), self.nodes.len() - 1);
        if said.is_none() {
            let message = "a level does not say what it is; its kind was inferred";
            self.warn(WarningCode::LevelInferred, segment, message);
        }
        if wrong {
            let message = "a level names a parent of the wrong kind; the order of levels was used";
            self.warn(WarningCode::ParentMismatch, segment, message);
        }
    }

    /// The kind of a level that does not say it: by its next name, and by the parent it names.
    fn infer(&self, parent: Option<usize>, segment: &Segment<'_>) -> Level {
        let level_at = |at: usize| self.nodes.get(at).map(|node| node.level);
        let by_name = match (name_ahead(segment), parent.and_then(level_at)) {
            (Some(b"IL" | b"03" | b"QC"), Some(Level::Payer | Level::Receiver)) => {
                Some(Level::Subscriber)
            }
            (Some(b"IL" | b"03" | b"QC"), Some(_)) => Some(Level::Dependent),
            (Some(entity), _) => self.level_of_name(entity),
            (None, _) => None,
        };
        by_name
            .or_else(|| parent.or(self.current).and_then(level_at).map(Level::below))
            .unwrap_or(Level::Payer)
    }

    /// The nearest open node above a level.
    fn above(&self, level: Level) -> Option<usize> {
        self.latest.iter().take(level as usize).rev().find_map(|at| *at)
    }

    /// Begins a level.
    fn add(&mut self, level: Level, parent: Option<usize>, segment: &Segment<'_>) {
        let at = self.nodes.len();
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
            parent.children += 1;
        }
        let mut node = Node::new(level, parent, segment.index);
        if level == Level::Dependent && !self.is_at(parent, Level::Subscriber) {
            let message = "a dependent stands without a subscriber";
            node.warnings.add(WarningCode::SubscriberMissing, Some(segment.index), message);
        }
        self.nodes.push(node);
        for (number, latest) in self.latest.iter_mut().enumerate() {
            if number == level as usize {
                *latest = Some(at);
            } else if number > level as usize {
                *latest = None;
            }
        }
        self.current = Some(at);
        self.place = None;
    }

    fn is_at(&self, at: Option<usize>, level: Level) -> bool {
        at.and_then(|at| self.nodes.get(at)).is_some_and(|node| node.level == level)
    }

    /// Begins a level that no HL announces.
    fn imply(&mut self, level: Level, segment: &Segment<'_>) {
        // A trace above the patients can only be meant for the next one.
        let mut traces = Vec::new();
        if let Some(node) = self.current.and_then(|at| self.nodes.get_mut(at))
            && !node.level.is_patient()
            && level.is_patient()
        {
            traces = std::mem::take(&mut node.traces);
        }
        self.add(level, self.above(level), segment);
        if let Some(node) = self.nodes.last_mut() {
            node.traces = traces;
        }
        let message = "a name begins without a level of its own; one was assumed";
        self.warn(WarningCode::LevelImplied, segment, message);
    }

    /// Takes the levels out, except those to which something may still be added: the open ones with
    /// all above them, which `keep` marks.
    pub(crate) fn forget(&mut self, keep: &[bool]) {
        let mut places = Vec::with_capacity(self.nodes.len());
        let mut kept = 0;
        for at in 0..self.nodes.len() {
            let is_kept = keep.get(at).copied().unwrap_or(false);
            places.push(is_kept.then_some(kept));
            kept += usize::from(is_kept);
        }
        let place = |at: usize| places.get(at).copied().flatten();
        let mut marks = keep.iter().copied();
        self.nodes.retain(|_| marks.next().unwrap_or(false));
        for node in &mut self.nodes {
            node.parent = node.parent.and_then(place);
        }
        self.current = self.current.and_then(place);
        self.latest = self.latest.map(|at| at.and_then(place));
        self.by_id = std::mem::take(&mut self.by_id)
            .into_iter()
            .filter_map(|(id, at)| Some((id, place(at)?)))
            .collect();
        self.part_size = self.level_size;
    }

    /// Which levels are open: the current one, the latest of each kind, and all above them.
    pub(crate) fn open_levels(&self) -> Vec<bool> {
        let mut open = vec![false; self.nodes.len()];
        for start in self.latest.into_iter().chain([self.current]) {
            let mut above = start;
            while let Some((mark, node)) =
                above.and_then(|at| open.get_mut(at).zip(self.nodes.get(at)))
            {
                *mark = true;
                above = node.parent;
            }
        }
        open
    }

    /// The kind of level that a name (NM101) speaks for at this place.
    fn level_of_name(&self, entity: &[u8]) -> Option<Level> {
        let [payer, _, subscriber, _] = self.latest;
        match entity {
            b"PR" | b"GP" | b"P5" | b"36" | b"2B" if payer.is_none() => Some(Level::Payer),
            b"PR" => Some(Level::Payer),
            b"1P" | b"FA" | b"80" | b"GP" | b"P5" | b"36" | b"2B" => Some(Level::Receiver),
            b"03" | b"QC" if subscriber.is_some() => Some(Level::Dependent),
            b"IL" | b"03" | b"QC" => Some(Level::Subscriber),
            _ => None,
        }
    }

    fn name(&mut self, segment: &Segment<'_>) {
        let entity = segment.bytes(1);
        let is_person = matches!(entity, b"IL" | b"03" | b"QC");
        if let Some(place) = self.place
            && (place.marked || !is_person || self.row_is_other_payer())
        {
            return self.detail(segment);
        }
        let (level, named) = match self.current.and_then(|at| self.nodes.get(at)) {
            Some(node) => (Some(node.level), node.named),
            None => (None, false),
        };
        let wanted = self.level_of_name(entity);
        match level {
            Some(level) if level.is_patient() && is_person && !named => {}
            _ if is_person => self.imply(wanted.unwrap_or(Level::Subscriber), segment),
            Some(Level::Payer) if wanted == Some(Level::Receiver) && (named || entity == b"1P") => {
                self.imply(Level::Receiver, segment);
            }
            Some(level) if !level.is_patient() && !named => {}
            None if wanted.is_some() => self.imply(wanted.unwrap_or(Level::Payer), segment),
            _ => {
                let message = "a name stands where none belongs and was not read";
                return self.warn(WarningCode::UnexpectedName, segment, message);
            }
        }
        let Some(node) = self.current.and_then(|at| self.nodes.get_mut(at)) else {
            return;
        };
        node.named = true;
        self.place = None;
        if node.level.is_patient() {
            person::name(&mut node.person, segment);
        } else {
            node.party = person::party(segment);
        }
    }

    fn row_is_other_payer(&self) -> bool {
        let node = self.current.and_then(|at| self.nodes.get(at));
        node.and_then(|node| node.benefits.last()).is_some_and(|row| row.code == "R")
    }

    fn benefit(&mut self, segment: &Segment<'_>) {
        if !self.has_room_for(segment) {
            return;
        }
        if self.current.is_none() {
            let message = "a row stands before any level; a payer's level was assumed";
            self.add(Level::Payer, None, segment);
            self.warn(WarningCode::LevelImplied, segment, message);
        }
        let Some(node) = self.current.and_then(|at| self.nodes.get_mut(at)) else {
            return;
        };
        let mut row = crate::benefit::read(segment, &mut node.warnings);
        if !node.level.is_patient() {
            row.misplaced = true;
            let message = "a row stands above any patient, under the payer or the receiver";
            node.warnings.add(WarningCode::MisplacedBenefit, Some(segment.index), message);
        }
        node.benefits.push(row);
        self.place = Some(Place::default());
    }

    fn detail(&mut self, segment: &Segment<'_>) {
        if !self.has_room_for(segment) {
            return;
        }
        let Some(node) = self.current.and_then(|at| self.nodes.get_mut(at)) else {
            if segment.name() == b"AAA" {
                let message = "a rejection stands before any level; a payer's level was assumed";
                self.add(Level::Payer, None, segment);
                self.warn(WarningCode::LevelImplied, segment, message);
                self.detail_of_level(segment);
            }
            return;
        };
        if let Some(place) = &mut self.place
            && let Some(row) = node.benefits.last_mut()
        {
            let name = format!("2110{}", node.level.letter());
            let found = related::read(row, place, segment, &name, &mut node.warnings);
            if let Some(found) = found {
                push(&mut node.rejections, found, segment, &mut node.warnings);
            }
            return;
        }
        self.detail_of_level(segment);
    }

    fn detail_of_level(&mut self, segment: &Segment<'_>) {
        let Some(node) = self.current.and_then(|at| self.nodes.get_mut(at)) else {
            return;
        };
        let warnings = &mut node.warnings;
        match segment.name() {
            b"TRN" => {
                let own = segment.bytes(1) == b"1";
                let list = if own { &mut node.payer_traces } else { &mut node.traces };
                if let Some(trace) = segment.field(2) {
                    push(list, trace, segment, warnings);
                }
            }
            b"AAA" => {
                let loop_name =
                    format!("2{}00{}", if node.named { '1' } else { '0' }, node.level.letter());
                let found = rejection::read(segment, &loop_name, warnings);
                push(&mut node.rejections, found, segment, warnings);
            }
            b"DTP" => {
                if let Some(found) = person::plan_date(segment, warnings) {
                    push(&mut node.dates, found, segment, warnings);
                }
            }
            b"MSG" => {
                if let Some(text) = segment.field(1) {
                    push(&mut node.messages, text, segment, warnings);
                }
            }
            b"PER" if !node.level.is_patient() => person::contact(&mut node.party, segment),
            _ if node.level.is_patient() => {
                person::detail(&mut node.person, segment, warnings);
            }
            _ => {}
        }
    }
}

impl Node {
    fn new(level: Level, parent: Option<usize>, index: usize) -> Node {
        Node {
            level,
            parent,
            children: 0,
            expects_children: false,
            index,
            named: false,
            party: Party::default(),
            person: Person::default(),
            traces: Vec::new(),
            payer_traces: Vec::new(),
            dates: Vec::new(),
            messages: Vec::new(),
            rejections: Vec::new(),
            benefits: Vec::new(),
            warnings: Warnings::default(),
        }
    }
}

/// NM101 of the next name at the level that has just begun.
fn name_ahead<'a>(segment: &Segment<'a>) -> Option<&'a [u8]> {
    for segment in segment.ahead().take(MAX_LOOKAHEAD_SEGMENTS) {
        match segment.name() {
            b"NM1" => return Some(segment.bytes(1)),
            b"HL" | b"EB" | b"SE" | b"ST" => return None,
            _ => {}
        }
    }
    None
}
