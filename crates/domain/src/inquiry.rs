//! Where a question to a payer stands, where it may go from there, and when it is asked again.
//!
//! A question (a 270) is written once and never changed. What happens to it is an [`Event`]; one
//! table, [`Situation::after`], says where that leads. An answer is always taken, however late it
//! comes; everything else only moves a question that is still open.

use jiff::SignedDuration;

/// How long after the first, second … try a question is asked again. A payer that cannot respond
/// may ask for thirty seconds at least and ten tries at most.
const RETRY_AFTER: [SignedDuration; 4] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(30),
];

/// How often a question is asked at most.
pub const MAX_TRIES: i64 = 5;

/// How long an answer is awaited that the clearinghouse brings later: three days, so that a
/// weekend does not end it.
pub const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(72);

/// After how long people may ask again what was taken and is not answered: whoever carries files
/// may have lost one.
pub const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// The service types that a form offers, the whole plan and the visit first.
pub const SERVICE_TYPES: [&str; 40] = [
    "30", "98", "BY", "BZ", "UC", "86", "1", "2", "4", "5", "6", "7", "33", "35", "42", "45", "47",
    "48", "50", "62", "69", "73", "76", "78", "80", "81", "88", "A6", "AD", "AE", "AF", "AG", "AI",
    "AL", "BH", "DM", "GY", "MH", "ON", "PT",
];

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InquiryState {
    /// It is to be asked, or asked again.
    Waiting,
    /// It was taken; the answer comes later.
    Sent,
    /// The payer answered.
    Answered,
    /// It was not carried, and is not tried again.
    Failed,
    /// No answer came in time. A late one still counts.
    Expired,
}

impl InquiryState {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Sent, Self::Answered, Self::Failed, Self::Expired];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// The state with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Being asked",
            Self::Sent => "Asked",
            Self::Answered => "Answered",
            Self::Failed => "Not asked",
            Self::Expired => "No answer",
        }
    }

    /// An answer is still to be expected.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Sent)
    }
}

/// What happens to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The clearinghouse took it and brings the answer later.
    Taken,
    /// The payer answered.
    Answered,
    /// The payer answered that it cannot respond now and may be asked again.
    Postponed,
    /// The payer answered that it holds the question and will respond by itself.
    Held,
    /// It was not carried, or whether it was is unknown.
    NotCarried,
    /// The clearinghouse refused it for good.
    Refused,
    /// No answer came within [`ANSWER_WITHIN`].
    TimedOut,
}

impl Event {
    /// All seven.
    pub const ALL: [Self; 7] = [
        Self::Taken,
        Self::Answered,
        Self::Postponed,
        Self::Held,
        Self::NotCarried,
        Self::Refused,
        Self::TimedOut,
    ];
}

/// Where a question stands, and how often it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Where it stands.
    pub state: InquiryState,
    /// How often it was asked, the present try included.
    pub tries: i64,
}

/// Where an event leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Where the question stands from now on.
    pub state: InquiryState,
    /// After how long it is asked again, when it is.
    pub again_after: Option<SignedDuration>,
}

impl Situation {
    /// Where `event` leads; `None` when it says nothing new of a question that stands here.
    pub fn after(self, event: Event) -> Option<Step> {
        use InquiryState::{Answered, Expired, Failed, Sent, Waiting};
        let to = |state| Some(Step { state, again_after: None });
        let again_or = |state| match retry_after(self.tries) {
            Some(wait) => Some(Step { state: Waiting, again_after: Some(wait) }),
            None => to(state),
        };
        match (self.state, event) {
            (_, Event::Answered)
            | (Answered | Failed | Expired, Event::Postponed | Event::Held) => to(Answered),
            (Waiting | Sent, Event::Postponed) => again_or(Answered),
            (Waiting | Sent, Event::Held) | (Waiting, Event::Taken) => to(Sent),
            (Waiting, Event::NotCarried) => again_or(Failed),
            (Waiting, Event::Refused) => to(Failed),
            (Sent, Event::TimedOut) => to(Expired),
            (Sent, Event::Taken | Event::NotCarried | Event::Refused)
            | (Waiting, Event::TimedOut)
            | (
                Answered | Failed | Expired,
                Event::Taken | Event::NotCarried | Event::Refused | Event::TimedOut,
            ) => None,
        }
    }
}

/// After how long a question that was asked so often is asked again; `None` when it is not.
fn retry_after(tries: i64) -> Option<SignedDuration> {
    if tries >= MAX_TRIES {
        return None;
    }
    let place = usize::try_from(tries.max(1) - 1).unwrap_or(usize::MAX);
    RETRY_AFTER.get(place).copied()
}

