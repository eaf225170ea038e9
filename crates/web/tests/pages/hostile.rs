//! Whatever is sent, the answer is kind and never a fault of ours; `site.rs` sees to the latter.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use axum::http::{Method, StatusCode};

use crate::eligibility::{NORA, answer};
use crate::fields::usual_fields;
use crate::site::{HARD_NAME, Origin, Site, encoded, escaped, routes};

/// What nobody types by accident.
fn odd_texts() -> Vec<String> {
    vec![
        HARD_NAME.to_owned(),
        "a\0b\u{1}\r\n\tc".to_owned(),
        "-9223372036854775808".to_owned(),
        "99999999999999999999999999999999".to_owned(),
        "\0".to_owned(),
        "9223372036854775807".to_owned(),
        "1e400".to_owned(),
        "٣٤٥".to_owned(),
        "\u{202e}\u{feff}\u{10ffff}".to_owned(),
        "'; DROP TABLE patient; --".to_owned(),
        "%' OR name_search LIKE '%".to_owned(),
        "../../../../etc/passwd".to_owned(),
        "{{ shell.user }}<script>alert(1)</script>".to_owned(),
        "x".repeat(2_900),
    ]
}

/// What is longer than anything of its kind, in letters of one byte and of two.
fn long_texts() -> Vec<String> {
    vec!["x".repeat(3_000), "é".repeat(20_000)]
}

/// The addresses with an id, filled with one.
fn paths(id: &str) -> Vec<String> {
    routes().into_iter().map(|route| route.replace("{id}", &escaped(id))).collect()
}

/// The addresses of what the clinic has.
fn known_paths() -> Vec<String> {
    let known = [
        ("payments", "PAY-001"),
        ("patients", "PAT-002"),
        ("treatments", "TRT-001"),
        ("eligibility", "ELG-001"),
        ("inquiries", "INQ-001"),
        ("locations", "LOC-001"),
        ("physicians", "PHY-001"),
    ];
    let filled = |route: String| {
        let id = known.iter().find(|entry| route.contains(entry.0)).map_or("", |entry| entry.1);
        route.replace("{id}", id)
    };
    routes().into_iter().filter(|route| route != "/sign-out").map(filled).collect()
}

async fn filled(site: &Site) {
    let treatment = site.treatment().await;
    site.payment(Some(treatment), None).await;
    site.import(answer(NORA)).await;
    site.ask().await;
}

on_both_engines! {
    async fn odd_texts_in_forms_do_no_harm(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        for role in [Role::Manager, Role::Administrator] {
            let browser = site.browser(role).await;
            for path in known_paths() {
                for odd in odd_texts() {
                    let usual = usual_fields(&path);
                    let names = usual.iter().map(|field| field.0).chain(["key", "check"]);
                    let fields: Vec<(&str, &str)> = names.map(|name| (name, &*odd)).collect();
                    let reply = browser.post(&path, &fields).await;
                    reply.lacks(&["<script>alert", "Søn <b>"]);
                }
            }
        }
    }

    async fn one_odd_text_among_usual_ones_does_no_harm(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        for path in ["/patients", "/treatments", "/eligibility", "/payments", "/payments/new"] {
            let usual = usual_fields(path);
            for name in usual.iter().map(|field| field.0).chain(["key", "check"]) {
                for odd in [&odd_texts()[..4], &long_texts()].concat() {
                    let mut fields = usual.clone();
                    fields.retain(|field| field.0 != name);
                    fields.push((name, &odd));
                    let reply = manager.post(path, &fields).await;
                    reply.lacks(&["<script>alert", "Søn <b>"]);
                }
            }
        }
    }

    async fn odd_addresses_do_no_harm(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        let mut ids = odd_texts();
        let near = ["PAY-000", "PAT-0x1", "ELG-18446744073709551616", "..", "LOC--1"];
        ids.extend(near.map(String::from));
        for id in ids {
            for path in paths(&id).iter().filter(|path| path.contains('%')) {
                let reply = manager.open(path).await;
                let kind = [404, 405, 414].contains(&reply.status.as_u16());
                assert!(kind || path.contains("/status/new"), "{path}: {}", reply.status);
            }
        }
        let lists = [
            "payments",
            "patients",
            "treatments",
            "eligibility",
            "eligibility/inbox",
            "eligibility/ELG-001",
        ];
        let forms = ["patients/new", "treatments/new", "eligibility/new", "payments/new"];
        let names = [
            "q",
            "page",
            "per_page",
            "dir",
            "sort",
            "after",
            "before",
            "patient",
            "check",
            "payer",
            "outcome",
            "checked_from",
        ];
        for odd in &odd_texts() {
            for path in lists.into_iter().chain(forms) {
                for name in names {
                    let reply = manager.get(&format!("/{path}?{}", encoded(&[(name, odd)]))).await;
                    reply.lacks(&["<script>alert", "Søn <b>"]);
                }
            }
        }
        for raw in ["/patients?q=%FF%FE%00", "/patients/%FF", "/patients?%", "/payments?q=%C3%28"] {
            assert!(manager.get(raw).await.status.as_u16() < 500, "{raw}");
        }
    }

    async fn broken_forms_are_refused(db) {
        let site = Site::new(db).await;
        filled(&site).await;
        let manager = site.browser(Role::Manager).await;
        let bodies: [&[u8]; 4] = [b"first_name=%FF&last_name=\xff\xfe", b"%%%&&&===", b"\0", b"a"];
        for path in known_paths() {
            for body in bodies {
                let reply = manager.post_text(&path, body.to_vec()).await;
                assert!(!reply.status.is_success() || reply.status == StatusCode::OK, "{path}");
            }
            let json = ("application/json", b"{}".to_vec());
            let reply = manager.ask(Method::POST, &path, Origin::Own, json).await;
            // Staying signed in reads no form.
            let is_refused = reply.status.is_client_error() || reply.status.is_redirection();
            assert!(is_refused || path == "/session", "{path}");
        }
        let large = vec![b'x'; 1_000_000];
        let large = [&b"first_name="[..], &large[..]].concat();
        let reply = manager.post_text("/patients", large).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
        for part in [&b"--tests-mark"[..], b"no boundary at all", b"--tests-mark\r\nX"] {
            let kind = "multipart/form-data; boundary=tests-mark";
            let sent = (kind, part.to_vec());
            let reply = manager.ask(Method::POST, "/eligibility/import", Origin::Own, sent).await;
            reply.shows(422, &["id=\"e-files\""]);
        }
    }

    async fn a_memo_that_is_too_long_is_refused_kindly(db) {
        let site = Site::new(db).await;
        let manager = site.browser(Role::Manager).await;
        let memo = "m".repeat(40_000);
        let fields =
            [("patient", "PAT-001"), ("amount", "10.00"), ("memo", &*memo), ("do", "create")];
        let reply = manager.post("/payments", &fields).await;
        reply.shows(422, &["38000 characters too long", "id=\"e-memo\"", &memo]);
    }
}
