//! Settings of webhooks, as pages and as calls.

use almoner_app::deliver_webhooks::{claim_deliveries, deliver_claimed};
use almoner_app::webhook_endpoints::{NewEndpoint, add_endpoint, endpoints};
use almoner_domain::WebhookId;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use serde_json::{Value, json};

use crate::api_program::Program;
use crate::site::Site;

const ADDRESS: &str = "/settings/webhooks";
pub(crate) const EVENTS: &str = "/api/v1/events";
/// Where endpoints are asked for.
pub(crate) const HOOKS: &str = "/api/v1/webhook-endpoints";
/// A port at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

/// Another endpoint of the first clinic, which does not listen.
pub(crate) async fn told(site: &Site) -> WebhookId {
    let count = endpoints(&site.app, &site.system()).await.unwrap().len();
    let url = format!("{NOBODY}/{count}");
    let new = NewEndpoint { url, description: "Bookkeeping".to_owned() };
    add_endpoint(&site.app, &site.system(), &new).await.unwrap().endpoint.id
}

on_both_engines! {
    async fn an_endpoint_is_added_tried_and_deleted_on_its_page(db) {
        let site = Site::new(db).await;
        let admin = site.browser(Role::Administrator).await;
        admin.get(ADDRESS).await.shows(200, &["No endpoints yet", "Add an endpoint"]);
        let wrong = [("url", "ftp://books.example/"), ("description", "The <b>books</b>")];
        let refused = admin.post(ADDRESS, &wrong).await;
        refused.shows(422, &["Enter an address such as", "ftp://books.example/", "e-url"]);
        let right = [("url", "http://127.0.0.1:9/hooks"), ("description", "The <b>books</b>")];
        let added = admin.post(ADDRESS, &right).await;
        added.shows(201, &["whsec_", "WHK-001", "The &#60;b&#62;books", "not shown again"]);
        admin.post(ADDRESS, &right).await.shows(422, &["sent to this address already"]);
        let page = format!("{ADDRESS}/WHK-001");
        admin.get(&page).await.shows(200, &["Nothing was sent here yet"]).lacks(&["whsec_"]);
        assert_eq!(admin.post(&page, &[("do", "test")]).await.to(), page);
        let claimed = claim_deliveries(&site.app, &site.system(), 5).await.unwrap();
        deliver_claimed(&site.app, &site.system(), &claimed[0]).await.unwrap();
        let shown = admin.get(&page).await;
        shown.shows(200, &["webhook.test", "no connection could be made", "Waiting", "Send again"]);
        admin.get(ADDRESS).await.shows(200, &["On: nothing arrives"]);
        let event = claimed[0].event.id.to_string();
        let again = [("do", "again"), ("event", &*event)];
        assert_eq!(admin.post(&page, &again).await.to(), page);
        admin.post(&page, &[("do", "renew")]).await.shows(200, &["whsec_", "holds until"]);
        assert_eq!(admin.post(&page, &[("do", "disable")]).await.to(), page);
        admin.post(&page, &[("do", "test")]).await.shows(422, &["switched off", "Dropped"]);
        assert_eq!(admin.post(&page, &[("do", "enable")]).await.to(), page);
        admin.post(&page, &[("do", "tea")]).await.shows(422, &["no such button"]);
        admin.get(&format!("{page}?before=tea")).await.shows(200, &["webhook.test"]);
        assert_eq!(admin.post(&page, &[("do", "delete")]).await.to(), ADDRESS);
        admin.get(&page).await.shows(404, &["was not found"]);
        for role in [Role::FrontDesk, Role::Biller, Role::Manager, Role::Auditor] {
            let browser = site.browser(role).await;
            browser.get(ADDRESS).await.shows(403, &["manage webhooks"]);
            browser.post(ADDRESS, &right).await.shows(403, &["manage webhooks"]);
            browser.get("/settings/locations").await.lacks(&[ADDRESS]);
        }
    }

    async fn programs_add_endpoints_and_read_events(db) {
        let site = Site::new(db).await;
        let program = Program::new(&site, "webhooks:write").await;
        let body = json!({ "url": format!("{NOBODY}/mine"), "description": "Mine" }).to_string();
        let added = program.once("one").post(HOOKS, &body).await.value(201);
        assert!(added["secret"].as_str().unwrap().starts_with("whsec_"));
        assert_eq!((&added["id"], &added["status"]), (&json!("WHK-001"), &json!("enabled")));
        // The secret is told once and stored nowhere.
        program.once("one").post(HOOKS, &body).await.problem(409, "answer_not_kept");
        assert_eq!(program.post(HOOKS, &body).await.faults(), ["url duplicate"]);
        assert_eq!(program.post(HOOKS, r#"{"url":"x"}"#).await.faults(), ["url not_an_address"]);
        let list = program.get(HOOKS).await.value(200);
        assert_eq!((&list["total"], &list["data"][0]["url"]), (&json!(1), &added["url"]));
        assert_eq!(list["data"][0].get("secret"), None);
        site.payment(None, None).await;
        site.clock.set(site.app.now() + jiff::SignedDuration::from_secs(1));
        site.paid(None).await;
        let all = program.get(EVENTS).await.value(200);
        let kinds = |page: &Value| {
            let rows = page["data"].as_array().unwrap().clone();
            let mut kinds: Vec<String> =
                rows.iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect();
            kinds.sort();
            kinds
        };
        let expected = ["payment.created", "payment.created", "payment.status_changed"];
        assert_eq!((kinds(&all), &all["total"]), (expected.map(str::to_owned).to_vec(), &json!(3)));
        assert_eq!(all["data"][0]["data"]["id"], "PAY-001", "the newest last");
        let first = program.get(&format!("{EVENTS}?limit=1")).await.value(200);
        let id = first["data"][0]["id"].as_str().unwrap();
        let alone = program.get(&format!("{EVENTS}/{id}")).await.value(200);
        assert_eq!(alone, first["data"][0]);
        for odd in ["evt_1", "PAY-001", &id.replace('_', "_0")] {
            program.get(&format!("{EVENTS}/{odd}")).await.problem(404, "not_found");
        }
        assert_eq!((&first["data"][0], &first["previous"]), (&all["data"][0], &Value::Null));
        let after = first["next"].as_str().unwrap();
        let rest = program.get(&format!("{EVENTS}?after={after}")).await.value(200);
        assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null));
        let before = rest["previous"].as_str().unwrap();
        let back = program.get(&format!("{EVENTS}?before={before}")).await.value(200);
        assert_eq!(back["data"], first["data"]);
        let since = all["data"][1]["timestamp"].as_str().unwrap();
        let late = program.get(&format!("{EVENTS}?since={since}")).await.value(200);
        assert_eq!(late["data"], rest["data"]);
        let odd = program.get(&format!("{EVENTS}?since={since}&after={after}")).await;
        assert_eq!(odd.faults(), ["since not_both"]);
        let one = format!("{HOOKS}/WHK-001");
        assert_eq!(program.get(&one).await.value(200)["description"], "Mine");
        assert_eq!(program.delete(&one).await.status, 204);
        program.get(&one).await.problem(404, "not_found");
    }
}
