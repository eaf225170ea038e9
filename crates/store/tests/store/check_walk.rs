//! Walks through the list of checks, forwards, backwards and by jumps, beside the model.

use almoner_domain::checks::{CheckPlace, CheckRequest, CheckSort, payer_key};
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{Direction, Search};
use almoner_domain::{CheckId, OrganizationId, PatientId};
use almoner_store::check_list::{self, CheckPage, ListedCheck};
use almoner_store::patients::{self, PatientFields};
use almoner_store::{Tx, counters, eligibility, on_both_engines, verify};
use jiff::tz::TimeZone;

use crate::check_model::{self, Paper};
use crate::clinic;
use crate::common::{Chance, at, cases, number, run, word};
use crate::list_model;

/// Pages that one walk reads in one go at most.
const MAX_STEPS: usize = 3;

struct Walk<'a> {
    tx: &'a mut Tx,
    org: OrganizationId,
    zone: &'a TimeZone,
    request: CheckRequest,
    listed: Vec<&'a Paper>,
}

impl Walk<'_> {
    async fn page(&mut self, place: CheckPlace) -> CheckPage {
        self.request.place = place;
        let page = check_list::page(self.tx, self.org, &self.request, self.zone).await;
        page.unwrap_or_else(|error| panic!("{:?}: {error:?}", self.request))
    }

    fn per_page(&self) -> usize {
        usize::try_from(self.request.per_page).expect("a page is small")
    }

    /// The page holds the listed papers from `from` up to `to`, and knows what lies around them.
    fn expect(&self, page: &CheckPage, from: usize, to: usize) {
        let told = &self.request;
        let expected: Vec<&ListedCheck> =
            self.listed[from..to].iter().map(|paper| &paper.listed).collect();
        let found: Vec<&ListedCheck> = page.rows.iter().collect();
        assert_eq!(found, expected, "rows {from} to {to}: {told:?}");
        let total = i64::try_from(self.listed.len()).expect("lists are short");
        assert_eq!((page.total, page.total_is_exact), (total, true), "{told:?}");
        assert_eq!(page.has_previous, from > 0, "before {from} of {total}: {told:?}");
        assert_eq!(page.has_next, to < self.listed.len(), "after {to} of {total}: {told:?}");
    }

    async fn forwards(&mut self, mut from: usize, mut place: CheckPlace) {
        for _ in 0..MAX_STEPS {
            let page = self.page(place).await;
            let to = (from + self.per_page()).min(self.listed.len());
            self.expect(&page, from, to);
            let Some(last) = page.rows.last().filter(|_| page.has_next) else { break };
            (from, place) = (to, CheckPlace::After(last.id));
        }
    }

    async fn backwards(&mut self, mut to: usize, mut place: CheckPlace) {
        for _ in 0..MAX_STEPS {
            let page = self.page(place).await;
            // The last page is cut as if it was reached from the first.
            let rows = match place {
                CheckPlace::Last if !to.is_multiple_of(self.per_page()) => to % self.per_page(),
                _ => self.per_page(),
            };
            let from = to.saturating_sub(rows);
            self.expect(&page, from, to);
            let Some(first) = page.rows.first().filter(|_| page.has_previous) else { break };
            (to, place) = (from, CheckPlace::Before(first.id));
        }
    }

    /// From both ends, from the middle, and by the page's number.
    async fn all_ways(&mut self, chance: &mut Chance) {
        self.forwards(0, CheckPlace::First).await;
        self.backwards(self.listed.len(), CheckPlace::Last).await;
        if self.listed.is_empty() {
            return;
        }
        let middle = chance.below(self.listed.len());
        let check = self.listed[middle].listed.id;
        if middle + 1 < self.listed.len() {
            self.forwards(middle + 1, CheckPlace::After(check)).await;
        }
        if middle > 0 {
            self.backwards(middle, CheckPlace::Before(check)).await;
        }
        let number = 1 + chance.below(self.listed.len().div_ceil(self.per_page()));
        let page = self.page(CheckPlace::Number(i64::try_from(number).unwrap())).await;
        let from = (number - 1) * self.per_page();
        self.expect(&page, from, (from + self.per_page()).min(self.listed.len()));
    }
}

