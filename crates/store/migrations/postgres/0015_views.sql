-- Lists of payments that a member of the staff kept under a name: the query string of the page.
CREATE TABLE saved_view (
    organization_id BIGINT NOT NULL,
    user_seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    saved_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_seq, name),
    FOREIGN KEY (organization_id, user_seq) REFERENCES staff_user
);

-- How a member of the staff has the payments list shown: names of columns parted by blanks. Those
-- who never chose have the usual one.
ALTER TABLE staff_user ADD COLUMN list_look TEXT;
