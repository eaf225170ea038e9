//! What processors tell: plain facts. A word that this version does not know is kept as it came.

use almoner_domain::Money;
use jiff::Timestamp;

/// A page on which the payer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The processor's id of the page.
    pub session: String,
    /// Where to send the payer.
    pub url: String,
    /// When the page ends.
    pub expires_at: Timestamp,
}

/// An attempt as the processor knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Our reference, as the processor kept it.
    pub reference: Option<String>,
    /// The processor's id of its page.
    pub session: Option<String>,
    /// The processor's id of the payment, once there is one.
    pub payment: Option<String>,
    /// How it stands.
    pub standing: AttemptStanding,
}

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptStanding {
    /// The payer may pay, and may have been refused before.
    Open {
        /// Where to send the payer.
        url: Option<String>,
        /// Why the last card was refused.
        declined: Option<Decline>,
    },
    /// The payer did their part; the processor has not said how it ended.
    UnderWay,
    /// The money is held for us.
    Authorized(Held),
    /// The money was taken.
    Captured(Capture),
    /// It ended without money.
    Failed(Decline),
    /// The held money was let go.
    Released,
    /// The page ended without a payment.
    Expired,
    /// The processor knows no such attempt.
    Missing,
    /// Something that this version has no word for, in the processor's.
    Unknown(String),
}

/// Money that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How much.
    pub amount: Money,
    /// In which currency, such as `USD`.
    pub currency: String,
    /// Until when it can be taken, when the processor says so.
    pub until: Option<Timestamp>,
}

/// Money that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// How much.
    pub amount: Money,
    /// In which currency, such as `USD`.
    pub currency: String,
    /// What the processor keeps; `None` until it says so, which is not zero.
    pub fee: Option<Money>,
    /// The processor's id of the payment, under which it is refunded.
    pub payment: String,
    /// The processor's id of the charge, which payouts name.
    pub charge: String,
    /// When it was taken.
    pub paid_at: Timestamp,
}

/// Why the payer's bank or the processor said no. What the bank keeps to itself (a stolen card,
/// say) is [`Decline::Declined`], so that nobody learns it from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// Not enough money.
    InsufficientFunds,
    /// The card has expired.
    ExpiredCard,
    /// Number, code or date were wrong.
    WrongDetails,
    /// The payer did not prove to be the holder.
    NotAuthenticated,
    /// The card is not for this kind of payment or currency.
    NotSupported,
    /// The card's limit is reached.
    LimitExceeded,
    /// A fault on the way; the same card may work.
    TryAgain,
    /// The bank said no and not why.
    Declined,
}

impl Decline {
    /// In words for the payer.
    pub fn words(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "The card does not have enough money for this.",
            Self::ExpiredCard => "The card has expired.",
            Self::WrongDetails => "The card's number, date or code was not right.",
            Self::NotAuthenticated => "The bank could not confirm that it was you.",
            Self::NotSupported => "This card cannot be used for this payment.",
            Self::LimitExceeded => "The card's limit is reached.",
            Self::TryAgain => "Something went wrong on the way to the bank. Please try again.",
            Self::Declined => "The bank declined the card. It can tell you why.",
        }
    }
}

/// A refund as the processor knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The processor's id.
    pub id: String,
    /// Our reference, as the processor kept it; `None` for a refund that was not ours.
    pub reference: Option<String>,
    /// The processor's id of the payment that it gives back.
    pub payment: Option<String>,
    /// The processor's id of the charge that it gives back.
    pub charge: Option<String>,
    /// How much.
    pub amount: Money,
    /// In which currency, such as `USD`.
    pub currency: String,
    /// How it stands.
    pub standing: RefundStanding,
}

/// How a refund stands at the processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStanding {
    /// Under way.
    Pending,
    /// Under way, and waiting for the payer to do something.
    NeedsPayer,
    /// The payer has it, as far as the processor knows. It may still come back.
    Settled,
    /// It came back.
    Failed(RefundFailure),
    /// It was called off.
    Cancelled,
    /// Something that this version has no word for, in the processor's.
    Unknown(String),
}

/// Why a refund came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundFailure {
    /// The card was lost or stolen.
    CardLost,
    /// The card has expired or was cancelled.
    CardClosed,
    /// The processor's balance did not cover it.
    InsufficientFunds,
    /// The payment is disputed.
    Disputed,
    /// The bank did not take it.
    Declined,
    /// The clinic asked for that.
    Requested,
    /// The processor does not say.
    Unsaid,
}

