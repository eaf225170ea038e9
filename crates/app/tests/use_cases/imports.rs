//! Files of patients and treatments: checked as a whole, imported once, and resumed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use almoner_app::begin_import::{NewImport, Told, begin_import};
use almoner_app::import_rows::{DateOrder, ImportKind};
use almoner_app::map_import::{Chosen, map_import};
use almoner_app::merge_patients::MergePatients;
use almoner_app::read_imports::{columns, faults, faulty_rows, import, preview};
use almoner_app::run_import::{discard_import, run_import};
use almoner_app::work_on_import::{CLAIM, MAX_ROWS_AT_ONCE, due, go_on, take_up};
use almoner_app::{App, Error, read};
use almoner_domain::role::Role;
use almoner_domain::{ImportId, LocationId, PatientId, TreatmentId};
use almoner_store::db::{Db, Durability};
use almoner_store::imports::{Counts, Import, ImportState};
use almoner_store::on_both_engines;
use almoner_store::treatments::TreatmentStatus;

use crate::common::{Clinic, at, fault};
use crate::merging::{merge, merged_into};

/// A file that nobody has to say anything about.
const PEOPLE: &str = "Last name;First name;DOB;MRN;Payer;Member ID;Number in the other system\n\
    O'Brien & Søn <b>;José;1980-02-03;M-1;Sample Health;W1;9001\n\
    Li;Zoë;1999-12-31;M-2;;;9002\n\
    Example;Ann;1980-02-29;;;;9003\n";

/// Files are imported as soon as all of their rows are right.
pub(crate) fn at_once() -> Told {
    Told { run: true, ..Told::default() }
}

/// The same, of treatments at the first location.
fn at_the_first() -> Told {
    Told { location: Some(LocationId::new(1)), ..at_once() }
}

pub(crate) fn new(kind: ImportKind, text: &str, told: impl Into<Option<Told>>) -> NewImport {
    let content = text.as_bytes().to_vec();
    let file_name = "C:\\old\\list.csv".to_owned();
    NewImport { kind, file_name, content, told: told.into() }
}

/// Works on an import as long as it goes on by itself.
async fn work(app: &App, clinic: &Clinic, id: ImportId) -> Import {
    loop {
        if let Some(mut work) = take_up(app, &clinic.system(), id).await.unwrap() {
            while go_on(app, &mut work).await.unwrap() {}
        }
        let now = import(app, &clinic.system(), id).await.unwrap();
        if !now.state.is_under_way() {
            return now;
        }
    }
}

/// What came of a file.
async fn handed_in(
    clinic: &Clinic,
    kind: ImportKind,
    text: &str,
    told: impl Into<Option<Told>>,
) -> Import {
    let actor = clinic.staff(Role::Administrator);
    let begun = begin_import(&clinic.app, &actor, new(kind, text, told), None).await.unwrap();
    work(&clinic.app, clinic, begun.id).await
}

fn counted(rows: i64, added: i64, there: i64, faulty: i64) -> Counts {
    Counts { rows, done: rows, added, there, faulty }
}

/// The faults of an import, such as `3 mrn of_another_patient`.
async fn wrong(clinic: &Clinic, id: ImportId) -> Vec<String> {
    let (_, found) = faults(&clinic.app, &clinic.manager(), id, (0, 1_000)).await.unwrap();
    let one = |(row, fault): &(i64, almoner_domain::FieldError)| {
        format!("{row} {} {}", fault.field, fault.code)
    };
    found.iter().map(one).collect()
}

async fn people(clinic: &Clinic) -> i64 {
    clinic.number("SELECT count(*) AS n FROM patient").await
}

/// A file of so many people.
fn crowd(people: usize) -> String {
    let mut text = "last_name,first_name,date_of_birth,mrn\n".to_owned();
    for number in 0..people {
        let _ = writeln!(text, "Sample{number},Pat,1980-02-03,C-{number}");
    }
    text
}

