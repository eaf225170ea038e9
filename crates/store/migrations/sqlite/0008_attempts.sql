-- Attempts at a real processor: what it calls each attempt and refund, when it is asked about them
-- next, what it told us, and money that arrived where none was awaited.

-- What the processor is told instead of any id of ours. It is made by chance, so that a database
-- that was restored never uses one again.
ALTER TABLE payment_attempt ADD COLUMN reference TEXT;
-- The processor's ids of its page and of the payment that came of it.
ALTER TABLE payment_attempt ADD COLUMN session_id TEXT;
ALTER TABLE payment_attempt ADD COLUMN processor_payment_id TEXT;
-- When the processor's page ends.
ALTER TABLE payment_attempt ADD COLUMN expires_at_us INTEGER;
-- When the processor is asked next how it stands, and how often it was.
ALTER TABLE payment_attempt ADD COLUMN ask_at_us INTEGER CHECK (
    ask_at_us IS NULL OR state IN ('open', 'authorized')
);
ALTER TABLE payment_attempt ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;
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
ALTER TABLE refund ADD COLUMN ask_at_us INTEGER CHECK (
    ask_at_us IS NULL OR state = 'pending'
);
ALTER TABLE refund ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;
-- Why it failed, in words for staff.
ALTER TABLE refund ADD COLUMN failure TEXT;
DROP TRIGGER refund_moves_forwards;
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
    happened_at_us INTEGER NOT NULL,
    received_at_us INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'applied', 'ignored', 'quarantined')
    ),
    tries INTEGER NOT NULL,
    next_try_at_us INTEGER,
    -- Why it waits still, or was not applied.
    words TEXT,
    PRIMARY KEY (processor, event_id),
    CHECK ((state = 'waiting') = (next_try_at_us IS NOT NULL)),
    CHECK ((object_kind IS NULL) = (object_id IS NULL))
) STRICT;
CREATE INDEX processor_event_due ON processor_event (processor, next_try_at_us, event_id)
    WHERE state = 'waiting';
CREATE INDEX processor_event_happened ON processor_event (processor, happened_at_us);

-- What the payer asks the bank to take back, as the processor told it at fetched_at_us.
CREATE TABLE dispute (
    organization_id INTEGER NOT NULL,
    processor TEXT NOT NULL,
    dispute_id TEXT NOT NULL,
    payment_seq INTEGER NOT NULL,
    attempt_no INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    answer_by_us INTEGER,
    opened_at_us INTEGER NOT NULL,
    fetched_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, processor, dispute_id),
    FOREIGN KEY (organization_id, payment_seq, attempt_no) REFERENCES payment_attempt
) STRICT;
CREATE INDEX dispute_payment ON dispute (organization_id, payment_seq, opened_at_us);

-- What a person has to look at: money that came where none was awaited, or not as it was awaited.
-- The mark is what makes a second telling of the same thing the same.
CREATE TABLE money_exception (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN (
            'late_money', 'second_capture', 'mismatch', 'refund_failed', 'foreign_refund',
            'unknown_event'
        )
    ),
    mark TEXT NOT NULL,
    payment_seq INTEGER,
    amount_cents INTEGER,
    currency TEXT,
    words TEXT NOT NULL,
    raised_at_us INTEGER NOT NULL,
    solved_at_us INTEGER,
    solved_by INTEGER,
    solution TEXT,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, mark),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((solved_at_us IS NULL) = (solution IS NULL))
) STRICT;
CREATE INDEX money_exception_payment ON money_exception (organization_id, payment_seq, seq);
CREATE INDEX money_exception_open ON money_exception (organization_id, seq)
    WHERE solved_at_us IS NULL;

-- Money that a second attempt of the same payment took: it is the payer's until it is given back.
CREATE TABLE unapplied_money (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    attempt_no INTEGER NOT NULL,
    version INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    location_seq INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, attempt_no),
    FOREIGN KEY (organization_id, payment_seq, attempt_no) REFERENCES payment_attempt,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
) STRICT;

-- What is written stays written.
CREATE TRIGGER payment_attempt_kept BEFORE DELETE ON payment_attempt BEGIN
    SELECT RAISE(ABORT, 'payment_attempt rows are never changed or deleted');
