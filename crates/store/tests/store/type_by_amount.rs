//! Payments of one type in the order of their amounts: as soon found where all of them are dearer
//! than the others.

use almoner_domain::list::{Direction, Filter, PageRequest, Place, Search, Sort};
use almoner_domain::payment::PaymentType;
use almoner_store::db::{Engine, Tx};
use almoner_store::on_both_engines;
use almoner_store::payment_list::{self, Calendar};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::common::{run, settle};
use crate::flat::{SETTLED, worst_cost};
use crate::flat_load;

const PAYMENTS: i64 = 30_000;
/// What may be read on top of what the list in the order of creation reads, which differs in how
/// many rows of the type lie behind one another.
const MARGIN: i64 = 4_000;

on_both_engines! {
    async fn the_cheapest_of_a_dear_type_are_looked_up(db) {
        let org = flat_load::load(&db, PAYMENTS).await;
        let dear = "UPDATE payment SET kind = 'private_pay' WHERE amount_cents > 25000";
        assert!(run(&db, dear, Vec::new()).await.unwrap() > 10_000, "more than are collected");
        settle(&db).await;
        let mut tx = match db.engine() {
            Engine::Sqlite => db.read().await.unwrap(),
            Engine::Postgres => db.begin().await.unwrap(),
        };
        let calendar = Calendar { zone: TimeZone::UTC, today: Date::constant(2026, 6, 15) };
        let filter = Filter { kind: Some(PaymentType::PrivatePay), ..Filter::default() };
        let mut costs = Vec::new();
        for sort in [Sort::Created, Sort::Amount] {
            let request = PageRequest {
                search: Search::All,
                filter: filter.clone(),
                sort,
                direction: Direction::Ascending,
                per_page: 50,
                place: Place::First,
            };
            let read = async |tx: &mut Tx| {
                let page = payment_list::page(tx, org, &request, &calendar).await.unwrap();
                assert_eq!(page.rows.len(), 50);
            };
            costs.push(worst_cost(&mut tx, SETTLED, read).await.rows);
        }
        println!("{:?}: {costs:?} by creation and by amount", db.engine());
        assert!(costs[1] <= costs[0] + MARGIN, "{costs:?}");
    }
}
