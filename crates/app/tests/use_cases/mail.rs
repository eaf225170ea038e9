//! Payment links by e-mail: only with consent, each letter once, and what became of it.

use std::collections::VecDeque;
use std::sync::Mutex;

use almoner_app::consent_email::consent_email;
use almoner_app::issue_link::{IssueLink, issue_link, revoke_link};
use almoner_app::open_link::open_link;
use almoner_app::post_mail::{claim_mail, post_claimed};
use almoner_app::read;
use almoner_app::save_patient::edit_patient;
use almoner_app::send_link::{PAUSE, email_consent, mails, send_link};
use almoner_domain::{PatientId, PaymentId, Status};
use almoner_gateways::mail::{Letter, MailError, Mailer, Posted};
use almoner_store::mail::{Mail, MailState};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, fault, person};

pub(crate) const BASE: &str = "https://pay.clinic.example";
const ADDRESS: &str = "ann@patient.example";

/// A letter as it was handed over.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    pub(crate) reference: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// A mailer that keeps what it is given, unless a script says otherwise.
#[derive(Debug, Default)]
pub(crate) struct Post {
    fails: Mutex<VecDeque<MailError>>,
    taken: Mutex<Vec<Handed>>,
}

impl Post {
    pub(crate) fn then(&self, error: MailError) {
        self.fails.lock().expect("no test panics with it").push_back(error);
    }

    pub(crate) fn taken(&self) -> Vec<Handed> {
        self.taken.lock().expect("no test panics with it").clone()
    }
}

impl Mailer for Post {
    fn name(&self) -> &'static str {
        "post"
    }

    fn send<'a>(&'a self, letter: Letter<'a>) -> Posted<'a> {
        let failed = self.fails.lock().expect("no test panics with it").pop_front();
        if failed.is_none() {
            self.taken.lock().expect("no test panics with it").push(Handed {
                reference: letter.reference.to_owned(),
                from: letter.from.to_owned(),
                to: letter.to.to_owned(),
                subject: letter.subject.to_owned(),
                text: letter.text.to_owned(),
            });
        }
        Box::pin(async { failed.map_or(Ok(()), Err) })
    }
}

impl Clinic {
    /// Ann, with an e-mail address.
    pub(crate) async fn reachable(&self) -> PatientId {
        self.readdress(ADDRESS).await;
        self.ann
    }

    pub(crate) async fn readdress(&self, email: &str) {
        let version = read::patient(&self.app, &self.system(), self.ann).await.unwrap();
        let version = version.patient.version;
        let mut entry = person("Ann", "Example", "1980-02-29", "MEMBER-A");
        email.clone_into(&mut entry.email);
        edit_patient(&self.app, &self.system(), (self.ann, version), &entry).await.unwrap();
    }

    /// Ann, who agreed to e-mail.
    pub(crate) async fn agreed(&self) {
        let ann = self.reachable().await;
        consent_email(&self.app, &self.manager(), ann, true).await.unwrap();
    }

    /// One round of the job.
    pub(crate) async fn post_round(&self) -> usize {
        let claimed = claim_mail(&self.app, &self.system(), 10).await.unwrap();
        for mail in &claimed {
            post_claimed(&self.app, &self.system(), mail, BASE).await.unwrap();
        }
        claimed.len()
    }

    pub(crate) async fn newest_mail(&self, payment: PaymentId) -> Mail {
        let mails = mails(&self.app, &self.manager(), payment).await.unwrap();
        mails.that_ask.first().expect("a letter was asked for").clone()
    }
}

async fn send(clinic: &Clinic, payment: PaymentId) -> Result<(), almoner_app::Error> {
    send_link(&clinic.app, &clinic.manager(), payment).await
}

