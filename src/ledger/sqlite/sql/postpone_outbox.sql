UPDATE deadletter_outbox SET due_at = ?2, unroutable = ?3, detail = ?4 WHERE id = ?1
