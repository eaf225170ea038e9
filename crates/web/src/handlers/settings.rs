//! Settings: locations and physicians.

use almoner_app::permission::Action;
use almoner_app::read;
use almoner_app::save_location::save_location as save_a_location;
use almoner_app::save_physician::save_physician as save_a_physician;
use almoner_app::{Actor, Error};
use almoner_domain::estimate::VisitClass;
use almoner_domain::{LocationId, PhysicianId};
use almoner_store::locations::{Location, LocationFields};
use almoner_store::physicians::{Physician, PhysicianFields};
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::parse_id;
use crate::failure::{Answer, html, unprocessable};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::{Choice, Errors};
use crate::view::settings::{
    LocationEntry, LocationRow, LocationsPage, PhysicianEntry, PhysicianRow, PhysiciansPage,
};

const LOCATIONS: &str = "/settings/locations";
const PHYSICIANS: &str = "/settings/physicians";

/// Where time zones with names for people begin.
const AREAS: [&str; 10] = [
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
];

/// What the form of a location sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentLocation {
    name: String,
    time_zone: String,
    address: String,
    phone: String,
    visit_class: String,
    npi: String,
}

impl SentLocation {
    fn fields(&self) -> LocationFields {
        LocationFields {
            name: self.name.clone(),
            time_zone: self.time_zone.clone(),
            address: Some(self.address.clone()),
            phone: Some(self.phone.clone()),
            visit_class: Some(self.visit_class.clone()),
            npi: Some(self.npi.clone()),
        }
    }

    fn entry(self) -> LocationEntry {
        let Self { name, time_zone, address, phone, visit_class, npi } = self;
        LocationEntry { name, time_zone, address, phone, visit_class, npi }
    }

    fn of(location: &Location) -> Self {
        let fields = location.fields.clone();
        Self {
            name: fields.name,
            time_zone: fields.time_zone,
            address: fields.address.unwrap_or_default(),
            phone: fields.phone.unwrap_or_default(),
            visit_class: fields.visit_class.unwrap_or_default(),
            npi: fields.npi.unwrap_or_default(),
        }
    }
}

/// All time zones by name; `current` is among them even when it has another kind of name.
fn time_zones(current: &str) -> Vec<String> {
    let known = jiff::tz::db().available().map(|zone| zone.to_string());
    let mut zones: Vec<String> =
        known.filter(|zone| AREAS.iter().any(|area| zone.starts_with(area))).collect();
    if !current.is_empty() && !zones.iter().any(|zone| zone == current) {
        zones.push(current.to_owned());
    }
    zones.sort();
    zones
}

async fn locations_page(
    web: &Web,
    staff: Staff,
    editing: Option<LocationId>,
    sent: SentLocation,
    errors: Errors,
) -> Result<LocationsPage, Error> {
    let row = |location: &Location| LocationRow {
        id: location.id,
        name: location.fields.name.clone(),
        time_zone: location.fields.time_zone.clone(),
        address: location.fields.address.clone(),
        phone: location.fields.phone.clone(),
        npi: location.fields.npi.clone(),
    };
    let all = read::locations(&web.app, &staff.actor).await?;
    let class = |class: VisitClass| Choice::new(class.as_str(), class.label());
    Ok(LocationsPage {
        rows: all.iter().map(row).collect(),
        can_edit: staff.actor.may(Action::ChangeSettings),
        editing,
        key: web.form_key(),
        visit_classes: VisitClass::ALL.into_iter().map(class).collect(),
        time_zones: time_zones(&sent.time_zone),
        entry: sent.entry(),
        errors,
        shell: staff.shell,
    })
}

/// All locations, and the form of a new one in the clinic's own time zone.
pub(crate) async fn locations(State(web): State<Web>, staff: Staff) -> Answer {
    let zone = own_zone(&staff.actor);
    let sent = SentLocation { time_zone: zone, ..SentLocation::default() };
    Ok(html(&locations_page(&web, staff, None, sent, Errors::default()).await?))
}

fn own_zone(actor: &Actor) -> String {
    actor.organization.zone.iana_name().unwrap_or_default().to_owned()
}