impl RefundFailure {
    /// In words for staff.
    pub fn words(self) -> &'static str {
        match self {
            Self::CardLost => "The card was reported lost or stolen.",
            Self::CardClosed => "The card has expired or was cancelled.",
            Self::InsufficientFunds => "The balance at the processor did not cover it.",
            Self::Disputed => "The payment is disputed.",
            Self::Declined => "The patient's bank did not take it.",
            Self::Requested => "It was cancelled at the clinic's request.",
            Self::Unsaid => "The processor does not say why.",
        }
    }
}

/// A dispute: the payer asks the bank for the money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The processor's id.
    pub id: String,
    /// The attempt that took the money, as the processor kept it.
    pub reference: Option<String>,
    /// The processor's id of the payment.
    pub payment: Option<String>,
    /// The processor's id of the charge.
    pub charge: Option<String>,
    /// How much is disputed.
    pub amount: Money,
    /// In which currency, such as `USD`.
    pub currency: String,
    /// How it stands.
    pub standing: DisputeStanding,
    /// The bank's reason, in the processor's word.
    pub reason: String,
    /// Until when evidence is taken.
    pub answer_by: Option<Timestamp>,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// How a dispute stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisputeStanding {
    /// The bank only asks; no money has moved.
    Inquiry,
    /// The bank only asked, and let it rest.
    InquiryClosed,
    /// Evidence is awaited.
    NeedsResponse,
    /// The bank decides.
    UnderReview,
    /// The money stays with the clinic.
    Won,
    /// The money is the payer's.
    Lost,
    /// It was settled before it began.
    Prevented,
    /// Something that this version has no word for, in the processor's.
    Unknown(String),
}

impl DisputeStanding {
    /// The name that is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inquiry => "inquiry",
            Self::InquiryClosed => "inquiry_closed",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Prevented => "prevented",
            Self::Unknown(word) => word,
        }
    }

    /// The standing with that stored name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "inquiry" => Self::Inquiry,
            "inquiry_closed" => Self::InquiryClosed,
            "needs_response" => Self::NeedsResponse,
            "under_review" => Self::UnderReview,
            "won" => Self::Won,
            "lost" => Self::Lost,
            "prevented" => Self::Prevented,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// In words for staff.
    pub fn words(&self) -> &str {
        match self {
            Self::Inquiry => "the bank only asks; a refund settles it",
            Self::InquiryClosed => "the bank only asked, and let it rest",
            Self::NeedsResponse => "evidence is awaited",
            Self::UnderReview => "the bank decides",
            Self::Won => "the bank decided for the clinic",
            Self::Lost => "the bank decided for the payer",
            Self::Prevented => "it was settled before it began",
            Self::Unknown(word) => word,
        }
    }

    /// Whether a refund might give the money back twice, because the bank has yet to decide.
    /// What is unknown blocks too; an inquiry does not, as a refund is what settles it.
    pub fn blocks_refunds(&self) -> bool {
        match self {
            Self::NeedsResponse | Self::UnderReview | Self::Unknown(_) => true,
            Self::Inquiry | Self::InquiryClosed | Self::Won | Self::Lost | Self::Prevented => false,
        }
    }
}

/// Money on its way to the clinic's bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The processor's id.
    pub id: String,
    /// How much; negative when the processor takes it back.
    pub amount: Money,
    /// In which currency, such as `USD`.
    pub currency: String,
    /// How it stands.
    pub standing: PayoutStanding,
    /// When the bank should have it.
    pub arrives_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the processor can say what it is made of.
    pub is_automatic: bool,
    /// Whether it can say so by now.
    pub is_itemised: bool,
}

/// How a payout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutStanding {
    /// Not yet handed to the bank.
    Pending,
    /// Handed to the bank.
    InTransit,
    /// The bank should have it.
    Paid,
    /// It came back.
    Failed,
    /// It was called off.
    Cancelled,
    /// Something that this version has no word for, in the processor's.
    Unknown(String),
}

