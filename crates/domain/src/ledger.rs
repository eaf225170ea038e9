//! The double-entry ledger: which accounts each event moves money between.
//!
//! A transfer debits one account and credits another by the same amount, so that every
//! transaction sums to zero by its very shape. To add an event, add a function that returns
//! its transfers, and let `verify` recompute the balances that it leads to.

use std::cmp::Ordering;

use crate::ids::LocationId;
use crate::money::Money;
use crate::refund::RefundState;
use crate::status::Status;
use crate::tender::TenderType;

/// An account of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What patients owe.
    Receivable,
    /// What patients were charged.
    PatientCharges,
    /// Cash in the drawer, per location.
    Cash,
    /// Checks and money orders, per location.
    Checks,
    /// Card terminal, per location.
    Terminal,
    /// Bank transfers, per location.
    Transfers,
    /// Other tenders, per location.
    OtherTenders,
    /// Held by the processor until it pays out.
    ProcessorClearing,
    /// Promised to patients and not yet given back.
    RefundsPayable,
    /// Taken from payers for nothing, and to be given back.
    Unapplied,
    /// Taken by banks until they decide a dispute.
    Disputes,
    /// What the processor keeps.
    ProcessorFees,
    /// What the processor moved and nothing here explains.
    ProcessorUnmatched,
    /// Sent to the clinic's bank.
    Bank,
}

impl Account {
    /// All accounts.
    pub const ALL: [Self; 14] = [
        Self::Receivable,
        Self::PatientCharges,
        Self::Cash,
        Self::Checks,
        Self::Terminal,
        Self::Transfers,
        Self::OtherTenders,
        Self::ProcessorClearing,
        Self::RefundsPayable,
        Self::Unapplied,
        Self::Disputes,
        Self::ProcessorFees,
        Self::ProcessorUnmatched,
        Self::Bank,
    ];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receivable => "receivable",
            Self::PatientCharges => "patient_charges",
            Self::Cash => "cash",
            Self::Checks => "checks",
            Self::Terminal => "terminal",
            Self::Transfers => "transfers",
            Self::OtherTenders => "other_tenders",
            Self::ProcessorClearing => "processor_clearing",
            Self::RefundsPayable => "refunds_payable",
            Self::Unapplied => "unapplied",
            Self::Disputes => "disputes",
            Self::ProcessorFees => "processor_fees",
            Self::ProcessorUnmatched => "processor_unmatched",
            Self::Bank => "bank",
        }
    }

    /// The account with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.as_str() == name)
    }

    /// The account that a tender goes to.
    pub fn of_tender(kind: TenderType) -> Self {
        match kind {
            TenderType::Cash => Self::Cash,
            TenderType::Check | TenderType::MoneyOrder => Self::Checks,
            TenderType::CardTerminal | TenderType::HsaFsaCard => Self::Terminal,
            TenderType::BankTransfer => Self::Transfers,
            TenderType::Other => Self::OtherTenders,
            TenderType::CardProcessor => Self::ProcessorClearing,
        }
    }
}

/// Money that moves from the credited to the debited account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// What happened, in one stored word.
    pub event: &'static str,
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// How much; more than zero.
    pub amount: Money,
    /// Where; `None` is where the payment is.
    pub location: Option<LocationId>,
}

fn transfer(event: &'static str, debit: Account, credit: Account, amount: Money) -> Transfer {
    Transfer { event, debit, credit, amount, location: None }
}

use Account::{PatientCharges, Receivable, RefundsPayable};

/// The transfers of a change of status (`from` is `None` for a new payment). `tender` is how
/// money was taken when `to` is Paid.
///
/// # Panics
/// When a payment becomes Paid without a tender: the caller asked for one before.
pub fn status_changed(
    from: Option<Status>,
    to: Status,
    amount: Money,
    tender: Option<TenderType>,
) -> Vec<Transfer> {
    let was_owed = from.is_some_and(Status::is_owed);
    let issued = transfer("issued", Receivable, PatientCharges, amount);
    if to == Status::Paid {
        let account = Account::of_tender(tender.expect("Paid comes with a tender"));
        let taken = transfer("tender_taken", account, Receivable, amount);
        return if was_owed { vec![taken] } else { vec![issued, taken] };
    }
    match (was_owed, to.is_owed()) {
        (false, true) => vec![issued],
        (true, false) => vec![transfer("withdrawn", PatientCharges, Receivable, amount)],
        _ => Vec::new(),
    }
}

