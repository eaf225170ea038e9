//! Two small clinics behind one router, and a browser that signs in to them.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::exchange_checks::{ask_claimed, claim_due};
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::link_keys::LinkKeys;
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::save_patient::{CoverageEntry, PatientEntry, add_patient};
use almoner_app::save_treatment::{ProcedureEntry, TreatmentEntry, add_treatment};
use almoner_app::{
    Actor, App, add_organization, credentials, save_location, save_physician, sign_in,
};
use almoner_domain::ambient::{Clock, Entropy, SeededEntropy, SetClock};
use almoner_domain::list_look::ListLook;
use almoner_domain::role::Role;
use almoner_domain::tender::TenderEntry;
use almoner_domain::{
    InquiryId, LocationId, Money, PatientId, PaymentId, PhysicianId, Status, TreatmentId, UserId,
};
use almoner_gateways::clearinghouse::{
    self, Answer, Clearinghouse, ClearinghouseError, Delivery, Partners, Question,
};
use almoner_gateways::files::Files;
use almoner_gateways::mail::{Mailer, NoMailer};
use almoner_gateways::processor::{self, Processor};
use almoner_gateways::webhooks::HttpWebhooks;
use almoner_store::counters;
use almoner_store::locations::LocationFields;
use almoner_store::organizations::Organization;
use almoner_store::physicians::PhysicianFields;
use almoner_store::staff::{self, StaffUser};
use almoner_store::testing::TestDb;
use almoner_web::{UploadSettings, Web, WebSettings, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::civil::Date;
use tower::ServiceExt as _;

/// Where browsers find the pages.
pub(crate) const BASE: &str = "http://127.0.0.1:8080";
/// When the tests begin: eleven in the morning of the tenth of March, in the clinics' zone.
pub(crate) const START: &str = "2026-03-10T15:00:00Z";
/// The pages of the tests.
fn settings(uploads: UploadSettings) -> WebSettings {
    WebSettings { base_url: BASE.to_owned(), trusted_proxy: None, demo: false, uploads }
}

fn usual_uploads() -> UploadSettings {
    UploadSettings::new(16)
}

/// Everybody's password.
pub(crate) const PASSWORD: &str = "a sample password of the tests";
/// A name with everything that a page could stumble over.
pub(crate) const HARD_NAME: &str = "O'Brien & Søn <b>";
/// How that name stands in a page.
pub(crate) const HARD_NAME_SHOWN: &str = "O&#39;Brien &#38; Søn &#60;b&#62;";
/// The greatest page that a test reads.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;

/// What protects a page.
const GUARDS: [&str; 7] = [
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "x-frame-options",
];

/// A clearinghouse that takes every question and says what came of it when it is asked to.
#[derive(Default)]
pub(crate) struct House {
    /// What it does with the next question, when it is not to answer later.
    pub(crate) next: Mutex<Option<Result<clearinghouse::Reply, ClearinghouseError>>>,
}

impl Clearinghouse for House {
    fn name(&self) -> &'static str {
        "house"
    }

    fn partners(&self) -> Partners {
        let [sender_qualifier, receiver_qualifier] = ["ZZ", "ZZ"].map(str::to_owned);
        let [sender_id, receiver_id] = ["SAMPLECLINIC", "SAMPLEHOUSE"].map(str::to_owned);
        Partners { sender_qualifier, sender_id, receiver_qualifier, receiver_id }
    }

    fn ask<'a>(&'a self, _question: Question<'a>) -> Answer<'a, clearinghouse::Reply> {
        let next = self.next.lock().expect("no test panics with it").take();
        Box::pin(async { next.unwrap_or(Ok(clearinghouse::Reply::Later)) })
    }

    fn waiting(&self, _limit: usize) -> Answer<'_, Vec<Delivery>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn taken<'a>(&'a self, _name: &'a str) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// The program with its clinics.
pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) house: Arc<House>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) web: Web,
    pub(crate) clinic: Organization,
    /// A clinic that has a location and a patient, and nothing else.
    pub(crate) other: Organization,
    router: Router,
    /// The database lives as long as the site.
    pub(crate) db: TestDb,
}

