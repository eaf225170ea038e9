//! Checks: imported, matched, made into patients, downloaded.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::site::Site;

/// A person whom the payer speaks of.
#[derive(Clone, Copy)]
pub(crate) struct Insured<'a> {
    first: &'a str,
    last: &'a str,
    member_id: &'a str,
    birth: &'a str,
}

/// Somebody whom no clinic knows.
pub(crate) const NORA: Insured<'_> =
    Insured { first: "NORA", last: "NOBODY", member_id: "1EG4TE5MK73", birth: "19620314" };
/// The second patient of the clinic.
pub(crate) const BEN: Insured<'_> =
    Insured { first: "BEN", last: "SPECIMEN", member_id: "MEMBER-B", birth: "19750704" };

const BENEFITS: [&str; 4] = [
    "EB*1*IND*30*PP*SAMPLE GOLD PPO",
    "EB*B*IND*98***27*25.00*****Y~\nMSG*<b>PRIMARY</b> CARE",
    "EB*C*IND*30***29*412.35*****Y",
    "EB*A*IND*30***23**.2****Y",
];

/// A file with an answer that has these segments after the person.
pub(crate) fn file(number: u32, insured: Insured<'_>, rows: &[&str]) -> Vec<u8> {
    let Insured { first, last, member_id, birth } = insured;
    let mut segments = vec![
        "ST*271*0007*005010X279A1".to_owned(),
        format!("BHT*0022*11*REF-{number}*20260309*0915"),
        "HL*1**20*1".to_owned(),
        "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042".to_owned(),
        "HL*2*1*21*1".to_owned(),
        "NM1*1P*2*SAMPLE CLINIC*****XX*1234567893".to_owned(),
        "HL*3*2*22*0".to_owned(),
        format!("TRN*2*TRACE-{number}*9123456789"),
        format!("NM1*IL*1*{last}*{first}****MI*{member_id}"),
        format!("DMG*D8*{birth}*F"),
        "DTP*291*RD8*20260101-20261231".to_owned(),
    ];
    segments.extend(rows.iter().map(|&row| row.to_owned()));
    let count = segments.iter().map(|text| text.lines().count()).sum::<usize>() + 1;
    segments.push(format!("SE*{count}*0007"));
    let body = segments.join("~\n");
    format!(
        "ISA*00*          *00*          *ZZ*SAMPLEPAYER    *ZZ*SAMPLECLINIC   \
         *260309*0915*^*00501*{number:09}*0*T*:~\n\
         GS*HB*SAMPLEPAYER*SAMPLECLINIC*20260309*0915*{number}*X*005010X279A1~\n\
         {body}~\nGE*1*{number}~\nIEA*1*{number:09}~\n"
    )
    .into_bytes()
}

/// A file with an answer about that person.
pub(crate) fn answer(insured: Insured<'_>) -> Vec<u8> {
    file(7, insured, &BENEFITS)
}

