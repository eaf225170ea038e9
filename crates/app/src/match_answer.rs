//! Whose an answer is: the patient of the question that it answers, else the person whom it names.
//!
//! Our own reference, which comes back with the answer, ties it to the question. The person whom
//! it names must still be the one who was asked about; an answer about somebody else waits for a
//! person to look at it. Without a question, only number, birth date and name together match,
//! never a similar name.

use almoner_domain::estimate::Outcome;
use almoner_domain::inquiry::{self, Event};
use almoner_domain::insured::Relationship;
use almoner_domain::{CheckId, InquiryId, PatientId, name};
use almoner_store::eligibility::CheckRow;
use almoner_store::inquiries::{self, Inquiry};
use almoner_store::patients::{self, Coverage, Patient};
use almoner_store::{StoreError, Tx};
use almoner_x12 as x12;
use jiff::civil::Date;

use crate::check_answer::{AnswerPerson, AnswerWarning, StoredAnswer};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::inquiry_step::{self, Told};

/// References of an answer that are looked up at most.
const MAX_REFERENCES: usize = 8;
/// The longest reference that is looked up.
const MAX_REFERENCE_BYTES: usize = 50;

/// What is said beside an answer when it is imported.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    /// The patient whose answer it is said to be.
    pub(crate) patient: Option<PatientId>,
    /// The question in whose reply it came, for payers that do not return our reference.
    pub(crate) inquiry: Option<InquiryId>,
}

/// Whose an answer is.
#[derive(Debug, Default)]
pub(crate) struct Owner {
    /// The patient; `None` when a person has to say it.
    pub(crate) patient: Option<PatientId>,
    /// The question that it answers; its row is held.
    pub(crate) inquiry: Option<Inquiry>,
}

/// Finds whose an answer is, and notes on it when it names somebody else than was said.
pub(crate) async fn owner(
    tx: &mut Tx,
    actor: &Actor,
    answer: &x12::Answer,
    stored: &mut StoredAnswer,
    said: Said,
) -> Result<Owner, StoreError> {
    let org = actor.org();
    let known = inquiries::by_trace(tx, org, &references(answer)).await?;
    let Some(id) = known.or(said.inquiry) else {
        let patient = named(tx, actor, stored, said.patient).await?;
        return Ok(Owner { patient, inquiry: None });
    };
    let Some(inquiry) = inquiries::lock(tx, org, id).await? else {
        return Ok(Owner::default());
    };
    let asked = &inquiry.asked;
    let patient = patients::get(tx, org, asked.patient).await?;
    let patient = patient.ok_or_else(|| StoreError::Corrupt("patient of a question".to_owned()))?;
    let rank = usize::try_from(asked.rank - 1).unwrap_or_default();
    let coverage = patients::coverages(tx, org, asked.patient).await?.into_iter().nth(rank);
    let is_said = said.patient.is_none_or(|said| said == asked.patient);
    let is_rejected = answer.benefits.is_empty();
    let about = About { inquiry: &inquiry, patient: &patient, coverage: coverage.as_ref() };
    if is_said && about.fits(stored, is_rejected) {
        return Ok(Owner { patient: Some(patient.id), inquiry: Some(inquiry) });
    }
    let message = if is_said {
        "The answer names another person than the payer was asked about."
    } else {
        "The answer names another person than the chosen patient."
    };
    mismatch(stored, message);
    Ok(Owner { patient: None, inquiry: Some(inquiry) })
}

/// Our own references among those of an answer, and of anybody else's.
pub(crate) fn references(answer: &x12::Answer) -> Vec<String> {
    let all = [&answer.traces, &answer.subscriber_traces, &answer.payer_traces];
    let mut found: Vec<String> = Vec::new();
    for text in all.into_iter().flatten().chain([&answer.reference]) {
        let text = text.trim().to_ascii_uppercase();
        let may_be_ours = (1..=MAX_REFERENCE_BYTES).contains(&text.len());
        if may_be_ours && found.len() < MAX_REFERENCES && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

fn mismatch(stored: &mut StoredAnswer, message: &str) {
    stored
        .warnings
        .push(AnswerWarning { code: "patient_mismatch".to_owned(), message: message.to_owned() });
}

/// Who was asked about.
struct About<'a> {
    inquiry: &'a Inquiry,
    patient: &'a Patient,
    /// The coverage that was asked about, as it is now.
    coverage: Option<&'a Coverage>,
}

impl About<'_> {
    /// Whether the answer is about the patient: name, birth date or number agree, or it names
    /// nobody. What a payer knows otherwise than we (a name after a marriage) is no other person.
    ///
    /// A family shares its number, so for a dependent the number alone says nothing. A rejection
    /// of the subscriber is an answer to the question all the same.
    fn fits(&self, stored: &StoredAnswer, is_rejected: bool) -> bool {
        let person = &stored.patient;
        let fields = &self.patient.fields;
        let ours = Person {
            first: Some(&fields.first_name),
            last: Some(&fields.last_name),
            birth: Some(fields.date_of_birth),
        };
        let (name, birth) = (ours.has_name_of(person), ours.has_birth_of(person));
        if name == Some(true) || birth == Some(true) {
            return true;
        }
        let is_unnamed = name.is_none() && birth.is_none();
        if self.inquiry.asked.relationship == Relationship::Subscriber {
            let number = self.has_number_of(stored);
            return number == Some(true) || (is_unnamed && number.is_none());
        }
        is_unnamed || (is_rejected && !stored.is_dependent && self.is_subscriber(stored))
    }

    /// Whether the answer has the number that was asked about; `None` when it has none.
    fn has_number_of(&self, stored: &StoredAnswer) -> Option<bool> {
        let theirs = [&stored.patient.member_id, &stored.subscriber.member_id];
        let mut theirs = theirs.into_iter().flatten().peekable();
        theirs.peek()?;
        let ours = self.inquiry.asked.member_id.as_deref().unwrap_or_default().trim();
        Some(theirs.any(|theirs| theirs.trim().eq_ignore_ascii_case(ours)))
    }

    /// Whether the answer speaks of the subscriber of the coverage.
    fn is_subscriber(&self, stored: &StoredAnswer) -> bool {
        let ours = self.coverage.map_or(Person::default(), |coverage| Person {
            first: coverage.subscriber_first_name.as_deref(),
            last: coverage.subscriber_last_name.as_deref(),
            birth: coverage.subscriber_date_of_birth,
        });
        let person = &stored.patient;
        self.has_number_of(stored) == Some(true)
            || ours.has_name_of(person) == Some(true)
            || ours.has_birth_of(person) == Some(true)
    }
}

