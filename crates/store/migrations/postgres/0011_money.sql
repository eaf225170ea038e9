-- The rest of the money: unapplied money that is given back, disputes in the ledger, and what the
-- processor pays out, with its fees.

-- Money that was taken for nothing and is given back. It is one sum: all that is left of it at the
-- processor. It is numbered with the refunds, as the processor knows it as one.
CREATE TABLE unapplied_refund (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    payment_seq BIGINT NOT NULL,
    attempt_no BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    state TEXT NOT NULL CHECK (state IN ('pending', 'settled', 'failed')),
    reference TEXT NOT NULL,
    processor_refund_id TEXT,
    ask_at_us BIGINT,
    asks BIGINT NOT NULL DEFAULT 0,
    -- Why it failed, in words for staff.
    failure TEXT,
    location_seq BIGINT NOT NULL,
    user_seq BIGINT,
    made_at_us BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    settled_at_us BIGINT,
    ended_at_us BIGINT,
    ended_day BIGINT,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, payment_seq, attempt_no) REFERENCES unapplied_money,
    CHECK ((state = 'failed') = (ended_day IS NOT NULL)),
    CHECK ((state = 'failed') = (ended_at_us IS NOT NULL)),
    CHECK (ask_at_us IS NULL OR state = 'pending')
);
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
ALTER TABLE dispute ADD COLUMN held_cents BIGINT CHECK (held_cents >= 0);
ALTER TABLE dispute ADD COLUMN lost_cents BIGINT CHECK (lost_cents >= 0);
-- Where the disputed money was taken.
ALTER TABLE dispute ADD COLUMN location_seq BIGINT CHECK (
    (location_seq IS NULL) = (held_cents IS NULL) AND (lost_cents IS NULL) = (held_cents IS NULL)
);
-- What banks gave back of what was collected, after disputes that were lost.
ALTER TABLE payment ADD COLUMN lost_cents BIGINT NOT NULL DEFAULT 0 CHECK (lost_cents >= 0);

-- Money that the processor sent to the clinic's bank, as it was told at fetched_at_us. It waits
-- until all its movements are here; then, or at once where the processor cannot say what it is made
-- of, it is in the ledger.
CREATE TABLE payout (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL CHECK (seq > 0),
    processor TEXT NOT NULL,
    payout_id TEXT NOT NULL,
    amount_cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    standing TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    arrives_at_us BIGINT NOT NULL,
    fetched_at_us BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'itemised', 'whole')),
    -- Where what belongs to no payment is counted.
    location_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- What its movements do not come to; none while it waits.
    left_cents BIGINT,
    -- After which movement the next page begins.
    page_after TEXT,
    ask_at_us BIGINT,
    asks BIGINT NOT NULL,
    CHECK ((left_cents IS NULL) = (state = 'waiting')),
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, processor, payout_id),
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
);
CREATE INDEX payout_created ON payout (organization_id, created_at_us, seq);
CREATE INDEX payout_due ON payout (organization_id, ask_at_us, seq) WHERE ask_at_us IS NOT NULL;

-- What a payout is made of, and what explains it here: an attempt, a refund, unapplied money that
-- was given back, a dispute, or a payout that came back.
CREATE TABLE payout_movement (
    organization_id BIGINT NOT NULL,
    payout_seq BIGINT NOT NULL,
    movement_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_cents BIGINT NOT NULL,
    fee_cents BIGINT NOT NULL,
    net_cents BIGINT NOT NULL,
    source_id TEXT,
    processor_payment_id TEXT,
    reference TEXT,
    created_at_us BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    our_kind TEXT CHECK (
        our_kind IN ('attempt', 'refund', 'unapplied_refund', 'dispute', 'payout')
    ),
    our_payment_seq BIGINT,
    our_no BIGINT,
    -- How much of it the books have; none where they know nothing of it.
    our_cents BIGINT,
    PRIMARY KEY (organization_id, payout_seq, movement_id),
    UNIQUE (organization_id, movement_id),
    FOREIGN KEY (organization_id, payout_seq) REFERENCES payout,
    CHECK (net_cents = amount_cents - fee_cents),
    CHECK ((our_kind IS NULL) = (our_cents IS NULL)),
    CHECK ((our_kind IS NULL) = (our_no IS NULL))
);
CREATE INDEX payout_movement_attempt
    ON payout_movement (organization_id, our_payment_seq, our_no) WHERE our_kind = 'attempt';

-- How much of a payout each location has.
CREATE TABLE payout_share (
    organization_id BIGINT NOT NULL,
    payout_seq BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payout_seq, location_seq),
    FOREIGN KEY (organization_id, payout_seq) REFERENCES payout,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
);