async fn walk(
    tx: &mut Tx,
    (org, papers): (OrganizationId, &[Paper]),
    request: CheckRequest,
    chance: &mut Chance,
) -> usize {
    let zone = list_model::calendar(chance).zone;
    let listed = check_model::list(papers, &request, &zone);
    let count = listed.len();
    Walk { tx, org, zone: &zone, request, listed }.all_ways(chance).await;
    count
}

/// Every order, both ways: all, one outcome, two, one payer, two, and what waits.
fn plain_requests() -> Vec<CheckRequest> {
    let mut requests = Vec::new();
    for sort in CheckSort::ALL {
        for direction in [Direction::Ascending, Direction::Descending] {
            let all = CheckRequest { sort, direction, per_page: 25, ..CheckRequest::default() };
            let keys = ["Northlake", "***"].map(payer_key);
            let outcomes = |of: &[Outcome]| CheckRequest { outcomes: of.to_vec(), ..all.clone() };
            let payers = |of: &[String]| CheckRequest { payers: of.to_vec(), ..all.clone() };
            requests.extend([
                all.clone(),
                outcomes(&[Outcome::Review]),
                outcomes(&[Outcome::Unknown, Outcome::Active]),
                payers(&keys[..1]),
                payers(&keys),
                CheckRequest { outcomes: vec![Outcome::Active], ..payers(&keys) },
                CheckRequest { waiting: true, ..all.clone() },
            ]);
        }
    }
    requests
}

