//! Proves that every cent is accounted for: what can be derived is derived again and compared.
//!
//! Each check is a statement that returns the first difference as a sentence. To add one, add a
//! line to [`CHECKS`]; it runs on both engines as it stands and takes the organization as `$1`.

mod attempts;
mod receipts;

use almoner_domain::OrganizationId;

use crate::audit;
use crate::db::{StoreError, Tx};
use crate::params;

/// A check: what it proves, and the statement that finds the first difference.
struct Check {
    proves: &'static str,
    sql: &'static str,
}

/// The account that a tender of that kind goes to, as the domain's ledger has it.
macro_rules! account_of {
    ($kind:literal) => {
        concat!(
            "CASE ",
            $kind,
            " WHEN 'cash' THEN 'cash' WHEN 'check' THEN 'checks' WHEN 'money_order' THEN 'checks'
            WHEN 'card_terminal' THEN 'terminal' WHEN 'hsa_fsa_card' THEN 'terminal'
            WHEN 'bank_transfer' THEN 'transfers' WHEN 'other' THEN 'other_tenders'
            ELSE 'processor_clearing' END"
        )
    };
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
    sql: concat!(
        "SELECT 'account ' || account || ' at location ' || location_seq || ' is off by '
            || sum(cents) || ' cents' AS difference
        FROM (SELECT debit_account AS account, location_seq, amount_cents AS cents
                FROM ledger_transfer WHERE organization_id = $1
            UNION ALL SELECT credit_account, location_seq, -amount_cents
                FROM ledger_transfer WHERE organization_id = $1
            UNION ALL SELECT ",
        account_of!("kind"),
        ", location_seq, cents
            FROM (SELECT kind, location_seq, -amount_cents AS cents FROM tender
                    WHERE organization_id = $1
                UNION ALL SELECT t.kind, v.location_seq, v.amount_cents FROM tender_reversal v
                    JOIN tender t ON t.organization_id = v.organization_id
                        AND t.payment_seq = v.payment_seq AND t.version = v.tender_version
                    WHERE v.organization_id = $1
                UNION ALL SELECT tender_kind, location_seq, amount_cents FROM refund
                    WHERE organization_id = $1 AND state = 'settled'
                UNION ALL SELECT 'card_processor', location_seq, -amount_cents
                    FROM unapplied_money WHERE organization_id = $1) f
            UNION ALL SELECT 'unapplied', location_seq, amount_cents FROM unapplied_money
                WHERE organization_id = $1) a
        WHERE account NOT IN ('receivable', 'patient_charges', 'refunds_payable')
        GROUP BY account, location_seq HAVING sum(cents) <> 0
        ORDER BY account, location_seq LIMIT 1"
    ),
};

/// What is owed at each location, and what was charged there, from the payments.
const RECEIVABLE: Check = Check {
    proves: "each location is owed, and has charged, what its payments say",
    sql: "SELECT 'account ' || account || ' at location ' || location_seq || ' is off by '
            || sum(cents) || ' cents' AS difference
        FROM (SELECT debit_account AS account, location_seq, amount_cents AS cents
                FROM ledger_transfer WHERE organization_id = $1
            UNION ALL SELECT credit_account, location_seq, -amount_cents
                FROM ledger_transfer WHERE organization_id = $1
            UNION ALL SELECT 'receivable', location_seq, -amount_cents FROM payment
                WHERE organization_id = $1 AND status IN ('pending', 'processing', 'failed')
            UNION ALL SELECT 'patient_charges', location_seq, amount_cents FROM payment
                WHERE organization_id = $1 AND status IN ('pending', 'processing', 'failed')
            UNION ALL SELECT 'patient_charges', location_seq, collected_cents - refunded_cents
                FROM payment WHERE organization_id = $1) a
        WHERE account IN ('receivable', 'patient_charges')
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
            AND e.subject_version = l.version AND e.at_us = l.at_us
        WHERE l.organization_id = $1 AND (l.source <> 'payment' OR e.event_id IS NULL)
        ORDER BY l.source_seq, l.version LIMIT 1",
};

/// What a ledger row says fits the step that it belongs to, so that none goes missing in a pair.
const LEDGER_STEPS: Check = Check {
    proves: "every step has its ledger rows",
    sql: "SELECT 'payment ' || s.payment_seq || ' at version ' || s.version || ' has '
            || coalesce(l.n, 0) || ' ledger rows for the step to ' || s.to_status AS difference
        FROM payment_transition s
        LEFT JOIN (SELECT source_seq, version, count(*) AS n FROM ledger_transfer
            WHERE organization_id = $1 AND source = 'payment'
            GROUP BY source_seq, version) l
            ON l.source_seq = s.payment_seq AND l.version = s.version
        WHERE s.organization_id = $1 AND s.moved_by <> 'refunds'
            AND coalesce(l.n, 0) <> CASE
                WHEN s.moved_by = 'reversal' THEN 1
                WHEN s.to_status = 'paid' AND s.from_status IN ('pending', 'processing', 'failed')
                    THEN 1
                WHEN s.to_status = 'paid' THEN 2
                WHEN (coalesce(s.from_status, 'draft') IN ('pending', 'processing', 'failed'))
                    = (s.to_status IN ('pending', 'processing', 'failed')) THEN 0
                ELSE 1 END
        ORDER BY s.payment_seq, s.version LIMIT 1",
};

