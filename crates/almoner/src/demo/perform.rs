//! Lets the plan happen: one call of a use case for each event, at the event's own moment.

use almoner_app::add_document::AddDocument;
use almoner_app::add_note::AddNote;
use almoner_app::change_status::ChangeStatus;
use almoner_app::create_payment::CreatePayment;
use almoner_app::edit_payment::EditPayment;
use almoner_app::estimate_payment::EstimateInput;
use almoner_app::import_eligibility::ImportFile;
use almoner_app::permission::REFUND_LIMIT;
use almoner_app::receive_file::Received;
use almoner_app::refund_payment::RefundPayment;
use almoner_app::reverse_tender::ReverseTender;
use almoner_app::{
    Error, add_document, add_note, attempt, change_status, create_payment, edit_payment,
    estimate_payment, import_eligibility, refund_payment, reverse_tender, save_patient,
    save_treatment, settle_refund, void_payment,
};
use almoner_domain::estimate::Choices;
use almoner_domain::refund::{RefundAmount, RefundReason, ReversalReason};
use almoner_domain::tender::{TenderEntry, TenderType};
use almoner_domain::{Money, PatientId, PaymentId, TreatmentId};

use super::Plan;
use super::clinic::{Clinic, Ongoing, Who};
use super::paths::Step;
use super::stories::{Rounding, Story};

/// Notes and coins come in steps of twenty dollars.
const BANKNOTE_CENTS: i64 = 2_000;

/// An offer below this is not worth taking.
const LEAST_ESTIMATE: Money = Money::from_cents(500);

/// Something that happens; the numbers are places in the plan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// A patient is added.
    Patient(usize),
    /// A treatment is entered.
    Treatment(usize),
    /// A treatment took place, or will not.
    TreatmentEnds(usize),
    /// An answer arrives.
    Check(usize),
    /// A payment is created.
    Payment(usize),
    /// A step of a payment.
    Step(usize, usize),
}

impl Clinic {
    /// Lets it happen.
    pub(super) async fn perform(&mut self, plan: &Plan, event: Event) -> Result<(), Error> {
        match event {
            Event::Patient(place) => {
                let (front, entry) = (self.actor(Who::Front), &plan.people[place].entry);
                let added = save_patient::add_patient(&self.app, front, entry, None, None);
                self.patients[place] = Some(added.await?);
                Ok(())
            }
            Event::Treatment(place) => self.enter_treatment(plan, place).await,
            Event::TreatmentEnds(place) => self.end_treatment(plan, place).await,
            Event::Check(place) => {
                let check = &plan.checks[place];
                let file = ImportFile {
                    name: check.file.clone(),
                    content: check.content.clone().into_bytes(),
                    patient: None,
                };
                let front = self.actor(Who::Front);
                import_eligibility::import_eligibility(&self.app, front, file).await?;
                Ok(())
            }
            Event::Payment(place) => {
                let created = self.create(&plan.stories[place]).await?;
                self.payments[place] = Some(created);
                Ok(())
            }
            Event::Step(place, step) => self.step(place, &plan.stories[place], step).await,
        }
    }

    fn patient(&self, place: usize) -> PatientId {
        self.patients[place].expect("patients are added before anything happens to them")
    }

    fn treatment(&self, place: usize) -> TreatmentId {
        self.treatments[place].expect("treatments are entered before they are paid for")
    }

    fn treatment_ids(&self, plan: &Plan, place: usize) -> [String; 3] {
        let treatment = &plan.treatments[place];
        let location = self.locations[treatment.location].to_string();
        let physician = self.physicians[treatment.physician].to_string();
        [self.patient(treatment.person).to_string(), location, physician]
    }

    async fn enter_treatment(&mut self, plan: &Plan, place: usize) -> Result<(), Error> {
        let entry = plan.treatments[place].entry(self.treatment_ids(plan, place), "scheduled");
        let front = self.actor(Who::Front);
        let added = save_treatment::add_treatment(&self.app, front, &entry, None).await?;
        self.treatments[place] = Some(added);
        Ok(())
    }

