SELECT count(*), coalesce(sum(unroutable), 0), min(wanted_at), coalesce(sum(unroutable AND kind = 'submit'), 0)
FROM deadletter_outbox
