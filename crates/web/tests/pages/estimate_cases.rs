//! Every case of the estimate's panel, as the page shows it: what it says, and whether the amount
//! may be used.

use almoner_app::save_patient::add_patient;
use almoner_domain::PatientId;
use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::eligibility::{Insured, file};
use crate::site::{Browser, Reply, Site, person};

pub(crate) const ACTIVE: &str = "EB*1*IND*30**SAMPLE GOLD PPO";
pub(crate) const COPAY: &str = "EB*B*IND*98***27*25*****Y";
pub(crate) const DEDUCTIBLE: &str = "EB*C*IND*30***29*40*****Y";
pub(crate) const SHARE: &str = "EB*A*IND*98***27**.2****Y";
pub(crate) const MAXIMUM: &str = "EB*G*IND*30***29*100*****Y";
const PRIMARY: &str = "EB*B*IND*98***27*25*****Y~\nMSG*PRIMARY CARE";
const SPECIALIST: &str = "EB*B*IND*98***27*40*****Y~\nMSG*SPECIALIST";
const OFFICE: (&str, &str) = ("payment_type", "office_visit");
const TREATMENT: (&str, &str) = ("payment_type", "treatment_pre_payment");
const USE: &str = "value=\"use_amount\"";

/// What is asked of the panel, and what it must answer.
struct Case {
    name: &'static str,
    /// The payer's answers: the day of each, and its rows.
    answers: &'static [(&'static str, &'static [&'static str])],
    /// What the form sends beside the patient.
    sent: &'static [(&'static str, &'static str)],
    shows: &'static [&'static str],
    lacks: &'static [&'static str],
    can_use: bool,
}

const DAY: &str = "20260309";

