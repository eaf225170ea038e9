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
    WHERE state IN ('pending', 'settled');

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
