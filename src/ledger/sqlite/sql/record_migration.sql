INSERT INTO deadletter_schema (version, name, applied_at) VALUES (?1, ?2, ?3)
