//! Carrying questions: asked once, asked again when that may help, and never lost.

use std::sync::Arc;

use almoner_app::exchange_checks::{ask_claimed, claim_due, collect_answers, give_up};
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::save_physician::save_physician;
use almoner_app::{Actor, App, add_organization, read, read_inquiries};
use almoner_domain::InquiryId;
use almoner_domain::estimate::Outcome;
use almoner_domain::inquiry::{InquiryState, MAX_TRIES};
use almoner_gateways::clearinghouse::ClearinghouseError::{NoAnswer, NotTaken, Refused};
use almoner_gateways::clearinghouse::NoClearinghouse;
use almoner_store::db::{Db, Durability};
use almoner_store::on_both_engines;
use almoner_store::physicians::PhysicianFields;
use jiff::SignedDuration;

use crate::answers::{BENEFITS, Insured};
use crate::common::{Clinic, person};
use crate::run_check::{ask, inquiry, of_ann};
use crate::scripted::{Script, about, payer_rejects, with_trace};

/// Ann as her payer knows her.
const ANN: Insured<'_> =
    Insured { first: "ANN", last: "EXAMPLE", member_id: "MEMBER-A", birth: "19800229" };
/// Longer than any claim lasts.
const CLAIM_IS_OVER: SignedDuration = SignedDuration::from_mins(4);
/// Questions that a server asks at a time.
const AT_ONCE: usize = 8;

fn answer_of_ann() -> Vec<u8> {
    about(ANN, "0001", &BENEFITS)
}

/// One round of the job: tells how many questions were asked.
async fn round(app: &App, actor: &Actor) -> usize {
    let claimed = claim_due(app, actor, AT_ONCE).await.unwrap();
    for inquiry in &claimed {
        ask_claimed(app, actor, inquiry).await.unwrap();
    }
    claimed.len()
}

async fn ask_round(clinic: &Clinic) -> usize {
    round(&clinic.app, &clinic.system()).await
}

/// Where the first question stands, how often it was asked, and the words of its failure.
async fn stand(clinic: &Clinic) -> (InquiryState, i64, Option<String>) {
    let kept = inquiry(clinic, InquiryId::new(1)).await;
    (kept.state, kept.tries, kept.failure)
}

/// The outcomes of Ann's checks, the newest first.
async fn outcomes(clinic: &Clinic) -> Vec<Outcome> {
    let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
    view.checks.iter().map(|check| check.outcome).collect()
}

