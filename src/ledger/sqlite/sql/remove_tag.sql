DELETE FROM deadletter_letter_tag WHERE letter_id = ?1 AND tag = ?2