END;
CREATE TRIGGER unapplied_money_kept BEFORE UPDATE ON unapplied_money BEGIN
    SELECT RAISE(ABORT, 'unapplied_money rows are never changed or deleted');
END;
CREATE TRIGGER unapplied_money_kept_whole BEFORE DELETE ON unapplied_money BEGIN
    SELECT RAISE(ABORT, 'unapplied_money rows are never changed or deleted');
END;
CREATE TRIGGER money_exception_kept BEFORE DELETE ON money_exception BEGIN
    SELECT RAISE(ABORT, 'money_exception rows are never changed or deleted');
END;
CREATE TRIGGER payment_attempt_not_replaced BEFORE INSERT ON payment_attempt
WHEN EXISTS (
    SELECT 1 FROM payment_attempt WHERE organization_id = NEW.organization_id
        AND ((payment_seq = NEW.payment_seq AND attempt_no = NEW.attempt_no)
            OR reference = NEW.reference)
)
BEGIN
    SELECT RAISE(ABORT, 'the payment_attempt row exists already');
END;
CREATE TRIGGER unapplied_money_not_replaced BEFORE INSERT ON unapplied_money
WHEN EXISTS (
    SELECT 1 FROM unapplied_money WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq AND attempt_no = NEW.attempt_no
)
BEGIN
    SELECT RAISE(ABORT, 'the unapplied_money row exists already');
END;
CREATE TRIGGER money_exception_not_replaced BEFORE INSERT ON money_exception
WHEN EXISTS (
    SELECT 1 FROM money_exception WHERE organization_id = NEW.organization_id
        AND (seq = NEW.seq OR mark = NEW.mark)
)
BEGIN
    SELECT RAISE(ABORT, 'the money_exception row exists already');
END;

-- An attempt is always the same one: what it was begun for stays, the processor's ids are set
-- once, and money that was taken was taken.
CREATE TRIGGER payment_attempt_moves_forwards BEFORE UPDATE ON payment_attempt
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.payment_seq IS NOT NEW.payment_seq
    OR OLD.attempt_no IS NOT NEW.attempt_no
    OR OLD.processor IS NOT NEW.processor
    OR OLD.amount_cents IS NOT NEW.amount_cents
    OR OLD.started_at_us IS NOT NEW.started_at_us
    OR OLD.reference IS NOT NEW.reference
    OR OLD.expires_at_us IS NOT NEW.expires_at_us
    OR (OLD.session_id IS NOT NULL AND OLD.session_id IS NOT NEW.session_id)
    OR (OLD.processor_payment_id IS NOT NULL
        AND OLD.processor_payment_id IS NOT NEW.processor_payment_id)
    OR (OLD.state = 'captured' AND NEW.state <> 'captured')
BEGIN
    SELECT RAISE(ABORT, 'payment_attempt rows are never changed or deleted');
END;

-- Of an exception only its solution is added, once.
CREATE TRIGGER money_exception_solved_once BEFORE UPDATE ON money_exception
WHEN OLD.solved_at_us IS NOT NULL OR NEW.solved_at_us IS NULL
    OR OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR OLD.kind IS NOT NEW.kind
    OR OLD.mark IS NOT NEW.mark
    OR OLD.payment_seq IS NOT NEW.payment_seq
    OR OLD.amount_cents IS NOT NEW.amount_cents
    OR OLD.currency IS NOT NEW.currency
    OR OLD.words IS NOT NEW.words
    OR OLD.raised_at_us IS NOT NEW.raised_at_us
BEGIN
    SELECT RAISE(ABORT, 'money_exception rows are never changed or deleted');
END;

-- Of a refund only its state, the moments of it and what the processor says change, and only
-- forwards.
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
    OR (OLD.processor_refund_id IS NOT NULL
        AND OLD.processor_refund_id IS NOT NEW.processor_refund_id)
    OR OLD.state IN ('failed', 'cancelled')
    OR (OLD.state = 'settled' AND NEW.state <> 'failed')
BEGIN
    SELECT RAISE(ABORT, 'refund rows are never changed or deleted');
END;
