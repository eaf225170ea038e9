//! The nine statuses of a payment and the one table of the ways between them.
//!
//! Pages, programs, the database checks and the tests are all drawn from [`EDGES`]. To allow a
//! new way, add an edge: who may take it, under which condition, and what it needs.

use serde::{Deserialize, Serialize};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Created but not yet submitted.
    Draft,
    /// Awaiting payment.
    Pending,
    /// Being processed.
    Processing,
    /// Completed successfully.
    Paid,
    /// Processing failed.
    Failed,
    /// Cancelled.
    Cancelled,
    /// The authorization was voided.
    Voided,
    /// A portion has been refunded; follows from the refunds, never set by hand.
    PartiallyRefunded,
    /// The full payment has been refunded; follows from the refunds, never set by hand.
    Refunded,
}

use Status::{
    Cancelled, Draft, Failed, Paid, PartiallyRefunded, Pending, Processing, Refunded, Voided,
};

impl Status {
    /// All nine, in the order in which lists sort them.
    pub const ALL: [Self; 9] =
        [Draft, Pending, Processing, Paid, Failed, Cancelled, Voided, PartiallyRefunded, Refunded];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Draft => "draft",
            Pending => "pending",
            Processing => "processing",
            Paid => "paid",
            Failed => "failed",
            Cancelled => "cancelled",
            Voided => "voided",
            PartiallyRefunded => "partially_refunded",
            Refunded => "refunded",
        }
    }

    /// The status with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Draft => "Draft",
            Pending => "Pending",
            Processing => "Processing",
            Paid => "Paid",
            Failed => "Failed",
            Cancelled => "Cancelled",
            Voided => "Voided",
            PartiallyRefunded => "Partially Refunded",
            Refunded => "Refunded",
        }
    }

    /// The place in the sort order, from 0.
    pub fn rank(self) -> i64 {
        (0..).zip(Self::ALL).find(|entry| entry.1 == self).map_or(0, |entry| entry.0)
    }

    /// Counted by the Outstanding card.
    pub fn is_outstanding(self) -> bool {
        matches!(self, Draft | Pending | Processing)
    }

    /// Flagged once the due date has passed.
    pub fn can_be_overdue(self) -> bool {
        self.is_outstanding() || self == Failed
    }

    /// Money was collected.
    pub fn is_collected(self) -> bool {
        matches!(self, Paid | PartiallyRefunded | Refunded)
    }

    /// The patient owes the amount: it was issued, and neither collected nor dropped.
    pub fn is_owed(self) -> bool {
        matches!(self, Pending | Processing | Failed)
    }

    /// No longer to be edited.
    pub fn is_locked(self) -> bool {
        self.is_collected() || self == Voided
    }
}

/// Who moves a payment from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A member of the staff, by hand.
    Staff,
    /// The payer, through a link.
    Payer,
    /// The processor, by an event or an answer.
    Processor,
    /// A job, after asking the processor.
    Job,
    /// The refunds of the payment.
    Refunds,
    /// The reversal of a tender.
    Reversal,
}

/// What a way asks of the one who takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing; a reason may be given.
    Nothing,
    /// How the money was taken.
    Tender,
    /// Why.
    Reason,
}

/// Under which condition a way is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Under any.
    Always,
    /// The processor was never asked for this payment.
    NeverAttempted,
    /// The processor has nothing under way.
    NoLiveAttempt,
    /// The processor holds an authorization.
    HeldAuthorization,
    /// The processor holds no authorization.
    NoHeldAuthorization,
}

/// One way from a status to another.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Where it begins.
    pub from: Status,
    /// Where it leads.
    pub to: Status,
    /// Who may take it.
    pub by: &'static [By],
    /// When it is open.
    pub guard: Guard,
    /// What it needs.
    pub needs: Needs,
}

const fn edge(from: Status, to: Status, by: &'static [By], guard: Guard, needs: Needs) -> Edge {
    Edge { from, to, by, guard, needs }
}

const S: &[By] = &[By::Staff];
const P: &[By] = &[By::Payer];
const W: &[By] = &[By::Processor];
const PW: &[By] = &[By::Payer, By::Processor];
const WJ: &[By] = &[By::Processor, By::Job];
const R: &[By] = &[By::Refunds];
const V: &[By] = &[By::Reversal];