/// All locations, and the form of one.
pub(crate) async fn location(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Answer {
    let id: LocationId = parse_id(&id, "location")?;
    let sent = SentLocation::of(&read::location(&web.app, &staff.actor, id).await?);
    Ok(html(&locations_page(&web, staff, Some(id), sent, Errors::default()).await?))
}

async fn keep_location(
    web: &Web,
    staff: Staff,
    id: Option<LocationId>,
    sent: SentLocation,
) -> Answer {
    match save_a_location(&web.app, &staff.actor, id, &sent.fields()).await {
        Ok(_) => Ok(done(web, LOCATIONS, "location_saved")),
        Err(Error::Invalid(faults)) => {
            if let Some(id) = id {
                read::location(&web.app, &staff.actor, id).await?;
            }
            Ok(unprocessable(&locations_page(web, staff, id, sent, faults.into()).await?))
        }
        Err(other) => Err(other.into()),
    }
}

/// Adds a location.
pub(crate) async fn add_location(
    State(web): State<Web>,
    staff: Staff,
    Form(sent): Form<SentLocation>,
) -> Answer {
    keep_location(&web, staff, None, sent).await
}

/// Changes a location.
pub(crate) async fn save_location(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentLocation>,
) -> Answer {
    let id: LocationId = parse_id(&id, "location")?;
    keep_location(&web, staff, Some(id), sent).await
}

/// What the form of a physician sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentPhysician {
    first_name: String,
    last_name: String,
    npi: String,
}

async fn physicians_page(
    web: &Web,
    staff: Staff,
    editing: Option<PhysicianId>,
    sent: SentPhysician,
    errors: Errors,
) -> Result<PhysiciansPage, Error> {
    let row = |physician: &Physician| PhysicianRow {
        id: physician.id,
        name: format!("{}, {}", physician.fields.last_name, physician.fields.first_name),
        npi: physician.fields.npi.clone(),
    };
    let all = read::physicians(&web.app, &staff.actor).await?;
    let SentPhysician { first_name, last_name, npi } = sent;
    Ok(PhysiciansPage {
        rows: all.iter().map(row).collect(),
        can_edit: staff.actor.may(Action::ChangeSettings),
        editing,
        key: web.form_key(),
        entry: PhysicianEntry { first_name, last_name, npi },
        errors,
        shell: staff.shell,
    })
}

/// All physicians, and the form of a new one.
pub(crate) async fn physicians(State(web): State<Web>, staff: Staff) -> Answer {
    let (sent, errors) = (SentPhysician::default(), Errors::default());
    Ok(html(&physicians_page(&web, staff, None, sent, errors).await?))
}

/// All physicians, and the form of one.
pub(crate) async fn physician(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Answer {
    let id: PhysicianId = parse_id(&id, "physician")?;
    let fields = read::physician(&web.app, &staff.actor, id).await?.fields;
    let sent = SentPhysician {
        first_name: fields.first_name,
        last_name: fields.last_name,
        npi: fields.npi.unwrap_or_default(),
    };
    Ok(html(&physicians_page(&web, staff, Some(id), sent, Errors::default()).await?))
}

async fn keep_physician(
    web: &Web,
    staff: Staff,
    id: Option<PhysicianId>,
    sent: SentPhysician,
) -> Answer {
    let fields = PhysicianFields {
        first_name: sent.first_name.clone(),
        last_name: sent.last_name.clone(),
        npi: Some(sent.npi.clone()),
    };
    match save_a_physician(&web.app, &staff.actor, id, &fields).await {
        Ok(_) => Ok(done(web, PHYSICIANS, "physician_saved")),
        Err(Error::Invalid(faults)) => {
            if let Some(id) = id {
                read::physician(&web.app, &staff.actor, id).await?;
            }
            Ok(unprocessable(&physicians_page(web, staff, id, sent, faults.into()).await?))
        }
        Err(other) => Err(other.into()),
    }
}

/// Adds a physician.
pub(crate) async fn add_physician(
    State(web): State<Web>,
    staff: Staff,
    Form(sent): Form<SentPhysician>,
) -> Answer {
    keep_physician(&web, staff, None, sent).await
}

/// Changes a physician.
pub(crate) async fn save_physician(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentPhysician>,
) -> Answer {
    let id: PhysicianId = parse_id(&id, "physician")?;
    keep_physician(&web, staff, Some(id), sent).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_that_people_know_and_the_present_one() {
        let zones = time_zones("UTC");
        assert!(zones.iter().any(|zone| zone == "America/New_York"));
        assert!(zones.iter().any(|zone| zone == "UTC"));
        assert!(!zones.iter().any(|zone| zone.starts_with("posix/") || zone == "EST"));
    }
}
