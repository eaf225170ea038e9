//! Locations and physicians.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site};

on_both_engines! {
    async fn locations_are_added_and_changed(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let page = admin.get("/settings/locations").await;
        page.shows(200, &["Harbor", "value=\"America/New_York\" selected", "Add a location"]);
        let new = [
            ("name", HARD_NAME),
            ("time_zone", "America/Denver"),
            ("phone", "555-0100"),
            ("visit_class", "urgent"),
            ("npi", "1999999984"),
        ];
        assert_eq!(admin.post("/settings/locations", &new).await.to(), "/settings/locations");
        let page = admin.get("/settings/locations/LOC-003").await;
        let told = [
            HARD_NAME_SHOWN,
            "value=\"urgent\" selected",
            "value=\"America/Denver\" selected",
            "value=\"1999999984\"",
        ];
        page.shows(200, &told);
        let wrong = [
            ("name", ""),
            ("time_zone", "Mars/Olympus"),
            ("address", "Kept Street"),
            ("npi", "1999999948"),
        ];
        let reply = admin.post("/settings/locations/LOC-003", &wrong).await;
        reply.shows(422, &["id=\"e-npi\"", "One digit of this NPI is wrong"]);
        reply.shows(422, &["id=\"e-name\"", "id=\"e-time_zone\"", "Kept Street", "Edit LOC-003"]);
        let wrong = admin.post("/settings/locations/LOC-099", &wrong).await;
        assert_eq!(wrong.status, 404);
        let moved = [("name", "Moved"), ("time_zone", "America/Chicago")];
        let reply = admin.post("/settings/locations/LOC-003", &moved).await;
        assert_eq!(reply.to(), "/settings/locations");
        admin.get("/settings/locations").await.shows(200, &["Moved", "America/Chicago"]);
    }

    async fn physicians_are_added_and_changed(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let new = [("first_name", "Robin"), ("last_name", HARD_NAME), ("npi", "1234567893")];
        assert_eq!(admin.post("/settings/physicians", &new).await.to(), "/settings/physicians");
        let page = admin.get("/settings/physicians/PHY-002").await;
        page.shows(200, &[HARD_NAME_SHOWN, "Edit PHY-002", "value=\"1234567893\""]);
        let wrong = [("first_name", "Robin"), ("last_name", "Kept"), ("npi", "12")];
        let reply = admin.post("/settings/physicians/PHY-002", &wrong).await;
        reply.shows(422, &["id=\"e-npi\"", "value=\"Kept\""]);
        assert_eq!(admin.post("/settings/physicians/PHY-099", &wrong).await.status, 404);
    }
}
