//! What goes wrong with a processor. Each error says whether something may have happened.

/// Why a processor gave no answer that can be acted upon. The words are for staff and logs and
/// hold nothing of the payer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessorError {
    /// It has no such thing to do.
    #[error("this clinic has no card processor")]
    NotSupported,
    /// Surely this call did nothing; it may be made again. What an earlier call left unknown
    /// stays so.
    #[error("nothing was done: {0}")]
    NotDone(NotDone),
    /// It refused for good, and nothing happened; asking again changes nothing.
    #[error("the processor refused: {0}")]
    Refused(Refusal),
    /// Whether it did anything is unknown; it is to be asked again.
    #[error("{0}; it will be asked again")]
    Unknown(Doubt),
}

/// Why surely nothing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// No connection could be made.
    #[error("the processor cannot be reached")]
    Unreachable,
    /// It asks to come back later.
    #[error("the processor is busy")]
    Busy,
    /// It does not accept our key, or the key may not do this.
    #[error("the processor does not accept the clinic's key")]
    Credentials,
    /// It did not answer a question that changes nothing.
    #[error("the processor did not answer")]
    NoAnswer,
    /// What was asked for is among more than is searched.
    #[error("the processor knows too many to search through")]
    TooMuchToSearch,
    /// Its answer to a question that changes nothing cannot be read.
    #[error("the processor's answer cannot be read")]
    Unreadable,
}

/// What a processor refuses for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More than is left to give back.
    #[error("that is more than is left to refund")]
    TooMuch,
    /// Less than it takes.
    #[error("the amount is less than the processor takes")]
    TooSmall,
    /// More than it takes.
    #[error("the amount is more than the processor takes")]
    TooLarge,
    /// A dispute is open: the money is already being asked back.
    #[error("the payment is disputed")]
    Disputed,
    /// It knows no such thing.
    #[error("the processor knows no such payment")]
    NotFound,
    /// The thing stands where this cannot be done.
    #[error("the payment is not in a state that allows this")]
    WrongState,
    /// The attempt's time is over; it is to be looked up, and a new one begun.
    #[error("the attempt's time is over")]
    TooLate,
    /// What we ask for is not well formed; nothing was sent.
    #[error("{0} is not what the processor takes")]
    Invalid(&'static str),
    /// Anything else, in the processor's code.
    #[error("{0}")]
    Other(String),
}

/// Why it is unknown whether something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The request may have arrived, the answer did not.
    #[error("the processor did not answer")]
    NoAnswer,
    /// It answered that something went wrong on its side.
    #[error("the processor had a fault of its own")]
    ServerFault,
    /// Another request under the same reference is still running.
    #[error("the processor is still busy with this")]
    StillRunning,
    /// The reference was used for something else before.
    #[error("the processor knows this reference for something else")]
    ReferenceReused,
    /// It answered, but not in a way that can be read.
    #[error("the processor's answer cannot be read")]
    Unreadable,
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// This processor sends none.
    #[error("this processor sends no webhooks")]
    NotSupported,
    /// No signature came with it.
    #[error("there is no signature")]
    Unsigned,
    /// The signature cannot be read, or there are several headers of it.
    #[error("the signature cannot be read")]
    Malformed,
    /// No signature is of a scheme that is to be trusted.
    #[error("no signature is of a known scheme")]
    UnknownScheme,
    /// No signature is by one of our secrets, over this body and time.
    #[error("the signature is wrong")]
    WrongSignature,
    /// Rightly signed, but too long ago.
    #[error("the signature is too old")]
    TooOld,
    /// Rightly signed, but in the future.
    #[error("the signature is of the future")]
    FromTheFuture,
    /// Rightly signed, but not an event that can be read.
    #[error("the body is not an event")]
    NotAnEvent,
}
