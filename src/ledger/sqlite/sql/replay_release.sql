UPDATE deadletter_replay SET driver = NULL, lease_until = NULL WHERE driver = ?1 AND ended_at IS NULL
