//! Receipts say what was taken and given back, and none of them is missing.

use super::Check;

/// A receipt belongs to a tender or a settled refund, and says its amount.
pub(super) const RECEIPTS: Check = Check {
    proves: "every receipt says what was taken or given back",
    sql: "SELECT 'receipt ' || r.seq || ' of payment ' || r.payment_seq || ' says '
            || r.amount_cents || ' cents, its tender or refund says '
            || coalesce(t.amount_cents, f.amount_cents, 0) AS difference
        FROM receipt r
        LEFT JOIN tender t ON t.organization_id = r.organization_id
            AND t.payment_seq = r.payment_seq AND t.version = r.tender_version
        LEFT JOIN refund f ON f.organization_id = r.organization_id
            AND f.payment_seq = r.payment_seq AND f.seq = r.refund_seq
            AND f.settled_at_us IS NOT NULL
        WHERE r.organization_id = $1
            AND r.amount_cents <> coalesce(t.amount_cents, f.amount_cents, 0)
        ORDER BY r.seq LIMIT 1",
};

/// Receipts are numbered from one without a gap, and each one's issue was audited. (Payments of
/// versions before receipts have none until somebody asks for it, so that a tender proves
/// nothing here.)
pub(super) const RECEIPT_NUMBERS: Check = Check {
    proves: "receipts are numbered without a gap, and none is missing",
    sql: "SELECT 'there are ' || r.n || ' receipts up to number ' || r.last || ', '
            || coalesce(c.last, 0) || ' numbers were given out and ' || e.n
            || ' receipts are in the audit log' AS difference
        FROM (SELECT count(*) AS n, coalesce(max(seq), 0) AS last FROM receipt
                WHERE organization_id = $1) r
            CROSS JOIN (SELECT count(*) AS n FROM audit_event
                WHERE organization_id = $1 AND subject = 'receipt'
                    AND action = 'receipt_issued') e
            LEFT JOIN counter c ON c.organization_id = $1 AND c.kind = 'RCP'
        WHERE r.n <> r.last OR r.n <> coalesce(c.last, 0) OR r.n <> e.n",
};
