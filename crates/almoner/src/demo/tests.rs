//! A smaller clinic, filled by the same code on both engines.

use std::collections::BTreeSet;

use almoner_app::exchange_checks::{ask_claimed, claim_due};
use almoner_app::link_keys::LinkKeys;
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::verify_documents::{Depth, verify_documents};
use almoner_app::{read, read_inquiries};
use almoner_domain::Status;
use almoner_domain::ambient::SystemEntropy;
use almoner_domain::estimate::Outcome;
use almoner_gateways::clearinghouse::{NoClearinghouse, SandboxPayer};
use almoner_gateways::files::Files;
use almoner_gateways::mail::NoMailer;
use almoner_store::Db;

use super::*;

const SMALL: Size =
    Size { patients: 60, treatments: 90, checks: 26, payments: 160, notes: 20, papers: 3 };

/// When all of it is invented.
pub(crate) const NOW: &str = "2026-11-23T15:30:00Z";

/// A program that reaches nobody, at that moment.
pub(crate) fn app(db: &Db) -> App {
    App {
        db: db.clone(),
        clock: Arc::new(SetClock::at(NOW.parse().unwrap())),
        entropy: Arc::new(SystemEntropy),
        processor: Arc::new(Sandbox::default()),
        clearinghouse: Arc::new(NoClearinghouse),
        mailer: Arc::new(NoMailer),
        webhooks: Arc::new(HttpWebhooks::new(false)),
        link_keys: Arc::new(LinkKeys::new([7; 32], Vec::new())),
        files: Files::in_memory(),
        max_document_bytes: 25 * 1024 * 1024,
    }
}

fn calendar(now: &str) -> Calendar {
    let zone = time::parse_zone("time_zone", clinic::ZONE).unwrap();
    Calendar { now: now.parse().unwrap(), zone }
}

async fn texts(db: &Db, sql: &'static str) -> Vec<String> {
    let rows = db.read().await.unwrap().all(sql, Vec::new()).await.unwrap();
    rows.iter().map(|row| row.text("it").unwrap()).collect()
}

pub(crate) async fn number(db: &Db, sql: &'static str) -> i64 {
    db.read().await.unwrap().one(sql, Vec::new()).await.unwrap().int("it").unwrap()
}

almoner_store::on_both_engines! {
    async fn every_insured_patient_can_be_asked_about(db) {
        let clearinghouse = Arc::new(SandboxPayer::default());
        let app = App { clearinghouse, ..app(&db) };
        fill_to(&app, &SMALL).await.unwrap();
        let clinic = read::organizations(&app).await.unwrap().remove(0);
        let view = read::patients_with_balance(&app, &clinic, &[], false, (0, 100)).await;
        let found = view.unwrap().page;
        let mut asked = Vec::new();
        for patient in found.rows {
            let view = read::patient(&app, &clinic, patient.id).await.unwrap();
            for (rank, _) in (1..).zip(&view.coverages) {
                let input = RunCheck {
                    patient: patient.id,
                    rank,
                    service_type: None,
                    service_date: None,
                    location: None,
                    physician: None,
                    treatment: None,
                };
                asked.push(run_check(&app, &clinic, &input, None).await.unwrap());
            }
        }
        assert!(asked.len() > 40, "{}", asked.len());
        loop {
            let claimed = claim_due(&app, &clinic, 50).await.unwrap();
            if claimed.is_empty() {
                break;
            }
            for inquiry in &claimed {
                ask_claimed(&app, &clinic, inquiry).await.unwrap();
            }
        }
        for id in asked {
            let inquiry = read_inquiries::inquiry(&app, &clinic, id).await.unwrap().listed.inquiry;
            let check = read::check(&app, &clinic, inquiry.check.unwrap()).await.unwrap();
            assert_eq!(check.row.patient, Some(inquiry.asked.patient), "{id}");
        }
    }

    async fn the_clinic_is_whole_and_shows_everything(db) {
        let app = app(&db);
        let now = app.now();
        fill_to(&app, &SMALL).await.unwrap();
        let clinic = read::organizations(&app).await.unwrap().remove(0);
        for finding in read::verify(&app, clinic.org(), None).await.unwrap() {
            assert_eq!(finding.difference, None, "{}", finding.proves);
        }
        let statuses = texts(&db, "SELECT DISTINCT status AS it FROM payment").await;
        let statuses: BTreeSet<Status> =
            statuses.iter().map(|name| Status::from_name(name).unwrap()).collect();
        assert_eq!(statuses.len(), Status::ALL.len(), "{statuses:?}");
        let outcomes = texts(&db, "SELECT DISTINCT outcome AS it FROM eligibility_check").await;
        for outcome in Outcome::ALL {
            assert!(outcomes.iter().any(|name| name == outcome.as_str()), "{outcome:?}");
        }
        let states = texts(&db, "SELECT DISTINCT state AS it FROM refund ORDER BY state").await;
        assert_eq!(states, ["failed", "pending", "settled"]);
        let odd = texts(
            &db,
            "SELECT answer AS it FROM eligibility_check WHERE answer NOT LIKE '%\"warnings\":[]%'",
        );
        assert_eq!(odd.await, [""; 0], "the answers are read without a warning");
        for (sql, expected) in [
            ("SELECT count(*) AS it FROM payment", 160),
            ("SELECT count(*) AS it FROM note", 20),
            ("SELECT count(*) AS it FROM document", 7),
            ("SELECT count(*) AS it FROM eligibility_check WHERE patient_seq IS NULL", 3),
            ("SELECT count(*) AS it FROM audit_event WHERE seal_no IS NULL", 0),
            ("SELECT count(*) AS it FROM audit_event WHERE action = 'status_refused'", 0),
        ] {
            assert_eq!(number(&db, sql).await, expected, "{sql}");
        }
        let documents = verify_documents(&app, &clinic, Depth::Content).await.unwrap();
        assert_eq!((documents.count, documents.difference), (7, None));
        let estimated = "SELECT count(*) AS it FROM payment_estimate";
        assert!(number(&db, estimated).await > 0, "some payments were estimated");
        let newest = number(&db, "SELECT max(at_us) AS it FROM audit_event").await;
        assert!(newest <= time::micros(now), "nothing happened after now");
    }
}

