INSERT INTO deadletter_letter_tag (letter_id, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING
