//! Proves that every cent is accounted for: what can be derived is derived again and compared.
//!
//! Each check is a statement that returns the first difference as a sentence. To add one, add a
//! line to [`CHECKS`]; it runs on both engines as it stands and takes the organization as `$1`.

mod attempts;
mod disputes;
mod drawers;
mod ledger;
mod payouts;
mod receipts;
mod rollups;
mod unapplied;

use almoner_domain::OrganizationId;

use crate::audit;
use crate::db::{StoreError, Tx};
use crate::params;

/// A check: what it proves, and the statement that finds the first difference.
struct Check {
    proves: &'static str,
    sql: &'static str,
}

/// What was refunded and collected, from the rows that say so.
const MONEY: Check = Check {
    proves: "payments hold what their tenders, reversals and refunds say",
    sql:
        "SELECT 'payment ' || p.seq || ' holds collected ' || p.collected_cents || ' and refunded '
            || p.refunded_cents || ' cents, its tenders, reversals and refunds say '
            || (coalesce(t.taken, 0) - coalesce(v.reversed, 0)) || ' and '
            || coalesce(r.refunded, 0) AS difference
        FROM payment p
        LEFT JOIN (SELECT payment_seq, sum(amount_cents) AS taken FROM tender
            WHERE organization_id = $1 GROUP BY payment_seq) t ON t.payment_seq = p.seq
        LEFT JOIN (SELECT payment_seq, sum(amount_cents) AS reversed FROM tender_reversal
            WHERE organization_id = $1 GROUP BY payment_seq) v ON v.payment_seq = p.seq
        LEFT JOIN (SELECT payment_seq, sum(amount_cents) AS refunded FROM refund
            WHERE organization_id = $1 AND state IN ('pending', 'settled')
            GROUP BY payment_seq) r ON r.payment_seq = p.seq
        WHERE p.organization_id = $1
            AND (p.collected_cents <> coalesce(t.taken, 0) - coalesce(v.reversed, 0)
                OR p.refunded_cents <> coalesce(r.refunded, 0))
        ORDER BY p.seq LIMIT 1",
};

/// Statuses, from the steps that led to them.
const STATUSES: Check = Check {
    proves: "statuses follow from the steps that led to them",
    sql: "SELECT 'payment ' || p.seq || ' is ' || p.status || ', its last step led to '
            || coalesce(s.to_status, 'nothing') AS difference
        FROM payment p
        LEFT JOIN (SELECT payment_seq, max(version) AS version FROM payment_transition
            WHERE organization_id = $1 GROUP BY payment_seq) m ON m.payment_seq = p.seq
        LEFT JOIN payment_transition s ON s.organization_id = p.organization_id
            AND s.payment_seq = p.seq AND s.version = m.version
        WHERE p.organization_id = $1 AND (s.to_status IS NULL OR s.to_status <> p.status)
        ORDER BY p.seq LIMIT 1",
};

/// Each step begins where the one before it ended.
const STEPS: Check = Check {
    proves: "each step begins where the one before it ended",
    sql: "SELECT 'payment ' || seq || ' has a step from ' || coalesce(from_status, 'nothing')
            || ' at version ' || version || ' after one to ' || coalesce(previous, 'nothing')
            AS difference
        FROM (SELECT payment_seq AS seq, version, from_status,
                lag(to_status) OVER (PARTITION BY payment_seq ORDER BY version) AS previous
            FROM payment_transition WHERE organization_id = $1) s
        WHERE coalesce(from_status, '') <> coalesce(previous, '')
        ORDER BY seq, version LIMIT 1",
};

/// A step to Paid has a tender, a step back has a reversal, and the other way round.
const TENDERS: Check = Check {
    proves: "every step to Paid has its tender, every step back its reversal",
    sql: "SELECT 'payment ' || s.payment_seq || ' at version ' || s.version || ': the step to '
            || s.to_status || ' and its tender or reversal do not go together' AS difference
        FROM payment_transition s
        LEFT JOIN tender t ON t.organization_id = s.organization_id
            AND t.payment_seq = s.payment_seq AND t.version = s.version
        LEFT JOIN tender_reversal v ON v.organization_id = s.organization_id
            AND v.payment_seq = s.payment_seq AND v.version = s.version
        WHERE s.organization_id = $1
            AND ((t.version IS NOT NULL) <> (s.to_status = 'paid'
                    AND s.from_status NOT IN ('partially_refunded', 'refunded'))
                OR (v.version IS NOT NULL) <> (s.moved_by = 'reversal'))
        ORDER BY s.payment_seq, s.version LIMIT 1",
};

/// Refunds go back to the tender that was taken.
const REFUND_TENDERS: Check = Check {
    proves: "every refund goes back to the tender that was taken",
    sql: "SELECT 'refund ' || r.seq || ' goes back to ' || r.tender_kind || ', payment '
            || r.payment_seq || ' was paid by ' || coalesce(t.kind, 'nothing') AS difference
        FROM refund r
        LEFT JOIN (SELECT payment_seq, max(version) AS version FROM tender
            WHERE organization_id = $1 GROUP BY payment_seq) m ON m.payment_seq = r.payment_seq
        LEFT JOIN tender t ON t.organization_id = r.organization_id
            AND t.payment_seq = r.payment_seq AND t.version = m.version
        WHERE r.organization_id = $1 AND (t.kind IS NULL OR t.kind <> r.tender_kind)
        ORDER BY r.seq LIMIT 1",
};

/// A payment's own date of payment is that of its newest tender.
const PAID_AT: Check = Check {
    proves: "payments were paid when their tender was taken",
    sql: "SELECT 'payment ' || p.seq || ' was not paid when its tender was taken' AS difference
        FROM payment p
        LEFT JOIN (SELECT payment_seq, max(version) AS version FROM tender
            WHERE organization_id = $1 GROUP BY payment_seq) m ON m.payment_seq = p.seq
        LEFT JOIN tender t ON t.organization_id = p.organization_id
            AND t.payment_seq = p.seq AND t.version = m.version
        WHERE p.organization_id = $1 AND p.paid_at_us IS NOT NULL
            AND (t.received_at_us IS NULL OR t.received_at_us <> p.paid_at_us)
        ORDER BY p.seq LIMIT 1",
};

/// What patients' rows say of their payments.
const PATIENTS: Check = Check {
    proves: "patients' payment counts are right",
    sql: "SELECT 'patient ' || q.seq || ' counts ' || q.payment_count || ' payments, there are '
            || coalesce(f.n, 0) AS difference
        FROM patient q
        LEFT JOIN (SELECT patient_seq, count(*) AS n, min(seq) AS first_seq, max(seq) AS last_seq
            FROM payment WHERE organization_id = $1 GROUP BY patient_seq) f
            ON f.patient_seq = q.seq
        WHERE q.organization_id = $1 AND (q.payment_count <> coalesce(f.n, 0)
            OR coalesce(q.first_seq, 0) <> coalesce(f.first_seq, 0)
            OR coalesce(q.last_seq, 0) <> coalesce(f.last_seq, 0))
        ORDER BY q.seq LIMIT 1",
};

/// Names on payments are those of their patients.
const NAMES: Check = Check {
    proves: "payments sort under their patient's name",
    sql: "SELECT 'payment ' || p.seq || ' does not sort under its patient''s name' AS difference
        FROM payment p LEFT JOIN patient q
            ON q.organization_id = p.organization_id AND q.seq = p.patient_seq
        WHERE p.organization_id = $1 AND (q.seq IS NULL OR p.name_sort <> q.name_sort)
        ORDER BY p.seq LIMIT 1",
};

