-- Questions to payers: what a coverage and a location must say for one to be asked, and each
-- question with what became of it.

ALTER TABLE coverage ADD COLUMN payer_id TEXT;
ALTER TABLE coverage ADD COLUMN relationship TEXT NOT NULL DEFAULT 'self' CHECK (
    relationship IN ('self', 'spouse', 'child', 'other')
);
ALTER TABLE coverage ADD COLUMN subscriber_first_name TEXT;
ALTER TABLE coverage ADD COLUMN subscriber_last_name TEXT;
ALTER TABLE coverage ADD COLUMN subscriber_birth_day INTEGER;

ALTER TABLE location ADD COLUMN npi TEXT;

-- A 270 as it was written, with what was asked copied beside it: coverages change later. While a
-- server asks, claimed_until_us keeps others from asking the same.
CREATE TABLE eligibility_inquiry (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    patient_seq INTEGER NOT NULL,
    coverage_rank INTEGER NOT NULL,
    payer TEXT NOT NULL,
    payer_id TEXT NOT NULL,
    member_id TEXT,
    relationship TEXT NOT NULL CHECK (
        relationship IN ('self', 'spouse', 'child', 'other')
    ),
    service_type TEXT NOT NULL,
    service_day INTEGER NOT NULL,
    location_seq INTEGER NOT NULL,
    physician_seq INTEGER,
    npi TEXT NOT NULL,
    trace TEXT NOT NULL,
    clearinghouse TEXT NOT NULL,
    question TEXT NOT NULL,
    user_seq INTEGER,
    created_at_us INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'sent', 'answered', 'failed', 'expired')
    ),
    tries INTEGER NOT NULL,
    next_try_at_us INTEGER,
    claimed_until_us INTEGER,
    asked_at_us INTEGER,
    -- Why it was not carried, in words without anything about the patient.
    failure TEXT,
    check_seq INTEGER,
    answered_at_us INTEGER,
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, trace),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, location_seq) REFERENCES location,
    FOREIGN KEY (organization_id, physician_seq) REFERENCES physician,
    FOREIGN KEY (organization_id, check_seq) REFERENCES eligibility_check,
    CHECK ((state = 'waiting') = (next_try_at_us IS NOT NULL)),
    CHECK (claimed_until_us IS NULL OR state = 'waiting'),
    CHECK ((check_seq IS NULL) = (answered_at_us IS NULL)),
    CHECK (state <> 'answered' OR check_seq IS NOT NULL)
) STRICT;
CREATE INDEX eligibility_inquiry_patient
    ON eligibility_inquiry (organization_id, patient_seq, seq);
CREATE INDEX eligibility_inquiry_state
    ON eligibility_inquiry (organization_id, state, seq);
CREATE INDEX eligibility_inquiry_due
    ON eligibility_inquiry (organization_id, next_try_at_us, seq) WHERE state = 'waiting';
CREATE INDEX eligibility_inquiry_check
    ON eligibility_inquiry (organization_id, check_seq) WHERE check_seq IS NOT NULL;

-- What was asked stays as it was asked, and what is answered stays answered.
CREATE TRIGGER eligibility_inquiry_kept BEFORE DELETE ON eligibility_inquiry BEGIN
    SELECT RAISE(ABORT, 'eligibility_inquiry rows are never changed or deleted');
END;
CREATE TRIGGER eligibility_inquiry_not_replaced BEFORE INSERT ON eligibility_inquiry
WHEN EXISTS (
    SELECT 1 FROM eligibility_inquiry WHERE organization_id = NEW.organization_id
        AND (seq = NEW.seq OR trace = NEW.trace)
)
BEGIN
    SELECT RAISE(ABORT, 'the eligibility_inquiry row exists already');
END;
CREATE TRIGGER eligibility_inquiry_as_asked BEFORE UPDATE ON eligibility_inquiry
WHEN (OLD.state = 'answered' AND NEW.state <> 'answered')
    OR OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR OLD.patient_seq IS NOT NEW.patient_seq
    OR OLD.coverage_rank IS NOT NEW.coverage_rank
    OR OLD.payer IS NOT NEW.payer
    OR OLD.payer_id IS NOT NEW.payer_id
    OR OLD.member_id IS NOT NEW.member_id
    OR OLD.relationship IS NOT NEW.relationship
    OR OLD.service_type IS NOT NEW.service_type
    OR OLD.service_day IS NOT NEW.service_day
    OR OLD.location_seq IS NOT NEW.location_seq
    OR OLD.physician_seq IS NOT NEW.physician_seq
    OR OLD.npi IS NOT NEW.npi
    OR OLD.trace IS NOT NEW.trace
    OR OLD.clearinghouse IS NOT NEW.clearinghouse
    OR OLD.question IS NOT NEW.question
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.created_at_us IS NOT NEW.created_at_us
BEGIN
    SELECT RAISE(ABORT, 'eligibility_inquiry rows are never changed or deleted');
END;
