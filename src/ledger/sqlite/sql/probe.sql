INSERT INTO deadletter_letter_key (key, letter_id) VALUES (randomblob(24), zeroblob(16))