/// The transfers of an edit of a payment that is owed, from one amount and location to another.
///
/// A payment that moves takes all that is owed along: its new location never knew the old amount.
pub fn edited(before: (Money, LocationId), after: (Money, LocationId)) -> Vec<Transfer> {
    let ((before, from), (after, to)) = (before, after);
    if from != to {
        let out = transfer("moved_out", PatientCharges, Receivable, before);
        let into = transfer("moved_in", Receivable, PatientCharges, after);
        return vec![Transfer { location: Some(from), ..out }, into];
    }
    match after.cmp(&before) {
        Ordering::Greater => {
            let more = after.minus(before);
            vec![transfer("amount_raised", Receivable, PatientCharges, more)]
        }
        Ordering::Less => {
            let less = before.minus(after);
            vec![transfer("amount_lowered", PatientCharges, Receivable, less)]
        }
        Ordering::Equal => Vec::new(),
    }
}

/// The transfers of a refund that moves from one state to another (`None` when it is made).
pub fn refund_changed(
    from: Option<RefundState>,
    to: RefundState,
    amount: Money,
    tender: TenderType,
) -> Vec<Transfer> {
    let account = Account::of_tender(tender);
    let mut transfers = Vec::new();
    if from.is_none() {
        transfers.push(transfer("refund_made", PatientCharges, RefundsPayable, amount));
    }
    match (from, to) {
        (None | Some(RefundState::Pending), RefundState::Settled) => {
            transfers.push(transfer("refund_settled", RefundsPayable, account, amount));
        }
        (Some(RefundState::Settled), RefundState::Failed) => {
            transfers.push(transfer("refund_returned", account, RefundsPayable, amount));
            transfers.push(transfer("refund_failed", RefundsPayable, PatientCharges, amount));
        }
        (Some(RefundState::Pending), RefundState::Failed | RefundState::Cancelled) => {
            transfers.push(transfer("refund_failed", RefundsPayable, PatientCharges, amount));
        }
        _ => {}
    }
    transfers
}

/// The transfer of a tender that is taken back: the patient owes the amount again.
pub fn tender_reversed(amount: Money, tender: TenderType) -> Vec<Transfer> {
    vec![transfer("tender_reversed", Receivable, Account::of_tender(tender), amount)]
}

/// The transfer of money that the processor took for a payment that did not await it: it is the
/// payer's, and leaves what was charged and collected as it is.
pub fn second_capture(amount: Money) -> Vec<Transfer> {
    vec![transfer("second_capture", Account::ProcessorClearing, Account::Unapplied, amount)]
}

/// The transfers of unapplied money that is given back, from one state to another (`None` when
/// it is made): on its way it is owed to the payer as any refund is.
pub fn unapplied_refund_changed(
    from: Option<RefundState>,
    to: RefundState,
    amount: Money,
) -> Vec<Transfer> {
    use Account::{ProcessorClearing, Unapplied};
    let failed = transfer("unapplied_refund_failed", RefundsPayable, Unapplied, amount);
    match (from, to) {
        (None, _) => vec![transfer("unapplied_refund_made", Unapplied, RefundsPayable, amount)],
        (Some(RefundState::Pending), RefundState::Settled) => {
            let (event, account) = ("unapplied_refund_settled", ProcessorClearing);
            vec![transfer(event, RefundsPayable, account, amount)]
        }
        (Some(RefundState::Settled), RefundState::Failed) => {
            let (event, account) = ("unapplied_refund_returned", ProcessorClearing);
            vec![transfer(event, account, RefundsPayable, amount), failed]
        }
        (Some(RefundState::Pending), RefundState::Failed | RefundState::Cancelled) => vec![failed],
        _ => Vec::new(),
    }
}

/// Where the money of a dispute is; none of it while the bank only asks, and once it decided for
/// the clinic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disputed {
    /// Taken by the bank, which has yet to decide.
    pub held: Money,
    /// Given to the payer.
    pub lost: Money,
}