/// Ledger rows of an edit, which has no step.
const LEDGER_EDITS: Check = Check {
    proves: "every change of what is owed, or where, has its ledger rows",
    sql: "SELECT 'payment ' || e.subject_seq || ' at version ' || e.subject_version || ' has '
            || coalesce(l.n, 0) || ' ledger rows for the edit' AS difference
        FROM audit_event e
        LEFT JOIN (SELECT source_seq, version, count(*) AS n FROM ledger_transfer
            WHERE organization_id = $1 AND source = 'payment'
            GROUP BY source_seq, version) l
            ON l.source_seq = e.subject_seq AND l.version = e.subject_version
        WHERE e.organization_id = $1 AND e.action = 'payment_edited'
            AND coalesce(l.n, 0) <> CASE WHEN (
                SELECT s.to_status FROM payment_transition s
                WHERE s.organization_id = $1 AND s.payment_seq = e.subject_seq
                    AND s.version < e.subject_version ORDER BY s.version DESC LIMIT 1
            ) NOT IN ('pending', 'processing', 'failed') THEN 0
                WHEN e.detail LIKE '%\"location\":[%' THEN 2
                WHEN e.detail LIKE '%\"amount_cents\":[%' THEN 1 ELSE 0 END
        ORDER BY e.subject_seq, e.subject_version LIMIT 1",
};

/// Each event moves money between the accounts that it is about, and steps have steps' events.
const LEDGER_EVENTS: Check = Check {
    proves: "ledger rows move money between the accounts of their event",
    sql: "SELECT 'ledger row of payment ' || l.source_seq || ' version ' || l.version || ': '
            || l.event || ' from ' || l.credit_account || ' to ' || l.debit_account AS difference
        FROM ledger_transfer l
        LEFT JOIN payment_transition s ON s.organization_id = l.organization_id
            AND s.payment_seq = l.source_seq AND s.version = l.version
        WHERE l.organization_id = $1 AND l.source = 'payment' AND NOT CASE l.event
            WHEN 'issued' THEN s.version IS NOT NULL
                AND l.debit_account = 'receivable' AND l.credit_account = 'patient_charges'
            WHEN 'withdrawn' THEN s.version IS NOT NULL
                AND l.debit_account = 'patient_charges' AND l.credit_account = 'receivable'
            WHEN 'moved_in' THEN s.version IS NULL
                AND l.debit_account = 'receivable' AND l.credit_account = 'patient_charges'
            WHEN 'moved_out' THEN s.version IS NULL
                AND l.debit_account = 'patient_charges' AND l.credit_account = 'receivable'
            WHEN 'amount_raised' THEN s.version IS NULL
                AND l.debit_account = 'receivable' AND l.credit_account = 'patient_charges'
            WHEN 'amount_lowered' THEN s.version IS NULL
                AND l.debit_account = 'patient_charges' AND l.credit_account = 'receivable'
            WHEN 'tender_taken' THEN s.to_status = 'paid' AND l.credit_account = 'receivable'
            WHEN 'tender_reversed' THEN s.moved_by = 'reversal' AND l.debit_account = 'receivable'
            WHEN 'refund_made' THEN l.debit_account = 'patient_charges'
                AND l.credit_account = 'refunds_payable'
            WHEN 'refund_settled' THEN l.debit_account = 'refunds_payable'
            WHEN 'refund_returned' THEN l.credit_account = 'refunds_payable'
            WHEN 'refund_failed' THEN l.debit_account = 'refunds_payable'
                AND l.credit_account = 'patient_charges'
            WHEN 'second_capture' THEN s.version IS NULL
                AND l.debit_account = 'processor_clearing' AND l.credit_account = 'unapplied'
            ELSE FALSE END
        ORDER BY l.source_seq, l.version LIMIT 1",
};

