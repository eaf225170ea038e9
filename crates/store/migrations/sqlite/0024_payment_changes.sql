-- When a payment changed last. A program that keeps a copy asks for what has changed since it asked
-- before.
ALTER TABLE payment ADD COLUMN modified_at_us INTEGER NOT NULL DEFAULT 0;
UPDATE payment SET modified_at_us = max(created_at_us, coalesce((
    SELECT max(e.at_us) FROM audit_event e
    WHERE e.organization_id = payment.organization_id AND e.subject = 'payment'
        AND e.subject_seq = payment.seq AND e.subject_version IS NOT NULL
), 0));
CREATE INDEX payment_modified ON payment (organization_id, modified_at_us, seq);
