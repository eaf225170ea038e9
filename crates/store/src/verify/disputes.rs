//! Disputed money is where the bank's word puts it.

use super::Check;

/// The ledger's rows of a payment's disputes lead to where their money is.
pub(super) const LEDGER: Check = Check {
    proves: "the ledger has each dispute's money where it is",
    sql: "SELECT 'payment ' || seq || ': the ledger is off by ' || sum(held) || ' cents held and '
            || sum(lost) || ' cents lost in disputes' AS difference
        FROM (SELECT source_seq AS seq,
                CASE event WHEN 'dispute_withdrawn' THEN amount_cents
                    WHEN 'dispute_regained' THEN amount_cents ELSE -amount_cents END AS held,
                CASE event WHEN 'dispute_lost' THEN amount_cents
                    WHEN 'dispute_regained' THEN -amount_cents ELSE 0 END AS lost
            FROM ledger_transfer WHERE organization_id = $1 AND source = 'payment'
                AND event IN ('dispute_withdrawn', 'dispute_reinstated', 'dispute_lost',
                    'dispute_regained')
            UNION ALL SELECT payment_seq, -held_cents, -lost_cents FROM dispute
                WHERE organization_id = $1 AND held_cents IS NOT NULL) x
        GROUP BY seq HAVING sum(held) <> 0 OR sum(lost) <> 0 ORDER BY seq LIMIT 1",
};

/// How a dispute stands says where its money is.
pub(super) const STANDINGS: Check = Check {
    proves: "disputed money is held, lost or back as the dispute stands",
    sql: "SELECT 'payment ' || d.payment_seq || ': a dispute that stands at ' || d.standing
            || ' holds ' || d.held_cents || ' and lost ' || d.lost_cents || ' of '
            || d.amount_cents || ' cents' AS difference
        FROM dispute d
        JOIN organization o ON o.organization_id = d.organization_id
        LEFT JOIN payment_attempt a ON a.organization_id = d.organization_id
            AND a.payment_seq = d.payment_seq AND a.attempt_no = d.attempt_no
            AND a.state = 'captured'
        WHERE d.organization_id = $1 AND d.held_cents IS NOT NULL
            AND (a.attempt_no IS NULL OR CASE
                WHEN d.currency <> o.currency OR d.standing IN ('inquiry', 'inquiry_closed',
                    'won', 'prevented') THEN d.held_cents <> 0 OR d.lost_cents <> 0
                WHEN d.standing IN ('needs_response', 'under_review')
                    THEN d.held_cents <> d.amount_cents OR d.lost_cents <> 0
                WHEN d.standing = 'lost'
                    THEN d.held_cents <> 0 OR d.lost_cents <> d.amount_cents
                ELSE FALSE END)
        ORDER BY d.payment_seq, d.dispute_id LIMIT 1",
};

/// What banks gave back of a payment is what its disputes lost.
pub(super) const LOST: Check = Check {
    proves: "payments know what banks gave back",
    sql: "SELECT 'payment ' || seq || ' and its disputes differ by ' || sum(cents)
            || ' cents lost' AS difference
        FROM (SELECT seq, lost_cents AS cents FROM payment WHERE organization_id = $1
            UNION ALL SELECT d.payment_seq, -d.lost_cents FROM dispute d
                WHERE d.organization_id = $1 AND d.lost_cents IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM unapplied_money u
                        WHERE u.organization_id = d.organization_id
                            AND u.payment_seq = d.payment_seq AND u.attempt_no = d.attempt_no)) x
        GROUP BY seq HAVING sum(cents) <> 0 ORDER BY seq LIMIT 1",
};
