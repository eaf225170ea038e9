//! What people decide about checks: whose they are, whose not, and what the payer knows better.

use almoner_app::match_check::match_check;
use almoner_app::save_patient::{CoverageEntry, PatientEntry, add_patient};
use almoner_domain::role::Role;
use almoner_domain::{CheckId, PatientId};
use almoner_store::on_both_engines;

use crate::eligibility::{BEN, Insured, NORA, SCAN, SCAN_HASH, answer, file};
use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site};

/// Ben, whom his payer has under another first name and day of birth.
const BENNO: Insured<'_> = Insured { first: "BENNO", birth: "19750705", ..BEN };

const ACTIVE: [&str; 1] = ["EB*1**30"];

/// A version that the differences' form shows.
fn version(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"version\" value=\"").expect("the form has a version");
    rest.split('"').next().expect("a value ends").to_owned()
}

on_both_engines! {
    async fn the_inbox_says_why_each_waits_and_whom_it_may_be(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.get("/eligibility/inbox").await.shows(200, &["Nothing waits"]);
        site.import(answer(NORA)).await;
        site.import(file(8, BENNO, &ACTIVE)).await;
        site.import(file(9, Insured { member_id: "", ..NORA }, &ACTIVE)).await;
        site.import(SCAN.to_vec()).await;
        let page = desk.get("/eligibility/inbox").await;
        let told = [
            "1–3 of 3",
            "NOBODY, NORA",
            "No patient has this member ID, or this date of birth and last name.",
            "Same member ID · Same last name",
            "<td class=\"wrap\">BENNO",
            "Jul 5, 1975",
            "Jul 4, 1975",
            "Match to Ben Specimen",
            "value=\"first_name,date_of_birth\"",
            "The answer names no member ID to find the patient by.",
            "/patients/new?check=ELG-001",
            "/eligibility/ELG-002#s-match",
            "This is not an X12 file",
            "Ask the sender for the 271 itself",
        ];
        page.shows(200, &told);
        let raw = format!("/eligibility/files/{SCAN_HASH}/raw");
        let reply = desk.get(&raw).await;
        assert_eq!(reply.body, SCAN);
        assert_eq!(reply.header("content-security-policy"), "sandbox");
        assert_eq!(desk.get("/eligibility/files/00/raw").await.status, 404);
        for _ in 0..2 {
            let dismissed = desk.post(&raw.replace("/raw", "/dismiss"), &[("key", "k")]).await;
            assert_eq!(dismissed.to(), "/eligibility/inbox");
        }
        desk.get("/eligibility/inbox").await.lacks(&["could not be read", SCAN_HASH]);
        desk.get("/eligibility").await.shows(200, &["3 checks wait for a patient."]);
        assert_eq!(desk.get(&raw).await.status, 200, "it is kept");
    }

    async fn what_differs_is_shown_before_a_check_is_matched(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(file(8, BENNO, &ACTIVE)).await;
        let to = "/eligibility/ELG-001/match";
        let page = desk.get("/eligibility/ELG-001").await;
        page.shows(200, &["Whose is it?", "Match to Ben Specimen", "/patients/new?check=ELG-001"]);
        desk.post(to, &[]).await.shows(422, &["Find the patient"]);
        assert_eq!(desk.post(to, &[("patient", "PAT-099")]).await.status, 404);
        for seen in ["", "first_name"] {
            let asked = desk.post(to, &[("patient", "PAT-002"), ("seen", seen)]).await;
            let told = ["Is it Ben Specimen?", "BENNO", "value=\"first_name,date_of_birth\""];
            asked.shows(200, &told);
        }
        let sure = [("patient", "PAT-002"), ("seen", "first_name,date_of_birth")];
        for _ in 0..2 {
            assert_eq!(desk.post(to, &sure).await.to(), "/eligibility/ELG-001");
        }
        // The other tab, with another patient, is too late.
        let all = "first_name,last_name,date_of_birth,member_id";
        let late = [("patient", "PAT-001"), ("seen", all)];
        assert_eq!(desk.post(to, &late).await.status, 404);
        let page = desk.get("/eligibility/ELG-001").await;
        page.shows(200, &["Ben Specimen", "has another first name and date of birth"]);
        page.lacks(&["Whose is it?"]);
        let new = desk.open("/patients/new?check=ELG-001").await;
        assert_eq!(new.to(), "/eligibility/ELG-001");
    }

    async fn a_check_that_names_the_very_person_is_matched_at_once(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let content = answer(BEN);
        let sent = [("files", Some("a.271"), &content[..]), ("patient", None, b"PAT-001")];
        desk.upload(&sent).await.shows(200, &["names another person", "Waits for a patient"]);
        desk.get("/eligibility/inbox").await.shows(200, &["names another person"]);
        let found = desk.get("/eligibility/ELG-001?q=ben").await;
        found.shows(200, &["name=\"patient\" value=\"PAT-002\"", "/eligibility/ELG-001/match"]);
        let matched = desk.post("/eligibility/ELG-001/match", &[("patient", "PAT-002")]).await;
        assert_eq!(matched.to(), "/eligibility/ELG-001");
    }

    async fn a_wrong_match_is_undone_with_a_reason(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let biller = site.browser(Role::Biller).await;
        site.import(answer(BEN)).await;
        desk.get("/eligibility/ELG-001").await.lacks(&["/unmatch"]);
        biller.get("/eligibility/ELG-001").await.shows(200, &["/eligibility/ELG-001/unmatch"]);
        let to = "/eligibility/ELG-001/unmatch";
        biller.open(to).await.shows(200, &["Undo the match", "keep their figures", "Ben Specimen"]);
        let fields = [("key", "k"), ("patient", "PAT-002"), ("reason", " ")];
        biller.post(to, &fields).await.shows(422, &["id=\"e-reason\""]);
        let fields = [("key", "k"), ("patient", "PAT-001"), ("reason", "wrong")];
        assert_eq!(biller.post(to, &fields).await.status, 404);
        let fields = [("key", "k"), ("patient", "PAT-002"), ("reason", HARD_NAME)];
        for _ in 0..2 {
            assert_eq!(biller.post(to, &fields).await.to(), "/eligibility/ELG-001");
        }
        let told = format!("It was taken back from a patient: {HARD_NAME_SHOWN}.");
        desk.get("/eligibility/ELG-001").await.shows(200, &["Whose is it?", &told]);
        desk.get("/eligibility/inbox").await.shows(200, &[&told, "Match to Ben Specimen"]);
        assert_eq!(biller.open(to).await.to(), "/eligibility/ELG-001");
        desk.get("/patients/PAT-002").await.shows(200, &["No checks on file"]);
    }

    async fn the_payer_s_data_are_taken_over_or_dismissed(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(file(8, BENNO, &ACTIVE)).await;
        let (check, ben) = (CheckId::new(1), PatientId::new(2));
        match_check(&site.app, &site.system(), check, ben).await.unwrap();
        let page = desk.get("/patients/PAT-002").await;
        let told = [
            "SAMPLE HEALTH PLAN has another first name and date of birth",
            "<td class=\"wrap\">BENNO",
            "Use the payer's",
            "Dismiss",
        ];
        page.shows(200, &told);
        let auditor = site.browser(Role::Auditor).await;
        let page = auditor.get("/patients/PAT-002").await;
        page.shows(200, &[told[0]]).lacks(&["name=\"use\"", "value=\"dismiss\""]);
        let to = "/eligibility/ELG-001/differences";
        let seen = version(&desk.get("/eligibility/ELG-001").await.text());
        let fields = |field| [("patient", "PAT-002"), ("version", &*seen), ("use", field)];
        desk.post(to, &fields("mrn")).await.shows(422, &["Choose what to take over."]);
        for _ in 0..2 {
            assert_eq!(desk.post(to, &fields("first_name")).await.to(), "/eligibility/ELG-001");
        }
        // The form of before the change must not overwrite what it did not show.
        assert_eq!(desk.post(to, &fields("date_of_birth")).await.status, 409);
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["BENNO Specimen", "has another date of birth"]);
        let dismiss = [("patient", "PAT-002"), ("back", "patient"), ("do", "dismiss")];
        for _ in 0..2 {
            assert_eq!(desk.post(to, &dismiss).await.to(), "/patients/PAT-002");
        }
        desk.get("/patients/PAT-002").await.lacks(&["has another"]);
        let page = desk.get("/eligibility/ELG-001").await;
        page.shows(200, &["has another date of birth", "Dismissed on Mar 10, 2026"]);
        page.lacks(&["value=\"dismiss\""]);
    }

    async fn another_address_is_told_when_the_payer_says_that_its_data_differ(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let coverage = CoverageEntry {
            payer: "Sample Health Plan".to_owned(),
            member_id: NORA.member_id.to_owned(),
            ..CoverageEntry::default()
        };
        let nora = PatientEntry {
            first_name: "Nora".to_owned(),
            last_name: "Nobody".to_owned(),
            date_of_birth: "1962-03-14".to_owned(),
            address: "1 Sample Street".to_owned(),
            coverages: vec![coverage],
            ..PatientEntry::default()
        };
        add_patient(&site.app, &site.system(), &nora, None, None).await.unwrap();
        let import = async |number: u32, flag: &str| {
            let text = String::from_utf8(file(number, NORA, &ACTIVE)).unwrap();
            let moved = format!("N3*9 NEW ROAD~\n{flag}DMG*D8");
            site.import(text.replace("DMG*D8", &moved).into_bytes()).await;
        };
        import(8, "").await;
        desk.get("/patients/PAT-003").await.lacks(&["has another"]);
        let page = desk.get("/eligibility/ELG-001").await;
        page.shows(200, &["9 NEW ROAD"]).lacks(&["has another", "says itself"]);
        import(9, "INS*Y*18*001*25~\n").await;
        let page = desk.get("/patients/PAT-003").await;
        page.shows(200, &["has another address", "says itself", "most recent", "yesterday"]);
        assert_eq!(page.text().matches("most recent").count(), 1);
    }
}
