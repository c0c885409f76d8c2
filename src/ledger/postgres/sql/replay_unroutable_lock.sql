WITH input AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::{{id_param}}[]) WITH ORDINALITY AS input (letter_id, execution, position)
), held AS MATERIALIZED (
  SELECT letter.id
  FROM {{schema}}.letter
  WHERE letter.id IN (
    SELECT replay_letter.letter_id
    FROM {{schema}}.replay_letter
    WHERE replay_letter.replay_id = $1::uuid AND replay_letter.letter_id IN (SELECT input.letter_id FROM input))
  ORDER BY letter.id
  FOR NO KEY UPDATE
)
SELECT e.{{id}}
FROM {{table}} AS e
WHERE e.{{id}} IN (SELECT input.execution FROM input JOIN held ON held.id = input.letter_id)
ORDER BY e.{{id}}
FOR NO KEY UPDATE
