-- Observing: every letter is kept, no execution is read or moved.
settled AS MATERIALIZED (
  SELECT fresh.position, fresh.id, fresh.execution_id, fresh.retry_replay_id, state_after.outcome,
    coalesce(fresh.fixed_detail, 'observed') AS detail, state_after.if_not_final AS state
  FROM fresh
  JOIN state_after ON state_after.outcome = coalesce(fresh.fixed_outcome, 'parked')
)
