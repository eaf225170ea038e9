//! The administrators' page of what waits to be done by itself.

use std::sync::Arc;

use almoner_app::remove_documents::remove_documents;
use almoner_domain::ambient::Clock as _;
use almoner_domain::role::Role;
use almoner_gateways::files::Files;
use almoner_gateways::testing::{Fault, Watched};
use almoner_store::on_both_engines;
use almoner_store::processor_events::{self, EventState, NewEvent};
use jiff::SignedDuration;

use crate::documents::DOCUMENTS;
use crate::site::Site;

/// An event that arrived, and may not have been believed.
async fn arrived(site: &Site, id: &str, disbelief: Option<&str>) {
    let now = site.app.now();
    let new = NewEvent {
        processor: site.app.processor.name(),
        id,
        kind: "charge.odd<b>",
        object: Some(("charge", "ch_SAMPLE")),
        happened_at: now,
        received_at: now,
        disbelief,
    };
    let mut tx = site.app.db.begin().await.unwrap();
    assert!(processor_events::insert(&mut tx, &new).await.unwrap());
    tx.commit().await.unwrap();
}

/// An event that was tried once and then left to a person.
async fn given_up(site: &Site, id: &str) {
    arrived(site, id, None).await;
    let (processor, now) = (site.app.processor.name(), site.app.now());
    let mut tx = site.app.db.begin().await.unwrap();
    processor_events::set_next(&mut tx, processor, id, (now, 1)).await.unwrap();
    let odd = (EventState::Quarantined, Some("it is not as it was made"));
    processor_events::set_state(&mut tx, processor, id, odd).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn administrators_see_that_nothing_is_wrong(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        let page = admin.get("/settings/jobs").await;
        page.shows(200, &["Payments under way", "Letters to patients", "nothing was given up"]);
        page.lacks(&["Take up now", "Something was to be taken up"]);
        let told = admin.post("/settings/jobs", &[("queue", "refunds")]).await;
        assert_eq!(told.to(), "/settings/jobs");
        assert!(told.header("set-cookie").starts_with("almoner_flash=queue_at_work"));
        admin.post("/settings/jobs", &[("queue", "tea")]).await.shows(422, &["no such queue"]);
    }

    async fn what_was_given_up_is_shown_and_looked_at_again(db) {
        let site = Site::new(db).await;
        for id in ["evt_SAMPLE_1", "evt_SAMPLE_2"] {
            given_up(&site, id).await;
        }
        let admin = site.browser(Role::Administrator).await;
        let page = admin.get("/settings/jobs").await;
        let words = "charge.odd&#60;b&#62;: it is not as it was made";
        page.shows(200, &["evt_SAMPLE_1", "evt_SAMPLE_2", words, "Look again"]);
        let sent = [("queue", "events"), ("item", "evt_SAMPLE_1")];
        let told = admin.post("/settings/jobs", &sent).await;
        assert!(told.header("set-cookie").starts_with("almoner_flash=queue_hurried"));
        let page = admin.get("/settings/jobs").await;
        page.shows(200, &["evt_SAMPLE_2", "Take up now"]).lacks(&["evt_SAMPLE_1"]);
        let waiting = "SELECT count(*) AS n FROM processor_event WHERE state = 'waiting'";
        let mut tx = site.app.db.read().await.unwrap();
        assert_eq!(tx.one(waiting, Vec::new()).await.unwrap().int("n").unwrap(), 1);
    }

    async fn what_was_never_believed_is_shown_and_cannot_be_looked_at_again(db) {
        let site = Site::new(db).await;
        arrived(&site, "evt_SAMPLE_1", Some("it is of another account")).await;
        let admin = site.browser(Role::Administrator).await;
        let words = "charge.odd&#60;b&#62;: it is of another account";
        let page = admin.get("/settings/jobs").await;
        page.shows(200, &["evt_SAMPLE_1", words]).lacks(&["Look again"]);
        let sent = [("queue", "events"), ("item", "evt_SAMPLE_1")];
        let told = admin.post("/settings/jobs", &sent).await;
        assert!(told.header("set-cookie").starts_with("almoner_flash=queue_at_work"));
        admin.get("/settings/jobs").await.shows(200, &["evt_SAMPLE_1"]).lacks(&["Take up now"]);
    }

    async fn documents_that_are_to_be_removed_wait_in_a_queue(db) {
        let watched = Watched::default();
        let site = Site::new(db).await.with_files(Files::of(Arc::new(watched.clone())));
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        for name in ["a.txt", "b.txt"] {
            let content = name.as_bytes();
            desk.upload_to(DOCUMENTS, &[("files", Some(name), content)]).await.to();
        }
        desk.post(&format!("{DOCUMENTS}/1/delete"), &[]).await.to();
        let admin = site.browser(Role::Administrator).await;
        let waits = "Documents to be removed";
        let page = admin.get("/settings/jobs").await;
        page.shows(200, &[waits]).lacks(&["Take up now"]);
        site.clock.set(site.clock.now() + SignedDuration::from_hours(24 * 30 + 1));
        watched.fault(Some(Fault::Away));
        assert!(remove_documents(&site.app, &site.system()).await.is_err());
        let admin = site.browser(Role::Administrator).await;
        let page = admin.get("/settings/jobs").await;
        page.shows(200, &["Take up now: Documents to be removed", "Apr 9, 2026, 12:10 PM"]);
        watched.fault(None);
        assert_eq!(remove_documents(&site.app, &site.system()).await.unwrap(), 0);
        let told = admin.post("/settings/jobs", &[("queue", "documents")]).await;
        assert!(told.header("set-cookie").starts_with("almoner_flash=queue_hurried"));
        let odd = [("queue", "documents"), ("item", "x")];
        let told = admin.post("/settings/jobs", &odd).await;
        assert!(told.header("set-cookie").starts_with("almoner_flash=queue_at_work"));
        assert_eq!(remove_documents(&site.app, &site.system()).await.unwrap(), 1);
        admin.get("/settings/jobs").await.lacks(&["Take up now"]);
        let desk = site.browser(Role::FrontDesk).await;
        desk.get(&format!("{DOCUMENTS}/2")).await.shows(200, &["b.txt"]);
    }

    async fn work_that_nobody_does_raises_an_alarm(db) {
        let site = Site::new(db).await;
        given_up(&site, "evt_SAMPLE_1").await;
        let admin = site.browser(Role::Administrator).await;
        admin.post("/settings/jobs", &[("queue", "events")]).await;
        admin.get("/settings/jobs").await.lacks(&["Something was to be taken up"]);
        site.clock.set(site.clock.now() + SignedDuration::from_mins(6));
        let page = admin.get("/settings/jobs").await;
        page.shows(200, &["Something was to be taken up at", "Take up now"]);
    }

    async fn nobody_else_sees_the_page_or_its_tab(db) {
        let site = Site::new(db).await;
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Administrator) {
            let browser = site.browser(role).await;
            let refused = "Your role does not allow this: look after jobs.";
            browser.get("/settings/jobs").await.shows(403, &[refused]);
            let sent = [("queue", "events")];
            browser.post("/settings/jobs", &sent).await.shows(403, &[refused]);
            browser.get("/settings/locations").await.lacks(&["/settings/jobs"]);
        }
        let admin = site.browser(Role::Administrator).await;
        admin.get("/settings/locations").await.shows(200, &["/settings/jobs"]);
    }
}
