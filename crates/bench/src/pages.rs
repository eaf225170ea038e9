//! What each view of the payments page costs the server at each size.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use almoner_domain::list::Place;
use reqwest::Client;

use crate::cpu::Processes;
use crate::direct::Direct;
use crate::served::{Served, Sized};
use crate::times::Times;
use crate::views::{self, View};
use crate::{Outcome, met};

/// Requests before those that are measured.
const WARM: usize = 5;
/// What a view that must be flat may cost at the largest size, in what it costs at the smallest.
const FLAT_RATIO_MAX: f64 = 2.0;
/// What a view that cannot be flat may cost, in microseconds.
const COMPROMISE_MICROS_MAX: f64 = 50_000.0;
/// What a list may cost, in what its statements cost by themselves.
const DIRECT_RATIO_MAX: f64 = 2.5;
/// Pages that are no view of the list, with whether they must be flat; `{last}` stands for the
/// newest payment.
const PAGES: [(&str, &str, bool); 4] = [
    ("detail", "/payments/PAY-{last}", true),
    ("summary of a location", "/payments?location=LOC-001&per_page=25", true),
    ("patients called ma…", "/patients?q=ma", false),
    ("create, patients ma…", "/payments/new?q=ma", false),
];

/// What a view cost at one size.
#[derive(Debug)]
struct Cost {
    times: Times,
    /// Microseconds of processor time for each request.
    micros: f64,
    /// The same for the statements alone.
    direct: Option<f64>,
}

/// A line of the table: a view with its cost at each size.
struct Line {
    name: String,
    must_be_flat: bool,
    costs: Vec<Cost>,
}

/// Measures all views at all sizes and tells of them in tables.
pub(crate) async fn measure(
    binary: &Path,
    databases: &[Sized],
    count: usize,
) -> Outcome<String> {
    let mut lines: Vec<Line> = Vec::new();
    let mut exports = Vec::new();
    for database in databases {
        let served = Served::start(binary, database).await?;
        let direct = Direct::open(database).await?;
        let mut place = 0;
        let mut add = |name: String, must_be_flat: bool, cost: Cost| {
            if lines.len() == place {
                lines.push(Line { name, must_be_flat, costs: Vec::new() });
            }
            lines[place].costs.push(cost);
            place += 1;
        };
        for view in with_next(&direct).await? {
            let mut cost = asked(&served, &view.address(), count).await?;
            cost.direct = Some(alone(&direct, database, &view, count).await?);
            add(view.name, view.must_be_flat, cost);
        }
        for (name, address, must_be_flat) in PAGES {
            let address = address.replace("{last}", &database.payments.to_string());
            add(name.to_owned(), must_be_flat, asked(&served, &address, count).await?);
        }
        exports.push(export(&served).await?);
        direct.close().await;
    }
    Ok(table(databases, &lines, &exports))
}

/// All views, each first page that has one followed by its next.
async fn with_next(direct: &Direct) -> Outcome<Vec<View>> {
    let mut views = Vec::new();
    for view in views::all() {
        let is_first = view.request.place == Place::First && view.name.ends_with("first");
        let end = if is_first { direct.end(&view).await? } else { None };
        let next = is_first.then(|| end.map_or_else(|| view.clone(), |end| view.after(end)));
        views.push(view);
        views.extend(next);
    }
    Ok(views)
}

/// Asks for an address again and again.
async fn asked(served: &Served, address: &str, count: usize) -> Outcome<Cost> {
    let address = format!("{}{address}", served.base);
    for _ in 0..WARM {
        bytes_of(&served.staff, &address).await?;
    }
    let mut times = Vec::with_capacity(count);
    let before = served.processes.used();
    for _ in 0..count {
        let begun = Instant::now();
        bytes_of(&served.staff, &address).await?;
        times.push(begun.elapsed());
    }
    let micros = served.processes.used().since(before).micros_each(count);
    Ok(Cost { times: Times::new(times), micros, direct: None })
}

/// Asks for an address and takes in the whole answer.
pub(crate) async fn bytes_of(client: &Client, address: &str) -> Outcome<Vec<u8>> {
    let failed = |error: reqwest::Error| format!("{address}: {error}");
    let answer = client.get(address).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(format!("{address} was answered with {}", answer.status()));
    }
    Ok(answer.bytes().await.map_err(failed)?.to_vec())
}

