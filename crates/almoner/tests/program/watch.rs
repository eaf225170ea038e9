//! What a running server tells those who watch it: metrics that move by what is done, log lines
//! that belong together by a number, traces for a collector. None of it names a patient.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use almoner_domain::Status;
use almoner_jobs::JOBS;
use almoner_store::on_both_engines;
use almoner_store::queues::Queue;
use almoner_store::testing::TestDb;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::cli::ANSWER;
use crate::common::{Browser, Server};
use crate::payers::{Phone, asked_for, await_count, demo_clinic};

/// What must never be told: a name, a member's number, a memo, a payer's message, a birth date.
const CANARIES: [&str; 5] =
    ["Zzcanaryname", "ZZCANARYMEMBER", "Zzcanarymemo", "ZZCANARYMESSAGE", "19870605"];
/// Every route that the test goes to, as it may stand in a label.
const ROUTES: [&str; 15] = [
    "/assets/{*path}",
    "/eligibility/import",
    "/pay/back",
    "/pay/{token}",
    "/patients",
    "/payments",
    "/payments/{id}",
    "/payments/{id}/link",
    "/payments/{id}/refunds",
    "/payments/{id}/status",
    "/readyz",
    "/sandbox/{session}",
    "/sign-in",
    "/webhooks/{processor}",
    "none",
];
const POOLS: [&str; 3] = ["readers", "server", "writer"];
const CALLS: [&str; 16] = [
    "ask",
    "attempt",
    "begin",
    "capture",
    "disputes",
    "events",
    "expire",
    "fetch",
    "find_refund",
    "movements",
    "payouts",
    "refund",
    "release",
    "send",
    "taken",
    "waiting",
];
const OUTCOMES: [&str; 15] = [
    "active",
    "done",
    "failed",
    "inactive",
    "kept",
    "known",
    "not_done",
    "not_set_up",
    "refused",
    "rejected",
    "review",
    "unknown",
    "by_hand",
    "processor",
    "none",
];
/// What a span may say.
const ATTRIBUTES: [&str; 7] = [
    "call",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "outcome",
    "party",
    "request_id",
];

/// A line of metrics.
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Reads the text that Prometheus reads.
fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a line has a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let pairs = labels.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty());
            let label = |pair: &str| {
                let (name, value) = pair.split_once("=\"").expect("a label has a value");
                (name.to_owned(), value.trim_end_matches('"').to_owned())
            };
            let value = value.parse().expect("a value is a number");
            Sample { name: name.to_owned(), labels: pairs.map(label).collect(), value }
        })
        .collect()
}

/// The sum of all lines of that name and with these labels.
fn sum(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let has = |sample: &&Sample| {
        sample.name == name
            && labels
                .iter()
                .all(|(name, value)| sample.labels.get(*name).is_some_and(|l| l == value))
    };
    samples.iter().filter(has).map(|sample| sample.value).sum()
}

fn is_count(samples: &[Sample], name: &str, labels: &[(&str, &str)], expected: u32) {
    let found = sum(samples, name, labels);
    assert!((found - f64::from(expected)).abs() < 0.5, "{name} {labels:?}: {found}");
}

fn is_some(samples: &[Sample], name: &str, labels: &[(&str, &str)]) {
    assert!(sum(samples, name, labels) >= 1.0, "{name} {labels:?}");
}

/// Whether a label is one of the few that there can be.
fn is_known(name: &str, value: &str) -> bool {
    let statuses = || Status::ALL.iter().any(|status| status.as_str() == value);
    match name {
        "route" => ROUTES.contains(&value),
        "method" => ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&value),
        "status" => ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&value),
        "from" => value == "none" || statuses(),
        "to" => statuses(),
        "task" => JOBS.contains(&value),
        "queue" => Queue::ALL.iter().any(|queue| queue.as_str() == value),
        "party" => ["clearinghouse", "mail", "processor", "webhooks"].contains(&value),
        "call" => CALLS.contains(&value),
        "outcome" | "way" => OUTCOMES.contains(&value),
        "pool" => POOLS.contains(&value),
        "state" => ["idle", "used"].contains(&value),
        "version" => value == env!("CARGO_PKG_VERSION"),
        "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
        _ => false,
    }
}

/// A collector that keeps what it gets.
async fn collector() -> (SocketAddr, UnboundedReceiver<Bytes>) {
    let (sender, receiver) = unbounded_channel();
    let take = move |body: Bytes| async move {
        let _ = sender.send(body);
        StatusCode::OK
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, receiver)
}

