//! What happens to a payment until it has its status, step by step.

use almoner_app::attempt::Outcome;
use almoner_domain::Status;
use almoner_domain::refund::{RefundReason, RefundState, ReversalReason};
use almoner_domain::tender::TenderType;

use super::calendar::{After, open_second};
use super::clinic::Who;
use super::dice::Dice;
use super::names::{CANCELLATIONS, REFUSALS};
use super::papers::Paper;

/// A step of a payment.
#[derive(Debug)]
pub(super) enum Step {
    /// Staff change the status.
    Move {
        /// Where to.
        to: Status,
        /// Who.
        who: Who,
        /// How the money was taken, and the digits of its number.
        tender: Option<(TenderType, i64)>,
        /// Why.
        reason: Option<&'static str>,
    },
    /// The payer begins to pay.
    Begin,
    /// The processor tells how that went.
    Told(Outcome),
    /// Staff let a held authorization go.
    Void,
    /// Staff give so many percent of the amount back, or all that remains.
    Refund {
        /// How much of the amount; `None` is all that remains.
        percent: Option<i64>,
        /// Cents that the refund ends with, which the sandbox takes as a sign.
        ending: Option<i64>,
        /// Why.
        reason: RefundReason,
    },
    /// The processor tells how the refund went.
    Settle(RefundState),
    /// Staff take the tender back.
    Reverse(ReversalReason),
    /// Staff raise the amount.
    Raise(i64),
    /// Staff write a note.
    Note(Who, &'static str),
    /// Staff add a document.
    Attach(Who, Paper),
}

/// What is shown once: rarities that a demo must have and chance might leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rarity {
    /// None.
    None,
    /// A refund that the processor could not make.
    FailedRefund,
    /// A refund that is still on its way.
    PendingRefund,
}

/// The steps of a payment with their waits.
pub(super) struct Path<'a> {
    dice: &'a Dice,
    /// Whether it began as a draft.
    pub(super) draft: bool,
    /// The steps so far.
    pub(super) steps: Vec<(After, Step)>,
}

impl<'a> Path<'a> {
    /// The way to `status`.
    pub(super) fn to(dice: &'a Dice, status: Status, rarity: Rarity) -> Self {
        let mut path = Self { dice, draft: false, steps: Vec::new() };
        match status {
            Status::Draft => path.draft = true,
            Status::Pending => path.pending(),
            Status::Processing => path.processing(),
            Status::Paid if rarity == Rarity::FailedRefund => path.failed_refund(),
            Status::Paid => path.paid(),
            Status::Failed => path.failed(),
            Status::Cancelled => path.cancelled(),
            Status::Voided => path.voided(),
            Status::PartiallyRefunded => path.partially_refunded(rarity),
            Status::Refunded => path.refunded(),
        }
        path
    }

    fn then(&mut self, wait: After, step: Step) {
        self.steps.push((wait, step));
    }

    fn minutes(&self, low: i64, high: i64) -> After {
        After::Minutes(self.dice.between(low, high))
    }

    fn days(&self, low: i64, high: i64) -> After {
        After::Days(self.dice.between(low, high), open_second(self.dice))
    }

    fn staff(&mut self, wait: After, to: Status, who: Who, reason: Option<&'static str>) {
        self.then(wait, Step::Move { to, who, tender: None, reason });
    }

    fn pay(&mut self, wait: After, kind: TenderType, who: Who) {
        let digits = self.dice.between(1_000, 9_999);
        let tender = Some((kind, digits));
        self.then(wait, Step::Move { to: Status::Paid, who, tender, reason: None });
    }

    fn try_to_pay(&mut self, wait: After, outcome: Outcome) {
        self.then(wait, Step::Begin);
        let answer = self.minutes(1, 6);
        self.then(answer, Step::Told(outcome));
    }

    fn refusal(&self) -> Outcome {
        Outcome::Failed((*self.dice.pick(REFUSALS)).to_owned())
    }

    /// A tender that staff take.
    fn tender(&self) -> TenderType {
        self.dice.weighed(&[
            (38, TenderType::CardTerminal),
            (24, TenderType::Cash),
            (18, TenderType::Check),
            (8, TenderType::HsaFsaCard),
            (6, TenderType::BankTransfer),
            (3, TenderType::MoneyOrder),
            (3, TenderType::Other),
        ])
    }

    fn pending(&mut self) {
        match self.dice.between(1, 100) {
            ..=10 => {
                self.draft = true;
                let wait = self.days(0, 2);
                self.staff(wait, Status::Pending, Who::Biller, None);
            }
            11..=20 => {
                let wait = self.days(1, 4);
                self.try_to_pay(wait, Outcome::Expired);
            }
            21..=26 => {
                let wait = self.days(0, 2);
                let cents = self.dice.between(5, 40) * 100;
                self.then(wait, Step::Raise(cents));
            }
            _ => {}
        }
    }

    fn processing(&mut self) {
        let wait = self.minutes(10, 600);
        match self.dice.between(1, 100) {
            ..=45 => {
                let reason = Some("Check is in the mail");
                self.staff(wait, Status::Processing, Who::Front, reason);
            }
            46..=75 => self.then(wait, Step::Begin),
            _ => self.try_to_pay(wait, Outcome::Authorized),
        }
    }

