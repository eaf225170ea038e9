-- What a clinic sets for its estimates. One without a row here has the program's defaults.
--
-- Lists of service types are codes parted by blanks, the most specific first.

CREATE TABLE eligibility_settings (
    organization_id BIGINT NOT NULL PRIMARY KEY REFERENCES organization,
    stale_after_days BIGINT NOT NULL CHECK (stale_after_days BETWEEN 1 AND 366),
    default_network TEXT NOT NULL CHECK (default_network IN ('in', 'out')),
    office_types TEXT NOT NULL,
    treatment_types TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL
);

-- The service types of procedure codes, from the first to the last.
CREATE TABLE eligibility_code_range (
    organization_id BIGINT NOT NULL REFERENCES eligibility_settings,
    first_code TEXT COLLATE "C" NOT NULL,
    last_code TEXT COLLATE "C" NOT NULL,
    service_types TEXT NOT NULL,
    PRIMARY KEY (organization_id, first_code, last_code)
);
