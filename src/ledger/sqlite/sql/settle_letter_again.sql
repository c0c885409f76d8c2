UPDATE deadletter_letter
SET state = ?2, outcome = ?3, detail = ?4, rule = ?5, settled_at = ?6, closed_at = ?7, tries = tries + 1,
  try_again_at = ?8
WHERE id = ?1 AND (outcome = 'deferred' OR (outcome = 'refused' AND state = 'open'))
