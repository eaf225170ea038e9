//! Proves that every cent is accounted for: what can be derived is derived again and compared.
//!
//! Each check is a statement that returns the first difference as a sentence. To add one, add a
//! line to [`CHECKS`]; it runs on both engines as it stands and takes the organization as `$1`.

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

/// Attempts are explained by the status, and the status by attempts.
const ATTEMPTS: Check = Check {
    proves: "attempts and statuses go together",
    sql: "SELECT 'payment ' || p.seq || ' is ' || p.status || ', its newest attempt is '
            || a.state AS difference
        FROM payment p
        JOIN (SELECT payment_seq, max(attempt_no) AS attempt_no FROM payment_attempt
            WHERE organization_id = $1 GROUP BY payment_seq) m ON m.payment_seq = p.seq
        JOIN payment_attempt a ON a.organization_id = p.organization_id
            AND a.payment_seq = p.seq AND a.attempt_no = m.attempt_no
        WHERE p.organization_id = $1
            AND ((a.state = 'captured' AND p.collected_cents = 0)
                OR (a.state IN ('open', 'authorized') AND p.collected_cents > 0)
                OR (a.state <> 'released' AND p.status = 'voided'))
        ORDER BY p.seq LIMIT 1",
};

/// The ledger's balances of each payment, from its state.
const LEDGER: Check = Check {
    proves: "the ledger's balances are those of the payments",
    sql: "SELECT 'payment ' || seq || ': the ledger says receivable ' || receivable || ', charges '
            || charges || ', refunds payable ' || payable || ', held ' || held
            || ' cents; its state says ' || owed || ', ' || (0 - owed - collected + refunded)
            || ', ' || (0 - pending) || ', ' || (collected - refunded + pending) AS difference
        FROM (SELECT p.seq, p.collected_cents AS collected, p.refunded_cents AS refunded,
                CASE WHEN p.status IN ('pending', 'processing', 'failed')
                    THEN p.amount_cents ELSE 0 END AS owed,
                coalesce(r.pending, 0) AS pending, coalesce(l.receivable, 0) AS receivable,
                coalesce(l.charges, 0) AS charges, coalesce(l.payable, 0) AS payable,
                coalesce(l.held, 0) AS held
            FROM payment p
            LEFT JOIN (SELECT payment_seq, sum(amount_cents) AS pending FROM refund
                WHERE organization_id = $1 AND state = 'pending'
                GROUP BY payment_seq) r ON r.payment_seq = p.seq
            LEFT JOIN (SELECT source_seq,
                    sum(CASE account WHEN 'receivable' THEN cents ELSE 0 END) AS receivable,
                    sum(CASE account WHEN 'patient_charges' THEN cents ELSE 0 END) AS charges,
                    sum(CASE account WHEN 'refunds_payable' THEN cents ELSE 0 END) AS payable,
                    sum(CASE WHEN account IN ('receivable', 'patient_charges', 'refunds_payable')
                        THEN 0 ELSE cents END) AS held
                FROM (SELECT source_seq, debit_account AS account, amount_cents AS cents
                        FROM ledger_transfer WHERE organization_id = $1 AND source = 'payment'
                    UNION ALL SELECT source_seq, credit_account, -amount_cents
                        FROM ledger_transfer WHERE organization_id = $1 AND source = 'payment') x
                GROUP BY source_seq) l ON l.source_seq = p.seq
            WHERE p.organization_id = $1) b
        WHERE receivable <> owed OR charges <> 0 - owed - collected + refunded
            OR payable <> 0 - pending OR held <> collected - refunded + pending
        ORDER BY seq LIMIT 1",
};

/// What each tender's account holds, from the tenders, reversals and settled refunds.
const ACCOUNTS: Check = Check {
    proves: "each account holds what its tenders brought, less reversals and refunds",
    sql: "SELECT 'account ' || account || ' at location ' || location_seq || ' is off by '
            || sum(cents) || ' cents' AS difference
        FROM (SELECT debit_account AS account, location_seq, amount_cents AS cents
                FROM ledger_transfer WHERE organization_id = $1
            UNION ALL SELECT credit_account, location_seq, -amount_cents
                FROM ledger_transfer WHERE organization_id = $1
            UNION ALL SELECT CASE kind WHEN 'cash' THEN 'cash' WHEN 'check' THEN 'checks'
                    WHEN 'money_order' THEN 'checks' WHEN 'card_terminal' THEN 'terminal'
                    WHEN 'hsa_fsa_card' THEN 'terminal' WHEN 'bank_transfer' THEN 'transfers'
                    WHEN 'other' THEN 'other_tenders' ELSE 'processor_clearing' END,
                location_seq, cents
            FROM (SELECT kind, location_seq, -amount_cents AS cents FROM tender
                    WHERE organization_id = $1
                UNION ALL SELECT t.kind, v.location_seq, v.amount_cents FROM tender_reversal v
                    JOIN tender t ON t.organization_id = v.organization_id
                        AND t.payment_seq = v.payment_seq AND t.version = v.tender_version
                    WHERE v.organization_id = $1
                UNION ALL SELECT tender_kind, location_seq, amount_cents FROM refund
                    WHERE organization_id = $1 AND state = 'settled') f) a
        WHERE account NOT IN ('receivable', 'patient_charges', 'refunds_payable')
        GROUP BY account, location_seq HAVING sum(cents) <> 0
        ORDER BY account, location_seq LIMIT 1",
};

