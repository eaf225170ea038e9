-- How many payments are of a type is counted here, up to a bound, and not in the payments
-- themselves.
CREATE INDEX payment_kind ON payment (organization_id, kind, status, location_seq);
