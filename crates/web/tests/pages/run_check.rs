//! Asking payers: from the patient, the treatment and the create form, and what pages say of it.

use almoner_app::read_inquiries;
use almoner_domain::InquiryId;
use almoner_domain::role::Role;
use almoner_gateways::clearinghouse::{ClearinghouseError, Reply};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::eligibility::{BEN, NORA, family, file};
use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site};

const ROWS: [&str; 3] =
    ["EB*1*IND*30*PP*SAMPLE GOLD PPO", "EB*B*IND*98***27*25.00*****Y", "EB*C*IND*30***29*0*****Y"];

/// The form of a question about Ben by his physician.
const ABOUT_BEN: [(&str, &str); 6] = [
    ("key", "0123456789abcdef"),
    ("patient", "PAT-002"),
    ("coverage", "1"),
    ("service_type", "98"),
    ("service_date", "2026-03-12"),
    ("physician", "PHY-001"),
];

/// The create form about Ben, with what was typed.
const TYPED: [(&str, &str); 5] = [
    ("key", "0123456789abcdef"),
    ("patient", "PAT-002"),
    ("payment_type", "office_visit"),
    ("amount", "12.34"),
    ("memo", "typed before"),
];

fn with<'a>(fields: &[(&'a str, &'a str)], more: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    let mut fields = fields.to_vec();
    fields.retain(|field| field.0 != more.0);
    fields.push(more);
    fields
}

/// What the clearinghouse does with the next question.
fn script(site: &Site, next: Result<Reply, ClearinghouseError>) {
    *site.house.next.lock().unwrap() = Some(next);
}

/// The payer answers the next question about Ben at once.
fn answers_at_once(site: &Site) {
    script(site, Ok(Reply::Answered(file(1, BEN, &ROWS))));
}

async fn asked_count(site: &Site) -> usize {
    read_inquiries::unsettled(&site.app, &site.system(), None).await.unwrap().len()
}

