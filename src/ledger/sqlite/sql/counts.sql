SELECT state, letters FROM deadletter_letter_count
