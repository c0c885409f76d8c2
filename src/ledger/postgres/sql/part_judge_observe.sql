-- Observing: every letter is kept, no execution is read or moved. $23 and $24 are the event's address, of no use here.
settled AS MATERIALIZED (
  SELECT fresh.position, fresh.id, fresh.execution_id, fresh.retry_replay_id, state_after.outcome,
    coalesce(fresh.fixed_detail, 'observed') AS detail, state_after.if_not_final AS state
  FROM fresh
  JOIN state_after ON state_after.outcome = coalesce(fresh.fixed_outcome, 'parked')
  WHERE $23::bytea IS NOT NULL AND $24::bytea IS NOT NULL
)
