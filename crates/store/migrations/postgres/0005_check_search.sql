-- What lists of checks are narrowed, ordered and searched by, and what people decided about them.

-- The payer's name in its plain form, made by the program; blank until the program has made it.
ALTER TABLE eligibility_check ADD COLUMN payer_sort TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Why somebody took the check back from a patient, while it waits for another.
ALTER TABLE eligibility_check ADD COLUMN put_back TEXT;
-- When somebody decided that what the payer says of the person otherwise does not matter.
ALTER TABLE eligibility_check ADD COLUMN differences_dismissed_at_us BIGINT;
-- When somebody decided that nothing is to be done about an unreadable file.
ALTER TABLE eligibility_file ADD COLUMN dismissed_at_us BIGINT;

-- The name by which a list orders the check: its patient's once it has one. What a payer sends has
-- no bound, and an index has, so the beginning counts.
UPDATE eligibility_check SET name_sort = (
    SELECT p.name_sort FROM patient p
    WHERE p.organization_id = eligibility_check.organization_id
        AND p.seq = eligibility_check.patient_seq
) WHERE patient_seq IS NOT NULL;
UPDATE eligibility_check SET name_sort = substr(name_sort, 1, 200) WHERE length(name_sort) > 200;

-- Each index also holds the other keys of a list, so that a page is found without reading rows that
-- are not on it.
CREATE INDEX eligibility_check_outcome ON eligibility_check (
    organization_id, outcome, checked_at_us, seq, name_sort, payer_sort
);
CREATE INDEX eligibility_check_payer ON eligibility_check (
    organization_id, payer_sort, checked_at_us DESC, seq DESC, outcome, name_sort
);
CREATE INDEX eligibility_check_name ON eligibility_check (
    organization_id, name_sort, checked_at_us DESC, seq DESC, outcome, payer_sort
);
CREATE INDEX eligibility_check_waiting ON eligibility_check (
    organization_id, patient_seq, checked_at_us, seq, name_sort, outcome, payer_sort
) WHERE patient_seq IS NULL;
CREATE INDEX eligibility_check_unfilled ON eligibility_check (organization_id, seq)
    WHERE payer_sort = '';
CREATE INDEX eligibility_file_unread ON eligibility_file (organization_id, imported_at_us)
    WHERE failure IS NOT NULL AND dismissed_at_us IS NULL;
