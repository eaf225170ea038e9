//! Rows of many payments at once, for a database that is filled as a whole.
//!
//! Use cases write a change at a time, with the sums that it moves. Here everything is collected
//! first and written table by table, in the order in which rows refer to each other; sums are
//! written once, at the end ([`sums`]). What is written must be what the use cases would have
//! written: `verify` derives all of it again.

pub mod sums;

use almoner_domain::ledger::Transfer;
use almoner_domain::payment::PaymentType;
use almoner_domain::status::Status;
use almoner_domain::tender::Tender;
use almoner_domain::{
    Money, OrganizationId, PatientId, PaymentId, ReceiptId, TreatmentId, UserId, time,
};
use jiff::Timestamp;

use crate::audit::{Event, NewSeal};
use crate::author::Author;
use crate::db::{StoreError, Table, Tx, Value};
use crate::ledger::Moment;
use crate::params;
use crate::patients::{self, Coverage, PatientFields};
use crate::payments::{self, Payment, Transition};
use crate::receipts::Source;
use crate::refunds::NewRefund;
use crate::treatments::TreatmentFields;

/// The places of the tables in [`TABLES`].
#[derive(Debug, Clone, Copy)]
enum Slot {
    Patient,
    Word,
    Coverage,
    Treatment,
    Procedure,
    Payment,
    Step,
    Attempt,
    Tender,
    Refund,
    Ledger,
    Receipt,
    Seal,
    Event,
    RollupStatus,
    RollupDue,
    RollupMonth,
    RollupTaken,
    RollupDay,
    Counter,
}

macro_rules! tables {
    ($($name:literal $($column:ident)+;)+) => {
        [$(Table { name: $name, columns: &["organization_id", $(stringify!($column)),+] }),+]
    };
}

/// The tables, each after those that its rows refer to.
const TABLES: [Table; 20] = tables! {
    "patient" seq first_name last_name birth_day sex mrn phone email address guarantor name_sort
        name_search payment_count first_seq last_seq version created_at_us modified_at_us;
    "patient_word" word patient_seq;
    "coverage" patient_seq rank payer member_id plan payer_id relationship;
    "treatment" seq patient_seq physician_seq location_seq service_at_us status version
        created_at_us modified_at_us;
    "treatment_procedure" treatment_seq line code modifiers charge_cents;
    "payment" seq patient_seq location_seq treatment_seq kind status amount_cents collected_cents
        refunded_cents due_key name_sort memo version created_at_us paid_at_us;
    "payment_transition" payment_seq version from_status to_status moved_by user_seq reason at_us;
    "payment_attempt" payment_seq attempt_no processor state amount_cents started_at_us
        changed_at_us reference;
    "tender" payment_seq version kind amount_cents number authorization_code last_four reference
        location_seq user_seq received_at_us business_day payment_kind;
    "refund" seq payment_seq amount_cents reason notes state tender_kind location_seq user_seq
        made_at_us business_day settled_at_us payment_kind;
    "ledger_transfer" source source_seq version line event debit_account credit_account
        amount_cents location_seq business_day at_us;
    "receipt" seq payment_seq tender_version refund_seq amount_cents;
    "audit_seal" seal_no previous event_count seal sealed_at_us;
    "audit_event" event_id at_us actor user_seq action subject subject_seq subject_version detail
        seal_no;
    "rollup_status" location_seq status shard n amount_cents refunded_cents;
    "rollup_due" location_seq status due_day shard n amount_cents;
    "rollup_month" month location_seq shard gross_cents refunded_cents;
    "rollup_taken" month location_seq payment_kind tender_kind shard gross_cents refunded_cents;
    "rollup_day" day location_seq shard n;
    "counter" kind last;
};

/// All tables that are filled.
pub fn tables() -> Vec<&'static str> {
    TABLES.iter().map(|table| table.name).collect()
}