fn spans(bodies: &[Bytes]) -> Vec<Span> {
    let mut spans = Vec::new();
    for body in bodies {
        let export = ExportTraceServiceRequest::decode(body.clone()).expect("it is OTLP");
        for resource in export.resource_spans {
            for scope in resource.scope_spans {
                spans.extend(scope.spans);
            }
        }
    }
    spans
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A day at the desk, about somebody whose every detail is a canary; gives the number of the
/// request that searched for them, and the link.
async fn work(server: &Server, db: &TestDb) -> (String, String) {
    let desk = Browser::sign_in(&server.base, "m@test.clinic").await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let form = [("email", "m@test.clinic"), ("password", "not the right one"), ("next", "")];
    let wrong = client.post(format!("{}/sign-in", server.base)).form(&form);
    let wrong = wrong.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let form = [
        ("first_name", "Ada"),
        ("last_name", CANARIES[0]),
        ("date_of_birth", "1987-06-05"),
        ("primary_payer", "Sample Health"),
        ("primary_member_id", CANARIES[1]),
    ];
    desk.go("/patients", &form).await;
    let (_, link) = asked_for(&desk, &server.base, "PAT-001", 1).await;
    Phone::new(&server.base, 0).pay(&link).await;
    await_count(db, "SELECT count(*) AS n FROM payment WHERE status = 'paid'", 1).await;
    let form = [
        ("patient", "PAT-001"),
        ("amount", "50"),
        ("memo", CANARIES[2]),
        ("do", "create"),
        ("key", "cash"),
    ];
    let cash = desk.go("/payments", &form).await;
    desk.go(&format!("{cash}/status"), &[("to", "paid"), ("tender_type", "cash")]).await;
    for (amount, status) in [("20", StatusCode::SEE_OTHER), ("30.01", StatusCode::CONFLICT)] {
        let form = [("kind", "partial"), ("amount", amount), ("reason", "billing_error")];
        let form = [&form[..], &[("key", amount)]].concat();
        assert_eq!(desk.post(&format!("{cash}/refunds"), &form).await.status(), status);
    }
    let answer = ANSWER
        .replace("TESTPERSON*ADA", "ZZCANARYNAME*ADA")
        .replace("MEMBER1", "ZZCANARYMEMBER")
        .replace("19800101", "19870605")
        .replace("EB*B*IND*98***27*25~", "EB*B*IND*98***27*25~MSG*ZZCANARYMESSAGE~")
        .replace("SE*12", "SE*13");
    for _ in 0..2 {
        let imported = desk.send_file("/eligibility/import", "k", answer.clone().into()).await;
        assert_eq!(imported, Some(StatusCode::OK));
    }
    let nowhere = client.get(format!("{}/{}", server.base, CANARIES[0])).send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    let search = client.get(format!("{}/payments?q={}", server.base, CANARIES[0]));
    let search = search.send().await.unwrap();
    let number = search.headers()["x-request-id"].to_str().unwrap().to_owned();
    (number, link)
}

fn check_metrics(text: &str) {
    let samples = samples(text);
    for sample in &samples {
        assert!(sample.name.starts_with("almoner_"), "{}", sample.name);
        for (name, value) in &sample.labels {
            assert!(is_known(name, value), "{} {name}={value}", sample.name);
        }
    }
    let count = |name: &str, labels: &[(&str, &str)], expected| {
        is_count(&samples, &format!("almoner_{name}"), labels, expected);
    };
    count("sign_ins_total", &[("outcome", "refused")], 1);
    count("sign_ins_total", &[("outcome", "done")], 1);
    for (from, to, times) in [
        ("none", "pending", 2),
        ("pending", "processing", 1),
        ("processing", "paid", 1),
        ("pending", "paid", 1),
        ("paid", "partially_refunded", 1),
    ] {
        count("payment_transitions_total", &[("from", from), ("to", to)], times);
    }
    count("payment_transitions_total", &[], 6);
    count("refunds_total", &[("way", "by_hand")], 1);
    count("refunds_total", &[], 1);
    count("checks_imported_total", &[("outcome", "active")], 1);
    count("checks_imported_total", &[], 1);
    count("links_opened_total", &[], 1);
    let issued = [("route", "/payments/{id}/link"), ("method", "POST"), ("status", "3xx")];
    count("http_requests_total", &issued, 1);
    count("http_request_duration_seconds_count", &issued[..2], 1);
    let refunds = [("route", "/payments/{id}/refunds"), ("method", "POST")];
    count("http_requests_total", &refunds, 2);
    count("http_requests_total", &[("route", "none"), ("status", "4xx")], 1);
    // A webhook of the sandbox may be on its way still.
    assert!(sum(&samples, "almoner_http_requests_in_flight", &[]) < 1.5);
    count("database_up", &[], 1);
    count("database_wait_failures_total", &[], 0);
    let some = |name: &str, labels: &[(&str, &str)]| {
        is_some(&samples, &format!("almoner_{name}"), labels);
    };
    some("webhooks_total", &[("outcome", "kept")]);
    let begun = [("party", "processor"), ("call", "begin")];
    some("outside_calls_total", &[&begun[..], &[("outcome", "done")]].concat());
    some("outside_call_duration_seconds_count", &begun);
    some("job_runs_total", &[("task", "seal_audit"), ("outcome", "done")]);
    some("job_last_success_timestamp_seconds", &[("task", "seal_audit")]);
    some("job_duration_seconds_count", &[("task", "apply_events")]);
    some("database_connections_max", &[]);
    some("database_wait_seconds_count", &[]);
    let queues: BTreeSet<&str> =
        samples.iter().filter_map(|sample| sample.labels.get("queue")).map(|l| &**l).collect();
    assert_eq!(queues.len(), Queue::ALL.len());
}

fn check_spans(spans: &[Span], searched: &str) {
    for span in spans {
        assert!(span.events.is_empty(), "{}", span.name);
        for attribute in &span.attributes {
            assert!(ATTRIBUTES.contains(&&*attribute.key), "{}: {}", span.name, attribute.key);
        }
    }
    let of_search =
        spans.iter().find(|span| attribute(span, "request_id").is_some_and(|id| id == searched));
    let of_search = of_search.expect("the search has a span");
    assert_eq!(of_search.name, "GET /payments");
    assert_eq!(attribute(of_search, "http.route").as_deref(), Some("/payments"));
    assert_eq!(attribute(of_search, "http.response.status_code").as_deref(), Some("303"));
    let begin = spans.iter().find(|span| span.name == "processor begin");
    let begin = begin.expect("the processor was asked");
    assert_eq!(attribute(begin, "outcome").as_deref(), Some("done"));
    let above = spans.iter().find(|span| span.span_id == begin.parent_span_id);
    assert_eq!(above.expect("a request asked").name, "POST /pay/{token}");
}

/// Lines of JSON; all that belongs to a request has its number.
fn check_log(log: &str, searched: &str) {
    let mut of_search = 0;
    for line in log.lines().filter(|line| !line.starts_with("almoner: ")) {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        if line["span"]["request_id"] == *searched {
            of_search += 1;
            assert_eq!(line["fields"]["route"], "/payments");
            assert_eq!(line["fields"]["status"], 303);
            assert!(line["fields"]["millis"].is_u64());
        }
    }
    assert_eq!(of_search, 1, "one line tells of the search");
}

fn names_nobody(what: &str, text: &str, link: &str) {
    let text = text.to_lowercase();
    let token = link.rsplit('/').next().unwrap();
    for secret in CANARIES.iter().copied().chain([token, "PAT-001", "m@test.clinic"]) {
        let found = text.find(&secret.to_lowercase());
        assert_eq!(found, None, "{what} tells {secret}");
    }
}

on_both_engines! {
    async fn what_is_done_is_told_and_nobody_is_named(db) {
        let folder = tempfile::tempdir().unwrap();
        let (collector, mut received) = collector().await;
        let endpoint = format!("http://{collector}");
        let watched = ["--metrics-listen", "127.0.0.1:0", "--otlp-endpoint", &*endpoint];
        let log = folder.path().join("server.log");
        let file = std::fs::File::create(&log).unwrap();
        demo_clinic(folder.path(), &db).await;
        let words = ["demo", "--log-format", "json", "--log", "debug"];
        let words = [&words[..], &watched].concat();
        let start = Server::start_with(folder.path(), &db.url, &words, file.into());
        let mut server = start.await;
        let metrics = server.address_after("Metrics are at").await;
        let (searched, link) = work(&server, &db).await;
        let text = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
        check_metrics(&text);
        names_nobody("the metrics", &text, &link);
        let elsewhere = reqwest::get(format!("{}/metrics", server.base)).await.unwrap();
        assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND, "only the own listener tells");
        server.ask_to_stop().await;
        assert_eq!(server.ended().await, Some(0));
        let mut bodies = Vec::new();
        while let Ok(body) = received.try_recv() {
            names_nobody("a trace", &String::from_utf8_lossy(&body), &link);
            bodies.push(body);
        }
        check_spans(&spans(&bodies), &searched);
        let log = std::fs::read_to_string(&log).unwrap();
        check_log(&log, &searched);
        names_nobody("the log", &log, &link);
    }
}
