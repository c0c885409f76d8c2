INSERT INTO deadletter_letter_step (letter_id, at, what, detail)
SELECT letter_id, ?2, kind || '_published', '' FROM deadletter_outbox WHERE id = ?1 AND letter_id IS NOT NULL
