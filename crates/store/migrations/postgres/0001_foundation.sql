-- The foundation: everything that a clinic's payments rest on.
--
-- Every table begins with organization_id, in its primary key, its foreign keys and its
-- indexes, so that the whole can be partitioned or sharded later. Money is cents, moments are
-- microseconds since 1970 in UTC, dates are numbers like 20261123. Text that is sorted or
-- searched is made by the program and compared byte by byte.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE organization (
    organization_id BIGINT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- The last number given out for each kind of public id.
CREATE TABLE counter (
    organization_id BIGINT NOT NULL REFERENCES organization,
    kind TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (organization_id, kind)
);

CREATE TABLE location (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    address TEXT,
    phone TEXT,
    visit_class TEXT CHECK (
        visit_class IN ('primary', 'specialist', 'urgent', 'telehealth')
    ),
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq)
);

CREATE TABLE physician (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    npi TEXT,
    name_sort TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq)
);

CREATE TABLE staff_user (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (
        role IN ('front_desk', 'biller', 'manager', 'administrator', 'auditor')
    ),
    password_hash TEXT NOT NULL,
    last_location_seq BIGINT,
    created_at_us BIGINT NOT NULL,
    disabled_at_us BIGINT,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, email)
);
CREATE INDEX staff_user_email ON staff_user (email);

CREATE TABLE session (
    organization_id BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    user_seq BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    seen_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, token_hash),
    FOREIGN KEY (organization_id, user_seq) REFERENCES staff_user
);
CREATE INDEX session_of_user ON session (organization_id, user_seq);

CREATE TABLE patient (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    birth_day BIGINT NOT NULL,
    sex TEXT,
    mrn TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    guarantor TEXT,
    name_sort TEXT COLLATE "C" NOT NULL,
    name_search TEXT COLLATE "C" NOT NULL,
    payment_count BIGINT NOT NULL,
    first_seq BIGINT,
    last_seq BIGINT,
    version BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq)
);
CREATE INDEX patient_sort ON patient (organization_id, name_sort, seq);
CREATE INDEX patient_birth ON patient (organization_id, birth_day, seq);
CREATE UNIQUE INDEX patient_mrn ON patient (organization_id, mrn) WHERE mrn IS NOT NULL;
CREATE INDEX patient_trigram ON patient USING gin (name_search gin_trgm_ops);

-- One row a word of a patient's name: short words are found where a word begins.
CREATE TABLE patient_word (
    organization_id BIGINT NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    patient_seq BIGINT NOT NULL,
    PRIMARY KEY (organization_id, word, patient_seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient
);
CREATE INDEX patient_word_patient ON patient_word (organization_id, patient_seq);

-- Longer words are found anywhere in a name.
CREATE VIEW patient_name AS SELECT organization_id, seq, name_search FROM patient;

CREATE TABLE coverage (
    organization_id BIGINT NOT NULL,
    patient_seq BIGINT NOT NULL,
    rank BIGINT NOT NULL CHECK (rank IN (1, 2)),
    payer TEXT NOT NULL,
    member_id TEXT COLLATE "C",
    plan TEXT,
    PRIMARY KEY (organization_id, patient_seq, rank),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient
);
CREATE INDEX coverage_member ON coverage (organization_id, member_id);

CREATE TABLE treatment (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    patient_seq BIGINT NOT NULL,
    physician_seq BIGINT,
    location_seq BIGINT NOT NULL,
    service_at_us BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'completed', 'cancelled')),
    version BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, physician_seq) REFERENCES physician,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
);
CREATE INDEX treatment_patient ON treatment (organization_id, patient_seq, seq);
CREATE INDEX treatment_service ON treatment (organization_id, service_at_us, seq);

CREATE TABLE treatment_procedure (
    organization_id BIGINT NOT NULL,
    treatment_seq BIGINT NOT NULL,
    line BIGINT NOT NULL,
    code TEXT NOT NULL,
    modifiers TEXT NOT NULL,
    charge_cents BIGINT CHECK (charge_cents >= 0),
    PRIMARY KEY (organization_id, treatment_seq, line),
    FOREIGN KEY (organization_id, treatment_seq) REFERENCES treatment
);

-- A file as it was handed in, kept untouched even when nothing could be read from it.
CREATE TABLE eligibility_file (
    organization_id BIGINT NOT NULL REFERENCES organization,
    file_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    content BYTEA NOT NULL,
    failure TEXT,
    imported_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, file_hash)
);

