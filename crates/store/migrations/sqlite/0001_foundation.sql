-- The foundation: everything that a clinic's payments rest on.
--
-- Every table begins with organization_id, in its primary key, its foreign keys and its
-- indexes, so that the whole can be partitioned or sharded later. Money is cents, moments are
-- microseconds since 1970 in UTC, dates are numbers like 20261123. Text that is sorted or
-- searched is made by the program and compared byte by byte.

CREATE TABLE organization (
    organization_id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

-- The last number given out for each kind of public id.
CREATE TABLE counter (
    organization_id INTEGER NOT NULL REFERENCES organization,
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (organization_id, kind)
) STRICT;

CREATE TABLE location (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    address TEXT,
    phone TEXT,
    visit_class TEXT CHECK (
        visit_class IN ('primary', 'specialist', 'urgent', 'telehealth')
    ),
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seq)
) STRICT;

CREATE TABLE physician (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    npi TEXT,
    name_sort TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seq)
) STRICT;

CREATE TABLE staff_user (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (
        role IN ('front_desk', 'biller', 'manager', 'administrator', 'auditor')
    ),
    password_hash TEXT NOT NULL,
    last_location_seq INTEGER,
    created_at_us INTEGER NOT NULL,
    disabled_at_us INTEGER,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, email)
) STRICT;
CREATE INDEX staff_user_email ON staff_user (email);

CREATE TABLE session (
    organization_id INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    user_seq INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    seen_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, token_hash),
    FOREIGN KEY (organization_id, user_seq) REFERENCES staff_user
) STRICT;
CREATE INDEX session_of_user ON session (organization_id, user_seq);

CREATE TABLE patient (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    birth_day INTEGER NOT NULL,
    sex TEXT,
    mrn TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    guarantor TEXT,
    name_sort TEXT NOT NULL,
    name_search TEXT NOT NULL,
    payment_count INTEGER NOT NULL,
    first_seq INTEGER,
    last_seq INTEGER,
    version INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seq)
) STRICT;
CREATE INDEX patient_sort ON patient (organization_id, name_sort, seq);
CREATE INDEX patient_birth ON patient (organization_id, birth_day, seq);
CREATE UNIQUE INDEX patient_mrn ON patient (organization_id, mrn) WHERE mrn IS NOT NULL;

-- One row a word of a patient's name: short words are found where a word begins.
CREATE TABLE patient_word (
    organization_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    patient_seq INTEGER NOT NULL,
    PRIMARY KEY (organization_id, word, patient_seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient
) STRICT;
CREATE INDEX patient_word_patient ON patient_word (organization_id, patient_seq);

-- Longer words are found anywhere in a name.
CREATE VIRTUAL TABLE patient_fts USING fts5 (name_search, tokenize = 'trigram');
CREATE VIEW patient_name AS
    SELECT rowid >> 40 AS organization_id, rowid & 1099511627775 AS seq, name_search
    FROM patient_fts;
CREATE TRIGGER patient_name_new AFTER INSERT ON patient BEGIN
    INSERT INTO patient_fts (rowid, name_search)
    VALUES (NEW.organization_id << 40 | NEW.seq, NEW.name_search);
END;
CREATE TRIGGER patient_name_changed AFTER UPDATE OF name_search ON patient BEGIN
    UPDATE patient_fts SET name_search = NEW.name_search
    WHERE rowid = (NEW.organization_id << 40 | NEW.seq);
END;

CREATE TABLE coverage (
    organization_id INTEGER NOT NULL,
    patient_seq INTEGER NOT NULL,
    rank INTEGER NOT NULL CHECK (rank IN (1, 2)),
    payer TEXT NOT NULL,
    member_id TEXT,
    plan TEXT,
    PRIMARY KEY (organization_id, patient_seq, rank),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient
) STRICT;
CREATE INDEX coverage_member ON coverage (organization_id, member_id);

CREATE TABLE treatment (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    patient_seq INTEGER NOT NULL,
    physician_seq INTEGER,
    location_seq INTEGER NOT NULL,
    service_at_us INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'completed', 'cancelled')),
    version INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, physician_seq) REFERENCES physician,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
) STRICT;
CREATE INDEX treatment_patient ON treatment (organization_id, patient_seq, seq);
CREATE INDEX treatment_service ON treatment (organization_id, service_at_us, seq);

