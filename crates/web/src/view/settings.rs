//! Settings: locations and physicians.

use almoner_domain::{LocationId, PhysicianId};
use askama::Template;

use super::Samples;
use super::parts::{Choice, Errors, Shell};
use super::samples;

/// Locations: GET `/settings/locations`, or `/settings/locations/LOC-001` to edit one; POST to
/// the same address with `key`, `name`, `time_zone`, `address`, `phone`, `visit_class`, `npi`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/locations.html")]
pub(crate) struct LocationsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// All locations.
    pub(crate) rows: Vec<LocationRow>,
    /// Locations may be added and edited.
    pub(crate) can_edit: bool,
    /// Which is edited; none when one is added.
    pub(crate) editing: Option<LocationId>,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was typed.
    pub(crate) entry: LocationEntry,
    /// The visit classes.
    pub(crate) visit_classes: Vec<Choice>,
    /// The time zones to propose.
    pub(crate) time_zones: Vec<String>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl LocationsPage {
    fn zones(&self) -> Vec<Choice> {
        self.time_zones.iter().map(|zone| Choice::new(zone, zone.as_str())).collect()
    }
}

/// A location.
#[derive(Debug, Clone)]
pub(crate) struct LocationRow {
    /// Which.
    pub(crate) id: LocationId,
    /// Its name.
    pub(crate) name: String,
    /// Its time zone.
    pub(crate) time_zone: String,
    /// Its address.
    pub(crate) address: Option<String>,
    /// Its phone number.
    pub(crate) phone: Option<String>,
    /// Its national provider identifier.
    pub(crate) npi: Option<String>,
}

/// A location as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct LocationEntry {
    /// Its name.
    pub(crate) name: String,
    /// Its time zone.
    pub(crate) time_zone: String,
    /// Its address.
    pub(crate) address: String,
    /// Its phone number.
    pub(crate) phone: String,
    /// The stored name of its visit class, or blank.
    pub(crate) visit_class: String,
    /// Its national provider identifier.
    pub(crate) npi: String,
}

/// Physicians: GET `/settings/physicians`, or `/settings/physicians/PHY-001` to edit one; POST to
/// the same address with `key`, `first_name`, `last_name`, `npi`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/physicians.html")]
pub(crate) struct PhysiciansPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// All physicians.
    pub(crate) rows: Vec<PhysicianRow>,
    /// Physicians may be added and edited.
    pub(crate) can_edit: bool,
    /// Who is edited; none when one is added.
    pub(crate) editing: Option<PhysicianId>,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was typed.
    pub(crate) entry: PhysicianEntry,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// A physician.
#[derive(Debug, Clone)]
pub(crate) struct PhysicianRow {
    /// Who.
    pub(crate) id: PhysicianId,
    /// `Last, First`.
    pub(crate) name: String,
    /// The national provider identifier.
    pub(crate) npi: Option<String>,
}

/// A physician as they are typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct PhysicianEntry {
    /// Given names.
    pub(crate) first_name: String,
    /// Family name.
    pub(crate) last_name: String,
    /// The national provider identifier.
    pub(crate) npi: String,
}

impl Samples for LocationsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |seq, name: &str| LocationRow {
            id: LocationId::new(seq),
            name: name.to_owned(),
            time_zone: "America/New_York".to_owned(),
            address: Some("12 Harbor Street, Springfield".to_owned()),
            phone: (seq == 1).then(|| "(555) 010-0100".to_owned()),
            npi: (seq == 1).then(|| "1234567893".to_owned()),
        };
        let usual = Self {
            shell: samples::shell(),
            rows: vec![row(1, "Harbor Street"), row(2, samples::HARD_NAME)],
            can_edit: true,
            editing: None,
            key: "k".to_owned(),
            entry: LocationEntry {
                time_zone: "America/New_York".to_owned(),
                ..LocationEntry::default()
            },
            visit_classes: vec![
                Choice::new("primary_care", "Primary care"),
                Choice::new("specialist", "Specialist"),
                Choice::new("urgent_care", "Urgent care"),
            ],
            time_zones: vec!["America/New_York".to_owned(), "America/Chicago".to_owned()],
            errors: Errors::default(),
        };
        let wrong = Self {
            editing: Some(LocationId::new(2)),
            errors: almoner_domain::Invalid::one("name", "required", "Enter a name.").into(),
            ..usual.clone()
        };
        let reader = Self { can_edit: false, ..usual.clone() };
        vec![("usual", usual), ("wrong", wrong), ("reader", reader)]
    }
}

impl Samples for PhysiciansPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            rows: vec![PhysicianRow {
                id: PhysicianId::new(1),
                name: "Testperson, Avery".to_owned(),
                npi: Some("1234567893".to_owned()),
            }],
            can_edit: true,
            editing: None,
            key: "k".to_owned(),
            entry: PhysicianEntry::default(),
            errors: Errors::default(),
        };
        let empty = Self { rows: Vec::new(), ..usual.clone() };
        let wrong = Self {
            editing: Some(PhysicianId::new(1)),
            entry: PhysicianEntry {
                first_name: "Avery".to_owned(),
                last_name: samples::HARD_NAME.to_owned(),
                npi: "123".to_owned(),
            },
            errors: almoner_domain::Invalid::one("npi", "not_an_npi", "An NPI has ten digits.")
                .into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("empty", empty), ("wrong", wrong)]
    }
}
