SELECT
-- The conditions of fail_execution, asked one by one, in the same transaction: why it moved nothing, and whether a
-- retry may be sent.
  {{status}},
  {{status}} IN ({{failable}}),
  coalesce(?1 IS NULL OR ({{updated_instant}} >= ?1 AND {{updated_instant}} < ?2), 0)
    AND NOT EXISTS (
      SELECT 1 FROM deadletter_replay_owner AS owner
      WHERE owner.execution_id = ?4 AND owner.replay_id IS NOT ?3
        AND NOT coalesce(?1 > owner.row_updated, 0)),
  {{row_updated}}
FROM {{table}}
WHERE {{id}} = ?5
