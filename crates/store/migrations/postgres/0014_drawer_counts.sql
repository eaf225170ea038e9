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
DROP TRIGGER tender_kept ON tender;
DROP TRIGGER refund_moves_forwards ON refund;
UPDATE tender SET payment_kind = (
    SELECT p.kind FROM payment p
    WHERE p.organization_id = tender.organization_id AND p.seq = tender.payment_seq
);
UPDATE refund SET payment_kind = (
    SELECT p.kind FROM payment p
    WHERE p.organization_id = refund.organization_id AND p.seq = refund.payment_seq
);
CREATE TRIGGER tender_kept BEFORE UPDATE OR DELETE ON tender
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refund_moves_forwards BEFORE UPDATE ON refund
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.seq, OLD.payment_seq, OLD.amount_cents, OLD.reason, OLD.notes,
         OLD.tender_kind, OLD.location_seq, OLD.user_seq, OLD.made_at_us, OLD.business_day,
         OLD.reference, OLD.payment_kind)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.seq, NEW.payment_seq, NEW.amount_cents, NEW.reason, NEW.notes,
         NEW.tender_kind, NEW.location_seq, NEW.user_seq, NEW.made_at_us, NEW.business_day,
         NEW.reference, NEW.payment_kind)
        OR (OLD.processor_refund_id IS NOT NULL
            AND OLD.processor_refund_id IS DISTINCT FROM NEW.processor_refund_id)
        OR OLD.state IN ('failed', 'cancelled')
        OR (OLD.state = 'settled' AND NEW.state <> 'failed')
    )
    EXECUTE FUNCTION refuse_change();

-- What moved on a day is found by the day.
CREATE INDEX tender_day ON tender (organization_id, business_day);
CREATE INDEX tender_reversal_day ON tender_reversal (organization_id, business_day);
CREATE INDEX refund_day ON refund (organization_id, business_day);
CREATE INDEX refund_ended_day ON refund (organization_id, ended_day) WHERE ended_day IS NOT NULL;
CREATE INDEX ledger_transfer_day ON ledger_transfer (organization_id, business_day);

-- What came in within a month by location, payment type (blank where there is none) and tender.
CREATE TABLE rollup_taken (
    organization_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    payment_kind TEXT NOT NULL,
    tender_kind TEXT NOT NULL,
    shard BIGINT NOT NULL,
    gross_cents BIGINT NOT NULL,
    refunded_cents BIGINT NOT NULL,
    PRIMARY KEY (organization_id, month, location_seq, payment_kind, tender_kind, shard)
) WITH (fillfactor = 50);
INSERT INTO rollup_taken (organization_id, month, location_seq, payment_kind, tender_kind, shard,
    gross_cents, refunded_cents)
SELECT organization_id, month, location_seq, coalesce(payment_kind, ''), tender_kind, 0,
    CAST(sum(gross) AS BIGINT), CAST(sum(refunded) AS BIGINT)
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
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    location_seq BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    cash_cents BIGINT NOT NULL CHECK (cash_cents >= 0),
    -- Checks and money orders; none where only cash was counted.
    check_count BIGINT CHECK (check_count >= 0),
    check_cents BIGINT CHECK (check_cents >= 0),
    booked_cash_cents BIGINT NOT NULL,
    booked_check_count BIGINT NOT NULL,
    booked_check_cents BIGINT NOT NULL,
    note TEXT,
    user_seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, location_seq) REFERENCES location,
    FOREIGN KEY (organization_id, user_seq) REFERENCES staff_user,
    CHECK ((check_count IS NULL) = (check_cents IS NULL))
);
CREATE INDEX drawer_count_day ON drawer_count (organization_id, business_day, location_seq, seq);

CREATE TRIGGER drawer_count_kept BEFORE UPDATE OR DELETE ON drawer_count
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER drawer_count_kept_whole BEFORE TRUNCATE ON drawer_count
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
