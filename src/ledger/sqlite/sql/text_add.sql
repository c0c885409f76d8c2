INSERT INTO deadletter_text (rowid, words) VALUES (?1, ?2)
