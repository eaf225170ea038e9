//! What people decide about checks: whose they are, whose they are not, what the payer knows
//! better.

use almoner_app::compare_person::PersonField;
use almoner_app::dismiss_differences::dismiss_differences;
use almoner_app::dismiss_file::dismiss_file;
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::match_check::match_check;
use almoner_app::save_patient::{add_patient, edit_patient};
use almoner_app::unmatch_check::unmatch_check;
use almoner_app::use_payers_data::{UsePayersData, use_payers_data};
use almoner_app::{Error, read, read_inbox};
use almoner_domain::checks::CheckRequest;
use almoner_domain::{CheckId, PatientId, text};
use almoner_store::{audit, on_both_engines};
use sha2::{Digest as _, Sha256};

use crate::answers::{BENEFITS, Insured, envelope, transaction};
use crate::common::{Clinic, fault, person};

/// Ann as her payer knows her.
const ANN: Insured<'_> =
    Insured { first: "ANN", last: "EXAMPLE", member_id: "MEMBER-A", birth: "19800229" };

/// Imports an answer about somebody, changed by what `edit` does to its text.
async fn import(clinic: &Clinic, insured: Insured<'_>, edit: impl Fn(String) -> String) -> CheckId {
    let number = clinic.number("SELECT count(*) AS n FROM eligibility_check").await + 1;
    let body = edit(transaction(&format!("{number:04}"), insured, &BENEFITS));
    let content = envelope(1, &[body]);
    let file = ImportFile { name: "a.271".to_owned(), content, patient: None };
    let imported = import_eligibility(&clinic.app, &clinic.manager(), file).await.unwrap();
    imported.checks.unwrap()[0].id
}

/// Imports an answer about Ann in which the payer has another address, and says so.
async fn moved(clinic: &Clinic) -> CheckId {
    import(clinic, ANN, |text| {
        text.replace("DMG*D8", "N3*9 NEW ROAD~\nN4*TOWN*NY*10001~\nDMG*D8")
            .replace("DTP*291", "INS*Y*18*001*25~\nDTP*291")
    })
    .await
}

async fn details(clinic: &Clinic, (subject, seq): (&str, i64), action: &str) -> Vec<String> {
    let mut tx = clinic.app.db.read().await.unwrap();
    let events = audit::of_subject(&mut tx, clinic.organization.id, subject, seq, 50).await;
    let events = events.unwrap().into_iter().map(|named| named.event);
    events.filter(|event| event.action == action).map(|event| event.detail).collect()
}

async fn compared(clinic: &Clinic, check: CheckId) -> Vec<&'static str> {
    let view = read::check(&clinic.app, &clinic.manager(), check).await.unwrap();
    let differing = view.compared.iter().filter(|pair| pair.differs);
    differing.map(|pair| pair.field.as_str()).collect()
}

async fn version(clinic: &Clinic, patient: PatientId) -> i64 {
    let view = read::patient(&clinic.app, &clinic.manager(), patient).await.unwrap();
    view.patient.version
}

