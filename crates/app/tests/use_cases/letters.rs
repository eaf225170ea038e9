//! Letters asked for twice, receipts by e-mail, and the links of many payments at once.

use std::sync::Arc;

use almoner_app::Error;
use almoner_app::consent_email::consent_email;
use almoner_app::create_payment::create_payment;
use almoner_app::issue_link::{IssueLink, issue_link, revoke_link};
use almoner_app::post_mail::{claim_mail, post_claimed};
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::send_link::{Asked, PAUSE, mails, send_link};
use almoner_app::send_links::{MAX_PAYMENTS, send_links};
use almoner_app::send_receipt::send_receipt;
use almoner_domain::refund::ReversalReason;
use almoner_domain::{PaymentId, ReceiptId, Status};
use almoner_gateways::mail::{MailError, Mailer, NoMailer};
use almoner_store::mail::{MailKind, MailState};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, fault};

const BASE: &str = "https://pay.clinic.example";

/// The first receipt of the clinic.
fn first() -> ReceiptId {
    ReceiptId::new(1)
}

async fn receipt(clinic: &Clinic, payment: PaymentId, id: ReceiptId) -> Result<(), Error> {
    send_receipt(&clinic.app, &clinic.manager(), (payment, id)).await
}

async fn receipt_state(clinic: &Clinic, payment: PaymentId) -> MailState {
    let mails = mails(&clinic.app, &clinic.manager(), payment).await.unwrap();
    mails.with_receipts.first().expect("a receipt was asked for").state
}