/// Every way there is; what is not here cannot happen.
pub const EDGES: &[Edge] = &[
    edge(Draft, Pending, S, Guard::Always, Needs::Nothing),
    edge(Draft, Paid, S, Guard::NoLiveAttempt, Needs::Tender),
    edge(Draft, Cancelled, S, Guard::Always, Needs::Nothing),
    edge(Pending, Processing, PW, Guard::Always, Needs::Nothing),
    edge(Pending, Processing, S, Guard::NoLiveAttempt, Needs::Nothing),
    edge(Pending, Paid, W, Guard::Always, Needs::Nothing),
    edge(Pending, Paid, S, Guard::NoLiveAttempt, Needs::Tender),
    edge(Pending, Failed, W, Guard::Always, Needs::Nothing),
    edge(Pending, Failed, S, Guard::NoLiveAttempt, Needs::Nothing),
    edge(Pending, Cancelled, S, Guard::Always, Needs::Nothing),
    edge(Pending, Draft, S, Guard::NeverAttempted, Needs::Nothing),
    edge(Processing, Paid, WJ, Guard::Always, Needs::Nothing),
    edge(Processing, Paid, S, Guard::NoLiveAttempt, Needs::Tender),
    edge(Processing, Failed, WJ, Guard::Always, Needs::Nothing),
    edge(Processing, Failed, S, Guard::NoLiveAttempt, Needs::Nothing),
    edge(Processing, Voided, WJ, Guard::Always, Needs::Nothing),
    edge(Processing, Voided, S, Guard::HeldAuthorization, Needs::Nothing),
    edge(Processing, Pending, WJ, Guard::Always, Needs::Nothing),
    edge(Processing, Pending, S, Guard::NoLiveAttempt, Needs::Nothing),
    edge(Processing, Cancelled, S, Guard::NoHeldAuthorization, Needs::Nothing),
    edge(Failed, Processing, P, Guard::Always, Needs::Nothing),
    edge(Failed, Paid, W, Guard::Always, Needs::Nothing),
    edge(Failed, Paid, S, Guard::NoLiveAttempt, Needs::Tender),
    edge(Failed, Pending, S, Guard::Always, Needs::Nothing),
    edge(Failed, Cancelled, S, Guard::Always, Needs::Nothing),
    edge(Cancelled, Draft, S, Guard::NeverAttempted, Needs::Reason),
    edge(Cancelled, Pending, S, Guard::Always, Needs::Reason),
    edge(Cancelled, Paid, W, Guard::Always, Needs::Nothing),
    edge(Paid, PartiallyRefunded, R, Guard::Always, Needs::Nothing),
    edge(Paid, Refunded, R, Guard::Always, Needs::Nothing),
    edge(Paid, Pending, V, Guard::Always, Needs::Reason),
    edge(Paid, Failed, V, Guard::Always, Needs::Reason),
    edge(PartiallyRefunded, PartiallyRefunded, R, Guard::Always, Needs::Nothing),
    edge(PartiallyRefunded, Refunded, R, Guard::Always, Needs::Nothing),
    edge(PartiallyRefunded, Paid, R, Guard::Always, Needs::Nothing),
    edge(Refunded, PartiallyRefunded, R, Guard::Always, Needs::Nothing),
    edge(Refunded, Paid, R, Guard::Always, Needs::Nothing),
];

/// What the guards look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The processor was asked at least once.
    pub ever_attempted: bool,
    /// An attempt is under way at the processor.
    pub live_attempt: bool,
    /// The processor holds an authorization that was not captured.
    pub held_authorization: bool,
}

/// Why a change of status is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It already has this status.
    #[error("The payment is already {}.", .0.label())]
    SameStatus(Status),
    /// Refunds alone lead there.
    #[error("{} follows from the refunds; use Refund.", .0.label())]
    OnlyByRefund(Status),
    /// The payment can no longer change by hand.
    #[error("A payment that is {} can no longer be changed by hand.", .0.label())]
    Locked(Status),
    /// There is no such way.
    #[error("A payment cannot go from {} to {}.", .from.label(), .to.label())]
    NoSuchWay {
        /// Where it stands.
        from: Status,
        /// Where it was to go.
        to: Status,
    },
    /// The processor was asked already.
    #[error("The payer has already tried to pay, so this cannot become a draft again.")]
    AlreadyAttempted,
    /// The processor is at work.
    #[error("The payer is paying right now; wait for the answer, or they would pay twice.")]
    LiveAttempt,
    /// The processor holds no authorization.
    #[error("There is no held authorization to void.")]
    NoHeldAuthorization,
    /// The processor holds an authorization.
    #[error("The processor holds an authorization; void it instead.")]
    HeldAuthorization,
}

impl Guard {
    fn check(self, facts: Facts) -> Result<(), Refusal> {
        match self {
            Self::NeverAttempted if facts.ever_attempted => Err(Refusal::AlreadyAttempted),
            Self::NoLiveAttempt if facts.live_attempt => Err(Refusal::LiveAttempt),
            Self::HeldAuthorization if !facts.held_authorization => {
                Err(Refusal::NoHeldAuthorization)
            }
            Self::NoHeldAuthorization if facts.held_authorization => {
                Err(Refusal::HeldAuthorization)
            }
            _ => Ok(()),
        }
    }
}

