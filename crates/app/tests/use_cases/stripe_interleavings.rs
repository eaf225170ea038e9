//! Whatever is lost, doubled, late or refused between us and Stripe: once all is told, the money at
//! Stripe is the money in the books, what was paid twice is given back, what banks took is lost,
//! what was paid out is at the bank, and nothing is refunded beyond it. Whatever we do may be cut
//! off at any of its awaits.

use std::collections::BTreeMap;

use almoner_app::Error;
use almoner_app::attempt::Outcome;
use almoner_app::sweep_events::sweep_events;
use almoner_domain::{PaymentId, Status};
use almoner_store::exceptions::ExceptionKind;
use almoner_store::on_both_engines;
use almoner_stripe_fake::{Fault, Paid, RefundPlan, Webhook, card, sign};
use jiff::SignedDuration;
use serde_json::Value;

use crate::common::{Dice, rounds};
use crate::crashes::cut;
use crate::stripe::Desk;

const FAULTS: [Fault; 9] = [
    Fault::RateLimited,
    Fault::Conflict,
    Fault::Dependency,
    Fault::ServerErrorBefore,
    Fault::ServerErrorAfter,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::CutOff,
    Fault::Garbage,
];
const CHANGES: [&str; 3] =
    ["POST /v1/checkout/sessions", "POST /v1/refunds", "POST /v1/checkout/sessions/{id}/expire"];
const QUESTIONS: [&str; 6] = [
    "GET /v1/checkout/sessions/{id}",
    "GET /v1/checkout/sessions",
    "GET /v1/refunds",
    "GET /v1/refunds/{id}",
    "GET /v1/payouts",
    "GET /v1/balance_transactions",
];
const CARDS: [&str; 7] = [
    card::PAYS,
    card::PAYS,
    card::DECLINED,
    card::AUTHENTICATE,
    card::REFUND_PENDING,
    card::SLOW,
    card::INSUFFICIENT_FUNDS,
];

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What has happened so far.
struct Play<'a> {
    desk: &'a Desk,
    dice: Dice,
    payments: Vec<PaymentId>,
    /// Webhooks that were sent, of which each may arrive often or never.
    sent: Vec<Webhook>,
    refused: usize,
    /// How often what we did was cut off.
    cut: usize,
    /// When the program last asked what happened, which it does daily.
    swept_at: i64,
}

fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}

