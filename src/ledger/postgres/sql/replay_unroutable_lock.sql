-- The letters that replay_unroutable.sql will end, and of those the executions that it will fail again: no other row is
-- waited for.
WITH input AS MATERIALIZED (
  SELECT *
  FROM unnest($2::uuid[], $3::{{id_param}}[], $4::timestamptz[]) AS input (letter_id, execution, claimed_at)
), held AS MATERIALIZED (
  SELECT letter.id, letter.outcome
  FROM {{schema}}.letter
  WHERE letter.id IN (
    SELECT replay_letter.letter_id
    FROM input
    JOIN {{schema}}.replay_letter
      ON replay_letter.replay_id = $1::uuid AND replay_letter.letter_id = input.letter_id
      AND CASE WHEN input.claimed_at IS NULL THEN replay_letter.step = 'unsent'
               ELSE replay_letter.claimed_at = input.claimed_at
                 AND (replay_letter.step = 'claimed'
                      OR (replay_letter.step = 'sent' AND replay_letter.outcome = 'in_doubt'))
          END)
  ORDER BY letter.id
  FOR NO KEY UPDATE
)
SELECT e.{{id}}
FROM {{table}} AS e
WHERE e.{{id}} IN (SELECT input.execution FROM input JOIN held ON held.id = input.letter_id AND held.outcome = 'failed')
ORDER BY e.{{id}}
FOR NO KEY UPDATE
