//! The settings of eligibility checks and estimates.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Reply, Site};

const ADDRESS: &str = "/settings/eligibility";

/// A form with one row, and one that is blank.
fn fields<'a>(version: &'a str, step: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("do", step),
        ("version", version),
        ("stale_after_days", "14"),
        ("network", "out"),
        ("office_types", "98, UC"),
        ("treatment_types", "1"),
        ("first", "99213"),
        ("last", "99215"),
        ("types", "98 by"),
        ("first", ""),
        ("last", ""),
        ("types", ""),
    ]
}

fn set<'a>(
    mut form: Vec<(&'a str, &'a str)>,
    name: &str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let field = form.iter_mut().find(|field| field.0 == name).expect("the form has the field");
    field.1 = value;
    form
}

fn rows(reply: &Reply) -> usize {
    reply.text().matches("name=\"types\"").count()
}

on_both_engines! {
    async fn settings_are_changed_and_stay(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let page = admin.get(ADDRESS).await;
        let told = [
            "name=\"version\" value=\"0\"",
            "value=\"30\"",
            "value=\"98, BY, BZ, 96\"",
            "Office visit · Office visit, sick",
            "value=\"J9000\"",
            "Chemotherapy · Oncology",
            "<option value=\"UC\" data-code=\"UC\">Urgent care</option>",
        ];
        page.shows(200, &told).lacks(&["Last changed"]);
        assert_eq!(rows(&page), 36, "two blank rows follow");
        assert_eq!(admin.post(ADDRESS, &fields("0", "save")).await.to(), ADDRESS);
        assert_eq!(admin.post(ADDRESS, &fields("0", "save")).await.to(), ADDRESS, "a second click");
        let page = admin.get(ADDRESS).await;
        let told = [
            "name=\"version\" value=\"1\"",
            "value=\"14\"",
            "<option value=\"out\" selected>",
            "value=\"98, UC\"",
            "value=\"98, BY\"",
            "Last changed by Sample Administrator at Mar 10, 2026, 11:00 AM.",
        ];
        page.shows(200, &told);
        assert_eq!(rows(&page), 3);
        let auditor = site.browser(Role::Auditor).await;
        let told = ["14 days", "Out of network", "Urgent care", "99215", "Office visit, sick"];
        auditor.get(ADDRESS).await.shows(200, &told).lacks(&["<form class=\"panel", "Remove"]);
        let elsewhere = site.browser_of(&site.other, Role::Administrator).await;
        elsewhere.get(ADDRESS).await.shows(200, &["value=\"30\"", "name=\"version\" value=\"0\""]);
    }

    async fn what_is_wrong_is_told_beside_its_field(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let mut wrong = fields("0", "save");
        for (name, value) in [
            ("stale_after_days", "400"),
            ("network", "both"),
            ("office_types", HARD_NAME),
            ("treatment_types", "30"),
            ("first", "99216"),
        ] {
            wrong = set(wrong, name, value);
        }
        let told = [
            "id=\"e-stale_after_days\"",
            "id=\"e-network\"",
            "id=\"e-office_types\"",
            HARD_NAME_SHOWN,
            "id=\"e-treatment_types\"",
            "This comes before 99216.",
            "id=\"e-last_1\"",
        ];
        admin.post(ADDRESS, &wrong).await.shows(422, &told);
        let long = "9".repeat(40_000);
        let reply = admin.post(ADDRESS, &set(fields("0", "save"), "office_types", &long)).await;
        reply.shows(422, &["id=\"e-office_types\""]);
        admin.get(ADDRESS).await.shows(200, &["name=\"version\" value=\"0\""]);
    }

    async fn rows_come_and_go_without_scripts(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let more = admin.post(ADDRESS, &fields("0", "more")).await;
        more.shows(200, &["value=\"98 by\"", "value=\"14\""]);
        assert_eq!(rows(&more), 8);
        let fewer = admin.post(ADDRESS, &fields("0", "remove-1")).await;
        fewer.shows(200, &["Nothing is saved before", "value=\"14\""]).lacks(&["98 by"]);
        assert_eq!(rows(&fewer), 1);
        for odd in ["remove-0", "remove-99", "remove-x"] {
            let reply = admin.post(ADDRESS, &fields("0", odd)).await;
            assert!(reply.status.is_success() || reply.status.is_redirection(), "{odd}");
        }
        let version = admin.get(ADDRESS).await.hidden("version");
        let reset = admin.post(ADDRESS, &fields(&version, "reset")).await;
        let told = ["These are the defaults", "value=\"98, BY, BZ, 96\"", "value=\"J9000\""];
        reset.shows(200, &told);
        assert_eq!(rows(&reset), 36);
        let mut many = fields(&version, "more");
        for _ in 0..300 {
            many.extend([("first", "1"), ("last", ""), ("types", "1")]);
        }
        let reply = admin.post(ADDRESS, &many).await;
        assert_eq!(rows(&reply), 201, "more than may be kept are cut");
    }

    async fn who_was_slower_sees_both_sides(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        assert_eq!(admin.post(ADDRESS, &fields("0", "save")).await.to(), ADDRESS);
        let mine = set(set(fields("0", "save"), "stale_after_days", "60"), "types", "UC");
        let told = [
            "Somebody else changed these settings",
            "Sample Administrator",
            "<b>14 days</b>",
            "60 days",
            "99213 to 99215",
            "<b>98, BY</b>",
            "name=\"version\" value=\"1\"",
            "value=\"14\"",
        ];
        admin.post(ADDRESS, &mine).await.shows(409, &told);
        let again = set(mine, "version", "1");
        assert_eq!(admin.post(ADDRESS, &again).await.to(), ADDRESS);
        admin.get(ADDRESS).await.shows(200, &["value=\"60\"", "name=\"version\" value=\"2\""]);
    }

    async fn only_administrators_change_them(db) {
        let site = Site::new(db).await;
        for role in Role::ALL {
            let browser = site.browser(role).await;
            for step in ["reset", "save"] {
                let status = browser.post(ADDRESS, &fields("0", step)).await.status.as_u16();
                let may = role == Role::Administrator;
                assert_eq!(may, [200, 303].contains(&status), "{role:?} {step}");
                assert!(may || status == 403, "{role:?} {step}");
            }
        }
    }
}