CREATE TABLE eligibility_check (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    patient_seq BIGINT,
    outcome TEXT NOT NULL CHECK (
        outcome IN ('active', 'inactive', 'review', 'rejected', 'unknown')
    ),
    payer TEXT NOT NULL,
    plan TEXT,
    checked_at_us BIGINT NOT NULL,
    imported_at_us BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL,
    file_hash BYTEA NOT NULL,
    file_from BIGINT NOT NULL,
    file_to BIGINT NOT NULL,
    -- Who the payer spoke of and what else it said, as the program wrote it.
    answer TEXT NOT NULL,
    name_sort TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, fingerprint),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, file_hash) REFERENCES eligibility_file
);
CREATE INDEX eligibility_check_patient
    ON eligibility_check (organization_id, patient_seq, checked_at_us, imported_at_us);
CREATE INDEX eligibility_check_time
    ON eligibility_check (organization_id, checked_at_us, seq);

CREATE TABLE eligibility_benefit (
    organization_id BIGINT NOT NULL,
    check_seq BIGINT NOT NULL,
    row_index BIGINT NOT NULL,
    segment TEXT NOT NULL,
    benefit TEXT NOT NULL,
    PRIMARY KEY (organization_id, check_seq, row_index),
    FOREIGN KEY (organization_id, check_seq) REFERENCES eligibility_check
);

CREATE TABLE payment (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    patient_seq BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    treatment_seq BIGINT,
    kind TEXT CHECK (kind IN ('treatment_pre_payment', 'office_visit', 'private_pay')),
    status TEXT COLLATE "C" NOT NULL,
    amount_cents BIGINT NOT NULL CHECK (amount_cents BETWEEN 1 AND 99999999),
    collected_cents BIGINT NOT NULL,
    refunded_cents BIGINT NOT NULL,
    due_key BIGINT NOT NULL,
    name_sort TEXT COLLATE "C" NOT NULL,
    memo TEXT,
    version BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    paid_at_us BIGINT,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location,
    FOREIGN KEY (organization_id, treatment_seq) REFERENCES treatment,
    -- No more is ever refunded than was collected, and the status says so.
    CONSTRAINT payment_money_fits_status CHECK (
        CASE status
            WHEN 'paid' THEN collected_cents = amount_cents AND refunded_cents = 0
            WHEN 'partially_refunded' THEN collected_cents = amount_cents
                AND refunded_cents > 0 AND refunded_cents < collected_cents
            WHEN 'refunded' THEN collected_cents = amount_cents
                AND refunded_cents = collected_cents
            ELSE collected_cents = 0 AND refunded_cents = 0
        END
        AND (paid_at_us IS NOT NULL) = (collected_cents > 0)
    ),
    CONSTRAINT payment_status_known CHECK (
        status IN (
            'draft', 'pending', 'processing', 'paid', 'failed', 'cancelled', 'voided',
            'partially_refunded', 'refunded'
        )
    )
);
CREATE INDEX payment_created ON payment (organization_id, status, created_at_us, seq);
CREATE INDEX payment_amount ON payment (organization_id, status, amount_cents, seq);
CREATE INDEX payment_due ON payment (organization_id, status, due_key, seq);
CREATE INDEX payment_name ON payment (organization_id, status, name_sort, seq);
CREATE INDEX payment_location_created
    ON payment (organization_id, location_seq, status, created_at_us, seq);
CREATE INDEX payment_location_amount
    ON payment (organization_id, location_seq, status, amount_cents, seq);
CREATE INDEX payment_location_due
    ON payment (organization_id, location_seq, status, due_key, seq);
CREATE INDEX payment_location_name
    ON payment (organization_id, location_seq, status, name_sort, seq);
CREATE INDEX payment_patient ON payment (organization_id, patient_seq, seq, status, location_seq);
CREATE INDEX payment_treatment ON payment (organization_id, treatment_seq, seq)
    WHERE treatment_seq IS NOT NULL;
CREATE INDEX payment_paid ON payment (organization_id, paid_at_us, seq)
    WHERE paid_at_us IS NOT NULL;

-- The ways between statuses, as the program's own table has them.
CREATE TABLE status_way (
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO status_way (from_status, to_status) VALUES
    ('draft', 'pending'), ('draft', 'paid'), ('draft', 'cancelled'),
    ('pending', 'processing'), ('pending', 'paid'), ('pending', 'failed'),
    ('pending', 'cancelled'), ('pending', 'draft'),
    ('processing', 'paid'), ('processing', 'failed'), ('processing', 'voided'),
    ('processing', 'pending'), ('processing', 'cancelled'),
    ('failed', 'processing'), ('failed', 'paid'), ('failed', 'pending'),
    ('failed', 'cancelled'),
    ('cancelled', 'draft'), ('cancelled', 'pending'), ('cancelled', 'paid'),
    ('paid', 'partially_refunded'), ('paid', 'refunded'), ('paid', 'pending'),
    ('paid', 'failed'),
    ('partially_refunded', 'partially_refunded'), ('partially_refunded', 'refunded'),
    ('partially_refunded', 'paid'),
    ('refunded', 'partially_refunded'), ('refunded', 'paid');

CREATE TABLE payment_transition (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    moved_by TEXT NOT NULL,
    user_seq BIGINT,
    reason TEXT,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, version),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    FOREIGN KEY (from_status, to_status) REFERENCES status_way
);

