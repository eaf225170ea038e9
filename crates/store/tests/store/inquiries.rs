//! Questions to payers: claimed by one server at a time, kept as they were asked.

use almoner_domain::inquiry::{InquiryState, MAX_TRIES};
use almoner_domain::insured::Relationship;
use almoner_domain::{InquiryId, LocationId, OrganizationId, PatientId};
use almoner_store::db::{Db, Durability, Engine, StoreError};
use almoner_store::inquiries::{self, Asked, Inquiry, InquiryQuery, Twin};
use almoner_store::{on_both_engines, params};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::clinic;
use crate::common::{at, number, run, run_refused};

const DAY: Date = Date::constant(2026, 3, 12);
const NOW: &str = "2026-03-10T15:00:00Z";
const CLAIM: SignedDuration = SignedDuration::from_mins(3);

fn asked(seq: i64, patient: PatientId) -> Asked {
    Asked {
        id: InquiryId::new(seq),
        patient,
        rank: 1,
        payer: "Sample Health Plan".to_owned(),
        payer_id: "00042".to_owned(),
        member_id: Some("1EG4TE5MK73".to_owned()),
        relationship: Relationship::Subscriber,
        service_type: "98".to_owned(),
        service_date: DAY,
        location: LocationId::new(1),
        physician: None,
        npi: "1234567893".to_owned(),
        trace: format!("TRACE{seq}"),
        clearinghouse: "scripted".to_owned(),
        question: "ISA*00".to_owned(),
        user: None,
        created_at: at(NOW),
    }
}

/// A clinic with a patient and so many questions, all due.
async fn filled(db: &Db, count: i64) -> (OrganizationId, PatientId) {
    let org = clinic::open(db, 1).await;
    let mut tx = db.begin().await.unwrap();
    let patient = clinic::add_patient(&mut tx, org, ("Sample", "Ann")).await;
    for seq in 1..=count {
        inquiries::insert(&mut tx, org, &asked(seq, patient)).await.unwrap();
    }
    tx.commit().await.unwrap();
    (org, patient)
}

async fn claim(db: &Db, org: OrganizationId, now: Timestamp, limit: i64) -> Vec<Inquiry> {
    let mut tx = db.begin().await.unwrap();
    let claimed = inquiries::claim(&mut tx, org, (now, now + CLAIM), MAX_TRIES, limit).await;
    tx.commit().await.unwrap();
    claimed.unwrap()
}

async fn one(db: &Db, org: OrganizationId, seq: i64) -> Inquiry {
    let mut tx = db.read().await.unwrap();
    inquiries::get(&mut tx, org, InquiryId::new(seq)).await.unwrap().expect("it is there")
}

fn ids(inquiries: &[Inquiry]) -> Vec<i64> {
    let mut ids: Vec<i64> = inquiries.iter().map(|inquiry| inquiry.asked.id.seq()).collect();
    ids.sort_unstable();
    ids
}

