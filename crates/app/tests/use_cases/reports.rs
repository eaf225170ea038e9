//! Reports: they agree with each other, with the cards, and with the ledger, to the cent.

use std::collections::BTreeMap;

use almoner_app::Error;
use almoner_app::count_drawer::{CountEntry, count_drawer};
use almoner_app::create_payment::create_payment;
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::export_report::{Format, Report, export_report};
use almoner_app::read_reports::{self, DayCloseView};
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::settle_refund::{settle_refund, settle_refunds};
use almoner_domain::ledger::Account;
use almoner_domain::list::PageRequest;
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{RefundState, ReversalReason};
use almoner_domain::report::{Age, Aging, Tally};
use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, Money, PaymentId, Status, time};
use almoner_store::cards::Collected;
use almoner_store::on_both_engines;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};

use crate::common::{Clinic, Dice, cents, fault, rounds};
use crate::exports::books_agree;

/// Days that the clinics of these tests live; they begin on the tenth of March.
const DAYS: i32 = 60;
const FIRST: Date = Date::constant(2026, 3, 10);

async fn day(clinic: &Clinic, day: Date) -> DayCloseView {
    read_reports::day_close(&clinic.app, &clinic.manager(), day).await.unwrap()
}

/// A payment of any type at any location.
async fn any_payment(clinic: &Clinic, dice: &Dice) -> PaymentId {
    let mut asked = clinic.asked(dice.amount(90_000).cents());
    asked.kind = *dice.pick(&[None, Some(PaymentType::OfficeVisit), Some(PaymentType::PrivatePay)]);
    asked.location = Some(*dice.pick(&[clinic.downtown, clinic.harbor]));
    let today = clinic.manager().date(clinic.app.now());
    let days = i32::try_from(dice.below(240)).expect("days are few") - 150;
    asked.due = (dice.below(4) > 0).then(|| today.saturating_add(days.days()));
    asked.confirm_past_due_date = true;
    asked.draft = dice.below(8) == 0;
    create_payment(&clinic.app, &clinic.manager(), &asked).await.unwrap()
}

/// Gives a payment another type, which is refused while it is locked.
async fn retype(clinic: &Clinic, id: PaymentId, kind: PaymentType) {
    let payment = clinic.payment(id).await;
    let input = EditPayment {
        payment: id,
        version: payment.version,
        patient: payment.patient,
        amount: payment.amount,
        kind: Some(kind),
        treatment: None,
        location: Some(payment.location),
        due: payment.due,
        confirm_past_due_date: true,
        memo: None,
    };
    let _ = edit_payment(&clinic.app, &clinic.manager(), &input).await;
}

/// Something happens to a payment; what is not allowed then is refused, and that is all.
async fn happen(clinic: &Clinic, dice: &Dice, id: PaymentId) {
    let tenders =
        ["cash", "check", "card_terminal", "bank_transfer", "hsa_fsa_card", "money_order"];
    match dice.below(8) {
        0..3 => {
            let kind: &&str = dice.pick(&tenders);
            drop(clinic.pay(id, kind).await);
        }
        3 => {
            let reason =
                *dice.pick(&[ReversalReason::EnteredInError, ReversalReason::ReturnedUnpaid]);
            let input = ReverseTender { payment: id, version: None, reason, notes: None };
            drop(reverse_tender(&clinic.app, &clinic.manager(), &input).await);
        }
        4 => drop(clinic.change(id, *dice.pick(&[Status::Failed, Status::Cancelled])).await),
        5 => retype(clinic, id, *dice.pick(&PaymentType::ALL)).await,
        6 => {
            if clinic.begin(id).await.is_ok() {
                clinic.told(id, almoner_app::attempt::Outcome::Captured).await.unwrap();
            }
        }
        _ => {
            let part = dice.amount(30_000).cents();
            if let Ok(refund) = clinic.refund(id, part).await
                && dice.below(3) == 0
            {
                clinic.pass(SignedDuration::from_hours(20));
                let failed = RefundState::Failed;
                settle_refund(&clinic.app, &clinic.system(), refund, failed).await.unwrap();
            }
        }
    }
}

