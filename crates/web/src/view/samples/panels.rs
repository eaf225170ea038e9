//! Estimates of the samples, one for each kind of answer.

use almoner_domain::{BasisPoints, CheckId, Money};

use crate::view::parts::{Choice, Link, Tone};
use crate::view::payments::estimate::{
    Asking, CheckLine, EstimatePanel, Figure, FigureValue, Network, Notice, OptionGroup, PayerLine,
    ProcedureRow,
};

/// The panel in its cases.
pub(crate) fn panels() -> Vec<(&'static str, EstimatePanel)> {
    vec![
        ("estimate", full()),
        ("estimate-choice", choice()),
        ("estimate-partial", partial()),
        ("estimate-no-check", no_check()),
        ("estimate-asked", asked()),
        ("estimate-not-asked", not_asked()),
        ("estimate-zero", zero()),
    ]
}

fn line(segment: &str, messages: &[&str]) -> PayerLine {
    PayerLine {
        segment: segment.to_owned(),
        messages: messages.iter().map(|&message| message.to_owned()).collect(),
    }
}

fn figure(label: &'static str, value: FigureValue, note: Option<&str>, segment: &str) -> Figure {
    let lines = if segment.is_empty() { Vec::new() } else { vec![line(segment, &[])] };
    Figure { label, value, note: note.map(str::to_owned), options: None, lines }
}

fn amount(cents: i64) -> FigureValue {
    FigureValue::Amount(Money::from_cents(cents))
}

fn full() -> EstimatePanel {
    let share = BasisPoints::new(2_000).map_or(FigureValue::NotReturned, FigureValue::Percent);
    EstimatePanel {
        notice: None,
        asking: None,
        check: Some(CheckLine {
            id: CheckId::new(12),
            payer: "Northlake Health".to_owned(),
            plan: Some("Lake Choice Gold".to_owned()),
            checked_at: "Nov 20, 2026".to_owned(),
            age: "3 days ago".to_owned(),
            is_stale: false,
        }),
        network: Network::In,
        service_date: "2026-11-30".to_owned(),
        charge: "4,000.00".to_owned(),
        charge_source: Some("from the charges of TRT-894".to_owned()),
        figures: vec![
            figure("Co-pay", amount(5_000), None, "EB*B*IND*98***27*50*****Y"),
            figure("Co-insurance", share, None, "EB*A*IND*30****.2****Y"),
            figure(
                "Remaining deductible",
                amount(80_000),
                Some("derived: total less used; family $1,600.00"),
                "EB*C*IND*30***23*1500*****Y",
            ),
            figure("Out-of-pocket remaining", FigureValue::NoLimit, None, "EB*G*IND*30***29*99999"),
        ],
        procedures: vec![
            ProcedureRow {
                code: "27447".to_owned(),
                benefit: Some("Co-insurance 10 %, authorization required".to_owned()),
                lines: vec![line("EB*A*IND*****.1***Y*Y*HC:27447", &["PRIOR AUTH"])],
            },
            ProcedureRow { code: "99213".to_owned(), benefit: None, lines: Vec::new() },
        ],
        rules: Some(OptionGroup {
            name: "choice_rule",
            legend: "Rule".to_owned(),
            options: vec![
                Choice::new("copay_first", "Co-pay first, then deductible and co-insurance"),
                Choice::new("copay_after_deductible", "Co-pay after the deductible"),
            ],
            chosen: Some("copay_first".to_owned()),
        }),
        checks: None,
        amount: Some(Money::from_cents(148_000)),
        range: None,
        steps: vec![
            "Co-pay of $50.00; $3,950.00 of the charge is left.".to_owned(),
            "Deductible of $800.00; $3,150.00 is left.".to_owned(),
            "20 % of $3,150.00 is $630.00.".to_owned(),
        ],
        warnings: vec![
            "The payer requires authorization for 27447.".to_owned(),
            "The out-of-pocket maximum caps nothing: the payer sets no limit.".to_owned(),
        ],
        disclaimer: "This rests on eligibility benefit information only. Fee schedules and \
                     payer rates are not included, so it may differ from the final patient \
                     responsibility."
            .to_owned(),
        can_use: true,
    }
}

fn choice() -> EstimatePanel {
    let mut panel = full();
    panel.figures[0] = Figure {
        label: "Co-pay",
        value: FigureValue::Choose,
        note: None,
        options: Some(OptionGroup {
            name: "choice_copay",
            legend: "The payer returned two co-pays. Which applies?".to_owned(),
            options: vec![
                Choice::new(4, "$50.00 · PRIMARY CARE"),
                Choice::new(5, "$75.00 · SPECIALIST"),
            ],
            chosen: None,
        }),
        lines: vec![
            line("EB*B*IND*98***27*50*****Y", &["PRIMARY CARE"]),
            line("EB*B*IND*98***27*75*****Y", &["SPECIALIST"]),
        ],
    };
    EstimatePanel { amount: None, steps: Vec::new(), can_use: false, rules: None, ..panel }
}

fn partial() -> EstimatePanel {
    let mut panel = full();
    panel.figures[2] = figure("Remaining deductible", FigureValue::NotReturned, None, "");
    if let Some(check) = &mut panel.check {
        check.is_stale = true;
        "47 days ago, another plan year".clone_into(&mut check.age);
    }
    EstimatePanel {
        amount: None,
        range: Some("at least $50.00, at most $4,000.00".to_owned()),
        steps: Vec::new(),
        can_use: false,
        network: Network::Out,
        notice: Some(Notice {
            tone: Tone::Warning,
            title: "The remaining deductible is missing".to_owned(),
            text: Some("Without it no amount can be known.".to_owned()),
            ways: Vec::new(),
        }),
        ..panel
    }
}

fn no_check() -> EstimatePanel {
    EstimatePanel {
        notice: Some(Notice {
            tone: Tone::Info,
            title: "No eligibility check on file".to_owned(),
            text: None,
            ways: super::import_way(),
        }),
        check: None,
        figures: Vec::new(),
        procedures: Vec::new(),
        rules: None,
        amount: None,
        steps: Vec::new(),
        warnings: Vec::new(),
        can_use: false,
        charge: String::new(),
        charge_source: None,
        ..full()
    }
}

fn asked() -> EstimatePanel {
    let told = Notice {
        tone: Tone::Info,
        title: "The payer is being asked.".to_owned(),
        text: Some("Asked 12 s ago; the payer has not answered yet.".to_owned()),
        ways: Vec::new(),
    };
    let asking = Asking { told: Some(told), is_open: true, button: None, form: None };
    EstimatePanel { asking: Some(asking), ..no_check() }
}

fn not_asked() -> EstimatePanel {
    let told = Notice {
        tone: Tone::Bad,
        title: "The payer was not asked.".to_owned(),
        text: Some("The payer ID of Northlake Health is missing.".to_owned()),
        ways: vec![Link::new("/patients/PAT-002/edit", "Edit the patient's coverage")],
    };
    let form = Link::new("/eligibility/new?patient=PAT-002", "Choose what is asked");
    let asking =
        Asking { told: Some(told), is_open: false, button: Some("Run check"), form: Some(form) };
    EstimatePanel { asking: Some(asking), ..no_check() }
}

fn zero() -> EstimatePanel {
    EstimatePanel {
        amount: Some(Money::ZERO),
        notice: Some(Notice {
            tone: Tone::Info,
            title: "Nothing to collect now".to_owned(),
            text: Some("The out-of-pocket maximum is reached.".to_owned()),
            ways: Vec::new(),
        }),
        can_use: false,
        ..full()
    }
}
