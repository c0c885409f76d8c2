SELECT {{columns}}
FROM {{schema}}.replay
WHERE ended_at IS NULL AND driver = $1::uuid AND lease_until > $2::timestamptz
ORDER BY id
