SELECT outcome, detail, settled_at, state FROM deadletter_letter
-- A letter that waits to be settled again; no row: somebody else has settled it, or a replay has it.
WHERE id = ?1 AND (outcome = 'deferred' OR (outcome = 'refused' AND state = 'open'))
