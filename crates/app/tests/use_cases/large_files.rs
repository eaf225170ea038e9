//! Files of any size: stored in parts, imported in batches, finished when they were cut off.

use std::collections::BTreeSet;

use almoner_app::import_eligibility::{
    Counts, ImportFile, Imported, ImportedCheck, MAX_FILE_BYTES, import_eligibility,
};
use almoner_app::read;
use almoner_app::save_location::save_location;
use almoner_domain::CheckId;
use almoner_store::eligibility_files::PART_BYTES;
use almoner_store::locations::LocationFields;
use almoner_store::on_both_engines;

use crate::answers::{BENEFITS, NORA, envelope, transaction};
use crate::common::Clinic;

/// Several batches.
const MANY: usize = 230;

/// A file of so many answers.
fn large(answers: usize) -> Vec<u8> {
    let bodies: Vec<String> =
        (0..answers).map(|number| transaction(&format!("{number:04}"), NORA, &BENEFITS)).collect();
    envelope(1, &bodies)
}

fn file(content: Vec<u8>) -> ImportFile {
    ImportFile { name: "a.271".to_owned(), content, patient: None }
}

async fn imported(clinic: &Clinic, content: Vec<u8>) -> Imported {
    import_eligibility(&clinic.app, &clinic.manager(), file(content)).await.unwrap()
}

async fn import(clinic: &Clinic, content: Vec<u8>) -> Vec<ImportedCheck> {
    imported(clinic, content).await.checks.unwrap()
}

async fn count(clinic: &Clinic) -> usize {
    let count = clinic.number("SELECT count(*) AS n FROM eligibility_check").await;
    usize::try_from(count).unwrap()
}

/// The content of a check's file, put together from its parts.
async fn kept_content(clinic: &Clinic, check: CheckId) -> Vec<u8> {
    let file = read::check_file(&clinic.app, &clinic.manager(), check).await.unwrap();
    let mut content = Vec::new();
    for part_no in 0.. {
        let part = read::file_part(&clinic.app, &clinic.manager(), &file.hash, part_no).await;
        let Some(part) = part.unwrap() else { break };
        assert!(part.len() <= PART_BYTES);
        content.extend(part);
    }
    content
}

on_both_engines! {
    async fn the_file_stays_untouched(db) {
        let clinic = Clinic::new(db).await;
        for bytes_behind in [4, PART_BYTES, 5 * 1024 * 1024] {
            let answer = transaction(&format!("{bytes_behind}"), NORA, &BENEFITS);
            let mut content = envelope(1, &[answer]);
            content.extend_from_slice(b"\r\n \xff\xfe");
            content.resize(content.len() + bytes_behind, 0xfe);
            let check = import(&clinic, content.clone()).await[0].id;
            let kept = read::check_file(&clinic.app, &clinic.manager(), check).await.unwrap();
            let size = i64::try_from(content.len()).unwrap();
            assert_eq!((kept.name.as_str(), kept.size_bytes), ("a.271", size));
            assert!(kept_content(&clinic, check).await == content, "{bytes_behind}");
        }
    }

    async fn a_file_of_many_answers_is_imported_in_batches(db) {
        let clinic = Clinic::new(db).await;
        let content = large(MANY);
        let checks = import(&clinic, content.clone()).await;
        assert_eq!(checks.len(), MANY);
        assert!(checks.iter().all(|check| !check.duplicate && check.benefits == BENEFITS.len()));
        assert_eq!(count(&clinic).await, MANY);
        assert!(kept_content(&clinic, checks[0].id).await == content);
        let again = import(&clinic, content).await;
        assert!(again.iter().all(|check| check.duplicate && check.benefits == BENEFITS.len()));
        assert_eq!(again.last().map(|check| check.id), checks.last().map(|check| check.id));
        clinic.verified().await;
    }

    async fn others_write_while_a_large_file_is_imported(db) {
        let clinic = Clinic::new(db).await;
        let (app, manager) = (clinic.app.clone(), clinic.manager());
        let importing = tokio::spawn(async move {
            import_eligibility(&app, &manager, file(large(600))).await.unwrap()
        });
        let mut between = 0;
        while !importing.is_finished() {
            let name = format!("Room {between}");
            let time_zone = "America/New_York".to_owned();
            let place = LocationFields { name, time_zone, ..LocationFields::default() };
            save_location(&clinic.app, &clinic.system(), None, &place).await.unwrap();
            between += usize::from((1..600).contains(&count(&clinic).await));
        }
        assert_eq!(importing.await.unwrap().checks.unwrap().len(), 600);
        assert!(between > 1, "a writer gets its turn between two batches");
    }

    async fn an_import_that_is_cut_off_is_finished_by_the_next(db) {
        let clinic = Clinic::new(db).await;
        let content = large(MANY);
        let mut seen = 0;
        for cut in 0..5 {
            let (app, manager) = (clinic.app.clone(), clinic.manager());
            let file = file(content.clone());
            let importing = tokio::spawn(async move {
                import_eligibility(&app, &manager, file).await.map(drop)
            });
            // Each time it gets a little further.
            while !importing.is_finished() && seen <= cut * 50 {
                seen = count(&clinic).await;
            }
            importing.abort();
            let _ = importing.await;
        }
        let checks = import(&clinic, content.clone()).await;
        let ids: BTreeSet<CheckId> = checks.iter().map(|check| check.id).collect();
        assert_eq!((checks.len(), ids.len()), (MANY, MANY));
        assert!(checks[0].duplicate, "some of it was imported before");
        assert_eq!(count(&clinic).await, MANY);
        assert!(kept_content(&clinic, checks[0].id).await == content);
        clinic.verified().await;
    }

    async fn the_same_file_at_the_same_time_makes_one_check_of_each_answer(db) {
        let clinic = Clinic::new(db).await;
        let mut importing = Vec::new();
        for _ in 0..16 {
            let (app, manager) = (clinic.app.clone(), clinic.manager());
            importing.push(tokio::spawn(async move {
                import_eligibility(&app, &manager, file(large(60))).await.unwrap().checks.unwrap()
            }));
        }
        let mut new = 0;
        let mut ids = BTreeSet::new();
        for import in importing {
            let checks = import.await.unwrap();
            assert_eq!(checks.len(), 60);
            new += checks.iter().filter(|check| !check.duplicate).count();
            ids.extend(checks.iter().map(|check| check.id));
        }
        assert_eq!((new, ids.len()), (60, 60));
        clinic.verified().await;
    }

    async fn a_file_that_is_too_large_is_refused_in_words(db) {
        let clinic = Clinic::new(db).await;
        let imported = imported(&clinic, vec![b'~'; MAX_FILE_BYTES + 1]).await;
        assert_eq!(imported.checks.unwrap_err(), "the file is larger than 50 MB");
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_file").await, 0);
    }

    async fn checks_beyond_those_that_are_told_are_counted(db) {
        let clinic = Clinic::new(db).await;
        let one = |number| transaction(&format!("{number:04}"), NORA, &["EB*1**30"]);
        let bodies = (0..1_050).map(one);
        let content = envelope(1, &bodies.collect::<Vec<_>>());
        let imported = imported(&clinic, content).await;
        assert_eq!(imported.checks.unwrap().len(), 1_000);
        let counts = Counts { all: 1_050, duplicates: 0, waiting: 1_050 };
        assert_eq!(imported.counts, counts);
        assert_eq!(count(&clinic).await, 1_050);
    }
}
