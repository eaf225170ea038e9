//! A page of checks costs the same among few and among many, counted in what the database reads.
//!
//! Among few there are already more than are counted for a total, so that both sizes count as far.

use almoner_domain::checks::{CheckPlace, CheckRequest, CheckSort};
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{Direction, Search};
use almoner_domain::{CheckId, OrganizationId};
use almoner_store::db::{Engine, Tx};
use almoner_store::testing::TestDb;
use almoner_store::{check_list, params};
use jiff::tz::TimeZone;

use crate::common::{is_long, run, settle};
use crate::flat::{Cost, SETTLED, worst_cost};
use crate::{check_model, clinic};

/// What may be read on top of twice what a small table asks for: a deeper index, fuller pages.
const MARGIN: i64 = 300;
/// What a server reads at most for any page: a count of ten thousand of each of two payers, each
/// with its table row. Whoever reads and sorts a whole list reads more.
const MAX_ROWS: i64 = 45_000;
/// Checks that wait, of a payer that no other check is of, and of a rare outcome: the oldest.
const RARE: i64 = 40;
/// Plans that are printed of what is not flat.
const MAX_PLANS: usize = 3;

const CHECKS: &str = "INSERT INTO eligibility_check (organization_id, seq, patient_seq, outcome,
        payer, checked_at_us, imported_at_us, fingerprint, file_hash, file_from, file_to, answer,
        name_sort, payer_sort)
    WITH RECURSIVE s(i) AS (
        SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i < $2)
    SELECT $1, i, CASE WHEN i > 40 THEN i % $3 + 1 END,
        CASE WHEN i BETWEEN 81 AND 120 THEN 'review' WHEN i * 31 % 100 < 70 THEN 'active'
            WHEN i * 31 % 100 < 85 THEN 'inactive' WHEN i * 31 % 100 < 95 THEN 'rejected'
            ELSE 'unknown' END,
        'Payer', 1767225600000000 + i * (63072000000000 / $2), 1, HASH, FILE, 0, 1, '{}',
        CASE WHEN i > 40 THEN 'last' || (1000000 + i % $3 + 1) || '\tann'
            ELSE 'waiting' || i || '\tann' END,
        CASE WHEN i BETWEEN 41 AND 80 THEN 'rare mutual' ELSE 'payer ' || (i % 2) END FROM s";

struct Clinic {
    db: TestDb,
    org: OrganizationId,
    count: i64,
}

/// Fills an empty database with one clinic of so many checks.
pub(crate) async fn load(db: &TestDb, count: i64) -> OrganizationId {
    let org = clinic::open(db, 1).await;
    let mut tx = db.begin().await.unwrap();
    check_model::keep_file(&mut tx, org).await;
    tx.commit().await.unwrap();
    let patients = count / 10;
    let people = "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day,
            name_sort, name_search, payment_count, version, created_at_us)
        WITH RECURSIVE s(i) AS (
            SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i < $2)
        SELECT $1, i, 'Ann', 'Last' || (1000000 + i), 19800229,
            'last' || (1000000 + i) || '\tann', 'last' || (1000000 + i) || ' ann', 0, 1, 1
        FROM s";
    run(db, people, params![org, patients]).await.unwrap();
    let words = "INSERT INTO patient_word (organization_id, word, patient_seq)
        SELECT organization_id, 'last' || (1000000 + seq), seq FROM patient";
    run(db, words, Vec::new()).await.unwrap();
    let (hash, file) = match db.engine() {
        Engine::Sqlite => ("CAST(i AS BLOB)", "x'01'"),
        Engine::Postgres => ("CAST(CAST(i AS TEXT) AS BYTEA)", r"'\x01'"),
    };
    let checks = CHECKS.replace("HASH", hash).replace("FILE", file);
    run(db, checks, params![org, count, patients]).await.unwrap();
    settle(db).await;
    org
}

impl Clinic {
    async fn open(engine: Engine, count: i64) -> Self {
        let db = TestDb::new(engine).await;
        let org = load(&db, count).await;
        Self { db, org, count }
    }

    async fn cost(&self, tx: &mut Tx, request: &CheckRequest) -> Cost {
        let runs = if request.place == CheckPlace::First { SETTLED } else { 1 };
        worst_cost(tx, runs, async |tx| read(tx, self.org, request).await).await
    }

    async fn plan(&self, request: &CheckRequest) -> String {
        let mut tx = self.db.read().await.unwrap();
        let zone = TimeZone::UTC;
        let statement = check_list::page_statement(&mut tx, self.org, request, &zone).await;
        let (sql, values) = statement.unwrap();
        let (explain, column) = match self.db.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Engine::Postgres => ("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF)", "QUERY PLAN"),
        };
        let rows = tx.all(format!("{explain} {sql}"), values).await.expect("it is explained");
        let lines: Vec<String> = rows.iter().map(|row| row.text(column).unwrap()).collect();
        format!("{sql}\n{}", lines.join("\n"))
    }
}

