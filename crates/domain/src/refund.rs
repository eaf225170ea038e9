//! Refunds and reversals: what may be given back, and why.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::status::Status;

/// Why money is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The patient asked for it.
    PatientRequest,
    /// The bill was wrong.
    BillingError,
    /// The service was not rendered.
    ServiceNotRendered,
    /// The patient was charged twice.
    DuplicateCharge,
    /// The insurance paid or decided otherwise.
    InsuranceAdjustment,
    /// Anything else, said in the notes.
    Other,
}

impl RefundReason {
    /// All six, in the order of the form.
    pub const ALL: [Self; 6] = [
        Self::PatientRequest,
        Self::BillingError,
        Self::ServiceNotRendered,
        Self::DuplicateCharge,
        Self::InsuranceAdjustment,
        Self::Other,
    ];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PatientRequest => "patient_request",
            Self::BillingError => "billing_error",
            Self::ServiceNotRendered => "service_not_rendered",
            Self::DuplicateCharge => "duplicate_charge",
            Self::InsuranceAdjustment => "insurance_adjustment",
            Self::Other => "other",
        }
    }

    /// The reason with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::PatientRequest => "Patient request",
            Self::BillingError => "Billing error",
            Self::ServiceNotRendered => "Service not rendered",
            Self::DuplicateCharge => "Duplicate charge",
            Self::InsuranceAdjustment => "Insurance adjustment",
            Self::Other => "Other",
        }
    }
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// On its way; its amount is reserved and counts as refunded.
    Pending,
    /// Done.
    Settled,
    /// Refused by the processor; its amount is free again.
    Failed,
    /// Called off before it was sent; its amount is free again.
    Cancelled,
}

impl RefundState {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Settled, Self::Failed, Self::Cancelled];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Counts against what was collected.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Settled)
    }
}

/// How much is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundAmount {
    /// All that remains; the remainder that was shown, when one was.
    Full {
        /// What the form showed as remaining.
        expected_remaining: Option<Money>,
    },
    /// A part.
    Partial(Money),
}

/// Why a refund is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// Nothing was collected, or it is all refunded.
    #[error("Only a payment that is Paid or Partially Refunded can be refunded.")]
    NotRefundable,
    /// The form showed another remainder than there is now.
    #[error("Meanwhile the remaining amount changed to {remaining}; please look again.")]
    RemainingChanged {
        /// What remains now.
        remaining: Money,
    },
    /// More than what remains.
    #[error("At most {remaining} can still be refunded.")]
    ExceedsRemaining {
        /// What remains now.
        remaining: Money,
    },
    /// Zero or less.
    #[error("The amount must be more than $0.00.")]
    NotPositive,
    /// A dispute is open.
    #[error("A dispute is open: the bank decides first, or the money could go back twice.")]
    Disputed,
}

/// Decides how many cents a refund gives back of what remains: collected, not refunded, and not
/// given back by a bank.
///
/// # Errors
/// The first reason against it, in the order of [`RefundRefusal`].
pub fn decide(
    status: Status,
    remaining: Money,
    amount: RefundAmount,
) -> Result<Money, RefundRefusal> {
    if !matches!(status, Status::Paid | Status::PartiallyRefunded) {
        return Err(RefundRefusal::NotRefundable);
    }
    match amount {
        _ if remaining <= Money::ZERO => Err(RefundRefusal::ExceedsRemaining { remaining }),
        RefundAmount::Full { expected_remaining: Some(expected) } if expected != remaining => {
            Err(RefundRefusal::RemainingChanged { remaining })
        }
        RefundAmount::Full { .. } => Ok(remaining),
        RefundAmount::Partial(part) if part > remaining => {
            Err(RefundRefusal::ExceedsRemaining { remaining })
        }
        RefundAmount::Partial(part) if part <= Money::ZERO => Err(RefundRefusal::NotPositive),
        RefundAmount::Partial(part) => Ok(part),
    }
}

/// The status that follows from what was collected and refunded.
///
/// # Panics
/// When more was refunded than collected, which the database refuses.
pub fn derived_status(collected: Money, refunded: Money) -> Status {
    assert!(refunded >= Money::ZERO && refunded <= collected, "refunds exceed what was collected");
    if refunded == Money::ZERO {
        Status::Paid
    } else if refunded < collected {
        Status::PartiallyRefunded
    } else {
        Status::Refunded
    }
}

/// Why a tender that was recorded is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReversalReason {
    /// It was entered by mistake: the payment is awaited again.
    EnteredInError,
    /// The check came back unpaid: the payment failed.
    ReturnedUnpaid,
}

impl ReversalReason {
    /// Both, in the order of the form.
    pub const ALL: [Self; 2] = [Self::EnteredInError, Self::ReturnedUnpaid];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnteredInError => "entered_in_error",
            Self::ReturnedUnpaid => "returned_unpaid",
        }
    }

    /// The reason with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::EnteredInError => "Entered in error",
            Self::ReturnedUnpaid => "Returned unpaid",
        }
    }

    /// The status that the payment goes back to.
    pub fn leads_to(self) -> Status {
        match self {
            Self::EnteredInError => Status::Pending,
            Self::ReturnedUnpaid => Status::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn cents(cents: i64) -> Money {
        Money::from_cents(cents)
    }

    #[test]
    fn exact_full_and_one_cent_over() {
        let part = |amount| {
            decide(Status::PartiallyRefunded, cents(400), RefundAmount::Partial(cents(amount)))
        };
        assert_eq!(part(400), Ok(cents(400)));
        let remaining = cents(400);
        assert_eq!(part(401), Err(RefundRefusal::ExceedsRemaining { remaining }));
        assert_eq!(part(0), Err(RefundRefusal::NotPositive));
        assert_eq!(part(-1), Err(RefundRefusal::NotPositive));
    }

    #[test]
    fn a_full_refund_says_when_the_remainder_changed() {
        let full = |expected| {
            let amount = RefundAmount::Full { expected_remaining: expected };
            decide(Status::Paid, cents(500), amount)
        };
        assert_eq!(full(None), Ok(cents(500)));
        assert_eq!(full(Some(cents(500))), Ok(cents(500)));
        let nothing = RefundRefusal::ExceedsRemaining { remaining: cents(0) };
        let amount = RefundAmount::Full { expected_remaining: None };
        assert_eq!(decide(Status::Paid, cents(0), amount), Err(nothing));
        let changed = RefundRefusal::RemainingChanged { remaining: cents(500) };
        assert_eq!(full(Some(cents(400))), Err(changed));
    }

    proptest! {
        #[test]
        fn refunds_never_exceed_what_was_collected(
            collected in 1..=99_999_999_i64,
            parts in proptest::collection::vec((-5..=60_000_000_i64, any::<bool>()), 0..20),
        ) {
            let collected = cents(collected);
            let mut live: Vec<Money> = Vec::new();
            for (part, later_fails) in parts {
                let refunded: Money = live.iter().copied().sum();
                let status = derived_status(collected, refunded);
                let amount = RefundAmount::Partial(cents(part));
                if let Ok(given) = decide(status, collected.minus(refunded), amount) {
                    live.push(given);
                }
                if later_fails {
                    live.pop();
                }
                let refunded: Money = live.iter().copied().sum();
                prop_assert!(refunded <= collected);
                let status = derived_status(collected, refunded);
                prop_assert_eq!(status == Status::Refunded, refunded == collected);
            }
        }
    }
}
