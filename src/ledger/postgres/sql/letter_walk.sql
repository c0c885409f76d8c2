-- Of the letters before $1, down to $17, that an index gives for one condition, those that the filter holds for. OFFSET 0
-- keeps the planner from walking another index, of which much more may lie in between.
SELECT {{summary}}
FROM (
  SELECT *
  FROM {{schema}}.letter
  WHERE ($1::uuid IS NULL OR id < $1::uuid) AND ($17::uuid IS NULL OR id >= $17::uuid) AND {{holds}}
  ORDER BY id DESC
  OFFSET 0
) AS letter
WHERE {{filter}}
ORDER BY id DESC
LIMIT $16::bigint
