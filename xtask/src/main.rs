//! The project's own commands, run as `cargo xtask COMMAND`.
//!
//! `test` is the one command that proves the project; `.ci/run` is nothing but that. It installs
//! what it needs where it may, runs its own PostgreSQL, and stops everything that it started.
//! To add a command, write a module with one entry function and name it in [`cli`].
//!
//! Only the standard library is used, so that the first `cargo xtask` on a new machine answers
//! within seconds.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the developer's terminal is what these commands do"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test driver measures real time, reads its environment and waits for processes"
)]

mod ahead;
mod bench;
mod browser;
mod canary;
mod cli;
mod conformance;
mod engines;
mod fhir;
mod guard;
mod long;
mod makers;
mod package;
mod postgres;
mod process;
mod project;
mod python;
mod readers;
mod s3;
mod steps;
mod stripe;
mod suite;
mod tidy;
mod tools;
mod webhooks;

use std::process::ExitCode;

use cli::Command;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match cli::parse(&arguments) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("xtask: {message}\n\n{}", cli::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command to its end.
fn run(command: Command) -> process::Outcome<()> {
    match command {
        Command::Help => {
            println!("{}", cli::USAGE);
            Ok(())
        }
        Command::Test(options) => suite::test(&options),
        Command::Tidy => tidy::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Package(binary) => package::run(binary.as_deref()),
        Command::Soak { seconds } => long::soak(seconds),
        Command::WithPostgres(words) => long::with_postgres(&words),
        Command::Guard(words) => guard::run(&words),
    }
}
