//! A small load on both engines: the books are whole, and the same seed gives the same rows.

use almoner_app::read;
use almoner_domain::time;
use almoner_store::Db;
use almoner_store::db::Aside;
use jiff::Timestamp;

use super::*;
use crate::demo::tests::{NOW, app, number};

const SMALL: Wanted = Wanted { payments: 2_000, patients: 700, locations: 5, seed: 7 };

async fn newest_seal(db: &Db) -> Vec<u8> {
    let sql = "SELECT seal AS it FROM audit_seal ORDER BY seal_no DESC LIMIT 1";
    db.read().await.unwrap().one(sql, Vec::new()).await.unwrap().bytes("it").unwrap()
}

/// What would be laid aside now.
async fn aside(db: &Db) -> Aside {
    let mut tx = db.begin().await.unwrap();
    let aside = tx.lay_aside(&bulk::tables()).await.unwrap();
    let again = tx.lay_aside(&bulk::tables()).await.unwrap();
    assert_eq!(again.indexes(), 0, "all are aside: {again:?}");
    aside
}

/// All patients and payments as text, which no two databases may disagree about.
async fn told(db: &Db) -> Vec<String> {
    let sql = "SELECT p.seq || ' ' || p.status || ' ' || p.amount_cents || ' ' || p.due_key || ' '
            || p.created_at_us || ' ' || coalesce(p.memo, '-') || ' ' || q.last_name || ' '
            || q.birth_day || ' ' || q.payment_count || ' ' || coalesce(q.email, '-') AS it
        FROM payment p JOIN patient q ON q.organization_id = p.organization_id
            AND q.seq = p.patient_seq
        ORDER BY p.seq";
    let rows = db.read().await.unwrap().all(sql, Vec::new()).await.unwrap();
    rows.iter().map(|row| row.text("it").unwrap()).collect()
}

