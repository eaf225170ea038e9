-- Who agreed to be sent payment links by e-mail, and at which address: another address needs to be
-- agreed to anew.
CREATE TABLE email_consent (
    organization_id BIGINT NOT NULL,
    patient_seq BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_seq BIGINT,
    given_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, patient_seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient
);

-- Letters with a payment's link that are to be sent, and what became of them. Neither the address
-- nor the link is here: both are looked up when the letter is sent. While a server sends one,
-- claimed_until_us keeps others from sending the same.
CREATE TABLE mail (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'dropped')),
    tries BIGINT NOT NULL,
    next_try_at_us BIGINT,
    claimed_until_us BIGINT,
    -- Why it was not taken, in words without anything about the patient.
    failure TEXT,
    user_seq BIGINT,
    queued_at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    PRIMARY KEY (organization_id, seq),
    FOREIGN KEY (organization_id, payment_seq) REFERENCES payment,
    CHECK ((state = 'waiting') = (next_try_at_us IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at_us IS NULL)),
    CHECK (claimed_until_us IS NULL OR state = 'waiting')
);
CREATE INDEX mail_payment ON mail (organization_id, payment_seq, seq);
CREATE INDEX mail_due ON mail (organization_id, next_try_at_us, seq) WHERE state = 'waiting';
