-- Newest first, in the order of receipt, which no later settle changes.
SELECT {{summary}}
FROM {{schema}}.letter
WHERE ($1::uuid IS NULL OR id < $1::uuid)
  AND {{filter}}
ORDER BY id DESC
LIMIT $16::bigint
