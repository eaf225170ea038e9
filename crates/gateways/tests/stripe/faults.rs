//! What goes wrong on the way, and what is said of it: surely nothing, refused, or unknown.
//!
//! After each, the same call again ends well, and nothing was done twice.

use std::time::Duration;

use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::Stripe;
use almoner_gateways::processor::{
    AttemptStanding, Doubt, NotDone, Processor as _, ProcessorError, RefundKey, RefundStanding,
};
use almoner_stripe_fake::{Fake, Fault};

use crate::common::{BEGIN, Desk, key, settings};

const SESSIONS: &str = "POST /v1/checkout/sessions";
const SESSION: &str = "GET /v1/checkout/sessions/{id}";
const REFUNDS: &str = "POST /v1/refunds";

const UNKNOWN: ProcessorError = ProcessorError::Unknown(Doubt::NoAnswer);

fn not_done<T>(why: NotDone) -> Result<T, ProcessorError> {
    Err(ProcessorError::NotDone(why))
}

fn asked(desk: &Desk, method: &str, target: &str) -> usize {
    let recorded = desk.fake.recorded();
    let fits = |asked: &&almoner_stripe_fake::Recorded| {
        asked.method == method && asked.target.starts_with(target)
    };
    recorded.iter().filter(fits).count()
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_commit_leaves_it_unknown_and_the_same_key_resumes() {
    for (fault, doubt) in [
        (Fault::ResetAfter, Doubt::NoAnswer),
        (Fault::SilenceAfter, Doubt::NoAnswer),
        (Fault::CutOff, Doubt::Unreadable),
        (Fault::Garbage, Doubt::Unreadable),
    ] {
        let desk = Desk::impatient().await;
        desk.fake.fail_next(SESSIONS, fault);
        let answer = desk.begin("attempt-1").await;
        assert_eq!(answer, Err(ProcessorError::Unknown(doubt)), "{fault:?}");
        assert_eq!(asked(&desk, "POST", "/v1/checkout/sessions"), 1, "it is not sent again");
        let begun = desk.page("attempt-1").await;
        let pages = desk.fake.objects("checkout.session");
        assert_eq!(pages.len(), 1, "{fault:?}");
        assert_eq!(pages[0]["id"], *begun.session);
    }
}

#[tokio::test]
async fn a_request_that_was_lost_is_unknown_too_and_is_made_by_the_next_call() {
    for fault in [Fault::ResetBefore, Fault::SilenceBefore] {
        let desk = Desk::impatient().await;
        let capture = desk.paid("attempt-1").await;
        desk.fake.fail_next(REFUNDS, fault);
        assert_eq!(desk.refund("refund-1", &capture.payment, 100).await, Err(UNKNOWN), "{fault:?}");
        let key = RefundKey { reference: "refund-1", refund: None, payment: &capture.payment };
        assert_eq!(desk.stripe.find_refund(key).await, Ok(None));
        let refund = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
        assert_eq!(refund.standing, RefundStanding::Settled);
        assert_eq!(desk.fake.objects("refund").len(), 1);
    }
}

#[tokio::test]
async fn a_refund_in_doubt_is_found_by_asking() {
    let desk = Desk::impatient().await;
    let capture = desk.paid("attempt-1").await;
    desk.fake.fail_next(REFUNDS, Fault::SilenceAfter);
    assert_eq!(desk.refund("refund-1", &capture.payment, 100).await, Err(UNKNOWN));
    let key = RefundKey { reference: "refund-1", refund: None, payment: &capture.payment };
    let found = desk.stripe.find_refund(key).await.unwrap().unwrap();
    assert_eq!(found.amount.cents(), 100);
}

#[tokio::test]
async fn an_attempt_in_doubt_is_found_by_asking() {
    let desk = Desk::impatient().await;
    desk.fake.fail_next(SESSIONS, Fault::SilenceAfter);
    assert_eq!(desk.begin("attempt-1").await, Err(UNKNOWN));
    let found = desk.stripe.attempt(key("attempt-1", None)).await.unwrap();
    assert_eq!(found.reference.as_deref(), Some("attempt-1"));
    assert!(found.session.is_some());
}

/// Stripe keeps the 500 under the key: until it forgets the key nothing else can be learned by
/// sending again, but looking up tells.
#[tokio::test]
async fn a_fault_of_the_server_is_unknown_until_it_is_looked_up() {
    for (fault, made) in [(Fault::ServerErrorBefore, 0), (Fault::ServerErrorAfter, 1)] {
        let desk = Desk::open().await;
        let capture = desk.paid("attempt-1").await;
        desk.fake.fail_next(REFUNDS, fault);
        for _ in 0..2 {
            let answer = desk.refund("refund-1", &capture.payment, 100).await;
            assert_eq!(answer, Err(ProcessorError::Unknown(Doubt::ServerFault)), "{fault:?}");
        }
        assert_eq!(desk.fake.objects("refund").len(), made);
        let key = RefundKey { reference: "refund-1", refund: None, payment: &capture.payment };
        assert_eq!(desk.stripe.find_refund(key).await.unwrap().is_some(), made == 1);
        desk.fake.advance(24 * 3600);
        desk.refund("refund-1", &capture.payment, 100).await.unwrap();
        assert_eq!(desk.fake.objects("refund").len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_failed_dependency_is_unknown() {
    let desk = Desk::open().await;
    desk.fake.fail_next(SESSIONS, Fault::Dependency);
    let answer = desk.begin("attempt-1").await;
    assert_eq!(answer, Err(ProcessorError::Unknown(Doubt::ServerFault)));
}

#[tokio::test]
async fn what_surely_did_nothing_is_sent_again_a_few_times() {
    let desk = Desk::open().await;
    for fault in [Fault::RateLimited, Fault::Conflict] {
        desk.fake.fail_next(SESSIONS, fault);
    }
    desk.page("attempt-1").await;
    assert_eq!(asked(&desk, "POST", "/v1/checkout/sessions"), 3);
    let desk = Desk::open().await;
    desk.fake.fail_next(SESSIONS, Fault::ShouldRetry);
    desk.page("attempt-1").await;
    assert_eq!(asked(&desk, "POST", "/v1/checkout/sessions"), 2, "Stripe asks for it");
}

#[tokio::test]
async fn what_is_sent_again_is_the_same_to_the_byte_and_under_the_same_key() {
    let desk = Desk::open().await;
    desk.fake.fail_next(SESSIONS, Fault::RateLimited);
    desk.page("attempt-1").await;
    let asked = desk.fake.recorded();
    let [first, second] = &asked[..] else { panic!("two requests: {asked:?}") };
    assert_eq!((&first.body, &first.headers), (&second.body, &second.headers));
    let key = ("idempotency-key".to_owned(), "attempt-1".to_owned());
    assert!(first.headers.contains(&key));
}

#[tokio::test]
async fn a_busy_stripe_did_nothing_and_is_asked_again_later() {
    let desk = Desk::open().await;
    for _ in 0..3 {
        desk.fake.fail_next(SESSIONS, Fault::RateLimited);
    }
    assert_eq!(desk.begin("attempt-1").await, not_done(NotDone::Busy));
    assert_eq!(asked(&desk, "POST", "/v1/checkout/sessions"), 3, "not more than the limit");
    assert!(desk.fake.objects("checkout.session").is_empty());
    desk.page("attempt-1").await;
}

/// The last try did nothing, but the one before it says that something is running.
#[tokio::test]
async fn a_doubt_is_not_forgotten_by_a_later_try() {
    let desk = Desk::open().await;
    for fault in [Fault::Conflict, Fault::RateLimited, Fault::RateLimited] {
        desk.fake.fail_next(SESSIONS, fault);
    }
    let answer = desk.begin("attempt-1").await;
    assert_eq!(answer, Err(ProcessorError::Unknown(Doubt::StillRunning)));
}

#[tokio::test]
async fn a_request_that_still_runs_is_unknown_and_then_told() {
    let fake = Fake::start(BEGIN).await;
    let mut patient = settings(&fake.base_url());
    patient.limits.pause = Duration::from_millis(40);
    patient.limits.tries = 8;
    let patient = Stripe::new(patient).unwrap();
    let hasty = Stripe::new(settings(&fake.base_url())).unwrap();
    let desk = Desk { fake: fake.clone(), stripe: hasty };
    fake.fail_next(SESSIONS, Fault::Slow(Duration::from_millis(500)));
    let order = desk.order("attempt-1");
    let slow =
        async { Stripe::new(settings(&fake.base_url())).unwrap().begin(order, desk.now()).await };
    let others = async {
        await_running(&fake).await;
        let hasty = desk.begin("attempt-1").await;
        assert_eq!(hasty, Err(ProcessorError::Unknown(Doubt::StillRunning)));
        patient.begin(order, desk.now()).await
    };
    let (slow, patient) = tokio::join!(slow, others);
    assert_eq!(slow.unwrap(), patient.unwrap());
    assert_eq!(fake.objects("checkout.session").len(), 1);
}

/// Waits until the slow request has begun.
async fn await_running(fake: &Fake) {
    let deadline = Duration::from_secs(10);
    let running = async {
        while fake.objects("checkout.session").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(deadline, running).await.expect("the slow request begins");
}

#[tokio::test]
async fn a_reference_that_was_used_for_something_else_is_in_doubt() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    let other = desk.refund("refund-1", &capture.payment, 200).await;
    assert_eq!(other, Err(ProcessorError::Unknown(Doubt::ReferenceReused)));
    let endpoint = desk.refund("attempt-1", &capture.payment, 100).await;
    assert_eq!(endpoint, Err(ProcessorError::Unknown(Doubt::ReferenceReused)));
    assert_eq!(desk.fake.objects("refund").len(), 1);
}

#[tokio::test]
async fn nobody_there_did_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let stripe = Stripe::new(settings(&address)).unwrap();
    let desk = Desk { fake: Fake::start(BEGIN).await, stripe };
    assert_eq!(desk.begin("attempt-1").await, not_done(NotDone::Unreachable));
    let looked = desk.stripe.attempt(key("attempt-1", None)).await;
    assert_eq!(looked, not_done(NotDone::Unreachable));
}

#[tokio::test]
async fn a_wrong_key_did_nothing() {
    let desk = Desk::open().await;
    let mut settings = settings(&desk.fake.base_url());
    settings.key = Secret::new("sk_test_SAMPLE_wrong");
    let desk = Desk { stripe: Stripe::new(settings).unwrap(), ..desk };
    assert_eq!(desk.begin("attempt-1").await, not_done(NotDone::Credentials));
}

/// Whatever goes wrong with a question, nothing happened by it.
#[tokio::test]
async fn a_question_changes_nothing_whatever_becomes_of_it() {
    for (fault, why) in [
        (Fault::ResetBefore, NotDone::NoAnswer),
        (Fault::SilenceBefore, NotDone::NoAnswer),
        (Fault::ServerErrorBefore, NotDone::NoAnswer),
        (Fault::Dependency, NotDone::NoAnswer),
        (Fault::CutOff, NotDone::Unreadable),
        (Fault::Garbage, NotDone::Unreadable),
    ] {
        let desk = Desk::impatient().await;
        let begun = desk.page("attempt-1").await;
        desk.fake.fail_next(SESSION, fault);
        let looked = desk.stripe.attempt(key("attempt-1", Some(&begun.session))).await;
        assert_eq!(looked, not_done(why), "{fault:?}");
    }
}

/// The state of a payment keeps it from being let go twice, so no key keeps a fault's answer.
#[tokio::test]
async fn a_release_in_doubt_is_repeated_without_harm() {
    for (fault, doubt) in [
        (Fault::ResetAfter, Doubt::NoAnswer),
        (Fault::SilenceAfter, Doubt::NoAnswer),
        (Fault::ResetBefore, Doubt::NoAnswer),
        (Fault::ServerErrorBefore, Doubt::ServerFault),
        (Fault::ServerErrorAfter, Doubt::ServerFault),
    ] {
        let desk = Desk::impatient().await;
        let begun = desk.held("attempt-1").await;
        let key = key("attempt-1", Some(&begun.session));
        desk.fake.fail_next("POST /v1/payment_intents/{id}/cancel", fault);
        let answer = desk.stripe.release(key).await;
        assert_eq!(answer, Err(ProcessorError::Unknown(doubt)), "{fault:?}");
        let released = desk.stripe.release(key).await.unwrap().standing;
        assert_eq!(released, AttemptStanding::Released, "{fault:?}");
    }
}

/// The payer pays, or the hold runs out, between our look and our request.
#[tokio::test]
async fn a_change_that_came_too_late_tells_how_it_stands() {
    let desk = Desk::open().await;
    let begun = desk.held("attempt-1").await;
    let cancel = "POST /v1/payment_intents/{id}/cancel";
    desk.fake.fail_next(cancel, Fault::RateLimited);
    let key = key("attempt-1", Some(&begun.session));
    let payment = desk.look("attempt-1", &begun.session).await.payment.unwrap();
    let mut settings = settings(&desk.fake.base_url());
    settings.limits.pause = Duration::from_millis(300);
    let slow = Stripe::new(settings).unwrap();
    let meanwhile = async {
        let deadline = Duration::from_secs(10);
        let seen = async {
            while asked(&desk, "POST", &format!("/v1/payment_intents/{payment}/cancel")) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(deadline, seen).await.expect("it is asked");
        desk.stripe.capture(key).await.unwrap()
    };
    let (released, captured) = tokio::join!(slow.release(key), meanwhile);
    assert_eq!(released.unwrap(), captured, "not released, and told as it is");
}
