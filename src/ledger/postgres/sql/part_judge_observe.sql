-- Observing: every letter is kept, no execution is read or moved.
settled AS MATERIALIZED (
  SELECT fresh.position, fresh.id, fresh.execution_id, NULL::timestamptz AS row_updated, state_after.outcome,
    CASE WHEN fresh.fixed_outcome IS NULL THEN 'observed' ELSE fresh.fixed_detail END AS detail, state_after.if_not_final AS state
  FROM fresh
  JOIN state_after ON state_after.outcome = coalesce(fresh.fixed_outcome, 'parked')
)