on_both_engines! {
    async fn a_file_is_mapped_checked_and_imported_once(db) {
        let clinic = Clinic::new(db).await;
        let (app, manager) = (&clinic.app, clinic.manager());
        let text = PEOPLE.replace("Last name", "Who").replace("1980-02-03", "02/03/1980");
        let text = text.replace("1999-12-31", "12/31/1999").replace("1980-02-29", "02/29/1980");
        let file = || new(ImportKind::Patients, &text, None);
        let begun = begin_import(app, &manager, file(), Some("k")).await.unwrap();
        assert_eq!((begun.state, &*begun.file_name), (ImportState::Mapping, "list.csv"));
        let again = begin_import(app, &manager, file(), Some("k")).await.unwrap();
        assert_eq!(again.id, begun.id, "the same form again is the same import");
        let (_, found, settings) = columns(app, &manager, begun.id).await.unwrap();
        assert_eq!(found[0].samples, ["O'Brien & Søn <b>", "Li", "Example"]);
        let known: Vec<&str> = settings.columns.keys().map(String::as_str).collect();
        assert!(known.contains(&"mrn") && !known.contains(&"last_name"), "{known:?}");
        let mut chosen = Chosen { columns: settings.columns, ..Chosen::default() };
        let missing = map_import(app, &manager, begun.id, chosen.clone()).await;
        assert_eq!(fault(missing), ("last_name".to_owned(), "required".to_owned()));
        let early = run_import(app, &manager, begun.id, false).await;
        assert_eq!(fault(early), ("state".to_owned(), "not_mapped".to_owned()));
        chosen.columns.insert("last_name".to_owned(), 0);
        map_import(app, &manager, begun.id, chosen.clone()).await.unwrap();
        let wrong_dates = work(app, &clinic, begun.id).await;
        assert_eq!(wrong_dates.counts, counted(3, 0, 0, 3));
        chosen.dates = DateOrder::MonthDayYear;
        map_import(app, &manager, begun.id, chosen).await.unwrap();
        let checked = work(app, &clinic, begun.id).await;
        assert_eq!((checked.state, checked.counts), (ImportState::Ready, counted(3, 2, 1, 0)));
        assert_eq!(people(&clinic).await, 2, "checking adds nobody");
        let view = preview(app, &manager, begun.id).await.unwrap();
        let shown = view.rows[0].record.as_ref().unwrap();
        let words = ("O'Brien & Søn <b>, José".to_owned(), "1980-02-03".to_owned());
        assert_eq!((shown.who(&view.names), shown.when()), words);
        run_import(app, &manager, begun.id, false).await.unwrap();
        let done = work(app, &clinic, begun.id).await;
        assert_eq!((done.state, done.counts), (ImportState::Done, counted(3, 2, 1, 0)));
        let found = read::patient(app, &manager, PatientId::new(3)).await.unwrap();
        assert_eq!(found.patient.fields.last_name, "O'Brien & Søn <b>");
        assert_eq!(found.coverages[0].member_id.as_deref(), Some("W1"));
        let by = "SELECT count(*) AS n FROM audit_event WHERE action = 'patient_added'
            AND actor = 'staff' AND detail LIKE '%IMP-001%'";
        assert_eq!(clinic.number(by).await, 2, "each stands in the log, with who imported it");
        assert_eq!(clinic.number("SELECT count(*) AS n FROM import_part").await, 0);
        let twice = handed_in(&clinic, ImportKind::Patients, PEOPLE, at_once()).await;
        assert_eq!((twice.state, twice.counts), (ImportState::Done, counted(3, 0, 3, 0)));
        assert_eq!(people(&clinic).await, 4);
        // The number of the other system leads to whom a patient was merged into.
        let li = PatientId::new(4);
        merge(&clinic, &merged_into(&clinic, li, clinic.ben).await).await.unwrap();
        let text = "last_name,first_name,date_of_birth,number\nLi,Zoe,1975-07-04,9002\n";
        let merged = handed_in(&clinic, ImportKind::Patients, text, at_once()).await;
        assert_eq!(merged.counts, counted(1, 0, 1, 0));
        clinic.verified().await;
    }

    async fn what_a_family_shares_makes_nobody_the_other(db) {
        let clinic = Clinic::new(db).await;
        let twins = "last_name,first_name,date_of_birth,mrn,number\n\
            Twin,Max,2015-05-05,901,55\nTwin,Mia,2015-05-05,902,55\nTwin,Max,2015-05-05,,55\n";
        let told = Told { skip_faulty: true, ..at_once() };
        let done = handed_in(&clinic, ImportKind::Patients, twins, told).await;
        assert_eq!(done.counts, counted(3, 1, 1, 1));
        assert_eq!(wrong(&clinic, done.id).await, ["3 number of_another_patient"]);
        let other = "last_name,first_name,date_of_birth,mrn,number\nElse,Eve,1990-01-01,,901\n";
        handed_in(&clinic, ImportKind::Patients, other, at_once()).await;
        let visit = "patient,service_date,service_time\n901,2026-03-02,09:00\n";
        let done = handed_in(&clinic, ImportKind::Treatments, visit, at_the_first()).await;
        assert_eq!(wrong(&clinic, done.id).await, ["2 patient_id ambiguous"]);
    }

    async fn whoever_was_merged_is_not_imported_again(db) {
        let clinic = Clinic::new(db).await;
        let text = "last_name,first_name,date_of_birth,mrn\nRow,Rob,1970-01-01,222\n\
            Row,Robert,1970-01-01,111\n";
        handed_in(&clinic, ImportKind::Patients, text, at_once()).await;
        let (known, kept) = (PatientId::new(3), PatientId::new(4));
        let merging = merged_into(&clinic, known, kept).await;
        merge(&clinic, &MergePatients { coverages: Vec::new(), ..merging }).await.unwrap();
        let before = people(&clinic).await;
        let again = handed_in(&clinic, ImportKind::Patients, text, at_once()).await;
        assert_eq!((again.state, again.counts), (ImportState::Done, counted(2, 0, 2, 0)));
        assert_eq!(people(&clinic).await, before);
        let visit = "patient,service_date,service_time\n222,2026-03-02,09:00\n";
        handed_in(&clinic, ImportKind::Treatments, visit, at_the_first()).await;
        let whose = "SELECT patient_seq AS n FROM treatment ORDER BY seq DESC LIMIT 1";
        assert_eq!(clinic.number(whose).await, kept.seq());
    }

    async fn faulty_rows_come_back_as_they_were(db) {
        let clinic = Clinic::new(db).await;
        let text = "last_name,first_name,date_of_birth,phone,mrn\n\
            Back,Ida,1980-01-01,'+14155550100,'-12\nBack,Ed,1980-01-02,'555,'\n";
        handed_in(&clinic, ImportKind::Patients, text, at_once()).await;
        let found = async |seq| {
            let id = PatientId::new(seq);
            read::patient(&clinic.app, &clinic.manager(), id).await.unwrap().patient.fields
        };
        let (ida, ed) = (found(3).await, found(4).await);
        assert_eq!((ida.phone.as_deref(), ida.mrn.as_deref()), (Some("+14155550100"), Some("-12")));
        assert_eq!((ed.phone.as_deref(), ed.mrn.as_deref()), (Some("'555"), Some("'")));
    }

    async fn nothing_is_imported_while_a_row_is_faulty(db) {
        let clinic = Clinic::new(db).await;
        let (app, manager) = (&clinic.app, clinic.manager());
        let cell = "x".repeat(40_000);
        let text = format!(
            "last_name,first_name,date_of_birth,mrn,number,email\n\
             Good,Ada,1980-02-03,A-1,,\n\
             Bad,{cell},1980-02-03,A-2,,\n\
             Future,Bo,2030-01-01,A-3,,nobody\n\
             Other,Ada,1980-02-03,A-1,,\n\
             Good,Ada,1980-02-03,A-1,7,\n\
             \"=HYPERLINK(\"\"x\"\")\",Cy,,,,\n\
             Short,Row\n\
             Good,Ada,1981-02-03,,7,\n\
             Same,Name,1990-01-01,S-1,,\n\
             Same,Name,1990-01-01,S-2,,\n"
        );
        let ready = handed_in(&clinic, ImportKind::Patients, &text, at_once()).await;
        assert_eq!((ready.state, ready.counts), (ImportState::Ready, counted(10, 3, 1, 6)));
        assert_eq!(people(&clinic).await, 2, "nobody was added");
        assert_eq!(wrong(&clinic, ready.id).await, [
            "3 first_name too_long",
            "4 date_of_birth in_the_future",
            "4 email not_an_address",
            "5 mrn of_another_patient",
            "7 date_of_birth required",
            "8 row uneven",
            "9 number of_another_patient",
        ]);
        let refused = run_import(app, &manager, ready.id, false).await;
        assert_eq!(fault(refused), ("skip_faulty".to_owned(), "has_faults".to_owned()));
        let file = faulty_rows(app, &manager, ready.id).await.unwrap();
        assert_eq!(file.headings.last().map(String::as_str), Some("error"));
        assert_eq!(file.rows.len(), 6);
        assert_eq!(file.rows[1][..3], ["Future", "Bo", "2030-01-01"]);
        assert!(file.rows[1][6].contains("Date of birth: The date of birth lies in the future."));
        assert_eq!(file.rows[4], ["Short", "Row", "", "", "", "", &*file.rows[4][6]]);
        run_import(app, &manager, ready.id, true).await.unwrap();
        let done = work(app, &clinic, ready.id).await;
        assert_eq!((done.state, done.counts), (ImportState::Done, counted(10, 3, 1, 6)));
        assert_eq!(people(&clinic).await, 5, "two of one name with two numbers are two people");
        assert_eq!(faulty_rows(app, &manager, ready.id).await.unwrap().rows.len(), 6);
        discard_import(app, &manager, ready.id).await.unwrap();
        let removed = faulty_rows(app, &manager, ready.id).await;
        assert!(matches!(removed, Err(Error::NotFound(_))), "{removed:?}");
        let kept = import(app, &manager, ready.id).await.unwrap();
        assert_eq!((kept.state, kept.counts), (done.state, done.counts));
        clinic.verified().await;
    }

    async fn files_that_cannot_be_read_leave_nothing(db) {
        let clinic = Clinic::new(db).await;
        let (app, manager) = (&clinic.app, clinic.manager());
        let told = |columns: &[(&str, &str)]| {
            let pair = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
            Some(Told { columns: columns.iter().map(pair).collect(), ..Told::default() })
        };
        let head = "last_name,first_name,date_of_birth,Phone,Phone\n";
        let row = "Sample,Pat,1980-02-03,1,2\n";
        for (text, columns, expected) in [
            (String::new(), &[][..], ("file", "empty")),
            (head.to_owned(), &[], ("file", "no_rows")),
            ("a,b\n1,2\n".to_owned(), &[], ("last_name", "required")),
            (" {\"resourceType\": \"Bundle\"}".to_owned(), &[], ("file", "not_a_table")),
            (format!("{head}{row}"), &[("phone", "phone")], ("map", "several_columns")),
            (format!("{head}{row}"), &[("phone", "Fax")], ("map", "unknown_column")),
            (format!("{head}{row}"), &[("hat", "Phone")], ("map", "unknown_field")),
        ] {
            let file = new(ImportKind::Patients, &text, told(columns));
            let refused = begin_import(app, &manager, file, None).await.unwrap_err();
            let Error::Invalid(faults) = refused else { panic!("{text}: {refused:?}") };
            assert_eq!((&*faults.0[0].field, &*faults.0[0].code), expected, "{text}");
        }
        let mut bytes = new(ImportKind::Patients, "", at_once());
        bytes.content = b"last_name,first_name\nS\xf8n,Bo\n".to_vec();
        let told = begin_import(app, &manager, bytes, None).await.unwrap_err();
        assert!(matches!(&told, Error::Invalid(all) if all.0[0].message.contains("Line 2")));
        let file = new(ImportKind::Treatments, "patient,date\nM-1,2026-01-01\n", at_once());
        let placeless = fault(begin_import(app, &manager, file, None).await);
        assert_eq!(placeless, ("location".to_owned(), "required".to_owned()));
        assert_eq!(clinic.number("SELECT count(*) AS n FROM import").await, 0);
        // Two headings are alike: the one that is meant is not guessed.
        let known = new(ImportKind::Patients, &format!("{head}{row}"), None);
        let begun = begin_import(app, &manager, known, None).await.unwrap();
        let (_, found, settings) = columns(app, &manager, begun.id).await.unwrap();
        assert_eq!((found.len(), settings.columns.contains_key("phone")), (5, false));
        discard_import(app, &manager, begun.id).await.unwrap();
        discard_import(app, &manager, begun.id).await.unwrap();
        assert_eq!(clinic.number("SELECT count(*) AS n FROM import_part").await, 0);
        let over = map_import(app, &manager, begun.id, Chosen::default()).await;
        assert_eq!(fault(over), ("state".to_owned(), "not_now".to_owned()));
    }

    async fn treatments_find_their_patients_and_their_time(db) {
        let clinic = Clinic::new(db).await;
        let (app, manager) = (&clinic.app, clinic.manager());
        handed_in(&clinic, ImportKind::Patients, PEOPLE, at_once()).await;
        let text = "number,patient,date,time,location,provider,codes\n\
            V-1,M-1,2025-11-02,01:30,,1234567893,99213 25:150.00; 85025\n\
            V-2,PAT-001,2027-03-09,2:15 PM,harbor,\"Dr. Sample, Dana\",\n\
            V-3,9002,2026-03-08,02:30,,,\n\
            V-4,M-9,2026-01-05,09:00,Nowhere,Nobody,9921399213\n\
            V-1,M-1,2025-11-02,01:30,,,99214\n\
            V-1,M-2,2025-11-02,01:30,,,\n\
            ,M-2,2026-01-05,09:00,LOC-001,,99213\n\
            ,M-2,2026-01-05,09:00,LOC-001,,99213\n\
            ,M-2,2026-01-05,09:00,LOC-001,,99214\n";
        let told = || {
            let location = Some(clinic.downtown);
            Some(Told { run: true, skip_faulty: true, location, ..Told::default() })
        };
        let done = handed_in(&clinic, ImportKind::Treatments, text, told()).await;
        assert_eq!((done.state, done.counts), (ImportState::Done, counted(9, 3, 1, 5)));
        assert_eq!(wrong(&clinic, done.id).await, [
            "4 service_time skipped_by_clocks",
            "5 patient_id not_found",
            "5 location_id not_found",
            "5 physician_id not_found",
            "5 code_1 not_a_code",
            "6 number codes_apart",
            "7 number of_another_treatment",
            "10 row codes_apart",
        ]);
        let first = read::treatment(app, &manager, TreatmentId::new(1)).await.unwrap().0;
        // Half past one came twice on that day: the earlier one is meant.
        assert_eq!(first.fields.service_at, at("2025-11-02T05:30:00Z"));
        assert_eq!(first.fields.status, TreatmentStatus::Completed, "its time is over");
        assert_eq!(first.fields.physician, Some(clinic.physician));
        let codes: Vec<_> = first.fields.procedures.iter().map(|p| &*p.code).collect();
        assert_eq!((codes, &*first.fields.procedures[0].modifiers), (vec!["99213", "85025"], "25"));
        let second = read::treatment(app, &manager, TreatmentId::new(2)).await.unwrap().0;
        assert_eq!(second.fields.service_at, at("2027-03-09T22:15:00Z"), "by the harbor's clock");
        assert_eq!(second.fields.status, TreatmentStatus::Scheduled);
        let again = handed_in(&clinic, ImportKind::Treatments, text, told()).await;
        assert_eq!(again.counts.added, 0);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM treatment").await, 3);
        clinic.verified().await;
    }

    async fn whoever_takes_over_goes_on_behind_the_last_row(db) {
        let clinic = Clinic::new(db).await;
        let (app, system) = (&clinic.app, clinic.system());
        let rows = MAX_ROWS_AT_ONCE * 2 + 50;
        // A clock is more exact than what is stored.
        clinic.set("2026-03-10T15:00:00.123456789Z");
        let file = new(ImportKind::Patients, &crowd(rows), at_once());
        let id = begin_import(app, &clinic.manager(), file, None).await.unwrap().id;
        let other = Db::open(&clinic.url, Durability::Full).await.unwrap();
        let restarted = App { db: other, ..app.clone() };
        for (state, done) in [(ImportState::Checking, 200), (ImportState::Running, 200)] {
            let mut killed = take_up(app, &system, id).await.unwrap().expect("it goes on");
            assert!(go_on(app, &mut killed).await.unwrap());
            let now = import(app, &system, id).await.unwrap();
            assert_eq!((now.state, now.counts.done), (state, done));
            assert!(take_up(&restarted, &system, id).await.unwrap().is_none(), "it is held");
            assert!(due(&restarted, &system).await.unwrap().is_empty());
            clinic.pass(CLAIM);
            assert_eq!(due(&restarted, &system).await.unwrap(), [id]);
            let mut heir = take_up(&restarted, &system, id).await.unwrap().expect("it is free");
            // The one that was taken for dead writes nothing more.
            assert!(!go_on(app, &mut killed).await.unwrap());
            while go_on(&restarted, &mut heir).await.unwrap() {}
        }
        let done = import(app, &system, id).await.unwrap();
        let all = i64::try_from(rows).unwrap();
        assert_eq!((done.state, done.counts), (ImportState::Done, counted(all, all, 0, 0)));
        assert_eq!(people(&clinic).await, all + 2);
        restarted.db.close().await;
        clinic.verified().await;
    }

    async fn sixteen_at_once_add_each_patient_once(db) {
        let clinic = Clinic::new(db).await;
        let mut tasks = tokio::task::JoinSet::new();
        let text = crowd(30);
        for _ in 0..16 {
            let (app, manager) = (clinic.app.clone(), clinic.manager());
            let file = new(ImportKind::Patients, &text, at_once());
            tasks.spawn(async move {
                let id = begin_import(&app, &manager, file, None).await.unwrap().id;
                for _ in 0..2 {
                    let work = take_up(&app, &manager, id).await.unwrap();
                    let mut work = work.expect("nobody else works on it");
                    while go_on(&app, &mut work).await.unwrap() {}
                }
                import(&app, &manager, id).await.unwrap()
            });
        }
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        while let Some(done) = tasks.join_next().await {
            let done = done.unwrap();
            assert_eq!((done.state, done.counts.faulty), (ImportState::Done, 0));
            *sums.entry("added").or_default() += done.counts.added;
            *sums.entry("there").or_default() += done.counts.there;
        }
        assert_eq!(sums, [("added", 30), ("there", 15 * 30)].into());
        assert_eq!(people(&clinic).await, 32);
        clinic.verified().await;
    }
}
