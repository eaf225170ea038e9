//! The list of checks as a person would make it from a pile of papers: filter all, sort all, count.

use std::cmp::Ordering;

use almoner_domain::checks::{CheckRequest, CheckSort, payer_key};
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{Direction, Search, Span};
use almoner_domain::name::{normalize, sort_key};
use almoner_domain::{CheckId, OrganizationId, PatientId};
use almoner_store::check_list::ListedCheck;
use almoner_store::eligibility::{self, CheckRow};
use almoner_store::eligibility_files::{self, NewFile};
use almoner_store::{Db, Tx};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clinic;
use crate::common::{Chance, at};
use crate::list_model::{FIRST, LAST, moment, near_a_moment, span};

/// Payers whose names sort or search in ways of their own; two are the same.
const PAYERS: [&str; 8] = [
    "SAMPLE HEALTH PLAN",
    "Sample Health-Plan",
    "Ann's Mutual",
    "Müller Care",
    "Northlake",
    "Northlake West",
    "***",
    "O'Brien & Søn <b>",
];

/// A check and the names that it is listed under.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) listed: ListedCheck,
    /// Last and first name: the patient's, or else those that the payer gave.
    name: (String, String),
}

fn payer(paper: &Paper) -> String {
    payer_key(&paper.listed.payer)
}

fn rank(outcome: Outcome) -> usize {
    Outcome::ALL.iter().position(|&other| other == outcome).expect("all are there")
}

impl Paper {
    fn fits(&self, request: &CheckRequest, zone: &TimeZone) -> bool {
        let day = zone.to_datetime(self.listed.checked_at).date();
        (request.outcomes.is_empty() || request.outcomes.contains(&self.listed.outcome))
            && (request.payers.is_empty() || request.payers.contains(&payer(self)))
            && (!request.waiting || self.listed.patient.is_none())
            && request.checked.from.is_none_or(|from| day >= from)
            && request.checked.to.is_none_or(|to| day <= to)
    }

    fn is_found(&self, search: &Search) -> bool {
        let finds = |text: &str, words: &[String]| {
            words.iter().all(|word| {
                let begins = text.split(' ').any(|part| part.starts_with(word.as_str()));
                begins || (word.chars().count() >= 3 && text.contains(word.as_str()))
            })
        };
        match search {
            Search::All => true,
            Search::Nothing => false,
            Search::Id(prefix) => self.listed.id.seq().to_string().starts_with(&prefix.to_string()),
            Search::Name(words) => {
                let name = normalize(&format!("{} {}", self.name.0, self.name.1));
                finds(&name, words) || finds(&payer(self), words)
            }
        }
    }
}

fn order(one: &Paper, other: &Paper, request: &CheckRequest) -> Ordering {
    let name = |paper: &Paper| (normalize(&paper.name.0), normalize(&paper.name.1));
    let time = |paper: &Paper| (paper.listed.checked_at, paper.listed.id.seq());
    let newest = time(other).cmp(&time(one));
    let whole = match request.sort {
        CheckSort::Checked => newest.reverse(),
        CheckSort::Patient => name(one).cmp(&name(other)).then(newest),
        CheckSort::Payer => payer(one).cmp(&payer(other)).then(newest),
        CheckSort::Outcome => {
            rank(one.listed.outcome).cmp(&rank(other.listed.outcome)).then(newest)
        }
    };
    if request.direction == Direction::Ascending { whole } else { whole.reverse() }
}

/// All that the request lists, in its order, whatever the page.
pub(crate) fn list<'a>(
    papers: &'a [Paper],
    request: &CheckRequest,
    zone: &TimeZone,
) -> Vec<&'a Paper> {
    let wanted = |paper: &&Paper| paper.fits(request, zone) && paper.is_found(&request.search);
    let mut listed: Vec<&Paper> = papers.iter().filter(wanted).collect();
    listed.sort_by(|one, other| order(one, other, request));
    listed
}

