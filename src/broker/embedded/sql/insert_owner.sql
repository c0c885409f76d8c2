INSERT INTO owner (opened_at) VALUES (?1)
