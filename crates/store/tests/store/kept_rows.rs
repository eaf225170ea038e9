//! What is written stays written: the database refuses, whoever asks.

use almoner_domain::document::DocumentKind;
use almoner_domain::list_look::ListLook;
use almoner_domain::refund::ReversalReason;
use almoner_domain::report::Tally;
use almoner_domain::role::Role;
use almoner_domain::{
    DrawerCountId, LocationId, Money, OrganizationId, PaymentId, ReceiptId, RefundId, Status,
    UserId,
};
use almoner_store::attempts::AttemptId;
use almoner_store::author::Author;
use almoner_store::day_close::{self, Counted, NewCount};
use almoner_store::db::{Db, Engine, StoreError};
use almoner_store::disputes::{self, Dispute};
use almoner_store::documents::{self, NewDocument};
use almoner_store::exceptions::{self, ExceptionKind, NewException};
use almoner_store::ledger::Moment;
use almoner_store::notes::{self, Note};
use almoner_store::payments::{self, EstimateSnapshot, Transition};
use almoner_store::payouts::{self, Movement, ToldPayout};
use almoner_store::receipts::{self, Source};
use almoner_store::staff::{self, StaffUser};
use almoner_store::tenders::{self, Reversal};
use almoner_store::unapplied_refunds::{self, NewUnappliedRefund};
use almoner_store::{Tx, audit, on_both_engines, params, stored_files, unapplied};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::clinic;
use crate::common::{at, number, run, run_refused};

/// Every table whose rows are kept, with a change of each of its kinds of column.
const KEPT: [(&str, &[&str]); 16] = [
    ("ledger_transfer", &["amount_cents = amount_cents + 1", "event = 'other'", "version = 9"]),
    ("payment_transition", &["to_status = 'draft'", "reason = 'other'", "at_us = 0"]),
    ("tender", &["amount_cents = 1", "kind = 'check'", "key_seq = 3"]),
    ("tender_reversal", &["amount_cents = 1", "notes = 'x'", "key_seq = 3"]),
    ("receipt", &["amount_cents = 1", "payment_seq = 9", "refund_seq = 1"]),
    ("payment_estimate", &["snapshot = 'x'", "entered_cents = 1"]),
    ("payment_attempt", &["amount_cents = 1", "reference = 'x'", "started_at_us = 0"]),
    ("unapplied_money", &["amount_cents = 1", "attempt_no = 9", "version = 9"]),
    ("unapplied_refund", &["amount_cents = 1", "attempt_no = 9", "reference = 'x'"]),
    ("payout", &["amount_cents = 1", "payout_id = 'x'", "currency = 'x'"]),
    ("payout_movement", &["fee_cents = 2, net_cents = net_cents - 1", "kind = 'fee'"]),
    ("money_exception", &["words = 'x'", "amount_cents = 1", "solution = 'x'"]),
    ("note_version", &["body = 'x'", "written_at_us = 0"]),
    ("drawer_count", &["cash_cents = 1", "note = 'x'", "booked_cash_cents = 1"]),
    ("audit_seal", &["seal = previous", "event_count = 1"]),
    ("audit_event", &["detail = 'x'", "at_us = 0", "user_seq = 3", "key_seq = 3"]),
];

/// Tables whose rows move on in their own ways, and are never deleted.
const MOVING: [&str; 5] = ["payment", "refund", "dispute", "document", "note"];

/// What of a row that moves on is kept all the same.
const KEPT_OF_MOVING: [(&str, &[&str]); 3] = [
    ("refund", &["user_seq = 3", "key_seq = 3"]),
    ("document", &["added_at_us = 0", "size_bytes = 9", "kind = 'csv'", "user_seq = 3"]),
    ("note", &["user_seq = 3", "created_at_us = 0"]),
];

