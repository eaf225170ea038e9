-- What nobody takes up any more, for those who look after the queues.
CREATE INDEX processor_event_quarantined ON processor_event (processor, happened_at_us, event_id)
    WHERE state = 'quarantined';
CREATE INDEX mail_refused ON mail (organization_id, seq) WHERE state = 'refused';
