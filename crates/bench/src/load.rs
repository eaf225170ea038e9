//! How fast rows come into the tables as they are, with nothing made and nothing laid aside but the
//! rules that have been through them: what `almoner demo-data` is compared with.

use almoner_domain::ambient::Stopwatch;
use almoner_store::copy::{OF_THE_SCHEMA, TABLES};
use almoner_store::db::{Durability, Kind, Shape, StoreError, Table, Value};
use almoner_store::{Db, organizations};

use crate::served::Sized;
use crate::{Outcome, met};

/// The part of the bare speed that is to be reached.
const GOAL: f64 = 0.5;

/// A table with all of its rows.
struct Filled {
    table: Table,
    values: Vec<Value>,
    rows: usize,
}

/// Reads a database whole, writes it into an empty one, and tells of the speed of that beside the
/// one at which `almoner demo-data` filled a database, in rows each second.
pub(crate) async fn measure(from: &Sized, to: &str, loaded: f64) -> Outcome<String> {
    let speed = copy(&from.url, to).await.map_err(|error| error.to_string())?;
    let it = loaded / speed;
    Ok(format!(
        "- Rows that `almoner demo-data` makes and writes in a second ÷ rows that are only \
        written, into tables with their indexes: {it:.2} ({loaded:.0} and {speed:.0}); at least \
        {GOAL}: {}.\n",
        met(it >= GOAL)
    ))
}

async fn copy(from: &str, to: &str) -> Result<f64, StoreError> {
    let tables = read(from).await?;
    let db = Db::open(to, Durability::Scratch).await?;
    db.migrate().await?;
    let mut tx = db.begin().await?;
    assert!(organizations::all(&mut tx).await?.is_empty(), "the database is to be filled");
    let aside = tx.lay_aside(&[]).await?;
    let begun = Stopwatch::start();
    let mut rows = 0;
    for filled in tables {
        rows += filled.rows;
        tx.fill(&filled.table, filled.values).await?;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    tx.put_back(aside).await?;
    tx.commit().await?;
    db.close().await;
    #[expect(clippy::cast_precision_loss, reason = "printed with a few digits")]
    Ok(rows as f64 / elapsed)
}

/// All tables that have rows, in an order in which they can be written.
async fn read(url: &str) -> Result<Vec<Filled>, StoreError> {
    let db = Db::open(url, Durability::Full).await?;
    let mut tx = db.read().await?;
    let shapes = tx.shapes().await?;
    let mut tables = Vec::new();
    for name in TABLES.iter().filter(|name| !OF_THE_SCHEMA.contains(name)) {
        let Some(shape) = shapes.iter().find(|shape| shape.name == **name) else { continue };
        let rows = tx.all(format!("SELECT * FROM {name}"), Vec::new()).await?;
        let mut values = Vec::with_capacity(rows.len() * shape.columns.len());
        for row in &rows {
            for (column, kind) in &shape.columns {
                values.push(match kind {
                    Kind::Int => Value::Int(row.opt_int(column)?),
                    Kind::Text => Value::Text(row.opt_text(column)?),
                    Kind::Bytes => Value::Bytes(row.opt_bytes(column)?),
                });
            }
        }
        let rows = rows.len();
        tables.push(Filled { table: table(name, shape), values, rows });
    }
    drop(tx);
    db.close().await;
    Ok(tables)
}

/// The table with all its columns. Their names stay until this program ends.
fn table(name: &'static str, shape: &Shape) -> Table {
    let columns = shape.columns.iter().map(|(column, _)| &*column.clone().leak());
    Table { name, columns: Vec::leak(columns.collect()) }
}