almoner_store::on_both_engines! {
    async fn the_books_are_whole_and_the_data_is_like_a_clinics(db) {
        let app = app(&db);
        let mut seen = Vec::new();
        load(&app, SMALL, |progress| seen.push(progress)).await.unwrap();
        let clinic = read::organizations(&app).await.unwrap().remove(0);
        assert_eq!(clinic.organization.slug, crate::demo::SLUG, "the demo shows it");
        for finding in read::verify(&app, clinic.org(), None).await.unwrap() {
            assert_eq!(finding.difference, None, "{}", finding.proves);
        }
        for (sql, expected) in [
            ("SELECT count(*) AS it FROM payment", SMALL.payments),
            ("SELECT count(*) AS it FROM patient", SMALL.patients),
            ("SELECT count(*) AS it FROM location", SMALL.locations),
            ("SELECT count(DISTINCT status) AS it FROM payment", 9),
            ("SELECT count(DISTINCT location_seq) AS it FROM payment", SMALL.locations),
            ("SELECT count(*) AS it FROM audit_event WHERE seal_no IS NULL", 0),
            ("SELECT count(*) AS it FROM audit_event WHERE action = 'demo_data_loaded'", 1),
        ] {
            assert_eq!(number(&db, sql).await, expected, "{sql}");
        }
        let open = "SELECT count(*) AS it FROM payment
            WHERE status IN ('draft', 'pending', 'processing')";
        let new = "SELECT count(*) AS it FROM (
                SELECT status FROM payment ORDER BY seq DESC LIMIT 100) newest
            WHERE status IN ('draft', 'pending', 'processing')";
        let (open, new) = (number(&db, open).await, number(&db, new).await);
        assert!(new * 3 > open, "{new} of {open} open ones are among the newest 100 of 2,000");
        let past = time::micros(app.now());
        for sql in [
            "SELECT max(created_at_us) AS it FROM patient",
            "SELECT max(created_at_us) AS it FROM payment",
            "SELECT max(at_us) AS it FROM payment_transition",
            "SELECT max(at_us) AS it FROM audit_event",
        ] {
            assert!(number(&db, sql).await <= past, "nothing happened after now: {sql}");
        }
        let early = "SELECT count(*) AS it FROM payment p JOIN patient q
            ON q.organization_id = p.organization_id AND q.seq = p.patient_seq
            WHERE q.created_at_us >= p.created_at_us";
        assert_eq!(number(&db, early).await, 0, "patients are known before they owe");
        let last = seen.last().unwrap();
        assert!(last.rows > 10_000 && last.done == last.all, "{last:?}");
    }

    async fn what_was_laid_aside_is_there_again(db) {
        let before = aside(&db).await;
        assert!(before.indexes() > 20, "{before:?}");
        load(&app(&db), Wanted { payments: 20, patients: 9, ..SMALL }, |_| ()).await.unwrap();
        assert_eq!(format!("{:?}", aside(&db).await), format!("{before:?}"));
    }

    async fn the_same_seed_gives_the_same_rows(db) {
        let few = Wanted { payments: 300, patients: 120, ..SMALL };
        load(&app(&db), few, |_| ()).await.unwrap();
        let engine = db.engine();
        for (seed, is_same) in [(SMALL.seed, true), (SMALL.seed + 1, false)] {
            let other = almoner_store::testing::TestDb::new(engine).await;
            load(&app(&other), Wanted { seed, ..few }, |_| ()).await.unwrap();
            assert_eq!(told(&other).await == told(&db).await, is_same, "seed {seed}");
            // The seal covers the whole audit log, and so all that ever happened.
            assert_eq!(newest_seal(&other).await == newest_seal(&db).await, is_same, "{seed}");
        }
    }

    async fn what_holds_an_organization_is_left_as_it_is(db) {
        let app = app(&db);
        almoner_app::add_organization::add_organization(&app, "Real Clinic", "UTC").await.unwrap();
        let refused = load(&app, SMALL, |_| panic!("nothing is written")).await;
        assert!(matches!(refused, Err(Failure::Usage(_))), "{refused:?}");
        assert_eq!(number(&db, "SELECT count(*) AS it FROM organization").await, 1);
        assert_eq!(number(&db, "SELECT count(*) AS it FROM payment").await, 0);
    }

    async fn very_little_is_loaded_too(db) {
        let app = app(&db);
        let least = Wanted { payments: 1, patients: 1, locations: 1, seed: 0 };
        load(&app, least, |_| ()).await.unwrap();
        let clinic = read::organizations(&app).await.unwrap().remove(0);
        for finding in read::verify(&app, clinic.org(), None).await.unwrap() {
            assert_eq!(finding.difference, None, "{}", finding.proves);
        }
    }

    async fn text_of_any_kind_arrives_as_it_was(db) {
        let odd = "a\\b\tc\nd\re\\N 'f' \"g\" é 漢 \u{1}";
        let table = almoner_store::db::Table {
            name: "status_way",
            columns: &["from_status", "to_status"],
        };
        let mut tx = db.begin().await.unwrap();
        tx.fill(&table, vec![odd.into(), "\\N".into(), "".into(), "\\.".into()]).await.unwrap();
        let sql = "SELECT from_status AS it FROM status_way WHERE to_status = $1";
        for (to, from) in [("\\N", odd), ("\\.", "")] {
            let row = tx.one(sql, vec![to.into()]).await.unwrap();
            assert_eq!(row.text("it").unwrap(), from);
        }
    }
}

#[test]
fn payments_are_spread_over_all_days_but_sundays() {
    let zone = time::parse_zone("time_zone", "America/New_York").unwrap();
    let timeline = Timeline::new(NOW.parse().unwrap(), &zone, 100_000, 1_000);
    assert_eq!((timeline.first_payment(0), timeline.first_payment(DAYS)), (0, 100_000));
    let mut last = Timestamp::MIN;
    for day in 0..DAYS {
        for number in timeline.first_payment(day)..timeline.first_payment(day + 1) {
            let at = timeline.created(day, number, &story::dice(7, number));
            assert!(at > last && at < timeline.now, "each is later than the one before it");
            assert_ne!(timeline.date(at).weekday(), jiff::civil::Weekday::Sunday);
            last = at;
        }
        assert!((1..=1_000).contains(&timeline.known(day)));
    }
}

#[test]
fn a_few_names_are_common_and_most_are_rare() {
    let mut bearers = std::collections::BTreeMap::new();
    for number in 0..20_000 {
        *bearers.entry(people::called(7, number).last).or_insert(0) += 1;
    }
    let most = bearers.values().max().unwrap();
    assert!((100..1_000).contains(most), "{most}");
    assert!(bearers.len() > 8_000, "{}", bearers.len());
}
