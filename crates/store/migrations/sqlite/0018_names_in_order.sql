-- A search of a common name tests the rows of the list in their order, and one of a rare name
-- puts what it finds into the order of time: both from the index alone.
DROP INDEX payment_created;
CREATE INDEX payment_created
    ON payment (organization_id, status, created_at_us, seq, name_sort);
DROP INDEX payment_location_created;
CREATE INDEX payment_location_created
    ON payment (organization_id, location_seq, status, created_at_us, seq, name_sort);
DROP INDEX payment_patient;
CREATE INDEX payment_patient
    ON payment (organization_id, patient_seq, seq, status, location_seq, created_at_us);

-- The index of letters can be asked for words by itself, without a look at each name.
DROP VIEW patient_name;
CREATE VIEW patient_name AS
    SELECT rowid >> 40 AS organization_id, rowid & 1099511627775 AS seq, name_search,
        patient_fts AS letters
    FROM patient_fts;
