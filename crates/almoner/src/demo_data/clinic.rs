//! The large clinic itself: its staff, its locations and its physicians, through the use cases.

use almoner_app::{Actor, add_organization, save_location, save_physician, staff_accounts};
use almoner_app::{App, Error};
use almoner_domain::role::Role;
use almoner_domain::{LocationId, PhysicianId, UserId};
use almoner_store::locations::LocationFields;
use almoner_store::physicians::PhysicianFields;

use super::people;
use crate::demo::PASSWORD;

/// The name of the invented clinic, so that `almoner demo` takes this one for its own.
const NAME: &str = "Harbor Street Clinic";
const ZONE: &str = "America/New_York";
/// Physicians of each location.
const PHYSICIANS: i64 = 2;
/// Places of locations are called like this, and then like that.
const SIDES: [&str; 8] =
    ["Harbor", "Lakeside", "Mesa", "Orchard", "Riverbend", "Summit", "Prairie", "Lighthouse"];
const HOUSES: [&str; 5] = ["Clinic", "Urgent Care", "Specialty Center", "Family Practice", "Annex"];

/// The clinic, before anybody came.
pub(super) struct Clinic {
    /// The program, in this organization.
    pub(super) system: Actor,
    /// The locations, the busiest first.
    pub(super) locations: Vec<LocationId>,
    /// The physicians, [`PHYSICIANS`] of each location in order.
    physicians: Vec<PhysicianId>,
    /// Who bills.
    pub(super) biller: UserId,
    /// Who receives the patients.
    pub(super) front: UserId,
}

impl Clinic {
    /// Founds the clinic with so many locations.
    pub(super) async fn found(app: &App, seed: u64, locations: i64) -> Result<Self, Error> {
        let organization = add_organization::add_organization(app, NAME, ZONE).await?;
        let system = Actor::system(organization);
        let hire = async |address: &str, name, role| {
            let email = format!("{address}@demo.clinic");
            staff_accounts::add_user(app, &system, (&*email, name), role, PASSWORD).await
        };
        let biller = hire("biller", "Bea Ledgerwood", Role::Biller).await?;
        hire("manager", "Max Harbordale", Role::Manager).await?;
        let front = hire("front", "Fern Lobbyson", Role::FrontDesk).await?;
        hire("admin", "Ada Switchboard", Role::Administrator).await?;
        let (mut places, mut physicians) = (Vec::new(), Vec::new());
        for number in 0..locations {
            // Every organization begins with its first location.
            let first = (number == 0).then(|| LocationId::new(1));
            let fields = LocationFields {
                name: place_name(number),
                time_zone: ZONE.to_owned(),
                address: Some(format!("{} Sample Street, Testville, NY 00000", number + 1)),
                phone: Some(format!("(212) 555-01{:02}", number % 100)),
                ..LocationFields::default()
            };
            places.push(save_location::save_location(app, &system, first, &fields).await?);
            for colleague in 0..PHYSICIANS {
                // Numbers below zero are nobody's among the patients.
                let called = people::called(seed, -1 - number * PHYSICIANS - colleague);
                let (first_name, last_name) = (called.first, called.last);
                let fields = PhysicianFields { first_name, last_name, npi: None };
                let saved = save_physician::save_physician(app, &system, None, &fields);
                physicians.push(saved.await?);
            }
        }
        Ok(Self { system, locations: places, physicians, biller, front })
    }

    /// A physician of the location at a place.
    pub(super) fn physician(&self, location: usize, place: usize) -> PhysicianId {
        self.physicians[location * self.physicians.len() / self.locations.len() + place]
    }
}

fn place_name(number: i64) -> String {
    let place = usize::try_from(number).unwrap_or_default();
    let (side, house) = (SIDES[place % SIDES.len()], HOUSES[place / SIDES.len() % HOUSES.len()]);
    match place / SIDES.len() / HOUSES.len() {
        0 => format!("{side} {house}"),
        round => format!("{side} {house} {}", round + 1),
    }
}
