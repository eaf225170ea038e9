//! The databases that are measured: filled by `almoner demo-data`, one of each size.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Engine;
use crate::postgres::Postgres;
use crate::process::{self, Outcome};

/// Patients of a small database at least.
const PATIENTS_MIN: u64 = 300;

/// Where databases of an engine are made, and by which program they are filled.
pub(super) struct Place<'a> {
    pub(super) engine: Engine,
    pub(super) server: &'a Postgres,
    pub(super) folder: &'a Path,
    pub(super) binary: PathBuf,
}

/// A filled database.
pub(super) struct Filled {
    /// How many payments.
    pub(super) payments: u64,
    /// How many patients.
    pub(super) patients: u64,
    /// Its address.
    pub(super) url: String,
    /// Rows that were written in a second, as the command says.
    pub(super) speed: String,
    /// What the command says of its speed and size.
    pub(super) said: String,
}

impl Place<'_> {
    /// The address of a database that is empty, or is not there yet.
    pub(super) fn empty(&self, name: &str) -> Outcome<String> {
        match self.engine {
            Engine::Embedded => {
                Ok(format!("sqlite://{}", self.folder.join(format!("{name}.db")).display()))
            }
            Engine::Server => {
                self.ask(&format!("CREATE DATABASE almoner_{name}"))?;
                let (base, _) =
                    self.server.url().rsplit_once('/').ok_or("a server without a database")?;
                Ok(format!("{base}/almoner_{name}"))
            }
        }
    }

    /// Asks the server something.
    pub(super) fn ask(&self, sql: &str) -> Outcome<String> {
        let mut psql = Command::new(self.server.psql());
        process::output(psql.args([self.server.url(), "-qAtc", sql]))
    }

    /// Fills a database with so many payments of so many patients.
    pub(super) fn fill(&self, payments: u64, patients: u64) -> Outcome<Filled> {
        let patients = patients.max(PATIENTS_MIN);
        let url = self.empty(&format!("of_{payments}"))?;
        println!("\n{}: {payments} payments of {patients} patients", self.engine.title());
        let (some, many) = (payments.to_string(), patients.to_string());
        let mut load = Command::new(&self.binary);
        load.args(["demo-data", "--payments", &some, "--patients", &many, "--seed", "7"]);
        let told = process::output(load.current_dir(self.folder).args(["--database", &url]))?;
        let line = |ending: &str| told.lines().rev().find(|line| line.ends_with(ending));
        let written = line("rows/s.").ok_or("the command does not say how fast it was")?;
        let size = line("on disk.").ok_or("the command does not say how large it is")?;
        let speed = written.rsplit(": ").next().and_then(|end| end.split(' ').next());
        let speed = speed.unwrap_or_default().to_owned();
        let said = format!("{written} {size}");
        println!("{said}");
        Ok(Filled { payments, patients, url, speed, said })
    }

    /// Fails with the first difference unless the books of a database are whole.
    pub(super) fn verify(&self, database: &Filled) -> Outcome<()> {
        let mut verify = Command::new(&self.binary);
        verify.current_dir(self.folder).args(["verify", "--database", &database.url]);
        process::output(&mut verify).map(|_| ())
    }
}
