-- Observing: the platform's table is not read. $5, what is failable, is taken and left alone.
judged_retry AS MATERIALIZED (
  SELECT input.id,
    CASE
      WHEN replay_owner.replay_id IS NULL AND $5::text[] IS NOT NULL THEN 'the execution waits for it no longer'
    END AS why
  FROM input
  LEFT JOIN {{schema}}.replay_owner
    ON replay_owner.execution_key = {{schema}}.execution_key(input.execution_id)
    AND replay_owner.execution_id = input.execution_id AND replay_owner.replay_id = input.replay_id
)
