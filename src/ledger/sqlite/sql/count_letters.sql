UPDATE deadletter_letter_count SET letters = letters + ?2 WHERE state = ?1
