//! Very many invented payments and patients, to see how the program does with them.
//!
//! Everybody and everything is made from the seed and a number ([`people`], [`story`]), so that
//! nothing has to be kept but what each patient's payments are counted by. Books are kept as the
//! use cases would keep them ([`books`]), but collected and written in bulk: a thread makes rows
//! while the one before hands them to the database. All of it is one transaction. That the books
//! are whole is what `verify` says.

mod books;
mod clinic;
mod people;
mod story;
#[cfg(test)]
mod tests;
mod timeline;

use std::sync::Arc;

use almoner_app::{App, seal_audit};
use almoner_domain::ambient::{SeededEntropy, SetClock};
use almoner_domain::{PatientId, PaymentId};
use almoner_store::StoreError;
use almoner_store::audit::Chain;
use almoner_store::bulk::{self, Bulk, NewPatient};
use tokio::sync::mpsc;

use crate::Failure;
use books::Books;
use clinic::Clinic;
use story::Story;
use timeline::{DAYS, Timeline};

/// Payments whose rows are handed over together.
const BATCH_PAYMENTS: i64 = 8_000;
/// Patients whose rows are handed over together.
const BATCH_PATIENTS: i64 = 5_000;
/// Batches that are made ahead of the database.
const BATCHES_AHEAD: usize = 2;

/// What is told of while payments are written.
const PAYMENTS: &str = "payments";

/// How much there is to be of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Payments.
    pub(crate) payments: i64,
    /// Patients; at least one.
    pub(crate) patients: i64,
    /// Locations; at least one.
    pub(crate) locations: i64,
    /// What chance begins with: the same seed at the same moment gives the same rows.
    pub(crate) seed: u64,
}

/// How far the loading has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// What is being written.
    pub(crate) what: &'static str,
    /// How much of that is written.
    pub(crate) done: i64,
    /// How much of that there is going to be.
    pub(crate) all: i64,
    /// How many rows are written in all.
    pub(crate) rows: usize,
}

/// Rows that belong together, and how far the making of them has come.
struct Batch {
    rows: Bulk,
    what: &'static str,
    done: i64,
    all: i64,
}

/// Fills an empty database, and tells after each batch how far it has come.
///
/// # Errors
/// The database holds an organization already, or failed.
pub(crate) async fn load(
    app: &App,
    wanted: Wanted,
    mut tell: impl FnMut(Progress),
) -> Result<(), Failure> {
    if !almoner_app::read::organizations(app).await?.is_empty() {
        let line = "This database holds an organization already; demo data is never mixed with \
            anything. Name a database of its own.";
        return Err(Failure::Usage(line.to_owned()));
    }
    let app = App {
        clock: Arc::new(SetClock::at(app.now())),
        entropy: Arc::new(SeededEntropy::new(wanted.seed)),
        ..app.clone()
    };
    let clinic = Clinic::found(&app, wanted.seed, wanted.locations).await?;
    seal_audit::seal_audit(&app, &clinic.system).await?;
    let mut tx = app.db.begin().await?;
    let chain = Chain::end(&mut tx, clinic.system.org()).await?;
    let aside = tx.lay_aside(&bulk::tables()).await?;
    let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
    let making = {
        let app = app.clone();
        tokio::task::spawn_blocking(move || make(&app, wanted, clinic, chain, &sender))
    };
    let mut rows = 0;
    while let Some(batch) = batches.recv().await {
        rows += batch.rows.count();
        batch.rows.write(&mut tx).await?;
        tell(Progress { what: batch.what, done: batch.done, all: batch.all, rows });
    }
    making.await.map_err(|error| Failure::of(&error))?;
    let count = aside.indexes();
    tell(Progress { what: "indexes", done: 0, all: count, rows });
    tx.put_back(aside).await?;
    tx.commit().await?;
    tell(Progress { what: "indexes", done: count, all: count, rows });
    app.db.settle().await.map_err(StoreError::into)
}

/// Makes all rows, until nobody takes them any more.
fn make(app: &App, wanted: Wanted, clinic: Clinic, chain: Chain, to: &mpsc::Sender<Batch>) {
    let Wanted { payments, patients, locations, seed } = wanted;
    let zone = clinic.system.organization.zone.clone();
    let timeline = Timeline::new(app.now(), &zone, payments, patients);
    let locations = usize::try_from(locations).unwrap_or(1);
    let mut books = Books::new(app.clone(), clinic, chain);
    let send = |rows, what, done, all| to.blocking_send(Batch { rows, what, done, all }).is_ok();
    let counted = count(&timeline, wanted);
    for (number, counted) in (0..patients).zip(&counted) {
        books.rows().patient(patient(&timeline, seed, number, counted));
        let done = number + 1;
        let is_full = done % BATCH_PATIENTS == 0 || done == patients;
        if is_full && !send(books.take(), "patients", done, patients) {
            return;
        }
    }
    drop(counted);
    for day in 0..DAYS {
        for number in timeline.first_payment(day)..timeline.first_payment(day + 1) {
            let story = Story::of(&timeline, seed, (day, number), locations);
            let called = people::called(seed, story.patient);
            books.enter(story, &called);
            let done = number + 1;
            let is_full = done % BATCH_PAYMENTS == 0;
            if is_full && !send(books.take(), PAYMENTS, done, payments) {
                return;
            }
        }
    }
    let rest = books.close(patients, timeline.now);
    // Whoever takes the rows no longer has failed and says why.
    let _ = send(rest, PAYMENTS, payments, payments);
}

/// What is counted of a patient's payments.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    n: u32,
    /// The numbers of the first and the last, from 0.
    first: u32,
    last: u32,
}

/// Goes through all payments and counts each patient's.
fn count(timeline: &Timeline, wanted: Wanted) -> Vec<Counted> {
    let patients = usize::try_from(wanted.patients).expect("as many as fit into memory");
    let mut counted = vec![Counted::default(); patients];
    for day in 0..DAYS {
        for number in timeline.first_payment(day)..timeline.first_payment(day + 1) {
            let dice = story::dice(wanted.seed, number);
            let patient = story::patient(&dice, timeline.known(day));
            let patient = &mut counted[usize::try_from(patient).expect("a known patient")];
            let number = u32::try_from(number).expect("as many as are allowed");
            if patient.n == 0 {
                patient.first = number;
            }
            patient.n += 1;
            patient.last = number;
        }
    }
    counted
}

fn patient(timeline: &Timeline, seed: u64, number: i64, counted: &Counted) -> NewPatient {
    let (fields, coverages, dice) = people::person(seed, number);
    let id = |number: u32| PaymentId::new(i64::from(number) + 1);
    NewPatient {
        id: PatientId::new(number + 1),
        fields,
        coverages,
        payment_count: i64::from(counted.n),
        payments: (counted.n > 0).then(|| (id(counted.first), id(counted.last))),
        created_at: timeline.added(number, &dice),
    }
}
