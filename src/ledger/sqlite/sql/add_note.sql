INSERT INTO deadletter_letter_note (id, letter_id, at, who, text) VALUES (?1, ?2, ?3, ?4, ?5)
