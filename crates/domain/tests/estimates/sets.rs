//! Answers of payers and questions about them, made from bytes: random ones for the comparison
//! with the reference, and those of the fuzzer. They are likely ones: most rows are about the
//! service in question, most values occur twice, and every odd thing occurs now and then.

use almoner_domain::estimate::{
    Benefit, BenefitDate, Check, Choices, Network, NetworkChoice, Outcome, Procedure, Rejection,
    Request, RowChoice, Rule, VisitClass, outcome,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{CheckId, Money};
use jiff::civil::Date;

/// The organization's date.
const TODAY: Date = Date::constant(2026, 11, 23);

/// A question and the checks that it is asked of.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub(crate) request: Request,
    pub(crate) checks: Vec<Check>,
}

/// Stands in a table for any number at all.
const ANY: i64 = i64::MIN;

/// Decisions, one after another; when they run out, each is the first of its table.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn pick<T: Clone>(&mut self, table: &[T]) -> T {
        table[usize::from(self.next()) % table.len()].clone()
    }

    /// One time of so many.
    fn once_in(&mut self, times: u8) -> bool {
        self.next() % times == 1
    }

    fn text(&mut self, table: &[&str]) -> String {
        self.pick(table).to_owned()
    }

    /// One of the numbers.
    fn number(&mut self, table: &[Option<i64>]) -> Option<i64> {
        self.pick(table).map(|number| match number {
            ANY => i64::from_le_bytes(std::array::from_fn(|_| self.next())),
            number => number,
        })
    }

    /// Any text of a few letters.
    fn letters(&mut self) -> String {
        let bytes: Vec<u8> = (0..self.next() % 24).map(|_| self.next()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One of the texts; the empty one stands for none.
    fn some_text(&mut self, table: &[&str]) -> Option<String> {
        Some(self.text(table)).filter(|text| !text.is_empty())
    }
}

/// The set that these bytes stand for.
pub(crate) fn set(bytes: &[u8]) -> Set {
    let mut bytes = Bytes(bytes.iter());
    let count = bytes.pick(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 0]);
    let request = request(&mut bytes);
    let checks = (1..=count).map(|seq| check(&mut bytes, seq)).collect();
    Set { request, checks }
}

fn request(bytes: &mut Bytes<'_>) -> Request {
    use PaymentType::{OfficeVisit, PrivatePay, TreatmentPrePayment};
    let mut kinds = [Some(OfficeVisit); 32];
    kinds[15..30].fill(Some(TreatmentPrePayment));
    kinds[30..].copy_from_slice(&[Some(PrivatePay), None]);
    let kind = bytes.pick(&kinds);
    let days = [
        TODAY,
        TODAY,
        TODAY,
        TODAY,
        TODAY,
        TODAY,
        Date::constant(2026, 12, 31),
        Date::constant(2027, 1, 1),
        Date::constant(2027, 3, 9),
        Date::constant(2026, 1, 4),
    ];
    let lists: [&[&str]; 8] = [
        &[],
        &["J1745"],
        &["96413", "J1745"],
        &["70553-26"],
        &["99213", "70553"],
        &["X1"],
        &["j1745", "J1745"],
        &["é", "96413"],
    ];
    let codes = match kind {
        Some(TreatmentPrePayment) => bytes.pick(&lists),
        _ if bytes.once_in(8) => bytes.pick(&lists),
        _ => &[],
    };
    let classes: [Option<VisitClass>; 9] = {
        let [primary, specialist, urgent, telehealth] = VisitClass::ALL.map(Some);
        [None, None, None, None, primary, specialist, specialist, urgent, telehealth]
    };
    Request {
        charge: charge(bytes),
        network: if bytes.once_in(5) { NetworkChoice::Out } else { NetworkChoice::In },
        procedures: codes.iter().map(ToString::to_string).collect(),
        visit_class: bytes.pick(&classes),
        choices: choices(bytes),
        ..Request::new(kind, bytes.pick(&days), TODAY)
    }
}

fn charge(bytes: &mut Bytes<'_>) -> Option<Money> {
    let odd = i64::from(bytes.next()) * 257 + i64::from(bytes.next());
    let charges = [
        None,
        None,
        None,
        None,
        None,
        Some(15_000),
        Some(15_000),
        Some(400_000),
        Some(400_000),
        Some(13_333),
        Some(odd),
        Some(odd * 17),
        Some(1),
        Some(0),
        Some(-1),
        Some(ANY),
    ];
    bytes.number(&charges).map(Money::from_cents)
}

