SELECT 1 FROM deadletter_letter WHERE id = ?1
