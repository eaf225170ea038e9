//! Webhooks as the processor sends them: believed by their signature alone.

use std::sync::Arc;

use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::{BASE_URL, Limits, Settings, Stripe};
use almoner_store::testing::TestDb;
use almoner_store::{on_both_engines, processor_events};
use almoner_stripe_fake::{API_KEY, WEBHOOK_SECRET, sign};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use crate::site::{Reply, Site};

const BODY: &str = r#"{"id":"evt_1","type":"checkout.session.completed","created":1764115200,
    "livemode":false,"data":{"object":{"object":"checkout.session","id":"cs_1"}}}"#;

async fn site(db: TestDb) -> Site {
    let settings = Settings {
        base_url: BASE_URL.to_owned(),
        key: Secret::new(API_KEY),
        webhook_secrets: vec![Secret::new("whsec_SAMPLE_next"), Secret::new(WEBHOOK_SECRET)],
        statement_suffix: None,
        limits: Limits::default(),
    };
    Site::with(db, Arc::new(Stripe::new(settings).expect("the settings are right"))).await
}

async fn post(site: &Site, path: &str, body: &str, signature: Option<&str>) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri(path);
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    site.send(request.body(Body::from(body.to_owned())).expect("the request is well formed")).await
}

async fn is_kept(site: &Site) -> bool {
    let mut tx = site.app.db.read().await.unwrap();
    processor_events::get(&mut tx, "stripe", "evt_1").await.unwrap().is_some()
}

on_both_engines! {
    async fn what_is_signed_is_kept_and_nothing_else(db) {
        let site = site(db).await;
        let now = site.app.now().as_second();
        let good = sign(BODY, now, &[WEBHOOK_SECRET]);
        let changed = BODY.replace("evt_1", "evt_2");
        let old = sign(BODY, now - 301, &[WEBHOOK_SECRET]);
        let future = sign(BODY, now + 301, &[WEBHOOK_SECRET]);
        let other = sign(BODY, now, &["whsec_SAMPLE_other"]);
        for (body, signature, words) in [
            (BODY, None, "no signature"),
            (&changed, Some(&*good), "wrong"),
            (BODY, Some(&old), "too old"),
            (BODY, Some(&future), "future"),
            (BODY, Some(&other), "wrong"),
            (BODY, Some("t=1"), "no signature is of a known scheme"),
        ] {
            let reply = post(&site, "/webhooks/stripe", body, signature).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{words}");
            assert!(reply.text().contains(words), "{words}: {}", reply.text());
        }
        assert!(!is_kept(&site).await);
        for time in [now, now - 300, now + 300] {
            let signed = sign(BODY, time, &["whsec_SAMPLE_other", "whsec_SAMPLE_next"]);
            let reply = post(&site, "/webhooks/stripe", BODY, Some(&signed)).await;
            assert_eq!((reply.status, reply.text().len()), (StatusCode::OK, 0));
        }
        assert!(is_kept(&site).await);
        let elsewhere = post(&site, "/webhooks/sandbox", BODY, Some(&good)).await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
        let huge = format!("{BODY}{}", " ".repeat(1024 * 1024));
        let signed = sign(&huge, now, &[WEBHOOK_SECRET]);
        let reply = post(&site, "/webhooks/stripe", &huge, Some(&signed)).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
        let got = site.stranger().get("/webhooks/stripe").await;
        assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
        // Everything else that changes something still has to come from a page of ours.
        let form = post(&site, "/payments/PAY-001/notes", "note=x", Some(&good)).await;
        assert_eq!(form.status, StatusCode::FORBIDDEN);
    }
}
