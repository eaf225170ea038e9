//! Importing the payers' answers: once each, to their own patient, whatever shape they have.

use almoner_app::import_eligibility::{ImportFile, Imported, ImportedCheck, import_eligibility};
use almoner_app::match_check::match_check;
use almoner_app::{Error, read};
use almoner_domain::checks::CheckRequest;
use almoner_domain::estimate::Outcome;
use almoner_domain::{CheckId, PatientId};
use almoner_store::on_both_engines;

use crate::answers::{BENEFITS, Insured, NORA, answer, envelope, transaction};
use crate::common::{Clinic, at};

/// Ann as her payer knows her.
const ANN: Insured<'_> =
    Insured { first: "ANN", last: "EXAMPLE", member_id: "MEMBER-A", birth: "19800229" };

async fn import_as(
    clinic: &Clinic,
    name: &str,
    content: Vec<u8>,
    patient: Option<PatientId>,
) -> Imported {
    let file = ImportFile { name: name.to_owned(), content, patient };
    import_eligibility(&clinic.app, &clinic.manager(), file).await.unwrap()
}

/// The checks of a file that is readable.
async fn import(clinic: &Clinic, content: Vec<u8>) -> Vec<ImportedCheck> {
    import_as(clinic, "a.271", content, None).await.checks.unwrap()
}

async fn one(clinic: &Clinic, content: Vec<u8>, patient: Option<PatientId>) -> ImportedCheck {
    let mut checks = import_as(clinic, "a.271", content, patient).await.checks.unwrap();
    assert_eq!(checks.len(), 1);
    checks.remove(0)
}

fn about(insured: Insured<'_>, control: &str) -> Vec<u8> {
    envelope(1, &[transaction(control, insured, &BENEFITS)])
}