/// Adds a check of that patient, or one that waits under that name.
pub(crate) async fn add(
    tx: &mut Tx,
    org: OrganizationId,
    seq: i64,
    (patient, name): (Option<PatientId>, (&str, &str)),
    (outcome, payer, checked_at): (Outcome, &str, Timestamp),
) -> Paper {
    let row = CheckRow {
        id: CheckId::new(seq),
        patient,
        outcome,
        payer: payer.to_owned(),
        plan: (seq % 3 == 0).then(|| "Gold".to_owned()),
        checked_at,
        imported_at: checked_at,
        fingerprint: seq.to_be_bytes().to_vec(),
        file_hash: vec![1],
        file_range: (0, 1),
        answer: "{}".to_owned(),
        // A payer writes names in capitals; of those of a patient, the clinic's own counts.
        name_sort: if patient.is_some() { "zz".to_owned() } else { sort_key(name.0, name.1) },
    };
    eligibility::insert(tx, org, &row, &[]).await.expect("the check is new");
    let listed = ListedCheck {
        id: row.id,
        patient: patient.map(|id| (id, format!("{}, {}", name.0, name.1))),
        answer: patient.is_none().then_some(row.answer),
        outcome,
        payer: row.payer,
        plan: row.plan,
        checked_at,
        put_back: None,
    };
    Paper { listed, name: (name.0.to_owned(), name.1.to_owned()) }
}

/// Keeps the file that all checks of a test come from.
pub(crate) async fn keep_file(tx: &mut Tx, org: OrganizationId) {
    let file = NewFile { hash: vec![1], name: "a.271".to_owned() };
    let kept = eligibility_files::begin(tx, org, &file, at("2026-01-01T00:00:00Z")).await;
    kept.expect("the file is kept");
}

/// Fills a clinic with so many checks; about one in six waits.
pub(crate) async fn fill(db: &Db, seed: u64, count: i64) -> (OrganizationId, Vec<Paper>) {
    let mut chance = Chance::new(seed);
    let org = clinic::open(db, 1).await;
    let mut tx = db.begin().await.unwrap();
    keep_file(&mut tx, org).await;
    let mut patients = Vec::new();
    for _ in 0..40 {
        let name = (chance.pick(&LAST), chance.pick(&FIRST));
        patients.push((clinic::add_patient(&mut tx, org, name).await, name));
    }
    let mut papers = Vec::new();
    for seq in 1..=count {
        let (patient, known) = chance.pick(&patients);
        let whose = if chance.percent(16) {
            (None, (chance.pick(&LAST), chance.pick(&FIRST)))
        } else {
            (Some(patient), known)
        };
        let outcomes = [&Outcome::ALL[..], &[Outcome::Active; 5]].concat();
        let said = (chance.pick(&outcomes), chance.pick(&PAYERS), moment(&mut chance));
        papers.push(add(&mut tx, org, seq, whose, said).await);
    }
    tx.commit().await.unwrap();
    (org, papers)
}

fn search(chance: &mut Chance) -> Search {
    const TYPED: [&str; 20] = [
        "an",
        "ann",
        "ann smith",
        "o'brien",
        "bri",
        "MÜLL",
        "care",
        "nguyen",
        "la de",
        "li",
        "l",
        "小",
        "100",
        "%",
        "_",
        "sample",
        "north",
        "plan sam",
        "ann ann",
        "xyz",
    ];
    match chance.below(10) {
        0..5 => Search::All,
        5 => {
            let number = chance.between(1, 999).to_string();
            let length = 1 + chance.below(number.len());
            let kind = chance.pick(&["", "ELG-", "elg00"]);
            Search::parse_as("elg", &format!("{kind}{}", &number[..length]))
        }
        _ => Search::parse_as("elg", chance.pick(&TYPED)),
    }
}

/// A request by chance, for its first page.
pub(crate) fn request(chance: &mut Chance) -> CheckRequest {
    let outcomes = chance.pick(&[0, 0, 0, 1, 1, 2, 5]);
    let keys: Vec<String> = PAYERS.iter().map(|name| payer_key(name)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).chain(["nobody"]).collect();
    let payers = chance.pick(&[0, 0, 0, 1, 2, 3]);
    let mut payers = chance.some(&keys, payers);
    payers.sort_unstable();
    payers.dedup();
    CheckRequest {
        outcomes: chance.some(&Outcome::ALL, outcomes),
        payers: payers.into_iter().map(str::to_owned).collect(),
        waiting: chance.percent(20),
        checked: if chance.percent(20) { span(chance, near_a_moment) } else { Span::default() },
        search: search(chance),
        sort: chance.pick(&CheckSort::ALL),
        direction: chance.pick(&[Direction::Ascending, Direction::Descending]),
        per_page: chance.pick(&[25, 50, 100]),
        ..CheckRequest::default()
    }
}
