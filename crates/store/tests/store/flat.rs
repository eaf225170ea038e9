//! A page costs the same among few and among many payments, counted in what the database reads.
//!
//! PostgreSQL tells, inside a transaction, how many rows and blocks of each table and index were
//! read; SQLite calls back on each turn of the loops that carry a statement out. Both are counted
//! over all that a page asks for, totals included, and over repeated runs, because a server may
//! change its plan for a statement that it has seen a few times.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use almoner_domain::list::{
    Cursor, Direction, Filter, MAX_EXACT_TOTAL, PageRequest, Place, Search, Sort, Span,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, Status, time};
use almoner_store::db::{Engine, Tx, Value};
use almoner_store::payment_list::{self, Calendar};
use almoner_store::testing::TestDb;
use almoner_store::{cards, payments};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::common::{Raw, is_long};
use crate::flat_load::{self, RARE_AMOUNT, RARE_LOCATION, RARE_STATUS};

/// What may be read on top of twice what a small table asks for: a deeper index, fuller pages.
const MARGIN: i64 = 250;
/// What a server reads at most for any page: nine ranges of 51 keys, then 50 rows, their patients,
/// and the kept counts.
const MAX_ROWS: i64 = 1_000;
/// Turns of the embedded engine's loops for the same, each key in several.
const MAX_TURNS: i64 = 40_000;
/// Runs after which a server has settled on a plan.
pub(crate) const SETTLED: usize = 6;
/// Plans that are printed of what is not flat.
const MAX_PLANS: usize = 3;
/// The list whose rows are counted up to a bound, and what that may read.
const COUNTED: &str = "id of many";
const COUNTED_ROWS_MAX: i64 = 10 * MAX_EXACT_TOTAL;
const TODAY: Date = Date::constant(2026, 6, 15);

/// What a request made the database read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Rows and index entries on a server, turns of loops in the embedded engine.
    pub(crate) rows: i64,
    /// Blocks; not told by the embedded engine.
    pub(crate) blocks: i64,
}

const READ_SO_FAR: &str = "SELECT
        CAST(coalesce(sum(pg_stat_get_xact_tuples_returned(oid)
            + CASE relkind WHEN 'r' THEN pg_stat_get_xact_tuples_fetched(oid) ELSE 0 END), 0)
            AS BIGINT) AS n_rows,
        CAST(coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0) AS BIGINT) AS n_blocks
    FROM pg_class WHERE relnamespace = 'public'::regnamespace";

async fn read_so_far(tx: &mut Tx) -> Cost {
    let row = tx.one(READ_SO_FAR, Vec::new()).await.expect("the server counts");
    Cost { rows: row.int("n_rows").unwrap(), blocks: row.int("n_blocks").unwrap() }
}

/// What `work` makes the database read.
async fn cost(tx: &mut Tx, work: impl AsyncFn(&mut Tx)) -> Cost {
    if !matches!(tx, Tx::SqliteRead(_)) {
        let before = read_so_far(tx).await;
        work(tx).await;
        let after = read_so_far(tx).await;
        return Cost { rows: after.rows - before.rows, blocks: after.blocks - before.blocks };
    }
    let turns = Arc::new(AtomicI64::new(0));
    if let Tx::SqliteRead(connection) = tx {
        let turns = Arc::clone(&turns);
        let mut handle = connection.lock_handle().await.expect("the connection is free");
        handle.set_progress_handler(1, move || {
            turns.fetch_add(1, Ordering::Relaxed);
            true
        });
    }
    work(tx).await;
    if let Tx::SqliteRead(connection) = tx {
        let mut handle = connection.lock_handle().await.expect("the connection is free");
        handle.remove_progress_handler();
    }
    Cost { rows: turns.load(Ordering::Relaxed), blocks: 0 }
}

/// What `work` makes the database read at worst in so many runs.
pub(crate) async fn worst_cost(tx: &mut Tx, runs: usize, work: impl AsyncFn(&mut Tx)) -> Cost {
    let mut worst = Cost::default();
    for _ in 0..runs {
        let cost = cost(tx, &work).await;
        worst.rows = worst.rows.max(cost.rows);
        worst.blocks = worst.blocks.max(cost.blocks);
    }
    worst
}

