//! What the processor paid out, on its pages.

use almoner_domain::role::Role;
use almoner_domain::{LocationId, Money, PayoutId};
use almoner_store::on_both_engines;
use almoner_store::payouts::{self, Movement, PayoutState, ToldPayout};

use crate::site::Site;

/// A payout of so many cents, of which nothing is known yet.
pub(crate) async fn paid_out(site: &Site, cents: i64) -> PayoutId {
    let now = site.app.now();
    let told = ToldPayout {
        processor: site.app.processor.name(),
        id: &format!("po_{cents}"),
        amount: Money::from_cents(cents),
        currency: "USD",
        standing: "in_transit",
        created_at: now,
        arrives_at: now,
        fetched_at: now,
    };
    let mut tx = site.app.db.begin().await.unwrap();
    let id = payouts::keep(&mut tx, site.clinic.id, &told).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A payment of another program, which the books do not know.
async fn itemised(site: &Site, payout: PayoutId, cents: i64) {
    let movement = Movement {
        id: format!("txn_<b>{payout}"),
        kind: "O'Brien & Søn <b>".to_owned(),
        amount: Money::from_cents(cents),
        fee: Money::from_cents(50),
        source: None,
        processor_payment: None,
        reference: None,
        created_at: site.app.now(),
        location: LocationId::new(1),
        ours: None,
    };
    let (mut tx, org) = (site.app.db.begin().await.unwrap(), site.clinic.id);
    payouts::keep_movement(&mut tx, org, payout, &movement).await.unwrap();
    let booked = (PayoutState::Itemised, 1);
    payouts::set_booked(&mut tx, org, payout, booked, Money::ZERO).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn payouts_are_listed_with_what_does_not_fit(db) {
        let site = Site::new(db).await;
        let biller = site.browser(Role::Biller).await;
        biller.get("/payouts").await.shows(200, &["No payouts yet", "href=\"/payouts\""]);
        paid_out(&site, 1_000).await;
        let other = paid_out(&site, -2_050).await;
        let unknown = biller.get("/payouts/PYO-001").await;
        unknown.shows(200, &["$10.00", "not known yet", "not known</dd>", "on its way", "po_1000"]);
        unknown.lacks(&["$0.00"]);
        itemised(&site, other, -2_000).await;
        let list = biller.get("/payouts").await;
        list.shows(200, &["PYO-001", "not known yet", "PYO-002", "-$20.50", "-$20.00", "in 1"]);
        let page = biller.get("/payouts/PYO-002").await;
        page.shows(200, &["Differences", "not in the books", "O&#39;Brien &#38; Søn &#60;b&#62;"]);
        page.lacks(&["In the books</h2>", "is missing"]);
        biller.get("/payouts/PYO-999").await.shows(404, &[]);
        for role in [Role::Manager, Role::Administrator, Role::Auditor] {
            site.browser(role).await.get("/payouts/PYO-002").await.shows(200, &["PYO-002"]);
        }
    }
}
