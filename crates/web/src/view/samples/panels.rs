//! Estimates of the samples: one for each case, computed from invented answers of a payer.

use almoner_domain::estimate::{
    self, Benefit, BenefitDate, ChargeSource, Check, Choices, Estimate, Network, NetworkChoice,
    Outcome, Procedure, Rejection, Request, RowChoice,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{CheckId, Money, PatientId};
use almoner_store::payments::EstimateSnapshot;
use jiff::civil::Date;

use crate::handlers::payments::kept;
use crate::handlers::payments::panel::{self, Typed};
use crate::view::parts::{Link, Tone};
use crate::view::payments::estimate::{Asking, EstimatePanel, EstimateSummary, Notice};

/// The clinic's date.
const TODAY: Date = Date::constant(2026, 11, 23);
/// The date of the treatment.
const SERVICE: Date = Date::constant(2026, 11, 30);

/// The panel in its cases.
pub(crate) fn panels() -> Vec<(&'static str, EstimatePanel)> {
    let mut list: Vec<(&'static str, EstimatePanel)> =
        estimates().iter().map(|(name, estimate)| (*name, shown(estimate))).collect();
    list.push(("estimate-faulty", panel::faulty(&typed("40OO", None))));
    list.push(("estimate-asked", asking(being_asked())));
    list.push(("estimate-not-asked", asking(not_asked())));
    list
}

/// What payments keep of these estimates, and one that cannot be read any more.
pub(crate) fn kept_estimates() -> Vec<(&'static str, EstimateSummary)> {
    let (asked, now) = (Money::from_cents(5_000), Money::from_cents(4_500));
    let kept = |(name, estimate): (&'static str, Estimate)| {
        let snapshot = EstimateSnapshot {
            snapshot: String::new(),
            estimated: estimate.amount,
            entered: asked,
        };
        (name, kept::summary(&(snapshot, Some(estimate)), now))
    };
    let mut list: Vec<_> = estimates().into_iter().map(kept).collect();
    let unreadable =
        EstimateSnapshot { snapshot: String::new(), estimated: Some(asked), entered: asked };
    list.push(("estimate-unreadable", kept::summary(&(unreadable, None), asked)));
    list
}

/// An estimate of each case with its name.
fn estimates() -> Vec<(&'static str, Estimate)> {
    let asked = |request: Request, rows: Vec<Benefit>| estimate::estimate(&request, &[check(rows)]);
    vec![
        ("estimate", asked(treatment(Some(400_000)), full())),
        ("estimate-assumes", asked(treatment(None), full())),
        ("estimate-no-check", estimate::estimate(&office(), &[])),
        ("estimate-rejected", estimate::estimate(&office(), &rejected())),
        ("estimate-inactive", asked(office(), vec![ended()])),
        ("estimate-review", asked(office(), [full(), vec![ended()]].concat())),
        ("estimate-not-covered", asked(charging(30_000), vec![active(), row("I", "98")])),
        ("estimate-conflict", asked(office(), vec![active(), copay(50, ""), copay(75, "")])),
        ("estimate-choice", asked(office(), two_copays())),
        ("estimate-chosen", asked(choosing(), two_copays())),
        ("estimate-no-money", asked(office(), vec![active()])),
        ("estimate-partial", asked(charging(15_000), partial())),
        ("estimate-stated", asked(stating(), partial())),
        ("estimate-needs-charge", asked(office(), without_copay())),
        ("estimate-zero", asked(office(), vec![active(), copay(50, ""), remaining("G", 0)])),
        ("estimate-old", estimate::estimate(&next_year(), &[check(full())])),
    ]
}

fn typed(charge: &str, own_charge: Option<Money>) -> Typed<'_> {
    Typed {
        payment_type: "treatment_pre_payment",
        treatment: "TRT-894",
        network: "",
        charge,
        service_date: "",
        own_charge,
        own_date: SERVICE,
        default_network: NetworkChoice::In,
        filled_in: Some(Money::from_cents(6_200)),
    }
}

fn shown(estimate: &Estimate) -> EstimatePanel {
    let typed = typed("", estimate.inputs.charge);
    panel::panel(PatientId::new(2), estimate, &typed).expect("the types have a panel")
}

/// The panel without a check, with what there is about asking the payer.
fn asking(asking: Asking) -> EstimatePanel {
    EstimatePanel { asking: Some(asking), ..shown(&estimate::estimate(&office(), &[])) }
}

fn being_asked() -> Asking {
    let told = Notice {
        tone: Tone::Info,
        title: "The payer is being asked.".to_owned(),
        texts: vec!["Asked 12 s ago; the payer has not answered yet.".to_owned()],
        lines: Vec::new(),
        ways: Vec::new(),
    };
    Asking { told: Some(told), is_open: true, button: None, form: None }
}

fn not_asked() -> Asking {
    let told = Notice {
        tone: Tone::Bad,
        title: "The payer was not asked.".to_owned(),
        texts: vec!["The payer ID of Northlake Health is missing.".to_owned()],
        lines: Vec::new(),
        ways: vec![Link::new("/patients/PAT-002/edit", "Edit the patient's coverage")],
    };
    let form = Link::new("/eligibility/new?patient=PAT-002", "Choose what is asked");
    Asking { told: Some(told), is_open: false, button: Some("Run check"), form: Some(form) }
}

fn office() -> Request {
    Request::new(Some(PaymentType::OfficeVisit), SERVICE, TODAY)
}

fn charging(cents: i64) -> Request {
    let charge = Some(Money::from_cents(cents));
    Request { charge, charge_source: Some(ChargeSource::Stated), ..office() }
}

fn treatment(cents: Option<i64>) -> Request {
    Request {
        payment_type: Some(PaymentType::TreatmentPrePayment),
        charge: cents.map(Money::from_cents),
        charge_source: cents.map(|_| ChargeSource::Treatment),
        procedures: ["27447", "99213"].map(str::to_owned).to_vec(),
        ..office()
    }
}

fn choosing() -> Request {
    Request { choices: Choices { copay: Some(4), ..Choices::default() }, ..office() }
}

fn stating() -> Request {
    let deductible = Some(RowChoice::None);
    Request { choices: Choices { deductible, ..Choices::default() }, ..charging(15_000) }
}

fn next_year() -> Request {
    let service = Date::constant(2027, 1, 12);
    Request {
        service_date: service,
        today: Date::constant(2027, 1, 11),
        ..treatment(Some(400_000))
    }
}

fn check(rows: Vec<Benefit>) -> Check {
    let numbered = rows.into_iter().zip(1..).map(|(row, index)| Benefit { index, ..row });
    let benefits: Vec<Benefit> = numbered.collect();
    Check {
        id: CheckId::new(12),
        checked_on: Date::constant(2026, 11, 20),
        outcome: estimate::outcome(&benefits, &[]),
        payer: "Northlake Health".to_owned(),
        plan: Some("Lake Choice Gold <PPO>".to_owned()),
        dates: Vec::new(),
        benefits,
        rejections: Vec::new(),
    }
}

/// A rejected check, and an older one that can be used.
fn rejected() -> [Check; 2] {
    let reason = |code: &str, reason: &str, next: &str| Rejection {
        code: Some(code.to_owned()),
        follow_up: Some("C".to_owned()),
        loop_name: "2100C".to_owned(),
        reason: reason.to_owned(),
        follow_up_text: Some(next.to_owned()),
    };
    let latest = Check {
        id: CheckId::new(15),
        checked_on: TODAY,
        outcome: Outcome::Rejected,
        rejections: vec![
            reason("71", "The birth date does not match", "Correct the data and send again"),
            reason("42", "The payer cannot respond at this time", "Sending again is allowed"),
        ],
        ..check(Vec::new())
    };
    [latest, check(full())]
}

/// A row and the segment that would say so.
fn row(code: &str, service_type: &str) -> Benefit {
    Benefit {
        code: code.to_owned(),
        level: Some("IND".to_owned()),
        service_types: vec![service_type.to_owned()],
        network: Network::In,
        segment: format!("EB*{code}*IND*{service_type}"),
        ..Benefit::default()
    }
}

fn active() -> Benefit {
    row("1", "30")
}

fn ended() -> Benefit {
    let end =
        BenefitDate { qualifier: "349".to_owned(), from: Date::constant(2026, 8, 31), to: None };
    Benefit { dates: vec![end], ..row("6", "30") }
}

fn money(row: Benefit, period: &str, dollars: i64) -> Benefit {
    Benefit {
        period: Some(period.to_owned()),
        amount_cents: Some(dollars * 100),
        segment: format!("{}***{period}*{dollars}*****Y", row.segment),
        ..row
    }
}

fn copay(dollars: i64, message: &str) -> Benefit {
    let related = |text: &str| format!("MSG*{text}");
    let row = money(row("B", "98"), "27", dollars);
    if message.is_empty() {
        return row;
    }
    Benefit { messages: vec![message.to_owned()], related: vec![related(message)], ..row }
}

fn two_copays() -> Vec<Benefit> {
    let wordy = "SPECIALIST OFFICE VISIT, INCLUDING <B>CONSULTATIONS</B> AND SECOND OPINIONS";
    vec![active(), copay(50, "PRIMARY CARE"), remaining("G", 1_250), copay(75, wordy)]
}

fn remaining(code: &str, dollars: i64) -> Benefit {
    money(row(code, "30"), "29", dollars)
}

fn share(percent: i64) -> Benefit {
    Benefit {
        percent_bp: Some(percent * 100),
        segment: format!("EB*A*IND*30****.{percent}****Y"),
        ..row("A", "30")
    }
}

fn partial() -> Vec<Benefit> {
    vec![active(), share(20), remaining("G", 1_250)]
}

fn without_copay() -> Vec<Benefit> {
    vec![active(), share(20), remaining("C", 40), remaining("G", 1_250)]
}

/// Everything that an answer can say at once.
fn full() -> Vec<Benefit> {
    let procedure = Procedure {
        qualifier: Some("HC".to_owned()),
        code: "27447".to_owned(),
        ..Procedure::default()
    };
    let other = Procedure { code: "J1745".to_owned(), ..procedure.clone() };
    let about = |row: Benefit, procedure| Benefit {
        service_types: Vec::new(),
        procedure: Some(procedure),
        ..row
    };
    let family = Benefit { level: Some("FAM".to_owned()), ..remaining("C", 1_600) };
    let visits = Benefit {
        period: Some("29".to_owned()),
        quantity_qualifier: Some("VS".to_owned()),
        quantity: Some("0".to_owned()),
        ..row("F", "30")
    };
    let after = "AFTER DEDUCTIBLE";
    let mut authorized = about(share(10), procedure);
    authorized.authorization = Some(true);
    authorized.messages = vec!["PRIOR AUTHORIZATION IS REQUIRED FOR INPATIENT STAYS".to_owned()];
    vec![
        active(),
        Benefit { service_types: vec!["2".to_owned()], ..copay(50, after) },
        copay(50, after),
        remaining("C", 800),
        family,
        Benefit { network: Network::NotStated, ..share(20) },
        remaining("G", 5_000),
        visits,
        row("R", "30"),
        row("Y", "30"),
        authorized,
        about(copay(15, ""), other),
    ]
}
