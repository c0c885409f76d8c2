SELECT state, count(*) FROM message WHERE queue_id = ?1 GROUP BY state