/// A payment of $80.00 that the second patient is to owe.
pub(crate) fn owed() -> CreatePayment {
    CreatePayment {
        patient: PatientId::new(2),
        amount: Money::from_cents(8_000),
        kind: None,
        treatment: None,
        location: None,
        due: None,
        confirm_past_due_date: false,
        memo: None,
        draft: false,
        estimate: None,
        estimate_seen: None,
        key: None,
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The page.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("pages are text")
    }

    /// A header's text, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are plain"))
    }

    /// Where the answer leads.
    pub(crate) fn to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text());
        self.header("location")
    }

    /// The value of a hidden field; blank when there is none.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let page = self.text();
        let field = format!("name=\"{name}\" value=\"");
        let value = page.split(&field).nth(1).and_then(|rest| rest.split('"').next());
        value.unwrap_or_default().to_owned()
    }

    /// The page with every blank space as one.
    fn words(&self) -> String {
        self.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Passes when the page has that status and each of the texts.
    pub(crate) fn shows(&self, status: u16, texts: &[&str]) -> &Self {
        let page = self.words();
        assert_eq!(self.status.as_u16(), status, "{page}");
        for text in texts {
            assert!(page.contains(text), "{text:?} is missing in {page}");
        }
        self
    }

    /// Passes when the page has none of the texts.
    pub(crate) fn lacks(&self, texts: &[&str]) -> &Self {
        let page = self.words();
        for text in texts {
            assert!(!page.contains(text), "{text:?} stands in {page}");
        }
        self
    }
}

/// What a browser says of itself beside the request.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    /// A page of ours sends it.
    Own,
    /// Another site's page sends it.
    Foreign,
    /// It is not said.
    None,
}

/// A text as it stands in an address or a form.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 3), |mut escaped, byte| {
        write!(escaped, "%{byte:02X}").expect("writing to a String cannot fail");
        escaped
    })
}

/// A form as a browser sends it.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let pair = |&(name, value): &(&str, &str)| format!("{}={}", escaped(name), escaped(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

async fn member(app: &App, organization: &Organization, role: Role, password_hash: &str) {
    let mut tx = app.db.begin().await.unwrap();
    let id = UserId::new(counters::next(&mut tx, organization.id, UserId::PREFIX).await.unwrap());
    let user = StaffUser {
        org: organization.id,
        id,
        email: email(organization, role),
        name: format!("Sample {}", role.label()),
        role,
        password_hash: password_hash.to_owned(),
        last_location: None,
        list_look: ListLook::default(),
        disabled_at: None,
    };
    staff::insert(&mut tx, &user, app.now()).await.unwrap();
    tx.commit().await.unwrap();
}

fn email(organization: &Organization, role: Role) -> String {
    format!("{}@{}.example", role.as_str(), organization.slug)
}

/// A patient's entry with an insurance, who is somebody else than those who look alike.
pub(crate) fn person(first: &str, last: &str, birth: &str, member_id: &str) -> PatientEntry {
    let coverage = CoverageEntry {
        payer: "Sample Health Plan".to_owned(),
        member_id: member_id.to_owned(),
        payer_id: "00042".to_owned(),
        ..CoverageEntry::default()
    };
    PatientEntry {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        date_of_birth: birth.to_owned(),
        coverages: vec![coverage],
        is_somebody_else: true,
        ..PatientEntry::default()
    }
}

impl Site {
    /// Two clinics in New York at the start of the tests; the first has two patients.
    pub(crate) async fn new(db: TestDb) -> Self {
        Self::with(db, processor::by_name("sandbox").expect("the sandbox is built in")).await
    }

