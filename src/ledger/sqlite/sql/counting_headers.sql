SELECT headers FROM deadletter_letter WHERE id = ?1 AND length(CAST(headers AS BLOB)) <= ?2
