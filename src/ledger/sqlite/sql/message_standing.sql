SELECT
-- Why finish_execution moved nothing: how the row is, and whether it waits for the message of another replay.
  {{status}},
  {{status}} IN ({{failable}}),
  EXISTS (
    SELECT 1 FROM deadletter_replay_owner AS owner
    WHERE owner.execution_id = ?1 AND owner.replay_id IS NOT ?2
      AND NOT coalesce(?3 > owner.row_updated, 0))
FROM {{table}}
WHERE {{id}} = ?4