    /// The same with another processor.
    pub(crate) async fn with(db: TestDb, processor: Arc<dyn Processor>) -> Self {
        let start = START.parse().expect("the start is well written");
        let house = Arc::new(House::default());
        let clock = Arc::new(SetClock::at(start));
        let app = App {
            db: db.db.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(1)) as Arc<dyn Entropy>,
            processor,
            clearinghouse: Arc::clone(&house) as Arc<dyn Clearinghouse>,
            mailer: Arc::new(NoMailer),
            webhooks: Arc::new(HttpWebhooks::new(true)),
            link_keys: Arc::new(LinkKeys::new([7; 32], Vec::new())),
            files: Files::in_memory(),
            max_document_bytes: 25 * 1024 * 1024,
        };
        let zone = "America/New_York";
        let clinic = add_organization::add_organization(&app, "Downtown Clinic", zone);
        let clinic = clinic.await.unwrap();
        let other = add_organization::add_organization(&app, "Other Clinic", zone);
        let other = other.await.unwrap();
        let hash = credentials::hash_password(&app, PASSWORD);
        for role in Role::ALL {
            member(&app, &clinic, role, &hash).await;
            member(&app, &other, role, &hash).await;
        }
        let (here, there) = (Actor::system(clinic.clone()), Actor::system(other.clone()));
        let harbor = LocationFields {
            name: "Harbor".to_owned(),
            time_zone: "America/Los_Angeles".to_owned(),
            ..LocationFields::default()
        };
        save_location::save_location(&app, &here, None, &harbor).await.unwrap();
        let first = LocationFields {
            name: "Downtown Clinic".to_owned(),
            time_zone: zone.to_owned(),
            npi: Some("1888888876".to_owned()),
            ..LocationFields::default()
        };
        let downtown = Some(LocationId::new(1));
        save_location::save_location(&app, &here, downtown, &first).await.unwrap();
        let physician = PhysicianFields {
            first_name: "Dana".to_owned(),
            last_name: "Sample".to_owned(),
            npi: Some("1234567893".to_owned()),
        };
        save_physician::save_physician(&app, &here, None, &physician).await.unwrap();
        let ann = person("Ann", "Example", "1980-02-29", "MEMBER-A");
        let ben = person("Ben", "Specimen", "1975-07-04", "MEMBER-B");
        for entry in [&ann, &ben] {
            add_patient(&app, &here, entry, None, None).await.unwrap();
        }
        add_patient(&app, &there, &ann, None, None).await.unwrap();
        let web = Web::new(app.clone(), settings(usual_uploads()));
        let router = router(web.clone());
        Self { app, house, clock, web, clinic, other, router, db }
    }

    /// The same with a mailer.
    pub(crate) fn with_mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.app.mailer = mailer;
        self.web = Web::new(self.app.clone(), settings(usual_uploads()));
        self.router = router(self.web.clone());
        self
    }

    /// The same, taking so many requests with files at the same time.
    pub(crate) fn with_uploads(mut self, uploads: UploadSettings) -> Self {
        self.web = Web::new(self.app.clone(), settings(uploads));
        self.router = router(self.web.clone());
        self
    }

    /// The same with sheets of at most so many rows.
    pub(crate) fn with_sheet_rows(mut self, rows: usize) -> Self {
        self.web = self.web.clone().with_sheet_rows(rows);
        self.router = router(self.web.clone());
        self
    }

    /// The same with another store of documents.
    pub(crate) fn with_files(mut self, files: Files) -> Self {
        self.app.files = files;
        self.web = Web::new(self.app.clone(), settings(usual_uploads()));
        self.router = router(self.web.clone());
        self
    }

    /// The address of its database, for another server.
    pub(crate) fn url(&self) -> &str {
        &self.db.url
    }

    /// The program itself at the first clinic.
    pub(crate) fn system(&self) -> Actor {
        Actor::system(self.clinic.clone())
    }

    /// A payment of $80.00 that the second patient owes, due on that date.
    pub(crate) async fn payment(
        &self,
        treatment: Option<TreatmentId>,
        due: Option<Date>,
    ) -> PaymentId {
        let asked = CreatePayment { treatment, due, confirm_past_due_date: true, ..owed() };
        create_payment(&self.app, &self.system(), &asked).await.unwrap()
    }

    /// A payment of the second patient that was paid by check.
    pub(crate) async fn paid(&self, treatment: Option<TreatmentId>) -> PaymentId {
        let payment = self.payment(treatment, None).await;
        let tender = TenderEntry { kind: "check".to_owned(), ..TenderEntry::default() };
        let (version, to, reason) = (None, Status::Paid, None);
        let input = ChangeStatus { payment, version, to, tender: Some(tender), reason };
        change_status(&self.app, &self.system(), &input).await.unwrap();
        payment
    }

    /// A treatment of the second patient, charged with $150.00.
    pub(crate) async fn treatment(&self) -> TreatmentId {
        let procedure = ProcedureEntry {
            code: "99213".to_owned(),
            modifiers: String::new(),
            charge: "150.00".to_owned(),
        };
        let entry = TreatmentEntry {
            patient: "PAT-002".to_owned(),
            physician: "PHY-001".to_owned(),
            location: "LOC-002".to_owned(),
            service_date: "2026-03-12".to_owned(),
            service_time: "09:30".to_owned(),
            service_at: None,
            status: String::new(),
            procedures: vec![procedure],
        };
        add_treatment(&self.app, &self.system(), &entry, None).await.unwrap()
    }

    /// Asks about the second patient, whose payer is to answer later.
    pub(crate) async fn ask(&self) -> InquiryId {
        let input = RunCheck {
            patient: PatientId::new(2),
            rank: 1,
            service_type: Some("98".to_owned()),
            service_date: None,
            location: None,
            physician: Some(PhysicianId::new(1)),
            treatment: None,
        };
        run_check(&self.app, &self.system(), &input, None).await.unwrap()
    }

    /// Carries the questions of the first clinic.
    pub(crate) async fn exchange(&self) {
        for claimed in claim_due(&self.app, &self.system(), 8).await.unwrap() {
            ask_claimed(&self.app, &self.system(), &claimed).await.unwrap();
        }
    }

    /// Imports a file at the first clinic.
    pub(crate) async fn import(&self, content: Vec<u8>) {
        let file = ImportFile { name: "answer.271".to_owned(), content, patient: None };
        import_eligibility(&self.app, &self.system(), file).await.unwrap();
    }

    /// The browser of a member of the first clinic.
    pub(crate) async fn browser(&self, role: Role) -> Browser<'_> {
        self.browser_of(&self.clinic, role).await
    }

    /// The browser of a member of a clinic.
    pub(crate) async fn browser_of(&self, clinic: &Organization, role: Role) -> Browser<'_> {
        let email = email(clinic, role);
        let token = sign_in::sign_in(&self.app, &email, PASSWORD).await.unwrap();
        Browser { site: self, cookies: format!("almoner_session={}", token.cookie()) }
    }

    /// A browser that is not signed in.
    pub(crate) fn stranger(&self) -> Browser<'_> {
        Browser { site: self, cookies: String::new() }
    }

    /// Asks, and holds the answer against the rules that every answer keeps: it is no fault of
    /// ours.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let asked = format!("{} {}", request.method(), request.uri());
        let reply = self.try_send(request).await;
        assert!(!reply.status.is_server_error(), "{asked}: {}", reply.text());
        reply
    }

    /// Asks what may fail by a fault of ours that the test made.
    pub(crate) async fn try_send(&self, mut request: Request<Body>) -> Reply {
        let address = SocketAddr::from(([192, 0, 2, 1], 50_000));
        request.extensions_mut().insert(ConnectInfo(address));
        let asked = format!("{} {}", request.method(), request.uri());
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, MAX_PAGE_BYTES).await.expect("the page is read").to_vec();
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        for guard in GUARDS {
            assert!(!reply.header(guard).is_empty(), "{guard} is missing in the answer to {asked}");
        }
        assert!(!reply.header("cache-control").is_empty(), "{asked}");
        reply
    }
}

