//! Walks through the payments list, forwards, backwards and by jumps, beside the model.

use almoner_domain::list::{Direction, Filter, PageRequest, Place, Search, Sort, Span};
use almoner_domain::{LocationId, Money, OrganizationId, Status};
use almoner_store::payment_list::{self, Calendar, PaymentPage};
use almoner_store::{Db, Tx, on_both_engines};

use crate::common::{Chance, at, cases, run};
use crate::flat_load;
use crate::list_model::{self, Card};

/// Pages that one walk reads in one go at most.
const MAX_STEPS: usize = 3;
/// Where totals stop being exact, as it is promised.
const EXACT: i64 = 10_000;
/// Patients of one name, more than a search looks at.
const MANY_NAMED: i64 = 2_040;

/// A list as the model has it, and the connection that it is compared over.
struct Walk<'a> {
    tx: &'a mut Tx,
    org: OrganizationId,
    calendar: &'a Calendar,
    request: PageRequest,
    listed: Vec<&'a Card>,
    seed: u64,
}

impl Walk<'_> {
    async fn page(&mut self, place: Place) -> PaymentPage {
        self.request.place = place;
        let page = payment_list::page(self.tx, self.org, &self.request, self.calendar).await;
        page.unwrap_or_else(|error| panic!("{}: {error:?}", self.told()))
    }

    fn told(&self) -> String {
        format!("seed {}, {:?} in {:?}", self.seed, self.request, self.calendar)
    }

    fn per_page(&self) -> usize {
        usize::try_from(self.request.per_page).expect("a page is small")
    }

    /// The page holds the listed cards from `from` up to `to`, and knows what lies around them.
    fn expect(&self, page: &PaymentPage, from: usize, to: usize) {
        let told = self.told();
        let numbers: Vec<i64> = page.rows.iter().map(|row| row.payment.id.seq()).collect();
        let cards = &self.listed[from..to];
        let expected: Vec<i64> = cards.iter().map(|card| card.payment.id.seq()).collect();
        assert_eq!(numbers, expected, "rows {from} to {to}: {told}");
        for (row, card) in page.rows.iter().zip(cards) {
            assert_eq!(row.payment, card.payment, "{told}");
            assert_eq!((&row.last_name, &row.first_name), (&card.last, &card.first), "{told}");
            assert_eq!(row.cursor, card.cursor(self.request.sort), "{told}");
        }
        let total = i64::try_from(self.listed.len()).expect("lists are short");
        assert_eq!(page.has_previous, from > 0, "before {from} of {total}: {told}");
        assert_eq!(page.has_next, to < self.listed.len(), "after {to} of {total}: {told}");
        if page.total_is_exact {
            assert_eq!(page.total, total, "{told}");
        } else {
            let is_name = matches!(self.request.search, Search::Name(_));
            assert!(page.total < total, "{} of {total}: {told}", page.total);
            assert!(page.total == EXACT || is_name, "{} of {total}: {told}", page.total);
            assert!(page.total >= i64::try_from(numbers.len()).expect("a page is small"), "{told}");
        }
    }

    async fn forwards(&mut self, mut from: usize, mut place: Place) {
        for _ in 0..MAX_STEPS {
            let page = self.page(place).await;
            let to = (from + self.per_page()).min(self.listed.len());
            self.expect(&page, from, to);
            let Some(last) = page.rows.last().filter(|_| page.has_next) else { break };
            (from, place) = (to, Place::After(last.cursor));
        }
    }

    async fn backwards(&mut self, mut to: usize, mut place: Place) {
        for _ in 0..MAX_STEPS {
            let page = self.page(place).await;
            // The last page is cut as if it was reached from the first.
            let rows = match place {
                Place::Last if page.total_is_exact && !to.is_multiple_of(self.per_page()) => {
                    to % self.per_page()
                }
                _ => self.per_page(),
            };
            let from = to.saturating_sub(rows);
            self.expect(&page, from, to);
            let Some(first) = page.rows.first().filter(|_| page.has_previous) else { break };
            (to, place) = (from, Place::Before(first.cursor));
        }
    }

    /// What is read on without a total are the same rows, and one that tells of more.
    async fn on_and_on(&mut self, from: usize, place: Place) {
        self.request.place = place;
        let rows = payment_list::rows(self.tx, self.org, &self.request, self.calendar).await;
        let numbers: Vec<i64> = rows.unwrap().iter().map(|row| row.payment.id.seq()).collect();
        let cards = self.listed.iter().skip(from).take(self.per_page() + 1);
        let expected: Vec<i64> = cards.map(|card| card.payment.id.seq()).collect();
        assert_eq!(numbers, expected, "rows on from {from}: {}", self.told());
    }

    /// From both ends, from the middle, and by the page's number.
    async fn all_ways(&mut self, chance: &mut Chance) {
        self.forwards(0, Place::First).await;
        self.backwards(self.listed.len(), Place::Last).await;
        self.on_and_on(0, Place::First).await;
        if self.listed.is_empty() {
            return;
        }
        let middle = chance.below(self.listed.len());
        let cursor = self.listed[middle].cursor(self.request.sort);
        if middle + 1 < self.listed.len() {
            self.forwards(middle + 1, Place::After(cursor)).await;
            self.on_and_on(middle + 1, Place::After(cursor)).await;
        }
        if middle > 0 {
            self.backwards(middle, Place::Before(cursor)).await;
        }
        let last_number = self.listed.len().div_ceil(self.per_page()).min(100);
        let number = 1 + chance.below(last_number);
        let page = self.page(Place::Number(i64::try_from(number).expect("it is small"))).await;
        let from = (number - 1) * self.per_page();
        self.expect(&page, from, (from + self.per_page()).min(self.listed.len()));
    }
}