on_both_engines! {
    async fn a_link_is_sent_to_whoever_agreed(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.pending(67_937).await;
        for _ in 0..2 {
            send(&clinic, id).await.unwrap();
        }
        clinic.pass(SignedDuration::from_mins(1));
        assert_eq!(clinic.post_round().await, 1, "asked for twice, sent once");
        assert_eq!(clinic.post_round().await, 0);
        let letters = clinic.post.taken();
        assert_eq!(letters.len(), 1);
        let letter = &letters[0];
        assert_eq!((&*letter.to, &*letter.from), (ADDRESS, "Downtown Clinic"));
        assert_eq!(letter.subject, "Your payment link");
        for part in ["Downtown Clinic", "$679.37", "PAY-001", "Apr 9, 2026"] {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
        }
        let told = format!("{letter:?}");
        for private in ["Ann", "Example", "Office", "1980", "MEMBER"] {
            assert!(!told.replace(ADDRESS, "").contains(private), "{private}: {told}");
        }
        let link = letter.text.lines().find_map(|line| line.strip_prefix(BASE)).unwrap();
        let token = link.strip_prefix("/pay/").unwrap();
        assert_eq!(open_link(&clinic.app, token).await.unwrap().payment, id);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        let history = clinic.history(id).await;
        assert!(history.contains(&"link_mail_queued".to_owned()), "{history:?}");
        assert_eq!(history.last().map(String::as_str), Some("link_mailed"));
        let sql = "SELECT count(*) AS n FROM audit_event WHERE detail LIKE '%";
        let stored = clinic.number(&format!("{sql}{token}%'")).await;
        assert_eq!(stored, 0, "the link is stored nowhere");
        clinic.verified().await;
    }

    async fn without_consent_for_this_address_nothing_is_sent(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.pending(700).await;
        let refused = || async { fault(send(&clinic, id).await).1 };
        assert_eq!(refused().await, "no_address");
        let manager = clinic.manager();
        let agree = |agreed| consent_email(&clinic.app, &manager, clinic.ann, agreed);
        assert_eq!(fault(agree(true).await).1, "no_address");
        clinic.reachable().await;
        assert_eq!(refused().await, "no_consent");
        agree(true).await.unwrap();
        send(&clinic, id).await.unwrap();
        clinic.readdress("other@patient.example").await;
        let since = email_consent(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        assert_eq!((since, refused().await), (None, "no_consent".to_owned()));
        clinic.post_round().await;
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Dropped);
        for agreed in [true, true, false, false] {
            agree(agreed).await.unwrap();
        }
        assert_eq!(refused().await, "no_consent");
        assert!(clinic.post.taken().is_empty());
        let changes = "SELECT count(*) AS n FROM audit_event WHERE action LIKE 'email_consent_%'";
        assert_eq!(clinic.number(changes).await, 3);
    }

    async fn what_is_not_needed_any_more_is_dropped(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let (paid, ended) = (clinic.pending(700).await, clinic.pending(800).await);
        for id in [paid, ended] {
            send(&clinic, id).await.unwrap();
        }
        clinic.pay(paid, "cash").await.unwrap();
        revoke_link(&clinic.app, &clinic.manager(), ended).await.unwrap();
        assert_eq!(clinic.post_round().await, 2);
        for id in [paid, ended] {
            assert_eq!(clinic.newest_mail(id).await.state, MailState::Dropped);
        }
        assert_eq!(fault(send(&clinic, paid).await).1, "not_collectable");
        assert!(clinic.post.taken().is_empty());
    }

    async fn the_link_is_the_one_that_holds_when_it_is_sent(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.draft(700).await;
        send(&clinic, id).await.unwrap();
        assert_eq!(clinic.payment(id).await.status, Status::Pending, "a draft is submitted");
        let asked = IssueLink { payment: id, until: None, replaces: Some(1) };
        let newer = issue_link(&clinic.app, &clinic.manager(), asked).await.unwrap();
        clinic.post_round().await;
        assert!(clinic.post.taken()[0].text.contains(&newer.token));
    }

    async fn a_refusal_shows_and_a_failure_is_tried_again_until_it_is_given_up(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.pending(700).await;
        send(&clinic, id).await.unwrap();
        clinic.post.then(MailError::Refused("code 550".to_owned()));
        clinic.post_round().await;
        let refused = clinic.newest_mail(id).await;
        assert_eq!((refused.state, refused.failure.as_deref()),
            (MailState::Refused, Some("the mail server refused it: code 550")));
        assert!(clinic.history(id).await.contains(&"link_mail_refused".to_owned()));
        send(&clinic, id).await.unwrap();
        let mut tries = 0;
        while clinic.newest_mail(id).await.state == MailState::Waiting {
            clinic.post.then(MailError::NotTaken("the connection failed".to_owned()));
            assert_eq!(clinic.post_round().await, 1);
            tries += 1;
            assert_eq!(clinic.post_round().await, 0, "not at once again");
            clinic.pass(SignedDuration::from_hours(12));
        }
        assert_eq!(tries, 6);
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Refused);
        send(&clinic, id).await.unwrap();
        clinic.post.then(MailError::NotTaken("the connection failed".to_owned()));
        clinic.post_round().await;
        clinic.pass(SignedDuration::from_mins(1));
        clinic.post_round().await;
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        clinic.verified().await;
    }

    async fn several_servers_send_a_letter_once(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        for amount in 1..=4 {
            send(&clinic, clinic.pending(amount * 100).await).await.unwrap();
        }
        let tries: Vec<_> = (0..8).map(|_| {
            let (app, actor) = (clinic.app.clone(), clinic.system());
            tokio::spawn(async move {
                for mail in claim_mail(&app, &actor, 2).await.unwrap() {
                    post_claimed(&app, &actor, &mail, BASE).await.unwrap();
                }
            })
        }).collect();
        for tried in tries {
            tried.await.unwrap();
        }
        clinic.post_round().await;
        let mut sent: Vec<_> =
            clinic.post.taken().into_iter().map(|letter| letter.reference).collect();
        sent.sort();
        assert_eq!(sent, [1, 2, 3, 4].map(|number| format!("letter-1-{number}")));
    }

    async fn whoever_is_killed_while_sending_sends_once_more(db) {
        let clinic = Clinic::new(db).await;
        clinic.agreed().await;
        let id = clinic.pending(700).await;
        send(&clinic, id).await.unwrap();
        let cut = claim_mail(&clinic.app, &clinic.system(), 10).await.unwrap();
        assert_eq!((cut.len(), clinic.post_round().await), (1, 0), "it is held");
        clinic.pass(SignedDuration::from_mins(5));
        assert_eq!(clinic.post_round().await, 1);
        // The first one comes back late: it changes nothing.
        clinic.post.then(MailError::Refused("code 550".to_owned()));
        post_claimed(&clinic.app, &clinic.system(), &cut[0], BASE).await.unwrap();
        assert_eq!(clinic.newest_mail(id).await.state, MailState::Sent);
        clinic.pass(PAUSE);
        send(&clinic, id).await.unwrap();
        for _ in 0..6 {
            claim_mail(&clinic.app, &clinic.system(), 10).await.unwrap();
            clinic.pass(SignedDuration::from_mins(5));
        }
        assert_eq!(clinic.post_round().await, 1);
        let given_up = clinic.newest_mail(id).await;
        assert_eq!(given_up.state, MailState::Refused);
        assert_eq!(clinic.post.taken().len(), 1);
    }
}