/// A person as we know them.
#[derive(Clone, Copy, Default)]
struct Person<'a> {
    first: Option<&'a str>,
    last: Option<&'a str>,
    birth: Option<Date>,
}

impl Person<'_> {
    /// Whether both names agree; `None` when too little is said to tell.
    fn has_name_of(&self, theirs: &AnswerPerson) -> Option<bool> {
        let pairs = [(self.first, &theirs.first_name), (self.last, &theirs.last_name)];
        let mut agreed = 0;
        for (ours, theirs) in pairs {
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                continue;
            };
            if name::normalize(ours) != name::normalize(theirs) {
                return Some(false);
            }
            agreed += 1;
        }
        (agreed == pairs.len()).then_some(true)
    }

    fn has_birth_of(&self, theirs: &AnswerPerson) -> Option<bool> {
        Some(self.birth? == theirs.date_of_birth?)
    }
}

/// The patient whom an answer names that answers no question of ours.
async fn named(
    tx: &mut Tx,
    actor: &Actor,
    stored: &mut StoredAnswer,
    said: Option<PatientId>,
) -> Result<Option<PatientId>, StoreError> {
    let org = actor.org();
    if let Some(id) = said {
        let patient = patients::get(tx, org, id).await?;
        if patient.is_some_and(|patient| is_same_person(&patient, stored)) {
            return Ok(Some(id));
        }
        mismatch(stored, "The answer names another person than the chosen patient.");
        return Ok(None);
    }
    let member_id = stored.patient.member_id.as_ref().or(stored.subscriber.member_id.as_ref());
    let (Some(member_id), Some(birth)) = (member_id, stored.patient.date_of_birth) else {
        return Ok(None);
    };
    let candidates = patients::by_member(tx, org, member_id, birth).await?;
    let same: Vec<&Patient> =
        candidates.iter().filter(|patient| is_same_person(patient, stored)).collect();
    match same[..] {
        [only] => Ok(Some(only.id)),
        _ => Ok(None),
    }
}

fn is_same_person(patient: &Patient, stored: &StoredAnswer) -> bool {
    let person = &stored.patient;
    let alike = |ours: &str, theirs: &Option<String>| {
        theirs.as_ref().is_some_and(|theirs| name::normalize(ours) == name::normalize(theirs))
    };
    alike(&patient.fields.last_name, &person.last_name)
        && alike(&patient.fields.first_name, &person.first_name)
        && person.date_of_birth.is_none_or(|birth| birth == patient.fields.date_of_birth)
}

/// Notes on the question that it was answered, and by which check.
pub(crate) async fn answered(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    inquiry: &Inquiry,
    (check, outcome): (CheckId, Outcome),
    stored: &StoredAnswer,
) -> Result<(), Error> {
    let codes = stored.rejections.iter();
    let codes = codes.map(|row| (row.code.as_deref(), row.follow_up.as_deref()));
    let event = match outcome {
        Outcome::Rejected => inquiry::of_rejection(codes),
        Outcome::Active | Outcome::Inactive | Outcome::Review | Outcome::Unknown => Event::Answered,
    };
    let words = stored.rejections.first().map(|rejection| rejection.reason.clone());
    let told = Told { event, check: Some(check), words };
    inquiry_step::take(app, actor, tx, inquiry, told).await
}

/// The same answer came again, in the reply to a question that waits for it: payers that return no
/// reference may say the same twice. It answers the question when it is the same patient's.
pub(crate) async fn answered_again(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    known: &CheckRow,
    said: Said,
) -> Result<(), Error> {
    let Some(id) = said.inquiry else {
        return Ok(());
    };
    let Some(inquiry) = inquiries::lock(tx, actor.org(), id).await? else {
        return Ok(());
    };
    if inquiry.state.is_open() && known.patient == Some(inquiry.asked.patient) {
        let stored = StoredAnswer::read(&known.answer)?;
        answered(app, actor, tx, &inquiry, (known.id, known.outcome), &stored).await?;
    }
    Ok(())
}
