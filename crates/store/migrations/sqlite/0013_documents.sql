-- What is kept outside of the database. Its row is written before its bytes are, so that what was
-- cut off is found and removed; a row that is due is taken up by a job.
CREATE TABLE stored_file (
    organization_id INTEGER NOT NULL REFERENCES organization,
    file_id BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('storing', 'kept', 'leaving')),
    due_at_us INTEGER,
    PRIMARY KEY (organization_id, file_id),
    CHECK ((state = 'kept') = (due_at_us IS NULL))
) STRICT;
CREATE INDEX stored_file_due ON stored_file (organization_id, due_at_us, file_id)
    WHERE due_at_us IS NOT NULL;

-- A document of a payment. Its row stays when its bytes were removed, long after it was deleted.
CREATE TABLE document (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    document_no INTEGER NOT NULL CHECK (document_no > 0),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN ('pdf', 'png', 'jpeg', 'heic', 'tiff', 'txt', 'csv', 'docx', 'xlsx')
    ),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    content_hash BLOB NOT NULL,
    width_px INTEGER CHECK (width_px > 0),
    height_px INTEGER CHECK (height_px > 0),
    file_id BLOB,
    user_seq INTEGER,
    key_seq INTEGER,
    added_at_us INTEGER NOT NULL,
    deleted_by_seq INTEGER,
    deleted_at_us INTEGER,
    PRIMARY KEY (organization_id, payment_seq, document_no),
    UNIQUE (organization_id, file_id),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    FOREIGN KEY (organization_id, file_id) REFERENCES stored_file,
    CHECK ((width_px IS NULL) = (height_px IS NULL)),
    CHECK (file_id IS NOT NULL OR deleted_at_us IS NOT NULL)
) STRICT;
CREATE INDEX document_deleted ON document (organization_id, deleted_at_us)
    WHERE deleted_at_us IS NOT NULL AND file_id IS NOT NULL;

-- Another program may write a note too, and a note may be edited. The table is
-- written anew, which both engines can do.
CREATE TABLE note_anew (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    note_no INTEGER NOT NULL,
    user_seq INTEGER,
    body TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    key_seq INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    edited_at_us INTEGER,
    PRIMARY KEY (organization_id, payment_seq, note_no),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((user_seq IS NULL) <> (key_seq IS NULL))
) STRICT;
INSERT INTO note_anew (organization_id, payment_seq, note_no, user_seq, body, created_at_us)
    SELECT organization_id, payment_seq, note_no, user_seq, body, created_at_us FROM note;
DROP TABLE note;
ALTER TABLE note_anew RENAME TO note;

-- What a note said before it was edited, and since when.
CREATE TABLE note_version (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    note_no INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    body TEXT NOT NULL,
    written_at_us INTEGER NOT NULL,
    PRIMARY KEY (organization_id, payment_seq, note_no, version),
    FOREIGN KEY (organization_id, payment_seq, note_no) REFERENCES note
) STRICT;

CREATE TRIGGER note_version_kept BEFORE UPDATE ON note_version BEGIN
    SELECT RAISE(ABORT, 'note_version rows are never changed or deleted');
END;
CREATE TRIGGER document_as_written BEFORE UPDATE ON document
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.payment_seq IS NOT NEW.payment_seq
    OR OLD.document_no IS NOT NEW.document_no
    OR OLD.kind IS NOT NEW.kind
    OR OLD.size_bytes IS NOT NEW.size_bytes
    OR OLD.content_hash IS NOT NEW.content_hash
    OR OLD.width_px IS NOT NEW.width_px
    OR OLD.height_px IS NOT NEW.height_px
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.key_seq IS NOT NEW.key_seq
    OR OLD.added_at_us IS NOT NEW.added_at_us
    OR (NEW.file_id IS NOT NULL AND OLD.file_id IS NOT NEW.file_id)
BEGIN
    SELECT RAISE(ABORT, 'document rows are never changed or deleted');
END;
CREATE TRIGGER note_as_written BEFORE UPDATE ON note
WHEN OLD.organization_id IS NOT NEW.organization_id
    OR OLD.payment_seq IS NOT NEW.payment_seq
    OR OLD.note_no IS NOT NEW.note_no
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.key_seq IS NOT NEW.key_seq
    OR OLD.created_at_us IS NOT NEW.created_at_us
BEGIN
    SELECT RAISE(ABORT, 'note rows are never changed or deleted');
END;
CREATE TRIGGER document_kept_whole BEFORE DELETE ON document BEGIN
    SELECT RAISE(ABORT, 'document rows are never changed or deleted');
END;
CREATE TRIGGER document_not_replaced BEFORE INSERT ON document
WHEN EXISTS (
    SELECT 1 FROM document WHERE organization_id = NEW.organization_id
        AND ((payment_seq = NEW.payment_seq AND document_no = NEW.document_no)
            OR file_id = NEW.file_id)
)
BEGIN
    SELECT RAISE(ABORT, 'the document row exists already');
END;
CREATE TRIGGER note_kept_whole BEFORE DELETE ON note BEGIN
    SELECT RAISE(ABORT, 'note rows are never changed or deleted');
END;
CREATE TRIGGER note_not_replaced BEFORE INSERT ON note
WHEN EXISTS (
    SELECT 1 FROM note WHERE organization_id = NEW.organization_id AND payment_seq = NEW.payment_seq
        AND note_no = NEW.note_no
)
BEGIN
    SELECT RAISE(ABORT, 'the note row exists already');
END;
CREATE TRIGGER note_version_kept_whole BEFORE DELETE ON note_version BEGIN
    SELECT RAISE(ABORT, 'note_version rows are never changed or deleted');
END;
CREATE TRIGGER note_version_not_replaced BEFORE INSERT ON note_version
WHEN EXISTS (
    SELECT 1 FROM note_version WHERE organization_id = NEW.organization_id AND payment_seq = NEW.payment_seq
        AND note_no = NEW.note_no AND version = NEW.version
)
BEGIN
    SELECT RAISE(ABORT, 'the note_version row exists already');
END;