/// A row, at least, in each of the tables.
pub(crate) async fn fill(db: &Db) {
    let org = clinic::one_of_each(db).await;
    let paid = Status::Paid.rank() + 1;
    let mut tx = db.begin().await.expect("a transaction begins");
    let id = PaymentId::new(paid);
    let mut payment = payments::get(&mut tx, org, id).await.unwrap().expect("it is there");
    let (from, tender_version) = (payment.status, payment.version);
    payment.changed(at("2026-03-05T12:00:00Z"));
    payment.status = Status::Pending;
    payment.collected = Money::ZERO;
    payment.paid_at = None;
    let moment = Moment { at: at("2026-03-05T12:00:00Z"), day: DAY, location: LocationId::new(1) };
    payments::update_status(&mut tx, org, &payment).await.unwrap();
    let step = Transition {
        version: payment.version,
        from: Some(from),
        to: Status::Pending,
        by: almoner_domain::status::By::Reversal,
        user: None,
        reason: None,
        at: moment.at,
    };
    payments::insert_transition(&mut tx, org, id, &step).await.unwrap();
    let reversal = Reversal {
        version: payment.version,
        tender_version,
        reason: ReversalReason::EnteredInError,
        notes: None,
        amount: payment.amount,
        author: Author::User(UserId::new(1)),
    };
    tenders::reverse(&mut tx, org, id, &reversal, moment).await.unwrap();
    let receipt = (ReceiptId::new(1), id);
    let source = Source::Tender(tender_version);
    receipts::insert(&mut tx, org, receipt, source, payment.amount).await.unwrap();
    let voided = PaymentId::new(Status::Voided.rank() + 1);
    let aside = (1, payment.amount);
    unapplied::insert(&mut tx, org, (voided, 1), aside, moment).await.unwrap();
    fill_rest(&mut tx, org, ((voided, 1), payment.amount), moment).await;
    count_drawer(&mut tx, org, moment).await;
    let exception = NewException {
        kind: ExceptionKind::SecondCapture,
        mark: "one",
        payment: Some(voided),
        money: Some((payment.amount, "USD")),
        words: "It was paid twice.",
    };
    exceptions::raise(&mut tx, org, &exception, moment.at).await.unwrap();
    let estimate =
        EstimateSnapshot { snapshot: "{}".to_owned(), estimated: None, entered: payment.amount };
    payments::insert_estimate(&mut tx, org, id, &estimate).await.unwrap();
    fill_attached(&mut tx, org, id, moment.at).await;
    audit::seal(&mut tx, org, moment.at).await.unwrap().expect("there is something to seal");
    tx.commit().await.unwrap();
}

/// A document, and a note that was edited.
async fn fill_attached(tx: &mut Tx, org: OrganizationId, payment: PaymentId, now: Timestamp) {
    let file = [7; 16];
    stored_files::begin(tx, org, &file, now).await.unwrap();
    assert!(stored_files::keep(tx, org, &file).await.unwrap());
    let user = Some(UserId::new(1));
    let document = NewDocument {
        name: "scan.pdf".to_owned(),
        kind: DocumentKind::Pdf,
        size_bytes: 7,
        hash: vec![1; 32],
        size_px: None,
        file,
        user,
        key: None,
    };
    documents::insert(tx, org, payment, &document, now).await.unwrap();
    let author = Author::User(UserId::new(1));
    let number = notes::insert(tx, org, payment, (author, "First."), now).await.unwrap();
    let note = Note {
        number,
        author,
        author_name: "Sample".to_owned(),
        body: "First.".to_owned(),
        created_at: now,
        version: 1,
        edited_at: None,
        earlier: Vec::new(),
    };
    notes::edit(tx, org, payment, (&note, "Second."), now).await.unwrap();
}

/// What is given back, disputed and paid out of money that was taken for nothing.
async fn fill_rest(
    tx: &mut Tx,
    org: OrganizationId,
    (attempt, amount): (AttemptId, Money),
    moment: Moment,
) {
    let given_back = NewUnappliedRefund {
        id: RefundId::new(9),
        attempt,
        amount,
        reference: "1-REF-9",
        user: None,
    };
    unapplied_refunds::insert(tx, org, &given_back, moment).await.unwrap();
    let dispute = Dispute {
        id: "dp_1".to_owned(),
        attempt,
        amount,
        currency: "USD".to_owned(),
        standing: "lost".to_owned(),
        reason: "general".to_owned(),
        answer_by: None,
        opened_at: moment.at,
        fetched_at: moment.at,
        booked: None,
    };
    disputes::keep(tx, org, "sandbox", &dispute).await.unwrap();
    let told = ToldPayout {
        processor: "sandbox",
        id: "po_1",
        amount,
        currency: "USD",
        standing: "paid",
        created_at: moment.at,
        arrives_at: moment.at,
        fetched_at: moment.at,
    };
    let payout = payouts::keep(tx, org, &told).await.unwrap();
    let movement = Movement {
        id: "txn_1".to_owned(),
        kind: "payment".to_owned(),
        amount,
        fee: Money::from_cents(1),
        source: None,
        processor_payment: None,
        reference: None,
        created_at: moment.at,
        location: LocationId::new(1),
        ours: None,
    };
    assert!(payouts::keep_movement(tx, org, payout, &movement).await.unwrap());
    assert!(!payouts::keep_movement(tx, org, payout, &movement).await.unwrap());
}

