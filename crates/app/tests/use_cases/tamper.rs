//! Whoever changes the books by hand is found out.
//!
//! Each tampering happens within a transaction that is never committed, after everything that
//! would refuse it (triggers, foreign keys) was taken away, so that every one of them meets the
//! same story.

use almoner_app::add_note::{AddNote, add_note};
use almoner_app::attempt::Outcome;
use almoner_app::count_drawer::{CountEntry, count_drawer};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::give_back::give_back;
use almoner_app::read;
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::settle_refund::{settle_refund, settle_refunds};
use almoner_app::settle_unapplied::settle_unapplied;
use almoner_domain::refund::{RefundState, ReversalReason};
use almoner_domain::{LocationId, PaymentId, Status};
use almoner_store::db::{Engine, Value};
use almoner_store::{Tx, on_both_engines, params, verify};
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::common::{Clinic, cents, rounds};
use crate::given_back::paid_twice;

/// A story in which everything happens that the books know.
async fn story(clinic: &Clinic) {
    let minute = || clinic.pass(SignedDuration::from_mins(1));
    let edited = clinic.pending(700).await;
    minute();
    for (amount, location) in [(900, clinic.downtown), (700, clinic.harbor)] {
        edit(clinic, edited, (amount, location)).await;
        minute();
    }
    let cancelled = clinic.pending(800).await;
    minute();
    clinic.change(cancelled, Status::Cancelled).await.unwrap();
    clinic.draft(850).await;
    minute();
    let reversed = clinic.paid(500, "check").await;
    minute();
    let input = ReverseTender {
        payment: reversed,
        version: None,
        reason: ReversalReason::ReturnedUnpaid,
        notes: None,
    };
    reverse_tender(&clinic.app, &clinic.manager(), &input).await.unwrap();
    let by_hand = clinic.paid(1_000, "cash").await;
    minute();
    clinic.refund(by_hand, 300).await.unwrap();
    let by_card = clinic.charged(2_000).await;
    minute();
    let late = clinic.refund(by_card, 400).await.unwrap();
    settle_refunds(&clinic.app, &clinic.system()).await.unwrap();
    minute();
    settle_refund(&clinic.app, &clinic.system(), late, RefundState::Failed).await.unwrap();
    minute();
    clinic.refund(by_card, 150).await.unwrap();
    let voided = clinic.pending(600).await;
    minute();
    clinic.begin(voided).await.unwrap();
    for outcome in [Outcome::Authorized, Outcome::Released] {
        clinic.told(voided, outcome).await.unwrap();
    }
    let twice = clinic.pending(650).await;
    minute();
    clinic.begin(twice).await.unwrap();
    clinic.told(twice, Outcome::Expired).await.unwrap();
    clinic.pay(twice, "cash").await.unwrap();
    minute();
    clinic.told(twice, Outcome::Captured).await.unwrap();
    // A second payment that is given back; one that failed; one that is on its way.
    for cents in [750, 813, 850] {
        let (_, raised) = paid_twice(clinic, cents).await;
        minute();
        give_back(&clinic.app, &clinic.manager(), raised).await.unwrap();
        minute();
        if cents < 850 {
            settle_unapplied(&clinic.app, &clinic.system()).await.unwrap();
            minute();
        }
    }
    let counted = CountEntry {
        location: clinic.downtown.to_string(),
        day: clinic.manager().date(clinic.app.now()).to_string(),
        cash: "9.50".to_owned(),
        check_count: "1".to_owned(),
        checks: "5.00".to_owned(),
        note: String::new(),
    };
    count_drawer(&clinic.app, &clinic.manager(), &counted, None).await.unwrap();
    clinic.verified().await;
}

async fn edit(clinic: &Clinic, payment: PaymentId, (amount, location): (i64, LocationId)) {
    let input = EditPayment {
        payment,
        version: clinic.payment(payment).await.version,
        patient: clinic.ann,
        amount: cents(amount),
        kind: None,
        treatment: None,
        location: Some(location),
        due: Some(Date::constant(2026, 4, 1)),
        confirm_past_due_date: false,
        memo: None,
    };
    edit_payment(&clinic.app, &clinic.manager(), &input).await.unwrap();
}

/// Takes away what would refuse a change, until the transaction is undone.
async fn disarm(tx: &mut Tx, engine: Engine) {
    let triggers = match engine {
        Engine::Sqlite => {
            tx.execute("PRAGMA defer_foreign_keys = ON", Vec::new()).await.unwrap();
            "SELECT name, '' AS place FROM sqlite_schema WHERE type = 'trigger'"
        }
        Engine::Postgres => {
            // Foreign keys are triggers of the server's own, which this silences.
            tx.execute("SET LOCAL session_replication_role = replica", Vec::new()).await.unwrap();
            "SELECT tgname::text AS name, ' ON ' || tgrelid::regclass::text AS place
            FROM pg_trigger WHERE NOT tgisinternal"
        }
    };
    let rows = tx.all(triggers, Vec::new()).await.unwrap();
    assert!(rows.len() > 10, "the schema's own triggers are there before");
    for row in rows {
        let (name, place) = (row.text("name").unwrap(), row.text("place").unwrap());
        tx.execute(format!("DROP TRIGGER {name}{place}"), Vec::new()).await.unwrap();
    }
}

/// What became of a tampering.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Found(String),
    /// A constraint of the table refused even this.
    Refused,
    NoSuchRow,
    Missed,
}

/// Tampers, verifies, undoes.
pub(crate) async fn tamper(clinic: &Clinic, statements: &[(String, Vec<Value>)]) -> Verdict {
    let mut tx = clinic.app.db.begin().await.unwrap();
    disarm(&mut tx, clinic.app.db.engine()).await;
    for (sql, values) in statements {
        match tx.execute(sql.clone(), values.clone()).await {
            Ok(0) => return Verdict::NoSuchRow,
            Ok(_) => {}
            Err(_) => return Verdict::Refused,
        }
    }
    let findings = verify::verify(&mut tx, clinic.organization.id, None).await.unwrap();
    match findings.into_iter().find_map(|finding| finding.difference) {
        Some(difference) => Verdict::Found(difference),
        None => Verdict::Missed,
    }
}

async fn tamper_with(clinic: &Clinic, statements: &[&str]) -> Verdict {
    let plain: Vec<_> = statements.iter().map(|&sql| (sql.to_owned(), Vec::new())).collect();
    tamper(clinic, &plain).await
}

/// A table of the books: its key beside the organization, and the columns that are proved.
pub(crate) struct Book {
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// The rows whose loss would change nothing.
    pub(crate) idle: &'static str,
}

pub(crate) const NONE_IDLE: &str = "1 = 0";

