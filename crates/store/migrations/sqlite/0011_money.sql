-- The rest of the money: unapplied money that is given back, disputes in the ledger, and what the
-- processor pays out, with its fees.

-- Money that was taken for nothing and is given back. It is one sum: all that is left of it at the
-- processor. It is numbered with the refunds, as the processor knows it as one.
CREATE TABLE unapplied_refund (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    payment_seq INTEGER NOT NULL,
    attempt_no INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    state TEXT NOT NULL CHECK (state IN ('pending', 'settled', 'failed')),
    reference TEXT NOT NULL,
    processor_refund_id TEXT,
    ask_at_us INTEGER,
    asks INTEGER NOT NULL DEFAULT 0,
    -- Why it failed, in words for staff.
    failure TEXT,
    location_seq INTEGER NOT NULL,
    user_seq INTEGER,
    made_at_us INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    settled_at_us INTEGER,
    ended_at_us INTEGER,
    ended_day INTEGER,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, payment_seq, attempt_no) REFERENCES unapplied_money,
    CHECK ((state = 'failed') = (ended_day IS NOT NULL)),
    CHECK ((state = 'failed') = (ended_at_us IS NOT NULL)),
    CHECK (ask_at_us IS NULL OR state = 'pending')
) STRICT;
CREATE INDEX unapplied_refund_payment ON unapplied_refund (organization_id, payment_seq, seq);
CREATE UNIQUE INDEX unapplied_refund_reference ON unapplied_refund (organization_id, reference);
CREATE INDEX unapplied_refund_due ON unapplied_refund (organization_id, ask_at_us, seq)
    WHERE ask_at_us IS NOT NULL;
-- Never twice: what is on its way or done leaves no room for another.
CREATE UNIQUE INDEX unapplied_refund_once
    ON unapplied_refund (organization_id, payment_seq, attempt_no)
    WHERE state <> 'failed';

-- Where the disputed money is, as far as the ledger has it: taken and not decided, or lost. None
-- until the ledger was told, which is when the money that is disputed is in it.
ALTER TABLE dispute ADD COLUMN held_cents INTEGER CHECK (held_cents >= 0);
ALTER TABLE dispute ADD COLUMN lost_cents INTEGER CHECK (lost_cents >= 0);
-- Where the disputed money was taken.
ALTER TABLE dispute ADD COLUMN location_seq INTEGER CHECK (
    (location_seq IS NULL) = (held_cents IS NULL) AND (lost_cents IS NULL) = (held_cents IS NULL)
);
-- What banks gave back of what was collected, after disputes that were lost.
ALTER TABLE payment ADD COLUMN lost_cents INTEGER NOT NULL DEFAULT 0 CHECK (lost_cents >= 0);

-- Money that the processor sent to the clinic's bank, as it was told at fetched_at_us. It waits
-- until all its movements are here; then, or at once where the processor cannot say what it is made
-- of, it is in the ledger.
CREATE TABLE payout (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL CHECK (seq > 0),
    processor TEXT NOT NULL,
    payout_id TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    standing TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    arrives_at_us INTEGER NOT NULL,
    fetched_at_us INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'itemised', 'whole')),
    -- Where what belongs to no payment is counted.
    location_seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    -- What its movements do not come to; none while it waits.
    left_cents INTEGER,
    -- After which movement the next page begins.
    page_after TEXT,
    ask_at_us INTEGER,
    asks INTEGER NOT NULL,
    CHECK ((left_cents IS NULL) = (state = 'waiting')),
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, processor, payout_id),
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
) STRICT;
CREATE INDEX payout_created ON payout (organization_id, created_at_us, seq);
CREATE INDEX payout_due ON payout (organization_id, ask_at_us, seq) WHERE ask_at_us IS NOT NULL;

