-- Questions to payers: what a coverage and a location must say for one to be asked, and each
-- question with what became of it.

ALTER TABLE coverage ADD COLUMN payer_id TEXT;
ALTER TABLE coverage ADD COLUMN relationship TEXT NOT NULL DEFAULT 'self' CHECK (
    relationship IN ('self', 'spouse', 'child', 'other')
);
ALTER TABLE coverage ADD COLUMN subscriber_first_name TEXT;
ALTER TABLE coverage ADD COLUMN subscriber_last_name TEXT;
ALTER TABLE coverage ADD COLUMN subscriber_birth_day BIGINT;

ALTER TABLE location ADD COLUMN npi TEXT;

-- A 270 as it was written, with what was asked copied beside it: coverages change later. While a
-- server asks, claimed_until_us keeps others from asking the same.
CREATE TABLE eligibility_inquiry (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    patient_seq BIGINT NOT NULL,
    coverage_rank BIGINT NOT NULL,
    payer TEXT NOT NULL,
    payer_id TEXT NOT NULL,
    member_id TEXT COLLATE "C",
    relationship TEXT NOT NULL CHECK (
        relationship IN ('self', 'spouse', 'child', 'other')
    ),
    service_type TEXT NOT NULL,
    service_day BIGINT NOT NULL,
    location_seq BIGINT NOT NULL,
    physician_seq BIGINT,
    npi TEXT NOT NULL,
    trace TEXT COLLATE "C" NOT NULL,
    clearinghouse TEXT NOT NULL,
    question TEXT NOT NULL,
    user_seq BIGINT,
    created_at_us BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'sent', 'answered', 'failed', 'expired')
    ),
    tries BIGINT NOT NULL,
    next_try_at_us BIGINT,
    claimed_until_us BIGINT,
    asked_at_us BIGINT,
    -- Why it was not carried, in words without anything about the patient.
    failure TEXT,
    check_seq BIGINT,
    answered_at_us BIGINT,
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
);
CREATE INDEX eligibility_inquiry_patient
    ON eligibility_inquiry (organization_id, patient_seq, seq);
CREATE INDEX eligibility_inquiry_state
    ON eligibility_inquiry (organization_id, state, seq);
CREATE INDEX eligibility_inquiry_due
    ON eligibility_inquiry (organization_id, next_try_at_us, seq) WHERE state = 'waiting';
CREATE INDEX eligibility_inquiry_check
    ON eligibility_inquiry (organization_id, check_seq) WHERE check_seq IS NOT NULL;

-- What was asked stays as it was asked, and what is answered stays answered.
CREATE TRIGGER eligibility_inquiry_kept BEFORE DELETE ON eligibility_inquiry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER eligibility_inquiry_kept_whole BEFORE TRUNCATE ON eligibility_inquiry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER eligibility_inquiry_as_asked BEFORE UPDATE ON eligibility_inquiry
    FOR EACH ROW
    WHEN (
        (OLD.state = 'answered' AND NEW.state <> 'answered')
        OR (OLD.organization_id, OLD.seq, OLD.patient_seq, OLD.coverage_rank, OLD.payer,
            OLD.payer_id, OLD.member_id, OLD.relationship, OLD.service_type, OLD.service_day,
            OLD.location_seq, OLD.physician_seq, OLD.npi, OLD.trace, OLD.clearinghouse,
            OLD.question, OLD.user_seq, OLD.created_at_us)
        IS DISTINCT FROM
           (NEW.organization_id, NEW.seq, NEW.patient_seq, NEW.coverage_rank, NEW.payer,
            NEW.payer_id, NEW.member_id, NEW.relationship, NEW.service_type, NEW.service_day,
            NEW.location_seq, NEW.physician_seq, NEW.npi, NEW.trace, NEW.clearinghouse,
            NEW.question, NEW.user_seq, NEW.created_at_us)
    )
    EXECUTE FUNCTION refuse_change();