/// Names on checks are those of their patients, as far as an index has room for them.
const CHECK_NAMES: Check = Check {
    proves: "eligibility checks sort under their patient's name",
    sql: "SELECT 'check ' || c.seq || ' does not sort under its patient''s name' AS difference
        FROM eligibility_check c JOIN patient q
            ON q.organization_id = c.organization_id AND q.seq = c.patient_seq
        WHERE c.organization_id = $1 AND c.name_sort <> substr(q.name_sort, 1, 200)
        ORDER BY c.seq LIMIT 1",
};

/// Numbers that were given out are not given out again.
const COUNTERS: Check = Check {
    proves: "no public number can be given out twice",
    sql: "SELECT kind || ' has given out ' || last || ', the greatest in use is ' || used
            AS difference
        FROM (SELECT f.kind, coalesce(c.last, 0) AS last, f.used
            FROM (SELECT 'PAY' AS kind, max(seq) AS used FROM payment WHERE organization_id = $1
                UNION ALL SELECT 'PAT', max(seq) FROM (
                    SELECT seq FROM patient WHERE organization_id = $1
                    UNION ALL SELECT seq FROM merged_patient WHERE organization_id = $1) q
                UNION ALL SELECT 'TRT', max(seq) FROM treatment WHERE organization_id = $1
                UNION ALL SELECT 'REF', max(seq) FROM (
                    SELECT seq FROM refund WHERE organization_id = $1
                    UNION ALL SELECT seq FROM unapplied_refund WHERE organization_id = $1) r
                UNION ALL SELECT 'PYO', max(seq) FROM payout WHERE organization_id = $1
                UNION ALL SELECT 'RCP', max(seq) FROM receipt WHERE organization_id = $1
                UNION ALL SELECT 'CNT', max(seq) FROM drawer_count WHERE organization_id = $1
                UNION ALL SELECT 'LOC', max(seq) FROM location WHERE organization_id = $1
                UNION ALL SELECT 'PHY', max(seq) FROM physician WHERE organization_id = $1
                UNION ALL SELECT 'EXC', max(seq) FROM money_exception WHERE organization_id = $1
                UNION ALL SELECT 'USR', max(seq) FROM staff_user WHERE organization_id = $1
                UNION ALL SELECT 'ELG', max(seq) FROM eligibility_check
                    WHERE organization_id = $1) f
            LEFT JOIN counter c ON c.organization_id = $1 AND c.kind = f.kind) x
        WHERE used > last ORDER BY kind LIMIT 1",
};

/// Every version of every payment was audited once.
const AUDITED: Check = Check {
    proves: "every change of a payment is in the audit log",
    sql: "SELECT 'payment ' || p.seq || ' is at version ' || p.version || ', the audit log has '
            || coalesce(e.n, 0) || ' of its changes' AS difference
        FROM payment p
        LEFT JOIN (SELECT subject_seq, count(DISTINCT subject_version) AS n FROM audit_event
            WHERE organization_id = $1 AND subject = 'payment' AND subject_version IS NOT NULL
            GROUP BY subject_seq) e ON e.subject_seq = p.seq
        WHERE p.organization_id = $1 AND p.version <> coalesce(e.n, 0)
        ORDER BY p.seq LIMIT 1",
};

/// Payments in the audit log exist.
const AUDITED_EXIST: Check = Check {
    proves: "every payment in the audit log exists",
    sql: "SELECT 'the audit log knows payment ' || e.subject_seq || ', which is missing'
            AS difference
        FROM audit_event e
        LEFT JOIN payment p ON p.organization_id = e.organization_id AND p.seq = e.subject_seq
        WHERE e.organization_id = $1 AND e.subject = 'payment'
            AND e.action = 'payment_created' AND p.seq IS NULL
        ORDER BY e.subject_seq LIMIT 1",
};