on_both_engines! {
    async fn files_are_imported_and_each_is_told_of(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (known, unknown) = (answer(BEN), answer(NORA));
        let sent: [(_, _, &[u8]); 5] = [
            ("key", None, b"k"),
            ("files", Some("../in/<b>ben.271"), &known),
            ("files", Some("nora.271"), &unknown),
            ("files", Some("again.271"), &known),
            ("files", Some("scan.pdf"), b"%PDF-1.7"),
        ];
        let told = [
            "3 checks read from 4 files",
            "1 file could not be read",
            "&#60;b&#62;ben.271",
            "Specimen, Ben",
            "Matched",
            "NOBODY, NORA",
            "Waits for a patient",
            "Here already",
            "This is not an X12 file",
        ];
        let reply = desk.upload(&sent).await;
        reply.shows(200, &told).lacks(&["../in", "<b>ben"]);
        desk.get("/patients/PAT-002").await.shows(200, &["ELG-001", "SAMPLE HEALTH PLAN"]);
        let list = desk.get("/eligibility").await;
        list.shows(200, &["Waiting for a patient", "NOBODY, NORA", "Specimen, Ben", "1–2 of 2"]);
        assert_eq!(desk.get("/eligibility?q=elg-1").await.to(), "/eligibility/ELG-001");
        let found = desk.get("/eligibility?q=spec").await;
        found.shows(200, &["Specimen, Ben", "1–1 of 1"]);
        desk.get("/eligibility?q=ELG-99").await.shows(200, &["No check matches"]);
    }

    async fn an_import_without_files_is_told_kindly(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        for none in [vec![], vec![("files", Some(""), &b""[..])]] {
            desk.upload(&none).await.shows(422, &["Choose a file.", "id=\"e-files\""]);
        }
        let form = desk.post("/eligibility/import", &[("files", "x")]).await;
        form.shows(422, &["Choose a file."]);
        let content = answer(BEN);
        let odd = [("files", Some("a.271"), &content[..]), ("patient", None, b"PAT-x")];
        desk.upload(&odd).await.shows(422, &["Choose a patient."]);
        let other = [("files", Some("a.271"), &content[..]), ("patient", None, b"PAT-001")];
        let reply = desk.upload(&other).await;
        reply.shows(200, &["Waits for a patient", "names another person"]);
    }

    async fn a_check_is_shown_with_its_benefits(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(answer(BEN)).await;
        let page = desk.get("/eligibility/ELG-001").await;
        let told = [
            "Active",
            "Ben Specimen",
            "SAMPLE GOLD PPO",
            "Whole plan",
            "Office visit",
            "In network",
            "$25.00",
            "$412.35",
            "20 %",
            "&#60;b&#62;PRIMARY&#60;/b&#62; CARE",
            "Jan 1, 2026 – Dec 31, 2026",
            "MEMBER-B",
            "TRACE-7",
        ];
        page.shows(200, &told).lacks(&["<b>PRIMARY", "/match"]);
        site.import(file(8, NORA, &["AAA*N**71*C"])).await;
        let page = desk.get("/eligibility/ELG-002").await;
        let told = ["Rejected", "birth date does not match", "the subscriber", "71, C"];
        page.shows(200, &told);
    }

    async fn a_waiting_check_is_given_to_its_patient(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(answer(NORA)).await;
        let page = desk.get("/eligibility/ELG-001").await;
        let told = ["Whose is it?", "value=\"NOBODY, NORA\"", "/patients/new?check=ELG-001"];
        page.shows(200, &told);
        let found = desk.get("/eligibility/ELG-001?q=ben").await;
        found.shows(200, &["name=\"patient\" value=\"PAT-002\"", "/eligibility/ELG-001/match"]);
        let to = "/eligibility/ELG-001/match";
        desk.post(to, &[]).await.shows(422, &["Find the patient"]);
        assert_eq!(desk.post(to, &[("patient", "PAT-099")]).await.status, 404);
        for _ in 0..2 {
            let matched = desk.post(to, &[("patient", "PAT-002")]).await;
            assert_eq!(matched.to(), "/eligibility/ELG-001");
        }
        assert_eq!(desk.post(to, &[("patient", "PAT-001")]).await.status, 404);
        let page = desk.get("/eligibility/ELG-001").await;
        page.shows(200, &["Ben Specimen"]).lacks(&["Whose is it?"]);
        let new = desk.open("/patients/new?check=ELG-001").await;
        assert_eq!(new.to(), "/eligibility/ELG-001");
    }

    async fn a_waiting_check_becomes_a_patient(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(answer(NORA)).await;
        let form = desk.open("/patients/new?check=ELG-001").await;
        let told = [
            "value=\"NORA\"",
            "value=\"NOBODY\"",
            "value=\"1962-03-14\"",
            "value=\"female\" selected",
            "value=\"SAMPLE HEALTH PLAN\"",
            "value=\"1EG4TE5MK73\"",
            "value=\"SAMPLE GOLD PPO\"",
            "name=\"check\" value=\"ELG-001\"",
        ];
        form.shows(200, &told);
        let fields = [
            ("key", "one"),
            ("check", "ELG-001"),
            ("first_name", "Nora"),
            ("last_name", "Nobody"),
            ("date_of_birth", "1962-03-14"),
        ];
        assert_eq!(desk.post("/patients", &fields).await.to(), "/patients/PAT-003");
        desk.get("/eligibility/ELG-001").await.shows(200, &["Nora Nobody"]);
        let mut late = fields;
        late[0].1 = "two";
        let reply = desk.post("/patients", &late).await;
        reply.shows(404, &["does not wait for a patient any more", "value=\"Nora\""]);
        reply.lacks(&["name=\"check\""]);
        desk.get("/patients").await.shows(200, &["1–3 of 3"]);
    }

    async fn the_payer_s_text_is_kept_as_it_came(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let content = answer(BEN);
        desk.upload(&[("files", Some("a \\\"b<.271"), &content)]).await.shows(200, &[]);
        let reply = desk.get("/eligibility/ELG-001/raw").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body, content);
        assert_eq!(reply.header("content-type"), "application/edi-x12");
        assert_eq!(reply.header("content-security-policy"), "sandbox");
        let name = reply.header("content-disposition");
        let bare = name.strip_prefix("attachment; filename=\"").and_then(|n| n.strip_suffix('"'));
        let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        assert!(bare.is_some_and(|bare| bare.chars().all(safe)), "{name}");
    }
}