CREATE TABLE treatment_procedure (
    organization_id INTEGER NOT NULL,
    treatment_seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    code TEXT NOT NULL,
    modifiers TEXT NOT NULL,
    charge_cents INTEGER CHECK (charge_cents >= 0),
    PRIMARY KEY (organization_id, treatment_seq, line),
    FOREIGN KEY (organization_id, treatment_seq) REFERENCES treatment
) STRICT;

-- A file as it was handed in, kept untouched even when nothing could be read from it.
CREATE TABLE eligibility_file (
    organization_id INTEGER NOT NULL REFERENCES organization,
    file_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    content BLOB NOT NULL,
    failure TEXT,
    imported_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, file_hash)
) STRICT;

CREATE TABLE eligibility_check (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    patient_seq INTEGER,
    outcome TEXT NOT NULL CHECK (
        outcome IN ('active', 'inactive', 'review', 'rejected', 'unknown')
    ),
    payer TEXT NOT NULL,
    plan TEXT,
    checked_at_us INTEGER NOT NULL,
    imported_at_us INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    file_hash BLOB NOT NULL,
    file_from INTEGER NOT NULL,
    file_to INTEGER NOT NULL,
    -- Who the payer spoke of and what else it said, as the program wrote it.
    answer TEXT NOT NULL,
    name_sort TEXT NOT NULL,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, fingerprint),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, file_hash) REFERENCES eligibility_file
) STRICT;
CREATE INDEX eligibility_check_patient
    ON eligibility_check (organization_id, patient_seq, checked_at_us, imported_at_us);
CREATE INDEX eligibility_check_time
    ON eligibility_check (organization_id, checked_at_us, seq);

CREATE TABLE eligibility_benefit (
    organization_id INTEGER NOT NULL,
    check_seq INTEGER NOT NULL,
    row_index INTEGER NOT NULL,
    segment TEXT NOT NULL,
    benefit TEXT NOT NULL,
    PRIMARY KEY (organization_id, check_seq, row_index),
    FOREIGN KEY (organization_id, check_seq) REFERENCES eligibility_check
) STRICT;

CREATE TABLE payment (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    patient_seq INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    treatment_seq INTEGER,
    kind TEXT CHECK (kind IN ('treatment_pre_payment', 'office_visit', 'private_pay')),
    status TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents BETWEEN 1 AND 99999999),
    collected_cents INTEGER NOT NULL,
    refunded_cents INTEGER NOT NULL,
    due_key INTEGER NOT NULL,
    name_sort TEXT NOT NULL,
    memo TEXT,
    version INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    paid_at_us INTEGER,
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
) STRICT;
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
) STRICT;
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
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    moved_by TEXT NOT NULL,
    user_seq INTEGER,
    reason TEXT,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, version),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    FOREIGN KEY (from_status, to_status) REFERENCES status_way
) STRICT;

-- One try of the payer at a processor.
CREATE TABLE payment_attempt (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    attempt_no INTEGER NOT NULL,
    processor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('open', 'authorized', 'captured', 'failed', 'released', 'expired')
    ),
    amount_cents INTEGER NOT NULL,
    started_at_us INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, attempt_no),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
) STRICT;

-- Money that was taken; the version is that of the payment when it became Paid.
CREATE TABLE tender (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN (
            'cash', 'check', 'card_terminal', 'bank_transfer', 'hsa_fsa_card', 'money_order',
            'other', 'card_processor'
        )
    ),
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    given_cents INTEGER,
    number TEXT,
    authorization_code TEXT,
    last_four TEXT,
    reference TEXT,
    location_seq INTEGER NOT NULL,
    user_seq INTEGER,
    received_at_us INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, version),
    FOREIGN KEY (organization_id, payment_seq, version) REFERENCES payment_transition,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location
) STRICT;

CREATE TABLE tender_reversal (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    tender_version INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('entered_in_error', 'returned_unpaid')),
    notes TEXT,
    amount_cents INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    user_seq INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, version),
    UNIQUE (organization_id, payment_seq, tender_version),
    FOREIGN KEY (organization_id, payment_seq, version) REFERENCES payment_transition,
    FOREIGN KEY (organization_id, payment_seq, tender_version) REFERENCES tender
) STRICT;