on_both_engines! {
    async fn an_answer_on_the_spot_becomes_the_patient_s_check(db) {
        let clinic = Clinic::new(db).await;
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Answer(answer_of_ann()));
        assert_eq!(ask_round(&clinic).await, 1);
        let kept = inquiry(&clinic, id).await;
        assert_eq!((kept.state, kept.tries, kept.failure), (InquiryState::Answered, 1, None));
        assert_eq!((kept.next_try_at, kept.claimed_until), (None, None));
        let [(reference, text)] = &clinic.clearinghouse.asked()[..] else { panic!("asked once") };
        assert_eq!((reference, text), (&kept.asked.trace, &kept.asked.question));
        let view = read::check(&clinic.app, &clinic.manager(), kept.check.unwrap()).await.unwrap();
        assert_eq!(view.patient.unwrap().id, clinic.ann);
        assert_eq!(view.answer.payer_id.as_deref(), Some("00042"));
        let manager = clinic.manager();
        let back = read_inquiries::of_check(&clinic.app, &manager, view.row.id).await.unwrap();
        assert_eq!(back.map(|inquiry| inquiry.asked.id), Some(id));
        assert_eq!(ask_round(&clinic).await, 0, "nothing is left to ask");
        clinic.verified().await;
    }

    async fn an_answer_that_comes_later_is_collected(db) {
        let clinic = Clinic::new(db).await;
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        ask_round(&clinic).await;
        assert_eq!(stand(&clinic).await, (InquiryState::Sent, 1, None));
        let trace = inquiry(&clinic, id).await.asked.trace;
        clinic.clearinghouse.deliver("in-1.271", with_trace(&answer_of_ann(), &trace));
        clinic.clearinghouse.deliver("letter.txt", b"Dear clinic".to_vec());
        assert_eq!(collect_answers(&clinic.app).await.unwrap(), 2);
        assert_eq!(clinic.clearinghouse.taken(), ["in-1.271", "letter.txt"]);
        assert_eq!(stand(&clinic).await.0, InquiryState::Answered);
        assert_eq!(outcomes(&clinic).await, [Outcome::Active]);
        let unread = read::unread_files(&clinic.app, &clinic.manager()).await.unwrap();
        assert_eq!(unread.len(), 1, "what is no answer is kept as well");
        assert_eq!(collect_answers(&clinic.app).await.unwrap(), 0);
        clinic.verified().await;
    }

    async fn what_was_not_carried_is_tried_ever_later_and_then_left_to_people(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        let waits = [30, 120, 600, 1_800];
        for (place, wait) in (1..).zip(waits) {
            let is_even = place % 2 == 0;
            let error = if is_even { NotTaken("busy".into()) } else { NoAnswer("cut".into()) };
            clinic.clearinghouse.then(Script::Fail(error.clone()));
            assert_eq!(ask_round(&clinic).await, 1);
            let told = (InquiryState::Waiting, place, Some(error.to_string()));
            assert_eq!(stand(&clinic).await, told);
            clinic.pass(SignedDuration::from_secs(wait - 1));
            assert_eq!(ask_round(&clinic).await, 0, "not before its time");
            clinic.pass(SignedDuration::from_secs(1));
        }
        clinic.clearinghouse.then(Script::Fail(NotTaken("still busy".into())));
        ask_round(&clinic).await;
        let (state, tries, words) = stand(&clinic).await;
        assert_eq!((state, tries), (InquiryState::Failed, MAX_TRIES));
        assert!(words.unwrap().contains("still busy"));
        clinic.pass(SignedDuration::from_hours(48));
        assert_eq!(ask_round(&clinic).await, 0);
        let asked = clinic.clearinghouse.asked();
        assert!(asked.iter().all(|entry| *entry == asked[0]), "each time the very same question");
        let manager = clinic.manager();
        let listed = read_inquiries::unsettled(&clinic.app, &manager, Some(clinic.ann));
        assert_eq!(listed.await.unwrap().len(), 1, "people see it");
        let again = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        assert_eq!(again, InquiryId::new(2), "asking again is a new question");
        clinic.verified().await;
    }

    async fn what_is_refused_is_not_asked_again(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Fail(Refused("unknown sender".into())));
        ask_round(&clinic).await;
        let (state, tries, words) = stand(&clinic).await;
        assert_eq!((state, tries), (InquiryState::Failed, 1));
        let expected = "the clearinghouse refused the question: unknown sender";
        assert_eq!(words.as_deref(), Some(expected));
        clinic.pass(SignedDuration::from_hours(1));
        assert_eq!(ask_round(&clinic).await, 0);
        clinic.verified().await;
    }

    async fn a_payer_that_cannot_respond_now_is_asked_again(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Answer(payer_rejects("0002", "42", "R")));
        ask_round(&clinic).await;
        let words = Some("The payer cannot respond at this time".to_owned());
        assert_eq!(stand(&clinic).await, (InquiryState::Waiting, 1, words));
        assert_eq!(outcomes(&clinic).await, [Outcome::Rejected], "people see why it takes longer");
        clinic.pass(SignedDuration::from_secs(30));
        clinic.clearinghouse.then(Script::Answer(answer_of_ann()));
        assert_eq!(ask_round(&clinic).await, 1);
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, 2, None));
        let kept = inquiry(&clinic, InquiryId::new(1)).await;
        let view = read::check(&clinic.app, &clinic.manager(), kept.check.unwrap()).await.unwrap();
        assert_eq!(view.row.outcome, Outcome::Active);
        clinic.verified().await;
    }

    async fn a_payer_that_never_responds_is_left_with_its_rejection(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        for number in 1..=MAX_TRIES {
            let control = format!("{number:04}");
            clinic.clearinghouse.then(Script::Answer(payer_rejects(&control, "80", "W")));
            assert_eq!(ask_round(&clinic).await, 1);
            clinic.pass(SignedDuration::from_hours(1));
        }
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, MAX_TRIES, None));
        assert_eq!(ask_round(&clinic).await, 0);
        assert_eq!(outcomes(&clinic).await, [Outcome::Rejected; 5]);
        clinic.verified().await;
    }

    async fn a_payer_that_holds_the_question_is_awaited(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Answer(payer_rejects("0002", "42", "Y")));
        ask_round(&clinic).await;
        assert_eq!(stand(&clinic).await.0, InquiryState::Sent);
        clinic.pass(SignedDuration::from_hours(2));
        assert_eq!(ask_round(&clinic).await, 0, "it asked not to be asked again");
        let trace = inquiry(&clinic, InquiryId::new(1)).await.asked.trace;
        clinic.clearinghouse.deliver("a", with_trace(&answer_of_ann(), &trace));
        collect_answers(&clinic.app).await.unwrap();
        assert_eq!(stand(&clinic).await.0, InquiryState::Answered);
    }

    async fn a_rejection_that_staff_must_mend_ends_the_question(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Answer(payer_rejects("0002", "75", "C")));
        ask_round(&clinic).await;
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, 1, None));
        assert_eq!(outcomes(&clinic).await, [Outcome::Rejected]);
        clinic.pass(SignedDuration::from_hours(1));
        assert_eq!(ask_round(&clinic).await, 0);
    }

    async fn garbage_is_kept_and_the_question_asked_again(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Answer(b"<html>Bad gateway".to_vec()));
        ask_round(&clinic).await;
        let (state, _, words) = stand(&clinic).await;
        assert_eq!(state, InquiryState::Waiting);
        assert!(words.unwrap().starts_with("the answer could not be read"));
        let unread = read::unread_files(&clinic.app, &clinic.manager()).await.unwrap();
        assert_eq!(unread[0].name, "INQ-001.271");
        clinic.pass(SignedDuration::from_mins(1));
        let others = about(Insured { first: "NO", last: "BODY", ..ANN }, "0009", &BENEFITS);
        let two = [&others[..], &answer_of_ann()[..]].concat();
        let foreign = with_trace(&two, "OTHERS");
        clinic.clearinghouse.then(Script::Answer(foreign));
        ask_round(&clinic).await;
        let (state, tries, words) = stand(&clinic).await;
        assert_eq!((state, tries), (InquiryState::Waiting, 2));
        assert_eq!(words.as_deref(), Some("the answer is to another question"));
        clinic.verified().await;
    }

    async fn a_question_written_for_another_clearinghouse_is_refused(db) {
        let mut clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.app.clearinghouse = Arc::new(NoClearinghouse);
        ask_round(&clinic).await;
        let (state, _, words) = stand(&clinic).await;
        assert_eq!(state, InquiryState::Failed);
        assert!(words.unwrap().contains("another clearinghouse"));
    }

    async fn without_an_answer_a_question_ends_and_a_late_one_still_counts(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        ask_round(&clinic).await;
        clinic.pass(SignedDuration::from_hours(71));
        assert_eq!(give_up(&clinic.app, &clinic.system()).await.unwrap(), 0);
        clinic.pass(SignedDuration::from_hours(1));
        assert_eq!(give_up(&clinic.app, &clinic.system()).await.unwrap(), 1);
        assert_eq!(give_up(&clinic.app, &clinic.system()).await.unwrap(), 0);
        let words = Some("no answer came within 72 hours".to_owned());
        assert_eq!(stand(&clinic).await, (InquiryState::Expired, 1, words));
        let trace = inquiry(&clinic, InquiryId::new(1)).await.asked.trace;
        clinic.clearinghouse.deliver("late", with_trace(&answer_of_ann(), &trace));
        collect_answers(&clinic.app).await.unwrap();
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, 1, None));
        assert_eq!(outcomes(&clinic).await, [Outcome::Active]);
        clinic.verified().await;
    }

    async fn two_servers_never_ask_the_same(db) {
        let clinic = Clinic::new(db).await;
        let second = Db::open(&clinic.url, Durability::Scratch).await.unwrap();
        let other = App { db: second.clone(), ..clinic.app.clone() };
        for number in 1..=12 {
            let day = almoner_domain::time::parse_date("d", &format!("2026-04-{number:02}"));
            let input = RunCheck { service_date: Some(day.unwrap()), ..of_ann(&clinic) };
            ask(&clinic, &input).await.unwrap();
        }
        let mut racing = tokio::task::JoinSet::new();
        for number in 0..16 {
            let app = if number % 2 == 0 { clinic.app.clone() } else { other.clone() };
            let actor = clinic.system();
            racing.spawn(async move { round(&app, &actor).await });
        }
        racing.join_all().await;
        while ask_round(&clinic).await > 0 {}
        let mut asked: Vec<String> =
            clinic.clearinghouse.asked().into_iter().map(|entry| entry.0).collect();
        asked.sort();
        let each_once = { let mut once = asked.clone(); once.dedup(); once };
        assert_eq!((asked.len(), each_once.len()), (12, 12));
        second.close().await;
        clinic.verified().await;
    }

    async fn whoever_is_killed_after_the_claim_loses_nothing(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        assert_eq!(claim_due(&clinic.app, &clinic.system(), AT_ONCE).await.unwrap().len(), 1);
        assert_eq!(ask_round(&clinic).await, 0, "the claim still holds");
        clinic.pass(CLAIM_IS_OVER);
        clinic.clearinghouse.then(Script::Answer(answer_of_ann()));
        assert_eq!(ask_round(&clinic).await, 1);
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, 2, None));
        assert_eq!(clinic.clearinghouse.asked().len(), 1);
        clinic.verified().await;
    }

    async fn whoever_is_killed_while_asking_asks_once_more(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        clinic.clearinghouse.then(Script::Hang);
        {
            let killed = ask_round(&clinic);
            tokio::select! {
                _ = killed => panic!("nobody answered"),
                () = clinic.clearinghouse.came.notified() => {}
            }
        }
        assert_eq!(ask_round(&clinic).await, 0);
        clinic.pass(CLAIM_IS_OVER);
        clinic.clearinghouse.then(Script::Answer(answer_of_ann()));
        assert_eq!(ask_round(&clinic).await, 1);
        assert_eq!(clinic.clearinghouse.asked().len(), 2);
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, 2, None));
        assert_eq!(outcomes(&clinic).await, [Outcome::Active]);
        clinic.verified().await;
    }

    async fn whoever_is_killed_after_the_import_imports_nothing_twice(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        ask_round(&clinic).await;
        let trace = inquiry(&clinic, InquiryId::new(1)).await.asked.trace;
        clinic.clearinghouse.deliver("in-1", with_trace(&answer_of_ann(), &trace));
        clinic.clearinghouse.deafen();
        for _ in 0..3 {
            assert_eq!(collect_answers(&clinic.app).await.unwrap(), 1);
        }
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_check").await, 1);
        assert_eq!(stand(&clinic).await.0, InquiryState::Answered);
        clinic.verified().await;
    }

    async fn two_servers_collect_the_same_delivery_once(db) {
        let clinic = Clinic::new(db).await;
        let second = Db::open(&clinic.url, Durability::Scratch).await.unwrap();
        let other = App { db: second.clone(), ..clinic.app.clone() };
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        ask_round(&clinic).await;
        let trace = inquiry(&clinic, InquiryId::new(1)).await.asked.trace;
        clinic.clearinghouse.deliver("in-1", with_trace(&answer_of_ann(), &trace));
        let (one, two) = tokio::join!(collect_answers(&clinic.app), collect_answers(&other));
        assert!(one.unwrap() + two.unwrap() >= 1);
        collect_answers(&clinic.app).await.unwrap();
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_check").await, 1);
        assert_eq!(stand(&clinic).await.0, InquiryState::Answered);
        assert!(clinic.clearinghouse.taken().contains(&"in-1".to_owned()));
        second.close().await;
        clinic.verified().await;
    }

    async fn what_is_cut_off_each_time_is_given_up(db) {
        let clinic = Clinic::new(db).await;
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        for _ in 0..MAX_TRIES {
            let claimed = claim_due(&clinic.app, &clinic.system(), AT_ONCE).await.unwrap();
            assert_eq!(claimed.len(), 1);
            assert_eq!(give_up(&clinic.app, &clinic.system()).await.unwrap(), 0);
            clinic.pass(CLAIM_IS_OVER);
        }
        assert!(claim_due(&clinic.app, &clinic.system(), AT_ONCE).await.unwrap().is_empty());
        assert_eq!(give_up(&clinic.app, &clinic.system()).await.unwrap(), 1);
        let (state, tries, words) = stand(&clinic).await;
        assert_eq!((state, tries), (InquiryState::Failed, MAX_TRIES));
        assert!(words.unwrap().contains("stopped"));
    }

    async fn who_lost_the_claim_has_no_say_but_brings_the_answer(db) {
        let clinic = Clinic::new(db).await;
        let (app, system) = (&clinic.app, clinic.system());
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        let slow = claim_due(app, &system, AT_ONCE).await.unwrap().remove(0);
        clinic.pass(CLAIM_IS_OVER);
        let quick = claim_due(app, &system, AT_ONCE).await.unwrap().remove(0);
        clinic.clearinghouse.then(Script::Fail(Refused("slow".into())));
        ask_claimed(app, &system, &slow).await.unwrap();
        assert_eq!(stand(&clinic).await, (InquiryState::Waiting, 2, None), "another asks it now");
        clinic.clearinghouse.then(Script::Answer(answer_of_ann()));
        ask_claimed(app, &system, &slow).await.unwrap();
        assert_eq!(stand(&clinic).await.0, InquiryState::Answered);
        clinic.clearinghouse.then(Script::Fail(NotTaken("busy".into())));
        ask_claimed(app, &system, &quick).await.unwrap();
        assert_eq!(stand(&clinic).await, (InquiryState::Answered, 2, None));
    }

    async fn an_answer_goes_to_the_organization_that_asked(db) {
        let clinic = Clinic::new(db).await;
        let app = &clinic.app;
        let add = add_organization::add_organization(app, "Elsewhere", "America/Chicago");
        let other = Actor::system(add.await.unwrap());
        let (first_name, last_name) = ("Lee".to_owned(), "Sample".to_owned());
        let npi = Some("1234567893".to_owned());
        let fields = PhysicianFields { first_name, last_name, npi };
        let physician = save_physician(app, &other, None, &fields).await.unwrap();
        let entry = person("Ann", "Example", "1980-02-29", "MEMBER-A");
        let patient = almoner_app::save_patient::add_patient(app, &other, &entry, None, None);
        let patient = patient.await.unwrap();
        let input = RunCheck { patient, physician: Some(physician), ..of_ann(&clinic) };
        let theirs = run_check(app, &other, &input, None).await.unwrap();
        ask(&clinic, &of_ann(&clinic)).await.unwrap();
        for actor in [&other, &clinic.system()] {
            assert_eq!(round(app, actor).await, 1);
        }
        let view = read_inquiries::inquiry(app, &other, theirs).await.unwrap();
        let their_trace = view.listed.inquiry.asked.trace;
        let our_trace = inquiry(&clinic, InquiryId::new(1)).await.asked.trace;
        let house = &clinic.clearinghouse;
        house.deliver("theirs", with_trace(&answer_of_ann(), &their_trace));
        house.deliver("nobodys", with_trace(&answer_of_ann(), "UNKNOWN"));
        let mixed = [
            with_trace(&about(ANN, "0005", &BENEFITS), &their_trace),
            with_trace(&about(ANN, "0006", &BENEFITS), &our_trace),
        ];
        house.deliver("mixed", mixed.concat());
        assert_eq!(collect_answers(app).await.unwrap(), 1);
        assert_eq!(house.taken(), ["theirs"], "what is not surely one organization's stays");
        assert!(outcomes(&clinic).await.is_empty());
        let theirs = read_inquiries::inquiry(app, &other, theirs).await.unwrap().listed.inquiry;
        assert_eq!(theirs.state, InquiryState::Answered);
        house.deliver("ours", with_trace(&answer_of_ann(), &our_trace));
        assert_eq!(collect_answers(app).await.unwrap(), 1);
        assert_eq!(outcomes(&clinic).await, [Outcome::Active]);
    }
}
