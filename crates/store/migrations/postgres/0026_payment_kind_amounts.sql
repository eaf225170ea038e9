-- What is paid for differs in price: in the order of amounts the payments of one type may lie behind
-- all others. With the amount in the index of types they are read from it, and counted as before.
DROP INDEX payment_kind;
CREATE INDEX payment_kind ON payment
    (organization_id, kind, status, amount_cents, seq, location_seq);
