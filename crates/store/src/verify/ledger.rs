//! The ledger says what the rows say that moved the money.

use super::Check;

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

/// The ledger's balances of each payment, from its state.
pub(super) const LEDGER: Check = Check {
    proves: "the ledger's balances are those of the payments",
    sql: "SELECT 'payment ' || seq || ': the ledger says receivable ' || receivable || ', charges '
            || charges || ', refunds payable ' || payable || ', held ' || held
            || ' cents; its state says ' || owed || ', '
            || (0 - owed - collected + refunded + lost) || ', ' || (0 - pending) || ', '
            || (collected - refunded + pending - lost) AS difference
        FROM (SELECT p.seq, p.collected_cents AS collected, p.refunded_cents AS refunded,
                p.lost_cents AS lost,
                CASE WHEN p.status IN ('pending', 'processing', 'failed')
                    THEN p.amount_cents ELSE 0 END AS owed,
                coalesce(r.pending, 0) AS pending, coalesce(l.receivable, 0) AS receivable,
                coalesce(l.charges, 0) AS charges, coalesce(l.payable, 0) AS payable,
                coalesce(l.held, 0) AS held
            FROM payment p
            LEFT JOIN (SELECT payment_seq, sum(amount_cents) AS pending
                FROM (SELECT payment_seq, amount_cents FROM refund
                        WHERE organization_id = $1 AND state = 'pending'
                    UNION ALL SELECT payment_seq, amount_cents FROM unapplied_refund
                        WHERE organization_id = $1 AND state = 'pending') on_its_way
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
        WHERE receivable <> owed OR charges <> 0 - owed - collected + refunded + lost
            OR payable <> 0 - pending OR held <> collected - refunded + pending - lost
        ORDER BY seq LIMIT 1",
};

/// What each tender's account holds, from the tenders, reversals and settled refunds.
pub(super) const ACCOUNTS: Check = Check {
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
                    FROM unapplied_money WHERE organization_id = $1
                UNION ALL SELECT 'card_processor', location_seq, amount_cents
                    FROM unapplied_refund WHERE organization_id = $1 AND state = 'settled'
                UNION ALL SELECT 'card_processor', location_seq, held_cents + lost_cents
                    FROM dispute WHERE organization_id = $1 AND held_cents IS NOT NULL) f
            UNION ALL SELECT 'unapplied', location_seq, amount_cents FROM unapplied_money
                WHERE organization_id = $1
            UNION ALL SELECT 'unapplied', location_seq, -amount_cents FROM unapplied_refund
                WHERE organization_id = $1 AND state IN ('pending', 'settled')
            UNION ALL SELECT 'unapplied', d.location_seq, -d.lost_cents FROM dispute d
                JOIN unapplied_money u ON u.organization_id = d.organization_id
                    AND u.payment_seq = d.payment_seq AND u.attempt_no = d.attempt_no
                WHERE d.organization_id = $1 AND d.lost_cents IS NOT NULL
            UNION ALL SELECT 'disputes', location_seq, -held_cents FROM dispute
                WHERE organization_id = $1 AND held_cents IS NOT NULL
            UNION ALL SELECT 'processor_fees', m.location_seq,
                CASE m.kind WHEN 'fee' THEN m.amount_cents - m.fee_cents ELSE -m.fee_cents END
                FROM payout_movement m JOIN payout p ON p.organization_id = m.organization_id
                    AND p.seq = m.payout_seq AND p.state <> 'waiting'
                WHERE m.organization_id = $1
            UNION ALL SELECT 'processor_clearing', m.location_seq,
                CASE m.kind WHEN 'fee' THEN m.fee_cents - m.amount_cents
                    ELSE m.fee_cents + coalesce(m.our_cents, 0) - m.amount_cents END
                FROM payout_movement m JOIN payout p ON p.organization_id = m.organization_id
                    AND p.seq = m.payout_seq AND p.state <> 'waiting'
                WHERE m.organization_id = $1
            UNION ALL SELECT 'processor_unmatched', m.location_seq,
                m.amount_cents - coalesce(m.our_cents, 0)
                FROM payout_movement m JOIN payout p ON p.organization_id = m.organization_id
                    AND p.seq = m.payout_seq AND p.state <> 'waiting'
                WHERE m.organization_id = $1 AND m.kind <> 'fee'
            UNION ALL SELECT w.account, s.location_seq, w.sign * s.amount_cents
                FROM payout_share s JOIN payout p ON p.organization_id = s.organization_id
                    AND p.seq = s.payout_seq AND p.standing NOT IN ('failed', 'cancelled')
                CROSS JOIN (SELECT 'bank' AS account, -1 AS sign
                    UNION ALL SELECT 'processor_clearing', 1) w
                WHERE s.organization_id = $1) a
        WHERE account NOT IN ('receivable', 'patient_charges', 'refunds_payable')
        GROUP BY account, location_seq HAVING sum(cents) <> 0
        ORDER BY account, location_seq LIMIT 1"
    ),
};

