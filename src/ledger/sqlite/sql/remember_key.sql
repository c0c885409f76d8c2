INSERT INTO deadletter_letter_key (key, letter_id) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING
