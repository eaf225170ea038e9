-- Files of patients and treatments that are read row by row. How a file is read (which column is
-- what, the order of its dates) is a text of the program's own. While a file is worked on,
-- claimed_until_us keeps others from it; what each commit did is in the counts, so whoever takes it
-- up goes on behind the last row that was done.
CREATE TABLE import (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('patients', 'treatments', 'fhir')),
    state TEXT NOT NULL CHECK (
        state IN ('mapping', 'checking', 'ready', 'running', 'done', 'failed', 'discarded')
    ),
    -- What follows when all rows were checked: somebody is asked, or they are imported when all
    -- are right, or those that are right are.
    then_run TEXT NOT NULL CHECK (then_run IN ('ask', 'whole', 'rest')),
    file_name TEXT NOT NULL,
    file_hash BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    settings TEXT NOT NULL,
    -- Who handed it in; neither, when it was the command line.
    user_seq BIGINT,
    key_seq BIGINT,
    row_count BIGINT NOT NULL DEFAULT 0 CHECK (row_count >= 0),
    done_count BIGINT NOT NULL DEFAULT 0 CHECK (done_count >= 0),
    added_count BIGINT NOT NULL DEFAULT 0 CHECK (added_count >= 0),
    there_count BIGINT NOT NULL DEFAULT 0 CHECK (there_count >= 0),
    faulty_count BIGINT NOT NULL DEFAULT 0 CHECK (faulty_count >= 0),
    -- Why it failed.
    failure TEXT,
    created_at_us BIGINT NOT NULL,
    state_since_us BIGINT NOT NULL,
    claimed_until_us BIGINT,
    PRIMARY KEY (organization_id, seq),
    CHECK (user_seq IS NULL OR key_seq IS NULL),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    CHECK (claimed_until_us IS NULL OR state = 'checking' OR state = 'running')
);
CREATE INDEX import_due ON import (organization_id, seq)
    WHERE state = 'checking' OR state = 'running';

-- The file as it came, in parts. Removed once nothing is to be read in it any more.
CREATE TABLE import_part (
    organization_id BIGINT NOT NULL,
    import_seq BIGINT NOT NULL,
    part_no BIGINT NOT NULL CHECK (part_no >= 0),
    content BYTEA NOT NULL,
    PRIMARY KEY (organization_id, import_seq, part_no),
    FOREIGN KEY (organization_id, import_seq) REFERENCES import
);

-- What is wrong with a row. Its content is in the file and not here.
CREATE TABLE import_fault (
    organization_id BIGINT NOT NULL,
    import_seq BIGINT NOT NULL,
    row_no BIGINT NOT NULL CHECK (row_no > 0),
    fault_no BIGINT NOT NULL CHECK (fault_no > 0),
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (organization_id, import_seq, row_no, fault_no),
    FOREIGN KEY (organization_id, import_seq) REFERENCES import
);

-- What another system calls a record of ours: a row that names it again is the same record's.
CREATE TABLE imported_record (
    organization_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    system TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    -- The import that brought it.
    import_seq BIGINT NOT NULL,
    PRIMARY KEY (organization_id, kind, system, value),
    FOREIGN KEY (organization_id, import_seq) REFERENCES import
);
CREATE INDEX imported_record_of ON imported_record (organization_id, kind, seq);
