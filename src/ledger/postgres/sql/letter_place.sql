-- Behind so many ($2) of the letters before $1 that one condition holds for, newest first: the next one. An index has them
-- in that order.
SELECT {{id}}
FROM {{schema}}.{{table}}
WHERE ($1::uuid IS NULL OR {{id}} < $1::uuid) AND {{holds}}
ORDER BY {{id}} DESC
OFFSET $2::bigint
LIMIT 1
