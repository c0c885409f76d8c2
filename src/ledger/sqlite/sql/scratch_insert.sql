INSERT INTO deadletter_scratch (at) VALUES (unixepoch())