/// A browser with its cookies.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    site: &'a Site,
    pub(crate) cookies: String,
}

impl Browser<'_> {
    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, Origin::None, ("", Vec::new())).await
    }

    /// Asks for a page as the module does while something is typed.
    pub(crate) async fn live(&self, path: &str) -> Reply {
        let request = Request::builder().uri(path).header("x-live", "1");
        let request = request.header(header::COOKIE, &self.cookies).body(Body::empty());
        self.site.send(request.expect("the request is well formed")).await
    }

    /// Opens a form, which is sent on to itself until its address has a key.
    pub(crate) async fn open(&self, path: &str) -> Reply {
        let reply = self.get(path).await;
        let to = reply.header("location");
        let has_key = to.starts_with(path) && to.contains("key=");
        if has_key { self.get(to).await } else { reply }
    }

    /// Sends a form of one of our pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_text(path, encoded(fields).into_bytes()).await
    }

    /// Sends a form that is encoded already.
    pub(crate) async fn post_text(&self, path: &str, form: Vec<u8>) -> Reply {
        let kind = "application/x-www-form-urlencoded";
        self.ask(Method::POST, path, Origin::Own, (kind, form)).await
    }

    /// Sends files with the import's form.
    pub(crate) async fn upload(&self, fields: &[(&str, Option<&str>, &[u8])]) -> Reply {
        self.upload_to("/eligibility/import", fields).await
    }

    /// Sends files with the form at that address.
    pub(crate) async fn upload_to(
        &self,
        path: &str,
        fields: &[(&str, Option<&str>, &[u8])],
    ) -> Reply {
        let mut body = Vec::new();
        for &(name, file, content) in fields {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
            let head = format!(
                "--tests-mark\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
            );
            body.extend(head.into_bytes());
            body.extend(content);
            body.extend(b"\r\n");
        }
        body.extend(b"--tests-mark--\r\n");
        let kind = "multipart/form-data; boundary=tests-mark";
        self.ask(Method::POST, path, Origin::Own, (kind, body)).await
    }

    /// Asks for anything.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        origin: Origin,
        (kind, body): (&str, Vec<u8>),
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, &self.cookies);
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        request = match origin {
            Origin::Own => request.header("sec-fetch-site", "same-origin"),
            Origin::Foreign => request.header("sec-fetch-site", "cross-site"),
            Origin::None => request,
        };
        let request = request.body(Body::from(body)).expect("the request is well formed");
        self.site.send(request).await
    }
}

/// Every address of the program, with the methods that its line in the router names.
pub(crate) fn routes() -> Vec<String> {
    let source = include_str!("../../src/routes.rs");
    let mut found: Vec<String> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.starts_with('/') && !text.contains("{*"))
        .map(|route| route.replace("{receipt}", "RCP-001"))
        .map(|route| route.replace("{document}", "1").replace("{note}", "1"))
        .collect();
    found.sort();
    found.dedup();
    assert!(found.len() > 30, "the router's source is read: {found:?}");
    found
}
