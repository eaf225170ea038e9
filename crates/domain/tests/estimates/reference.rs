//! The second implementation, first half: which rows count, and which case it is.
//!
//! It is written from the specification and in another way than the engine: each figure is a
//! filter over all rows of a check. Where the engine and this file come to different results, the
//! specification decides, and the case is kept as a test of its own.

use std::collections::BTreeSet;

use almoner_domain::Money;
use almoner_domain::estimate::{
    Benefit, Case, Check, FigureState, MAX_CHARGE, Network, NetworkChoice, Outcome, Request,
    RowChoice, Rule, VisitClass,
};
use almoner_domain::payment::PaymentType;
use jiff::civil::Date;

use crate::ratio::Ratio;
use crate::reference_amount::{self as amounts, Span, Terms};
use crate::reference_rows::{
    Said, allows, bare, binding, is_family, is_for, least, names, period, plainness, said,
};

/// What is expected of an estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) case: Case,
    /// Co-payment, co-insurance, deductible left, out-of-pocket maximum left.
    pub(crate) figures: [Seen; 4],
    pub(crate) amount: Option<i64>,
    pub(crate) range: (Option<i64>, Option<i64>),
}

/// What is expected of a figure; the value in cents or basis points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) state: FigureState,
    pub(crate) value: Option<i64>,
    pub(crate) rows: BTreeSet<i64>,
}

/// A value and the rows behind it.
#[derive(Debug, Clone)]
struct Reading<'a> {
    said: Said,
    row: &'a Benefit,
    used: BTreeSet<i64>,
}

/// Why a person must pick; a conflict comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Conflict,
    Choice,
}

/// A figure as far as it is known.
#[derive(Debug, Clone, Default)]
struct Figure {
    seen: Seen,
    open: Option<Open>,
    /// All values that a person could pick.
    options: Vec<Said>,
    /// The staff stated that there is none.
    stated_none: bool,
}

struct Question<'a> {
    request: &'a Request,
    check: &'a Check,
    codes: Vec<String>,
    types: Vec<&'static str>,
}

pub(crate) fn estimate(request: &Request, checks: &[Check]) -> Expected {
    let kind = request.payment_type.filter(|kind| *kind != PaymentType::PrivatePay);
    let named = checks.iter().find(|check| Some(check.id) == request.choices.check);
    match (kind, named.or(checks.first())) {
        (None, _) => nothing(Case::NotApplicable),
        (Some(_), None) => nothing(Case::NoCheck),
        (Some(_), Some(check)) if check.outcome == Outcome::Rejected => nothing(Case::Rejected),
        (Some(_), Some(check)) => Question::new(request, check).answer(),
    }
}

fn nothing(case: Case) -> Expected {
    Expected { case, figures: Default::default(), amount: None, range: (None, None) }
}

/// What the default settings say of the codes that are used in the random answers.
fn types_of_code(code: &str) -> &'static [&'static str] {
    match code {
        "J1745" => &["1", "96"],
        "96413" => &["78", "ON"],
        "70553" => &["62", "4"],
        "99213" => &["98", "BY", "96"],
        _ => &[],
    }
}

fn readings(rows: Vec<&Benefit>) -> Vec<Reading<'_>> {
    let reading = |row| Some(Reading { said: said(row)?, row, used: BTreeSet::new() });
    rows.into_iter().filter_map(reading).collect()
}

