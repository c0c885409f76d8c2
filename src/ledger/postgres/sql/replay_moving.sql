SELECT id, ended_at IS NOT NULL
FROM {{schema}}.replay
WHERE ended_at IS NULL OR ended_at > $1::timestamptz
ORDER BY id DESC
LIMIT $2::bigint
