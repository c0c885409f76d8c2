SELECT hour, sum(letters) FROM deadletter_letter_hour WHERE kind = 'reason' AND hour >= ?1 AND hour < ?2 GROUP BY hour