/// Each step was made by whom and when the audit log says. A step in the staff's way may be that of
/// another program.
const STEPS_AUDITED: Check = Check {
    proves: "every step was made by whom and when the audit log says",
    sql: "SELECT 'payment ' || s.payment_seq || ' at version ' || s.version
            || ': the step and its audit row differ in who made it or when' AS difference
        FROM payment_transition s
        LEFT JOIN audit_event e ON e.organization_id = s.organization_id
            AND e.subject = 'payment' AND e.subject_seq = s.payment_seq
            AND e.subject_version = s.version AND e.at_us = s.at_us
            AND (e.actor = s.moved_by OR (e.actor = 'key' AND s.moved_by = 'staff'))
            AND e.user_seq IS NOT DISTINCT FROM s.user_seq
        WHERE s.organization_id = $1 AND e.event_id IS NULL
        ORDER BY s.payment_seq, s.version LIMIT 1",
};

/// Refunds have their audit row, so that none vanishes together with its ledger rows.
const REFUNDS_AUDITED: Check = Check {
    proves: "every refund in the audit log exists",
    sql: "SELECT 'the audit log has ' || coalesce(e.n, 0) || ' refunds of payment '
            || coalesce(e.seq, r.seq) || ', there are ' || coalesce(r.n, 0) AS difference
        FROM (SELECT subject_seq AS seq, count(*) AS n FROM audit_event
                WHERE organization_id = $1 AND subject = 'payment' AND action = 'refund_made'
                GROUP BY subject_seq) e
        LEFT JOIN (SELECT payment_seq AS seq, count(*) AS n FROM refund
            WHERE organization_id = $1 GROUP BY payment_seq) r ON r.seq = e.seq
        WHERE e.n <> coalesce(r.n, 0) ORDER BY 1 LIMIT 1",
};

const CHECKS: &[Check] = &[
    MONEY,
    STATUSES,
    STEPS,
    TENDERS,
    attempts::ATTEMPTS,
    attempts::CAPTURES,
    attempts::UNAPPLIED,
    unapplied::LEDGER,
    unapplied::AUDITED,
    disputes::LEDGER,
    disputes::STANDINGS,
    disputes::LOST,
    payouts::LEDGER,
    payouts::EVENTS,
    payouts::SHARES,
    payouts::MOVEMENTS,
    payouts::AUDITED,
    ledger::LEDGER,
    ledger::ACCOUNTS,
    ledger::RECEIVABLE,
    ledger::LEDGER_SOURCES,
    ledger::LEDGER_STEPS,
    ledger::LEDGER_EDITS,
    ledger::LEDGER_EVENTS,
    ledger::LEDGER_DAYS,
    ledger::LEDGER_REFUNDS,
    REFUND_TENDERS,
    PAID_AT,
    rollups::ROLLUP_STATUS,
    rollups::ROLLUP_DUE,
    rollups::ROLLUP_MONTH,
    rollups::ROLLUP_TAKEN,
    rollups::TYPES,
    rollups::ROLLUP_DAY,
    PATIENTS,
    NAMES,
    CHECK_NAMES,
    COUNTERS,
    AUDITED,
    AUDITED_EXIST,
    STEPS_AUDITED,
    REFUNDS_AUDITED,
    receipts::RECEIPTS,
    receipts::RECEIPT_NUMBERS,
    drawers::COUNTS,
];

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it proves when there is no difference.
    pub proves: &'static str,
    /// The first difference, as a sentence without anything about a patient.
    pub difference: Option<String>,
}

/// Runs every check and tells the first difference that each finds. Each is one statement, which
/// sees the data of one moment, so that the clinic can go on working meanwhile.
pub async fn verify(
    tx: &mut Tx,
    org: OrganizationId,
    anchor: Option<&[u8]>,
) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::with_capacity(CHECKS.len() + 1);
    for check in CHECKS {
        let row = tx.optional(check.sql, params![org]).await?;
        let difference = row.map(|row| row.text("difference")).transpose()?;
        findings.push(Finding { proves: check.proves, difference });
    }
    let difference = audit::check_seals(tx, org, anchor).await?;
    findings.push(Finding { proves: "the audit log's seals are unbroken", difference });
    Ok(findings)
}
