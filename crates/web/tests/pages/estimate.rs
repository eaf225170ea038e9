//! From an estimate to a payment: the amount is filled in, and the payment keeps what was seen.

use almoner_app::save_treatment::{ProcedureEntry, TreatmentEntry, add_treatment, edit_treatment};
use almoner_domain::role::Role;
use almoner_domain::{PatientId, TreatmentId};
use almoner_store::on_both_engines;

use crate::estimate_cases::{
    ACTIVE, COPAY, DEDUCTIBLE, MAXIMUM, SHARE, answered, estimate, insured,
};
use crate::site::{Browser, HARD_NAME, HARD_NAME_SHOWN, Reply, Site};

const DAY: &str = "20260308";
const OFFICE: (&str, &str) = ("payment_type", "office_visit");
const ROWS: [&str; 4] = [ACTIVE, DEDUCTIBLE, SHARE, MAXIMUM];

/// The fields that the panel sends back, as it shows them.
const PANEL: [&str; 7] = [
    "shown_type",
    "shown_treatment",
    "shown_check",
    "shown_charge",
    "shown_date",
    "estimate_seen",
    "used_amount",
];

/// A form as the page holds it, and what a person does to it.
#[derive(Clone)]
struct Form(Vec<(String, String)>);

impl Form {
    fn of(reply: &Reply, patient: PatientId, typed: &[(&str, &str)]) -> Self {
        let mut form = Self(vec![("patient".to_owned(), patient.to_string())]);
        for name in PANEL {
            form = form.with(name, &reply.hidden(name));
        }
        typed.iter().fold(form, |form, (name, value)| form.with(name, value))
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|field| field.0 != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    async fn send(&self, desk: &Browser<'_>, to: &str, step: &str) -> Reply {
        let form = self.clone().with("do", step);
        let fields: Vec<(&str, &str)> = form.0.iter().map(|field| (&*field.0, &*field.1)).collect();
        desk.post(to, &fields).await
    }
}

fn treatment_entry(patient: PatientId, code: &str, charge: &str) -> TreatmentEntry {
    let procedure = ProcedureEntry {
        code: code.to_owned(),
        modifiers: String::new(),
        charge: charge.to_owned(),
    };
    TreatmentEntry {
        patient: patient.to_string(),
        physician: String::new(),
        location: "LOC-002".to_owned(),
        service_date: "2026-03-12".to_owned(),
        service_time: "09:30".to_owned(),
        service_at: None,
        status: String::new(),
        procedures: vec![procedure],
    }
}

async fn treated(site: &Site, patient: PatientId, charge: &str) -> TreatmentId {
    let entry = treatment_entry(patient, "99213", charge);
    add_treatment(&site.app, &site.system(), &entry, None).await.unwrap()
}

/// A patient with a check, the panel of a visit charged with $150.00, and the form beside it.
async fn visit(site: &Site, desk: &Browser<'_>, number: u32) -> (PatientId, Reply, Form) {
    let patient = insured(site, number, &[(DAY, &ROWS)]).await;
    let typed = [OFFICE, ("charge", "150")];
    let panel = estimate(desk, patient, &typed).await;
    panel.shows(200, &["<p class=\"sum\">$62.00</p>"]);
    let form = Form::of(&panel, patient, &typed);
    (patient, panel, form)
}

async fn count(site: &Site, table: &str) -> i64 {
    let mut tx = site.app.db.read().await.unwrap();
    let sql = format!("SELECT count(*) AS n FROM {table}");
    tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap()
}

on_both_engines! {
    async fn the_amount_is_filled_in_and_the_payment_keeps_the_estimate(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (_, _, form) = visit(&site, &desk, 3).await;
        let used = form.send(&desk, "/payments/new", "use_amount").await;
        let told = ["name=\"amount\" type=\"text\"", "value=\"62.00\"", "was filled in from"];
        used.shows(200, &told);
        assert_eq!(used.hidden("used_amount"), "62.00");
        let key = "0123456789abcdef0123456789abcdef";
        let form = form.with("amount", "62.00").with("used_amount", "62.00").with("key", key);
        let created = form.send(&desk, "/payments", "create").await;
        let again = form.send(&desk, "/payments", "create").await;
        assert_eq!(created.to(), again.to(), "a second click makes the same payment");
        let told = [
            "Estimated and asked $62.00",
            "href=\"/eligibility/ELG-001\"",
            "Co-insurance: 20 % of $110.00 is $22.00.",
            "EB*C*IND*30***29*40*****Y",
            "$150.00, entered by staff",
            "98 Office visit; BY Office visit, sick",
            "Version of the rules",
            "may differ from",
        ];
        desk.get(created.to()).await.shows(200, &told);
        assert_eq!(count(&site, "payment_estimate").await, 1);
    }

    async fn another_amount_is_marked_also_when_it_changes_later(db) {
        let site = Site::new(db).await;
        let biller = site.browser(Role::Biller).await;
        let (_, _, form) = visit(&site, &biller, 3).await;
        let form = form.with("amount", "50").with("used_amount", "62.00");
        let to = form.send(&biller, "/payments", "create").await.to().to_owned();
        biller.get(&to).await.shows(200, &["Estimated $62.00, asked $50.00"]);
        let edited = [("version", "1"), ("amount", "45"), OFFICE, ("location", "LOC-001")];
        let edit = format!("{to}/edit");
        assert_eq!(biller.post(&edit, &edited).await.to(), to);
        let told = ["Estimated $62.00, asked $50.00, later changed to $45.00"];
        biller.get(&to).await.shows(200, &told);
    }

    async fn a_payment_without_an_amount_from_the_estimate_keeps_why(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let ended = "EB*6*IND*98~\nDTP*349*D8*20260131";
        let patient = insured(&site, 3, &[(DAY, &[ended, COPAY])]).await;
        let panel = estimate(&desk, patient, &[OFFICE]).await;
        let form = Form::of(&panel, patient, &[OFFICE, ("amount", "50")]);
        let to = form.send(&desk, "/payments", "create").await.to().to_owned();
        let told = [
            "No amount was estimated, asked $50.00",
            "Coverage is not active.",
            "it ended on 2026-01-31",
            "<code>EB*6*IND*98</code>",
        ];
        desk.get(&to).await.shows(200, &told);
    }

    async fn an_estimate_that_nobody_saw_is_not_kept(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let patient = insured(&site, 3, &[(DAY, &ROWS)]).await;
        let patient = patient.to_string();
        let fields = [("do", "create"), ("patient", &*patient), ("amount", "10"), OFFICE];
        let to = desk.post("/payments", &fields).await.to().to_owned();
        desk.get(&to).await.shows(200, &[]).lacks(&["Estimated", "No amount was estimated"]);
        assert_eq!(count(&site, "payment_estimate").await, 0);
    }

    async fn what_changed_between_showing_and_create_is_told(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (patient, _, form) = visit(&site, &desk, 3).await;
        let form = form.with("amount", "62.00").with("used_amount", "62.00");
        answered(&site, 99, ("Specimen3", "CASE-3"), "20260309", &[ACTIVE, COPAY]).await;
        let told = [
            "The estimate is not the one that was shown",
            "<p class=\"sum\">$25.00</p>",
            "The form still asks for $62.00, from the estimate before.",
            "name=\"shown_check\" value=\"ELG-002\"",
        ];
        let reply = form.send(&desk, "/payments", "create").await;
        reply.shows(422, &told);
        assert_eq!(count(&site, "payment").await, 0);
        let used = form.send(&desk, "/payments/new", "use_amount").await;
        used.shows(200, &["has changed since it was shown", "value=\"62.00\""]);
        let typed = [OFFICE, ("charge", "150"), ("amount", "62.00")];
        let form = Form::of(&reply, patient, &typed);
        let to = form.send(&desk, "/payments", "create").await.to().to_owned();
        desk.get(&to).await.shows(200, &["Estimated $25.00, asked $62.00", "ELG-002"]);
    }

    async fn what_was_typed_and_not_yet_shown_is_shown_first(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (_, _, form) = visit(&site, &desk, 3).await;
        let form = form.with("charge", "1000").with("amount", "62.00");
        let reply = form.send(&desk, "/payments", "create").await;
        reply.shows(422, &["is not the one that was shown", "<p class=\"sum\">$100.00</p>"]);
    }

    async fn the_numbers_of_another_type_or_treatment_never_stay(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let patient = insured(&site, 3, &[(DAY, &ROWS)]).await;
        let (one, other) =
            (treated(&site, patient, "150").await, treated(&site, patient, "50").await);
        let typed = [OFFICE, ("treatment", &*one.to_string())];
        let panel = estimate(&desk, patient, &typed).await;
        let told = ["<p class=\"sum\">$62.00</p>", "value=\"150.00\"", "From the treatment&#39;s"];
        panel.shows(200, &told);
        let used = Form::of(&panel, patient, &typed)
            .with("charge", "180.00")
            .with("choice_deductible", "none")
            .with("amount", "62.00")
            .with("used_amount", "62.00");
        let moved = used.clone().with("treatment", &other.to_string());
        let reply = moved.send(&desk, "/payments/new", "estimate").await;
        let told = ["<p class=\"sum\">$42.00</p>", "value=\"50.00\""];
        reply.shows(200, &told).lacks(&["62.00", "180.00", "150.00"]);
        let reply = moved.send(&desk, "/payments", "create").await;
        reply.shows(422, &["came from the estimate for another", "id=\"e-amount\""]);
        reply.lacks(&["62.00", "180.00"]);
        let private = used.with("payment_type", "private_pay");
        let reply = private.send(&desk, "/payments/new", "estimate").await;
        reply.shows(200, &[]).lacks(&["62.00", "Payment estimate"]);
        let reply = private.send(&desk, "/payments", "create").await;
        reply.shows(422, &["came from the estimate for another"]).lacks(&["62.00"]);
    }

    async fn a_treatment_that_is_not_among_the_latest_is_still_chosen(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let patient = insured(&site, 3, &[(DAY, &ROWS)]).await;
        for _ in 0..=50 {
            treated(&site, patient, "150").await;
        }
        let form = desk.open("/payments/new?treatment=TRT-001").await;
        form.shows(200, &["<option value=\"TRT-001\" selected>"]);
        let panel = estimate(&desk, patient, &[OFFICE, ("treatment", "TRT-001")]).await;
        panel.shows(200, &["value=\"150.00\"", "value=\"2026-03-12\"", "$62.00"]);
    }

    async fn what_was_filled_in_follows_the_treatment(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let patient = insured(&site, 3, &[(DAY, &ROWS)]).await;
        let treatment = treated(&site, patient, "150").await;
        let typed = [OFFICE, ("treatment", &*treatment.to_string()), ("amount", "62.00")];
        let panel = estimate(&desk, patient, &typed).await;
        let form = Form::of(&panel, patient, &typed)
            .with("charge", "150.00")
            .with("service_date", "2026-03-12");
        let entry = treatment_entry(patient, "99213", "50");
        let place = (treatment, 1);
        edit_treatment(&site.app, &site.system(), place, &entry).await.unwrap();
        let reply = form.send(&desk, "/payments", "create").await;
        let told =
            ["is not the one that was shown", "<p class=\"sum\">$42.00</p>", "value=\"50.00\""];
        reply.shows(422, &told);
    }

    async fn lines_of_an_older_check_are_not_taken_for_those_of_a_newer_one(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let two = |one: i64, other: i64| {
            let row = |dollars, words| format!("EB*B*IND*98***27*{dollars}*****Y~\nMSG*{words}");
            [ACTIVE.to_owned(), row(one, "PRIMARY"), row(other, "SPECIALIST")]
        };
        let first = two(25, 40);
        let rows: Vec<&str> = first.iter().map(String::as_str).collect();
        let patient = insured(&site, 3, &[(DAY, &rows)]).await;
        let panel = estimate(&desk, patient, &[OFFICE]).await;
        let form = Form::of(&panel, patient, &[OFFICE, ("choice_copay", "16"), ("amount", "40")]);
        let chosen = form.send(&desk, "/payments/new", "estimate").await;
        chosen.shows(200, &["<p class=\"sum\">$40.00</p>"]);
        let second = two(90, 70);
        let rows: Vec<&str> = second.iter().map(String::as_str).collect();
        answered(&site, 99, ("Specimen3", "CASE-3"), "20260309", &rows).await;
        let form = form.with("estimate_seen", &chosen.hidden("estimate_seen"));
        let reply = form.send(&desk, "/payments", "create").await;
        reply.shows(422, &["is not the one that was shown", "$90.00 or $70.00"]);
        reply.lacks(&["<p class=\"sum\">$70.00</p>", "checked> <span>$70.00"]);
    }

    async fn a_choice_that_is_not_offered_is_told_and_kept(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (patient, panel, _) = visit(&site, &desk, 3).await;
        let typed = [OFFICE, ("charge", "150"), ("choice_copay", "77"), ("amount", "62")];
        let form = Form::of(&panel, patient, &typed);
        let shown = form.send(&desk, "/payments/new", "estimate").await;
        shown.shows(200, &["A choice was ignored", "<p class=\"sum\">$62.00</p>"]);
        let form = form.with("estimate_seen", &shown.hidden("estimate_seen"));
        let to = form.send(&desk, "/payments", "create").await.to().to_owned();
        let told = ["Co-pay amount: staff chose a line that was not offered."];
        desk.get(&to).await.shows(200, &told);
    }

    async fn faults_of_the_panel_are_told_and_show_no_figure(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (_, _, form) = visit(&site, &desk, 3).await;
        let memo = format!("{HARD_NAME}{}", "m".repeat(40_000));
        let wrong = form
            .with("charge", "12.345")
            .with("service_date", "soon")
            .with("memo", &memo)
            .with("amount", "1");
        let reply = wrong.send(&desk, "/payments/new", "estimate").await;
        let told = [
            "id=\"e-charge\"",
            "id=\"e-service_date\"",
            "value=\"12.345\"",
            "No estimate yet",
            HARD_NAME_SHOWN,
        ];
        reply.shows(422, &told).lacks(&["$62.00", "Co-pay amount", "Søn <b>"]);
        let reply = wrong.send(&desk, "/payments", "create").await;
        let told = ["id=\"e-charge\"", "id=\"e-memo\"", "No estimate yet"];
        reply.shows(422, &told).lacks(&["$62.00"]);
        let mended = wrong.with("charge", "1").with("service_date", "");
        let foreign = mended.with("treatment", "TRT-099");
        let reply = foreign.send(&desk, "/payments/new", "estimate").await;
        reply.shows(422, &["Choose a treatment of this patient.", "id=\"e-treatment\""]);
        reply.lacks(&["$62.00"]);
    }

    async fn a_number_from_the_browser_is_never_trusted(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (_, _, form) = visit(&site, &desk, 3).await;
        let forged = form
            .clone()
            .with("used_amount", "1.00")
            .with("estimated", "1.00")
            .with("shown_charge", "1.00")
            .with("amount", "1.00");
        let to = forged.send(&desk, "/payments", "create").await.to().to_owned();
        desk.get(&to).await.shows(200, &["Estimated $62.00, asked $1.00"]);
        let forged = form.with("estimate_seen", &"0".repeat(32)).with("amount", "1.00");
        let reply = forged.send(&desk, "/payments", "create").await;
        reply.shows(422, &["is not the one that was shown"]);
    }
}