fn values(readings: &[Reading<'_>]) -> BTreeSet<Said> {
    readings.iter().map(|reading| reading.said).collect()
}

/// Values that differ without words that tell them apart contradict each other.
fn openness(readings: &[Reading<'_>]) -> Option<Open> {
    let alike = |one: &Reading<'_>, other: &Reading<'_>| {
        one.said != other.said
            && one.row.messages == other.row.messages
            && one.row.procedure == other.row.procedure
    };
    let contradict = readings.iter().any(|one| readings.iter().any(|other| alike(one, other)));
    match values(readings).len() {
        0 | 1 => None,
        _ if contradict => Some(Open::Conflict),
        _ => Some(Open::Choice),
    }
}

impl Figure {
    fn of(used: &[Reading<'_>]) -> Seen {
        let rows = used.iter().flat_map(|reading| {
            reading.used.iter().copied().chain(std::iter::once(reading.row.index))
        });
        let rows = rows.collect();
        match used.first().map(|reading| reading.said) {
            Some(Said::Number(number)) => {
                Seen { state: FigureState::Known, value: Some(number), rows }
            }
            Some(Said::NoLimit) => Seen { state: FigureState::NoLimit, value: None, rows },
            None => Seen::default(),
        }
    }

    /// The figure of the readings that count; the staff may pick any of `all`.
    fn settled(counting: &[Reading<'_>], all: &[Reading<'_>], picked: &[Reading<'_>]) -> Self {
        let options = all.iter().map(|reading| reading.said).collect();
        let open = openness(counting).filter(|_| picked.is_empty());
        let seen = match open {
            Some(_) => Seen { state: FigureState::Choice, ..Seen::default() },
            None => Self::of(if picked.is_empty() { counting } else { picked }),
        };
        Self { seen, open, options, stated_none: false }
    }

    fn stated(self, choice: Option<RowChoice>) -> Self {
        let stated_none = choice == Some(RowChoice::None);
        Self { stated_none, open: self.open.filter(|_| !stated_none), ..self }
    }

    /// What is known of it, in cents or basis points; nobody has picked one of several values.
    fn known(&self) -> Option<i64> {
        if self.stated_none { Some(0) } else { self.seen.value }
    }

    /// The lowest and the highest number that could be picked; above, it may be open.
    fn ends(&self) -> (Option<i64>, Option<i64>) {
        let numbers = self.options.iter().filter_map(|said| match said {
            Said::Number(number) => Some(*number),
            Said::NoLimit => None,
        });
        let limited = !self.options.contains(&Said::NoLimit);
        (numbers.clone().min(), numbers.max().filter(|_| limited))
    }
}

impl<'a> Question<'a> {
    fn new(request: &'a Request, check: &'a Check) -> Self {
        let mut codes: Vec<String> = Vec::new();
        for code in request.procedures.iter().map(|code| bare(code)) {
            if !code.is_empty() && !codes.contains(&code) {
                codes.push(code);
            }
        }
        let types = match request.payment_type {
            Some(PaymentType::OfficeVisit) if request.visit_class == Some(VisitClass::Urgent) => {
                vec!["UC", "98", "BY", "BZ", "96"]
            }
            Some(PaymentType::OfficeVisit) => vec!["98", "BY", "BZ", "96"],
            _ => codes.iter().flat_map(|code| types_of_code(code)).copied().collect(),
        };
        Self { request, check, codes, types }
    }

    /// The same question about one code only.
    fn about(&self, code: &str) -> Self {
        let of_code = || types_of_code(code).to_vec();
        let is_office = self.request.payment_type == Some(PaymentType::OfficeVisit);
        let types = if is_office { self.types.clone() } else { of_code() };
        Self { codes: vec![code.to_owned()], types, ..*self }
    }

    /// Procedure before service types, in their order, before the whole plan.
    fn place(&self, row: &Benefit) -> Option<usize> {
        if let Some(procedure) = &row.procedure {
            return self.codes.iter().any(|code| names(procedure, code)).then_some(0);
        }
        let types = &row.service_types;
        let exact = self.types.iter().position(|kind| types.iter().any(|own| own == kind));
        let whole = types.is_empty() || types.iter().any(|own| own == "30");
        exact.map(|place| place + 1).or(whole.then_some(usize::MAX))
    }

    fn network(&self, row: &Benefit) -> Option<usize> {
        let order: &[&[Network]] = match self.request.network {
            NetworkChoice::In => {
                &[&[Network::In], &[Network::Either], &[Network::NotStated, Network::Unknown]]
            }
            NetworkChoice::Out => &[&[Network::Out], &[Network::Either]],
        };
        order.iter().position(|networks| networks.contains(&row.network))
    }

    fn is_in_time(&self, row: &Benefit) -> bool {
        allows(&row.dates, self.request.service_date)
    }

    /// The rows of a code that count for this question.
    fn counting(&self, codes: &[&str]) -> Vec<&'a Benefit> {
        let counts = |row: &&Benefit| {
            codes.contains(&row.code.as_str())
                && self.place(row).is_some()
                && self.network(row).is_some()
                && self.is_in_time(row)
        };
        self.check.benefits.iter().filter(counts).collect()
    }

    /// A co-payment or a co-insurance.
    fn plain(&self, code: &str, choice: Option<i64>) -> Figure {
        let usable = self.counting(&[code]).into_iter();
        let usable = usable.filter(|row| said(row).is_some());
        let usable = usable.filter(|row| !["24", "29", "33"].contains(&period(row)));
        let closest = least(usable, |row| self.place(row));
        let all = readings(binding(least(closest, |row| self.network(row))));
        let class = self.request.visit_class.filter(|_| code == "B" && choice.is_none());
        let named = |reading: &&Reading<'_>| class.is_some_and(|class| is_for(reading.row, class));
        let named: Vec<Reading<'_>> = all.iter().filter(named).cloned().collect();
        let picked = match choice {
            Some(index) => by_index(&all, index),
            None if values(&all).len() > 1 && values(&named).len() == 1 => named,
            None => Vec::new(),
        };
        Figure::settled(&all, &all, &picked)
    }

    /// A deductible or an out-of-pocket maximum.
    fn remaining(&self, code: &str, choice: Option<i64>) -> Figure {
        let rows = self.counting(&[code]);
        let places: BTreeSet<Option<usize>> = rows.iter().map(|row| self.place(row)).collect();
        let at = |place: &Option<usize>| {
            let here = || rows.iter().copied().filter(|row| self.place(row) == *place);
            let own: Vec<&Benefit> = here().filter(|row| !is_family(row)).collect();
            let shared: Vec<&Benefit> = here().filter(|row| is_family(row)).collect();
            (self.left(&own), self.left(&shared))
        };
        let mut levels = places.iter().map(at);
        let found = levels.find(|(own, shared)| !own.is_empty() || !shared.is_empty());
        let Some((own, shared)) = found else { return Figure::default() };
        let all: Vec<Reading<'_>> = own.iter().chain(&shared).cloned().collect();
        let picked = choice.map_or_else(Vec::new, |index| by_index(&all, index));
        let open = openness(&own).into_iter().chain(openness(&shared)).min();
        if let Some(open) = open.filter(|_| picked.is_empty()) {
            let options = all.iter().map(|reading| reading.said).collect();
            let seen = Seen { state: FigureState::Choice, ..Seen::default() };
            return Figure { seen, open: Some(open), options, stated_none: false };
        }
        // "No limit" is greater than every number.
        let bound = |readings: &[Reading<'_>]| readings.iter().map(|reading| reading.said).max();
        let smaller = match (bound(&own), bound(&shared)) {
            (Some(mine), Some(ours)) if mine <= ours => own,
            (Some(_), None) => own,
            (_, _) => shared,
        };
        let picked = if picked.is_empty() { smaller } else { picked };
        let seen = Figure::of(&picked);
        let options = all.iter().map(|reading| reading.said).collect();
        Figure { seen, open: None, options, stated_none: false }
    }

    /// What is left at one level.
    fn left(&self, rows: &[&'a Benefit]) -> Vec<Reading<'a>> {
        let of = |periods: &[&str]| {
            let fits = |row: &&Benefit| said(row).is_some() && periods.contains(&period(row));
            let fitting = rows.iter().copied().filter(fits);
            readings(binding(least(fitting, |row| (self.network(row), plainness(row)))))
        };
        let (yearly, lifetime) = (of(&["", "22", "23", "25"]), of(&["32"]));
        let totals = if yearly.is_empty() { lifetime.clone() } else { yearly.clone() };
        let turned = self.has_turned(&totals);
        let ways = if turned {
            [yearly, of(&["33"]), lifetime]
        } else {
            [of(&["29"]), of(&["33"]), less(totals, &of(&["24"]))]
        };
        ways.into_iter().find(|way| !way.is_empty()).unwrap_or_default()
    }

    /// Whether the plan's year turned between the check and the service.
    fn has_turned(&self, totals: &[Reading<'_>]) -> bool {
        let service_year = |row: &&Benefit| ["22", "25"].contains(&period(row));
        let counts_own_years = if totals.is_empty() {
            let rows = self.counting(&["C", "G"]);
            rows.iter().any(service_year) && !rows.iter().any(|row| period(row) == "23")
        } else {
            totals.iter().any(|total| service_year(&total.row))
        };
        let begin =
            self.check.dates.iter().find(|date| {
                date.qualifier == "346" || (date.qualifier == "291" && date.to.is_some())
            });
        let (checked, service) = (self.check.checked_on, self.request.service_date);
        let (month, day) = match begin.filter(|_| counts_own_years) {
            Some(date) => (date.from.month(), date.from.day()),
            None => (1, 1),
        };
        let turn = |year: i16| Date::new(year, month, day).expect("a plan begins on a day");
        let (first, last) = (checked.min(service), checked.max(service));
        (first.year()..=last.year()).any(|year| first < turn(year) && turn(year) <= last)
    }

    /// Active and inactive, as the payer says it of the service date: either may be `true`.
    fn status(&self) -> (bool, bool) {
        let stated = |row: &&Benefit| {
            let other = match self.request.network {
                NetworkChoice::In => Network::Out,
                NetworkChoice::Out => Network::In,
            };
            row.network != other && row.procedure.is_none() && self.place(row).is_some()
        };
        let rows: Vec<&Benefit> = self.check.benefits.iter().filter(stated).collect();
        let of = |codes: [&str; 5]| -> Vec<&Benefit> {
            rows.iter().copied().filter(|row| codes.contains(&row.code.as_str())).collect()
        };
        let (active, inactive) = (of(["1", "2", "3", "4", "5"]), of(["6", "7", "8", "6", "7"]));
        let is_active = active.iter().any(|row| self.is_in_time(row));
        if is_active {
            return (true, inactive.iter().any(|row| self.is_in_time(row)));
        }
        if active.is_empty() && inactive.is_empty() {
            return match self.check.outcome {
                Outcome::Inactive => (false, true),
                Outcome::Review => (true, true),
                Outcome::Active | Outcome::Rejected | Outcome::Unknown => (true, false),
            };
        }
        (false, true)
    }

    fn is_not_covered(&self) -> bool {
        if self.codes.is_empty() {
            self.is_excluded()
        } else {
            self.codes.iter().all(|code| self.about(code).is_excluded())
        }
    }

    /// Whether a row excludes the one thing that is asked about.
    fn is_excluded(&self) -> bool {
        let shares = self.counting(&["A", "B", "C"]);
        let closest = shares.iter().map(|row| self.place(row)).min();
        self.counting(&["E", "I"]).into_iter().any(|row| {
            let place = self.place(row);
            let is_closer = closest.is_none_or(|share| place < share);
            let is_as_close = closest.is_none_or(|share| place <= share);
            let has_words = !row.messages.is_empty();
            let says_not_covered = row.code == "I";
            match place {
                Some(0) => is_as_close && (is_closer || !has_words),
                Some(usize::MAX) => says_not_covered && !has_words && is_as_close,
                _ if has_words => says_not_covered && is_closer,
                _ => is_as_close,
            }
        })
    }

    fn figures(&self) -> [Figure; 4] {
        let choices = &self.request.choices;
        let row = |choice: Option<RowChoice>| match choice {
            Some(RowChoice::Row(index)) => Some(index),
            Some(RowChoice::None) | None => None,
        };
        [
            self.plain("B", choices.copay),
            self.plain("A", row(choices.coinsurance)).stated(choices.coinsurance),
            self.remaining("C", row(choices.deductible)).stated(choices.deductible),
            self.remaining("G", choices.out_of_pocket),
        ]
    }

    fn answer(&self) -> Expected {
        let figures = self.figures();
        let charge = self.request.charge.filter(|x| (Money::ZERO..=MAX_CHARGE).contains(x));
        let terms = self.terms(&figures, charge);
        let owed = amounts::owed(&terms);
        let case = self.case(&figures, &terms, owed);
        let seen = figures.clone().map(|figure| figure.seen);
        let cents = |end: Option<i128>| end.map(|end| i64::try_from(end).expect("cents are few"));
        let (amount, range) = match case {
            Case::NotCovered => (charge.map(Money::cents), (None, None)),
            Case::Ok => (cents(owed.amount), (cents(owed.at_least), cents(owed.at_most))),
            Case::Partial | Case::NeedsCharge => {
                (None, (cents(owed.at_least), cents(owed.at_most)))
            }
            Case::Conflict | Case::ChoiceNeeded => (None, between(&figures, &terms)),
            _ => (None, (None, None)),
        };
        Expected { case, figures: seen, amount, range }
    }

    fn terms(&self, figures: &[Figure; 4], charge: Option<Money>) -> Terms {
        let is_treatment = self.request.payment_type == Some(PaymentType::TreatmentPrePayment);
        let by_default = match (self.counting(&["B"]).is_empty(), is_treatment) {
            (true, _) => Rule::DeductibleCoinsurance,
            (false, true) => Rule::CopayFirst,
            (false, false) => Rule::CopayOnly,
        };
        let span = |number: Option<i64>, whole: i128| match number {
            Some(number) => Span::exactly(Ratio::new(i128::from(number), whole)),
            None => Span::UNKNOWN,
        };
        let money = |money: Money| Ratio::whole(i128::from(money.cents()));
        Terms {
            rule: self.request.choices.rule.unwrap_or(by_default),
            is_treatment,
            charge: charge.map(money),
            copay: span(figures[0].known(), 1),
            share: span(figures[1].known(), 10_000),
            deductible: span(figures[2].known(), 1),
            limit: figures[3].known().map(|cents| Ratio::whole(i128::from(cents))),
        }
    }

    /// The first case that holds.
    fn case(&self, figures: &[Figure; 4], terms: &Terms, owed: amounts::Owed) -> Case {
        let is_named = self.request.choices.check == Some(self.check.id);
        let (active, inactive) = self.status();
        let is_in_time = allows(&self.check.dates, self.request.service_date);
        let [copay, share, deductible, limit] = figures;
        let needed: &[&Figure] = match (owed.amount, terms.rule) {
            (Some(_), _) => &[limit],
            (None, Rule::CopayOnly) => &[limit, copay],
            (None, Rule::DeductibleCoinsurance) => &[limit, deductible, share],
            (None, Rule::CopayFirst) => &[limit, copay, deductible, share],
            (None, Rule::CopayAfterDeductible) => &[limit, copay, deductible],
        };
        let is_open = |open: Open| needed.iter().any(|figure| figure.open == Some(open));
        let money = self.counting(&["A", "B", "C", "G"]);
        let has_money = money.iter().any(|row| row.code == "B" || said(row).is_some());
        let holds = [
            (Case::Inactive, !is_in_time || (inactive && !active)),
            (Case::NeedsReview, active && inactive && !is_named),
            (Case::NotCovered, self.is_not_covered()),
            (Case::Conflict, is_open(Open::Conflict)),
            (Case::ChoiceNeeded, is_open(Open::Choice)),
            (Case::NoMoneyRows, !has_money),
            (Case::Partial, owed.amount.is_none() && !amounts::all_known(terms)),
            (Case::NeedsCharge, owed.amount.is_none()),
        ];
        holds.into_iter().find_map(|(case, holds)| holds.then_some(case)).unwrap_or(Case::Ok)
    }
}

/// Between what the share lies while a person has yet to pick: the lowest and the highest of
/// the values that they may pick.
fn between(figures: &[Figure; 4], terms: &Terms) -> (Option<i64>, Option<i64>) {
    let end = |highest: bool| {
        let of = |figure: &Figure, whole: i128, known: Span| {
            let (low, high) = figure.ends();
            let number = if highest { high } else { low };
            match (figure.open, number) {
                (None, _) => known,
                (Some(_), None) => Span::UNKNOWN,
                (Some(_), Some(number)) => Span::exactly(Ratio::new(i128::from(number), whole)),
            }
        };
        let [copay, share, deductible, limit] = figures;
        let of_limit = Span { low: Ratio::ZERO, high: terms.limit };
        let limit = match (limit.open, of(limit, 1, of_limit)) {
            (None, _) => terms.limit,
            (Some(_), Span { high, .. }) => high,
        };
        let terms = Terms {
            copay: of(copay, 1, terms.copay),
            share: of(share, 10_000, terms.share),
            deductible: of(deductible, 1, terms.deductible),
            limit,
            ..*terms
        };
        let (at_least, at_most) = amounts::owed(&terms).ends();
        if highest { at_most } else { at_least }
    };
    let cents = |end: Option<i128>| end.map(|end| i64::try_from(end).expect("cents are few"));
    (cents(end(false)).filter(|&least| least > 0), cents(end(true)))
}

fn by_index<'a>(all: &[Reading<'a>], index: i64) -> Vec<Reading<'a>> {
    all.iter().filter(|reading| reading.row.index == index).cloned().collect()
}

/// Totals less what was used of them, where the payer says one number for that.
fn less<'a>(totals: Vec<Reading<'a>>, used: &[Reading<'_>]) -> Vec<Reading<'a>> {
    let numbers: BTreeSet<i64> = used
        .iter()
        .filter_map(|reading| match reading.said {
            Said::Number(number) => Some(number),
            Said::NoLimit => None,
        })
        .collect();
    let [number] = numbers.into_iter().collect::<Vec<i64>>()[..] else { return totals };
    let less = |total: Reading<'a>| match total.said {
        Said::Number(whole) => Reading {
            said: Said::Number((whole - number).max(0)),
            used: used.iter().map(|reading| reading.row.index).collect(),
            ..total
        },
        Said::NoLimit => total,
    };
    totals.into_iter().map(less).collect()
}
