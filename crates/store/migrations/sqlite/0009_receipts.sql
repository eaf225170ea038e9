-- What says that money was taken or given back, numbered without a gap. It repeats the amount of its
-- tender or refund; whoever changes one of the two is found out by the other.
CREATE TABLE receipt (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    payment_seq INTEGER NOT NULL,
    tender_version INTEGER,
    refund_seq INTEGER,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, payment_seq, tender_version),
    UNIQUE (organization_id, refund_seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    FOREIGN KEY (organization_id, payment_seq, tender_version) REFERENCES tender,
    FOREIGN KEY (organization_id, refund_seq) REFERENCES refund,
    CHECK ((tender_version IS NULL) <> (refund_seq IS NULL))
) STRICT;

CREATE TRIGGER receipt_kept BEFORE UPDATE ON receipt BEGIN
    SELECT RAISE(ABORT, 'receipt rows are never changed or deleted');
END;
CREATE TRIGGER receipt_kept_whole BEFORE DELETE ON receipt BEGIN
    SELECT RAISE(ABORT, 'receipt rows are never changed or deleted');
END;
CREATE TRIGGER receipt_not_replaced BEFORE INSERT ON receipt
WHEN EXISTS (
    SELECT 1 FROM receipt WHERE organization_id = NEW.organization_id
        AND (seq = NEW.seq OR refund_seq = NEW.refund_seq
            OR (payment_seq = NEW.payment_seq AND tender_version = NEW.tender_version))
)
BEGIN
    SELECT RAISE(ABORT, 'the receipt row exists already');
END;
