-- Sent only where its letter, had it come now, would have been retried again. $5 is what is failable. An id that no
-- row can have, for executions.id_type is another by now, is judged by its owner alone.
judged_retry AS MATERIALIZED (
  SELECT input.id,
    CASE
      WHEN input.execution IS NOT NULL AND e.{{id}} IS NULL THEN 'the execution is gone'
      WHEN input.execution IS NOT NULL AND NOT coalesce(e.{{status}}::text = ANY ($5::text[]), false)
        THEN coalesce('the execution is ' || e.{{status}}::text, 'the execution has no status')
      WHEN replay_owner.replay_id IS NULL THEN 'the execution waits for it no longer'
    END AS why
  FROM input
  LEFT JOIN {{table}} AS e ON e.{{id}} = input.execution
  LEFT JOIN {{schema}}.replay_owner
    ON replay_owner.execution_key = {{schema}}.execution_key(input.execution_id)
    AND replay_owner.execution_id = input.execution_id AND replay_owner.replay_id = input.replay_id
)
