//! Files of patients and treatments, as pages and as calls.

use almoner_app::Actor;
use almoner_app::read_imports::import;
use almoner_app::work_on_import::{due, go_on, take_up};
use almoner_domain::ImportId;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use axum::http::Method;
use serde_json::json;

use crate::api_program::{JSON, Program, all_but};
use crate::site::{Browser, Reply, Site};

const ADDRESS: &str = "/imports";
/// Where imports are asked for.
pub(crate) const IMPORTS: &str = "/api/v1/imports";
/// The type of a file.
pub(crate) const CSV: &str = "text/csv";
/// A file with a fault.
pub(crate) const PEOPLE: &[u8] = b"Surname,First name,DOB,E-mail\n\
    O'Brien & S\xc3\xb8n <b>,Jos\xc3\xa9,02/03/1980,jose@example.org\n\
    \"=1+1\",Pat,13/13/1990,pat@example.org\n\
    Li,Zoe,12/31/1999,\n";

/// A name of it, as pages write it.
const NAME: &str = "O&#39;Brien &#38; Søn &#60;b&#62;";

/// Does what imports do by themselves.
async fn work(site: &Site) {
    let system: Actor = site.system();
    loop {
        let ids = due(&site.app, &system).await.unwrap();
        if ids.is_empty() {
            return;
        }
        for id in ids {
            let work = take_up(&site.app, &system, id).await.unwrap();
            let mut work = work.expect("nobody else works on it");
            while go_on(&site.app, &mut work).await.unwrap() {}
        }
    }
}

/// Hands a file in by the form.
pub(crate) async fn hand_in(browser: &Browser<'_>, kind: &str, content: &[u8]) -> Reply {
    let fields = [
        ("key", None, content.get(..8).unwrap_or_default()),
        ("kind", None, kind.as_bytes()),
        ("file", Some("list.csv"), content),
    ];
    browser.upload_to(ADDRESS, &fields).await
}

