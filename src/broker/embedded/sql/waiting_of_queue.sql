-- How many wait in a queue, and since when the first of them.
SELECT (SELECT count(*) FROM message WHERE queue_id = queue.id AND state = 0),
       (SELECT ready_at FROM message WHERE queue_id = queue.id AND state = 0 ORDER BY id LIMIT 1)
FROM queue WHERE name = ?1