    async fn end_treatment(&self, plan: &Plan, place: usize) -> Result<(), Error> {
        let treatment = &plan.treatments[place];
        let status = treatment.ended.map_or("scheduled", |ended| ended.1);
        let entry = treatment.entry(self.treatment_ids(plan, place), status);
        let first = (self.treatment(place), 1);
        save_treatment::edit_treatment(&self.app, self.actor(Who::Front), first, &entry).await
    }

    async fn create(&self, story: &Story) -> Result<Ongoing, Error> {
        let actor = self.actor(story.author);
        let patient = self.patient(story.person);
        let treatment = story.treatment.map(|place| self.treatment(place));
        let estimate = EstimateInput {
            patient,
            payment_type: story.kind,
            treatment,
            location: Some(self.locations[story.location]),
            charge: None,
            network: None,
            service_date: None,
            choices: Choices::default(),
        };
        let mut amount = story.amount;
        let mut used = None;
        if let Some(rounding) = story.estimate {
            let answer = estimate_payment::estimate_payment(&self.app, actor, &estimate).await?;
            if let Some(offered) = answer.amount.filter(|&offered| offered >= LEAST_ESTIMATE) {
                let cents = offered.cents();
                let kept = if rounding == Rounding::Dollars { cents - cents % 100 } else { cents };
                amount = Money::from_cents(kept);
                used = Some(estimate);
            }
        }
        let input = CreatePayment {
            patient,
            amount,
            kind: story.kind,
            treatment,
            location: Some(self.locations[story.location]),
            due: story.due,
            confirm_past_due_date: false,
            memo: story.memo.map(str::to_owned),
            draft: story.draft,
            estimate: used,
            estimate_seen: None,
            key: None,
        };
        let id = create_payment::create_payment(&self.app, actor, &input).await?;
        Ok(Ongoing { id, amount, refunded: Money::ZERO, attempt: None, refund: None })
    }

    async fn step(&mut self, place: usize, story: &Story, step: usize) -> Result<(), Error> {
        let mut ongoing = self.payments[place].expect("payments are created before they go on");
        let (app, id) = (&self.app, ongoing.id);
        match &story.steps[step].1 {
            Step::Move { to, who, tender, reason } => {
                let tender = tender.map(|tender| tender_entry(tender, ongoing.amount));
                let reason = reason.map(str::to_owned);
                let input = ChangeStatus { payment: id, version: None, to: *to, tender, reason };
                change_status::change_status(app, self.actor(*who), &input).await?;
            }
            Step::Begin => {
                let began = attempt::begin(app, &self.system, id).await?;
                ongoing.attempt = Some(began.attempt.number);
            }
            Step::Told(outcome) => {
                let number = ongoing.attempt.expect("attempts begin before they go on");
                attempt::told(app, &self.system, (id, number), outcome).await?;
            }
            Step::Void => {
                void_payment::void_payment(app, self.actor(Who::Biller), id).await?;
            }
            Step::Refund { percent, ending, reason } => {
                self.refund(&mut ongoing, (*percent, *ending), *reason).await?;
            }
            Step::Settle(state) => {
                let refund = ongoing.refund.expect("refunds are made before they end");
                settle_refund::settle_refund(app, &self.system, refund, *state).await?;
            }
            Step::Reverse(reason) => self.reverse(id, *reason).await?,
            Step::Raise(cents) => self.raise(&mut ongoing, story, *cents).await?,
            Step::Note(who, text) => {
                let note = AddNote { payment: id, body: (*text).to_owned(), key: None };
                add_note::add_note(app, self.actor(*who), note).await?;
            }
            Step::Attach(who, paper) => {
                let document = AddDocument {
                    payment: id,
                    name: paper.name().to_owned(),
                    content: Received::from_reader(paper.content()),
                    key: None,
                };
                add_document::add_document(app, self.actor(*who), document).await?;
            }
        }
        self.payments[place] = Some(ongoing);
        Ok(())
    }

