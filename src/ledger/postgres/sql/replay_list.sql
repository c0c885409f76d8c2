SELECT {{columns}}
FROM {{schema}}.replay
WHERE ($1::uuid IS NULL OR id < $1::uuid) AND ($2::uuid IS NULL OR id = $2::uuid)
ORDER BY id DESC
LIMIT $3::bigint
