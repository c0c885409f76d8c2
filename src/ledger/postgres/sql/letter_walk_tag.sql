-- The same of the letters with a tag, whose order is that of their ids. Each is looked up by its id: LIMIT 1 keeps the
-- planner from reading all letters.
SELECT {{summary}}
FROM (
  SELECT letter_tag.letter_id
  FROM {{schema}}.letter_tag
  WHERE ($1::uuid IS NULL OR letter_id < $1::uuid) AND ($17::uuid IS NULL OR letter_id >= $17::uuid) AND {{holds}}
  ORDER BY letter_id DESC
  OFFSET 0
) AS tagged
CROSS JOIN LATERAL (
  SELECT {{summary}}
  FROM {{schema}}.letter
  WHERE letter.id = tagged.letter_id AND {{filter}}
  LIMIT 1
) AS letter
ORDER BY tagged.letter_id DESC
LIMIT $16::bigint
