//! What a use case answers when it does not do what it was asked.

use almoner_domain::likeness::{self, Trait};
use almoner_domain::refund::RefundRefusal;
use almoner_domain::status::Refusal;
use almoner_domain::{Invalid, PatientId, Status};
use almoner_gateways::files::FilesError;
use almoner_gateways::processor::ProcessorError;
use almoner_store::StoreError;

use crate::permission::Action;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some fields need attention.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing in this organization.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// The role, or the key, may not do this.
    #[error("Your role does not allow this: {}.", .0.label())]
    Forbidden(Action),
    /// Someone changed it meanwhile.
    #[error("Someone else changed this meanwhile; it is now at version {current}.")]
    Stale {
        /// The version that it has now.
        current: i64,
    },
    /// The status cannot change so.
    #[error("{refusal}")]
    Status {
        /// Why.
        refusal: Refusal,
        /// Where staff may move it now.
        allowed: Vec<Status>,
    },
    /// The payment can no longer be edited.
    #[error("A payment that is {} cannot be edited.", .0.label())]
    Locked(Status),
    /// The refund is refused.
    #[error("{0}")]
    Refund(#[from] RefundRefusal),
    /// The tender cannot be taken back.
    #[error("{0}")]
    Reversal(&'static str),
    /// There are records that may be the same person's.
    #[error("{}", alike(.0))]
    Alike(Vec<(PatientId, Vec<Trait>)>),
    /// The same key was used for another request.
    #[error("This form was sent before with other content; please open it again.")]
    KeyReused,
    /// E-mail and password do not fit, or the account is closed.
    #[error("E-mail or password is wrong.")]
    SignIn,
    /// The processor gave no answer.
    #[error("{0}")]
    Processor(#[from] ProcessorError),
    /// The bytes of a document could not be kept or read.
    #[error("{0}")]
    Files(#[from] FilesError),
    /// As much of it as is taken at a time is under way already.
    #[error("Too much of this is under way already; please try again in a minute.")]
    Busy,
    /// A file that was to be handed out could not be written.
    #[error("the file could not be written")]
    Unwritten(#[source] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// "PAT-003 may be the same person: name, date of birth alike."
fn alike(found: &[(PatientId, Vec<Trait>)]) -> String {
    let one = |(id, traits): &(PatientId, Vec<Trait>)| {
        format!("{id} may be the same person: {} alike.", likeness::in_words(traits))
    };
    found.iter().map(one).collect::<Vec<_>>().join(" ")
}