-- One try of the payer at a processor.
CREATE TABLE payment_attempt (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    attempt_no BIGINT NOT NULL,
    processor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('open', 'authorized', 'captured', 'failed', 'released', 'expired')
    ),
    amount_cents BIGINT NOT NULL,
    started_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, attempt_no),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
);

-- Money that was taken; the version is that of the payment when it became Paid.
CREATE TABLE tender (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN (
            'cash', 'check', 'card_terminal', 'bank_transfer', 'hsa_fsa_card', 'money_order',
            'other', 'card_processor'
        )
    ),
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    given_cents BIGINT,
    number TEXT,
    authorization_code TEXT,
    last_four TEXT,
    reference TEXT,
    location_seq BIGINT NOT NULL,
    user_seq BIGINT,
    received_at_us BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, version),
    FOREIGN KEY (organization_id, payment_seq, version) REFERENCES payment_transition,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
);

CREATE TABLE tender_reversal (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    tender_version BIGINT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('entered_in_error', 'returned_unpaid')),
    notes TEXT,
    amount_cents BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    user_seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, version),
    UNIQUE (organization_id, payment_seq, tender_version),
    FOREIGN KEY (organization_id, payment_seq, version) REFERENCES payment_transition,
    FOREIGN KEY (organization_id, payment_seq, tender_version) REFERENCES tender
);

CREATE TABLE refund (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    reason TEXT NOT NULL CHECK (
        reason IN (
            'patient_request', 'billing_error', 'service_not_rendered', 'duplicate_charge',
            'insurance_adjustment', 'other'
        )
    ),
    notes TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'settled', 'failed', 'cancelled')),
    tender_kind TEXT NOT NULL,
    location_seq BIGINT NOT NULL,
    user_seq BIGINT,
    made_at_us BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    settled_at_us BIGINT,
    ended_at_us BIGINT,
    ended_day BIGINT,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((state IN ('failed', 'cancelled')) = (ended_day IS NOT NULL))
);
CREATE INDEX refund_payment ON refund (organization_id, payment_seq, seq);
CREATE INDEX refund_pending ON refund (organization_id, seq) WHERE state = 'pending';

CREATE TABLE payment_estimate (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    snapshot TEXT NOT NULL,
    estimated_cents BIGINT,
    entered_cents BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
);

CREATE TABLE note (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    note_no BIGINT NOT NULL,
    user_seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, note_no),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
);

-- Each row debits one account and credits another by the same amount, so that every
-- transaction sums to zero by its shape. The version is that of the source when it happened.
CREATE TABLE ledger_transfer (
    organization_id BIGINT NOT NULL REFERENCES organization,
    source TEXT NOT NULL,
    source_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    line BIGINT NOT NULL,
    event TEXT NOT NULL,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL,
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    location_seq BIGINT NOT NULL,
    business_day BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, source, source_seq, version, line),
    CHECK (debit_account <> credit_account)
);

CREATE TABLE audit_seal (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seal_no BIGINT NOT NULL,
    previous BYTEA NOT NULL,
    event_count BIGINT NOT NULL,
    seal BYTEA NOT NULL,
    sealed_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seal_no)
);

CREATE TABLE audit_event (
    organization_id BIGINT NOT NULL REFERENCES organization,
    event_id BYTEA NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    user_seq BIGINT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_seq BIGINT NOT NULL,
    subject_version BIGINT,
    detail TEXT NOT NULL,
    seal_no BIGINT,
    PRIMARY KEY (organization_id, event_id)
);
CREATE INDEX audit_event_subject
    ON audit_event (organization_id, subject, subject_seq, at_us, event_id);
CREATE INDEX audit_event_seal ON audit_event (organization_id, seal_no, event_id);

-- A request that was carried out once; the same key again gives the same answer.
CREATE TABLE idempotency (
    organization_id BIGINT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    result_seq BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, scope, key)
);

-- Sums that are kept in the same transaction as each change, so that cards and counts cost
-- the same at any size. A location's row can be split by shard when it gets hot.
CREATE TABLE rollup_status (
    organization_id BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    status TEXT NOT NULL,
    shard BIGINT NOT NULL,
    n BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    refunded_cents BIGINT NOT NULL,
    PRIMARY KEY (organization_id, location_seq, status, shard)
) WITH (fillfactor = 50);

CREATE TABLE rollup_month (
    organization_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    gross_cents BIGINT NOT NULL,
    refunded_cents BIGINT NOT NULL,
    PRIMARY KEY (organization_id, month, location_seq, shard)
) WITH (fillfactor = 50);

