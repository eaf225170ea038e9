//! The command line: what it prints, and how it ends.

use crate::common::{add_user, command, run, set_up};
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;

/// An answer of an invented payer.
pub(crate) const ANSWER: &str = "ISA*00*          *00*          *ZZ*PAYER          \
    *ZZ*CLINIC         *261101*0900*^*00501*000000001*0*T*:~\
    GS*HB*PAYER*CLINIC*20261101*0900*1*X*005010X279A1~\
    ST*271*0001*005010X279A1~BHT*0022*11*REF1*20261101*0900~HL*1**20*1~\
    NM1*PR*2*SAMPLE HEALTH*****PI*12345~HL*2*1*21*1~NM1*1P*2*TEST CLINIC*****XX*1234567893~\
    HL*3*2*22*0~NM1*IL*1*TESTPERSON*ADA****MI*MEMBER1~DMG*D8*19800101*F~EB*1*IND*30~\
    EB*B*IND*98***27*25~SE*12*0001~GE*1*1~IEA*1*000000001~";

on_both_engines! {
    async fn files_are_imported_and_bad_ones_are_told(db) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        std::fs::write(at("good.271"), ANSWER).unwrap();
        std::fs::write(at("cut.271"), &ANSWER[..ANSWER.len() - 60]).unwrap();
        std::fs::write(at("request.270"), ANSWER.replace("ST*271", "ST*270")).unwrap();
        std::fs::write(at("garbage"), b"\x00\xffnot x12").unwrap();
        std::fs::write(at("empty"), b"").unwrap();
        let import = |name: &str| {
            let path = at(name);
            let (folder, url) = (folder.path().to_owned(), db.url.clone());
            async move { run(&folder, &url, &["eligibility", "import", &path]).await }
        };
        let good = import("good.271").await;
        assert_eq!(good.code, 0, "{}", good.stderr);
        assert!(good.stdout.contains("ELG-001 active, 2 benefit rows"), "{}", good.stdout);
        let again = import("good.271").await;
        assert!(again.stdout.contains("ELG-001") && again.stdout.contains("imported before"));
        let cut = import("cut.271").await;
        assert_eq!(cut.code, 0, "{}", cut.stderr);
        assert!(cut.stdout.contains("truncated"), "{}", cut.stdout);
        for (name, words) in [
            ("request.270", "request (270)"),
            ("garbage", "not an X12 file"),
            ("empty", "the file is empty"),
            ("missing", "No such file"),
        ] {
            let answer = import(name).await;
            assert_eq!(answer.code, 1, "{name}");
            assert!(answer.stderr.contains(words), "{name}: {}", answer.stderr);
        }
        let verified = run(folder.path(), &db.url, &["verify"]).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    }

    async fn files_of_patients_are_imported_once(db) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let file = at("people.csv");
        let head = "Surname,First name,DOB\n";
        let write = |rows: &str| std::fs::write(&file, format!("{head}{rows}")).unwrap();
        let import = |more: &'static [&'static str]| {
            let (folder, url, file) = (folder.path().to_owned(), db.url.clone(), file.clone());
            let map = "last_name=Surname";
            async move {
                let args = [&["import", "patients", &*file, "--map", map][..], more].concat();
                run(&folder, &url, &args).await
            }
        };
        write("Sample,Ada,1980-02-03\nSample,Bo,1990-02-03\n");
        let first = import(&[]).await;
        assert_eq!(first.code, 0, "{}", first.stderr);
        assert_eq!(first.stdout, "IMP-001: 2 rows, 2 added, 0 already there, 0 left out\n");
        let again = import(&[]).await;
        assert_eq!(again.stdout, "IMP-002: 2 rows, 0 added, 2 already there, 0 left out\n");
        write("Sample,Cy,02/03/1980\nSample,Di,1980-02-03\n");
        let faulty = import(&[]).await;
        assert_eq!((faulty.code, &*faulty.stdout), (1, ""));
        assert!(faulty.stderr.contains("row 2: Date of birth"), "{}", faulty.stderr);
        assert!(faulty.stderr.contains("Nothing was imported: 1 of 2"), "{}", faulty.stderr);
        let errors = std::fs::read_to_string(at("people.csv.errors.csv")).unwrap();
        assert!(errors.contains("Sample,Cy,02/03/1980,Date of birth: "), "{errors}");
        let rest = import(&["--skip-faulty"]).await;
        assert_eq!(rest.code, 0, "{}", rest.stderr);
        assert!(rest.stdout.ends_with("1 added, 0 already there, 1 left out\n"), "{}", rest.stdout);
        let order = import(&["--dates", "DD.MM."]).await;
        assert_eq!(order.code, 2, "{}", order.stderr);
        write("");
        let empty = import(&[]).await;
        assert_eq!(empty.code, 1);
        assert!(empty.stderr.contains("no rows below the headings"), "{}", empty.stderr);
    }

    async fn a_bundle_is_imported_whole_or_not_at_all(db) {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let write = |name: &str, born: &str| {
            let bundle = format!(
                r#"{{"resourceType":"Bundle","type":"collection","entry":[
                {{"fullUrl":"urn:uuid:1","resource":{{"resourceType":"Patient",
                "name":[{{"family":"Sample","given":["Ada"]}}],"birthDate":"{born}"}}}},
                {{"fullUrl":"urn:uuid:2","resource":{{"resourceType":"Encounter",
                "status":"finished","subject":{{"reference":"urn:uuid:1"}},
                "period":{{"start":"2026-02-01T15:00:00Z"}}}}}}]}}"#
            );
            std::fs::write(folder.path().join(name), bundle).unwrap();
            folder.path().join(name).to_string_lossy().into_owned()
        };
        let (good, bad) = (write("good.json", "1980-02-03"), write("bad.json", "1980"));
        let broken = run(folder.path(), &db.url, &["import", "fhir", &bad, &good]).await;
        assert_eq!((broken.code, &*broken.stdout), (1, ""));
        let place = "Bundle.entry[0].resource.birthDate: Only a part";
        assert!(broken.stderr.contains(place), "{}", broken.stderr);
        let both = ["import", "fhir", &good, &good, "--location", "LOC-001"];
        let told = run(folder.path(), &db.url, &both).await;
        assert_eq!(told.code, 0, "{}", told.stderr);
        let lines: Vec<&str> = told.stdout.lines().collect();
        assert!(lines[0].ends_with("good.json: 2 added, 0 already there"), "{lines:?}");
        assert!(lines[1].ends_with("good.json: 0 added, 2 already there"), "{lines:?}");
        let odd = ["import", "fhir", &good, "--location", "x"];
        assert_eq!(run(folder.path(), &db.url, &odd).await.code, 2);
    }

    async fn organizations_and_accounts(db) {
        let folder = tempfile::tempdir().unwrap();
        let nobody = run(folder.path(), &db.url, &["verify", "--anchor", "00"]).await;
        assert_eq!((nobody.code, nobody.stdout.as_str()), (1, ""));
        assert!(nobody.stderr.contains("org add"), "{}", nobody.stderr);
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let second = run(folder.path(), &db.url, &["org", "add", "Søn & Co"]).await;
        assert_eq!((second.code, second.stdout.trim()), (0, "son-co"));
        let user = ["user", "add", "x@test.clinic", "--role", "biller"];
        let which = run(folder.path(), &db.url, &user).await;
        assert_eq!(which.code, 2, "{}", which.stderr);
        let user = [&user[..], &["--org", "son-co"]].concat();
        let added = run(folder.path(), &db.url, &user).await;
        assert_eq!(added.code, 0, "{}", added.stderr);
        assert!(added.stdout.contains("password: "), "{}", added.stdout);
        let taken = run(folder.path(), &db.url, &user).await;
        assert_eq!(taken.code, 1);
        let role = ["user", "add", "y@test.clinic", "--role", "king", "--org", "son-co"];
        assert_eq!(run(folder.path(), &db.url, &role).await.code, 2);
        let listed = run(folder.path(), &db.url, &["org", "list"]).await;
        assert_eq!(listed.stdout.lines().count(), 2);
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_two_and_unsafe_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "SAMPLE-secret").unwrap();
    let file = ["--clearinghouse-password-file", "password"];
    std::fs::write(folder.path().join("key"), "sk_test_SAMPLE\n").unwrap();
    std::fs::write(folder.path().join("webhook"), "whsec_SAMPLE\n").unwrap();
    let stripe = ["serve", "--processor", "stripe", "--stripe-key-file", "key"];
    let webhook = ["--stripe-webhook-secret-file", "webhook"];
    let cases: [(&[&str], &str); 13] = [
        (&["serve", "--clearinghouse", "sandbox"], "--clearinghouse sandbox"),
        (&["serve", "--clearinghouse", "pigeon"], "--clearinghouse pigeon"),
        (&["serve", "--clearinghouse-password", "x"], "--clearinghouse-password"),
        (&[&PLAIN_HOUSE[..], &file].concat(), "use https://"),
        (&["serve", "--listen", "0.0.0.0:0"], "plain http"),
        (&["serve", "--listen", "here"], "--listen"),
        (&["serve", "--processor", "bank"], "--processor"),
        (&["serve", "--processor", "sandbox"], "--processor sandbox is test money"),
        (&["serve", "--processor", "stripe"], "ALMONER_STRIPE_KEY"),
        (&["serve", "--stripe-key", "sk_live_SAMPLE"], "--stripe-key"),
        (&stripe, "ALMONER_STRIPE_WEBHOOK_SECRET"),
        (&[&stripe[..], &webhook].concat(), "with a test key is test money"),
        (&["fly"], "fly"),
    ];
    for (args, words) in cases {
        let answer = run(folder.path(), "sqlite://x.db", args).await;
        assert_eq!(answer.code, 2, "{args:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(words), "{args:?}: {}", answer.stderr);
    }
    let nowhere = run(folder.path(), "mysql://x", &["migrate"]).await;
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.stderr.starts_with("almoner: The database must be"), "{}", nowhere.stderr);
}

