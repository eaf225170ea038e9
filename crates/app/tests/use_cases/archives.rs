//! An organization leaves as an archive and arrives elsewhere as it was; what is not such an
//! archive changes nothing.

use std::io::{Cursor, Read as _, Write as _};
use std::sync::Arc;

use almoner_app::add_document::add_document;
use almoner_app::add_organization::add_organization;
use almoner_app::api_keys::{NewKey, create_key};
use almoner_app::authenticate_key::{KeyCheck, authenticate_key};
use almoner_app::delete_document::delete_document;
use almoner_app::export_organization::export_organization;
use almoner_app::import_organization::{Imported, import_organization, open_archive};
use almoner_app::org_archive::{ArchiveError, Manifest, Table};
use almoner_app::save_eligibility_settings::save_eligibility_settings;
use almoner_app::save_reminder_settings::{reminder_settings, save_reminder_settings};
use almoner_app::seal_audit::seal_audit;
use almoner_app::sign_in::sign_in;
use almoner_app::staff_accounts::add_user;
use almoner_app::verify_documents::{Depth, verify_documents};
use almoner_app::{Actor, App, read};
use almoner_domain::estimate::EstimateSettings;
use almoner_domain::reminder::ReminderEntry;
use almoner_domain::role::Role;
use almoner_domain::scope::Scopes;
use almoner_domain::{OrganizationId, PaymentId};
use almoner_gateways::files::{Files, S3Access};
use almoner_gateways::testing::{Fault, Watched};
use almoner_store::copy::{Progress, Teller};
use almoner_store::db::{Engine, Value};
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

use crate::common::Clinic;
use crate::documents::file;
use crate::other_organization::THEIRS;
use crate::theirs;

/// A file of an archive: its name and content.
type Unpacked = Vec<(String, Vec<u8>)>;

pub(crate) async fn export(app: &App, actor: &Actor) -> (Vec<u8>, Manifest) {
    let mut bytes = Cursor::new(Vec::new());
    let mut tell = |_: Progress| ();
    let done = export_organization(app, actor, &mut bytes, &mut Teller::new(&mut tell)).await;
    let manifest = done.unwrap();
    (bytes.into_inner(), manifest)
}

pub(crate) async fn import(app: &App, bytes: &[u8]) -> Result<Imported, ArchiveError> {
    let mut tell = |_: Progress| ();
    let archive = open_archive(Cursor::new(bytes))?;
    import_organization(app, archive, &mut Teller::new(&mut tell)).await
}

/// Why it was not brought in, with all reasons.
async fn refused(app: &App, bytes: &[u8]) -> String {
    let error = import(app, bytes).await.expect_err("it is refused");
    format!("{error} {error:?}")
}

/// The tables, without those to which leaving and arriving add a row.
fn same(manifest: &Manifest) -> Vec<Table> {
    manifest.tables.iter().filter(|table| table.name != "audit_event").cloned().collect()
}

fn rows(manifest: &Manifest, table: &str) -> i64 {
    manifest.tables.iter().find(|found| found.name == table).expect("it is there").rows
}

async fn number(app: &App, sql: &str, org: OrganizationId) -> i64 {
    let mut tx = app.db.read().await.unwrap();
    let row = tx.one(sql.to_owned(), vec![Value::from(org)]).await.unwrap();
    row.int("n").unwrap()
}

/// All of it adds up, and every document is there.
async fn is_right(app: &App, actor: &Actor, documents: u64) {
    let findings = read::verify(app, actor.org(), None).await.unwrap();
    let found: Vec<_> = findings.into_iter().filter_map(|finding| finding.difference).collect();
    assert!(found.is_empty(), "{found:?}");
    let looked = verify_documents(app, actor, Depth::Content).await.unwrap();
    assert_eq!((looked.count, looked.difference), (documents, None));
}

