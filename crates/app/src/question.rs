//! A question to a payer, put together from what the clinic knows, and written as a 270.

use almoner_domain::insured::Relationship;
use almoner_domain::{FieldError, Invalid};
use almoner_store::locations::Location;
use almoner_store::patients::{Coverage, Patient};
use almoner_store::physicians::Physician;
use almoner_x12 as x12;
use almoner_x12::inquiry::{
    self, Field, InquiryDependent, InquiryPayer, InquiryPerson, InquiryProvider, TradingPartner,
    Unwritable,
};
use jiff::civil::{Date, DateTime};

use crate::context::App;

/// What a question is made of.
pub(crate) struct Parts<'a> {
    pub(crate) control: u32,
    /// The present moment in the clinic's time.
    pub(crate) written_at: DateTime,
    pub(crate) trace: &'a str,
    /// The identifier that asks; blank when there is none.
    pub(crate) npi: &'a str,
    pub(crate) patient: &'a Patient,
    pub(crate) coverage: &'a Coverage,
    pub(crate) location: &'a Location,
    pub(crate) physician: Option<&'a Physician>,
    pub(crate) service_type: &'a str,
    pub(crate) service_date: Date,
}

impl Parts<'_> {
    /// The 270.
    ///
    /// # Errors
    /// Says of each field that keeps it from being written what is wrong with it.
    pub(crate) fn write(&self, app: &App) -> Result<String, Invalid> {
        let inquiry = self.inquiry(app);
        let faults = inquiry::faults(&inquiry);
        let written = inquiry::write(&inquiry);
        written.map_err(|_| {
            let mut all = Invalid::default();
            for fault in &faults {
                let fault = self.fault(fault);
                if !all.0.iter().any(|known| known.field == fault.field) {
                    all.0.push(fault);
                }
            }
            all
        })
    }

    fn inquiry(&self, app: &App) -> inquiry::Inquiry {
        let partners = app.clearinghouse.partners();
        let sender =
            TradingPartner { qualifier: partners.sender_qualifier, id: partners.sender_id };
        let receiver =
            TradingPartner { qualifier: partners.receiver_qualifier, id: partners.receiver_id };
        let (subscriber, dependent) = self.people();
        inquiry::Inquiry {
            control: self.control,
            written_at: moment(self.written_at),
            is_test: app.clearinghouse.is_test(),
            sender,
            receiver,
            payer: InquiryPayer {
                name: self.coverage.payer.clone(),
                id: self.coverage.payer_id.clone().unwrap_or_default(),
            },
            provider: self.provider(),
            trace: self.trace.to_owned(),
            originator: originator(self.npi),
            subscriber,
            dependent,
            service_type: self.service_type.to_owned(),
            service_date: (self.service_date != self.written_at.date())
                .then(|| date(self.service_date)),
        }
    }

    fn provider(&self) -> InquiryProvider {
        let named = self.physician.filter(|physician| physician.fields.npi.is_some());
        let npi = self.npi.to_owned();
        match named {
            Some(physician) => InquiryProvider {
                name: physician.fields.last_name.clone(),
                first: Some(physician.fields.first_name.clone()),
                npi,
            },
            None => InquiryProvider { name: self.location.fields.name.clone(), first: None, npi },
        }
    }

    /// The subscriber, and the patient when it is somebody else.
    fn people(&self) -> (InquiryPerson, Option<InquiryDependent>) {
        let (fields, coverage) = (&self.patient.fields, self.coverage);
        let birth = date(fields.date_of_birth);
        if !self.is_dependent() {
            let subscriber = InquiryPerson {
                last: fields.last_name.clone(),
                first: fields.first_name.clone(),
                member_id: coverage.member_id.clone(),
                birth_date: Some(birth),
                sex: fields.sex.clone(),
            };
            return (subscriber, None);
        }
        let subscriber = InquiryPerson {
            last: coverage.subscriber_last_name.clone().unwrap_or_default(),
            first: coverage.subscriber_first_name.clone().unwrap_or_default(),
            member_id: coverage.member_id.clone(),
            birth_date: coverage.subscriber_date_of_birth.map(date),
            sex: None,
        };
        let dependent = InquiryDependent {
            last: fields.last_name.clone(),
            first: fields.first_name.clone(),
            birth_date: Some(birth),
            sex: fields.sex.clone(),
            relationship: coverage.relationship.code().unwrap_or_default().to_owned(),
        };
        (subscriber, Some(dependent))
    }

    fn is_dependent(&self) -> bool {
        self.coverage.relationship != Relationship::Subscriber
    }

    /// A fault beside the field in which people mend it.
    fn fault(&self, fault: &Unwritable) -> FieldError {
        let field = match fault.field() {
            Field::PayerName => "payer",
            Field::PayerId => "payer_id",
            Field::ProviderName | Field::ProviderFirst | Field::ProviderNpi => "npi",
            Field::MemberId => "member_id",
            Field::SubscriberLast if self.is_dependent() => "subscriber_last_name",
            Field::SubscriberFirst if self.is_dependent() => "subscriber_first_name",
            Field::SubscriberBirthDate if self.is_dependent() => "subscriber_date_of_birth",
            Field::SubscriberLast | Field::DependentLast => "last_name",
            Field::SubscriberFirst | Field::DependentFirst => "first_name",
            Field::SubscriberBirthDate | Field::DependentBirthDate => "date_of_birth",
            Field::Relationship => "relationship",
            Field::ServiceType => "service_type",
            Field::ServiceDate => "service_date",
            Field::Control
            | Field::WrittenAt
            | Field::SenderQualifier
            | Field::SenderId
            | Field::ReceiverQualifier
            | Field::ReceiverId
            | Field::Trace
            | Field::Originator => "clearinghouse",
        };
        let message = match (field, fault) {
            ("payer_id", Unwritable::Missing(_)) => format!(
                "The payer ID of {} is missing: the id under which the clearinghouse lists it.",
                self.coverage.payer
            ),
            ("npi", Unwritable::Missing(_)) => {
                let place = &self.location.fields.name;
                format!("{place} has no NPI, and no physician with one was chosen.")
            }
            ("clearinghouse", _) => {
                format!("The clearinghouse is not set up wholly. {fault}")
            }
            _ => fault.to_string(),
        };
        FieldError { field: field.to_owned(), code: fault.code().to_owned(), message }
    }
}

/// Who gives traces out (TRN03), in nine digits of one's own after a 9: those of the identifier
/// that asks, so that no other clinic's are the same.
fn originator(npi: &str) -> String {
    format!("9{:0>9}", npi.get(1..).unwrap_or_default())
}

fn date(date: Date) -> x12::Date {
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    x12::Date { year: date.year(), month: part(date.month()), day: part(date.day()) }
}

fn moment(at: DateTime) -> x12::DateTime {
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    x12::DateTime {
        year: at.year(),
        month: part(at.month()),
        day: part(at.day()),
        hour: part(at.hour()),
        minute: part(at.minute()),
        second: part(at.second()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_given_out_by_who_asks() {
        assert_eq!(originator("1234567893"), "9234567893");
        assert_eq!(originator(""), "9000000000");
    }
}
