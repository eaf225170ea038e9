//! The settings of reminders.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::mail::mailing;
use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site};

const ADDRESS: &str = "/settings/reminders";

fn fields<'a>(version: &'a str, before: &'a str, after: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("version", version), ("is_on", "1"), ("days_before", before), ("days_after", after)]
}

on_both_engines! {
    async fn reminders_are_off_until_the_clinic_wants_them(db) {
        let (site, _) = mailing(db).await;
        let admin = site.browser(Role::Administrator).await;
        let page = admin.get(ADDRESS).await;
        let told = ["name=\"version\" value=\"0\"", "value=\"3\"", "value=\"7, 21\""];
        page.shows(200, &told).lacks(&[" checked", "Last changed", "No mail server"]);
        let saved = admin.post(ADDRESS, &fields("0", " 2 ", "30 10")).await;
        assert_eq!(saved.to(), ADDRESS);
        let page = admin.get(ADDRESS).await;
        page.shows(200, &["name=\"version\" value=\"1\"", "value=\"2\"", "value=\"10, 30\""]);
        page.shows(200, &[" checked", "Last changed by Sample Administrator at Mar 10, 2026"]);
        assert_eq!(admin.post(ADDRESS, &[("version", "1"), ("days_before", "2"),
            ("days_after", "10, 30")]).await.to(), ADDRESS);
        admin.get(ADDRESS).await.shows(200, &["value=\"10, 30\""]).lacks(&[" checked"]);
    }

    async fn every_fault_is_told_and_what_was_typed_stays(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let told = ["Enter days between 0 and 60.", "Enter days between 1 and 365."];
        let wrong = admin.post(ADDRESS, &fields("0", "61", HARD_NAME)).await;
        wrong.shows(422, &told).shows(422, &["value=\"61\"", HARD_NAME_SHOWN, " checked"]);
        wrong.shows(422, &["No mail server is set up, so no reminder is sent."]);
        let none = admin.post(ADDRESS, &fields("0", "", "")).await;
        none.shows(422, &["Say how many days before or after the due date."]);
        let many = admin.post(ADDRESS, &fields("0", "", "1 2 3 4 5 6")).await;
        many.shows(422, &["Enter at most 5 numbers of days."]);
        admin.get(ADDRESS).await.shows(200, &["name=\"version\" value=\"0\""]);
    }

    async fn who_comes_second_sees_what_the_first_changed(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        admin.post(ADDRESS, &fields("0", "2", "10")).await.to();
        let second = admin.post(ADDRESS, &fields("0", "5", "")).await;
        let told = ["Somebody else changed these settings", "<b>2</b>", "<b>10</b>", "—"];
        second.shows(409, &told).shows(409, &["name=\"version\" value=\"1\"", "value=\"2\""]);
    }

    async fn others_read_them_and_only_administrators_change_them(db) {
        let site = Site::new(db).await;
        for role in Role::ALL {
            let browser = site.browser(role).await;
            let page = browser.get(ADDRESS).await;
            let sent = browser.post(ADDRESS, &fields("0", "3", "7, 21")).await;
            if role == Role::Administrator {
                page.shows(200, &["name=\"days_before\""]);
                assert_eq!(sent.to(), ADDRESS);
            } else {
                page.shows(200, &["7, 21"]).lacks(&["name=\"days_before\""]);
                sent.shows(403, &["Your role does not allow this"]);
            }
        }
        let other = site.browser_of(&site.other, Role::Administrator).await;
        other.get(ADDRESS).await.shows(200, &["name=\"version\" value=\"0\""]);
    }
}