/// A patient with what is counted of their payments.
#[derive(Debug)]
pub struct NewPatient {
    /// The id.
    pub id: PatientId,
    /// What was entered.
    pub fields: PatientFields,
    /// The insurances, the primary one first.
    pub coverages: Vec<Coverage>,
    /// How many payments there are going to be.
    pub payment_count: i64,
    /// The first and the last of them.
    pub payments: Option<(PaymentId, PaymentId)>,
    /// When the patient was added.
    pub created_at: Timestamp,
}

/// An attempt at the processor that held money and let it go.
#[derive(Debug, Clone, Copy)]
pub struct ReleasedAttempt<'a> {
    /// The payment, of which it is the only attempt.
    pub payment: PaymentId,
    /// Which processor.
    pub processor: &'a str,
    /// What the processor was told instead of our id.
    pub reference: &'a str,
    /// How much.
    pub amount: Money,
    /// When it began, and when it was let go.
    pub at: (Timestamp, Timestamp),
}

/// Rows that wait to be written.
#[derive(Debug)]
pub struct Bulk {
    org: OrganizationId,
    values: Vec<Vec<Value>>,
}

impl Bulk {
    /// No rows yet, of that organization.
    pub fn new(org: OrganizationId) -> Self {
        Self { org, values: TABLES.iter().map(|_| Vec::new()).collect() }
    }

    /// How many rows wait.
    pub fn count(&self) -> usize {
        let tables = TABLES.iter().zip(&self.values);
        tables.map(|(table, values)| values.len() / table.columns.len()).sum()
    }

