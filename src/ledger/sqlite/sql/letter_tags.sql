SELECT tag FROM deadletter_letter_tag WHERE letter_id = ?1 ORDER BY tag
