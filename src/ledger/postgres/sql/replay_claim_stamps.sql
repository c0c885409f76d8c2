-- What the rows' `updated` is once the platform's triggers had their turn, those that run after the UPDATE, too. That
-- is what goes into the messages, and what the ledger notes. $4 tells this claim from earlier ones.
WITH input AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::{{id_param}}[]) WITH ORDINALITY AS input (letter_id, execution, position)
), claimed AS MATERIALIZED (
  SELECT input.position, letter.execution_id, {{updated}} AS updated
  FROM input
  CROSS JOIN LATERAL (
    SELECT one.* FROM {{schema}}.replay_letter AS one
    WHERE one.replay_id = $1::uuid AND one.letter_id = input.letter_id
    OFFSET 0) AS replay_letter
  JOIN {{schema}}.letter ON letter.id = input.letter_id
  JOIN {{table}} AS e ON e.{{id}} = input.execution
  WHERE replay_letter.step = 'claimed' AND replay_letter.moved_from IS NOT NULL
    AND replay_letter.claimed_at = $4::timestamptz
), noted AS (
  UPDATE {{schema}}.replay_owner
  SET row_updated = claimed.updated
  FROM claimed
  WHERE replay_owner.execution_key = {{schema}}.execution_key(claimed.execution_id)
    AND replay_owner.execution_id = claimed.execution_id AND replay_owner.replay_id = $1::uuid
)
SELECT claimed.position, claimed.updated FROM claimed