    /// Writes all rows.
    ///
    /// # Errors
    /// [`StoreError::Refused`] or [`StoreError::Duplicate`] when a row breaks a rule of the schema.
    pub async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        for (table, values) in TABLES.iter().zip(self.values) {
            if !values.is_empty() {
                tx.fill(table, values).await?;
            }
        }
        Ok(())
    }

    fn add(&mut self, table: Slot, values: Vec<Value>) {
        self.values[table as usize].extend(values);
    }

    /// Adds a patient with the words of the name and the insurances.
    pub fn patient(&mut self, patient: NewPatient) {
        let (org, id) = (self.org, patient.id);
        for word in patients::words(&patient.fields) {
            self.add(Slot::Word, params![org, word, id]);
        }
        let mut values = params![org, id];
        values.extend(patients::columns(&patient.fields));
        let (first, last) = patient.payments.unzip();
        let at = patient.created_at;
        values.extend(params![patient.payment_count, first, last, 1_i64, at, at]);
        self.add(Slot::Patient, values);
        for (rank, c) in (1_i64..).zip(patient.coverages) {
            let (member, relation) = (c.member_id, c.relationship.as_str());
            let values = params![org, id, rank, c.payer, member, c.plan, c.payer_id, relation];
            self.add(Slot::Coverage, values);
        }
    }

    /// Adds a treatment.
    pub fn treatment(&mut self, id: TreatmentId, fields: TreatmentFields, created_at: Timestamp) {
        let (org, f) = (self.org, fields);
        let status = f.status.as_str();
        let values = params![
            org,
            id,
            f.patient,
            f.physician,
            f.location,
            f.service_at,
            status,
            1_i64,
            created_at,
            created_at
        ];
        self.add(Slot::Treatment, values);
        for (line, p) in (1_i64..).zip(f.procedures) {
            self.add(Slot::Procedure, params![org, id, line, p.code, p.modifiers, p.charge]);
        }
    }

    /// Adds a payment of a patient with that sort key, as it is after all that happened to it.
    pub fn payment(&mut self, p: &Payment, name_sort: &str) {
        let values = params![
            self.org,
            p.id,
            p.patient,
            p.location,
            p.treatment,
            p.kind.map(PaymentType::as_str),
            p.status.as_str(),
            p.amount,
            p.collected,
            p.refunded,
            time::due_key(p.due),
            name_sort,
            p.memo.as_deref(),
            p.version,
            p.created_at,
            p.paid_at,
        ];
        self.add(Slot::Payment, values);
    }

    /// Adds a step of a payment.
    pub fn transition(&mut self, payment: PaymentId, step: &Transition) {
        let values = params![
            self.org,
            payment,
            step.version,
            step.from.map(Status::as_str),
            step.to.as_str(),
            payments::by_name(step.by),
            step.user,
            step.reason.as_deref(),
            step.at,
        ];
        self.add(Slot::Step, values);
    }

    /// Adds an attempt that held money and let it go.
    pub fn released_attempt(&mut self, attempt: &ReleasedAttempt<'_>) {
        let (a, (started, changed)) = (attempt, attempt.at);
        let values = params![
            self.org,
            a.payment,
            1_i64,
            a.processor,
            "released",
            a.amount,
            started,
            changed,
            a.reference
        ];
        self.add(Slot::Attempt, values);
    }

    /// Adds a tender of a payment that is Paid by it.
    pub fn tender(&mut self, paid: &Payment, tender: &Tender, user: UserId, moment: Moment) {
        let t = tender;
        let values = params![
            self.org,
            paid.id,
            paid.version,
            t.kind.as_str(),
            paid.amount,
            t.number.as_deref(),
            t.authorization_code.as_deref(),
            t.last_four.as_deref(),
            t.reference.as_deref(),
            moment.location,
            user,
            moment.at,
            time::date_key(moment.day),
            paid.kind.map(PaymentType::as_str),
        ];
        self.add(Slot::Tender, values);
    }

    /// Adds a refund that was settled when it was made, and that its payment counts already.
    pub fn refund(&mut self, new: &NewRefund, moment: Moment) {
        let values = params![
            self.org,
            new.id,
            new.payment,
            new.amount,
            new.reason.as_str(),
            new.notes.as_deref(),
            new.state.as_str(),
            new.tender.as_str(),
            moment.location,
            Author::columns(new.author).0,
            moment.at,
            time::date_key(moment.day),
            moment.at,
            new.kind.map(PaymentType::as_str),
        ];
        self.add(Slot::Refund, values);
    }

    /// Adds what a payment's change to `version` moves in the ledger.
    pub fn transfers(
        &mut self,
        (payment, version): (PaymentId, i64),
        moment: Moment,
        transfers: &[Transfer],
    ) {
        for (line, transfer) in (1_i64..).zip(transfers) {
            let values = params![
                self.org,
                "payment",
                payment,
                version,
                line,
                transfer.event,
                transfer.debit.as_str(),
                transfer.credit.as_str(),
                transfer.amount,
                transfer.location.unwrap_or(moment.location),
                time::date_key(moment.day),
                moment.at,
            ];
            self.add(Slot::Ledger, values);
        }
    }

    /// Adds a receipt.
    pub fn receipt(&mut self, id: ReceiptId, payment: PaymentId, source: Source, amount: Money) {
        let (tender, refund) = (source.tender(), source.refund());
        self.add(Slot::Receipt, params![self.org, id, payment, tender, refund, amount]);
    }

    /// Adds audit rows together with the seal that was made over them.
    pub fn sealed(&mut self, events: &[Event], new: NewSeal, at: Timestamp) {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let number = new.seal.number;
        let values = params![self.org, number, new.previous, count, new.seal.hash, at];
        self.add(Slot::Seal, values);
        for e in events {
            let values = params![
                self.org,
                e.id.as_slice(),
                e.at,
                &*e.actor,
                e.user,
                &*e.action,
                &*e.subject,
                e.subject_seq,
                e.subject_version,
                &*e.detail,
                number,
            ];
            self.add(Slot::Event, values);
        }
    }

    /// Adds the last number of a kind that was given out; none were by then.
    pub fn counter(&mut self, kind: &str, last: i64) {
        if last > 0 {
            self.add(Slot::Counter, params![self.org, kind, last]);
        }
    }
}
