-- Another program may take money, give it back and take a tender back: the row says which one, as
-- notes do. Whoever took the money may say when it was received; the books follow the moment at
-- which it was entered.
ALTER TABLE tender ADD COLUMN key_seq BIGINT;
ALTER TABLE tender ADD COLUMN said_received_at_us BIGINT;
ALTER TABLE refund ADD COLUMN key_seq BIGINT;
ALTER TABLE tender_reversal ALTER COLUMN user_seq DROP NOT NULL;
ALTER TABLE tender_reversal ADD COLUMN key_seq BIGINT;
ALTER TABLE tender_reversal ADD CHECK ((user_seq IS NULL) <> (key_seq IS NULL));

DROP TRIGGER refund_moves_forwards ON refund;
CREATE TRIGGER refund_moves_forwards BEFORE UPDATE ON refund
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.seq, OLD.payment_seq, OLD.amount_cents, OLD.reason, OLD.notes,
         OLD.tender_kind, OLD.location_seq, OLD.user_seq, OLD.key_seq, OLD.made_at_us,
         OLD.business_day, OLD.reference, OLD.payment_kind)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.seq, NEW.payment_seq, NEW.amount_cents, NEW.reason, NEW.notes,
         NEW.tender_kind, NEW.location_seq, NEW.user_seq, NEW.key_seq, NEW.made_at_us,
         NEW.business_day, NEW.reference, NEW.payment_kind)
        OR (OLD.processor_refund_id IS NOT NULL
            AND OLD.processor_refund_id IS DISTINCT FROM NEW.processor_refund_id)
        OR OLD.state IN ('failed', 'cancelled')
        OR (OLD.state = 'settled' AND NEW.state <> 'failed')
    )
    EXECUTE FUNCTION refuse_change();
