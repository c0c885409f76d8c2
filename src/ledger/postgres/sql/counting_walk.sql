-- The next letters by their ids. Those that are named are counted by their names.
SELECT {{columns}},
  letter.id IN (SELECT each.id FROM {{schema}}.uncounted CROSS JOIN unnest(uncounted.ids) AS each (id))
FROM {{schema}}.letter
WHERE letter.id > $2::uuid
ORDER BY letter.id
LIMIT $3::bigint
