//! A page of records costs the same among few and among many, counted in what the database reads.
//!
//! Among few there are already more than are counted for a total, so that both sizes count as far.

use almoner_domain::OrganizationId;
use almoner_domain::list::{Cursor, MAX_EXACT_TOTAL, Place};
use almoner_store::db::{Engine, Tx};
use almoner_store::record_list::{self, Narrowed, Records};
use almoner_store::testing::TestDb;

use crate::common::is_long;
use crate::flat::{Cost, SETTLED, worst_cost};
use crate::record_load::{EARLY, LATE, changed_us, load, since, whose};

/// What may be read on top of twice what a small table asks for: a deeper index, fuller pages.
const MARGIN: i64 = 300;
const LIMIT: i64 = 50;

pub(crate) struct Clinic {
    db: TestDb,
    org: OrganizationId,
    count: i64,
}

impl Clinic {
    async fn open(engine: Engine, count: i64) -> Self {
        let db = TestDb::new(engine).await;
        let org = load(&db, count, count).await;
        Self::of(db, org, count)
    }

    /// A clinic that has so many records already.
    pub(crate) fn of(db: TestDb, org: OrganizationId, count: i64) -> Self {
        Self { db, org, count }
    }

    /// The lists that must be flat, by name, and how many rows their first page has.
    fn lists(&self) -> Vec<(&'static str, Records, Narrowed, usize)> {
        let named = |word: &str| Narrowed::Named(vec![word.to_owned()]);
        let (patients, treatments) = (Records::Patients, Records::Treatments);
        let payments = Records::Payments;
        let changed = |percent| Narrowed::ChangedSince(since(percent, self.count));
        let one = whose(self.count / 2, self.count);
        vec![
            ("patients", patients, Narrowed::Not, 50),
            ("patients, most changed", patients, changed(90), 50),
            ("patients, many changed", patients, changed(60), 50),
            ("patients, a rare name", patients, named("last1000123"), 1),
            ("patients, a common name", patients, named("fi"), 50),
            ("treatments", treatments, Narrowed::Not, 50),
            ("treatments, many changed", treatments, changed(60), 50),
            ("payments, most changed", payments, changed(90), 50),
            ("payments, many changed", payments, changed(60), 50),
            ("treatments of a patient", treatments, Narrowed::OfPatient(one, None), 1),
            ("treatments, a few overdue", treatments, Narrowed::OverdueOn(EARLY), 42),
            ("treatments, many overdue", treatments, Narrowed::OverdueOn(LATE), 50),
        ]
    }

    /// The first and the last page, and two from the middle where that has rows of the list.
    fn places(&self, narrowed: &Narrowed) -> Vec<Place> {
        let seq = self.count / 2 + 5;
        let is_by_change = matches!(narrowed, Narrowed::ChangedSince(_));
        let key = is_by_change.then(|| {
            let latest = changed_us(seq, self.count).max(since(40, self.count).as_microsecond());
            latest + 1
        });
        let middle = Cursor { key, rank: 0, seq };
        let mut places = vec![Place::First, Place::Last];
        if !matches!(narrowed, Narrowed::OfPatient(..) | Narrowed::OverdueOn(EARLY)) {
            places.extend([Place::After(middle), Place::Before(middle)]);
        }
        places
    }

    /// What each list costs at each of its places, at worst in so many runs of a first page.
    pub(crate) async fn costs(&self, tx: &mut Tx, runs: usize) -> Vec<(String, Cost)> {
        let mut costs = Vec::new();
        for (name, records, narrowed, rows) in self.lists() {
            for place in self.places(&narrowed) {
                let read = async |tx: &mut Tx| {
                    let asked = (records, &narrowed);
                    let page = record_list::page(tx, self.org, asked, (place, LIMIT)).await;
                    let page = page.expect("the page is read");
                    if place == Place::First {
                        assert_eq!(page.rows.len(), rows, "{name}");
                    }
                    let many = page.total >= MAX_EXACT_TOTAL / 5;
                    assert_eq!(page.total_is_exact, !many, "{name}: {}", page.total);
                };
                let runs = if place == Place::First { runs } else { 1 };
                costs.push((format!("{name:26} {place:?}"), worst_cost(tx, runs, read).await));
            }
        }
        costs
    }

    async fn plans(&self) -> String {
        let mut tx = self.db.read().await.unwrap();
        let mut plans = String::new();
        for (name, records, narrowed, _) in self.lists() {
            let (asked, at) = ((records, &narrowed), (Place::First, LIMIT));
            let statement = record_list::page_statement(&mut tx, self.org, asked, at).await;
            let (sql, values) = statement.unwrap();
            let (explain, column) = match self.db.engine() {
                Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
                Engine::Postgres => ("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF)", "QUERY PLAN"),
            };
            let rows = tx.all(format!("{explain} {sql}"), values).await.expect("it is explained");
            let lines: Vec<String> = rows.iter().map(|row| row.text(column).unwrap()).collect();
            plans = format!("{plans}\n{name}: {sql}\n{}\n", lines.join("\n"));
        }
        plans
    }
}

async fn check(engine: Engine) {
    let (few, many) = if is_long() { (20_000, 600_000) } else { (20_000, 60_000) };
    let clinics = [Clinic::open(engine, few).await, Clinic::open(engine, many).await];
    let mut costs = Vec::new();
    for clinic in &clinics {
        // A server counts within a transaction, the embedded engine on any connection.
        let mut tx = match engine {
            Engine::Sqlite => clinic.db.read().await.unwrap(),
            Engine::Postgres => clinic.db.begin().await.unwrap(),
        };
        costs.push(clinic.costs(&mut tx, SETTLED).await);
    }
    println!("{engine:?}: rows and blocks read among {few} and among {many} records");
    let mut steep = Vec::new();
    for ((name, one), (_, other)) in costs[0].iter().zip(&costs[1]) {
        let line = format!(
            "{name:80} {:6} {:6} rows {:6} {:6} blocks",
            one.rows, other.rows, one.blocks, other.blocks
        );
        println!("{line}");
        let limit = |few: i64| 2 * few + MARGIN;
        if other.rows > limit(one.rows) || other.blocks > limit(one.blocks) {
            steep.push(line);
        }
    }
    println!("{}", clinics[1].plans().await);
    for clinic in clinics {
        clinic.db.close().await;
    }
    assert!(steep.is_empty(), "these grow with the table:\n{}", steep.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_records_are_flat_sqlite() {
    check(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_records_are_flat_postgres() {
    check(Engine::Postgres).await;
}
