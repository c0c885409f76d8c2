SELECT 1 FROM deadletter_letter_hour WHERE hour = ?1 AND kind = ?2 AND name = ?3
