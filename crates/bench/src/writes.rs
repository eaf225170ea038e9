//! How many payments are created, paid and refunded in a second, beside what the database does for
//! anybody.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::try_join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::bare::Bare;
use crate::pages::bytes_of;
use crate::served::{self, Served, Sized};
use crate::times::Times;
use crate::{Outcome, met};

/// How many clients write at the same time.
const CLIENTS: [usize; 4] = [1, 8, 16, 32];
/// The number of clients at which the goals are looked at.
const GOAL_CLIENTS: usize = 16;
/// Requests that a key sends before the next one does: fewer than it may send in a row.
const KEY_REQUESTS: usize = 250;
/// Lists that are asked for while others write.
const READS: usize = 200;
/// How much longer the slowest of them may take for it.
const READS_RATIO_MAX: f64 = 3.0;

/// Something that writes, with what it is to reach of the reference.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Create,
    Pay,
    Refund,
}

impl Verb {
    const ALL: [Self; 3] = [Self::Create, Self::Pay, Self::Refund];

    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Pay => "pay",
            Self::Refund => "refund",
        }
    }
}

/// Transactions in a second by so many clients, and the goal as a part of it.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// What it is called.
    pub(crate) name: String,
    /// By clients.
    pub(crate) each_second: Vec<(usize, f64)>,
    /// The part of it that is to be reached.
    pub(crate) goal: f64,
}

impl Reference {
    fn at(&self, clients: usize) -> Option<f64> {
        self.each_second.iter().find(|(number, _)| *number == clients).map(|(_, speed)| *speed)
    }
}

/// Programs that write, each request by the key whose turn it is.
#[derive(Clone)]
struct Writers {
    base: String,
    keys: Arc<Vec<Client>>,
    sent: Arc<AtomicUsize>,
    patients: usize,
}

impl Writers {
    async fn send(&self, path: &str, body: &Value) -> Outcome<Value> {
        let place = self.sent.fetch_add(1, Ordering::Relaxed) / KEY_REQUESTS;
        let key = &self.keys[place % self.keys.len()];
        let address = format!("{}/api/v1{path}", self.base);
        let request = key.post(&address).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if !matches!(status, StatusCode::OK | StatusCode::CREATED) {
            return Err(format!("{path} was answered with {status}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    async fn create(&self, number: usize) -> Outcome<String> {
        let patient = format!("PAT-{:03}", number % self.patients + 1);
        let amount = 1_000 + number % 50_000;
        let made = self
            .send("/payments", &json!({ "patient_id": patient, "amount_cents": amount }))
            .await?;
        made["id"].as_str().map(str::to_owned).ok_or_else(|| "a payment without an id".to_owned())
    }

    async fn change(&self, verb: Verb, payment: &str) -> Outcome<()> {
        let (path, body) = match verb {
            Verb::Create => return Err("a payment is created once".to_owned()),
            Verb::Pay => ("status", json!({ "status": "paid", "tender": { "type": "cash" } })),
            Verb::Refund => ("refunds", json!({ "full": true, "reason": "duplicate_charge" })),
        };
        self.send(&format!("/payments/{payment}/{path}"), &body).await.map(|_| ())
    }
}

/// Does something for each of so many numbers, by so many clients; tells how often in a second.
async fn each_second<T, F: Future<Output = Outcome<T>>>(
    (clients, count): (usize, usize),
    work: impl Fn(usize) -> F,
) -> Outcome<(f64, Vec<T>)> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let client = async || {
        let mut done = Vec::with_capacity(count / clients + 1);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok::<_, String>(done);
            }
            done.push(work(number).await?);
        }
    };
    let done = try_join_all((0..clients).map(|_| client())).await?;
    #[expect(clippy::cast_precision_loss, reason = "printed with a few digits")]
    let speed = count as f64 / begun.elapsed().as_secs_f64();
    Ok((speed, done.into_iter().flatten().collect()))
}

