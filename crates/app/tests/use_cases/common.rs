//! A small clinic with two locations, a physician, two patients and a member of each role.

use std::sync::Arc;

use almoner_app::begin_payment::BeginPayment;
use almoner_app::context::Member;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::link_keys::LinkKeys;
use almoner_app::permission::Action;
use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_app::save_patient::{CoverageEntry, PatientEntry, add_patient};
use almoner_app::save_treatment::{ProcedureEntry, TreatmentEntry, add_treatment};
use almoner_app::seal_audit::seal_audit;
use almoner_app::{Actor, App, Error};
use almoner_app::{
    add_organization, attempt, change_status, read, read_payments, save_location, save_physician,
};
use almoner_domain::ambient::{Clock, Entropy, SeededEntropy, SetClock};
use almoner_domain::list::PageRequest;
use almoner_domain::list_look::ListLook;
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::role::Role;
use almoner_domain::tender::TenderEntry;
use almoner_domain::{
    ExceptionId, LocationId, Money, OrganizationId, PatientId, PaymentId, PhysicianId, RefundId,
    Status, TreatmentId, UserId,
};
use almoner_gateways::clearinghouse::Clearinghouse;
use almoner_gateways::files::Files;
use almoner_gateways::mail::Mailer;
use almoner_gateways::processor::{self, Processor};
use almoner_gateways::webhooks::Webhooks;
use almoner_store::attempts::{self, Attempt};
use almoner_store::cards::Cards;
use almoner_store::counters;
use almoner_store::exceptions::{self, ExceptionKind, NewException};
use almoner_store::locations::LocationFields;
use almoner_store::organizations::Organization;
use almoner_store::payments::Payment;
use almoner_store::physicians::PhysicianFields;
use almoner_store::staff::{self, StaffUser};
use almoner_store::testing::TestDb;
use jiff::{SignedDuration, Timestamp};

use crate::mail::Post;
use crate::scripted::Scripted;
use crate::webhooks::Receiver;

/// When the tests begin: eleven in the morning of the tenth of March, in the clinic's zone.
pub(crate) const START: &str = "2026-03-10T15:00:00Z";

/// A number of cents.
pub(crate) const fn cents(cents: i64) -> Money {
    Money::from_cents(cents)
}

/// A moment as it is written down.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment of the tests is well written")
}

/// How often something is repeated: shortly, or as long as a soak test takes.
#[expect(clippy::disallowed_methods, reason = "a soak test is asked for by the environment")]
pub(crate) fn rounds(short: u64, soak: u64) -> u64 {
    if std::env::var("ALMONER_SOAK").is_ok_and(|value| value == "1") { soak } else { short }
}

/// Repeatable choices.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    /// The choices that belong to `seed`, which is printed for a failure to be repeated.
    pub(crate) fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self(SeededEntropy::new(seed))
    }

    /// A number from 0 up to, not including, `end`.
    pub(crate) fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % end
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.below(items.len() as u64)).expect("places are small")]
    }

    /// An amount of that many cents at most.
    pub(crate) fn amount(&self, most: i64) -> Money {
        let most = u64::try_from(most).expect("amounts are not negative");
        cents(1 + i64::try_from(self.below(most)).expect("amounts are small"))
    }
}

/// The clinic.
pub(crate) struct Clinic {
    pub(crate) app: App,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) clearinghouse: Arc<Scripted>,
    pub(crate) post: Arc<Post>,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) organization: Organization,
    pub(crate) downtown: LocationId,
    pub(crate) harbor: LocationId,
    pub(crate) physician: PhysicianId,
    pub(crate) ann: PatientId,
    pub(crate) ben: PatientId,
    staff: Vec<(Role, Member)>,
    /// The database's address, for a second server.
    pub(crate) url: String,
    /// The database lives as long as the clinic.
    _db: TestDb,
}

/// The entry of a patient with an insurance, who is somebody else than those who look alike.
pub(crate) fn person(first: &str, last: &str, birth: &str, member_id: &str) -> PatientEntry {
    let payer = "Sample Health Plan".to_owned();
    let coverage = CoverageEntry {
        payer,
        member_id: member_id.to_owned(),
        payer_id: "00042".to_owned(),
        ..CoverageEntry::default()
    };
    PatientEntry {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        date_of_birth: birth.to_owned(),
        coverages: vec![coverage],
        is_somebody_else: true,
        ..PatientEntry::default()
    }
}

