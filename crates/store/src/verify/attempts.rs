//! What attempts at the processor and the books say of each other.

use super::Check;

/// Attempts are explained by the status, and the status by attempts. While the payer paid by an
/// older attempt, the page of the newest may still be open.
pub(super) const ATTEMPTS: Check = Check {
    proves: "attempts and statuses go together",
    sql: "SELECT 'payment ' || p.seq || ' is ' || p.status || ', its newest attempt is '
            || coalesce(a.state, 'missing') AS difference
        FROM payment p
        LEFT JOIN (SELECT payment_seq, max(attempt_no) AS attempt_no FROM payment_attempt
            WHERE organization_id = $1 GROUP BY payment_seq) m ON m.payment_seq = p.seq
        LEFT JOIN payment_attempt a ON a.organization_id = p.organization_id
            AND a.payment_seq = p.seq AND a.attempt_no = m.attempt_no
        WHERE p.organization_id = $1
            AND ((a.state IN ('open', 'authorized') AND p.collected_cents > 0
                    AND NOT EXISTS (SELECT 1 FROM payment_attempt o WHERE o.organization_id = $1
                        AND o.payment_seq = p.seq AND o.state = 'captured'))
                OR (p.status = 'voided' AND NOT EXISTS (SELECT 1 FROM payment_attempt o
                    WHERE o.organization_id = $1 AND o.payment_seq = p.seq
                        AND o.state IN ('released', 'captured'))))
        ORDER BY p.seq LIMIT 1",
};

/// What the processor took is a tender, or not applied to anything.
pub(super) const CAPTURES: Check = Check {
    proves: "every capture is a tender or unapplied money",
    sql:
        "SELECT 'payment ' || seq || ': its captured attempts and what was taken of them differ by '
            || sum(n) || ' and ' || sum(cents) || ' cents' AS difference
        FROM (SELECT payment_seq AS seq, 1 AS n, amount_cents AS cents FROM payment_attempt
                WHERE organization_id = $1 AND state = 'captured'
            UNION ALL SELECT payment_seq, -1, -amount_cents FROM unapplied_money
                WHERE organization_id = $1
            UNION ALL SELECT payment_seq, -1, -amount_cents FROM tender
                WHERE organization_id = $1 AND kind = 'card_processor') x
        GROUP BY seq HAVING sum(n) <> 0 OR sum(cents) <> 0 ORDER BY seq LIMIT 1",
};

/// What is not applied is in the ledger, and of an attempt that took it.
pub(super) const UNAPPLIED: Check = Check {
    proves: "unapplied money is in the ledger, and was taken by its attempt",
    sql: "SELECT 'payment ' || u.payment_seq || ': the unapplied money of attempt ' || u.attempt_no
            || ' is not in the ledger, or was not taken' AS difference
        FROM unapplied_money u
        LEFT JOIN payment_attempt a ON a.organization_id = u.organization_id
            AND a.payment_seq = u.payment_seq AND a.attempt_no = u.attempt_no
            AND a.state = 'captured' AND a.amount_cents = u.amount_cents
        LEFT JOIN ledger_transfer l ON l.organization_id = u.organization_id
            AND l.source = 'payment' AND l.source_seq = u.payment_seq AND l.version = u.version
            AND l.event = 'second_capture'
        WHERE u.organization_id = $1 AND (a.attempt_no IS NULL OR l.line IS NULL)
        ORDER BY u.payment_seq, u.attempt_no LIMIT 1",
};
