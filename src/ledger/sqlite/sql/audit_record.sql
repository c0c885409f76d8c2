INSERT INTO deadletter_audit (id, at, who, role, what, subject, letters, detail, outcome)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
