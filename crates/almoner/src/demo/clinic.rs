//! The organization with its staff, locations and physicians, and what was made in it so far.

use std::sync::Arc;

use almoner_app::context::Member;
use almoner_app::{Actor, App, Error};
use almoner_app::{add_organization, save_location, save_physician, staff_accounts};
use almoner_domain::ambient::SetClock;
use almoner_domain::list_look::ListLook;
use almoner_domain::role::Role;
use almoner_domain::{
    LocationId, Money, PatientId, PaymentId, PhysicianId, RefundId, TreatmentId, time,
};
use almoner_store::locations::LocationFields;
use almoner_store::physicians::PhysicianFields;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::PASSWORD;

/// The organization's name.
const NAME: &str = "Harbor Street Clinic";
/// The organization's time zone.
pub(super) const ZONE: &str = "America/New_York";

/// A location: name, time zone, address, telephone, class of its visits, a provider's number that
/// nobody was given.
type Place = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// The locations; the first is the one that every organization begins with.
const PLACES: [Place; 3] = [
    (
        "Harbor Street",
        ZONE,
        "1 Harbor Street, Testville, NY 00000",
        "(212) 555-0100",
        "primary",
        "2300000009",
    ),
    (
        "Lakeside Urgent Care",
        "America/Chicago",
        "20 Lakeside Walk, Sampleton, IL 00000",
        "(312) 555-0120",
        "urgent",
        "2400000008",
    ),
    (
        "Mesa Specialty Center",
        "America/Denver",
        "300 Mesa Road, Mockford, CO 00000",
        "(303) 555-0130",
        "specialist",
        "2500000007",
    ),
];

/// Physicians two by two for each location, with numbers that nobody was given.
const PHYSICIANS: [(&str, &str, &str); 6] = [
    ("Cordelia", "Mossgrove", "2000000002"),
    ("Tobias", "Fernleigh", "2222222228"),
    ("Priya", "Lanternoak", "2121212122"),
    ("Mateo", "Quickwater", "2987654326"),
    ("Solveig", "Åskeberg", "2345678900"),
    ("Bartholomew", "O'Heron", "2002002006"),
];

/// The staff: the part of the address before the at sign, the name, the role.
const STAFF: [(&str, &str, Role); 4] = [
    ("biller", "Bea Ledgerwood", Role::Biller),
    ("manager", "Max Harbordale", Role::Manager),
    ("front", "Fern Lobbyson", Role::FrontDesk),
    ("admin", "Ada Switchboard", Role::Administrator),
];

/// A member of the staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Bills and collects.
    Biller,
    /// May do what the biller may not.
    Manager,
    /// Receives the patients.
    Front,
}

/// A payment that was created.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ongoing {
    /// Its id.
    pub(super) id: PaymentId,
    /// How much is asked for.
    pub(super) amount: Money,
    /// How much of it was refunded.
    pub(super) refunded: Money,
    /// The number of the newest attempt to pay.
    pub(super) attempt: Option<i64>,
    /// The newest refund.
    pub(super) refund: Option<RefundId>,
}

/// The clinic while it is being filled. Lists hold what was made, in the order of the plan.
pub(super) struct Clinic {
    pub(super) app: App,
    pub(super) clock: Arc<SetClock>,
    pub(super) system: Actor,
    staff: Vec<Actor>,
    pub(super) locations: Vec<LocationId>,
    pub(super) physicians: Vec<PhysicianId>,
    pub(super) patients: Vec<Option<PatientId>>,
    pub(super) treatments: Vec<Option<TreatmentId>>,
    pub(super) payments: Vec<Option<Ongoing>>,
}

impl Clinic {
    /// Opens the clinic at that moment.
    pub(super) async fn open(app: App, clock: Arc<SetClock>, at: Timestamp) -> Result<Self, Error> {
        clock.set(at);
        let organization = add_organization::add_organization(&app, NAME, ZONE).await?;
        let system = Actor::system(organization);
        let mut clinic = Self {
            app,
            clock,
            system,
            staff: Vec::new(),
            locations: Vec::new(),
            physicians: Vec::new(),
            patients: Vec::new(),
            treatments: Vec::new(),
            payments: Vec::new(),
        };
        clinic.hire().await?;
        clinic.furnish().await?;
        Ok(clinic)
    }

    async fn hire(&mut self) -> Result<(), Error> {
        for (address, name, role) in STAFF {
            let email = format!("{address}@demo.clinic");
            let person = (&*email, name);
            let added = staff_accounts::add_user(&self.app, &self.system, person, role, PASSWORD);
            let list_look = ListLook::default();
            let member = Member { id: added.await?, name: name.to_owned(), role, list_look };
            let organization = self.system.organization.clone();
            self.staff.push(Actor::staff(organization, member));
        }
        Ok(())
    }

    async fn furnish(&mut self) -> Result<(), Error> {
        let admin = &self.staff[3];
        for (index, (name, zone, address, phone, class, npi)) in PLACES.into_iter().enumerate() {
            let fields = LocationFields {
                name: name.to_owned(),
                time_zone: zone.to_owned(),
                address: Some(address.to_owned()),
                phone: Some(phone.to_owned()),
                visit_class: Some(class.to_owned()),
                npi: Some(npi.to_owned()),
            };
            let first = (index == 0).then(|| LocationId::new(1));
            let saved = save_location::save_location(&self.app, admin, first, &fields);
            self.locations.push(saved.await?);
        }
        for (first_name, last_name, npi) in PHYSICIANS {
            let fields = PhysicianFields {
                first_name: first_name.to_owned(),
                last_name: last_name.to_owned(),
                npi: Some(npi.to_owned()),
            };
            let saved = save_physician::save_physician(&self.app, admin, None, &fields);
            self.physicians.push(saved.await?);
        }
        Ok(())
    }

    /// The member of the staff.
    pub(super) fn actor(&self, who: Who) -> &Actor {
        match who {
            Who::Biller => &self.staff[0],
            Who::Manager => &self.staff[1],
            Who::Front => &self.staff[2],
        }
    }
}

/// The time zones of the locations, in their order.
pub(super) fn zones() -> Vec<TimeZone> {
    let zone = |place: &Place| time::parse_zone("time_zone", place.1).expect("a known time zone");
    PLACES.iter().map(zone).collect()
}