    fn pay_by_link(&mut self) {
        let wait = if self.dice.chance(40) { self.minutes(4, 300) } else { self.days(1, 16) };
        if self.dice.chance(9) {
            let refusal = self.refusal();
            self.try_to_pay(wait, refusal);
            let wait = self.minutes(2, 40);
            self.try_to_pay(wait, Outcome::Captured);
        } else {
            self.try_to_pay(wait, Outcome::Captured);
        }
    }

    fn pay_at_desk(&mut self) {
        let wait = if self.dice.chance(60) { self.minutes(2, 30) } else { self.days(1, 21) };
        let kind = self.tender();
        self.pay(wait, kind, Who::Front);
    }

    fn paid(&mut self) {
        match self.dice.between(1, 100) {
            ..=42 => self.pay_by_link(),
            43..=84 => self.pay_at_desk(),
            85..=89 => {
                self.draft = true;
                let wait = self.days(0, 3);
                self.staff(wait, Status::Pending, Who::Biller, None);
                self.pay_by_link();
            }
            90..=94 => {
                let wait = self.days(1, 6);
                self.staff(wait, Status::Processing, Who::Front, Some("Check is in the mail"));
                let wait = self.days(3, 8);
                self.pay(wait, TenderType::Check, Who::Biller);
            }
            95..=96 => self.paid_after_a_mistake(),
            97..=98 => {
                let wait = self.days(1, 5);
                self.staff(wait, Status::Cancelled, Who::Biller, Some(CANCELLATIONS[0]));
                let wait = self.days(1, 4);
                self.staff(wait, Status::Pending, Who::Biller, Some("Cancelled by mistake"));
                self.pay_at_desk();
            }
            _ => {
                let wait = self.days(1, 9);
                self.try_to_pay(wait, Outcome::Expired);
                self.pay_at_desk();
            }
        }
    }

    fn paid_after_a_mistake(&mut self) {
        let wait = self.minutes(3, 40);
        self.pay(wait, TenderType::Cash, Who::Front);
        let wait = self.minutes(5, 90);
        self.then(wait, Step::Reverse(ReversalReason::EnteredInError));
        let wait = self.minutes(2, 9);
        self.pay(wait, TenderType::CardTerminal, Who::Front);
    }

    fn failed(&mut self) {
        let wait = self.days(0, 6);
        match self.dice.between(1, 100) {
            ..=60 => {
                let refusal = self.refusal();
                self.try_to_pay(wait, refusal);
            }
            61..=85 => {
                self.pay(wait, TenderType::Check, Who::Front);
                let wait = self.days(4, 9);
                self.then(wait, Step::Reverse(ReversalReason::ReturnedUnpaid));
            }
            _ => {
                self.staff(wait, Status::Processing, Who::Front, Some("Check is in the mail"));
                let wait = self.days(5, 12);
                self.staff(wait, Status::Failed, Who::Biller, Some("The check never came"));
            }
        }
    }

    fn cancelled(&mut self) {
        self.draft = self.dice.chance(20);
        if !self.draft && self.dice.chance(15) {
            let wait = self.days(1, 5);
            let refusal = self.refusal();
            self.try_to_pay(wait, refusal);
        }
        let wait = self.days(0, 14);
        let reason = Some(*self.dice.pick(CANCELLATIONS));
        self.staff(wait, Status::Cancelled, Who::Biller, reason);
    }

    fn voided(&mut self) {
        let wait = self.days(0, 5);
        self.try_to_pay(wait, Outcome::Authorized);
        let wait = self.minutes(20, 600);
        self.then(wait, Step::Void);
    }

    /// Takes money in a way that can be refunded, and tells whether it went through the processor.
    fn refundable(&mut self) -> bool {
        let by_link = self.dice.chance(50);
        if by_link {
            self.pay_by_link();
        } else {
            self.pay_at_desk();
        }
        by_link
    }

    fn refund(&mut self, wait: After, percent: Option<i64>, by_link: bool) {
        let reason = *self.dice.pick(&RefundReason::ALL);
        self.then(wait, Step::Refund { percent, ending: None, reason });
        if by_link {
            let wait = self.minutes(1, 3_000);
            self.then(wait, Step::Settle(RefundState::Settled));
        }
    }

    fn partially_refunded(&mut self, rarity: Rarity) {
        if rarity == Rarity::PendingRefund {
            self.pay_by_link();
            let reason = RefundReason::PatientRequest;
            let wait = self.days(1, 3);
            self.then(wait, Step::Refund { percent: Some(40), ending: Some(50), reason });
            return;
        }
        let by_link = self.refundable();
        for _ in 0..self.dice.between(1, 2) {
            let (wait, percent) = (self.days(1, 12), *self.dice.pick(&[10, 20, 25, 40]));
            self.refund(wait, Some(percent), by_link);
        }
    }

    fn refunded(&mut self) {
        let by_link = self.refundable();
        if self.dice.chance(25) {
            let wait = self.days(1, 10);
            self.refund(wait, Some(30), by_link);
        }
        let wait = self.days(0, 15);
        self.refund(wait, None, by_link);
    }

    fn failed_refund(&mut self) {
        self.pay_by_link();
        let (wait, reason) = (self.days(1, 5), RefundReason::DuplicateCharge);
        self.then(wait, Step::Refund { percent: Some(20), ending: Some(13), reason });
        let wait = self.minutes(5, 60);
        self.then(wait, Step::Settle(RefundState::Failed));
    }
}