-- What a payout is made of, and what explains it here: an attempt, a refund, unapplied money that
-- was given back, a dispute, or a payout that came back.
CREATE TABLE payout_movement (
    organization_id INTEGER NOT NULL,
    payout_seq INTEGER NOT NULL,
    movement_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    fee_cents INTEGER NOT NULL,
    net_cents INTEGER NOT NULL,
    source_id TEXT,
    processor_payment_id TEXT,
    reference TEXT,
    created_at_us INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    our_kind TEXT CHECK (
        our_kind IN ('attempt', 'refund', 'unapplied_refund', 'dispute', 'payout')
    ),
    our_payment_seq INTEGER,
    our_no INTEGER,
    -- How much of it the books have; none where they know nothing of it.
    our_cents INTEGER,
    PRIMARY KEY (organization_id, payout_seq, movement_id),
    UNIQUE (organization_id, movement_id),
    FOREIGN KEY (organization_id, payout_seq) REFERENCES payout,
    CHECK (net_cents = amount_cents - fee_cents),
    CHECK ((our_kind IS NULL) = (our_cents IS NULL)),
    CHECK ((our_kind IS NULL) = (our_no IS NULL))
) STRICT;
CREATE INDEX payout_movement_attempt
    ON payout_movement (organization_id, our_payment_seq, our_no) WHERE our_kind = 'attempt';

-- How much of a payout each location has.
CREATE TABLE payout_share (
    organization_id INTEGER NOT NULL,
    payout_seq INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payout_seq, location_seq),
    FOREIGN KEY (organization_id, payout_seq) REFERENCES payout,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
) STRICT;

-- What is written stays written.
CREATE TRIGGER unapplied_refund_kept BEFORE DELETE ON unapplied_refund BEGIN
    SELECT RAISE(ABORT, 'unapplied_refund rows are never changed or deleted');
END;
CREATE TRIGGER dispute_kept BEFORE DELETE ON dispute BEGIN
    SELECT RAISE(ABORT, 'dispute rows are never changed or deleted');
END;
CREATE TRIGGER unapplied_refund_not_replaced BEFORE INSERT ON unapplied_refund
WHEN EXISTS (
    SELECT 1 FROM unapplied_refund WHERE organization_id = NEW.organization_id
        AND (seq = NEW.seq OR reference = NEW.reference
            OR (payment_seq = NEW.payment_seq AND attempt_no = NEW.attempt_no
                AND state IN ('pending', 'settled') AND NEW.state IN ('pending', 'settled')))
)
BEGIN
    SELECT RAISE(ABORT, 'the unapplied_refund row exists already');
END;
CREATE TRIGGER dispute_not_replaced BEFORE INSERT ON dispute
WHEN EXISTS (
    SELECT 1 FROM dispute WHERE organization_id = NEW.organization_id
        AND processor = NEW.processor AND dispute_id = NEW.dispute_id
)
BEGIN
    SELECT RAISE(ABORT, 'the dispute row exists already');
END;

-- Of what is given back, only the state, its moments and what the processor says change, and only
-- forwards.
CREATE TRIGGER unapplied_refund_moves_forwards BEFORE UPDATE ON unapplied_refund
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR OLD.payment_seq IS NOT NEW.payment_seq
    OR OLD.attempt_no IS NOT NEW.attempt_no
    OR OLD.amount_cents IS NOT NEW.amount_cents
    OR OLD.reference IS NOT NEW.reference
    OR OLD.location_seq IS NOT NEW.location_seq
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.made_at_us IS NOT NEW.made_at_us
    OR OLD.business_day IS NOT NEW.business_day
    OR (OLD.processor_refund_id IS NOT NULL
        AND OLD.processor_refund_id IS NOT NEW.processor_refund_id)
    OR OLD.state = 'failed'
    OR (OLD.state = 'settled' AND NEW.state <> 'failed')
BEGIN
    SELECT RAISE(ABORT, 'unapplied_refund rows are never changed or deleted');
END;

