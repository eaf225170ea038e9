//! Treatments: their patient found, then added and changed.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use jiff::civil::Date;

use crate::site::Site;

const NEW: [(&str, &str); 12] = [
    ("key", "0123456789abcdef"),
    ("patient", "PAT-001"),
    ("service_date", "2026-03-12"),
    ("service_time", "09:30"),
    ("location", "LOC-002"),
    ("physician", "PHY-001"),
    ("status", "scheduled"),
    ("code", "99213"),
    ("modifiers", "25"),
    ("charge", "150.00"),
    ("code", "j1745"),
    ("charge", "1,200"),
];

on_both_engines! {
    async fn treatments_are_added_for_a_patient(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let find = desk.open("/treatments/new?q=exam").await;
        find.shows(200, &["/treatments/new?patient=PAT-001", "Example, Ann"]);
        let to = "/treatments/new?patient=PAT-001";
        assert_eq!(desk.open("/treatments/new?q=PAT-001").await.to(), to);
        let form = desk.open("/treatments/new?patient=PAT-001").await;
        form.shows(200, &["Example, Ann", "Harbor (America/Los_Angeles)", "Sample, Dana"]);
        assert_eq!(desk.post("/treatments", &NEW).await.to(), "/treatments/TRT-001");
        assert_eq!(desk.post("/treatments", &NEW).await.to(), "/treatments/TRT-001", "twice");
        let page = desk.get("/treatments/TRT-001").await;
        let told =
            ["Mar 12, 2026, 9:30 AM PDT", "J1745", "$1,350.00", "Dana Sample", "Scheduled"];
        page.shows(200, &told);
        let list = desk.get("/treatments?q=ann").await;
        list.shows(200, &["TRT-001", "99213, J1745", "1–1 of 1"]);
        assert_eq!(desk.get("/treatments?q=trt-1").await.to(), "/treatments/TRT-001");
        desk.get("/treatments?q=TRT-9").await.shows(200, &["No treatment matches"]);
        desk.get("/treatments?q=%2F").await.shows(200, &["No treatment matches"]);
        desk.get("/patients/PAT-001").await.shows(200, &["TRT-001"]);
    }

    async fn faults_of_a_treatment_stand_beside_their_fields(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let wrong = [
            ("patient", "PAT-001"),
            ("service_date", "soon"),
            ("service_time", "9"),
            ("location", "LOC-099"),
            ("physician", "PHY-099"),
            ("status", "lost"),
            ("code", "9-9"),
            ("charge", "much"),
            ("code", ""),
            ("charge", "3"),
        ];
        let told = [
            "value=\"soon\"",
            "value=\"much\"",
            "id=\"e-location\"",
            "id=\"e-physician\"",
            "id=\"e-status\"",
            "id=\"e-code_1\"",
            "id=\"e-charge_1\"",
            "id=\"e-code_2\"",
        ];
        desk.post("/treatments", &wrong).await.shows(422, &told);
        let placed: Vec<_> = wrong
            .iter()
            .map(|&(name, value)| (name, if name == "location" { "LOC-001" } else { value }))
            .collect();
        desk.post("/treatments", &placed).await.shows(422, &["id=\"e-service_date\""]);
    }

    async fn a_treatment_is_edited_by_one_at_a_time(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        site.treatment().await;
        let edit = "/treatments/TRT-001/edit";
        let told = ["2026-03-12", "09:30", "150.00", "99213"];
        let told = told.map(|text| format!("value=\"{text}\""));
        desk.get(edit).await.shows(200, &told.each_ref().map(String::as_str));
        let mut form = NEW.to_vec();
        form.extend([("version", "1")]);
        assert_eq!(desk.post(edit, &form).await.to(), "/treatments/TRT-001");
        let page = desk.get("/treatments/TRT-001").await;
        page.shows(200, &["J1745", "Specimen, Ben"]).lacks(&["Example, Ann"]);
        let late = desk.post(edit, &form).await;
        late.shows(409, &["Someone else changed", "name=\"version\" value=\"2\""]);
    }

    async fn the_form_has_room_for_one_more_code(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let mut form = NEW.to_vec();
        form.extend([("code", "J1100"); 5]);
        desk.post("/treatments", &form).await.to();
        let edit = desk.get("/treatments/TRT-001/edit").await;
        edit.shows(200, &["id=\"f-code_8\""]).lacks(&["id=\"f-code_9\""]);
        let mut full = vec![("patient", "PAT-001")];
        full.extend([("code", "J1100"); 20]);
        let full = desk.post("/treatments", &full).await;
        full.shows(422, &["id=\"f-code_20\""]).lacks(&["id=\"f-code_21\""]);
    }

    async fn an_overdue_treatment_says_so(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let treatment = site.treatment().await;
        site.payment(Some(treatment), Some(Date::constant(2026, 2, 24))).await;
        site.payment(Some(treatment), Some(Date::constant(2026, 3, 9))).await;
        site.payment(Some(treatment), None).await;
        let page = desk.get("/treatments/TRT-001").await;
        let told = "$160.00 in all, the oldest for 14 days";
        page.shows(200, &["2 payments overdue", told, "PAY-001", "PAY-003"]);
        desk.get("/treatments").await.shows(200, &["$160.00"]);
    }
}