/// Tenders, reversals and refunds count on the same day, at the same place, as in the ledger.
const LEDGER_DAYS: Check = Check {
    proves: "money moves in the ledger when and where its own row says",
    sql: concat!(
        "SELECT 'payment ' || l.source_seq || ' version ' || l.version || ': the ledger''s '
            || l.event || ' and its own row differ in amount, day, place or moment' AS difference
        FROM ledger_transfer l
        WHERE l.organization_id = $1 AND l.source = 'payment' AND ((l.event = 'tender_taken'
                AND NOT EXISTS (SELECT 1 FROM tender t WHERE t.organization_id = $1
                    AND t.payment_seq = l.source_seq AND t.version = l.version
                    AND l.debit_account = ",
        account_of!("t.kind"),
        "
                    AND t.amount_cents = l.amount_cents AND t.business_day = l.business_day
                    AND t.location_seq = l.location_seq AND t.received_at_us = l.at_us))
            OR (l.event = 'tender_reversed'
                AND NOT EXISTS (SELECT 1 FROM tender_reversal v WHERE v.organization_id = $1
                    AND v.payment_seq = l.source_seq AND v.version = l.version
                    AND v.amount_cents = l.amount_cents AND v.business_day = l.business_day
                    AND v.location_seq = l.location_seq AND v.at_us = l.at_us))
            OR (l.event = 'second_capture'
                AND NOT EXISTS (SELECT 1 FROM unapplied_money u WHERE u.organization_id = $1
                    AND u.payment_seq = l.source_seq AND u.version = l.version
                    AND u.amount_cents = l.amount_cents AND u.business_day = l.business_day
                    AND u.location_seq = l.location_seq AND u.at_us = l.at_us))
            OR (l.event = 'refund_made'
                AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.organization_id = $1
                    AND r.payment_seq = l.source_seq AND r.amount_cents = l.amount_cents
                    AND r.business_day = l.business_day AND r.location_seq = l.location_seq
                    AND r.made_at_us = l.at_us))
            OR (l.event IN ('refund_settled', 'refund_returned', 'refund_failed')
                AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.organization_id = $1
                    AND r.payment_seq = l.source_seq AND r.amount_cents = l.amount_cents
                    AND r.location_seq = l.location_seq
                    AND ((l.event = 'refund_settled' AND r.settled_at_us = l.at_us)
                        OR (l.event <> 'refund_settled' AND r.ended_at_us = l.at_us
                            AND r.ended_day = l.business_day)))))
        ORDER BY l.source_seq, l.version LIMIT 1"
    ),
};

/// Refunds that went together with their ledger rows, or ended without them.
const LEDGER_REFUNDS: Check = Check {
    proves: "every refund has its ledger rows",
    sql: "SELECT 'payment ' || r.seq || ': its refunds and their ledger rows differ in number'
            AS difference
        FROM (SELECT payment_seq AS seq, count(*) AS made, count(settled_at_us) AS settled,
                count(ended_at_us) AS ended,
                sum(CASE WHEN settled_at_us IS NULL OR ended_at_us IS NULL THEN 0 ELSE 1 END)
                    AS returned
            FROM refund WHERE organization_id = $1 GROUP BY payment_seq) r
        LEFT JOIN (SELECT source_seq AS seq,
                sum(CASE event WHEN 'refund_made' THEN 1 ELSE 0 END) AS made,
                sum(CASE event WHEN 'refund_settled' THEN 1 ELSE 0 END) AS settled,
                sum(CASE event WHEN 'refund_failed' THEN 1 ELSE 0 END) AS ended,
                sum(CASE event WHEN 'refund_returned' THEN 1 ELSE 0 END) AS returned
            FROM ledger_transfer WHERE organization_id = $1 AND source = 'payment'
            GROUP BY source_seq) l ON l.seq = r.seq
        WHERE r.made <> coalesce(l.made, 0) OR r.settled <> coalesce(l.settled, 0)
            OR r.ended <> coalesce(l.ended, 0) OR r.returned <> coalesce(l.returned, 0)
        ORDER BY r.seq LIMIT 1",
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
                UNION ALL SELECT 'PAT', max(seq) FROM patient WHERE organization_id = $1
                UNION ALL SELECT 'TRT', max(seq) FROM treatment WHERE organization_id = $1
                UNION ALL SELECT 'REF', max(seq) FROM refund WHERE organization_id = $1
                UNION ALL SELECT 'RCP', max(seq) FROM receipt WHERE organization_id = $1
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

/// Each step was made by whom and when the audit log says.
const STEPS_AUDITED: Check = Check {
    proves: "every step was made by whom and when the audit log says",
    sql: "SELECT 'payment ' || s.payment_seq || ' at version ' || s.version
            || ': the step and its audit row differ in who made it or when' AS difference
        FROM payment_transition s
        LEFT JOIN audit_event e ON e.organization_id = s.organization_id
            AND e.subject = 'payment' AND e.subject_seq = s.payment_seq
            AND e.subject_version = s.version AND e.at_us = s.at_us AND e.actor = s.moved_by
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
    LEDGER,
    ACCOUNTS,
    RECEIVABLE,
    LEDGER_SOURCES,
    LEDGER_STEPS,
    LEDGER_EDITS,
    LEDGER_EVENTS,
    LEDGER_DAYS,
    LEDGER_REFUNDS,
    REFUND_TENDERS,
    PAID_AT,
    ROLLUP_STATUS,
    ROLLUP_DUE,
    ROLLUP_MONTH,
    ROLLUP_DAY,
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