-- Never more is given back than was taken and is still there, whoever inserts.
CREATE TRIGGER unapplied_refund_fits BEFORE INSERT ON unapplied_refund
WHEN NEW.amount_cents > (
    SELECT u.amount_cents - coalesce((
            SELECT sum(d.lost_cents) FROM dispute d
            WHERE d.organization_id = NEW.organization_id
                AND d.payment_seq = NEW.payment_seq AND d.attempt_no = NEW.attempt_no), 0)
    FROM unapplied_money u WHERE u.organization_id = NEW.organization_id
        AND u.payment_seq = NEW.payment_seq AND u.attempt_no = NEW.attempt_no
)
BEGIN
    SELECT RAISE(ABORT, 'more would be given back than was taken');
END;

-- What a bank gave back is not refunded as well, whoever inserts.
CREATE TRIGGER refund_leaves_what_was_lost BEFORE INSERT ON refund
WHEN NEW.state IN ('pending', 'settled') AND EXISTS (
    SELECT 1 FROM payment WHERE organization_id = NEW.organization_id AND seq = NEW.payment_seq
        AND lost_cents > 0 AND refunded_cents + NEW.amount_cents + lost_cents > collected_cents
)
BEGIN
    SELECT RAISE(ABORT, 'a bank gave this money back already');
END;

-- A payout and its movements stay what they were told to be.
CREATE TRIGGER payout_kept BEFORE DELETE ON payout BEGIN
    SELECT RAISE(ABORT, 'payout rows are never changed or deleted');
END;
CREATE TRIGGER payout_stays BEFORE UPDATE ON payout
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR OLD.processor IS NOT NEW.processor
    OR OLD.payout_id IS NOT NEW.payout_id
    OR OLD.amount_cents IS NOT NEW.amount_cents
    OR OLD.currency IS NOT NEW.currency
    OR OLD.created_at_us IS NOT NEW.created_at_us
    OR OLD.location_seq IS NOT NEW.location_seq
    OR (OLD.state <> 'waiting' AND NEW.state <> OLD.state)
BEGIN
    SELECT RAISE(ABORT, 'payout rows are never changed or deleted');
END;
CREATE TRIGGER payout_not_replaced BEFORE INSERT ON payout
WHEN EXISTS (
    SELECT 1 FROM payout WHERE organization_id = NEW.organization_id
        AND (seq = NEW.seq OR (processor = NEW.processor AND payout_id = NEW.payout_id))
)
BEGIN
    SELECT RAISE(ABORT, 'the payout row exists already');
END;
CREATE TRIGGER payout_movement_kept BEFORE DELETE ON payout_movement BEGIN
    SELECT RAISE(ABORT, 'payout_movement rows are never changed or deleted');
END;
CREATE TRIGGER payout_movement_stays BEFORE UPDATE ON payout_movement
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.payout_seq IS NOT NEW.payout_seq
    OR OLD.movement_id IS NOT NEW.movement_id
    OR OLD.kind IS NOT NEW.kind
    OR OLD.amount_cents IS NOT NEW.amount_cents
    OR OLD.fee_cents IS NOT NEW.fee_cents
    OR OLD.net_cents IS NOT NEW.net_cents
    OR OLD.source_id IS NOT NEW.source_id
    OR OLD.processor_payment_id IS NOT NEW.processor_payment_id
    OR OLD.reference IS NOT NEW.reference
    OR OLD.created_at_us IS NOT NEW.created_at_us
BEGIN
    SELECT RAISE(ABORT, 'payout_movement rows are never changed or deleted');
END;
CREATE TRIGGER payout_movement_not_replaced BEFORE INSERT ON payout_movement
WHEN EXISTS (
    SELECT 1 FROM payout_movement WHERE organization_id = NEW.organization_id
        AND movement_id = NEW.movement_id
)
BEGIN
    SELECT RAISE(ABORT, 'the payout_movement row exists already');
END;