on_both_engines! {
    async fn a_file_is_handed_in_mapped_checked_and_imported(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        admin.get(ADDRESS).await.shows(200, &["No imports yet", "Import a file"]);
        hand_in(&admin, "patients", b"").await.shows(422, &["The file is empty."]);
        hand_in(&admin, "hats", PEOPLE).await.shows(422, &["Choose what is in the file."]);
        hand_in(&admin, "patients", b"a,b\n\xff,1\n").await.shows(422, &["Line 2 is not UTF-8"]);
        admin.post(ADDRESS, &[("kind", "patients")]).await.shows(422, &["Choose a file."]);
        let page = hand_in(&admin, "patients", PEOPLE).await.to().to_owned();
        assert_eq!(page, "/imports/IMP-001");
        let shown = admin.get(&page).await;
        shown.shows(200, &["Columns to choose", "1: Surname", NAME]);
        let columns =
            [("do", "map"), ("last_name", "0"), ("first_name", "1"), ("date_of_birth", "2")];
        let unordered = [&columns[..], &[("dates", "DD.MM.")]].concat();
        admin.post(&page, &unordered).await.shows(422, &["Choose from the list."]);
        let twice = [&columns[..], &[("dates", "MM/DD/YYYY"), ("email", "1")]].concat();
        admin.post(&page, &twice).await.shows(422, &["taken for another field", "e-first_name"]);
        let right = [&columns[..], &[("dates", "MM/DD/YYYY"), ("email", "3")]].concat();
        assert_eq!(admin.post(&page, &right).await.to(), page);
        let shown = admin.get(&page).await;
        shown.shows(200, &["0 of 3 rows checked", "data-look=\"import\"", "<progress", "Reload"]);
        work(&site).await;
        let shown = admin.get(&page).await;
        shown.shows(200, &["2 new, 1 faulty", "Date of birth", "in the order MM/DD/YYYY"]);
        shown.shows(200, &["Import the 2 rows without faults", "1980-02-03", "Faulty rows"]);
        admin.get("/patients").await.lacks(&["Li, Zoe"]);
        let file = admin.get(&format!("{page}/faults.csv")).await;
        file.shows(200, &["Surname,First name,DOB,E-mail,error", "'=1+1,Pat,13/13/1990,"]);
        assert!(file.header("content-disposition").contains("IMP-001-faults.csv"));
        admin.get(&format!("{page}?columns=1")).await.shows(200, &["Check the rows"]);
        admin.post(&page, &[("do", "run")]).await.shows(422, &["nothing was imported"]);
        admin.post(&page, &[("do", "tea")]).await.shows(422, &["no such button"]);
        let run = [("do", "run"), ("skip_faulty", "1")];
        assert_eq!(admin.post(&page, &run).await.to(), page);
        work(&site).await;
        admin.get(&page).await.shows(200, &["2 added, 1 left out", "Imported"]);
        admin.get(ADDRESS).await.shows(200, &["list.csv", "2 added, 1 left out"]);
        admin.get("/patients").await.shows(200, &["Li, Zoe", NAME]);
        admin.get(&page).await.shows(200, &["Remove the file"]);
        assert_eq!(admin.post(&page, &[("do", "discard")]).await.to(), page);
        let without = admin.get(&page).await;
        without.shows(200, &["2 added, 1 left out"]).lacks(&["faults.csv", "Remove"]);
        let dropped = hand_in(&admin, "treatments", b"MRN,Date\nM-1,2026-01-01\n").await;
        let dropped = dropped.to().to_owned();
        admin.get(&dropped).await.shows(200, &["Location of rows that name none", "Harbor"]);
        assert_eq!(admin.post(&dropped, &[("do", "discard")]).await.to(), ADDRESS);
        admin.get(&format!("{dropped}/faults.csv")).await.shows(404, &["was not found"]);
        site.web.flush_reads().await;
        let sql = "SELECT count(*) AS n FROM audit_event WHERE action = 'viewed'
            AND subject = 'import' AND subject_seq = 1";
        let mut tx = site.app.db.read().await.unwrap();
        assert!(tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap() > 3);
        drop(tx);
        for role in [Role::FrontDesk, Role::Biller, Role::Auditor] {
            let browser = site.browser(role).await;
            browser.get(ADDRESS).await.shows(403, &["import files of patients"]);
            browser.get(&page).await.shows(403, &["import files of patients"]);
            hand_in(&browser, "patients", PEOPLE).await.shows(403, &["import files of patients"]);
            browser.post(&page, &run).await.shows(403, &["import files of patients"]);
            browser.get("/settings/locations").await.lacks(&[ADDRESS]);
        }
    }

    async fn programs_hand_files_in_and_ask_how_they_stand(db) {
        let site = Site::new(db).await;
        let scopes = "patients:read,patients:write,treatments:read,treatments:write";
        let program = Program::new(&site, scopes).await;
        let post = |path: String, content: &'static [u8]| {
            let program = &program;
            async move { program.ask(Method::POST, &path, CSV, content).await }
        };
        let ask = format!("{IMPORTS}?kind=patients&map=last_name%3DSurname&dates=MM%2FDD%2FYYYY");
        let made = post(format!("{ask}&run=1&file_name=a.csv"), PEOPLE).await.value(201);
        assert_eq!((&made["id"], &made["state"]), (&json!("IMP-001"), &json!("checking")));
        assert_eq!((&made["rows"], &made["file_name"]), (&json!(3), &json!("a.csv")));
        work(&site).await;
        let at = format!("{IMPORTS}/IMP-001");
        let now = program.get(&at).await.value(200);
        assert_eq!((&now["state"], &now["added"]), (&json!("ready"), &json!(2)));
        let wrong = program.get(&format!("{at}/faults")).await.value(200);
        let first = &wrong["data"][0];
        assert_eq!((&first["row"], &first["code"]), (&json!(3), &json!("not_a_date")));
        assert_eq!(wrong["next_row"], json!(null));
        let rows = program.get(&format!("{at}/faulty-rows")).await;
        rows.shows(200, &["'=1+1,Pat"]);
        assert!(rows.header("content-type").starts_with(CSV));
        let run = |body: &'static [u8]| {
            let (program, path) = (&program, format!("{at}/run"));
            async move { program.ask(Method::POST, &path, JSON, body).await }
        };
        assert_eq!(run(b"{}").await.faults(), ["skip_faulty has_faults"]);
        let running = run(br#"{"skip_faulty":true}"#).await.value(200);
        assert_eq!(running["state"], json!("running"));
        work(&site).await;
        let done = run(b"{}").await.value(200);
        assert_eq!((&done["state"], &done["added"]), (&json!("done"), &json!(2)));
        let again = post(format!("{ask}&run=true&skip_faulty=1"), PEOPLE).await.value(201);
        work(&site).await;
        let again = again["id"].as_str().unwrap();
        let again = program.get(&format!("{IMPORTS}/{again}")).await.value(200);
        assert_eq!((&again["added"], &again["already_there"]), (&json!(0), &json!(2)));
        assert_eq!(program.get(IMPORTS).await.value(200)["data"].as_array().unwrap().len(), 2);
        for (path, content, expected) in [
            (
                format!("{IMPORTS}?dates=DMY"),
                PEOPLE,
                &["kind required", "dates not_one_of"][..],
            ),
            (format!("{IMPORTS}?kind=hats"), PEOPLE, &["kind not_one_of"]),
            (format!("{IMPORTS}?kind=patients"), b"", &["body empty"]),
            (format!("{IMPORTS}?kind=patients"), b"\xff", &["body not_utf8"]),
            (format!("{IMPORTS}?kind=patients"), b"DOB,First name\n", &["map required"]),
            (format!("{ask}&map=hat"), PEOPLE, &["map malformed"]),
            (format!("{ask}&map=hat%3DHead"), PEOPLE, &["map unknown_field"]),
            (format!("{ask}&location_id=LOC-999"), PEOPLE, &["location_id not_found"]),
            (format!("{ask}&hat=1"), PEOPLE, &["hat unknown_field"]),
        ] {
            assert_eq!(post(path.clone(), content).await.faults(), expected, "{path}");
        }
        let ask = program.ask(Method::POST, &ask, JSON, b"{}").await;
        ask.problem(415, "unsupported_media_type");
        program.get(&format!("{IMPORTS}/IMP-999")).await.problem(404, "not_found");
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        foreign.get(&at).await.problem(404, "not_found");
        foreign.get(&format!("{at}/faulty-rows")).await.problem(404, "not_found");
        let id = ImportId::new(1);
        let kept = import(&site.app, &site.system(), id).await.unwrap();
        assert!(kept.author.is_some(), "the key stands beside what it brought");
    }
}
