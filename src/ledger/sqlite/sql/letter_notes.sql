SELECT id, at, who, text FROM deadletter_letter_note WHERE letter_id = ?1 ORDER BY id
