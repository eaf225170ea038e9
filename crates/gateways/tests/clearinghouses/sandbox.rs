//! The sandbox payer, read by the reader that reads real payers.

use almoner_gateways::clearinghouse::{
    Clearinghouse as _, ClearinghouseError, Question, Reply, SandboxPayer,
};
use almoner_x12::inquiry::Inquiry;
use almoner_x12::{Answer, Date};

use crate::questions::{about_a_child, answer, answer_in, inquiry, text};

async fn ask(question: &Inquiry) -> Reply {
    let text = text(question);
    let asked = SandboxPayer::default().ask(Question { reference: "ALM-77", text: &text }).await;
    asked.unwrap_or_else(|error| panic!("{error}"))
}

fn about(member_id: &str) -> Inquiry {
    inquiry(member_id, &SandboxPayer::default().partners())
}

async fn answer_about(member_id: &str) -> Answer {
    answer(ask(&about(member_id)).await)
}

/// The rows as code, service types, period and what they say.
fn rows(answer: &Answer, code: &str) -> Vec<String> {
    let rows = answer.benefits.iter().filter(|row| row.code == code);
    rows.map(|row| row.segment.clone()).collect()
}

#[tokio::test]
async fn a_question_gets_a_plausible_answer_with_its_traces() {
    let found = answer_about("1EG4TE5MK73").await;
    assert_eq!(found.reference, "ALM-77");
    assert_eq!(found.traces, ["ALM-77"]);
    assert_eq!(found.answered_at.map(|at| at.to_string()).as_deref(), Some("2026-03-02T09:15:30"));
    assert_eq!(found.payer.name.as_deref(), Some("SAMPLE HEALTH"));
    assert_eq!(found.payer.id.as_deref(), Some("00042"));
    assert_eq!(found.receiver.id.as_deref(), Some("1234567893"));
    assert_eq!(found.patient.member_id.as_deref(), Some("1EG4TE5MK73"));
    assert_eq!(found.patient.last.as_deref(), Some("SPECIMEN"));
    assert_eq!(found.patient.birth_date, Date::new(1980, 1, 1));
    assert_eq!(found.plan.as_deref(), Some("SANDBOX SAMPLE PPO"));
    assert_eq!(found.rejections, []);
    for (code, count) in [("1", 2), ("B", 2), ("A", 2), ("C", 4), ("G", 3)] {
        assert_eq!(rows(&found, code).len(), count, "{code}");
    }
    assert!(SandboxPayer::default().is_test() && SandboxPayer::default().is_set_up());
}

#[tokio::test]
async fn the_same_member_has_the_same_figures_and_others_have_others() {
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..40 {
        let id = format!("SYN{number:07}");
        let found = answer_about(&id).await;
        assert_eq!(answer_about(&id).await, found);
        let money = |code: &str, period: &str| {
            let row = found
                .benefits
                .iter()
                .find(|row| row.code == code && row.period.as_deref() == Some(period));
            row.and_then(|row| row.amount_cents).expect("the payer says it")
        };
        assert!(money("C", "29") <= money("C", "23"), "{id}");
        assert!(money("G", "29") <= money("G", "23") && money("G", "23") > money("C", "23"));
        assert!(money("B", "27") >= 2_000);
        seen.insert(rows(&found, "C"));
    }
    assert!(seen.len() > 5, "{}", seen.len());
}