/// What a rejected answer means for the question: whether it may be asked again.
///
/// `rejections` are the reasons (AAA03) with the advice (AAA04) of an answer that says nothing
/// else. Only a payer that cannot respond now (42, 80) is asked again by the program; whatever
/// else it says is for people.
pub fn of_rejection<'a>(
    rejections: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> Event {
    let mut event = None;
    for (reason, advice) in rejections {
        let this = match (reason, advice) {
            (Some("42" | "80"), None | Some("P" | "R" | "W")) => Event::Postponed,
            (Some("42" | "80"), Some("S" | "Y")) => Event::Held,
            _ => return Event::Answered,
        };
        if *event.get_or_insert(this) != this {
            return Event::Answered;
        }
    }
    event.unwrap_or(Event::Answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(state: InquiryState, tries: i64, event: Event) -> Option<(InquiryState, Option<i64>)> {
        let step = Situation { state, tries }.after(event)?;
        Some((step.state, step.again_after.map(|wait| wait.as_secs())))
    }

    #[test]
    fn every_service_type_of_the_form_has_a_name_of_its_own() {
        let label = |code| crate::estimate::labels::service_type_label(code);
        let mut labels: Vec<_> = SERVICE_TYPES.iter().map(|code| label(code).unwrap()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), SERVICE_TYPES.len());
    }

    #[test]
    fn names_lead_back() {
        for state in InquiryState::ALL {
            assert_eq!(InquiryState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(InquiryState::from_name("lost"), None);
    }

    #[test]
    fn an_answer_is_taken_wherever_the_question_stands() {
        for state in InquiryState::ALL {
            assert_eq!(after(state, 1, Event::Answered), Some((InquiryState::Answered, None)));
        }
    }

    #[test]
    fn what_has_ended_moves_only_by_an_answer() {
        let ended = [InquiryState::Answered, InquiryState::Failed, InquiryState::Expired];
        for state in ended {
            assert!(!state.is_open());
            for event in Event::ALL {
                let is_answer = matches!(event, Event::Answered | Event::Postponed | Event::Held);
                let expected = is_answer.then_some((InquiryState::Answered, None));
                assert_eq!(after(state, 1, event), expected, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn what_was_not_carried_is_tried_again_ever_later_and_then_left() {
        let waiting = InquiryState::Waiting;
        let waits: Vec<_> = (1..=MAX_TRIES + 1)
            .map(|tries| after(waiting, tries, Event::NotCarried).unwrap())
            .collect();
        let again = |seconds| (waiting, Some(seconds));
        let failed = (InquiryState::Failed, None);
        let expected = [again(30), again(120), again(600), again(1_800), failed, failed];
        assert_eq!(waits, expected);
        let last = after(waiting, MAX_TRIES, Event::Postponed);
        assert_eq!(last, Some((InquiryState::Answered, None)), "its rejection is for people");
        assert_eq!(after(waiting, 1, Event::Refused), Some(failed));
        assert_eq!(after(waiting, 1, Event::TimedOut), None);
    }

    #[test]
    fn what_was_taken_waits_for_its_answer_until_the_time_is_over() {
        let sent = InquiryState::Sent;
        assert_eq!(after(InquiryState::Waiting, 1, Event::Taken), Some((sent, None)));
        assert_eq!(after(InquiryState::Waiting, 1, Event::Held), Some((sent, None)));
        assert_eq!(after(sent, 1, Event::TimedOut), Some((InquiryState::Expired, None)));
        assert_eq!(after(sent, 2, Event::Postponed), Some((InquiryState::Waiting, Some(120))));
        for event in [Event::Taken, Event::NotCarried, Event::Refused] {
            assert_eq!(after(sent, 1, event), None, "{event:?}");
        }
    }

    #[test]
    fn only_a_payer_that_cannot_respond_now_is_asked_again() {
        let one = |reason, advice| of_rejection([(Some(reason), advice)]);
        for advice in [None, Some("P"), Some("R"), Some("W")] {
            assert_eq!(one("42", advice), Event::Postponed, "{advice:?}");
            assert_eq!(one("80", advice), Event::Postponed, "{advice:?}");
            assert_eq!(one("75", advice), Event::Answered, "{advice:?}");
        }
        for advice in ["C", "N", "X", "?"] {
            assert_eq!(one("42", Some(advice)), Event::Answered, "{advice}");
        }
        assert_eq!(one("42", Some("Y")), Event::Held);
        assert_eq!(one("80", Some("S")), Event::Held);
        let none: [(Option<&str>, Option<&str>); 0] = [];
        assert_eq!(of_rejection(none), Event::Answered);
        let both = [(Some("42"), Some("R")), (Some("72"), Some("C"))];
        assert_eq!(of_rejection(both), Event::Answered);
        let odd = [(Some("42"), Some("R")), (Some("42"), Some("Y"))];
        assert_eq!(of_rejection(odd), Event::Answered);
    }
}
