//! What the processor paid out.

use almoner_domain::{Money, PaymentId, PayoutId};
use askama::Template;

use crate::view::parts::Shell;
use crate::view::{Samples, samples};

/// The payouts: GET `/payouts`.
#[derive(Debug, Clone, Template)]
#[template(path = "payouts/list.html")]
pub(crate) struct PayoutsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The newest first.
    pub(crate) rows: Vec<PayoutRow>,
    /// What no payout has, the oldest first.
    pub(crate) not_paid_out: Vec<NotPaidOutRow>,
    /// There may be more than is shown.
    pub(crate) is_cut: bool,
}

/// A payout: GET `/payouts/PYO-001`.
#[derive(Debug, Clone, Template)]
#[template(path = "payouts/detail.html")]
pub(crate) struct PayoutPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What the list has of it.
    pub(crate) row: PayoutRow,
    /// The processor's id.
    pub(crate) processor_id: String,
    /// When it was made.
    pub(crate) made_on: String,
    /// What the processor keeps; none while that is not known.
    pub(crate) fees: Option<Money>,
    /// How many movements; none while that is not known.
    pub(crate) count: Option<i64>,
    /// What its movements do not come to; none while that is not known.
    pub(crate) left: Option<Money>,
    /// What the books do not explain.
    pub(crate) unexplained: Vec<MovementRow>,
    /// The others.
    pub(crate) explained: Vec<MovementRow>,
}

/// A payout in a row.
#[derive(Debug, Clone)]
pub(crate) struct PayoutRow {
    /// Which.
    pub(crate) id: PayoutId,
    /// When the bank should have it.
    pub(crate) arrives_on: String,
    /// How much.
    pub(crate) amount: Money,
    /// How it stands.
    pub(crate) standing: String,
    /// The bank does not have it.
    pub(crate) is_back: bool,
    /// What the processor keeps; none while that is not known.
    pub(crate) fees: Option<Money>,
    /// What does not fit the books.
    pub(crate) difference: Difference,
}

/// What of a payout does not fit the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Nothing.
    None,
    /// Some lines, which come to an amount; that may be zero.
    Some {
        /// How many lines.
        lines: i64,
        /// What they come to.
        amount: Money,
    },
    /// Its movements are not here yet.
    Unknown,
    /// The processor cannot say what it is made of.
    NotItemised,
}

/// A line of a payout.
#[derive(Debug, Clone)]
pub(crate) struct MovementRow {
    /// The processor's id.
    pub(crate) id: String,
    /// What it is.
    pub(crate) kind: String,
    /// The payment that it is about.
    pub(crate) payment: Option<PaymentId>,
    /// What of the books explains it.
    pub(crate) ours: String,
    /// Before fees.
    pub(crate) amount: Money,
    /// What the processor keeps.
    pub(crate) fee: Money,
    /// What it adds to the payout.
    pub(crate) net: Money,
    /// How much of it the books do not explain.
    pub(crate) unexplained: Money,
    /// The books explain all of it.
    pub(crate) is_explained: bool,
    /// When it was booked.
    pub(crate) on: String,
}

/// Money that was taken and is in no payout.
#[derive(Debug, Clone)]
pub(crate) struct NotPaidOutRow {
    /// The payment.
    pub(crate) payment: PaymentId,
    /// How much.
    pub(crate) amount: Money,
    /// When it was taken.
    pub(crate) taken_on: String,
}

impl PayoutRow {
    fn sample(seq: i64, difference: Difference) -> Self {
        let is_known = !matches!(difference, Difference::Unknown | Difference::NotItemised);
        Self {
            id: PayoutId::new(seq),
            arrives_on: "Nov 20, 2026".to_owned(),
            amount: Money::from_cents(1_067_937),
            standing: "at the bank".to_owned(),
            is_back: false,
            fees: is_known.then_some(Money::from_cents(4_212)),
            difference,
        }
    }

    fn samples() -> Vec<Self> {
        let some = Difference::Some { lines: 2, amount: Money::from_cents(-30_000) };
        let back = Self {
            amount: Money::from_cents(-99_999_999),
            standing: samples::HARD_TEXT.to_owned(),
            is_back: true,
            ..Self::sample(1, Difference::NotItemised)
        };
        vec![
            Self::sample(4, Difference::Unknown),
            Self::sample(3, some),
            Self::sample(2, Difference::None),
            back,
        ]
    }
}

impl MovementRow {
    fn sample(kind: &str, unexplained: Money) -> Self {
        Self {
            id: "txn_1abcdefghijklmnopqrstuvw".to_owned(),
            kind: kind.to_owned(),
            payment: (unexplained == Money::ZERO).then(|| PaymentId::new(894)),
            ours: "not in the books".to_owned(),
            amount: Money::from_cents(67_937),
            fee: Money::from_cents(2_000),
            net: Money::from_cents(65_937),
            unexplained,
            is_explained: unexplained == Money::ZERO,
            on: "Nov 19, 2026".to_owned(),
        }
    }
}

impl Samples for PayoutsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let late = NotPaidOutRow {
            payment: PaymentId::new(12),
            amount: Money::from_cents(12_345),
            taken_on: "Nov 2, 2026".to_owned(),
        };
        let usual = Self {
            shell: samples::shell(),
            rows: PayoutRow::samples(),
            not_paid_out: vec![late],
            is_cut: true,
        };
        let empty =
            Self { rows: Vec::new(), not_paid_out: Vec::new(), is_cut: false, ..usual.clone() };
        vec![("usual", usual), ("empty", empty)]
    }
}

impl Samples for PayoutPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let different = Money::from_cents(67_937);
        let some = Difference::Some { lines: 1, amount: different };
        let usual = Self {
            shell: samples::shell(),
            row: PayoutRow::sample(3, some),
            processor_id: "po_1abcdefghijklmnopqrstuvw".to_owned(),
            made_on: "Nov 19, 2026".to_owned(),
            fees: Some(Money::from_cents(4_212)),
            count: Some(2),
            left: Some(Money::from_cents(100)),
            unexplained: vec![MovementRow::sample(samples::HARD_TEXT, different)],
            explained: vec![MovementRow::sample("Payment", Money::ZERO)],
        };
        let waiting = Self {
            row: PayoutRow::sample(4, Difference::Unknown),
            fees: None,
            count: None,
            left: None,
            unexplained: Vec::new(),
            explained: Vec::new(),
            ..usual.clone()
        };
        let whole = Self { row: PayoutRow::sample(5, Difference::NotItemised), ..waiting.clone() };
        let fits = Self {
            row: PayoutRow::sample(6, Difference::None),
            left: Some(Money::ZERO),
            unexplained: Vec::new(),
            ..usual.clone()
        };
        vec![("usual", usual), ("waiting", waiting), ("whole", whole), ("fits", fits)]
    }
}
