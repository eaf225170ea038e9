-- What says that money was taken or given back, numbered without a gap. It repeats the amount of its
-- tender or refund; whoever changes one of the two is found out by the other.
CREATE TABLE receipt (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    payment_seq BIGINT NOT NULL,
    tender_version BIGINT,
    refund_seq BIGINT,
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, payment_seq, tender_version),
    UNIQUE (organization_id, refund_seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    FOREIGN KEY (organization_id, payment_seq, tender_version) REFERENCES tender,
    FOREIGN KEY (organization_id, refund_seq) REFERENCES refund,
    CHECK ((tender_version IS NULL) <> (refund_seq IS NULL))
);

CREATE TRIGGER receipt_kept BEFORE UPDATE OR DELETE ON receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipt_kept_whole BEFORE TRUNCATE ON receipt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
