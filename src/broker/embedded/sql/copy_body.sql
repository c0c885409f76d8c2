INSERT INTO body (bytes) SELECT bytes FROM body WHERE id = ?1
