//! Other programs: their keys on the command line, and what they ask of a running server.

use almoner_store::on_both_engines;
use reqwest::{Client, Response, StatusCode};

use crate::cli::ANSWER;
use crate::common::{Browser, Server, run, set_up};

/// What must never stand in a log: a name, a number of a member, a memo of the payer.
const CANARIES: [&str; 4] = ["Zzcanaryname", "ZZCANARYMEMBER", "ZZCANARYMESSAGE", "19870605"];

/// A server and a key, as another program has them.
struct Program<'a> {
    client: Client,
    base: &'a str,
    key: &'a str,
}

impl Program<'_> {
    async fn post(&self, path: &str, kind: &str, body: &str) -> Response {
        let request = self.client.post(format!("{}/api/v1/{path}", self.base));
        let request = request.bearer_auth(self.key).header("content-type", kind);
        request.header("idempotency-key", "k-1").body(body.to_owned()).send().await.unwrap()
    }

    async fn hand_in(&self, body: &str) -> Response {
        self.post("eligibility-checks", "application/edi-x12", body).await
    }
}

/// An answer about somebody whose every detail is a canary.
fn canary_answer() -> String {
    ANSWER
        .replace("TESTPERSON*ADA", "ZZCANARYNAME*ADA")
        .replace("MEMBER1", "ZZCANARYMEMBER")
        .replace("19800101", "19870605")
        .replace("EB*B*IND*98***27*25~", "EB*B*IND*98***27*25~MSG*ZZCANARYMESSAGE~")
        .replace("SE*12", "SE*13")
}

