//! Judges the records that only bundles bring: physicians, coverages, and what was done.

use almoner_domain::{Invalid, PatientId, PhysicianId, TreatmentId, name};
use almoner_store::locations::Location;
use almoner_store::patients::{self, Coverage, PatientFields};
use almoner_store::physicians::{Physician, PhysicianFields};
use almoner_store::{Tx, imported_records, treatments};

use super::{COVERAGE, Judge, Met, New, PHYSICIAN, PROCEDURE, Person};
use super::{TREATMENT, VISIT, Verdict, checked_marks};
use crate::context::Actor;
use crate::error::Error;
use crate::import_rows::{
    CoverageRecord, Mark, PhysicianRecord, ProcedureCode, ProcedureRecord, TreatmentRecord,
};
use crate::permission::Action;
use crate::save_patient::{self, MAX_COVERAGES};
use crate::save_treatment::{self, MAX_FOREIGN_CODES, MAX_PROCEDURES, ProcedureEntry};
use crate::{npi, save_physician};

impl Met {
    /// What an earlier row of the file would have added under one of the marks.
    fn find(&self, kind: &'static str, marks: &[Mark]) -> Option<i64> {
        marks.iter().find_map(|mark| self.marks.get(&(kind, mark.clone())).copied())
    }
}

impl Judge {
    /// The number of the record of a kind that has one of the marks, or that is yet to come.
    async fn marked(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        kind: &'static str,
        marks: &[Mark],
    ) -> Result<Option<i64>, Error> {
        for mark in marks {
            if let Some(seq) = imported_records::find(tx, actor.org(), kind, mark).await? {
                return Ok(Some(seq));
            }
        }
        Ok(self.met.as_ref().and_then(|met| met.find(kind, marks)))
    }

    /// A physician is known by a mark, else by the NPI, else by the name. One who is new is added
    /// when the actor may change settings; else treatments are without.
    pub(super) async fn judge_physician(
        &mut self,
        tx: &mut Tx,
        actor: &Actor,
        record: &PhysicianRecord,
    ) -> Result<Verdict, Error> {
        let marks = checked_marks(&record.marks)?;
        if let Some(seq) = self.marked(tx, actor, PHYSICIAN, &marks).await? {
            return Ok(Verdict::There(PHYSICIAN, seq, marks));
        }
        // A number that is no NPI is nobody's, and is left out.
        let npi = npi::parse_npi("npi", &record.npi).ok().flatten();
        let fields = PhysicianFields {
            first_name: record.first_name.clone(),
            last_name: record.last_name.clone(),
            npi,
        };
        let fields = save_physician::checked(&fields)?;
        let named = |fields: &PhysicianFields| {
            name::normalize(&format!("{} {}", fields.first_name, fields.last_name))
        };
        let is_it = |one: &&Physician| match (&one.fields.npi, &fields.npi) {
            (Some(own), Some(other)) => own == other,
            _ => named(&one.fields) == named(&fields),
        };
        if let Some(known) = self.physicians.iter().find(is_it) {
            return Ok(Verdict::There(PHYSICIAN, known.id.seq(), marks));
        }
        if !actor.may(Action::ChangeSettings) {
            return Ok(Verdict::Left);
        }
        if let Some(met) = &mut self.met {
            let id = PhysicianId::new(met.number());
            met.remember(PHYSICIAN, id.seq(), &marks);
            self.physicians.push(Physician { id, fields: fields.clone() });
        }
        Ok(Verdict::New(New::Physician(fields, marks)))
    }

    /// The physician of a treatment, when they are known.
    pub(super) async fn physician_marked(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        marks: &[Mark],
    ) -> Result<Option<PhysicianId>, Error> {
        Ok(self.marked(tx, actor, PHYSICIAN, marks).await?.map(PhysicianId::new))
    }

    /// Notes that a physician was added.
    pub(crate) fn knows(&mut self, physician: Physician) {
        self.physicians.push(physician);
    }

    /// The treatment with the very address of a visit: it is that one, whatever changed since but
    /// the patient, as servers reuse addresses.
    pub(super) async fn visit_marked(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        record: &TreatmentRecord,
        patient: PatientId,
    ) -> Result<Option<i64>, Error> {
        let addresses: Vec<Mark> =
            record.marks.iter().filter(|mark| mark.system == VISIT).cloned().collect();
        let Some(seq) = self.marked(tx, actor, TREATMENT, &addresses).await? else {
            return Ok(None);
        };
        match self.whose_treatment(tx, actor, seq).await? {
            Some(whose) if whose == patient => Ok(Some(seq)),
            Some(_) => {
                let message = "A treatment of another patient has this address.";
                Err(Invalid::one("", "of_another_treatment", message).into())
            }
            None => Ok(None),
        }
    }

