INSERT INTO deadletter_group_hour (group_id, hour, letters) VALUES (?1, ?2, ?3)
ON CONFLICT (group_id, hour) DO UPDATE SET letters = letters + excluded.letters
