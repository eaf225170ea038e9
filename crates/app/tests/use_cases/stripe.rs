//! Payments through Stripe, over HTTP to its strict stand-in: whatever is lost on the way, the
//! books say in the end what Stripe says.

use std::sync::Arc;
use std::time::Duration;

use almoner_app::Error;
use almoner_app::ask_attempts::ask_attempts;
use almoner_app::attempt::Outcome;
use almoner_app::begin_payment::{Begun, begin_payment};
use almoner_domain::{PaymentId, Status};
use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::{Limits, Settings, Stripe};
use almoner_gateways::processor::{Doubt, NotDone, ProcessorError, Refusal};
use almoner_store::attempts::AttemptState;
use almoner_store::exceptions::ExceptionKind;
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use almoner_stripe_fake::{API_KEY, Fake, Fault, Paid, WEBHOOK_SECRET, card};
use jiff::SignedDuration;
use serde_json::json;

use crate::common::{Clinic, START, at, at_desk, cents};

const OPEN_A_PAGE: &str = "POST /v1/checkout/sessions";

/// The clinic, and the Stripe that it talks to.
pub(crate) struct Desk {
    pub(crate) clinic: Clinic,
    pub(crate) fake: Fake,
}

impl Desk {
    /// A clinic whose clock is Stripe's.
    pub(crate) async fn open(db: TestDb) -> Self {
        let mut clinic = Clinic::new(db).await;
        let fake = Fake::start(at(START).as_second()).await;
        let settings = Settings {
            base_url: fake.base_url(),
            key: Secret::new(API_KEY),
            webhook_secrets: vec![Secret::new(WEBHOOK_SECRET)],
            statement_suffix: None,
            limits: Limits {
                connect: Duration::from_secs(2),
                answer: Duration::from_secs(20),
                tries: 2,
                pause: Duration::from_millis(1),
            },
        };
        clinic.with_processor(Arc::new(Stripe::new(settings).expect("the settings are right")));
        Self { clinic, fake }
    }

    /// Lets time pass here and there.
    pub(crate) fn pass(&self, span: SignedDuration) {
        self.clinic.pass(span);
        self.fake.advance(span.as_secs());
    }

    /// The payer presses Pay; tells how they go on.
    pub(crate) async fn begin(&self, id: PaymentId) -> Result<Begun, Error> {
        begin_payment(&self.clinic.app, &self.clinic.system(), at_desk(id)).await
    }

    /// The payer is on Stripe's page of a new payment. Tells the payment and the page.
    pub(crate) async fn on_page(&self, cents: i64) -> (PaymentId, String) {
        let id = self.clinic.pending(cents).await;
        assert!(matches!(self.begin(id).await, Ok(Begun::Page(_))));
        (id, self.session(id).await)
    }

    /// The page of the newest attempt.
    pub(crate) async fn session(&self, id: PaymentId) -> String {
        self.clinic.newest(id).await.unwrap().session.expect("a page was opened")
    }

    /// The payer enters a card that pays.
    pub(crate) fn pay(&self, session: &str) {
        assert!(matches!(self.fake.pay(session, card::PAYS), Paid::Done(_)));
    }

    /// The program asks about what is due.
    pub(crate) async fn ask(&self) -> usize {
        ask_attempts(&self.clinic.app, &self.clinic.system()).await.unwrap()
    }

    async fn stands(&self, id: PaymentId) -> (Status, AttemptState) {
        let newest = self.clinic.newest(id).await.unwrap();
        (self.clinic.payment(id).await.status, newest.state)
    }

    fn sessions(&self) -> usize {
        self.fake.objects("checkout.session").len()
    }
}

fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