    /// Whose a treatment is, also one that is yet to come.
    async fn whose_treatment(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        seq: i64,
    ) -> Result<Option<PatientId>, Error> {
        if let Some(coming) = self.met.as_ref().and_then(|met| met.treatments.get(&seq)) {
            return Ok(Some(coming.0));
        }
        let known = treatments::whose(tx, actor.org(), TreatmentId::new(seq)).await?;
        Ok(known.map(|(patient, _)| patient))
    }

    /// How the place of a treatment is named to those who look it up. A name that no location has
    /// is as good as none, and where there is one location alone, it is that.
    pub(super) fn place_name<'a>(&'a self, record: &'a TreatmentRecord) -> &'a str {
        if !record.entry.location.trim().is_empty() {
            return &record.entry.location;
        }
        let wanted = record.place.as_deref().map(name::normalize);
        let named = |one: &&Location| Some(name::normalize(&one.fields.name)) == wanted;
        if let Some(found) = self.locations.iter().find(named) {
            return &found.fields.name;
        }
        match &self.locations[..] {
            // The rows of tables say who by the entry; they name the place themselves.
            [only] if self.location.is_none() && !record.patient.is_empty() => &only.fields.name,
            _ => "",
        }
    }

    /// The patient with the very address of a record. Bundles make addresses up and servers reuse
    /// them, so the date of birth must be the same, and the medical record number when both have
    /// one.
    pub(super) async fn person_at(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        addresses: &[Mark],
        fields: &PatientFields,
    ) -> Result<Option<PatientId>, Error> {
        let Some(found) = self.person_marked(tx, actor, addresses).await? else { return Ok(None) };
        // Whoever was merged into another has the other's number.
        let mrns = found.mrn.as_ref().zip(fields.mrn.as_ref());
        let is_numbered_so = found.is_heir || mrns.is_none_or(|(own, other)| own == other);
        if found.born == fields.date_of_birth && is_numbered_so {
            return Ok(Some(found.id));
        }
        let message = format!(
            "{} has this address, with another date of birth or medical record number.",
            self.called(found.id)
        );
        Err(Invalid::one("", "of_another_patient", message).into())
    }