fn choices(bytes: &mut Bytes<'_>) -> Choices {
    if !bytes.once_in(3) {
        return Choices::default();
    }
    let row = |bytes: &mut Bytes<'_>| bytes.once_in(6).then(|| i64::from(bytes.next() % 12) + 1);
    let row_or_none = |bytes: &mut Bytes<'_>| {
        let none = bytes.once_in(4).then_some(RowChoice::None);
        none.or_else(|| row(bytes).map(RowChoice::Row))
    };
    Choices {
        rule: bytes.once_in(2).then(|| bytes.pick(&Rule::ALL)),
        copay: row(bytes),
        coinsurance: row_or_none(bytes),
        deductible: row_or_none(bytes),
        out_of_pocket: row(bytes),
        check: bytes.once_in(3).then(|| CheckId::new(i64::from(bytes.next() % 4) + 1)),
    }
}

fn check(bytes: &mut Bytes<'_>, seq: i64) -> Check {
    let checked_on = bytes.pick(&[
        Date::constant(2026, 11, 22),
        Date::constant(2026, 11, 1),
        Date::constant(2026, 7, 1),
        Date::constant(2026, 1, 2),
        Date::constant(2025, 12, 30),
    ]);
    let is_rejected = bytes.once_in(20);
    let rejections = vec![Rejection::default(); usize::from(is_rejected || bytes.once_in(16))];
    let mut benefits = if is_rejected { Vec::new() } else { rows(bytes) };
    for (index, row) in (1..).zip(&mut benefits) {
        row.index = index;
        row.segment = format!("EB*{}*{index}", row.code);
    }
    let judged = outcome(&benefits, &rejections);
    Check {
        id: CheckId::new(seq),
        checked_on,
        outcome: if bytes.once_in(24) { bytes.pick(&Outcome::ALL) } else { judged },
        payer: "EXAMPLE HEALTH PLAN".to_owned(),
        plan: bytes.some_text(&["", "SAMPLE GOLD"]),
        dates: plan_dates(bytes),
        benefits,
        rejections,
    }
}

fn date(qualifier: &str, from: Date, to: Option<Date>) -> BenefitDate {
    BenefitDate { qualifier: qualifier.to_owned(), from, to }
}

fn plan_dates(bytes: &mut Bytes<'_>) -> Vec<BenefitDate> {
    let (new_year, july) = (Date::constant(2026, 1, 1), Date::constant(2025, 7, 1));
    let (october, next) = (Date::constant(2026, 10, 31), Date::constant(2027, 12, 31));
    bytes.pick(&[
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        vec![date("346", new_year, None)],
        vec![date("346", july, None)],
        vec![date("291", july, Some(next))],
        vec![date("291", TODAY, None)],
        vec![date("356", new_year, None), date("357", next, None)],
        vec![date("346", new_year, None), date("347", october, None)],
    ])
}

/// Whether there is coverage, most likely each of the four figures, and a few rows more.
fn rows(bytes: &mut Bytes<'_>) -> Vec<Benefit> {
    let mut rows = Vec::new();
    if !bytes.once_in(9) {
        let active = about(bytes, &[&["30"], &["98"], &["33"], &[]]);
        let network = bytes.pick(&[Network::NotStated, Network::NotStated, active.network]);
        rows.push(Benefit { code: "1".to_owned(), network, ..active });
    }
    for code in ["B", "A", "C", "G"] {
        let count = bytes.pick(&[1, 1, 1, 0, 0, 2, 2, 3]);
        let first = row(bytes, code);
        for _ in 1..count {
            rows.push(other_value(bytes, &first));
        }
        rows.extend((count > 0).then_some(first));
    }
    for _ in 0..bytes.next() % 5 {
        let code = bytes.text(&CODES);
        rows.push(row(bytes, &code));
    }
    rows
}

/// A row about one of these service types, most often the first.
fn about(bytes: &mut Bytes<'_>, types: &[&[&str]]) -> Benefit {
    let first = bytes.next() % 8 < 5;
    let types = if first { types[0] } else { bytes.pick(types) };
    let network = [
        Network::In,
        Network::In,
        Network::In,
        Network::In,
        Network::In,
        Network::In,
        Network::Out,
        Network::Out,
        Network::Either,
        Network::NotStated,
        Network::NotStated,
        Network::Unknown,
    ];
    Benefit {
        service_types: types.iter().map(ToString::to_string).collect(),
        network: bytes.pick(&network),
        dates: row_dates(bytes),
        ..Benefit::default()
    }
}

