//! Payouts are in the ledger as their movements say, and the movements say what the books have.

use super::Check;

/// Fees, what is not explained, and what the bank got, of each payout at each location.
pub(super) const LEDGER: Check = Check {
    proves: "the ledger has of each payout what it moved at each location",
    sql: "SELECT 'payout ' || seq || ': the ledger is off by ' || sum(fees) || ' cents of fees, '
            || sum(unmatched) || ' unexplained and ' || sum(bank) || ' at the bank in location '
            || location_seq AS difference
        FROM (SELECT source_seq AS seq, location_seq,
                CASE WHEN event <> 'payout_fees' THEN 0
                    WHEN debit_account = 'processor_fees' THEN amount_cents
                    ELSE -amount_cents END AS fees,
                CASE WHEN event <> 'payout_unmatched' THEN 0
                    WHEN credit_account = 'processor_unmatched' THEN amount_cents
                    ELSE -amount_cents END AS unmatched,
                CASE WHEN event <> 'payout_made' THEN 0
                    WHEN debit_account = 'bank' THEN amount_cents ELSE -amount_cents END AS bank
            FROM ledger_transfer WHERE organization_id = $1 AND source = 'payout'
            UNION ALL SELECT m.payout_seq, m.location_seq,
                CASE m.kind WHEN 'fee' THEN m.amount_cents - m.fee_cents ELSE -m.fee_cents END,
                CASE m.kind WHEN 'fee' THEN 0 ELSE coalesce(m.our_cents, 0) - m.amount_cents END,
                0
            FROM payout_movement m
            JOIN payout p ON p.organization_id = m.organization_id AND p.seq = m.payout_seq
            WHERE m.organization_id = $1 AND p.state <> 'waiting'
            UNION ALL SELECT s.payout_seq, s.location_seq, 0, 0, -s.amount_cents
            FROM payout_share s
            JOIN payout p ON p.organization_id = s.organization_id AND p.seq = s.payout_seq
            WHERE s.organization_id = $1 AND p.state <> 'waiting'
                AND p.standing NOT IN ('failed', 'cancelled')) x
        GROUP BY seq, location_seq
        HAVING sum(fees) <> 0 OR sum(unmatched) <> 0 OR sum(bank) <> 0
        ORDER BY seq, location_seq LIMIT 1",
};

/// Each event of a payout moves money between its own account and the processor's.
pub(super) const EVENTS: Check = Check {
    proves: "ledger rows of payouts move money between the accounts of their event",
    sql: "SELECT 'ledger row of payout ' || l.source_seq || ' version ' || l.version || ': '
            || l.event || ' from ' || l.credit_account || ' to ' || l.debit_account AS difference
        FROM ledger_transfer l
        LEFT JOIN payout p ON p.organization_id = l.organization_id AND p.seq = l.source_seq
        WHERE l.organization_id = $1 AND l.source = 'payout'
            AND (p.seq IS NULL OR l.version > p.version
                OR 'processor_clearing' NOT IN (l.debit_account, l.credit_account)
                OR CASE l.event WHEN 'payout_fees' THEN 'processor_fees'
                    WHEN 'payout_unmatched' THEN 'processor_unmatched'
                    WHEN 'payout_made' THEN 'bank' ELSE '' END
                    NOT IN (l.debit_account, l.credit_account))
        ORDER BY l.source_seq, l.version, l.line LIMIT 1",
};

