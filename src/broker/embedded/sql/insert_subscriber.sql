INSERT INTO subscriber (token, owner_id, queue_id, tag) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (token) DO NOTHING
