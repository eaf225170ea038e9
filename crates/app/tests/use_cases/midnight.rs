//! A change that happens as midnight strikes counts on one day, in one month.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use almoner_app::attempt::{Outcome, begin, told};
use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::create_payment::create_payment;
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::refund_payment::refund_payment;
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::settle_refund::settle_refund;
use almoner_app::{Actor, App, Error};
use almoner_domain::ambient::Clock;
use almoner_domain::refund::{RefundState, ReversalReason};
use almoner_domain::{PaymentId, Status};
use almoner_store::on_both_engines;
use jiff::{SignedDuration, Timestamp};

use crate::common::{Clinic, at, cents, part_of, tender};

/// The first moment of April in New York.
const APRIL: &str = "2026-04-01T04:00:00Z";

/// A clock that goes on by a second each time it is looked at.
struct Ticking {
    start: Timestamp,
    looks: AtomicI64,
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        self.start + SignedDuration::from_secs(self.looks.fetch_add(1, Ordering::SeqCst))
    }
}

/// The clinic's program with a clock that strikes midnight at the `look`th look.
fn before_midnight(clinic: &Clinic, look: i64) -> App {
    let start = at(APRIL) - SignedDuration::from_secs(look);
    let mut app = clinic.app.clone();
    app.clock = Arc::new(Ticking { start, looks: AtomicI64::new(0) });
    app
}

async fn edit(app: &App, actor: &Actor, clinic: &Clinic, id: PaymentId) -> Result<(), Error> {
    let input = EditPayment {
        payment: id,
        version: 1,
        patient: clinic.ben,
        amount: cents(800),
        kind: None,
        treatment: None,
        location: Some(clinic.harbor),
        due: None,
        confirm_past_due_date: false,
        memo: None,
    };
    edit_payment(app, actor, &input).await.map(drop)
}

/// Every change that moves money or counts, at once, each on payments of its own.
async fn changes(clinic: &Clinic, app: &dyn Fn() -> App) {
    let actor = clinic.manager();
    create_payment(&app(), &actor, &clinic.asked(700)).await.unwrap();
    let paid = clinic.pending(700).await;
    let input = ChangeStatus {
        payment: paid,
        version: None,
        to: Status::Paid,
        tender: Some(tender("cash")),
        reason: None,
    };
    change_status(&app(), &actor, &input).await.unwrap();
    refund_payment(&app(), &actor, &part_of(paid, 100)).await.unwrap();
    let reversed = clinic.paid(700, "check").await;
    let reversal = ReverseTender {
        payment: reversed,
        version: None,
        reason: ReversalReason::ReturnedUnpaid,
        notes: None,
    };
    reverse_tender(&app(), &actor, &reversal).await.unwrap();
    let card = clinic.pending(700).await;
    let began = begin(&app(), &actor, card).await.unwrap();
    told(&app(), &actor, began.attempt.id(), &Outcome::Captured).await.unwrap();
    let refund = refund_payment(&app(), &actor, &part_of(card, 100)).await.unwrap();
    for state in [RefundState::Settled, RefundState::Failed] {
        settle_refund(&app(), &actor, refund, state).await.unwrap();
    }
    edit(&app(), &actor, clinic, clinic.pending(700).await).await.unwrap();
}

on_both_engines! {
    async fn each_change_has_one_moment(db) {
        let clinic = Clinic::new(db).await;
        clinic.clock.set(at(APRIL) - SignedDuration::from_mins(5));
        for look in 0..6 {
            changes(&clinic, &|| before_midnight(&clinic, look)).await;
            clinic.verified().await;
        }
        let sql = "SELECT count(DISTINCT business_day) AS n FROM ledger_transfer";
        assert_eq!(clinic.number(sql).await, 2);
    }
}
