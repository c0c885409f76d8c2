SELECT at, what, detail FROM deadletter_letter_step WHERE letter_id = ?1 ORDER BY number