#[test]
fn nothing_lies_ahead_and_everything_follows_its_cause_whatever_the_day() {
    for now in [
        "2026-11-23T15:30:00Z",
        "2026-11-22T15:30:00Z",
        "2026-11-23T05:00:01Z",
        "2027-03-14T08:00:00Z",
        "2028-02-29T23:59:59Z",
        "2027-01-01T04:59:59Z",
    ] {
        let calendar = calendar(now);
        let plan = Plan::new(&calendar, &FULL);
        let events = plan.events();
        assert!(events.last().unwrap().0 < calendar.now, "{now}");
        let mut patients = vec![false; plan.people.len()];
        let mut treatments = vec![false; plan.treatments.len()];
        let mut steps = vec![0; plan.stories.len()];
        for (_, event) in events {
            match event {
                Event::Patient(place) => patients[place] = true,
                Event::Treatment(place) => {
                    assert!(patients[plan.treatments[place].person], "{now}");
                    treatments[place] = true;
                }
                Event::TreatmentEnds(place) => assert!(treatments[place], "{now}"),
                Event::Check(place) => assert!(patients[plan.checks[place].person], "{now}"),
                Event::Payment(place) => {
                    let story = &plan.stories[place];
                    assert!(patients[story.person], "{now}");
                    assert!(story.treatment.is_none_or(|place| treatments[place]), "{now}");
                    steps[place] = 1;
                }
                Event::Step(place, _) => {
                    assert!(steps[place] > 0, "{now}");
                    steps[place] += 1;
                }
            }
        }
        let whole =
            |(place, story): (usize, &stories::Story)| steps[place] == story.steps.len() + 1;
        assert!(plan.stories.iter().enumerate().all(whole), "{now}");
    }
}

#[test]
fn the_same_clinic_is_planned_every_time() {
    let told = |now: &str| -> Vec<String> {
        let plan = Plan::new(&calendar(now), &SMALL);
        let people = plan.people.iter().map(|person| format!("{:?}", person.entry));
        let stories = plan.stories.iter().map(|story| {
            let steps: Vec<_> = story.steps.iter().map(|step| &step.1).collect();
            format!("{} {} {steps:?}", story.person, story.amount)
        });
        people.chain(stories).collect()
    };
    assert_eq!(told("2026-11-23T15:30:00Z"), told("2027-06-06T21:00:00Z"));
}
