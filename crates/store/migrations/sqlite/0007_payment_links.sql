-- Links by which a payer pays. The token in a link is sealed with a key that is not in the
-- database, so that these rows make no link. The greatest generation is the live one.
CREATE TABLE payment_link (
    organization_id INTEGER NOT NULL,
    payment_seq INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    user_seq INTEGER,
    issued_at_us INTEGER NOT NULL,
    revoked_at_us INTEGER,
    PRIMARY KEY (organization_id, payment_seq, generation),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment
) STRICT;
