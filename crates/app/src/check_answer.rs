//! A payer's answer as it is stored: whom it speaks of, and what else it says.

use almoner_domain::estimate::{self, Benefit, BenefitDate, Rejection};
use almoner_store::StoreError;
use almoner_store::eligibility::BenefitRow;
use almoner_x12 as x12;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A person as the payer knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerPerson {
    /// Last name.
    pub last_name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// The member's id.
    pub member_id: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<Date>,
    /// `F`, `M` or what the payer sent.
    pub sex: Option<String>,
    /// Postal address in one line.
    pub address: Option<String>,
    /// The group's number.
    pub group_number: Option<String>,
    /// The payer says that its data differ from what was asked.
    pub changed: bool,
    /// What a dependent is to the subscriber, as the payer's code (INS02).
    pub relationship: Option<String>,
}

/// Something odd about an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerWarning {
    /// A stable name.
    pub code: String,
    /// What it means, for a person.
    pub message: String,
}

/// What is stored of an answer beside its benefits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredAnswer {
    /// Whom the answer is about.
    pub patient: AnswerPerson,
    /// Through whom they are insured.
    pub subscriber: AnswerPerson,
    /// Whether the patient is a dependent of the subscriber.
    pub is_dependent: bool,
    /// The id under which the payer answered.
    pub payer_id: Option<String>,
    /// The payer's telephone.
    pub payer_phone: Option<String>,
    /// The payer's reference.
    pub reference: String,
    /// The traces that tie the answer to our request.
    pub traces: Vec<String>,
    /// Dates of the whole coverage.
    pub dates: Vec<BenefitDate>,
    /// What the payer rejected.
    pub rejections: Vec<Rejection>,
    /// What was odd.
    pub warnings: Vec<AnswerWarning>,
    /// The subscriber's rows beside a dependent's: kept, and not used.
    pub context: Vec<Benefit>,
}

impl StoredAnswer {
    /// Reads a stored answer.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not what the program wrote.
    pub fn read(text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text).map_err(|_| StoreError::Corrupt("answer".to_owned()))
    }

    /// The answer as it is stored.
    ///
    /// # Panics
    /// Never: it is made of plain values.
    pub fn write(&self) -> String {
        serde_json::to_string(self).expect("an answer is plain values")
    }
}

/// Reads stored benefits.
///
/// # Errors
/// [`StoreError::Corrupt`] when a row is not what the program wrote.
pub fn benefits(rows: &[BenefitRow]) -> Result<Vec<Benefit>, StoreError> {
    let read = |row: &BenefitRow| {
        serde_json::from_str(&row.benefit).map_err(|_| StoreError::Corrupt("benefit".to_owned()))
    };
    rows.iter().map(read).collect()
}

fn date(date: x12::Date) -> Option<Date> {
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    Date::new(date.year, month, day).ok()
}

fn dates(dates: &[x12::PlanDate]) -> Vec<BenefitDate> {
    let known = |plan: &x12::PlanDate| {
        let qualifier = plan.qualifier.clone();
        Some(BenefitDate { qualifier, from: date(plan.from)?, to: plan.to.and_then(date) })
    };
    dates.iter().filter_map(known).collect()
}

fn person(person: &x12::Person) -> AnswerPerson {
    let lines = person
        .address_lines
        .iter()
        .chain([&person.city, &person.state, &person.zip].into_iter().flatten());
    let address = lines.map(String::as_str).collect::<Vec<_>>().join(", ");
    AnswerPerson {
        last_name: person.last.clone(),
        first_name: person.first.clone(),
        member_id: person.member_id.clone(),
        date_of_birth: person.birth_date.and_then(date),
        sex: person.sex.clone(),
        address: (!address.is_empty()).then_some(address),
        group_number: person.group_number.clone(),
        changed: person.changed_demographics,
        relationship: person.relationship.clone(),
    }
}

fn rejection(rejection: &x12::Rejection) -> Rejection {
    Rejection {
        code: rejection.code.clone(),
        follow_up: rejection.follow_up.clone(),
        loop_name: rejection.loop_name.clone(),
        reason: rejection.reason().to_owned(),
        follow_up_text: Some(rejection.follow_up().to_owned()),
    }
}

/// A benefit row as the domain knows it.
pub fn benefit(row: &x12::Benefit) -> Benefit {
    let network = match row.network {
        x12::Network::In => estimate::Network::In,
        x12::Network::Out => estimate::Network::Out,
        x12::Network::Either => estimate::Network::Either,
        x12::Network::Unknown => estimate::Network::Unknown,
        x12::Network::NotStated => estimate::Network::NotStated,
    };
    let procedure = row.procedure.clone().map(|procedure| estimate::Procedure {
        qualifier: procedure.qualifier,
        code: procedure.code,
        modifiers: procedure.modifiers,
        range_end: procedure.range_end,
    });
    Benefit {
        index: i64::try_from(row.index).unwrap_or(i64::MAX),
        code: row.code.clone(),
        level: row.level.clone(),
        service_types: row.service_types.clone(),
        insurance_type: row.insurance_type.clone(),
        plan: row.plan.clone(),
        period: row.period.clone(),
        amount_cents: row.amount_cents,
        percent_bp: row.percent_bp,
        quantity_qualifier: row.quantity_qualifier.clone(),
        quantity: row.quantity.clone(),
        authorization: match row.authorization.as_deref() {
            Some("Y") => Some(true),
            Some("N") => Some(false),
            _ => None,
        },
        network,
        procedure,
        dates: dates(&row.dates),
        messages: row.messages.clone(),
        segment: row.segment.clone(),
        related: row.related.clone(),
    }
}

/// An HSD segment in short words, such as `30 visits for 1 × calendar year`; `None` for another.
pub fn delivery_in_words(segment: &str) -> Option<String> {
    x12::delivery_in_words(segment)
}

/// What is stored of an answer, from what was read.
pub fn stored(answer: &x12::Answer) -> StoredAnswer {
    let warning = |warning: &x12::Warning| AnswerWarning {
        code: warning.code.as_str().to_owned(),
        message: warning.message.clone(),
    };
    StoredAnswer {
        patient: person(&answer.patient),
        subscriber: person(&answer.subscriber),
        is_dependent: answer.is_dependent,
        payer_id: answer.payer.id.clone(),
        payer_phone: answer.payer.phone.clone(),
        reference: answer.reference.clone(),
        traces: answer.traces.clone(),
        dates: dates(&answer.dates),
        rejections: answer.rejections.iter().map(rejection).collect(),
        warnings: answer.warnings.iter().map(warning).collect(),
        context: answer.subscriber_benefits.iter().map(benefit).collect(),
    }
}

/// The moment that the payer gave, read in the organization's zone.
pub fn answered_at(answer: &x12::Answer, zone: &jiff::tz::TimeZone) -> Option<jiff::Timestamp> {
    let at = answer.answered_at?;
    let part = |number: u8| i8::try_from(number).ok();
    let clock = jiff::civil::Time::new(part(at.hour)?, part(at.minute)?, part(at.second)?, 0);
    let moment = date(at.date())?.to_datetime(clock.ok()?);
    moment.to_zoned_datetime(zone.clone()).ok().map(|zoned| zoned.timestamp())
}
