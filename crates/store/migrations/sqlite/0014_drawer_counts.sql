-- What each location took in by tender, and what was counted in its drawer.

-- What a payment was for when its money moved. A payment's type can change once a tender was
-- reversed; what was counted by then stays as it was. (Of what was reversed before this step the
-- type is that of today.)
ALTER TABLE tender ADD COLUMN payment_kind TEXT CHECK (
    payment_kind IN ('treatment_pre_payment', 'office_visit', 'private_pay')
);
ALTER TABLE refund ADD COLUMN payment_kind TEXT CHECK (
    payment_kind IN ('treatment_pre_payment', 'office_visit', 'private_pay')
);
DROP TRIGGER tender_kept;
DROP TRIGGER refund_moves_forwards;
UPDATE tender SET payment_kind = (
    SELECT p.kind FROM payment p
    WHERE p.organization_id = tender.organization_id AND p.seq = tender.payment_seq
);
UPDATE refund SET payment_kind = (
    SELECT p.kind FROM payment p
    WHERE p.organization_id = refund.organization_id AND p.seq = refund.payment_seq
);
CREATE TRIGGER tender_kept BEFORE UPDATE ON tender BEGIN
    SELECT RAISE(ABORT, 'tender rows are never changed or deleted');
END;
CREATE TRIGGER refund_moves_forwards BEFORE UPDATE ON refund
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR OLD.payment_seq IS NOT NEW.payment_seq
    OR OLD.amount_cents IS NOT NEW.amount_cents
    OR OLD.reason IS NOT NEW.reason
    OR OLD.notes IS NOT NEW.notes
    OR OLD.tender_kind IS NOT NEW.tender_kind
    OR OLD.location_seq IS NOT NEW.location_seq
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.made_at_us IS NOT NEW.made_at_us
    OR OLD.business_day IS NOT NEW.business_day
    OR OLD.reference IS NOT NEW.reference
    OR OLD.payment_kind IS NOT NEW.payment_kind
    OR (OLD.processor_refund_id IS NOT NULL
        AND OLD.processor_refund_id IS NOT NEW.processor_refund_id)
    OR OLD.state IN ('failed', 'cancelled')
    OR (OLD.state = 'settled' AND NEW.state <> 'failed')
BEGIN
    SELECT RAISE(ABORT, 'refund rows are never changed or deleted');
END;

-- What moved on a day is found by the day.
CREATE INDEX tender_day ON tender (organization_id, business_day);
CREATE INDEX tender_reversal_day ON tender_reversal (organization_id, business_day);
CREATE INDEX refund_day ON refund (organization_id, business_day);
CREATE INDEX refund_ended_day ON refund (organization_id, ended_day) WHERE ended_day IS NOT NULL;
CREATE INDEX ledger_transfer_day ON ledger_transfer (organization_id, business_day);

-- What came in within a month by location, payment type (blank where there is none) and tender.
CREATE TABLE rollup_taken (
    organization_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    payment_kind TEXT NOT NULL,
    tender_kind TEXT NOT NULL,
    shard INTEGER NOT NULL,
    gross_cents INTEGER NOT NULL,
    refunded_cents INTEGER NOT NULL,
    PRIMARY KEY (organization_id, month, location_seq, payment_kind, tender_kind, shard)
) STRICT, WITHOUT ROWID;
INSERT INTO rollup_taken (organization_id, month, location_seq, payment_kind, tender_kind, shard,
    gross_cents, refunded_cents)
SELECT organization_id, month, location_seq, coalesce(payment_kind, ''), tender_kind, 0,
    CAST(sum(gross) AS INTEGER), CAST(sum(refunded) AS INTEGER)
FROM (
    SELECT organization_id, business_day / 100 AS month, location_seq, payment_kind,
        kind AS tender_kind, amount_cents AS gross, 0 AS refunded
    FROM tender
    UNION ALL SELECT v.organization_id, v.business_day / 100, v.location_seq, t.payment_kind,
        t.kind, -v.amount_cents, 0
    FROM tender_reversal v JOIN tender t ON t.organization_id = v.organization_id
        AND t.payment_seq = v.payment_seq AND t.version = v.tender_version
    UNION ALL SELECT organization_id, business_day / 100, location_seq, payment_kind, tender_kind,
        0, amount_cents
    FROM refund
    UNION ALL SELECT organization_id, ended_day / 100, location_seq, payment_kind, tender_kind,
        0, -amount_cents
    FROM refund WHERE ended_day IS NOT NULL
) moved
GROUP BY organization_id, month, location_seq, coalesce(payment_kind, ''), tender_kind;

-- What somebody counted at a location at the end of a day, beside what the books said then. A later
-- count is another row: none is ever changed.
CREATE TABLE drawer_count (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    location_seq INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    cash_cents INTEGER NOT NULL CHECK (cash_cents >= 0),
    -- Checks and money orders; none where only cash was counted.
    check_count INTEGER CHECK (check_count >= 0),
    check_cents INTEGER CHECK (check_cents >= 0),
    booked_cash_cents INTEGER NOT NULL,
    booked_check_count INTEGER NOT NULL,
    booked_check_cents INTEGER NOT NULL,
    note TEXT,
    user_seq INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, location_seq) REFERENCES location,
    FOREIGN KEY (organization_id, user_seq) REFERENCES staff_user,
    CHECK ((check_count IS NULL) = (check_cents IS NULL))
) STRICT;
CREATE INDEX drawer_count_day ON drawer_count (organization_id, business_day, location_seq, seq);

CREATE TRIGGER drawer_count_kept BEFORE UPDATE ON drawer_count BEGIN
    SELECT RAISE(ABORT, 'drawer_count rows are never changed or deleted');
END;
CREATE TRIGGER drawer_count_kept_whole BEFORE DELETE ON drawer_count BEGIN
    SELECT RAISE(ABORT, 'drawer_count rows are never changed or deleted');
END;
CREATE TRIGGER drawer_count_not_replaced BEFORE INSERT ON drawer_count
WHEN EXISTS (
    SELECT 1 FROM drawer_count WHERE organization_id = NEW.organization_id AND seq = NEW.seq
)
BEGIN
    SELECT RAISE(ABORT, 'the drawer_count row exists already');
END;
