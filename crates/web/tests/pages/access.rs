//! Who gets in, who may do what, and whose data nobody else sees.

use almoner_domain::PaymentId;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use axum::http::{Method, StatusCode};

use crate::documents::{DOCUMENTS, PIXEL};
use crate::eligibility::{BEN, NORA, SCAN, SCAN_HASH, answer};
use crate::fields::usual_fields;
use crate::imports::{PEOPLE, hand_in};
use crate::payouts::paid_out;
use crate::site::{BASE, Origin, PASSWORD, Site, encoded, routes};
use crate::troubles::raise;
use crate::webhook_settings::told;

/// The pages that everybody reads, with their headings.
const PAGES: [(&str, &str); 22] = [
    ("/payments", "Payments"),
    ("/payments/exceptions", "Exceptions"),
    ("/payments/views", "Views"),
    ("/payments/PAY-001", "PAY-001"),
    ("/payments/PAY-002/receipts/RCP-001", "RCP-001"),
    ("/payments/PAY-002/receipts/RCP-001?itemised=1", "RCP-001"),
    ("/audit", "Audit log"),
    ("/jump", "Jump"),
    ("/patients", "Patients"),
    ("/patients/PAT-002", "Ben Specimen"),
    ("/treatments", "Treatments"),
    ("/treatments/TRT-001", "TRT-001"),
    ("/eligibility", "Eligibility"),
    ("/eligibility/inbox", "Inbox"),
    ("/eligibility/ELG-001", "ELG-001"),
    ("/inquiries/INQ-001", "INQ-001"),
    ("/settings/locations", "Settings"),
    ("/settings/locations/LOC-002", "Settings"),
    ("/settings/physicians", "Settings"),
    ("/settings/physicians/PHY-001", "Settings"),
    ("/settings/eligibility", "Settings"),
    ("/settings/reminders", "Settings"),
];

/// The pages of those who see what was paid out, with their headings.
const PAID_OUT: [(&str, &str); 2] = [("/payouts", "Payouts"), ("/payouts/PYO-001", "PYO-001")];

/// The pages of those who answer for the money, with their headings.
const REPORTS: [(&str, &str); 7] = [
    ("/reports/day-close", "Day close"),
    ("/reports/day-close?day=2026-03-09", "Day close"),
    ("/reports/collections", "Collections"),
    ("/reports/collections?from=2026-01&to=2026-03&location=LOC-002", "Collections"),
    ("/reports/aging", "Aging"),
    ("/reports/books", "Books"),
    ("/reports/books?book=ledger&from=2026-01-01&to=2026-03-09&location=LOC-002", "Books"),
];

/// The pages of those who import files, with their headings.
const IMPORTS: [(&str, &str); 2] = [("/imports", "Settings"), ("/imports/IMP-001", "IMP-001")];

/// The pages of those who merge patients, with their headings.
const MERGING: [(&str, &str); 3] = [
    ("/patients/duplicates", "Possible duplicates"),
    ("/patients/PAT-001/merge", "Merge with another record"),
    ("/patients/PAT-001/merge?with=PAT-002", "Merge PAT-002 into PAT-001"),
];

/// The forms of those who work with payments, with their headings.
const FORMS: [(&str, &str); 11] = [
    ("/patients/new", "Add patient"),
    ("/patients/PAT-002/edit", "Edit patient"),
    ("/treatments/new", "Add treatment"),
    ("/treatments/new?patient=PAT-002", "Add treatment"),
    ("/treatments/TRT-001/edit", "Edit treatment"),
    ("/eligibility/new", "Run check"),
    ("/eligibility/new?patient=PAT-002", "Run check"),
    ("/eligibility/new?treatment=TRT-001", "Run check"),
    ("/payments/new", "Create Payment"),
    ("/payments/new?patient=PAT-002", "Create Payment"),
    ("/payments/PAY-001/edit", "Edit"),
];

/// The pages that need nobody signed in.
const OPEN: [&str; 6] =
    ["/sign-in", "/sign-out", "/session", "/favicon.ico", "/healthz", "/readyz"];

/// Payers show a link, and the processor a signature, in place of a session.
fn is_proved_otherwise(route: &str) -> bool {
    ["/pay/", "/sandbox/", "/webhooks/"].iter().any(|start| route.starts_with(start))
}

