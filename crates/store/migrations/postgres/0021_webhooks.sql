-- Where other programs are told of events. The secret that deliveries are signed with is not here:
-- it is made from the salt by a key that is kept outside of the database, and the mark says by
-- which. An older secret signs too until its time is over.
CREATE TABLE webhook_endpoint (
    organization_id BIGINT NOT NULL REFERENCES organization,
    seq BIGINT NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'gone', 'failing', 'deleted')),
    salt BYTEA NOT NULL,
    key_mark BYTEA NOT NULL,
    older_salt BYTEA,
    older_key_mark BYTEA,
    older_until_us BIGINT,
    -- Since when nothing arrives there.
    failing_since_us BIGINT,
    created_at_us BIGINT NOT NULL,
    state_since_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, seq),
    CHECK ((older_salt IS NULL) = (older_key_mark IS NULL)),
    CHECK ((older_salt IS NULL) = (older_until_us IS NULL)),
    CHECK (failing_since_us IS NULL OR state = 'enabled')
);
-- Each address is told once.
CREATE UNIQUE INDEX webhook_endpoint_url ON webhook_endpoint (organization_id, url)
    WHERE state <> 'deleted';

-- What happened, as other programs are told of it. Removed after a while, unlike the audit log.
CREATE TABLE webhook_event (
    organization_id BIGINT NOT NULL REFERENCES organization,
    event_id TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    payment_seq BIGINT,
    status TEXT,
    version BIGINT,
    refund_seq BIGINT,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, event_id),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((payment_seq IS NULL) = (status IS NULL)),
    CHECK ((payment_seq IS NULL) = (version IS NULL))
);

-- Each event on its way to each endpoint. While a server sends one, claimed_until_us keeps others
-- from sending the same.
CREATE TABLE webhook_delivery (
    organization_id BIGINT NOT NULL,
    endpoint_seq BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
    tries BIGINT NOT NULL,
    next_try_at_us BIGINT,
    claimed_until_us BIGINT,
    -- The status of the newest answer; none where there was none.
    answer BIGINT,
    -- Why the newest try failed.
    failure TEXT,
    queued_at_us BIGINT NOT NULL,
    tried_at_us BIGINT,
    PRIMARY KEY (organization_id, endpoint_seq, event_id),
    FOREIGN KEY (organization_id, endpoint_seq) REFERENCES webhook_endpoint,
    FOREIGN KEY (organization_id, event_id) REFERENCES webhook_event,
    CHECK ((state = 'waiting') = (next_try_at_us IS NOT NULL)),
    CHECK (claimed_until_us IS NULL OR state = 'waiting')
);
CREATE INDEX webhook_delivery_due
    ON webhook_delivery (organization_id, endpoint_seq, next_try_at_us, event_id)
    WHERE state = 'waiting';
CREATE INDEX webhook_delivery_next ON webhook_delivery (organization_id, next_try_at_us)
    WHERE state = 'waiting';
CREATE INDEX webhook_delivery_failed ON webhook_delivery (organization_id, event_id)
    WHERE state = 'failed';
-- An event is removed once nothing refers to it.
CREATE INDEX webhook_delivery_event ON webhook_delivery (organization_id, event_id);