/// A clinic that lived for [`DAYS`] days.
async fn live(clinic: &Clinic, dice: &Dice) {
    let mut payments = Vec::new();
    for _ in 0..rounds(120, 600) {
        if payments.is_empty() || dice.below(3) == 0 {
            payments.push(any_payment(clinic, dice).await);
        }
        happen(clinic, dice, *dice.pick(&payments)).await;
        if dice.below(6) == 0 {
            settle_refunds(&clinic.app, &clinic.system()).await.unwrap();
        }
        let last = FIRST.saturating_add((DAYS - 2).days());
        if clinic.manager().date(clinic.app.now()) < last {
            clinic.pass(SignedDuration::from_mins(i64::try_from(dice.below(900)).unwrap()));
        }
    }
}

type ByTender = BTreeMap<(i64, LocationId, TenderType), Money>;

/// Every day's net by month, location and tender; each day agrees with the ledger.
async fn days_by_tender(clinic: &Clinic) -> ByTender {
    let mut found = ByTender::new();
    for ago in 0..DAYS + 30 {
        let date = FIRST.saturating_add(ago.days());
        for place in day(clinic, date).await.locations {
            assert!(place.day.agrees(), "{date} at {}: {:?}", place.location.id, place.day);
            for (&tender, sums) in &place.day.tenders {
                let key = (time::month_key(date), place.location.id, tender);
                let sum = found.entry(key).or_default();
                *sum = sum.plus(sums.net());
            }
        }
    }
    found.retain(|_, sum| *sum != Money::ZERO);
    found
}

async fn collected(clinic: &Clinic, places: &[LocationId]) -> (ByTender, BTreeMap<i64, Collected>) {
    let span = (Date::constant(2025, 4, 1), Date::constant(2027, 1, 1));
    let manager = clinic.manager();
    let view = read_reports::collections(&clinic.app, &manager, span, places).await.unwrap();
    let (mut by_tender, mut by_month) = (ByTender::new(), BTreeMap::<i64, Collected>::new());
    for row in &view.rows {
        let sum = by_tender.entry((row.month, row.location, row.tender)).or_default();
        *sum = sum.plus(row.sums.net());
        let month = by_month.entry(row.month).or_default();
        month.gross = month.gross.plus(row.sums.gross);
        month.refunded = month.refunded.plus(row.sums.refunded);
    }
    by_tender.retain(|_, sum| *sum != Money::ZERO);
    (by_tender, by_month)
}

/// What is outstanding, counted from the payments themselves.
async fn aged_by_hand(clinic: &Clinic, today: Date) -> BTreeMap<(LocationId, Age), Tally> {
    let mut found: BTreeMap<(LocationId, Age), Tally> = BTreeMap::new();
    let last = clinic.number("SELECT max(seq) AS n FROM payment").await;
    for seq in 1..=last {
        let payment = clinic.payment(PaymentId::new(seq)).await;
        if payment.status.is_outstanding() {
            let entry = found.entry((payment.location, Age::of(payment.due, today))).or_default();
            *entry = entry.plus(Tally { count: 1, amount: payment.amount });
        }
    }
    found
}

async fn aging_agrees(clinic: &Clinic) {
    let view = read_reports::aging(&clinic.app, &clinic.manager()).await.unwrap();
    let by_hand = aged_by_hand(clinic, view.today).await;
    let mut all = Aging::default();
    for (location, aging) in &view.locations {
        for age in Age::ALL {
            let expected = by_hand.get(&(location.id, age)).copied().unwrap_or_default();
            assert_eq!(aging.of(age), expected, "{age:?} at {}", location.id);
        }
        all = all.plus(aging);
    }
    let cards = clinic.cards().await;
    let card = Tally { count: cards.outstanding.count, amount: cards.outstanding.amount };
    assert_eq!(all.total(), card);
    let card = Tally { count: cards.overdue.count, amount: cards.overdue.amount };
    assert_eq!(all.overdue(), card);
    let mut request = PageRequest::default();
    (request.filter.overdue, request.filter.statuses) = (true, vec![Status::Failed]);
    let manager = clinic.manager();
    let failed = almoner_app::read_payments::payments(&clinic.app, &manager, &request);
    let failed = failed.await.unwrap();
    assert_eq!(all.failed().count, failed.page.total);
}

fn entry(cash: &str) -> CountEntry {
    CountEntry {
        location: "LOC-001".to_owned(),
        day: "2026-03-10".to_owned(),
        cash: cash.to_owned(),
        ..CountEntry::default()
    }
}

async fn count(clinic: &Clinic, entry: &CountEntry, key: &str) -> Result<i64, Error> {
    let counted = count_drawer(&clinic.app, &clinic.manager(), entry, Some(key)).await;
    counted.map(almoner_domain::DrawerCountId::seq)
}