on_both_engines! {
    async fn keys_are_made_listed_and_revoked(db) {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let create = ["key", "create", "--name", "Intake", "--scopes"];
        let scopes = "eligibility:write,estimates:read";
        let made = run(folder.path(), &db.url, &[&create[..], &[scopes]].concat()).await;
        assert_eq!(made.code, 0, "{}", made.stderr);
        let key = made.stdout.trim();
        assert!(key.starts_with("alm_1_1_") && key.len() == 72, "the key alone: {key}");
        assert!(made.stderr.contains("KEY-001") && !made.stderr.contains(key), "{}", made.stderr);
        let unknown = ["payments:read,payments:delete"];
        let wrong = run(folder.path(), &db.url, &[&create[..], &unknown].concat()).await;
        assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
        assert!(wrong.stderr.starts_with("almoner: --scopes: There is no scope payments:delete"));
        assert!(wrong.stderr.contains("webhooks:write"), "{}", wrong.stderr);
        for wrong in [&["", "--expires", "30"][..], &[scopes, "--expires", "0"], &[]] {
            let answer = run(folder.path(), &db.url, &[&create[..], wrong].concat()).await;
            assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{wrong:?}");
        }
        let short = [&create[..], &[scopes, "--expires", "30"]].concat();
        assert_eq!(run(folder.path(), &db.url, &short).await.code, 0);
        let listed = run(folder.path(), &db.url, &["key", "list"]).await;
        let lines: Vec<&str> = listed.stdout.lines().collect();
        assert_eq!(lines.len(), 2, "{}", listed.stdout);
        assert!(lines[0].starts_with("KEY-001\tIntake\teligibility:write estimates:read\t"));
        assert!(lines[0].contains("does not end\tnever used") && lines[1].contains("\tends 2"));
        assert!(!listed.stdout.contains(&key[8..20]), "secrets are not listed");
        for id in ["KEY-001", "key-1"] {
            let revoked = run(folder.path(), &db.url, &["key", "revoke", id]).await;
            assert_eq!(revoked.code, 0, "{}", revoked.stderr);
        }
        let listed = run(folder.path(), &db.url, &["key", "list"]).await;
        assert!(listed.stdout.contains("\trevoked 2"), "{}", listed.stdout);
        let nobody = run(folder.path(), &db.url, &["key", "revoke", "KEY-099"]).await;
        assert_eq!(nobody.code, 1, "{}", nobody.stderr);
        assert_eq!(run(folder.path(), &db.url, &["key", "revoke", "PAY-001"]).await.code, 2);
        assert_eq!(run(folder.path(), &db.url, &["org", "add", "Other"]).await.code, 0);
        assert_eq!(run(folder.path(), &db.url, &short).await.code, 2, "which organization?");
        let theirs = run(folder.path(), &db.url, &[&short[..], &["--org", "other"]].concat()).await;
        assert!(theirs.stdout.starts_with("alm_2_1_"), "{}", theirs.stdout);
        let verified = run(folder.path(), &db.url, &["verify"]).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    }

    async fn a_program_asks_and_no_patient_is_in_the_log(db) {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let create = ["key", "create", "--name", "Intake", "--scopes"];
        let create = [&create[..], &["eligibility:write,estimates:read"]].concat();
        let key = run(folder.path(), &db.url, &create).await.stdout.trim().to_owned();
        let log = folder.path().join("server.log");
        let file = std::fs::File::create(&log).unwrap();
        let words = ["serve", "--log", "debug"];
        let server = Server::start_with(folder.path(), &db.url, &words, file.into()).await;
        let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
        let form = [
            ("first_name", "Ada"),
            ("last_name", CANARIES[0]),
            ("date_of_birth", "1987-06-05"),
            ("primary_payer", "Sample Health"),
            ("primary_member_id", CANARIES[1]),
        ];
        let patient = browser.go("/patients", &form).await;
        assert_eq!(patient, "/patients/PAT-001");
        let program = Program { client: Client::new(), base: &server.base, key: &key };
        let handed_in = program.hand_in(&canary_answer()).await;
        assert_eq!(handed_in.status(), StatusCode::CREATED);
        let told = handed_in.text().await.unwrap();
        assert!(told.contains("\"patient_id\":\"PAT-001\""), "{told}");
        assert!(told.contains(CANARIES[2]), "{told}");
        let again = program.hand_in(&canary_answer()).await;
        assert_eq!(again.headers()["idempotent-replayed"], "true");
        assert_eq!(again.text().await.unwrap(), told);
        let asked = r#"{"patient_id":"PAT-001","payment_type":"office_visit"}"#;
        let estimate = program.post("estimates", "application/json", asked).await;
        assert_eq!(estimate.status(), StatusCode::OK);
        assert!(estimate.text().await.unwrap().contains("\"amount_cents\":2500"));
        for (kind, body) in [
            ("application/json", format!("{{\"{}\":1}}", CANARIES[0])),
            ("application/json", CANARIES[1].to_owned()),
            ("text/plain", CANARIES[2].to_owned()),
        ] {
            let refused = program.post(&format!("estimates?{}=1", CANARIES[3]), kind, &body).await;
            assert!(refused.status().is_client_error());
        }
        let unread = format!("not X12 about {}", CANARIES[0]);
        let request = program.client.post(format!("{}/api/v1/eligibility-checks", server.base));
        let request = request.bearer_auth(&key).header("content-type", "application/edi-x12");
        let refused = request.body(unread).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let revoke = run(folder.path(), &db.url, &["key", "revoke", "KEY-001"]).await;
        assert_eq!(revoke.code, 0, "{}", revoke.stderr);
        let late = program.hand_in(ANSWER).await;
        assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
        assert!(late.text().await.unwrap().contains("revoked_key"));
        drop(server);
        let log = std::fs::read_to_string(&log).unwrap().to_lowercase();
        assert!(log.contains("route=\"/api/v1/eligibility-checks\"") && log.contains("request_id"));
        let secret = key.rsplit('_').next().unwrap();
        for canary in CANARIES.iter().chain([&secret, &"PAT-001"]) {
            let found = log.lines().find(|line| line.contains(&canary.to_lowercase()));
            assert_eq!(found, None, "{canary}");
        }
    }
}
