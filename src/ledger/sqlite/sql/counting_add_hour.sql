INSERT INTO deadletter_letter_hour (hour, kind, name, letters) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (hour, kind, name) DO UPDATE SET letters = letters + excluded.letters