CREATE TABLE refund (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    reason TEXT NOT NULL CHECK (
        reason IN (
            'patient_request', 'billing_error', 'service_not_rendered', 'duplicate_charge',
            'insurance_adjustment', 'other'
        )
    ),
    notes TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'settled', 'failed', 'cancelled')),
    tender_kind TEXT NOT NULL,
    location_seq INTEGER NOT NULL,
    user_seq INTEGER,
    made_at_us INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    settled_at_us INTEGER,
    ended_at_us INTEGER,
    ended_day INTEGER,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((state IN ('failed', 'cancelled')) = (ended_day IS NOT NULL))
) STRICT;
CREATE INDEX refund_payment ON refund (organization_id, payment_seq, seq);
CREATE INDEX refund_pending ON refund (organization_id, seq) WHERE state = 'pending';

CREATE TABLE payment_estimate (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    estimated_cents INTEGER,
    entered_cents INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
) STRICT;

CREATE TABLE note (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    note_no INTEGER NOT NULL,
    user_seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, note_no),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
) STRICT;

-- Each row debits one account and credits another by the same amount, so that every
-- transaction sums to zero by its shape. The version is that of the source when it happened.
CREATE TABLE ledger_transfer (
    organization_id INTEGER NOT NULL REFERENCES organization,
    source TEXT NOT NULL,
    source_seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    line INTEGER NOT NULL,
    event TEXT NOT NULL,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    location_seq INTEGER NOT NULL,
    business_day INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, source, source_seq, version, line),
    CHECK (debit_account <> credit_account)
) STRICT;

CREATE TABLE audit_seal (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seal_no INTEGER NOT NULL,
    previous BLOB NOT NULL,
    event_count INTEGER NOT NULL,
    seal BLOB NOT NULL,
    sealed_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seal_no)
) STRICT;

CREATE TABLE audit_event (
    organization_id INTEGER NOT NULL REFERENCES organization,
    event_id BLOB NOT NULL,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    user_seq INTEGER,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_seq INTEGER NOT NULL,
    subject_version INTEGER,
    detail TEXT NOT NULL,
    seal_no INTEGER,
    PRIMARY KEY (organization_id, event_id)
) STRICT;
CREATE INDEX audit_event_subject
    ON audit_event (organization_id, subject, subject_seq, at_us, event_id);
CREATE INDEX audit_event_seal ON audit_event (organization_id, seal_no, event_id);

-- A request that was carried out once; the same key again gives the same answer.
CREATE TABLE idempotency (
    organization_id INTEGER NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    result_seq INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, scope, key)
) STRICT;

