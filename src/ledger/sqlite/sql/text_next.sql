SELECT number, id, properties, headers, substr(body, 1, ?3), size_bytes > ?3
FROM deadletter_letter
WHERE number > ?1
ORDER BY number
LIMIT ?2
