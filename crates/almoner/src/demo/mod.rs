//! The invented clinic of `almoner demo`.
//!
//! First everything is planned, with a seed that is always the same: people, checks, treatments,
//! payments and what becomes of each. Then the plan happens in the order of time, through the
//! use cases and at the moments of the plan, so that the books are as whole as those of a real
//! clinic. Nobody in it exists. To let something new happen, add it to the plan (a file here for
//! each kind of thing) and to `perform.rs`.

mod calendar;
mod checks;
mod clinic;
pub(crate) mod dice;
pub(crate) mod names;
mod papers;
mod paths;
mod people;
mod perform;
pub(crate) mod stories;
#[cfg(test)]
pub(crate) mod tests;
mod treatments;

use std::sync::Arc;

use almoner_app::link_keys::LinkKeys;
use almoner_app::{App, import_payouts, seal_audit};
use almoner_domain::ambient::{SeededEntropy, SetClock};
use almoner_domain::time;
use almoner_gateways::clearinghouse::NoClearinghouse;
use almoner_gateways::mail::NoMailer;
use almoner_gateways::processor::Sandbox;
use almoner_gateways::webhooks::HttpWebhooks;
use almoner_store::{attempts, refunds};
use jiff::Timestamp;

use crate::Failure;
use calendar::Calendar;
use clinic::Clinic;
use dice::Dice;
use perform::Event;

/// The slug of the invented clinic.
pub(crate) const SLUG: &str = "harbor-street-clinic";
/// The password of everybody on the staff.
pub(crate) const PASSWORD: &str = "demo-demo-demo";

/// The clinic is always the same one.
const SEED: u64 = 20_271;

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
struct Size {
    patients: usize,
    treatments: usize,
    checks: usize,
    payments: usize,
    notes: usize,
    /// Pending payments that have documents.
    papers: usize,
}

/// The clinic that is shown.
const FULL: Size =
    Size { patients: 200, treatments: 300, checks: 60, payments: 1_500, notes: 150, papers: 8 };

/// Everything that is going to happen.
struct Plan {
    people: Vec<people::Person>,
    checks: Vec<checks::Check>,
    treatments: Vec<treatments::Treatment>,
    stories: Vec<stories::Story>,
}

/// Fills an empty database with the clinic, sealed as of now.
///
/// # Errors
/// The database failed.
pub(crate) async fn fill(app: &App) -> Result<(), Failure> {
    fill_to(app, &FULL).await
}

async fn fill_to(app: &App, size: &Size) -> Result<(), Failure> {
    let now = app.now();
    let zone = time::parse_zone("time_zone", clinic::ZONE).map_err(almoner_app::Error::from)?;
    let calendar = Calendar { now, zone };
    let plan = Plan::new(&calendar, size);
    let clock = Arc::new(SetClock::at(now));
    let sandbox = Sandbox::default();
    let app = App {
        db: app.db.clone(),
        clock: Arc::<SetClock>::clone(&clock),
        entropy: Arc::new(SeededEntropy::new(SEED)),
        // The history is one of test money, whatever the processor is from now on.
        processor: Arc::new(sandbox.clone()),
        clearinghouse: Arc::new(NoClearinghouse),
        mailer: Arc::new(NoMailer),
        webhooks: Arc::new(HttpWebhooks::new(false)),
        link_keys: Arc::new(LinkKeys::new([7; 32], Vec::new())),
        files: app.files.clone(),
        max_document_bytes: app.max_document_bytes,
    };
    let begins = calendar.at(people::FIRST_DAY + 1, 0, &calendar.zone);
    let mut clinic = Clinic::open(app, clock, begins).await?;
    clinic.patients.resize(plan.people.len(), None);
    clinic.treatments.resize(plan.treatments.len(), None);
    clinic.payments.resize(plan.stories.len(), None);
    for (at, event) in plan.events() {
        clinic.clock.set(at);
        clinic.perform(&plan, event).await?;
    }
    clinic.clock.set(now);
    pay_out(&clinic, &sandbox).await?;
    seal_audit::seal_audit(&clinic.app, &clinic.system).await?;
    Ok(())
}

/// Lets the sandbox pay out what the history took and gave back, and takes that in.
async fn pay_out(clinic: &Clinic, sandbox: &Sandbox) -> Result<(), almoner_app::Error> {
    let org = clinic.system.org();
    let mut tx = clinic.app.db.read().await?;
    for (reference, amount, at) in attempts::captured(&mut tx, org).await? {
        sandbox.took(&reference, amount, at);
    }
    for (reference, amount, at) in refunds::given_back(&mut tx, org).await? {
        sandbox.gave(&reference, amount, at);
    }
    drop(tx);
    import_payouts::list_payouts(&clinic.app).await?;
    import_payouts::import_payouts(&clinic.app).await?;
    Ok(())
}

impl Plan {
    fn new(calendar: &Calendar, size: &Size) -> Self {
        let dice = Dice::new(SEED);
        let people = people::plan(&dice, calendar, size);
        let checks = checks::plan(&dice, calendar, size, &people);
        let treatments = treatments::plan(&dice, calendar, size, &people, &checks);
        let cast = stories::Cast {
            dice: &dice,
            calendar,
            people: &people,
            checks: &checks,
            treatments: &treatments,
        };
        let stories = stories::plan(&cast, size);
        Self { people, checks, treatments, stories }
    }

    /// All events in the order of time.
    fn events(&self) -> Vec<(Timestamp, Event)> {
        let mut events = Vec::new();
        let people = self.people.iter().enumerate();
        events.extend(people.map(|(place, person)| (person.at, Event::Patient(place))));
        for (place, treatment) in self.treatments.iter().enumerate() {
            events.push((treatment.entered_at, Event::Treatment(place)));
            let ended = treatment.ended.map(|ended| (ended.0, Event::TreatmentEnds(place)));
            events.extend(ended);
        }
        let checks = self.checks.iter().enumerate();
        let arrives = |at| calendar::later(at, 2);
        events.extend(checks.map(|(place, check)| (arrives(check.at), Event::Check(place))));
        for (place, story) in self.stories.iter().enumerate() {
            events.push((story.at, Event::Payment(place)));
            for (step, (at, _)) in story.steps.iter().enumerate() {
                events.push((*at, Event::Step(place, step)));
            }
        }
        events.sort_by_key(|event| event.0);
        events
    }
}
