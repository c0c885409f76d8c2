SELECT outcome FROM deadletter_letter WHERE id = ?1