-- What is written stays written.
CREATE TRIGGER unapplied_refund_kept BEFORE DELETE ON unapplied_refund
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER unapplied_refund_kept_whole BEFORE TRUNCATE ON unapplied_refund
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER dispute_kept BEFORE DELETE ON dispute
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER dispute_kept_whole BEFORE TRUNCATE ON dispute
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Of what is given back, only the state, its moments and what the processor says change, and only
-- forwards.
CREATE TRIGGER unapplied_refund_moves_forwards BEFORE UPDATE ON unapplied_refund
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.seq, OLD.payment_seq, OLD.attempt_no, OLD.amount_cents,
         OLD.reference, OLD.location_seq, OLD.user_seq, OLD.made_at_us, OLD.business_day)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.seq, NEW.payment_seq, NEW.attempt_no, NEW.amount_cents,
         NEW.reference, NEW.location_seq, NEW.user_seq, NEW.made_at_us, NEW.business_day)
        OR (OLD.processor_refund_id IS NOT NULL
            AND OLD.processor_refund_id IS DISTINCT FROM NEW.processor_refund_id)
        OR OLD.state = 'failed'
        OR (OLD.state = 'settled' AND NEW.state <> 'failed')
    )
    EXECUTE FUNCTION refuse_change();

-- Never more is given back than was taken and is still there, whoever inserts.
CREATE FUNCTION refuse_what_was_not_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.amount_cents > (
        SELECT u.amount_cents - coalesce((
                SELECT sum(d.lost_cents) FROM dispute d
                WHERE d.organization_id = NEW.organization_id
                    AND d.payment_seq = NEW.payment_seq AND d.attempt_no = NEW.attempt_no), 0)
        FROM unapplied_money u WHERE u.organization_id = NEW.organization_id
            AND u.payment_seq = NEW.payment_seq AND u.attempt_no = NEW.attempt_no
    ) THEN
        RAISE EXCEPTION 'more would be given back than was taken'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER unapplied_refund_fits BEFORE INSERT ON unapplied_refund
    FOR EACH ROW EXECUTE FUNCTION refuse_what_was_not_taken();

-- What a bank gave back is not refunded as well, whoever inserts: the payment's row is locked by
-- the update that counts the refund, so that this sees what the others counted.
CREATE OR REPLACE FUNCTION count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change BIGINT;
    is_too_much BOOLEAN;
BEGIN
    IF TG_OP = 'INSERT' THEN
        change := CASE WHEN NEW.state IN ('pending', 'settled') THEN NEW.amount_cents ELSE 0 END;
    ELSE
        change := CASE WHEN NEW.state IN ('pending', 'settled') THEN 0 ELSE -NEW.amount_cents END;
    END IF;
    UPDATE payment SET
        refunded_cents = refunded_cents + change,
        status = CASE
            WHEN status NOT IN ('paid', 'partially_refunded', 'refunded') THEN status
            WHEN refunded_cents + change = 0 THEN 'paid'
            WHEN refunded_cents + change < collected_cents THEN 'partially_refunded'
            ELSE 'refunded'
        END
    WHERE organization_id = NEW.organization_id AND seq = NEW.payment_seq
    RETURNING lost_cents > 0 AND refunded_cents + lost_cents > collected_cents INTO is_too_much;
    IF change > 0 AND is_too_much THEN
        RAISE EXCEPTION 'a bank gave this money back already' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- A payout and its movements stay what they were told to be.
CREATE TRIGGER payout_kept BEFORE DELETE ON payout
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_kept_whole BEFORE TRUNCATE ON payout
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_stays BEFORE UPDATE ON payout
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.seq, OLD.processor, OLD.payout_id, OLD.amount_cents,
         OLD.currency, OLD.created_at_us, OLD.location_seq)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.seq, NEW.processor, NEW.payout_id, NEW.amount_cents,
         NEW.currency, NEW.created_at_us, NEW.location_seq)
        OR (OLD.state <> 'waiting' AND NEW.state <> OLD.state)
    )
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_movement_kept BEFORE DELETE ON payout_movement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_movement_kept_whole BEFORE TRUNCATE ON payout_movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_movement_stays BEFORE UPDATE ON payout_movement
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.payout_seq, OLD.movement_id, OLD.kind, OLD.amount_cents,
         OLD.fee_cents, OLD.net_cents, OLD.source_id, OLD.processor_payment_id, OLD.reference,
         OLD.created_at_us)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.payout_seq, NEW.movement_id, NEW.kind, NEW.amount_cents,
         NEW.fee_cents, NEW.net_cents, NEW.source_id, NEW.processor_payment_id, NEW.reference,
         NEW.created_at_us)
    )
    EXECUTE FUNCTION refuse_change();