/// Something of every kind at the first clinic.
async fn filled(site: &Site) {
    let treatment = site.treatment().await;
    site.payment(Some(treatment), None).await;
    site.paid(None).await;
    site.import(answer(NORA)).await;
    site.ask().await;
    site.import(SCAN.to_vec()).await;
    raise(site, PaymentId::new(1), "one").await;
    attached(site).await;
    paid_out(site, 700).await;
    told(site).await;
    let manager = site.browser(Role::Manager).await;
    hand_in(&manager, "patients", PEOPLE).await.to();
}

/// A document, an image, and a note on the first payment.
async fn attached(site: &Site) {
    let desk = site.browser(Role::FrontDesk).await;
    desk.upload_to(DOCUMENTS, &[("files", Some("card.png"), PIXEL)]).await.to();
    desk.post("/payments/PAY-001/notes", &[("note", "a note"), ("key", "k")]).await.to();
}

/// The id of the first clinic that a route is about; the second clinic has none like it.
fn known_id(route: &str) -> &'static str {
    if route.contains("/files/") {
        return SCAN_HASH;
    }
    if route.starts_with("/payments/exceptions/{id}/") {
        return "EXC-001";
    }
    if route.contains("/receipts") {
        return "PAY-002";
    }
    match route.trim_start_matches("/settings").split('/').nth(1) {
        Some("payments") => "PAY-001",
        Some("payouts") => "PYO-001",
        Some("patients") => "PAT-002",
        Some("treatments") => "TRT-001",
        Some("eligibility") => "ELG-001",
        Some("inquiries") => "INQ-001",
        Some("locations") => "LOC-002",
        Some("physicians") => "PHY-001",
        Some("webhooks") => "WHK-001",
        Some("imports") => "IMP-001",
        other => panic!("a kind of {other:?} is not known to this test"),
    }
}

fn heading(page: &str) -> &str {
    let start = page.find("<h1").expect("a page has a heading");
    let rest = &page[start..];
    let rest = &rest[rest.find('>').expect("a tag ends") + 1..];
    rest[..rest.find('<').expect("a heading ends")].trim()
}

/// Among partitions, whatever a page asks for is asked of its own clinic's.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_looks_into_the_partition_of_another_clinic() {
    let site = Site::new(TestDb::in_partitions(4).await).await;
    filled(&site).await;
    let manager = site.browser(Role::Manager).await;
    let of_manager = PAGES.into_iter().chain(PAID_OUT).chain(REPORTS).chain(MERGING);
    for (path, _) in of_manager.chain(IMPORTS).chain(FORMS) {
        assert_eq!(manager.open(path).await.status, StatusCode::OK, "{path}");
    }
    let (looked_into, with_patients) = site.db.looked_into().await;
    assert_eq!(looked_into, with_patients, "of four");
}

