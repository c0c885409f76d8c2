-- The letters of a selection ($1: these ids, or null and the filter), at most one more than may be discarded, and
-- whether a replay has them.
chosen AS MATERIALIZED (
  SELECT letter.id, letter.state,
    EXISTS (SELECT FROM {{schema}}.replay_letter
            WHERE replay_letter.letter_id = letter.id AND replay_letter.step <> 'ended') AS is_taken
  FROM {{schema}}.letter
  WHERE ($1::uuid[] IS NULL OR letter.id = ANY ($1::uuid[]))
    AND {{filter}}
  LIMIT $16::bigint + 1
), total AS MATERIALIZED (
  SELECT count(*) AS letters, count(*) FILTER (WHERE NOT chosen.is_taken AND chosen.state = 'open') AS open,
    count(*) FILTER (WHERE chosen.is_taken) AS taken,
    count(*) FILTER (WHERE NOT chosen.is_taken AND chosen.state = 'waiting') AS waiting,
    count(*) FILTER (WHERE NOT chosen.is_taken AND chosen.state = 'closed') AS closed
  FROM chosen
)
