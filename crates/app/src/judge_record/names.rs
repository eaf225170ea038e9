//! Finds locations and physicians by what a row calls them.

use almoner_domain::{Invalid, LocationId, PhysicianId, name};
use almoner_store::locations::Location;
use almoner_store::physicians::Physician;

use super::Judge;
use crate::npi;

impl Judge {
    /// The location that a row names, else the one that the import is for.
    pub(super) fn place(&self, typed: &str) -> Result<LocationId, Invalid> {
        let typed = typed.trim();
        if typed.is_empty() {
            let message = "Say where this was: the row names no location.";
            let missing = || Invalid::one("location_id", "missing", message);
            return self.location.ok_or_else(missing);
        }
        let id = typed.parse::<LocationId>().ok();
        let wanted = name::normalize(typed);
        let is_it = |location: &&Location| {
            Some(location.id) == id || name::normalize(&location.fields.name) == wanted
        };
        let found = self.locations.iter().find(is_it);
        found.map(|location| location.id).ok_or_else(|| {
            let message = "There is no location of this name. Add it under Settings first.";
            Invalid::one("location_id", "not_found", message)
        })
    }

    /// The physician whom a row names.
    pub(super) fn by_whom(&self, typed: &str) -> Result<Option<PhysicianId>, Invalid> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let id = typed.parse::<PhysicianId>().ok();
        let number = npi::parse_npi("physician_id", typed).ok().flatten();
        let mut wanted = name::normalize(typed);
        for title in ["dr ", "doctor "] {
            wanted = wanted.strip_prefix(title).map(str::to_owned).unwrap_or(wanted);
        }
        for title in [" md", " do", " m d"] {
            wanted = wanted.strip_suffix(title).map(str::to_owned).unwrap_or(wanted);
        }
        let is_it = |physician: &&Physician| {
            let fields = &physician.fields;
            let names = [
                format!("{} {}", fields.last_name, fields.first_name),
                format!("{} {}", fields.first_name, fields.last_name),
            ];
            Some(physician.id) == id
                || (number.is_some() && fields.npi == number)
                || names.iter().any(|own| name::normalize(own) == wanted)
        };
        let mut found = self.physicians.iter().filter(is_it);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(Some(one.id)),
            (Some(_), Some(_)) => {
                let message = "Several physicians have this name. Give the NPI.";
                Err(Invalid::one("physician_id", "several", message))
            }
            (None, _) => {
                let message = "There is no such physician. Add them under Settings first.";
                Err(Invalid::one("physician_id", "not_found", message))
            }
        }
    }
}