/// The lists that must be flat, by name.
fn filters() -> [(&'static str, Filter); 8] {
    let status = |statuses: &[Status]| Filter { statuses: statuses.to_vec(), ..Filter::default() };
    let location = |seq| Filter { locations: vec![LocationId::new(seq)], ..Filter::default() };
    let mut both = location(1);
    both.statuses = vec![Status::Paid, Status::Refunded];
    let amount = Span { from: Some(Money::from_cents(RARE_AMOUNT)), to: None };
    [
        ("all", Filter::default()),
        ("rare status", status(&[Status::Voided])),
        ("common status", status(&[Status::Paid])),
        ("rare location", location(3)),
        ("common location", location(2)),
        ("status and location", both),
        ("rare amount", Filter { amount, ..Filter::default() }),
        ("rare type", Filter { kind: Some(PaymentType::PrivatePay), ..Filter::default() }),
    ]
}

fn places(sort: Sort, [dated, undated]: &[payments::Payment; 2]) -> Vec<(&'static str, Place)> {
    let (dated, undated) = (cursor(sort, dated), cursor(sort, undated));
    let mut places = vec![
        ("first", Place::First),
        ("last", Place::Last),
        ("after", Place::After(dated)),
        ("before", Place::Before(dated)),
    ];
    if sort == Sort::Due {
        places.push(("after undated", Place::After(undated)));
        places.push(("before undated", Place::Before(undated)));
    }
    places
}

fn cursor(sort: Sort, middle: &payments::Payment) -> Cursor {
    let key = match sort {
        Sort::Created | Sort::Status => Some(time::micros(middle.created_at)),
        Sort::Amount => Some(middle.amount.cents()),
        Sort::Due => Some(time::due_key(middle.due)),
        Sort::Patient => None,
    };
    let (rank, seq) = (middle.status.rank(), middle.id.seq());
    Cursor { key, rank, seq }
}

/// A payment from the middle of the table and of the amounts, with or without a due date.
async fn middle(
    tx: &mut Tx,
    org: OrganizationId,
    count: i64,
    is_wanted: impl Fn(Option<Date>) -> bool,
) -> payments::Payment {
    let mut seq = count / 2;
    loop {
        seq += 1;
        let payment = payments::get(tx, org, PaymentId::new(seq)).await.unwrap();
        let payment = payment.expect("it is among the first and the last");
        let amount = payment.amount.cents();
        let is_middle = (20_000..30_000).contains(&amount) && payment.status == Status::Paid;
        if is_middle && is_wanted(payment.due) {
            return payment;
        }
    }
}

/// What is asked for, by name: a list and the place in it.
pub(crate) struct Asked {
    pub(crate) list: String,
    pub(crate) place: &'static str,
    pub(crate) request: PageRequest,
}

/// Every list at every place, and the searches, in a clinic of so many payments.
fn asked(count: i64, middle: &[payments::Payment; 2]) -> Vec<Asked> {
    let mut asked = Vec::new();
    for sort in Sort::ALL {
        for direction in [Direction::Ascending, Direction::Descending] {
            for (filter_name, filter) in filters() {
                let (sort_name, way) = (sort.as_str(), direction.as_str());
                let list = format!("{sort_name:7} {way:4} {filter_name}");
                for (place_name, place) in places(sort, middle) {
                    let (filter, search) = (filter.clone(), Search::All);
                    let request =
                        PageRequest { filter, search, sort, direction, per_page: 50, place };
                    asked.push(Asked { list: list.clone(), place: place_name, request });
                }
            }
        }
    }
    // A number that eleven begin with, a name that one patient has, and that with a word of all.
    let id = (count / 20).to_string();
    for (kind, typed) in [("id", &*id), ("name", "last1000123"), ("words", "last1000123 fi")] {
        for (filter_name, filter) in filters() {
            let search = Search::parse(typed);
            let request = PageRequest { search, filter, ..PageRequest::default() };
            let list = format!("{kind} in {filter_name}");
            asked.push(Asked { list, place: "first", request });
        }
    }
    // One that very many begin with, and only one of the newest: they are counted up to a bound.
    let request = PageRequest { search: Search::Id(1), ..PageRequest::default() };
    asked.push(Asked { list: COUNTED.to_owned(), place: "first", request });
    asked
}

/// A clinic whose database is asked.
pub(crate) struct Clinic {
    db: TestDb,
    org: OrganizationId,
    calendar: Calendar,
    pub(crate) asked: Vec<Asked>,
}

impl Clinic {
    async fn open(engine: Engine, count: i64) -> Self {
        let db = TestDb::new(engine).await;
        let org = flat_load::load(&db, count).await;
        Self::of(db, org, count).await
    }

    /// A clinic that has so many payments already.
    pub(crate) async fn of(db: TestDb, org: OrganizationId, count: i64) -> Self {
        let mut tx = db.read().await.unwrap();
        let middle = [
            middle(&mut tx, org, count, |due| due.is_some()).await,
            middle(&mut tx, org, count, |due| due.is_none()).await,
        ];
        let calendar = Calendar { zone: TimeZone::UTC, today: TODAY };
        Self { db, org, calendar, asked: asked(count, &middle) }
    }

    /// The costs of all that is asked, and of the cards.
    async fn costs(&self) -> Vec<Cost> {
        // A server counts within a transaction, the embedded engine on any connection.
        let mut tx = match self.db.engine() {
            Engine::Sqlite => self.db.read().await.unwrap(),
            Engine::Postgres => self.db.begin().await.unwrap(),
        };
        let mut costs = Vec::new();
        for asked in &self.asked {
            costs.push(self.page_cost(&mut tx, &asked.request).await);
        }
        for locations in [vec![], vec![LocationId::new(2)]] {
            let read = async |tx: &mut Tx| {
                cards::read(tx, self.org, &locations, TODAY).await.expect("the cards are read");
            };
            costs.push(worst_cost(&mut tx, SETTLED, read).await);
        }
        costs
    }

    async fn page_cost(&self, tx: &mut Tx, request: &PageRequest) -> Cost {
        // The statement of a first page is that of the pages after it, but for where they begin.
        let runs = if request.place == Place::First { SETTLED } else { 1 };
        worst_cost(tx, runs, async |tx| self.read(tx, request).await).await
    }

    /// Reads a page, which must be right.
    pub(crate) async fn read(&self, tx: &mut Tx, request: &PageRequest) {
        let page = payment_list::page(tx, self.org, request, &self.calendar).await;
        let page = page.expect("the page is read");
        if matches!(request.search, Search::Id(2..)) && request.filter == Filter::default() {
            assert_eq!(page.total, 11);
        }
        if request.search == Search::All && request.place == Place::First {
            if request.filter.statuses == [Status::Voided] {
                assert_eq!(page.total, RARE_STATUS);
            }
            if request.filter.locations == [LocationId::new(3)]
                || !request.filter.amount.is_open()
                || request.filter.kind.is_some()
            {
                assert_eq!(page.total, RARE_LOCATION);
            }
        }
    }

    /// What the database is asked for a page.
    pub(crate) async fn statement(
        &self,
        tx: &mut Tx,
        request: &PageRequest,
    ) -> (String, Vec<Value>) {
        let statement = payment_list::page_statement(tx, self.org, request, &self.calendar).await;
        statement.unwrap().expect("something is listed")
    }

    /// How the database carries a page out.
    async fn plan(&self, request: &PageRequest) -> String {
        let mut tx = self.db.read().await.unwrap();
        let (sql, values) = self.statement(&mut tx, request).await;
        let (explain, column) = match self.db.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Engine::Postgres => ("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF)", "QUERY PLAN"),
        };
        let rows = tx.all(format!("{explain} {sql}"), values).await.expect("it is explained");
        let lines: Vec<String> = rows.iter().map(|row| row.text(column).unwrap()).collect();
        format!("{sql}\n{}", lines.join("\n"))
    }

    /// Leaves nothing behind: a large database on a server would stay there.
    async fn close(self) {
        self.db.close().await;
        if self.db.engine() == Engine::Postgres {
            let (server, name) = self.db.url.rsplit_once('/').expect("it ends with the database");
            let mut raw = Raw::connect(&format!("{server}/postgres")).await;
            raw.run(&format!("DROP DATABASE {name}")).await.expect("nobody uses it any more");
            raw.close().await;
        }
    }
}

