UPDATE {{schema}}.replay
SET state = CASE WHEN state IN ('running', 'paused') THEN 'done' ELSE state END, ended_at = $2::timestamptz,
  driver = NULL, lease_until = NULL
WHERE id = $1::uuid AND ended_at IS NULL
  AND NOT EXISTS (
    SELECT FROM {{schema}}.replay_letter WHERE replay_letter.replay_id = $1::uuid AND replay_letter.step <> 'ended')
