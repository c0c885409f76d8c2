UPDATE deadletter_letter SET try_again_at = ?2 WHERE id = ?1