#[tokio::test]
async fn a_child_is_answered_as_the_patient() {
    let found = answer(ask(&about_a_child(about("1EG4TE5MK73"))).await);
    assert!(found.is_dependent);
    assert_eq!(found.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(found.patient.relationship.as_deref(), Some("19"));
    assert_eq!(found.subscriber.first.as_deref(), Some("PAT"));
    assert_eq!(found.traces, ["ALM-77"]);
    assert!(!found.benefits.is_empty() && found.subscriber_benefits.is_empty());
}

#[tokio::test]
async fn the_end_of_the_member_id_chooses_the_kind_of_answer() {
    let inactive = answer_about("SYN-INACTIVE").await;
    assert_eq!(rows(&inactive, "6").len(), 1);
    assert_eq!(inactive.benefits.len(), 1);
    assert_eq!(inactive.dates[0].to, Date::new(2025, 12, 31));
    let copays = answer_about("syncopays").await;
    let messages: Vec<_> =
        copays.benefits.iter().flat_map(|row| row.messages.iter().map(String::as_str)).collect();
    assert_eq!(messages, ["PRIMARY CARE PHYSICIAN", "SPECIALIST"]);
    let no_money = answer_about("1NOMONEY").await;
    assert!(!no_money.benefits.is_empty());
    assert!(no_money.benefits.iter().all(|row| row.code == "1"), "{no_money:?}");
}

#[tokio::test]
async fn rejections_stand_where_payers_put_them() {
    let later = answer_about("SYN1AAA42").await;
    assert_eq!(later.rejections[0].code.as_deref(), Some("42"));
    assert_eq!(later.rejections[0].follow_up.as_deref(), Some("R"));
    assert_eq!(later.rejections[0].loop_name, "2100A");
    assert_eq!((later.reference.as_str(), later.benefits.len()), ("ALM-77", 0));
    let unknown = answer_about("SYN1AAA75").await;
    assert_eq!(unknown.rejections[0].code.as_deref(), Some("75"));
    assert_eq!(unknown.rejections[0].follow_up.as_deref(), Some("C"));
    assert_eq!(unknown.rejections[0].loop_name, "2100C");
    assert_eq!(unknown.patient.member_id.as_deref(), Some("SYN1AAA75"));
    let child = answer(ask(&about_a_child(about("AAA67"))).await);
    assert_eq!(child.rejections[0].loop_name, "2100D");
}

#[tokio::test]
async fn without_a_member_id_the_last_name_chooses_the_figures() {
    let mut question = about("");
    question.subscriber.last = "Slater".into();
    let found = answer(ask(&question).await);
    assert_eq!(rows(&found, "C").len(), 4);
    question.subscriber.last = "Specimen".into();
    assert_ne!(rows(&answer(ask(&question).await), "C"), rows(&found, "C"));
}

#[tokio::test]
async fn other_service_types_and_years_are_answered() {
    let mut question = about("SYN0000001");
    question.service_type = "PT".into();
    question.service_date = Date::new(2027, 1, 5);
    let found = answer(ask(&question).await);
    assert!(rows(&found, "1").contains(&"EB*1**PT".to_owned()));
    assert_eq!(found.dates[0].from, Date::new(2027, 1, 1).expect("a day"));
}

#[tokio::test]
async fn what_it_answers_later_waits_to_be_fetched() {
    let payer = SandboxPayer::default();
    let question = text(&about("SYNLATER"));
    for _ in 0..3 {
        let asked = payer.ask(Question { reference: "ALM-77", text: &question }).await;
        assert_eq!(asked, Ok(Reply::Later));
    }
    payer.ask(Question { reference: "ALM-78", text: &question }).await.unwrap();
    assert_eq!(payer.waiting(1).await.unwrap().len(), 1);
    let waiting = payer.waiting(10).await.unwrap();
    assert_eq!(waiting.len(), 2, "the same question waits once");
    assert_eq!(waiting[0].name, "ALM-77.271");
    assert_eq!(answer_in(&waiting[0].content).traces, ["ALM-77"]);
    payer.taken("ALM-77.271").await.unwrap();
    payer.taken("ALM-77.271").await.unwrap();
    assert_eq!(payer.waiting(10).await.unwrap().len(), 1);
    for number in 0..999 {
        let reference = format!("X{number}");
        payer.ask(Question { reference: &reference, text: &question }).await.unwrap();
    }
    let full = payer.ask(Question { reference: "ONE-MORE", text: &question }).await;
    assert!(matches!(full, Err(ClearinghouseError::NotTaken(_))), "{full:?}");
}

#[tokio::test]
async fn anything_but_our_own_questions_is_refused() {
    let whole = text(&about("SYN1"));
    let cut = &whole[..whole.len() / 2];
    for text in ["", "ISA*00", "not x12 at all", "ISA~BHT~NM1*PR~NM1*1P~NM1*IL~EQ*30~", cut] {
        let asked = SandboxPayer::default().ask(Question { reference: "A", text }).await;
        assert!(matches!(asked, Err(ClearinghouseError::Refused(_))), "{text}: {asked:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(ISA|BHT|NM1\\*PR|NM1\\*IL|DMG|EQ|[*~0-9A-Z\u{e9}]){0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let payer = SandboxPayer::default();
        let _ = runtime.block_on(payer.ask(Question { reference: "A", text: &text }));
    }
}