/// Writes at each number of clients, `count` times each, and tells of it in a table.
pub(crate) async fn measure(
    binary: &PathBuf,
    database: &Sized,
    (bare, given): (&Bare, Option<Reference>),
    count: usize,
) -> Outcome<String> {
    let requests = count * CLIENTS.len() * Verb::ALL.len() + READS * CLIENTS.len();
    let keys = served::keys(binary, &database.url, requests.div_ceil(KEY_REQUESTS) + 1).await?;
    let keys: Outcome<Vec<Client>> = keys.iter().map(|key| served::with_key(key)).collect();
    let served = Served::start(binary, database).await?;
    let writers = Writers {
        base: served.base.clone(),
        keys: Arc::new(keys?),
        sent: Arc::default(),
        patients: 1_000,
    };
    let mut own = Vec::new();
    let mut loops = Vec::new();
    for clients in CLIENTS {
        let (create, made) =
            each_second((clients, count), |number| writers.create(number)).await?;
        let mut speeds = vec![create];
        for verb in [Verb::Pay, Verb::Refund] {
            let work = |number: usize| writers.change(verb, &made[number]);
            speeds.push(each_second((clients, count), work).await?.0);
        }
        own.push((clients, speeds));
        let (speed, _) = each_second((clients, count), |number| bare.once(number)).await?;
        loops.push((clients, speed));
    }
    let loops = Reference { name: "the same loop, bare".into(), each_second: loops, goal: 0.6 };
    let reference = given.unwrap_or_else(|| loops.clone());
    let mut text = table(&own, &loops, &reference);
    let reads = reads_while_written(&served, &writers).await?;
    text.push_str(&reads);
    Ok(text)
}

fn table(own: &[(usize, Vec<f64>)], loops: &Reference, reference: &Reference) -> String {
    let mut text = format!(
        "\n| clients | create, in a second | pay | refund | a bare loop | {} | create ÷ | pay ÷ \
        | refund ÷ |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        reference.name
    );
    for (clients, speeds) in own {
        let beside = reference.at(*clients).unwrap_or(f64::NAN);
        let bare = loops.at(*clients).unwrap_or(f64::NAN);
        let _ = write!(text, "\n| {clients} |");
        for speed in speeds {
            let _ = write!(text, " {speed:.0} |");
        }
        let _ = write!(text, " {bare:.0} | {beside:.0} |");
        for speed in speeds {
            let _ = write!(text, " {:.2} |", speed / beside);
        }
    }
    text.push_str("\n\n");
    let Some((_, speeds)) = own.iter().find(|(clients, _)| *clients == GOAL_CLIENTS) else {
        return text;
    };
    let beside = reference.at(GOAL_CLIENTS).unwrap_or(f64::NAN);
    for (verb, speed) in Verb::ALL.iter().zip(speeds) {
        let (it, goal) = (speed / beside, reference.goal);
        let _ = writeln!(
            text,
            "- {} by {GOAL_CLIENTS} clients ÷ {}: {it:.2}; at least {goal}: {}.",
            verb.name(),
            reference.name,
            met(it >= goal)
        );
    }
    text
}

/// The slowest lists alone, and while payments are created.
async fn reads_while_written(served: &Served, writers: &Writers) -> Outcome<String> {
    let address = format!("{}/payments", served.base);
    let read = async || {
        let mut times = Vec::with_capacity(READS);
        for _ in 0..READS {
            let begun = Instant::now();
            bytes_of(&served.staff, &address).await?;
            times.push(begun.elapsed());
        }
        Ok::<_, String>(Times::new(times).percentile(99))
    };
    let alone = read().await?;
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let write = async {
        let mut number = 0;
        while !is_over.load(Ordering::Relaxed) && number < READS * CLIENTS.len() {
            writers.create(number).await?;
            number += 1;
        }
        Ok::<_, String>(number)
    };
    let watched = async {
        let beside = read().await;
        is_over.store(true, Ordering::Relaxed);
        beside
    };
    let (beside, written) = futures_util::future::try_join(watched, write).await?;
    let it = beside / alone;
    Ok(format!(
        "- The list's p99 while a client writes ({written} payments) ÷ alone: {it:.2} \
        ({beside:.1} and {alone:.1} ms); at most {READS_RATIO_MAX}: {}.\n",
        met(it <= READS_RATIO_MAX)
    ))
}