/// The most that any place of a list costs: how many rows are left at a place is chance.
fn most(asked: &[Asked], costs: &[Cost], list: &str) -> Cost {
    let places = || asked.iter().zip(costs).filter(|(asked, _)| asked.list == list);
    let rows = places().map(|(_, cost)| cost.rows).max().unwrap_or_default();
    Cost { rows, blocks: places().map(|(_, cost)| cost.blocks).max().unwrap_or_default() }
}

async fn check(engine: Engine) {
    let (few, many) = if is_long() { (10_000, 1_000_000) } else { (5_000, 100_000) };
    let (small, large) = (Clinic::open(engine, few).await, Clinic::open(engine, many).await);
    let (small_costs, large_costs) = (small.costs().await, large.costs().await);
    let ceiling = match engine {
        Engine::Sqlite => MAX_TURNS,
        Engine::Postgres => MAX_ROWS,
    };
    let cards = ["cards", "cards of one"].map(|name| (name, "", None));
    let pages = large.asked.iter().map(|a| (a.list.as_str(), a.place, Some(&a.request)));
    let mut steep = Vec::new();
    println!("{engine:?}: rows and blocks read among {few} and among {many} payments");
    for (index, (list, place, request)) in pages.chain(cards).enumerate() {
        let (one, other) = (small_costs[index], large_costs[index]);
        let line = format!(
            "{list:34} {place:14} {:6} {:6} rows {:6} {:6} blocks",
            one.rows, other.rows, one.blocks, other.blocks
        );
        println!("{line}");
        let most = if request.is_some() { most(&small.asked, &small_costs, list) } else { one };
        // The index of names inside which is searched is read in larger parts as it grows.
        let is_name = request.is_some_and(|r| matches!(r.search, Search::Name(_)));
        let limit = |most: i64| match list {
            COUNTED => COUNTED_ROWS_MAX,
            _ if is_name => ceiling,
            _ => (2 * most + MARGIN).min(ceiling),
        };
        if other.rows > limit(most.rows) || other.blocks > limit(most.blocks) {
            if let Some(request) = request.filter(|_| steep.len() < MAX_PLANS) {
                println!("{}", large.plan(request).await);
            }
            steep.push(line);
        }
    }
    println!("{}", large.plan(&PageRequest::default()).await);
    small.close().await;
    large.close().await;
    assert!(steep.is_empty(), "these grow with the table:\n{}", steep.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_flat_sqlite() {
    check(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_flat_postgres() {
    check(Engine::Postgres).await;
}