/// The transfers that lead from where the money of a dispute was to where it is, whatever lies
/// between: what a dispute was told to be may be told late, and may change at any time.
/// `was_applied` tells whether the payment was charged with it, or it was taken for nothing.
pub fn dispute_moved(before: Disputed, after: Disputed, was_applied: bool) -> Vec<Transfer> {
    use Account::{Disputes, ProcessorClearing, Unapplied};
    let whose = if was_applied { PatientCharges } else { Unapplied };
    let lost = after.lost.minus(before.lost);
    let taken = after.held.plus(after.lost).minus(before.held.plus(before.lost));
    let back = |amount: Money| Money::ZERO.minus(amount);
    let both = [
        transfer("dispute_withdrawn", Disputes, ProcessorClearing, taken),
        transfer("dispute_lost", whose, Disputes, lost),
        transfer("dispute_regained", Disputes, whose, back(lost)),
        transfer("dispute_reinstated", ProcessorClearing, Disputes, back(taken)),
    ];
    both.into_iter().filter(|transfer| transfer.amount > Money::ZERO).collect()
}

/// What a payout has moved at a location; each may be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaidOut {
    /// Kept by the processor.
    pub fees: Money,
    /// Moved by the processor, and explained by nothing here.
    pub unmatched: Money,
    /// Sent to the bank.
    pub bank: Money,
}