on_both_engines! {
    async fn the_reports_agree_with_each_other_and_with_the_ledger(db) {
        let clinic = Clinic::new(db).await;
        let dice = Dice::new(7);
        live(&clinic, &dice).await;
        let (by_tender, by_month) = collected(&clinic, &[]).await;
        assert!(by_tender.len() > 10, "{by_tender:?}");
        assert_eq!(days_by_tender(&clinic).await, by_tender);
        for places in [vec![], vec![clinic.harbor], vec![clinic.downtown, clinic.harbor]] {
            let (_, by_month) = collected(&clinic, &places).await;
            for (month, card) in clinic.cards_of(&places).await.trend {
                let sums = by_month.get(&month).copied().unwrap_or_default();
                assert_eq!(sums, card, "{month} at {places:?}");
            }
        }
        let all: Money = by_month.values().map(|sums| sums.net()).sum();
        assert_eq!(clinic.cards().await.collected.net(), all);
        aging_agrees(&clinic).await;
        books_agree(&clinic, (FIRST, FIRST.saturating_add((DAYS + 30).days()))).await;
        clinic.verified().await;
    }

    async fn each_event_counts_on_its_own_day(db) {
        let clinic = Clinic::new(db).await;
        let (cash, card) = (clinic.paid(5_000, "cash").await, clinic.charged(8_000).await);
        let check = clinic.paid(700, "check").await;
        let late = clinic.refund(card, 3_000).await.unwrap();
        // Half past eleven in the evening of the tenth in New York is the eleventh in UTC.
        clinic.set("2026-03-11T03:30:00Z");
        clinic.refund(cash, 1_000).await.unwrap();
        let closed = day(&clinic, FIRST).await.locations[0].day.clone();
        clinic.set("2026-03-11T15:00:00Z");
        settle_refunds(&clinic.app, &clinic.system()).await.unwrap();
        let (payment, reason) = (check, ReversalReason::ReturnedUnpaid);
        let input = ReverseTender { payment, version: None, reason, notes: None };
        reverse_tender(&clinic.app, &clinic.manager(), &input).await.unwrap();
        clinic.set("2026-03-12T15:00:00Z");
        settle_refund(&clinic.app, &clinic.system(), late, RefundState::Failed).await.unwrap();
        assert_eq!(day(&clinic, FIRST).await.locations[0].day, closed, "a day that is over stays");
        let net = |day: &DayCloseView| day.locations[0].day.sums().net();
        assert_eq!(closed.sums().net(), cents(5_000 - 1_000 + 8_000 - 3_000 + 700));
        assert_eq!(closed.booked(Account::Cash), cents(4_000));
        assert_eq!(closed.drawer(), (cents(4_000), Tally { count: 1, amount: cents(700) }));
        let (second, third) = (day(&clinic, FIRST.saturating_add(1.days())).await,
            day(&clinic, FIRST.saturating_add(2.days())).await);
        assert_eq!((net(&second), net(&third)), (cents(-700), cents(3_000)));
        assert!(second.locations[0].day.agrees() && third.locations[0].day.agrees());
        clinic.verified().await;
    }

    async fn a_type_that_changes_later_leaves_a_closed_month_alone(db) {
        let clinic = Clinic::new(db).await;
        let id = clinic.paid(700, "check").await;
        clinic.set("2026-04-02T15:00:00Z");
        let reason = ReversalReason::ReturnedUnpaid;
        let input = ReverseTender { payment: id, version: None, reason, notes: None };
        reverse_tender(&clinic.app, &clinic.manager(), &input).await.unwrap();
        retype(&clinic, id, PaymentType::PrivatePay).await;
        clinic.pay(id, "cash").await.unwrap();
        let span = (FIRST, FIRST.saturating_add(1.months()));
        let manager = clinic.manager();
        let view = read_reports::collections(&clinic.app, &manager, span, &[]).await.unwrap();
        let told = view.rows.iter().map(|row| (row.month, row.kind, row.tender, row.sums.gross));
        let visit = Some(PaymentType::OfficeVisit);
        let expected = [
            (202_603, visit, TenderType::Check, cents(700)),
            (202_604, visit, TenderType::Check, cents(-700)),
            (202_604, Some(PaymentType::PrivatePay), TenderType::Cash, cents(700)),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        clinic.verified().await;
    }

    async fn counts_are_kept_beside_what_the_books_said_then(db) {
        let clinic = Clinic::new(db).await;
        clinic.paid(5_000, "cash").await;
        clinic.paid(700, "check").await;
        clinic.paid(300, "money_order").await;
        let counted = CountEntry {
            check_count: "2".to_owned(),
            checks: "10.00".to_owned(),
            note: "O'Brien & Søn <b>".to_owned(),
            ..entry("48.50")
        };
        assert_eq!(count(&clinic, &counted, "one").await.unwrap(), 1);
        assert_eq!(count(&clinic, &counted, "one").await.unwrap(), 1, "twice is once");
        assert!(matches!(count(&clinic, &entry("1"), "one").await, Err(Error::KeyReused)));
        clinic.paid(1_000, "cash").await;
        assert_eq!(count(&clinic, &entry("$60"), "two").await.unwrap(), 2);
        let counts = day(&clinic, FIRST).await.locations[0].counts.clone();
        let told = counts.iter().map(|c| (c.id.seq(), c.counted.cash, c.booked.0));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [(2, cents(6_000), cents(6_000)), (1, cents(4_850), cents(5_000))]);
        assert_eq!(counts[0].counted.checks, None);
        let checks = Tally { count: 2, amount: cents(1_000) };
        assert_eq!((counts[1].counted.checks, counts[1].booked.1), (Some(checks), checks));
        assert_eq!(counts[1].note.as_deref(), Some("O'Brien & Søn <b>"));
        clinic.verified().await;
        let audited = "SELECT count(*) AS n FROM audit_event WHERE action = 'drawer_counted'";
        assert_eq!(clinic.number(audited).await, 2);
    }

    async fn what_cannot_be_counted_is_refused(db) {
        let clinic = Clinic::new(db).await;
        for (name, typed, field, code) in [
            ("cash", "", "cash", "required"),
            ("cash", "-1", "cash", "negative"),
            ("cash", "10,000,000", "cash", "too_large"),
            ("cash", "1.001", "cash", "too_many_decimals"),
            ("day", "2026-03-11", "day", "in_the_future"),
            ("day", "soon", "day", "not_a_date"),
            ("checks", "5", "check_count", "not_a_number"),
            ("check_count", "3", "checks", "required"),
        ] {
            let mut wrong = entry("1.00");
            let filled = match name {
                "cash" => &mut wrong.cash,
                "day" => &mut wrong.day,
                "checks" => &mut wrong.checks,
                _ => &mut wrong.check_count,
            };
            typed.clone_into(filled);
            assert_eq!(fault(count(&clinic, &wrong, "k").await), (field.into(), code.into()));
        }
        let mut none = entry("1.00");
        (none.check_count, none.checks) = ("0".to_owned(), "5".to_owned());
        assert_eq!(fault(count(&clinic, &none, "k").await), ("checks".into(), "mismatch".into()));
        for location in ["LOC-099", "x", ""] {
            let entry = CountEntry { location: location.to_owned(), ..entry("1.00") };
            assert!(matches!(count(&clinic, &entry, "k").await, Err(Error::NotFound(_))));
        }
        assert_eq!(clinic.number("SELECT count(*) AS n FROM drawer_count").await, 0);
    }

    async fn sixteen_at_once_keep_one_count_of_a_key(db) {
        let clinic = Clinic::new(db).await;
        let entry = entry("1.00");
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (app, manager, entry) = (clinic.app.clone(), clinic.manager(), entry.clone());
            asked.spawn(async move { count_drawer(&app, &manager, &entry, Some("k")).await });
        }
        while let Some(counted) = asked.join_next().await {
            assert_eq!(counted.unwrap().unwrap().seq(), 1);
        }
        assert_eq!(clinic.number("SELECT count(*) AS n FROM drawer_count").await, 1);
        clinic.verified().await;
    }

    async fn exports_are_in_the_audit_log(db) {
        let clinic = Clinic::new(db).await;
        let span = (FIRST, FIRST);
        for report in
            [Report::DayClose(FIRST), Report::Collections(span, vec![clinic.harbor]), Report::Aging]
        {
            let (app, manager) = (&clinic.app, clinic.manager());
            export_report(app, &manager, &report, Format::Xlsx).await.unwrap();
        }
        let sql = "SELECT count(*) AS n FROM audit_event WHERE action = 'report_exported'
            AND user_seq IS NOT NULL AND detail LIKE '%XLSX%'
            AND subject IN ('day_close', 'collections', 'aging')";
        assert_eq!(clinic.number(sql).await, 3);
    }
}
