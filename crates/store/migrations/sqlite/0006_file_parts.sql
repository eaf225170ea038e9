-- The content of a file in parts, so that a large one is stored and handed out without being held.
CREATE TABLE eligibility_file_part (
    organization_id INTEGER NOT NULL,
    file_hash BLOB NOT NULL,
    part_no INTEGER NOT NULL CHECK (part_no >= 0),
    content BLOB NOT NULL,
    PRIMARY KEY (organization_id, file_hash, part_no),
    FOREIGN KEY (organization_id, file_hash) REFERENCES eligibility_file
) STRICT;

-- How long the file is; missing until every part of it is there.
ALTER TABLE eligibility_file ADD COLUMN size_bytes INTEGER CHECK (size_bytes >= 0);

INSERT INTO eligibility_file_part (organization_id, file_hash, part_no, content)
WITH RECURSIVE number (part_no) AS (
    SELECT 0 UNION ALL SELECT part_no + 1 FROM number WHERE part_no < 199
)
SELECT f.organization_id, f.file_hash, n.part_no,
    substr(f.content, n.part_no * 262144 + 1, 262144)
FROM eligibility_file f JOIN number n ON n.part_no * 262144 < length(f.content);

UPDATE eligibility_file SET size_bytes = length(content);
ALTER TABLE eligibility_file DROP COLUMN content;
