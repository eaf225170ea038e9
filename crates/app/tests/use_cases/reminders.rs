//! Reminders: when they are due, once each, never too soon, never at night.

use almoner_app::Error;
use almoner_app::attempt::Outcome;
use almoner_app::consent_email::consent_email;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::issue_link::{IssueLink, issue_link, revoke_link};
use almoner_app::post_mail::{claim_mail, post_claimed};
use almoner_app::remind::remind;
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::save_reminder_settings::{reminder_settings, save_reminder_settings};
use almoner_app::send_link::send_link;
use almoner_domain::refund::ReversalReason;
use almoner_domain::reminder::ReminderEntry;
use almoner_domain::{LocationId, PaymentId, Status};
use almoner_gateways::mail::MailError;
use almoner_store::mail::MailState;
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, cents, fault};
use crate::mail::BASE;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn days(before: &str, after: &str) -> ReminderEntry {
    let (days_before, days_after) = (before.to_owned(), after.to_owned());
    ReminderEntry { is_on: true, days_before, days_after }
}

async fn save(clinic: &Clinic, version: i64, entry: ReminderEntry) -> Result<(), Error> {
    save_reminder_settings(&clinic.app, &clinic.system(), version, &entry).await
}

impl Clinic {
    /// A clinic that reminds, with Ann, who agreed to e-mail.
    async fn reminds(&self, before: &str, after: &str) {
        self.agreed().await;
        let entry = days(before, after);
        save_reminder_settings(&self.app, &self.system(), 0, &entry).await.unwrap();
    }

    /// A payment of Ann's that is due then.
    async fn due(&self, due: &str, location: Option<LocationId>) -> PaymentId {
        let due = Some(due.parse().unwrap());
        let asked = CreatePayment { due, location, ..self.asked(67_937) };
        create_payment(&self.app, &self.manager(), &asked).await.unwrap()
    }

    /// One round of the job.
    async fn remind_round(&self) -> usize {
        remind(&self.app, &self.system(), 100).await.unwrap()
    }

    /// A round at that moment.
    async fn remind_at(&self, moment: &str) -> usize {
        self.set(moment);
        self.remind_round().await
    }
}

