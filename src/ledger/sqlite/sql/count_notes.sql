SELECT count(*) FROM deadletter_letter_note WHERE letter_id = ?1