/// Decides whether `by` may move a payment from `from` to `to` now, and what that needs.
///
/// # Errors
/// The first reason against it, in this order: no change at all, a status that only refunds
/// lead to, a locked payment, no such way, a condition that does not hold.
pub fn decide(from: Status, to: Status, by: By, facts: Facts) -> Result<Needs, Refusal> {
    let open =
        EDGES.iter().find(|edge| edge.from == from && edge.to == to && edge.by.contains(&by));
    if let Some(edge) = open {
        return edge.guard.check(facts).map(|()| edge.needs);
    }
    Err(match (from, to) {
        _ if from == to => Refusal::SameStatus(to),
        (_, PartiallyRefunded | Refunded) => Refusal::OnlyByRefund(to),
        _ if by == By::Staff && from.is_locked() => Refusal::Locked(from),
        (_, Voided) if by == By::Staff => Refusal::NoHeldAuthorization,
        _ => Refusal::NoSuchWay { from, to },
    })
}

/// The changes that staff may make by hand now, in the order of the statuses.
pub fn staff_choices(from: Status, facts: Facts) -> Vec<(Status, Needs)> {
    let choice = |to| Some((to, decide(from, to, By::Staff, facts).ok()?));
    Status::ALL.into_iter().filter_map(choice).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERYONE: [By; 6] =
        [By::Staff, By::Payer, By::Processor, By::Job, By::Refunds, By::Reversal];

    fn any_facts() -> impl Strategy<Value = Facts> {
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(tried, live, held)| Facts {
            ever_attempted: tried || live || held,
            live_attempt: live || held,
            held_authorization: held,
        })
    }

    #[test]
    fn names_and_ranks_are_unique_and_read_back() {
        for (rank, status) in (0..).zip(Status::ALL) {
            assert_eq!(status.rank(), rank);
            assert_eq!(Status::from_name(status.as_str()), Some(status));
        }
        assert_eq!(Status::from_name("Paid"), None);
    }

    #[test]
    fn nothing_leads_out_of_voided_and_nobody_takes_a_way_twice() {
        assert!(EDGES.iter().all(|edge| edge.from != Voided));
        for (index, edge) in EDGES.iter().enumerate() {
            for other in &EDGES[..index] {
                let same_way = edge.from == other.from && edge.to == other.to;
                let shared = edge.by.iter().any(|by| other.by.contains(by));
                assert!(!(same_way && shared), "{edge:?} stands twice");
            }
        }
    }

    #[test]
    fn every_status_can_be_reached() {
        let mut reached = vec![Draft, Pending];
        while let Some(edge) =
            EDGES.iter().find(|edge| reached.contains(&edge.from) && !reached.contains(&edge.to))
        {
            reached.push(edge.to);
        }
        assert_eq!(reached.len(), Status::ALL.len());
    }

    #[test]
    fn refusals_say_the_reason_that_helps_most() {
        let idle = Facts::default();
        let live = Facts { ever_attempted: true, live_attempt: true, held_authorization: false };
        let staff = |from, to, facts| decide(from, to, By::Staff, facts);
        assert_eq!(staff(Paid, Paid, idle), Err(Refusal::SameStatus(Paid)));
        assert_eq!(staff(Paid, Refunded, idle), Err(Refusal::OnlyByRefund(Refunded)));
        assert_eq!(staff(Paid, Pending, idle), Err(Refusal::Locked(Paid)));
        assert_eq!(staff(Pending, Paid, live), Err(Refusal::LiveAttempt));
        assert_eq!(staff(Pending, Draft, live), Err(Refusal::AlreadyAttempted));
        assert_eq!(staff(Processing, Voided, live), Err(Refusal::NoHeldAuthorization));
        assert_eq!(staff(Pending, Paid, idle), Ok(Needs::Tender));
        assert_eq!(staff(Cancelled, Pending, idle), Ok(Needs::Reason));
    }

    proptest! {
        #[test]
        fn the_dropdown_offers_exactly_what_would_be_accepted(
            from in 0..9_usize, to in 0..9_usize, facts in any_facts(),
        ) {
            let (from, to) = (Status::ALL[from], Status::ALL[to]);
            let offered = staff_choices(from, facts).iter().any(|choice| choice.0 == to);
            prop_assert_eq!(offered, decide(from, to, By::Staff, facts).is_ok());
            prop_assert!(!(offered && from.is_locked()));
        }

        #[test]
        fn random_walks_stay_in_the_table(
            steps in proptest::collection::vec((0..9_usize, 0..6_usize, any_facts()), 0..60),
        ) {
            let mut now = Pending;
            for (to, by, facts) in steps {
                let (to, by) = (Status::ALL[to], EVERYONE[by]);
                if decide(now, to, by, facts).is_ok() {
                    let open = EDGES.iter().any(|edge| {
                        edge.from == now && edge.to == to && edge.by.contains(&by)
                    });
                    prop_assert!(open);
                    prop_assert!(by == By::Refunds || to != Refunded);
                    now = to;
                }
            }
        }
    }
}
