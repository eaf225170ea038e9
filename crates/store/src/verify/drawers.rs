//! What was counted in drawers is what the audit log says.

use super::Check;

/// Each count has its audit row with the same sums, and none is missing.
pub(super) const COUNTS: Check = Check {
    proves: "every count of a drawer is as the audit log has it, and none is missing",
    sql: "SELECT 'count ' || coalesce(d.seq, e.seq)
            || ' of a drawer and its audit row do not go together' AS difference
        FROM (SELECT seq, location_seq, business_day, cash_cents, at_us, user_seq,
                coalesce(CAST(check_cents AS TEXT), 'null') AS check_cents
            FROM drawer_count WHERE organization_id = $1) d
        FULL JOIN (SELECT subject_seq AS seq, at_us, user_seq,
                replace(detail, '}', ',') AS detail FROM audit_event
            WHERE organization_id = $1 AND subject = 'drawer_count'
                AND action = 'drawer_counted') e ON e.seq = d.seq
        WHERE d.seq IS NULL OR e.seq IS NULL OR e.at_us <> d.at_us OR e.user_seq <> d.user_seq
            OR e.detail NOT LIKE '%\"cash_cents\":' || d.cash_cents || ',%'
            OR e.detail NOT LIKE '%\"check_cents\":' || d.check_cents || ',%'
            OR e.detail NOT LIKE '%\"day\":\"' || substr(CAST(d.business_day AS TEXT), 1, 4) || '-'
                || substr(CAST(d.business_day AS TEXT), 5, 2) || '-'
                || substr(CAST(d.business_day AS TEXT), 7, 2) || '\"%'
            OR e.detail NOT LIKE '%\"location\":\"LOC-'
                || CASE WHEN d.location_seq < 10 THEN '00' WHEN d.location_seq < 100 THEN '0'
                    ELSE '' END || d.location_seq || '\"%'
        ORDER BY 1 LIMIT 1",
};
