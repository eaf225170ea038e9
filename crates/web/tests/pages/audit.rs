//! The audit log, as those who look after it read it.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::site::Site;

on_both_engines! {
    async fn the_log_tells_who_did_what_to_which_thing(db) {
        let site = Site::new(db).await;
        let id = site.paid(None).await;
        let manager = site.browser(Role::Manager).await;
        manager.post(&format!("/payments/{id}/notes"), &[("note", "seen <b>"), ("key", "n")]).await;
        let page = manager.get("/audit").await;
        page.shows(200, &["Payment created", "Status changed", "Note added", &id.to_string()]);
        page.shows(200, &["Sample Manager", "amount: $"]).lacks(&["<b>"]);
        let about = manager.get(&format!("/audit?about={id}&from=2026-03-01")).await;
        about.shows(200, &["Payment created"]).lacks(&["Patient added"]);
        let later = manager.get("/audit?from=2027-01-01").await;
        later.shows(200, &["Nothing was found."]);
        let payers = manager.get("/audit?who=payers").await;
        payers.shows(200, &["Nothing was found.", "<option value=\"payers\" selected"]);
    }

    async fn what_was_only_seen_is_told_when_it_is_asked_for(db) {
        let site = Site::new(db).await;
        let id = site.payment(None, None).await;
        let manager = site.browser(Role::Manager).await;
        manager.get(&format!("/payments/{id}")).await;
        manager.get("/audit").await.lacks(&["Viewed"]);
        site.web.flush_reads().await;
        manager.get("/audit?reads=1").await.shows(200, &["Viewed", "from: "]);
        site.web.flush_reads().await;
        // Whoever reads the log is in it as well.
        manager.get("/audit?reads=1").await.shows(200, &["Viewed: audit log"]);
    }

    async fn what_cannot_be_understood_is_told_beside_the_field(db) {
        let site = Site::new(db).await;
        let manager = site.browser(Role::Manager).await;
        let odd = "/audit?about=O%27Brien+%3Cb%3E&from=yesterday&after=zz&who=me";
        let page = manager.get(odd).await;
        page.shows(200, &["Enter an id such as PAY-894.", "O&#39;Brien &#60;b&#62;", "yesterday"]);
    }

    async fn only_managers_and_auditors_see_it(db) {
        let site = Site::new(db).await;
        for role in Role::ALL {
            let browser = site.browser(role).await;
            let link = "href=\"/audit\"";
            if matches!(role, Role::Manager | Role::Auditor) {
                browser.get("/audit").await.shows(200, &["Audit log", link]);
            } else {
                browser.get("/audit").await.shows(403, &["Your role does not allow this"]);
                browser.get("/payments").await.lacks(&[link]);
            }
        }
    }
}
