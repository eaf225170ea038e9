//! What Stripe pays out is in the books once, each line with what explains it, and its fees.

use almoner_app::add_organization::add_organization;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::import_payouts::{import_payouts, list_payouts};
use almoner_app::read_payouts::{self, PayoutView, payout};
use almoner_domain::{Money, PayoutId, Status};
use almoner_gateways::processor::{AttemptKey, RefundOrder};
use almoner_store::on_both_engines;
use almoner_store::payouts::{self, OurKind, PayoutState, ToldPayout};
use almoner_store::queues::{self, Owner, Queue};
use almoner_stripe_fake::Fault;
use jiff::SignedDuration;
use serde_json::json;

use crate::common::{Clinic, cents};
use crate::stripe::Desk;

/// What Stripe keeps of $10.00.
const FEE: i64 = 59;
/// What a dispute costs.
const DISPUTE_FEE: i64 = 1_500;
const MOVEMENTS: &str = "GET /v1/balance_transactions";

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

impl Desk {
    /// The program asks which payouts there are, and what they are made of.
    pub(crate) async fn import(&self) -> usize {
        list_payouts(&self.clinic.app).await.unwrap();
        import_payouts(&self.clinic.app).await.unwrap()
    }

    /// What is available is paid out after two days, and taken in.
    async fn paid_out(&self) -> PayoutView {
        self.pass(days(2));
        self.fake.pay_out().expect("something is available");
        assert_eq!(self.import().await, 1);
        self.newest_payout().await
    }

    async fn newest_payout(&self) -> PayoutView {
        let id = self.clinic.number("SELECT max(seq) AS n FROM payout").await;
        self.payout(PayoutId::new(id)).await
    }

    async fn payout(&self, id: PayoutId) -> PayoutView {
        payout(&self.clinic.app, &self.clinic.manager(), id).await.unwrap()
    }

    /// What the ledger has at the processor, as fees, unexplained, and at the bank.
    async fn sums(&self) -> [i64; 4] {
        [
            self.balance("processor_clearing").await,
            self.balance("processor_fees").await,
            self.balance("processor_unmatched").await,
            self.balance("bank").await,
        ]
    }
}

/// A payout that the processor told of.
pub(crate) async fn a_payout(clinic: &Clinic) -> PayoutId {
    let now = clinic.app.now();
    let told = ToldPayout {
        processor: clinic.app.processor.name(),
        id: "po_sample",
        amount: cents(700),
        currency: "USD",
        standing: "in_transit",
        created_at: now,
        arrives_at: now,
        fetched_at: now,
    };
    let mut tx = clinic.app.db.begin().await.unwrap();
    let id = payouts::keep(&mut tx, clinic.organization.id, &told).await.unwrap();
    tx.commit().await.unwrap();
    id
}

