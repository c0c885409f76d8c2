SELECT
-- Why fail_execution moved nothing: the same conditions, asked one by one, in the same transaction.
  {{status}},
  {{status}} IN ({{failable}}),
  coalesce(?1 IS NULL OR ({{updated_instant}} >= ?1 AND {{updated_instant}} < ?2), 0)
    AND NOT EXISTS (
      SELECT 1 FROM deadletter_replay_owner AS owner
      WHERE owner.execution_id = ?4 AND owner.replay_id IS NOT ?3)
FROM {{table}}
WHERE {{id}} = ?5
