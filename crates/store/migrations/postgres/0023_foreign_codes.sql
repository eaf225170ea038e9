-- Codes of other systems than CPT and HCPCS, as somebody sent them. They stand apart from the
-- procedures, so that no question to a payer and no estimate ever meets one.
CREATE TABLE treatment_foreign_code (
    organization_id BIGINT NOT NULL,
    treatment_seq BIGINT NOT NULL,
    line BIGINT NOT NULL,
    -- The address of the system; none when it was not said.
    system TEXT,
    code TEXT NOT NULL,
    -- What the sender calls it.
    display TEXT,
    PRIMARY KEY (organization_id, treatment_seq, line),
    FOREIGN KEY (organization_id, treatment_seq) REFERENCES treatment
);
