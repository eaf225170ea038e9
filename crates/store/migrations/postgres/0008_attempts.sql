-- Attempts at a real processor: what it calls each attempt and refund, when it is asked about them
-- next, what it told us, and money that arrived where none was awaited.

-- What the processor is told instead of any id of ours. It is made by chance, so that a database
-- that was restored never uses one again.
ALTER TABLE payment_attempt ADD COLUMN reference TEXT;
-- The processor's ids of its page and of the payment that came of it.
ALTER TABLE payment_attempt ADD COLUMN session_id TEXT;
ALTER TABLE payment_attempt ADD COLUMN processor_payment_id TEXT;
-- When the processor's page ends.
ALTER TABLE payment_attempt ADD COLUMN expires_at_us BIGINT;
-- When the processor is asked next how it stands, and how often it was.
ALTER TABLE payment_attempt ADD COLUMN ask_at_us BIGINT CHECK (
    ask_at_us IS NULL OR state IN ('open', 'authorized')
);
ALTER TABLE payment_attempt ADD COLUMN asks BIGINT NOT NULL DEFAULT 0;
-- Why it came to nothing, in words for the payer.
ALTER TABLE payment_attempt ADD COLUMN failure TEXT;
UPDATE payment_attempt SET
    reference = organization_id || '-' || payment_seq || '-' || attempt_no,
    ask_at_us = CASE WHEN state IN ('open', 'authorized') THEN changed_at_us END;
CREATE UNIQUE INDEX payment_attempt_reference ON payment_attempt (organization_id, reference);
CREATE INDEX payment_attempt_due
    ON payment_attempt (organization_id, ask_at_us, payment_seq, attempt_no)
    WHERE ask_at_us IS NOT NULL;
CREATE INDEX payment_attempt_processor_payment
    ON payment_attempt (organization_id, processor_payment_id)
    WHERE processor_payment_id IS NOT NULL;

-- The same for refunds through the processor.
ALTER TABLE refund ADD COLUMN reference TEXT;
ALTER TABLE refund ADD COLUMN processor_refund_id TEXT;
ALTER TABLE refund ADD COLUMN ask_at_us BIGINT CHECK (
    ask_at_us IS NULL OR state = 'pending'
);
ALTER TABLE refund ADD COLUMN asks BIGINT NOT NULL DEFAULT 0;
-- Why it failed, in words for staff.
ALTER TABLE refund ADD COLUMN failure TEXT;
DROP TRIGGER refund_moves_forwards ON refund;
UPDATE refund SET
    reference = organization_id || '-REF-' || seq,
    ask_at_us = CASE WHEN state = 'pending' THEN made_at_us END
WHERE tender_kind = 'card_processor';
CREATE UNIQUE INDEX refund_reference ON refund (organization_id, reference)
    WHERE reference IS NOT NULL;
DROP INDEX refund_pending;
CREATE INDEX refund_due ON refund (organization_id, ask_at_us, seq)
    WHERE ask_at_us IS NOT NULL;

-- What the processor told by webhook, or was found to have happened. An event is the account's;
-- whose it is is known once its object was fetched.
CREATE TABLE processor_event (
    processor TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_kind TEXT,
    object_id TEXT,
    happened_at_us BIGINT NOT NULL,
    received_at_us BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'applied', 'ignored', 'quarantined')
    ),
    tries BIGINT NOT NULL,
    next_try_at_us BIGINT,
    -- Why it waits still, or was not applied.
    words TEXT,
    PRIMARY KEY (processor, event_id),
    CHECK ((state = 'waiting') = (next_try_at_us IS NOT NULL)),
    CHECK ((object_kind IS NULL) = (object_id IS NULL))
);
CREATE INDEX processor_event_due ON processor_event (processor, next_try_at_us, event_id)
    WHERE state = 'waiting';
CREATE INDEX processor_event_happened ON processor_event (processor, happened_at_us);

-- What the payer asks the bank to take back, as the processor told it at fetched_at_us.
CREATE TABLE dispute (
    organization_id BIGINT NOT NULL,
    processor TEXT NOT NULL,
    dispute_id TEXT NOT NULL,
    payment_seq BIGINT NOT NULL,
    attempt_no BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    answer_by_us BIGINT,
    opened_at_us BIGINT NOT NULL,
    fetched_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, processor, dispute_id),
    FOREIGN KEY (organization_id, payment_seq, attempt_no) REFERENCES payment_attempt
);
CREATE INDEX dispute_payment ON dispute (organization_id, payment_seq, opened_at_us);

-- What a person has to look at: money that came where none was awaited, or not as it was awaited.
-- The mark is what makes a second telling of the same thing the same.
CREATE TABLE money_exception (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN (
            'late_money', 'second_capture', 'mismatch', 'refund_failed', 'foreign_refund',
            'unknown_event'
        )
    ),
    mark TEXT NOT NULL,
    payment_seq BIGINT,
    amount_cents BIGINT,
    currency TEXT,
    words TEXT NOT NULL,
    raised_at_us BIGINT NOT NULL,
    solved_at_us BIGINT,
    solved_by BIGINT,
    solution TEXT,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, mark),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((solved_at_us IS NULL) = (solution IS NULL))
);
CREATE INDEX money_exception_payment ON money_exception (organization_id, payment_seq, seq);
CREATE INDEX money_exception_open ON money_exception (organization_id, seq)
    WHERE solved_at_us IS NULL;

-- Money that a second attempt of the same payment took: it is the payer's until it is given back.
CREATE TABLE unapplied_money (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    attempt_no BIGINT NOT NULL,
    version BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    location_seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, attempt_no),
    FOREIGN KEY (organization_id, payment_seq, attempt_no) REFERENCES payment_attempt,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
);

-- What is written stays written.
CREATE TRIGGER payment_attempt_kept BEFORE DELETE ON payment_attempt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_attempt_kept_whole BEFORE TRUNCATE ON payment_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER unapplied_money_kept BEFORE UPDATE OR DELETE ON unapplied_money
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER unapplied_money_kept_whole BEFORE TRUNCATE ON unapplied_money
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER money_exception_kept BEFORE DELETE ON money_exception
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER money_exception_kept_whole BEFORE TRUNCATE ON money_exception
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An attempt is always the same one: what it was begun for stays, the processor's ids are set
-- once, and money that was taken was taken.
CREATE TRIGGER payment_attempt_moves_forwards BEFORE UPDATE ON payment_attempt
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.payment_seq, OLD.attempt_no, OLD.processor, OLD.amount_cents,
         OLD.started_at_us, OLD.reference, OLD.expires_at_us)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.payment_seq, NEW.attempt_no, NEW.processor, NEW.amount_cents,
         NEW.started_at_us, NEW.reference, NEW.expires_at_us)
        OR (OLD.session_id IS NOT NULL AND OLD.session_id IS DISTINCT FROM NEW.session_id)
        OR (OLD.processor_payment_id IS NOT NULL
            AND OLD.processor_payment_id IS DISTINCT FROM NEW.processor_payment_id)
        OR (OLD.state = 'captured' AND NEW.state <> 'captured')
    )
    EXECUTE FUNCTION refuse_change();

-- Of an exception only its solution is added, once.
CREATE TRIGGER money_exception_solved_once BEFORE UPDATE ON money_exception
    FOR EACH ROW
    WHEN (
        OLD.solved_at_us IS NOT NULL OR NEW.solved_at_us IS NULL
        OR (OLD.organization_id, OLD.seq, OLD.kind, OLD.mark, OLD.payment_seq, OLD.amount_cents,
            OLD.currency, OLD.words, OLD.raised_at_us)
        IS DISTINCT FROM
           (NEW.organization_id, NEW.seq, NEW.kind, NEW.mark, NEW.payment_seq, NEW.amount_cents,
            NEW.currency, NEW.words, NEW.raised_at_us)
    )
    EXECUTE FUNCTION refuse_change();

-- Of a refund only its state, the moments of it and what the processor says change, and only
-- forwards.
CREATE TRIGGER refund_moves_forwards BEFORE UPDATE ON refund
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.seq, OLD.payment_seq, OLD.amount_cents, OLD.reason, OLD.notes,
         OLD.tender_kind, OLD.location_seq, OLD.user_seq, OLD.made_at_us, OLD.business_day,
         OLD.reference)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.seq, NEW.payment_seq, NEW.amount_cents, NEW.reason, NEW.notes,
         NEW.tender_kind, NEW.location_seq, NEW.user_seq, NEW.made_at_us, NEW.business_day,
         NEW.reference)
        OR (OLD.processor_refund_id IS NOT NULL
            AND OLD.processor_refund_id IS DISTINCT FROM NEW.processor_refund_id)
        OR OLD.state IN ('failed', 'cancelled')
        OR (OLD.state = 'settled' AND NEW.state <> 'failed')
    )
    EXECUTE FUNCTION refuse_change();
