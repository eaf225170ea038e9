//! What the server weighs: its start, its memory, its file; and how fast it could be at best.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use almoner_domain::ambient::Stopwatch;
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::future::join_all;
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::pages::bytes_of;
use crate::served::{Served, Sized};
use crate::{Outcome, met};

const MIB: u64 = 1024 * 1024;
/// What an idle server may hold.
const IDLE_MIB_MAX: u64 = 40;
/// What it may hold while so many connections are busy.
const BUSY_MIB_MAX: u64 = 200;
const BUSY_CONNECTIONS: usize = 1_000;
/// What writing a file of all payments may add.
const EXPORT_MIB_MAX: u64 = 20;
const START_MS_MAX: u128 = 300;
/// What writing a page may leave of the speed of a server that has it ready.
const RENDERED_MIN: f64 = 0.6;
/// How often memory is looked at while something goes on.
const LOOK: Duration = Duration::from_millis(20);
/// Requests that go on at the same time when the most in a second is wanted.
const AT_ONCE: usize = 16;
const ROUNDS: usize = 100;

/// Tells of the server on the largest database.
pub(crate) async fn measure(binary: &Path, database: &Sized) -> Outcome<String> {
    let mut text = String::new();
    let file = std::fs::metadata(binary).map_err(|error| error.to_string())?.len();
    let served = Served::start(binary, database).await?;
    let start = served.start.as_millis();
    let payments = database.payments;
    let _ = writeln!(text, "\n- The program's file: {} MB.", file / 1_000_000);
    let _ = writeln!(
        text,
        "- From its start to ready on {payments} payments: {start} ms; at most {START_MS_MAX}: {}.",
        met(start <= START_MS_MAX)
    );
    let idle = served.processes.resident_bytes() / MIB;
    tell(&mut text, "Memory when somebody has signed in", idle, IDLE_MIB_MAX);
    let address = format!("{}/payments/export.csv", served.base);
    let before = served.processes.resident_bytes();
    let most = most_while(&served, drain(&served.staff, &address)).await?;
    let more = most.saturating_sub(before) / MIB;
    tell(&mut text, "Added while a file of all payments is written", more, EXPORT_MIB_MAX);
    let most = most_while(&served, busy(&served)).await? / MIB;
    let what = format!("Memory with {BUSY_CONNECTIONS} connections that ask for the list");
    tell(&mut text, &what, most, BUSY_MIB_MAX);
    Ok(text)
}

fn tell(text: &mut String, what: &str, mib: u64, most: u64) {
    let _ = writeln!(text, "- {what}: {mib} MiB; at most {most}: {}.", met(mib <= most));
}

/// The most that the server holds while something goes on.
async fn most_while(served: &Served, work: impl Future<Output = Outcome<()>>) -> Outcome<u64> {
    let is_over = Arc::new(AtomicBool::new(false));
    let (processes, over) = (served.processes.clone(), is_over.clone());
    let looking = tokio::spawn(async move {
        let mut most = 0;
        while !over.load(Ordering::Relaxed) {
            most = most.max(processes.resident_bytes());
            sleep(LOOK).await;
        }
        most
    });
    let done = work.await;
    is_over.store(true, Ordering::Relaxed);
    let most = looking.await.map_err(|error| error.to_string())?;
    done.map(|()| most)
}

/// Takes a file in without keeping it.
async fn drain(client: &Client, address: &str) -> Outcome<()> {
    let failed = |error: reqwest::Error| error.to_string();
    let mut answer = client.get(address).send().await.map_err(failed)?;
    while answer.chunk().await.map_err(failed)?.is_some() {}
    Ok(())
}

/// Asks for the list by very many connections at the same time.
async fn busy(served: &Served) -> Outcome<()> {
    let address = format!("{}/payments", served.base);
    let asked = join_all((0..BUSY_CONNECTIONS).map(|_| bytes_of(&served.staff, &address))).await;
    asked.into_iter().try_for_each(|answer| answer.map(|_| ()))
}

/// How many pages come in a second, and how many are written from rows that are there, beside a
/// bare server that has the bytes ready.
pub(crate) async fn limit(binary: &Path, database: &Sized) -> Outcome<String> {
    let served = Served::start(binary, database).await?;
    let address = format!("{}/payments", served.base);
    let (bytes, own, most) = beside_ready(&served.staff, &address).await?;
    let ratio = own / most;
    let mut text = format!(
        "- The list, {bytes} bytes: {own:.0} in a second by {AT_ONCE} at once, {most:.0} from a \
        bare server that has the bytes ready: {ratio:.2}.\n"
    );
    let rendered = bare(almoner_web::sample_list()).await?;
    let (bytes, own, most) = beside_ready(&served.staff, &rendered).await?;
    let ratio = own / most;
    let _ = writeln!(
        text,
        "- A list of 50 rows, {bytes} bytes, written anew each time ÷ ready: {ratio:.2} \
        ({own:.0} and {most:.0} in a second); at least {RENDERED_MIN}: {}.",
        met(ratio >= RENDERED_MIN)
    );
    Ok(text)
}

/// The bytes of a page, and how often it comes in a second: from there, and from a bare server that
/// has it ready.
async fn beside_ready(client: &Client, address: &str) -> Outcome<(usize, f64, f64)> {
    let page = bytes_of(client, address).await?;
    let bytes = page.len();
    let ready = bare(ready(page)).await?;
    Ok((bytes, each_second(client, address).await?, each_second(client, &ready).await?))
}

/// What answers with the bytes of a page.
fn ready(page: Vec<u8>) -> impl Fn() -> Response + Clone + Send + Sync + 'static {
    let page: axum::body::Bytes = page.into();
    move || ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.clone()).into_response()
}

/// A server that does nothing but answer.
async fn bare(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let router = Router::new().route("/payments", get(async move || answer()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/payments"))
}

#[expect(clippy::cast_precision_loss, reason = "printed with a few digits")]
async fn each_second(client: &Client, address: &str) -> Outcome<f64> {
    let begun = Stopwatch::start();
    for _ in 0..ROUNDS {
        let asked = join_all((0..AT_ONCE).map(|_| bytes_of(client, address))).await;
        asked.into_iter().try_for_each(|answer| answer.map(|_| ()))?;
    }
    Ok((ROUNDS * AT_ONCE) as f64 / begun.elapsed().as_secs_f64())
}
