INSERT INTO exchange (name, type) VALUES (?1, ?2)
