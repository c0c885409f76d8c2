SELECT queue.name, count(*) FROM message JOIN queue ON queue.id = message.queue_id
WHERE message.state = 2
GROUP BY queue.name
ORDER BY queue.name