on_both_engines! {
    async fn a_check_is_run_from_the_patient_s_page(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["action=\"/eligibility/new\"", "Run check"]).lacks(&["data-look"]);
        let form = desk.open("/eligibility/new?patient=PAT-002").await;
        let told = [
            "Specimen, Ben, born Jul 4, 1975",
            "Primary: Sample Health Plan, member MEMBER-B",
            "value=\"30\"",
            "Office visit",
            "value=\"LOC-002\"",
            "Sample, Dana",
        ];
        form.shows(200, &told).lacks(&["invented"]);
        assert_eq!(desk.post("/eligibility", &ABOUT_BEN).await.to(), "/patients/PAT-002");
        assert_eq!(desk.post("/eligibility", &ABOUT_BEN).await.to(), "/patients/PAT-002", "twice");
        assert_eq!(asked_count(&site).await, 1);
        site.clock.set(site.app.now() + SignedDuration::from_secs(12));
        let told = [
            "data-look=\"checks\"",
            "Being asked",
            "Office visit, Mar 12, 2026",
            "Asked 12 s ago; the payer has not answered yet.",
        ];
        desk.get("/patients/PAT-002").await.shows(200, &told);
        let page = desk.get("/eligibility").await;
        let told = ["Questions to payers", "Specimen, Ben", "data-look=\"questions results\""];
        page.shows(200, &told);
        let told = ["NM1*1P*1*SAMPLE*DANA****XX*1234567893", "EQ*98", "Sample Front desk"];
        desk.get("/inquiries/INQ-001").await.shows(200, &told).lacks(&["Ask again"]);
        answers_at_once(&site);
        site.exchange().await;
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["ELG-001", "Active"]).lacks(&["data-look", "INQ-001"]);
        desk.get("/eligibility/ELG-001").await.shows(200, &["/inquiries/INQ-001"]);
        let page = desk.get("/inquiries/INQ-001").await;
        page.shows(200, &["Answered just now.", "/eligibility/ELG-001"]).lacks(&["data-look"]);
        desk.get("/eligibility").await.shows(200, &[]).lacks(&["Questions to payers"]);
    }

    async fn the_treatment_fills_the_form(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.treatment().await;
        let page = desk.get("/treatments/TRT-001").await;
        page.shows(200, &["action=\"/eligibility/new\"", "Run check"]);
        let told = [
            "value=\"2026-03-12\"",
            "value=\"98\" selected",
            "value=\"LOC-002\" selected",
            "value=\"PHY-001\" selected",
            "name=\"treatment\" value=\"TRT-001\"",
        ];
        desk.open("/eligibility/new?treatment=TRT-001").await.shows(200, &told);
        let fields = [("patient", "PAT-002"), ("treatment", "TRT-001"), ("coverage", "1")];
        desk.post("/eligibility", &fields).await.to();
        let page = desk.get("/inquiries/INQ-001").await;
        page.shows(200, &["Harbor", "Dana Sample", "Office visit, Mar 12, 2026"]);
        let fields = [("patient", "PAT-001"), ("treatment", "TRT-001"), ("coverage", "1")];
        let reply = desk.post("/eligibility", &fields).await;
        reply.shows(422, &["Choose a treatment of this patient."]);
    }

    async fn what_is_missing_is_told_with_the_way_to_mend_it(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let edit = [
            ("version", "1"),
            ("first_name", "Ben"),
            ("last_name", "Specimen"),
            ("date_of_birth", "1975-07-04"),
            ("primary_payer", HARD_NAME),
            ("secondary_payer", "Second"),
            ("secondary_payer_id", "00077"),
        ];
        desk.post("/patients/PAT-002/edit", &edit).await.to();
        let form = with(&with(&ABOUT_BEN, ("physician", "")), ("location", "LOC-002"));
        let reply = desk.post("/eligibility", &form).await;
        let told = [
            HARD_NAME_SHOWN,
            "The payer ID of O&#39;Brien",
            "id=\"e-coverage\"",
            "/patients/PAT-002/edit#f-primary_payer_id",
            "value=\"2026-03-12\"",
            "value=\"98\" selected",
        ];
        reply.shows(422, &told);
        let form = with(&with(&form, ("coverage", "2")), ("service_date", "soon"));
        let reply = desk.post("/eligibility", &form).await;
        reply.shows(422, &["id=\"e-service_date\"", "value=\"soon\"", "value=\"2\" selected"]);
        let odd = [("coverage", "9"), ("service_type", "<b>"), ("location", "LOC-099"),
            ("physician", "PHY-099")];
        for (name, value) in odd {
            let reply = desk.post("/eligibility", &with(&ABOUT_BEN, (name, value))).await;
            reply.shows(422, &[&format!("id=\"e-{name}\"")]);
        }
        let nobody = desk.post("/eligibility", &with(&ABOUT_BEN, ("patient", "PAT-099"))).await;
        assert_eq!(nobody.status, 404);
        let other = with(&ABOUT_BEN, ("service_type", "30"));
        let form = with(&other, ("coverage", "2"));
        desk.post("/eligibility", &form).await.to();
        let reply = desk.post("/eligibility", &with(&form, ("service_type", "33"))).await;
        reply.shows(409, &["from this form before, with other content"]);
        assert_eq!(asked_count(&site).await, 1);
    }

    async fn what_failed_is_told_and_asked_again(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.post("/eligibility", &ABOUT_BEN).await.to();
        let busy = ClearinghouseError::NotTaken("too busy".to_owned());
        script(&site, Err(busy));
        site.exchange().await;
        let told =
            ["did not take the question: too busy.", "It is asked again at 11:00:30 AM (try 2"];
        desk.get("/patients/PAT-002").await.shows(200, &told).lacks(&["Ask again"]);
        site.clock.set(site.app.now() + SignedDuration::from_secs(30));
        script(&site, Err(ClearinghouseError::Refused(format!("not you, {HARD_NAME}"))));
        site.exchange().await;
        let told =
            ["Not asked", HARD_NAME_SHOWN, "Ask again", "name=\"service_type\" value=\"98\""];
        for path in ["/patients/PAT-002", "/eligibility", "/inquiries/INQ-001"] {
            desk.get(path).await.shows(200, &told).lacks(&["data-look"]);
        }
        let page = desk.get("/patients/PAT-002").await.text();
        let form = page.split("action=\"/eligibility\"").nth(1).unwrap();
        let form = form.split("</form>").next().unwrap();
        let fields: Vec<(&str, &str)> = form
            .split("name=\"")
            .skip(1)
            .map(|part| (part.split('"').next().unwrap(), part.split('"').nth(2).unwrap()))
            .collect();
        assert_eq!(fields.len(), 7, "{form}");
        assert_eq!(desk.post("/eligibility", &fields).await.to(), "/patients/PAT-002");
        let page = desk.get("/patients/PAT-002").await;
        page.shows(200, &["INQ-002"]).lacks(&["INQ-001", "Ask again"]);
    }

    async fn what_is_taken_and_not_answered_can_be_asked_again_after_an_hour(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.post("/eligibility", &ABOUT_BEN).await.to();
        site.exchange().await;
        let other = with(&ABOUT_BEN, ("key", "another"));
        desk.post("/eligibility", &other).await.to();
        assert_eq!(asked_count(&site).await, 1);
        desk.get("/patients/PAT-002").await.shows(200, &["Asked just now"]).lacks(&["Ask again"]);
        site.clock.set(site.app.now() + SignedDuration::from_hours(1));
        // The session has ended meanwhile.
        let desk = site.browser(Role::FrontDesk).await;
        desk.get("/patients/PAT-002").await.shows(200, &["Asked 1 h ago", "Ask again"]);
        desk.post("/eligibility", &with(&ABOUT_BEN, ("key", "later"))).await.to();
        assert_eq!(asked_count(&site).await, 2, "the first may still be answered");
    }

    async fn an_answer_about_somebody_else_is_told_where_it_was_awaited(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        desk.post("/eligibility", &ABOUT_BEN).await.to();
        script(&site, Ok(Reply::Answered(file(1, NORA, &ROWS))));
        site.exchange().await;
        let told = ["The answer names another person", "/eligibility/ELG-001", "INQ-001"];
        for path in ["/patients/PAT-002", "/eligibility"] {
            desk.get(path).await.shows(200, &told).lacks(&["data-look", "Ask again"]);
        }
        let page = desk.get("/eligibility/ELG-001").await;
        page.shows(200, &["names another person than the payer was asked about", "INQ-001"]);
        let seen = "first_name,last_name,date_of_birth,sex,address,member_id,payer,plan";
        let sure = [("patient", "PAT-001"), ("seen", seen)];
        desk.post("/eligibility/ELG-001/match", &sure).await.to();
        desk.get("/patients/PAT-002").await.shows(200, &[]).lacks(&["INQ-001"]);
    }

    async fn the_create_form_asks_and_keeps_what_was_typed(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let step = async |what| desk.post("/payments/new", &with(&TYPED, ("do", what))).await;
        let typed = ["value=\"12.34\"", "typed before", "value=\"office_visit\" selected"];
        let page = step("estimate").await;
        page.shows(200, &["No eligibility check on file", "value=\"run_check\"", "Run check"]);
        page.shows(200, &typed).lacks(&["data-look"]);
        // Ben's physician is not known here, and the first location asks.
        for _ in 0..2 {
            let page = step("run_check").await;
            page.shows(200, &typed).lacks(&["Run check"]);
            page.shows(200, &["The payer is being asked.", "data-look=\"estimate\"", "Refresh"]);
        }
        assert_eq!(asked_count(&site).await, 1);
        let asked = read_inquiries::inquiry(&site.app, &site.system(), InquiryId::new(1)).await;
        let asked = asked.unwrap().listed.inquiry.asked;
        assert_eq!((&*asked.service_type, &*asked.npi), ("98", "1888888876"));
        answers_at_once(&site);
        site.exchange().await;
        let page = step("estimate").await;
        page.shows(200, &typed).lacks(&["data-look", "being asked", "Run check"]);
        page.shows(200, &["ELG-001", "$25.00", "Use this amount"]);
    }

    async fn a_failed_check_never_stands_in_the_way_of_a_payment(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let step = async |what| desk.post("/payments/new", &with(&TYPED, ("do", what))).await;
        step("run_check").await.shows(200, &["being asked"]);
        script(&site, Err(ClearinghouseError::Refused("unknown sender".to_owned())));
        site.exchange().await;
        let page = step("estimate").await;
        let told = ["The payer could not be asked.", "unknown sender", "Ask again", "INQ-001"];
        page.shows(200, &told).lacks(&["data-look"]);
        step("run_check").await.shows(200, &["being asked"]);
        assert_eq!(asked_count(&site).await, 1, "a newer question stands for the failed one");
        let created = desk.post("/payments", &with(&TYPED, ("do", "create"))).await;
        assert_eq!(created.to(), "/payments/PAY-001");
    }

    async fn what_is_missing_is_told_in_the_create_form(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let edit = [
            ("version", "1"),
            ("first_name", "Ben"),
            ("last_name", "Specimen"),
            ("date_of_birth", "1975-07-04"),
        ];
        desk.post("/patients/PAT-002/edit", &edit).await.to();
        let page = desk.post("/payments/new", &with(&TYPED, ("do", "run_check"))).await;
        let told = [
            "The payer was not asked.",
            "no coverage on file",
            "/patients/PAT-002/edit#f-primary_payer",
            "value=\"12.34\"",
            "Run check",
        ];
        page.shows(200, &told).lacks(&["data-look"]);
        let created = desk.post("/payments", &with(&TYPED, ("do", "create"))).await;
        assert_eq!(created.to(), "/payments/PAY-001");
    }

    async fn through_whom_a_patient_is_insured_is_kept(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let form = desk.get("/patients/PAT-002/edit").await;
        form.shows(200, &["<details class=\"more\">", "value=\"00042\""]).lacks(&["more\" open"]);
        let edit = [
            ("version", "1"),
            ("first_name", "Ben"),
            ("last_name", "Specimen"),
            ("date_of_birth", "1975-07-04"),
            ("primary_payer", "Sample Health Plan"),
            ("primary_payer_id", "00042"),
            ("primary_member_id", "MEMBER-B"),
            ("primary_relationship", "child"),
            ("primary_subscriber_first_name", "Cleo"),
            ("primary_subscriber_last_name", HARD_NAME),
            ("primary_subscriber_date_of_birth", "1950-05-06"),
            ("secondary_payer", "Second"),
            ("secondary_relationship", "other"),
        ];
        let wrong = with(&edit, ("primary_subscriber_date_of_birth", "2199-01-01"));
        let reply = desk.post("/patients/PAT-002/edit", &wrong).await;
        reply.shows(422, &["id=\"e-primary_subscriber_date_of_birth\"", "more\" open"]);
        let wrong = with(&edit, ("secondary_relationship", "cousin"));
        let reply = desk.post("/patients/PAT-002/edit", &wrong).await;
        reply.shows(422, &["id=\"e-secondary_relationship\""]);
        desk.post("/patients/PAT-002/edit", &edit).await.to();
        assert_eq!(desk.post("/patients/PAT-002/edit", &edit).await.to(), "/patients/PAT-002");
        let told = [
            "Payer ID 00042",
            &format!("Child of Cleo {HARD_NAME_SHOWN}, born May 6, 1950"),
            "Insured through a subscriber who is not named",
        ];
        desk.get("/patients/PAT-002").await.shows(200, &told);
        let told = ["more\" open", "value=\"child\" selected", "value=\"1950-05-06\"",
            "value=\"other\" selected"];
        desk.get("/patients/PAT-002/edit").await.shows(200, &told);
    }

    async fn a_dependent_s_answer_fills_the_new_patient_s_coverage(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.import(family()).await;
        let told = [
            "value=\"NORA\"",
            "value=\"00042\"",
            "value=\"1EG4TE5MK73\"",
            "value=\"child\" selected",
            "value=\"CLEO\"",
            "value=\"PARENT\"",
            "value=\"1960-03-04\"",
        ];
        desk.open("/patients/new?check=ELG-001").await.shows(200, &told);
    }
}
