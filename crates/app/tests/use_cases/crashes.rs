//! Whoever moves money may end at any of its awaits: a server that is killed, a browser that goes
//! away. What was begun is then either not there or goes on, and is never done twice.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use almoner_app::Error;
use almoner_app::begin_payment::Begun;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::sweep_events::sweep_events;
use almoner_app::void_payment::void_payment;
use almoner_domain::refund::{RefundState, ReversalReason};
use almoner_domain::{ExceptionId, PaymentId, Status};
use almoner_gateways::processor::{BeginPayment, CaptureMode};
use almoner_store::attempts::{self, AttemptState};
use almoner_store::on_both_engines;
use almoner_stripe_fake::Webhook;
use jiff::SignedDuration;

use crate::common::{at_desk, cents, part_of, rounds};
use crate::stripe::Desk;

/// What every payment here asks for, in cents.
const AMOUNT: i64 = 700;
/// No use case has so many.
const MOST_AWAITS: u64 = 500;
/// A test that cut less often goes on, and gives up where nothing can be cut.
const FEWEST_CUTS: u64 = 3;
const MOST_ROUNDS: u64 = 10_000;
/// What was cut has let go of its rows before so many further tries.
const TRIES: u64 = 10_000;

/// Lets go of some work when it has waited so often; what it came to, when it was done before.
pub(crate) async fn cut<T>(work: impl Future<Output = T>, waits: u64) -> Option<T> {
    let (mut work, mut left) = (pin!(work), waits);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Cuts `work` at its first await, then at its second, and so on, each time on what `prepare`
/// made anew and with `after` to follow, until nothing is left to cut. An await of what is there
/// already cannot be cut, so that it is not always the same ones: a long test begins anew often.
async fn at_every_await<T, U>(
    desk: &Desk,
    prepare: impl AsyncFn() -> T,
    work: impl AsyncFn(&T) -> U,
    after: impl AsyncFn(&T),
) {
    let (mut cuts, mut round) = (0, 0);
    while round < rounds(1, 8) || cuts < FEWEST_CUTS {
        let mut waits = 0;
        loop {
            let made = prepare().await;
            let done = cut(work(&made), waits).await;
            after(&made).await;
            desk.clinic.verified().await;
            if done.is_some() {
                break;
            }
            cuts += 1;
            waits += 1;
            assert!(waits < MOST_AWAITS, "it never ended in round {round}");
        }
        round += 1;
        assert!(round < MOST_ROUNDS, "it was cut {cuts} times in {round} rounds");
    }
}

impl Desk {
    /// Goes on with `work` until something holds: a database lets go of what was cut in the middle
    /// a moment later, and passes over it before.
    async fn until(&self, work: impl AsyncFn(), holds: impl AsyncFn() -> bool) {
        for _ in 0..TRIES {
            work().await;
            if holds().await {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never came to that");
    }

    /// What the program does by itself as time goes on.
    async fn go_on(&self) {
        self.pass(SignedDuration::from_mins(1));
        self.hear().await;
        self.ask().await;
        self.settle().await;
    }

    async fn until_status(&self, id: PaymentId, status: Status) {
        self.until(
            async || self.go_on().await,
            async || self.clinic.payment(id).await.status == status,
        )
        .await;
    }

    /// How many rows a query finds.
    async fn count(&self, what: &str, id: PaymentId) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {what} AND payment_seq = {}", id.seq());
        self.clinic.number(&sql).await
    }

    /// The payment is paid, by this many captured attempts and tenders in force.
    async fn is_paid(&self, id: PaymentId, (captured, tenders): (i64, i64)) {
        let payment = self.clinic.payment(id).await;
        assert_eq!((payment.status, payment.collected), (Status::Paid, cents(AMOUNT)));
        assert_eq!(self.count("payment_attempt WHERE state = 'captured'", id).await, captured);
        assert_eq!(self.count("tender WHERE amount_cents > 0", id).await, tenders);
    }

    /// The payer is on a page that only holds the money, and it is held.
    async fn held(&self) -> PaymentId {
        let (clinic, payer) = (&self.clinic, at_desk(PaymentId::new(1)));
        let id = clinic.pending(AMOUNT).await;
        clinic.begin(id).await.unwrap();
        let attempt = clinic.newest(id).await.unwrap();
        let order = BeginPayment {
            reference: &attempt.reference,
            amount: attempt.amount,
            currency: &clinic.organization.currency,
            clinic: &clinic.organization.name,
            return_url: payer.return_url,
            cancel_url: payer.cancel_url,
            began_at: attempt.started_at,
            expires_at: attempt.expires_at.unwrap(),
            capture: CaptureMode::Held,
        };
        let page = clinic.app.processor.begin(order, clinic.app.now()).await.unwrap().session;
        let mut tx = clinic.app.db.begin().await.unwrap();
        let ids = (Some(&*page), None);
        attempts::set_ids(&mut tx, clinic.organization.id, attempt.id(), ids).await.unwrap();
        tx.commit().await.unwrap();
        self.pay(&page);
        self.hear().await;
        assert_eq!(clinic.newest(id).await.unwrap().state, AttemptState::Authorized);
        id
    }
}

on_both_engines! {
    async fn a_payment_is_created_once(db) {
        let desk = Desk::open(db).await;
        let forms = std::sync::atomic::AtomicU64::new(0);
        let form = || forms.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
        let ask = async |key: &String| {
            let asked = CreatePayment { key: Some(key.clone()), ..desk.clinic.asked(AMOUNT) };
            create_payment(&desk.clinic.app, &desk.clinic.manager(), &asked).await
        };
        at_every_await(&desk, async || form(), ask, async |key| {
            let id = ask(key).await.unwrap();
            assert_eq!(ask(key).await.unwrap(), id);
        })
        .await;
        let made = desk.clinic.number("SELECT count(*) AS n FROM payment").await;
        assert_eq!(u64::try_from(made).unwrap(), forms.into_inner());
    }

    async fn a_payer_is_sent_to_one_page(db) {
        let desk = Desk::open(db).await;
        let begin = async |id: &PaymentId| desk.begin(*id).await;
        at_every_await(&desk, async || desk.clinic.pending(AMOUNT).await, begin, async |id| {
            let begun = desk.begin(*id).await.unwrap();
            assert!(matches!(begun, Begun::Page(_)), "{begun:?}");
            desk.pay(&desk.session(*id).await);
            desk.until_status(*id, Status::Paid).await;
            desk.is_paid(*id, (1, 1)).await;
        })
        .await;
        let taken = desk.fake.objects("payment_intent").len();
        let payments = desk.clinic.number("SELECT count(*) AS n FROM payment").await;
        assert_eq!(i64::try_from(taken).unwrap(), payments);
    }

    async fn a_payer_who_never_comes_back_leaves_nothing_open(db) {
        let desk = Desk::open(db).await;
        let begin = async |id: &PaymentId| desk.begin(*id).await;
        at_every_await(&desk, async || desk.clinic.pending(AMOUNT).await, begin, async |id| {
            let is_over = async || {
                let open = desk.count("payment_attempt WHERE state = 'open'", *id).await;
                (open, desk.clinic.payment(*id).await.status) == (0, Status::Pending)
            };
            desk.until(async || desk.go_on().await, is_over).await;
        })
        .await;
    }

    async fn what_a_webhook_tells_is_kept_when_it_comes_again(db) {
        let desk = Desk::open(db).await;
        let paid = async || {
            let (id, page) = desk.on_page(AMOUNT).await;
            desk.pay(&page);
            (id, desk.fake.take_webhooks())
        };
        let deliver = async |(_, webhooks): &(PaymentId, Vec<Webhook>)| {
            for webhook in webhooks {
                desk.deliver(webhook).await;
            }
        };
        at_every_await(&desk, paid, deliver, async |paid| {
            deliver(paid).await;
            desk.until_status(paid.0, Status::Paid).await;
            desk.is_paid(paid.0, (1, 1)).await;
        })
        .await;
    }

    async fn what_was_kept_is_applied_once(db) {
        let desk = Desk::open(db).await;
        let told = async || {
            let (id, page) = desk.on_page(AMOUNT).await;
            desk.pay(&page);
            for webhook in desk.fake.take_webhooks() {
                desk.deliver(&webhook).await;
            }
            id
        };
        at_every_await(&desk, told, async |_| desk.apply().await, async |id| {
            desk.until_status(*id, Status::Paid).await;
            desk.is_paid(*id, (1, 1)).await;
        })
        .await;
    }

    async fn what_no_webhook_told_is_asked_for(db) {
        let desk = Desk::open(db).await;
        let paid = async || {
            let (id, page) = desk.on_page(AMOUNT).await;
            desk.pay(&page);
            desk.fake.take_webhooks();
            desk.pass(SignedDuration::from_mins(6));
            id
        };
        at_every_await(&desk, paid, async |_| desk.ask().await, async |id| {
            desk.until_status(*id, Status::Paid).await;
            desk.is_paid(*id, (1, 1)).await;
        })
        .await;
        let sweep = async |_: &PaymentId| sweep_events(&desk.clinic.app).await;
        at_every_await(&desk, paid, sweep, async |id| {
            sweep_events(&desk.clinic.app).await.unwrap();
            desk.until_status(*id, Status::Paid).await;
            desk.is_paid(*id, (1, 1)).await;
            // The next looks back for two days.
            desk.pass(SignedDuration::from_hours(100));
        })
        .await;
    }

    async fn money_is_taken_by_hand_once(db) {
        let desk = Desk::open(db).await;
        let take = async |id: &PaymentId| desk.clinic.pay(*id, "cash").await;
        at_every_await(&desk, async || desk.clinic.pending(AMOUNT).await, take, async |id| {
            match desk.clinic.pay(*id, "cash").await {
                Ok(_) | Err(Error::Status { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            desk.is_paid(*id, (0, 1)).await;
        })
        .await;
    }

    async fn a_tender_is_reversed_once(db) {
        let desk = Desk::open(db).await;
        let reverse = async |id: &PaymentId| {
            let reason = ReversalReason::EnteredInError;
            let input = ReverseTender { payment: *id, version: None, reason, notes: None };
            reverse_tender(&desk.clinic.app, &desk.clinic.manager(), &input).await
        };
        let paid = async || desk.clinic.paid(AMOUNT, "check").await;
        at_every_await(&desk, paid, reverse, async |id| {
            match reverse(id).await {
                Ok(_) | Err(Error::Reversal(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
            let payment = desk.clinic.payment(*id).await;
            assert_eq!((payment.status, payment.collected), (Status::Pending, cents(0)));
            assert_eq!(desk.count("tender_reversal WHERE amount_cents > 0", *id).await, 1);
        })
        .await;
    }

    async fn an_amount_is_changed_once(db) {
        let desk = Desk::open(db).await;
        let edit = async |id: &PaymentId| {
            let payment = desk.clinic.payment(*id).await;
            let input = EditPayment {
                payment: *id,
                version: payment.version,
                patient: payment.patient,
                amount: cents(AMOUNT + 100),
                kind: payment.kind,
                treatment: payment.treatment,
                location: Some(desk.clinic.harbor),
                due: payment.due,
                confirm_past_due_date: false,
                memo: payment.memo,
            };
            edit_payment(&desk.clinic.app, &desk.clinic.manager(), &input).await
        };
        at_every_await(&desk, async || desk.clinic.pending(AMOUNT).await, edit, async |id| {
            match edit(id).await {
                // What was cut may have been about to be written.
                Ok(_) | Err(Error::Stale { current: 2 }) => {}
                Err(other) => panic!("{other:?}"),
            }
            assert_eq!(desk.clinic.payment(*id).await.amount, cents(AMOUNT + 100));
        })
        .await;
    }

    async fn a_cancelled_payment_s_page_is_closed(db) {
        let desk = Desk::open(db).await;
        let cancel = async |(id, _): &(PaymentId, String)| {
            desk.clinic.change(*id, Status::Cancelled).await
        };
        at_every_await(&desk, async || desk.on_page(AMOUNT).await, cancel, async |cancelled| {
            match cancel(cancelled).await {
                Ok(_) | Err(Error::Status { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            let is_closed = async || desk.fake.object(&cancelled.1)["status"] == "expired";
            desk.until(async || desk.go_on().await, is_closed).await;
            assert_eq!(desk.clinic.payment(cancelled.0).await.status, Status::Cancelled);
        })
        .await;
    }

    async fn held_money_is_let_go(db) {
        let desk = Desk::open(db).await;
        let void = async |id: &PaymentId| {
            void_payment(&desk.clinic.app, &desk.clinic.manager(), *id).await
        };
        at_every_await(&desk, async || desk.held().await, void, async |id| {
            match void(id).await {
                Ok(_) | Err(Error::Status { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            desk.until_status(*id, Status::Voided).await;
        })
        .await;
        let intents = desk.fake.objects("payment_intent");
        assert!(intents.iter().all(|intent| intent["status"] == "canceled"), "{intents:?}");
    }

    async fn a_refund_is_made_once(db) {
        let desk = Desk::open(db).await;
        let refund = async |id: &PaymentId| {
            let input = RefundPayment { key: Some(id.to_string()), ..part_of(*id, 300) };
            refund_payment(&desk.clinic.app, &desk.clinic.manager(), &input).await
        };
        let is_made = async |id: PaymentId| {
            let is_settled = async || {
                let refunds = desk.clinic.view(id).await.refunds;
                assert_eq!(refunds.len(), 1);
                refunds[0].state == RefundState::Settled
            };
            desk.until(async || desk.go_on().await, is_settled).await;
            let payment = desk.clinic.payment(id).await;
            assert_eq!(payment.status, Status::PartiallyRefunded);
            assert_eq!(payment.refunded, cents(300));
        };
        at_every_await(&desk, async || desk.paid(AMOUNT).await, refund, async |id| {
            refund(id).await.unwrap();
            is_made(*id).await;
        })
        .await;
        let asked = async || {
            let id = desk.paid(AMOUNT).await;
            refund(&id).await.unwrap();
            id
        };
        let settle = async |_: &PaymentId| desk.settle().await;
        at_every_await(&desk, asked, settle, async |id| is_made(*id).await).await;
        let made = desk.fake.objects("refund").len();
        let payments = desk.clinic.number("SELECT count(*) AS n FROM payment").await;
        assert_eq!(i64::try_from(made).unwrap(), payments);
    }

    async fn a_second_payment_goes_back_once(db) {
        let desk = Desk::open(db).await;
        let is_given_back = async |id: PaymentId| {
            let settled = "unapplied_refund WHERE state = 'settled'";
            let is_settled = async || desk.count(settled, id).await == 1;
            let work = async || {
                desk.go_on().await;
                desk.settle_unapplied().await;
            };
            desk.until(work, is_settled).await;
            assert_eq!(desk.count("unapplied_refund WHERE seq > 0", id).await, 1);
            desk.is_paid(id, (2, 1)).await;
        };
        let twice = async || desk.paid_twice(AMOUNT).await;
        let give = async |(_, raised): &(PaymentId, ExceptionId)| desk.give_back(*raised).await;
        at_every_await(&desk, twice, give, async |paid| {
            give(paid).await.unwrap();
            is_given_back(paid.0).await;
        })
        .await;
        let given = async || {
            let paid = twice().await;
            give(&paid).await.unwrap();
            paid.0
        };
        let settle = async |_: &PaymentId| desk.settle_unapplied().await;
        at_every_await(&desk, given, settle, async |id| is_given_back(*id).await).await;
        let made = desk.fake.objects("refund").len();
        let payments = desk.clinic.number("SELECT count(*) AS n FROM payment").await;
        assert_eq!(i64::try_from(made).unwrap(), payments);
        assert_eq!(desk.balance("unapplied").await, 0);
    }

    async fn what_is_paid_out_is_booked_once(db) {
        let desk = Desk::open(db).await;
        let paid_out = async || {
            desk.paid(AMOUNT).await;
            desk.pass(SignedDuration::from_hours(48));
            desk.fake.pay_out().expect("something is available")
        };
        let import = async |_: &String| desk.import().await;
        at_every_await(&desk, paid_out, import, async |payout| {
            let sql = format!(
                "SELECT count(*) AS n FROM payout
                WHERE state <> 'waiting' AND payout_id = '{payout}'"
            );
            let work = async || {
                desk.pass(SignedDuration::from_mins(10));
                desk.import().await;
            };
            desk.until(work, async || desk.clinic.number(&sql).await == 1).await;
            // The next look back is not so far.
            desk.pass(SignedDuration::from_hours(24 * 60));
        })
        .await;
        let paid = desk.fake.objects("payout");
        let paid = paid.iter().map(|payout| payout["amount"].as_i64().unwrap());
        assert_eq!(desk.balance("bank").await, paid.sum::<i64>());
        assert_eq!(desk.balance("processor_clearing").await, 0);
    }
}
