//! What stands around every page: the jump, how long a session lasts, the colours.

use almoner_app::sign_in::{ABSOLUTE, IDLE};
use almoner_domain::ambient::Clock as _;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::eligibility::{NORA, answer};
use crate::site::Site;

on_both_engines! {
    async fn an_id_is_gone_to_at_once(db) {
        let site = Site::new(db).await;
        let treatment = site.treatment().await;
        site.payment(Some(treatment), None).await;
        site.import(answer(NORA)).await;
        let desk = site.browser(Role::FrontDesk).await;
        for (typed, to) in [
            ("1", "/payments/PAY-001"),
            ("pay-1", "/payments/PAY-001"),
            (" PAT-2 ", "/patients/PAT-002"),
            ("trt-001", "/treatments/TRT-001"),
            ("ELG-1", "/eligibility/ELG-001"),
        ] {
            let path = format!("/jump?q={}", typed.replace(' ', "+"));
            assert_eq!(desk.get(&path).await.to(), to, "{typed}");
            // Not while it is being typed.
            desk.live(&path).await.shows(200, &[&format!("href=\"{to}\"")]);
        }
        desk.live("/jump?q=1").await.shows(200, &["Specimen, Ben · $80.00 · Pending"]);
        for unknown in ["999", "PAT-999", "TRT-999", "ELG-999", "zzz", "99999999999999999999"] {
            desk.get(&format!("/jump?q={unknown}")).await.shows(200, &["Nothing is called so."]);
        }
    }

    async fn names_and_pages_are_found_by_their_beginnings(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let page = desk.get("/jump?q=spec").await;
        page.shows(200, &["href=\"/patients/PAT-002\"", "Specimen, Ben", "born Jul 4, 1975"]);
        desk.get("/jump?q=tre").await.shows(200, &["/treatments\"", "/treatments/new"]);
        desk.get("/jump").await.shows(200, &["/payments\"", "/settings/locations"]);
        // Pages that are not for them are not offered.
        desk.get("/jump").await.lacks(&["href=\"/audit\"", "href=\"/settings/jobs\"", "/reports/"]);
        let auditor = site.browser(Role::Auditor).await;
        auditor.get("/jump").await.shows(200, &["href=\"/audit\""]).lacks(&["/payments/new"]);
        let reports = ["/reports/day-close", "/reports/collections", "/reports/aging"];
        auditor.get("/jump").await.shows(200, &reports);
        auditor.get("/jump?q=ag").await.shows(200, &["/reports/aging"]);
        let other = site.browser_of(&site.other, Role::Manager).await;
        other.get("/jump?q=spec").await.shows(200, &["Nothing is called so."]);
        other.get("/jump?q=PAT-002").await.shows(200, &["Nothing is called so."]);
    }

    async fn a_session_says_how_long_it_lasts_and_is_not_prolonged_by_that(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let wait = |time: SignedDuration| site.clock.set(site.clock.now() + time);
        assert_eq!(desk.get("/session").await.text(), "{\"left\":900}");
        wait(SignedDuration::from_mins(14));
        assert_eq!(desk.get("/session").await.text(), "{\"left\":60}");
        assert_eq!(desk.post("/session", &[]).await.text(), "{\"left\":900}");
        wait(IDLE + SignedDuration::from_secs(1));
        assert_eq!(desk.get("/session").await.text(), "{\"left\":0}");
        assert_eq!(desk.post("/session", &[]).await.text(), "{\"left\":0}");
        assert!(desk.get("/payments").await.to().starts_with("/sign-in"));
        assert_eq!(site.stranger().get("/session").await.text(), "{\"left\":0}");
    }

    async fn no_session_lasts_longer_than_a_day_of_work(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let minutes = ABSOLUTE.as_mins() / 10;
        for _ in 1..minutes {
            site.clock.set(site.clock.now() + SignedDuration::from_mins(10));
            desk.post("/session", &[]).await.shows(200, &["left"]);
        }
        assert_eq!(desk.get("/session").await.text(), "{\"left\":600}");
    }

    async fn a_member_has_the_colours_they_want(db) {
        let site = Site::new(db).await;
        let mut desk = site.browser(Role::FrontDesk).await;
        desk.get("/payments?q=x").await.shows(200, &["name=\"next\" value=\"/payments?q=x\""]);
        let sent = [("theme", "dark"), ("next", "/payments?q=x")];
        let reply = desk.post("/colours", &sent).await;
        assert_eq!(reply.to(), "/payments?q=x");
        let cookie = reply.header("set-cookie").to_owned();
        let is_kept = cookie.starts_with("almoner_theme=dark;") && cookie.contains("Max-Age=");
        assert!(is_kept, "{cookie}");
        desk.cookies += "; almoner_theme=dark";
        desk.get("/payments").await.shows(200, &["data-theme=\"dark\""]);
        let gone = desk.post("/colours", &[("theme", "system"), ("next", "//evil.example")]).await;
        assert_eq!(gone.to(), "/payments");
        assert!(gone.header("set-cookie").contains("Max-Age=0"), "{}", gone.header("set-cookie"));
    }
}
