//! What the reader returns. Unknown is not zero: whatever the payer did not send is `None`.

use std::fmt;
use std::ops::Range;

use crate::date::{Date, DateTime, PlanDate};
use crate::delimiters::Delimiters;
use crate::rejection::Rejection;
use crate::warning::Warning;

/// Everything that was read from one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interchange {
    /// One answer for each patient in each transaction, in the order of the file.
    pub answers: Vec<Answer>,
    /// What was odd about the envelopes.
    pub warnings: Vec<Warning>,
}

/// One 271 transaction, or a part of one that is too long to be held at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// One answer for each patient, in the order of the file; never empty.
    pub answers: Vec<Answer>,
    /// Its segments, one on each line, without any wrapper. The same text means the same
    /// transaction, even when it was sent again in another envelope. A further part of a
    /// transaction begins with the transaction's own beginning, up to the first level.
    pub text: String,
}

/// One check: one patient in one 271 transaction.
///
/// A transaction that names no patient, because the payer rejected it higher up, is an answer with
/// an empty [`Answer::patient`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// ST02; empty when the header is missing.
    pub transaction_control: String,
    /// BHT03, which repeats the reference of the request; empty when not sent.
    pub reference: String,
    /// When the payer answered, in the payer's own time (BHT04 and BHT05).
    pub answered_at: Option<DateTime>,
    /// The release of the format, from ST03 or else GS08.
    pub version: Option<String>,
    /// Who answered (loop 2100A).
    pub payer: Party,
    /// Who asked (loop 2100B).
    pub receiver: Party,
    /// TRN02 at the patient's level, where the request's own trace comes back.
    pub traces: Vec<String>,
    /// TRN02 at the patient's level that the payer marks as its own (TRN01 = 1).
    pub payer_traces: Vec<String>,
    /// TRN02 at the subscriber's level when the patient is a dependent.
    pub subscriber_traces: Vec<String>,
    /// The dependent when there is one, else the subscriber.
    pub patient: Person,
    /// The subscriber; the same as the patient when there is no dependent.
    pub subscriber: Person,
    /// Whether the patient is a dependent.
    pub is_dependent: bool,
    /// The plan's name: EB05 of the first active row that has one, else of any row, else REF.
    pub plan: Option<String>,
    /// The dates of the patient's level (2100C or 2100D).
    pub dates: Vec<PlanDate>,
    /// The dates of the subscriber's level when the patient is a dependent.
    pub subscriber_dates: Vec<PlanDate>,
    /// The patient's rows (2110D for a dependent, else 2110C).
    pub benefits: Vec<Benefit>,
    /// The subscriber's rows when the patient is a dependent: context, not the patient's benefits.
    pub subscriber_benefits: Vec<Benefit>,
    /// Messages at the patient's level, outside any row.
    pub messages: Vec<String>,
    /// The rejections of every level from the payer down to the patient's rows.
    pub rejections: Vec<Rejection>,
    /// What was odd about the transaction and the patient's part of it.
    pub warnings: Vec<Warning>,
    /// Where the transaction, or the part of it, stands in the input, ST to SE, in bytes.
    pub segments: Range<usize>,
    /// The delimiters of the transaction.
    pub delimiters: Delimiters,
}

/// A payer, a receiver, or an entity named beside a benefit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// NM101, for instance `PR` payer, `1P` provider, `P3` primary care.
    pub entity: Option<String>,
    /// NM103: the organization, or a person's last name.
    pub name: Option<String>,
    /// NM104, for a person.
    pub first: Option<String>,
    /// NM108, for instance `XX` NPI, `PI` payer.
    pub id_qualifier: Option<String>,
    /// NM109.
    pub id: Option<String>,
    /// PER02.
    pub contact: Option<String>,
    /// The first telephone number of PER.
    pub phone: Option<String>,
    /// The first address of a site in PER.
    pub url: Option<String>,
    /// The first mail address in PER.
    pub email: Option<String>,
}

/// A subscriber or a dependent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// NM103.
    pub last: Option<String>,
    /// NM104.
    pub first: Option<String>,
    /// NM105.
    pub middle: Option<String>,
    /// NM107.
    pub suffix: Option<String>,
    /// NM108, `MI` for a member id.
    pub id_qualifier: Option<String>,
    /// NM109.
    pub member_id: Option<String>,
    /// DMG02.
    pub birth_date: Option<Date>,
    /// DMG03: `F`, `M` or `U`.
    pub sex: Option<String>,
    /// N3.
    pub address_lines: Vec<String>,
    /// N401.
    pub city: Option<String>,
    /// N402.
    pub state: Option<String>,
    /// N403.
    pub zip: Option<String>,
    /// INS02: the relationship to the subscriber, `18` self, `01` spouse, `19` child.
    pub relationship: Option<String>,
    /// REF02 of qualifier `6P` or `1L`.
    pub group_number: Option<String>,
    /// Every REF of the person as qualifier and value.
    pub references: Vec<(String, String)>,
    /// Every HI of the person as qualifier and code, in order: EB14 points into this list from 1.
    pub diagnoses: Vec<(String, String)>,
    /// Whether the payer corrected identifying data (INS03 = 001 and INS04 = 25).
    pub changed_demographics: bool,
}

