//! Kept counts and sums are those of the facts.

use super::Check;

/// Counts and sums by status and location.
pub(super) const ROLLUP_STATUS: Check = Check {
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
pub(super) const ROLLUP_DUE: Check = Check {
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
pub(super) const ROLLUP_MONTH: Check = Check {
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

/// The same by payment type and tender.
pub(super) const ROLLUP_TAKEN: Check = Check {
    proves: "the kept sums by type and tender are those of tenders, reversals and refunds",
    sql: "SELECT 'rollup_taken ' || month || ' of location ' || location_seq || ', type '
            || kind || ', ' || tender || ' is off by ' || sum(gross) || ' gross and '
            || sum(refunded) || ' refunded cents' AS difference
        FROM (SELECT month, location_seq, payment_kind AS kind, tender_kind AS tender,
                    gross_cents AS gross, refunded_cents AS refunded
                FROM rollup_taken WHERE organization_id = $1
            UNION ALL SELECT business_day / 100, location_seq, coalesce(payment_kind, ''), kind,
                    -amount_cents, 0
                FROM tender WHERE organization_id = $1
            UNION ALL SELECT v.business_day / 100, v.location_seq, coalesce(t.payment_kind, ''),
                    t.kind, v.amount_cents, 0
                FROM tender_reversal v JOIN tender t ON t.organization_id = v.organization_id
                    AND t.payment_seq = v.payment_seq AND t.version = v.tender_version
                WHERE v.organization_id = $1
            UNION ALL SELECT business_day / 100, location_seq, coalesce(payment_kind, ''),
                    tender_kind, 0, -amount_cents
                FROM refund WHERE organization_id = $1
            UNION ALL SELECT ended_day / 100, location_seq, coalesce(payment_kind, ''),
                    tender_kind, 0, amount_cents
                FROM refund WHERE organization_id = $1 AND ended_day IS NOT NULL) x
        GROUP BY month, location_seq, kind, tender HAVING sum(gross) <> 0 OR sum(refunded) <> 0
        ORDER BY month, location_seq, kind, tender LIMIT 1",
};

/// The type of a payment that was paid is locked; its money was counted under it.
pub(super) const TYPES: Check = Check {
    proves: "money counts under the type that its payment had",
    sql: "SELECT 'payment ' || p.seq || ' is of type ' || coalesce(p.kind, 'none')
            || ', its tender or refund counts under another' AS difference
        FROM payment p
        WHERE p.organization_id = $1 AND p.collected_cents > 0 AND (
            (SELECT t.payment_kind FROM tender t WHERE t.organization_id = p.organization_id
                AND t.payment_seq = p.seq ORDER BY t.version DESC LIMIT 1)
                IS DISTINCT FROM p.kind
            OR EXISTS (SELECT 1 FROM refund r WHERE r.organization_id = p.organization_id
                AND r.payment_seq = p.seq AND r.state IN ('pending', 'settled')
                AND r.payment_kind IS DISTINCT FROM p.kind))
        ORDER BY p.seq LIMIT 1",
};

/// New payments by day: the sum over all days, and each location's.
pub(super) const ROLLUP_DAY: Check = Check {
    proves: "the kept counts by day add up to the payments",
    sql: "SELECT 'rollup_day counts ' || days.n || ' payments, there are ' || facts.n AS difference
        FROM (SELECT coalesce(sum(n), 0) AS n FROM rollup_day WHERE organization_id = $1) days,
            (SELECT count(*) AS n FROM payment WHERE organization_id = $1) facts
        WHERE days.n <> facts.n",
};
