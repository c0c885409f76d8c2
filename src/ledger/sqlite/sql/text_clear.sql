INSERT INTO deadletter_text (deadletter_text) VALUES ('delete-all')
