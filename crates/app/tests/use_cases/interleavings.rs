//! Whatever happens in whatever order, the books add up to what happened.

use std::collections::BTreeMap;

use almoner_app::attempt::Outcome;
use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::settle_refund::{settle_refund, settle_refunds};
use almoner_app::void_payment::void_payment;
use almoner_app::{Actor, Error};
use almoner_domain::refund::{RefundAmount, RefundState, ReversalReason, derived_status};
use almoner_domain::role::Role;
use almoner_domain::{Money, PaymentId, RefundId, Status, time};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, Dice, part_of, rounds, tender};

/// What the model knows of a payment.
#[derive(Debug, Clone)]
struct Known {
    status: Status,
    amount: Money,
    by_card: bool,
    refunds: BTreeMap<RefundId, (Money, RefundState)>,
}

impl Known {
    fn refunded(&self) -> Money {
        self.refunds.values().filter(|refund| refund.1.is_live()).map(|refund| refund.0).sum()
    }
}

/// What has happened so far, kept beside the program and much simpler than it.
struct Model<'a> {
    clinic: &'a Clinic,
    dice: Dice,
    payments: BTreeMap<PaymentId, Known>,
    /// Gross and refunded cents of each month.
    months: BTreeMap<i64, (i64, i64)>,
}