impl Play<'_> {
    fn one(&self) -> Option<PaymentId> {
        (!self.payments.is_empty()).then(|| *self.dice.pick(&self.payments))
    }

    /// The ids of objects of that kind in that state.
    fn objects(&self, kind: &str, status: &str) -> Vec<String> {
        let objects = self.desk.fake.objects(kind);
        let found = objects.iter().filter(|object| object["status"] == status);
        found.map(|object| text(object, "id")).collect()
    }

    fn some(&self, kind: &str, status: &str) -> Option<String> {
        let found = self.objects(kind, status);
        (!found.is_empty()).then(|| self.dice.pick(&found).clone())
    }

    /// Refusals, and answers that are lost, are part of the game; faults of ours are not.
    fn took<T>(&mut self, result: Result<T, Error>) {
        match result {
            Ok(_) => {}
            Err(
                Error::Status { .. }
                | Error::Refund(_)
                | Error::Processor(_)
                | Error::Invalid(_)
                | Error::Locked(_)
                | Error::Reversal(_),
            ) => self.refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn maybe_fail(&self, endpoints: &[&str]) {
        if self.dice.below(4) == 0 {
            self.desk.fake.fail_next(self.dice.pick::<&str>(endpoints), *self.dice.pick(&FAULTS));
        }
    }

    /// The payer does something on a page, or their bank answers.
    fn at_stripe(&self) {
        let fake = &self.desk.fake;
        if self.dice.below(3) == 0
            && let Some(payment) = self.some("payment_intent", "processing")
        {
            let sessions = fake.objects("checkout.session");
            let page = sessions.iter().find(|page| page["payment_intent"] == *payment);
            let page = text(page.expect("payments come of pages"), "id");
            return fake.settle_payment(&page, self.dice.below(2) == 0);
        }
        let Some(page) = self.some("checkout.session", "open") else {
            return;
        };
        if fake.pay(&page, self.dice.pick::<&str>(&CARDS)) == Paid::MustAuthenticate
            && self.dice.below(3) > 0
        {
            fake.authenticate(&page, self.dice.below(2) == 0);
        }
    }

    /// A refund ends or comes back, or the bank is asked, or decides.
    fn at_the_bank(&self) {
        let fake = &self.desk.fake;
        match self.dice.below(6) {
            0 => {
                let state = self.dice.pick(&["pending", "pending", "succeeded"]);
                if let Some(refund) = self.some("refund", state) {
                    let succeeds = *state == "pending" && self.dice.below(2) == 0;
                    fake.settle_refund(&refund, succeeds);
                }
            }
            1 => {
                let plans = [RefundPlan::Pending, RefundPlan::Fails, RefundPlan::RequiresAction];
                fake.plan_refund(*self.dice.pick(&plans));
            }
            2 => {
                let charge = self.some("charge", "succeeded");
                let is_new = |charge: &String| fake.object(charge)["disputed"] != true;
                if let Some(charge) = charge.filter(is_new) {
                    fake.dispute(&charge, "fraudulent");
                }
            }
            3 => {
                let state = self.dice.pick(&["needs_response", "under_review"]);
                if let Some(dispute) = self.some("dispute", state) {
                    fake.close_dispute(&dispute, self.dice.below(2) == 0);
                }
            }
            4 => {
                let state = self.dice.pick(&["won", "lost"]);
                if let Some(dispute) = self.some("dispute", state) {
                    fake.reopen_dispute(&dispute);
                }
            }
            _ => {
                if let Some(payout) = self.some("payout", "in_transit") {
                    fake.settle_payout(&payout, self.dice.below(3) > 0);
                }
            }
        }
    }

    /// A page is taken to be over that is not, so that the payer may pay twice.
    async fn mistake(&mut self, id: PaymentId) {
        if self.desk.clinic.newest(id).await.is_ok() {
            let told = self.desk.clinic.told(id, Outcome::Expired).await;
            self.took(told);
        }
    }

    /// Somebody gives back what was paid twice.
    async fn solve(&mut self) {
        for raised in self.desk.exceptions().await {
            let is_about_it = raised.kind == ExceptionKind::SecondCapture
                || (raised.kind == ExceptionKind::RefundFailed && raised.words.contains("second"));
            if is_about_it {
                let given_back = self.desk.give_back(raised.id).await;
                self.took(given_back);
            }
        }
    }

    /// What is available is paid out, and taken in.
    async fn pay_out(&self) {
        self.desk.fake.pay_out();
        self.maybe_fail(&QUESTIONS[4..]);
        self.desk.import().await;
    }

    /// A webhook arrives: any, again, or one that somebody made up.
    async fn webhook(&mut self) {
        self.sent.extend(self.desk.fake.take_webhooks());
        if self.sent.is_empty() {
            return;
        }
        let webhook = self.dice.pick(&self.sent).clone();
        let mut again = self.desk.fake.webhook_again(&webhook.event);
        if self.dice.below(6) == 0 {
            again.signature = sign(&again.body, self.desk.fake.now(), &["whsec_SAMPLE_forged"]);
        }
        self.desk.deliver(&again).await;
    }

    async fn by_hand(&mut self, id: PaymentId) {
        let done = match self.dice.below(4) {
            0 => self.desk.clinic.pay(id, "cash").await,
            1 => self.desk.clinic.change(id, Status::Cancelled).await,
            _ => self.desk.clinic.change(id, Status::Pending).await,
        };
        self.took(done);
    }

    async fn step(&mut self) {
        let choice = self.dice.below(28);
        let Some(id) = self.one().filter(|_| choice > 1) else {
            let amount = 100 + i64::try_from(self.dice.below(50_000)).unwrap();
            return self.payments.push(self.desk.clinic.pending(amount).await);
        };
        match choice {
            2..=5 => {
                self.maybe_fail(&CHANGES[..1]);
                let begun = self.desk.begin(id).await;
                self.took(begun);
            }
            6..=9 => self.at_stripe(),
            10 => self.by_hand(id).await,
            11..=13 => self.webhook().await,
            14 | 15 => {
                self.maybe_fail(&QUESTIONS[..1]);
                self.desk.apply().await;
            }
            16 => {
                self.maybe_fail(&QUESTIONS);
                self.maybe_fail(&CHANGES);
                self.desk.ask().await;
            }
            17 | 18 => {
                let amount = 1 + i64::try_from(self.dice.below(30_000)).unwrap();
                let refunded = self.desk.clinic.refund(id, amount).await;
                self.took(refunded);
            }
            19 | 20 => {
                self.maybe_fail(&CHANGES[1..2]);
                self.maybe_fail(&QUESTIONS[2..4]);
                self.desk.settle().await;
                self.desk.settle_unapplied().await;
            }
            21 | 22 => self.at_the_bank(),
            23 => self.pay_out().await,
            24 => self.mistake(id).await,
            25 => self.solve().await,
            _ => {
                let minutes = if self.dice.below(12) == 0 { 1_400 } else { 30 };
                let minutes = i64::try_from(self.dice.below(minutes)).unwrap();
                self.desk.pass(SignedDuration::from_mins(minutes));
                if self.desk.fake.now() >= self.swept_at + DAY_SECONDS {
                    sweep_events(&self.desk.clinic.app).await.unwrap();
                    self.swept_at = self.desk.fake.now();
                }
            }
        }
    }

    /// Time goes on without faults until everything is told.
    async fn come_to_rest(&mut self) {
        for payment in self.objects("payment_intent", "processing") {
            let sessions = self.desk.fake.objects("checkout.session");
            let page = sessions.iter().find(|page| page["payment_intent"] == *payment).unwrap();
            self.desk.fake.settle_payment(&text(page, "id"), true);
        }
        for round in 0..8 {
            for status in ["needs_response", "under_review"] {
                for dispute in self.objects("dispute", status) {
                    self.desk.fake.close_dispute(&dispute, self.dice.below(2) == 0);
                }
            }
            for payout in self.objects("payout", "in_transit") {
                self.desk.fake.settle_payout(&payout, round % 3 > 0);
            }
            for status in ["pending", "requires_action"] {
                for refund in self.objects("refund", status) {
                    self.desk.fake.settle_refund(&refund, round % 2 == 0);
                }
            }
            self.desk.pass(SignedDuration::from_hours(25));
            sweep_events(&self.desk.clinic.app).await.unwrap();
            self.desk.apply().await;
            self.desk.ask().await;
            self.desk.settle().await;
            self.solve().await;
            self.desk.settle_unapplied().await;
            self.desk.fake.pay_out();
            self.desk.import().await;
        }
    }

    /// What is in no payout, by what the books know of it: fees are known when they are paid out.
    fn at_stripe_still(&self) -> i64 {
        let booked = self.desk.fake.in_balance();
        booked.iter().map(|booked| booked["amount"].as_i64().unwrap()).sum()
    }

    /// The cents that Stripe took by each reference, and what it gave back.
    fn at_stripe_now(&self) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
        let sum = |kind: &str, amount: &str| {
            let objects = self.desk.fake.objects(kind);
            let done = objects.iter().filter(|object| object["status"] == "succeeded");
            let entry = |object: &Value| {
                (text(&object["metadata"], "reference"), object[amount].as_i64().unwrap())
            };
            done.map(entry).collect::<BTreeMap<_, _>>()
        };
        (sum("payment_intent", "amount_received"), sum("refund", "amount"))
    }

    /// The same, as the books have it.
    async fn here(&self, sql: &'static str) -> BTreeMap<String, i64> {
        let mut tx = self.desk.clinic.app.db.read().await.unwrap();
        let rows = tx.all(sql, Vec::new()).await.unwrap();
        let entry = |row: &almoner_store::db::Row| {
            (row.text("reference").unwrap(), row.int("amount_cents").unwrap())
        };
        rows.iter().map(entry).collect()
    }

    /// Whether enough has happened for the comparison to mean something.
    fn has_played_all(&self) -> bool {
        let (taken, given) = self.at_stripe_now();
        let is_paid_out = !self.desk.fake.objects("payout").is_empty();
        taken.len() > 3 && given.len() > 1 && self.refused > 0 && self.cut > 0 && is_paid_out
    }

    async fn compare(&self) {
        let (taken, given) = self.at_stripe_now();
        let captured = "SELECT reference, amount_cents FROM payment_attempt
            WHERE state = 'captured'";
        let settled = "SELECT reference, amount_cents FROM refund
            WHERE state = 'settled' AND reference IS NOT NULL
            UNION ALL SELECT reference, amount_cents FROM unapplied_refund
            WHERE state = 'settled'";
        assert_eq!(self.here(captured).await, taken);
        assert_eq!(self.here(settled).await, given);
        let live =
            "SELECT count(*) AS n FROM payment_attempt WHERE state IN ('open', 'authorized')";
        assert_eq!(self.desk.clinic.number(live).await, 0, "every attempt is over");
        let pending = "SELECT count(*) AS n FROM (SELECT state FROM refund
            UNION ALL SELECT state FROM unapplied_refund) x WHERE state = 'pending'";
        assert_eq!(self.desk.clinic.number(pending).await, 0, "every refund is over");
        assert_eq!(self.desk.balance("processor_clearing").await, self.at_stripe_still());
        assert_eq!(self.desk.balance("processor_unmatched").await, 0, "all is explained");
        assert_eq!(self.desk.balance("disputes").await, 0, "every dispute is decided");
        let payouts = self.desk.fake.objects("payout");
        let paid = payouts.iter().filter(|payout| payout["status"] != "failed");
        let at_bank = paid.map(|payout| payout["amount"].as_i64().unwrap()).sum::<i64>();
        assert_eq!(self.desk.balance("bank").await, at_bank);
        // What was paid twice went back, or a bank gave it back.
        let kept = "SELECT count(*) AS n FROM unapplied_money u WHERE NOT EXISTS (
                SELECT 1 FROM unapplied_refund r WHERE r.payment_seq = u.payment_seq
                    AND r.attempt_no = u.attempt_no AND r.state = 'settled')
            AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.payment_seq = u.payment_seq
                AND d.attempt_no = u.attempt_no AND d.lost_cents > 0)";
        assert_eq!(self.desk.clinic.number(kept).await, 0, "nothing is kept aside");
        let strange = [ExceptionKind::Mismatch, ExceptionKind::UnknownEvent];
        let raised = self.desk.exceptions().await;
        assert!(raised.iter().all(|raised| !strange.contains(&raised.kind)), "{raised:#?}");
        self.desk.clinic.verified().await;
    }
}

async fn play(desk: &Desk, seed: u64, steps: u64) {
    let dice = Dice::new(seed);
    let (payments, sent, swept_at) = (Vec::new(), Vec::new(), desk.fake.now());
    let mut play = Play { desk, dice, payments, sent, refused: 0, cut: 0, swept_at };
    let mut step = 0;
    // What is cut off where is not the same each time, so that it goes on until all was played.
    while step < steps || !play.has_played_all() {
        assert!(step < 20 * steps, "not everything was played in {step} steps");
        if play.dice.below(5) == 0 {
            let waits = play.dice.below(40);
            play.cut += usize::from(cut(play.step(), waits).await.is_none());
        } else {
            play.step().await;
        }
        step += 1;
        if step % 100 == 0 {
            desk.clinic.verified().await;
        }
    }
    play.come_to_rest().await;
    play.compare().await;
}

on_both_engines! {
    async fn the_money_at_stripe_is_the_money_in_the_books(db) {
        let desk = Desk::open(db).await;
        play(&desk, 20_261_126, rounds(350, 6_000)).await;
    }

    async fn another_day_ends_as_well(db) {
        let desk = Desk::open(db).await;
        play(&desk, 4, rounds(350, 6_000)).await;
    }
}