on_both_engines! {
    async fn sixteen_presses_make_one_letter(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let (owed, paid) = (clinic.pending(700).await, clinic.paid(800, "cash").await);
        let presses: Vec<_> = (0..32).map(|press| {
            let (app, manager) = (clinic.app.clone(), clinic.manager());
            tokio::spawn(async move {
                if press % 2 == 0 {
                    send_link(&app, &manager, owed).await.unwrap();
                } else {
                    send_receipt(&app, &manager, (paid, first())).await.unwrap();
                }
            })
        }).collect();
        for press in presses {
            press.await.unwrap();
        }
        assert_eq!(clinic.post_round().await, 2);
        assert_eq!(clinic.post.taken().len(), 2);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM mail").await, 2);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment_link").await, 1);
        clinic.verified().await;
    }

    async fn what_was_sent_just_now_is_not_sent_again_unless_it_would_be_of_use(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.pending(700).await;
        let press = || async {
            send_link(&clinic.app, &clinic.manager(), id).await.unwrap();
            clinic.post_round().await
        };
        assert_eq!(press().await, 1);
        clinic.pass(PAUSE - SignedDuration::from_secs(1));
        assert_eq!(press().await, 0, "it was pressed twice");
        clinic.pass(SignedDuration::from_secs(1));
        assert_eq!(press().await, 1, "it is wanted again");
        clinic.pass(SignedDuration::from_secs(1));
        let asked = IssueLink { payment: id, until: None, replaces: Some(1) };
        issue_link(&clinic.app, &clinic.manager(), asked).await.unwrap();
        assert_eq!(press().await, 1, "the link in the other one opens nothing any more");
        clinic.pass(SignedDuration::from_secs(1));
        clinic.readdress("new@patient.example").await;
        consent_email(&clinic.app, &clinic.manager(), clinic.ann, true).await.unwrap();
        assert_eq!(press().await, 1, "the other one went to another address");
        assert_eq!(clinic.post.taken()[3].to, "new@patient.example");
    }

    async fn a_letter_that_waits_without_a_link_gets_one_when_it_is_asked_for_again(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.pending(700).await;
        let manager = clinic.manager();
        send_link(&clinic.app, &manager, id).await.unwrap();
        clinic.post.then(MailError::NotTaken("the connection failed".to_owned()));
        clinic.post_round().await;
        revoke_link(&clinic.app, &manager, id).await.unwrap();
        for _ in 0..2 {
            let asked = send_links(&clinic.app, &manager, &[id]).await.unwrap();
            assert_eq!(asked, [(id, Asked::AlreadyWaiting)]);
        }
        let count = async |table: &str| {
            clinic.number(&format!("SELECT count(*) AS n FROM {table}")).await
        };
        assert_eq!((count("mail").await, count("payment_link").await), (1, 2));
        clinic.pass(SignedDuration::from_mins(1));
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        // One that is being sent may have found no link just before: it is not relied on.
        clinic.pass(PAUSE);
        send_link(&clinic.app, &manager, id).await.unwrap();
        assert_eq!(claim_mail(&clinic.app, &clinic.system(), 10).await.unwrap().len(), 1);
        revoke_link(&clinic.app, &manager, id).await.unwrap();
        let asked = send_links(&clinic.app, &manager, &[id]).await.unwrap();
        assert_eq!(asked, [(id, Asked::Queued)]);
        assert_eq!((count("mail").await, count("payment_link").await), (3, 3));
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        clinic.verified().await;
    }

    async fn a_receipt_is_sent_plain_to_whoever_agreed(db) {
        let clinic = Clinic::new(db).await;
        let treatment = clinic.treatment(clinic.ann, clinic.downtown).await;
        let mut asked = clinic.asked(67_937);
        (asked.treatment, asked.kind) = (Some(treatment), None);
        let manager = clinic.manager();
        let id = create_payment(&clinic.app, &manager, &asked).await.unwrap();
        clinic.pay(id, "check").await.unwrap();
        assert_eq!(fault(receipt(&clinic, id, first()).await).1, "no_address");
        clinic.reachable().await;
        assert_eq!(fault(receipt(&clinic, id, first()).await).1, "no_consent");
        clinic.agreed().await;
        for _ in 0..2 {
            clinic.pass(SignedDuration::from_secs(1));
            receipt(&clinic, id, first()).await.unwrap();
        }
        clinic.pass(SignedDuration::from_secs(1));
        assert_eq!(clinic.post_round().await, 1, "asked for twice, sent once");
        receipt(&clinic, id, first()).await.unwrap();
        assert_eq!(clinic.post_round().await, 0, "it was sent just now");
        let letter = &clinic.post.taken()[0];
        assert_eq!((&*letter.subject, &*letter.reference), ("Your receipt", "letter-1-1"));
        let words = ["Downtown Clinic", "Receipt RCP-001", "$679.37", "PAY-001", "Check", "Mar 10"];
        for part in words {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
        }
        for private in ["Ann", "Example", "99213", "Sample", "1980", "MEMBER", "TRT", "/pay/"] {
            assert!(!letter.text.contains(private), "{private}: {}", letter.text);
        }
        assert!(!letter.text.contains("Test money"), "a check is no test money");
        let history = clinic.history(id).await;
        let told = ["receipt_mail_queued", "receipt_mailed"].map(str::to_owned);
        assert!(history.ends_with(&told), "{history:?}");
        clinic.verified().await;
    }

    async fn a_refunds_receipt_says_so_and_test_money_is_called_that(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.charged(700).await;
        receipt(&clinic, id, first()).await.unwrap();
        let cash = clinic.paid(800, "cash").await;
        clinic.refund(cash, 100).await.unwrap();
        receipt(&clinic, cash, ReceiptId::new(3)).await.unwrap();
        clinic.post_round().await;
        let taken = clinic.post.taken();
        assert!(taken[0].text.contains("Test money. No real money moved."), "{}", taken[0].text);
        for part in ["Refund receipt RCP-003", "Amount refunded: $1.00", "Refund: REF-001"] {
            assert!(taken[1].text.contains(part), "{part}: {}", taken[1].text);
        }
    }

    async fn a_receipt_of_what_was_undone_is_not_sent(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.paid(700, "cash").await;
        receipt(&clinic, id, first()).await.unwrap();
        let (payment, reason) = (id, ReversalReason::EnteredInError);
        let undo = ReverseTender { payment, version: None, reason, notes: None };
        reverse_tender(&clinic.app, &clinic.manager(), &undo).await.unwrap();
        clinic.post_round().await;
        assert_eq!(receipt_state(&clinic, id).await, MailState::Dropped);
        assert_eq!(fault(receipt(&clinic, id, first()).await).1, "undone");
        let other = clinic.pending(800).await;
        for (payment, id) in [(other, 1), (id, 2), (PaymentId::new(9), 1)] {
            let refused = receipt(&clinic, payment, ReceiptId::new(id)).await;
            assert!(matches!(refused, Err(Error::NotFound("receipt"))), "{refused:?}");
        }
        assert!(clinic.post.taken().is_empty());
    }

    async fn whoever_is_killed_while_sending_a_receipt_sends_it_once_more(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.paid(700, "cash").await;
        receipt(&clinic, id, first()).await.unwrap();
        let cut = claim_mail(&clinic.app, &clinic.system(), 10).await.unwrap();
        assert_eq!(cut[0].kind, MailKind::Receipt(first()));
        assert_eq!(clinic.post_round().await, 0, "it is held");
        clinic.pass(SignedDuration::from_mins(5));
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(receipt_state(&clinic, id).await, MailState::Sent);
    }

    async fn what_was_handed_over_and_not_written_down_comes_twice_and_is_told_once(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.pending(700).await;
        send_link(&clinic.app, &clinic.manager(), id).await.unwrap();
        let system = clinic.system();
        let cut = claim_mail(&clinic.app, &system, 10).await.unwrap();
        clinic.pass(SignedDuration::from_mins(5));
        let again = claim_mail(&clinic.app, &system, 10).await.unwrap();
        // The first server hands the letter over when its claim has run out, and so cannot write
        // it down: as if it had been killed between the two.
        for claimed in [&cut[0], &again[0]] {
            post_claimed(&clinic.app, &system, claimed, BASE).await.unwrap();
        }
        let taken = clinic.post.taken();
        assert_eq!(taken.len(), 2);
        assert_eq!(taken[0].reference, taken[1].reference, "mail programs know the second one");
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        let history = clinic.history(id).await;
        assert_eq!(history.iter().filter(|action| *action == "link_mailed").count(), 1);
        clinic.verified().await;
    }

    async fn each_of_many_payments_is_told_apart(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let (owed, draft) = (clinic.pending(700).await, clinic.draft(701).await);
        let paid = clinic.paid(702, "cash").await;
        let mut of_ben = clinic.asked(703);
        of_ben.patient = clinic.ben;
        let manager = clinic.manager();
        let of_ben = create_payment(&clinic.app, &manager, &of_ben).await.unwrap();
        let nobodys = PaymentId::new(999);
        let all = [draft, owed, paid, of_ben, nobodys, owed];
        let asked = send_links(&clinic.app, &manager, &all).await.unwrap();
        let expected = [
            (draft, Asked::Queued),
            (owed, Asked::Queued),
            (paid, Asked::NotCollectable),
            (of_ben, Asked::NoAddress),
            (nobodys, Asked::NotFound),
            (owed, Asked::AlreadyWaiting),
        ];
        assert_eq!(asked, expected);
        assert_eq!(clinic.payment(draft).await.status, Status::Pending);
        assert_eq!(clinic.post_round().await, 2);
        let again = send_links(&clinic.app, &manager, &all[..2]).await.unwrap();
        assert!(again.iter().all(|asked| asked.1 == Asked::JustSent), "{again:?}");
        consent_email(&clinic.app, &manager, clinic.ann, false).await.unwrap();
        let refused = send_links(&clinic.app, &manager, &[owed]).await.unwrap();
        assert_eq!(refused, [(owed, Asked::NoConsent)]);
        for count in [0, MAX_PAYMENTS + 1] {
            let asked = vec![owed; count];
            let told = fault(send_links(&clinic.app, &manager, &asked).await);
            assert_eq!(told, ("payment_ids".to_owned(), "out_of_range".to_owned()));
        }
        clinic.verified().await;
    }

    async fn without_a_mail_server_nothing_is_asked_for(db) {
        let mut clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let (owed, paid) = (clinic.pending(700).await, clinic.paid(800, "cash").await);
        let (waits, manager) = (clinic.pending(900).await, clinic.manager());
        send_link(&clinic.app, &manager, waits).await.unwrap();
        clinic.app.mailer = Arc::new(NoMailer);
        let told = [
            fault(send_link(&clinic.app, &manager, owed).await).1,
            fault(send_links(&clinic.app, &manager, &[owed]).await).1,
            fault(receipt(&clinic, paid, first()).await).1,
        ];
        assert!(told.iter().all(|code| code == "not_set_up"), "{told:?}");
        assert_eq!(clinic.number("SELECT count(*) AS n FROM mail").await, 1);
        for _ in 0..9 {
            assert_eq!(clinic.post_round().await, 1);
            clinic.pass(SignedDuration::from_hours(12));
        }
        let waiting = clinic.newest_mail(waits).await;
        assert_eq!((waiting.state, waiting.tries), (MailState::Waiting, 0));
        assert_eq!(waiting.failure.as_deref(), Some("no mail server is set up"));
        clinic.app.mailer = Arc::clone(&clinic.post) as Arc<dyn Mailer>;
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(waits).await.state, MailState::Sent);
    }
}
