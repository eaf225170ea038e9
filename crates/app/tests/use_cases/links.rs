//! Payment links: issued, shown again, replaced, ended, and opened.

use almoner_app::issue_link::{
    IssueLink, LIFETIME_DAYS, MAX_LIFETIME_DAYS, NewestLink, ShownLink, Until, issue_link,
    newest_link, revoke_link,
};
use almoner_app::open_link::{PayerState, PayerView, open_link};
use almoner_app::pay_link::{ComeBack, pay_link};
use almoner_app::{Error, read};
use almoner_domain::{PaymentId, Status};
use almoner_gateways::processor::{self, ProcessorError};
use almoner_store::on_both_engines;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};

use crate::common::{Clinic, cents, fault};

fn asked(payment: PaymentId) -> IssueLink {
    IssueLink { payment, until: None, replaces: None }
}

async fn issue(clinic: &Clinic, input: IssueLink) -> Result<ShownLink, Error> {
    issue_link(&clinic.app, &clinic.manager(), input).await
}

async fn token(clinic: &Clinic, payment: PaymentId) -> String {
    issue(clinic, asked(payment)).await.unwrap().token
}

fn today(clinic: &Clinic) -> Date {
    clinic.manager().date(clinic.app.now())
}

async fn opens(clinic: &Clinic, token: &str) -> Option<PayerView> {
    match open_link(&clinic.app, token).await {
        Ok(view) => Some(view),
        Err(Error::NotFound("payment link")) => None,
        Err(other) => panic!("{other:?}"),
    }
}

async fn state(clinic: &Clinic, token: &str) -> Option<PayerState> {
    opens(clinic, token).await.map(|view| view.state)
}

