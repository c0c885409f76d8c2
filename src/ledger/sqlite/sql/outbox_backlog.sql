SELECT count(*), coalesce(sum(unroutable), 0), min(wanted_at) FROM deadletter_outbox
