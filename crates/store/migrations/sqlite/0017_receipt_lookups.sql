-- Whether a row is there already is asked key by key. Of three keys in one question the engine
-- looked up none, and read all rows of the organization for each one that was added.
DROP TRIGGER receipt_not_replaced;
CREATE TRIGGER receipt_not_replaced BEFORE INSERT ON receipt
WHEN EXISTS (
    SELECT 1 FROM receipt WHERE organization_id = NEW.organization_id AND seq = NEW.seq
) OR EXISTS (
    SELECT 1 FROM receipt WHERE organization_id = NEW.organization_id
        AND refund_seq = NEW.refund_seq
) OR EXISTS (
    SELECT 1 FROM receipt WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq AND tender_version = NEW.tender_version
)
BEGIN
    SELECT RAISE(ABORT, 'the receipt row exists already');
END;

DROP TRIGGER unapplied_refund_not_replaced;
CREATE TRIGGER unapplied_refund_not_replaced BEFORE INSERT ON unapplied_refund
WHEN EXISTS (
    SELECT 1 FROM unapplied_refund WHERE organization_id = NEW.organization_id AND seq = NEW.seq
) OR EXISTS (
    SELECT 1 FROM unapplied_refund WHERE organization_id = NEW.organization_id
        AND reference = NEW.reference
) OR EXISTS (
    SELECT 1 FROM unapplied_refund WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq AND attempt_no = NEW.attempt_no
        AND state IN ('pending', 'settled') AND NEW.state IN ('pending', 'settled')
)
BEGIN
    SELECT RAISE(ABORT, 'the unapplied_refund row exists already');
END;
