//! The payments list as a person would make it from a pile of cards: filter all, sort all, count.
//!
//! Nothing here asks the database or shares a rule with `payment_list`; the walks compare the two.

use std::cmp::Ordering;

use almoner_domain::list::{Cursor, Direction, DueFilter, Filter, PageRequest, Search, Sort, Span};
use almoner_domain::name::normalize;
use almoner_domain::payment::PaymentType;
use almoner_domain::{LocationId, Money, OrganizationId, PatientId, Status};
use almoner_store::payment_list::Calendar;
use almoner_store::payments::Payment;
use almoner_store::{Db, verify};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::clinic::{self, Plan};
use crate::common::{Chance, at};

/// A payment and its patient's name.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    pub(crate) payment: Payment,
    pub(crate) last: String,
    pub(crate) first: String,
    /// The names as they sort.
    key: (String, String),
}

/// The statuses in the order in which they sort.
const STATUS_ORDER: [Status; 9] = [
    Status::Draft,
    Status::Pending,
    Status::Processing,
    Status::Paid,
    Status::Failed,
    Status::Cancelled,
    Status::Voided,
    Status::PartiallyRefunded,
    Status::Refunded,
];

fn rank(status: Status) -> usize {
    STATUS_ORDER.iter().position(|&other| other == status).expect("all nine are there")
}

fn within<T: PartialOrd>(span: &Span<T>, value: Option<T>) -> bool {
    if span.from.is_none() && span.to.is_none() {
        return true;
    }
    value.is_some_and(|value| {
        span.from.as_ref().is_none_or(|from| &value >= from)
            && span.to.as_ref().is_none_or(|to| &value <= to)
    })
}

impl Card {
    pub(crate) fn new(payment: Payment, (last, first): (String, String)) -> Self {
        let key = (normalize(&last), normalize(&first));
        Self { payment, last, first, key }
    }

    fn fits(&self, filter: &Filter, calendar: &Calendar) -> bool {
        let p = &self.payment;
        let day = |at: Timestamp| calendar.zone.to_datetime(at).date();
        let unpaid = [Status::Draft, Status::Pending, Status::Processing, Status::Failed];
        let overdue = unpaid.contains(&p.status) && p.due.is_some_and(|due| due < calendar.today);
        (filter.statuses.is_empty() || filter.statuses.contains(&p.status))
            && (filter.locations.is_empty() || filter.locations.contains(&p.location))
            && filter.kind.is_none_or(|kind| p.kind == Some(kind))
            && match filter.due {
                DueFilter::Within(span) => within(&span, p.due),
                DueFilter::Without => p.due.is_none(),
            }
            && within(&filter.created, Some(day(p.created_at)))
            && within(&filter.paid, p.paid_at.map(day))
            && within(&filter.amount, Some(p.amount))
            && (!filter.overdue || overdue)
    }

    fn is_found(&self, search: &Search) -> bool {
        match search {
            Search::All => true,
            Search::Nothing => false,
            Search::Id(prefix) => {
                self.payment.id.seq().to_string().starts_with(&prefix.to_string())
            }
            Search::Name(words) => {
                let name = format!("{} {}", self.key.0, self.key.1);
                words.iter().all(|word| {
                    let begins = name.split(' ').any(|part| part.starts_with(word.as_str()));
                    begins || (word.chars().count() >= 3 && name.contains(word.as_str()))
                })
            }
        }
    }

    /// What a page that begins or ends with this card is asked for with.
    pub(crate) fn cursor(&self, sort: Sort) -> Cursor {
        let p = &self.payment;
        let key = match sort {
            Sort::Created | Sort::Status => Some(p.created_at.as_microsecond()),
            Sort::Amount => Some(p.amount.cents()),
            Sort::Due => Some(p.due.map_or(99_991_231, |due| {
                let (month, day) = (i64::from(due.month()), i64::from(due.day()));
                i64::from(due.year()) * 10_000 + month * 100 + day
            })),
            Sort::Patient => None,
        };
        let rank = i64::try_from(rank(p.status)).expect("there are nine");
        Cursor { key, rank, seq: p.id.seq() }
    }
}

fn in_direction(order: Ordering, direction: Direction) -> Ordering {
    if direction == Direction::Ascending { order } else { order.reverse() }
}

fn order(one: &Card, other: &Card, request: &PageRequest) -> Ordering {
    let (a, b) = (&one.payment, &other.payment);
    let (sort, direction) = (request.sort, request.direction);
    let by_id = a.id.seq().cmp(&b.id.seq());
    let created = a.created_at.cmp(&b.created_at);
    let whole = match sort {
        // Those found by their number are in the order of the numbers.
        Sort::Created if matches!(request.search, Search::Id(_)) => by_id,
        Sort::Created => created.then(by_id),
        Sort::Amount => a.amount.cents().cmp(&b.amount.cents()).then(by_id),
        Sort::Status => rank(a.status).cmp(&rank(b.status)).then(created).then(by_id),
        Sort::Patient => one.key.cmp(&other.key).then(by_id),
        Sort::Due => {
            let undated_last = a.due.is_none().cmp(&b.due.is_none());
            return undated_last.then(in_direction(a.due.cmp(&b.due).then(by_id), direction));
        }
    };
    in_direction(whole, direction)
}