on_both_engines! {
    async fn a_link_is_shown_again_until_another_one_takes_its_place(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(67_937).await;
        let first = issue(&clinic, asked(id)).await.unwrap();
        assert_eq!(first.until, today(&clinic).saturating_add(LIFETIME_DAYS.days()));
        assert_eq!(issue(&clinic, asked(id)).await.unwrap(), first, "a double click");
        let same_day = IssueLink { until: Some(Until::Day(first.until)), ..asked(id) };
        assert_eq!(issue(&clinic, same_day).await.unwrap(), first);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment_link").await, 1);
        let second = issue(&clinic, IssueLink { replaces: Some(1), ..asked(id) }).await.unwrap();
        assert_ne!(second.token, first.token);
        let again = issue(&clinic, IssueLink { replaces: Some(1), ..asked(id) }).await.unwrap();
        assert_eq!(again, second, "a double click");
        assert_eq!(opens(&clinic, &first.token).await.map(|view| view.payment), None);
        let view = opens(&clinic, &second.token).await.unwrap();
        assert_eq!((view.payment, view.amount), (id, cents(67_937)));
        assert_eq!(view.state, PayerState::Payable);
        let shown = newest_link(&clinic.app, &clinic.manager(), id).await.unwrap();
        assert_eq!(shown, Some(NewestLink::Live(second)));
        let history = clinic.history(id).await;
        assert_eq!(history.iter().filter(|action| *action == "link_issued").count(), 2);
        clinic.verified().await;
    }

    async fn a_link_ends_with_its_last_day_in_the_clinic_s_zone(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let until = today(&clinic).saturating_add(1.day());
        let of_a_day = IssueLink { until: Some(Until::Day(until)), ..asked(id) };
        let link = issue(&clinic, of_a_day).await.unwrap();
        assert_eq!(link.until, until);
        // New York is four hours behind in March.
        clinic.set(&format!("{}T03:59:59Z", until.saturating_add(1.day())));
        assert_eq!(state(&clinic, &link.token).await, Some(PayerState::Payable));
        clinic.pass(SignedDuration::from_secs(1));
        assert_eq!(state(&clinic, &link.token).await, None);
        let newest = newest_link(&clinic.app, &clinic.manager(), id).await.unwrap();
        assert_eq!(newest, Some(NewestLink::Expired(until)));
        let next = token(&clinic, id).await;
        assert_eq!(state(&clinic, &next).await, Some(PayerState::Payable));
        assert_eq!(state(&clinic, &link.token).await, None);
    }

    async fn days_that_have_passed_or_lie_too_far_off_are_refused(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.draft(700).await;
        let on = |days: i64| {
            let until = Some(Until::Day(today(&clinic).saturating_add(days.days())));
            issue(&clinic, IssueLink { until, ..asked(id) })
        };
        assert_eq!(fault(on(-1).await).1, "in_the_past");
        assert_eq!(fault(on(MAX_LIFETIME_DAYS + 1).await).1, "too_late");
        assert_eq!(clinic.payment(id).await.status, Status::Draft, "nothing was submitted");
        assert!(on(0).await.is_ok());
        assert!(on(MAX_LIFETIME_DAYS).await.is_ok());
        let at = |at| issue(&clinic, IssueLink { until: Some(Until::Moment(at)), ..asked(id) });
        let now = clinic.app.now();
        assert_eq!(fault(at(now).await).1, "in_the_past");
        let in_an_hour = now + SignedDuration::from_hours(1);
        assert_eq!(at(in_an_hour).await.unwrap().expires_at, in_an_hour);
        assert_eq!(fault(at(now + SignedDuration::from_hours(24 * 368)).await).1, "too_late");
    }

    async fn a_draft_is_submitted_and_what_is_settled_gets_no_link(db) {
        let clinic = Clinic::new(db).await;
        let draft = clinic.draft(700).await;
        token(&clinic, draft).await;
        assert_eq!(clinic.payment(draft).await.status, Status::Pending);
        let failed = clinic.pending(700).await;
        clinic.change(failed, Status::Failed).await.unwrap();
        assert!(issue(&clinic, asked(failed)).await.is_ok());
        let paid = clinic.paid(700, "cash").await;
        let cancelled = clinic.pending(700).await;
        clinic.change(cancelled, Status::Cancelled).await.unwrap();
        for id in [paid, cancelled] {
            assert_eq!(fault(issue(&clinic, asked(id)).await).1, "not_collectable");
        }
        clinic.verified().await;
    }

    async fn an_ended_link_opens_nothing_and_ending_it_twice_does_no_harm(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let first = token(&clinic, id).await;
        for _ in 0..2 {
            revoke_link(&clinic.app, &clinic.manager(), id).await.unwrap();
            assert_eq!(state(&clinic, &first).await, None);
        }
        let revoked = clinic.history(id).await;
        assert_eq!(revoked.iter().filter(|action| *action == "link_revoked").count(), 1);
        let newest = newest_link(&clinic.app, &clinic.manager(), id).await.unwrap();
        assert_eq!(newest, Some(NewestLink::Revoked(clinic.app.now())));
        let second = token(&clinic, id).await;
        clinic.begin(id).await.unwrap();
        let refused = fault(revoke_link(&clinic.app, &clinic.manager(), id).await);
        assert_eq!(refused.1, "attempt_live");
        assert_eq!(state(&clinic, &second).await, Some(PayerState::Processing { goes_on: true }));
    }

    async fn what_a_payer_sees_follows_the_payment(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let token = token(&clinic, id).await;
        clinic.change(id, Status::Failed).await.unwrap();
        assert_eq!(state(&clinic, &token).await, Some(PayerState::Failed { reason: None }));
        clinic.change(id, Status::Cancelled).await.unwrap();
        assert_eq!(state(&clinic, &token).await, None);
        clinic.change(id, Status::Pending).await.unwrap();
        assert_eq!(state(&clinic, &token).await, Some(PayerState::Payable));
        clinic.pay(id, "cash").await.unwrap();
        let at = clinic.app.now();
        let paid = |refunded| Some(PayerState::Paid { at, refunded: cents(refunded) });
        assert_eq!(state(&clinic, &token).await, paid(0));
        clinic.refund(id, 300).await.unwrap();
        assert_eq!(state(&clinic, &token).await, paid(300));
        // The receipt stays for 30 days, though the link itself has ended by then.
        clinic.pass(SignedDuration::from_hours(30 * 24) - SignedDuration::from_secs(1));
        assert_eq!(state(&clinic, &token).await, paid(300));
        clinic.pass(SignedDuration::from_secs(1));
        assert_eq!(state(&clinic, &token).await, None);
    }

    async fn nothing_else_opens_a_payment(db) {
        let clinic = Clinic::new(db).await;
        let (id, other) = (clinic.pending(700).await, clinic.pending(800).await);
        let link = token(&clinic, id).await;
        let seal = link.rsplit('-').next().unwrap_or_default().to_owned();
        let name = |payment: PaymentId| format!("{}-{}-1", clinic.manager().org().0, payment.seq());
        assert!(link.starts_with(&name(id)), "{link}");
        let mut forged = vec![
            String::new(),
            "1".to_owned(),
            link[..link.len() - 1].to_owned(),
            format!("{link}A"),
            format!("{link}="),
            link.to_uppercase(),
            format!("{}-{seal}", name(other)),
            link.replacen('1', "01", 1),
            link.replacen('1', "+1", 1),
            format!(" {link}"),
            "9".repeat(100),
        ];
        let last = |letter: char| format!("{}{letter}", &link[..link.len() - 1]);
        forged.extend(['A', 'B', 'C', '_'].map(last).into_iter().filter(|other| *other != link));
        for token in forged {
            assert!(opens(&clinic, &token).await.is_none(), "{token} opens a payment");
        }
        assert!(opens(&clinic, &link).await.is_some());
    }

    async fn sixteen_at_once_get_the_same_link(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let (app, actor) = (clinic.app.clone(), clinic.manager());
                tokio::spawn(async move { issue_link(&app, &actor, asked(id)).await })
            })
            .collect();
        let mut tokens = Vec::new();
        for issued in tries {
            tokens.push(issued.await.unwrap().unwrap().token);
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment_link").await, 1);
    }

    async fn looking_changes_nothing(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let token = token(&clinic, id).await;
        let before = read::payment(&clinic.app, &clinic.manager(), id).await.unwrap();
        for _ in 0..3 {
            opens(&clinic, &token).await.unwrap();
        }
        let after = read::payment(&clinic.app, &clinic.manager(), id).await.unwrap();
        assert_eq!(after.payment.version, before.payment.version);
        assert_eq!(after.history.len(), before.history.len());
    }

    async fn where_no_card_is_taken_no_attempt_begins(db) {
        let mut clinic = Clinic::new(db).await;
        clinic.with_processor(processor::by_name("none").expect("it is built in"));
        let id = clinic.pending(700).await;
        let token = token(&clinic, id).await;
        let back = ComeBack { paid: "http://a.example/back", left: "http://a.example/back" };
        let refused = pay_link(&clinic.app, &token, back).await;
        let is_told = matches!(refused, Err(Error::Processor(ProcessorError::NotSupported)));
        assert!(is_told, "{refused:?}");
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment_attempt").await, 0);
        assert_eq!(clinic.payment(id).await.status, Status::Pending);
    }
}