on_both_engines! {
    async fn a_payer_pays_and_the_books_know_what_stripe_calls_it(db) {
        let desk = Desk::open(db).await;
        let (id, session) = desk.on_page(12_345).await;
        assert_eq!(desk.stands(id).await, (Status::Processing, AttemptState::Open));
        let sent = desk.fake.object(&session);
        assert_eq!(sent["amount_total"], 12_345);
        let reference = desk.clinic.newest(id).await.unwrap().reference;
        assert_eq!(sent["client_reference_id"], *reference);
        desk.pay(&session);
        desk.pass(mins(5));
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.stands(id).await, (Status::Paid, AttemptState::Captured));
        let newest = desk.clinic.newest(id).await.unwrap();
        let paid = desk.fake.object(&session);
        assert_eq!(newest.processor_payment.as_deref(), paid["payment_intent"].as_str());
        assert_eq!(desk.ask().await, 0, "what is over is not asked about");
        desk.clinic.verified().await;
    }

    async fn a_payer_who_comes_back_gets_the_same_page(db) {
        let desk = Desk::open(db).await;
        let id = desk.clinic.pending(700).await;
        let first = desk.begin(id).await.unwrap();
        assert_eq!(desk.begin(id).await.unwrap(), first);
        // Also when the answer was lost here after it came.
        let (cancelled, session) = desk.on_page(800).await;
        desk.clinic.change(cancelled, Status::Cancelled).await.unwrap();
        desk.clinic.change(cancelled, Status::Pending).await.unwrap();
        assert!(matches!(desk.begin(cancelled).await, Ok(Begun::Page(_))));
        assert_eq!(desk.session(cancelled).await, session);
        assert_eq!(desk.sessions(), 2);
        desk.pay(&session);
        assert_eq!(desk.begin(cancelled).await.unwrap(), Begun::Over(Status::Paid));
        let again = desk.begin(cancelled).await;
        assert!(matches!(again, Err(Error::Status { .. })), "{again:?}");
        desk.clinic.verified().await;
    }

    async fn a_page_that_ended_gives_way_to_a_new_one(db) {
        let desk = Desk::open(db).await;
        let (id, first) = desk.on_page(700).await;
        desk.pass(mins(61));
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.stands(id).await, (Status::Pending, AttemptState::Expired));
        assert!(matches!(desk.begin(id).await, Ok(Begun::Page(_))));
        let second = desk.session(id).await;
        assert_ne!(second, first);
        // Nobody has asked meanwhile: the payer's own visit notices.
        desk.pass(mins(61));
        assert!(matches!(desk.begin(id).await, Ok(Begun::Page(_))));
        assert_eq!(desk.sessions(), 3);
        desk.clinic.verified().await;
    }

    async fn where_surely_nothing_began_the_payment_is_awaited_as_before(db) {
        let desk = Desk::open(db).await;
        for _ in 0..2 {
            desk.fake.fail_next(OPEN_A_PAGE, Fault::RateLimited);
        }
        let id = desk.clinic.pending(700).await;
        let answer = desk.begin(id).await;
        let busy = ProcessorError::NotDone(NotDone::Busy);
        assert!(matches!(&answer, Err(Error::Processor(error)) if *error == busy), "{answer:?}");
        assert_eq!(desk.stands(id).await, (Status::Pending, AttemptState::Expired));
        desk.clinic.pay(id, "cash").await.unwrap();
        let small = desk.clinic.pending(49).await;
        let answer = desk.begin(small).await;
        let refusal = ProcessorError::Refused(Refusal::TooSmall);
        assert!(matches!(&answer, Err(Error::Processor(error)) if *error == refusal));
        assert_eq!(desk.clinic.payment(small).await.status, Status::Pending);
        assert_eq!(desk.sessions(), 0);
        desk.clinic.verified().await;
    }

    async fn an_answer_that_is_lost_is_found_by_asking(db) {
        let desk = Desk::open(db).await;
        let id = desk.clinic.pending(700).await;
        desk.fake.fail_next(OPEN_A_PAGE, Fault::ResetAfter);
        let answer = desk.begin(id).await;
        let doubt = ProcessorError::Unknown(Doubt::NoAnswer);
        assert!(matches!(&answer, Err(Error::Processor(error)) if *error == doubt), "{answer:?}");
        assert_eq!(desk.stands(id).await, (Status::Processing, AttemptState::Open));
        assert_eq!(desk.ask().await, 0, "it is too early to ask");
        desk.pass(mins(5));
        assert_eq!(desk.ask().await, 1);
        let session = desk.session(id).await;
        assert_eq!(desk.stands(id).await, (Status::Processing, AttemptState::Open));
        // Asked again after the page's end, not only after an hour.
        desk.pay(&session);
        desk.pass(mins(56));
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.stands(id).await, (Status::Paid, AttemptState::Captured));
        assert_eq!(desk.sessions(), 1);
        desk.clinic.verified().await;
    }

    async fn the_payer_need_not_wait_for_the_answer_that_is_lost(db) {
        let desk = Desk::open(db).await;
        let id = desk.clinic.pending(700).await;
        desk.fake.fail_next(OPEN_A_PAGE, Fault::CutOff);
        assert!(matches!(desk.begin(id).await, Err(Error::Processor(_))));
        desk.pass(mins(1));
        assert!(matches!(desk.begin(id).await, Ok(Begun::Page(_))));
        assert_eq!(desk.sessions(), 1);
        // A fault is kept under its key for a day: after five minutes it is known that nothing
        // began, and a new attempt is made.
        let id = desk.clinic.pending(800).await;
        desk.fake.fail_next(OPEN_A_PAGE, Fault::ServerErrorBefore);
        for minutes in [0, 2] {
            desk.pass(mins(minutes));
            let answer = desk.begin(id).await;
            assert!(matches!(answer, Err(Error::Processor(ProcessorError::Unknown(_)))));
        }
        desk.pass(mins(4));
        assert!(matches!(desk.begin(id).await, Ok(Begun::Page(_))));
        assert_eq!(desk.clinic.newest(id).await.unwrap().number, 2);
        assert_eq!(desk.sessions(), 2);
        desk.clinic.verified().await;
    }

    async fn a_call_that_never_arrived_is_over_after_five_minutes(db) {
        let desk = Desk::open(db).await;
        let id = desk.clinic.pending(700).await;
        desk.fake.fail_next(OPEN_A_PAGE, Fault::ResetBefore);
        assert!(matches!(desk.begin(id).await, Err(Error::Processor(_))));
        desk.pass(mins(5));
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.stands(id).await, (Status::Pending, AttemptState::Expired));
        assert_eq!(desk.sessions(), 0);
        desk.clinic.verified().await;
    }

    async fn the_page_of_a_cancelled_payment_is_closed(db) {
        let desk = Desk::open(db).await;
        let (id, session) = desk.on_page(700).await;
        desk.clinic.change(id, Status::Cancelled).await.unwrap();
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.fake.object(&session)["status"], "expired");
        assert_eq!(desk.stands(id).await, (Status::Cancelled, AttemptState::Expired));
        // A payer may have been quicker; then the money counts.
        let (id, session) = desk.on_page(800).await;
        desk.clinic.change(id, Status::Cancelled).await.unwrap();
        desk.pay(&session);
        assert_eq!(desk.ask().await, 1);
        assert_eq!(desk.stands(id).await, (Status::Paid, AttemptState::Captured));
        desk.clinic.verified().await;
    }

    async fn two_clicks_at_once_open_one_page(db) {
        let desk = Desk::open(db).await;
        let id = desk.clinic.pending(700).await;
        let (one, other) = tokio::join!(desk.begin(id), desk.begin(id));
        let pages = [one, other].into_iter().flatten().collect::<Vec<_>>();
        assert!(!pages.is_empty());
        assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
        assert_eq!(desk.sessions(), 1);
        desk.clinic.verified().await;
    }

    async fn a_second_capture_is_kept_aside_and_never_refunds_the_first(db) {
        let desk = Desk::open(db).await;
        // The first page was taken to be over, and was not.
        let (id, first) = desk.on_page(700).await;
        desk.clinic.told(id, Outcome::Expired).await.unwrap();
        assert!(matches!(desk.begin(id).await, Ok(Begun::Page(_))));
        let second = desk.session(id).await;
        desk.pay(&second);
        desk.hear().await;
        let paid = desk.clinic.payment(id).await;
        desk.pay(&first);
        desk.hear().await;
        let after = desk.clinic.payment(id).await;
        assert_eq!((after.status, after.collected), (Status::Paid, paid.collected));
        assert_eq!(after.refunded, cents(0));
        let raised = desk.exceptions().await;
        assert_eq!(raised.len(), 1);
        assert_eq!(raised[0].kind, ExceptionKind::SecondCapture);
        assert_eq!((raised[0].payment, raised[0].amount), (Some(id), Some(cents(700))));
        let aside = "SELECT CAST(sum(amount_cents) AS BIGINT) AS n FROM ledger_transfer
            WHERE debit_account = 'processor_clearing' AND credit_account = 'unapplied'";
        assert_eq!(desk.clinic.number(aside).await, 700);
        desk.clinic.verified().await;
        // What is refunded is what was paid, from the attempt that paid it.
        desk.clinic.refund(id, 700).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        let refund = desk.fake.object(&desk.newest("refund"));
        assert_eq!(refund["payment_intent"], desk.fake.object(&second)["payment_intent"]);
        assert_eq!(desk.clinic.payment(id).await.status, Status::Refunded);
        assert_eq!(desk.exceptions().await.len(), 1, "the second money is still here");
        desk.clinic.verified().await;
    }

    async fn money_for_what_was_paid_by_hand_is_kept_aside(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(700).await;
        desk.clinic.told(id, Outcome::Expired).await.unwrap();
        desk.clinic.pay(id, "cash").await.unwrap();
        desk.pay(&page);
        desk.hear().await;
        desk.pass(mins(5));
        desk.ask().await;
        assert_eq!(desk.stands(id).await, (Status::Paid, AttemptState::Captured));
        assert_eq!(desk.exceptions().await.len(), 1);
        // Cash goes back as cash.
        desk.clinic.refund(id, 700).await.unwrap();
        assert_eq!(desk.clinic.payment(id).await.status, Status::Refunded);
        assert_eq!(desk.settle().await, 0);
        desk.clinic.verified().await;
    }

    async fn money_that_differs_from_what_was_asked_is_not_believed(db) {
        let desk = Desk::open(db).await;
        for (field, lie) in [("amount_received", json!(699)), ("currency", json!("cad"))] {
            let (id, session) = desk.on_page(700).await;
            desk.pay(&session);
            let payment = desk.fake.object(&session)["payment_intent"].clone();
            desk.fake.pretend(payment.as_str().unwrap(), field, lie);
            desk.pass(mins(5));
            assert!(desk.ask().await > 0);
            assert_eq!(desk.stands(id).await, (Status::Processing, AttemptState::Open));
        }
        desk.clinic.verified().await;
    }
}
