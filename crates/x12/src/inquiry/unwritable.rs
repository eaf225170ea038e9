//! Why a question cannot be written, in words that can stand beside a form's field.

use std::fmt;

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// [`super::Inquiry::control`].
    Control,
    /// [`super::Inquiry::written_at`].
    WrittenAt,
    /// The qualifier of [`super::Inquiry::sender`].
    SenderQualifier,
    /// The id of [`super::Inquiry::sender`].
    SenderId,
    /// The qualifier of [`super::Inquiry::receiver`].
    ReceiverQualifier,
    /// The id of [`super::Inquiry::receiver`].
    ReceiverId,
    /// [`super::InquiryPayer::name`].
    PayerName,
    /// [`super::InquiryPayer::id`].
    PayerId,
    /// [`super::InquiryProvider::name`].
    ProviderName,
    /// [`super::InquiryProvider::first`].
    ProviderFirst,
    /// [`super::InquiryProvider::npi`].
    ProviderNpi,
    /// [`super::Inquiry::trace`].
    Trace,
    /// [`super::Inquiry::originator`].
    Originator,
    /// [`super::InquiryPerson::last`].
    SubscriberLast,
    /// [`super::InquiryPerson::first`].
    SubscriberFirst,
    /// [`super::InquiryPerson::member_id`].
    MemberId,
    /// [`super::InquiryPerson::birth_date`].
    SubscriberBirthDate,
    /// [`super::InquiryDependent::last`].
    DependentLast,
    /// [`super::InquiryDependent::first`].
    DependentFirst,
    /// [`super::InquiryDependent::birth_date`].
    DependentBirthDate,
    /// [`super::InquiryDependent::relationship`].
    Relationship,
    /// [`super::Inquiry::service_type`].
    ServiceType,
    /// [`super::Inquiry::service_date`].
    ServiceDate,
}

impl Field {
    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Self::Control => "control number",
            Self::WrittenAt => "time of the question",
            Self::SenderQualifier => "kind of the sender's id",
            Self::SenderId => "sender's id",
            Self::ReceiverQualifier => "kind of the receiver's id",
            Self::ReceiverId => "receiver's id",
            Self::PayerName => "payer's name",
            Self::PayerId => "payer's id",
            Self::ProviderName => "provider's name",
            Self::ProviderFirst => "provider's first name",
            Self::ProviderNpi => "provider's NPI",
            Self::Trace => "trace number",
            Self::Originator => "originator of the trace number",
            Self::SubscriberLast => "subscriber's last name",
            Self::SubscriberFirst => "subscriber's first name",
            Self::MemberId => "member id",
            Self::SubscriberBirthDate => "subscriber's birth date",
            Self::DependentLast => "patient's last name",
            Self::DependentFirst => "patient's first name",
            Self::DependentBirthDate => "patient's birth date",
            Self::Relationship => "relationship to the subscriber",
            Self::ServiceType => "service type",
            Self::ServiceDate => "service date",
        }
    }
}

/// Why a question cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unwritable {
    /// It is needed and not there.
    Missing(Field),
    /// The subscriber has neither a member id nor a birth date.
    SubscriberNotFindable,
    /// The dependent has neither a first name nor a birth date.
    DependentNotFindable,
    /// A name has a letter that the format cannot carry.
    Letter {
        /// The name.
        field: Field,
        /// The first such letter.
        letter: char,
    },
    /// An id has a sign that the format cannot carry, or that parts its elements.
    Sign {
        /// The id.
        field: Field,
        /// The first such sign.
        sign: char,
    },
    /// An id is shorter or longer than the format allows.
    Length {
        /// The id.
        field: Field,
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
    },
    /// The provider's NPI is not ten digits with a right check digit.
    NotAnNpi,
    /// The kind of a sender's or receiver's id is none of the format's.
    Qualifier(Field),
    /// The relationship is none that a question can tell.
    Relationship,
    /// The service type is not one or two letters or digits.
    ServiceType,
    /// A date or time that no calendar or clock has.
    NoSuchTime(Field),
    /// The control number is not from 1 to 999,999,999.
    Control,
}

impl Unwritable {
    /// What the fault is about.
    pub fn field(self) -> Field {
        match self {
            Self::Missing(field)
            | Self::Letter { field, .. }
            | Self::Sign { field, .. }
            | Self::Length { field, .. }
            | Self::Qualifier(field)
            | Self::NoSuchTime(field) => field,
            Self::SubscriberNotFindable => Field::MemberId,
            Self::DependentNotFindable => Field::DependentBirthDate,
            Self::NotAnNpi => Field::ProviderNpi,
            Self::Relationship => Field::Relationship,
            Self::ServiceType => Field::ServiceType,
            Self::Control => Field::Control,
        }
    }

    /// A stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::SubscriberNotFindable | Self::DependentNotFindable => "not_findable",
            Self::Letter { .. } => "letter",
            Self::Sign { .. } => "sign",
            Self::Length { .. } => "length",
            Self::NotAnNpi => "not_an_npi",
            Self::Qualifier(_) => "qualifier",
            Self::Relationship => "relationship",
            Self::ServiceType => "service_type",
            Self::NoSuchTime(_) => "no_such_time",
            Self::Control => "control",
        }
    }
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.field().words();
        match *self {
            Self::Missing(_) => write!(f, "The {what} is missing."),
            Self::SubscriberNotFindable => f.write_str(
                "The payer needs the member id or the subscriber's birth date to find the patient.",
            ),
            Self::DependentNotFindable => f.write_str(
                "The payer needs the patient's first name or birth date to tell the family apart.",
            ),
            Self::Letter { letter, .. } => write!(
                f,
                "The {what} has a letter that cannot be sent to payers: {letter}. Write the name \
                 in Latin letters, as on the insurance card."
            ),
            Self::Sign { sign, .. } if sign.is_control() => {
                write!(f, "The {what} has a sign that cannot be sent to payers.")
            }
            Self::Sign { sign, .. } => {
                write!(f, "The {what} has a sign that cannot be sent to payers: {sign}")
            }
            Self::Length { min, max, .. } if min == max => {
                write!(f, "The {what} must have {max} characters.")
            }
            Self::Length { min, max, .. } => {
                write!(f, "The {what} must have {min} to {max} characters.")
            }
            Self::NotAnNpi => write!(f, "The {what} is not ten digits with a right check digit."),
            Self::Qualifier(_) => write!(
                f,
                "The {what} must be one of the format's: ZZ mutually defined, 30 tax id, 01, 14, \
                 20, 27, 28, 29 or 33."
            ),
            Self::Relationship => write!(f, "The {what} must be spouse, child or other adult."),
            Self::ServiceType => write!(f, "The {what} must be one or two letters or digits."),
            Self::NoSuchTime(_) => write!(f, "The {what} is not in the calendar."),
            Self::Control => write!(f, "The {what} must be from 1 to 999,999,999."),
        }
    }
}

impl std::error::Error for Unwritable {}