/// Reads a page, which must have checks.
pub(crate) async fn read(tx: &mut Tx, org: OrganizationId, request: &CheckRequest) {
    let page = check_list::page(tx, org, request, &TimeZone::UTC).await;
    assert!(!page.expect("the page is read").rows.is_empty(), "{request:?}");
}

/// What narrows the lists that must be flat, by name.
fn narrowed() -> Vec<(&'static str, CheckRequest)> {
    let all = CheckRequest::default();
    let outcome = |outcome| CheckRequest { outcomes: vec![outcome], ..all.clone() };
    let payers = |payers: &[&str]| CheckRequest {
        payers: payers.iter().map(|&payer| payer.to_owned()).collect(),
        ..all.clone()
    };
    let search = |typed| CheckRequest { search: Search::parse(typed), ..all.clone() };
    vec![
        ("all", all.clone()),
        ("rare outcome", outcome(Outcome::Review)),
        ("common outcome", outcome(Outcome::Active)),
        ("rare payer", payers(&["rare mutual"])),
        ("common payer", payers(&["payer 1"])),
        ("two payers", payers(&["payer 0", "payer 1"])),
        (
            "payer, outcome",
            CheckRequest { outcomes: vec![Outcome::Active], ..payers(&["payer 1"]) },
        ),
        ("waiting", CheckRequest { waiting: true, ..all.clone() }),
        ("waiting name", search("waiting7")),
        ("patient's name", search("last1000123")),
        ("rare payer's name", search("mutual")),
        ("id", search("12")),
    ]
}

/// Every list in every order at every place.
pub(crate) fn asked(count: i64) -> Vec<(String, CheckRequest)> {
    let mut asked = Vec::new();
    for (name, request) in narrowed() {
        for sort in CheckSort::ALL {
            for direction in [Direction::Ascending, Direction::Descending] {
                let mut places = vec![CheckPlace::First, CheckPlace::Last];
                if name == "all" || name.starts_with("common") {
                    // From the middle of the table, of a kind that each of these lists has.
                    let middle = (count / 2..count).find(|i| i % 2 == 1 && i * 31 % 100 < 70);
                    let middle = CheckId::new(middle.expect("there is one"));
                    places.extend([CheckPlace::After(middle), CheckPlace::Before(middle)]);
                }
                for place in places {
                    let request = CheckRequest { sort, direction, place, ..request.clone() };
                    let (sort, way) = (sort.as_str(), direction.as_str());
                    asked.push((format!("{name:18} {sort:8} {way:4} {place:?}"), request));
                }
            }
        }
    }
    asked
}

async fn check(engine: Engine) {
    let (few, many) = if is_long() { (40_000, 1_000_000) } else { (40_000, 120_000) };
    let clinics = [Clinic::open(engine, few).await, Clinic::open(engine, many).await];
    let mut costs = [Vec::new(), Vec::new()];
    for (clinic, costs) in clinics.iter().zip(&mut costs) {
        // A server counts within a transaction, the embedded engine on any connection.
        let mut tx = match engine {
            Engine::Sqlite => clinic.db.read().await.unwrap(),
            Engine::Postgres => clinic.db.begin().await.unwrap(),
        };
        for (_, request) in asked(clinic.count) {
            costs.push(clinic.cost(&mut tx, &request).await);
        }
        let payers = async |tx: &mut Tx| {
            let known = check_list::payers(tx, clinic.org, 200).await.unwrap();
            assert_eq!(known.len(), 3);
            let waiting = check_list::count_waiting(tx, clinic.org, 1_000).await.unwrap();
            assert_eq!(waiting, RARE);
        };
        costs.push(worst_cost(&mut tx, SETTLED, payers).await);
    }
    println!("{engine:?}: rows and blocks read among {few} and among {many} checks");
    let mut steep = Vec::new();
    let large = asked(many);
    for (index, (one, other)) in costs[0].iter().zip(&costs[1]).enumerate() {
        let (name, request) = match large.get(index) {
            Some((name, request)) => (name.as_str(), Some(request)),
            None => ("payers and inbox", None),
        };
        let line = format!(
            "{name:60} {:7} {:7} rows {:6} {:6} blocks",
            one.rows, other.rows, one.blocks, other.blocks
        );
        println!("{line}");
        let limit = |few: i64| 2 * few + MARGIN;
        let is_whole = engine == Engine::Postgres && other.rows > MAX_ROWS;
        if is_whole || other.rows > limit(one.rows) || other.blocks > limit(one.blocks) {
            if let Some(request) = request.filter(|_| steep.len() < MAX_PLANS) {
                println!("{}", clinics[1].plan(request).await);
            }
            steep.push(line);
        }
    }
    for clinic in clinics {
        clinic.db.close().await;
    }
    assert!(steep.is_empty(), "these grow with the table:\n{}", steep.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_checks_are_flat_sqlite() {
    check(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_checks_are_flat_postgres() {
    check(Engine::Postgres).await;
}