-- Sums that are kept in the same transaction as each change, so that cards and counts cost
-- the same at any size. A location's row can be split by shard when it gets hot.
CREATE TABLE rollup_status (
    organization_id INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    status TEXT NOT NULL,
    shard INTEGER NOT NULL,
    n INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    refunded_cents INTEGER NOT NULL,
    PRIMARY KEY (organization_id, location_seq, status, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_month (
    organization_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    gross_cents INTEGER NOT NULL,
    refunded_cents INTEGER NOT NULL,
    PRIMARY KEY (organization_id, month, location_seq, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_day (
    organization_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (organization_id, day, location_seq, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_due (
    organization_id INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    status TEXT NOT NULL,
    due_day INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    n INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    PRIMARY KEY (organization_id, location_seq, status, due_day, shard)
) STRICT, WITHOUT ROWID;

-- What is written stays written.
CREATE TRIGGER ledger_transfer_kept BEFORE UPDATE ON ledger_transfer BEGIN
    SELECT RAISE(ABORT, 'ledger_transfer rows are never changed or deleted');
END;
CREATE TRIGGER ledger_transfer_kept_whole BEFORE DELETE ON ledger_transfer BEGIN
    SELECT RAISE(ABORT, 'ledger_transfer rows are never changed or deleted');
END;
CREATE TRIGGER payment_transition_kept BEFORE UPDATE ON payment_transition BEGIN
    SELECT RAISE(ABORT, 'payment_transition rows are never changed or deleted');
END;
CREATE TRIGGER payment_transition_kept_whole BEFORE DELETE ON payment_transition BEGIN
    SELECT RAISE(ABORT, 'payment_transition rows are never changed or deleted');
END;
CREATE TRIGGER tender_kept BEFORE UPDATE ON tender BEGIN
    SELECT RAISE(ABORT, 'tender rows are never changed or deleted');
END;
CREATE TRIGGER tender_kept_whole BEFORE DELETE ON tender BEGIN
    SELECT RAISE(ABORT, 'tender rows are never changed or deleted');
END;
CREATE TRIGGER tender_reversal_kept BEFORE UPDATE ON tender_reversal BEGIN
    SELECT RAISE(ABORT, 'tender_reversal rows are never changed or deleted');
END;
CREATE TRIGGER tender_reversal_kept_whole BEFORE DELETE ON tender_reversal BEGIN
    SELECT RAISE(ABORT, 'tender_reversal rows are never changed or deleted');
END;
CREATE TRIGGER payment_estimate_kept BEFORE UPDATE ON payment_estimate BEGIN
    SELECT RAISE(ABORT, 'payment_estimate rows are never changed or deleted');
END;
CREATE TRIGGER payment_estimate_kept_whole BEFORE DELETE ON payment_estimate BEGIN
    SELECT RAISE(ABORT, 'payment_estimate rows are never changed or deleted');
END;
CREATE TRIGGER audit_seal_kept BEFORE UPDATE ON audit_seal BEGIN
    SELECT RAISE(ABORT, 'audit_seal rows are never changed or deleted');
END;
CREATE TRIGGER audit_seal_kept_whole BEFORE DELETE ON audit_seal BEGIN
    SELECT RAISE(ABORT, 'audit_seal rows are never changed or deleted');
END;
CREATE TRIGGER audit_event_kept BEFORE DELETE ON audit_event BEGIN
    SELECT RAISE(ABORT, 'audit_event rows are never changed or deleted');
END;
CREATE TRIGGER payment_kept BEFORE DELETE ON payment BEGIN
    SELECT RAISE(ABORT, 'payment rows are never changed or deleted');
END;
CREATE TRIGGER refund_kept BEFORE DELETE ON refund BEGIN
    SELECT RAISE(ABORT, 'refund rows are never changed or deleted');
END;

-- A row that is replaced would be deleted without its delete trigger; no row takes the place of
-- another. (This also refuses ON CONFLICT on these tables.)
CREATE TRIGGER ledger_transfer_not_replaced BEFORE INSERT ON ledger_transfer
WHEN EXISTS (
    SELECT 1 FROM ledger_transfer WHERE organization_id = NEW.organization_id
        AND source = NEW.source AND source_seq = NEW.source_seq AND version = NEW.version
        AND line = NEW.line
)
BEGIN
    SELECT RAISE(ABORT, 'the ledger_transfer row exists already');
END;
CREATE TRIGGER payment_transition_not_replaced BEFORE INSERT ON payment_transition
WHEN EXISTS (
    SELECT 1 FROM payment_transition WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq AND version = NEW.version
)
BEGIN
    SELECT RAISE(ABORT, 'the payment_transition row exists already');
END;
CREATE TRIGGER tender_not_replaced BEFORE INSERT ON tender
WHEN EXISTS (
    SELECT 1 FROM tender WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq AND version = NEW.version
)
BEGIN
    SELECT RAISE(ABORT, 'the tender row exists already');
END;
CREATE TRIGGER tender_reversal_not_replaced BEFORE INSERT ON tender_reversal
WHEN EXISTS (
    SELECT 1 FROM tender_reversal WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq
        AND (version = NEW.version OR tender_version = NEW.tender_version)
)
BEGIN
    SELECT RAISE(ABORT, 'the tender_reversal row exists already');
END;
CREATE TRIGGER payment_estimate_not_replaced BEFORE INSERT ON payment_estimate
WHEN EXISTS (
    SELECT 1 FROM payment_estimate WHERE organization_id = NEW.organization_id
        AND payment_seq = NEW.payment_seq
)
BEGIN
    SELECT RAISE(ABORT, 'the payment_estimate row exists already');
END;
CREATE TRIGGER audit_seal_not_replaced BEFORE INSERT ON audit_seal
WHEN EXISTS (
    SELECT 1 FROM audit_seal WHERE organization_id = NEW.organization_id AND seal_no = NEW.seal_no
)
BEGIN
    SELECT RAISE(ABORT, 'the audit_seal row exists already');
END;
CREATE TRIGGER audit_event_not_replaced BEFORE INSERT ON audit_event
WHEN EXISTS (
    SELECT 1 FROM audit_event WHERE organization_id = NEW.organization_id
        AND event_id = NEW.event_id
)
BEGIN
    SELECT RAISE(ABORT, 'the audit_event row exists already');
END;
CREATE TRIGGER payment_not_replaced BEFORE INSERT ON payment
WHEN EXISTS (
    SELECT 1 FROM payment WHERE organization_id = NEW.organization_id AND seq = NEW.seq
)
BEGIN
    SELECT RAISE(ABORT, 'the payment row exists already');
END;
CREATE TRIGGER refund_not_replaced BEFORE INSERT ON refund
WHEN EXISTS (
    SELECT 1 FROM refund WHERE organization_id = NEW.organization_id AND seq = NEW.seq
)
BEGIN
    SELECT RAISE(ABORT, 'the refund row exists already');
END;

-- An audit row takes its seal once, and nothing else of it changes.
CREATE TRIGGER audit_event_sealed_once BEFORE UPDATE ON audit_event
WHEN OLD.seal_no IS NOT NULL OR NEW.seal_no IS NULL
    OR OLD.organization_id IS NOT NEW.organization_id
    OR OLD.event_id IS NOT NEW.event_id
    OR OLD.at_us IS NOT NEW.at_us
    OR OLD.actor IS NOT NEW.actor
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.action IS NOT NEW.action
    OR OLD.subject IS NOT NEW.subject
    OR OLD.subject_seq IS NOT NEW.subject_seq
    OR OLD.subject_version IS NOT NEW.subject_version
    OR OLD.detail IS NOT NEW.detail
BEGIN
    SELECT RAISE(ABORT, 'audit_event rows are never changed or deleted');
END;

-- A payment's status changes only along a known way.
CREATE TRIGGER payment_status_way BEFORE UPDATE OF status ON payment
WHEN OLD.status <> NEW.status AND NOT EXISTS (
    SELECT 1 FROM status_way WHERE from_status = OLD.status AND to_status = NEW.status
)
BEGIN
    SELECT RAISE(ABORT, 'a payment cannot go there from its status');
END;

-- The database itself counts refunds against what was collected: the payment's check refuses
-- what is too much, whoever inserts.
CREATE TRIGGER refund_counted_when_made AFTER INSERT ON refund
WHEN NEW.state IN ('pending', 'settled')
BEGIN
    UPDATE payment SET
        refunded_cents = refunded_cents + NEW.amount_cents,
        status = CASE
            WHEN status NOT IN ('paid', 'partially_refunded', 'refunded') THEN status
            WHEN refunded_cents + NEW.amount_cents < collected_cents THEN 'partially_refunded'
            ELSE 'refunded'
        END
    WHERE organization_id = NEW.organization_id AND seq = NEW.payment_seq;
END;
CREATE TRIGGER refund_counted_when_ended AFTER UPDATE OF state ON refund
WHEN OLD.state <> NEW.state AND NEW.state IN ('failed', 'cancelled')
BEGIN
    UPDATE payment SET
        refunded_cents = refunded_cents - NEW.amount_cents,
        status = CASE
            WHEN status NOT IN ('paid', 'partially_refunded', 'refunded') THEN status
            WHEN refunded_cents - NEW.amount_cents = 0 THEN 'paid'
            ELSE 'partially_refunded'
        END
    WHERE organization_id = NEW.organization_id AND seq = NEW.payment_seq;
END;

-- What was collected stays as it is until all of it is taken back, and what was refunded is
-- what the refunds say: neither can be changed past the rows that explain it.
CREATE TRIGGER payment_collected_kept BEFORE UPDATE OF collected_cents ON payment
WHEN OLD.collected_cents > 0 AND NEW.collected_cents NOT IN (0, OLD.collected_cents)
BEGIN
    SELECT RAISE(ABORT, 'what was collected does not change');
END;
CREATE TRIGGER payment_refunds_counted BEFORE UPDATE OF refunded_cents ON payment
WHEN NEW.refunded_cents <> (
    SELECT coalesce(sum(amount_cents), 0) FROM refund
    WHERE organization_id = NEW.organization_id AND payment_seq = NEW.seq
        AND state IN ('pending', 'settled')
)
BEGIN
    SELECT RAISE(ABORT, 'the refunded amount is counted from the refunds');
END;

-- Of a refund only its state and the moments of it change, and only forwards.
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
    OR OLD.state IN ('failed', 'cancelled')
    OR (OLD.state = 'settled' AND NEW.state <> 'failed')
BEGIN
    SELECT RAISE(ABORT, 'refund rows are never changed or deleted');
END;
