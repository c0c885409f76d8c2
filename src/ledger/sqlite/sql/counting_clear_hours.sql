DELETE FROM deadletter_letter_hour
WHERE (hour, kind, name) IN (SELECT hour, kind, name FROM deadletter_letter_hour LIMIT ?1)
