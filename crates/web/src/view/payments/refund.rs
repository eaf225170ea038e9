//! Giving money back: the form, its summary, and the reversal of a tender.

use almoner_domain::refund::{RefundReason, ReversalReason};
use almoner_domain::{Money, PaymentId};
use askama::Template;

use crate::view::Samples;
use crate::view::parts::{Choice, Errors, Shell};
use crate::view::samples;

/// A refund as it is typed. Names: `kind` (`full` or `partial`), `amount`, `reason`, `notes`.
#[derive(Debug, Clone, Default)]
pub(crate) struct RefundEntry {
    /// `full`, `partial` or blank.
    pub(crate) kind: String,
    /// The amount of a partial refund.
    pub(crate) amount: String,
    /// The reason's stored name.
    pub(crate) reason: String,
    /// The notes.
    pub(crate) notes: String,
}

/// The first step: GET `/payments/PAY-001/refunds/new`; POST to the same address with `key`,
/// `remaining_cents` and the fields of [`RefundEntry`] shows the summary. Coming back from the
/// summary is a POST there with `do` = `back`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/refund.html")]
pub(crate) struct RefundPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same refund.
    pub(crate) key: String,
    /// Which payment.
    pub(crate) id: PaymentId,
    /// `First Last`.
    pub(crate) patient: String,
    /// What was collected.
    pub(crate) collected: Money,
    /// What was refunded before, or is on its way.
    pub(crate) refunded: Money,
    /// What remains.
    pub(crate) remaining: Money,
    /// What was typed.
    pub(crate) entry: RefundEntry,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl RefundPage {
    fn reasons() -> Vec<Choice> {
        RefundReason::ALL.iter().map(|why| Choice::new(why.as_str(), why.label())).collect()
    }

    /// What a bank gave back after a dispute.
    fn lost(&self) -> Option<Money> {
        lost(self.collected, self.refunded, self.remaining)
    }
}

/// What is neither refunded nor left of what was collected: banks gave it back after disputes.
fn lost(collected: Money, refunded: Money, remaining: Money) -> Option<Money> {
    let lost = collected.minus(refunded).minus(remaining);
    (lost > Money::ZERO).then_some(lost)
}

/// The summary: **Confirm Refund** is a POST to `/payments/PAY-001/refunds` with the same fields.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/refund_review.html")]
pub(crate) struct RefundReviewPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same refund.
    pub(crate) key: String,
    /// Which payment.
    pub(crate) id: PaymentId,
    /// `First Last`.
    pub(crate) patient: String,
    /// What was typed, sent along.
    pub(crate) entry: RefundEntry,
    /// What was collected.
    pub(crate) collected: Money,
    /// This refund.
    pub(crate) amount: Money,
    /// What was refunded before, or is on its way.
    pub(crate) refunded_before: Money,
    /// What remains now, sent along as `remaining_cents`.
    pub(crate) remaining_now: Money,
    /// What remains afterwards.
    pub(crate) remaining_after: Money,
    /// Where the money goes: "handed back in cash".
    pub(crate) way: String,
    /// Why.
    pub(crate) reason: RefundReason,
    /// Why it was not made, such as that the remainder changed.
    pub(crate) errors: Errors,
}

impl RefundReviewPage {
    /// What a bank gave back after a dispute.
    fn lost(&self) -> Option<Money> {
        lost(self.collected, self.refunded_before, self.remaining_now)
    }
}

/// Taking a tender back: POST `/payments/PAY-001/reversal` with `key`, `version`, `reason`,
/// `notes`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/reversal.html")]
pub(crate) struct ReversalPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Which payment.
    pub(crate) id: PaymentId,
    /// The version that was shown.
    pub(crate) version: i64,
    /// `First Last`.
    pub(crate) patient: String,
    /// How much.
    pub(crate) amount: Money,
    /// How it was paid: "Check, number 1042".
    pub(crate) tender: String,
    /// The reasons that fit the tender.
    pub(crate) reasons: Vec<ReversalReason>,
    /// The reason's stored name, or blank.
    pub(crate) reason: String,
    /// The notes as typed.
    pub(crate) notes: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl Samples for RefundPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            id: PaymentId::new(894),
            patient: samples::HARD_NAME.to_owned(),
            collected: Money::from_cents(67_937),
            refunded: Money::from_cents(10_000),
            remaining: Money::from_cents(57_900),
            entry: RefundEntry::default(),
            errors: Errors::default(),
        };
        let mut errors = almoner_domain::Invalid::one(
            "amount",
            "exceeds_remaining",
            "At most $579.37 can still be refunded.",
        );
        errors.push("reason", "required", "Choose a reason.");
        let wrong = Self {
            entry: RefundEntry {
                kind: "partial".to_owned(),
                amount: "600".to_owned(),
                notes: samples::HARD_TEXT.to_owned(),
                ..RefundEntry::default()
            },
            errors: errors.into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("wrong", wrong)]
    }
}

impl Samples for RefundReviewPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            id: PaymentId::new(894),
            patient: samples::HARD_NAME.to_owned(),
            entry: RefundEntry {
                kind: "partial".to_owned(),
                amount: "79.37".to_owned(),
                reason: "billing_error".to_owned(),
                notes: samples::HARD_TEXT.to_owned(),
            },
            collected: Money::from_cents(67_937),
            amount: Money::from_cents(7_937),
            refunded_before: Money::from_cents(10_000),
            remaining_now: Money::from_cents(57_937),
            remaining_after: Money::from_cents(50_000),
            way: "by a check from the clinic".to_owned(),
            reason: RefundReason::BillingError,
            errors: Errors::default(),
        };
        let changed = Self {
            errors: Errors::whole(
                "Meanwhile the remaining amount changed to $579.37; please look again.",
            ),
            ..usual.clone()
        };
        vec![("usual", usual), ("changed", changed)]
    }
}

impl Samples for ReversalPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            id: PaymentId::new(894),
            version: 4,
            patient: samples::HARD_NAME.to_owned(),
            amount: Money::from_cents(67_937),
            tender: "Check, number 1042".to_owned(),
            reasons: ReversalReason::ALL.to_vec(),
            reason: String::new(),
            notes: String::new(),
            errors: Errors::default(),
        };
        let wrong = Self {
            errors: almoner_domain::Invalid::one("reason", "required", "Choose a reason.").into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("wrong", wrong)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_banks_gave_back_is_lost() {
        let cents = Money::from_cents;
        assert_eq!(lost(cents(700), cents(300), cents(400)), None);
        assert_eq!(lost(cents(700), cents(300), cents(150)), Some(cents(250)));
    }
}
