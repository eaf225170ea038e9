-- Other programs: their keys, and the answers to their requests.

-- A key of another program. Only a hash of its secret is stored. It is revoked, never deleted,
-- so that the audit log can always name it.
CREATE TABLE api_key (
    organization_id INTEGER NOT NULL REFERENCES organization,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at_us INTEGER NOT NULL,
    expires_at_us INTEGER,
    revoked_at_us INTEGER,
    used_at_us INTEGER,
    PRIMARY KEY (organization_id, seq)
) STRICT;

-- A request that carries an idempotency key. It is under way while it has no status; its body is
-- missing when it was too large to be kept.
CREATE TABLE api_request (
    organization_id INTEGER NOT NULL,
    key_seq INTEGER NOT NULL,
    route TEXT NOT NULL,
    idempotency_hash BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    run_id BLOB NOT NULL,
    received_at_us INTEGER NOT NULL,
    started_at_us INTEGER NOT NULL,
    status INTEGER,
    head TEXT,
    body BLOB,
    PRIMARY KEY (organization_id, key_seq, route, idempotency_hash),
    FOREIGN KEY (organization_id, key_seq) REFERENCES api_key
) STRICT;
CREATE INDEX api_request_received ON api_request (organization_id, received_at_us);

-- Which key acted, beside which member of the staff.
ALTER TABLE audit_event ADD COLUMN key_seq INTEGER;

DROP TRIGGER audit_event_sealed_once;
CREATE TRIGGER audit_event_sealed_once BEFORE UPDATE ON audit_event
WHEN OLD.seal_no IS NOT NULL OR NEW.seal_no IS NULL
    OR OLD.organization_id IS NOT NEW.organization_id
    OR OLD.event_id IS NOT NEW.event_id
    OR OLD.at_us IS NOT NEW.at_us
    OR OLD.actor IS NOT NEW.actor
    OR OLD.user_seq IS NOT NEW.user_seq
    OR OLD.key_seq IS NOT NEW.key_seq
    OR OLD.action IS NOT NEW.action
    OR OLD.subject IS NOT NEW.subject
    OR OLD.subject_seq IS NOT NEW.subject_seq
    OR OLD.subject_version IS NOT NEW.subject_version
    OR OLD.detail IS NOT NEW.detail
BEGIN
    SELECT RAISE(ABORT, 'audit_event rows are never changed or deleted');
END;
