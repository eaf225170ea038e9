-- What a clinic sets for its estimates. One without a row here has the program's defaults.
--
-- Lists of service types are codes parted by blanks, the most specific first.

CREATE TABLE eligibility_settings (
    organization_id INTEGER NOT NULL PRIMARY KEY REFERENCES organization,
    stale_after_days INTEGER NOT NULL CHECK (stale_after_days BETWEEN 1 AND 366),
    default_network TEXT NOT NULL CHECK (default_network IN ('in', 'out')),
    office_types TEXT NOT NULL,
    treatment_types TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT;

-- The service types of procedure codes, from the first to the last.
CREATE TABLE eligibility_code_range (
    organization_id INTEGER NOT NULL REFERENCES eligibility_settings,
    first_code TEXT NOT NULL,
    last_code TEXT NOT NULL,
    service_types TEXT NOT NULL,
    PRIMARY KEY (organization_id, first_code, last_code)
) STRICT, WITHOUT ROWID;