on_both_engines! {
    async fn every_page_answers_with_its_heading(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        let of_manager = PAGES.into_iter().chain(PAID_OUT).chain(REPORTS).chain(MERGING);
        for (path, expected) in of_manager.chain(IMPORTS).chain(FORMS) {
            let reply = manager.open(path).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
            assert!(heading(&reply.text()).starts_with(expected), "{path}: {}", reply.text());
        }
        let auditor = site.browser(Role::Auditor).await;
        for (path, _) in PAGES.into_iter().chain(PAID_OUT).chain(REPORTS) {
            assert_eq!(auditor.open(path).await.status, StatusCode::OK, "{path}");
        }
        for (path, _) in FORMS.into_iter().chain(MERGING).chain(IMPORTS) {
            assert_eq!(auditor.open(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let front = site.browser(Role::FrontDesk).await;
        front.get("/payments").await.shows(200, &[]).lacks(&["/payouts", "/reports"]);
        for (path, _) in PAID_OUT.into_iter().chain(REPORTS).chain(MERGING) {
            assert_eq!(front.open(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn staff_sign_in_and_out(db) {
        let site = Site::new(db).await;
        let stranger = site.stranger();
        stranger.get("/sign-in").await.shows(200, &["Sign in"]);
        let email = format!("manager@{}.example", site.clinic.slug);
        for wrong in [("nobody@example.org", PASSWORD), (&*email, "not the password")] {
            let sent = [("email", wrong.0), ("password", wrong.1), ("next", "/patients")];
            let reply = stranger.post("/sign-in", &sent).await;
            reply.shows(422, &["E-mail or password is wrong.", wrong.0]).lacks(&[wrong.1]);
        }
        let right = [("email", &*email), ("password", PASSWORD), ("next", "/patients?q=x")];
        let reply = stranger.post("/sign-in", &right).await;
        assert_eq!(reply.to(), "/patients?q=x");
        let cookie = reply.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let mut signed_in = stranger.clone();
        cookie.split(';').next().expect("a cookie begins").clone_into(&mut signed_in.cookies);
        signed_in.get("/patients").await.shows(200, &["Downtown Clinic", "Example, Ann"]);
        assert_eq!(signed_in.post("/sign-out", &[]).await.to(), "/sign-in?out=1");
        assert!(signed_in.get("/patients").await.to().starts_with("/sign-in"));
    }

    async fn strangers_are_sent_to_sign_in(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let stranger = site.stranger();
        let is_ours = |route: &&String| !OPEN.contains(&&***route) && !is_proved_otherwise(route);
        for route in routes().iter().filter(is_ours) {
            let path = route.replace("{id}", "1");
            let reply = stranger.get(&path).await;
            assert!(reply.to().starts_with("/sign-in"), "{path}");
            let reply = stranger.post(&path, &usual_fields(&path)).await;
            assert!(reply.to().starts_with("/sign-in"), "{path}");
        }
        let asked = "/patients?q=O%27Brien";
        assert_eq!(stranger.get(asked).await.to(), "/sign-in?next=%2Fpatients%3Fq%3DO%2527Brien");
    }

    async fn only_our_pages_change_anything(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        let kind = "application/x-www-form-urlencoded";
        for route in routes().into_iter().filter(|route| !is_proved_otherwise(route)) {
            let path = if route.contains("{id}") {
                route.replace("{id}", known_id(&route))
            } else {
                route
            };
            for origin in [Origin::None, Origin::Foreign] {
                let form = encoded(&usual_fields(&path)).into_bytes();
                let reply = manager.ask(Method::POST, &path, origin, (kind, form)).await;
                assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
                assert!(reply.text().contains("did not come from"), "{path}");
            }
        }
        let request = axum::http::Request::post("/sign-out").header("origin", BASE);
        let reply = site.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.to(), "/sign-in?out=1");
    }

    async fn other_clinics_see_nothing(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let home = site.browser(Role::Manager).await;
        let foreign = site.browser_of(&site.other, Role::Manager).await;
        let foreign_settings = site.browser_of(&site.other, Role::Administrator).await;
        let with_ids: Vec<String> =
            routes().into_iter().filter(|route| route.contains("{id}")).collect();
        assert!(with_ids.len() >= 15, "{with_ids:?}");
        for route in with_ids {
            let path = route.replace("{id}", known_id(&route));
            let path = if path.ends_with("/status/new") { path + "?to=cancelled" } else { path };
            let browser =
                if route.starts_with("/settings") { &foreign_settings } else { &foreign };
            let mut answered = 0;
            for method in [Method::GET, Method::POST] {
                let reply = if method == Method::GET {
                    browser.open(&path).await
                } else {
                    browser.post(&path, &usual_fields(&path)).await
                };
                if reply.status == StatusCode::METHOD_NOT_ALLOWED {
                    continue;
                }
                answered += 1;
                assert_eq!(reply.status, StatusCode::NOT_FOUND, "{method} {path}");
                reply.lacks(&["Specimen", "NORA", "Harbor"]);
                if method == Method::GET {
                    assert_ne!(home.open(&path).await.status, StatusCode::NOT_FOUND, "{path}");
                }
            }
            assert!(answered > 0, "{path}");
        }
        for list in ["/payments", "/patients", "/treatments", "/eligibility"] {
            let page = foreign.get(list).await;
            let ours = ["Specimen", "NORA", "PAY-001", "TRT-001", "ELG-001", "INQ-001"];
            page.shows(200, &[]).lacks(&ours);
        }
        let queries = [
            "/patients/new?check=ELG-001",
            "/treatments/new?patient=PAT-002",
            "/eligibility/new?patient=PAT-002",
            "/eligibility/new?treatment=TRT-001",
        ];
        for query in queries {
            assert_eq!(foreign.open(query).await.status, StatusCode::NOT_FOUND, "{query}");
        }
    }

    async fn roles_decide_what_may_be_done(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        site.import(answer(BEN)).await;
        let doors = [
            ("/patients", vec![Role::FrontDesk, Role::Biller, Role::Manager]),
            ("/treatments", vec![Role::FrontDesk, Role::Biller, Role::Manager]),
            ("/eligibility", vec![Role::FrontDesk, Role::Biller, Role::Manager]),
            ("/payments/PAY-002/receipts", vec![Role::FrontDesk, Role::Biller, Role::Manager]),
            ("/payments/PAY-002/receipts/RCP-001/print", Role::ALL.to_vec()),
            ("/payments/PAY-001/notes", vec![Role::FrontDesk, Role::Biller, Role::Manager]),
            ("/payments/PAY-001/documents/1/name", vec![
                Role::FrontDesk,
                Role::Biller,
                Role::Manager,
            ]),
            ("/reports/day-close/counts", vec![Role::Manager]),
            ("/patients/duplicates/apart", vec![Role::Manager]),
            ("/settings/locations", vec![Role::Administrator]),
            ("/settings/physicians", vec![Role::Administrator]),
        ];
        for role in Role::ALL {
            let browser = site.browser(role).await;
            for (path, may) in &doors {
                // Each role adds a patient of its own number.
                let mrn = format!("MRN-{}", role.as_str());
                let mut fields = usual_fields(path);
                fields.retain(|field| field.0 != "mrn");
                fields.push(("mrn", &mrn));
                let status = browser.post(path, &fields).await.status;
                let expected = if may.contains(&role) {
                    StatusCode::SEE_OTHER
                } else {
                    StatusCode::FORBIDDEN
                };
                assert_eq!(status, expected, "{role:?} at {path}");
            }
            let dismiss = format!("/eligibility/files/{SCAN_HASH}/dismiss");
            for (path, may) in [
                (&*dismiss, &doors[0].1),
                ("/eligibility/ELG-002/unmatch", &vec![Role::Biller, Role::Manager]),
                ("/eligibility/ELG-002/differences", &doors[0].1),
            ] {
                let mut fields = usual_fields(path);
                fields.retain(|field| !["patient", "do"].contains(&field.0));
                fields.extend([("patient", "PAT-002"), ("do", "dismiss")]);
                let status = browser.post(path, &fields).await.status;
                let is_open = status == StatusCode::SEE_OTHER;
                assert_eq!(is_open, may.contains(&role), "{role:?} at {path}: {status}");
                assert!(is_open || status == StatusCode::FORBIDDEN, "{role:?} at {path}");
            }
            let imports = browser.upload(&[("files", Some("a.271"), &answer(NORA))]).await.status;
            let may_import = doors[0].1.contains(&role);
            let expected = if may_import { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(imports, expected, "{role:?} at the import");
        }
        let auditor = site.browser(Role::Auditor).await;
        auditor.get("/patients").await.shows(200, &[]).lacks(&["/patients/new"]);
        auditor.get("/eligibility").await.shows(200, &[]).lacks(&["/eligibility/import"]);
        auditor.get("/eligibility/ELG-001").await.shows(200, &[]).lacks(&["/match"]);
        for path in ["/patients/PAT-002", "/treatments/TRT-001", "/inquiries/INQ-001"] {
            auditor.get(path).await.shows(200, &[]).lacks(&["Run check", "Ask again"]);
        }
        let inbox = auditor.get("/eligibility/inbox").await;
        inbox.shows(200, &["NOBODY, NORA"]).lacks(&["/match", "/dismiss", "/patients/new"]);
        let unmatch = auditor.open("/eligibility/ELG-002/unmatch").await;
        assert_eq!(unmatch.status, StatusCode::FORBIDDEN);
        let settings = auditor.get("/settings/locations").await;
        settings.shows(200, &["Harbor"]).lacks(&["<form class=\"stack"]);
    }
}