/// Runs the statements of a view again and again.
async fn alone(direct: &Direct, database: &Sized, view: &View, count: usize) -> Outcome<f64> {
    let processes = Processes::own(database.backends.clone());
    let run = async || direct.run(view).await.map_err(|error| error.to_string());
    for _ in 0..WARM {
        run().await?;
    }
    let before = processes.used();
    for _ in 0..count {
        run().await?;
    }
    Ok(processes.used().since(before).micros_each(count))
}

/// Milliseconds of processor time for each 100,000 rows of the file with all payments.
async fn export(served: &Served) -> Outcome<f64> {
    let before = served.processes.used();
    let address = format!("{}/payments/export.csv", served.base);
    let file = bytes_of(&served.staff, &address).await?;
    let rows = file.iter().filter(|&&byte| byte == b'\n').count();
    Ok(served.processes.used().since(before).micros_each(rows.max(1)) * 100.0)
}

fn ratio(line: &Line) -> Option<f64> {
    let (first, last) = (line.costs.first()?, line.costs.last()?);
    Some(last.micros / first.micros)
}

fn overhead(line: &Line) -> Option<f64> {
    let last = line.costs.last()?;
    last.direct.map(|direct| last.micros / direct)
}

fn table(databases: &[Sized], lines: &[Line], exports: &[f64]) -> String {
    let mut text = String::from("| view |");
    for database in databases {
        let _ = write!(text, " {} p50, ms | p99 | CPU, µs |", database.payments);
    }
    text.push_str(" CPU, last ÷ first | ÷ its statements alone |\n|---|");
    text.push_str(&"--:|".repeat(databases.len() * 3 + 2));
    for line in lines {
        let flat = if line.must_be_flat { "" } else { " (cannot be flat)" };
        let _ = write!(text, "\n| {}{flat} |", line.name);
        for Cost { times, micros, .. } in &line.costs {
            let (p50, p99) = (times.percentile(50), times.percentile(99));
            let _ = write!(text, " {p50:.1} | {p99:.1} | {micros:.0} |");
        }
        let number = |ratio: Option<f64>| ratio.map_or("–".to_owned(), |it| format!("{it:.2}"));
        let _ = write!(text, " {} | {} |", number(ratio(line)), number(overhead(line)));
    }
    text.push_str("\n\n");
    verdicts(&mut text, lines);
    for (database, millis) in databases.iter().zip(exports) {
        let payments = database.payments;
        let _ = writeln!(
            text,
            "- The file with all {payments} payments: {millis:.0} ms of CPU for each 100,000 rows."
        );
    }
    text
}

/// The line with the most.
fn worst<'a>(lines: impl Iterator<Item = (&'a Line, f64)>) -> Option<(&'a str, f64)> {
    lines.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(line, it)| (&*line.name, it))
}

/// The worst of each kind of line, beside what was wanted.
fn verdicts(text: &mut String, lines: &[Line]) {
    let flat = lines.iter().filter(|line| line.must_be_flat);
    if let Some((name, it)) = worst(flat.filter_map(|line| Some((line, ratio(line)?)))) {
        let is_met = met(it <= FLAT_RATIO_MAX);
        let _ = writeln!(
            text,
            "- CPU at the largest size ÷ at the smallest, worst of those that must be flat \
            ({name}): {it:.2}; at most {FLAT_RATIO_MAX}: {is_met}."
        );
    }
    let other = lines.iter().filter(|line| !line.must_be_flat);
    let other = other.filter_map(|line| Some((line, line.costs.last()?.micros)));
    if let Some((name, it)) = worst(other) {
        let is_met = met(it <= COMPROMISE_MICROS_MAX);
        let (it, most) = (it / 1_000.0, COMPROMISE_MICROS_MAX / 1_000.0);
        let _ = writeln!(
            text,
            "- CPU of those that cannot be flat, worst ({name}): {it:.1} ms; at most {most} ms: \
            {is_met}."
        );
    }
    let lists = lines.iter().filter_map(|line| Some((line, overhead(line)?)));
    if let Some((name, it)) = worst(lists) {
        let is_met = met(it <= DIRECT_RATIO_MAX);
        let _ = writeln!(
            text,
            "- CPU of a list ÷ that of its statements alone, worst ({name}): {it:.2}; at most \
            {DIRECT_RATIO_MAX}: {is_met}."
        );
    }
}
