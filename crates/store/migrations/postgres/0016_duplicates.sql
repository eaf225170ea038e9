-- Patients who were entered twice: pairs that look like one person, and those that were merged.

-- Two patients who may be one person. Whoever looks at both either merges them or says that they
-- are two people, which is remembered.
CREATE TABLE possible_duplicate (
    organization_id BIGINT NOT NULL,
    low_seq BIGINT NOT NULL,
    high_seq BIGINT NOT NULL,
    -- What they have alike: names of traits parted by blanks.
    likeness TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'two_people')),
    user_seq BIGINT,
    judged_at_us BIGINT,
    PRIMARY KEY (organization_id, low_seq, high_seq),
    FOREIGN KEY (organization_id, low_seq) REFERENCES patient,
    FOREIGN KEY (organization_id, high_seq) REFERENCES patient,
    CHECK (low_seq < high_seq),
    CHECK ((state = 'two_people') = (judged_at_us IS NOT NULL))
);
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
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    into_seq BIGINT NOT NULL,
    record TEXT NOT NULL,
    moved TEXT NOT NULL,
    user_seq BIGINT,
    merged_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, into_seq) REFERENCES patient,
    CHECK (seq <> into_seq)
);
CREATE INDEX merged_patient_into ON merged_patient (organization_id, into_seq, seq);

CREATE TRIGGER merged_patient_kept BEFORE DELETE ON merged_patient
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER merged_patient_kept_whole BEFORE TRUNCATE ON merged_patient
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION unless_merged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := to_jsonb(OLD);
    new_row jsonb := to_jsonb(NEW);
    part text := TG_ARGV[0];
BEGIN
    IF old_row - part <> new_row - part OR NOT EXISTS (
        SELECT 1 FROM merged_patient m WHERE m.organization_id = OLD.organization_id
            AND m.seq = (old_row ->> part)::bigint AND m.into_seq = (new_row ->> part)::bigint
    ) THEN
        RAISE EXCEPTION '% rows are never changed or deleted', TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- Where it leads changes only when the other was merged as well.
CREATE TRIGGER merged_patient_leads_on BEFORE UPDATE ON merged_patient
    FOR EACH ROW EXECUTE FUNCTION unless_merged('into_seq');

-- Only a patient who was merged is ever deleted, and only when nothing belongs to them any more.
CREATE FUNCTION keep_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM merged_patient m
        WHERE m.organization_id = OLD.organization_id AND m.seq = OLD.seq
    ) THEN
        RAISE EXCEPTION 'patient rows are never deleted' USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER patient_kept BEFORE DELETE ON patient
    FOR EACH ROW EXECUTE FUNCTION keep_patient();

-- What was asked stays as it was asked, but of a patient who was merged it is asked of the other.
DROP TRIGGER eligibility_inquiry_as_asked ON eligibility_inquiry;
CREATE TRIGGER eligibility_inquiry_as_asked BEFORE UPDATE ON eligibility_inquiry
    FOR EACH ROW
    WHEN (
        (OLD.state = 'answered' AND NEW.state <> 'answered')
        OR (OLD.organization_id, OLD.seq, OLD.coverage_rank, OLD.payer,
            OLD.payer_id, OLD.member_id, OLD.relationship, OLD.service_type, OLD.service_day,
            OLD.location_seq, OLD.physician_seq, OLD.npi, OLD.trace, OLD.clearinghouse,
            OLD.question, OLD.user_seq, OLD.created_at_us)
        IS DISTINCT FROM
           (NEW.organization_id, NEW.seq, NEW.coverage_rank, NEW.payer,
            NEW.payer_id, NEW.member_id, NEW.relationship, NEW.service_type, NEW.service_day,
            NEW.location_seq, NEW.physician_seq, NEW.npi, NEW.trace, NEW.clearinghouse,
            NEW.question, NEW.user_seq, NEW.created_at_us)
    )
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER eligibility_inquiry_of_patient BEFORE UPDATE OF patient_seq ON eligibility_inquiry
    FOR EACH ROW
    WHEN (OLD.patient_seq IS DISTINCT FROM NEW.patient_seq)
    EXECUTE FUNCTION unless_merged('patient_seq');
