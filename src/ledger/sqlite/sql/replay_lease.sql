UPDATE deadletter_replay SET driver = ?2, lease_until = ?3 WHERE id = ?1