fn row_dates(bytes: &mut Bytes<'_>) -> Vec<BenefitDate> {
    if !bytes.once_in(12) {
        return Vec::new();
    }
    let (last, this) = (Date::constant(2025, 1, 1), Date::constant(2026, 1, 1));
    bytes.pick(&[
        vec![date("292", this, Some(Date::constant(2026, 12, 31)))],
        vec![date("348", this, None)],
        vec![date("292", last, Some(Date::constant(2025, 12, 31)))],
        vec![date("348", last, None), date("349", Date::constant(2026, 6, 30), None)],
        vec![date("472", TODAY, None)],
        vec![date("771", last, Some(last))],
    ])
}

const CODES: [&str; 16] =
    ["B", "B", "B", "A", "A", "C", "C", "C", "G", "G", "E", "I", "F", "R", "6", "CB"];
const COPAY_TYPES: [&[&str]; 8] =
    [&["30", "98"], &["98"], &["BY", "33"], &["UC"], &["78"], &["1"], &["62"], &[]];
const PLAN_TYPES: [&[&str]; 8] =
    [&["30"], &["98"], &[], &["30", "33"], &["1"], &["62"], &["78", "96"], &["33"]];
const VISIT_PERIODS: [&str; 8] = ["27", "27", "27", "", "", "23", "36", "29"];
const YEAR_PERIODS: [&str; 16] =
    ["29", "29", "29", "29", "29", "23", "23", "23", "24", "24", "", "22", "25", "32", "33", "26"];
const MESSAGES: [&str; 12] = [
    "",
    "",
    "",
    "",
    "",
    "PRIMARY CARE",
    "PRIMARY CARE",
    "SPECIALIST",
    "SPECIALIST",
    "NON-SPECIALIST, PCP",
    "COPAY AFTER DEDUCTIBLE",
    "OUT OF NETWORK",
];

fn row(bytes: &mut Bytes<'_>, code: &str) -> Benefit {
    let is_yearly = matches!(code, "C" | "G" | "F");
    let types = if matches!(code, "C" | "G" | "6") { &PLAN_TYPES } else { &COPAY_TYPES };
    let money = money(bytes);
    let period = bytes.some_text(if is_yearly { &YEAR_PERIODS } else { &VISIT_PERIODS });
    let percents = [2_000, 2_000, 3_000, 0, 10_000, 1_500, 1, 200_000, -1, ANY].map(Some);
    let level = bytes.some_text(&["IND", "IND", "", "", "FAM", "FAM", "EMP", "ECH"]);
    let mut messages: Vec<String> = bytes.some_text(&MESSAGES).into_iter().collect();
    messages.extend(bytes.once_in(16).then(|| bytes.letters()));
    let row = Benefit {
        amount_cents: money.filter(|_| code != "A" || bytes.once_in(9)),
        percent_bp: (code == "A" && !bytes.once_in(12)).then(|| bytes.number(&percents)).flatten(),
        quantity: (code == "F").then(|| bytes.text(&["0", "3", ""])),
        level,
        period,
        messages,
        authorization: bytes.pick(&[None, None, None, Some(true), Some(false)]),
        insurance_type: bytes.once_in(14).then(|| bytes.text(&["MB", "MA"])),
        procedure: bytes.once_in(10).then(|| procedure(bytes)),
        ..about(bytes, types)
    };
    Benefit { code: code.to_owned(), ..row }
}

/// A row that stands beside another one and says something else.
fn other_value(bytes: &mut Bytes<'_>, first: &Benefit) -> Benefit {
    let other = row(bytes, &first.code);
    let is_same_period = bytes.once_in(2);
    Benefit {
        network: first.network,
        service_types: first.service_types.clone(),
        period: if is_same_period { first.period.clone() } else { other.period },
        level: if is_same_period { first.level.clone() } else { other.level },
        procedure: first.procedure.clone(),
        dates: Vec::new(),
        ..other
    }
}

fn money(bytes: &mut Bytes<'_>) -> Option<i64> {
    let odd = i64::from(bytes.next()) * 211 + i64::from(bytes.next());
    bytes.number(&[
        Some(2_500),
        Some(2_500),
        Some(5_000),
        Some(5_000),
        Some(80_000),
        Some(80_000),
        Some(125_000),
        Some(500_000),
        Some(0),
        Some(0),
        Some(odd),
        Some(odd),
        Some(9_999_999),
        Some(-500),
        Some(ANY),
        None,
    ])
}

fn procedure(bytes: &mut Bytes<'_>) -> Procedure {
    let code = bytes.text(&["J1745", "j1745", "96413", "70553", "J1000", "99213", "0000-1"]);
    Procedure {
        qualifier: bytes.some_text(&["HC", "HC", "", "CJ", "N4"]),
        modifiers: bytes.some_text(&["", "", "JW", "26"]).into_iter().collect(),
        range_end: (code == "J1000").then(|| "J1999".to_owned()),
        code,
    }
}
