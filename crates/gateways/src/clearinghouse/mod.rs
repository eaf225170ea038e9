//! Clearinghouses: who carries a 270 to the payer and brings the 271 back.
//!
//! A clearinghouse knows how to hand a text over and how to fetch what came back. What the texts
//! say is for the 271 reader and the use cases. To add one, add a file, implement the trait, and
//! let the settings name it.

pub mod file_drop;
pub mod http;
mod none;
pub mod sandbox;

use std::future::Future;
use std::pin::Pin;

pub use file_drop::FileDrop;
pub use http::Http;
pub use none::NoClearinghouse;
pub use sandbox::SandboxPayer;

/// What a clearinghouse answers in its own time.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ClearinghouseError>> + Send + 'a>>;

/// Why a question was not carried, or an answer not fetched. The words are for people and hold
/// nothing of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClearinghouseError {
    /// There is none.
    #[error("no clearinghouse is set up; import the payer's 271 files instead")]
    NotSetUp,
    /// It refused the question for good: asking again changes nothing.
    #[error("the clearinghouse refused the question: {0}")]
    Refused(String),
    /// It did not take the question: it may be asked again.
    #[error("the clearinghouse did not take the question: {0}")]
    NotTaken(String),
    /// Whether it took the question is unknown; an eligibility question may be asked again.
    #[error("the clearinghouse did not answer: {0}")]
    NoAnswer(String),
}

/// A question to be carried.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Our own reference: letters and digits only, fit to be a file's name.
    pub reference: &'a str,
    /// The 270.
    pub text: &'a str,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The payer's answer, as it came.
    Answered(Vec<u8>),
    /// It was taken; the answer comes with [`Clearinghouse::waiting`].
    Later,
}

/// Something that arrived by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its name, by which it is taken.
    pub name: String,
    /// What it is, untouched.
    pub content: Vec<u8>,
}

/// The ids under which clinic and clearinghouse know each other, for the 270's header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partners {
    /// What kind of id the clinic's is (ISA05).
    pub sender_qualifier: String,
    /// The clinic's id (ISA06).
    pub sender_id: String,
    /// What kind of id the clearinghouse's is (ISA07).
    pub receiver_qualifier: String,
    /// The clearinghouse's id (ISA08).
    pub receiver_id: String,
}

/// A party that carries questions to payers.
pub trait Clearinghouse: Send + Sync {
    /// The name that is stored with questions.
    fn name(&self) -> &'static str;

    /// Whether checks can be run at all.
    fn is_set_up(&self) -> bool {
        true
    }

    /// Whether its payers are invented, which pages say.
    fn is_test(&self) -> bool {
        false
    }

    /// The ids for the header.
    fn partners(&self) -> Partners;

    /// Carries a question. The same question again does no harm.
    fn ask<'a>(&'a self, question: Question<'a>) -> Answer<'a, Reply>;

    /// What arrived by itself and was not taken yet, at most `limit`.
    fn waiting(&self, limit: usize) -> Answer<'_, Vec<Delivery>>;

    /// Says that a delivery is safe with us. Saying so twice does no harm.
    fn taken<'a>(&'a self, name: &'a str) -> Answer<'a, ()>;
}