/// One row of the answer: an EB segment with everything that belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Benefit {
    /// The number of the EB segment within the file, counted from 0; no two rows share it.
    pub index: usize,
    /// EB01; empty, with a warning, when the row does not say what it is.
    pub code: String,
    /// EB02, for instance `IND`, `FAM`.
    pub level: Option<String>,
    /// EB03, each repetition by itself; empty when not stated.
    pub service_types: Vec<String>,
    /// EB04.
    pub insurance_type: Option<String>,
    /// EB05.
    pub plan: Option<String>,
    /// EB06, for instance `23` calendar year, `29` remaining.
    pub period: Option<String>,
    /// EB07 in cents. Negative amounts are kept as they are.
    pub amount_cents: Option<i64>,
    /// EB08 in basis points: 20 % is 2000.
    pub percent_bp: Option<i64>,
    /// The percentage as the payer wrote it.
    pub percent_as_sent: Option<String>,
    /// EB09, for instance `VS` visits.
    pub quantity_qualifier: Option<String>,
    /// EB10 as sent.
    pub quantity: Option<String>,
    /// EB11: `Y`, `N` or `U`.
    pub authorization: Option<String>,
    /// EB12.
    pub network: Network,
    /// EB13: the row is about this procedure only.
    pub procedure: Option<Procedure>,
    /// EB14: places in [`Person::diagnoses`], counted from 1.
    pub diagnosis_pointers: Vec<String>,
    /// DTP beneath the row.
    pub dates: Vec<PlanDate>,
    /// MSG beneath the row, each by itself. A payer may mean the rows before it as well.
    pub messages: Vec<String>,
    /// REF beneath the row as qualifier and value.
    pub references: Vec<(String, String)>,
    /// HSD beneath the row, in words.
    pub delivery: Vec<String>,
    /// III beneath the row as qualifier and code: `ZZ` place of service, else a diagnosis.
    pub conditions: Vec<(String, String)>,
    /// Loop 2120: other payers, providers and contacts.
    pub entities: Vec<Party>,
    /// AAA beneath the row; also listed in [`Answer::rejections`].
    pub rejections: Vec<Rejection>,
    /// The text of the EB segment.
    pub segment: String,
    /// The text of the segments that belong to it.
    pub related: Vec<String>,
    /// Whether the row stood above the patient, under the payer or the receiver.
    pub misplaced: bool,
}

/// EB12: whether a row is for providers within the plan's network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Network {
    /// `Y`.
    In,
    /// `N`.
    Out,
    /// `W`: the same either way.
    Either,
    /// `U`, or a value that is none of the codes.
    Unknown,
    /// Not sent.
    #[default]
    NotStated,
}

impl Network {
    /// The stable name in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Network::In => "in",
            Network::Out => "out",
            Network::Either => "either",
            Network::Unknown => "unknown",
            Network::NotStated => "not_stated",
        }
    }
}

/// EB13: a procedure, drug or service that a row is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Procedure {
    /// The code list: `HC`, `CJ`, `AD`, `ID`, `N4`, `ZZ`.
    pub qualifier: Option<String>,
    /// The code; the first of a range when [`Procedure::range_end`] is there.
    pub code: String,
    /// Up to four modifiers.
    pub modifiers: Vec<String>,
    /// The last code of a range.
    pub range_end: Option<String>,
}

impl Benefit {
    /// Whether the row says that coverage is active (EB01 1 to 5).
    pub fn is_active(&self) -> bool {
        matches!(self.code.as_str(), "1" | "2" | "3" | "4" | "5")
    }

    /// Whether the row says that coverage is inactive (EB01 6 to 8).
    pub fn is_inactive(&self) -> bool {
        matches!(self.code.as_str(), "6" | "7" | "8")
    }
}

impl Person {
    /// Whether neither a name nor an id is known.
    pub fn is_unnamed(&self) -> bool {
        self.last.is_none() && self.first.is_none() && self.member_id.is_none()
    }
}

/// Why an input is no 271 answer at all. The input is worth keeping all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// There is nothing but blanks.
    Empty,
    /// There is no X12 in it.
    NotX12,
    /// It is a 270: a request, not an answer.
    Request270,
    /// It is X12 without a 271.
    NoTransactions271 {
        /// The kinds of transaction that were found instead, such as `999` or `TA1`.
        found: Vec<String>,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Empty => f.write_str("the file is empty"),
            Unreadable::NotX12 => f.write_str(
                "this is not an X12 file: no interchange header (ISA) was found; \
                 choose the 271 file as the payer or clearinghouse sent it",
            ),
            Unreadable::Request270 => f.write_str(
                "this is a request (270), not an answer; import the 271 that came back for it",
            ),
            Unreadable::NoTransactions271 { found } if found.is_empty() => {
                f.write_str("this X12 file holds no transactions; ask the sender for the 271")
            }
            Unreadable::NoTransactions271 { found } => {
                f.write_str("this X12 file holds no eligibility answer (271), but: ")?;
                for (number, kind) in found.iter().enumerate() {
                    let separator = if number == 0 { "" } else { ", " };
                    write!(f, "{separator}{kind}{}", kind_in_words(kind))?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Unreadable {}

fn kind_in_words(kind: &str) -> &'static str {
    match kind {
        "TA1" => " (receipt for the envelope)",
        "997" | "999" => " (receipt for a file)",
        "824" => " (report of errors)",
        "277" => " (claim status)",
        "278" => " (authorization)",
        "834" => " (enrollment)",
        "835" => " (payment of claims)",
        "837" => " (claim)",
        _ => "",
    }
}
