//! A 270: the question whether and how a patient is covered.
//!
//! [`write`] makes its text, release 005010X279A1, with the delimiters `*`, `^`, `:` and `~`.
//! [`faults`] tells everything that keeps a question from being written, each with the field that
//! it is about, so that a form can name them all at once.
//!
//! Names are written in capital letters without accents and cut at the format's length, as payers
//! keep them; a letter that has no plain form is a fault and never left out. Ids are written as
//! they stand, for another id is another person.

mod letters;
mod unwritable;
mod write;

pub use unwritable::{Field, Unwritable};
pub use write::{faults, is_npi, write};

use crate::date::{Date, DateTime};

/// One question about one patient, to one payer, for one service type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The number of the interchange, its group and its transaction, from 1 to 999,999,999.
    pub control: u32,
    /// When it is written, in the asking clinic's time.
    pub written_at: DateTime,
    /// Whether it is only a test (ISA15).
    pub is_test: bool,
    /// Who sends it (ISA05 and ISA06).
    pub sender: TradingPartner,
    /// Who is to receive it (ISA07 and ISA08): the clearinghouse, or the payer itself.
    pub receiver: TradingPartner,
    /// Who is asked (loop 2100A).
    pub payer: InquiryPayer,
    /// Who asks (loop 2100B).
    pub provider: InquiryProvider,
    /// Our own reference, which comes back in the answer (TRN02 and BHT03): up to 50 letters,
    /// digits and hyphens, written as they stand.
    pub trace: String,
    /// Who gave the trace out (TRN03): ten letters or digits. Payers expect `1` and a tax id, `3`
    /// and a D-U-N-S number, or `9` and nine of one's own.
    pub originator: String,
    /// Through whom the patient is insured; the patient, when there is no dependent.
    pub subscriber: InquiryPerson,
    /// The patient, when it is not the subscriber.
    pub dependent: Option<InquiryDependent>,
    /// The service type that is asked about (EQ01).
    pub service_type: String,
    /// The day of the service, when it is not the day of the question (DTP 291).
    pub service_date: Option<Date>,
}

/// A party to the exchange, as the interchange's header names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradingPartner {
    /// What kind of id it is, such as `ZZ` mutually defined, `30` tax id.
    pub qualifier: String,
    /// The id: 2 to 15 letters and digits.
    pub id: String,
}

/// The payer that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InquiryPayer {
    /// Its name.
    pub name: String,
    /// The id under which the receiver knows it (NM109 with `PI`).
    pub id: String,
}

/// The provider that asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InquiryProvider {
    /// The organization's name, or a person's last name.
    pub name: String,
    /// A person's first name; `None` for an organization.
    pub first: Option<String>,
    /// The national provider identifier: ten digits.
    pub npi: String,
}

/// A subscriber.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InquiryPerson {
    /// Last name.
    pub last: String,
    /// First name.
    pub first: String,
    /// The id under which the payer knows the subscriber.
    pub member_id: Option<String>,
    /// Birth date.
    pub birth_date: Option<Date>,
    /// `F` or `M`; anything else is left out.
    pub sex: Option<String>,
}

/// A patient who is insured through somebody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InquiryDependent {
    /// Last name.
    pub last: String,
    /// First name.
    pub first: String,
    /// Birth date.
    pub birth_date: Option<Date>,
    /// `F` or `M`; anything else is left out.
    pub sex: Option<String>,
    /// INS02: `01` spouse, `19` child, `34` other adult; empty when it is not known.
    pub relationship: String,
}
