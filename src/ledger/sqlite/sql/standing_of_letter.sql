SELECT outcome, detail, settled_at, state FROM deadletter_letter
-- A letter that waits to be settled again; no row: somebody else has settled it.
WHERE id = ?1 AND outcome IN ('deferred', 'refused')