CREATE TABLE rollup_day (
    organization_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (organization_id, day, location_seq, shard)
) WITH (fillfactor = 50);

CREATE TABLE rollup_due (
    organization_id BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    status TEXT NOT NULL,
    due_day BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    n BIGINT NOT NULL,
    amount_cents BIGINT NOT NULL,
    PRIMARY KEY (organization_id, location_seq, status, due_day, shard)
) WITH (fillfactor = 50);

-- What is written stays written.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER ledger_transfer_kept BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_transition_kept BEFORE UPDATE OR DELETE ON payment_transition
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tender_kept BEFORE UPDATE OR DELETE ON tender
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tender_reversal_kept BEFORE UPDATE OR DELETE ON tender_reversal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_estimate_kept BEFORE UPDATE OR DELETE ON payment_estimate
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_kept BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_event_kept BEFORE DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_kept BEFORE DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refund_kept BEFORE DELETE ON refund
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfer_kept_whole BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_transition_kept_whole BEFORE TRUNCATE ON payment_transition
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tender_kept_whole BEFORE TRUNCATE ON tender
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tender_reversal_kept_whole BEFORE TRUNCATE ON tender_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_estimate_kept_whole BEFORE TRUNCATE ON payment_estimate
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_kept_whole BEFORE TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_event_kept_whole BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_kept_whole BEFORE TRUNCATE ON payment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refund_kept_whole BEFORE TRUNCATE ON refund
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An audit row takes its seal once, and nothing else of it changes.
CREATE TRIGGER audit_event_sealed_once BEFORE UPDATE ON audit_event
    FOR EACH ROW
    WHEN (
        OLD.seal_no IS NOT NULL OR NEW.seal_no IS NULL
        OR (OLD.organization_id, OLD.event_id, OLD.at_us, OLD.actor, OLD.user_seq, OLD.action,
            OLD.subject, OLD.subject_seq, OLD.subject_version, OLD.detail)
        IS DISTINCT FROM
           (NEW.organization_id, NEW.event_id, NEW.at_us, NEW.actor, NEW.user_seq, NEW.action,
            NEW.subject, NEW.subject_seq, NEW.subject_version, NEW.detail)
    )
    EXECUTE FUNCTION refuse_change();

-- A payment's status changes only along a known way.
CREATE FUNCTION refuse_unknown_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM status_way WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'a payment cannot go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_status_way BEFORE UPDATE OF status ON payment
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION refuse_unknown_way();

-- The database itself counts refunds against what was collected: the payment's row is locked
-- by the update, and its check refuses what is too much, whoever inserts.
CREATE FUNCTION count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change BIGINT;
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
    WHERE organization_id = NEW.organization_id AND seq = NEW.payment_seq;
    RETURN NULL;
END $$;
CREATE TRIGGER refund_counted_when_made AFTER INSERT ON refund
    FOR EACH ROW EXECUTE FUNCTION count_refund();
CREATE TRIGGER refund_counted_when_ended AFTER UPDATE OF state ON refund
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION count_refund();

-- What was collected stays as it is until all of it is taken back, and what was refunded is
-- what the refunds say: neither can be changed past the rows that explain it.
CREATE FUNCTION refuse_other_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.collected_cents > 0 AND NEW.collected_cents NOT IN (0, OLD.collected_cents) THEN
        RAISE EXCEPTION 'what was collected does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_collected_kept BEFORE UPDATE OF collected_cents ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse_other_money();
CREATE FUNCTION refuse_uncounted_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.refunded_cents <> (
        SELECT coalesce(sum(amount_cents), 0) FROM refund
        WHERE organization_id = NEW.organization_id AND payment_seq = NEW.seq
            AND state IN ('pending', 'settled')
    ) THEN
        RAISE EXCEPTION 'the refunded amount is counted from the refunds'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_refunds_counted BEFORE UPDATE OF refunded_cents ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse_uncounted_refunds();

-- Of a refund only its state and the moments of it change, and only forwards.
CREATE TRIGGER refund_moves_forwards BEFORE UPDATE ON refund
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.seq, OLD.payment_seq, OLD.amount_cents, OLD.reason, OLD.notes,
         OLD.tender_kind, OLD.location_seq, OLD.user_seq, OLD.made_at_us, OLD.business_day)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.seq, NEW.payment_seq, NEW.amount_cents, NEW.reason, NEW.notes,
         NEW.tender_kind, NEW.location_seq, NEW.user_seq, NEW.made_at_us, NEW.business_day)
        OR OLD.state IN ('failed', 'cancelled')
        OR (OLD.state = 'settled' AND NEW.state <> 'failed')
    )
    EXECUTE FUNCTION refuse_change();
