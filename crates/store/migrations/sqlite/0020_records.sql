-- When a patient's record or a treatment changed last. A program that keeps a copy asks for what
-- has changed since it asked before.
ALTER TABLE patient ADD COLUMN modified_at_us INTEGER NOT NULL DEFAULT 0;
UPDATE patient SET modified_at_us = max(created_at_us, coalesce((
    SELECT max(e.at_us) FROM audit_event e
    WHERE e.organization_id = patient.organization_id AND e.subject = 'patient'
        AND e.subject_seq = patient.seq AND e.action IN ('patient_changed', 'patients_merged')
), 0));
CREATE INDEX patient_modified ON patient (organization_id, modified_at_us, seq);

ALTER TABLE treatment ADD COLUMN modified_at_us INTEGER NOT NULL DEFAULT 0;
UPDATE treatment SET modified_at_us = max(created_at_us, coalesce((
    SELECT max(e.at_us) FROM audit_event e
    WHERE e.organization_id = treatment.organization_id AND e.subject = 'treatment'
        AND e.subject_seq = treatment.seq AND e.action = 'treatment_changed'
), 0));
CREATE INDEX treatment_modified ON treatment (organization_id, modified_at_us, seq);

-- What is open on treatments: by its due date, to collect what little is overdue, and by its
-- treatment, to walk along where much is.
CREATE INDEX payment_open_due ON payment (organization_id, due_key, treatment_seq)
    WHERE treatment_seq IS NOT NULL
        AND (status = 'draft' OR status = 'pending' OR status = 'processing' OR status = 'failed');
CREATE INDEX payment_open_treatment ON payment (organization_id, treatment_seq, due_key)
    WHERE treatment_seq IS NOT NULL
        AND (status = 'draft' OR status = 'pending' OR status = 'processing' OR status = 'failed');
