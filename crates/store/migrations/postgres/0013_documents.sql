-- What is kept outside of the database. Its row is written before its bytes are, so that what was
-- cut off is found and removed; a row that is due is taken up by a job.
CREATE TABLE stored_file (
    organization_id BIGINT NOT NULL REFERENCES organization,
    file_id BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('storing', 'kept', 'leaving')),
    due_at_us BIGINT,
    PRIMARY KEY (organization_id, file_id),
    CHECK ((state = 'kept') = (due_at_us IS NULL))
);
CREATE INDEX stored_file_due ON stored_file (organization_id, due_at_us, file_id)
    WHERE due_at_us IS NOT NULL;

-- A document of a payment. Its row stays when its bytes were removed, long after it was deleted.
CREATE TABLE document (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    document_no BIGINT NOT NULL CHECK (document_no > 0),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN ('pdf', 'png', 'jpeg', 'heic', 'tiff', 'txt', 'csv', 'docx', 'xlsx')
    ),
    size_bytes BIGINT NOT NULL CHECK (size_bytes > 0),
    content_hash BYTEA NOT NULL,
    width_px BIGINT CHECK (width_px > 0),
    height_px BIGINT CHECK (height_px > 0),
    file_id BYTEA,
    user_seq BIGINT,
    key_seq BIGINT,
    added_at_us BIGINT NOT NULL,
    deleted_by_seq BIGINT,
    deleted_at_us BIGINT,
    PRIMARY KEY (organization_id, payment_seq, document_no),
    UNIQUE (organization_id, file_id),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    FOREIGN KEY (organization_id, file_id) REFERENCES stored_file,
    CHECK ((width_px IS NULL) = (height_px IS NULL)),
    CHECK (file_id IS NOT NULL OR deleted_at_us IS NOT NULL)
);
CREATE INDEX document_deleted ON document (organization_id, deleted_at_us)
    WHERE deleted_at_us IS NOT NULL AND file_id IS NOT NULL;

-- Another program may write a note too, and a note may be edited. The table is
-- written anew, which both engines can do.
CREATE TABLE note_anew (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    note_no BIGINT NOT NULL,
    user_seq BIGINT,
    body TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    key_seq BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    edited_at_us BIGINT,
    PRIMARY KEY (organization_id, payment_seq, note_no),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((user_seq IS NULL) <> (key_seq IS NULL))
);
INSERT INTO note_anew (organization_id, payment_seq, note_no, user_seq, body, created_at_us)
    SELECT organization_id, payment_seq, note_no, user_seq, body, created_at_us FROM note;
DROP TABLE note;
ALTER TABLE note_anew RENAME TO note;

-- What a note said before it was edited, and since when.
CREATE TABLE note_version (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    note_no BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    body TEXT NOT NULL,
    written_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, note_no, version),
    FOREIGN KEY (organization_id, payment_seq, note_no) REFERENCES note
);

CREATE TRIGGER note_version_kept BEFORE UPDATE OR DELETE ON note_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER document_kept BEFORE DELETE ON document
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER document_as_written BEFORE UPDATE ON document
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.payment_seq, OLD.document_no, OLD.kind,
            OLD.size_bytes, OLD.content_hash, OLD.width_px, OLD.height_px, OLD.user_seq,
            OLD.key_seq, OLD.added_at_us)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.payment_seq, NEW.document_no, NEW.kind,
            NEW.size_bytes, NEW.content_hash, NEW.width_px, NEW.height_px, NEW.user_seq,
            NEW.key_seq, NEW.added_at_us)
        OR (NEW.file_id IS NOT NULL AND OLD.file_id IS DISTINCT FROM NEW.file_id)
    )
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER note_kept BEFORE DELETE ON note
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER note_as_written BEFORE UPDATE ON note
    FOR EACH ROW
    WHEN (
        (OLD.organization_id, OLD.payment_seq, OLD.note_no, OLD.user_seq, OLD.key_seq,
            OLD.created_at_us)
        IS DISTINCT FROM
        (NEW.organization_id, NEW.payment_seq, NEW.note_no, NEW.user_seq, NEW.key_seq,
            NEW.created_at_us)
    )
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER document_kept_whole BEFORE TRUNCATE ON document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER note_kept_whole BEFORE TRUNCATE ON note
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER note_version_kept_whole BEFORE TRUNCATE ON note_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
