UPDATE deadletter_letter
SET state = ?2, closed_at = ?3, try_again_at = iif(?4, NULL, try_again_at)
WHERE id = ?1
