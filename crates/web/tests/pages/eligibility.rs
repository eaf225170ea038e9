//! Checks: imported, matched, made into patients, downloaded.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::site::Site;

/// A person whom the payer speaks of.
#[derive(Clone, Copy)]
pub(crate) struct Insured<'a> {
    pub(crate) first: &'a str,
    pub(crate) last: &'a str,
    pub(crate) member_id: &'a str,
    pub(crate) birth: &'a str,
}

/// Somebody whom no clinic knows.
pub(crate) const NORA: Insured<'_> =
    Insured { first: "NORA", last: "NOBODY", member_id: "1EG4TE5MK73", birth: "19620314" };
/// The second patient of the clinic.
pub(crate) const BEN: Insured<'_> =
    Insured { first: "BEN", last: "SPECIMEN", member_id: "MEMBER-B", birth: "19750704" };

/// What nothing can be read from, and the hash of it.
pub(crate) const SCAN: &[u8] = b"%PDF-1.7";
pub(crate) const SCAN_HASH: &str =
    "86edbaa24831badfa0a8b04bb410141e2ee4182b6d0014493fe262a7a331c20b";

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

/// A file with an answer about Nora, who is insured through her mother.
pub(crate) fn family() -> Vec<u8> {
    let text = String::from_utf8(answer(NORA)).expect("answers are text");
    let mother = "HL*3*2*22*1~\nNM1*IL*1*PARENT*CLEO****MI*1EG4TE5MK73~\nDMG*D8*19600304~\n\
        HL*4*3*23*0~";
    let text = text.replace("HL*3*2*22*0~", mother).replace("NM1*IL*1*NOBODY", "NM1*03*1*NOBODY");
    text.replace("DTP*291", "INS*N*19~\nDTP*291").into_bytes()
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
            "Here already: ELG-001",
            "1 answer: 1 matched",
            "1 answer: 1 waits for a patient",
            "1 answer: 1 here already",
            "This is not an X12 file",
        ];
        let reply = desk.upload(&sent).await;
        reply.shows(200, &told).lacks(&["../in", "<b>ben"]);
        desk.get("/patients/PAT-002").await.shows(200, &["ELG-001", "SAMPLE HEALTH PLAN"]);
        let list = desk.get("/eligibility").await;
        list.shows(200, &["NOBODY, NORA", "Specimen, Ben", "1–2 of 2", "SAMPLE GOLD PPO"]);
        list.shows(200, &["1 check waits for a patient, 1 file could not be read."]);
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

    async fn of_a_great_file_the_first_answers_are_told(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let text = String::from_utf8(file(9, NORA, &BENEFITS)).unwrap();
        let (head, rest) = text.split_once("ST*271").unwrap();
        let (body, tail) = rest.split_once("GE*1").unwrap();
        let one = |number: i32| format!("ST*271{}", body.replace("E-9", &number.to_string()));
        let bodies = (0..70).map(one).collect::<Vec<_>>().concat();
        let content = format!("{head}{bodies}GE*70{tail}");
        let reply = desk.upload(&[("files", Some("many.271"), content.as_bytes())]).await;
        let told = ["70 checks read from 1 file", "70 answers: 70 wait for a patient"];
        reply.shows(200, &told).shows(200, &["and 20 more answers, in the list"]);
        assert_eq!(reply.text().matches("href=\"/eligibility/ELG-").count(), 50);
        desk.get("/eligibility").await.shows(200, &["1–50 of 70", "70 checks wait"]);
    }

    async fn the_list_is_narrowed_sorted_and_paged_by_its_address(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.get("/eligibility").await.shows(200, &["No eligibility checks yet"]);
        for number in 1..=30 {
            let rows = if number % 10 == 0 { &["AAA*N**75*C"][..] } else { &BENEFITS };
            let mut content = String::from_utf8(file(number, BEN, rows)).unwrap();
            content = content.replace("20260309*0915", &format!("202601{number:02}*0915"));
            if number % 3 == 0 {
                content = content.replace("SAMPLE HEALTH PLAN", "O'BRIEN & S\u{d8}N <b> MUTUAL");
            }
            site.import(content.into_bytes()).await;
        }
        let shown = async |address: &str, texts: &[&str]| {
            desk.get(address).await.shows(200, texts).lacks(&["S\u{d8}N <b>"]);
        };
        let rejected = ["1–3 of 3", "Remove filter: </span>Rejected"];
        shown("/eligibility?outcome=rejected", &rejected).await;
        shown("/eligibility?outcome=rejected&outcome=active", &["1–30 of 30"]).await;
        let of_payer = ["1–10 of 10", "checked> <span>O&#39;BRIEN"];
        shown("/eligibility?payer=obrien+son+b+mutual", &of_payer).await;
        let of_nobody = ["No check matches", "Remove filter: </span>nobody"];
        shown("/eligibility?payer=nobody", &of_nobody).await;
        shown("/eligibility?q=mutual&outcome=rejected", &["1–1 of 1", "ELG-030"]).await;
        shown("/eligibility?checked_from=2026-01-11&checked_to=2026-01-12", &["1–2 of 2"]).await;
        let wrong = desk.get("/eligibility?checked_from=31.3.").await;
        wrong.shows(200, &["id=\"e-checked_from\"", "1–30 of 30", "value=\"31.3.\""]);
        shown("/eligibility?waiting=1", &["No check matches"]).await;
        let first = desk.get("/eligibility?sort=payer&dir=desc&per_page=25").await;
        first.shows(200, &["1–25 of 30", "aria-sort=\"descending\"", "after=ELG-"]);
        let text = first.text();
        let next = text.split("href=\"").find(|part| part.contains("after=")).unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let second = desk.get(&next).await;
        second.shows(200, &["26–30 of 30", "sort=payer", "dir=desc"]);
        let last = desk.get("/eligibility?sort=payer&dir=desc&per_page=25&page=last").await;
        last.shows(200, &["26–30 of 30"]);
        shown("/eligibility?page=40", &["Nothing on this page"]).await;
        // While it is typed, an exact id is searched for and not gone to.
        let live = desk.live("/eligibility?q=ELG-7").await;
        live.shows(200, &["1–1 of 1"]);
        assert_eq!(desk.get("/eligibility?q=ELG-7").await.to(), "/eligibility/ELG-007");
    }

    async fn checks_are_found_by_the_name_that_the_payer_gave(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(answer(NORA)).await;
        site.import(file(8, BEN, &BENEFITS)).await;
        for (typed, found) in [
            ("nora", "NOBODY, NORA"),
            ("no nob", "NOBODY, NORA"),
            ("specimen", "Specimen, Ben"),
            ("elg-1", "NOBODY, NORA"),
        ] {
            let page = desk.live(&format!("/eligibility?q={}", typed.replace(' ', "+"))).await;
            page.shows(200, &[found, "1–1 of 1"]);
        }
        desk.get("/eligibility?q=sample+health").await.shows(200, &["1–2 of 2"]);
        desk.get("/eligibility?q=zzz").await.shows(200, &["No check matches"]);
    }

    async fn a_check_is_shown_with_its_benefits(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(answer(BEN)).await;
        let page = desk.get("/eligibility/ELG-001").await;
        let told = [
            "Active",
            "Coverage is active",
            "The subscriber",
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
            "Out-of-pocket maximum",
            "not returned by the payer",
            "<code>MSG*&#60;b&#62;PRIMARY&#60;/b&#62; CARE</code>",
        ];
        page.shows(200, &told).lacks(&["<b>PRIMARY", "/match", "$0.00", "has another"]);
    }

    async fn rows_of_all_kinds_are_told_in_words(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let rows = [
            "EB*1**98^UC*****",
            "EB*6**35",
            "EB*B*IND*98***27*0*****Y",
            "EB*B*IND*98***27******N",
            "EB*G*IND*30***29*99999.99*****Y",
            "EB*F*IND*PT***22**.5*VS*20~\nHSD*VS*20***22*1~\nDTP*348*D8*20260101",
            "EB*R**30~\nLS*2120~\nNM1*PR*2*OTHER SAMPLE PLAN~\nLE*2120",
        ];
        site.import(file(9, BEN, &rows)).await;
        let page = desk.get("/eligibility/ELG-001").await;
        let told = [
            "Office visit, Urgent care",
            "Dental",
            "Inactive",
            "<b>$0.00</b>",
            "$99,999.99 (no limit)",
            "20 visits for 1 × service year",
            "Benefit begins: Jan 1, 2026",
            "Names OTHER SAMPLE PLAN",
            "Out of network",
        ];
        page.shows(200, &told);
        site.import(file(10, BEN, &["EB*1**30"])).await;
        let page = desk.get("/eligibility/ELG-002").await;
        page.shows(200, &["The payer returned no cost sharing"]).lacks(&["$"]);
    }

    async fn a_dependent_s_check_keeps_the_subscriber_s_rows_apart(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let rows = [
            "EB*C*IND*30***29*100*****Y~\nHL*4*3*23*0",
            "NM1*03*1*SPECIMEN*KID~\nDMG*D8*20150102*M",
            "EB*C*IND*30***29*55.55*****Y",
        ];
        let content = file(9, BEN, &rows);
        let content = String::from_utf8(content).unwrap().replace("HL*3*2*22*0", "HL*3*2*22*1");
        site.import(content.into_bytes()).await;
        let page = desk.get("/eligibility/ELG-001").await;
        let told = [
            "A dependent of SPECIMEN, BEN",
            "The subscriber's benefits <small>not used</small>",
            "$55.55",
            "$100.00",
            "SPECIMEN, KID",
        ];
        page.shows(200, &told);
        let text = page.text();
        let context = text.find("s-context").unwrap();
        assert!(text.find("$55.55").unwrap() < context && context < text.find("$100.00").unwrap());
    }

    async fn a_rejection_says_what_to_do_next(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(file(8, BEN, &["AAA*N**71*C"])).await;
        let page = desk.get("/eligibility/ELG-001").await;
        let told = [
            "Rejected",
            "The payer could not answer",
            "birth date does not match",
            "the subscriber",
            "71, C",
            "Compare the date of birth",
            "href=\"/patients/PAT-002/edit#f-date_of_birth\"",
        ];
        page.shows(200, &told).lacks(&["$0.00"]);
        let auditor = site.browser(Role::Auditor).await;
        auditor.get("/eligibility/ELG-001").await.lacks(&["/edit#"]);
        site.import(file(9, NORA, &["AAA*N**42*R"])).await;
        let page = desk.get("/eligibility/ELG-002").await;
        page.shows(200, &["Nothing is wrong with the question", "42, R"]).lacks(&["#s-match\""]);
        site.import(file(10, NORA, &["AAA*N**72*C"])).await;
        let page = desk.get("/eligibility/ELG-003").await;
        page.shows(200, &["href=\"/eligibility/ELG-003#s-match\""]);
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
        let mut late = fields.to_vec();
        late[0].1 = "two";
        let reply = desk.post("/patients", &late).await;
        reply.shows(409, &["PAT-003", "may be the same person", "name=\"check\""]);
        late.push(("somebody_else", "1"));
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
