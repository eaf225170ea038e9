//! Receipts: one for each payment that was paid and each refund that was settled, numbered
//! without a gap, and what stands on them.

use almoner_app::attempt::Outcome;
use almoner_app::issue_link::{IssueLink, issue_link};
use almoner_app::issue_receipts::issue_receipts;
use almoner_app::print_receipt::{Medium, PrintReceipt, print_receipt};
use almoner_app::read_receipt::{self, ReceiptView};
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::settle_refund::{settle_refund, settle_refunds};
use almoner_app::{Error, create_payment};
use almoner_domain::refund::{RefundState, ReversalReason};
use almoner_domain::tender::TenderType;
use almoner_domain::{PaymentId, ReceiptId, Status};
use almoner_store::db::Engine;
use almoner_store::on_both_engines;
use almoner_store::receipts::{Receipt, Source};
use jiff::SignedDuration;

use crate::common::{Clinic, cents};

async fn receipts(clinic: &Clinic, payment: PaymentId) -> Vec<Receipt> {
    let found = read_receipt::receipts(&clinic.app, &clinic.manager(), payment).await.unwrap();
    assert!(!found.is_missing_some, "{found:?}");
    found.issued
}

async fn numbers(clinic: &Clinic, payment: PaymentId) -> Vec<i64> {
    receipts(clinic, payment).await.iter().map(|receipt| receipt.id.seq()).collect()
}

async fn all(clinic: &Clinic) -> i64 {
    clinic.number("SELECT count(*) AS n FROM receipt").await
}

async fn shown(clinic: &Clinic, place: (PaymentId, i64), itemised: bool) -> ReceiptView {
    let place = (place.0, ReceiptId::new(place.1));
    read_receipt::receipt(&clinic.app, &clinic.manager(), place, itemised).await.unwrap()
}

