SELECT count(*) FROM deadletter_outbox