/// A tender of which only the type is said, with a reference where one is required.
pub(crate) fn tender(kind: &str) -> TenderEntry {
    let reference = if kind == "other" { "gift card 17" } else { "" };
    TenderEntry { kind: kind.to_owned(), reference: reference.to_owned(), ..TenderEntry::default() }
}

async fn member(app: &App, organization: &Organization, role: Role) -> Member {
    let mut tx = app.db.begin().await.unwrap();
    let id = UserId::new(counters::next(&mut tx, organization.id, UserId::PREFIX).await.unwrap());
    let user = StaffUser {
        org: organization.id,
        id,
        email: format!("{}@{}.example", role.as_str(), organization.slug),
        name: format!("Sample {}", role.label()),
        role,
        password_hash: "none".to_owned(),
        last_location: None,
        list_look: ListLook::default(),
        disabled_at: None,
    };
    staff::insert(&mut tx, &user, app.now()).await.unwrap();
    tx.commit().await.unwrap();
    Member { id, name: user.name, role, list_look: ListLook::default() }
}

impl Clinic {
    /// A clinic in New York at the start of the tests, with the sandbox's processor.
    pub(crate) async fn new(db: TestDb) -> Self {
        let clock = Arc::new(SetClock::at(at(START)));
        let clearinghouse = Arc::new(Scripted::default());
        let post = Arc::new(Post::default());
        let receiver = Arc::new(Receiver::default());
        let app = App {
            db: db.db.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(1)),
            processor: processor::by_name("sandbox").expect("the sandbox is built in"),
            clearinghouse: Arc::clone(&clearinghouse) as Arc<dyn Clearinghouse>,
            mailer: Arc::clone(&post) as Arc<dyn Mailer>,
            webhooks: Arc::clone(&receiver) as Arc<dyn Webhooks>,
            link_keys: Arc::new(LinkKeys::new([7; 32], Vec::new())),
            files: Files::in_memory(),
            max_document_bytes: 25 * 1024 * 1024,
        };
        let zone = "America/New_York";
        let add = add_organization::add_organization(&app, "Downtown Clinic", zone);
        let organization = add.await.unwrap();
        let mut staff = Vec::new();
        for role in Role::ALL {
            staff.push((role, member(&app, &organization, role).await));
        }
        let system = Actor::system(organization.clone());
        let harbor = LocationFields {
            name: "Harbor".to_owned(),
            time_zone: "America/Los_Angeles".to_owned(),
            npi: Some("1999999984".to_owned()),
            ..LocationFields::default()
        };
        let harbor = save_location::save_location(&app, &system, None, &harbor).await.unwrap();
        let physician = PhysicianFields {
            first_name: "Dana".to_owned(),
            last_name: "Sample".to_owned(),
            npi: Some("1234567893".to_owned()),
        };
        let save = save_physician::save_physician(&app, &system, None, &physician);
        let physician = save.await.unwrap();
        let ann = person("Ann", "Example", "1980-02-29", "MEMBER-A");
        let ann = add_patient(&app, &system, &ann, None, None).await.unwrap();
        let ben = person("Ben", "Specimen", "1975-07-04", "MEMBER-B");
        let ben = add_patient(&app, &system, &ben, None, None).await.unwrap();
        let downtown = LocationId::new(1);
        Self {
            app,
            clock,
            clearinghouse,
            post,
            receiver,
            organization,
            downtown,
            harbor,
            physician,
            ann,
            ben,
            staff,
            url: db.url.clone(),
            _db: db,
        }
    }

    /// The same clinic with another processor.
    pub(crate) fn with_processor(&mut self, processor: Arc<dyn Processor>) {
        self.app.processor = processor;
    }

    /// The program itself.
    pub(crate) fn system(&self) -> Actor {
        Actor::system(self.organization.clone())
    }

    /// The member of the staff with that role.
    pub(crate) fn staff(&self, role: Role) -> Actor {
        let member = self.staff.iter().find(|entry| entry.0 == role).expect("each role has one");
        Actor::staff(self.organization.clone(), member.1.clone())
    }

    /// The manager, who may do everything with payments.
    pub(crate) fn manager(&self) -> Actor {
        self.staff(Role::Manager)
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, span: SignedDuration) {
        self.clock.set(self.clock.now() + span);
    }

    /// Sets the clock.
    pub(crate) fn set(&self, moment: &str) {
        self.clock.set(at(moment));
    }

    /// A request for that many cents from Ann.
    pub(crate) fn asked(&self, amount_cents: i64) -> CreatePayment {
        CreatePayment {
            patient: self.ann,
            amount: cents(amount_cents),
            kind: Some(PaymentType::OfficeVisit),
            treatment: None,
            location: None,
            due: None,
            confirm_past_due_date: false,
            memo: None,
            draft: false,
            estimate: None,
            estimate_seen: None,
            key: None,
        }
    }

    /// A payment that is Pending.
    pub(crate) async fn pending(&self, amount_cents: i64) -> PaymentId {
        let asked = self.asked(amount_cents);
        create_payment(&self.app, &self.manager(), &asked).await.unwrap()
    }

    /// A payment that is a Draft.
    pub(crate) async fn draft(&self, amount_cents: i64) -> PaymentId {
        let asked = CreatePayment { draft: true, ..self.asked(amount_cents) };
        create_payment(&self.app, &self.manager(), &asked).await.unwrap()
    }

    /// A payment that was paid by hand.
    pub(crate) async fn paid(&self, amount_cents: i64, kind: &str) -> PaymentId {
        let id = self.pending(amount_cents).await;
        self.pay(id, kind).await.unwrap();
        id
    }

    /// A payment that was paid through the processor.
    pub(crate) async fn charged(&self, amount_cents: i64) -> PaymentId {
        let id = self.pending(amount_cents).await;
        self.begin(id).await.unwrap();
        self.told(id, attempt::Outcome::Captured).await.unwrap();
        id
    }

    /// Takes the money of a payment by hand.
    pub(crate) async fn pay(&self, id: PaymentId, kind: &str) -> Result<Payment, Error> {
        let input = change_status::ChangeStatus {
            payment: id,
            version: None,
            to: Status::Paid,
            tender: Some(tender(kind)),
            reason: None,
        };
        change_status::change_status(&self.app, &self.manager(), &input).await
    }

    /// Changes a status by hand, with a tender and a reason in case they are needed.
    pub(crate) async fn change(&self, id: PaymentId, to: Status) -> Result<Payment, Error> {
        let input = change_status::ChangeStatus {
            payment: id,
            version: None,
            to,
            tender: Some(tender("cash")),
            reason: Some("as agreed".to_owned()),
        };
        change_status::change_status(&self.app, &self.manager(), &input).await
    }

    /// The payer begins to pay.
    pub(crate) async fn begin(&self, id: PaymentId) -> Result<i64, Error> {
        let began = attempt::begin(&self.app, &self.system(), id).await?;
        Ok(began.attempt.number)
    }

    /// The newest attempt of a payment.
    pub(crate) async fn newest(&self, id: PaymentId) -> Result<Attempt, Error> {
        let mut tx = self.app.db.read().await?;
        let newest = attempts::newest(&mut tx, self.organization.id, id).await?;
        newest.ok_or(Error::NotFound("attempt"))
    }

    /// The processor tells how the newest attempt went.
    pub(crate) async fn told(
        &self,
        id: PaymentId,
        outcome: attempt::Outcome,
    ) -> Result<Payment, Error> {
        let newest = self.newest(id).await?.id();
        attempt::told(&self.app, &self.system(), newest, &outcome).await
    }

    /// Something about money that a person has to look at, in that organization.
    pub(crate) async fn raised(&self, org: OrganizationId, mark: &str) -> ExceptionId {
        let kind = ExceptionKind::UnknownEvent;
        let new = NewException { kind, mark, payment: None, money: None, words: "It is unknown." };
        let mut tx = self.app.db.begin().await.unwrap();
        let id = exceptions::raise(&mut tx, org, &new, self.app.now()).await.unwrap();
        tx.commit().await.unwrap();
        id.expect("it is raised once")
    }

    /// Refunds a part.
    pub(crate) async fn refund(&self, id: PaymentId, part_cents: i64) -> Result<RefundId, Error> {
        let input = part_of(id, part_cents);
        refund_payment(&self.app, &self.manager(), &input).await
    }

    /// A treatment of that patient at that location, charged with $150.00.
    pub(crate) async fn treatment(&self, patient: PatientId, location: LocationId) -> TreatmentId {
        let entry = self.treated(patient, location);
        add_treatment(&self.app, &self.manager(), &entry, None).await.unwrap()
    }

    /// The entry of such a treatment.
    pub(crate) fn treated(&self, patient: PatientId, location: LocationId) -> TreatmentEntry {
        let procedure = ProcedureEntry {
            code: "99213".to_owned(),
            modifiers: String::new(),
            charge: "150.00".to_owned(),
        };
        TreatmentEntry {
            patient: patient.to_string(),
            physician: self.physician.to_string(),
            location: location.to_string(),
            service_date: "2026-03-12".to_owned(),
            service_time: "09:30".to_owned(),
            service_at: None,
            status: String::new(),
            procedures: vec![procedure],
        }
    }

    /// The payment as it is stored.
    pub(crate) async fn payment(&self, id: PaymentId) -> Payment {
        self.view(id).await.payment
    }

    /// The payment's page, as the manager sees it.
    pub(crate) async fn view(&self, id: PaymentId) -> read::PaymentView {
        read::payment(&self.app, &self.manager(), id).await.unwrap()
    }

    /// What was done with a payment, oldest first.
    pub(crate) async fn history(&self, id: PaymentId) -> Vec<String> {
        let history = self.view(id).await.history;
        history.into_iter().rev().map(|entry| entry.event.action).collect()
    }

    /// The cards of all locations.
    pub(crate) async fn cards(&self) -> Cards {
        self.cards_of(&[]).await
    }

    /// The cards of some locations.
    pub(crate) async fn cards_of(&self, locations: &[LocationId]) -> Cards {
        let mut request = PageRequest::default();
        request.filter.locations = locations.to_vec();
        read_payments::payments(&self.app, &self.manager(), &request).await.unwrap().cards
    }

    /// How many payments have that status, by the cards.
    pub(crate) async fn count(&self, status: Status) -> i64 {
        let counts = self.cards().await.by_status;
        counts.into_iter().find(|entry| entry.0 == status).expect("all nine are told").1
    }

    /// Seals the audit log and proves that everything adds up.
    pub(crate) async fn verified(&self) {
        let found = self.differences(None).await;
        assert!(found.is_empty(), "{found:#?}");
    }

    /// Seals the audit log and lists what does not add up.
    pub(crate) async fn differences(&self, anchor: Option<&[u8]>) -> Vec<String> {
        seal_audit(&self.app, &self.system()).await.unwrap();
        let findings = read::verify(&self.app, self.organization.id, anchor).await.unwrap();
        findings.into_iter().filter_map(|finding| finding.difference).collect()
    }

    /// Reads one number from the database.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut tx = self.app.db.read().await.unwrap();
        tx.one(sql.to_owned(), Vec::new()).await.unwrap().int("n").unwrap()
    }
}

