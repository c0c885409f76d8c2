INSERT INTO deadletter_letter_step (letter_id, at, what, detail) VALUES (?1, ?2, ?3, ?4)
