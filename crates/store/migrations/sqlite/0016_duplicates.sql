-- Patients who were entered twice: pairs that look like one person, and those that were merged.

-- Two patients who may be one person. Whoever looks at both either merges them or says that they
-- are two people, which is remembered.
CREATE TABLE possible_duplicate (
    organization_id INTEGER NOT NULL,
    low_seq INTEGER NOT NULL,
    high_seq INTEGER NOT NULL,
    -- What they have alike: names of traits parted by blanks.
    likeness TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'two_people')),
    user_seq INTEGER,
    judged_at_us INTEGER,
    PRIMARY KEY (organization_id, low_seq, high_seq),
    FOREIGN KEY (organization_id, low_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, high_seq) REFERENCES patient,
    CHECK (low_seq < high_seq),
    CHECK ((state = 'two_people') = (judged_at_us IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX possible_duplicate_high ON possible_duplicate (organization_id, high_seq, low_seq);
CREATE INDEX possible_duplicate_open ON possible_duplicate (organization_id, high_seq, low_seq)
    WHERE state = 'open';

INSERT INTO possible_duplicate (organization_id, low_seq, high_seq, likeness, state)
SELECT a.organization_id, a.seq, b.seq, 'name birth_date', 'open'
FROM patient a JOIN patient b
    ON b.organization_id = a.organization_id AND b.name_sort = a.name_sort
    AND b.birth_day = a.birth_day AND b.seq > a.seq;

-- A patient who was merged into another: what stood on file, and what went over. The number is not
-- given out again, and leads to the other.
CREATE TABLE merged_patient (
    organization_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    into_seq INTEGER NOT NULL,
    record TEXT NOT NULL,
    moved TEXT NOT NULL,
    user_seq INTEGER,
    merged_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, into_seq) REFERENCES patient,
    CHECK (seq <> into_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX merged_patient_into ON merged_patient (organization_id, into_seq, seq);

CREATE TRIGGER merged_patient_kept BEFORE DELETE ON merged_patient BEGIN
    SELECT RAISE(ABORT, 'merged_patient rows are never changed or deleted');
END;
CREATE TRIGGER merged_patient_not_replaced BEFORE INSERT ON merged_patient
WHEN EXISTS (
    SELECT 1 FROM merged_patient
    WHERE organization_id = NEW.organization_id AND seq = NEW.seq
)
BEGIN
    SELECT RAISE(ABORT, 'the merged_patient row exists already');
END;
-- Where it leads changes only when the other was merged as well.
CREATE TRIGGER merged_patient_leads_on BEFORE UPDATE ON merged_patient
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR OLD.record IS NOT NEW.record
    OR OLD.moved IS NOT NEW.moved
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.merged_at_us IS NOT NEW.merged_at_us
    OR (OLD.into_seq IS NOT NEW.into_seq AND NOT EXISTS (
        SELECT 1 FROM merged_patient m WHERE m.organization_id = OLD.organization_id
            AND m.seq = OLD.into_seq AND m.into_seq = NEW.into_seq
    ))
BEGIN
    SELECT RAISE(ABORT, 'merged_patient rows are never changed or deleted');
END;

-- Only a patient who was merged is ever deleted, and only when nothing belongs to them any more.
CREATE TRIGGER patient_kept BEFORE DELETE ON patient
WHEN NOT EXISTS (
    SELECT 1 FROM merged_patient
    WHERE organization_id = OLD.organization_id AND seq = OLD.seq
)
BEGIN
    SELECT RAISE(ABORT, 'patient rows are never deleted');
END;
CREATE TRIGGER patient_name_gone AFTER DELETE ON patient BEGIN
    DELETE FROM patient_fts WHERE rowid = (OLD.organization_id << 40 | OLD.seq);
END;

-- What was asked stays as it was asked, but of a patient who was merged it is asked of the other.
DROP TRIGGER eligibility_inquiry_as_asked;
CREATE TRIGGER eligibility_inquiry_as_asked BEFORE UPDATE ON eligibility_inquiry
WHEN (OLD.state = 'answered' AND NEW.state <> 'answered')
    OR OLD.organization_id IS NOT NEW.organization_id
    OR OLD.seq IS NOT NEW.seq
    OR (OLD.patient_seq IS NOT NEW.patient_seq AND NOT EXISTS (
        SELECT 1 FROM merged_patient m WHERE m.organization_id = OLD.organization_id
            AND m.seq = OLD.patient_seq AND m.into_seq = NEW.patient_seq
    ))
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
