-- Letters before $1 that have the words $17 and stand in one of the blocks $18 (each a word, too), newest first. The
-- index finds those of one block, and neither estimate nor limit may tempt the planner to read all letters instead:
-- OFFSET 0 and LIMIT 1 keep it from that. Each word is a condition of its own, for then the index passes over what the
-- others cannot have. Blocks are the newest first: once there are enough, the others are not asked.
SELECT {{summary}}
FROM unnest($18::text[]) WITH ORDINALITY AS block (word, place)
CROSS JOIN LATERAL (
  SELECT found.letter_id
  FROM (
    SELECT letter_text.letter_id
    FROM {{schema}}.letter_text
    WHERE letter_text.words @@ block.word::tsquery{{words}}
    OFFSET 0
  ) AS found
  WHERE $1::uuid IS NULL OR found.letter_id < $1::uuid
  {{first}}
) AS hit
CROSS JOIN LATERAL (
  SELECT {{summary}}
  FROM {{schema}}.letter
  WHERE letter.id = hit.letter_id AND {{filter}}
  LIMIT 1
) AS letter
ORDER BY block.place, letter.id DESC
LIMIT $16::bigint
