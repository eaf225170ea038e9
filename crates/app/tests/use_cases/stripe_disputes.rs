//! Disputed money in the ledger: taken, given back or lost, however and whenever it is told.

use almoner_app::Error;
use almoner_domain::refund::RefundRefusal;
use almoner_domain::{Money, PaymentId, Status};
use almoner_store::db::StoreError;
use almoner_store::on_both_engines;
use almoner_stripe_fake::DisputePlan;
use jiff::SignedDuration;
use serde_json::json;

use crate::common::cents;
use crate::stripe::Desk;

impl Desk {
    /// The accounts that a dispute moves money between: disputes, clearing, charges.
    async fn books(&self) -> [i64; 3] {
        [
            self.balance("disputes").await,
            self.balance("processor_clearing").await,
            self.balance("patient_charges").await,
        ]
    }

    async fn lost(&self, id: PaymentId) -> (Status, Money, Money) {
        let payment = self.clinic.payment(id).await;
        (payment.status, payment.lost, payment.remaining())
    }
}

on_both_engines! {
    async fn a_dispute_takes_the_money_and_gives_it_back_when_it_is_won(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        assert_eq!(desk.books().await, [0, 1_000, -1_000]);
        let dispute = desk.fake.dispute(&desk.newest("charge"), "fraudulent");
        desk.hear().await;
        assert_eq!(desk.books().await, [1_000, 0, -1_000]);
        desk.clinic.verified().await;
        desk.fake.close_dispute(&dispute, true);
        desk.hear().await;
        assert_eq!(desk.books().await, [0, 1_000, -1_000]);
        assert_eq!(desk.lost(id).await, (Status::Paid, cents(0), cents(1_000)));
        desk.clinic.refund(id, 1_000).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        desk.clinic.verified().await;
    }

    async fn what_is_lost_stays_paid_and_is_never_refunded(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        desk.clinic.refund(id, 300).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        let plan = DisputePlan::Part(600);
        let dispute = desk.fake.dispute_as(&desk.newest("charge"), "fraudulent", plan);
        desk.fake.close_dispute(&dispute, false);
        desk.hear().await;
        assert_eq!(desk.books().await, [0, 100, -100]);
        let after = (Status::PartiallyRefunded, cents(600), cents(100));
        assert_eq!(desk.lost(id).await, after);
        let refused = desk.clinic.refund(id, 101).await;
        let remaining = cents(100);
        let expected = RefundRefusal::ExceedsRemaining { remaining };
        assert!(matches!(refused, Err(Error::Refund(refusal)) if refusal == expected));
        // Whoever goes around the program is refused by the database.
        let mut tx = desk.clinic.app.db.begin().await.unwrap();
        let sql = "INSERT INTO refund (organization_id, seq, payment_seq, amount_cents, reason,
                state, tender_kind, location_seq, made_at_us, business_day)
            SELECT organization_id, 90, payment_seq, 101, reason, 'pending', tender_kind,
                location_seq, made_at_us, business_day FROM refund";
        let told = tx.execute(sql, Vec::new()).await;
        assert!(matches!(&told, Err(StoreError::Refused(_))), "{told:?}");
        drop(tx);
        desk.clinic.refund(id, 100).await.unwrap();
        assert_eq!(desk.lost(id).await.2, cents(0));
        assert!(matches!(desk.clinic.refund(id, 1).await, Err(Error::Refund(_))));
        // Stripe refunds nothing of what was charged back: it goes back in another way.
        assert_eq!(desk.settle().await, 1);
        assert_eq!(desk.books().await, [0, 100, -100]);
        assert_eq!(desk.lost(id).await, after);
        desk.clinic.verified().await;
    }

    async fn a_bank_may_give_back_what_was_refunded_before(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        desk.clinic.refund(id, 800).await.unwrap();
        assert_eq!(desk.settle().await, 1);
        let dispute = desk.fake.dispute(&desk.newest("charge"), "fraudulent");
        desk.fake.close_dispute(&dispute, false);
        desk.hear().await;
        assert_eq!(desk.books().await, [0, -800, 800]);
        assert_eq!(desk.lost(id).await, (Status::PartiallyRefunded, cents(1_000), cents(0)));
        desk.clinic.verified().await;
    }

    async fn what_is_told_late_twice_and_out_of_order_leads_to_the_same_books(db) {
        let desk = Desk::open(db).await;
        let (id, page) = desk.on_page(1_000).await;
        desk.pay(&page);
        let paid = desk.fake.take_webhooks();
        let charge = desk.newest("charge");
        let dispute = desk.fake.dispute(&charge, "fraudulent");
        desk.hear().await;
        assert_eq!(desk.books().await, [0, 0, -1_000], "the capture was not told yet");
        desk.clinic.verified().await;
        for webhook in &paid {
            desk.deliver(&desk.fake.webhook_again(&webhook.event)).await;
        }
        desk.apply().await;
        assert_eq!(desk.books().await, [1_000, 0, -1_000]);
        desk.clinic.verified().await;
        // Lost, looked at again, won, looked at again, lost: told in another order each time.
        for won in [false, true, false] {
            desk.pass(SignedDuration::from_hours(1));
            desk.fake.close_dispute(&dispute, won);
            let mut closed = desk.fake.take_webhooks();
            closed.reverse();
            for webhook in closed.iter().chain(&closed) {
                desk.deliver(&desk.fake.webhook_again(&webhook.event)).await;
                desk.apply().await;
            }
            let expected = if won { [0, 1_000, -1_000] } else { [0, 0, 0] };
            assert_eq!(desk.books().await, expected);
            desk.clinic.verified().await;
            desk.fake.reopen_dispute(&dispute);
            desk.hear().await;
            assert_eq!(desk.books().await, [1_000, 0, -1_000]);
            assert_eq!(desk.lost(id).await, (Status::Paid, cents(0), cents(1_000)));
            desk.clinic.verified().await;
        }
    }

    async fn an_inquiry_and_a_word_of_the_future_move_no_money(db) {
        let desk = Desk::open(db).await;
        let id = desk.paid(1_000).await;
        let charge = desk.newest("charge");
        let inquiry = desk.fake.dispute_as(&charge, "general", DisputePlan::Inquiry);
        desk.hear().await;
        assert_eq!(desk.books().await, [0, 1_000, -1_000]);
        desk.fake.pretend(&inquiry, "status", json!("of_the_future"));
        desk.fake.close_dispute(&inquiry, false);
        desk.fake.pretend(&inquiry, "status", json!("of_the_future"));
        desk.hear().await;
        assert_eq!(desk.books().await, [0, 1_000, -1_000]);
        assert!(matches!(
            desk.clinic.refund(id, 1).await,
            Err(Error::Refund(RefundRefusal::Disputed))
        ));
        desk.clinic.verified().await;
    }
}