impl Model<'_> {
    fn actor(&self) -> Actor {
        match self.dice.below(6) {
            0 => self.clinic.system(),
            role => self.clinic.staff(Role::ALL[usize::try_from(role - 1).unwrap()]),
        }
    }

    fn one(&self) -> Option<PaymentId> {
        let ids: Vec<PaymentId> = self.payments.keys().copied().collect();
        (!ids.is_empty()).then(|| *self.dice.pick(&ids))
    }

    fn count(&mut self, gross: Money, refunded: Money) {
        let today = self.clinic.manager().date(self.clinic.app.now());
        let month = self.months.entry(time::month_key(today)).or_default();
        month.0 += gross.cents();
        month.1 += refunded.cents();
    }

    fn paid(&mut self, id: PaymentId, by_card: bool) {
        let known = self.payments.get_mut(&id).unwrap();
        known.by_card = by_card;
        let amount = known.amount;
        self.count(amount, Money::ZERO);
    }

    async fn create(&mut self) -> Result<(), Error> {
        let (draft, actor) = (self.dice.below(4) == 0, self.actor());
        let patient = *self.dice.pick(&[self.clinic.ann, self.clinic.ben]);
        let location = *self.dice.pick(&[None, Some(self.clinic.harbor)]);
        let today = self.clinic.manager().date(self.clinic.app.now());
        let due = (self.dice.below(2) == 0).then_some(today);
        let amount = self.dice.amount(200_000);
        let asked = CreatePayment { patient, location, amount, draft, due, ..self.clinic.asked(1) };
        let id = create_payment(&self.clinic.app, &actor, &asked).await?;
        let status = if draft { Status::Draft } else { Status::Pending };
        let known = Known { status, amount, by_card: false, refunds: BTreeMap::new() };
        assert!(self.payments.insert(id, known).is_none(), "a number was given out twice");
        Ok(())
    }

    async fn edit(&mut self, id: PaymentId) -> Result<(), Error> {
        let before = self.clinic.payment(id).await;
        let input = EditPayment {
            payment: id,
            version: before.version - i64::from(self.dice.below(10) == 0),
            patient: *self.dice.pick(&[self.clinic.ann, self.clinic.ben]),
            amount: self.dice.amount(200_000),
            kind: before.kind,
            treatment: None,
            location: Some(*self.dice.pick(&[self.clinic.downtown, self.clinic.harbor])),
            due: before.due,
            confirm_past_due_date: true,
            memo: None,
        };
        edit_payment(&self.clinic.app, &self.actor(), &input).await?;
        self.payments.get_mut(&id).unwrap().amount = input.amount;
        Ok(())
    }

    async fn change(&mut self, id: PaymentId) -> Result<(), Error> {
        let to = *self.dice.pick(&Status::ALL);
        let kind = *self.dice.pick(&["cash", "check", "card_terminal", "other"]);
        let input = ChangeStatus {
            payment: id,
            version: None,
            to,
            tender: Some(tender(kind)),
            reason: Some("as agreed".to_owned()),
        };
        change_status(&self.clinic.app, &self.actor(), &input).await?;
        self.payments.get_mut(&id).unwrap().status = to;
        if to == Status::Paid {
            self.paid(id, false);
        }
        Ok(())
    }

    async fn told(&mut self, id: PaymentId) -> Result<(), Error> {
        let outcomes = [
            Outcome::Authorized,
            Outcome::Captured,
            Outcome::Captured,
            Outcome::Failed("declined".to_owned()),
            Outcome::Released,
            Outcome::Expired,
        ];
        let outcome = self.dice.pick(&outcomes);
        let before = self.payments[&id].status;
        let told = self.clinic.told(id, outcome.clone()).await?;
        self.payments.get_mut(&id).unwrap().status = told.status;
        if told.status == Status::Paid && before != Status::Paid {
            assert_eq!(*outcome, Outcome::Captured);
            self.paid(id, true);
        }
        Ok(())
    }

    async fn refund(&mut self, id: PaymentId) -> Result<(), Error> {
        let known = self.payments[&id].clone();
        let remaining = if known.status.is_collected() {
            known.amount.minus(known.refunded())
        } else {
            Money::ZERO
        };
        let amount = match self.dice.below(3) {
            0 => RefundAmount::Full { expected_remaining: Some(remaining) },
            1 => RefundAmount::Partial(self.dice.amount(200_000)),
            _ => RefundAmount::Partial(self.dice.amount(remaining.cents() / 2 + 1)),
        };
        let input = RefundPayment { amount, ..part_of(id, 1) };
        let refund = refund_payment(&self.clinic.app, &self.actor(), &input).await?;
        let given = match amount {
            RefundAmount::Full { .. } => remaining,
            RefundAmount::Partial(part) => part,
        };
        assert!(given <= remaining, "{given} was refunded of {remaining}");
        let state = if known.by_card { RefundState::Pending } else { RefundState::Settled };
        let known = self.payments.get_mut(&id).unwrap();
        known.refunds.insert(refund, (given, state));
        known.status = derived_status(known.amount, known.refunded());
        self.count(Money::ZERO, given);
        Ok(())
    }

    /// Every refund on its way settles, but for those that the sandbox fails.
    async fn settle(&mut self) -> Result<(), Error> {
        let ended = settle_refunds(&self.clinic.app, &self.clinic.system()).await?;
        let mut expected = 0;
        let ids: Vec<PaymentId> = self.payments.keys().copied().collect();
        for id in ids {
            for (refund, (amount, state)) in self.payments[&id].refunds.clone() {
                if state == RefundState::Pending {
                    expected += 1;
                    let fails = amount.cents() % 100 == 13;
                    let to = if fails { RefundState::Failed } else { RefundState::Settled };
                    self.ended(id, refund, to);
                }
            }
        }
        assert_eq!(ended, expected);
        Ok(())
    }

    /// Some refund fails, which may have settled long ago.
    async fn fail(&mut self, id: PaymentId) -> Result<(), Error> {
        let refunds: Vec<RefundId> = self.payments[&id].refunds.keys().copied().collect();
        if !self.payments[&id].by_card || refunds.is_empty() {
            return Ok(());
        }
        let refund = *self.dice.pick(&refunds);
        let failed = RefundState::Failed;
        settle_refund(&self.clinic.app, &self.clinic.system(), refund, failed).await?;
        self.ended(id, refund, failed);
        Ok(())
    }

    fn ended(&mut self, id: PaymentId, refund: RefundId, to: RefundState) {
        let known = self.payments.get_mut(&id).unwrap();
        let entry = known.refunds.get_mut(&refund).unwrap();
        if !entry.1.is_live() {
            return;
        }
        let amount = entry.0;
        entry.1 = to;
        known.status = derived_status(known.amount, known.refunded());
        if !to.is_live() {
            self.count(Money::ZERO, Money::ZERO.minus(amount));
        }
    }

    async fn reverse(&mut self, id: PaymentId) -> Result<(), Error> {
        let reason = *self.dice.pick(&ReversalReason::ALL);
        let input = ReverseTender { payment: id, version: None, reason, notes: None };
        reverse_tender(&self.clinic.app, &self.actor(), &input).await?;
        let known = self.payments.get_mut(&id).unwrap();
        assert!(known.status == Status::Paid && !known.by_card && known.refunds.is_empty());
        known.status = reason.leads_to();
        let amount = known.amount;
        self.count(Money::ZERO.minus(amount), Money::ZERO);
        Ok(())
    }

    async fn step(&mut self) -> Result<(), Error> {
        let choice = self.dice.below(20);
        let Some(id) = self.one().filter(|_| choice > 2) else {
            return self.create().await;
        };
        match choice {
            3 | 4 => self.edit(id).await,
            5..=8 => self.change(id).await,
            9 => self.clinic.begin(id).await.map(|_| {
                self.payments.get_mut(&id).unwrap().status = Status::Processing;
            }),
            10..=12 => self.told(id).await,
            13..=15 => self.refund(id).await,
            16 => self.settle().await,
            17 => self.fail(id).await,
            18 => self.reverse(id).await,
            _ => {
                let moved = void_payment(&self.clinic.app, &self.actor(), id).await?;
                self.payments.get_mut(&id).unwrap().status = moved.status;
                Ok(())
            }
        }
    }

    /// Holds what is stored of a payment against the model.
    async fn compare(&self, id: PaymentId) {
        let (stored, known) = (self.clinic.payment(id).await, &self.payments[&id]);
        assert_eq!((stored.status, stored.amount), (known.status, known.amount), "{id}");
        assert_eq!(stored.refunded, known.refunded(), "{id}");
    }

    async fn compare_all(&self) {
        for &id in self.payments.keys() {
            self.compare(id).await;
        }
        let cards = self.clinic.cards().await;
        let total = |side: fn(&(i64, i64)) -> i64| self.months.values().map(side).sum::<i64>();
        assert_eq!(cards.collected.gross.cents(), total(|month| month.0));
        assert_eq!(cards.collected.refunded.cents(), total(|month| month.1));
        for (month, collected) in cards.trend {
            let expected = self.months.get(&month).copied().unwrap_or_default();
            assert_eq!((collected.gross.cents(), collected.refunded.cents()), expected, "{month}");
        }
        for (status, count) in cards.by_status {
            let known = self.payments.values().filter(|known| known.status == status).count();
            assert_eq!(usize::try_from(count).unwrap(), known, "{status:?}");
        }
        let held: i64 = self
            .payments
            .values()
            .filter(|known| known.status.is_collected())
            .map(|known| known.amount.minus(known.refunded()).cents())
            .sum();
        assert_eq!(cards.collected.net().cents(), held);
        self.clinic.verified().await;
    }
}

