//! Patients who are offered while a name is typed, beside a list that is sorted by hand.

use std::collections::HashSet;

use almoner_domain::{OrganizationId, PatientId, name};
use almoner_store::patients::Patient;
use almoner_store::{Tx, on_both_engines, params, suggestions};

use crate::common::{Chance, run};
use crate::{clinic, flat_load, list_model};

const LIMIT: usize = 11;
/// More than are looked at.
const MANY: i64 = 2_100;

async fn offered(tx: &mut Tx, org: OrganizationId, typed: &str) -> Vec<Patient> {
    let words = name::search_words(typed);
    suggestions::suggest(tx, org, &words, LIMIT).await.unwrap()
}

fn key(patient: &Patient) -> String {
    name::search_key(&patient.fields.last_name, &patient.fields.first_name)
}

on_both_engines! {
    async fn last_names_that_begin_so_come_first(db) {
        let org = clinic::open(&db, 1).await;
        let mut chance = Chance::new(11);
        let mut people = Vec::new();
        let mut tx = db.begin().await.unwrap();
        for _ in 0..300 {
            let (last, first) = (chance.pick(&list_model::LAST), chance.pick(&list_model::FIRST));
            people.push((clinic::add_patient(&mut tx, org, (last, first)).await, last, first));
        }
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        for typed in ["an", "ann", "l", "li", "smith", "ann sm", "brien", "o", "小", "xyz", "a o"] {
            let words = name::search_words(typed);
            let mut expected: Vec<(bool, String, PatientId)> = people
                .iter()
                .filter(|(_, last, first)| name::matches(&name::search_key(last, first), &words))
                .map(|&(id, last, first)| {
                    let last_name = name::normalize(last);
                    let begins = words.iter().any(|word| last_name.starts_with(word.as_str()));
                    (!begins, name::sort_key(last, first), id)
                })
                .collect();
            expected.sort();
            expected.truncate(LIMIT);
            let expected: Vec<PatientId> = expected.into_iter().map(|(_, _, id)| id).collect();
            let found = offered(&mut tx, org, typed).await;
            let found: Vec<PatientId> = found.iter().map(|patient| patient.id).collect();
            assert_eq!(found, expected, "{typed}");
        }
    }

    async fn of_very_many_some_are_offered(db) {
        let org = flat_load::load_of(&db, 10, MANY).await;
        // One has a last name that begins like all others' first name.
        let sql = "UPDATE patient SET last_name = 'Firstborn', first_name = 'Zoe',
            name_sort = $1, name_search = 'firstborn zoe' WHERE seq = 50";
        run(&db, sql.to_owned(), params![name::sort_key("Firstborn", "Zoe")]).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let ids = |found: &[Patient]| found.iter().map(|p| p.id.seq()).collect::<Vec<_>>();
        let last = offered(&mut tx, org, "last").await;
        assert_eq!(ids(&last), (1..=11).collect::<Vec<_>>());
        assert_eq!(ids(&offered(&mut tx, org, "first").await)[0], 50);
        for typed in ["first", "fi", "la fi", "ast irs", "last first"] {
            let found = offered(&mut tx, org, typed).await;
            let words = name::search_words(typed);
            assert!(found.iter().all(|patient| name::matches(&key(patient), &words)), "{typed}");
            let each: HashSet<i64> = ids(&found).into_iter().collect();
            assert_eq!(each.len(), LIMIT, "{typed}");
        }
    }
}