/// The locations' shares of a payout come to it, and are what its movements there come to; what
/// came back is each location's as it was.
pub(super) const SHARES: Check = Check {
    proves: "each location has its own of each payout",
    sql: "SELECT 'payout ' || seq || ': the shares of its locations, or that of location '
            || location_seq || ', are off by ' || sum(cents) AS difference
        FROM (SELECT p.seq, 0 AS location_seq, p.amount_cents AS cents FROM payout p
                WHERE p.organization_id = $1 AND p.state <> 'waiting'
            UNION ALL SELECT payout_seq, 0, -amount_cents FROM payout_share
                WHERE organization_id = $1
            UNION ALL SELECT seq, -1, amount_cents - left_cents FROM payout
                WHERE organization_id = $1 AND state <> 'waiting'
            UNION ALL SELECT m.payout_seq, -1, -m.net_cents FROM payout_movement m
                JOIN payout p ON p.organization_id = m.organization_id AND p.seq = m.payout_seq
                WHERE m.organization_id = $1 AND p.state <> 'waiting'
            UNION ALL SELECT s.payout_seq, s.location_seq, s.amount_cents FROM payout_share s
                JOIN payout p ON p.organization_id = s.organization_id AND p.seq = s.payout_seq
                WHERE s.organization_id = $1 AND s.location_seq <> p.location_seq
            UNION ALL SELECT m.payout_seq, m.location_seq, -m.net_cents FROM payout_movement m
                JOIN payout p ON p.organization_id = m.organization_id AND p.seq = m.payout_seq
                WHERE m.organization_id = $1 AND m.location_seq <> p.location_seq
                    AND p.state <> 'waiting' AND coalesce(m.our_kind, '') <> 'payout'
            UNION ALL SELECT m.payout_seq, s.location_seq, -s.amount_cents FROM payout_movement m
                JOIN payout p ON p.organization_id = m.organization_id AND p.seq = m.payout_seq
                JOIN payout_share s ON s.organization_id = m.organization_id
                    AND s.payout_seq = m.our_no
                WHERE m.organization_id = $1 AND m.our_kind = 'payout' AND p.state <> 'waiting'
                    AND s.location_seq <> p.location_seq) x
        GROUP BY seq, location_seq HAVING sum(cents) <> 0 ORDER BY seq, location_seq LIMIT 1",
};

/// What explains a movement is there, and of the amount that the movement says.
pub(super) const MOVEMENTS: Check = Check {
    proves: "what explains a line of a payout is in the books",
    sql: "SELECT 'payout ' || m.payout_seq || ': a line of ' || m.amount_cents
            || ' cents is explained by ' || m.our_cents || ' cents of ' || m.our_kind || ' '
            || m.our_no || ', which the books do not have' AS difference
        FROM payout_movement m
        LEFT JOIN payment_attempt a ON m.our_kind = 'attempt'
            AND a.organization_id = m.organization_id AND a.payment_seq = m.our_payment_seq
            AND a.attempt_no = m.our_no AND a.state = 'captured'
        LEFT JOIN refund r ON m.our_kind = 'refund' AND r.organization_id = m.organization_id
            AND r.payment_seq = m.our_payment_seq AND r.seq = m.our_no
            AND (r.state IN ('pending', 'settled') OR r.processor_refund_id IS NOT NULL)
        LEFT JOIN unapplied_refund u ON m.our_kind = 'unapplied_refund'
            AND u.organization_id = m.organization_id AND u.payment_seq = m.our_payment_seq
            AND u.seq = m.our_no
            AND (u.state <> 'failed' OR u.processor_refund_id IS NOT NULL)
        LEFT JOIN payout o ON m.our_kind = 'payout' AND o.organization_id = m.organization_id
            AND o.seq = m.our_no AND o.state <> 'waiting'
        WHERE m.organization_id = $1 AND m.our_kind IS NOT NULL
            AND (abs(m.our_cents) <> CASE m.our_kind WHEN 'dispute' THEN abs(m.our_cents)
                    ELSE coalesce(a.amount_cents, r.amount_cents, u.amount_cents,
                        abs(o.amount_cents), -1) END
                OR (m.our_kind = 'dispute' AND NOT EXISTS (SELECT 1 FROM dispute d
                    WHERE d.organization_id = m.organization_id AND d.dispute_id = m.source_id
                        AND d.payment_seq = m.our_payment_seq AND d.attempt_no = m.our_no)))
        ORDER BY m.payout_seq, m.movement_id LIMIT 1",
};

/// Every payout in the audit log exists, at the version that the log has.
pub(super) const AUDITED: Check = Check {
    proves: "every payout is in the audit log",
    sql: "SELECT 'payout ' || k.seq || ' is at version ' || coalesce(p.version, 0)
            || ', the audit log has ' || coalesce(e.n, 0) || ' of its changes' AS difference
        FROM (SELECT seq FROM payout WHERE organization_id = $1
            UNION SELECT subject_seq FROM audit_event
                WHERE organization_id = $1 AND subject = 'payout') k
        LEFT JOIN payout p ON p.organization_id = $1 AND p.seq = k.seq
        LEFT JOIN (SELECT subject_seq AS seq, count(DISTINCT subject_version) AS n
            FROM audit_event
            WHERE organization_id = $1 AND subject = 'payout' AND subject_version IS NOT NULL
            GROUP BY subject_seq) e ON e.seq = k.seq
        WHERE coalesce(p.version, 0) <> coalesce(e.n, 0) OR p.seq IS NULL
        ORDER BY k.seq LIMIT 1",
};