on_both_engines! {
    async fn nobody_is_reminded_before_the_clinic_wants_it(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.due("2026-03-15", None).await;
        assert_eq!(clinic.remind_at("2026-03-12T15:00:00Z").await, 0);
        let save = |version, entry| save(&clinic, version, entry);
        let wrong = save(0, days("x", "0")).await;
        assert!(matches!(&wrong, Err(Error::Invalid(faults)) if faults.0.len() == 2), "{wrong:?}");
        save(0, days("3", "7")).await.unwrap();
        save(1, days("3", "7")).await.unwrap();
        let stale = save(0, days("4", "7")).await;
        assert!(matches!(stale, Err(Error::Stale { current: 1 })), "{stale:?}");
        let view = reminder_settings(&clinic.app, &clinic.system()).await.unwrap();
        assert_eq!((view.stored.version, view.stored.settings.before), (1, Some(3)));
        assert_eq!(clinic.remind_round().await, 1);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Waiting);
        save(1, ReminderEntry { is_on: false, ..days("3", "7") }).await.unwrap();
        assert_eq!(clinic.remind_at("2026-03-22T15:00:00Z").await, 0);
        let changes = "SELECT count(*) AS n FROM audit_event
            WHERE action = 'reminder_settings_changed'";
        assert_eq!(clinic.number(changes).await, 2);
    }

    async fn what_is_due_is_reminded_of_before_and_after(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("3", "7, 21").await;
        let id = clinic.due("2026-03-20", None).await;
        let expected = [
            ("2026-03-16T15:00:00Z", 0, ""),
            ("2026-03-17T15:00:00Z", 1, ", due Mar 20, 2026."),
            ("2026-03-18T15:00:00Z", 0, ""),
            ("2026-03-26T15:00:00Z", 0, ""),
            ("2026-03-27T15:00:00Z", 1, ", was due Mar 20, 2026."),
            ("2026-04-10T15:00:00Z", 1, ", was due Mar 20, 2026."),
            ("2026-04-20T15:00:00Z", 0, ""),
        ];
        let mut sent = 0;
        for (moment, count, words) in expected {
            assert_eq!(clinic.remind_at(moment).await, count, "{moment}");
            assert_eq!(clinic.post_round().await, count, "{moment}");
            sent += count;
            let taken = clinic.post.taken();
            assert_eq!(taken.len(), sent);
            if count > 0 {
                let letter = taken.last().unwrap();
                assert_eq!(letter.subject, "Reminder: your payment link");
                let reminds = "Downtown Clinic reminds you of a payment of $679.37";
                assert!(letter.text.starts_with(&format!("{reminds}{words}")), "{}", letter.text);
                for private in ["Ann", "Example", "Office", "MEMBER"] {
                    assert!(!letter.text.contains(private), "{private}: {}", letter.text);
                }
            }
        }
        let history = clinic.history(id).await;
        let told = |action: &str| history.iter().filter(|told| *told == action).count();
        assert_eq!(["reminder_mail_queued", "reminder_mailed"].map(told), [3, 3]);
        // The first link ended by itself on April 16; the others in the letters were the same.
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment_link").await, 1);
        clinic.verified().await;
    }

    async fn nobody_is_reminded_of_what_was_just_touched(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("5", "1").await;
        let touched = clinic.due("2026-03-15", None).await;
        assert_eq!(clinic.remind_round().await, 0, "it was created just now");
        clinic.pass(DAY - SignedDuration::from_secs(1));
        assert_eq!(clinic.remind_round().await, 0);
        clinic.pass(SignedDuration::from_secs(1));
        assert_eq!(clinic.remind_round().await, 1, "a day later it is late but not too late");
        clinic.post_round().await;
        // From here on, the day after the due date.
        let quiet = |clinic: &Clinic, after: &str| {
            clinic.set("2026-03-16T15:00:00Z");
            clinic.pass(after.parse().unwrap());
        };
        let manager = clinic.manager();
        quiet(&clinic, "PT0H");
        send_link(&clinic.app, &manager, touched).await.unwrap();
        clinic.post_round().await;
        quiet(&clinic, "PT23H");
        assert_eq!(clinic.remind_round().await, 0, "a link was sent");
        clinic.begin(touched).await.unwrap();
        clinic.told(touched, Outcome::Failed("declined".to_owned())).await.unwrap();
        assert_eq!(clinic.payment(touched).await.status, Status::Failed);
        quiet(&clinic, "PT46H");
        assert_eq!(clinic.remind_round().await, 0, "an attempt to pay was declined");
        clinic.pay(touched, "cash").await.unwrap();
        assert_eq!(clinic.remind_round().await, 0, "it is paid");
        let (payment, reason) = (touched, ReversalReason::EnteredInError);
        let undo = ReverseTender { payment, version: None, reason, notes: None };
        reverse_tender(&clinic.app, &manager, &undo).await.unwrap();
        quiet(&clinic, "PT48H");
        assert_eq!(clinic.remind_round().await, 0, "money was taken back");
        clinic.pass(DAY);
        assert_eq!(clinic.remind_round().await, 0, "three days late is too late");
    }

    async fn each_reminder_is_written_once_by_several_servers(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("3", "7").await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(clinic.due("2026-03-20", None).await);
        }
        clinic.set("2026-03-17T15:00:00Z");
        let rounds: Vec<_> = (0..16).map(|_| {
            let (app, actor) = (clinic.app.clone(), clinic.system());
            tokio::spawn(async move { remind(&app, &actor, 2).await.unwrap() })
        }).collect();
        let mut count = 0;
        for round in rounds {
            count += round.await.unwrap();
        }
        count += clinic.remind_round().await;
        assert_eq!(count, 5);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM mail").await, 5);
        assert_eq!(clinic.remind_round().await, 0);
        // Killed after the letter was handed over and before that was written: it is sent again.
        let claimed = claim_mail(&clinic.app, &clinic.system(), 10).await.unwrap();
        assert_eq!(claimed.len(), 5);
        clinic.pass(SignedDuration::from_mins(5));
        assert_eq!(clinic.post_round().await, 5);
        assert_eq!(clinic.remind_round().await, 0);
        assert_eq!(clinic.remind_at("2026-03-29T15:00:00Z").await, 5, "two days late");
        assert_eq!(clinic.remind_at("2026-03-29T16:00:00Z").await, 0);
        clinic.verified().await;
    }

    async fn a_later_reminder_takes_the_place_of_an_earlier_one(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("", "1, 2, 3").await;
        clinic.due("2026-03-13", None).await;
        assert_eq!(clinic.remind_at("2026-03-16T15:00:00Z").await, 1, "the third");
        clinic.post_round().await;
        assert_eq!(clinic.remind_at("2026-03-17T16:00:00Z").await, 0, "nor the second after it");
    }

    async fn nobody_is_reminded_at_night(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("3", "7").await;
        let here = clinic.due("2026-03-20", None).await;
        let west = clinic.due("2026-03-20", Some(clinic.harbor)).await;
        assert_eq!(clinic.remind_at("2026-03-17T12:59:00Z").await, 0, "8:59 in New York");
        assert_eq!(clinic.remind_at("2026-03-17T13:00:00Z").await, 1, "9:00 in New York");
        assert_eq!(clinic.newest_mail(here).await.state, MailState::Waiting);
        // The server is down all day; what waits does not go out at night.
        clinic.set("2026-03-18T01:00:00Z");
        assert_eq!(clinic.post_round().await, 1);
        let waits = clinic.newest_mail(here).await;
        assert_eq!((waits.state, waits.tries), (MailState::Waiting, 0));
        assert_eq!(waits.next_try_at, Some("2026-03-18T13:00:00Z".parse().unwrap()));
        assert_eq!(clinic.remind_round().await, 1, "it is six in the evening in Los Angeles");
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(west).await.state, MailState::Sent);
        clinic.set("2026-03-18T13:00:00Z");
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(here).await.state, MailState::Sent);
    }

    async fn what_comes_before_the_due_date_never_comes_after_it(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("0", "7").await;
        let (in_time, put_off) =
            (clinic.due("2026-03-20", None).await, clinic.due("2026-03-20", None).await);
        assert_eq!(clinic.remind_at("2026-03-20T23:59:00Z").await, 2, "7:59 PM of that day");
        let claimed = claim_mail(&clinic.app, &clinic.system(), 1).await.unwrap();
        post_claimed(&clinic.app, &clinic.system(), &claimed[0], BASE).await.unwrap();
        assert_eq!(clinic.newest_mail(in_time).await.state, MailState::Sent);
        clinic.set("2026-03-21T00:00:00Z");
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(put_off).await.state, MailState::Waiting, "it is night");
        clinic.set("2026-03-21T13:00:00Z");
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(put_off).await.state, MailState::Dropped);
        let late = clinic.due("2026-03-23", None).await;
        assert_eq!(clinic.remind_at("2026-03-23T15:00:00Z").await, 1);
        clinic.post.then(MailError::NotTaken("the connection failed".to_owned()));
        clinic.post_round().await;
        clinic.set("2026-03-24T15:00:00Z");
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(late).await.state, MailState::Dropped, "tried a day later");
        assert_eq!(clinic.post.taken().len(), 1);
    }

    async fn an_earlier_reminder_never_comes_beside_a_later_one(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("", "1, 2").await;
        let id = clinic.due("2026-03-15", None).await;
        let link = IssueLink { payment: id, until: None, replaces: None };
        issue_link(&clinic.app, &clinic.manager(), link).await.unwrap();
        assert_eq!(clinic.remind_at("2026-03-16T23:59:00Z").await, 1, "the first, at 7:59 PM");
        clinic.set("2026-03-17T00:00:00Z");
        clinic.post_round().await;
        assert_eq!(clinic.remind_at("2026-03-17T13:00:00Z").await, 1, "the second");
        assert_eq!(clinic.post_round().await, 2);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        assert_eq!(clinic.post.taken().len(), 1);
        let dropped = "SELECT count(*) AS n FROM mail WHERE state = 'dropped' AND step_days = 1";
        assert_eq!(clinic.number(dropped).await, 1);
    }

    async fn nobody_is_reminded_after_the_clinic_turned_it_off(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("3", "7").await;
        let id = clinic.due("2026-03-20", None).await;
        assert_eq!(clinic.remind_at("2026-03-17T15:00:00Z").await, 1);
        save(&clinic, 1, ReminderEntry { is_on: false, ..days("3", "7") }).await.unwrap();
        assert_eq!(clinic.post_round().await, 1);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Dropped);
        assert!(clinic.post.taken().is_empty());
    }

    async fn nobody_is_reminded_who_should_not_be(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("3", "7").await;
        let ended = clinic.due("2026-03-20", None).await;
        let manager = clinic.manager();
        let link = IssueLink { payment: ended, until: None, replaces: None };
        issue_link(&clinic.app, &manager, link).await.unwrap();
        revoke_link(&clinic.app, &manager, ended).await.unwrap();
        let asked = CreatePayment { patient: clinic.ben, ..clinic.asked(700) };
        let due = Some("2026-03-20".parse().unwrap());
        let of_ben = CreatePayment { due, ..asked };
        create_payment(&clinic.app, &manager, &of_ben).await.unwrap();
        clinic.draft(700).await;
        clinic.pending(700).await;
        assert_eq!(clinic.remind_at("2026-03-17T15:00:00Z").await, 0);
        let (paid, moved) =
            (clinic.due("2026-03-21", None).await, clinic.due("2026-03-21", None).await);
        assert_eq!(clinic.remind_at("2026-03-18T15:00:00Z").await, 2);
        clinic.pay(paid, "cash").await.unwrap();
        let edit = EditPayment {
            payment: moved,
            version: 1,
            patient: clinic.ann,
            amount: cents(700),
            kind: None,
            treatment: None,
            location: None,
            due: Some("2026-04-21".parse().unwrap()),
            confirm_past_due_date: false,
            memo: None,
        };
        edit_payment(&clinic.app, &manager, &edit).await.unwrap();
        assert_eq!(clinic.post_round().await, 2);
        for id in [paid, moved] {
            assert_eq!(clinic.newest_mail(id).await.state, MailState::Dropped);
        }
        consent_email(&clinic.app, &manager, clinic.ann, false).await.unwrap();
        assert_eq!(clinic.remind_at("2026-04-18T15:00:00Z").await, 0);
        consent_email(&clinic.app, &manager, clinic.ann, true).await.unwrap();
        assert_eq!(clinic.remind_round().await, 1, "for the new date, there is a new reminder");
        assert!(clinic.post.taken().is_empty());
        let wrong = save(&clinic, 1, days("", "")).await;
        assert_eq!(fault(wrong), ("days_before".to_owned(), "required".to_owned()));
    }

    async fn a_link_that_ended_by_itself_is_made_anew(db) {
        let clinic = Clinic::new(db).await;
        clinic.reminds("3", "60").await;
        let id = clinic.due("2026-03-20", None).await;
        let manager = clinic.manager();
        let link = IssueLink { payment: id, until: None, replaces: None };
        let first = issue_link(&clinic.app, &manager, link).await.unwrap();
        assert_eq!(clinic.remind_at("2026-05-19T15:00:00Z").await, 1);
        clinic.post_round().await;
        let text = &clinic.post.taken()[0].text;
        assert!(!text.contains(&first.token), "{text}");
        assert!(text.contains("works until Jun 18, 2026"), "{text}");
    }
}
