//! From the button to the matched answer, with clearinghouses that are real: over HTTP to a payer
//! in all its moods, by files, and the demo's sandbox.

use std::sync::Arc;
use std::time::Duration;

use almoner_app::exchange_checks::{ask_claimed, claim_due, collect_answers};
use almoner_app::read;
use almoner_app::save_patient::CoverageEntry;
use almoner_domain::InquiryId;
use almoner_domain::ambient::Clock;
use almoner_domain::estimate::Outcome;
use almoner_domain::inquiry::InquiryState;
use almoner_gateways::clearinghouse::http::{Envelope, Http, Timeouts};
use almoner_gateways::clearinghouse::{FileDrop, SandboxPayer};
use almoner_gateways::testing::{Behaviour, Payer, partners};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::Clinic;
use crate::run_check::{as_a_child, ask, covered, inquiry, insure, of_ann};

/// As long as these tests wait for a payer that says nothing.
const SHORT: Duration = Duration::from_millis(300);

/// A clinic that asks this payer.
fn connect(clinic: &mut Clinic, payer: &Payer, envelope: Envelope) {
    let mut settings = payer.settings(envelope);
    settings.timeouts = Timeouts { answer: SHORT, ..Timeouts::default() };
    let clock = Arc::clone(&clinic.clock) as Arc<dyn Clock>;
    clinic.app.clearinghouse = Arc::new(Http::new(settings, clock).unwrap());
}

async fn round(clinic: &Clinic) -> usize {
    let claimed = claim_due(&clinic.app, &clinic.system(), 8).await.unwrap();
    for inquiry in &claimed {
        ask_claimed(&clinic.app, &clinic.system(), inquiry).await.unwrap();
    }
    claimed.len()
}

/// Where a question stands, with the words of its failure.
async fn stand(clinic: &Clinic, id: InquiryId) -> (InquiryState, String) {
    let kept = inquiry(clinic, id).await;
    (kept.state, kept.failure.unwrap_or_default())
}

/// The outcomes of Ann's checks, the newest first.
async fn outcomes(clinic: &Clinic) -> Vec<Outcome> {
    let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
    view.checks.iter().map(|check| check.outcome).collect()
}

