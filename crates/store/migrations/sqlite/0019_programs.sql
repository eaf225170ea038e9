-- Another program may take money, give it back and take a tender back: the row says which one, as
-- notes do. Whoever took the money may say when it was received; the books follow the moment at
-- which it was entered.
ALTER TABLE tender ADD COLUMN key_seq INTEGER;
ALTER TABLE tender ADD COLUMN said_received_at_us INTEGER;
ALTER TABLE refund ADD COLUMN key_seq INTEGER;

-- The table is written anew, as a column that must be filled cannot be made one that need not be.
CREATE TABLE tender_reversal_anew (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    tender_version INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('entered_in_error', 'returned_unpaid')),
    notes TEXT,
    amount_cents INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    user_seq INTEGER,
    at_us INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    key_seq INTEGER,
    PRIMARY KEY (organization_id, payment_seq, version),
    UNIQUE (organization_id, payment_seq, tender_version),
    FOREIGN KEY (organization_id, payment_seq, version) REFERENCES payment_transition,
    FOREIGN KEY (organization_id, payment_seq, tender_version) REFERENCES tender,
    CHECK ((user_seq IS NULL) <> (key_seq IS NULL))
) STRICT;
INSERT INTO tender_reversal_anew (organization_id, payment_seq, version, tender_version, reason,
        notes, amount_cents, location_seq, user_seq, at_us, business_day)
    SELECT organization_id, payment_seq, version, tender_version, reason, notes, amount_cents,
        location_seq, user_seq, at_us, business_day FROM tender_reversal;
DROP TABLE tender_reversal;
ALTER TABLE tender_reversal_anew RENAME TO tender_reversal;
CREATE INDEX tender_reversal_day ON tender_reversal (organization_id, business_day);
CREATE TRIGGER tender_reversal_kept BEFORE UPDATE ON tender_reversal BEGIN
    SELECT RAISE(ABORT, 'tender_reversal rows are never changed or deleted');
END;
CREATE TRIGGER tender_reversal_kept_whole BEFORE DELETE ON tender_reversal BEGIN
    SELECT RAISE(ABORT, 'tender_reversal rows are never changed or deleted');
END;
CREATE TRIGGER tender_reversal_not_replaced BEFORE INSERT ON tender_reversal
WHEN EXISTS (
    SELECT 1 FROM tender_reversal WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq
        AND (version = NEW.version OR tender_version = NEW.tender_version)
)
BEGIN
    SELECT RAISE(ABORT, 'the tender_reversal row exists already');
END;

DROP TRIGGER refund_moves_forwards;
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
    OR OLD.key_seq IS NOT NEW.key_seq
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