/// The same program on a fresh database with documents of its own.
pub(crate) async fn elsewhere(clinic: &Clinic, engine: Engine) -> (App, TestDb) {
    let db = TestDb::new(engine).await;
    let app = App { db: db.db.clone(), files: Files::in_memory(), ..clinic.app.clone() };
    (app, db)
}

/// The files of an archive.
fn unpacked(bytes: &[u8]) -> Unpacked {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = Vec::new();
    for place in 0..zip.len() {
        let mut entry = zip.by_index(place).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.push((entry.name().unwrap().into_owned(), content));
    }
    files
}

fn packed(files: &Unpacked) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let method = CompressionMethod::Deflated;
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The archive after something was done to one of its files.
fn changed(files: &Unpacked, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Unpacked {
    let mut files = files.clone();
    let (_, content) = files.iter_mut().find(|(is, _)| is == name).expect("it is there");
    change(content);
    files
}

/// The archive with another text in place of one.
fn replaced(files: &Unpacked, name: &str, (from, to): (&str, &str)) -> Unpacked {
    changed(files, name, |content| {
        let text = String::from_utf8(content.clone()).unwrap();
        assert!(text.contains(from), "{name} has {from}");
        *content = text.replacen(from, to, 1).into_bytes();
    })
}

/// The archive after `almoner.json` was changed.
fn said(files: &Unpacked, change: impl FnOnce(&mut Json)) -> Unpacked {
    changed(files, "almoner.json", |content| {
        let mut manifest: Json = serde_json::from_slice(content).unwrap();
        change(&mut manifest);
        *content = manifest.to_string().into_bytes();
    })
}

/// The archive with `almoner.json` as somebody would write it who changed a table on purpose.
fn forged(files: &Unpacked, table: &str, (from, to): (&str, &str)) -> Unpacked {
    let name = format!("tables/{table}.jsonl");
    let files = replaced(files, &name, (from, to));
    let content = &files.iter().find(|(is, _)| *is == name).unwrap().1;
    let (length, hash) = (content.len(), Sha256::digest(content));
    let sha256 = almoner_domain::text::hex(&hash);
    said(&files, |manifest| {
        let tables = manifest["tables"].as_array_mut().unwrap();
        let found = tables.iter_mut().find(|found| found["table"] == table).unwrap();
        found["content"]["bytes"] = json!(length);
        found["content"]["sha256"] = json!(sha256);
    })
}

/// A file of text.
fn content(files: &Unpacked, name: &str) -> String {
    let found = files.iter().find(|(is, _)| is == name).expect("it is there");
    String::from_utf8(found.1.clone()).unwrap()
}

/// Archives that are not whole, or hold what no archive holds, and what is told of each.
fn broken(bytes: &[u8], files: &Unpacked) -> Vec<(Vec<u8>, String)> {
    let with = |name: &str, content: Vec<u8>| {
        let mut files = files.clone();
        files.push((name.to_owned(), content));
        packed(&files)
    };
    let of = |kind: &str, value: Json| packed(&said(files, |said| said[kind] = value));
    let found = files.iter().find(|(name, _)| name.starts_with("documents/"));
    let document = &*found.expect("there are documents").0;
    let flipped = |name: &str, at: usize| packed(&changed(files, name, |bytes| bytes[at] ^= 1));
    let mut without = files.clone();
    without.retain(|(name, _)| name != "tables/refund.jsonl");
    let cases = [
        (b"PK no zip".to_vec(), "no zip file"),
        (bytes[..bytes.len() / 2].to_vec(), "no zip file"),
        (bytes[..bytes.len() - 1].to_vec(), "no zip file"),
        (of("format", json!(2)), "it has form 2"),
        (of("schema_version", json!(7)), "of schema 7"),
        (of("kind", json!("x")), "`almoner org export` wrote"),
        (of("more", json!("x")), "almoner.json cannot be read"),
        (packed(&without), "more or fewer files"),
        (with("../x", b"x".to_vec()), "\"../x\""),
        (with("documents/../../x.txt", b"x".to_vec()), "no archive of Almoner has"),
        (with("/etc/cron.d/x", b"x".to_vec()), "no archive of Almoner has"),
        (with("documents/PAY-999-1.pdf", b"x".to_vec()), "more or fewer files"),
        (with("documents/zeros.txt", vec![0; 32 << 20]), "would become"),
        (flipped(document, 0), document),
        (packed(&changed(files, document, |bytes| bytes.push(0))), document),
        (flipped("documents.jsonl", 9), "documents.jsonl"),
        (flipped("README.txt", 0), "README.txt"),
    ];
    cases.map(|(archive, told)| (archive, told.to_owned())).into()
}

/// Archives whose files are whole, and whose rows are not such as they were or can be.
fn lying(files: &Unpacked) -> Vec<(Vec<u8>, String)> {
    let payments = content(files, "tables/payment.jsonl");
    let first: Json = serde_json::from_str(payments.lines().next().unwrap()).unwrap();
    let cents = first["amount_cents"].as_i64().unwrap();
    let amount = |cents: i64| format!("\"amount_cents\":{cents},");
    let (is, other) = (amount(cents), amount(cents - 1));
    let column = said(files, |said| {
        let column = json!({ "name": "tip", "kind": "integer" });
        let tables = said["tables"].as_array_mut().unwrap();
        let found = tables.iter_mut().find(|found| found["table"] == "payment").unwrap();
        found["columns"].as_array_mut().unwrap().push(column);
    });
    let name = "\"name\":\"Elsewhere\"";
    let cases = [
        (replaced(files, "tables/payment.jsonl", (&is, &other)), "tables/payment.jsonl"),
        (forged(files, "payment", (&is, &other)), "the rows or the sum"),
        (forged(files, "payment", ("\"seq\":1,", "\"seq\":1,\"tip\":1,")), "line 1 has a column"),
        (column, "payment has a column \"tip\""),
        (forged(files, "organization", (name, "\"name\":\"Else\"")), "of whom"),
        (forged(files, "payment", ("\"status\":\"", "\"status\":\"x")), "rows of payment"),
        (forged(files, "audit_event", ("\"action\":\"", "\"action\":\"un")), "right: audit seal"),
    ];
    cases.map(|(files, told)| (packed(&files), told.to_owned())).into()
}

/// The other organization of a clinic's database, with one document that was deleted.
async fn filled(clinic: &Clinic) -> Actor {
    let actor = theirs::fill(clinic).await;
    let gone = file(PaymentId::new(1), "gone.txt", b"To be deleted.\n", None);
    let added = add_document(&clinic.app, &actor, gone).await.unwrap();
    delete_document(&clinic.app, &actor, (PaymentId::new(1), added.number)).await.unwrap();
    let mut entry = EstimateSettings::default().entry();
    "11".clone_into(&mut entry.stale_after_days);
    save_eligibility_settings(&clinic.app, &actor, 0, &entry).await.unwrap();
    let (days_before, days_after) = ("2".to_owned(), "9".to_owned());
    let entry = ReminderEntry { is_on: true, days_before, days_after };
    save_reminder_settings(&clinic.app, &actor, 0, &entry).await.unwrap();
    seal_audit(&clinic.app, &actor).await.unwrap();
    actor
}

/// The file of the last document that comes along.
async fn last_file(app: &App, actor: &Actor) -> Vec<u8> {
    let mut tx = app.db.read().await.unwrap();
    let sql = "SELECT file_id FROM document WHERE organization_id = $1 AND deleted_at_us IS NULL
        ORDER BY payment_seq DESC, document_no DESC LIMIT 1";
    let row = tx.one(sql.to_owned(), vec![Value::from(actor.org())]).await.unwrap();
    row.bytes("file_id").unwrap()
}

/// Who last changed the settings is told.
async fn changes_are_told(app: &App, actor: &Actor) {
    let estimates = read::eligibility_settings(app, actor).await.unwrap();
    let reminders = reminder_settings(app, actor).await.unwrap();
    for (change, action) in [
        (estimates.last_change, "eligibility_settings_changed"),
        (reminders.last_change, "reminder_settings_changed"),
    ] {
        assert_eq!(change.expect("it was changed").event.action, action);
    }
}

on_both_engines! {
    async fn an_organization_arrives_as_it_left_and_goes_back(db) {
        let engine = db.engine();
        let clinic = Clinic::new(db).await;
        clinic.paid(12_300, "cash").await;
        let actor = filled(&clinic).await;
        let scopes = Scopes::parse("estimates:read").unwrap();
        let new = NewKey { name: "Intake".to_owned(), scopes, life_days: None };
        let key = create_key(&clinic.app, &actor, new).await.unwrap();
        let (email, password) = (theirs::email_of(THEIRS), "a rather long password");
        sign_in(&clinic.app, &email, password).await.unwrap();
        let (bytes, left) = export(&clinic.app, &actor).await;
        assert_eq!(left.organization.slug, "elsewhere");
        let documents = left.documents.count;
        assert!(documents > 0 && rows(&left, "document") > i64::try_from(documents).unwrap());
        let filled = left.tables.iter().filter(|table| table.rows > 0).count();
        assert!(filled > 25, "{filled} tables have rows");
        for other in [Engine::Sqlite, Engine::Postgres] {
            let (app, _db) = elsewhere(&clinic, other).await;
            // Its number is the same there, or another one.
            let names: &[_] = if other == engine { &["One"] } else { &["One", "Two", "Three"] };
            for name in names {
                add_organization(&app, name, "UTC").await.unwrap();
            }
            let there = Actor::system(import(&app, &bytes).await.unwrap().organization);
            assert_eq!(there.org() == actor.org(), other == engine);
            is_right(&app, &there, documents).await;
            changes_are_told(&app, &there).await;
            let (again, arrived) = export(&app, &there).await;
            assert_eq!(same(&arrived), same(&left), "on {other:?}");
            // It came, and it left.
            let audited = rows(&left, "audit_event") + 2;
            assert_eq!(rows(&arrived, "audit_event"), audited);
            let token = authenticate_key(&app, &key).await.unwrap();
            assert!(!matches!(token, KeyCheck::Good(_)), "keys open nothing elsewhere");
            for rows in [
                "session WHERE organization_id = $1",
                "webhook_endpoint WHERE organization_id = $1",
                "api_key WHERE organization_id = $1 AND revoked_at_us IS NULL",
            ] {
                let sql = format!("SELECT count(*) AS n FROM {rows}");
                assert_eq!(number(&app, &sql, there.org()).await, 0, "{rows}");
            }
            sign_in(&app, &email, password).await.expect("nobody is locked out");
            let twice = refused(&app, &bytes).await;
            assert!(twice.contains("an organization elsewhere here already"), "{twice}");
            let (back, _db) = elsewhere(&clinic, engine).await;
            let home = Actor::system(import(&back, &again).await.unwrap().organization);
            is_right(&back, &home, documents).await;
            assert_eq!(same(&export(&back, &home).await.1), same(&left));
        }
        let home = refused(&clinic.app, &bytes).await;
        assert!(home.contains("an organization elsewhere here already"), "{home}");
        // What was deleted has its bytes here still.
        is_right(&clinic.app, &actor, documents + 1).await;
    }

    async fn what_is_not_such_an_archive_changes_nothing(db) {
        let engine = db.engine();
        let clinic = Clinic::new(db).await;
        let actor = filled(&clinic).await;
        let (bytes, manifest) = export(&clinic.app, &actor).await;
        let files = unpacked(&bytes);
        let readme = content(&files, "README.txt");
        assert!(readme.contains("PATIENTS' DATA") && readme.contains("tables/payment.jsonl"));
        let cases = broken(&bytes, &files).into_iter().chain(lying(&files));
        let (mut app, _db) = elsewhere(&clinic, engine).await;
        let folder = tempfile::tempdir().unwrap();
        let address = format!("file://{}", folder.path().display());
        app.files = Files::open(&address, &S3Access::default(), true).unwrap();
        let kept = || std::fs::read_dir(folder.path().join("1")).map_or(0, Iterator::count);
        for (at, (archive, told)) in cases.enumerate() {
            let told_is = refused(&app, &archive).await;
            assert!(told_is.contains(&*told), "case {at}: {told}: {told_is}");
            assert!(read::organizations(&app).await.unwrap().is_empty(), "{told}");
            assert_eq!(kept(), 0, "{told}: its documents were taken back");
        }
        let watched = Watched::default();
        watched.fault(Some(Fault::Away));
        let away = App { files: Files::of(Arc::new(watched)), ..app.clone() };
        assert!(matches!(import(&away, &bytes).await, Err(ArchiveError::Document(..))));
        // Nothing is left in the way, neither rows nor rules nor files.
        let there = Actor::system(import(&app, &bytes).await.unwrap().organization);
        is_right(&app, &there, manifest.documents.count).await;
        assert_eq!(u64::try_from(kept()).unwrap(), manifest.documents.count);
        assert_eq!(same(&export(&app, &there).await.1), same(&manifest));
    }

    async fn documents_that_are_somebody_elses_stay(db) {
        let engine = db.engine();
        let clinic = Clinic::new(db).await;
        let actor = filled(&clinic).await;
        let (bytes, manifest) = export(&clinic.app, &actor).await;
        let documents = manifest.documents.count;
        // The store is the old database's, and the number is the same.
        let (mut app, _db) = elsewhere(&clinic, engine).await;
        add_organization(&app, "One", "UTC").await.unwrap();
        app.files = clinic.app.files.clone();
        let told = refused(&app, &bytes).await;
        assert!(told.contains("a document is there already") && told.contains("--files"), "{told}");
        is_right(&clinic.app, &actor, documents + 1).await;
        // One is another's: those that this import wrote are taken back, and only those.
        let watched = Watched::default();
        app.files = Files::of(Arc::new(watched.clone()));
        let last = last_file(&clinic.app, &actor).await;
        app.files.put(actor.org(), &last, &b"another's"[..]).await.unwrap();
        let before = watched.places().await;
        let told = refused(&app, &bytes).await;
        assert!(told.contains("a document is there already"), "{told}");
        assert!(documents > 1 && watched.parts().len() as u64 == documents, "others were written");
        assert_eq!(watched.places().await, before);
        assert_eq!(app.files.size(actor.org(), &last).await.unwrap(), 9);
        app.files.remove(actor.org(), &last).await.unwrap();
        // The same archive twice at once: the one that is refused takes nothing from the other.
        let (one, other) = tokio::join!(import(&app, &bytes), import(&app, &bytes));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let there = Actor::system(one.or(other).unwrap().organization);
        is_right(&app, &there, documents).await;
        is_right(&clinic.app, &actor, documents + 1).await;
    }

    async fn an_address_signs_in_to_one_organization(db) {
        let engine = db.engine();
        let clinic = Clinic::new(db).await;
        let actor = filled(&clinic).await;
        let (bytes, _) = export(&clinic.app, &actor).await;
        let (app, _db) = elsewhere(&clinic, engine).await;
        let here = Actor::system(add_organization(&app, "Here", "UTC").await.unwrap());
        let email = theirs::email_of(THEIRS);
        let password = "a long enough password";
        add_user(&app, &here, (&email, "Sample"), Role::Biller, password).await.unwrap();
        let told = refused(&app, &bytes).await;
        assert!(told.contains(&format!("{email} signs in to here")), "{told}");
        assert_eq!(read::organizations(&app).await.unwrap().len(), 1);
    }
}
