-- Other programs: their keys, and the answers to their requests.

-- A key of another program. Only a hash of its secret is stored. It is revoked, never deleted,
-- so that the audit log can always name it.
CREATE TABLE api_key (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT,
    revoked_at_us BIGINT,
    used_at_us BIGINT,
    PRIMARY KEY (organization_id, seq)
);

-- A request that carries an idempotency key. It is under way while it has no status; its body is
-- missing when it was too large to be kept.
CREATE TABLE api_request (
    organization_id BIGINT NOT NULL,
    key_seq BIGINT NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    idempotency_hash BYTEA NOT NULL,
    request_hash BYTEA NOT NULL,
    run_id BYTEA NOT NULL,
    received_at_us BIGINT NOT NULL,
    started_at_us BIGINT NOT NULL,
    status BIGINT,
    head TEXT,
    body BYTEA,
    PRIMARY KEY (organization_id, key_seq, route, idempotency_hash),
    FOREIGN KEY (organization_id, key_seq) REFERENCES api_key
);
CREATE INDEX api_request_received ON api_request (organization_id, received_at_us);

-- Which key acted, beside which member of the staff.
ALTER TABLE audit_event ADD COLUMN key_seq BIGINT;

DROP TRIGGER audit_event_sealed_once ON audit_event;
CREATE TRIGGER audit_event_sealed_once BEFORE UPDATE ON audit_event
    FOR EACH ROW
    WHEN (
        OLD.seal_no IS NOT NULL OR NEW.seal_no IS NULL
        OR (OLD.organization_id, OLD.event_id, OLD.at_us, OLD.actor, OLD.user_seq, OLD.key_seq,
            OLD.action, OLD.subject, OLD.subject_seq, OLD.subject_version, OLD.detail)
        IS DISTINCT FROM
           (NEW.organization_id, NEW.event_id, NEW.at_us, NEW.actor, NEW.user_seq, NEW.key_seq,
            NEW.action, NEW.subject, NEW.subject_seq, NEW.subject_version, NEW.detail)
    )
    EXECUTE FUNCTION refuse_change();
