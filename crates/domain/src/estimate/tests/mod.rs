//! Whole estimates, from rows to amounts. Everybody in here is invented.

mod cases;
mod choosing;
mod figures;
mod hostile;
mod warnings;

use jiff::civil::Date;

use super::*;
use crate::ids::CheckId;
use crate::money::BasisPoints;

/// The organization's date in all of these tests.
const TODAY: Date = Date::constant(2026, 11, 23);

fn row(code: &str) -> Benefit {
    Benefit { code: code.to_owned(), network: Network::In, ..Benefit::default() }
}

fn copay(dollars: i64) -> Benefit {
    row("B").about("98").dollars(dollars)
}

fn share(percent: i64) -> Benefit {
    Benefit { percent_bp: Some(percent * 100), ..row("A").about("98") }
}

/// A deductible that is left.
fn deductible(dollars: i64) -> Benefit {
    row("C").about("30").period("29").dollars(dollars)
}

/// What is left until the out-of-pocket maximum.
fn maximum(dollars: i64) -> Benefit {
    row("G").about("30").period("29").dollars(dollars)
}

fn active() -> Benefit {
    row("1").about("30")
}

/// Small words to build rows with.
trait Build: Sized {
    fn about(self, service_type: &str) -> Self;
    fn dollars(self, dollars: i64) -> Self;
    fn period(self, period: &str) -> Self;
    fn level(self, level: &str) -> Self;
    fn network(self, network: Network) -> Self;
    fn says(self, message: &str) -> Self;
    fn of(self, code: &str) -> Self;
    fn dated(self, qualifier: &str, from: &str, to: Option<&str>) -> Self;
}

impl Build for Benefit {
    fn about(mut self, service_type: &str) -> Self {
        self.service_types = vec![service_type.to_owned()];
        self
    }

    fn dollars(mut self, dollars: i64) -> Self {
        self.amount_cents = Some(dollars * 100);
        self
    }

    fn period(mut self, period: &str) -> Self {
        self.period = Some(period.to_owned());
        self
    }

    fn level(mut self, level: &str) -> Self {
        self.level = Some(level.to_owned());
        self
    }

    fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    fn says(mut self, message: &str) -> Self {
        self.messages.push(message.to_owned());
        self
    }

    fn of(mut self, code: &str) -> Self {
        self.procedure = Some(Procedure { code: code.to_owned(), ..Procedure::default() });
        self
    }

    fn dated(mut self, qualifier: &str, from: &str, to: Option<&str>) -> Self {
        self.dates.push(date(qualifier, from, to));
        self
    }
}

fn date(qualifier: &str, from: &str, to: Option<&str>) -> BenefitDate {
    let day = |text: &str| text.parse().unwrap();
    BenefitDate { qualifier: qualifier.to_owned(), from: day(from), to: to.map(day) }
}

/// A check of yesterday whose rows are numbered from one.
fn check(rows: impl IntoIterator<Item = Benefit>) -> Check {
    let numbered = (1..).zip(rows).map(|(index, row)| Benefit {
        segment: format!("EB*{index}"),
        index,
        ..row
    });
    let benefits: Vec<Benefit> = numbered.collect();
    Check {
        id: CheckId::new(7),
        checked_on: Date::constant(2026, 11, 22),
        outcome: outcome(&benefits, &[]),
        payer: "EXAMPLE HEALTH PLAN".to_owned(),
        plan: None,
        dates: Vec::new(),
        benefits,
        rejections: Vec::new(),
    }
}

fn rejected(seq: i64) -> Check {
    let rejections = vec![Rejection { code: Some("75".to_owned()), ..Rejection::default() }];
    Check { id: CheckId::new(seq), outcome: Outcome::Rejected, rejections, ..check([]) }
}

fn office() -> Request {
    Request::new(Some(PaymentType::OfficeVisit), TODAY, TODAY)
}

fn treatment(codes: &[&str]) -> Request {
    Request {
        payment_type: Some(PaymentType::TreatmentPrePayment),
        procedures: codes.iter().map(ToString::to_string).collect(),
        ..office()
    }
}

fn dollars(amount: i64) -> Option<Money> {
    amount.checked_mul(100).map(Money::from_cents)
}

fn charging(amount: i64, request: Request) -> Request {
    Request { charge: dollars(amount), ..request }
}

fn choosing(choices: Choices, request: Request) -> Request {
    Request { choices, ..request }
}

/// The estimate for an active patient with these rows.
fn of_rows(request: &Request, rows: impl IntoIterator<Item = Benefit>) -> Estimate {
    estimate(request, &[check(std::iter::once(active()).chain(rows))])
}

fn has(estimate: &Estimate, code: WarningCode) -> bool {
    estimate.warnings.iter().any(|warning| warning.code == code)
}