/// All that the request lists, in its order, whatever the page.
pub(crate) fn list<'a>(
    cards: &'a [Card],
    request: &PageRequest,
    calendar: &Calendar,
) -> Vec<&'a Card> {
    let wanted =
        |card: &&Card| card.fits(&request.filter, calendar) && card.is_found(&request.search);
    let mut listed: Vec<&Card> = cards.iter().filter(wanted).collect();
    listed.sort_by(|one, other| order(one, other, request));
    listed
}

/// Names that sort or search in ways of their own.
pub(crate) const LAST: [&str; 28] = [
    "O'Brien",
    "O\u{2019}Brien",
    "Obrien",
    "O Brien",
    "Müller",
    "Muller",
    "Mueller",
    "Nguyễn",
    "Nguyen",
    "de la Cruz",
    "De La Cruz-Gómez",
    "Smith",
    "Smith-Jones",
    "Smithson",
    "SMITH",
    "Li",
    "Li Wang",
    "Ångström",
    "Øster",
    "Łukasz",
    "St. John",
    "Straße",
    "İpek",
    "Zoë-Ann",
    "Peña",
    "小龍女",
    "100% Real",
    "_under\\score",
];
pub(crate) const FIRST: [&str; 14] = [
    "Ann", "Anna", "Mary Ann", "Mary-Ann", "José", "Jose", "Zoë", "Jean-Luc", "A.", "Bo", "Øle",
    "Brienne", "An", "Ann",
];
/// Moments near midnight in one zone or the other, on days when clocks change, and equal ones.
const MOMENTS: [&str; 16] = [
    "2026-03-08T04:59:59.999999Z",
    "2026-03-08T05:00:00Z",
    "2026-03-08T04:00:00Z",
    "2026-03-09T03:59:59.999999Z",
    "2026-03-09T04:00:00Z",
    "2026-11-01T03:59:59Z",
    "2026-11-01T04:00:00Z",
    "2026-11-01T04:30:00Z",
    "2026-11-01T05:00:00Z",
    "2026-11-02T04:59:59.999999Z",
    "2026-11-02T05:00:00Z",
    "2026-05-31T23:59:59.999999Z",
    "2026-06-01T00:00:00Z",
    "2026-06-01T03:59:59Z",
    "2026-06-01T18:29:59Z",
    "2026-06-01T18:30:00Z",
];
const ZONES: [&str; 4] = ["America/New_York", "UTC", "America/Havana", "Asia/Kolkata"];
const AMOUNTS: [i64; 7] = [1, 2, 2_500, 2_500, 10_000, 12_345, 99_999_999];
pub(crate) const LOCATIONS: i64 = 6;

/// A moment of 2026, often one that others have as well.
pub(crate) fn moment(chance: &mut Chance) -> Timestamp {
    if chance.percent(60) {
        return at(chance.pick(&MOMENTS));
    }
    let start = at("2026-01-01T00:00:00Z").as_microsecond();
    let year = 31_536_000_000_000;
    Timestamp::from_microsecond(start + chance.between(0, year - 1)).expect("it is in the year")
}

fn date(chance: &mut Chance) -> Date {
    let month = if chance.percent(50) { 6 } else { chance.between(1, 12) };
    let (month, day) = (i8::try_from(month), i8::try_from(chance.between(1, 28)));
    Date::new(2026, month.expect("small"), day.expect("small")).expect("every month has 28 days")
}

fn amount(chance: &mut Chance) -> Money {
    let cents = if chance.percent(70) { chance.pick(&AMOUNTS) } else { chance.between(2, 20_000) };
    Money::from_cents(cents)
}

fn random_plan(chance: &mut Chance, patients: &[(PatientId, (&str, &str))]) -> Plan {
    let (patient, (last, first)) = chance.pick(patients);
    let mut status = chance.pick(&Status::ALL);
    let amount = amount(chance);
    if status == Status::PartiallyRefunded && amount.cents() < 2 {
        status = Status::Refunded;
    }
    let whole = amount.cents();
    let part =
        if status == Status::PartiallyRefunded { chance.between(1, whole - 1) } else { whole };
    // The last location is rare.
    let location = if chance.percent(2) { LOCATIONS } else { chance.between(1, LOCATIONS - 1) };
    Plan {
        patient,
        name: (last.to_owned(), first.to_owned()),
        location: LocationId::new(location),
        kind: chance.percent(70).then(|| chance.pick(&PaymentType::ALL)),
        status,
        amount,
        refund: Money::from_cents(part),
        due: chance.percent(65).then(|| date(chance)),
        created_at: moment(chance),
        paid_at: moment(chance),
    }
}