const CASES: &[Case] = &[
    Case {
        name: "no check",
        answers: &[],
        sent: &[OFFICE],
        shows: &["No eligibility check on file", "href=\"/eligibility\"", "may differ from"],
        lacks: &["Co-pay amount", "name=\"charge\"", "Estimated amount"],
        can_use: false,
    },
    Case {
        name: "the latest is rejected and an older one is offered",
        answers: &[("20260120", &[ACTIVE, COPAY]), (DAY, &["AAA*N**71*C", "AAA*N**42*P"])],
        sent: &[OFFICE],
        shows: &[
            "The payer rejected the latest check",
            "The birth date does not match the payer&#39;s records (code 71). Correct the data",
            "(code 42). Send the original request again.",
            "checked Jan 20, 2026, 49 days old",
        ],
        lacks: &["Co-pay amount", "$25.00"],
        can_use: false,
    },
    Case {
        name: "inactive",
        answers: &[(DAY, &["EB*6*IND*30~\nDTP*349*D8*20260131", COPAY])],
        sent: &[OFFICE],
        shows: &["Coverage is not active", "2026-01-31", "Private Pay", "EB*6*IND*30"],
        lacks: &["$25.00"],
        can_use: false,
    },
    Case {
        name: "the date is outside the coverage",
        answers: &[(DAY, &[ACTIVE, COPAY])],
        sent: &[OFFICE, ("service_date", "2027-01-02")],
        shows: &["Coverage ended on 2026-12-31", "Private Pay", "value=\"2027-01-02\""],
        lacks: &["$25.00"],
        can_use: false,
    },
    Case {
        name: "active without money",
        answers: &[(DAY, &[ACTIVE])],
        sent: &[OFFICE, ("charge", "150")],
        shows: &["The payer returned no cost sharing", "not returned by the payer"],
        lacks: &["$0.00"],
        can_use: false,
    },
    Case {
        name: "some is missing",
        answers: &[(DAY, &[ACTIVE, DEDUCTIBLE, MAXIMUM])],
        sent: &[OFFICE, ("charge", "150")],
        shows: &[
            "Not returned by the payer: co-insurance.",
            "Co-insurance percentage: what do you know?",
            "There is none",
            "At least $40.00, at most $100.00",
        ],
        lacks: &["$0.00", "Remaining deductible: what do you know?"],
        can_use: false,
    },
    Case {
        name: "staff state what is missing",
        answers: &[(DAY, &[ACTIVE, DEDUCTIBLE, MAXIMUM])],
        sent: &[OFFICE, ("charge", "150"), ("choice_coinsurance", "none")],
        shows: &["none, as staff stated", "<p class=\"sum\">$40.00</p>"],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "stale",
        answers: &[("20260201", &[ACTIVE, COPAY])],
        sent: &[OFFICE],
        shows: &["<span class=\"stale\">", "37 days old", "Run a new one."],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "the plan year turned",
        answers: &[("20251230", &[ACTIVE, "EB*C*IND*30***23*900*****Y", DEDUCTIBLE, SHARE])],
        sent: &[OFFICE, ("charge", "150")],
        shows: &[
            "70 days old, another plan year",
            "totals are used instead of what remained",
            "a total; what remains may be lower",
            "<p class=\"sum\">$150.00</p>",
        ],
        lacks: &["$40.00"],
        can_use: true,
    },
    Case {
        name: "out of network",
        answers: &[(DAY, &[ACTIVE, COPAY, "EB*B*IND*98***27*90*****N"])],
        sent: &[OFFICE, ("network", "out")],
        shows: &["out of network", "<p class=\"sum\">$90.00</p>"],
        lacks: &["<p class=\"sum\">$25.00</p>"],
        can_use: true,
    },
    Case {
        name: "the network is not stated",
        answers: &[(DAY, &[ACTIVE, "EB*B*IND*98***27*25"])],
        sent: &[OFFICE],
        shows: &["does not say for which network", "In (default)", "EB*B*IND*98***27*25</code>"],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "several co-pays",
        answers: &[(DAY, &[ACTIVE, PRIMARY, SPECIALIST])],
        sent: &[OFFICE],
        shows: &[
            "Choose the value that applies",
            "$25.00: PRIMARY CARE",
            "$40.00: SPECIALIST",
            "$25.00 or $40.00",
        ],
        lacks: &["checked> <span>$"],
        can_use: false,
    },
    Case {
        name: "one of several co-pays is chosen",
        answers: &[(DAY, &[ACTIVE, PRIMARY, SPECIALIST])],
        sent: &[OFFICE, ("choice_copay", "16")],
        shows: &["<p class=\"sum\">$40.00</p>", "checked> <span>$40.00: SPECIALIST"],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "a contradiction",
        answers: &[(DAY, &[ACTIVE, COPAY, "EB*B*IND*98***27*40*****Y"])],
        sent: &[OFFICE],
        shows: &["The payer returned two values", "$25.00 or $40.00", "which value applies?"],
        lacks: &[],
        can_use: false,
    },
    Case {
        name: "nothing to collect",
        answers: &[(DAY, &[ACTIVE, COPAY, "EB*G*IND*30***29*0*****Y"])],
        sent: &[OFFICE],
        shows: &["Nothing to collect now", "the out-of-pocket maximum is reached"],
        lacks: &["Estimated amount"],
        can_use: false,
    },
    Case {
        name: "a treatment without a charge",
        answers: &[(
            DAY,
            &[
                ACTIVE,
                "EB*B*IND*30***27*50*****Y",
                "EB*C*IND*30***29*800*****Y",
                "EB*G*IND*30***29*5000*****Y",
            ],
        )],
        sent: &[TREATMENT],
        shows: &[
            "The charge is assumed to reach the deductible; at most $5,000.00.",
            "<p class=\"sum\">$850.00</p>",
        ],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "active and inactive",
        answers: &[(DAY, &[ACTIVE, "EB*6*IND*98", COPAY])],
        sent: &[OFFICE],
        shows: &[
            "Needs review",
            "<code>EB*1*IND*30**SAMPLE GOLD PPO</code>",
            "<code>EB*6*IND*98</code>",
            "Is the coverage active?",
        ],
        lacks: &["Estimated amount"],
        can_use: false,
    },
    Case {
        name: "family and individual",
        answers: &[(DAY, &[ACTIVE, "EB*C*FAM*30***29*90*****Y", DEDUCTIBLE, SHARE])],
        sent: &[OFFICE, ("charge", "150")],
        shows: &[
            "individual; family: $90.00",
            "the smaller is used",
            "<p class=\"sum\">$62.00</p>",
        ],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "what else deserves care",
        answers: &[(
            DAY,
            &[
                ACTIVE,
                COPAY,
                "EB*F*IND*98***29***VS*0**Y",
                "EB*CB*IND*98********Y",
                "EB*R*IND*30",
                "EB*Y*IND*30***29*12",
            ],
        )],
        sent: &[OFFICE],
        shows: &[
            "Nothing is left of a limit",
            "An authorization is required.",
            "another payer",
            "spend-down",
            "EB*R*IND*30</code>",
        ],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "not covered without a charge",
        answers: &[(DAY, &[ACTIVE, "EB*I*IND*98"])],
        sent: &[OFFICE],
        shows: &["Not covered", "Type the expected charge"],
        lacks: &["$0.00"],
        can_use: false,
    },
    Case {
        name: "not covered with a charge",
        answers: &[(DAY, &[ACTIVE, "EB*I*IND*98"])],
        sent: &[OFFICE, ("charge", "300")],
        shows: &[
            "Not covered",
            "The patient owes the whole charge.",
            "<p class=\"sum\">$300.00</p>",
        ],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "only the charge is missing",
        answers: &[(DAY, &[ACTIVE, DEDUCTIBLE, SHARE])],
        sent: &[OFFICE],
        shows: &["The charge is needed", "Type the expected charge", "Not known yet"],
        lacks: &[],
        can_use: false,
    },
    Case {
        name: "another rule is offered",
        answers: &[(
            DAY,
            &[ACTIVE, "EB*B*IND*98***27*25*****Y~\nMSG*AFTER DEDUCTIBLE", DEDUCTIBLE],
        )],
        sent: &[OFFICE, ("charge", "150"), ("choice_rule", "copay_after_deductible")],
        shows: &["Co-payment only (usual)", "<p class=\"sum\">$65.00</p>", "after the deductible"],
        lacks: &[],
        can_use: true,
    },
    Case {
        name: "private pay",
        answers: &[(DAY, &[ACTIVE, COPAY])],
        sent: &[("payment_type", "private_pay")],
        shows: &["id=\"estimate\""],
        lacks: &["Payment estimate", "$25.00"],
        can_use: false,
    },
    Case {
        name: "no type",
        answers: &[(DAY, &[ACTIVE, COPAY])],
        sent: &[],
        shows: &["id=\"estimate\""],
        lacks: &["Payment estimate", "$25.00"],
        can_use: false,
    },
];

