-- The letters of a selection ($1: these ids, or null and the filter) and whether another replay has them.
chosen AS MATERIALIZED (
  SELECT letter.id, letter.group_id, letter.queue, letter.state,
    EXISTS (SELECT FROM {{schema}}.replay_letter
            WHERE replay_letter.letter_id = letter.id AND replay_letter.step <> 'ended') AS is_taken
  FROM {{schema}}.letter
  WHERE ($1::uuid[] IS NULL OR letter.id = ANY ($1::uuid[]))
    AND {{filter}}
)
