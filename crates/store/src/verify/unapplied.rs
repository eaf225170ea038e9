//! Unapplied money that was given back is in the ledger, and none of it is hidden.

use super::Check;

/// Each that was made, settled or ended has its ledger rows.
pub(super) const LEDGER: Check = Check {
    proves: "unapplied money that is given back has its ledger rows",
    sql: "SELECT 'payment ' || r.seq || ': what was given back of its unapplied money and the '
            || 'ledger differ in number, or in when and of which attempt' AS difference
        FROM (SELECT payment_seq AS seq, count(*) AS made, count(settled_at_us) AS settled,
                count(ended_at_us) AS ended,
                sum(CASE WHEN settled_at_us IS NULL OR ended_at_us IS NULL THEN 0 ELSE 1 END)
                    AS returned,
                sum(CASE WHEN (state = 'settled' AND settled_at_us IS NULL)
                        OR (state = 'pending' AND settled_at_us IS NOT NULL)
                    THEN 1 ELSE 0 END) AS odd
            FROM unapplied_refund WHERE organization_id = $1 GROUP BY payment_seq) r
        LEFT JOIN (SELECT source_seq AS seq,
                sum(CASE event WHEN 'unapplied_refund_made' THEN 1 ELSE 0 END) AS made,
                sum(CASE event WHEN 'unapplied_refund_settled' THEN 1 ELSE 0 END) AS settled,
                sum(CASE event WHEN 'unapplied_refund_failed' THEN 1 ELSE 0 END) AS ended,
                sum(CASE event WHEN 'unapplied_refund_returned' THEN 1 ELSE 0 END) AS returned
            FROM ledger_transfer WHERE organization_id = $1 AND source = 'payment'
            GROUP BY source_seq) l ON l.seq = r.seq
        WHERE r.made <> coalesce(l.made, 0) OR r.settled <> coalesce(l.settled, 0)
            OR r.ended <> coalesce(l.ended, 0) OR r.returned <> coalesce(l.returned, 0)
            OR r.odd > 0
        ORDER BY r.seq LIMIT 1",
};

/// Each belongs to money that was taken for nothing, of which no more is given back than is left,
/// and has its audit row, so that none vanishes together with its ledger rows.
pub(super) const AUDITED: Check = Check {
    proves: "what is given back of unapplied money was taken, and is in the audit log",
    sql: "SELECT 'payment ' || seq || ': of its unapplied money ' || sum(n)
            || ' more times is given back by its rows than by the audit log, or more than was '
            || 'taken' AS difference
        FROM (SELECT payment_seq AS seq, 1 AS n, 0 AS too_much FROM unapplied_refund
                WHERE organization_id = $1
            UNION ALL SELECT subject_seq, -1, 0 FROM audit_event
                WHERE organization_id = $1 AND subject = 'payment'
                    AND action = 'unapplied_refund_made'
            UNION ALL SELECT r.payment_seq, 0, 1 FROM (
                    SELECT payment_seq, attempt_no, sum(amount_cents) AS cents
                    FROM unapplied_refund
                    WHERE organization_id = $1 AND state IN ('pending', 'settled')
                    GROUP BY payment_seq, attempt_no) r
                LEFT JOIN unapplied_money u ON u.organization_id = $1
                    AND u.payment_seq = r.payment_seq AND u.attempt_no = r.attempt_no
                WHERE u.amount_cents IS NULL OR r.cents > u.amount_cents) x
        GROUP BY seq HAVING sum(n) <> 0 OR sum(too_much) <> 0 ORDER BY seq LIMIT 1",
};