/// The transfers that lead from what the books have of a payout at a location to what it moved.
pub fn payout_moved(before: PaidOut, after: PaidOut, location: LocationId) -> Vec<Transfer> {
    use Account::{Bank, ProcessorClearing, ProcessorFees, ProcessorUnmatched};
    let moved = |event, debit, credit, more: Money| {
        let (debit, credit) = if more > Money::ZERO { (debit, credit) } else { (credit, debit) };
        let amount = if more > Money::ZERO { more } else { Money::ZERO.minus(more) };
        Transfer { location: Some(location), ..transfer(event, debit, credit, amount) }
    };
    let all = [
        moved("payout_fees", ProcessorFees, ProcessorClearing, after.fees.minus(before.fees)),
        moved(
            "payout_unmatched",
            ProcessorClearing,
            ProcessorUnmatched,
            after.unmatched.minus(before.unmatched),
        ),
        moved("payout_made", Bank, ProcessorClearing, after.bank.minus(before.bank)),
    ];
    all.into_iter().filter(|transfer| transfer.amount > Money::ZERO).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::status::{By, EDGES};

    fn balance(transfers: &[Transfer], account: Account) -> i64 {
        let signed = |transfer: &Transfer| {
            i64::from(transfer.debit == account) - i64::from(transfer.credit == account)
        };
        transfers.iter().map(|transfer| signed(transfer) * transfer.amount.cents()).sum()
    }

    #[test]
    fn every_way_leaves_exactly_what_is_owed_as_receivable() {
        let amount = Money::from_cents(700);
        let owed = |status: Status| if status.is_owed() { 700 } else { 0 };
        for edge in EDGES.iter().filter(|edge| !edge.from.is_collected()) {
            let moved = status_changed(Some(edge.from), edge.to, amount, Some(TenderType::Cash));
            let after = owed(edge.from) + balance(&moved, Receivable);
            assert_eq!(after, owed(edge.to), "{edge:?}");
            assert_eq!(balance(&moved, Account::Cash), i64::from(edge.to == Status::Paid) * 700);
        }
        for edge in EDGES.iter().filter(|edge| edge.by.contains(&By::Reversal)) {
            let moved = tender_reversed(amount, TenderType::Check);
            assert_eq!(balance(&moved, Receivable), owed(edge.to));
        }
    }

    #[test]
    fn an_edit_moves_what_is_owed_to_where_the_payment_is() {
        let (here, there) = (LocationId::new(1), LocationId::new(2));
        let [old, new] = [500, 800].map(Money::from_cents);
        assert_eq!(balance(&edited((old, here), (new, here)), Receivable), 300);
        assert_eq!(balance(&edited((new, here), (old, here)), Receivable), -300);
        assert_eq!(edited((old, here), (old, here)), []);
        let moved = edited((old, here), (new, there));
        assert_eq!(balance(&moved, Receivable), 300);
        let by_place: Vec<_> = moved.iter().map(|one| (one.location, one.amount)).collect();
        assert_eq!(by_place, [(Some(here), old), (None, new)]);
    }

    #[test]
    fn a_second_capture_is_held_and_neither_owed_nor_charged() {
        let moved = second_capture(Money::from_cents(300));
        for (account, cents) in [
            (Account::ProcessorClearing, 300),
            (Account::Unapplied, -300),
            (Receivable, 0),
            (PatientCharges, 0),
            (RefundsPayable, 0),
        ] {
            assert_eq!(balance(&moved, account), cents, "{account:?}");
        }
    }

    #[test]
    fn unapplied_money_is_given_back_once_and_a_failure_leaves_no_trace() {
        let amount = Money::from_cents(300);
        let step = |from, to| unapplied_refund_changed(from, to, amount);
        let mut moved = second_capture(amount);
        moved.extend(step(None, RefundState::Pending));
        assert_eq!(balance(&moved, Account::Unapplied), 0);
        assert_eq!(balance(&moved, RefundsPayable), -300);
        moved.extend(step(Some(RefundState::Pending), RefundState::Settled));
        for account in Account::ALL {
            assert_eq!(balance(&moved, account), 0, "{account:?}");
        }
        moved.extend(step(Some(RefundState::Settled), RefundState::Failed));
        assert_eq!(balance(&moved, Account::Unapplied), -300);
        assert_eq!(balance(&moved, Account::ProcessorClearing), 300);
        moved.extend(step(None, RefundState::Pending));
        moved.extend(step(Some(RefundState::Pending), RefundState::Failed));
        assert_eq!(balance(&moved, Account::Unapplied), -300);
        assert_eq!(balance(&moved, RefundsPayable), 0);
    }

    proptest! {
        #[test]
        fn a_dispute_told_in_any_order_ends_where_its_money_is(
            told in proptest::collection::vec((0..5_000_i64, 0..5_000_i64), 1..12),
            was_applied: bool,
        ) {
            let (mut before, mut moved) = (Disputed::default(), Vec::new());
            for (held, lost) in told {
                let after =
                    Disputed { held: Money::from_cents(held), lost: Money::from_cents(lost) };
                let step = dispute_moved(before, after, was_applied);
                prop_assert!(step.iter().all(|one| one.amount > Money::ZERO));
                prop_assert_eq!(step.is_empty(), before == after);
                moved.extend(step);
                before = after;
            }
            let (held, lost) = (before.held.cents(), before.lost.cents());
            prop_assert_eq!(balance(&moved, Account::Disputes), held);
            prop_assert_eq!(balance(&moved, Account::ProcessorClearing), -held - lost);
            let whose = if was_applied { PatientCharges } else { Account::Unapplied };
            prop_assert_eq!(balance(&moved, whose), lost);
        }

        #[test]
        fn a_payout_told_anew_ends_where_its_money_is(
            told in proptest::collection::vec(
                (-900..900_i64, -900..900_i64, -900..900_i64), 1..8),
        ) {
            let (mut before, mut moved) = (PaidOut::default(), Vec::new());
            for (fees, unmatched, bank) in told {
                let [fees, unmatched, bank] = [fees, unmatched, bank].map(Money::from_cents);
                let after = PaidOut { fees, unmatched, bank };
                let step = payout_moved(before, after, LocationId::new(2));
                prop_assert_eq!(step.is_empty(), before == after);
                moved.extend(step);
                before = after;
            }
            let PaidOut { fees, unmatched, bank } = before;
            prop_assert_eq!(balance(&moved, Account::ProcessorFees), fees.cents());
            prop_assert_eq!(balance(&moved, Account::ProcessorUnmatched), -unmatched.cents());
            prop_assert_eq!(balance(&moved, Account::Bank), bank.cents());
            let left = unmatched.cents() - fees.cents() - bank.cents();
            prop_assert_eq!(balance(&moved, Account::ProcessorClearing), left);
        }
    }

    #[test]
    fn a_refund_that_fails_leaves_no_trace_in_the_balances() {
        let amount = Money::from_cents(300);
        let step = |from, to| refund_changed(from, to, amount, TenderType::CardProcessor);
        let mut moved = step(None, RefundState::Pending);
        moved.extend(step(Some(RefundState::Pending), RefundState::Settled));
        assert_eq!(balance(&moved, Account::ProcessorClearing), -300);
        moved.extend(step(Some(RefundState::Settled), RefundState::Failed));
        for account in Account::ALL {
            assert_eq!(balance(&moved, account), 0, "{account:?}");
        }
    }
}