    async fn refund(
        &self,
        ongoing: &mut Ongoing,
        (percent, ending): (Option<i64>, Option<i64>),
        reason: RefundReason,
    ) -> Result<(), Error> {
        let remaining = ongoing.amount.minus(ongoing.refunded);
        let (amount, given) = match percent {
            Some(percent) => {
                let part = ongoing.amount.cents() * percent / 100;
                let part = ending.map_or(part, |ending| part - part % 100 + ending);
                let part = Money::from_cents(part.max(1));
                (RefundAmount::Partial(part), part)
            }
            None => (RefundAmount::Full { expected_remaining: Some(remaining) }, remaining),
        };
        let together = ongoing.refunded.plus(given);
        let who = if together > REFUND_LIMIT { Who::Manager } else { Who::Biller };
        let notes = match reason {
            RefundReason::Other => Some("Courtesy refund, agreed with the manager."),
            RefundReason::InsuranceAdjustment => Some("The insurance paid more than expected."),
            _ => None,
        };
        let notes = notes.map(str::to_owned);
        let input =
            RefundPayment { payment: ongoing.id, version: None, amount, reason, notes, key: None };
        let made = refund_payment::refund_payment(&self.app, self.actor(who), &input).await?;
        ongoing.refunded = together;
        ongoing.refund = Some(made);
        Ok(())
    }

    async fn reverse(&self, id: PaymentId, reason: ReversalReason) -> Result<(), Error> {
        let notes = match reason {
            ReversalReason::EnteredInError => "Cash was chosen; the patient paid by card.",
            ReversalReason::ReturnedUnpaid => "The bank returned the check unpaid.",
        };
        let notes = Some(notes.to_owned());
        let input = ReverseTender { payment: id, version: None, reason, notes };
        let manager = self.actor(Who::Manager);
        reverse_tender::reverse_tender(&self.app, manager, &input).await.map(drop)
    }

    /// Raises the amount of a payment to which nothing else has happened.
    async fn raise(&self, ongoing: &mut Ongoing, story: &Story, cents: i64) -> Result<(), Error> {
        ongoing.amount = ongoing.amount.plus(Money::from_cents(cents));
        let input = EditPayment {
            payment: ongoing.id,
            version: 1,
            patient: self.patient(story.person),
            amount: ongoing.amount,
            kind: story.kind,
            treatment: story.treatment.map(|place| self.treatment(place)),
            location: Some(self.locations[story.location]),
            due: story.due,
            confirm_past_due_date: true,
            memo: story.memo.map(str::to_owned),
        };
        edit_payment::edit_payment(&self.app, self.actor(Who::Biller), &input).await.map(drop)
    }
}

/// What is typed when money of that kind is taken.
fn tender_entry((kind, digits): (TenderType, i64), amount: Money) -> TenderEntry {
    let number = digits.to_string();
    let mut entry = TenderEntry { kind: kind.as_str().to_owned(), ..TenderEntry::default() };
    match kind {
        TenderType::Cash => {
            let notes = (amount.cents() + BANKNOTE_CENTS - 1) / BANKNOTE_CENTS;
            entry.given = Money::from_cents(notes * BANKNOTE_CENTS).to_string();
        }
        TenderType::Check | TenderType::MoneyOrder => entry.number = number,
        TenderType::CardTerminal | TenderType::HsaFsaCard => {
            entry.authorization_code = format!("T{digits}7");
            entry.last_four = number;
        }
        TenderType::BankTransfer => entry.reference = format!("Transfer {number}"),
        TenderType::Other => entry.reference = format!("Gift voucher {number}"),
        TenderType::CardProcessor => {}
    }
    entry
}