on_both_engines! {
    async fn the_same_transaction_is_imported_once(db) {
        let clinic = Clinic::new(db).await;
        let first = one(&clinic, answer(NORA), None).await;
        assert!(!first.duplicate);
        for (number, name) in [(7, "the same file"), (8, "another envelope")] {
            let content = envelope(number, &[transaction("0007", NORA, &BENEFITS)]);
            let again = one(&clinic, content, None).await;
            assert_eq!((again.id, again.duplicate, again.benefits), (first.id, true, 7), "{name}");
        }
        let other = one(&clinic, about(NORA, "0008"), None).await;
        assert!(!other.duplicate && other.id != first.id);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_check").await, 2);
        clinic.verified().await;
    }

    async fn the_same_file_from_many_at_once_becomes_one_check(db) {
        let clinic = Clinic::new(db).await;
        let mut handing = tokio::task::JoinSet::new();
        for number in 0..16 {
            let (app, manager, content) = (clinic.app.clone(), clinic.manager(), answer(NORA));
            let name = format!("{number}.271");
            handing.spawn(async move {
                let file = ImportFile { name, content, patient: None };
                import_eligibility(&app, &manager, file).await.unwrap().checks.unwrap().remove(0)
            });
        }
        let told = handing.join_all().await;
        assert!(told.iter().all(|check| check.id == CheckId::new(1)), "{told:?}");
        assert_eq!(told.iter().filter(|check| !check.duplicate).count(), 1);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_check").await, 1);
        clinic.verified().await;
    }

    async fn a_file_may_hold_many_answers_and_some_twice(db) {
        let clinic = Clinic::new(db).await;
        let bodies = [
            transaction("0001", ANN, &BENEFITS),
            transaction("0002", NORA, &BENEFITS),
            transaction("0002", NORA, &BENEFITS),
        ];
        let checks = import(&clinic, envelope(4, &bodies)).await;
        let told: Vec<_> = checks.iter().map(|check| (check.patient, check.duplicate)).collect();
        assert_eq!(told, [(Some(clinic.ann), false), (None, false), (None, true)]);
        let view = read::check(&clinic.app, &clinic.manager(), checks[1].id).await.unwrap();
        let content = envelope(4, &bodies);
        let (from, to) = view.row.file_range;
        let range = usize::try_from(from).unwrap()..usize::try_from(to).unwrap();
        let text = std::str::from_utf8(&content[range]).unwrap();
        assert!(text.starts_with("ST*271*0002") && text.contains("SPECIMEN"), "{text}");
    }

    async fn only_number_birth_and_name_together_match(db) {
        let clinic = Clinic::new(db).await;
        assert_eq!(one(&clinic, about(ANN, "0001"), None).await.patient, Some(clinic.ann));
        let strangers = [
            Insured { member_id: "MEMBER-X", ..ANN },
            Insured { member_id: "MEMBER-B", ..ANN },
            Insured { birth: "19800228", ..ANN },
            Insured { first: "ANNE", ..ANN },
            Insured { last: "EXAMPLES", ..ANN },
        ];
        for (place, stranger) in strangers.into_iter().enumerate() {
            let check = one(&clinic, about(stranger, &format!("{:04}", place + 10)), None).await;
            assert_eq!(check.patient, None, "{stranger:?}");
        }
        let request = CheckRequest { waiting: true, ..CheckRequest::default() };
        let view = read::checks(&clinic.app, &clinic.manager(), &request).await.unwrap();
        assert_eq!((view.page.total, view.inbox.checks), (5, 5));
        let page = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        assert_eq!(page.checks.len(), 1);
        // The payer's time, which is told without a zone, is the clinic's.
        assert_eq!(page.checks[0].checked_at, at("2026-03-09T13:15:00Z"));
        assert_eq!(page.checks[0].plan.as_deref(), Some("SAMPLE GOLD PPO"));
    }

    async fn an_answer_about_somebody_else_waits_with_a_warning(db) {
        let clinic = Clinic::new(db).await;
        let check = one(&clinic, about(ANN, "0001"), Some(clinic.ben)).await;
        assert_eq!(check.patient, None);
        assert!(check.warnings.iter().any(|warning| warning.code == "patient_mismatch"));
        let right = one(&clinic, about(ANN, "0002"), Some(clinic.ann)).await;
        assert_eq!(right.patient, Some(clinic.ann));
        assert!(right.warnings.is_empty(), "{:?}", right.warnings);
    }

    async fn what_waits_is_matched_once(db) {
        let clinic = Clinic::new(db).await;
        let check = one(&clinic, answer(NORA), None).await.id;
        let give = async |patient| {
            match_check(&clinic.app, &clinic.manager(), check, patient).await
        };
        let nobody = give(PatientId::new(99)).await;
        assert!(matches!(nobody, Err(Error::NotFound("patient"))), "{nobody:?}");
        give(clinic.ann).await.unwrap();
        for patient in [clinic.ann, clinic.ben] {
            let again = give(patient).await;
            assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
        }
        let view = read::check(&clinic.app, &clinic.manager(), check).await.unwrap();
        assert_eq!(view.patient.unwrap().id, clinic.ann);
        clinic.verified().await;
    }

    async fn outcomes_say_what_the_rows_say(db) {
        let clinic = Clinic::new(db).await;
        let cases: [(&[&str], Outcome); 5] = [
            (&["EB*1**30"], Outcome::Active),
            (&["EB*6**30"], Outcome::Inactive),
            (&["EB*1**30", "EB*6**30"], Outcome::Review),
            (&["AAA*N**75*C"], Outcome::Rejected),
            (&["EB*D**30"], Outcome::Unknown),
        ];
        for (place, (rows, outcome)) in cases.into_iter().enumerate() {
            let body = transaction(&format!("{place:04}"), NORA, rows);
            let check = one(&clinic, envelope(1, &[body]), None).await;
            assert_eq!(check.outcome, outcome, "{rows:?}");
            let view = read::check(&clinic.app, &clinic.manager(), check.id).await.unwrap();
            let segments: Vec<_> = view.benefits.iter().map(|row| row.segment.as_str()).collect();
            let expected: Vec<_> = rows.iter().filter(|row| row.starts_with("EB")).collect();
            assert_eq!(segments.len(), expected.len());
            assert_eq!(view.answer.rejections.len(), rows.len() - expected.len());
        }
    }

    async fn what_is_no_answer_is_kept_with_the_reason(db) {
        let clinic = Clinic::new(db).await;
        let question = String::from_utf8(answer(NORA)).unwrap().replace("ST*271", "ST*270");
        let files: [(&str, Vec<u8>, &str); 4] = [
            ("a.270", question.into_bytes(), "270"),
            ("letter.pdf", b"%PDF-1.7 and so on".to_vec(), "X12"),
            ("empty.271", Vec::new(), "empty"),
            ("noise", (0..=255).collect(), "X12"),
        ];
        for (name, content, word) in &files {
            let imported = import_as(&clinic, name, content.clone(), None).await;
            let why = imported.checks.unwrap_err();
            assert!(why.contains(word), "{name}: {why}");
            let kept = read::unread_files(&clinic.app, &clinic.manager()).await.unwrap();
            let kept = kept.iter().find(|file| file.name == *name);
            assert_eq!(kept.map(|file| file.failure.as_str()), Some(why.as_str()));
        }
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_file").await, 4);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_check").await, 0);
    }

    async fn the_samples_of_a_folder_are_imported_whole(db) {
        let clinic = Clinic::new(db).await;
        let Some(folder) = samples() else {
            println!("left out: ALMONER_SAMPLES_271 is not set");
            return;
        };
        let mut answers = 0;
        for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
            let path = entry.unwrap().path();
            let content = std::fs::read(&path).expect("a sample can be read");
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let imported = import_as(&clinic, &name, content.clone(), None).await;
            if path.extension().is_none_or(|extension| extension != "271") {
                assert!(imported.checks.is_err(), "{name}");
                continue;
            }
            let ids: Vec<CheckId> = imported.checks.unwrap().iter().map(|check| check.id).collect();
            assert_eq!(stored_rows(&clinic, &ids).await, rows_of(&content), "{name}");
            answers += ids.len();
        }
        assert!(answers > 0, "there was no answer among the samples");
        clinic.verified().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the samples are not part of the project")]
fn samples() -> Option<String> {
    std::env::var("ALMONER_SAMPLES_271").ok()
}

/// The payer's rows that are stored of these checks.
async fn stored_rows(clinic: &Clinic, ids: &[CheckId]) -> Vec<String> {
    let mut rows = Vec::new();
    for &id in ids {
        let view = read::check(&clinic.app, &clinic.manager(), id).await.unwrap();
        rows.extend(view.benefits.into_iter().map(|row| row.segment));
        rows.extend(view.answer.context.into_iter().map(|row| row.segment));
    }
    rows.sort_unstable();
    rows
}

/// The rows of a file, found without the reader's help.
fn rows_of(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let segments = text.split(['~', '\n', '\r']);
    let rows = segments.filter(|segment| segment.starts_with("EB*"));
    let mut rows: Vec<String> = rows.map(str::to_owned).collect();
    rows.sort_unstable();
    rows
}
