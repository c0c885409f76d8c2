SELECT id, ended_at IS NOT NULL
FROM deadletter_replay
WHERE ended_at IS NULL OR ended_at > ?1
ORDER BY id DESC
LIMIT ?2
