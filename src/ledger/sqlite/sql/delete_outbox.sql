DELETE FROM deadletter_outbox WHERE id = ?1
