-- Links by which a payer pays. The token in a link is sealed with a key that is not in the
-- database, so that these rows make no link. The greatest generation is the live one.
CREATE TABLE payment_link (
    organization_id BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    user_seq BIGINT,
    issued_at_us BIGINT NOT NULL,
    revoked_at_us BIGINT,
    PRIMARY KEY (organization_id, payment_seq, generation),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
);
