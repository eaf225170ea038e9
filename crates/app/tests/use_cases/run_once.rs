//! A request is carried out once, whatever becomes of those who send and serve it.

use almoner_app::api_keys::{NewKey, create_key};
use almoner_app::run_once::{
    Begun, KEPT, LEASE, Run, Sent, begin, finish, give_up, is_running, remove_old_answers,
};
use almoner_domain::scope::Scopes;
use almoner_store::api_requests::{KeptAnswer, MAX_REMOVED};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::Clinic;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

async fn sent(clinic: &Clinic, idempotency_key: &str, asked: u8) -> Sent {
    let scopes = Scopes::parse("payments:write").expect("it is a scope");
    let key = NewKey { name: "Desk".to_owned(), scopes, life_days: None };
    Sent {
        key: create_key(&clinic.app, &clinic.system(), key).await.unwrap().id(),
        route: "POST /api/v1/payments".to_owned(),
        idempotency_key: idempotency_key.to_owned(),
        request_hash: vec![asked; 32],
    }
}

async fn ask(clinic: &Clinic, sent: &Sent) -> Begun {
    begin(&clinic.app, clinic.organization.id, sent).await.unwrap()
}

async fn new(clinic: &Clinic, sent: &Sent) -> Run {
    match ask(clinic, sent).await {
        Begun::New(run) => run,
        other => panic!("it is new: {other:?}"),
    }
}

async fn kept(clinic: &Clinic, sent: &Sent) -> KeptAnswer {
    match ask(clinic, sent).await {
        Begun::Same(answer) => answer,
        other => panic!("it has an answer: {other:?}"),
    }
}

fn answer(body: &str) -> KeptAnswer {
    KeptAnswer { status: 201, head: "{}".to_owned(), body: Some(body.as_bytes().to_vec()) }
}

on_both_engines! {
    async fn the_same_again_gives_the_same_answer(db) {
        let clinic = Clinic::new(db).await;
        let one = sent(&clinic, "one", 1).await;
        let run = new(&clinic, &one).await;
        assert!(is_running(&clinic.app, clinic.organization.id, &one).await.unwrap());
        assert!(matches!(ask(&clinic, &one).await, Begun::Running));
        finish(&clinic.app, &run, &answer("first")).await.unwrap();
        assert!(!is_running(&clinic.app, clinic.organization.id, &one).await.unwrap());
        clinic.pass(KEPT - SECOND);
        assert_eq!(kept(&clinic, &one).await, answer("first"));
        let other = Sent { request_hash: vec![2; 32], ..one.clone() };
        assert!(matches!(ask(&clinic, &other).await, Begun::Other));
        clinic.pass(SECOND);
        new(&clinic, &other).await;
        assert!(matches!(ask(&clinic, &one).await, Begun::Other), "the day begins anew");
    }

    async fn another_key_route_or_word_is_another_request(db) {
        let clinic = Clinic::new(db).await;
        let one = sent(&clinic, "one", 1).await;
        let run = new(&clinic, &one).await;
        finish(&clinic.app, &run, &answer("first")).await.unwrap();
        let key = sent(&clinic, "one", 2).await;
        let route = Sent { route: "POST /api/v1/estimates".to_owned(), ..one.clone() };
        let word = Sent { idempotency_key: "One".to_owned(), ..one.clone() };
        for other in [key, route, word] {
            new(&clinic, &other).await;
        }
        assert_eq!(kept(&clinic, &one).await, answer("first"));
    }

    async fn a_run_that_is_never_heard_of_again_frees_its_place(db) {
        let clinic = Clinic::new(db).await;
        let one = sent(&clinic, "one", 1).await;
        let lost = new(&clinic, &one).await;
        clinic.pass(LEASE - SECOND);
        assert!(matches!(ask(&clinic, &one).await, Begun::Running));
        clinic.pass(SECOND);
        let second = new(&clinic, &one).await;
        assert!(matches!(ask(&clinic, &one).await, Begun::Running));
        finish(&clinic.app, &lost, &answer("late")).await.unwrap();
        give_up(&clinic.app, &lost).await.unwrap();
        assert!(matches!(ask(&clinic, &one).await, Begun::Running), "the late one says nothing");
        finish(&clinic.app, &second, &answer("second")).await.unwrap();
        assert_eq!(kept(&clinic, &one).await, answer("second"));
    }

    async fn a_run_that_is_given_up_may_be_sent_again(db) {
        let clinic = Clinic::new(db).await;
        let one = sent(&clinic, "one", 1).await;
        let run = new(&clinic, &one).await;
        give_up(&clinic.app, &run).await.unwrap();
        assert!(!is_running(&clinic.app, clinic.organization.id, &one).await.unwrap());
        clinic.pass(SECOND);
        let other = Sent { request_hash: vec![2; 32], ..one.clone() };
        assert!(matches!(ask(&clinic, &other).await, Begun::Other));
        let again = new(&clinic, &one).await;
        assert_eq!(again.name(), run.name(), "what the first had committed is not done again");
        finish(&clinic.app, &again, &answer("again")).await.unwrap();
        give_up(&clinic.app, &again).await.unwrap();
        assert_eq!(kept(&clinic, &one).await, answer("again"), "an answer stays");
    }

    async fn of_many_at_once_one_is_carried_out(db) {
        let clinic = Clinic::new(db).await;
        let one = sent(&clinic, "one", 1).await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (app, org, one) = (clinic.app.clone(), clinic.organization.id, one.clone());
            asking.spawn(async move { begin(&app, org, &one).await.unwrap() });
        }
        let begun = asking.join_all().await;
        let new = begun.iter().filter(|begun| matches!(begun, Begun::New(_))).count();
        let running = begun.iter().filter(|begun| matches!(begun, Begun::Running)).count();
        assert_eq!((new, running), (1, 15));
    }

    async fn old_answers_are_removed_in_batches(db) {
        let clinic = Clinic::new(db).await;
        let one = sent(&clinic, "one", 1).await;
        let many = MAX_REMOVED + 20;
        for number in 0..many {
            let sent = Sent { idempotency_key: number.to_string(), ..one.clone() };
            let run = new(&clinic, &sent).await;
            if number % 2 == 0 {
                finish(&clinic.app, &run, &answer("old")).await.unwrap();
            }
        }
        clinic.pass(KEPT + SECOND);
        let run = new(&clinic, &one).await;
        finish(&clinic.app, &run, &answer("new")).await.unwrap();
        let removed = remove_old_answers(&clinic.app, &clinic.system()).await.unwrap();
        assert_eq!(i64::try_from(removed), Ok(many));
        assert_eq!(kept(&clinic, &one).await, answer("new"));
    }
}
