-- Who agreed to be sent payment links, reminders and receipts by e-mail, and at which address:
-- another address needs to be agreed to anew.
CREATE TABLE email_consent (
    organization_id BIGINT NOT NULL,
    patient_seq BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_seq BIGINT,
    given_at_us BIGINT NOT NULL,
    PRIMARY KEY (organization_id, patient_seq),
    FOREIGN KEY (organization_id, patient_seq) REFERENCES patient
);

-- Letters about a payment that are to be sent, and what became of them. Neither the address nor the
-- link is here: both are looked up when the letter is sent. While a server sends one,
-- claimed_until_us keeps others from sending the same.
CREATE TABLE mail (
    organization_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    payment_seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('link', 'receipt', 'reminder')),
    -- Which receipt.
    receipt_seq BIGINT,
    -- Which reminder: how many days after the due date (before it: less than zero), and that date.
    step_days BIGINT,
    due_key BIGINT,
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
    FOREIGN KEY (organization_id, receipt_seq) REFERENCES receipt,
    CHECK ((kind = 'receipt') = (receipt_seq IS NOT NULL)),
    CHECK ((kind = 'reminder') = (step_days IS NOT NULL)),
    CHECK ((kind = 'reminder') = (due_key IS NOT NULL)),
    CHECK ((state = 'waiting') = (next_try_at_us IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at_us IS NULL)),
    CHECK (claimed_until_us IS NULL OR state = 'waiting')
);
CREATE INDEX mail_payment ON mail (organization_id, payment_seq, seq);
CREATE INDEX mail_due ON mail (organization_id, kind, next_try_at_us, seq) WHERE state = 'waiting';
-- Each reminder is sent once, whoever else looks for what is due at the same moment.
CREATE UNIQUE INDEX mail_reminder ON mail (organization_id, payment_seq, due_key, step_days)
    WHERE kind = 'reminder';

-- When a clinic reminds of what is due. One without a row here reminds of nothing.
CREATE TABLE reminder_settings (
    organization_id BIGINT NOT NULL PRIMARY KEY REFERENCES organization,
    is_on BIGINT NOT NULL CHECK (is_on IN (0, 1)),
    days_before BIGINT CHECK (days_before BETWEEN 0 AND 60),
    -- Numbers of days parted by blanks, the least first.
    days_after TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL
);