/// What is owed at each location, and what was charged there, from the payments.
pub(super) const RECEIVABLE: Check = Check {
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
            UNION ALL SELECT 'patient_charges', location_seq,
                collected_cents - refunded_cents - lost_cents
                FROM payment WHERE organization_id = $1) a
        WHERE account IN ('receivable', 'patient_charges')
        GROUP BY account, location_seq HAVING sum(cents) <> 0
        ORDER BY account, location_seq LIMIT 1",
};

/// Ledger rows belong to a version of a payment that exists.
pub(super) const LEDGER_SOURCES: Check = Check {
    proves: "ledger rows belong to changes that happened",
    sql: "SELECT 'ledger row of ' || l.source || ' ' || l.source_seq || ' version ' || l.version
            || ' belongs to no audited change' AS difference
        FROM ledger_transfer l
        LEFT JOIN audit_event e ON e.organization_id = l.organization_id
            AND e.subject = l.source AND e.subject_seq = l.source_seq
            AND e.subject_version = l.version AND e.at_us = l.at_us
        WHERE l.organization_id = $1
            AND (l.source NOT IN ('payment', 'payout') OR e.event_id IS NULL)
        ORDER BY l.source_seq, l.version LIMIT 1",
};

/// What a ledger row says fits the step that it belongs to, so that none goes missing in a pair.
pub(super) const LEDGER_STEPS: Check = Check {
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
pub(super) const LEDGER_EDITS: Check = Check {
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
pub(super) const LEDGER_EVENTS: Check = Check {
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
            WHEN 'unapplied_refund_made' THEN s.version IS NULL
                AND l.debit_account = 'unapplied' AND l.credit_account = 'refunds_payable'
            WHEN 'unapplied_refund_settled' THEN s.version IS NULL
                AND l.debit_account = 'refunds_payable'
                AND l.credit_account = 'processor_clearing'
            WHEN 'unapplied_refund_returned' THEN s.version IS NULL
                AND l.debit_account = 'processor_clearing'
                AND l.credit_account = 'refunds_payable'
            WHEN 'unapplied_refund_failed' THEN s.version IS NULL
                AND l.debit_account = 'refunds_payable' AND l.credit_account = 'unapplied'
            WHEN 'dispute_withdrawn' THEN s.version IS NULL
                AND l.debit_account = 'disputes' AND l.credit_account = 'processor_clearing'
            WHEN 'dispute_reinstated' THEN s.version IS NULL
                AND l.debit_account = 'processor_clearing' AND l.credit_account = 'disputes'
            WHEN 'dispute_lost' THEN s.version IS NULL AND l.credit_account = 'disputes'
                AND l.debit_account IN ('patient_charges', 'unapplied')
            WHEN 'dispute_regained' THEN s.version IS NULL AND l.debit_account = 'disputes'
                AND l.credit_account IN ('patient_charges', 'unapplied')
            ELSE FALSE END
        ORDER BY l.source_seq, l.version LIMIT 1",
};

/// Tenders, reversals and refunds count on the same day, at the same place, as in the ledger.
pub(super) const LEDGER_DAYS: Check = Check {
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
                            AND r.ended_day = l.business_day))))
            OR (l.event = 'unapplied_refund_made'
                AND NOT EXISTS (SELECT 1 FROM unapplied_refund r WHERE r.organization_id = $1
                    AND r.payment_seq = l.source_seq AND r.amount_cents = l.amount_cents
                    AND r.business_day = l.business_day AND r.location_seq = l.location_seq
                    AND r.made_at_us = l.at_us))
            OR (l.event IN ('unapplied_refund_settled', 'unapplied_refund_returned',
                    'unapplied_refund_failed')
                AND NOT EXISTS (SELECT 1 FROM unapplied_refund r WHERE r.organization_id = $1
                    AND r.payment_seq = l.source_seq AND r.amount_cents = l.amount_cents
                    AND r.location_seq = l.location_seq
                    AND ((l.event = 'unapplied_refund_settled' AND r.settled_at_us = l.at_us)
                        OR (l.event <> 'unapplied_refund_settled' AND r.ended_at_us = l.at_us
                            AND r.ended_day = l.business_day)))))
        ORDER BY l.source_seq, l.version LIMIT 1"
    ),
};

/// Refunds that went together with their ledger rows, or ended without them.
pub(super) const LEDGER_REFUNDS: Check = Check {
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