/// A new patient whose payer gave these answers.
pub(crate) async fn insured(site: &Site, number: u32, answers: &[(&str, &[&str])]) -> PatientId {
    let (last, member_id) = (format!("Specimen{number}"), format!("CASE-{number}"));
    let entry = person("Case", &last, "1975-07-04", &member_id);
    let id = add_patient(&site.app, &site.system(), &entry, None, None).await.unwrap();
    for (place, (day, rows)) in (1..).zip(answers) {
        answered(site, number * 100 + place, (&last, &member_id), day, rows).await;
    }
    id
}

/// Imports one more answer about such a patient.
pub(crate) async fn answered(
    site: &Site,
    number: u32,
    (last, member_id): (&str, &str),
    day: &str,
    rows: &[&str],
) {
    let insured = Insured { first: "CASE", last, member_id, birth: "19750704" };
    let text = String::from_utf8(file(number, insured, rows)).unwrap().replace(DAY, day);
    site.import(text.into_bytes()).await;
}

/// The panel that the form shows for what is sent.
pub(crate) async fn estimate(
    desk: &Browser<'_>,
    patient: PatientId,
    sent: &[(&str, &str)],
) -> Reply {
    let patient = patient.to_string();
    let mut fields = vec![("do", "estimate"), ("patient", &patient)];
    fields.extend(sent);
    desk.post("/payments/new", &fields).await
}

on_both_engines! {
    async fn every_case_says_what_it_is_and_offers_no_more_than_it_knows(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        for (case, number) in CASES.iter().zip(10..) {
            let patient = insured(&site, number, case.answers).await;
            // The indexes of rows, and checks, are those of the check that is shown.
            let first = estimate(&desk, patient, case.sent).await;
            let shown = first.hidden("shown_check");
            let mut sent = case.sent.to_vec();
            sent.push(("shown_check", &shown));
            let reply = estimate(&desk, patient, &sent).await;
            reply.shows(200, case.shows).lacks(case.lacks);
            assert_eq!(reply.text().contains(USE), case.can_use, "{}", case.name);
        }
    }

    async fn an_older_check_is_used_after_choosing_it(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let answers: [(&str, &[&str]); 2] =
            [("20260301", &[ACTIVE, COPAY]), (DAY, &["AAA*N**42*R"])];
        let patient = insured(&site, 7, &answers).await;
        let choice = ("choice_check", "ELG-001");
        let reply = estimate(&desk, patient, &[OFFICE, choice]).await;
        let told =
            ["<p class=\"sum\">$25.00</p>", "A newer check exists", USE, "The latest check<"];
        reply.shows(200, &told);
        let foreign = estimate(&desk, patient, &[OFFICE, ("choice_check", "ELG-099")]).await;
        foreign.shows(200, &["The payer rejected the latest check"]).lacks(&[USE]);
    }

    async fn a_reviewed_check_is_used_after_deciding(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let answers: [(&str, &[&str]); 1] = [(DAY, &[ACTIVE, "EB*6*IND*98", COPAY])];
        let patient = insured(&site, 8, &answers).await;
        let reply = estimate(&desk, patient, &[OFFICE, ("choice_check", "ELG-001")]).await;
        let told = ["<p class=\"sum\">$25.00</p>", USE, "Is the coverage active?", "EB*6*IND*98"];
        reply.shows(200, &told);
    }
}
