DELETE FROM deadletter_submission
WHERE (who, key) IN (SELECT who, key FROM deadletter_submission WHERE at <= ?1 ORDER BY at LIMIT ?2)
