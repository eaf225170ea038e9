//! Says whether a record of an import is new, is there already, or cannot be imported: by the rules
//! of the pages, and by what tells one patient or treatment from another.
//!
//! While a file is checked nothing is written, so what its earlier rows would have added is
//! remembered ([`Met`]). The numbers of those who are yet to come count down from the greatest.

mod fhir;
mod names;
mod person;

use std::collections::HashMap;

use almoner_domain::{Invalid, LocationId, PatientId, TreatmentId, text, time};
use almoner_store::locations::{self, Location};
use almoner_store::patients::{self, Coverage, PatientFields};
use almoner_store::physicians::{self, Physician, PhysicianFields};
use almoner_store::treatments::{self, Procedure, TreatmentFields, TreatmentStatus};
use almoner_store::{Tx, imported_records, merged};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::context::Actor;
use crate::error::Error;
use crate::import_csv::CSV_SYSTEM;
use crate::import_rows::{Mark, PatientRecord, ProcedureCode, Record, TreatmentRecord};
use crate::save_patient;
use crate::save_treatment::{self, TreatmentEntry};
use person::{Person, mrn_mark};

/// What a mark of a patient belongs to.
pub(crate) const PATIENT: &str = "patient";
/// What a mark of a treatment belongs to.
pub(crate) const TREATMENT: &str = "treatment";
/// What a mark of a physician belongs to.
pub(crate) const PHYSICIAN: &str = "physician";
/// What a mark of a coverage belongs to: its patient.
pub(crate) const COVERAGE: &str = "coverage";
/// What a mark of something that was done belongs to: its treatment.
pub(crate) const PROCEDURE: &str = "procedure";
/// What the value is of a mark whose system is an address that nothing else has.
pub(crate) const ADDRESS: &str = "fhir";
/// The system of marks that are addresses of visits.
pub(crate) const VISIT: &str = "fhir:visit";
/// The longest name of a system that numbers records.
const MAX_SYSTEM_BYTES: usize = 200;
/// The numbers of those who are yet to come are greater.
const FIRST_COMING: i64 = i64::MAX / 2;
/// People of one name and date of birth who are looked at.
const MAX_NAMESAKES: i64 = 20;

/// What is to be done with a record.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is to be added.
    New(New),
    /// It is there already, under that number, and stays as it is.
    There(&'static str, i64, Vec<Mark>),
    /// It is left out, which is no fault.
    Left,
}

/// A record that is to be added.
#[derive(Debug)]
pub(crate) enum New {
    /// A patient.
    Patient(Box<(PatientFields, Vec<Coverage>)>, Vec<Mark>),
    /// A treatment.
    Treatment(Box<TreatmentFields>, Vec<Mark>),
    /// A physician.
    Physician(PhysicianFields, Vec<Mark>),
    /// An insurance of a patient.
    Coverage(PatientId, Box<Coverage>, Vec<Mark>),
    /// A code of a treatment.
    Procedure(TreatmentId, ProcedureCode, Vec<Mark>),
}

/// A treatment that an earlier row would have added.
#[derive(Debug)]
struct Coming {
    id: i64,
    procedures: Vec<Procedure>,
}

/// Whose, where and when a treatment is.
type Occasion = (PatientId, LocationId, Timestamp);

/// What the earlier rows of a file brought while it is checked.
#[derive(Debug, Default)]
pub(crate) struct Met {
    coming: i64,
    people: HashMap<PatientId, Person>,
    mrns: HashMap<String, PatientId>,
    names: HashMap<(String, Date), Vec<PatientId>>,
    marks: HashMap<(&'static str, Mark), i64>,
    /// The same the other way round.
    called: HashMap<(&'static str, i64), Vec<Mark>>,
    occasions: HashMap<Occasion, Vec<Coming>>,
    treatments: HashMap<i64, Occasion>,
    coverages: HashMap<PatientId, Vec<Coverage>>,
    codes: HashMap<TreatmentId, Vec<ProcedureCode>>,
}

impl Met {
    /// The number of something that is yet to come.
    fn number(&mut self) -> i64 {
        self.coming += 1;
        i64::MAX - self.coming
    }

    fn remember(&mut self, kind: &'static str, seq: i64, marks: &[Mark]) {
        for mark in marks {
            self.marks.entry((kind, mark.clone())).or_insert(seq);
        }
        self.called.entry((kind, seq)).or_default().extend_from_slice(marks);
    }

    fn add_patient(&mut self, fields: &PatientFields, marks: &[Mark]) {
        let id = PatientId::new(self.number());
        let person = Person {
            id,
            name_sort: patients::name_sort(fields),
            born: fields.date_of_birth,
            mrn: fields.mrn.clone(),
            is_heir: false,
        };
        if let Some(mrn) = &person.mrn {
            self.mrns.insert(mrn.clone(), id);
        }
        self.names.entry((person.name_sort.clone(), person.born)).or_default().push(id);
        self.remember(PATIENT, id.seq(), marks);
        self.people.insert(id, person);
    }

    fn add_treatment(&mut self, fields: &TreatmentFields, marks: &[Mark]) {
        let id = self.number();
        let occasion = (fields.patient, fields.location, fields.service_at);
        let procedures = fields.procedures.clone();
        let coming = Coming { id, procedures };
        self.occasions.entry(occasion).or_default().push(coming);
        self.treatments.insert(id, occasion);
        self.remember(TREATMENT, id, marks);
    }
}

/// What the records of an import are judged by.
pub(crate) struct Judge {
    now: Timestamp,
    today: Date,
    location: Option<LocationId>,
    locations: Vec<Location>,
    physicians: Vec<Physician>,
    /// What the earlier rows brought, when nothing is written.
    met: Option<Met>,
}

impl Judge {
    /// One for an import whose rows are at `location` when they do not say; `writes` says whether
    /// what is new is written before the next row is judged.
    pub(crate) async fn new(
        tx: &mut Tx,
        actor: &Actor,
        now: Timestamp,
        (location, writes): (Option<LocationId>, bool),
    ) -> Result<Self, Error> {
        Ok(Self {
            now,
            today: actor.date(now),
            location,
            locations: locations::all(tx, actor.org()).await?,
            physicians: physicians::all(tx, actor.org()).await?,
            met: (!writes).then(Met::default),
        })
    }

    /// Judges a record.
    ///
    /// # Errors
    /// [`Error::Invalid`] says what is wrong with it; anything else is the database's fault.
    pub(crate) async fn judge(
        &mut self,
        tx: &mut Tx,
        actor: &Actor,
        record: &Record,
    ) -> Result<Verdict, Error> {
        let verdict = match record {
            Record::Patient(record) => self.judge_patient(tx, actor, record).await?,
            Record::Treatment(record) => self.judge_treatment(tx, actor, record).await?,
            Record::Physician(record) => self.judge_physician(tx, actor, record).await?,
            Record::Coverage(record) => self.judge_coverage(tx, actor, record).await?,
            Record::Procedure(record) => self.judge_procedure(tx, actor, record).await?,
        };
        if let Some(met) = &mut self.met {
            match &verdict {
                Verdict::New(New::Patient(patient, marks)) => met.add_patient(&patient.0, marks),
                Verdict::New(New::Treatment(fields, marks)) => met.add_treatment(fields, marks),
                Verdict::There(kind, seq, marks) => met.remember(kind, *seq, marks),
                // What else is new was remembered by whoever judged it.
                Verdict::New(_) | Verdict::Left => {}
            }
        }
        Ok(verdict)
    }

    async fn judge_patient(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        record: &PatientRecord,
    ) -> Result<Verdict, Error> {
        let mut faults = Invalid::default();
        let checked = faults.collect(save_patient::checked(&record.entry, self.today));
        let marks = faults.collect(checked_marks(&record.marks));
        let (Some((fields, coverages)), Some(marks)) = (checked, marks) else {
            return Err(faults.into());
        };
        let addresses: Vec<Mark> =
            marks.iter().filter(|mark| mark.value == ADDRESS).cloned().collect();
        let found = match self.person_at(tx, actor, &addresses, &fields).await? {
            Some(found) => Some(found),
            None => self.by_numbers(tx, actor, &fields, &marks).await?,
        };
        let found = match found {
            Some(found) => Some(found),
            None => self.by_name(tx, actor, &fields, &marks).await?,
        };
        let marks = [marks, fields.mrn.iter().map(|mrn| mrn_mark(mrn)).collect()].concat();
        Ok(match found {
            Some(found) => Verdict::There(PATIENT, found.seq(), marks),
            None => Verdict::New(New::Patient(Box::new((fields, coverages)), marks)),
        })
    }

    /// The patient who has the record's number, ours or another system's.
    async fn by_numbers(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        fields: &PatientFields,
        marks: &[Mark],
    ) -> Result<Option<PatientId>, Error> {
        let name_sort = patients::name_sort(fields);
        if let Some(mrn) = &fields.mrn
            && let Some(found) = self.by_mrn(tx, actor, mrn).await?
        {
            let is_alike = found.name_sort == name_sort && found.born == fields.date_of_birth;
            if is_alike || found.is_heir {
                return Ok(Some(found.id));
            }
            let message = format!(
                "{} has this medical record number, with another name or date of birth.",
                self.called(found.id)
            );
            return Err(Invalid::one("mrn", "of_another_patient", message).into());
        }
        for mark in marks {
            let Some(found) = self.by_mark(tx, actor, mark).await? else { continue };
            if found.is_meant_by(fields) {
                return Ok(Some(found.id));
            }
            let message = format!(
                "{} has this number, with another first name, date of birth or medical record \
                number.",
                self.called(found.id)
            );
            return Err(Invalid::one("number", "of_another_patient", message).into());
        }
        Ok(None)
    }

    /// The patient of the same name and date of birth, unless their numbers tell the two apart.
    async fn by_name(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        fields: &PatientFields,
        marks: &[Mark],
    ) -> Result<Option<PatientId>, Error> {
        let (org, name_sort) = (actor.org(), patients::name_sort(fields));
        let named = (&*name_sort, fields.date_of_birth);
        let known = patients::namesakes(tx, org, named, MAX_NAMESAKES).await?;
        let mut namesakes: Vec<Person> = known.into_iter().map(Person::of).collect();
        if let Some(met) = &self.met {
            let ids = met.names.get(&(name_sort, fields.date_of_birth));
            namesakes.extend(ids.into_iter().flatten().map(|id| met.people[id].clone()));
        }
        for person in namesakes {
            let mrns = person.mrn.is_some() && fields.mrn.is_some() && person.mrn != fields.mrn;
            let mut numbers = false;
            for mark in marks {
                let called = self.mark_of(tx, actor, (PATIENT, person.id.seq()), mark).await?;
                numbers |= called.is_some_and(|value| value != mark.value);
            }
            if !mrns && !numbers {
                return Ok(Some(person.id));
            }
        }
        Ok(None)
    }

    /// What the system of a mark calls a record.
    async fn mark_of(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        record: (&'static str, i64),
        mark: &Mark,
    ) -> Result<Option<String>, Error> {
        let met = self.met.as_ref().and_then(|met| met.called.get(&record));
        let met = met.and_then(|all| all.iter().find(|own| own.system == mark.system));
        match met {
            Some(own) => Ok(Some(own.value.clone())),
            None => Ok(imported_records::called(tx, actor.org(), record, &mark.system).await?),
        }
    }

    async fn by_mrn(&self, tx: &mut Tx, actor: &Actor, mrn: &str) -> Result<Option<Person>, Error> {
        if let Some(found) = patients::by_mrn(tx, actor.org(), mrn).await? {
            return Ok(Some(Person::of(found)));
        }
        let met = self.met.as_ref();
        if let Some(coming) = met.and_then(|met| met.mrns.get(mrn).map(|id| &met.people[id])) {
            return Ok(Some(coming.clone()));
        }
        // Whoever was merged into another lost their number to nobody.
        let lost = self.by_mark(tx, actor, &mrn_mark(mrn)).await?;
        Ok(lost.filter(|person| person.is_heir))
    }

    async fn by_mark(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        mark: &Mark,
    ) -> Result<Option<Person>, Error> {
        let seq = match imported_records::find(tx, actor.org(), PATIENT, mark).await? {
            Some(seq) => seq,
            None => match self.met.as_ref().and_then(|met| met.marks.get(&(PATIENT, mark.clone())))
            {
                Some(&seq) => seq,
                None => return Ok(None),
            },
        };
        self.person(tx, actor, PatientId::new(seq)).await
    }

    /// The patient with an id, or whom they were merged into, or who is yet to come.
    async fn person(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: PatientId,
    ) -> Result<Option<Person>, Error> {
        if let Some(coming) = self.met.as_ref().and_then(|met| met.people.get(&id)) {
            return Ok(Some(coming.clone()));
        }
        let org = actor.org();
        if let Some(found) = patients::get(tx, org, id).await? {
            return Ok(Some(Person::of(found)));
        }
        let Some(heir) = merged::heir(tx, org, id).await? else { return Ok(None) };
        let heir = patients::get(tx, org, heir).await?.map(Person::of);
        Ok(heir.map(|heir| Person { is_heir: true, ..heir }))
    }

    fn is_coming(&self, id: PatientId) -> bool {
        self.met.as_ref().is_some_and(|met| met.people.contains_key(&id))
    }

    /// How a message names a patient.
    fn called(&self, id: PatientId) -> String {
        if self.is_coming(id) { "An earlier row".to_owned() } else { id.to_string() }
    }

    async fn judge_treatment(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        record: &TreatmentRecord,
    ) -> Result<Verdict, Error> {
        let mut faults = Invalid::default();
        let patient = faults.collect_error(self.whose(tx, actor, record).await)?;
        if let Some(patient) = patient
            && let Some(seq) = self.visit_marked(tx, actor, record, patient).await?
        {
            return Ok(Verdict::There(TREATMENT, seq, checked_marks(&record.marks)?));
        }
        let location = faults.collect(self.place(self.place_name(record)));
        let marked = self.physician_marked(tx, actor, &record.physician).await?;
        let physician = match marked {
            Some(physician) => Some(Some(physician)),
            None => faults.collect(self.by_whom(&record.entry.physician)),
        };
        // One who is yet to come is not looked for among those who are there.
        let coming = physician.flatten().filter(|id| id.seq() > FIRST_COMING);
        let marks = faults.collect(checked_marks(&record.marks));
        let entry = TreatmentEntry {
            location: location.map(|id| id.to_string()).unwrap_or_default(),
            physician: match physician.flatten().filter(|_| coming.is_none()) {
                Some(id) => id.to_string(),
                None => String::new(),
            },
            ..record.entry.clone()
        };
        let checked = save_treatment::checked_of(tx, actor, patient, &entry).await;
        let checked = faults.collect_error(checked)?;
        // What was not found is said once, in the words of this file.
        if patient.is_none() {
            faults.0.retain(|fault| (&*fault.field, &*fault.code) != ("patient_id", "required"));
        }
        if location.is_none() {
            faults.0.retain(|fault| (&*fault.field, &*fault.code) != ("location_id", "required"));
        }
        let (Some(mut fields), Some(marks), true) = (checked, marks, faults.0.is_empty()) else {
            return Err(faults.into());
        };
        fields.physician = coming.or(fields.physician);
        if record.entry.status.is_empty() && fields.service_at < self.now {
            fields.status = TreatmentStatus::Completed;
        }
        Ok(match self.same_treatment(tx, actor, &fields, &marks).await? {
            Some(seq) => Verdict::There(TREATMENT, seq, marks),
            None => Verdict::New(New::Treatment(Box::new(fields), marks)),
        })
    }

    /// The patient of a treatment, held until the commit when they are there.
    async fn whose(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        record: &TreatmentRecord,
    ) -> Result<PatientId, Error> {
        let mut found = None;
        for mark in &record.patient {
            found = self.by_mark(tx, actor, mark).await?;
            if found.is_some() {
                break;
            }
        }
        let typed = text::line("patient_id", &record.entry.patient)?;
        if let (None, Some(typed)) = (&found, typed) {
            if let Ok(id) = typed.parse::<PatientId>() {
                found = self.person(tx, actor, id).await?;
            }
            if found.is_none() {
                found = self.by_mrn(tx, actor, &typed).await?;
                let mark = Mark { system: CSV_SYSTEM.to_owned(), value: typed };
                let numbered = self.by_mark(tx, actor, &mark).await?;
                if let (Some(one), Some(other)) = (&found, &numbered)
                    && one.id != other.id
                {
                    let message = format!(
                        "{} has this medical record number, and {} this number of the other \
                        system. Say which by the PAT- number.",
                        self.called(one.id),
                        self.called(other.id)
                    );
                    return Err(Invalid::one("patient_id", "ambiguous", message).into());
                }
                found = found.or(numbered);
            }
        }
        let Some(found) = found else {
            let message = "There is no such patient. Import or add the patient first.";
            return Err(Invalid::one("patient_id", "not_found", message).into());
        };
        if !self.is_coming(found.id) {
            patients::lock_current(tx, actor.org(), found.id).await?;
        }
        Ok(found.id)
    }

    /// The treatment that a record is about, when it is there.
    async fn same_treatment(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        fields: &TreatmentFields,
        marks: &[Mark],
    ) -> Result<Option<i64>, Error> {
        for mark in marks {
            if let Some(seq) = self.numbered_so(tx, actor, fields, mark).await? {
                return Ok(Some(seq));
            }
        }
        let occasion = (fields.patient, fields.location, fields.service_at);
        let known = treatments::at_moment(tx, actor.org(), occasion).await?;
        let known = known.into_iter().map(|id| (id.seq(), None));
        let met = self.met.as_ref().and_then(|met| met.occasions.get(&occasion));
        let coming = met.into_iter().flatten();
        let coming = coming.map(|coming| (coming.id, Some(&coming.procedures)));
        for (seq, procedures) in known.chain(coming).collect::<Vec<_>>() {
            let mut numbers = false;
            for mark in marks {
                let called = self.mark_of(tx, actor, (TREATMENT, seq), mark).await?;
                numbers |= called.is_some_and(|value| value != mark.value);
            }
            if numbers {
                continue;
            }
            if procedures.is_some_and(|procedures| *procedures != fields.procedures) {
                let message = "An earlier row is about the same treatment, with other codes. Put \
                    all codes of a treatment in one row.";
                return Err(Invalid::one("row", "codes_apart", message).into());
            }
            return Ok(Some(seq));
        }
        Ok(None)
    }

    /// The treatment that another system calls so.
    async fn numbered_so(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        fields: &TreatmentFields,
        mark: &Mark,
    ) -> Result<Option<i64>, Error> {
        let org = actor.org();
        let found = if let Some(seq) = imported_records::find(tx, org, TREATMENT, mark).await? {
            let whose = treatments::whose(tx, org, TreatmentId::new(seq)).await?;
            whose.map(|(patient, at)| (seq, patient, at, None))
        } else if let Some(met) = &self.met {
            met.marks.get(&(TREATMENT, mark.clone())).and_then(|&seq| {
                let &(patient, location, at) = met.treatments.get(&seq)?;
                let all = met.occasions.get(&(patient, location, at))?;
                let coming = all.iter().find(|coming| coming.id == seq)?;
                Some((seq, patient, at, Some(&coming.procedures)))
            })
        } else {
            None
        };
        let Some((seq, patient, at, procedures)) = found else { return Ok(None) };
        if patient != fields.patient || time::micros(at) != time::micros(fields.service_at) {
            let message = "Another treatment has this number: of another patient or time.";
            return Err(Invalid::one("number", "of_another_treatment", message).into());
        }
        if procedures.is_some_and(|procedures| *procedures != fields.procedures) {
            let message = "An earlier row has this number, with other codes. Put all codes of a \
                treatment in one row.";
            return Err(Invalid::one("number", "codes_apart", message).into());
        }
        Ok(Some(seq))
    }
}

/// Marks as they are kept.
fn checked_marks(marks: &[Mark]) -> Result<Vec<Mark>, Invalid> {
    let mut kept = Vec::with_capacity(marks.len());
    for Mark { system, value } in marks {
        let value = text::line("number", value)?;
        if system.len() > MAX_SYSTEM_BYTES {
            let message = "The name of the system that gave this number is too long.";
            return Err(Invalid::one("number", "too_long", message));
        }
        let system = system.replace('\0', "");
        kept.extend(value.map(|value| Mark { system, value }));
    }
    Ok(kept)
}

/// Collects what is wrong with a row; what is wrong with the database stops at once.
trait CollectError {
    fn collect_error<T>(&mut self, result: Result<T, Error>) -> Result<Option<T>, Error>;
}

impl CollectError for Invalid {
    fn collect_error<T>(&mut self, result: Result<T, Error>) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Invalid(faults)) => Ok(self.collect(Err(faults))),
            Err(other) => Err(other),
        }
    }
}