/// Brings the books to where they were before there were receipts.
async fn forget(clinic: &Clinic) {
    let armed = match clinic.app.db.engine() {
        Engine::Sqlite => ["DROP TRIGGER receipt_kept_whole", "DROP TRIGGER audit_event_kept"],
        Engine::Postgres => {
            ["DROP TRIGGER receipt_kept ON receipt", "DROP TRIGGER audit_event_kept ON audit_event"]
        }
    };
    let gone = [
        "DELETE FROM receipt",
        "DELETE FROM counter WHERE kind = 'RCP'",
        "DELETE FROM audit_event WHERE subject = 'receipt'",
    ];
    let mut tx = clinic.app.db.begin().await.unwrap();
    for sql in armed.into_iter().chain(gone) {
        tx.execute(sql, Vec::new()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn whatever_was_paid_or_given_back_has_one_receipt(db) {
        let clinic = Clinic::new(db).await;
        let by_hand = clinic.paid(1_000, "check").await;
        let by_card = clinic.charged(2_000).await;
        assert_eq!(clinic.told(by_card, Outcome::Captured).await.unwrap().status, Status::Paid);
        assert_eq!((numbers(&clinic, by_hand).await, numbers(&clinic, by_card).await),
            (vec![1], vec![2]));
        let handed_back = clinic.refund(by_hand, 300).await.unwrap();
        let on_its_way = clinic.refund(by_card, 500).await.unwrap();
        assert_eq!(numbers(&clinic, by_card).await, [2], "a refund on its way has none yet");
        settle_refunds(&clinic.app, &clinic.system()).await.unwrap();
        settle_refund(&clinic.app, &clinic.system(), on_its_way, RefundState::Settled)
            .await.unwrap();
        assert_eq!(numbers(&clinic, by_hand).await, [1, 3]);
        assert_eq!(numbers(&clinic, by_card).await, [2, 4]);
        let refund = &receipts(&clinic, by_hand).await[1];
        assert_eq!(refund.source, Source::Refund(handed_back));
        assert_eq!((refund.amount, refund.tender), (cents(300), TenderType::Check));
        assert_eq!(refund.at, clinic.app.now());
        let draft = clinic.draft(900).await;
        clinic.pay(draft, "cash").await.unwrap();
        assert_eq!(numbers(&clinic, draft).await, [5]);
        clinic.verified().await;
    }

    async fn what_fails_leaves_no_gap(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(1_000, "cash").await;
        assert!(clinic.pay(id, "cash").await.is_err());
        assert!(clinic.refund(id, 1_001).await.is_err());
        let failed = clinic.pending(700).await;
        clinic.begin(failed).await.unwrap();
        clinic.told(failed, Outcome::Failed("declined".to_owned())).await.unwrap();
        let by_card = clinic.charged(800).await;
        let refund = clinic.refund(by_card, 100).await.unwrap();
        settle_refund(&clinic.app, &clinic.system(), refund, RefundState::Failed).await.unwrap();
        let last = clinic.paid(600, "cash").await;
        assert_eq!((numbers(&clinic, last).await, all(&clinic).await), (vec![3], 3));
        clinic.verified().await;
    }

    async fn sixteen_at_once_are_numbered_without_a_gap(db) {
        let clinic = Clinic::new(db).await;
        let mut ids = Vec::new();
        for _ in 0..16 {
            ids.push(clinic.pending(700).await);
        }
        let tries: Vec<_> = ids.iter().map(|&id| {
            let (app, actor) = (clinic.app.clone(), clinic.manager());
            tokio::spawn(async move {
                let input = almoner_app::change_status::ChangeStatus {
                    payment: id,
                    version: None,
                    to: Status::Paid,
                    tender: Some(crate::common::tender("cash")),
                    reason: None,
                };
                almoner_app::change_status::change_status(&app, &actor, &input).await
            })
        }).collect();
        for tried in tries {
            tried.await.unwrap().unwrap();
        }
        let mut seen = Vec::new();
        for id in ids {
            seen.extend(numbers(&clinic, id).await);
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=16).collect::<Vec<_>>());
        clinic.verified().await;
    }

    async fn what_was_undone_says_so_and_keeps_its_receipt(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(500, "check").await;
        clinic.pass(SignedDuration::from_mins(1));
        let input = ReverseTender {
            payment: id,
            version: None,
            reason: ReversalReason::EnteredInError,
            notes: None,
        };
        reverse_tender(&clinic.app, &clinic.manager(), &input).await.unwrap();
        let undone_at = Some(clinic.app.now());
        clinic.pass(SignedDuration::from_mins(1));
        clinic.pay(id, "cash").await.unwrap();
        let both = receipts(&clinic, id).await;
        assert_eq!(both.iter().map(|receipt| receipt.undone_at).collect::<Vec<_>>(),
            [undone_at, None]);
        let by_card = clinic.charged(800).await;
        let refund = clinic.refund(by_card, 100).await.unwrap();
        settle_refund(&clinic.app, &clinic.system(), refund, RefundState::Settled).await.unwrap();
        clinic.pass(SignedDuration::from_mins(1));
        settle_refund(&clinic.app, &clinic.system(), refund, RefundState::Failed).await.unwrap();
        let returned = &receipts(&clinic, by_card).await[1];
        assert_eq!(returned.undone_at, Some(clinic.app.now()));
        clinic.verified().await;
    }

    async fn what_is_older_than_receipts_gets_one_when_it_is_asked_for(db) {
        let clinic = Clinic::new(db).await;
        let older = clinic.paid(1_000, "cash").await;
        clinic.pass(SignedDuration::from_mins(1));
        clinic.refund(older, 300).await.unwrap();
        let other = clinic.paid(900, "cash").await;
        forget(&clinic).await;
        let lacking = read_receipt::receipts(&clinic.app, &clinic.manager(), older).await.unwrap();
        assert!(lacking.is_missing_some && lacking.issued.is_empty(), "{lacking:?}");
        let newer = clinic.paid(700, "cash").await;
        assert_eq!(numbers(&clinic, newer).await, [1]);
        let actor = clinic.manager();
        let tries = (0..4).map(|_| {
            let (app, actor) = (clinic.app.clone(), actor.clone());
            tokio::spawn(async move { issue_receipts(&app, &actor, older).await })
        });
        let mut issued = Vec::new();
        for tried in tries.collect::<Vec<_>>() {
            issued.extend(tried.await.unwrap().unwrap());
        }
        assert_eq!(issued, [2, 3].map(ReceiptId::new), "asked four times at once, issued once");
        let sources = receipts(&clinic, older).await;
        assert!(matches!(sources[0].source, Source::Tender(_)), "the oldest first");
        assert_eq!(issue_receipts(&clinic.app, &actor, other).await.unwrap().len(), 1);
        assert_eq!(all(&clinic).await, 4);
        clinic.verified().await;
    }

    async fn the_plain_one_says_nothing_of_a_patient(db) {
        let clinic = Clinic::new(db).await;
        let treatment = Some(clinic.treatment(clinic.ann, clinic.harbor).await);
        let asked = create_payment::CreatePayment { treatment, ..clinic.asked(15_000) };
        let id = create_payment::create_payment(&clinic.app, &clinic.manager(), &asked)
            .await.unwrap();
        clinic.pay(id, "hsa_fsa_card").await.unwrap();
        let plain = shown(&clinic, (id, 1), false).await;
        assert!(plain.items.is_none());
        assert_eq!(plain.location.fields.name, "Harbor");
        let told = format!("{plain:?}");
        for word in ["Ann", "Example", "99213", "Dana", "1980"] {
            assert!(!told.contains(word), "{word}: {told}");
        }
        let items = shown(&clinic, (id, 1), true).await.items.unwrap();
        assert_eq!(items.patient.fields.last_name, "Example");
        let treatment = items.treatment.unwrap();
        assert_eq!(treatment.fields.procedures[0].code, "99213");
        assert_eq!(items.physician.unwrap().fields.npi.as_deref(), Some("1234567893"));
    }

    async fn a_receipt_belongs_to_its_payment(db) {
        let clinic = Clinic::new(db).await;
        let (one, other) = (clinic.paid(700, "cash").await, clinic.paid(700, "cash").await);
        for (payment, receipt) in [(one, 2), (other, 1), (one, 3), (PaymentId::new(9), 1)] {
            let place = (payment, ReceiptId::new(receipt));
            let read = read_receipt::receipt(&clinic.app, &clinic.manager(), place, false).await;
            assert!(matches!(read, Err(Error::NotFound("receipt"))), "{read:?}");
        }
    }

    async fn each_printing_is_in_the_history(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(700, "cash").await;
        for (itemised, medium) in
            [(false, Medium::Paper), (true, Medium::Paper), (true, Medium::Pdf)]
        {
            clinic.pass(SignedDuration::from_mins(1));
            let receipt = ReceiptId::new(1);
            let input = PrintReceipt { payment: id, receipt, itemised, medium };
            let view = print_receipt(&clinic.app, &clinic.manager(), input).await.unwrap();
            assert_eq!(view.items.is_some(), itemised);
        }
        let input = PrintReceipt {
            payment: id,
            receipt: ReceiptId::new(2),
            itemised: true,
            medium: Medium::Pdf,
        };
        let none = print_receipt(&clinic.app, &clinic.manager(), input).await;
        assert!(matches!(none, Err(Error::NotFound("receipt"))), "{none:?}");
        let history = clinic.view(id).await.history;
        let printed: Vec<_> = history
            .iter()
            .rev()
            .filter(|entry| entry.event.action == "receipt_printed")
            .map(|entry| entry.event.detail.clone())
            .collect();
        assert_eq!(printed.len(), 3, "{printed:?}");
        assert!(printed[2].contains("\"pdf\"") && printed[2].contains("true"), "{printed:?}");
        clinic.verified().await;
    }

    async fn the_payer_finds_the_plain_ones_behind_the_link(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let asked = IssueLink { payment: id, until: None, replaces: None };
        let token = issue_link(&clinic.app, &clinic.manager(), asked).await.unwrap().token;
        let found = || read_receipt::of_payer(&clinic.app, &token);
        assert!(matches!(found().await, Err(Error::NotFound("payment link"))));
        clinic.pay(id, "cash").await.unwrap();
        clinic.refund(id, 200).await.unwrap();
        let (_, views) = found().await.unwrap();
        assert_eq!(views.iter().map(|view| view.receipt.id.seq()).collect::<Vec<_>>(), [1, 2]);
        assert!(views.iter().all(|view| view.items.is_none()));
        clinic.pass(SignedDuration::from_hours(30 * 24));
        assert!(matches!(found().await, Err(Error::NotFound("payment link"))));
        let forged = read_receipt::of_payer(&clinic.app, "1-1-1-AAAA").await;
        assert!(matches!(forged, Err(Error::NotFound("payment link"))));
    }
}