/// What somebody counted that day.
async fn count_drawer(tx: &mut Tx, org: OrganizationId, moment: Moment) {
    let user = UserId::new(1);
    let member = StaffUser {
        org,
        id: user,
        email: "dana@clinic.example".to_owned(),
        name: "Dana".to_owned(),
        role: Role::Manager,
        password_hash: String::new(),
        last_location: None,
        list_look: ListLook::default(),
        disabled_at: None,
    };
    staff::insert(tx, &member, moment.at).await.unwrap();
    let count = NewCount {
        id: DrawerCountId::new(1),
        location: moment.location,
        day: moment.day,
        counted: Counted { cash: Money::from_cents(500), checks: None },
        booked: (Money::from_cents(500), Tally::default()),
        note: None,
        user,
        at: moment.at,
    };
    day_close::insert_count(tx, org, &count).await.unwrap();
}

const DAY: Date = Date::constant(2026, 3, 5);

on_both_engines! {
    async fn kept_rows_are_neither_changed_nor_deleted(db) {
        fill(&db).await;
        for (table, changes) in KEPT {
            let why = format!("{table} rows are never changed or deleted");
            let count = format!("SELECT count(*) AS n FROM {table}");
            let rows = number(&db, &count).await;
            assert!(rows > 0, "{table} has rows to refuse on");
            for change in changes {
                run_refused(&db, &format!("UPDATE {table} SET {change}"), &why).await;
            }
            run_refused(&db, &format!("DELETE FROM {table}"), &why).await;
            assert_eq!(number(&db, &count).await, rows, "{table}");
        }
        for table in MOVING {
            let why = format!("{table} rows are never changed or deleted");
            run_refused(&db, &format!("DELETE FROM {table}"), &why).await;
        }
        for (table, changes) in KEPT_OF_MOVING {
            let why = format!("{table} rows are never changed or deleted");
            for change in changes {
                run_refused(&db, &format!("UPDATE {table} SET {change}"), &why).await;
            }
        }
    }

    async fn nothing_is_replaced_or_emptied_in_passing(db) {
        fill(&db).await;
        let tables = KEPT.iter().map(|(table, _)| *table).chain(MOVING);
        for table in tables {
            let count = format!("SELECT count(*) AS n FROM {table}");
            let rows = number(&db, &count).await;
            if db.engine() == Engine::Postgres {
                let why = "rows are never changed or deleted";
                run_refused(&db, &format!("TRUNCATE {table} CASCADE"), why).await;
            } else {
                // This engine would delete the row that is replaced without its delete rule.
                let again = format!("REPLACE INTO {table} SELECT * FROM {table}");
                let told = run(&db, again, Vec::new()).await;
                assert!(matches!(told, Err(StoreError::Duplicate(_))), "{table}: {told:?}");
            }
            assert_eq!(number(&db, &count).await, rows, "{table}");
        }
    }

    async fn a_second_row_with_the_same_key_is_told_as_that(db) {
        fill(&db).await;
        for (table, _) in KEPT {
            let again = format!("INSERT INTO {table} SELECT * FROM {table}");
            let told = run(&db, again, Vec::new()).await;
            assert!(matches!(told, Err(StoreError::Duplicate(_))), "{table}: {told:?}");
        }
    }

    async fn an_event_takes_its_seal_once(db) {
        let org = clinic::one_of_each(&db).await;
        let why = "audit_event rows are never changed or deleted";
        let one = "WHERE organization_id = 1 AND subject_seq = 1 AND subject_version = 1";
        let both = format!("UPDATE audit_event SET seal_no = 1, detail = 'x' {one}");
        run_refused(&db, &both, why).await;
        run_refused(&db, &format!("UPDATE audit_event SET seal_no = NULL {one}"), why).await;
        let sealed = run(&db, format!("UPDATE audit_event SET seal_no = $1 {one}"), params![7_i64]);
        assert_eq!(sealed.await.expect("the first seal is taken"), 1);
        for seal in ["8", "7", "NULL"] {
            run_refused(&db, &format!("UPDATE audit_event SET seal_no = {seal} {one}"), why).await;
        }
        assert_eq!(org.0, 1);
    }
}