/// Refusals are part of the game; failures are not.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Forbidden(_)
            | Error::Status { .. }
            | Error::Refund(_)
            | Error::Reversal(_)
            | Error::Locked(_)
            | Error::Stale { .. }
            | Error::Invalid(_)
            | Error::NotFound("attempt")
    )
}

async fn play(clinic: &Clinic, seed: u64, steps: u64) {
    let dice = Dice::new(seed);
    let mut model = Model { clinic, dice, payments: BTreeMap::new(), months: BTreeMap::new() };
    let mut refused = 0;
    for step in 0..steps {
        let hours = model.dice.below(60);
        clinic.pass(SignedDuration::from_mins(i64::try_from(hours).unwrap() * 20));
        if let Err(error) = model.step().await {
            assert!(is_refusal(&error), "seed {seed}, step {step}: {error:?}");
            refused += 1;
        }
        if let Some(id) = model.one() {
            model.compare(id).await;
        }
        if step % 60 == 59 {
            model.compare_all().await;
        }
    }
    model.compare_all().await;
    assert!(refused > 0 && refused < steps, "{refused} of {steps} steps were refused");
    assert!(model.months.len() > 2, "time has passed");
}

on_both_engines! {
    async fn random_interleavings_add_up(db) {
        let clinic = Clinic::new(db).await;
        play(&clinic, 20_261_123, rounds(400, 6_000)).await;
    }

    async fn another_clinic_fares_as_well(db) {
        let clinic = Clinic::new(db).await;
        play(&clinic, 7, rounds(300, 6_000)).await;
    }
}