    /// The patient with one of the marks.
    pub(super) async fn person_marked(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        marks: &[Mark],
    ) -> Result<Option<Person>, Error> {
        for mark in marks {
            if let Some(found) = self.by_mark(tx, actor, mark).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// A coverage is known by a mark, else by its payer and the member's id, as far as both sides
    /// say one. Those that a patient has stay as they are, and no more than two are kept.
    pub(super) async fn judge_coverage(
        &mut self,
        tx: &mut Tx,
        actor: &Actor,
        record: &CoverageRecord,
    ) -> Result<Verdict, Error> {
        let marks = checked_marks(&record.marks)?;
        let entries = std::slice::from_ref(&record.entry);
        let mut faults = Invalid::default();
        let checked = save_patient::checked_coverages(&mut faults, entries, self.today).pop();
        faults.into_result()?;
        let Some(coverage) = checked else { return Ok(Verdict::Left) };
        let Some(person) = self.person_marked(tx, actor, &record.patient).await? else {
            let message = "There is no such patient. Import the patient first, or with it.";
            return Err(Invalid::one("beneficiary", "not_found", message).into());
        };
        let id = person.id;
        for mark in &marks {
            let one = std::slice::from_ref(mark);
            let Some(seq) = self.marked(tx, actor, COVERAGE, one).await? else { continue };
            let whose = self.person(tx, actor, PatientId::new(seq)).await?;
            if whose.is_some_and(|whose| whose.id == id) {
                return Ok(Verdict::There(COVERAGE, id.seq(), marks));
            }
        }
        let known = self.coverages_of(tx, actor, id).await?;
        if known.iter().any(|own| is_same(own, &coverage)) {
            return Ok(Verdict::There(COVERAGE, id.seq(), marks));
        }
        if known.len() >= MAX_COVERAGES {
            return Ok(Verdict::Left);
        }
        if let Some(met) = &mut self.met {
            met.coverages.entry(id).or_default().push(coverage.clone());
            met.remember(COVERAGE, id.seq(), &marks);
        }
        Ok(Verdict::New(New::Coverage(id, Box::new(coverage), marks)))
    }

    /// The coverages of a patient, with those that earlier rows would have added.
    async fn coverages_of(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: PatientId,
    ) -> Result<Vec<Coverage>, Error> {
        let mut known = if self.is_coming(id) {
            Vec::new()
        } else {
            patients::coverages(tx, actor.org(), id).await?
        };
        let met = self.met.as_ref().and_then(|met| met.coverages.get(&id));
        known.extend(met.into_iter().flatten().cloned());
        Ok(known)
    }

    /// What was done is known by a mark, else by the same code of the same treatment.
    pub(super) async fn judge_procedure(
        &mut self,
        tx: &mut Tx,
        actor: &Actor,
        record: &ProcedureRecord,
    ) -> Result<Verdict, Error> {
        let mut faults = Invalid::default();
        let marks = faults.collect(checked_marks(&record.marks));
        let code = faults.collect(checked_code(&record.code));
        let treatment = self.marked(tx, actor, TREATMENT, &record.treatment).await?;
        if treatment.is_none() {
            let message = "There is no such treatment. Import its encounter first, or with it.";
            faults.push("treatment_id", "not_found", message);
        }
        let (Some(marks), Some(code), Some(treatment)) = (marks, code, treatment) else {
            return Err(faults.into());
        };
        self.must_be_whose(tx, actor, treatment, &record.patient).await?;
        for mark in &marks {
            let one = std::slice::from_ref(mark);
            if self.marked(tx, actor, PROCEDURE, one).await? == Some(treatment) {
                return Ok(Verdict::There(PROCEDURE, treatment, marks));
            }
        }
        let treatment = TreatmentId::new(treatment);
        let known = self.codes_of(tx, actor, treatment).await?;
        if known.contains(&code) {
            return Ok(Verdict::There(PROCEDURE, treatment.seq(), marks));
        }
        let is_foreign = |code: &&ProcedureCode| matches!(code, ProcedureCode::Foreign(_));
        let foreign = known.iter().filter(is_foreign).count();
        let (count, most) = match &code {
            ProcedureCode::Foreign(_) => (foreign, MAX_FOREIGN_CODES),
            ProcedureCode::National(_) => (known.len() - foreign, MAX_PROCEDURES),
        };
        if count >= most {
            let message = format!("A treatment has at most {most} codes.");
            return Err(Invalid::one("code", "too_many", message).into());
        }
        if let Some(met) = &mut self.met {
            met.codes.entry(treatment).or_default().push(code.clone());
            met.remember(PROCEDURE, treatment.seq(), &marks);
        }
        Ok(Verdict::New(New::Procedure(treatment, code, marks)))
    }

    /// A fault when a treatment is not that patient's; nothing when no patient is said.
    async fn must_be_whose(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        treatment: i64,
        patient: &[Mark],
    ) -> Result<(), Error> {
        if patient.is_empty() {
            return Ok(());
        }
        let Some(person) = self.person_marked(tx, actor, patient).await? else {
            let message = "There is no such patient. Import the patient first, or with it.";
            return Err(Invalid::one("patient_id", "not_found", message).into());
        };
        if self.whose_treatment(tx, actor, treatment).await? == Some(person.id) {
            return Ok(());
        }
        let message = "The encounter is a treatment of another patient.";
        Err(Invalid::one("treatment_id", "of_another_treatment", message).into())
    }

    /// The codes of a treatment, with those that earlier rows would have added.
    async fn codes_of(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: TreatmentId,
    ) -> Result<Vec<ProcedureCode>, Error> {
        let mut known = Vec::new();
        if let Some(found) = treatments::get(tx, actor.org(), id, self.today).await? {
            let own = found.fields.procedures.into_iter().map(|procedure| procedure.code);
            known.extend(own.map(ProcedureCode::National));
            known.extend(found.foreign_codes.into_iter().map(ProcedureCode::Foreign));
        }
        let met = self.met.as_ref().and_then(|met| met.codes.get(&id));
        known.extend(met.into_iter().flatten().cloned());
        Ok(known)
    }
}

/// Whether two coverages may be one: the same payer, and no two member's ids.
fn is_same(own: &Coverage, other: &Coverage) -> bool {
    let payer = |coverage: &Coverage| name::normalize(&coverage.payer);
    let ids = own.member_id.as_ref().zip(other.member_id.as_ref());
    payer(own) == payer(other) && ids.is_none_or(|(one, two)| one == two)
}

/// A code by the rules of its kind.
fn checked_code(code: &ProcedureCode) -> Result<ProcedureCode, Invalid> {
    match code {
        ProcedureCode::National(code) => {
            let mut faults = Invalid::default();
            let entry = ProcedureEntry { code: code.clone(), ..ProcedureEntry::default() };
            let checked = save_treatment::checked_procedures(&mut faults, &[entry]).pop();
            faults.into_result()?;
            let none = || Invalid::one("code", "required", "It has a code.");
            checked.map(|checked| ProcedureCode::National(checked.code)).ok_or_else(none)
        }
        ProcedureCode::Foreign(code) => {
            save_treatment::checked_foreign_code(code).map(ProcedureCode::Foreign)
        }
    }
}