/// What people do not rely on is left out: the number of a line, the shard of a sum, the moment
/// of a seal; and what has no second source yet: a check's number, the day of a new payment.
const BOOKS: &[Book] = &[
    Book {
        table: "ledger_transfer",
        key: "source, source_seq, version, line",
        columns: &[
            "source",
            "source_seq",
            "version",
            "event",
            "debit_account",
            "credit_account",
            "amount_cents",
            "location_seq",
            "at_us",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "audit_event",
        key: "event_id",
        columns: &[
            "event_id",
            "at_us",
            "actor",
            "user_seq",
            "action",
            "subject",
            "subject_seq",
            "subject_version",
            "detail",
            "seal_no",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "audit_seal",
        key: "seal_no",
        columns: &["seal_no", "previous", "event_count", "seal"],
        idle: NONE_IDLE,
    },
    Book {
        table: "rollup_status",
        key: "location_seq, status, shard",
        columns: &["location_seq", "status", "n", "amount_cents", "refunded_cents"],
        idle: "n = 0 AND amount_cents = 0 AND refunded_cents = 0",
    },
    Book {
        table: "rollup_month",
        key: "month, location_seq, shard",
        columns: &["month", "location_seq", "gross_cents", "refunded_cents"],
        idle: "gross_cents = 0 AND refunded_cents = 0",
    },
    Book {
        table: "rollup_taken",
        key: "month, location_seq, payment_kind, tender_kind, shard",
        columns: &[
            "month",
            "location_seq",
            "payment_kind",
            "tender_kind",
            "gross_cents",
            "refunded_cents",
        ],
        idle: "gross_cents = 0 AND refunded_cents = 0",
    },
    Book {
        table: "drawer_count",
        key: "seq",
        columns: &[
            "seq",
            "location_seq",
            "business_day",
            "cash_cents",
            "check_cents",
            "user_seq",
            "at_us",
        ],
        idle: NONE_IDLE,
    },
    // What was reversed, or failed, within a month leaves nothing under its type.
    Book {
        table: "tender",
        key: "payment_seq, version",
        columns: &["payment_kind"],
        idle: "EXISTS (SELECT 1 FROM tender_reversal v WHERE v.payment_seq = tender.payment_seq)",
    },
    Book { table: "refund", key: "seq", columns: &["payment_kind"], idle: "state = 'failed'" },
    Book { table: "rollup_day", key: "day, location_seq, shard", columns: &["n"], idle: "n = 0" },
    Book {
        table: "rollup_due",
        key: "location_seq, status, due_day, shard",
        columns: &["location_seq", "status", "due_day", "n", "amount_cents"],
        idle: "n = 0 AND amount_cents = 0",
    },
    Book {
        table: "tender",
        key: "payment_seq, version",
        columns: &[
            "payment_seq",
            "version",
            "kind",
            "amount_cents",
            "location_seq",
            "received_at_us",
            "business_day",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "tender_reversal",
        key: "payment_seq, version",
        columns: &[
            "payment_seq",
            "version",
            "tender_version",
            "amount_cents",
            "location_seq",
            "at_us",
            "business_day",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "payment_transition",
        key: "payment_seq, version",
        columns: &[
            "payment_seq",
            "version",
            "from_status",
            "to_status",
            "moved_by",
            "user_seq",
            "at_us",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "refund",
        key: "seq",
        columns: &[
            "payment_seq",
            "amount_cents",
            "state",
            "tender_kind",
            "location_seq",
            "made_at_us",
            "business_day",
            "settled_at_us",
            "ended_at_us",
            "ended_day",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "unapplied_money",
        key: "payment_seq, attempt_no",
        columns: &[
            "payment_seq",
            "attempt_no",
            "version",
            "amount_cents",
            "location_seq",
            "at_us",
            "business_day",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "unapplied_refund",
        key: "seq",
        columns: &[
            "payment_seq",
            "amount_cents",
            "state",
            "location_seq",
            "made_at_us",
            "business_day",
            "settled_at_us",
            "ended_at_us",
            "ended_day",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "payment_attempt",
        key: "payment_seq, attempt_no",
        columns: &["payment_seq", "state", "amount_cents"],
        idle: "state <> 'captured'",
    },
    Book {
        table: "receipt",
        key: "seq",
        columns: &["seq", "payment_seq", "tender_version", "refund_seq", "amount_cents"],
        idle: NONE_IDLE,
    },
    Book {
        table: "payment",
        key: "seq",
        columns: &[
            "seq",
            "patient_seq",
            "location_seq",
            "status",
            "amount_cents",
            "collected_cents",
            "refunded_cents",
            "lost_cents",
            "name_sort",
            "version",
            "paid_at_us",
        ],
        idle: NONE_IDLE,
    },
    Book {
        table: "patient",
        key: "seq",
        columns: &["payment_count", "first_seq", "last_seq", "name_sort"],
        idle: "payment_count = 0",
    },
    Book { table: "counter", key: "kind", columns: &["kind"], idle: NONE_IDLE },
];

/// The other values that a column may be given.
pub(crate) fn lies(column: &str) -> Vec<(String, Vec<Value>)> {
    let words = |words: &[&str]| -> Vec<(String, Vec<Value>)> {
        words.iter().map(|&word| ("$1".to_owned(), params![word])).collect()
    };
    match column {
        "status" | "from_status" | "to_status" => words(&["draft", "pending", "failed", "paid"]),
        "state" => words(&["pending", "settled"]),
        "payment_kind" => words(&["private_pay", "treatment_pre_payment"]),
        "kind" | "tender_kind" => words(&["bank_transfer", "cash", "ZZZ"]),
        "debit_account" | "credit_account" => words(&["cash", "transfers", "receivable"]),
        "event" => words(&["issued", "amount_raised", "tender_taken", "refund_failed"]),
        "standing" => words(&["won", "lost"]),
        "moved_by" | "actor" => words(&["job", "staff"]),
        "previous" | "seal" => vec![("$1".to_owned(), params![vec![7_u8; 32]])],
        "event_id" => vec![("$1".to_owned(), params![vec![7_u8; 16]])],
        "source" | "action" | "subject" | "detail" | "name_sort" => {
            vec![(format!("{column} || $1"), params!["x"])]
        }
        _ => vec![(format!("coalesce({column}, 0) + $1"), params![1_i64])],
    }
}

/// Whether a row is looked at: all of them in a long test, some in a short one.
fn is_looked_at(row: i64) -> bool {
    rounds(0, 1) == 1 || [0, 1, 4, 9, 15].contains(&row)
}

/// Deletes each row of the books: each is missed.
pub(crate) async fn delete_each(clinic: &Clinic, books: &[Book]) {
    for Book { table, key, idle, .. } in books {
        let rows = size(clinic, table).await;
        assert!(rows > 0, "the story has no {table}");
        for row in 0..rows {
            let sql = format!(
                "DELETE FROM {table} WHERE NOT ({idle}) AND ({key}) IN
                    (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {row})",
            );
            let verdict = tamper(clinic, &[(sql, Vec::new())]).await;
            let missed = matches!(verdict, Verdict::Missed | Verdict::Refused);
            assert!(!missed, "row {row} of {table}: {verdict:?}");
        }
    }
}

/// Changes each column of the books: each change is noticed.
pub(crate) async fn change_each(clinic: &Clinic, books: &[Book]) {
    let mut missed = Vec::new();
    for Book { table, key, columns, idle } in books {
        let rows = size(clinic, table).await;
        for row in (0..rows).filter(|&row| is_looked_at(row)) {
            for column in *columns {
                for (lie, values) in lies(column) {
                    let sql = format!(
                        "UPDATE {table} SET {column} = {lie}
                        WHERE NOT ({idle}) AND {column} IS DISTINCT FROM {lie} AND ({key}) IN
                            (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {row})",
                    );
                    let place = format!("{table}.{column} = {lie} {values:?} in row {row}");
                    if tamper(clinic, &[(sql, values)]).await == Verdict::Missed {
                        missed.push(place);
                    }
                }
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

async fn size(clinic: &Clinic, table: &str) -> i64 {
    clinic.number(&format!("SELECT count(*) AS n FROM {table}")).await
}

on_both_engines! {
    async fn every_row_that_is_deleted_is_missed(db) {
        let clinic = Clinic::new(db).await;
        story(&clinic).await;
        delete_each(&clinic, BOOKS).await;
        clinic.verified().await;
    }

    async fn every_column_that_is_changed_is_noticed(db) {
        let clinic = Clinic::new(db).await;
        story(&clinic).await;
        change_each(&clinic, BOOKS).await;
        clinic.verified().await;
    }

    async fn a_counter_that_falls_back_is_noticed(db) {
        let clinic = Clinic::new(db).await;
        story(&clinic).await;
        clinic.treatment(clinic.ann, clinic.harbor).await;
        for kind in ["PAY", "PAT", "TRT", "REF", "RCP", "CNT", "LOC", "PHY", "USR"] {
            let sql = format!("UPDATE counter SET last = last - 1 WHERE kind = '{kind}'");
            let verdict = tamper(&clinic, &[(sql, Vec::new())]).await;
            assert!(matches!(verdict, Verdict::Found(_)), "{kind}: {verdict:?}");
        }
    }

    async fn what_is_taken_out_together_is_noticed_too(db) {
        let clinic = Clinic::new(db).await;
        story(&clinic).await;
        let refund = "DELETE FROM refund WHERE seq = 1";
        let refund_ledger = "DELETE FROM ledger_transfer WHERE event IN
            ('refund_made', 'refund_settled') AND source_seq = 5";
        let refund_money = "UPDATE payment SET status = 'paid', refunded_cents = 0 WHERE seq = 5";
        let refund_step = "DELETE FROM payment_transition WHERE moved_by = 'refunds'
            AND payment_seq = 5";
        let refund_status = "UPDATE rollup_status SET n = 0, amount_cents = 0, refunded_cents = 0
            WHERE status = 'partially_refunded'";
        let whole: &[&[&str]] = &[
            &[refund],
            &[refund, refund_ledger],
            &[refund, refund_ledger, refund_money],
            &[refund, refund_ledger, refund_money, refund_step],
            &[refund, refund_ledger, refund_money, refund_step, refund_status],
            // A pair of ledger rows that cancel each other out.
            &["DELETE FROM ledger_transfer WHERE source_seq = 2"],
            &["DELETE FROM ledger_transfer WHERE event IN ('amount_raised', 'amount_lowered')"],
            &["DELETE FROM ledger_transfer WHERE event IN ('moved_out', 'moved_in')"],
            &["DELETE FROM ledger_transfer WHERE event IN
                ('refund_made', 'refund_settled', 'refund_returned', 'refund_failed')
                AND source_seq = 6"],
            // A payment with everything that it left behind but the audit log.
            &[
                "DELETE FROM ledger_transfer WHERE source_seq = 2",
                "DELETE FROM payment_transition WHERE payment_seq = 2",
                "DELETE FROM payment WHERE seq = 2",
                "UPDATE rollup_status SET n = 0, amount_cents = 0 WHERE status = 'cancelled'",
                "UPDATE rollup_day SET n = n - 1",
                "UPDATE patient SET payment_count = payment_count - 1 WHERE payment_count > 0",
            ],
            // The newest receipt with its number, as if it had never been issued.
            &["DELETE FROM receipt WHERE seq = (SELECT max(seq) FROM receipt)",
                "UPDATE counter SET last = last - 1 WHERE kind = 'RCP'"],
            // Seals without their rows, and rows without their seals.
            &["DELETE FROM audit_seal"],
            &["DELETE FROM audit_event WHERE subject = 'payment'"],
        ];
        for statements in whole {
            let verdict = tamper_with(&clinic, statements).await;
            assert!(matches!(verdict, Verdict::Found(_)), "{statements:?}: {verdict:?}");
        }
        clinic.verified().await;
    }

    async fn an_end_that_is_cut_off_shows_only_by_its_anchor(db) {
        let clinic = Clinic::new(db).await;
        story(&clinic).await;
        let note = AddNote { payment: PaymentId::new(1), body: "Called.".to_owned(), key: None };
        add_note(&clinic.app, &clinic.manager(), note).await.unwrap();
        clinic.verified().await;
        let mut tx = clinic.app.db.begin().await.unwrap();
        let sql = "SELECT seal_no, seal FROM audit_seal ORDER BY seal_no DESC LIMIT 1";
        let row = tx.one(sql, Vec::new()).await.unwrap();
        let (last, anchor) = (row.int("seal_no").unwrap(), row.bytes("seal").unwrap());
        assert!(clinic.differences(Some(&anchor)).await.is_empty());
        disarm(&mut tx, clinic.app.db.engine()).await;
        for table in ["audit_event", "audit_seal"] {
            let sql = format!("DELETE FROM {table} WHERE seal_no = $1");
            assert_eq!(tx.execute(sql, params![last]).await.unwrap(), 1);
        }
        let org = clinic.organization.id;
        let found = verify::verify(&mut tx, org, None).await.unwrap();
        assert!(found.iter().all(|finding| finding.difference.is_none()), "{found:#?}");
        let found = verify::verify(&mut tx, org, Some(&anchor)).await.unwrap();
        let differences: Vec<_> = found.into_iter().filter_map(|f| f.difference).collect();
        assert_eq!(differences.len(), 1);
        assert!(differences[0].contains("anchor"), "{differences:?}");
        drop(tx);
        let wrong = clinic.differences(Some(&[9; 32])).await;
        assert_eq!(wrong.len(), 1);
        let organizations = read::organizations(&clinic.app).await.unwrap();
        assert_eq!(organizations[0].org(), org);
    }
}
