//! A page costs the same among few and among many payments, counted in what the database reads.
//!
//! PostgreSQL tells, inside a transaction, how many rows and blocks of each table and index were
//! read; SQLite calls back on each turn of the loops that carry a statement out. Both are counted
//! over all that a page asks for, totals included, and over repeated runs, because a server may
//! change its plan for a statement that it has seen a few times.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use almoner_domain::list::{Cursor, Direction, Filter, PageRequest, Place, Search, Sort};
use almoner_domain::{LocationId, OrganizationId, PaymentId, Status, time};
use almoner_store::db::{Engine, Tx};
use almoner_store::payment_list::{self, Calendar};
use almoner_store::testing::TestDb;
use almoner_store::{cards, payments};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::common::is_long;
use crate::flat_load::{self, RARE_LOCATION, RARE_STATUS};

/// What may be read on top of twice what a small table asks for: a deeper index, fuller pages.
const MARGIN: i64 = 250;
/// What a server reads at most for any page: nine ranges of 51 keys, then 50 rows, their patients,
/// and the kept counts.
const MAX_ROWS: i64 = 1_000;
/// Turns of the embedded engine's loops for the same, each key in several.
const MAX_TURNS: i64 = 40_000;
/// Runs after which a server has settled on a plan.
const SETTLED: usize = 6;
const TODAY: Date = Date::constant(2026, 6, 15);

/// What a request made the database read.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// Rows and index entries on a server, turns of loops in the embedded engine.
    rows: i64,
    /// Blocks; not told by the embedded engine.
    blocks: i64,
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
async fn worst_cost(tx: &mut Tx, runs: usize, work: impl AsyncFn(&mut Tx)) -> Cost {
    let mut worst = Cost::default();
    for _ in 0..runs {
        let cost = cost(tx, &work).await;
        worst.rows = worst.rows.max(cost.rows);
        worst.blocks = worst.blocks.max(cost.blocks);
    }
    worst
}

/// The lists that must be flat, by name.
fn filters() -> [(&'static str, Filter); 6] {
    let status = |statuses: &[Status]| Filter { statuses: statuses.to_vec(), ..Filter::default() };
    let location = |seq| Filter { locations: vec![LocationId::new(seq)], ..Filter::default() };
    let mut both = location(1);
    both.statuses = vec![Status::Paid, Status::Refunded];
    [
        ("all", Filter::default()),
        ("rare status", status(&[Status::Voided])),
        ("common status", status(&[Status::Paid])),
        ("rare location", location(3)),
        ("common location", location(2)),
        ("status and location", both),
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

/// The costs of all lists and of the cards in a clinic of so many payments.
async fn costs(engine: Engine, count: i64) -> Vec<(String, &'static str, Cost)> {
    let db = TestDb::new(engine).await;
    let org = flat_load::load(&db, count).await;
    let mut tx = match engine {
        Engine::Sqlite => db.read().await.unwrap(),
        Engine::Postgres => db.begin().await.unwrap(),
    };
    let mut costs = Vec::new();
    let middle = [
        middle(&mut tx, org, count, |due| due.is_some()).await,
        middle(&mut tx, org, count, |due| due.is_none()).await,
    ];
    for sort in Sort::ALL {
        for direction in [Direction::Ascending, Direction::Descending] {
            for (filter_name, filter) in filters() {
                for (place_name, place) in places(sort, &middle) {
                    let (sort_name, way) = (sort.as_str(), direction.as_str());
                    let name = format!("{sort_name:7} {way:4} {filter_name:19}");
                    let filter = filter.clone();
                    let search = Search::All;
                    let request =
                        PageRequest { filter, search, sort, direction, per_page: 50, place };
                    costs.push((name, place_name, page_cost(&mut tx, org, &request).await));
                }
            }
        }
    }
    for typed in ["4321", "last1000123", "last1000123 fi"] {
        let search = Search::parse(typed);
        for (filter_name, filter) in filters() {
            let (search, filter) = (search.clone(), filter);
            let request = PageRequest { search, filter, ..PageRequest::default() };
            let cost = page_cost(&mut tx, org, &request).await;
            costs.push((format!("{typed} among {filter_name}"), "first", cost));
        }
    }
    for (name, locations) in [("cards", vec![]), ("cards of one", vec![LocationId::new(2)])] {
        let read = async |tx: &mut Tx| {
            cards::read(tx, org, &locations, TODAY).await.expect("the cards are read");
        };
        costs.push((name.to_owned(), "", worst_cost(&mut tx, SETTLED, read).await));
    }
    drop(tx);
    db.close().await;
    costs
}

async fn page_cost(tx: &mut Tx, org: OrganizationId, request: &PageRequest) -> Cost {
    let calendar = Calendar { zone: TimeZone::UTC, today: TODAY };
    let read = async |tx: &mut Tx| {
        let page = payment_list::page(tx, org, request, &calendar).await;
        let page = page.expect("the page is read");
        let first_of = |rows| request.place == Place::First && page.total == rows;
        if request.search != Search::All {
            return;
        }
        if request.filter.statuses == [Status::Voided] {
            assert!(request.place != Place::First || first_of(RARE_STATUS), "{}", page.total);
        }
        if request.filter.locations == [LocationId::new(3)] {
            assert!(request.place != Place::First || first_of(RARE_LOCATION), "{}", page.total);
        }
    };
    // The statement of a first page is that of the pages after it, but for where they begin.
    let runs = if request.place == Place::First { SETTLED } else { 1 };
    worst_cost(tx, runs, read).await
}

/// The most that any place of that list costs.
fn most(costs: &[(String, &str, Cost)], list: &str) -> Cost {
    let places = || costs.iter().filter(|cost| cost.0 == list).map(|cost| cost.2);
    let rows = places().map(|cost| cost.rows).max().unwrap_or_default();
    Cost { rows, blocks: places().map(|cost| cost.blocks).max().unwrap_or_default() }
}

async fn check(engine: Engine) {
    let (few, many) = if is_long() { (10_000, 1_000_000) } else { (5_000, 100_000) };
    let (small_costs, large_costs) = (costs(engine, few).await, costs(engine, many).await);
    println!("{engine:?}: rows and blocks read among {few} and among {many} payments");
    let ceiling = match engine {
        Engine::Sqlite => MAX_TURNS,
        Engine::Postgres => MAX_ROWS,
    };
    let mut steep = Vec::new();
    for ((name, place, small), (_, _, large)) in small_costs.iter().zip(&large_costs) {
        let line = format!(
            "{name:33} {place:14} {:6} {:6} rows {:6} {:6} blocks",
            small.rows, large.rows, small.blocks, large.blocks
        );
        println!("{line}");
        // How many rows are left at a place is chance, so the places of a list count as one.
        let most = most(&small_costs, name);
        let rows_flat = large.rows <= (2 * most.rows + MARGIN).min(ceiling);
        let blocks_flat = large.blocks <= (2 * most.blocks + MARGIN).min(ceiling);
        if !(rows_flat && blocks_flat) {
            steep.push(line);
        }
    }
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
