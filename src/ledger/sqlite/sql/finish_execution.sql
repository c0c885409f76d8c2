UPDATE {{table}}
-- A worker's end of its own work, under the conditions of fail_execution: the check and the write are one statement.
SET {{assignments}}
WHERE {{id}} = ?10
  AND {{status}} IN ({{failable}})
  AND (?6 IS NULL OR ({{updated_instant}} >= ?6 AND {{updated_instant}} < ?7))
  AND NOT EXISTS (
    SELECT 1 FROM deadletter_replay_owner AS owner
    WHERE owner.execution_id = ?9 AND owner.replay_id IS NOT ?8
      AND NOT coalesce(?6 > owner.row_updated, 0))