on_both_engines! {
    async fn every_page_is_that_of_the_model(db) {
        for seed in 1..=u64::try_from(cases(1)).unwrap() {
            let db = almoner_store::testing::TestDb::new(db.engine()).await;
            let papers = check_model::fill(&db, seed, 700).await;
            let (org, papers) = (papers.0, &papers.1[..]);
            let mut tx = db.read().await.unwrap();
            let mut chance = Chance::new(seed + 1000);
            for request in plain_requests() {
                assert!(walk(&mut tx, (org, papers), request, &mut chance).await > 0);
            }
            let mut found = 0;
            for _ in 0..150 {
                let request = check_model::request(&mut chance);
                let count = walk(&mut tx, (org, papers), request, &mut chance).await;
                found += usize::from(count > 0);
            }
            assert!(found > 75, "most requests find something: {found}");
        }
    }

    async fn an_empty_clinic_and_another_list_nothing(db) {
        let (org, papers) = check_model::fill(&db, 7, 60).await;
        let mut tx = db.begin().await.unwrap();
        let now = at("2026-01-01T00:00:00Z");
        let other = almoner_store::organizations::insert(&mut tx, "two", "Two", "UTC", now).await;
        let other = other.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let mut chance = Chance::new(7);
        for request in plain_requests() {
            walk(&mut tx, (org, &papers), request.clone(), &mut chance).await;
            walk(&mut tx, (other, &[]), request, &mut chance).await;
        }
        assert!(check_list::is_empty(&mut tx, other).await.unwrap());
        assert!(!check_list::is_empty(&mut tx, org).await.unwrap());
        assert!(check_list::payers(&mut tx, other, 10).await.unwrap().is_empty());
        assert_eq!(check_list::count_waiting(&mut tx, other, 10).await.unwrap(), 0);
        let waiting = papers.iter().filter(|paper| paper.listed.patient.is_none()).count();
        let counted = check_list::count_waiting(&mut tx, org, 1_000).await.unwrap();
        assert_eq!(usize::try_from(counted).unwrap(), waiting);
        assert_eq!(check_list::count_waiting(&mut tx, org, 2).await.unwrap(), 2);
    }

    async fn payers_are_listed_once_each_under_their_newest_name(db) {
        let org = clinic::open(&db, 1).await;
        let mut tx = db.begin().await.unwrap();
        check_model::keep_file(&mut tx, org).await;
        let days = ["2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", "2026-03-02T00:00:00Z"];
        let names = ["ZEBRA care", "Zebra Care", "zebra-care"];
        for (seq, (name, day)) in (1..).zip(names.into_iter().zip(days)) {
            let said = (Outcome::Active, name, at(day));
            check_model::add(&mut tx, org, seq, (None, ("A", "B")), said).await;
        }
        let said = (Outcome::Active, "Ärzte", at(days[0]));
        check_model::add(&mut tx, org, 4, (None, ("A", "B")), said).await;
        let payers = check_list::payers(&mut tx, org, 10).await.unwrap();
        let told: Vec<_> = payers.iter().map(|p| (p.key.as_str(), p.name.as_str())).collect();
        assert_eq!(told, [("arzte", "Ärzte"), ("zebra care", "Zebra Care")]);
        assert_eq!(check_list::payers(&mut tx, org, 1).await.unwrap().len(), 1);
    }

    async fn a_check_follows_its_patient_s_name(db) {
        let org = clinic::open(&db, 1).await;
        let mut tx = db.begin().await.unwrap();
        check_model::keep_file(&mut tx, org).await;
        let patient = clinic::add_patient(&mut tx, org, ("Zulu", "Ann")).await;
        let said = (Outcome::Active, "Payer", at("2026-03-01T00:00:00Z"));
        let seq = counters::next(&mut tx, org, CheckId::PREFIX).await.unwrap();
        check_model::add(&mut tx, org, seq, (None, ("OTHER", "NAME")), said).await;
        let id = CheckId::new(seq);
        assert!(eligibility::set_patient(&mut tx, org, id, patient).await.unwrap());
        assert!(!eligibility::set_patient(&mut tx, org, id, patient).await.unwrap());
        let found = async |tx: &mut Tx, typed: &str| {
            let search = Search::parse_as("elg", typed);
            let request = CheckRequest { search, ..CheckRequest::default() };
            check_list::page(tx, org, &request, &TimeZone::UTC).await.unwrap().rows.len()
        };
        assert_eq!((found(&mut tx, "zulu").await, found(&mut tx, "other").await), (1, 0));
        let before = patients::get(&mut tx, org, patient).await.unwrap().unwrap();
        let fields = PatientFields { last_name: "Alpha".to_owned(), ..before.fields.clone() };
        patients::update(&mut tx, org, &before, &fields, at("2026-01-02T00:00:00Z")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(word(&db, "SELECT name_sort AS t FROM eligibility_check").await, "alpha\tann");
        let mut tx = db.begin().await.unwrap();
        let wrong = async |tx: &mut Tx| {
            let findings = verify::verify(tx, org, None).await.unwrap();
            let told = findings.into_iter().filter_map(|finding| finding.difference);
            told.filter(|told| told.starts_with("check")).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&mut tx).await, Vec::<String>::new());
        tx.execute("UPDATE patient SET name_sort = 'other'", Vec::new()).await.unwrap();
        let told = ["check 1 does not sort under its patient's name"];
        assert_eq!(wrong(&mut tx).await, told);
        let nobody = (id, PatientId::new(99));
        assert!(!eligibility::take_back(&mut tx, org, nobody, "n", "r").await.unwrap());
        let back = (id, patient);
        assert!(eligibility::take_back(&mut tx, org, back, "other\tname", "why").await.unwrap());
        assert!(!eligibility::take_back(&mut tx, org, back, "n", "r").await.unwrap());
        assert_eq!((found(&mut tx, "alpha").await, found(&mut tx, "other").await), (0, 1));
        let decided = eligibility::decisions(&mut tx, org, id).await.unwrap();
        assert_eq!(decided.put_back.as_deref(), Some("why"));
    }

    async fn checks_of_an_earlier_version_are_listed_after_the_update(db) {
        let db = almoner_store::testing::TestDb::at_version(db.engine(), 4).await;
        let org = clinic::open(&db, 1).await;
        let mut tx = db.begin().await.unwrap();
        let patient = PatientId::new(1);
        let sql = "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day,
                name_sort, name_search, payment_count, version, created_at_us)
            VALUES ($1, $2, 'Ann', 'Zulu', 3711, $3, $3, 0, 1, 0)";
        let values = almoner_store::params![org, patient, "zulu\tann"];
        tx.execute_one(sql, values).await.unwrap();
        let sql = "INSERT INTO eligibility_file (organization_id, file_hash, name, content,
                imported_at_us) VALUES ($1, $2, 'a.271', $2, 0)";
        tx.execute_one(sql, almoner_store::params![org, vec![1_u8]]).await.unwrap();
        let sql = "INSERT INTO eligibility_check (organization_id, seq, patient_seq, outcome,
                payer, checked_at_us, imported_at_us, fingerprint, file_hash, file_from, file_to,
                answer, name_sort)
            VALUES ($1, $2, $3, 'active', $4, $2, $2, $5, $6, 0, 1, '{}', $7)";
        let endless = format!("{}\tname", "n".repeat(9_000));
        for (seq, patient, name) in [(1_i64, Some(patient), "given\tname"), (2, None, &*endless)] {
            let (payer, mark, hash) = ("Ärzte-Plan", vec![u8::try_from(seq).unwrap()], vec![1_u8]);
            let values = almoner_store::params![org, seq, patient, payer, mark, hash, name];
            tx.execute(sql, values).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(!db.is_current().await.unwrap());
        db.migrate().await.unwrap();
        assert!(db.is_current().await.unwrap());
        let mut tx = db.read().await.unwrap();
        for (typed, found) in [("zulu", vec![1]), ("given", vec![]), ("nnnn", vec![2])] {
            let search = Search::parse_as("elg", typed);
            let request = CheckRequest { search, ..CheckRequest::default() };
            let page = check_list::page(&mut tx, org, &request, &TimeZone::UTC).await.unwrap();
            let seqs: Vec<i64> = page.rows.iter().map(|row| row.id.seq()).collect();
            assert_eq!(seqs, found, "{typed}");
        }
        let payers = check_list::payers(&mut tx, org, 10).await.unwrap();
        assert_eq!(payers.len(), 1);
        assert_eq!(payers[0].key, "arzte plan");
    }

    async fn checks_without_keys_get_them_at_the_next_start(db) {
        let (_, papers) = check_model::fill(&db, 3, 1_200).await;
        run(&db, "UPDATE eligibility_check SET payer_sort = ''", Vec::new()).await.unwrap();
        db.migrate().await.unwrap();
        let blank = "SELECT count(*) AS n FROM eligibility_check WHERE payer_sort = ''";
        assert_eq!(number(&db, blank).await, 0);
        let first = "SELECT payer_sort AS t FROM eligibility_check WHERE seq = 1";
        assert_eq!(word(&db, first).await, payer_key(&papers[0].listed.payer));
    }

    async fn endless_names_of_payers_and_people_fit(db) {
        let org = clinic::open(&db, 1).await;
        let mut tx = db.begin().await.unwrap();
        check_model::keep_file(&mut tx, org).await;
        // Letters that no engine can compress away.
        let endless: String =
            (0..40_000_u32).filter_map(|n| char::from_u32(0x4e00 + n * 7_919 % 20_000)).collect();
        let said = (Outcome::Active, endless.as_str(), at("2026-03-01T00:00:00Z"));
        check_model::add(&mut tx, org, 1, (None, (&endless, &endless)), said).await;
        let rows = check_list::page(&mut tx, org, &CheckRequest::default(), &TimeZone::UTC).await;
        assert_eq!(rows.unwrap().rows[0].payer, endless);
    }
}
