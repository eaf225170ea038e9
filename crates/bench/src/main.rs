//! Measures Almoner as it answers: what its views cost at several sizes, how fast it writes, what it
//! weighs. `cargo xtask bench` fills the databases, calls this once for each engine, and keeps what
//! it prints. Every figure stands beside another of the same run: machines differ, and so do days.
//! To add a view, add it to [`views`]; to add a part, print lines in [`run`].

mod bare;
mod cpu;
mod direct;
mod pages;
mod served;
mod times;
mod views;
mod weight;
mod writes;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Parser;

use bare::Bare;
use served::Sized;
use writes::Reference;

/// What everything returns: an error is a sentence for the developer.
type Outcome<T> = Result<T, String>;

/// Measures a server on databases that `almoner demo-data` filled.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program.
    #[arg(long)]
    binary: PathBuf,
    /// A database with its number of payments, the smallest first; may be repeated.
    #[arg(long = "database", value_name = "PAYMENTS=URL", required = true)]
    databases: Vec<Named>,
    /// An empty database, for a bare loop.
    #[arg(long, value_name = "URL")]
    bare: String,
    /// How the command line of the processes of a database's own begins; `{}` is its name.
    #[arg(long, value_name = "WORDS")]
    backends: Option<String>,
    /// How often each view is asked for.
    #[arg(long, default_value_t = 100)]
    count: usize,
    /// How often each thing is written by each number of clients.
    #[arg(long, default_value_t = 2_000)]
    writes: usize,
    /// What writes are compared with, instead of the bare loop.
    #[arg(long, value_name = "NAME")]
    reference: Option<String>,
    /// How many of that were done in a second by so many clients; may be repeated.
    #[arg(long = "speed", value_name = "CLIENTS=SPEED")]
    speeds: Vec<Named>,
    /// The part of it that is to be reached.
    #[arg(long, default_value_t = 0.9)]
    goal: f64,
    /// The parts to measure; all when none is named.
    #[arg(long, value_delimiter = ',')]
    parts: Vec<Part>,
}

/// A part of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What views cost.
    Pages,
    /// Start, memory, size.
    Weight,
    /// How fast it writes.
    Writes,
}

/// A number with what it stands for.
#[derive(Debug, Clone)]
struct Named(u64, String);

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, rest) = text.split_once('=').ok_or("it has no `=`")?;
        let number = number.parse().map_err(|_| format!("{number} is no number"))?;
        Ok(Self(number, rest.to_owned()))
    }
}

/// Whether a goal was met, in a word.
fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**not met**" }
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "what was measured is the answer")]
async fn main() -> ExitCode {
    // The clients never leave the machine; whoever makes one must name its cryptography all the
    // same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(&Arguments::parse()).await {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Outcome<String> {
    let binary = &arguments.binary;
    let databases: Vec<Sized> = arguments.databases.iter().map(|it| sized(arguments, it)).collect();
    let largest = databases.last().ok_or("a database is missing")?;
    let wants = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    let mut text = String::new();
    if wants(Part::Pages) {
        text.push_str(&pages::measure(binary, &databases, arguments.count).await?);
    }
    if wants(Part::Weight) {
        text.push_str(&weight::measure(binary, largest).await?);
        text.push_str(&weight::limit(binary, largest).await?);
    }
    if wants(Part::Writes) {
        let bare = Bare::make(&arguments.bare).await?;
        let given = arguments.reference.as_ref().map(|name| reference(arguments, name));
        let given = given.transpose()?;
        let written = writes::measure(binary, largest, (&bare, given), arguments.writes).await?;
        text.push_str(&written);
    }
    Ok(text)
}

fn sized(arguments: &Arguments, named: &Named) -> Sized {
    let name = named.1.rsplit('/').next().unwrap_or_default();
    Sized {
        payments: named.0,
        url: named.1.clone(),
        backends: arguments.backends.as_ref().map(|words| words.replace("{}", name)),
    }
}

fn reference(arguments: &Arguments, name: &str) -> Outcome<Reference> {
    let speed = |Named(clients, speed): &Named| {
        let clients = usize::try_from(*clients).map_err(|error| error.to_string())?;
        let speed = speed.parse().map_err(|_| format!("{speed} is no speed"))?;
        Ok::<_, String>((clients, speed))
    };
    let each_second = arguments.speeds.iter().map(speed).collect::<Outcome<_>>()?;
    Ok(Reference { name: name.to_owned(), each_second, goal: arguments.goal })
}