async fn walk(
    tx: &mut Tx,
    (org, cards): (OrganizationId, &[Card]),
    (request, calendar): (PageRequest, &Calendar),
    seed: u64,
) -> usize {
    let listed = list_model::list(cards, &request, calendar);
    let count = listed.len();
    let mut walk = Walk { tx, org, calendar, request, listed, seed };
    walk.all_ways(&mut Chance::new(seed)).await;
    count
}

/// The plain lists: every order, all statuses, one and several, and one location.
fn plain_requests() -> Vec<PageRequest> {
    let statuses: [&[Status]; 4] = [
        &[],
        &[Status::Voided],
        &[Status::Paid, Status::Draft, Status::Refunded],
        &[Status::Pending, Status::Pending],
    ];
    let mut requests = Vec::new();
    for sort in Sort::ALL {
        for direction in [Direction::Ascending, Direction::Descending] {
            for statuses in statuses {
                let filter = Filter { statuses: statuses.to_vec(), ..Filter::default() };
                requests.push(PageRequest { filter, sort, direction, ..PageRequest::default() });
            }
            // Said twice, it is still one location.
            let twice = vec![LocationId::new(2), LocationId::new(4), LocationId::new(2)];
            // More than an engine merges in one statement, most of them of no payment.
            let many = (2..=80).map(LocationId::new).collect();
            for locations in [twice, many] {
                let filter = Filter { locations, ..Filter::default() };
                requests.push(PageRequest { filter, sort, direction, ..PageRequest::default() });
            }
        }
    }
    requests
}