/// A payer who wants to pay, and comes back to a page of the clinic.
pub(crate) fn at_desk(payment: PaymentId) -> BeginPayment<'static> {
    BeginPayment {
        payment,
        return_url: "https://clinic.example/pay/back",
        cancel_url: "https://clinic.example/pay/left",
    }
}

/// A request to refund a part.
pub(crate) fn part_of(payment: PaymentId, part_cents: i64) -> RefundPayment {
    RefundPayment {
        payment,
        version: None,
        amount: RefundAmount::Partial(cents(part_cents)),
        reason: RefundReason::PatientRequest,
        notes: None,
        key: None,
    }
}

/// The code of the only fault that an input had.
pub(crate) fn fault<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, String) {
    match result {
        Err(Error::Invalid(faults)) if faults.0.len() == 1 => {
            (faults.0[0].field.clone(), faults.0[0].code.clone())
        }
        other => panic!("one fault was expected: {other:?}"),
    }
}

/// Passes when the role, and not something else, was the reason.
pub(crate) fn is_forbidden<T>(result: &Result<T, Error>, action: Action) -> bool {
    matches!(result, Err(Error::Forbidden(refused)) if *refused == action)
}

/// Another location.
pub(crate) fn place() -> LocationFields {
    let time_zone = "America/New_York".to_owned();
    LocationFields { name: "Annex".to_owned(), time_zone, ..LocationFields::default() }
}

/// Another physician.
pub(crate) fn physician() -> PhysicianFields {
    let (first_name, last_name) = ("Lee".to_owned(), "Sample".to_owned());
    PhysicianFields { first_name, last_name, npi: None }
}
