//! Patients: found, added and changed.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use jiff::civil::Date;

use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site};

/// A new patient's form.
fn entry<'a>(first: &'a str, last: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("key", "0123456789abcdef"),
        ("first_name", first),
        ("last_name", last),
        ("date_of_birth", "1990-01-02"),
        ("sex", "other"),
        ("mrn", "MRN-12345"),
        ("guarantor", "A parent"),
        ("primary_payer", "Sample Health Plan"),
        ("primary_member_id", "M-1"),
        ("somebody_else", "1"),
    ]
}

fn with<'a>(
    mut fields: Vec<(&'static str, &'a str)>,
    changes: &[(&'static str, &'a str)],
) -> Vec<(&'static str, &'a str)> {
    fields.retain(|field| changes.iter().all(|change| change.0 != field.0));
    fields.extend(changes);
    fields
}

on_both_engines! {
    async fn whoever_adds_a_patient_for_something_goes_on_with_it(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.get("/payments/new").await.shows(200, &["href=\"/patients/new?for=payment\""]);
        let form = desk.open("/patients/new?for=payment").await;
        form.shows(200, &["Save and go on with the payment"]);
        assert_eq!(form.hidden("for"), "payment");
        let wrong = with(entry("Zoë", ""), &[("for", "payment")]);
        let again = desk.post("/patients", &wrong).await;
        again.shows(422, &["Save and go on with the payment"]);
        let right = with(entry("Zoë", "Invented"), &[("for", "payment")]);
        let to = "/payments/new?patient=PAT-003";
        assert_eq!(desk.post("/patients", &right).await.to(), to);
        assert_eq!(desk.post("/patients", &right).await.to(), to, "sent twice");
        desk.open(to).await.shows(200, &["Invented, Zoë"]);
        let odd = desk.open("/patients/new?for=//evil.example").await;
        odd.shows(200, &[]).lacks(&["go on with", "name=\"for\""]);
    }

    async fn patients_are_added_and_found(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let form = entry("Zoë", HARD_NAME);
        let added = desk.post("/patients", &form).await;
        assert_eq!(added.to(), "/patients/PAT-003");
        let flash = added.header("set-cookie");
        assert!(flash.starts_with("almoner_flash=patient_added"), "{flash}");
        assert_eq!(desk.post("/patients", &form).await.to(), "/patients/PAT-003", "sent twice");
        let page = desk.get("/patients/PAT-003").await;
        let told = ["Zoë", HARD_NAME_SHOWN, "Other", "A parent", "Jan 2, 1990", "M-1"];
        page.shows(200, &told).lacks(&["<b></h1>", "Søn <b>"]);
        for q in ["obrien", "S%C3%B8n+zo", "SON"] {
            let found = desk.get(&format!("/patients?q={q}")).await;
            found.shows(200, &[HARD_NAME_SHOWN]).lacks(&["Example, Ann"]);
        }
        for q in ["PAT-003", "pat-3", "MRN-12345"] {
            let found = desk.get(&format!("/patients?q={q}")).await;
            assert_eq!(found.to(), "/patients/PAT-003", "{q}");
        }
        for q in ["PAT-99", "nobody", "%21%21"] {
            let found = desk.get(&format!("/patients?q={q}")).await;
            found.shows(200, &["No patient matches"]);
        }
        let other = desk.post("/patients", &with(form, &[("first_name", "Yves")])).await;
        other.shows(409, &["with other content", "Yves"]);
    }

    async fn faults_keep_what_was_typed(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let wrong = [
            ("last_name", " "),
            ("date_of_birth", "2026-02-30"),
            ("email", "no address"),
            ("primary_payer", ""),
            ("secondary_plan", "Typed Plan"),
        ];
        let reply = desk.post("/patients", &with(entry("Zoë", ""), &wrong)).await;
        let told = [
            "value=\"Zoë\"",
            "value=\"2026-02-30\"",
            "value=\"no address\"",
            "value=\"Typed Plan\"",
            "value=\"other\" selected",
            "id=\"e-last_name\"",
            "id=\"e-date_of_birth\"",
            "id=\"e-email\"",
            "id=\"e-primary_payer\"",
            "id=\"e-secondary_payer\"",
        ];
        reply.shows(422, &told);
        desk.post("/patients", &entry("Zoë", "First")).await.to();
        let again = with(entry("Max", "Second"), &[("key", "another")]);
        desk.post("/patients", &again).await.shows(422, &["id=\"e-mrn\"", "MRN-12345"]);
    }

    async fn a_late_edit_is_told_and_keeps_what_was_typed(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.post("/patients", &entry("Zoë", "Early")).await.to();
        let edit = "/patients/PAT-003/edit";
        let told = ["value=\"Zoë\"", "name=\"version\" value=\"1\"", "value=\"A parent\"", "M-1"];
        desk.get(edit).await.shows(200, &told);
        let first = with(entry("Zoë", "Changed"), &[("version", "1")]);
        assert_eq!(desk.post(edit, &first).await.to(), "/patients/PAT-003");
        assert_eq!(desk.post(edit, &first).await.to(), "/patients/PAT-003", "sent twice");
        let late = with(entry("Zoë", "Late"), &[("version", "1")]);
        let reply = desk.post(edit, &late).await;
        let told = ["Someone else changed", "value=\"Late\"", "name=\"version\" value=\"2\""];
        reply.shows(409, &told);
        desk.get("/patients/PAT-003").await.shows(200, &["Zoë Changed"]);
        let now = with(late, &[("version", "2")]);
        assert_eq!(desk.post(edit, &now).await.to(), "/patients/PAT-003");
        desk.get("/patients/PAT-003").await.shows(200, &["Zoë Late", "A parent"]);
        let wrong = with(entry("", "Late"), &[("version", "3")]);
        desk.post(edit, &wrong).await.shows(422, &["id=\"e-first_name\"", "Edit patient"]);
    }

    async fn what_is_owed_and_overdue_is_told(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.payment(None, Some(Date::constant(2026, 2, 24))).await;
        site.payment(None, Some(Date::constant(2026, 3, 10))).await;
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["$160.00", "1 payment overdue", "$80.00, for 14 days"]);
        desk.get("/patients").await.shows(200, &["$160.00", "$0.00"]);
        desk.get("/patients/PAT-001").await.shows(200, &["$0.00"]).lacks(&["overdue<"]);
        site.paid(None).await;
        let told = ["Outstanding", "Overdue", "Collected", "Refunded"].map(|label| {
            let money = if label == "Refunded" { "$0.00" } else { "$80.00" };
            let money = if label == "Outstanding" { "$160.00" } else { money };
            format!("<dt>{label}</dt> <dd class=\"text\">{money}</dd>")
        });
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &told.each_ref().map(String::as_str));
    }

    async fn long_lists_have_pages(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        for number in 0..30 {
            let last = format!("Crowd{number:02}");
            let (key, mrn) = (format!("key-{number}"), format!("M{number}"));
            let form = with(entry("Member", &last), &[("key", &key), ("mrn", &mrn)]);
            desk.post("/patients", &form).await.to();
        }
        let first = desk.get("/patients?q=crowd&per_page=25").await;
        first.shows(200, &["1–25 of 30", "Crowd00", "page=2"]).lacks(&["Crowd29"]);
        let second = desk.get("/patients?q=crowd&per_page=25&page=2").await;
        second.shows(200, &["26–30 of 30", "Crowd29"]).lacks(&["Crowd00"]);
        let turned = desk.get("/patients?q=crowd&per_page=25&dir=desc").await;
        turned.shows(200, &["Crowd29"]).lacks(&["Crowd00"]);
        let beyond = desk.get("/patients?q=crowd&per_page=25&page=9").await;
        assert!(beyond.to().ends_with("page=2"));
    }
}