on_both_engines! {
    async fn every_page_is_that_of_the_model(db) {
        for seed in 1..=u64::try_from(cases(1)).unwrap() {
            let db = almoner_store::testing::TestDb::new(db.engine()).await;
            let (org, cards) = list_model::fill(&db, seed, 1500).await;
            let mut tx = db.read().await.unwrap();
            let mut chance = Chance::new(seed + 1000);
            for request in plain_requests() {
                let calendar = list_model::calendar(&mut chance);
                let found = walk(&mut tx, (org, &cards), (request, &calendar), seed).await;
                assert!(found > 0);
            }
            let mut found = 0;
            for _ in 0..80 {
                let request = list_model::request(&mut chance);
                let calendar = list_model::calendar(&mut chance);
                let count = walk(&mut tx, (org, &cards), (request, &calendar), seed).await;
                found += usize::from(count > 0);
            }
            assert!(found > 40, "most requests find something: {found}");
        }
    }

    async fn long_lists_are_counted_as_far_as_promised(db) {
        let org = flat_load::load(&db, EXACT + 51).await;
        let cards = read_cards(&db, org).await;
        walk_long_lists(&db, org, &cards).await;
    }

    async fn names_that_many_have_are_met_in_the_order_of_the_list(db) {
        // Among the few payments of many people, what was not counted is seen to its end.
        for count in [EXACT + 51, 30] {
            let db = almoner_store::testing::TestDb::new(db.engine()).await;
            let org = flat_load::load_of(&db, count, MANY_NAMED).await;
            let cards = read_cards(&db, org).await;
            walk_long_lists(&db, org, &cards).await;
        }
    }

    async fn payments_are_found_of_whom_a_search_does_not_look_at(db) {
        let org = flat_load::load_of(&db, 60, MANY_NAMED).await;
        let all = "UPDATE payment SET patient_seq = (SELECT max(seq) FROM patient),
            name_sort = (SELECT name_sort FROM patient ORDER BY seq DESC LIMIT 1)";
        run(&db, all, Vec::new()).await.unwrap();
        let cards = read_cards(&db, org).await;
        walk_long_lists(&db, org, &cards).await;
    }

    async fn exactly_ten_thousand_are_still_exact(db) {
        let org = flat_load::load(&db, EXACT).await;
        let calendar = Calendar {
            zone: jiff::tz::TimeZone::UTC,
            today: jiff::civil::Date::constant(2026, 6, 15),
        };
        let from = Some(Money::from_cents(1));
        let request = PageRequest {
            filter: Filter { amount: Span { from, to: None }, ..Filter::default() },
            ..PageRequest::default()
        };
        let mut tx = db.read().await.unwrap();
        let page = payment_list::page(&mut tx, org, &request, &calendar).await.unwrap();
        assert_eq!((page.total, page.total_is_exact), (EXACT, true));
    }

    async fn an_empty_clinic_lists_nothing(db) {
        let org = crate::clinic::open(&db, 1).await;
        let calendar = Calendar {
            zone: jiff::tz::TimeZone::UTC,
            today: jiff::civil::Date::constant(2026, 6, 15),
        };
        let mut tx = db.read().await.unwrap();
        for request in plain_requests() {
            walk(&mut tx, (org, &[]), (request, &calendar), 1).await;
        }
        let mut chance = Chance::new(1);
        for _ in 0..20 {
            let request = list_model::request(&mut chance);
            walk(&mut tx, (org, &[]), (request, &calendar), 1).await;
        }
    }

    async fn another_organization_is_never_listed(db) {
        let (org, cards) = list_model::fill(&db, 7, 120).await;
        let mut tx = db.begin().await.unwrap();
        let now = at("2026-01-01T00:00:00Z");
        let other = almoner_store::organizations::insert(&mut tx, "two", "Two", "UTC", now).await;
        let other = other.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let mut chance = Chance::new(7);
        for _ in 0..20 {
            let (request, calendar) =
                (list_model::request(&mut chance), list_model::calendar(&mut chance));
            walk(&mut tx, (org, &cards), (request.clone(), &calendar), 7).await;
            walk(&mut tx, (other, &[]), (request, &calendar), 7).await;
        }
    }
}

/// Lists that are longer than they are counted, and some that are not.
async fn walk_long_lists(db: &Db, org: OrganizationId, cards: &[Card]) {
    let calendar =
        Calendar { zone: jiff::tz::TimeZone::UTC, today: jiff::civil::Date::constant(2026, 6, 15) };
    let mut amounts: Vec<i64> = cards.iter().map(|c| c.payment.amount.cents()).collect();
    amounts.sort_unstable();
    let mut requests = Vec::new();
    // All of them, and from an amount on that leaves fewer than are counted.
    for cents in [amounts[0], amounts[amounts.len().min(51 + 2) - 1]] {
        let from = Some(Money::from_cents(cents));
        let amount = Span { from, to: None };
        requests.push(PageRequest {
            filter: Filter { amount, ..Filter::default() },
            ..PageRequest::default()
        });
    }
    for typed in ["last", "la fi", "last1", "1", "10"] {
        for sort in [Sort::Patient, Sort::Due] {
            let search = Search::parse(typed);
            requests.push(PageRequest { search, sort, ..PageRequest::default() });
        }
    }
    requests.push(PageRequest {
        filter: Filter { statuses: vec![Status::Paid], ..Filter::default() },
        search: Search::parse("first"),
        ..PageRequest::default()
    });
    let mut tx = db.read().await.unwrap();
    for request in requests {
        walk(&mut tx, (org, cards), (request, &calendar), 1).await;
    }
}

/// Every payment with its patient's name, in no order that matters.
async fn read_cards(db: &Db, org: OrganizationId) -> Vec<Card> {
    let mut tx = db.read().await.unwrap();
    let sql = "SELECT p.seq, q.last_name, q.first_name FROM payment p JOIN patient q
            ON q.organization_id = p.organization_id AND q.seq = p.patient_seq";
    let mut cards = Vec::new();
    for row in tx.all(sql, Vec::new()).await.unwrap() {
        let id = almoner_domain::PaymentId::new(row.int("seq").unwrap());
        let payment = almoner_store::payments::get(&mut tx, org, id).await.unwrap();
        let name = (row.text("last_name").unwrap(), row.text("first_name").unwrap());
        cards.push(Card::new(payment.expect("it was just read"), name));
    }
    cards
}
