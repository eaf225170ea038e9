//! Small words to write answers and questions with. Everybody in here is invented.

pub(crate) use almoner_domain::estimate::{
    Benefit, BenefitDate, Case, Check, Choices, Estimate, Figure, FigureLevel, FigureState,
    Network, NetworkChoice, Outcome, Procedure, Range, Rejection, Request, RowChoice, Rule,
    VisitClass, WarningCode, estimate, outcome,
};
pub(crate) use almoner_domain::payment::PaymentType;
pub(crate) use almoner_domain::{BasisPoints, CheckId, Money};
pub(crate) use jiff::civil::Date;

/// The organization's date in all of these tests.
pub(crate) const TODAY: Date = Date::constant(2026, 11, 23);

pub(crate) fn row(code: &str) -> Benefit {
    Benefit { code: code.to_owned(), network: Network::In, ..Benefit::default() }
}

/// A co-payment for an office visit.
pub(crate) fn copay(dollars: i64) -> Benefit {
    row("B").about("98").period("27").dollars(dollars)
}

/// A co-insurance for an office visit.
pub(crate) fn share(percent: i64) -> Benefit {
    Benefit { percent_bp: Some(percent * 100), ..row("A").about("98") }
}

/// What is left of the plan's deductible.
pub(crate) fn deductible(dollars: i64) -> Benefit {
    row("C").about("30").period("29").dollars(dollars)
}

/// What is left until the plan's out-of-pocket maximum.
pub(crate) fn maximum(dollars: i64) -> Benefit {
    row("G").about("30").period("29").dollars(dollars)
}

pub(crate) fn active() -> Benefit {
    row("1").about("30")
}

pub(crate) trait Build: Sized {
    fn about(self, service_type: &str) -> Self;
    fn dollars(self, dollars: i64) -> Self;
    fn cents(self, cents: i64) -> Self;
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

    fn dollars(self, dollars: i64) -> Self {
        self.cents(dollars * 100)
    }

    fn cents(mut self, cents: i64) -> Self {
        self.amount_cents = Some(cents);
        self
    }

    fn period(mut self, period: &str) -> Self {
        self.period = Some(period.to_owned()).filter(|period| !period.is_empty());
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

pub(crate) fn date(qualifier: &str, from: &str, to: Option<&str>) -> BenefitDate {
    let day = |text: &str| text.parse().expect("a day of the tests is well written");
    BenefitDate { qualifier: qualifier.to_owned(), from: day(from), to: to.map(day) }
}

/// A check of yesterday whose rows are numbered from one.
pub(crate) fn check(rows: impl IntoIterator<Item = Benefit>) -> Check {
    let numbered = (1..).zip(rows).map(|(index, row)| Benefit {
        segment: format!("EB*{}*{index}", row.code),
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

/// A check of an active patient; the first of these rows has the index 2.
pub(crate) fn active_with(rows: impl IntoIterator<Item = Benefit>) -> Check {
    check(std::iter::once(active()).chain(rows))
}

pub(crate) fn rejected(seq: i64) -> Check {
    let rejections = vec![Rejection { code: Some("75".to_owned()), ..Rejection::default() }];
    Check { id: CheckId::new(seq), outcome: Outcome::Rejected, rejections, ..check([]) }
}

pub(crate) fn office() -> Request {
    Request::new(Some(PaymentType::OfficeVisit), TODAY, TODAY)
}

pub(crate) fn treatment(codes: &[&str]) -> Request {
    Request {
        payment_type: Some(PaymentType::TreatmentPrePayment),
        procedures: codes.iter().map(ToString::to_string).collect(),
        ..office()
    }
}

pub(crate) fn out_of_network(request: Request) -> Request {
    Request { network: NetworkChoice::Out, ..request }
}

pub(crate) fn charging(dollars: i64, request: Request) -> Request {
    Request { charge: self::dollars(dollars), ..request }
}

pub(crate) fn choosing(choices: Choices, request: Request) -> Request {
    Request { choices, ..request }
}

pub(crate) fn by_rule(rule: Rule, request: Request) -> Request {
    choosing(Choices { rule: Some(rule), ..Choices::default() }, request)
}

pub(crate) fn naming(check: &Check, request: Request) -> Request {
    choosing(Choices { check: Some(check.id), ..Choices::default() }, request)
}

pub(crate) fn dollars(amount: i64) -> Option<Money> {
    amount.checked_mul(100).map(Money::from_cents)
}

pub(crate) fn bp(basis_points: i64) -> Option<BasisPoints> {
    BasisPoints::new(basis_points)
}

/// The estimate for an active patient with these rows; the first of them has the index 2.
pub(crate) fn of_rows(request: &Request, rows: impl IntoIterator<Item = Benefit>) -> Estimate {
    estimate(request, &[active_with(rows)])
}

/// The case and the amount for an active patient with these rows.
pub(crate) fn result(
    request: &Request,
    rows: impl IntoIterator<Item = Benefit>,
) -> (Case, Option<Money>) {
    let estimate = of_rows(request, rows);
    (estimate.case, estimate.amount)
}

pub(crate) fn has(estimate: &Estimate, code: WarningCode) -> bool {
    estimate.warnings.iter().any(|warning| warning.code == code)
}

/// The rows that a warning of this kind is about.
pub(crate) fn rows_warned(estimate: &Estimate, code: WarningCode) -> Vec<Option<i64>> {
    let warnings = estimate.warnings.iter().filter(|warning| warning.code == code);
    warnings.map(|warning| warning.row).collect()
}
