//! Stripe's words, in ours. A word that is not listed is kept by the caller.

use super::wire;
use crate::processor::{
    Decline, DisputeStanding, MovementKind, ObjectKind, PayoutStanding, RefundFailure,
    RefundStanding,
};

/// Why a card was refused: the bank's code when there is one, else Stripe's. What the bank wants
/// kept quiet (lost, stolen, fraud) becomes a plain decline, as Stripe asks of everyone.
pub(super) fn decline(error: Option<&wire::PaymentError>) -> Decline {
    let Some(error) = error else { return Decline::Declined };
    let code = error.decline_code.as_deref().or(error.code.as_deref());
    match code.unwrap_or_default() {
        "insufficient_funds" => Decline::InsufficientFunds,
        "expired_card" | "invalid_expiry_month" | "invalid_expiry_year" => Decline::ExpiredCard,
        "incorrect_number" | "invalid_number" | "incorrect_cvc" | "invalid_cvc"
        | "incorrect_zip" | "incorrect_address" | "invalid_account" => Decline::WrongDetails,
        "authentication_required"
        | "payment_intent_authentication_failure"
        | "authentication_not_handled"
        | "offline_pin_required"
        | "online_or_offline_pin_required" => Decline::NotAuthenticated,
        "card_not_supported"
        | "currency_not_supported"
        | "invalid_amount"
        | "transaction_not_allowed" => Decline::NotSupported,
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => Decline::LimitExceeded,
        "processing_error"
        | "issuer_not_available"
        | "try_again_later"
        | "reenter_transaction"
        | "approve_with_id" => Decline::TryAgain,
        _ => Decline::Declined,
    }
}

pub(super) fn refund(status: Option<&str>, failure: Option<&str>) -> RefundStanding {
    match status {
        Some("pending") => RefundStanding::Pending,
        Some("requires_action") => RefundStanding::NeedsPayer,
        Some("succeeded") => RefundStanding::Settled,
        Some("failed") => RefundStanding::Failed(refund_failure(failure)),
        Some("canceled") => RefundStanding::Cancelled,
        other => RefundStanding::Unknown(other.unwrap_or_default().to_owned()),
    }
}

fn refund_failure(reason: Option<&str>) -> RefundFailure {
    match reason.unwrap_or_default() {
        "lost_or_stolen_card" => RefundFailure::CardLost,
        "expired_or_canceled_card" => RefundFailure::CardClosed,
        "insufficient_funds" => RefundFailure::InsufficientFunds,
        "charge_for_pending_refund_disputed" => RefundFailure::Disputed,
        "declined" => RefundFailure::Declined,
        "merchant_request" => RefundFailure::Requested,
        _ => RefundFailure::Unsaid,
    }
}

pub(super) fn dispute(status: &str) -> DisputeStanding {
    match status {
        "warning_needs_response" | "warning_under_review" => DisputeStanding::Inquiry,
        "warning_closed" => DisputeStanding::InquiryClosed,
        "needs_response" | "appeal_needs_response" => DisputeStanding::NeedsResponse,
        "under_review" | "appeal_under_review" => DisputeStanding::UnderReview,
        "won" => DisputeStanding::Won,
        "lost" => DisputeStanding::Lost,
        "prevented" => DisputeStanding::Prevented,
        other => DisputeStanding::Unknown(other.to_owned()),
    }
}

pub(super) fn payout(status: &str) -> PayoutStanding {
    match status {
        "pending" => PayoutStanding::Pending,
        "in_transit" => PayoutStanding::InTransit,
        "paid" => PayoutStanding::Paid,
        "failed" => PayoutStanding::Failed,
        "canceled" => PayoutStanding::Cancelled,
        other => PayoutStanding::Unknown(other.to_owned()),
    }
}

/// By the category of Stripe's reports, which groups the types of a line.
pub(super) fn movement(category: &str) -> MovementKind {
    match category {
        "charge" => MovementKind::Payment,
        "refund" => MovementKind::Refund,
        "refund_failure" => MovementKind::RefundFailed,
        "dispute" => MovementKind::Dispute,
        "dispute_reversal" => MovementKind::DisputeReversed,
        "fee" => MovementKind::Fee,
        "payout" => MovementKind::Payout,
        "payout_reversal" => MovementKind::PayoutReversed,
        other => MovementKind::Other(other.to_owned()),
    }
}

pub(super) fn object(name: &str) -> ObjectKind {
    match name {
        "checkout.session" => ObjectKind::Session,
        "payment_intent" => ObjectKind::Payment,
        "charge" => ObjectKind::Charge,
        "refund" => ObjectKind::Refund,
        "dispute" => ObjectKind::Dispute,
        "payout" => ObjectKind::Payout,
        other => ObjectKind::Other(other.to_owned()),
    }
}
