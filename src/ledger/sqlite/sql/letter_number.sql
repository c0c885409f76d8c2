SELECT number FROM deadletter_letter WHERE id = ?1
