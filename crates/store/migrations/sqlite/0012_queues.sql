-- What nobody takes up any more, for those who look after the queues.
CREATE INDEX processor_event_quarantined ON processor_event (processor, happened_at_us, event_id)
    WHERE state = 'quarantined';
CREATE INDEX mail_refused ON mail (organization_id, seq) WHERE state = 'refused';

-- Lines of payouts that nothing explains yet, those that bring another payout back, and money that
-- was taken, by when: each is looked for among many that are well.
CREATE INDEX payout_movement_unexplained ON payout_movement (organization_id, payout_seq)
    WHERE kind <> 'fee' AND (our_cents IS NULL OR our_cents <> amount_cents);
CREATE INDEX payout_movement_returned ON payout_movement (organization_id, our_no)
    WHERE our_kind = 'payout';
CREATE INDEX payment_attempt_captured
    ON payment_attempt (organization_id, processor, changed_at_us, payment_seq)
    WHERE state = 'captured';
