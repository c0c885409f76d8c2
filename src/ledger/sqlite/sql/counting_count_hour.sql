SELECT count(*) FROM deadletter_letter_hour WHERE hour = ?1 AND kind = ?2
