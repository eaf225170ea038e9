//! Almoner: a clinic's desk for patient payments.
//!
//! This crate only wires: it reads the settings, opens the database, and starts what was asked
//! for. What the program does stands in the crates below.

mod cli;
mod commands;
mod demo;
mod demo_data;
mod settings;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;

/// Why the program ends with an error.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was used wrongly: exit code 2.
    Usage(String),
    /// It did not succeed: exit code 1.
    Failed(String),
}

impl Failure {
    /// A failure with an error's whole chain of reasons in one line.
    pub(crate) fn of(error: &dyn std::error::Error) -> Self {
        let mut line = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            line.push_str(": ");
            line.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::Failed(line)
    }
}

impl From<almoner_app::Error> for Failure {
    fn from(error: almoner_app::Error) -> Self {
        match error {
            almoner_app::Error::Invalid(faults) => {
                let lines: Vec<String> = faults.0.into_iter().map(|fault| fault.message).collect();
                Self::Failed(lines.join(" "))
            }
            other => Self::of(&other),
        }
    }
}

impl From<almoner_store::StoreError> for Failure {
    fn from(error: almoner_store::StoreError) -> Self {
        Self::of(&error)
    }
}

impl From<almoner_store::copy::CopyError> for Failure {
    fn from(error: almoner_store::copy::CopyError) -> Self {
        Self::of(&error)
    }
}

#[expect(clippy::print_stderr, reason = "errors go to stderr, one readable line first")]
fn main() -> ExitCode {
    let mut cli = Cli::parse();
    cli.settings.take_secrets();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(cli)),
        Err(error) => Err(Failure::of(&error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(line)) => {
            eprintln!("almoner: {line}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(line)) => {
            eprintln!("almoner: {line}");
            ExitCode::FAILURE
        }
    }
}