on_both_engines! {
    async fn a_payer_answers_in_every_envelope(db) {
        let mut clinic = Clinic::new(db).await;
        let payer = Payer::start().await;
        for (count, envelope) in (1..).zip([Envelope::Mime, Envelope::Soap, Envelope::Plain]) {
            connect(&mut clinic, &payer, envelope);
            let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
            assert_eq!(round(&clinic).await, 1);
            assert_eq!(stand(&clinic, id).await, (InquiryState::Answered, String::new()));
            assert_eq!(outcomes(&clinic).await, vec![Outcome::Active; count]);
        }
        let kept = inquiry(&clinic, InquiryId::new(1)).await.asked;
        assert_eq!(payer.received()[0].text, kept.question);
        clinic.verified().await;
    }

    async fn a_dependent_s_answer_finds_the_dependent(db) {
        let mut clinic = Clinic::new(db).await;
        let payer = Payer::start().await;
        connect(&mut clinic, &payer, Envelope::Mime);
        insure(&clinic, vec![as_a_child()]).await;
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        round(&clinic).await;
        assert_eq!(stand(&clinic, id).await.0, InquiryState::Answered);
        let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        let check = read::check(&clinic.app, &clinic.manager(), view.checks[0].id).await.unwrap();
        assert!(check.answer.is_dependent);
        assert_eq!(check.answer.subscriber.last_name.as_deref(), Some("SAMPLE"));
    }

    async fn a_payer_that_cannot_respond_answers_the_next_time(db) {
        let mut clinic = Clinic::new(db).await;
        let payer = Payer::start().await;
        connect(&mut clinic, &payer, Envelope::Soap);
        payer.behave(Behaviour::Reject("42"));
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        for wait in [30, 120] {
            // The same question at the same time gets the very same rejection.
            round(&clinic).await;
            let (state, words) = stand(&clinic, id).await;
            assert_eq!(state, InquiryState::Waiting);
            assert_eq!(words, "The payer cannot respond at this time");
            assert_eq!(outcomes(&clinic).await, [Outcome::Rejected]);
            clinic.pass(SignedDuration::from_secs(wait));
        }
        payer.behave(Behaviour::Answer);
        assert_eq!(round(&clinic).await, 1);
        assert_eq!(stand(&clinic, id).await, (InquiryState::Answered, String::new()));
        let kept = inquiry(&clinic, id).await;
        let check = read::check(&clinic.app, &clinic.manager(), kept.check.unwrap()).await.unwrap();
        assert_eq!((check.row.outcome, kept.tries), (Outcome::Active, 3));
        clinic.verified().await;
    }

    async fn a_payer_that_does_not_know_the_subscriber_says_so(db) {
        let mut clinic = Clinic::new(db).await;
        let payer = Payer::start().await;
        connect(&mut clinic, &payer, Envelope::Mime);
        payer.behave(Behaviour::Reject("75"));
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        round(&clinic).await;
        assert_eq!(stand(&clinic, id).await.0, InquiryState::Answered);
        assert_eq!(outcomes(&clinic).await, [Outcome::Rejected]);
        clinic.pass(SignedDuration::from_hours(1));
        assert_eq!(round(&clinic).await, 0, "that is for people to mend");
    }

    async fn whatever_goes_wrong_is_told_and_asked_again(db) {
        let mut clinic = Clinic::new(db).await;
        let payer = Payer::start().await;
        connect(&mut clinic, &payer, Envelope::Mime);
        let moods = [
            (Behaviour::Silent, "did not answer"),
            (Behaviour::Stall, "did not answer"),
            (Behaviour::HangUp, "did not answer"),
            (Behaviour::BreakOff, "did not answer"),
            (Behaviour::Garbage, "could not be read"),
            (Behaviour::HtmlPage, "could not be read"),
            (Behaviour::Empty, "did not answer"),
            (Behaviour::Status(503), "did not take"),
            (Behaviour::EnvelopeError("Receiver"), "did not take"),
        ];
        for (behaviour, expected) in moods {
            payer.behave(behaviour);
            let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
            assert_eq!(round(&clinic).await, 1, "{behaviour:?}");
            let (state, words) = stand(&clinic, id).await;
            assert_eq!(state, InquiryState::Waiting, "{behaviour:?}: {words}");
            assert!(words.contains(expected), "{behaviour:?}: {words}");
            let clean = ["EXAMPLE", "Ann", "MEMBER", "1980"];
            assert!(clean.iter().all(|word| !words.contains(word)), "{words}");
            clinic.pass(SignedDuration::from_secs(30));
            payer.behave(Behaviour::Answer);
            assert_eq!(round(&clinic).await, 1, "{behaviour:?}");
            assert_eq!(stand(&clinic, id).await.0, InquiryState::Answered, "{behaviour:?}");
        }
        for behaviour in [Behaviour::Redirect, Behaviour::Status(403), Behaviour::TooLarge] {
            payer.behave(behaviour);
            let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
            round(&clinic).await;
            assert_eq!(stand(&clinic, id).await.0, InquiryState::Failed, "{behaviour:?}");
        }
        clinic.verified().await;
    }

    async fn a_payer_that_is_away_is_asked_when_it_is_back(db) {
        let mut clinic = Clinic::new(db).await;
        let payer = Payer::start().await;
        connect(&mut clinic, &payer, Envelope::Mime);
        drop(payer);
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        round(&clinic).await;
        let (state, words) = stand(&clinic, id).await;
        assert_eq!(state, InquiryState::Waiting, "{words}");
        assert!(words.starts_with("the clearinghouse did not"), "{words}");
    }

    async fn files_go_out_and_come_in(db) {
        let mut clinic = Clinic::new(db).await;
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::clone(&clinic.clock) as Arc<dyn Clock>;
        let house = FileDrop::new(folder.path(), partners(), clock);
        clinic.app.clearinghouse = Arc::new(house);
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        round(&clinic).await;
        let kept = inquiry(&clinic, id).await;
        assert_eq!(kept.state, InquiryState::Sent);
        let trace = &kept.asked.trace;
        let path = folder.path().join(format!("outbox/{trace}.270"));
        assert_eq!(std::fs::read_to_string(path).unwrap(), kept.asked.question);
        let insured = crate::answers::Insured {
            first: "ANN",
            last: "EXAMPLE",
            member_id: "MEMBER-A",
            birth: "19800229",
        };
        let answer = crate::scripted::about(insured, "0001", &crate::answers::BENEFITS);
        let answer = crate::scripted::with_trace(&answer, trace);
        std::fs::write(folder.path().join("inbox/from the payer.271"), answer).unwrap();
        assert_eq!(collect_answers(&clinic.app).await.unwrap(), 0, "it may still be written");
        clinic.pass(SignedDuration::from_secs(6));
        assert_eq!(collect_answers(&clinic.app).await.unwrap(), 1);
        assert_eq!(stand(&clinic, id).await.0, InquiryState::Answered);
        assert_eq!(outcomes(&clinic).await, [Outcome::Active]);
        assert_eq!(std::fs::read_dir(folder.path().join("done")).unwrap().count(), 1);
        assert_eq!(collect_answers(&clinic.app).await.unwrap(), 0);
    }

    async fn the_sandbox_answers_now_or_later(db) {
        let mut clinic = Clinic::new(db).await;
        clinic.app.clearinghouse = Arc::new(SandboxPayer::default());
        let stories = [
            ("SYN-1", Outcome::Active),
            ("SYN-NOMONEY", Outcome::Active),
            ("SYN-INACTIVE", Outcome::Inactive),
            ("SYN-AAA75", Outcome::Rejected),
            ("SYN-LATER", Outcome::Active),
        ];
        for (member_id, outcome) in stories {
            insure(&clinic, vec![CoverageEntry { member_id: member_id.to_owned(), ..covered() }])
                .await;
            let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
            round(&clinic).await;
            collect_answers(&clinic.app).await.unwrap();
            let kept = inquiry(&clinic, id).await;
            assert_eq!(kept.state, InquiryState::Answered, "{member_id}");
            let manager = clinic.manager();
            let check = read::check(&clinic.app, &manager, kept.check.unwrap()).await.unwrap();
            assert_eq!(check.row.outcome, outcome, "{member_id}");
            assert_eq!(check.row.patient, Some(clinic.ann), "{member_id}");
        }
        clinic.verified().await;
    }
}