on_both_engines! {
    async fn likely_patients_are_offered_and_never_chosen(db) {
        let clinic = Clinic::new(db).await;
        let twin = person("Anna", "Example", "1980-02-29", "MEMBER-T");
        let twin = add_patient(&clinic.app, &clinic.system(), &twin, None, None).await.unwrap();
        let strangers = [
            // The same number under another name.
            (Insured { first: "ZED", last: "OTHER", ..ANN }, vec![clinic.ann]),
            // The same birth and last name; then the first name decides who comes first.
            (Insured { first: "ANNA", member_id: "X", ..ANN }, vec![twin, clinic.ann]),
            // A similar last name, or another day, is nobody.
            (Insured { last: "EXAMPLES", member_id: "X", ..ANN }, vec![]),
            (Insured { birth: "19800228", member_id: "X", ..ANN }, vec![]),
            // Number of one, birth and name of another.
            (Insured { member_id: "MEMBER-B", ..ANN }, vec![clinic.ann, twin, clinic.ben]),
        ];
        for (stranger, expected) in strangers {
            let check = import(&clinic, stranger, |text| text).await;
            let view = read::check(&clinic.app, &clinic.manager(), check).await.unwrap();
            assert_eq!(view.row.patient, None, "{stranger:?}");
            let offered: Vec<PatientId> =
                view.candidates.iter().map(|candidate| candidate.patient.id).collect();
            assert_eq!(offered, expected, "{stranger:?}");
        }
        let request = CheckRequest::default();
        let inbox = read_inbox::inbox(&clinic.app, &clinic.manager(), &request).await.unwrap();
        assert_eq!((inbox.waiting.len(), inbox.count.checks, inbox.count.files), (5, 5, 0));
        assert!(inbox.waiting.iter().any(|waiting| waiting.candidates.len() == 3));
    }

    async fn a_match_writes_down_what_differs(db) {
        let clinic = Clinic::new(db).await;
        let stranger = Insured { first: "ANNIE", birth: "19800228", ..ANN };
        let check = import(&clinic, stranger, |text| text).await;
        let (_, _, candidate) =
            read_inbox::comparison(&clinic.app, &clinic.manager(), check, clinic.ann)
                .await
                .unwrap();
        let differing = candidate.compared.iter().filter(|pair| pair.differs);
        let differing: Vec<&str> = differing.map(|pair| pair.field.as_str()).collect();
        assert_eq!(differing, ["first_name", "date_of_birth"]);
        match_check(&clinic.app, &clinic.manager(), check, clinic.ann).await.unwrap();
        let told = details(&clinic, ("eligibility_check", check.seq()), "check_matched").await;
        assert!(told[0].contains(r#"["first_name","date_of_birth"]"#), "{told:?}");
        assert_eq!(compared(&clinic, check).await, ["first_name", "date_of_birth"]);
        clinic.verified().await;
    }

    async fn a_wrong_match_is_taken_back_once(db) {
        let clinic = Clinic::new(db).await;
        let check = import(&clinic, ANN, |text| text).await;
        let take = async |patient, reason: &str| {
            unmatch_check(&clinic.app, &clinic.manager(), (check, patient), reason).await
        };
        assert_eq!(fault(take(clinic.ann, " ").await).0, "reason");
        let other = take(clinic.ben, "not his").await;
        assert!(matches!(other, Err(Error::NotFound(_))), "{other:?}");
        take(clinic.ann, "O'Brien & Søn <b>").await.unwrap();
        let again = take(clinic.ann, "again").await;
        assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
        let view = read::check(&clinic.app, &clinic.manager(), check).await.unwrap();
        assert_eq!(view.row.patient, None);
        assert_eq!(view.decisions.put_back.as_deref(), Some("O'Brien & Søn <b>"));
        let patient = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        assert!(patient.checks.is_empty());
        match_check(&clinic.app, &clinic.manager(), check, clinic.ben).await.unwrap();
        let view = read::check(&clinic.app, &clinic.manager(), check).await.unwrap();
        assert_eq!((view.row.patient, view.decisions.put_back), (Some(clinic.ben), None));
        let told = details(&clinic, ("eligibility_check", check.seq()), "check_unmatched").await;
        assert_eq!(told.len(), 1);
        clinic.verified().await;
    }

    async fn of_two_who_match_at_once_one_is_told_no(db) {
        let clinic = Clinic::new(db).await;
        let check = import(&clinic, Insured { member_id: "X", ..ANN }, |text| text).await;
        let manager = clinic.manager();
        let give = |patient| match_check(&clinic.app, &manager, check, patient);
        let (one, other) = tokio::join!(give(clinic.ann), give(clinic.ben));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let view = read::check(&clinic.app, &manager, check).await.unwrap();
        let winner = if one.is_ok() { clinic.ann } else { clinic.ben };
        assert_eq!(view.row.patient, Some(winner));
        let take = || unmatch_check(&clinic.app, &manager, (check, winner), "wrong");
        let (one, other) = tokio::join!(take(), take());
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let told = details(&clinic, ("eligibility_check", check.seq()), "check_unmatched").await;
        assert_eq!(told.len(), 1);
    }

    async fn the_payer_s_data_are_taken_over_field_by_field(db) {
        let clinic = Clinic::new(db).await;
        let stranger =
            Insured { first: "ANNIE", last: "EXAMPLE", member_id: "NEW-1", birth: "19800301" };
        let check = import(&clinic, stranger, |text| text).await;
        match_check(&clinic.app, &clinic.manager(), check, clinic.ann).await.unwrap();
        let fields = ["first_name", "date_of_birth", "member_id"];
        assert_eq!(compared(&clinic, check).await, fields);
        let take = async |field, version| {
            let input = UsePayersData { check, patient: clinic.ann, version, field };
            use_payers_data(&clinic.app, &clinic.manager(), &input).await
        };
        let before = version(&clinic, clinic.ann).await;
        let stale = take(PersonField::FirstName, before + 7).await;
        assert!(matches!(stale, Err(Error::Stale { .. })), "{stale:?}");
        for (place, name) in fields.into_iter().enumerate() {
            let field = PersonField::from_name(name).unwrap();
            let seen = version(&clinic, clinic.ann).await;
            take(field, seen).await.unwrap();
            // Twice is once, though the version moved on.
            take(field, seen).await.unwrap();
            assert_eq!(compared(&clinic, check).await, fields[place + 1..]);
            assert_eq!(version(&clinic, clinic.ann).await, seen + 1);
        }
        let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        assert_eq!(view.patient.fields.first_name, "ANNIE");
        assert_eq!(view.patient.fields.date_of_birth.to_string(), "1980-03-01");
        assert_eq!(view.coverages[0].member_id.as_deref(), Some("NEW-1"));
        let told = details(&clinic, ("patient", clinic.ann.seq()), "patient_changed").await;
        assert_eq!(told.len(), 3);
        assert!(told.iter().any(|detail| detail.contains("MEMBER-A")), "{told:?}");
        let foreign = UsePayersData {
            check,
            patient: clinic.ben,
            version: 1,
            field: PersonField::FirstName,
        };
        let refused = use_payers_data(&clinic.app, &clinic.manager(), &foreign).await;
        assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
        clinic.verified().await;
    }

    async fn a_member_id_needs_a_coverage_and_a_value_must_fit(db) {
        let clinic = Clinic::new(db).await;
        let endless = "NEW ROAD ".repeat(40);
        let check = import(&clinic, ANN, |text| {
            text.replace("DMG*D8", &format!("INS*Y*18*001*25~\nN3*{endless}~\nDMG*D8"))
        })
        .await;
        let mut entry = person("Ann", "Example", "1980-02-29", "MEMBER-A");
        "1 Sample Street".clone_into(&mut entry.address);
        let at = (clinic.ann, version(&clinic, clinic.ann).await);
        edit_patient(&clinic.app, &clinic.manager(), at, &entry).await.unwrap();
        let input = UsePayersData {
            check,
            patient: clinic.ann,
            version: version(&clinic, clinic.ann).await,
            field: PersonField::Address,
        };
        let refused = use_payers_data(&clinic.app, &clinic.manager(), &input).await;
        assert_eq!(fault(refused), ("address".to_owned(), "too_long".to_owned()));
    }

    async fn changed_demographics_are_told_until_they_are_dismissed(db) {
        let clinic = Clinic::new(db).await;
        let mut entry = person("Ann", "Example", "1980-02-29", "MEMBER-A");
        "1 Sample Street, Town, NY 10001".clone_into(&mut entry.address);
        let at = (clinic.ann, version(&clinic, clinic.ann).await);
        edit_patient(&clinic.app, &clinic.manager(), at, &entry).await.unwrap();
        let check = moved(&clinic).await;
        let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        let told = view.compared.unwrap();
        assert_eq!((told.id, told.is_flagged, told.is_dismissed), (check, true, false));
        assert_eq!(compared(&clinic, check).await, ["address"]);
        for _ in 0..2 {
            dismiss_differences(&clinic.app, &clinic.manager(), check).await.unwrap();
        }
        let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        assert!(view.compared.unwrap().is_dismissed);
        let subject = ("eligibility_check", check.seq());
        assert_eq!(details(&clinic, subject, "differences_dismissed").await.len(), 1);
        clinic.verified().await;
    }

    async fn unreadable_files_are_kept_and_leave_the_inbox_once(db) {
        let clinic = Clinic::new(db).await;
        let content = b"%PDF-1.7 a letter".to_vec();
        let file =
            ImportFile { name: "scan.pdf".to_owned(), content: content.clone(), patient: None };
        import_eligibility(&clinic.app, &clinic.manager(), file).await.unwrap();
        let read_check = import(&clinic, ANN, |text| text).await;
        let view = read::check(&clinic.app, &clinic.manager(), read_check).await.unwrap();
        let hash = Sha256::digest(&content).to_vec();
        let kept =
            read_inbox::unread_file(&clinic.app, &clinic.manager(), &text::hex(&hash)).await;
        let kept = kept.unwrap();
        let size = i64::try_from(content.len()).unwrap();
        assert_eq!((kept.name.as_str(), kept.size_bytes), ("scan.pdf", size));
        let part = read::file_part(&clinic.app, &clinic.manager(), &kept.hash, 0).await;
        assert_eq!(part.unwrap(), Some(content));
        // A file that was read belongs to its checks.
        for foreign in [text::hex(&view.row.file_hash), "zz".to_owned(), String::new()] {
            let refused =
                read_inbox::unread_file(&clinic.app, &clinic.manager(), &foreign).await;
            assert!(matches!(refused, Err(Error::NotFound("file"))), "{refused:?}");
        }
        let refused = dismiss_file(&clinic.app, &clinic.manager(), &view.row.file_hash).await;
        assert!(matches!(refused, Err(Error::NotFound("file"))), "{refused:?}");
        let inbox = async || {
            let request = CheckRequest::default();
            read_inbox::inbox(&clinic.app, &clinic.manager(), &request).await.unwrap()
        };
        assert_eq!((inbox().await.unread.len(), inbox().await.count.files), (1, 1));
        for _ in 0..2 {
            dismiss_file(&clinic.app, &clinic.manager(), &hash).await.unwrap();
        }
        assert_eq!((inbox().await.unread.len(), inbox().await.count.files), (0, 0));
        let told = details(&clinic, ("eligibility_file", 0), "file_dismissed").await;
        assert_eq!(told.len(), 1);
        clinic.verified().await;
    }
}