on_both_engines! {
    async fn a_question_is_read_as_it_was_written(db) {
        let (org, patient) = filled(&db, 1).await;
        let read = one(&db, org, 1).await;
        assert_eq!(read.asked, asked(1, patient));
        assert_eq!((read.state, read.tries), (InquiryState::Waiting, 0));
        assert_eq!(read.next_try_at, Some(at(NOW)));
        let mut tx = db.read().await.unwrap();
        let references = ["NOBODYS".to_owned(), "TRACE1".to_owned()];
        let found = inquiries::by_trace(&mut tx, org, &references).await.unwrap();
        assert_eq!(found, Some(InquiryId::new(1)));
        let elsewhere = OrganizationId(org.0 + 1);
        assert_eq!(inquiries::by_trace(&mut tx, elsewhere, &references).await.unwrap(), None);
    }

    async fn a_claim_keeps_others_away_until_it_is_over(db) {
        let (org, _) = filled(&db, 3).await;
        let now = at(NOW);
        assert_eq!(ids(&claim(&db, org, now - SignedDuration::from_secs(1), 9).await), [0_i64; 0]);
        let first = claim(&db, org, now, 2).await;
        assert_eq!(ids(&first), [1, 2], "the longest due come first, and no more than asked for");
        assert_eq!(first[0].tries, 1);
        assert_eq!(ids(&claim(&db, org, now, 9).await), [3]);
        assert!(claim(&db, org, now + CLAIM / 2, 9).await.is_empty());
        let again = claim(&db, org, now + CLAIM, 9).await;
        assert_eq!(ids(&again), [1, 2, 3]);
        assert_eq!(again[0].tries, 2);
        let later = now + CLAIM * 20;
        let forget = "UPDATE eligibility_inquiry SET claimed_until_us = 0";
        for _ in 2..MAX_TRIES {
            run(&db, forget, Vec::new()).await.unwrap();
            claim(&db, org, later, 9).await;
        }
        run(&db, forget, Vec::new()).await.unwrap();
        assert!(claim(&db, org, later, 9).await.is_empty(), "nothing is begun for ever");
        let mut tx = db.read().await.unwrap();
        let cut = inquiries::cut_off(&mut tx, org, later, MAX_TRIES, 9).await.unwrap();
        assert_eq!(cut.len(), 3);
    }

    async fn a_question_is_the_same_only_while_it_is_open(db) {
        let (org, patient) = filled(&db, 1).await;
        let twin = Twin {
            patient,
            payer_id: "00042",
            member_id: Some("1EG4TE5MK73"),
            relationship: Relationship::Subscriber,
            service_type: "98",
            service_date: DAY,
            npi: "1234567893",
            taken_since: at(NOW),
        };
        let found = async |twin: Twin<'_>| {
            let mut tx = db.read().await.unwrap();
            inquiries::open_twin(&mut tx, org, &twin).await.unwrap().is_some()
        };
        assert!(found(twin).await);
        let others = [
            Twin { patient: PatientId::new(2), ..twin },
            Twin { payer_id: "00043", ..twin },
            Twin { member_id: None, ..twin },
            Twin { relationship: Relationship::Child, ..twin },
            Twin { service_type: "30", ..twin },
            Twin { service_date: Date::constant(2026, 3, 13), ..twin },
            Twin { npi: "1992999990", ..twin },
        ];
        for other in others {
            assert!(!found(other).await, "{other:?}");
        }
        claim(&db, org, at("2026-03-10T15:30:00Z"), 1).await;
        let mut ended = one(&db, org, 1).await;
        ended.state = InquiryState::Sent;
        (ended.next_try_at, ended.claimed_until) = (None, None);
        let mut tx = db.begin().await.unwrap();
        inquiries::set_state(&mut tx, org, &ended).await.unwrap();
        tx.commit().await.unwrap();
        assert!(found(twin).await);
        let later = Twin { taken_since: at("2026-03-10T15:30:00Z"), ..twin };
        assert!(!found(later).await, "it was taken too long ago");
        ended.state = InquiryState::Failed;
        (ended.next_try_at, ended.claimed_until) = (None, None);
        let mut tx = db.begin().await.unwrap();
        inquiries::set_state(&mut tx, org, &ended).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!found(twin).await);
    }

    async fn what_is_looked_after_is_listed(db) {
        let (org, patient) = filled(&db, 3).await;
        let other_payer = Asked { payer_id: "00077".to_owned(), ..asked(4, patient) };
        let mut tx = db.begin().await.unwrap();
        inquiries::insert(&mut tx, org, &other_payer).await.unwrap();
        for (seq, state) in [(1, InquiryState::Failed), (2, InquiryState::Sent),
            (3, InquiryState::Failed), (4, InquiryState::Expired)]
        {
            let found = inquiries::get(&mut tx, org, InquiryId::new(seq)).await.unwrap().unwrap();
            let ended = Inquiry { state, next_try_at: None, ..found };
            inquiries::set_state(&mut tx, org, &ended).await.unwrap();
        }
        tx.commit().await.unwrap();
        let listed = async |query: InquiryQuery| {
            let mut tx = db.read().await.unwrap();
            let listed = inquiries::unsettled(&mut tx, org, &query, 9).await.unwrap();
            listed.iter().map(|row| row.inquiry.asked.id.seq()).collect::<Vec<_>>()
        };
        let all = InquiryQuery::default();
        assert_eq!(listed(all).await, [4, 3, 2], "a newer question stands for the old");
        let recent = InquiryQuery { since: Some(at("2026-04-01T00:00:00Z")), ..all };
        assert_eq!(listed(recent).await, [2], "what is open stays");
        let check = "INSERT INTO eligibility_check (organization_id, seq, patient_seq, outcome,
            payer, checked_at_us, imported_at_us, fingerprint, file_hash, file_from, file_to,
            answer, name_sort) SELECT 1, 1, 1, 'rejected', 'x', 1, created_at_us + 1, $1, $1, 0, 0,
            '', '' FROM eligibility_inquiry WHERE seq = 1";
        let file = "INSERT INTO eligibility_file (organization_id, file_hash, name,
            imported_at_us) VALUES (1, $1, 'x', 1)";
        let hash = vec![1_u8];
        run(&db, file, params![hash.clone()]).await.unwrap();
        run(&db, check, params![hash]).await.unwrap();
        assert_eq!(listed(all).await, [4, 3, 2], "a rejection says nothing");
        run(&db, "UPDATE eligibility_check SET outcome = 'active'", Vec::new()).await.unwrap();
        assert_eq!(listed(all).await, [2], "a newer check stands for what was never answered");
        let nobody = InquiryQuery { patient: Some(PatientId::new(9)), ..all };
        assert!(listed(nobody).await.is_empty());
    }

    async fn what_was_asked_is_never_changed_or_deleted(db) {
        filled(&db, 2).await;
        let why = "eligibility_inquiry rows are never changed or deleted";
        for change in ["patient_seq = 2", "question = 'x'", "trace = 'x'", "service_day = 20260313",
            "member_id = NULL", "clearinghouse = 'x'", "user_seq = 1", "created_at_us = 0"]
        {
            run_refused(&db, &format!("UPDATE eligibility_inquiry SET {change}"), why).await;
        }
        run_refused(&db, "DELETE FROM eligibility_inquiry", why).await;
        if db.engine() == Engine::Postgres {
            run_refused(&db, "TRUNCATE eligibility_inquiry", why).await;
        } else {
            let again = "REPLACE INTO eligibility_inquiry SELECT * FROM eligibility_inquiry";
            let told = run(&db, again, Vec::new()).await;
            assert!(matches!(told, Err(StoreError::Duplicate(_))), "{told:?}");
        }
        let without_check =
            "UPDATE eligibility_inquiry SET state = 'answered', next_try_at_us = NULL";
        let told = run(&db, without_check, Vec::new()).await;
        assert!(matches!(told, Err(StoreError::Refused(_))), "{told:?}");
        let rows = number(&db, "SELECT count(*) AS n FROM eligibility_inquiry").await;
        assert_eq!(rows, 2);
    }

    async fn a_trace_is_given_out_once(db) {
        let (org, patient) = filled(&db, 1).await;
        let mut tx = db.begin().await.unwrap();
        let second = Asked { trace: "TRACE1".to_owned(), ..asked(2, patient) };
        let told = inquiries::insert(&mut tx, org, &second).await;
        assert!(matches!(told, Err(StoreError::Duplicate(_))), "{told:?}");
    }

    async fn two_servers_never_claim_the_same(db) {
        let (org, _) = filled(&db, 40).await;
        let second = Db::open(&db.url, Durability::Scratch).await.unwrap();
        let mut racing = tokio::task::JoinSet::new();
        for round in 0..16 {
            let server = if round % 2 == 0 { db.db.clone() } else { second.clone() };
            racing.spawn(async move { ids(&claim(&server, org, at(NOW), 5).await) });
        }
        let mut claimed = racing.join_all().await.concat();
        claimed.sort_unstable();
        assert_eq!(claimed, (1..=40).collect::<Vec<_>>());
        second.close().await;
    }
}