impl PayoutStanding {
    /// The name that is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::InTransit => "in_transit",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown(word) => word,
        }
    }

    /// The standing with that stored name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "pending" => Self::Pending,
            "in_transit" => Self::InTransit,
            "paid" => Self::Paid,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// In words for staff.
    pub fn words(&self) -> &str {
        match self {
            Self::Pending => "being made",
            Self::InTransit => "on its way",
            Self::Paid => "at the bank",
            Self::Failed => "came back",
            Self::Cancelled => "called off",
            Self::Unknown(word) => word,
        }
    }

    /// Whether the money is the processor's again.
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }
}

/// A line of the clinic's balance at the processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The processor's id.
    pub id: String,
    /// What it is.
    pub kind: MovementKind,
    /// Before fees; negative when it takes from the balance.
    pub amount: Money,
    /// What the processor keeps of it.
    pub fee: Money,
    /// What it adds to the balance: `amount` less `fee`.
    pub net: Money,
    /// In which currency, such as `USD`.
    pub currency: String,
    /// The charge, refund, dispute or payout that it comes from.
    pub source: Option<String>,
    /// The processor's id of the payment that it is about, where it is about one.
    pub payment: Option<String>,
    /// Our reference of what it comes from, where the processor keeps it there.
    pub reference: Option<String>,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it can be paid out.
    pub available_at: Timestamp,
}

/// What a line of the balance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovementKind {
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// A refund that came back.
    RefundFailed,
    /// Money taken for a dispute.
    Dispute,
    /// Money given back after a dispute.
    DisputeReversed,
    /// A fee by itself.
    Fee,
    /// A payout.
    Payout,
    /// A payout that came back.
    PayoutReversed,
    /// Something that this version has no word for, in the processor's.
    Other(String),
}

impl MovementKind {
    /// The name that is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::RefundFailed => "refund_failed",
            Self::Dispute => "dispute",
            Self::DisputeReversed => "dispute_reversed",
            Self::Fee => "fee",
            Self::Payout => "payout",
            Self::PayoutReversed => "payout_reversed",
            Self::Other(word) => word,
        }
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "payment" => Self::Payment,
            "refund" => Self::Refund,
            "refund_failed" => Self::RefundFailed,
            "dispute" => Self::Dispute,
            "dispute_reversed" => Self::DisputeReversed,
            "fee" => Self::Fee,
            "payout" => Self::Payout,
            "payout_reversed" => Self::PayoutReversed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// In words for staff.
    pub fn words(&self) -> String {
        match self {
            Self::Payment => "Payment".to_owned(),
            Self::Refund => "Refund".to_owned(),
            Self::RefundFailed => "Refund that came back".to_owned(),
            Self::Dispute => "Taken for a dispute".to_owned(),
            Self::DisputeReversed => "Given back after a dispute".to_owned(),
            Self::Fee => "Fee".to_owned(),
            Self::Payout => "Another payout".to_owned(),
            Self::PayoutReversed => "Payout that came back".to_owned(),
            Self::Other(word) => word.replace('_', " "),
        }
    }
}

/// Something that happened at the processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The processor's id, by which duplicates are known.
    pub id: String,
    /// What happened, in the processor's word.
    pub kind: String,
    /// What it happened to, when that can be fetched.
    pub object: Option<Object>,
    /// The processor's id of the account, when the event names one.
    pub account: Option<String>,
    /// Whether it is about test money.
    pub is_test_money: bool,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Something at the processor that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// The processor's id.
    pub id: String,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectKind {
    /// The page of an attempt.
    Session,
    /// A payment.
    Payment,
    /// A charge.
    Charge,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// A payout.
    Payout,
    /// Something that this version has no use for, in the processor's word.
    Other(String),
}

impl ObjectKind {
    /// The name that is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Session => "session",
            Self::Payment => "payment",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Payout => "payout",
            Self::Other(word) => word,
        }
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "session" => Self::Session,
            "payment" => Self::Payment,
            "charge" => Self::Charge,
            "refund" => Self::Refund,
            "dispute" => Self::Dispute,
            "payout" => Self::Payout,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// What an event spoke of, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An attempt; a charge or a payment leads to the attempt that it belongs to.
    Attempt(Attempt),
    /// A refund.
    Refund(Refund),
    /// A dispute.
    Dispute(Dispute),
    /// A payout.
    Payout(Payout),
    /// The processor knows no such thing; it may know it later.
    Missing,
    /// It belongs to no attempt of ours, or is of a kind without use here.
    NotOurs,
}

/// Some of a list, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// What to ask for as `after` to get the next page; `None` at the end.
    pub next: Option<String>,
}