/// Ledger rows belong to a version of a payment that exists.
const LEDGER_SOURCES: Check = Check {
    proves: "ledger rows belong to changes that happened",
    sql: "SELECT 'ledger row of payment ' || l.source_seq || ' version ' || l.version
            || ' belongs to no audited change' AS difference
        FROM ledger_transfer l
        LEFT JOIN audit_event e ON e.organization_id = l.organization_id
            AND e.subject = 'payment' AND e.subject_seq = l.source_seq
            AND e.subject_version = l.version
        WHERE l.organization_id = $1 AND l.source = 'payment' AND e.event_id IS NULL
        ORDER BY l.source_seq, l.version LIMIT 1",
};

/// Counts and sums by status and location.
const ROLLUP_STATUS: Check = Check {
    proves: "the kept counts by status are those of the payments",
    sql: "SELECT 'rollup_status of location ' || location_seq || ' and ' || status
            || ' is off by ' || sum(n) || ' payments, ' || sum(amount) || ' and ' || sum(refunded)
            || ' cents' AS difference
        FROM (SELECT location_seq, status, n, amount_cents AS amount, refunded_cents AS refunded
                FROM rollup_status WHERE organization_id = $1
            UNION ALL SELECT location_seq, status, -1, -amount_cents, -refunded_cents
                FROM payment WHERE organization_id = $1) x
        GROUP BY location_seq, status
        HAVING sum(n) <> 0 OR sum(amount) <> 0 OR sum(refunded) <> 0
        ORDER BY location_seq, status LIMIT 1",
};

/// Counts and sums by due day.
const ROLLUP_DUE: Check = Check {
    proves: "the kept sums by due day are those of the payments",
    sql: "SELECT 'rollup_due of location ' || location_seq || ', ' || status || ', day ' || due_day
            || ' is off by ' || sum(n) || ' payments, ' || sum(amount) || ' cents' AS difference
        FROM (SELECT location_seq, status, due_day, n, amount_cents AS amount
                FROM rollup_due WHERE organization_id = $1
            UNION ALL SELECT location_seq, status, due_key, -1, -amount_cents
                FROM payment WHERE organization_id = $1 AND due_key < 99991231
                    AND status IN ('draft', 'pending', 'processing', 'failed')) x
        GROUP BY location_seq, status, due_day HAVING sum(n) <> 0 OR sum(amount) <> 0
        ORDER BY location_seq, status, due_day LIMIT 1",
};

/// Money by month, each event on its own day.
const ROLLUP_MONTH: Check = Check {
    proves: "the kept sums by month are those of tenders, reversals and refunds",
    sql: "SELECT 'rollup_month ' || month || ' of location ' || location_seq || ' is off by '
            || sum(gross) || ' gross and ' || sum(refunded) || ' refunded cents' AS difference
        FROM (SELECT month, location_seq, gross_cents AS gross, refunded_cents AS refunded
                FROM rollup_month WHERE organization_id = $1
            UNION ALL SELECT business_day / 100, location_seq, -amount_cents, 0
                FROM tender WHERE organization_id = $1
            UNION ALL SELECT business_day / 100, location_seq, amount_cents, 0
                FROM tender_reversal WHERE organization_id = $1
            UNION ALL SELECT business_day / 100, location_seq, 0, -amount_cents
                FROM refund WHERE organization_id = $1
            UNION ALL SELECT ended_day / 100, location_seq, 0, amount_cents
                FROM refund WHERE organization_id = $1 AND ended_day IS NOT NULL) x
        GROUP BY month, location_seq HAVING sum(gross) <> 0 OR sum(refunded) <> 0
        ORDER BY month, location_seq LIMIT 1",
};

/// New payments by day: the sum over all days, and each location's.
const ROLLUP_DAY: Check = Check {
    proves: "the kept counts by day add up to the payments",
    sql: "SELECT 'rollup_day counts ' || days.n || ' payments, there are ' || facts.n AS difference
        FROM (SELECT coalesce(sum(n), 0) AS n FROM rollup_day WHERE organization_id = $1) days,
            (SELECT count(*) AS n FROM payment WHERE organization_id = $1) facts
        WHERE days.n <> facts.n",
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
        FROM payment p JOIN patient q
            ON q.organization_id = p.organization_id AND q.seq = p.patient_seq
        WHERE p.organization_id = $1 AND p.name_sort <> q.name_sort ORDER BY p.seq LIMIT 1",
};

/// Numbers that were given out are not given out again.
const COUNTERS: Check = Check {
    proves: "no public number can be given out twice",
    sql: "SELECT kind || ' has given out ' || last || ', the greatest in use is ' || used
            AS difference
        FROM (SELECT f.kind, coalesce(c.last, 0) AS last, f.used
            FROM (SELECT 'PAY' AS kind, max(seq) AS used FROM payment WHERE organization_id = $1
                UNION ALL SELECT 'PAT', max(seq) FROM patient WHERE organization_id = $1
                UNION ALL SELECT 'TRT', max(seq) FROM treatment WHERE organization_id = $1
                UNION ALL SELECT 'REF', max(seq) FROM refund WHERE organization_id = $1
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
    ATTEMPTS,
    LEDGER,
    ACCOUNTS,
    LEDGER_SOURCES,
    ROLLUP_STATUS,
    ROLLUP_DUE,
    ROLLUP_MONTH,
    ROLLUP_DAY,
    PATIENTS,
    NAMES,
    COUNTERS,
    AUDITED,
    REFUNDS_AUDITED,
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