/// A clearinghouse to which patient data would go without TLS; only the password is missing.
const PLAIN_HOUSE: [&str; 11] = [
    "serve",
    "--clearinghouse",
    "http",
    "--clearinghouse-url",
    "http://house.example",
    "--clearinghouse-sender-id",
    "SAMPLECLINIC",
    "--clearinghouse-receiver-id",
    "SAMPLEHOUSE",
    "--clearinghouse-user",
    "desk",
];

#[tokio::test]
async fn the_clearinghouses_password_comes_from_the_environment_and_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let without = run(folder.path(), "sqlite://x.db", &PLAIN_HOUSE).await;
    assert_eq!(without.code, 2);
    assert!(without.stderr.contains("ALMONER_CLEARINGHOUSE_PASSWORD"), "{}", without.stderr);
    let mut with = command(folder.path(), "sqlite://x.db");
    with.env("ALMONER_CLEARINGHOUSE_PASSWORD", "SAMPLE-secret").args(PLAIN_HOUSE);
    let output = with.output().await.unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(printed.contains("use https://") && !printed.contains("SAMPLE-secret"), "{printed}");
}

#[tokio::test]
async fn accounts_need_good_passwords() {
    let db = TestDb::new(almoner_store::db::Engine::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
    add_user(folder.path(), &db.url, "b@test.clinic", "biller").await;
    let reset = ["user", "reset", "b@test.clinic"];
    let answer = run(folder.path(), &db.url, &reset).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let disabled = run(folder.path(), &db.url, &["user", "disable", "b@test.clinic"]).await;
    assert_eq!(disabled.code, 0, "{}", disabled.stderr);
    let nobody = run(folder.path(), &db.url, &["user", "disable", "q@test.clinic"]).await;
    assert_eq!(nobody.code, 1);
}