on_both_engines! {
    async fn a_payout_is_explained_line_by_line_and_booked_once(db) {
        let desk = Desk::open(db).await;
        let refunded = desk.paid(1_000).await;
        desk.clinic.refund(refunded, 400).await.unwrap();
        desk.settle().await;
        desk.paid(1_000).await;
        let dispute = desk.fake.dispute(&desk.newest("charge"), "general");
        desk.hear().await;
        let (_, raised) = desk.paid_twice(1_000).await;
        desk.give_back(raised).await.unwrap();
        desk.settle_unapplied().await;
        let view = desk.paid_out().await;
        let fees = 4 * FEE + DISPUTE_FEE;
        let net = 4_000 - 400 - 1_000 - 1_000 - fees;
        assert_eq!((view.payout.amount, view.payout.state), (cents(net), PayoutState::Itemised));
        let totals = view.totals.unwrap();
        assert_eq!((totals.count, totals.unexplained), (7, 0));
        assert_eq!((totals.fees, view.difference), (cents(fees), Some(Money::ZERO)));
        assert_eq!(desk.sums().await, [0, fees, 0, net]);
        assert_eq!(desk.balance("disputes").await, 1_000);
        let kinds = view.movements.iter().map(|movement| movement.ours.unwrap().kind);
        let kinds: Vec<_> = kinds.collect();
        for kind in [OurKind::Attempt, OurKind::Refund, OurKind::UnappliedRefund, OurKind::Dispute]
        {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
        desk.clinic.verified().await;
        // Asked again, and told by events: the same payout.
        desk.fake.settle_payout(&view.payout.processor_id, true);
        desk.hear().await;
        assert_eq!(desk.import().await, 0);
        let again = desk.payout(view.payout.id).await;
        assert_eq!((&*again.payout.standing, again.payout.version), ("paid", 1));
        assert_eq!(desk.sums().await, [0, fees, 0, net]);
        // What happens later is in a later payout, which may be one that takes money back.
        desk.fake.close_dispute(&dispute, true);
        desk.hear().await;
        desk.clinic.refund(refunded, 600).await.unwrap();
        desk.settle().await;
        let plus = desk.paid_out().await;
        assert_eq!(plus.payout.amount, cents(400));
        desk.clinic.refund(desk.clinic.view(refunded).await.payment.id, 1).await.unwrap_err();
        assert_eq!(desk.sums().await, [0, fees, 0, net + 400]);
        desk.clinic.verified().await;
    }

    async fn a_payout_may_take_money_back(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        desk.paid_out().await;
        desk.clinic.refund(id, 1_000).await.unwrap();
        desk.settle().await;
        let view = desk.paid_out().await;
        assert_eq!(view.payout.amount, cents(-1_000));
        assert_eq!(view.difference, Some(Money::ZERO));
        assert_eq!(desk.sums().await, [0, FEE, 0, -FEE]);
        assert_eq!(desk.clinic.payment(id).await.status, Status::Refunded);
        desk.clinic.verified().await;
    }

    async fn what_the_books_do_not_know_is_told_and_may_be_known_later(db) {
        let desk = Desk::open(db).await;
        let (_, page) = desk.on_page(1_000).await;
        desk.pay(&page);
        let late = desk.fake.take_webhooks();
        let id = desk.paid(1_000).await;
        let newest = desk.clinic.newest(id).await.unwrap();
        let order = RefundOrder {
            reference: "dashboard",
            attempt: AttemptKey {
                reference: &newest.reference,
                session: newest.session.as_deref(),
                began_at: newest.started_at,
            },
            payment: newest.processor_payment.as_deref(),
            amount: cents(300),
            cause: None,
            asked_at: desk.clinic.app.now(),
        };
        desk.clinic.app.processor.refund(order, desk.clinic.app.now()).await.unwrap();
        let view = desk.paid_out().await;
        assert_eq!(view.totals.unwrap().unexplained, 2);
        assert_eq!(view.difference, Some(cents(700)));
        let net = 1_700 - 2 * FEE;
        assert_eq!(desk.sums().await, [0, 2 * FEE, -700, net]);
        desk.clinic.verified().await;
        for webhook in &late {
            desk.deliver(&desk.fake.webhook_again(&webhook.event)).await;
        }
        desk.apply().await;
        assert_eq!(desk.sums().await, [1_000, 2 * FEE, -700, net]);
        desk.import().await;
        assert_eq!(desk.sums().await, [0, 2 * FEE, 300, net]);
        let view = desk.payout(view.payout.id).await;
        assert_eq!((view.totals.unwrap().unexplained, view.payout.version), (1, 2));
        assert_eq!(view.difference, Some(cents(-300)));
        desk.clinic.verified().await;
    }

    async fn another_amount_is_told_to_the_cent(db) {
        let desk = Desk::open(db).await;
        desk.paid(1_000).await;
        let booked = desk.newest("balance_transaction");
        desk.fake.pretend(&booked, "amount", json!(999));
        desk.fake.pretend(&booked, "net", json!(999 - FEE));
        let view = desk.paid_out().await;
        assert_eq!(view.difference, Some(cents(-1)));
        assert_eq!(view.movements[0].unexplained(), cents(-1));
        assert_eq!(desk.sums().await, [0, FEE, 1, 999 - FEE]);
        desk.clinic.verified().await;
    }

    async fn a_payout_that_comes_back_is_paid_out_again(db) {
        let desk = Desk::open(db).await;
        desk.paid(1_000).await;
        let first = desk.paid_out().await;
        let net = 1_000 - FEE;
        desk.fake.settle_payout(&first.payout.processor_id, false);
        desk.hear().await;
        assert_eq!(desk.sums().await, [net, FEE, 0, 0]);
        desk.clinic.verified().await;
        let second = desk.paid_out().await;
        assert_eq!((second.payout.amount, second.difference), (cents(net), Some(Money::ZERO)));
        assert_eq!(desk.sums().await, [0, FEE, 0, net]);
        desk.clinic.verified().await;
    }

    async fn while_movements_are_not_here_nothing_is_known(db) {
        let desk = Desk::open(db).await;
        desk.paid(1_000).await;
        desk.pass(days(2));
        let id = desk.fake.pay_out().unwrap();
        desk.fake.pretend(&id, "reconciliation_status", json!("in_progress"));
        assert_eq!(desk.import().await, 0);
        let view = desk.newest_payout().await;
        assert_eq!((view.payout.state, view.totals, view.difference),
            (PayoutState::Waiting, None, None));
        assert_eq!(desk.sums().await, [1_000, 0, 0, 0]);
        desk.clinic.verified().await;
        // Nor later, nor when somebody has it taken up at once.
        desk.pass(SignedDuration::from_hours(2));
        let org = desk.clinic.organization.id;
        let mut tx = desk.clinic.app.db.begin().await.unwrap();
        let owner = Owner { org, processor: "stripe" };
        let now = desk.clinic.app.now();
        queues::hurry(&mut tx, owner, (Queue::Payouts, None), now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(import_payouts(&desk.clinic.app).await.unwrap(), 0);
        assert_eq!(desk.newest_payout().await.payout.state, PayoutState::Waiting);
        assert_eq!(desk.sums().await, [1_000, 0, 0, 0]);
        desk.fake.pretend(&id, "reconciliation_status", json!("completed"));
        desk.fake.fail_next(MOVEMENTS, Fault::ServerErrorBefore);
        desk.pass(days(1));
        assert_eq!(desk.import().await, 0);
        desk.pass(days(1));
        assert_eq!(desk.import().await, 1);
        assert_eq!(desk.sums().await, [0, FEE, 0, 1_000 - FEE]);
        desk.clinic.verified().await;
    }

    async fn what_came_back_goes_where_it_is_explained_later(db) {
        let desk = Desk::open(db).await;
        let location = Some(desk.clinic.harbor);
        let asked = CreatePayment { location, ..desk.clinic.asked(1_000) };
        let manager = desk.clinic.manager();
        let id = create_payment(&desk.clinic.app, &manager, &asked).await.unwrap();
        desk.begin(id).await.unwrap();
        desk.pay(&desk.session(id).await);
        let late = desk.fake.take_webhooks();
        let first = desk.paid_out().await;
        assert_eq!(first.totals.unwrap().unexplained, 1);
        desk.fake.settle_payout(&first.payout.processor_id, false);
        desk.hear().await;
        let second = desk.paid_out().await;
        assert_eq!(second.totals.unwrap().unexplained, 0);
        desk.clinic.verified().await;
        for webhook in late {
            desk.deliver(&desk.fake.webhook_again(&webhook.event)).await;
        }
        desk.apply().await;
        assert_eq!(desk.clinic.payment(id).await.status, Status::Paid);
        desk.import().await;
        assert_eq!(desk.payout(first.payout.id).await.totals.unwrap().unexplained, 0);
        let at_harbor = "SELECT CAST(sum(CASE WHEN debit_account = 'bank' THEN amount_cents
                ELSE -amount_cents END) AS BIGINT) AS n FROM ledger_transfer
            WHERE 'bank' IN (debit_account, credit_account) AND location_seq = 2";
        assert_eq!(desk.clinic.number(at_harbor).await, 1_000 - FEE);
        assert_eq!(desk.sums().await, [0, FEE, 0, 1_000 - FEE]);
        desk.clinic.verified().await;
    }

    async fn two_servers_that_hear_of_a_payout_keep_it_once(db) {
        let desk = Desk::open(db).await;
        for round in 1..=10 {
            desk.paid(1_000).await;
            desk.pass(days(2));
            desk.fake.pay_out().expect("something is available");
            let app = &desk.clinic.app;
            let (one, other) = tokio::join!(list_payouts(app), list_payouts(app));
            assert_eq!((one.unwrap(), other.unwrap()), (round, round));
            let kept = desk.clinic.number("SELECT count(*) AS n FROM payout").await;
            assert_eq!(usize::try_from(kept).unwrap(), round);
            import_payouts(app).await.unwrap();
        }
        desk.clinic.verified().await;
    }

    async fn many_movements_come_page_by_page(db) {
        let desk = Desk::open(db).await;
        for _ in 0..51 {
            let id = desk.paid(1_000).await;
            desk.clinic.refund(id, 1).await.unwrap();
        }
        desk.settle().await;
        let view = desk.paid_out().await;
        let totals = view.totals.unwrap();
        assert_eq!((totals.count, totals.unexplained, totals.net), (102, 0, view.payout.amount));
        desk.clinic.verified().await;
    }

    async fn a_payout_that_nobody_can_itemise_is_booked_whole(db) {
        let desk = Desk::open(db).await;
        desk.paid(1_000).await;
        desk.pass(days(2));
        let id = desk.fake.pay_out().unwrap();
        desk.fake.pretend(&id, "automatic", json!(false));
        assert_eq!(desk.import().await, 0);
        let view = desk.newest_payout().await;
        assert_eq!((view.payout.state, view.difference), (PayoutState::Whole, None));
        // The fee is part of what is left at the processor, as nobody says what it is.
        assert_eq!(desk.sums().await, [FEE, 0, 0, 1_000 - FEE]);
        desk.clinic.verified().await;
    }

    async fn what_no_payout_has_after_a_while_is_listed(db) {
        let desk = Desk::open(db).await;
        desk.paid(1_000).await;
        desk.paid_out().await;
        let kept_back = desk.paid(1_000).await;
        let manager = desk.clinic.manager();
        let seen = read_payouts::payouts(&desk.clinic.app, &manager).await.unwrap();
        assert_eq!((seen.payouts.len(), seen.not_paid_out.len()), (1, 0));
        desk.pass(days(11));
        let seen = read_payouts::payouts(&desk.clinic.app, &manager).await.unwrap();
        let listed: Vec<_> = seen.not_paid_out.iter().map(|one| one.payment).collect();
        assert_eq!(listed, [kept_back]);
        desk.fake.pay_out().unwrap();
        desk.import().await;
        let seen = read_payouts::payouts(&desk.clinic.app, &manager).await.unwrap();
        assert_eq!((seen.payouts.len(), seen.not_paid_out.len()), (2, 0));
    }

    async fn of_an_account_that_is_shared_nothing_is_taken_in(db) {
        let desk = Desk::open(db).await;
        desk.paid(1_000).await;
        add_organization(&desk.clinic.app, "Elsewhere", "America/Chicago").await.unwrap();
        desk.pass(days(2));
        desk.fake.pay_out().unwrap();
        assert_eq!(desk.import().await, 0);
        assert_eq!(desk.clinic.number("SELECT count(*) AS n FROM payout").await, 0);
    }

    async fn two_servers_take_a_payout_in_once(db) {
        let desk = Desk::open(db).await;
        for _ in 0..3 {
            desk.paid(1_000).await;
        }
        desk.pass(days(2));
        desk.fake.pay_out().unwrap();
        list_payouts(&desk.clinic.app).await.unwrap();
        let app = &desk.clinic.app;
        let (one, other) = tokio::join!(import_payouts(app), import_payouts(app));
        assert_eq!(one.unwrap() + other.unwrap(), 1);
        assert_eq!(desk.sums().await, [0, 3 * FEE, 0, 3_000 - 3 * FEE]);
        desk.clinic.verified().await;
    }
}