/// Fills a clinic with so many payments; some patients have none, some have the same name.
pub(crate) async fn fill(db: &Db, seed: u64, count: usize) -> (OrganizationId, Vec<Card>) {
    let mut chance = Chance::new(seed);
    let org = clinic::open(db, LOCATIONS).await;
    let mut patients = Vec::new();
    let mut tx = db.begin().await.unwrap();
    for _ in 0..150 {
        let name = (chance.pick(&LAST), chance.pick(&FIRST));
        patients.push((clinic::add_patient(&mut tx, org, name).await, name));
    }
    tx.commit().await.unwrap();
    let mut cards = Vec::with_capacity(count);
    while cards.len() < count {
        let mut tx = db.begin().await.unwrap();
        for _ in 0..200.min(count - cards.len()) {
            let plan = random_plan(&mut chance, &patients[5..]);
            let payment = clinic::add_payment(&mut tx, org, &plan).await;
            cards.push(Card::new(payment, plan.name));
        }
        tx.commit().await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    for finding in verify::verify(&mut tx, org, None).await.unwrap() {
        assert_eq!(finding.difference, None, "{}", finding.proves);
    }
    (org, cards)
}

pub(crate) fn calendar(chance: &mut Chance) -> Calendar {
    let zone = jiff::tz::TimeZone::get(chance.pick(&ZONES)).expect("the zone is known");
    Calendar { zone, today: date(chance) }
}

pub(crate) fn span<T: PartialOrd>(
    chance: &mut Chance,
    mut end: impl FnMut(&mut Chance) -> T,
) -> Span<T> {
    let (one, other) = (end(chance), end(chance));
    match chance.below(8) {
        0 | 1 => Span { from: Some(one), to: None },
        2 | 3 => Span { from: None, to: Some(one) },
        // Ends in the wrong order hold nothing.
        4 => Span { from: Some(one), to: Some(other) },
        _ if one <= other => Span { from: Some(one), to: Some(other) },
        _ => Span { from: Some(other), to: Some(one) },
    }
}

fn search(chance: &mut Chance) -> Search {
    const TYPED: [&str; 22] = [
        "an",
        "ann",
        "Ann smith",
        "o'brien",
        "brien",
        "bri",
        "MÜLL",
        "nguyen",
        "cruz",
        "la de",
        "li",
        "l",
        "z",
        "小",
        "小龍女",
        "100",
        "%",
        "_",
        "st john",
        "strasse",
        "ann ann",
        "xyz",
    ];
    match chance.below(10) {
        0..5 => Search::All,
        5 => {
            let number = chance.between(1, 9_999).to_string();
            let length = 1 + chance.below(number.len());
            Search::parse(&format!("{}{}", chance.pick(&["", "PAY-", "pay00"]), &number[..length]))
        }
        _ => Search::parse(chance.pick(&TYPED)),
    }
}

/// A request by chance, for its first page.
pub(crate) fn request(chance: &mut Chance) -> PageRequest {
    let mut filter = Filter::default();
    let statuses = chance.pick(&[0, 0, 0, 1, 1, 2, 4, 9]);
    filter.statuses = chance.some(&Status::ALL, statuses);
    let locations: Vec<LocationId> = (1..=LOCATIONS + 1).map(LocationId::new).collect();
    let some = chance.pick(&[0, 0, 0, 1, 2, 3]);
    filter.locations = chance.some(&locations, some);
    if chance.percent(12) {
        filter.kind = Some(chance.pick(&PaymentType::ALL));
    }
    if chance.percent(18) {
        filter.due = if chance.percent(25) {
            DueFilter::Without
        } else {
            DueFilter::Within(span(chance, date))
        };
    }
    if chance.percent(18) {
        filter.created = span(chance, near_a_moment);
    }
    if chance.percent(12) {
        filter.paid = span(chance, near_a_moment);
    }
    if chance.percent(18) {
        filter.amount = span(chance, amount);
    }
    filter.overdue = chance.percent(12);
    let sort = chance.pick(&Sort::ALL);
    let direction = chance.pick(&[Direction::Ascending, Direction::Descending]);
    let per_page = chance.pick(&[25, 50, 100]);
    let search = search(chance);
    PageRequest { filter, search, sort, direction, per_page, ..PageRequest::default() }
}

/// A day on which something happens around midnight.
pub(crate) fn near_a_moment(chance: &mut Chance) -> Date {
    let zone = jiff::tz::TimeZone::get(chance.pick(&ZONES)).expect("the zone is known");
    zone.to_datetime(at(chance.pick(&MOMENTS))).date()
}
